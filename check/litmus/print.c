/* SPDX-License-Identifier: MIT
 * print.c - answers: as people know them from herd7, and as a line of a table.
 */
#include "litmus/litmus_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char *data;
    size_t size;
    size_t capacity;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void text_add(struct text *text, const char *format,
                                                           ...)
{
    char piece[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    if (length < 0 || text->failed) {
        return;
    }
    size_t size = (size_t)length < sizeof piece ? (size_t)length : sizeof piece - 1;
    if (text->size + size + 1 > text->capacity) {
        size_t capacity = 2 * text->capacity + size + 256;
        char *data = realloc(text->data, capacity);
        if (data == NULL) {
            text->failed = true;
            return;
        }
        text->data = data;
        text->capacity = capacity;
    }
    memcpy(text->data + text->size, piece, size + 1);
    text->size += size;
}

static char *text_finish(struct text *text)
{
    if (text->failed) {
        free(text->data);
        return NULL;
    }
    return text->data;
}

const char *thi_litmus_observation(const struct thi_litmus_result *result)
{
    if (result->positive == 0) {
        return "Never";
    }
    return result->negative == 0 ? "Always" : "Sometimes";
}

static void state_add(struct text *text, const struct thi_litmus *litmus,
                      const struct thi_litmus_result *result, size_t row)
{
    const int32_t *state = result->states + row * result->column_count;
    for (size_t i = 0; i < litmus->column_count; i++) {
        const struct litmus_column *column = &litmus->columns[i];
        const char *space = i == 0 ? "" : " ";
        if (column->is_register) {
            const struct litmus_register *r = &litmus->registers[column->index];
            text_add(text, "%s%u:%s=%" PRId32 ";", space, r->thread, r->name, state[i]);
        } else {
            text_add(text, "%s[%s]=%" PRId32 ";", space, litmus->locations[column->index].name,
                     state[i]);
        }
    }
}

char *thi_litmus_report(const struct thi_litmus *litmus, const struct thi_litmus_result *result)
{
    static const char *const kinds[] = {"Allowed", "Forbidden", "Required"};
    bool ok = litmus->quantifier == QUANTIFIER_EXISTS       ? result->positive > 0
              : litmus->quantifier == QUANTIFIER_NOT_EXISTS ? result->positive == 0
                                                            : result->negative == 0;
    struct text text = {.data = NULL};
    text_add(&text, "Test %s %s\nStates %zu\n", litmus->name, kinds[litmus->quantifier],
             result->state_count);
    for (size_t i = 0; i < result->state_count; i++) {
        state_add(&text, litmus, result, i);
        text_add(&text, "\n");
    }
    text_add(&text, "%s\nWitnesses\nPositive: %" PRIu64 " Negative: %" PRIu64 "\n",
             ok ? "Ok" : "No", result->positive, result->negative);
    if (result->race) {
        text_add(&text, "Flag race\n");
    }
    text_add(&text, "Condition ");
    for (const char *at = litmus->condition_text; *at != '\0';) {
        text_add(&text, "%.200s", at);
        at += strlen(at) < 200 ? strlen(at) : 200;
    }
    text_add(&text, "\nObservation %s %s %" PRIu64 " %" PRIu64 "\n", litmus->name,
             thi_litmus_observation(result), result->positive, result->negative);
    return text_finish(&text);
}

char *thi_litmus_tsv_line(const struct thi_litmus *litmus, const char *name,
                          const struct thi_litmus_result *result)
{
    struct text text = {.data = NULL};
    text_add(&text, "%s\t%s\t%zu\t%" PRIu64 "\t%s\t", name, thi_litmus_observation(result),
             result->state_count, result->engine.executions, result->race ? "race" : "-");
    for (size_t i = 0; i < result->state_count; i++) {
        text_add(&text, "%s", i == 0 ? "" : " | ");
        state_add(&text, litmus, result, i);
    }
    text_add(&text, "\n");
    return text_finish(&text);
}
