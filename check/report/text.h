/* SPDX-License-Identifier: MIT
 * text.h - a text that grows, and its columns: what every report is written into.
 *
 * Guarantees   G1 when memory runs out the text remembers it (`failed`) and ignores what follows:
 *                 callers write on and ask once, at the end.
 *              G2 widths count characters of UTF-8, not bytes.
 */
#ifndef TOPHASH_REPORT_TEXT_H
#define TOPHASH_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thi_text {
    char *bytes; /* ends with a zero byte, which `size` does not count; NULL when empty */
    size_t size;
    size_t capacity;
    bool failed; /* memory ran out: the text is not whole */
};

void thi_text_fini(struct thi_text *text);
void thi_text_clear(struct thi_text *text);
const char *thi_text_get(const struct thi_text *text); /* never NULL */

void thi_text_add(struct thi_text *text, const char *bytes, size_t size);
void thi_text_string(struct thi_text *text, const char *string);
__attribute__((format(printf, 2, 3))) void thi_text_format(struct thi_text *text,
                                                           const char *format, ...);
void thi_text_repeat(struct thi_text *text, char c, size_t count);
/* Blanks up to `column` of the last line, counted from 0; nothing if it is already that wide. */
void thi_text_pad(struct thi_text *text, size_t column);
/* Ends the line, without blanks at its end. */
void thi_text_newline(struct thi_text *text);

/* Characters of `size` bytes of UTF-8. */
size_t thi_text_width(const char *bytes, size_t size);
/* How many bytes of `string` go into a line of `width` characters: cut at a blank or behind a
 * punctuation if there is one in the last two thirds, else hard. At least one character. */
size_t thi_text_fit(const char *string, size_t width);
/* Adds `string` in lines of `width` columns; every line after the first starts with `indent`
 * blanks. The last line is left open. */
void thi_text_wrap(struct thi_text *text, const char *string, size_t indent, size_t width);

/* Inside the quotes of JSON, and between the tags of XML. */
void thi_text_json(struct thi_text *text, const char *string);
void thi_text_xml(struct thi_text *text, const char *string);

#endif
