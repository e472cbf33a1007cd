/* SPDX-License-Identifier: MIT
 * locate.c - where in the source each instruction comes from, by the debug information.
 *
 * llvm-symbolizer reads DWARF of every target, relocatable files included. It is asked once, for
 * all addresses; an answer is a frame for the function and one for each that was inlined, the
 * innermost first, each a name and "file:line:column".
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/driver.h"

/* The next line of *text, which goes on behind it; NULL at the end. */
static char *line_next(char **text)
{
    char *line = *text;
    if (line == NULL || *line == '\0') {
        return NULL;
    }
    char *end = strchr(line, '\n');
    if (end == NULL) {
        *text = NULL;
    } else {
        *end = '\0';
        *text = end + 1;
    }
    return line;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Splits "file:line:column". */
static void place_split(char *text, struct thi_place *place)
{
    char *column = strrchr(text, ':');
    if (column == NULL) {
        return;
    }
    *column++ = '\0';
    char *line = strrchr(text, ':');
    if (line == NULL) {
        return;
    }
    *line++ = '\0';
    place->file = base_name(text);
    place->line = (uint32_t)strtoul(line, NULL, 10);
    place->column = (uint32_t)strtoul(column, NULL, 10);
}

/* Reads the frames of one address. Those outside the innermost are joined in place to
 * "file:line < file:line": what is read is always longer than what is written. */
static void frames_take(char **text, struct thi_instruction *instruction, const char *function)
{
    char *name = line_next(text);
    bool innermost = true;
    char *via = NULL;
    char *write = NULL;
    /* A frame's name can be empty; an empty line that an address follows ends the frames. */
    while (name != NULL &&
           (*name != '\0' || (*text != NULL && strncmp(*text, "0x", 2) != 0 && **text != '\0'))) {
        char *where = line_next(text);
        if (where == NULL) {
            return;
        }
        if (innermost) {
            instruction->place.inner = name;
            place_split(where, &instruction->place);
            instruction->place.outer_line = instruction->place.line;
            innermost = false;
        } else {
            struct thi_place place = {.file = "?"};
            place_split(where, &place);
            instruction->place.outer_line = place.line;
            char joined[256];
            int size = snprintf(joined, sizeof joined, "%s%.180s:%u", via == NULL ? "" : " < ",
                                place.file, place.line);
            via = via == NULL ? name : via;
            write = write == NULL ? name : write;
            memmove(write, joined, (size_t)size + 1);
            write += size;
        }
        name = line_next(text);
    }
    instruction->via = via == NULL ? "" : via;
    if (via == NULL) {
        instruction->place.inner = function; /* the symbol table may call it after a label */
    }
}

static bool addresses_write(const struct thi_code *code, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        return false;
    }
    for (size_t i = 0; i < code->count; i++) {
        fprintf(file, "0x%llx\n", (unsigned long long)code->instructions[i].address);
    }
    return fclose(file) == 0;
}

bool thi_code_locate(struct thi_code *code, const struct thi_tools *tools, const char *object)
{
    char list[600];
    snprintf(list, sizeof list, "%s/addresses", tools->folder);
    struct thi_words words = {.items = NULL};
    /* It warns of every relocation of thread-local variables, which places do not need. */
    bool ok = addresses_write(code, list) && thi_words_add(&words, "sh") &&
              thi_words_add(&words, "-c") && thi_words_add(&words, "exec \"$@\" 2>/dev/null") &&
              thi_words_add(&words, "sh") && thi_words_add(&words, tools->symbolizer) &&
              thi_words_add_format(&words, "--obj=%s", object) &&
              thi_words_add(&words, "--inlines") && thi_words_add(&words, "--addresses") &&
              thi_words_add_format(&words, "@%s", list) &&
              thi_command_run(&words, &code->places) == 0;
    thi_words_fini(&words);
    if (!ok) {
        fprintf(stderr, "tophash audit: %s cannot read the debug information of %s\n",
                tools->symbolizer, object);
        return false;
    }
    char *text = code->places;
    for (size_t i = 0; i < code->count; i++) {
        char *address = line_next(&text);
        if (address == NULL || strtoull(address, NULL, 16) != code->instructions[i].address) {
            fprintf(stderr, "tophash audit: %s lost its place at 0x%llx\n", tools->symbolizer,
                    (unsigned long long)code->instructions[i].address);
            return false;
        }
        frames_take(&text, &code->instructions[i],
                    code->functions[code->instructions[i].function].name);
    }
    return true;
}
