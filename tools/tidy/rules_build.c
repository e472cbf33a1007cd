/* SPDX-License-Identifier: MIT
 * rules_build.c - the rules that ask compilers and nm: headers that stand alone, and names.
 */
#include "tidy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { COMMAND_BYTES_MAX = 2048, LINE_BYTES_MAX = 512, COMPILES_AT_ONCE = 4 };

struct compile {
    FILE *out; /* NULL: none runs */
    const char *path;
    const char *with;
};

static void compile_finish(struct tidy *tidy, struct compile *compile)
{
    char first[LINE_BYTES_MAX] = "";
    char line[LINE_BYTES_MAX];
    while (fgets(line, sizeof line, compile->out) != NULL) {
        if (first[0] == '\0' && (strstr(line, "error") != NULL || strstr(line, "not found"))) {
            line[strcspn(line, "\n")] = '\0';
            memcpy(first, line, sizeof first);
        }
    }
    if (pclose(compile->out) != 0) {
        tidy_report(tidy, compile->path, 1, "does not compile alone with %s: %s", compile->with,
                    first);
    }
    compile->out = NULL;
}

static void compile_start(const struct tidy *tidy, struct compile *compile, const char *path,
                          const char *with)
{
    char command[COMMAND_BYTES_MAX];
    snprintf(command, sizeof command,
             "cd '%s' && %s -D_GNU_SOURCE -Wall -Wextra -Wno-unused -Werror -fsyntax-only "
             "-Iinclude -Isrc "
             "-Iserver -I. -Itests -Itools -Ibench -I'%s/generated' '%s' 2>&1",
             tidy->root, with, tidy->build, path);
    compile->path = path;
    compile->with = with;
    compile->out = popen(command, "r");
}

void rule_self_contained(struct tidy *tidy)
{
    /* The first two are for every header of the library, all for the public ones. */
    static const char *const with[] = {"gcc -std=c11 -x c", "clang-14 -std=c11 -x c",
                                       "g++ -std=c++17 -x c++ -Wpedantic",
                                       "clang++-14 -std=c++17 -x c++ -Wpedantic"};
    struct compile running[COMPILES_AT_ONCE] = {{NULL, NULL, NULL}};
    size_t next = 0;
    for (size_t i = 0; i < tidy->file_count; i++) {
        const char *path = tidy->files[i].path;
        bool public_header = tidy_starts_with(path, "include/");
        bool header = tidy_ends_with(path, ".h") &&
                      (public_header || tidy_starts_with(path, "src/") ||
                       tidy_starts_with(path, "server/") || tidy_starts_with(path, "tools/"));
        for (size_t w = 0; header && w < (public_header ? 4u : 2u); w++) {
            struct compile *slot = &running[next++ % COMPILES_AT_ONCE];
            if (slot->out != NULL) {
                compile_finish(tidy, slot);
            }
            compile_start(tidy, slot, path, with[w]);
        }
    }
    for (size_t i = 0; i < COMPILES_AT_ONCE; i++) {
        if (running[i].out != NULL) {
            compile_finish(tidy, &running[i]);
        }
    }
}

/* Calls `visit` with each defined global symbol and the member that defines it. */
static void symbols_visit(struct tidy *tidy, const char *options, const char *library,
                          void (*visit)(struct tidy *tidy, void *context, const char *name,
                                        const char *member),
                          void *context)
{
    char command[COMMAND_BYTES_MAX], line[LINE_BYTES_MAX], name[LINE_BYTES_MAX];
    char member[LINE_BYTES_MAX] = "";
    snprintf(command, sizeof command, "nm --defined-only %s '%s/%s' 2>/dev/null", options,
             tidy->build, library);
    FILE *out = popen(command, "r");
    size_t symbols = 0;
    while (out != NULL && fgets(line, sizeof line, out) != NULL) {
        char type;
        if (tidy_ends_with(line, ":\n")) {
            snprintf(member, sizeof member, "%.*s", (int)strcspn(line, ":"), line);
        } else if (sscanf(line, "%*x %c %511s", &type, name) == 2) {
            symbols++;
            name[strcspn(name, "@")] = '\0'; /* the version it is bound to */
            visit(tidy, context, name, member);
        }
    }
    if (out == NULL || pclose(out) != 0 || symbols == 0) {
        tidy_report(tidy, library, 1, "cannot be read in %s: build first", tidy->build);
    }
}

static void name_check(struct tidy *tidy, void *context, const char *name, const char *member)
{
    (void)context;
    if (tidy_starts_with(name, "_.stapsdt.")) {
        return; /* what sys/sdt.h leaves in every object that has a probe */
    }
    if (!tidy_starts_with(name, "th_") && !tidy_starts_with(name, "thi_")) {
        tidy_report(tidy, member, 1, "global name %s: th_ if public, thi_ if not, or static", name);
    }
}

/* Names of one file have no prefix: a reader of th_ or thi_ knows that others use it. */
static void static_names_check(struct tidy *tidy, const struct tidy_file *file)
{
    for (size_t f = 0; f < file->function_count; f++) {
        const struct tidy_function *function = &file->functions[f];
        bool is_static = tidy_starts_with(file->code_lines[function->first_line - 1], "static ");
        if (is_static &&
            (tidy_starts_with(function->name, "th_") || tidy_starts_with(function->name, "thi_"))) {
            tidy_report(tidy, file->path, function->first_line,
                        "static %s(): names of one file have no prefix", function->name);
        }
    }
}

/* POSIX owns names that end in _t. */
static void type_names_check(struct tidy *tidy, const struct tidy_file *file)
{
    for (size_t line = 0; line < file->line_count; line++) {
        const char *code = file->code_lines[line];
        size_t size = strlen(code);
        if (tidy_starts_with(code, "typedef ") && size > 3 && strcmp(code + size - 3, "_t;") == 0) {
            tidy_report(tidy, file->path, line + 1, "POSIX owns type names that end in _t");
        }
    }
}

void rule_names(struct tidy *tidy)
{
    bool library = false;
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        if (tidy_starts_with(file->path, "src/") && tidy_ends_with(file->path, ".c")) {
            static_names_check(tidy, file);
            library = true;
        }
        if (tidy_is_c(file)) {
            type_names_check(tidy, file);
        }
    }
    if (library) {
        symbols_visit(tidy, "-g", "libtophash.a", name_check, NULL);
    }
}

static void exported_check(struct tidy *tidy, void *context, const char *name, const char *member)
{
    (void)member;
    const struct tidy_file *list = tidy_find(tidy, "ci/exported_symbols.txt");
    bool *seen = context;
    for (size_t i = 0; list != NULL && i < list->line_count; i++) {
        if (strcmp(list->raw_lines[i], name) == 0) {
            seen[i] = true;
            return;
        }
    }
    /* The version node of the version script is listed among the symbols. */
    if (!tidy_starts_with(name, "TOPHASH_")) {
        tidy_report(tidy, "ci/exported_symbols.txt", 1, "%s is exported and not in the list", name);
    }
}

void rule_exported(struct tidy *tidy)
{
    const struct tidy_file *list = tidy_find(tidy, "ci/exported_symbols.txt");
    if (list == NULL) {
        tidy_report(tidy, "ci/exported_symbols.txt", 1, "is missing");
        return;
    }
    bool *seen = calloc(list->line_count + 1, sizeof *seen);
    if (seen == NULL) {
        fputs("tidy: out of memory\n", stderr);
        exit(2);
    }
    symbols_visit(tidy, "-D", "libtophash.so", exported_check, seen);
    for (size_t i = 0; i < list->line_count; i++) {
        const char *line = list->raw_lines[i];
        if (line[0] != '#' && line[0] != '\0' && !seen[i]) {
            tidy_report(tidy, list->path, i + 1, "%s is in the list and not exported", line);
        }
    }
    free(seen);
}
