/* SPDX-License-Identifier: MIT
 * tidy_lex.c - cuts a C file into code, comments and functions.
 *
 * Invariants   I1 code keeps the length and the line breaks of the text, so positions are the same.
 *              I2 a function is what stands between a `{` and a `}` alone in column 0: that is how
 *                 clang-format lays out ours.
 */
#include "tidy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The comment's words with one space between them; decoration is dropped. */
static char *comment_words(const char *text, size_t size)
{
    if (size >= 4 && text[size - 2] == '*' && text[size - 1] == '/') {
        size -= 2;
    }
    char *words = tidy_copy(text, size); /* for its room: words never take more */
    size_t used = 0;
    bool line_start = true, blank = true;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '\n') {
            line_start = true;
        }
        if (isspace((unsigned char)c) || (line_start && (c == '*' || c == '/'))) {
            if (!blank) {
                words[used++] = ' ';
            }
            blank = true;
            continue;
        }
        line_start = false;
        blank = false;
        words[used++] = c;
    }
    while (used > 0 && words[used - 1] == ' ') {
        used--;
    }
    words[used] = '\0';
    return words;
}

static void comment_add(struct tidy_file *file, size_t start, size_t end, size_t line)
{
    struct tidy_comment comment = {.first_line = line, .last_line = line};
    for (size_t i = start; i < end; i++) {
        comment.last_line += file->raw[i] == '\n';
        if (file->code[i] != '\n') {
            file->code[i] = ' ';
        }
    }
    comment.text = comment_words(file->raw + start, end - start);
    file->comments = tidy_grow(file->comments, file->comment_count, sizeof comment);
    file->comments[file->comment_count++] = comment;
}

/* The end of the comment that starts at `at`: behind its last character. */
static size_t comment_end(const char *text, size_t at)
{
    bool block = text[at + 1] == '*';
    const char *end = strstr(text + at + 2, block ? "*/" : "\n");
    if (end == NULL) {
        return at + strlen(text + at);
    }
    return (size_t)(end - text) + (block ? 2u : 0u);
}

/* Blanks what is inside the quotes that open at `at`; returns the position behind them. */
static size_t quotes_blank(struct tidy_file *file, size_t at)
{
    char quote = file->raw[at++];
    while (file->raw[at] != '\0' && file->raw[at] != quote && file->raw[at] != '\n') {
        size_t step = file->raw[at] == '\\' && file->raw[at + 1] != '\0' ? 2 : 1;
        for (size_t i = 0; i < step; i++, at++) {
            if (file->code[at] != '\n') {
                file->code[at] = ' ';
            }
        }
    }
    return file->raw[at] == quote ? at + 1 : at;
}

static void comments_find(struct tidy_file *file)
{
    size_t line = 1;
    for (size_t at = 0; file->raw[at] != '\0';) {
        char c = file->raw[at], next = file->raw[at + 1];
        if (c == '/' && (next == '*' || next == '/')) {
            size_t end = comment_end(file->raw, at);
            comment_add(file, at, end, line);
            line = file->comments[file->comment_count - 1].last_line;
            at = end;
        } else if (c == '"' ||
                   (c == '\'' && (at == 0 || !isalnum((unsigned char)file->raw[at - 1])))) {
            at = quotes_blank(file, at);
        } else {
            line += c == '\n';
            at++;
        }
    }
}

/* The identifier before the first parenthesis that belongs to no attribute; a copy. */
static char *signature_name(const char *signature)
{
    for (const char *open = strchr(signature, '('); open != NULL; open = strchr(open + 1, '(')) {
        const char *start = open;
        while (start > signature && (isalnum((unsigned char)start[-1]) || start[-1] == '_')) {
            start--;
        }
        size_t size = (size_t)(open - start);
        bool attribute = size == 0 || tidy_starts_with(start, "__attribute__") ||
                         tidy_starts_with(start, "TH_ALIGNED") || start[-1] == '(';
        if (!attribute) {
            return tidy_copy(start, size);
        }
    }
    return tidy_copy("", 0);
}

/* Where the line that starts at `start` is the last of a signature: the start of its first line. */
static const char *signature_start(const char *code, const char *start, size_t *line)
{
    while (start > code) {
        const char *end = start - 1; /* the line break of the line above */
        const char *above = end;
        while (above > code && above[-1] != '\n') {
            above--;
        }
        while (end > above && isspace((unsigned char)end[-1])) {
            end--;
        }
        if (end == above || end[-1] == ';' || end[-1] == '}' || above[0] == '#') {
            break;
        }
        start = above;
        (*line)--;
    }
    return start;
}

static void functions_find(struct tidy_file *file)
{
    size_t line = 0;
    bool inside = false;
    for (const char *start = file->code; *start != '\0';) {
        line++;
        const char *end = strchr(start, '\n');
        size_t size = end == NULL ? strlen(start) : (size_t)(end - start);
        if (!inside && size > 0 && start[0] == '{' && strspn(start + 1, " ") == size - 1) {
            struct tidy_function function = {.first_line = line, .body_line = line};
            const char *first = signature_start(file->code, start, &function.first_line);
            char *signature = tidy_copy(first == start ? "" : first, (size_t)(start - first));
            function.name = signature_name(signature);
            free(signature);
            file->functions = tidy_grow(file->functions, file->function_count, sizeof function);
            file->functions[file->function_count++] = function;
            inside = true;
        } else if (inside && start[0] == '}') {
            file->functions[file->function_count - 1].last_line = line;
            inside = false;
        }
        if (end == NULL) {
            break;
        }
        start = end + 1;
    }
    if (inside) {
        file->functions[file->function_count - 1].last_line = line;
    }
}

void tidy_lex(struct tidy_file *file)
{
    comments_find(file);
    functions_find(file);
}

const struct tidy_function *tidy_function_at(const struct tidy_file *file, size_t line)
{
    for (size_t i = 0; i < file->function_count; i++) {
        const struct tidy_function *function = &file->functions[i];
        if (function->first_line <= line && line <= function->last_line) {
            return function;
        }
    }
    return NULL;
}
