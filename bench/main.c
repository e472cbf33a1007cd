/* SPDX-License-Identifier: MIT
 * main.c - the benchmark program: one harness, one hash, the same keys for every map.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- as a child */

static bool child_main(const struct bench_options *options, bool huge_pages)
{
    char name[32] = "";
    unsigned long long number = 0;
    unsigned timed = 0;
    if (sscanf(options->child, "throughput:%*[a-z0-9]:%llu", &number) == 1) {
        return bench_run_throughput(options, huge_pages, number);
    }
    if (sscanf(options->child, "growth:%*[a-z0-9]:%31[a-z_-]:%llu:%u", name, &number, &timed) ==
        3) {
        return bench_run_growth(options, bench_peer_by_name(name), huge_pages, (unsigned)number,
                                timed != 0);
    }
    if (sscanf(options->child, "memory:%*[a-z0-9]:%31[a-z_-]", name) == 1) {
        return bench_run_memory(options, bench_peer_by_name(name), huge_pages);
    }
    if (sscanf(options->child, "small:%*[a-z0-9]:%31[a-z_-]", name) == 1) {
        return bench_run_small(options, bench_peer_by_name(name));
    }
    fprintf(stderr, "'%s' is nothing to measure\n", options->child);
    return false;
}

/* ---------------------------------------------------------------- as the parent */

static bool any_workload(const struct bench_options *options)
{
    for (unsigned i = 0; i < BENCH_WORKLOADS; i++) {
        if (options->workloads[i]) {
            return true;
        }
    }
    return false;
}

static bool throughput_all(const struct bench_options *options, bool huge_pages,
                           struct bench_results *results)
{
    bool good = true;
    for (size_t i = 0; any_workload(options) && i < options->keys_count; i++) {
        char what[96];
        snprintf(what, sizeof what, "throughput:%s:%llu", huge_pages ? "huge" : "4k",
                 (unsigned long long)options->keys[i]);
        /* Twice: libcuckoo reads buckets that another writer's doubling has freed, and dies of it
         * once in some dozens of loads by four threads. */
        good = bench_child_twice(options, what, huge_pages, results) && good;
    }
    return good;
}

/* Every insert timed, and once untimed for the rates; with one thread and with the most. The bound
 * on single inserts is for ours and one thread: those runs are repeated. */
static bool growth_of(const struct bench_options *options, const struct bench_peer *peer,
                      bool huge_pages, struct bench_results *results)
{
    bool good = true;
    unsigned most = options->threads[options->threads_count - 1];
    for (unsigned threads = 1; threads <= most; threads += most > 1 ? most - 1 : 1) {
        bool repeated = threads == 1 && strcmp(peer->name, "tophash") == 0;
        unsigned timed_runs = repeated ? options->grow_runs : 1;
        for (unsigned run = 0; run < timed_runs + 1; run++) {
            char what[96];
            snprintf(what, sizeof what, "growth:%s:%s:%u:%d", huge_pages ? "huge" : "4k",
                     peer->name, threads, run > 0);
            size_t first = results->count;
            good = bench_child_twice(options, what, huge_pages, results) && good;
            for (size_t i = first; i < results->count; i++) {
                results->records[i].as.growth.run = run;
            }
        }
    }
    return good;
}

static bool parts_all(const struct bench_options *options, bool huge_pages,
                      struct bench_results *results)
{
    bool good = true;
    const char *pages = huge_pages ? "huge" : "4k";
    char what[96];
    for (size_t i = 0; i < options->peer_count; i++) {
        const struct bench_peer *peer = options->peers[i];
        if (peer->is_limit) {
            continue;
        }
        if (options->parts[BENCH_PART_GROWTH]) {
            good = growth_of(options, peer, huge_pages, results) && good;
        }
        if (options->parts[BENCH_PART_MEMORY]) {
            snprintf(what, sizeof what, "memory:%s:%s", pages, peer->name);
            good = bench_child_twice(options, what, huge_pages, results) && good;
        }
        if (options->parts[BENCH_PART_SMALL] && !huge_pages) {
            snprintf(what, sizeof what, "small:%s:%s", pages, peer->name);
            good = bench_child_twice(options, what, huge_pages, results) && good;
        }
    }
    return good;
}

static bool no_wrong_answers(const struct bench_results *results)
{
    bool good = true;
    for (size_t i = 0; i < results->count; i++) {
        const struct bench_record *record = &results->records[i];
        bool told = i > 0 && strcmp(results->records[i - 1].map, record->map) == 0;
        if (record->wrong != 0 && !told) {
            printf("\nWRONG ANSWERS from %s (%llu): its figures mean nothing.\n", record->map,
                   (unsigned long long)record->wrong);
        }
        good = good && record->wrong == 0;
    }
    return good;
}

int main(int count, char **arguments)
{
    struct bench_options options;
    bench_arguments = arguments;
    if (!bench_options_parse(&options, count, arguments)) {
        return 2;
    }
    if (options.child != NULL) {
        return child_main(&options, strstr(options.child, ":huge") != NULL) ? 0 : 1;
    }
    bench_print_machine(stdout);
    fflush(stdout);
    struct bench_results results = {NULL, 0, 0};
    bool good = true;
    for (int huge = 0; huge < 2; huge++) {
        if (options.pages[huge]) {
            good = throughput_all(&options, huge == 1, &results) && good;
            good = parts_all(&options, huge == 1, &results) && good;
        }
    }
    bench_print_table(&options, &results);
    good = no_wrong_answers(&results) && good;
    if (options.json != NULL) {
        good = bench_write_json(&options, &results) && good;
    }
    if (options.svg != NULL) {
        good = bench_write_svg(&options, &results) && good;
    }
    if (options.verdict) {
        good = bench_print_verdict(&options, &results) && good;
    }
    free(results.records);
    return good ? 0 : 1;
}
