/* SPDX-License-Identifier: MIT
 * analysis.h - what a reader needs of a recorded execution: which events, in which order, what is
 *              odd about them, and which ordering is missing.
 *
 * Layout       arrays indexed by event have record->event_count members.
 */
#ifndef TOPHASH_REPORT_ANALYSIS_H
#define TOPHASH_REPORT_ANALYSIS_H

#include "report/record.h"

enum thi_edge_kind {
    TH_EDGE_NONE,   /* no memory order is to blame: any machine may run the table as it stands */
    TH_EDGE_BROKEN, /* `path` leads from `from` to `to`, and some of its reads do not synchronise */
    TH_EDGE_MISSING, /* no read of a value leads from `from` to `to` at all */
    TH_EDGE_CYCLE    /* `path` is a cycle that only sequential consistency forbids */
};

enum thi_hop_kind {
    TH_HOP_ORDERED, /* happens before */
    TH_HOP_READ,    /* `to` reads the value of `from`, or of an update that follows it; no order */
    TH_HOP_PROGRAM, /* of a cycle: program order */
    TH_HOP_FROM,    /* of a cycle: `to` reads the value of `from` */
    TH_HOP_OLDER    /* of a cycle: `from` reads or writes what `to` overwrites */
};

struct thi_hop {
    enum thi_hop_kind kind;
    uint32_t from, to;
    /* READ: what keeps it from synchronising. */
    bool weak_write;     /* `from` is no release, and no release fence stands where it must */
    bool weak_read;      /* `to` is no acquire, and no acquire fence stands where it must */
    bool old_sequence;   /* C11 would let an earlier release store of the thread stand for `from` */
    uint32_t idle_fence; /* a fence of the right kind at the wrong place, or NONE */
    /* PROGRAM: a seq_cst fence that stands between, or NONE. */
    uint32_t fence;
};

enum { TH_HOPS_MAX = 16 };

struct thi_edge {
    enum thi_edge_kind kind;
    uint32_t from,
        to; /* needed: `from` happens before `to` (CYCLE: `to` misses the write `from`) */
    struct thi_hop path[TH_HOPS_MAX];
    size_t hop_count;
};

struct thi_analysis {
    const struct thi_record *record;
    uint32_t *steps; /* the events that are shown, in the order of the table */
    size_t step_count;
    size_t cut_count;   /* events of the execution that are not shown */
    uint32_t *number;   /* by event: its number in the table, from 1; 0: not shown */
    uint32_t *position; /* by event: its place in the order, shown or not; NONE: not needed */
    uint32_t *skipped;  /* by event: the newest write a read passed over; NONE: none */
    uint32_t *late;     /* by event: an earlier step that a write's value stands behind; NONE */
    bool *setup;        /* by event: comes before all that other threads do */
    struct thi_edge edge;
    struct thi_edge cause; /* edge MISSING: what let it come to that, if a stale read did */
};

/* False: out of memory, and nothing to undo. `record` must outlive the analysis. */
bool thi_analysis_init(struct thi_analysis *analysis, const struct thi_record *record);
void thi_analysis_fini(struct thi_analysis *analysis);

/* Parts of it: the choice of events (select.c), their order (order.c), the edge (edge.c). */
void thi_analysis_select(struct thi_analysis *analysis, bool *needed, bool *shown);
bool thi_analysis_order(struct thi_analysis *analysis, const bool *needed);
bool thi_analysis_edge(struct thi_analysis *analysis);

/* The same bytes; some of the same bytes. */
bool thi_same_location(const struct thi_record_event *a, const struct thi_record_event *b);
bool thi_overlap(const struct thi_record_event *a, const struct thi_record_event *b);
bool thi_is_write(const struct thi_record_event *event); /* of a value: WRITE, UPDATE */
bool thi_is_read(const struct thi_record_event *event);  /* READ, UPDATE, AWAIT */
bool thi_is_acquire(enum thi_record_order order);
bool thi_is_release(enum thi_record_order order);
bool thi_is_atomic(const struct thi_record_event *event); /* an atomic access, not a fence */
/* Place in modification order of what a read has read; NONE: not known. */
uint32_t thi_source_position(const struct thi_record *record, const struct thi_record_event *event);

#endif
