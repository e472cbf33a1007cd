/* SPDX-License-Identifier: MIT
 * main.c - tidy: checks the style rules a machine can check, and says where they are broken.
 *
 * Guarantees   Every finding is one line `file:line: rule: message`. Status 0: none; 1: some; 2:
 *              the check could not run.
 * Usage        tidy [--root DIR] [--build DIR] [--list] [RULE...]
 */
#include "tidy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rule {
    const char *name;
    void (*run)(struct tidy *tidy);
    const char *what;
} rules[] = {
    {"spdx", rule_spdx, "every source opens with its licence, its name and its job"},
    {"guard", rule_guard, "header guards are TOPHASH_<ROOM>_<FILE>_H"},
    {"length", rule_length, "lines of 100 columns, functions of 70 lines, files under 800"},
    {"leftover", rule_leftover, "no notes to self, no dead code, no trailing blanks"},
    {"os-macro", rule_os_macro, "operating systems are named in port, atomic and server/net only"},
    {"layers", rule_layers, "rooms include what docs/layers.txt allows"},
    {"own-header", rule_own_header, "a source of a room includes its own header first"},
    {"self-contained", rule_self_contained, "every header compiles alone"},
    {"names", rule_names, "th_ is exported, thi_ crosses files, the rest is static"},
    {"exported", rule_exported, "the library exports what ci/exported_symbols.txt lists"},
    {"raw-atomic", rule_raw_atomic, "atomics go through src/atomic/atomic.h"},
    {"edge", rule_edge, "every ordered access names its edge, and docs/memory-order.md knows it"},
    {"relaxed", rule_relaxed, "every relaxed access says why it may be"},
    {"example", rule_example, "code in the documents is code that is compiled"},
    {"test-name", rule_test_name, "tests are named subject_situation_expectation and explained"},
    {"man-page", rule_man_page, "every subcommand has its man page"},
};

static const size_t rule_count = sizeof rules / sizeof rules[0];

void *tidy_grow(void *array, size_t count, size_t item_bytes)
{
    /* Room is doubled whenever the count is a power of two, so callers keep no capacity. */
    if (count != 0 && (count & (count - 1)) != 0) {
        return array;
    }
    void *grown = realloc(array, (count == 0 ? 1 : count * 2) * item_bytes);
    if (grown == NULL) {
        fputs("tidy: out of memory\n", stderr);
        exit(2);
    }
    return grown;
}

char *tidy_copy(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL) {
        fputs("tidy: out of memory\n", stderr);
        exit(2);
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

void tidy_report(struct tidy *tidy, const char *path, size_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%zu: %s: ", path, line, tidy->rule);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    tidy->findings++;
}

static bool rule_selected(const char *name, int argc, char **argv, int select_first)
{
    if (select_first == argc) {
        return true;
    }
    for (int i = select_first; i < argc; i++) {
        if (strcmp(name, argv[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int rules_list(void)
{
    for (size_t i = 0; i < rule_count; i++) {
        printf("%-15s %s\n", rules[i].name, rules[i].what);
    }
    return 0;
}

static int rules_run(struct tidy *tidy, int argc, char **argv, int select_first)
{
    size_t run = 0;
    for (size_t i = 0; i < rule_count; i++) {
        if (rule_selected(rules[i].name, argc, argv, select_first)) {
            tidy->rule = rules[i].name;
            rules[i].run(tidy);
            run++;
        }
    }
    if (run == 0) {
        fputs("tidy: no such rule; --list shows them\n", stderr);
        return 2;
    }
    fprintf(stderr, "tidy: %zu files, %zu rules, %zu findings\n", tidy->file_count, run,
            tidy->findings);
    return tidy->findings == 0 ? 0 : 1;
}

/* The folder of the program: the library it checks is built beside it. */
static char *build_folder(const char *program)
{
    const char *slash = strrchr(program, '/');
    return slash == NULL ? tidy_copy(".", 1) : tidy_copy(program, (size_t)(slash - program));
}

int main(int argc, char **argv)
{
    char *beside = build_folder(argv[0]);
    struct tidy tidy = {.root = ".", .build = beside};
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            free(beside);
            return rules_list();
        }
        if (i + 1 < argc && strcmp(argv[i], "--root") == 0) {
            tidy.root = argv[++i];
        } else if (i + 1 < argc && strcmp(argv[i], "--build") == 0) {
            tidy.build = argv[++i];
        } else {
            fputs("usage: tidy [--root DIR] [--build DIR] [--list] [RULE...]\n", stderr);
            free(beside);
            return 2;
        }
    }
    tidy_load(&tidy);
    int status = rules_run(&tidy, argc, argv, i);
    tidy_unload(&tidy);
    free(beside);
    return status;
}
