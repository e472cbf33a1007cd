/* SPDX-License-Identifier: MIT
 * tidy_files.c - finds the files of the tree and reads them in.
 *
 * Guarantees   Files are read in sorted order, so that the output is the same everywhere.
 */
#include "tidy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES_MAX = 1024 };

static const char *const top_folders[] = {"include",  "src",   "server", "tools", "bench",
                                          "examples", "tests", "docs",   "man",   "ci",
                                          "check",    "lab",   "audit"};
static const char *const top_files[] = {"README.md", "CONTRIBUTING.md"};

/* Trees that are wrong on purpose, or that stand for somebody else's project. */
static const char *const folders_passed_over[] = {"tests/house/tidy_seeds"};

bool tidy_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool tidy_ends_with(const char *text, const char *suffix)
{
    size_t text_size = strlen(text), suffix_size = strlen(suffix);
    return text_size >= suffix_size && strcmp(text + text_size - suffix_size, suffix) == 0;
}

bool tidy_is_c(const struct tidy_file *file)
{
    return tidy_ends_with(file->path, ".c") || tidy_ends_with(file->path, ".h") ||
           tidy_ends_with(file->path, ".cc");
}

const char *tidy_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

const struct tidy_file *tidy_find(const struct tidy *tidy, const char *path)
{
    for (size_t i = 0; i < tidy->file_count; i++) {
        if (strcmp(tidy->files[i].path, path) == 0) {
            return &tidy->files[i];
        }
    }
    return NULL;
}

/* NULL if it cannot be read. */
static char *file_read(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return NULL;
    }
    char *bytes = NULL;
    size_t used = 0, room = 0;
    for (size_t got = 1; got != 0; used += got) {
        if (room - used < 4096) {
            room = room * 2 + 16384;
            char *grown = realloc(bytes, room + 1);
            if (grown == NULL) {
                fputs("tidy: out of memory\n", stderr);
                exit(2);
            }
            bytes = grown;
        }
        got = fread(bytes + used, 1, room - used, in);
    }
    fclose(in);
    bytes[used] = '\0';
    *size = used;
    return bytes;
}

static char **lines_split(char *text, size_t *line_count)
{
    char **lines = NULL;
    size_t count = 0;
    for (char *line = text; *line != '\0';) {
        char *end = strchr(line, '\n');
        lines = tidy_grow(lines, count, sizeof *lines);
        lines[count++] = line;
        if (end == NULL) {
            break;
        }
        *end = '\0';
        line = end + 1;
    }
    *line_count = count;
    return lines;
}

static void file_add(struct tidy *tidy, const char *path)
{
    char full[PATH_BYTES_MAX];
    snprintf(full, sizeof full, "%s/%s", tidy->root, path);
    struct tidy_file file = {0};
    size_t size;
    file.raw = file_read(full, &size);
    if (file.raw == NULL || memchr(file.raw, '\0', size) != NULL) {
        free(file.raw); /* gone meanwhile, or no text */
        return;
    }
    file.path = tidy_copy(path, strlen(path));
    file.ends_with_newline = size == 0 || file.raw[size - 1] == '\n';
    if (tidy_is_c(&file)) {
        file.code = tidy_copy(file.raw, size);
        tidy_lex(&file); /* comments; blanks them in file.code */
        file.code_lines = lines_split(file.code, &file.line_count);
    }
    file.raw_lines = lines_split(file.raw, &file.line_count);
    tidy->files = tidy_grow(tidy->files, tidy->file_count, sizeof file);
    tidy->files[tidy->file_count++] = file;
}

static bool folder_passed_over(const char *path)
{
    for (size_t i = 0; i < sizeof folders_passed_over / sizeof folders_passed_over[0]; i++) {
        if (strcmp(path, folders_passed_over[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void folder_add(struct tidy *tidy, const char *path)
{
    char full[PATH_BYTES_MAX];
    snprintf(full, sizeof full, "%s/%s", tidy->root, path);
    struct dirent **entries;
    int count = scandir(full, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char child[PATH_BYTES_MAX];
        char child_full[2 * PATH_BYTES_MAX];
        snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
        snprintf(child_full, sizeof child_full, "%s/%s", tidy->root, child);
        struct stat info;
        bool wanted = entries[i]->d_name[0] != '.' && stat(child_full, &info) == 0;
        if (wanted && S_ISDIR(info.st_mode) && !folder_passed_over(child)) {
            folder_add(tidy, child);
        } else if (wanted && S_ISREG(info.st_mode)) {
            file_add(tidy, child);
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
}

void tidy_load(struct tidy *tidy)
{
    for (size_t i = 0; i < sizeof top_folders / sizeof top_folders[0]; i++) {
        folder_add(tidy, top_folders[i]);
    }
    for (size_t i = 0; i < sizeof top_files / sizeof top_files[0]; i++) {
        file_add(tidy, top_files[i]);
    }
}

void tidy_unload(struct tidy *tidy)
{
    for (size_t i = 0; i < tidy->file_count; i++) {
        struct tidy_file *file = &tidy->files[i];
        for (size_t c = 0; c < file->comment_count; c++) {
            free(file->comments[c].text);
        }
        for (size_t f = 0; f < file->function_count; f++) {
            free(file->functions[f].name);
        }
        free(file->comments);
        free(file->functions);
        free(file->raw_lines);
        free(file->code_lines);
        free(file->raw);
        free(file->code);
        free(file->path);
    }
    free(tidy->files);
}
