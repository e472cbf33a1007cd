/* SPDX-License-Identifier: MIT
 * trace.h - events of the slow paths: a counter each and a USDT probe each. Emit only.
 */
#ifndef TOPHASH_TRACE_TRACE_H
#define TOPHASH_TRACE_TRACE_H

#include "base/base.h"

enum thi_event {
    THI_EVENT_GROWTH_BEGIN,  /* a, b: map, groups before */
    THI_EVENT_GROWTH_STEP,   /* map, group index that was split */
    THI_EVENT_GROWTH_END,    /* map, groups now */
    THI_EVENT_SPLIT,         /* map, entries moved */
    THI_EVENT_MERGE,         /* map, entries moved */
    THI_EVENT_UPGRADE,       /* map, cells now */
    THI_EVENT_GROWTH_ENOMEM, /* map, bytes refused */
    THI_EVENT_RETIRE_BATCH,  /* domain, objects */
    THI_EVENT_RECLAIM,       /* domain, objects */
    THI_EVENT_STALL,         /* thread id, ns */
    THI_EVENT_WAIT,          /* address waited for, rounds */
    THI_EVENT_COUNT
};

/* Counts the event and fires its probe. Slow paths only. Relaxed counting, wait-free. */
void thi_trace(enum thi_event event, uintptr_t a, uint64_t b);

/* How often since the process started. */
uint64_t thi_trace_count(enum thi_event event);
const char *thi_event_name(enum thi_event event);

#endif
