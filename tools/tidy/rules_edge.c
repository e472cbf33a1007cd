/* SPDX-License-Identifier: MIT
 * rules_edge.c - every ordered access names its edge, both ends are there, and the table knows it.
 *
 * The comment above an ordered call (at most WINDOW_LINES above it, in its function or before it):
 *   <order> @<room>.<edge>: <what> before <what>; other side: <function>(). Without it: <what
 *   breaks>.
 * Where an edge is used again:   <order> @<room>.<edge>: as in <function>().
 * A fence or barrier is argued by cases and needs the opening `<order> @<room>.<edge>:` only.
 */
#include "tidy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_LINES = 12, NAME_BYTES_MAX = 96 };

static const char table_path[] = "docs/memory-order.md";

enum order {
    ORDER_NONE,
    ORDER_RELAXED,
    ORDER_ACQUIRE,
    ORDER_RELEASE,
    ORDER_ACQ_REL,
    ORDER_SEQ_CST,
    ORDER_HEAVY,
    ORDER_LIGHT
};

/* Order words as comments write them. */
static const struct {
    const char *word;
    enum order order;
} order_words[] = {
    {"acquire", ORDER_ACQUIRE}, {"release", ORDER_RELEASE}, {"acq_rel", ORDER_ACQ_REL},
    {"acqrel", ORDER_ACQ_REL},  {"seq_cst", ORDER_SEQ_CST}, {"sc", ORDER_SEQ_CST},
    {"heavy", ORDER_HEAVY},     {"light", ORDER_LIGHT},
};

/* Order of a call by the end of its name; for a compare-exchange the order of success. */
static const struct {
    const char *suffix;
    enum order order;
} order_suffixes[] = {
    {"_cas_rlx_rlx", ORDER_RELAXED},
    {"_cas_acq_rlx", ORDER_ACQUIRE},
    {"_cas_acq_acq", ORDER_ACQUIRE},
    {"_cas_rel_rlx", ORDER_RELEASE},
    {"_cas_acqrel_acq", ORDER_ACQ_REL},
    {"_cas_sc_sc", ORDER_SEQ_CST},
    {"_acqrel", ORDER_ACQ_REL},
    {"_rlx", ORDER_RELAXED},
    {"_acq", ORDER_ACQUIRE},
    {"_rel", ORDER_RELEASE},
    {"_sc", ORDER_SEQ_CST},
};

/* One opening `<order> @<room>.<edge>:` in a comment. */
struct tag {
    enum order order;
    char edge[NAME_BYTES_MAX];
    const char *rest; /* behind the colon */
};

struct edge_end {
    char edge[NAME_BYTES_MAX];
    bool writes;
    bool reads;
    const char *path;
    size_t line;
};

struct edge_ends {
    struct edge_end *ends;
    size_t count;
};

static bool word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The order of the call whose name is `name`; NONE if it is no atomic access of ours. */
static enum order call_order(const char *name, size_t size)
{
    static const char *const prefixes[] = {"th_u64_", "th_u32_", "th_u8_", "th_ptr_", "th_fence_"};
    if (size == 17 && strncmp(name, "thi_barrier_heavy", size) == 0) {
        return ORDER_HEAVY;
    }
    if (size == 17 && strncmp(name, "thi_barrier_light", size) == 0) {
        return ORDER_LIGHT;
    }
    bool ours = false;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        ours = ours ||
               (size > strlen(prefixes[i]) && strncmp(name, prefixes[i], strlen(prefixes[i])) == 0);
    }
    for (size_t i = 0; ours && i < sizeof order_suffixes / sizeof order_suffixes[0]; i++) {
        size_t suffix_size = strlen(order_suffixes[i].suffix);
        if (size > suffix_size &&
            strncmp(name + size - suffix_size, order_suffixes[i].suffix, suffix_size) == 0) {
            return order_suffixes[i].order;
        }
    }
    return ORDER_NONE;
}

/* The next tag at or behind *at, which moves behind it. */
static bool tag_next(const char **at, struct tag *tag)
{
    for (const char *mark = strstr(*at, " @"); mark != NULL; mark = strstr(mark + 1, " @")) {
        const char *word = mark;
        while (word > *at && word_char(word[-1])) {
            word--;
        }
        size_t size = strspn(mark + 2, "abcdefghijklmnopqrstuvwxyz0123456789_.");
        if (mark[2 + size] != ':' || size == 0 || size >= NAME_BYTES_MAX) {
            continue;
        }
        tag->order = ORDER_NONE;
        for (size_t i = 0; i < sizeof order_words / sizeof order_words[0]; i++) {
            size_t word_size = strlen(order_words[i].word);
            if (word_size == (size_t)(mark - word) &&
                strncmp(word, order_words[i].word, word_size) == 0) {
                tag->order = order_words[i].order;
            }
        }
        if (tag->order != ORDER_NONE && memchr(mark + 2, '.', size) != NULL) {
            snprintf(tag->edge, sizeof tag->edge, "%.*s", (int)size, mark + 2);
            tag->rest = mark + 2 + size + 1;
            *at = tag->rest;
            return true;
        }
    }
    return false;
}

static bool in_scope(const struct tidy_file *file)
{
    bool ours = tidy_starts_with(file->path, "src/") || tidy_starts_with(file->path, "server/");
    return ours && tidy_is_c(file) && !tidy_starts_with(file->path, "src/atomic/");
}

/* True if the comment speaks for a call on `line` of `function`. */
static bool comment_speaks(const struct tidy_comment *comment, const struct tidy_function *function,
                           size_t line, size_t window)
{
    if (comment->first_line > line) {
        return false;
    }
    if (function != NULL && comment->last_line + 1 == function->first_line) {
        return true; /* the function's own comment */
    }
    bool here = function == NULL || comment->first_line >= function->first_line;
    return here && comment->last_line + window >= line;
}

static bool tag_fits(enum order call, enum order tag, const char *text)
{
    if (call == ORDER_ACQ_REL && (tag == ORDER_ACQUIRE || tag == ORDER_RELEASE)) {
        /* Two orders, told one after the other. */
        return strstr(text, "acquire") != NULL && strstr(text, "release") != NULL;
    }
    bool barrier = call == ORDER_SEQ_CST && (tag == ORDER_HEAVY || tag == ORDER_LIGHT);
    return call == tag || barrier || (call == ORDER_LIGHT && tag == ORDER_SEQ_CST) ||
           (call == ORDER_HEAVY && tag == ORDER_SEQ_CST);
}

static void call_check(struct tidy *tidy, const struct tidy_file *file, size_t line,
                       const char *name, size_t name_size)
{
    const struct tidy_function *function = tidy_function_at(file, line);
    enum order order = call_order(name, name_size);
    bool wrong_order = false;
    for (size_t c = 0; c < file->comment_count; c++) {
        const struct tidy_comment *comment = &file->comments[c];
        if (!comment_speaks(comment, function, line, WINDOW_LINES)) {
            continue;
        }
        struct tag tag;
        for (const char *at = comment->text; tag_next(&at, &tag);) {
            if (tag_fits(order, tag.order, comment->text)) {
                return;
            }
            wrong_order = true;
        }
    }
    tidy_report(
        tidy, file->path, line, "%.*s() %s: `<order> @<room>.<edge>: ...`", (int)name_size, name,
        wrong_order ? "is not of the order its comment names" : "has no edge comment above");
}

/* Calls `visit` for each ordered or relaxed call in the file. */
static void calls_visit(struct tidy *tidy, const struct tidy_file *file, bool relaxed,
                        void (*visit)(struct tidy *tidy, const struct tidy_file *file, size_t line,
                                      const char *name, size_t name_size))
{
    for (size_t i = 0; i < file->line_count; i++) {
        const char *code = file->code_lines[i];
        for (const char *at = strstr(code, "th"); at != NULL; at = strstr(at, "th")) {
            size_t size = 0;
            while (word_char(at[size])) {
                size++;
            }
            bool whole = at == code || !word_char(at[-1]);
            const struct tidy_function *function = tidy_function_at(file, i + 1);
            bool call = at[size] == '(' && function != NULL && function->body_line <= i + 1;
            enum order order = whole && call ? call_order(at, size) : ORDER_NONE;
            if (order != ORDER_NONE && (order == ORDER_RELAXED) == relaxed) {
                visit(tidy, file, i + 1, at, size);
            }
            at += size;
        }
    }
}

/* True if a file in scope has `name(` in its code. */
static bool function_exists(const struct tidy *tidy, const char *name, size_t size)
{
    char call[NAME_BYTES_MAX];
    snprintf(call, sizeof call, "%.*s(", (int)size, name);
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        for (size_t line = 0; in_scope(file) && line < file->line_count; line++) {
            if (strstr(file->code_lines[line], call) != NULL) {
                return true;
            }
        }
    }
    return false;
}

/* What stands between `other side: ` and `Without it` names functions, and they exist. */
static void other_side_check(struct tidy *tidy, const struct tidy_file *file, size_t line,
                             const struct tag *tag, const char *from, const char *to)
{
    size_t functions = 0;
    for (const char *open = strstr(from, "()"); open != NULL && open < to;
         open = strstr(open + 1, "()")) {
        const char *name = open;
        while (name > from && word_char(name[-1])) {
            name--;
        }
        functions++;
        if (!function_exists(tidy, name, (size_t)(open - name))) {
            tidy_report(tidy, file->path, line,
                        "@%s: there is no function %.*s() on the other side", tag->edge,
                        (int)(open - name), name);
        }
    }
    if (functions == 0) {
        tidy_report(tidy, file->path, line, "@%s: the other side is a function: `name()`",
                    tag->edge);
    }
}

/* The full grammar, or the short form that points to it. */
static void tag_check_grammar(struct tidy *tidy, const struct tidy_file *file, size_t line,
                              const struct tag *tag)
{
    if (tag->order == ORDER_HEAVY || tag->order == ORDER_LIGHT || tag->order == ORDER_SEQ_CST) {
        return;
    }
    if (tidy_starts_with(tag->rest, " as in ") && strstr(tag->rest, "()") != NULL) {
        return;
    }
    const char *other = strstr(tag->rest, "other side: ");
    const char *without = strstr(tag->rest, "Without it: ");
    bool ordered = strstr(tag->rest, "before") != NULL || strstr(tag->rest, "after") != NULL;
    if (other == NULL || without == NULL || !ordered) {
        tidy_report(tidy, file->path, line,
                    "@%s: say `<what> before <what>; other side: <function>(). Without it: "
                    "<the bad execution>.` or `as in <function>().`",
                    tag->edge);
        return;
    }
    other_side_check(tidy, file, line, tag, other, without);
}

static void end_add(struct edge_ends *ends, const struct tag *tag, const char *path, size_t line)
{
    struct edge_end *end = NULL;
    for (size_t i = 0; i < ends->count && end == NULL; i++) {
        if (strcmp(ends->ends[i].edge, tag->edge) == 0) {
            end = &ends->ends[i];
        }
    }
    if (end == NULL) {
        ends->ends = tidy_grow(ends->ends, ends->count, sizeof *ends->ends);
        end = &ends->ends[ends->count++];
        memset(end, 0, sizeof *end);
        memcpy(end->edge, tag->edge, sizeof end->edge);
        end->path = path;
        end->line = line;
    }
    bool both = tag->order == ORDER_ACQ_REL || tag->order == ORDER_SEQ_CST;
    end->writes = end->writes || both || tag->order == ORDER_RELEASE || tag->order == ORDER_HEAVY;
    end->reads = end->reads || both || tag->order == ORDER_ACQUIRE || tag->order == ORDER_LIGHT;
}

/* The edge of a table row, from its first cell; false if the line is none. */
static bool row_edge(const char *line, char *edge, size_t edge_bytes)
{
    if (line[0] != '|') {
        return false;
    }
    const char *start = line + 1 + strspn(line + 1, " `@");
    size_t size = strspn(start, "abcdefghijklmnopqrstuvwxyz0123456789_.");
    snprintf(edge, edge_bytes, "%.*s", (int)size, start);
    return strchr(edge, '.') != NULL;
}

static void table_check(struct tidy *tidy, const struct edge_ends *ends)
{
    const struct tidy_file *table = tidy_find(tidy, table_path);
    bool *seen = calloc(ends->count + 1, sizeof *seen);
    if (seen == NULL) {
        return;
    }
    char edge[NAME_BYTES_MAX];
    for (size_t line = 0; table != NULL && line < table->line_count; line++) {
        if (!row_edge(table->raw_lines[line], edge, sizeof edge)) {
            continue;
        }
        bool known = false;
        for (size_t i = 0; i < ends->count; i++) {
            if (strcmp(ends->ends[i].edge, edge) == 0) {
                seen[i] = known = true;
            }
        }
        if (!known) {
            tidy_report(tidy, table_path, line + 1, "@%s is in the table and nowhere in the source",
                        edge);
        }
    }
    for (size_t i = 0; i < ends->count; i++) {
        const struct edge_end *end = &ends->ends[i];
        if (!seen[i]) {
            tidy_report(tidy, end->path, end->line, "@%s has no row in %s", end->edge, table_path);
        }
        if (!end->writes || !end->reads) {
            tidy_report(tidy, end->path, end->line, "@%s has only one end: nobody %s", end->edge,
                        end->writes ? "acquires it" : "releases it");
        }
    }
    free(seen);
}

void rule_edge(struct tidy *tidy)
{
    struct edge_ends ends = {NULL, 0};
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        if (!in_scope(file)) {
            continue;
        }
        calls_visit(tidy, file, false, call_check);
        for (size_t c = 0; c < file->comment_count; c++) {
            const struct tidy_comment *comment = &file->comments[c];
            struct tag tag;
            for (const char *at = comment->text; tag_next(&at, &tag);) {
                tag_check_grammar(tidy, file, comment->first_line, &tag);
                end_add(&ends, &tag, file->path, comment->first_line);
            }
        }
    }
    table_check(tidy, &ends);
    free(ends.ends);
}

static void relaxed_check(struct tidy *tidy, const struct tidy_file *file, size_t line,
                          const char *name, size_t name_size)
{
    const struct tidy_function *function = tidy_function_at(file, line);
    for (size_t c = 0; c < file->comment_count; c++) {
        /* One comment may speak for all relaxed calls below it in the same function. */
        if (comment_speaks(&file->comments[c], function, line, line) &&
            strstr(file->comments[c].text, "elaxed") != NULL) {
            return;
        }
    }
    tidy_report(tidy, file->path, line, "%.*s() has no comment `relaxed: why`", (int)name_size,
                name);
}

void rule_relaxed(struct tidy *tidy)
{
    for (size_t i = 0; i < tidy->file_count; i++) {
        if (in_scope(&tidy->files[i])) {
            calls_visit(tidy, &tidy->files[i], true, relaxed_check);
        }
    }
}

/* True if `code` calls `prefix`... as a whole word. */
static bool calls_any(const char *code, const char *prefix)
{
    for (const char *at = strstr(code, prefix); at != NULL; at = strstr(at + 1, prefix)) {
        if (at == code || !word_char(at[-1])) {
            return true;
        }
    }
    return false;
}

void rule_raw_atomic(struct tidy *tidy)
{
    static const char *const raw[] = {"atomic_", "_Atomic", "__atomic_", "__sync_",
                                      "memory_order_"};
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        bool library = tidy_starts_with(file->path, "src/") && in_scope(file);
        for (size_t line = 0; library && line < file->line_count; line++) {
            for (size_t r = 0; r < sizeof raw / sizeof raw[0]; r++) {
                if (calls_any(file->code_lines[line], raw[r])) {
                    tidy_report(tidy, file->path, line + 1,
                                "%s...: atomics are used through \"atomic/atomic.h\"", raw[r]);
                }
            }
        }
    }
}
