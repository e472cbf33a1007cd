/* SPDX-License-Identifier: MIT
 * scan.c - reads the assembly a compiler made of a file, line by line.
 *
 * gcc and clang mark inline assembly by comments (#APP and #NO_APP; // for some targets), and name
 * the line of source by .loc directives. Nothing is assembled here: what is not understood counts
 * as an instruction, so that it is refused rather than let through.
 */
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source_file {
    unsigned long number;
    char *name;
};

struct reader {
    struct thi_scan *scan;
    struct source_file *files;
    size_t file_count;
    const char *file; /* of the line at hand */
    unsigned line;
    bool inside; /* inline assembly */
    bool probe;  /* what it holds belongs to a probe */
    bool ok;
};

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void found_add(struct reader *reader, enum thi_found_kind kind, const char *text,
                      size_t text_size)
{
    struct thi_scan *scan = reader->scan;
    struct thi_found *items = realloc(scan->items, (scan->count + 1) * sizeof *items);
    if (items == NULL) {
        reader->ok = false;
        return;
    }
    scan->items = items;
    struct thi_found found = {.kind = kind, .line = reader->line};
    found.text = strndup(text, text_size);
    found.file = strdup(reader->file == NULL ? "" : reader->file);
    reader->ok = reader->ok && found.text != NULL && found.file != NULL;
    items[scan->count++] = found;
}

/* .file 1 "name", or .file 1 "folder" "name". */
static void file_directive(struct reader *reader, const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    const char *open = strchr(end, '"');
    const char *close = open == NULL ? NULL : strchr(open + 1, '"');
    if (end == text || close == NULL) {
        return; /* the name alone, as old debug formats have it */
    }
    const char *folder = NULL;
    int folder_size = 0;
    if (*skip_blanks(close + 1) == '"') {
        folder = open + 1;
        folder_size = (int)(close - folder);
        open = strchr(close + 1, '"');
        close = strchr(open + 1, '"');
    }
    if (close == NULL) {
        return;
    }
    struct source_file *files = realloc(reader->files, (reader->file_count + 1) * sizeof *files);
    if (files == NULL) {
        reader->ok = false;
        return;
    }
    reader->files = files;
    /* File 0 is the file compiled, in the folder of the compilation: its name says enough. */
    char *name = NULL;
    bool full = folder != NULL && number != 0 && open[1] != '/';
    if (asprintf(&name, "%.*s%s%.*s", full ? folder_size : 0, full ? folder : "", full ? "/" : "",
                 (int)(close - open - 1), open + 1) < 0) {
        reader->ok = false;
        return;
    }
    files[reader->file_count++] = (struct source_file){.number = number, .name = name};
}

static void loc_directive(struct reader *reader, const char *text)
{
    unsigned long number;
    unsigned line;
    if (sscanf(text, "%lu %u", &number, &line) != 2) {
        return;
    }
    if (line != 0) {
        reader->line = line;
    }
    for (size_t i = 0; i < reader->file_count; i++) {
        if (reader->files[i].number == number) {
            reader->file = reader->files[i].name;
        }
    }
}

/* Behind a label such as `990:`. */
static const char *skip_label(const char *text)
{
    size_t size = strcspn(text, " \t:\"");
    return text[size] == ':' ? skip_blanks(text + size + 1) : text;
}

static void assembly_line(struct reader *reader, const char *text)
{
    static const char *const harmless[] = {"pause", "rep nop", "rep; nop", "yield"};
    text = skip_label(text);
    size_t size = strcspn(text, "\n");
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) {
        size--;
    }
    /* Macros of sys/sdt.h only make notes. */
    bool nothing = (size == 3 && starts_with(text, "nop")) || starts_with(text, "_SDT_");
    if (size == 0 || nothing || text[0] == '#' || starts_with(text, "//")) {
        return;
    }
    if (strstr(text, "stapsdt") != NULL && !reader->probe) {
        reader->probe = true;
        found_add(reader, TH_FOUND_PROBE, "probe", 5);
        return;
    }
    static const char *const data[] = {".byte",  ".2byte", ".4byte", ".8byte", ".word",
                                       ".short", ".long",  ".quad",  ".inst",  ".insn"};
    bool instruction = text[0] != '.';
    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++) {
        instruction = instruction || (!reader->probe && starts_with(text, data[i]));
    }
    if (!instruction) {
        return;
    }
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        if (strlen(harmless[i]) == size && strncmp(text, harmless[i], size) == 0) {
            found_add(reader, TH_FOUND_PAUSE, text, size);
            return;
        }
    }
    found_add(reader, TH_FOUND_ASSEMBLY, text, size);
}

/* Instructions that go to another function, and come back or not. */
static void call_line(struct reader *reader, const char *text)
{
    static const char *const calls[] = {"call", "callq", "jmp", "bl", "b", "jal", "tail"};
    size_t size = strcspn(text, " \t\n");
    bool call = false;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        call = call || (strlen(calls[i]) == size && strncmp(text, calls[i], size) == 0);
    }
    const char *name = skip_blanks(text + size);
    size_t name_size = strcspn(name, "@ \t\n,;#");
    if (!call || name_size == 0 || name[0] == '*' || name[0] == '.') {
        return;
    }
    bool is_volatile =
        starts_with(name, "__tsan_volatile_") || starts_with(name, "__tsan_unaligned_volatile_");
    found_add(reader, is_volatile ? TH_FOUND_VOLATILE : TH_FOUND_CALL, name, name_size);
}

static void line_read(struct reader *reader, const char *line)
{
    const char *text = skip_blanks(line);
    if (starts_with(text, ".loc")) {
        loc_directive(reader, text + 4);
    } else if (starts_with(text, ".file")) {
        file_directive(reader, text + 5);
    } else if (starts_with(text, "#APP") || starts_with(text, "//APP") ||
               starts_with(text, "# Start of file scope inline assembly")) {
        reader->inside = true;
        reader->probe = false;
    } else if (starts_with(text, "#NO_APP") || starts_with(text, "//NO_APP") ||
               starts_with(text, "# End of file scope inline assembly")) {
        reader->inside = false;
    } else if (reader->inside) {
        assembly_line(reader, text);
    } else {
        call_line(reader, text);
    }
}

bool thi_scan_file(struct thi_scan *scan, const char *path)
{
    struct reader reader = {.scan = scan, .ok = true};
    FILE *in = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    while (in != NULL && reader.ok && getline(&line, &room, in) >= 0) {
        line_read(&reader, line);
    }
    for (size_t i = 0; i < reader.file_count; i++) {
        free(reader.files[i].name);
    }
    free(reader.files);
    free(line);
    if (in != NULL) {
        fclose(in);
    }
    return in != NULL && reader.ok;
}

void thi_scan_fini(struct thi_scan *scan)
{
    for (size_t i = 0; i < scan->count; i++) {
        free(scan->items[i].text);
        free(scan->items[i].file);
    }
    free(scan->items);
    *scan = (struct thi_scan){.items = NULL};
}

const struct thi_found *thi_scan_call(const struct thi_scan *scan, const char *function)
{
    for (size_t i = 0; i < scan->count; i++) {
        if (scan->items[i].kind == TH_FOUND_CALL && strcmp(scan->items[i].text, function) == 0) {
            return &scan->items[i];
        }
    }
    return NULL;
}
