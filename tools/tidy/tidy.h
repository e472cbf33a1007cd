/* SPDX-License-Identifier: MIT
 * tidy.h - the style checker's view of the tree: files cut into code, comments and functions.
 *
 * A rule is one function that reads the tree and reports. It prints nothing itself, so that every
 * finding has the same form: `file:line: rule: message`.
 */
#ifndef TOPHASH_TOOLS_TIDY_TIDY_H
#define TOPHASH_TOOLS_TIDY_TIDY_H

#include <stdbool.h>
#include <stddef.h>

/* Text on one line: stars, line breaks and runs of spaces are one space. Lines count from 1. */
struct tidy_comment {
    size_t first_line;
    size_t last_line;
    char *text;
};

struct tidy_function {
    char *name;
    size_t first_line; /* of the signature */
    size_t body_line;  /* the opening brace */
    size_t last_line;  /* the closing brace */
};

struct tidy_file {
    char *path;        /* from the root */
    char **raw_lines;  /* as they are, without the line break */
    char **code_lines; /* comments and what is inside quotes blanked out; C files only */
    size_t line_count;
    char *raw;
    char *code;
    struct tidy_comment *comments;
    size_t comment_count;
    struct tidy_function *functions;
    size_t function_count;
    bool ends_with_newline;
};

struct tidy {
    const char *root;
    const char *build; /* folder with the built library */
    struct tidy_file *files;
    size_t file_count;
    const char *rule; /* the one that runs */
    size_t findings;
};

/* tidy_files.c */
void tidy_load(struct tidy *tidy);
void tidy_unload(struct tidy *tidy);
const struct tidy_file *tidy_find(const struct tidy *tidy, const char *path);
bool tidy_starts_with(const char *text, const char *prefix);
bool tidy_ends_with(const char *text, const char *suffix);
bool tidy_is_c(const struct tidy_file *file);
const char *tidy_base_name(const char *path);

/* tidy_lex.c */
void tidy_lex(struct tidy_file *file);
const struct tidy_function *tidy_function_at(const struct tidy_file *file, size_t line);

/* main.c. Memory that cannot be had ends the program. */
void *tidy_grow(void *array, size_t count, size_t item_bytes);
char *tidy_copy(const char *text, size_t size);
__attribute__((format(printf, 4, 5))) void tidy_report(struct tidy *tidy, const char *path,
                                                       size_t line, const char *format, ...);

/* The rules. */
void rule_spdx(struct tidy *tidy);
void rule_guard(struct tidy *tidy);
void rule_length(struct tidy *tidy);
void rule_leftover(struct tidy *tidy);
void rule_os_macro(struct tidy *tidy);
void rule_layers(struct tidy *tidy);
void rule_own_header(struct tidy *tidy);
void rule_self_contained(struct tidy *tidy);
void rule_names(struct tidy *tidy);
void rule_exported(struct tidy *tidy);
void rule_raw_atomic(struct tidy *tidy);
void rule_edge(struct tidy *tidy);
void rule_relaxed(struct tidy *tidy);
void rule_example(struct tidy *tidy);
void rule_test_name(struct tidy *tidy);
void rule_man_page(struct tidy *tidy);

#endif
