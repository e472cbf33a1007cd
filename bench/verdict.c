/* SPDX-License-Identifier: MIT
 * verdict.c - the promises on performance, each held against what was measured.
 *
 * A line whose figures were not measured says so and counts as neither kept nor broken. Goals are
 * aimed at, not promised: one that is missed is told, and breaks nothing.
 */
#include "bench.h"

#include <string.h>

#define EXPLAINED_MAX 3u
#define INSERT_P999_US_MAX 6.0
#define MEMORY_MEAN_MAX 30.0
#define MEMORY_PEAK_MAX 1.05
#define EMPTY_BYTES_MAX 1024

struct verdict {
    const struct bench_options *options;
    const struct bench_results *results;
    bool huge_pages;
    struct bench_judgement *lines;
    size_t count;
};

static struct bench_judgement *line_add(struct verdict *verdict, const char *what)
{
    if (verdict->count == BENCH_JUDGEMENTS_MAX) {
        verdict->count--;
    }
    struct bench_judgement *line = &verdict->lines[verdict->count++];
    snprintf(line->what, sizeof line->what, "%s", what);
    return line;
}

static void judge(struct verdict *verdict, const char *what, double is, double least)
{
    struct bench_judgement *line = line_add(verdict, what);
    line->is = is;
    line->bound = least;
    line->at_most = false;
    line->outcome = is <= 0 ? BENCH_UNKNOWN : is >= least ? BENCH_KEPT : BENCH_BROKEN;
}

static void judge_goal(struct verdict *verdict, const char *what, double is, double least)
{
    judge(verdict, what, is, least);
    struct bench_judgement *line = &verdict->lines[verdict->count - 1];
    line->outcome = line->outcome == BENCH_BROKEN ? BENCH_SHORT : line->outcome;
}

static void judge_most(struct verdict *verdict, const char *what, double is, double most)
{
    struct bench_judgement *line = line_add(verdict, what);
    line->is = is;
    line->bound = most;
    line->at_most = true;
    line->outcome = is <= 0 ? BENCH_UNKNOWN : is <= most ? BENCH_KEPT : BENCH_BROKEN;
}

static double mops(const struct verdict *verdict, const char *map, uint64_t keys, unsigned threads,
                   unsigned workload)
{
    return bench_cell_mops(
        bench_find_cell(verdict->results, map, verdict->huge_pages, keys, threads, workload));
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

/* The best of the peers: of the sharded tables, of the packages, or of both. How we stand to those
 * from outside is told with the figures. */
enum field { SHARDED, PACKAGES, EVERYBODY };

static double best_mops(const struct verdict *verdict, enum field field, uint64_t keys,
                        unsigned threads, unsigned workload)
{
    double best = 0;
    for (size_t i = 0; i < verdict->options->peer_count; i++) {
        const struct bench_peer *peer = verdict->options->peers[i];
        bool is_sharded = strncmp(peer->name, "sharded", 7) == 0;
        /* Maps of bytes have lines of their own. */
        bool has_words =
            strncmp(peer->name, "tophash", 7) != 0 && strstr(peer->name, "-bytes") == NULL;
        if (peer->is_limit || !has_words || bench_peer_is_outside(peer) ||
            (field == SHARDED && !is_sharded) || (field == PACKAGES && is_sharded)) {
            continue;
        }
        double one = mops(verdict, peer->name, keys, threads, workload);
        best = one > best ? one : best;
    }
    return best;
}

static void judge_gets(struct verdict *verdict, uint64_t keys, unsigned threads)
{
    char what[128];
    char text[24];
    const char *pages = verdict->huge_pages ? "huge" : "4 KiB";
    double ours = mops(verdict, "tophash", keys, threads, BENCH_GET);
    bench_keys_text(keys, text);
    snprintf(what, sizeof what, "get, %s, %s pages, T=%u: over the sharded table", text, pages,
             threads);
    judge(verdict, what, ratio(ours, best_mops(verdict, SHARDED, keys, threads, BENCH_GET)),
          keys <= 1000000 ? 1.3 : 1.1);
    snprintf(what, sizeof what, "get, %s, %s pages, T=%u: over the best package", text, pages,
             threads);
    judge(verdict, what, ratio(ours, best_mops(verdict, PACKAGES, keys, threads, BENCH_GET)), 2);
}

static void judge_writes(struct verdict *verdict, uint64_t keys)
{
    static const unsigned workloads[] = {BENCH_95_5, BENCH_50_50, BENCH_CHURN};
    for (size_t i = 0; i < 3; i++) {
        char what[128];
        char text[24];
        double ours = mops(verdict, "tophash", keys, 4, workloads[i]);
        snprintf(what, sizeof what, "%s, %s, %s pages, T=4: over the best of all",
                 bench_workload_names[workloads[i]], bench_keys_text(keys, text),
                 verdict->huge_pages ? "huge" : "4 KiB");
        judge(verdict, what, ratio(ours, best_mops(verdict, EVERYBODY, keys, 4, workloads[i])),
              1.3);
    }
}

static void judge_throughput(struct verdict *verdict)
{
    const uint64_t sizes[] = {1000000, 16000000};
    const unsigned threads[] = {1, 4};
    char what[128];
    for (size_t k = 0; k < 2; k++) {
        judge_gets(verdict, sizes[k], threads[0]);
        judge_gets(verdict, sizes[k], threads[1]);
        judge_writes(verdict, sizes[k]);
    }
    for (size_t t = 0; t < 2; t++) {
        snprintf(what, sizeof what, "get_many, 16 M, %s pages, T=%u: over plain get",
                 verdict->huge_pages ? "huge" : "4 KiB", threads[t]);
        judge(verdict, what,
              ratio(mops(verdict, "tophash", sizes[1], threads[t], BENCH_GET_MANY),
                    mops(verdict, "tophash", sizes[1], threads[t], BENCH_GET)),
              1.8);
    }
    snprintf(what, sizeof what, "the sharded table, 1 M, %s pages, T=1: over random lines",
             verdict->huge_pages ? "huge" : "4 KiB");
    judge(verdict, what,
          ratio(best_mops(verdict, SHARDED, sizes[0], 1, BENCH_GET),
                mops(verdict, "limit", sizes[0], 1, BENCH_GET)),
          0.35);
}

/* Against the limit, and misses against hits. */
static void judge_goals(struct verdict *verdict)
{
    static const uint64_t sizes[] = {1000000, 16000000};
    const char *pages = verdict->huge_pages ? "huge" : "4 KiB";
    char what[128];
    char text[24];
    for (size_t i = 0; i < 4; i++) {
        uint64_t keys = sizes[i / 2];
        unsigned threads = i % 2 == 0 ? 1 : 4;
        double get = mops(verdict, "tophash", keys, threads, BENCH_GET);
        bench_keys_text(keys, text);
        snprintf(what, sizeof what, "get, %s, %s pages, T=%u: over random lines", text, pages,
                 threads);
        judge_goal(verdict, what, ratio(get, mops(verdict, "limit", keys, threads, BENCH_GET)),
                   0.55);
        snprintf(what, sizeof what, "misses, %s, %s pages, T=%u: over hits", text, pages, threads);
        judge_goal(verdict, what, ratio(mops(verdict, "tophash", keys, threads, BENCH_MISS), get),
                   0.9);
        snprintf(what, sizeof what, "get_many, %s, %s pages, T=%u: over random lines in batches",
                 text, pages, threads);
        judge_goal(verdict, what,
                   ratio(mops(verdict, "tophash", keys, threads, BENCH_GET_MANY),
                         mops(verdict, "limit", keys, threads, BENCH_GET_MANY)),
                   0.6);
    }
    snprintf(what, sizeof what, "walk, 1 M, %s pages: million entries a second", pages);
    judge_goal(verdict, what, mops(verdict, "tophash", sizes[0], 1, BENCH_ITERATE), 50);
}

static void judge_bytes(struct verdict *verdict, unsigned threads)
{
    static const char *const peers[] = {"tbb-bytes", "libcuckoo-bytes", "lfht-bytes"};
    const uint64_t keys = 1000000;
    const char *pages = verdict->huge_pages ? "huge" : "4 KiB";
    char what[128];
    double get = mops(verdict, "tophash-bytes", keys, threads, BENCH_GET);
    snprintf(what, sizeof what, "bytes: get, 1 M, %s pages, T=%u: over two dependent lines", pages,
             threads);
    judge(verdict, what, ratio(get, mops(verdict, "limit-bytes", keys, threads, BENCH_GET)), 0.6);
    snprintf(what, sizeof what, "bytes: get_many, 1 M, %s pages, T=%u: over plain get", pages,
             threads);
    judge(verdict, what, ratio(mops(verdict, "tophash-bytes", keys, threads, BENCH_GET_MANY), get),
          1.7);
    for (size_t i = 0; i < 3; i++) {
        snprintf(what, sizeof what, "bytes: get, 1 M, %s pages, T=%u: over %s", pages, threads,
                 peers[i]);
        judge(verdict, what, ratio(get, mops(verdict, peers[i], keys, threads, BENCH_GET)), 1.5);
    }
}

/* ---------------------------------------------------------------- growth */

/* A run is good if every insert above the bound is explained, and there are few of them. */
static bool run_is_good(const struct bench_record *record)
{
    const struct bench_growth *growth = &record->as.growth;
    uint64_t bound_ns = bench_growth_bound_ns(record->threads);
    unsigned explained = 0;
    for (size_t i = 0; i < growth->outlier_count; i++) {
        const struct bench_outlier *worst = &growth->outliers[i];
        if (worst->own_ns <= bound_ns) {
            continue;
        }
        if (!bench_explained(worst, record->huge_pages != 0, bound_ns)) {
            return false;
        }
        explained++;
    }
    return explained <= EXPLAINED_MAX;
}

static bool is_growth_of_ours(const struct verdict *verdict, const struct bench_record *record,
                              unsigned threads)
{
    return record->kind == BENCH_GROWTH && record->threads == threads &&
           record->huge_pages == verdict->huge_pages && strcmp(record->map, "tophash") == 0;
}

/* Of single inserts: how long the slow ones take. More than half of the runs must be good. */
static void judge_inserts(struct verdict *verdict, unsigned threads)
{
    unsigned runs = 0;
    unsigned good = 0;
    double p999_us = 0;
    for (size_t i = 0; i < verdict->results->count; i++) {
        const struct bench_record *record = &verdict->results->records[i];
        if (is_growth_of_ours(verdict, record, threads) && record->as.growth.timed != 0) {
            runs++;
            good += run_is_good(record);
            p999_us += record->as.growth.quantile_ns[2] / 1e3;
        }
    }
    char what[128];
    const char *pages = verdict->huge_pages ? "huge" : "4 KiB";
    snprintf(what, sizeof what,
             "growth, %s pages, T=%u: runs of %u with no unexplained insert over "
             "%.1f ms",
             pages, threads, runs, (double)bench_growth_bound_ns(threads) / 1e6);
    judge(verdict, what, runs == 0 ? 0 : good == 0 ? 0.001 : good, runs / 2 + 1);
    snprintf(what, sizeof what, "growth, %s pages, T=%u: p99.9 of inserts in us, mean of the runs",
             pages, threads);
    judge_most(verdict, what, runs == 0 ? 0 : p999_us / runs, INSERT_P999_US_MAX);
}

static void judge_growth(struct verdict *verdict)
{
    char what[128];
    const char *pages = verdict->huge_pages ? "huge" : "4 KiB";
    double rates[2] = {0, 0}; /* with one thread, and with four */
    for (size_t i = 0; i < verdict->results->count; i++) {
        const struct bench_record *record = &verdict->results->records[i];
        for (unsigned t = 0; t < 2; t++) {
            if (is_growth_of_ours(verdict, record, t == 0 ? 1 : 4) &&
                record->as.growth.timed == 0) {
                rates[t] = record->as.growth.cpu_mops;
            }
        }
    }
    judge_inserts(verdict, 1);
    judge_inserts(verdict, 4);
    snprintf(what, sizeof what, "growth, %s pages, T=1: million inserts per CPU-second", pages);
    judge(verdict, what, rates[0], 4);
    if (verdict->huge_pages) {
        judge_goal(verdict, "growth, huge pages, T=4: million inserts per CPU-second", rates[1],
                   12);
    }
}

/* ---------------------------------------------------------------- memory */

static void judge_memory(struct verdict *verdict)
{
    double mean = 0;
    double peak = 0;
    for (size_t i = 0; i < verdict->results->count; i++) {
        const struct bench_record *record = &verdict->results->records[i];
        if (record->kind != BENCH_MEMORY || record->huge_pages != verdict->huge_pages ||
            strcmp(record->map, "tophash") != 0) {
            continue;
        }
        const struct bench_memory *memory = &record->as.memory;
        for (size_t s = 0; s < memory->sizes; s++) {
            mean += memory->bytes_per_entry[s] / memory->sizes;
            peak = memory->peak_ratio[s] > peak ? memory->peak_ratio[s] : peak;
        }
    }
    judge_most(verdict, "memory: bytes an entry, mean over the sizes", mean, MEMORY_MEAN_MAX);
    judge_most(verdict, "memory: peak over what stays, worst of the sizes", peak, MEMORY_PEAK_MAX);
}

static void judge_empty(struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->results->count; i++) {
        const struct bench_record *record = &verdict->results->records[i];
        if (record->kind == BENCH_SMALL && strncmp(record->map, "tophash", 7) == 0) {
            char what[128];
            snprintf(what, sizeof what, "memory: bytes of an empty map, %s", record->map);
            judge_most(verdict, what, (double)record->as.small.bytes[0], EMPTY_BYTES_MAX - 1);
        }
    }
}

size_t bench_judge(const struct bench_options *options, const struct bench_results *results,
                   struct bench_judgement lines[BENCH_JUDGEMENTS_MAX])
{
    struct verdict verdict = {.options = options, .results = results, .lines = lines};
    for (int huge = 0; huge < 2; huge++) {
        if (!options->pages[huge]) {
            continue;
        }
        verdict.huge_pages = huge == 1;
        judge_throughput(&verdict);
        judge_goals(&verdict);
        judge_bytes(&verdict, 1);
        judge_bytes(&verdict, 4);
        judge_growth(&verdict);
        if (huge == 0) {
            /* Huge pages round every size up: the bound is for 4 KiB pages. */
            judge_memory(&verdict);
            judge_empty(&verdict);
        }
    }
    return verdict.count;
}

const char *const bench_outcome_names[] = {"pass", "FAIL", "not measured", "short of goal"};

bool bench_print_verdict(const struct bench_options *options, const struct bench_results *results)
{
    static struct bench_judgement lines[BENCH_JUDGEMENTS_MAX];
    unsigned outcomes[4] = {0, 0, 0, 0};
    size_t count = bench_judge(options, results, lines);
    puts("\nVerdict");
    for (size_t i = 0; i < count; i++) {
        const struct bench_judgement *line = &lines[i];
        printf("%-13s %-75s %6.2f (at %s %.2f)\n", bench_outcome_names[line->outcome], line->what,
               line->is, line->at_most ? "most" : "least", line->bound);
        outcomes[line->outcome]++;
    }
    printf("%u kept, %u broken, %u goals missed, %u not measured\n", outcomes[BENCH_KEPT],
           outcomes[BENCH_BROKEN], outcomes[BENCH_SHORT], outcomes[BENCH_UNKNOWN]);
    return outcomes[BENCH_BROKEN] == 0;
}
