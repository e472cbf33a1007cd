/* SPDX-License-Identifier: MIT
 * json.c - all results as one JSON object; bench/report.py makes the document of it.
 */
#include "bench.h"

#include <errno.h>
#include <string.h>

static void doubles_write(FILE *out, const char *name, const double *values, size_t count)
{
    fprintf(out, ", \"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%.4g", i == 0 ? "" : ", ", values[i]);
    }
    fputs("]", out);
}

static void cell_write(FILE *out, const struct bench_cell *cell)
{
    struct bench_spread cpu = bench_spread_of(cell->cpu, cell->rounds);
    struct bench_spread wall = bench_spread_of(cell->wall, cell->rounds);
    fprintf(out, ", \"workload\": \"%s\"", bench_workload_names[cell->workload]);
    fprintf(out, ", \"mops\": %.5g, \"mops_low\": %.5g, \"mops_high\": %.5g, \"wall_mops\": %.5g",
            cpu.median, cpu.low, cpu.high, wall.median);
    doubles_write(out, "rounds", cell->cpu, cell->rounds);
    doubles_write(out, "wall_rounds", cell->wall, cell->rounds);
}

static void outliers_write(FILE *out, const struct bench_record *record)
{
    const struct bench_growth *growth = &record->as.growth;
    uint64_t bound_ns = bench_growth_bound_ns(record->threads);
    fputs(", \"worst\": [", out);
    for (size_t i = 0; i < growth->outlier_count; i++) {
        const struct bench_outlier *worst = &growth->outliers[i];
        fprintf(out,
                "%s{\"insert\": %llu, \"wall_ns\": %llu, \"off_cpu_ns\": %llu, \"own_ns\": %llu, "
                "\"minor_faults\": %llu, \"major_faults\": %llu, \"involuntary_switches\": %llu, "
                "\"steal_ns\": %llu, \"explained\": %s}",
                i == 0 ? "" : ", ", (unsigned long long)worst->number,
                (unsigned long long)worst->wall_ns, (unsigned long long)worst->off_cpu_ns,
                (unsigned long long)worst->own_ns, (unsigned long long)worst->minor_faults,
                (unsigned long long)worst->major_faults, (unsigned long long)worst->involuntary,
                (unsigned long long)worst->steal_ns,
                bench_explained(worst, record->huge_pages != 0, bound_ns) ? "true" : "false");
    }
    fputs("]", out);
}

static void growth_write(FILE *out, const struct bench_record *record)
{
    const struct bench_growth *growth = &record->as.growth;
    fprintf(out, ", \"run\": %u, \"timed\": %s, \"mops\": %.5g, \"wall_mops\": %.5g", growth->run,
            growth->timed != 0 ? "true" : "false", growth->cpu_mops, growth->wall_mops);
    if (growth->timed == 0) {
        return;
    }
    fprintf(out,
            ", \"p50_ns\": %.5g, \"p99_ns\": %.5g, \"p99_9_ns\": %.5g, \"p99_99_ns\": %.5g, "
            "\"max_ns\": %.6g",
            growth->quantile_ns[0], growth->quantile_ns[1], growth->quantile_ns[2],
            growth->quantile_ns[3], growth->max_ns);
    outliers_write(out, record);
    doubles_write(out, "window_mean_ns", growth->window_mean_ns, BENCH_WINDOWS);
    doubles_write(out, "window_max_ns", growth->window_max_ns, BENCH_WINDOWS);
}

static void memory_write(FILE *out, const struct bench_memory *memory)
{
    fputs(", \"entries\": [", out);
    for (size_t i = 0; i < memory->sizes; i++) {
        fprintf(out, "%s%llu", i == 0 ? "" : ", ", (unsigned long long)memory->entries[i]);
    }
    fputs("]", out);
    doubles_write(out, "bytes_per_entry", memory->bytes_per_entry, memory->sizes);
    doubles_write(out, "peak_over_after", memory->peak_ratio, memory->sizes);
}

static void small_write(FILE *out, const struct bench_small *small)
{
    fputs(", \"bytes_at\": {", out);
    for (size_t i = 0; i < BENCH_SMALL_SIZES; i++) {
        fprintf(out, "%s\"%llu\": %lld", i == 0 ? "" : ", ",
                (unsigned long long)bench_small_sizes[i], (long long)small->bytes[i]);
    }
    fputs("}", out);
}

static void record_write(FILE *out, const struct bench_record *record)
{
    static const char *const kinds[] = {"throughput", "growth", "memory", "small"};
    fprintf(out,
            "  {\"kind\": \"%s\", \"map\": \"%s\", \"pages\": \"%s\", \"keys\": %llu, "
            "\"threads\": %u, \"wrong\": %llu",
            kinds[record->kind], record->map, record->huge_pages ? "huge" : "4k",
            (unsigned long long)record->keys, record->threads, (unsigned long long)record->wrong);
    switch (record->kind) {
    case BENCH_CELL: cell_write(out, &record->as.cell); break;
    case BENCH_GROWTH: growth_write(out, record); break;
    case BENCH_MEMORY: memory_write(out, &record->as.memory); break;
    default: small_write(out, &record->as.small); break;
    }
    fputs("}", out);
}

static void maps_write(FILE *out)
{
    fputs(",\n\"maps\": {", out);
    for (size_t i = 0; bench_all_peers[i] != NULL; i++) {
        const struct bench_peer *peer = bench_all_peers[i];
        fprintf(out, "%s\"%s\": {\"title\": \"%s\", \"version\": \"%s\"}", i == 0 ? "" : ", ",
                peer->name, peer->title, peer->version);
    }
    fputs("},\n\"skipped\": [", out);
    for (size_t i = 0; bench_missing_peers[i] != NULL; i++) {
        fprintf(out, "%s\"%s\"", i == 0 ? "" : ", ", bench_missing_peers[i]);
    }
    fputs("]", out);
}

static void command_write(FILE *out)
{
    fputs(",\n\"options\": [", out);
    for (size_t i = 1; bench_arguments[i] != NULL; i++) {
        fprintf(out, "%s\"%s\"", i == 1 ? "" : ", ", bench_arguments[i]);
    }
    fputs("]", out);
}

static void verdict_write(FILE *out, const struct bench_options *options,
                          const struct bench_results *results)
{
    static struct bench_judgement lines[BENCH_JUDGEMENTS_MAX];
    size_t count = bench_judge(options, results, lines);
    fputs(",\n\"verdict\": [\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out,
                "  {\"what\": \"%s\", \"is\": %.4g, \"bound\": %.4g, \"kind\": \"%s\", "
                "\"outcome\": \"%s\"}%s\n",
                lines[i].what, lines[i].is, lines[i].bound, lines[i].at_most ? "most" : "least",
                bench_outcome_names[lines[i].outcome], i + 1 < count ? "," : "");
    }
    fputs("]", out);
}

bool bench_write_json(const struct bench_options *options, const struct bench_results *results)
{
    FILE *out = fopen(options->json, "w");
    if (out == NULL) {
        fprintf(stderr, "cannot write %s: %s\n", options->json, strerror(errno));
        return false;
    }
    fputs("{\n", out);
    bench_json_machine(out, 0);
    maps_write(out);
    command_write(out);
    fprintf(out, ",\n\"rounds\": %u,\n\"slice_ms\": %u,\n\"results\": [\n", options->rounds,
            options->slice_ms);
    for (size_t i = 0; i < results->count; i++) {
        record_write(out, &results->records[i]);
        fputs(i + 1 < results->count ? ",\n" : "\n", out);
    }
    fputs("]", out);
    verdict_write(out, options, results);
    fputs("\n}\n", out);
    if (fclose(out) != 0) {
        fprintf(stderr, "cannot write %s: %s\n", options->json, strerror(errno));
        return false;
    }
    return true;
}
