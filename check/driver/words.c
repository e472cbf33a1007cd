/* SPDX-License-Identifier: MIT
 * words.c - lists of words that grow.
 */
#include "driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool words_take(struct thi_words *words, char *text)
{
    char **items = text == NULL ? NULL : realloc(words->items, (words->count + 2) * sizeof *items);
    if (items == NULL) {
        free(text);
        fputs("tophash check: out of memory\n", stderr);
        return false;
    }
    items[words->count++] = text;
    items[words->count] = NULL;
    words->items = items;
    return true;
}

bool thi_words_add(struct thi_words *words, const char *text)
{
    return words_take(words, strdup(text));
}

bool thi_words_add_format(struct thi_words *words, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    return words_take(words, size < 0 ? NULL : text);
}

void thi_words_fini(struct thi_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->items[i]);
    }
    free(words->items);
    *words = (struct thi_words){.items = NULL};
}
