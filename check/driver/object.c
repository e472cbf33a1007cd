/* SPDX-License-Identifier: MIT
 * object.c - asks readelf what an object file holds.
 */
#include "object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES_MAX = 512 };

bool thi_words_hold(const struct thi_words *words, const char *text)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* The output of `tool option path`; NULL, with a message, if it fails. */
static char *tool_output(const char *tool, const char *option, const char *path)
{
    struct thi_words words = {.items = NULL};
    char *output = NULL;
    int status = -1;
    if (thi_words_add(&words, tool) && thi_words_add(&words, option) &&
        thi_words_add(&words, path)) {
        status = thi_command_run(&words, &output);
    }
    thi_words_fini(&words);
    if (status != 0) {
        fprintf(stderr, "tophash check: %s cannot read %s; binutils must be installed\n", tool,
                path);
        free(output);
        return NULL;
    }
    return output;
}

/* Not by nm: it loads the plugins of all compilers first, which takes longer than to compile. */
bool thi_object_symbols(struct thi_object *object, const char *path)
{
    char *output = tool_output("readelf", "-sW", path);
    bool ok = output != NULL;
    char bind[16], section[16], name[NAME_BYTES_MAX];
    char *rest = NULL;
    char *line = ok ? strtok_r(output, "\n", &rest) : NULL;
    for (; ok && line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        /* number: value, size, type, binding, visibility, section, name */
        if (sscanf(line, " %*u: %*x %*s %*s %15s %*s %15s %511s", bind, section, name) != 3 ||
            strcmp(bind, "LOCAL") == 0) {
            continue;
        }
        bool needed = strcmp(section, "UND") == 0;
        struct thi_words *words = needed ? &object->needed : &object->defined;
        /* Once each: several files may need the same. */
        if (!thi_words_hold(words, name)) {
            ok = thi_words_add(words, name);
        }
    }
    free(output);
    return ok;
}

bool thi_object_sections(struct thi_object *object, const char *path)
{
    char *output = tool_output("readelf", "-SW", path);
    bool ok = output != NULL;
    char name[NAME_BYTES_MAX], type[32], flags[32];
    char *rest = NULL;
    char *line = ok ? strtok_r(output, "\n", &rest) : NULL;
    for (; ok && line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        const char *close = strchr(line, ']');
        unsigned long long size;
        if (close == NULL ||
            sscanf(close + 1, "%511s %31s %*x %*x %llx %*x %31s", name, type, &size, flags) != 4) {
            continue;
        }
        bool zeros = strcmp(type, "NOBITS") == 0;
        if (strchr(flags, 'X') != NULL && size != 0) {
            ok = thi_words_add(&object->text, name);
        }
        if (strchr(flags, 'W') == NULL || size == 0) {
            continue;
        }
        if (strchr(flags, 'T') != NULL) {
            object->thread_local_data = true;
        } else if (zeros || strcmp(type, "PROGBITS") == 0) {
            ok = thi_words_add(zeros ? &object->bss : &object->data, name);
        }
    }
    free(output);
    return ok;
}

void thi_object_fini(struct thi_object *object)
{
    thi_words_fini(&object->defined);
    thi_words_fini(&object->needed);
    thi_words_fini(&object->data);
    thi_words_fini(&object->bss);
    thi_words_fini(&object->text);
}
