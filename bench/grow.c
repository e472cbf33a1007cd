/* SPDX-License-Identifier: MIT
 * grow.c - growth from empty, every insert timed, and why the slow ones were slow.
 *
 * An insert slower than SLOW_NS is looked at: the time its thread was off its core (preempted) is
 * taken from it; page faults, switches and steal since the last look are noted. A look is taken at
 * least every 64 inserts, so what is noted belongs to the slow insert or to one shortly before it.
 * Steal is what the hypervisor reports, in steps of 10 ms; it is read for operations above
 * STEAL_LOOK_NS only, since reading it takes tens of microseconds.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SLOW_NS 10000u
#define STEAL_LOOK_NS 200000u
#define WARM_BYTES_PER_ENTRY 96u /* what most maps have at the end of a doubling, and more */
#define STEAL_UNKNOWN UINT64_MAX

static uint64_t steal_ns(unsigned thread)
{
    FILE *file = fopen("/proc/stat", "r");
    if (file == NULL) {
        return STEAL_UNKNOWN;
    }
    char wanted[24];
    char line[512];
    unsigned long long steal = 0;
    snprintf(wanted, sizeof wanted, "cpu%u ", bench_core_of(thread));
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        found = strncmp(line, wanted, strlen(wanted)) == 0 &&
                sscanf(line, "%*s %*u %*u %*u %*u %*u %*u %*u %llu", &steal) == 1;
    }
    fclose(file);
    return found ? steal * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK)) : STEAL_UNKNOWN;
}

/* Keeps the worst, sorted by own time. */
static void outlier_add(struct bench_grow *grow, const struct bench_outlier *outlier)
{
    size_t at = grow->outlier_count;
    if (at == BENCH_OUTLIERS) {
        if (grow->outliers[at - 1].own_ns >= outlier->own_ns) {
            return;
        }
        at--;
    } else {
        grow->outlier_count++;
    }
    while (at > 0 && grow->outliers[at - 1].own_ns < outlier->own_ns) {
        grow->outliers[at] = grow->outliers[at - 1];
        at--;
    }
    grow->outliers[at] = *outlier;
}

uint64_t bench_grow_look(struct bench_grow *grow, uint64_t number, uint64_t ticks)
{
    struct rusage usage;
    uint64_t wall_ns = bench_wall_ns();
    uint64_t cpu_ns = bench_cpu_ns();
    (void)getrusage(RUSAGE_THREAD, &usage);
    uint64_t own_ns = 0;
    if (ticks != 0) {
        struct bench_outlier outlier = {.number = number};
        uint64_t wall_passed = wall_ns - grow->checkpoint_wall_ns;
        uint64_t cpu_passed = cpu_ns - grow->checkpoint_cpu_ns;
        outlier.wall_ns = (uint64_t)((double)ticks / grow->ticks_per_ns);
        outlier.off_cpu_ns = wall_passed > cpu_passed ? wall_passed - cpu_passed : 0;
        if (outlier.off_cpu_ns > outlier.wall_ns) {
            outlier.off_cpu_ns = outlier.wall_ns;
        }
        own_ns = outlier.wall_ns - outlier.off_cpu_ns;
        outlier.own_ns = own_ns;
        outlier.minor_faults = (uint64_t)usage.ru_minflt - grow->checkpoint_minor;
        outlier.major_faults = (uint64_t)usage.ru_majflt - grow->checkpoint_major;
        outlier.involuntary = (uint64_t)usage.ru_nivcsw - grow->checkpoint_involuntary;
        if (own_ns > STEAL_LOOK_NS && grow->checkpoint_steal_ns != STEAL_UNKNOWN) {
            uint64_t steal = steal_ns(grow->thread);
            outlier.steal_ns = steal - grow->checkpoint_steal_ns;
            grow->checkpoint_steal_ns = steal;
        }
        grow->own_max_ns = own_ns > grow->own_max_ns ? own_ns : grow->own_max_ns;
        outlier_add(grow, &outlier);
        wall_ns = bench_wall_ns();
        cpu_ns = bench_cpu_ns();
    }
    grow->checkpoint_wall_ns = wall_ns;
    grow->checkpoint_cpu_ns = cpu_ns;
    grow->checkpoint_minor = (uint64_t)usage.ru_minflt;
    grow->checkpoint_major = (uint64_t)usage.ru_majflt;
    grow->checkpoint_involuntary = (uint64_t)usage.ru_nivcsw;
    return own_ns;
}

/* ---------------------------------------------------------------- a run */

struct growth_run {
    const struct bench_peer *peer;
    unsigned threads;
    struct bench_grow grows[BENCH_THREADS_MAX];
};

static void grow_job(void *context, unsigned thread)
{
    struct growth_run *run = context;
    struct bench_grow *grow = &run->grows[thread];
    run->peer->enter(grow->map);
    grow->checkpoint_steal_ns = steal_ns(thread);
    run->peer->grow(grow);
    run->peer->leave(grow->map);
}

static double ticks_per_ns(void)
{
    uint64_t wall_ns = bench_wall_ns();
    uint64_t ticks = bench_ticks();
    usleep(50000);
    return (double)(bench_ticks() - ticks) / (double)(bench_wall_ns() - wall_ns);
}

static double bucket_ticks(size_t bucket)
{
    if (bucket < BENCH_SUBBUCKETS) {
        return (double)bucket;
    }
    return (double)((uint64_t)(64 + (bucket & 63)) << ((bucket >> 6) - 1));
}

static void quantiles(const uint32_t *histogram, uint64_t count, double per_ns,
                      double quantile_ns[BENCH_QUANTILES])
{
    static const double shares[BENCH_QUANTILES] = {0.5, 0.99, 0.999, 0.9999};
    uint64_t passed = 0;
    unsigned next = 0;
    for (size_t i = 0; i < BENCH_BUCKETS && next < BENCH_QUANTILES; i++) {
        passed += histogram[i];
        while (next < BENCH_QUANTILES && (double)passed >= shares[next] * (double)count) {
            quantile_ns[next++] = bucket_ticks(i) / per_ns;
        }
    }
}

static int compare_outliers(const void *left, const void *right)
{
    const struct bench_outlier *a = left;
    const struct bench_outlier *b = right;
    return (a->own_ns < b->own_ns) - (a->own_ns > b->own_ns);
}

static void outliers_merge(const struct growth_run *run, struct bench_growth *growth)
{
    struct bench_outlier all[BENCH_OUTLIERS * BENCH_THREADS_MAX];
    size_t count = 0;
    for (unsigned i = 0; i < run->threads; i++) {
        for (size_t j = 0; j < run->grows[i].outlier_count; j++) {
            all[count++] = run->grows[i].outliers[j];
        }
    }
    qsort(all, count, sizeof *all, compare_outliers);
    growth->outlier_count = (uint32_t)(count < BENCH_OUTLIERS ? count : BENCH_OUTLIERS);
    memcpy(growth->outliers, all, growth->outlier_count * sizeof *all);
    growth->max_ns = count > 0 ? (double)all[0].own_ns : 0;
}

/* Of all threads, window by window. */
static void windows_merge(const struct growth_run *run, struct bench_growth *growth)
{
    for (size_t w = 0; w < BENCH_WINDOWS; w++) {
        uint64_t ticks = 0;
        uint64_t max_ticks = 0;
        uint64_t count = 0;
        for (unsigned i = 0; i < run->threads; i++) {
            const struct bench_grow *grow = &run->grows[i];
            ticks += grow->window_sum_ticks[w];
            if (grow->window_max_ticks[w] > max_ticks) {
                max_ticks = grow->window_max_ticks[w];
            }
            count += grow->count / BENCH_WINDOWS;
        }
        double per_ns = run->grows[0].ticks_per_ns;
        growth->window_mean_ns[w] = (double)ticks / per_ns / (double)(count > 0 ? count : 1);
        growth->window_max_ns[w] = (double)max_ticks / per_ns;
    }
}

static bool growth_send(const struct bench_options *options, struct growth_run *run,
                        bool huge_pages, bool timed, uint64_t wrong)
{
    struct bench_record record = {.kind = BENCH_GROWTH,
                                  .huge_pages = huge_pages,
                                  .keys = options->grow_keys,
                                  .threads = run->threads,
                                  .wrong = wrong};
    struct bench_growth *growth = &record.as.growth;
    double cpu_ns = 0;
    double wall_ns = 0;
    uint64_t count = 0;
    for (unsigned i = 0; i < run->threads; i++) {
        cpu_ns += (double)run->grows[i].cpu_ns;
        wall_ns = (double)run->grows[i].wall_ns > wall_ns ? (double)run->grows[i].wall_ns : wall_ns;
        count += run->grows[i].count;
        record.wrong += run->grows[i].wrong;
    }
    snprintf(record.map, sizeof record.map, "%s", run->peer->name);
    growth->timed = timed;
    growth->cpu_mops = (double)count / cpu_ns * 1e3 * run->threads;
    growth->wall_mops = (double)count / wall_ns * 1e3;
    if (timed) {
        for (unsigned i = 1; i < run->threads; i++) {
            for (size_t b = 0; b < BENCH_BUCKETS; b++) {
                run->grows[0].histogram[b] += run->grows[i].histogram[b];
            }
        }
        quantiles(run->grows[0].histogram, count, run->grows[0].ticks_per_ns, growth->quantile_ns);
        outliers_merge(run, growth);
        windows_merge(run, growth);
    }
    return bench_send(options, &record) && record.wrong == 0;
}

static bool growth_prepare(struct growth_run *run, void *map, uint64_t keys, bool timed)
{
    double per_ns = ticks_per_ns();
    for (unsigned i = 0; i < run->threads; i++) {
        uint64_t from = keys * i / run->threads;
        uint64_t to = keys * (i + 1) / run->threads;
        run->grows[i] = (struct bench_grow){
            .map = map,
            .thread = i,
            .first = from,
            .count = to - from,
            .timed = timed,
            .ticks_per_ns = per_ns,
            .slow_ticks = (uint64_t)(SLOW_NS * per_ns),
            .histogram = calloc(BENCH_BUCKETS, sizeof(uint32_t)),
        };
        if (run->grows[i].histogram == NULL) {
            return false;
        }
    }
    return true;
}

bool bench_run_growth(const struct bench_options *options, const struct bench_peer *peer,
                      bool huge_pages, unsigned threads, bool timed)
{
    struct bench_setup setup = {.huge_pages = huge_pages};
    struct growth_run *run = calloc(1, sizeof *run);
    void *map = NULL;
    struct bench_pool *pool = bench_pool_new(threads);
    bool good = false;
    if (run == NULL || peer == NULL || pool == NULL) {
        goto fail;
    }
    run->peer = peer;
    run->threads = threads;
    map = peer->make(&setup);
    if (map == NULL || !growth_prepare(run, map, options->grow_keys, timed)) {
        fprintf(stderr, "%s: no memory\n", peer->name);
        goto fail;
    }
    struct bench_warm *warm = bench_warm_new(options->grow_keys * WARM_BYTES_PER_ENTRY, threads);
    bench_pool_run(pool, grow_job, run);
    bench_warm_free(warm);
    peer->enter(map);
    uint64_t wrong = peer->verify(map, 0, options->grow_keys, 97);
    peer->leave(map);
    good = growth_send(options, run, huge_pages, timed, wrong);
    peer->discard(map);
fail:
    for (unsigned i = 0; run != NULL && i < threads; i++) {
        free(run->grows[i].histogram);
    }
    if (pool != NULL) {
        bench_pool_free(pool);
    }
    free(run);
    return good;
}

uint64_t bench_growth_bound_ns(unsigned threads)
{
    return threads == 1 ? 300000 : 1000000;
}

/* A slow operation is explained if what the kernel and the hypervisor took leaves under the bound.
 * The shares are generous means: a 4 KiB fault takes 0.5 to 3 us, a huge one up to 400 us. */
bool bench_explained(const struct bench_outlier *outlier, bool huge_pages, uint64_t bound_ns)
{
    uint64_t taken = outlier->minor_faults * (huge_pages ? 400000u : 3000u) +
                     outlier->major_faults * 5000000u + outlier->steal_ns;
    return outlier->own_ns < bound_ns + taken;
}
