/* SPDX-License-Identifier: MIT
 * intent_gcc.c - the atomic operations in a dump of gcc's GIMPLE, with places in the source.
 *
 * Operations are calls: `[file.c:7:16] _1 = __atomic_load_8 (ptr, 5);`, or internal functions such
 * as `.ATOMIC_COMPARE_EXCHANGE (ptr, expected, desired, 264, 4, 2)`; the optimised dump gives the
 * name of each function in a line of its own, the first dump only its head.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum thi_order order_of(long value)
{
    static const enum thi_order orders[] = {TH_RELAXED, TH_ACQUIRE, TH_ACQUIRE,
                                            TH_RELEASE, TH_ACQ_REL, TH_SEQ_CST};
    value &= 0xff;
    return value >= 0 && value < 6 ? orders[value] : TH_SEQ_CST;
}

/* "[dir/file.c:7:16]" or "[file.c:7:16 discrim 2]", cut off in place. */
static bool place_read(char *line, struct thi_place *place, char **rest)
{
    char *open = line + strspn(line, " ");
    char *close = *open == '[' ? strchr(open, ']') : NULL;
    if (close == NULL) {
        return false;
    }
    *close = '\0';
    *rest = close + 1;
    char *blank = strchr(open, ' ');
    if (blank != NULL) {
        *blank = '\0';
    }
    char *column = strrchr(open, ':');
    if (column == NULL) {
        return false;
    }
    *column++ = '\0';
    char *number = strrchr(open, ':');
    if (number == NULL) {
        return false;
    }
    *number++ = '\0';
    char *slash = strrchr(open, '/');
    place->file = slash == NULL ? open + 1 : slash + 1;
    place->line = (uint32_t)strtoul(number, NULL, 10);
    place->column = (uint32_t)strtoul(column, NULL, 10);
    return true;
}

/* Argument number `index` of a call, without a place of its own. */
static void argument_take(const char *arguments, unsigned index, char *out, size_t out_bytes)
{
    char argument[1024];
    thi_operand(arguments, index, argument, sizeof argument);
    const char *close = argument[0] == '[' ? strstr(argument, "] ") : NULL;
    snprintf(out, out_bytes, "%.*s", (int)out_bytes - 1, close == NULL ? argument : close + 2);
}

/* Argument number `index` of a call as a number; false if it is none. */
static bool argument_number(const char *arguments, unsigned index, long *value)
{
    char argument[128];
    argument_take(arguments, index, argument, sizeof argument);
    char *end;
    *value = strtol(argument, &end, 10);
    return end != argument && (*end == '\0' || *end == 'B');
}

static unsigned arguments_count(const char *arguments)
{
    char argument[8];
    unsigned count = 0;
    do {
        thi_operand(arguments, count, argument, sizeof argument);
        count++;
    } while (argument[0] != '\0' && count < 12);
    return count - 1;
}

static uint8_t bytes_behind(const char *name)
{
    size_t size = strlen(name);
    while (size > 0 && name[size - 1] >= '0' && name[size - 1] <= '9') {
        size--;
    }
    return (uint8_t)strtoul(name + size, NULL, 10);
}

static enum thi_operation operation_of(const char *name)
{
    return strstr(name, "fence") != NULL || strcmp(name, "synchronize") == 0 ? TH_FENCE
           : thi_starts(name, "load")                                        ? TH_LOAD
           : thi_starts(name, "store") || thi_starts(name, "clear") ||
                   thi_starts(name, "lock_release")
               ? TH_STORE
           : thi_starts(name, "compare") || thi_starts(name, "COMPARE") ||
                   strstr(name, "compare_and_swap") != NULL
               ? TH_COMPARE
               : TH_MODIFY;
}

/* .ATOMIC_*: the builtin's name stands in the last argument. */
static void internal_read(const char *name, const char *arguments, struct thi_intent *intent)
{
    struct thi_wish *wish = &intent->wish;
    long value = 0;
    unsigned count = arguments_count(arguments);
    if (strcmp(name, "COMPARE_EXCHANGE") == 0) {
        argument_number(arguments, 3, &value);
        wish->bytes = (uint8_t)(value & 255);
        wish->weak = (value & 256) != 0;
        intent->order_known = argument_number(arguments, 4, &value);
        wish->order = order_of(value);
        intent->order_known = argument_number(arguments, 5, &value) && intent->order_known;
        wish->failure = order_of(value);
        return;
    }
    char builtin[64];
    argument_take(arguments, count - 1, builtin, sizeof builtin);
    wish->bytes = bytes_behind(builtin);
    intent->order_known = argument_number(arguments, count - 2, &value);
    wish->order = strstr(builtin, "__sync") != NULL ? TH_SEQ_CST : order_of(value);
}

static void builtin_read(const char *name, const char *arguments, struct thi_intent *intent)
{
    struct thi_wish *wish = &intent->wish;
    unsigned count = arguments_count(arguments);
    long value = 5;
    wish->bytes = wish->operation == TH_FENCE ? 0 : bytes_behind(name);
    if (thi_starts(name, "test_and_set") || thi_starts(name, "clear")) {
        wish->bytes = 1;
    }
    if (wish->operation == TH_COMPARE) {
        argument_number(arguments, 3, &value);
        wish->weak = value == 1;
        intent->order_known = argument_number(arguments, count - 2, &value);
        wish->order = order_of(value);
        intent->order_known = argument_number(arguments, count - 1, &value) && intent->order_known;
        wish->failure = order_of(value);
        return;
    }
    intent->order_known = argument_number(arguments, count - 1, &value);
    wish->order = order_of(value);
}

/* A statement; true and the intent if it is an atomic operation that makes code. */
static bool statement_read(char *rest, struct thi_intent *intent)
{
    char *call = strstr(rest, " .ATOMIC_"); /* its arguments have names like the builtins */
    bool internal = call != NULL, old = false;
    call = internal ? call + 1 : strstr(rest, "__atomic_");
    if (call == NULL) {
        call = strstr(rest, "__sync_");
        old = call != NULL;
    }
    char *open = call == NULL ? NULL : strstr(call, " (");
    if (open == NULL || (call > rest && call[-1] != ' ')) {
        return false;
    }
    char *close = strrchr(open, ')');
    size_t skip = internal ? 8 : old ? 7 : 9;
    if (close == NULL || open < call + skip || memchr(call, ';', (size_t)(open - call)) != NULL ||
        memchr(call, ' ', (size_t)(open - call)) != NULL) {
        return false; /* a variable of that name */
    }
    *open = '\0';
    *close = '\0';
    const char *name = call + skip;
    if (thi_starts(name, "signal_fence") || strstr(name, "lock_free") != NULL ||
        strstr(name, "feraiseexcept") != NULL) {
        return false;
    }
    struct thi_wish *wish = &intent->wish;
    snprintf(wish->name, sizeof wish->name, "%.27s", name);
    wish->operation = operation_of(name);
    intent->order_known = true;
    if (internal) {
        internal_read(name, open + 2, intent);
    } else if (old) {
        wish->order = wish->failure = TH_SEQ_CST;
        wish->bytes = bytes_behind(name);
    } else {
        builtin_read(name, open + 2, intent);
    }
    return true;
}

/* ";; Function name (assembler_name, funcdef_no=0, ...", or "type name (type argument)". */
static const char *function_read(char *line, bool optimised)
{
    if (thi_starts(line, ";; Function ")) {
        char *open = strstr(line, " (");
        char *end = open == NULL ? NULL : strchr(open, ',');
        if (end != NULL) {
            *end = '\0';
        }
        return open == NULL ? NULL : open + 2;
    }
    char *open = strstr(line, " (");
    if (optimised || open == NULL ||
        strchr("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", line[0]) == NULL) {
        return NULL;
    }
    *open = '\0';
    char *blank = strrchr(line, ' ');
    const char *name = blank == NULL ? line : blank + 1;
    return name + strspn(name, "*");
}

/* Does the function, which goes on at `rest`, use what "_5 = ..." says of success? */
static bool is_asked(const char *statement, const char *rest)
{
    const char *name = statement + strspn(statement, " ");
    size_t size = strcspn(name, " ");
    if (strncmp(name + size, " = ", 3) != 0) {
        return false;
    }
    const char *end = rest == NULL ? NULL : strstr(rest, "\n}");
    char part[64];
    snprintf(part, sizeof part, "IMAGPART_EXPR <%.*s>", (int)(size < 40 ? size : 40), name);
    const char *at = rest == NULL ? NULL : strstr(rest, part);
    bool complex = strstr(statement, ".ATOMIC_") != NULL;
    return !complex || (at != NULL && (end == NULL || at < end));
}

bool thi_intents_read_gcc(struct thi_intents *intents, char *text)
{
    bool optimised = strstr(text, ";; Function ") != NULL;
    const char *function = "?";
    bool ok = true;
    for (char *line = text; ok && line != NULL;) {
        char *next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        struct thi_intent intent = {.function = function};
        char *rest = line;
        if (*line != ' ' && *line != '\0') {
            const char *found = function_read(line, optimised);
            function = found == NULL ? function : found;
        } else if (strstr(line, "# DEBUG") == NULL && place_read(line, &intent.place, &rest) &&
                   statement_read(rest, &intent)) {
            /* What was inlined is not said here: the places of instructions tell. */
            intent.place.inner = optimised ? NULL : function;
            intent.wish.unasked = intent.wish.weak && !is_asked(rest, next);
            ok = thi_intents_add(intents, &intent);
        }
        line = next;
    }
    return ok;
}
