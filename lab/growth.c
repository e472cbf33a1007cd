/* SPDX-License-Identifier: MIT
 * growth.c - growth jitter: what single inserts and gets take while a table grows from empty.
 *
 * One thread inserts, each insert timed; another, if there is a processor for it, gets keys that
 * are in, each get timed. Time during which the system had taken the thread off its processor is
 * taken out where it matters: behind an operation that took long, the thread's own clock is asked.
 */
#include "lab/lab.h"
#include "lab/statistics.h"
#include "lab/stop_table.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <tophash/map.h>

enum {
    KEYS_MAX = 1 << 22,
    WINDOW_KEYS = 1024,
    WINDOWS = KEYS_MAX / WINDOW_KEYS,
    WORST_COUNT = 4,
    MARK_EVERY = 256,
    SLOW_NS = 10000,
    LOOK_EVERY = 512
};

struct worst {
    uint64_t number; /* of the operation */
    uint64_t own_ns;
    uint64_t off_ns; /* off the processor meanwhile */
};

/* Of one thread. */
struct timing {
    struct thi_lab_histogram histogram;
    struct worst worst[WORST_COUNT];    /* the longest first */
    uint32_t windows_ns[WINDOWS];       /* the longest of each WINDOW_KEYS of the keys */
    uint64_t mark_wall_ns, mark_cpu_ns; /* the two clocks, now and then */
};

struct contender {
    const char *name;
    void *(*make)(void);
    void (*drop)(void *map);
    bool (*put)(void *map, uint64_t key, uint64_t value);
    bool (*get)(void *map, uint64_t key, uint64_t *value);
};

struct growth {
    const struct contender *contender;
    void *map;
    uint64_t seed;
    uint32_t keys; /* to insert */
    uint64_t deadline_ns;
    struct timing *timings; /* [0]: inserts, [1]: gets */
    bool failed;
    uint64_t missing; /* keys that were in and not found */
    _Alignas(128) atomic_uint inserted;
    _Alignas(128) atomic_uint stops;
};

static void *map_make(void)
{
    struct th_map_u64 *map;
    return th_map_u64_new(NULL, &map) == TH_OK ? map : NULL;
}

static void map_drop(void *map)
{
    th_map_u64_free(map);
}

static bool map_put(void *map, uint64_t key, uint64_t value)
{
    return th_map_u64_put(map, key, value, NULL) >= TH_OK;
}

static bool map_get(void *map, uint64_t key, uint64_t *value)
{
    return th_map_u64_get(map, key, value);
}

static void *stop_make(void)
{
    return thi_stop_table_new();
}

static void stop_drop(void *map)
{
    thi_stop_table_free(map);
}

static bool stop_put(void *map, uint64_t key, uint64_t value)
{
    return thi_stop_table_put(map, key, value);
}

static bool stop_get(void *map, uint64_t key, uint64_t *value)
{
    return thi_stop_table_get(map, key, value);
}

static const struct contender contenders[] = {
    {"th_map_u64", map_make, map_drop, map_put, map_get},
    {"stop the world", stop_make, stop_drop, stop_put, stop_get},
};

static uint64_t key_of(uint64_t seed, uint32_t number)
{
    uint64_t state = seed + number * (uint64_t)0x9e3779b97f4a7c15u;
    return thi_lab_random(&state) | 1; /* never 0 */
}

static void timing_mark(struct timing *timing)
{
    timing->mark_wall_ns = thi_lab_now_ns();
    timing->mark_cpu_ns = thi_lab_thread_cpu_ns();
}

/* How much of the last `took_ns` the thread was off its processor, as far as the clocks tell. */
static uint64_t timing_off_ns(struct timing *timing, uint64_t took_ns)
{
    uint64_t wall_ns = timing->mark_wall_ns;
    uint64_t cpu_ns = timing->mark_cpu_ns;
    timing_mark(timing);
    wall_ns = timing->mark_wall_ns - wall_ns;
    cpu_ns = timing->mark_cpu_ns - cpu_ns;
    uint64_t off_ns = wall_ns > cpu_ns ? wall_ns - cpu_ns : 0;
    return off_ns < took_ns ? off_ns : took_ns;
}

static void timing_worst(struct timing *timing, struct worst operation)
{
    for (size_t i = 0; i < WORST_COUNT; i++) {
        if (operation.own_ns > timing->worst[i].own_ns) {
            struct worst displaced = timing->worst[i];
            timing->worst[i] = operation;
            operation = displaced;
        }
    }
}

/* `keys` are in the table. */
static void timing_add(struct timing *timing, uint64_t number, uint64_t took_ns, uint32_t keys)
{
    struct worst operation = {number, took_ns, 0};
    if (took_ns >= SLOW_NS) {
        operation.off_ns = timing_off_ns(timing, took_ns);
        operation.own_ns -= operation.off_ns;
    }
    thi_lab_histogram_add(&timing->histogram, operation.own_ns);
    timing_worst(timing, operation);
    uint32_t *window = &timing->windows_ns[keys / WINDOW_KEYS % WINDOWS];
    uint32_t own_ns = operation.own_ns < UINT32_MAX ? (uint32_t)operation.own_ns : UINT32_MAX;
    *window = own_ns > *window ? own_ns : *window;
}

static void inserts_run(struct growth *growth)
{
    struct timing *timing = &growth->timings[0];
    for (uint32_t i = 0; i < growth->keys; i++) {
        if (i % MARK_EVERY == 0) {
            timing_mark(timing);
        }
        uint64_t key = key_of(growth->seed, i);
        uint64_t start_ns = thi_lab_now_ns();
        if (!growth->contender->put(growth->map, key, i)) {
            growth->failed = true;
            break;
        }
        uint64_t now_ns = thi_lab_now_ns();
        timing_add(timing, i, now_ns - start_ns, i);
        /* release: who reads this number finds the keys below it. */
        atomic_store_explicit(&growth->inserted, i + 1, memory_order_release);
        if (i % LOOK_EVERY == 0 && now_ns >= growth->deadline_ns) {
            break;
        }
    }
    atomic_store_explicit(&growth->stops, 1, memory_order_release);
}

static void gets_run(struct growth *growth)
{
    struct timing *timing = &growth->timings[1];
    uint64_t random = ~growth->seed;
    for (uint64_t n = 0; atomic_load_explicit(&growth->stops, memory_order_acquire) == 0; n++) {
        uint32_t inserted = atomic_load_explicit(&growth->inserted, memory_order_acquire);
        if (inserted == 0) {
            continue;
        }
        if (n % MARK_EVERY == 0 || timing->mark_wall_ns == 0) {
            timing_mark(timing);
        }
        uint32_t number = (uint32_t)(thi_lab_random(&random) % inserted);
        uint64_t value = 0;
        uint64_t start_ns = thi_lab_now_ns();
        bool found = growth->contender->get(growth->map, key_of(growth->seed, number), &value);
        uint64_t took_ns = thi_lab_now_ns() - start_ns;
        growth->missing += !found || value != number;
        timing_add(timing, n, took_ns, inserted - 1);
    }
}

static void growth_job(void *context, unsigned member)
{
    if (member == 0) {
        inserts_run(context);
    } else {
        gets_run(context);
    }
}

static void timing_row(struct thi_lab_table *table, const char *name, const char *operation,
                       const struct timing *timing)
{
    static const double shares[] = {0.5, 0.99, 0.999, 0.9999};
    struct thi_lab_row *row = thi_lab_row_add(table);
    thi_lab_cell_text(row, "%s", name);
    thi_lab_cell_text(row, "%s", operation);
    thi_lab_cell_count(row, timing->histogram.total);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        thi_lab_cell_count(row, thi_lab_histogram_quantile(&timing->histogram, shares[i]));
    }
    thi_lab_cell_count(row, timing->histogram.max);
}

static void worst_rows(struct thi_lab_table *table, const char *name, const struct timing *timing)
{
    for (size_t i = 0; i < WORST_COUNT && timing->worst[i].own_ns != 0; i++) {
        struct thi_lab_row *row = thi_lab_row_add(table);
        thi_lab_cell_text(row, "%s", name);
        thi_lab_cell_count(row, timing->worst[i].number);
        thi_lab_cell_number(row, (double)timing->worst[i].own_ns / 1000);
        thi_lab_cell_number(row, (double)timing->worst[i].off_ns / 1000);
    }
}

/* So many windows to a point that the points fit. */
static void windows_plot(struct thi_lab_series *series, const struct timing *timing)
{
    size_t used = (size_t)timing->histogram.total / WINDOW_KEYS + 1;
    used = used > WINDOWS ? WINDOWS : used;
    size_t step = (used + TH_LAB_POINTS_MAX - 1) / TH_LAB_POINTS_MAX;
    for (size_t i = 0; i < used; i += step) {
        uint32_t longest_ns = 0;
        for (size_t w = i; w < i + step && w < used; w++) {
            longest_ns = timing->windows_ns[w] > longest_ns ? timing->windows_ns[w] : longest_ns;
        }
        if (longest_ns != 0) {
            double middle = (double)i + (double)step / 2;
            thi_lab_point_add(series, middle * WINDOW_KEYS, longest_ns);
        }
    }
}

static void growth_record(struct thi_lab_result *result, const struct growth *growth,
                          unsigned threads)
{
    static const char *const operations[] = {"insert", "get"};
    const char *name = growth->contender->name;
    for (unsigned kind = 0; kind < threads; kind++) {
        const struct timing *timing = &growth->timings[kind];
        timing_row(&result->tables[0], name, operations[kind], timing);
        result->trials += timing->histogram.total;
    }
    worst_rows(&result->tables[1], name, &growth->timings[0]);
    windows_plot(thi_lab_series_add(&result->plots[0], name), &growth->timings[0]);
}

static unsigned growth_keys(const struct growth *growth)
{
    return (unsigned)growth->timings[0].histogram.total;
}

static void growth_judge(struct thi_lab_result *result, const struct growth growths[2],
                         unsigned threads)
{
    static const char *const operations[] = {"insert", "get"};
    for (unsigned kind = 0; kind < threads; kind++) {
        double ours_ns = (double)growths[0].timings[kind].histogram.max;
        double stop_ns = (double)growths[1].timings[kind].histogram.max;
        char ours[TH_LAB_CELL_BYTES], stop[TH_LAB_CELL_BYTES], times[TH_LAB_CELL_BYTES];
        thi_lab_time_text(ours_ns, ours);
        thi_lab_time_text(stop_ns, stop);
        thi_lab_number_text(ours_ns > 0 ? stop_ns / ours_ns : 0, times);
        thi_lab_verdict_add(result, TH_LAB_MEASURED,
                            "worst %s while growing: th_map_u64 %s (to %u keys), a table that "
                            "doubles at once %s (to %u keys), %s times as long",
                            operations[kind], ours, growth_keys(&growths[0]), stop,
                            growth_keys(&growths[1]), times);
    }
    uint64_t missing = growths[0].missing + growths[1].missing;
    if (threads == 2) {
        thi_lab_verdict_add(result, missing == 0 ? TH_LAB_NEVER : TH_LAB_VIOLATED,
                            "a key that was in was not found, or had another value: %llu times",
                            (unsigned long long)missing);
    } else {
        thi_lab_verdict_add(result, TH_LAB_CANNOT,
                            "gets meanwhile: two processors are needed, and this process has one");
    }
}

static bool growth_measure(struct thi_lab *lab, struct thi_lab_result *result,
                           struct timing *timings)
{
    unsigned threads = lab->cpu_count < 2 ? 1 : 2;
    struct growth growths[2];
    memset(growths, 0, sizeof growths);
    for (size_t i = 0; i < 2; i++) {
        struct growth *growth = &growths[i];
        growth->contender = &contenders[i];
        growth->seed = lab->seed;
        growth->timings = &timings[2 * i];
        growth->keys = KEYS_MAX;
        /* The second gets as many keys as the first had time for. */
        growth->deadline_ns = thi_lab_now_ns() + lab->slice_ns / 2;
        if (i == 1) {
            growth->keys = atomic_load_explicit(&growths[0].inserted, memory_order_relaxed);
        }
        thi_lab_progress(lab, "%s", growth->contender->name);
        growth->map = growth->contender->make();
        bool done = growth->map != NULL &&
                    thi_lab_crew_run(lab, threads, false, growth_job, growth) && !growth->failed;
        if (growth->map != NULL) {
            growth->contender->drop(growth->map);
        }
        if (!done) {
            return false;
        }
        growth_record(result, growth, threads);
    }
    growth_judge(result, growths, threads);
    return true;
}

static void growth_jitter_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    static const char *const columns[] = {"table",      "operation", "trials",
                                          "p50, ns",    "p99, ns",   "p99.9, ns",
                                          "p99.99, ns", "worst, ns", NULL};
    static const char *const worst_columns[] = {"table", "insert number", "took, us",
                                                "off the processor, us", NULL};
    thi_lab_table_add(result, "time of one operation while growing from empty", columns);
    thi_lab_table_add(result, "the worst inserts", worst_columns);
    struct thi_lab_plot *plot = thi_lab_plot_add(result, TH_LAB_LINES, "growth-jitter",
                                                 "Worst inserts while growing from empty");
    plot->x_title = "keys in the table";
    plot->y_title = "the longest one, ns";
    plot->y_log = true;
    struct timing *timings = calloc(4, sizeof *timings);
    if (timings == NULL || !growth_measure(lab, result, timings)) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT, "memory or threads refused");
    }
    free(timings);
    thi_lab_note_add(result,
                     "Times contain reading the clock twice, and the page faults of memory that is "
                     "used for the first time (see first-touch). Time during which the system gave "
                     "the processor to somebody else is taken out of operations that took 10 us or "
                     "more, and shown beside the worst; what a host took from a virtual machine "
                     "cannot be.");
}

const struct thi_lab_experiment thi_lab_growth_jitter = {
    .name = "growth-jitter",
    .title = "Growth jitter",
    .explanation =
        "A table that is full must grow. One that copies everything at once makes one insert wait "
        "for all of it, and with it everybody who needs the lock; the more it holds, the longer. "
        "th_map_u64 splits one group of some hundred entries at a time, and readers do not wait. "
        "Averages hide the difference; the worst operations show it.",
    .weight = 9,
    .run = growth_jitter_run};
