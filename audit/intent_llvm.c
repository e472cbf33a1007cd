/* SPDX-License-Identifier: MIT
 * intent_llvm.c - the atomic operations in a module of LLVM's intermediate code, as text.
 *
 * Instructions name their place by the number of a DILocation, which stands behind all functions:
 * the metadata are read first. Texts of LLVM 14 (typed pointers) to 19 are understood.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"

struct node {
    const char *name; /* of a subprogram, or a file */
    uint32_t line, column;
    uint32_t scope, file, inlined; /* numbers of nodes, 0: none */
    bool subprogram;
};

struct reader {
    struct thi_intents *intents;
    struct node *nodes;
    size_t count;
    size_t capacity;
    unsigned pointer_bytes;
    const char *function;
    struct thi_graph *graph;   /* to be filled, or NULL */
    struct thi_intents *quiet; /* the same */
};

static uint32_t field_number(const char *line, const char *field)
{
    const char *at = strstr(line, field);
    at = at == NULL ? NULL : at + strlen(field);
    return at == NULL ? 0 : (uint32_t)strtoul(*at == '!' ? at + 1 : at, NULL, 10);
}

/* The string behind `field`, cut off in place. */
static const char *field_string(char *line, const char *field)
{
    char *at = strstr(line, field);
    if (at == NULL) {
        return NULL;
    }
    at += strlen(field);
    char *end = strchr(at, '"');
    if (end != NULL) {
        *end = '\0';
    }
    return at;
}

static bool node_take(struct reader *reader, char *line)
{
    char *end;
    size_t number = strtoul(line + 1, &end, 10);
    if (end == line + 1 || strncmp(end, " = ", 3) != 0) {
        return true;
    }
    while (reader->count <= number) {
        if (!thi_audit_grow((void **)&reader->nodes, reader->count, &reader->capacity,
                            sizeof *reader->nodes)) {
            return false;
        }
        reader->nodes[reader->count++] = (struct node){.name = NULL};
    }
    struct node *node = &reader->nodes[number];
    bool location = strstr(end, "!DILocation(") != NULL;
    node->subprogram = strstr(end, "!DISubprogram(") != NULL;
    bool block = strstr(end, "!DILexicalBlock") != NULL;
    if (location || node->subprogram || block) {
        node->line = field_number(end, "line: ");
        node->column = field_number(end, "column: ");
        node->scope = field_number(end, "scope: !");
        node->file = field_number(end, "file: !");
        node->inlined = field_number(end, "inlinedAt: !");
        if (node->subprogram) {
            node->name = field_string(end, "name: \"");
        }
    } else if (strstr(end, "!DIFile(") != NULL) {
        node->name = field_string(end, "filename: \"");
        const char *slash = node->name == NULL ? NULL : strrchr(node->name, '/');
        node->name = slash == NULL ? node->name : slash + 1;
    }
    return true;
}

static void place_find(const struct reader *reader, const char *line, struct thi_place *place)
{
    uint32_t number = field_number(line, "!dbg !");
    *place = (struct thi_place){.file = "?", .inner = "?"};
    if (number == 0 || number >= reader->count) {
        return;
    }
    place->line = reader->nodes[number].line;
    place->column = reader->nodes[number].column;
    uint32_t outer = number;
    for (unsigned steps = 0; reader->nodes[outer].inlined != 0 && steps < 1000; steps++) {
        outer = reader->nodes[outer].inlined < reader->count ? reader->nodes[outer].inlined : 0;
    }
    place->outer_line = reader->nodes[outer].line;
    bool has_file = false;
    uint32_t scope = reader->nodes[number].scope;
    for (unsigned steps = 0; scope != 0 && scope < reader->count && steps < 1000; steps++) {
        const struct node *node = &reader->nodes[scope];
        if (!has_file && node->file != 0 && node->file < reader->count &&
            reader->nodes[node->file].name != NULL) {
            place->file = reader->nodes[node->file].name;
            has_file = true;
        }
        if (node->subprogram) {
            place->inner = node->name == NULL ? "?" : node->name;
            return;
        }
        scope = node->scope;
    }
}

/* Width of the type that `text` begins with; a typed pointer ends with a star. */
static uint8_t type_bytes(const struct reader *reader, const char *text)
{
    size_t size = strcspn(text, " ,)");
    if (thi_starts(text, "ptr") || (size > 0 && text[size - 1] == '*')) {
        return (uint8_t)reader->pointer_bytes;
    }
    if (text[0] == '%') { /* %struct.x* */
        return (uint8_t)reader->pointer_bytes;
    }
    if (text[0] == 'i') {
        return (uint8_t)((strtoul(text + 1, NULL, 10) + 7) / 8);
    }
    return thi_starts(text, "double") ? 8 : thi_starts(text, "float") ? 4 : 0;
}

/* The orders on the line, in their order; how many. */
static unsigned orders_find(const char *line, enum thi_order orders[2])
{
    static const char *const names[] = {"unordered", "monotonic", "acquire",
                                        "release",   "acq_rel",   "seq_cst"};
    static const enum thi_order values[] = {TH_RELAXED, TH_RELAXED, TH_ACQUIRE,
                                            TH_RELEASE, TH_ACQ_REL, TH_SEQ_CST};
    unsigned count = 0;
    for (const char *at = line; *at != '\0' && count < 2; at++) {
        for (size_t i = 0; *at == ' ' && i < 6; i++) {
            size_t size = strlen(names[i]);
            if (strncmp(at + 1, names[i], size) == 0 && strchr(" ,\n", at[size + 1]) != NULL) {
                orders[count++] = values[i];
                at += size;
                break;
            }
        }
    }
    return count;
}

static const char *skip_word(const char *text, const char *word)
{
    return thi_starts(text, word) ? text + strlen(word) : text;
}

/* "load atomic i64, ...", "cmpxchg weak ptr %3, i64 %4, ...": kind, name and width. */
static bool wish_read(const struct reader *reader, const char *text, struct thi_wish *wish)
{
    const char *name = "";
    const char *type = NULL;
    if (thi_starts(text, "load atomic ")) {
        wish->operation = TH_LOAD;
        name = "load";
        type = skip_word(text + 12, "volatile ");
    } else if (thi_starts(text, "store atomic ")) {
        wish->operation = TH_STORE;
        name = "store";
        type = skip_word(text + 13, "volatile ");
    } else if (thi_starts(text, "fence ")) {
        wish->operation = TH_FENCE;
        name = "fence";
    } else if (thi_starts(text, "cmpxchg ")) {
        wish->operation = TH_COMPARE;
        wish->weak = strstr(text, "cmpxchg weak ") != NULL;
        name = wish->weak ? "cmpxchg weak" : "cmpxchg";
        type = strstr(text, ", ");
        type = type == NULL ? NULL : type + 2;
    } else if (thi_starts(text, "atomicrmw ")) {
        wish->operation = TH_MODIFY;
        name = skip_word(text + 10, "volatile ");
        type = strstr(text, ", ");
        type = type == NULL ? NULL : type + 2;
    } else {
        return false;
    }
    size_t size = wish->operation == TH_MODIFY ? strcspn(name, " ") : strlen(name);
    snprintf(wish->name, sizeof wish->name, "%s%.*s", wish->operation == TH_MODIFY ? "rmw " : "",
             (int)(size < 20 ? size : 20), name);
    wish->bytes = type == NULL ? 0 : type_bytes(reader, type);
    return true;
}

/* A call that the front end made instead: @__atomic_load_8(ptr %x, i32 5). */
static bool call_read(const char *line, struct thi_intent *intent)
{
    static const char *const orders[] = {"relaxed", "acquire", "acquire",
                                         "release", "acq_rel", "seq_cst"};
    static const enum thi_order values[] = {TH_RELAXED, TH_ACQUIRE, TH_ACQUIRE,
                                            TH_RELEASE, TH_ACQ_REL, TH_SEQ_CST};
    (void)orders;
    const char *at = strstr(line, "@__atomic_");
    if (strstr(line, "call ") == NULL || at == NULL || strstr(at, "is_lock_free") != NULL) {
        return false;
    }
    struct thi_wish *wish = &intent->wish;
    const char *name = at + 10;
    size_t size = strcspn(name, "(");
    snprintf(wish->name, sizeof wish->name, "%.*s", (int)(size < 27 ? size : 27), name);
    wish->operation = thi_starts(name, "load")      ? TH_LOAD
                      : thi_starts(name, "store")   ? TH_STORE
                      : thi_starts(name, "compare") ? TH_COMPARE
                                                    : TH_MODIFY;
    const char *digits = name + size;
    while (digits > name && digits[-1] >= '0' && digits[-1] <= '9') {
        digits--;
    }
    wish->bytes = (uint8_t)strtoul(digits, NULL, 10);
    unsigned count = wish->operation == TH_COMPARE ? 2 : 1;
    unsigned long numbers[2] = {5, 5};
    const char *end = strrchr(line, ')');
    for (unsigned i = count; i > 0 && end != NULL; i--) {
        const char *comma = end;
        while (comma > at && *comma != ',') {
            comma--;
        }
        const char *value = comma + strlen(comma);
        for (value = end; value > comma && value[-1] != ' '; value--) {
        }
        char *parsed;
        numbers[i - 1] = strtoul(value, &parsed, 10);
        intent->order_known = intent->order_known && parsed != value;
        end = comma;
    }
    wish->order = values[numbers[0] < 6 ? numbers[0] : 5];
    wish->failure = count == 2 ? values[numbers[1] < 6 ? numbers[1] : 5] : TH_RELAXED;
    return true;
}

/* Does the function, which goes on at `rest`, take out whether "%5 = cmpxchg ..." has stored? */
static bool is_asked(const char *line, const char *rest)
{
    const char *name = line + strspn(line, " ");
    size_t size = strcspn(name, " ");
    const char *end = strstr(rest, "\n}");
    for (const char *at = strstr(rest, "extractvalue "); at != NULL && (end == NULL || at < end);
         at = strstr(at + 1, "extractvalue ")) {
        const char *brace = strchr(at, '}');
        if (brace != NULL && strncmp(brace + 2, name, size) == 0 &&
            strncmp(brace + 2 + size, ", 1", 3) == 0) {
            return true;
        }
    }
    return false;
}

static bool instruction_take(struct reader *reader, const char *line)
{
    const char *text = line + strspn(line, " ");
    if (text[0] == '%') {
        const char *equals = strstr(text, " = ");
        text = equals == NULL ? text : equals + 3;
    }
    struct thi_intent intent = {.function = reader->function, .order_known = true};
    if (strstr(line, "syncscope(\"singlethread\")") != NULL) {
        return true; /* for the compiler only: no code */
    }
    enum thi_order orders[2] = {TH_SEQ_CST, TH_SEQ_CST};
    bool dated = strstr(line, "!dbg !") != NULL;
    if (wish_read(reader, text, &intent.wish)) {
        unsigned count = orders_find(text, orders);
        intent.wish.order = orders[0];
        intent.wish.failure = count > 1 ? orders[1] : TH_RELAXED;
    } else if (!call_read(line, &intent)) {
        if (dated && reader->graph != NULL) {
            place_find(reader, line, &intent.place);
        }
        return reader->graph == NULL || thi_graph_line(reader->graph, line, &intent.place);
    }
    place_find(reader, line, &intent.place);
    if (intent.wish.weak) {
        intent.wish.unasked = !is_asked(line, line + strlen(line) + 1);
    }
    return (reader->graph == NULL || thi_graph_atomic(reader->graph, &intent)) &&
           thi_intents_add(reader->intents, &intent);
}

/* For quiet.c, which has lines that are not cut. */
static bool place_copy(void *context, const char *line, struct thi_place *place)
{
    const struct reader *reader = context;
    char copy[1024];
    size_t bytes = strcspn(line, "\n");
    snprintf(copy, sizeof copy, "%.*s", (int)(bytes < sizeof copy ? bytes : sizeof copy - 1), line);
    place_find(reader, copy, place);
    return place->inner[0] != '?';
}

/* "define internal i64 @name(ptr %0) ... {": the name, cut off in place. */
static bool function_take(struct reader *reader, char *line)
{
    bool ok = reader->quiet == NULL || thi_quiet_find(reader->quiet, line, place_copy, reader);
    char *at = strchr(line, '@');
    if (at == NULL) {
        return ok;
    }
    at++;
    bool quoted = *at == '"';
    at += quoted;
    char *end = at + strcspn(at, quoted ? "\"" : "(");
    *end = '\0';
    reader->function = at;
    return ok && (reader->graph == NULL || thi_graph_function(reader->graph, at));
}

/* One line of a function, or between functions. */
static bool line_take(struct reader *reader, const char *line)
{
    if (*line == ' ' && reader->function != NULL) {
        return instruction_take(reader, line);
    }
    return reader->graph == NULL || reader->function == NULL || *line == '\0' ||
           thi_graph_line(reader->graph, line, &(struct thi_place){.file = NULL});
}

/* Takes line by line, cut off; but for metadata, lines that are none are put together again. */
static bool lines_each(struct reader *reader, char *text, bool metadata)
{
    bool ok = true;
    for (char *line = text; ok && line != NULL;) {
        char *next = strchr(line, '\n');
        bool defines = !metadata && thi_starts(line, "define ");
        if (defines) {
            ok = function_take(reader, line);
        }
        if (next != NULL) {
            *next = '\0';
        }
        if (metadata) {
            ok = *line != '!' || node_take(reader, line);
        } else if (!defines) {
            ok = ok && line_take(reader, line);
        }
        if (next != NULL && metadata && *line != '!') {
            *next = '\n';
        }
        line = next == NULL ? NULL : next + 1;
    }
    return ok;
}

static bool text_read(struct reader *reader, char *text)
{
    /* Metadata stand behind the functions: cutting them up leaves the functions whole. */
    char *functions = text;
    char *metadata = strstr(text, "\n!");
    if (metadata != NULL) {
        *metadata++ = '\0';
    }
    bool ok = metadata == NULL || lines_each(reader, metadata, true);
    ok = ok && lines_each(reader, functions, false);
    free(reader->nodes);
    return ok;
}

bool thi_wanted_read_llvm(struct thi_audit *audit, char *text, unsigned pointer_bytes)
{
    audit->graph = calloc(1, sizeof *audit->graph);
    struct reader reader = {
        .intents = &audit->wanted, .pointer_bytes = pointer_bytes, .graph = audit->graph};
    return audit->graph != NULL && text_read(&reader, text);
}

bool thi_made_read_llvm(struct thi_audit *audit, char *text, unsigned pointer_bytes)
{
    struct reader reader = {
        .intents = &audit->made, .pointer_bytes = pointer_bytes, .quiet = &audit->quiet};
    return text_read(&reader, text);
}
