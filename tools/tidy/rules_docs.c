/* SPDX-License-Identifier: MIT
 * rules_docs.c - what is written about the code agrees with the code: examples, tests, man pages.
 *
 * A C block of README.md or docs/ is a region of a compiled file, byte for byte:
 *     <!-- example: examples/map_counter.c#count -->
 *     ```c
 *     ...what stands between  / * region: count * /  and  / * end of region * /...
 *     ```
 * A region is taken as it stands, less the indentation of its first line.
 */
#include "tidy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = 256, TEST_NAME_WORDS_MIN = 3 };

/* The lines of a region, [first, last) counted from 0; false if the file has none of that name. */
static bool region_find(const struct tidy_file *file, const char *region, size_t *first,
                        size_t *last)
{
    char opening[NAME_BYTES_MAX + 32];
    snprintf(opening, sizeof opening, "/* region: %s */", region);
    for (size_t i = 0; i < file->line_count; i++) {
        if (strstr(file->raw_lines[i], opening) == NULL) {
            continue;
        }
        *first = i + 1;
        for (*last = *first; *last < file->line_count; (*last)++) {
            if (strstr(file->raw_lines[*last], "/* end of region */") != NULL) {
                return true;
            }
        }
    }
    return false;
}

static const char *line_without_indent(const char *line, size_t indent)
{
    size_t blanks = strspn(line, " ");
    return line + (blanks < indent ? blanks : indent);
}

/* Compares the block that opens on line `fence` (counted from 0) with its region. */
static void block_check(struct tidy *tidy, const struct tidy_file *document, size_t fence)
{
    char path[NAME_BYTES_MAX], region[NAME_BYTES_MAX];
    const char *marker = fence == 0 ? "" : document->raw_lines[fence - 1];
    if (sscanf(marker, "<!-- example: %255[^# ]#%255[^ ] -->", path, region) != 2) {
        tidy_report(
            tidy, document->path, fence + 1,
            "say where this code is compiled: `<!-- example: examples/<file>#<region> -->`");
        return;
    }
    const struct tidy_file *source = tidy_find(tidy, path);
    size_t first, last;
    if (source == NULL || !region_find(source, region, &first, &last)) {
        tidy_report(tidy, document->path, fence + 1, "there is no region %s in %s", region, path);
        return;
    }
    size_t indent = first < last ? strspn(source->raw_lines[first], " ") : 0;
    size_t line = fence + 1;
    for (size_t i = first; i < last; i++, line++) {
        const char *wanted = line_without_indent(source->raw_lines[i], indent);
        if (line >= document->line_count || strcmp(document->raw_lines[line], wanted) != 0) {
            tidy_report(tidy, document->path, line + 1, "differs from %s:%zu: %s", path, i + 1,
                        wanted);
            return;
        }
    }
    if (line >= document->line_count || strcmp(document->raw_lines[line], "```") != 0) {
        tidy_report(tidy, document->path, line + 1, "goes on where region %s of %s ends", region,
                    path);
    }
}

void rule_example(struct tidy *tidy)
{
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        /* Decision records show code that was tried, or not chosen. */
        if (!tidy_ends_with(file->path, ".md") || tidy_starts_with(file->path, "docs/adr/")) {
            continue;
        }
        for (size_t line = 0; line < file->line_count; line++) {
            if (strcmp(file->raw_lines[line], "```c") == 0) {
                block_check(tidy, file, line);
            }
        }
    }
}

/* The name in `TEST(name)` at the start of the line; false if there is none. */
static bool test_parse(const char *code, char *name)
{
    return sscanf(code, "TEST(%255[^)])", name) == 1;
}

static void test_check_name(struct tidy *tidy, const struct tidy_file *file, size_t line,
                            const char *name)
{
    size_t words = 1;
    bool form = islower((unsigned char)name[0]);
    for (const char *c = name; *c != '\0'; c++) {
        words += *c == '_';
        form = form && (islower((unsigned char)*c) || isdigit((unsigned char)*c) ||
                        (*c == '_' && c[1] != '_' && c[1] != '\0'));
    }
    if (!form || words < TEST_NAME_WORDS_MIN) {
        tidy_report(tidy, file->path, line, "test %s: name it <subject>_<situation>_<expectation>",
                    name);
    }
}

/* A test is explained above it or as the first thing in it; one that only calls a body shared with
 * others (`{`, a call or two, `}`) is explained where the body stands. */
static bool test_is_explained(const struct tidy_file *file, size_t line)
{
    const struct tidy_function *function = tidy_function_at(file, line);
    if (function != NULL && function->last_line - function->body_line <= 3) {
        return true;
    }
    for (size_t c = 0; c < file->comment_count; c++) {
        const struct tidy_comment *comment = &file->comments[c];
        bool above = comment->last_line + 1 == line;
        bool inside = comment->first_line == line + 1 || comment->first_line == line + 2;
        if ((above || inside) && strlen(comment->text) > 15) {
            return true;
        }
    }
    return false;
}

static void test_file_check(struct tidy *tidy, const struct tidy_file *file)
{
    size_t tests = 0;
    char name[NAME_BYTES_MAX];
    for (size_t line = 0; line < file->line_count; line++) {
        if (!test_parse(file->code_lines[line], name)) {
            continue;
        }
        tests++;
        /* A name made by a macro is one word of it; what it makes cannot be seen here. */
        if (strchr(name, '(') == NULL) {
            test_check_name(tidy, file, line + 1, name);
        }
        if (!test_is_explained(file, line + 1)) {
            tidy_report(tidy, file->path, line + 1,
                        "test %s: open with a sentence on goal and method", name);
        }
    }
    bool program =
        tidy_starts_with(tidy_base_name(file->path), "test_") && tidy_ends_with(file->path, ".c");
    bool includes_bodies = file->raw != NULL && tests == 0;
    for (size_t line = 0; includes_bodies && line < file->line_count; line++) {
        if (strstr(file->raw_lines[line], "_body.h\"") != NULL) {
            program = false;
        }
    }
    if (program && tests == 0) {
        tidy_report(tidy, file->path, 1, "a test program without a test");
    }
}

void rule_test_name(struct tidy *tidy)
{
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        if (tidy_starts_with(file->path, "tests/") && tidy_is_c(file)) {
            test_file_check(tidy, file);
        }
    }
}

void rule_man_page(struct tidy *tidy)
{
    char name[NAME_BYTES_MAX], page[NAME_BYTES_MAX + 32];
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        if (sscanf(file->path, "tools/cmd_%255[^.].c", name) != 1) {
            continue;
        }
        snprintf(page, sizeof page, "man/tophash-%s.1", name);
        if (tidy_find(tidy, page) == NULL) {
            tidy_report(tidy, file->path, 1, "subcommand %s has no man page %s", name, page);
        }
    }
}
