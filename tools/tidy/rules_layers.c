/* SPDX-License-Identifier: MIT
 * rules_layers.c - who includes whom: arrows only downwards, as docs/layers.txt draws them.
 *
 * A line of docs/layers.txt is `<folder>: <what it may include>`: folders, `public` for
 * <tophash/...>, or nothing. A folder always sees itself. The longest matching folder counts.
 */
#include "tidy.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = 256 };

static const char layers_path[] = "docs/layers.txt";

struct include {
    char name[NAME_BYTES_MAX];
    bool angled;
};

/* True if the line is an #include; its name and form. */
static bool include_parse(const struct tidy_file *file, size_t line, struct include *include)
{
    if (file->code_lines[line][0] != '#') {
        return false;
    }
    char open, close;
    const char *raw = file->raw_lines[line];
    if (sscanf(raw, "#include %c%255[^\">]%c", &open, include->name, &close) != 3) {
        return false;
    }
    include->angled = open == '<';
    return true;
}

static bool folder_holds(const char *folder, size_t folder_size, const char *path)
{
    return strncmp(path, folder, folder_size) == 0 && path[folder_size] == '/';
}

/* The line of docs/layers.txt for the file at `path`; NULL if it has none. */
static const char *layer_of(const struct tidy *tidy, const char *path)
{
    const struct tidy_file *layers = tidy_find(tidy, layers_path);
    const char *found = NULL;
    size_t found_size = 0;
    for (size_t i = 0; layers != NULL && i < layers->line_count; i++) {
        const char *line = layers->raw_lines[i];
        const char *colon = strchr(line, ':');
        if (line[0] == '#' || colon == NULL) {
            continue;
        }
        size_t size = (size_t)(colon - line);
        if (size > found_size && folder_holds(line, size, path)) {
            found = line;
            found_size = size;
        }
    }
    return found;
}

static bool layer_allows(const char *layer, const char *wanted, size_t wanted_size)
{
    const char *colon = strchr(layer, ':');
    if (wanted_size == (size_t)(colon - layer) && strncmp(layer, wanted, wanted_size) == 0) {
        return true;
    }
    for (const char *word = colon + 1; *word != '\0';) {
        word += strspn(word, " ");
        size_t size = strcspn(word, " ");
        if (size != 0 && size == wanted_size && strncmp(word, wanted, size) == 0) {
            return true;
        }
        word += size;
    }
    return false;
}

/* Finds the file an #include "name" of `file` means: from the file's folder, then from the
 * roots. */
static const struct tidy_file *include_resolve(const struct tidy *tidy,
                                               const struct tidy_file *file, const char *name)
{
    static const char *const roots[] = {"src/",   "server/", "check/", "tests/",
                                        "tools/", "bench/",  ""};
    char path[2 * NAME_BYTES_MAX];
    int folder_size = (int)(tidy_base_name(file->path) - file->path);
    snprintf(path, sizeof path, "%.*s%s", folder_size, file->path, name);
    const struct tidy_file *found = tidy_find(tidy, path);
    for (size_t i = 0; found == NULL && i < sizeof roots / sizeof roots[0]; i++) {
        snprintf(path, sizeof path, "%s%s", roots[i], name);
        found = tidy_find(tidy, path);
    }
    return found;
}

static void include_check(struct tidy *tidy, const struct tidy_file *file, size_t line,
                          const struct include *include)
{
    const char *layer = layer_of(tidy, file->path);
    if (layer == NULL) {
        tidy_report(tidy, file->path, line + 1, "no line of %s holds this folder", layers_path);
        return;
    }
    int layer_size = (int)strcspn(layer, ":");
    if (tidy_ends_with(include->name, ".c")) {
        tidy_report(tidy, file->path, line + 1, "a .c file is not included: give it a header");
        return;
    }
    if (include->angled) {
        if (tidy_starts_with(include->name, "tophash/") && !layer_allows(layer, "public", 6)) {
            tidy_report(tidy, file->path, line + 1, "%.*s may not include <%s>", layer_size, layer,
                        include->name);
        }
        return;
    }
    const struct tidy_file *target = include_resolve(tidy, file, include->name);
    const char *target_layer = target == NULL ? NULL : layer_of(tidy, target->path);
    if (target_layer != NULL && !layer_allows(layer, target_layer, strcspn(target_layer, ":"))) {
        tidy_report(tidy, file->path, line + 1, "%.*s may not include %.*s (\"%s\")", layer_size,
                    layer, (int)strcspn(target_layer, ":"), target_layer, include->name);
    }
    if (tidy_starts_with(file->path, "src/") && strchr(include->name, '/') == NULL) {
        tidy_report(tidy, file->path, line + 1, "write the room too: \"room/%s\"", include->name);
    }
}

void rule_layers(struct tidy *tidy)
{
    struct include include;
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        for (size_t line = 0; file->code_lines != NULL && line < file->line_count; line++) {
            if (include_parse(file, line, &include)) {
                include_check(tidy, file, line, &include);
            }
        }
    }
}

/* The header a source of the library answers to: its own name's, else its room's. */
static const struct tidy_file *own_header(const struct tidy *tidy, const struct tidy_file *file)
{
    char path[2 * NAME_BYTES_MAX];
    snprintf(path, sizeof path, "%.*s.h", (int)(strlen(file->path) - 2), file->path);
    return tidy_find(tidy, path);
}

void rule_own_header(struct tidy *tidy)
{
    struct include include;
    for (size_t i = 0; i < tidy->file_count; i++) {
        const struct tidy_file *file = &tidy->files[i];
        if (!tidy_starts_with(file->path, "src/") || !tidy_ends_with(file->path, ".c")) {
            continue;
        }
        const struct tidy_file *header = own_header(tidy, file);
        size_t line = 0;
        while (line < file->line_count && !include_parse(file, line, &include)) {
            line++;
        }
        if (line == file->line_count) {
            continue;
        }
        if (include.angled) {
            tidy_report(tidy, file->path, line + 1,
                        "<%s> stands before the own room's header: own, room, lower, system",
                        include.name);
        } else if (header != NULL && strcmp(include.name, header->path + 4) != 0) {
            tidy_report(tidy, file->path, line + 1, "the first include must be \"%s\"",
                        header->path + 4);
        }
    }
}
