/* SPDX-License-Identifier: MIT
 * rules_text.c - the rules that read one file at a time as text.
 */
#include "tidy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 100, FUNCTION_LINES_MAX = 70, FILE_LINES_MAX = 799, GUARD_BYTES_MAX = 256 };

/* Characters, not bytes: continuation bytes of UTF-8 do not count. */
static size_t columns(const char *line)
{
    size_t count = 0;
    for (; *line != '\0'; line++) {
        count += ((unsigned char)*line & 0xC0u) != 0x80u;
    }
    return count;
}

static void spdx_check_c(struct tidy *tidy, const struct tidy_file *file)
{
    if (file->line_count < 2 ||
        strcmp(file->raw_lines[0], "/* SPDX-License-Identifier: MIT") != 0) {
        tidy_report(tidy, file->path, 1, "first line must be `/* SPDX-License-Identifier: MIT`");
        return;
    }
    char opening[GUARD_BYTES_MAX];
    snprintf(opening, sizeof opening, " * %s - ", tidy_base_name(file->path));
    if (!tidy_starts_with(file->raw_lines[1], opening)) {
        tidy_report(tidy, file->path, 2, "second line must open with `%s` and say the file's job",
                    opening);
    }
}

void rule_spdx(struct tidy *tidy)
{
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        if (tidy_is_c(file)) {
            spdx_check_c(tidy, file);
        } else if (tidy_ends_with(file->path, ".sh") || tidy_ends_with(file->path, ".py")) {
            bool there = file->line_count > 1 &&
                         strcmp(file->raw_lines[1], "# SPDX-License-Identifier: MIT") == 0;
            if (!there) {
                tidy_report(tidy, file->path, 2,
                            "second line must be `# SPDX-License-Identifier: MIT`");
            }
        }
    }
}

/* TOPHASH_, then the path in capitals. */
static void guard_name(const char *path, char *guard, size_t guard_bytes)
{
    snprintf(guard, guard_bytes, "TOPHASH_%s", path);
    for (char *c = guard; *c != '\0'; c++) {
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
    }
}

/* True if `line` and the one below it open the guard of `path`. */
static bool guard_opens(const struct tidy_file *file, size_t line, const char *path)
{
    char guard[GUARD_BYTES_MAX];
    guard_name(path, guard, sizeof guard);
    return line + 1 < file->line_count && tidy_starts_with(file->raw_lines[line], "#ifndef ") &&
           strcmp(file->raw_lines[line] + 8, guard) == 0 &&
           tidy_starts_with(file->raw_lines[line + 1], "#define ") &&
           strcmp(file->raw_lines[line + 1] + 8, guard) == 0;
}

static void guard_check(struct tidy *tidy, const struct tidy_file *file)
{
    size_t line = 0;
    while (line < file->line_count && file->code_lines[line][0] != '#') {
        line++;
    }
    const char *path = tidy_starts_with(file->path, "include/") ? file->path + 8 : file->path;
    path = tidy_starts_with(path, "tophash/") ? path + 8 : path;
    path = tidy_starts_with(path, "src/") ? path + 4 : path;
    char guard[GUARD_BYTES_MAX];
    guard_name(path, guard, sizeof guard);
    /* Outside src/ the guard may leave out leading folders, as long as the room stands in it. */
    for (const char *rest = path; rest != NULL;) {
        if (guard_opens(file, line, rest)) {
            return;
        }
        const char *slash = strchr(rest, '/');
        rest = slash != NULL && strchr(slash + 1, '/') != NULL ? slash + 1 : NULL;
    }
    tidy_report(tidy, file->path, line + 1, "the header must open with the guard %s", guard);
}

void rule_guard(struct tidy *tidy)
{
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        /* *_body.h are bodies of tests, compiled once for each key kind: no guard may stop them. */
        if (tidy_ends_with(file->path, ".h") && !tidy_ends_with(file->path, "_body.h")) {
            guard_check(tidy, file);
        }
    }
}

static void length_check_functions(struct tidy *tidy, const struct tidy_file *file)
{
    for (size_t f = 0; f < file->function_count; f++) {
        const struct tidy_function *function = &file->functions[f];
        size_t lines = function->last_line - function->first_line + 1;
        if (lines > FUNCTION_LINES_MAX) {
            tidy_report(tidy, file->path, function->first_line,
                        "%s() has %zu lines, more than %d: give its parts names", function->name,
                        lines, FUNCTION_LINES_MAX);
        }
    }
}

void rule_length(struct tidy *tidy)
{
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        bool shell = tidy_ends_with(file->path, ".sh");
        if (!tidy_is_c(file) && !shell) {
            continue;
        }
        for (size_t line = 0; line < file->line_count; line++) {
            size_t width = columns(file->raw_lines[line]);
            if (width > COLUMNS_MAX) {
                tidy_report(tidy, file->path, line + 1, "%zu columns, more than %d", width,
                            COLUMNS_MAX);
            }
        }
        if (file->line_count > FILE_LINES_MAX) {
            tidy_report(tidy, file->path, file->line_count,
                        "%zu lines, more than %d: the file has two jobs", file->line_count,
                        FILE_LINES_MAX);
        }
        length_check_functions(tidy, file);
    }
}

static bool word_in(const char *text, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        bool starts = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
        bool ends = !(isalnum((unsigned char)at[size]) || at[size] == '_');
        if (starts && ends) {
            return true;
        }
    }
    return false;
}

/* A comment that is code: it ends like a statement, and in no way like a sentence. */
static bool comment_is_code(const char *text)
{
    size_t size = strlen(text);
    return size > 2 && text[size - 1] == ';' &&
           (strchr(text, '=') != NULL || text[size - 2] == ')');
}

static void leftover_check_comments(struct tidy *tidy, const struct tidy_file *file)
{
    static const char *const notes[] = {"TO"
                                        "DO",
                                        "FIX"
                                        "ME",
                                        "XX"
                                        "X",
                                        "HA"
                                        "CK"};
    for (size_t c = 0; c < file->comment_count; c++) {
        const struct tidy_comment *comment = &file->comments[c];
        for (size_t n = 0; n < sizeof notes / sizeof notes[0]; n++) {
            if (word_in(comment->text, notes[n])) {
                tidy_report(tidy, file->path, comment->first_line,
                            "a note to oneself (%s): do it, or write down in docs/ why not",
                            notes[n]);
            }
        }
        if (comment_is_code(comment->text)) {
            tidy_report(tidy, file->path, comment->first_line, "dead code in a comment: delete it");
        }
    }
}

void rule_leftover(struct tidy *tidy)
{
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        if (!tidy_is_c(file)) {
            continue;
        }
        leftover_check_comments(tidy, file);
        for (size_t line = 0; line < file->line_count; line++) {
            const char *raw = file->raw_lines[line];
            size_t size = strlen(raw);
            if (tidy_starts_with(file->code_lines[line], "#if 0")) {
                tidy_report(tidy, file->path, line + 1, "dead code behind #if 0: delete it");
            }
            if (size > 0 && (isspace((unsigned char)raw[size - 1]) || strchr(raw, '\t') != NULL)) {
                tidy_report(tidy, file->path, line + 1, "a tab, or blanks at the end of the line");
            }
        }
        if (!file->ends_with_newline) {
            tidy_report(tidy, file->path, file->line_count, "no line break at the end of the file");
        }
    }
}

void rule_os_macro(struct tidy *tidy)
{
    static const char *const macros[] = {"__linux__",   "__linux",     "_WIN32",
                                         "__APPLE__",   "__unix__",    "__wasi__",
                                         "__OpenBSD__", "__FreeBSD__", "__NetBSD__"};
    static const char *const allowed[] = {"src/port/", "src/atomic/", "server/net/"};
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        bool skip = !tidy_is_c(file);
        for (size_t a = 0; a < sizeof allowed / sizeof allowed[0]; a++) {
            skip = skip || tidy_starts_with(file->path, allowed[a]);
        }
        for (size_t line = 0; !skip && line < file->line_count; line++) {
            for (size_t m = 0; m < sizeof macros / sizeof macros[0]; m++) {
                if (word_in(file->code_lines[line], macros[m])) {
                    tidy_report(tidy, file->path, line + 1,
                                "%s: what differs between systems stands behind src/port/",
                                macros[m]);
                }
            }
        }
    }
}
