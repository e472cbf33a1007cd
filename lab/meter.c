/* SPDX-License-Identifier: MIT
 * meter.c - times a loop in batches, and counts those batches during which the others really ran.
 *
 * On a machine that has other things to do, threads that are to disturb may not run at all; a batch
 * counts as contended only if one of them got on meanwhile. The figure is the mean of the middle
 * batches: one during which the timed thread was stopped does not count.
 */
#include "lab/meter.h"
#include "lab/statistics.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { BATCHES_MAX = 16384, BATCHES_LEAST = 5, BATCH_NS = 30000, BURST = 32, TRIES_MAX = 3 };

/* Of one disturber, on a line of its own: written by it, read between batches. */
struct progress {
    _Alignas(256) _Atomic(uint32_t) bursts;
};

struct metering {
    struct thi_lab_meter *meter;
    double *batches_ns;
    size_t batch_count;
    uint64_t deadline_ns;
    _Alignas(256) atomic_uint stops;
    struct progress progress[TH_LAB_CPUS_MAX];
};

static uint32_t progress_sum(struct metering *metering)
{
    uint32_t sum = 0;
    for (unsigned i = 1; i <= metering->meter->others; i++) {
        sum += atomic_load_explicit(&metering->progress[i].bursts, memory_order_relaxed);
    }
    return sum;
}

/* So many operations that reading the clock does not count. */
static unsigned batch_size(const struct thi_lab_meter *meter)
{
    unsigned size = 16;
    uint64_t took_ns = 0;
    while (took_ns < BATCH_NS && size < (1u << 20)) {
        size *= 2;
        uint64_t start_ns = thi_lab_now_ns();
        meter->work(meter->context, 0, size);
        took_ns = thi_lab_now_ns() - start_ns;
    }
    return size;
}

static void others_work(struct metering *metering, unsigned member)
{
    struct progress *progress = &metering->progress[member];
    uint32_t bursts = 0;
    while (atomic_load_explicit(&metering->stops, memory_order_relaxed) == 0) {
        metering->meter->work(metering->meter->context, member, BURST);
        atomic_store_explicit(&progress->bursts, ++bursts, memory_order_relaxed);
    }
}

static void meter_job(void *context, unsigned member)
{
    struct metering *metering = context;
    struct thi_lab_meter *meter = metering->meter;
    if (member != 0) {
        others_work(metering, member);
        return;
    }
    unsigned size = batch_size(meter);
    uint64_t now_ns;
    do {
        uint32_t before = progress_sum(metering);
        uint64_t start_ns = thi_lab_now_ns();
        meter->work(meter->context, 0, size);
        now_ns = thi_lab_now_ns();
        if (meter->others != 0 && progress_sum(metering) == before) {
            meter->passed_over++;
            continue;
        }
        metering->batches_ns[metering->batch_count++] = (double)(now_ns - start_ns) / size;
        meter->trials += size;
    } while (now_ns < metering->deadline_ns && metering->batch_count < BATCHES_MAX);
    atomic_store_explicit(&metering->stops, 1, memory_order_relaxed);
}

bool thi_lab_meter_run(const struct thi_lab *lab, struct thi_lab_meter *meter)
{
    struct metering *metering = aligned_alloc(_Alignof(struct metering), sizeof *metering);
    double *batches_ns = malloc(BATCHES_MAX * sizeof *batches_ns);
    bool done = metering != NULL && batches_ns != NULL;
    meter->operation_ns = -1;
    /* Once more if the others did not get to run: somebody else may have had a lot to do. */
    for (unsigned i = 0; done && meter->operation_ns < 0 && i < TRIES_MAX; i++) {
        *metering = (struct metering){.meter = meter, .batches_ns = batches_ns};
        metering->deadline_ns = thi_lab_now_ns() + meter->time_ns;
        meter->trials = 0;
        meter->passed_over = 0;
        done = thi_lab_crew_run(lab, 1 + meter->others, false, meter_job, metering);
        meter->operation_ns = metering->batch_count < BATCHES_LEAST
                                  ? -1
                                  : thi_lab_middle_mean(batches_ns, metering->batch_count);
    }
    free(batches_ns);
    free(metering);
    return done;
}
