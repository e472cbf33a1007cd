/* SPDX-License-Identifier: MIT
 * verdicts.c - reads the litmus tests and the table of their answers, and compares.
 */
#include "verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 14, FILE_BYTES_MAX = 4 << 20 };

static char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = file == NULL ? NULL : calloc(FILE_BYTES_MAX, 1);
    if (text == NULL) {
        printf("# %s cannot be read\n", path);
        if (file != NULL) {
            fclose(file);
        }
        return NULL;
    }
    *size = fread(text, 1, FILE_BYTES_MAX - 1, file);
    fclose(file);
    char *fitting = realloc(text, *size + 1);
    return fitting == NULL ? text : fitting;
}

/* Cuts the line into columns; those it lacks are empty. */
static void line_cut(char *line, char *columns[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = line;
        line += strcspn(line, "\t");
        if (*line == '\t') {
            *line++ = '\0';
        }
    }
}

static bool verdict_read(struct verdict *verdict, const char *folder, char *line)
{
    char *columns[COLUMNS], path[512];
    line_cut(line, columns);
    *verdict =
        (struct verdict){.name = columns[0],
                         .observation = {columns[3], columns[7]},
                         .states = {columns[12], columns[12]},
                         .race = {strcmp(columns[6], "race") == 0, strcmp(columns[9], "race") == 0},
                         .executions = strtoul(columns[5], NULL, 10),
                         .same = strcmp(columns[10], "same") == 0};
    verdict->state_count[0] = strtoul(columns[4], NULL, 10);
    verdict->state_count[1] = strtoul(columns[8], NULL, 10);
    if (columns[13][0] != '\0') {
        verdict->states[1] = columns[13];
    }
    snprintf(path, sizeof path, "%s/%s.litmus", folder, verdict->name);
    size_t size;
    char *text = file_read(path, &size);
    struct thi_litmus_error error = {.text = "cannot be read"};
    verdict->litmus = text == NULL ? NULL : thi_litmus_parse(path, text, size, &error);
    free(text);
    if (verdict->litmus == NULL) {
        printf("# %s\n", error.text);
    }
    return verdict->litmus != NULL;
}

bool verdicts_load(struct verdicts *verdicts, const char *folder)
{
    char path[512];
    size_t size, capacity = 0;
    *verdicts = (struct verdicts){.count = 0};
    snprintf(path, sizeof path, "%s/verdicts.tsv", folder);
    verdicts->text = file_read(path, &size);
    if (verdicts->text == NULL) {
        return false;
    }
    char *line = strchr(verdicts->text, '\n'); /* the first one names the columns */
    for (char *next; line != NULL && line[1] != '\0'; line = next) {
        line++;
        next = strchr(line, '\n');
        if (next != NULL) {
            *next = '\0';
        }
        if (verdicts->count == capacity) {
            capacity = capacity == 0 ? 256 : 2 * capacity;
            struct verdict *list = realloc(verdicts->list, capacity * sizeof *list);
            if (list == NULL) {
                return false;
            }
            verdicts->list = list;
        }
        if (!verdict_read(&verdicts->list[verdicts->count++], folder, line)) {
            return false;
        }
    }
    return verdicts->count > 0;
}

void verdicts_free(struct verdicts *verdicts)
{
    for (size_t i = 0; i < verdicts->count; i++) {
        thi_litmus_free(verdicts->list[i].litmus);
    }
    free(verdicts->list);
    free(verdicts->text);
}

bool verdict_holds(const struct verdict *verdict, const struct thi_engine_options *options,
                   unsigned long *executions)
{
    struct thi_litmus_result result;
    int rule = options->c11_release_sequence ? 0 : 1;
    bool holds = false;
    if (thi_litmus_run(verdict->litmus, options, &result)) {
        *executions = (unsigned long)result.engine.executions;
        char *line = thi_litmus_tsv_line(verdict->litmus, verdict->name, &result);
        const char *states = line == NULL ? NULL : strrchr(line, '\t') + 1;
        size_t size = states == NULL ? 0 : strlen(states) - 1; /* without the end of the line */
        holds = states != NULL && strlen(verdict->states[rule]) == size &&
                memcmp(states, verdict->states[rule], size) == 0 &&
                result.race == verdict->race[rule] &&
                result.state_count == verdict->state_count[rule] &&
                strcmp(thi_litmus_observation(&result), verdict->observation[rule]) == 0 &&
                (*executions == verdict->executions || (rule == 1 && !verdict->same)) &&
                result.engine.duplicates == 0;
        free(line);
    }
    thi_litmus_result_clear(&result);
    return holds;
}
