/* SPDX-License-Identifier: MIT
 * equivalent.c - declarations that a mutant cannot be told from the original: from a file, or from
 *                comments in the source.
 *
 * Layout       a line of the file:  FILE:LINE [ORDER]: reason     # starts a comment
 *              in the source, on the site's line or in the comment right above it:
 *                                   equivalent: reason   or   equivalent to ORDER: reason
 *              Without ORDER all weaker orders of the site are meant.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/sites.h"

enum { LINE_BYTES_MAX = 1024, LINES_ABOVE_MAX = 4 };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The length of the word for an order at `text`, 0 if it is none. */
static size_t order_read(const char *text, enum thi_order *order)
{
    for (int i = TH_ORDER_RELAXED; i <= TH_ORDER_SEQ_CST; i++) {
        const char *name = thi_order_name((enum thi_order)i);
        size_t size = strlen(name);
        if (strncmp(text, name, size) == 0 && !isalnum((unsigned char)text[size]) &&
            text[size] != '_') {
            *order = (enum thi_order)i;
            return size;
        }
    }
    if (strncmp(text, "removed", 7) == 0) {
        *order = TH_ORDER_RELAXED;
        return 7;
    }
    return 0;
}

/* One line of the file, cut in place: its parts. False: it is not of the form. */
static bool line_parse(char *line, char **file, unsigned long *number, enum thi_order *order,
                       char **reason)
{
    *order = TH_ORDER_NONE;
    *file = line + strspn(line, " \t");
    char *colon = strchr(*file, ':');
    if (colon == NULL || colon == *file) {
        return false;
    }
    char *rest;
    *number = strtoul(colon + 1, &rest, 10);
    if (rest == colon + 1) {
        return false;
    }
    rest += strspn(rest, " \t");
    rest += order_read(rest, order);
    rest += strspn(rest, " \t");
    if (*rest != ':') {
        return false;
    }
    rest += 1 + strspn(rest + 1, " \t");
    *colon = '\0';
    *reason = rest;
    return *rest != '\0';
}

bool thi_equivalences_read(struct thi_mutation *mutation, const char *path, struct thi_text *why)
{
    FILE *in = fopen(path, "r");
    struct thi_text text = {.bytes = NULL};
    char part[LINE_BYTES_MAX], line[LINE_BYTES_MAX];
    if (in == NULL) {
        thi_text_format(why, "%s cannot be read", path);
        return false;
    }
    for (size_t size; (size = fread(part, 1, sizeof part, in)) > 0;) {
        thi_text_add(&text, part, size);
    }
    bool read = ferror(in) == 0 && !text.failed;
    fclose(in);
    size_t number = 1;
    for (const char *rest = thi_text_get(&text); read && *rest != '\0'; number++) {
        size_t size = strcspn(rest, "\n");
        char *file, *reason;
        unsigned long at;
        enum thi_order order;
        snprintf(line, sizeof line, "%.*s", (int)(size < sizeof line ? size : sizeof line - 1),
                 rest);
        char *start = line + strspn(line, " \t\r");
        if (*start != '\0' && *start != '#' && !line_parse(start, &file, &at, &order, &reason)) {
            thi_text_format(why,
                            "%s:%zu: write 'FILE:LINE [ORDER]: reason', for example "
                            "'queue.c:40 relaxed: only the owner reads it'",
                            path, number);
            thi_text_fini(&text);
            return false;
        }
        rest += size + (rest[size] == '\n');
    }
    if (!read) {
        thi_text_format(why, "%s cannot be read", path);
        thi_text_fini(&text);
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        text.bytes[i] = text.bytes[i] == '\n' ? '\0' : text.bytes[i];
    }
    mutation->equivalences = text.bytes;
    mutation->equivalences_bytes = text.size;
    return true;
}

/* The order that the mutant brings in. */
static enum thi_order mutant_order(const struct thi_mutant *mutant)
{
    return mutant->order == TH_ORDER_NONE ? mutant->failure_order : mutant->order;
}

/* The reason in the file for the place, pointing into the text that was read. */
static const char *file_reason(const struct thi_mutation *mutation, const struct thi_mutant *mutant)
{
    const struct thi_record_site *place = &mutation->rows[mutant->row].place;
    char line[LINE_BYTES_MAX];
    const char *end = mutation->equivalences + mutation->equivalences_bytes;
    for (const char *rest = mutation->equivalences; rest < end; rest += strlen(rest) + 1) {
        char *file, *reason;
        unsigned long at;
        enum thi_order order;
        snprintf(line, sizeof line, "%s", rest);
        if (line[strspn(line, " \t\r")] != '#' && place->file != NULL &&
            line_parse(line, &file, &at, &order, &reason) && at == place->line &&
            strcmp(base_name(file), base_name(place->file)) == 0 &&
            (order == TH_ORDER_NONE || order == mutant_order(mutant))) {
            return rest + (reason - line);
        }
    }
    return NULL;
}

/* "equivalent [to ORDER]: reason" in a comment; the reason, and the order it is for. */
static const char *comment_parse(const char *comment, enum thi_order *order)
{
    const char *word = strstr(comment, "equivalent");
    *order = TH_ORDER_NONE;
    if (word == NULL) {
        return NULL;
    }
    word += strlen("equivalent");
    if (strncmp(word, " to ", 4) == 0) {
        size_t size = order_read(word + 4, order);
        if (size == 0) {
            return NULL;
        }
        word += 4 + size;
    }
    return *word == ':' ? word + 1 + strspn(word + 1, " ") : NULL;
}

const char *thi_equivalence_of(const struct thi_mutation *mutation, const struct thi_mutant *mutant)
{
    enum thi_order order;
    const char *comment = mutation->comments[mutant->row];
    const char *reason = comment == NULL ? NULL : comment_parse(comment, &order);
    if (reason != NULL && (order == TH_ORDER_NONE || order == mutant_order(mutant))) {
        return reason;
    }
    return file_reason(mutation, mutant);
}

/* Adds what the line says inside a comment, or all of it if it is inside of one. */
static void comment_add(struct thi_text *comment, const char *line)
{
    const char *start = strstr(line, "/*");
    start = start == NULL ? strstr(line, "//") : start;
    start = start == NULL ? line : start + 2;
    start += strspn(start, " \t*");
    const char *end = strstr(start, "*/");
    size_t size = end == NULL ? strlen(start) : (size_t)(end - start);
    while (size > 0 && isspace((unsigned char)start[size - 1])) {
        size--;
    }
    if (size > 0 && comment->size > 0) {
        thi_text_add(comment, " ", 1);
    }
    thi_text_add(comment, start, size);
}

/* Is the line, which stands above the site, all comment? */
static bool is_comment(const char *line)
{
    line += strspn(line, " \t");
    size_t size = strcspn(line, "\n");
    while (size > 0 && isspace((unsigned char)line[size - 1])) {
        size--;
    }
    return strncmp(line, "/*", 2) == 0 || strncmp(line, "//", 2) == 0 || *line == '*' ||
           (size >= 2 && strncmp(line + size - 2, "*/", 2) == 0 && strchr(line, ';') == NULL);
}

char *thi_equivalence_comment(const struct thi_record_site *place)
{
    char lines[LINES_ABOVE_MAX + 1][LINE_BYTES_MAX]; /* [0] is the site's own */
    const char *path = place->path == NULL ? place->file : place->path;
    FILE *in = path == NULL ? NULL : fopen(path, "r");
    if (in == NULL) {
        return NULL;
    }
    memset(lines, 0, sizeof lines);
    for (uint32_t number = 1; number <= place->line; number++) {
        memmove(lines[1], lines[0], sizeof lines[0] * LINES_ABOVE_MAX);
        if (fgets(lines[0], LINE_BYTES_MAX, in) == NULL) {
            lines[0][0] = '\0';
            break;
        }
    }
    fclose(in);
    struct thi_text comment = {.bytes = NULL};
    int first = 1;
    while (first <= LINES_ABOVE_MAX && is_comment(lines[first])) {
        first++;
    }
    for (int i = first - 1; i > 0; i--) {
        comment_add(&comment, lines[i]);
    }
    if (strstr(lines[0], "/*") != NULL || strstr(lines[0], "//") != NULL) {
        comment_add(&comment, lines[0]);
    }
    if (comment.failed || strstr(thi_text_get(&comment), "equivalent") == NULL) {
        thi_text_fini(&comment);
        return NULL;
    }
    return comment.bytes;
}
