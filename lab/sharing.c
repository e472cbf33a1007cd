/* SPDX-License-Identifier: MIT
 * sharing.c - the cost of false sharing: two threads, two counters, and the distance between them.
 */
#include "lab/lab.h"
#include "lab/meter.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { AREA_BYTES = 16384 };

static const size_t distances[] = {0, 8, 16, 32, 64, 128, 256, 512, 1024, 4096};
enum {
    DISTANCE_COUNT = sizeof distances / sizeof distances[0],
    FAR = DISTANCE_COUNT - 1,
    MEASUREMENTS = 2 * (DISTANCE_COUNT + 1)
};

struct share {
    unsigned char *area;
    size_t distance;
    bool stores; /* else adds */
};

/* As a counter is written that one thread writes and others may read. */
static void counter_store(_Atomic(uint64_t) *counter, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
        atomic_store_explicit(counter, value + 1, memory_order_relaxed);
        __asm__ volatile("" ::: "memory");
    }
}

static void counter_work(void *context, unsigned member, unsigned count)
{
    const struct share *share = context;
    void *at = share->area + (member == 0 ? 0 : share->distance);
    _Atomic(uint64_t) *counter = at;
    if (share->stores) {
        counter_store(counter, count);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    }
}

/* Nanoseconds of one operation; 0: failed, or the other thread did not get to run. */
static double share_measure(struct thi_lab *lab, struct thi_lab_result *result, struct share *share,
                            unsigned others)
{
    struct thi_lab_meter meter = {.work = counter_work,
                                  .context = share,
                                  .others = others,
                                  .time_ns = lab->slice_ns / MEASUREMENTS};
    thi_lab_progress(lab, "%s, distance %zu", share->stores ? "stores" : "adds", share->distance);
    if (!thi_lab_meter_run(lab, &meter) || meter.operation_ns < 0) {
        return 0;
    }
    result->trials += meter.trials;
    return meter.operation_ns;
}

/* The shortest distance from which on no distance costs a quarter more than the longest one. */
static size_t distance_enough(const double costs_ns[DISTANCE_COUNT])
{
    size_t i = FAR;
    while (i > 0 && costs_ns[i - 1] <= costs_ns[FAR] * 1.25) {
        i--;
    }
    return distances[i];
}

static void kind_judge(const struct thi_lab *lab, struct thi_lab_result *result, const char *name,
                       const double costs_ns[DISTANCE_COUNT])
{
    double worst_ns = 0;
    for (size_t i = 1; i < FAR; i++) {
        worst_ns = costs_ns[i] > worst_ns ? costs_ns[i] : worst_ns;
    }
    size_t enough = distance_enough(costs_ns);
    if (costs_ns[FAR] == 0) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT,
                            "%s: the other thread got no processor to run on; try again when the "
                            "machine is idle",
                            name);
    } else if (enough <= distances[1]) {
        thi_lab_verdict_add(result, TH_LAB_MEASURED,
                            "%s: no distance costs a quarter more than %zu bytes do", name,
                            distances[FAR]);
    } else {
        thi_lab_verdict_add(result, TH_LAB_MEASURED,
                            "%s: counters of two threads disturb each other below %zu bytes (the "
                            "system says that lines have %zu); at worst %.3g ns instead of %.3g, "
                            "%.3g times as long",
                            name, enough, lab->machine.line_bytes, worst_ns, costs_ns[FAR],
                            worst_ns / costs_ns[FAR]);
    }
}

/* Two cells: the time, and how many times that of one thread alone. */
static void cost_cells(struct thi_lab_row *row, double cost_ns, double alone_ns)
{
    if (cost_ns > 0 && alone_ns > 0) {
        thi_lab_cell_number(row, cost_ns);
        thi_lab_cell_number(row, cost_ns / alone_ns);
    } else {
        thi_lab_cell_empty(row);
        thi_lab_cell_empty(row);
    }
}

static void sharing_table(struct thi_lab_result *result, double costs_ns[2][DISTANCE_COUNT],
                          const double alone_ns[2])
{
    static const char *const columns[] = {"distance, bytes",     "adds, ns",
                                          "adds, times alone",   "stores, ns",
                                          "stores, times alone", NULL};
    struct thi_lab_table *table =
        thi_lab_table_add(result, "time of one operation, mean of the middle batches", columns);
    struct thi_lab_row *row = thi_lab_row_add(table);
    thi_lab_cell_text(row, "one thread alone");
    cost_cells(row, alone_ns[0], alone_ns[0]);
    cost_cells(row, alone_ns[1], alone_ns[1]);
    struct thi_lab_plot *plot = &result->plots[0];
    for (size_t i = 0; i < DISTANCE_COUNT; i++) {
        row = thi_lab_row_add(table);
        thi_lab_cell_text(row, distances[i] == 0 ? "%zu: the same word" : "%zu", distances[i]);
        for (size_t kind = 0; kind < 2; kind++) {
            cost_cells(row, costs_ns[kind][i], alone_ns[kind]);
            if (distances[i] != 0 && costs_ns[kind][i] > 0) {
                thi_lab_point_add(&plot->series[kind], (double)distances[i], costs_ns[kind][i]);
            }
        }
    }
}

static void sharing_measure(struct thi_lab *lab, struct thi_lab_result *result, struct share *share)
{
    static const char *const names[2] = {"adds", "stores"};
    double costs_ns[2][DISTANCE_COUNT];
    double alone_ns[2];
    for (size_t kind = 0; kind < 2; kind++) {
        share->stores = kind == 1;
        share->distance = 0;
        alone_ns[kind] = share_measure(lab, result, share, 0);
        for (size_t i = 0; i < DISTANCE_COUNT; i++) {
            share->distance = distances[i];
            costs_ns[kind][i] = share_measure(lab, result, share, 1);
        }
    }
    sharing_table(result, costs_ns, alone_ns);
    for (size_t kind = 0; kind < 2; kind++) {
        kind_judge(lab, result, names[kind], costs_ns[kind]);
    }
}

static void false_sharing_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    if (lab->cpu_count < 2) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT,
                            "two processors are needed at once, and this process has one");
        return;
    }
    struct thi_lab_plot *plot = thi_lab_plot_add(result, TH_LAB_LINES, "false-sharing",
                                                 "Two counters of two threads, by their distance");
    plot->x_title = "distance in bytes";
    plot->y_title = "ns an operation";
    plot->x_log = true;
    plot->y_log = true;
    thi_lab_series_add(plot, "adds");
    thi_lab_series_add(plot, "stores");
    struct share share = {.area = aligned_alloc(AREA_BYTES / 2, AREA_BYTES)};
    if (share.area != NULL) {
        memset(share.area, 0, AREA_BYTES);
        sharing_measure(lab, result, &share);
    } else {
        thi_lab_verdict_add(result, TH_LAB_CANNOT, "no memory");
    }
    free(share.area);
}

const struct thi_lab_experiment thi_lab_false_sharing = {
    .name = "false-sharing",
    .title = "False sharing, by distance",
    .explanation =
        "Processors pass memory to each other by lines. Two counters that have nothing to do with "
        "each other, each written by a thread of its own, fight for the line if they stand in the "
        "same one; some processors fetch lines in pairs, and then even neighbours disturb each "
        "other. Stores suffer less than adds, because a processor that waits for the line goes on "
        "with a few of them waiting.",
    .weight = 5,
    .run = false_sharing_run};
