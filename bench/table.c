/* SPDX-License-Identifier: MIT
 * table.c - the results as text.
 */
#include "bench.h"

#include <string.h>

/* Medians with their quartiles, and how we stand to the best of the others. */

static void cell_print(const struct bench_record *record)
{
    if (record == NULL) {
        printf(" %19s", "-");
        return;
    }
    struct bench_spread spread = bench_spread_of(record->as.cell.cpu, record->as.cell.rounds);
    char text[48];
    snprintf(text, sizeof text, "%.1f [%.1f-%.1f]", spread.median, spread.low, spread.high);
    printf(" %19s", text);
}

struct section {
    const struct bench_options *options;
    const struct bench_results *results;
    bool huge_pages;
    uint64_t keys;
    unsigned threads;
};

static const struct bench_record *section_cell(const struct section *section, const char *map,
                                               unsigned workload)
{
    return bench_find_cell(section->results, map, section->huge_pages, section->keys,
                           section->threads, workload);
}

/* Where we stand to another map, "1.62 ahead", or what share of a limit we reach: by rounds. */
static void standing_print(const struct section *section, const struct bench_peer *peer)
{
    const struct bench_options *options = section->options;
    const char *ours = bench_ours(options);
    if (ours == NULL || strcmp(peer->name, ours) == 0) {
        return;
    }
    char text[48];
    snprintf(text, sizeof text, "%s %s", peer->is_limit ? "of" : "over", peer->name);
    printf("\n%-20s", text);
    for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
        if (!options->workloads[w]) {
            continue;
        }
        struct bench_spread ratio =
            bench_ratio_of(section_cell(section, ours, w), section_cell(section, peer->name, w));
        snprintf(text, sizeof text, "%.2f %s", ratio.median,
                 peer->is_limit ? "" : bench_standing(ratio));
        printf(" %19s", ratio.median > 0 ? text : "-");
    }
}

static void section_print(const struct section *section)
{
    const struct bench_options *options = section->options;
    char text[24];
    printf("\n%s keys, %s pages, %u thread%s: million operations per CPU-second, all threads "
           "[quartiles]\n%-20s",
           bench_keys_text(section->keys, text), section->huge_pages ? "huge" : "4 KiB",
           section->threads, section->threads == 1 ? "" : "s", "");
    for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
        if (options->workloads[w]) {
            printf(" %19s", bench_workload_names[w]);
        }
    }
    for (size_t i = 0; i < options->peer_count; i++) {
        printf("\n%-20s", options->peers[i]->name);
        for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
            if (options->workloads[w]) {
                cell_print(section_cell(section, options->peers[i]->name, w));
            }
        }
    }
    for (size_t i = 0; i < options->peer_count; i++) {
        standing_print(section, options->peers[i]);
    }
    putchar('\n');
}

/* ---------------------------------------------------------------- growth, memory, small tables */

static const char *time_text(double ns, char text[24])
{
    if (ns >= 1e6) {
        snprintf(text, 24, "%.2f ms", ns / 1e6);
    } else if (ns >= 1e4) {
        snprintf(text, 24, "%.1f us", ns / 1e3);
    } else {
        snprintf(text, 24, "%.0f ns", ns);
    }
    return text;
}

static void growth_line(const struct bench_record *record)
{
    const struct bench_growth *growth = &record->as.growth;
    char text[24];
    printf("%-16s %2u %4u %9.2f %9.2f", record->map, record->threads, growth->run, growth->cpu_mops,
           growth->wall_mops);
    for (unsigned q = 0; growth->timed != 0 && q < BENCH_QUANTILES; q++) {
        printf(" %10s", time_text(growth->quantile_ns[q], text));
    }
    if (growth->timed != 0) {
        printf(" %10s", time_text(growth->max_ns, text));
    } else {
        printf("   (inserts not timed: the rate)");
    }
    putchar('\n');
}

/* The worst inserts of ours, and what happened to them. */
static void outliers_print(const struct bench_record *record)
{
    const struct bench_growth *growth = &record->as.growth;
    char own[24];
    char off[24];
    printf("worst inserts of %s, %u thread%s, run %u:\n", record->map, record->threads,
           record->threads == 1 ? "" : "s", growth->run);
    for (size_t i = 0; i < growth->outlier_count; i++) {
        const struct bench_outlier *worst = &growth->outliers[i];
        printf(
            "  insert %9llu: own %10s, off its core %10s, %llu minor and %llu major faults, "
            "%llu switches, steal %llu ms%s\n",
            (unsigned long long)worst->number, time_text((double)worst->own_ns, own),
            time_text((double)worst->off_cpu_ns, off), (unsigned long long)worst->minor_faults,
            (unsigned long long)worst->major_faults, (unsigned long long)worst->involuntary,
            (unsigned long long)worst->steal_ns / 1000000,
            bench_explained(worst, record->huge_pages != 0, bench_growth_bound_ns(record->threads))
                ? ""
                : ": not explained");
    }
}

static void growth_print(const struct bench_results *results, bool huge_pages)
{
    bool any = false;
    for (size_t i = 0; i < results->count; i++) {
        const struct bench_record *record = &results->records[i];
        if (record->kind != BENCH_GROWTH || (record->huge_pages != 0) != huge_pages) {
            continue;
        }
        if (!any) {
            char text[24];
            printf("\nGrowth from empty to %s, %s pages: million inserts a second; own CPU time of "
                   "single inserts\n%-16s %2s %4s %9s %9s %10s %10s %10s %10s %10s\n",
                   bench_keys_text(record->keys, text), huge_pages ? "huge" : "4 KiB", "", "T",
                   "run", "CPU", "wall", "p50", "p99", "p99.9", "p99.99", "max");
            any = true;
        }
        growth_line(record);
    }
    for (size_t i = 0; i < results->count; i++) {
        const struct bench_record *record = &results->records[i];
        if (record->kind == BENCH_GROWTH && (record->huge_pages != 0) == huge_pages &&
            record->as.growth.timed != 0 && strcmp(record->map, "tophash") == 0) {
            outliers_print(record);
        }
    }
}

static void memory_print(const struct bench_results *results, bool huge_pages)
{
    bool any = false;
    for (size_t i = 0; i < results->count; i++) {
        const struct bench_record *record = &results->records[i];
        const struct bench_memory *memory = &record->as.memory;
        if (record->kind != BENCH_MEMORY || (record->huge_pages != 0) != huge_pages) {
            continue;
        }
        if (!any) {
            printf(
                "\nResident bytes an entry, %s pages, at millions of entries; the peak over what "
                "stays, worst of them\n%-16s %6s %6s",
                huge_pages ? "huge" : "4 KiB", "", "mean", "peak");
            for (size_t s = 0; s < memory->sizes; s++) {
                printf(" %5g", (double)memory->entries[s] / 1e6);
            }
            any = true;
        }
        double mean = 0;
        double peak = 0;
        for (size_t s = 0; s < memory->sizes; s++) {
            mean += memory->bytes_per_entry[s] / memory->sizes;
            peak = memory->peak_ratio[s] > peak ? memory->peak_ratio[s] : peak;
        }
        printf("\n%-16s %6.1f %6.2f", record->map, mean, peak);
        for (size_t s = 0; s < memory->sizes; s++) {
            printf(" %5.1f", memory->bytes_per_entry[s]);
        }
    }
    if (any) {
        putchar('\n');
    }
}

static void small_print(const struct bench_results *results)
{
    bool any = false;
    for (size_t i = 0; i < results->count; i++) {
        const struct bench_record *record = &results->records[i];
        if (record->kind != BENCH_SMALL) {
            continue;
        }
        if (!any) {
            printf("\nBytes of a table of so many entries: allocated, and pages touched of what "
                   "was mapped\n%-16s",
                   "");
            for (size_t s = 0; s < BENCH_SMALL_SIZES; s++) {
                printf(" %9llu", (unsigned long long)bench_small_sizes[s]);
            }
            any = true;
        }
        printf("\n%-16s", record->map);
        for (size_t s = 0; s < BENCH_SMALL_SIZES; s++) {
            if (record->as.small.bytes[s] < 0) {
                printf(" %9s", "-");
            } else {
                printf(" %9lld", (long long)record->as.small.bytes[s]);
            }
        }
    }
    if (any) {
        putchar('\n');
    }
}

void bench_print_table(const struct bench_options *options, const struct bench_results *results)
{
    bool any = false;
    for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
        any = any || options->workloads[w];
    }
    for (int huge = 0; huge < 2; huge++) {
        for (size_t k = 0; any && options->pages[huge] && k < options->keys_count; k++) {
            for (size_t t = 0; t < options->threads_count; t++) {
                struct section section = {options, results, huge == 1, options->keys[k],
                                          options->threads[t]};
                section_print(&section);
            }
        }
        growth_print(results, huge == 1);
        memory_print(results, huge == 1);
    }
    small_print(results);
}
