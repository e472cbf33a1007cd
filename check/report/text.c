/* SPDX-License-Identifier: MIT
 * text.c - a text that grows: memory, columns, wrapping, quoting.
 *
 * Invariants   I1 size < capacity, and bytes[size] == 0, unless bytes == NULL.
 */
#include "report/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MIN = 256 };

void thi_text_fini(struct thi_text *text)
{
    free(text->bytes);
    *text = (struct thi_text){.bytes = NULL};
}

void thi_text_clear(struct thi_text *text)
{
    text->size = 0;
    if (text->bytes != NULL) {
        text->bytes[0] = '\0';
    }
}

const char *thi_text_get(const struct thi_text *text)
{
    return text->bytes == NULL ? "" : text->bytes;
}

/* Room for `more` bytes and the zero. */
static bool text_reserve(struct thi_text *text, size_t more)
{
    if (text->failed) {
        return false;
    }
    if (text->bytes != NULL && more < text->capacity - text->size) {
        return true;
    }
    if (more > SIZE_MAX / 4 || text->size > SIZE_MAX / 4) {
        text->failed = true;
        return false;
    }
    size_t wanted = text->size + more + 1;
    size_t capacity = text->capacity == 0 ? TEXT_BYTES_MIN : text->capacity;
    while (capacity < wanted) {
        capacity *= 2;
    }
    char *bytes = realloc(text->bytes, capacity);
    if (bytes == NULL) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void thi_text_add(struct thi_text *text, const char *bytes, size_t size)
{
    if (!text_reserve(text, size)) {
        return;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void thi_text_string(struct thi_text *text, const char *string)
{
    thi_text_add(text, string, strlen(string));
}

void thi_text_format(struct thi_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0 || !text_reserve(text, (size_t)size)) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->bytes + text->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    text->size += (size_t)size;
}

void thi_text_repeat(struct thi_text *text, char c, size_t count)
{
    if (!text_reserve(text, count)) {
        return;
    }
    memset(text->bytes + text->size, c, count);
    text->size += count;
    text->bytes[text->size] = '\0';
}

void thi_text_pad(struct thi_text *text, size_t column)
{
    size_t line = text->size;
    while (line > 0 && text->bytes[line - 1] != '\n') {
        line--;
    }
    size_t width = text->bytes == NULL ? 0 : thi_text_width(text->bytes + line, text->size - line);
    if (width < column) {
        thi_text_repeat(text, ' ', column - width);
    }
}

void thi_text_newline(struct thi_text *text)
{
    while (text->size > 0 && text->bytes[text->size - 1] == ' ') {
        text->size--;
    }
    thi_text_add(text, "\n", 1);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t thi_text_width(const char *bytes, size_t size)
{
    size_t width = 0;
    for (size_t i = 0; i < size; i++) {
        width += !is_continuation(bytes[i]);
    }
    return width;
}

/* May a line end before string[end]? At a blank; behind a comma, a slash, a call's parenthesis. */
static bool may_break(const char *string, size_t end)
{
    char last = string[end - 1];
    return string[end] == ' ' || last == ',' || last == ';' || last == '/' ||
           (last == '(' && end > 1 && string[end - 2] != ' ');
}

size_t thi_text_fit(const char *string, size_t width)
{
    size_t end = 0, columns = 0, cut = 0;
    if (width == 0) {
        width = 1;
    }
    while (string[end] != '\0' && (columns < width || is_continuation(string[end]))) {
        columns += !is_continuation(string[end]);
        end++;
        if (columns > width / 3 && may_break(string, end)) {
            cut = end;
        }
    }
    return string[end] == '\0' || cut == 0 ? end : cut;
}

void thi_text_wrap(struct thi_text *text, const char *string, size_t indent, size_t width)
{
    size_t line = text->size;
    while (line > 0 && text->bytes[line - 1] != '\n') {
        line--;
    }
    size_t used = text->bytes == NULL ? 0 : thi_text_width(text->bytes + line, text->size - line);
    while (*string != '\0') {
        size_t size = thi_text_fit(string, used < width ? width - used : 1);
        thi_text_add(text, string, size);
        string += size;
        string += strspn(string, " ");
        if (*string != '\0') {
            thi_text_newline(text);
            thi_text_repeat(text, ' ', indent);
            used = indent;
        }
    }
}

void thi_text_json(struct thi_text *text, const char *string)
{
    for (; *string != '\0'; string++) {
        unsigned char c = (unsigned char)*string;
        if (c == '"' || c == '\\') {
            thi_text_format(text, "\\%c", c);
        } else if (c < 0x20) {
            thi_text_format(text, "\\u%04x", c);
        } else {
            thi_text_add(text, string, 1);
        }
    }
}

void thi_text_xml(struct thi_text *text, const char *string)
{
    for (; *string != '\0'; string++) {
        switch (*string) {
        case '&': thi_text_string(text, "&amp;"); break;
        case '<': thi_text_string(text, "&lt;"); break;
        case '>': thi_text_string(text, "&gt;"); break;
        case '"': thi_text_string(text, "&quot;"); break;
        default:
            /* XML has no way to write the other control characters. */
            thi_text_add(text, (unsigned char)*string < 0x20 ? " " : string, 1);
        }
    }
}
