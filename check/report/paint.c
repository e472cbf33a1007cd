/* SPDX-License-Identifier: MIT
 * paint.c - colours for a terminal: what is odd in red, the names of the parts in bold.
 */
#include <string.h>

#include "report/report.h"

static const char bold[] = "\033[1m", red[] = "\033[31m", plain[] = "\033[0m";

static bool starts_with(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

/* How many bytes at the start of a line are bold. */
static size_t bold_size(const char *line, size_t size)
{
    static const char *const words[] = {"needs:", "found:", "  and:", "would:", "again:"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (starts_with(line, words[i])) {
            return strlen(words[i]);
        }
    }
    return starts_with(line, " step ") ? size : 0;
}

/* What is odd begins with an exclamation mark behind blanks. */
static const char *odd_start(const char *line, size_t size)
{
    for (size_t i = 2; i + 1 < size; i++) {
        if (line[i] == '!' && line[i - 1] == ' ' && line[i - 2] == ' ' && line[i + 1] == ' ') {
            return line + i;
        }
    }
    return NULL;
}

void thi_report_paint(struct thi_text *painted, const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n"), first = bold_size(text, size);
        const char *odd = odd_start(text, size);
        if (first > 0) {
            thi_text_string(painted, bold);
            thi_text_add(painted, text, first);
            thi_text_string(painted, plain);
        }
        if (odd != NULL && odd >= text + first) {
            size_t before = (size_t)(odd - text);
            thi_text_add(painted, text + first, before - first);
            thi_text_string(painted, red);
            thi_text_add(painted, odd, size - before);
            thi_text_string(painted, plain);
        } else {
            thi_text_add(painted, text + first, size - first);
        }
        thi_text_add(painted, "\n", text[size] == '\n');
        text += size + (text[size] == '\n');
    }
}
