/* SPDX-License-Identifier: MIT
 * results.c - records gathered, and what is read off them: medians, quartiles, cells by name.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

bool bench_results_add(struct bench_results *results, const struct bench_record *record)
{
    if (results->count == results->capacity) {
        size_t capacity = results->capacity == 0 ? 64 : results->capacity * 2;
        struct bench_record *records = realloc(results->records, capacity * sizeof *records);
        if (records == NULL) {
            return false;
        }
        results->records = records;
        results->capacity = capacity;
    }
    results->records[results->count++] = *record;
    return true;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Between the two values nearest to the wanted rank. */
static double quantile(const double *sorted, size_t count, double share)
{
    double rank = share * (double)(count - 1);
    size_t below = (size_t)rank;
    size_t above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (sorted[above] - sorted[below]) * (rank - (double)below);
}

struct bench_spread bench_spread_of(const double *values, size_t count)
{
    double sorted[BENCH_ROUNDS_MAX];
    if (count == 0) {
        return (struct bench_spread){0, 0, 0};
    }
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    return (struct bench_spread){.median = quantile(sorted, count, 0.5),
                                 .low = quantile(sorted, count, 0.25),
                                 .high = quantile(sorted, count, 0.75)};
}

const struct bench_record *bench_find_cell(const struct bench_results *results, const char *map,
                                           bool huge_pages, uint64_t keys, unsigned threads,
                                           unsigned workload)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct bench_record *record = &results->records[i];
        if (record->kind == BENCH_CELL && record->huge_pages == huge_pages &&
            record->keys == keys && record->threads == threads &&
            record->as.cell.workload == workload && strcmp(record->map, map) == 0) {
            return record;
        }
    }
    return NULL;
}

struct bench_spread bench_ratio_of(const struct bench_record *part,
                                   const struct bench_record *whole)
{
    double ratios[BENCH_ROUNDS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; part != NULL && whole != NULL && i < part->as.cell.rounds; i++) {
        if (i < whole->as.cell.rounds && whole->as.cell.cpu[i] > 0) {
            ratios[count++] = part->as.cell.cpu[i] / whole->as.cell.cpu[i];
        }
    }
    return bench_spread_of(ratios, count);
}

const char *bench_standing(struct bench_spread ratio)
{
    return ratio.median <= 0 ? "-" : ratio.low > 1 ? "ahead" : ratio.high < 1 ? "behind" : "tie";
}

const char *bench_ours(const struct bench_options *options)
{
    for (size_t i = 0; i < options->peer_count; i++) {
        if (strncmp(options->peers[i]->name, "tophash", 7) == 0) {
            return options->peers[i]->name;
        }
    }
    return NULL;
}

double bench_cell_mops(const struct bench_record *record)
{
    return record == NULL ? 0 : bench_spread_of(record->as.cell.cpu, record->as.cell.rounds).median;
}

const char *bench_keys_text(uint64_t keys, char text[24])
{
    if (keys >= 1000000) {
        snprintf(text, 24, "%g M", (double)keys / 1e6);
    } else {
        snprintf(text, 24, "%g k", (double)keys / 1e3);
    }
    return text;
}
