/* SPDX-License-Identifier: MIT
 * trace.c - counts events and fires their probes.
 *
 * Guarantees   G1 every event is counted exactly once, whatever threads race.
 *              G2 each event has a USDT probe of its own (provider `tophash`, named as
 *              thi_event_name() says, with underscores) where the system has <sys/sdt.h>: one no-op
 *              instruction until somebody attaches.
 * Progress     wait-free.
 * Layout       one counter a cache line: an event that storms does not slow another one.
 * Sources      statically defined probes as SystemTap and bpftrace read them.
 */
#include "trace/trace.h"

#include "atomic/atomic.h"

#ifdef TH_HAVE_SDT
#include <sys/sdt.h>
#ifdef __clang__ /* the system's macros rely on empty variable arguments, a GNU extension */
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif
#define THI_TRACE_PROBE(name, a, b) DTRACE_PROBE2(tophash, name, a, b)
#else
#define THI_TRACE_PROBE(name, a, b) ((void)(a), (void)(b))
#endif

/* Access table: count - readers relaxed, writers relaxed add, no guard. */
struct event_counter {
    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct th_au64 count;
};

static struct event_counter counters[THI_EVENT_COUNT];

static const char *const names[THI_EVENT_COUNT] = {
    [THI_EVENT_GROWTH_BEGIN] = "growth_begin",
    [THI_EVENT_GROWTH_STEP] = "growth_step",
    [THI_EVENT_GROWTH_END] = "growth_end",
    [THI_EVENT_SPLIT] = "split",
    [THI_EVENT_MERGE] = "merge",
    [THI_EVENT_UPGRADE] = "upgrade",
    [THI_EVENT_GROWTH_ENOMEM] = "growth_enomem",
    [THI_EVENT_RETIRE_BATCH] = "retire_batch",
    [THI_EVENT_RECLAIM] = "reclaim",
    [THI_EVENT_STALL] = "stall",
    [THI_EVENT_WAIT] = "wait",
};

/* A probe's name is part of its instruction's note, so each needs a call site of its own. */
static void probe_fire(enum thi_event event, uintptr_t a, uint64_t b)
{
    switch (event) {
    case THI_EVENT_GROWTH_BEGIN: THI_TRACE_PROBE(growth_begin, a, b); break;
    case THI_EVENT_GROWTH_STEP: THI_TRACE_PROBE(growth_step, a, b); break;
    case THI_EVENT_GROWTH_END: THI_TRACE_PROBE(growth_end, a, b); break;
    case THI_EVENT_SPLIT: THI_TRACE_PROBE(split, a, b); break;
    case THI_EVENT_MERGE: THI_TRACE_PROBE(merge, a, b); break;
    case THI_EVENT_UPGRADE: THI_TRACE_PROBE(upgrade, a, b); break;
    case THI_EVENT_GROWTH_ENOMEM: THI_TRACE_PROBE(growth_enomem, a, b); break;
    case THI_EVENT_RETIRE_BATCH: THI_TRACE_PROBE(retire_batch, a, b); break;
    case THI_EVENT_RECLAIM: THI_TRACE_PROBE(reclaim, a, b); break;
    case THI_EVENT_STALL: THI_TRACE_PROBE(stall, a, b); break;
    case THI_EVENT_WAIT: THI_TRACE_PROBE(wait, a, b); break;
    case THI_EVENT_COUNT: break;
    }
}

void thi_trace(enum thi_event event, uintptr_t a, uint64_t b)
{
    TH_DEBUG_ASSERT((unsigned)event < THI_EVENT_COUNT);
    /* relaxed: statistic; thi_trace_count() promises no order. */
    th_u64_add_rlx(&counters[event].count, 1);
    probe_fire(event, a, b);
}

uint64_t thi_trace_count(enum thi_event event)
{
    /* relaxed: statistic, may be stale by what other threads count meanwhile. */
    return (unsigned)event < THI_EVENT_COUNT ? th_u64_load_rlx(&counters[event].count) : 0;
}

const char *thi_event_name(enum thi_event event)
{
    return (unsigned)event < THI_EVENT_COUNT ? names[event] : "unknown event";
}
