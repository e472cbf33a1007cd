/* SPDX-License-Identifier: MIT
 * bench.h - what the files of the harness share: options, results, and who makes which.
 *
 * The program runs each measurement in a child process of its own (the same program with --child),
 * so that page size, allocator state and memory of one cannot reach another. Children send records
 * of one size through a pipe.
 */
#ifndef TOPHASH_BENCH_BENCH_H
#define TOPHASH_BENCH_BENCH_H

#include "peer.h"

#include <stdio.h>

#define BENCH_PEERS_MAX 32u
#define BENCH_LIST_MAX 8u
#define BENCH_ROUNDS_MAX 64u
#define BENCH_SIZES_MAX 20u
#define BENCH_QUANTILES 4u /* p50, p99, p99.9, p99.99 */
#define BENCH_SMALL_SIZES 5u

enum bench_part { BENCH_PART_GROWTH, BENCH_PART_MEMORY, BENCH_PART_SMALL, BENCH_PARTS };

struct bench_options {
    const char *maps; /* their names; NULL: the usual ones, and all from outside */
    const struct bench_peer *peers[BENCH_PEERS_MAX];
    size_t peer_count;
    uint64_t keys[BENCH_LIST_MAX];
    size_t keys_count;
    unsigned threads[BENCH_LIST_MAX];
    size_t threads_count;
    bool workloads[BENCH_WORKLOADS];
    bool parts[BENCH_PARTS];
    bool pages[2]; /* [0]: 4 KiB, [1]: huge */
    unsigned rounds;
    unsigned slice_ms;
    unsigned warm_ms;
    uint64_t grow_keys;
    unsigned grow_runs;
    uint64_t memory_keys; /* the largest size of the memory measurement */
    const char *json;
    const char *svg;
    bool verdict;
    bool quiet;
    const char *child; /* in a child: what it is to do */
    int child_fd;
};

enum bench_kind { BENCH_CELL, BENCH_GROWTH, BENCH_MEMORY, BENCH_SMALL };

/* Million operations a second, one figure a round. */
struct bench_cell {
    uint32_t workload;
    uint32_t rounds;
    double cpu[BENCH_ROUNDS_MAX];  /* per CPU-second of the workers, summed over threads */
    double wall[BENCH_ROUNDS_MAX]; /* per second of the wall clock */
};

struct bench_growth {
    uint32_t run;
    uint32_t timed; /* 0: only the two rates below hold */
    double cpu_mops;
    double wall_mops;
    double quantile_ns[BENCH_QUANTILES]; /* of own CPU time */
    double max_ns;
    double window_mean_ns[BENCH_WINDOWS];
    double window_max_ns[BENCH_WINDOWS];
    uint32_t outlier_count;
    struct bench_outlier outliers[BENCH_OUTLIERS]; /* the worst first */
};

struct bench_memory {
    uint32_t sizes;
    uint64_t entries[BENCH_SIZES_MAX];
    double bytes_per_entry[BENCH_SIZES_MAX];
    double peak_ratio[BENCH_SIZES_MAX]; /* highest ever RSS over RSS now */
};

struct bench_small {
    int64_t bytes[BENCH_SMALL_SIZES]; /* -1: cannot be told */
};

struct bench_record {
    uint32_t kind;
    uint32_t huge_pages;
    char map[24];
    uint64_t keys;
    uint32_t threads;
    uint64_t wrong; /* above 0: some map gave wrong answers */
    union {
        struct bench_cell cell;
        struct bench_growth growth;
        struct bench_memory memory;
        struct bench_small small;
    } as;
};

struct bench_results {
    struct bench_record *records;
    size_t count;
    size_t capacity;
};

struct bench_spread {
    double median;
    double low; /* quartiles */
    double high;
};

extern const char *const bench_workload_names[BENCH_WORKLOADS];
extern const char *const bench_part_names[BENCH_PARTS];
extern const uint64_t bench_small_sizes[BENCH_SMALL_SIZES];

/* options.c: false, with the reason printed, if they cannot be meant. */
bool bench_options_parse(struct bench_options *options, int count, char **arguments);
void bench_options_usage(FILE *out);
/* All peers of this build, then those from outside, then NULL; the names of those that were not
 * built, with why. */
extern const struct bench_peer *bench_all_peers[BENCH_PEERS_MAX + 1];
extern const char *const bench_missing_peers[];
const struct bench_peer *bench_peer_by_name(const char *name);
bool bench_peer_is_outside(const struct bench_peer *peer);

/* plugin.c: the peer of a shared object; NULL, with the reason printed, if none fits. */
const struct bench_peer *bench_plugin_load(const char *file);

/* pool.c: worker threads, each kept on a core of its own where there are enough. */
struct bench_pool;
struct bench_pool *bench_pool_new(unsigned threads);
void bench_pool_run(struct bench_pool *pool, void (*job)(void *context, unsigned thread),
                    void *context);
void bench_pool_free(struct bench_pool *pool);
void bench_pin(unsigned thread);
unsigned bench_core_of(unsigned thread);

/* warm.c: so many bytes that the host has given, for the threads that allocate next, on the cores
 * that they are kept on. NULL: no memory. */
struct bench_warm;
struct bench_warm *bench_warm_new(size_t bytes, unsigned threads);
void bench_warm_free(struct bench_warm *warm);

/* Children: what each measures, and how it reports. False: failed, said why. */
bool bench_run_throughput(const struct bench_options *options, bool huge_pages, uint64_t keys);
bool bench_run_growth(const struct bench_options *options, const struct bench_peer *peer,
                      bool huge_pages, unsigned threads, bool timed);
bool bench_run_memory(const struct bench_options *options, const struct bench_peer *peer,
                      bool huge_pages);
bool bench_run_small(const struct bench_options *options, const struct bench_peer *peer);
int64_t bench_small_tophash(const char *kind, uint64_t entries); /* kind: u32, u64, bytes */
bool bench_send(const struct bench_options *options, const struct bench_record *record);
uint64_t bench_grow_keys_of(const struct bench_options *options);

/* child.c: starts a child for `what` and gathers its records. */
bool bench_child(const struct bench_options *options, const char *what, bool huge_pages,
                 struct bench_results *results);
/* The same, and once more if it failed: for measurements of one map, which may hang. */
bool bench_child_twice(const struct bench_options *options, const char *what, bool huge_pages,
                       struct bench_results *results);
extern char **bench_arguments; /* of this process, for its children */

/* results.c */
bool bench_results_add(struct bench_results *results, const struct bench_record *record);
struct bench_spread bench_spread_of(const double *values, size_t count);
const struct bench_record *bench_find_cell(const struct bench_results *results, const char *map,
                                           bool huge_pages, uint64_t keys, unsigned threads,
                                           unsigned workload);
/* Part over whole, round by round, which takes out what the machine did to both: median and
 * quartiles. "ahead": above 1 from the lower quartile on; "behind": below 1 up to the upper one;
 * else "tie". */
struct bench_spread bench_ratio_of(const struct bench_record *part,
                                   const struct bench_record *whole);
const char *bench_standing(struct bench_spread ratio);
/* The first of our maps in the contest, or NULL. */
const char *bench_ours(const struct bench_options *options);
/* Median per CPU-second; 0 where it was not measured. */
double bench_cell_mops(const struct bench_record *record);
const char *bench_keys_text(uint64_t keys, char text[24]);

/* Where the results go. */
void bench_print_machine(FILE *out);
void bench_json_machine(FILE *out, int depth);
void bench_print_table(const struct bench_options *options, const struct bench_results *results);
bool bench_write_json(const struct bench_options *options, const struct bench_results *results);
bool bench_write_svg(const struct bench_options *options, const struct bench_results *results);
/* verdict.c: the promises, each with what was measured. Returns how many lines there are. */
#define BENCH_JUDGEMENTS_MAX 128u
enum bench_outcome { BENCH_KEPT, BENCH_BROKEN, BENCH_UNKNOWN, BENCH_SHORT };
struct bench_judgement {
    char what[128];
    double is;
    double bound;
    bool at_most;
    enum bench_outcome outcome;
};
size_t bench_judge(const struct bench_options *options, const struct bench_results *results,
                   struct bench_judgement lines[BENCH_JUDGEMENTS_MAX]);
extern const char *const bench_outcome_names[];
/* Prints them; false if one is broken. */
bool bench_print_verdict(const struct bench_options *options, const struct bench_results *results);
/* What a single insert may take of own time. */
uint64_t bench_growth_bound_ns(unsigned threads);
bool bench_explained(const struct bench_outlier *outlier, bool huge_pages, uint64_t bound_ns);

#endif
