/* SPDX-License-Identifier: MIT
 * quiet.c - plain stores that no other thread can know of, in LLVM's optimised intermediate code: a
 *           compiler may move them past anything.
 *
 * A pointer that came as `noalias` argument (C's restrict), and memory that a call has just made
 * and that is given to nobody: not returned, not stored, not passed on but to free().
 */
#include "graph.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 48, NAMES_MAX = 64, STEPS_MAX = 16 };

/* The word that ends at `end`. */
static void word_before(const char *text, const char *end, char out[NAME_BYTES])
{
    const char *start = end;
    while (start > text && start[-1] != ' ' && start[-1] != '(') {
        start--;
    }
    size_t bytes = (size_t)(end - start);
    snprintf(out, NAME_BYTES, "%.*s", (int)(bytes < NAME_BYTES ? bytes : NAME_BYTES - 1), start);
}

/* Operand number `index`, from 0, of an instruction whose operands have commas between. */
static void operand_of(const char *text, const char *end, unsigned index, char out[NAME_BYTES])
{
    const char *at = text;
    while (index > 0 && at < end) {
        index -= *at == ',' && at[1] == ' ';
        at++;
    }
    size_t bytes = at < end ? strcspn(at, ",\n") : 0;
    word_before(at, at + bytes, out);
}

/* The text behind "  %name = "; NULL: an argument, or no register. */
static const char *definition_of(const char *body, const char *end, const char *name)
{
    char start[NAME_BYTES + 8];
    snprintf(start, sizeof start, "\n  %s = ", name);
    const char *at = name[0] == '%' ? strstr(body, start) : NULL;
    return at == NULL || at >= end ? NULL : at + strlen(start);
}

static const char *line_end(const char *line)
{
    return line + strcspn(line, "\n");
}

static bool is_address(const char *text)
{
    return thi_starts(text, "getelementptr ") || thi_starts(text, "bitcast ");
}

/* What an address was computed from. */
static void base_of(const char *text, char out[NAME_BYTES])
{
    const char *end = line_end(text);
    if (thi_starts(text, "bitcast ")) {
        const char *to = strstr(text, " to ");
        word_before(text, to == NULL || to > end ? end : to, out);
    } else {
        operand_of(text, end, 1, out);
    }
}

static bool line_mentions(const char *line, const char *end, const char *name)
{
    size_t bytes = strlen(name);
    for (const char *at = strstr(line, name); at != NULL && at < end; at = strstr(at + 1, name)) {
        if (strchr(" ,)\n]", at[bytes]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Does an instruction use a pointer without giving it to anybody? */
static bool is_harmless(const char *text, const char *end, const char *name)
{
    char stored[NAME_BYTES];
    if (thi_starts(text, "store ")) {
        operand_of(text, end, 0, stored);
        return strcmp(stored, name) != 0;
    }
    const char *frees = strstr(text, "@free("), *intrinsic = strstr(text, "@llvm.");
    return thi_starts(text, "load ") || thi_starts(text, "icmp ") || thi_starts(text, "#dbg_") ||
           (frees != NULL && frees < end) || (intrinsic != NULL && intrinsic < end);
}

/* Is what a call has made given to anybody in the function? */
static bool is_given(const char *body, const char *end, const char *name)
{
    char names[NAMES_MAX][NAME_BYTES];
    size_t count = 1;
    snprintf(names[0], NAME_BYTES, "%s", name);
    for (size_t i = 0; i < count; i++) {
        for (const char *line = body; line != NULL && line < end; line = strchr(line, '\n')) {
            line += *line == '\n';
            const char *stop = line_end(line), *text = line + strspn(line, " ");
            const char *equals = *text == '%' ? strstr(text, " = ") : NULL;
            bool defines = equals != NULL && equals < stop;
            const char *what = defines ? equals + 3 : text;
            if (!line_mentions(what, stop, names[i]) || is_harmless(what, stop, names[i])) {
                continue;
            }
            if (!defines || !is_address(what) || count == NAMES_MAX) {
                return true;
            }
            word_before(text, equals, names[count++]);
        }
    }
    return false;
}

/* An argument of that name in the function's head says `noalias`. */
static bool is_restricted(const char *define, const char *name)
{
    const char *end = line_end(define);
    for (const char *at = strstr(define, name); at != NULL && at < end; at = strstr(at + 1, name)) {
        if (strchr(",)", at[strlen(name)]) == NULL) {
            continue;
        }
        const char *start = at;
        while (start > define && start[-1] != ',' && start[-1] != '(') {
            start--;
        }
        const char *found = strstr(start, "noalias");
        return found != NULL && found < at;
    }
    return false;
}

static bool is_quiet(const char *define, const char *end, const char *store)
{
    char name[NAME_BYTES], base[NAME_BYTES];
    operand_of(store, line_end(store), 1, name);
    const char *text = definition_of(define, end, name);
    for (unsigned steps = 0; text != NULL && is_address(text) && steps < STEPS_MAX; steps++) {
        base_of(text, base);
        memcpy(name, base, sizeof name);
        text = definition_of(define, end, name);
    }
    if (text == NULL) {
        return name[0] == '%' && is_restricted(define, name);
    }
    const char *call = strstr(text, "call "), *fresh = strstr(text, "noalias ");
    return call != NULL && fresh != NULL && call < fresh && fresh < line_end(text) &&
           !is_given(define, end, name);
}

bool thi_quiet_find(struct thi_intents *quiet, const char *define,
                    bool (*place_of)(void *context, const char *line, struct thi_place *place),
                    void *context)
{
    const char *end = strstr(define, "\n}");
    end = end == NULL ? define + strlen(define) : end;
    bool ok = true;
    for (const char *line = strstr(define, "\n  store "); ok && line != NULL && line < end;
         line = strstr(line + 1, "\n  store ")) {
        struct thi_intent intent = {.function = NULL};
        if (!thi_starts(line + 3, "store atomic ") && is_quiet(define, end, line + 3) &&
            place_of(context, line + 1, &intent.place)) {
            ok = thi_intents_add(quiet, &intent);
        }
    }
    return ok;
}
