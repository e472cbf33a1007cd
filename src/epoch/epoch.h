/* SPDX-License-Identifier: MIT
 * epoch.h - the guard, inlined for the rooms above, and the records it works on.
 *
 * Guarantees   those of <tophash/epoch.h>; how they come about: epoch_priv.h.
 * Progress     enter, leave: wait-free after a thread's first.
 * Layout       one record = five cache lines; only the first is written by a guard
 *                0           64           128         192        256        320
 *                | guard,    | totals,    | limbo:    | who it   | stall    |
 *                |  open     |  batch     | 4 lists   |  is      |  watch   |
 */
#ifndef TOPHASH_EPOCH_EPOCH_H
#define TOPHASH_EPOCH_EPOCH_H

#include <tophash/epoch.h>

#include "atomic/atomic.h"
#include "base/base.h"

enum {
    TH_EPOCH_OUTSIDE = 0,        /* announced by who stands in no guard */
    TH_EPOCH_GRACE = 3,          /* epochs between an object's stamp and its reclaim */
    TH_EPOCH_CACHE_SLOTS = 4,    /* other domains a thread finds without a search */
    TH_EPOCH_FALLBACK_SLOTS = 4, /* domains whose fallback a thread can be inside of, tracked */
    TH_EPOCH_NAME_WORDS = 2      /* a thread's name: 16 bytes, as systems have it */
};

/* How readers and reclaimers agree; decided once a domain, before its first enter. */
enum th_epoch_barrier {
    TH_EPOCH_BARRIER_UNDECIDED,
    TH_EPOCH_BARRIER_FENCES,
    TH_EPOCH_BARRIER_ASYMMETRIC
};

struct thi_epoch_list {
    struct th_epoch_node *head;
    struct th_epoch_node *tail; /* valid if head is not NULL */
};

/* A member's record; explicit handles are records too.
 *
 * Access table
 *   field                  readers            writers               guard
 *   announced              acq (scan)         rel, member           edges @epoch.scan, @epoch.leave
 *   nesting, open_tail,    member             member                -
 *     pending_*, unflushed_bytes, since_advance_*, look_epoch, running, reclaiming
 *   open                   -                  cas rel (push),       edge @epoch.open
 *                                             exchange acq
 *   retired_*,             rlx (statistic)    rlx, member           -
 *     reclaimed_*                             (of the spare: add)
 *   batches_begun          rlx (drain)        rlx, member           limbo_lock of who it is from
 *   batches_finished       acq (drain)        rel, member           edge @epoch.batch
 *   ready, aging, stamp    holder of lock     holder of lock        limbo_lock: edge @epoch.limbo
 *   taken_objects          rlx (how long)     rlx, holder of lock   -
 *   state                  acq                cas acq, rel          edge @epoch.claim
 *   next                   after acq of head  before publishing     edge @epoch.register
 *   thread_next            member's thread    member's thread       -
 *   thread_id, name,       rlx                rlx, member           -
 *     is_handle
 *   blocked_*, reported_ns rlx                rlx cas, scanners     -
 *   seen_retired           rlx, helpers       rlx, helpers          -
 */
struct th_epoch_handle {
    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct th_au64 announced;
    struct th_epoch *domain;
    struct th_aptr open; /* retired, without a stamp yet; newest first */
    struct th_epoch_node *open_tail;
    int64_t unflushed_bytes; /* waiting bytes not yet added to the domain's sum */
    uint64_t pending_bytes;
    uint32_t pending_objects;
    uint32_t nesting;
    bool reclaiming; /* callbacks of ours are running */

    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct th_au64 retired_objects;
    struct th_au64 retired_bytes;
    struct th_au64 reclaimed_objects;
    struct th_au64 reclaimed_bytes;
    struct th_au64 batches_begun;
    struct th_au64 batches_finished;
    struct th_epoch_node *running; /* taken from a limbo, callbacks not yet called */
    uint64_t look_epoch;

    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct thi_epoch_list ready;
    struct thi_epoch_list aging[TH_EPOCH_GRACE];

    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct th_epoch_handle *next;
    struct th_epoch_handle *thread_next;
    struct th_au64 thread_id;
    struct th_au64 name[TH_EPOCH_NAME_WORDS];
    struct th_au64 taken_objects; /* ever taken out of this limbo */
    uint64_t domain_id;
    struct th_epoch_handle *help_next; /* where this member's next look helps */

    TH_ALIGNED(TH_CACHE_LINE_BYTES)
    struct th_au64 blocked_epoch; /* announced when it first blocked us */
    struct th_au64 blocked_since_ns;
    struct th_au64 reported_ns; /* last stall report; 0: none for this stall */
    uint64_t since_advance_objects;
    uint64_t since_advance_bytes;
    uint64_t stamp;
    struct th_au32 limbo_lock;
    struct th_au32 state;
    struct th_au32 is_handle;
    struct th_au32 seen_retired; /* retired_objects when a helper last came by; its low half */
};

_Static_assert(sizeof(struct th_epoch_handle) == 5 * TH_CACHE_LINE_BYTES, "a record is five lines");
_Static_assert(offsetof(struct th_epoch_handle, retired_objects) == TH_CACHE_LINE_BYTES,
               "a guard writes the first line only");

/* Access table
 *   field                  readers            writers               guard
 *   epoch                  acq (limbo), rlx   cas rel               edges @epoch.scan,
 *                                                                   @epoch.advance
 *   barrier                rlx                cas, first member     decided before any guard
 *   records                acq                cas rel               edge @epoch.register
 *   fallback_readers       acq (scan)         add rlx, sub rel      edges @epoch.scan, @epoch.leave
 *   sums                   rlx (statistic)    rlx add               -
 *   config, id             all                before it is used     -
 *   registry_next          -                  -                     process lock
 */
struct th_epoch {
    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct th_au64 epoch;
    struct th_au32 barrier;
    bool fences_only;
    uint64_t id;
    uint64_t waiting_bytes_max;
    uint64_t stall_ns;
    void (*on_stall)(void *context, const struct th_epoch_stall *stall);
    void *on_stall_context;

    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct th_aptr records;
    struct th_au64 fallback_readers;
    struct th_au64 fallback_since_ns;
    struct th_au64 fallback_reported_ns;
    struct th_epoch *registry_next;

    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct th_au64 waiting_bytes; /* as flushed by the members */
    struct th_au64 gathered_bytes; /* of them, those of thi_epoch_account() */
    struct th_au64 waiting_bytes_peak;
    struct th_au64 advances;
    struct th_au64 heavy_barriers;
    struct th_au64 stalls;
    struct th_au64 over_cap;
    struct th_au64 abandoned_objects; /* lost to a fork: see thi_epoch_fork_child() */
    struct th_au64 abandoned_bytes;

    struct th_allocator allocator;
    /* The record of those who have none: retires of threads without memory land in it (any thread
     * pushes), and it is their seat, one at a time, when they reclaim. Last in the list of
     * records. */
    struct th_epoch_handle spare;
};

struct thi_epoch_cache_slot {
    uint64_t domain_id;
    struct th_epoch_handle *record;
};

struct thi_epoch_fallback_slot {
    struct th_epoch *domain;
    uint64_t depth;
};

/* What a thread knows of itself. Small: it lives in the part of thread-local storage that needs no
 * call to be found, of which a library that is loaded late may use little. */
struct thi_epoch_thread {
    struct th_epoch_handle *default_record;
    struct th_epoch_handle *default_light; /* the same if announcing needs no fence, or NULL */
    struct th_epoch_handle *memberships;   /* by thread_next, the default one included */
    struct th_epoch_handle *seats;         /* spare records in use by this thread, by thread_next */
    struct thi_epoch_cache_slot cache[TH_EPOCH_CACHE_SLOTS];
    struct thi_epoch_fallback_slot fallback[TH_EPOCH_FALLBACK_SLOTS];
};

#define THI_EPOCH_HIDDEN __attribute__((visibility("hidden")))

/* wasm knows one model only, and its compilers refuse the name of another. */
#ifdef __wasm__
#define THI_EPOCH_TLS
#else
#define THI_EPOCH_TLS __attribute__((tls_model("initial-exec")))
#endif

extern THI_EPOCH_HIDDEN struct th_epoch thi_epoch_default_domain;
extern THI_EPOCH_HIDDEN _Thread_local struct thi_epoch_thread thi_epoch_thread THI_EPOCH_TLS;

/* Enters bytes that wait for the epoch without being retired, behind an object that is, into the
 * domain's account: the sums, the cap and the reports know them then. Below 0: takes them back. */
void thi_epoch_account(struct th_epoch *domain, int64_t bytes);

/* A guard of a thread whose record is not known at once, or which has none. */
void thi_epoch_enter_slow(struct th_epoch *domain);
void thi_epoch_leave_slow(struct th_epoch *domain);

TH_INLINE void thi_epoch_barrier_light(const struct th_epoch *domain)
{
    /* relaxed: decided before the caller became a member, and never changed. */
    if (TH_LIKELY(th_u32_load_rlx(&domain->barrier) == TH_EPOCH_BARRIER_ASYMMETRIC)) {
        /* light @epoch.scan: against heavy @epoch.scan in barrier_heavy(), argued there. */
        th_fence_compiler();
    } else {
        /* seq_cst @epoch.scan: announcement before every read of the guard; against the fence in
         * barrier_heavy(). Needs the total order of fences. Without it: see there. */
        th_fence_sc();
    }
}

TH_INLINE void epoch_announce(struct th_epoch_handle *record, const struct th_epoch *domain)
{
    /* relaxed: an old epoch is harmless, it only holds the epoch up until we leave. */
    uint64_t epoch = th_u64_load_rlx(&domain->epoch);
    /* release @epoch.leave: reads of our guards before this one before the announcement; other
     * side: record_passed(). A scan that sees this store does not see the one of the leave before
     * it. Without it: those reads are not ordered before the reclaim that the scan permits.
     * The other direction, announcement before the reads that follow, is the barrier's: edge
     * @epoch.scan. */
    th_u64_store_rel(&record->announced, epoch);
}

/* Of a record of thi_epoch_record_light(). */
TH_INLINE void thi_epoch_announce_light(struct th_epoch_handle *record)
{
    epoch_announce(record, &thi_epoch_default_domain);
    /* light @epoch.scan: as in thi_epoch_barrier_light(). */
    th_fence_compiler();
}

TH_INLINE void thi_epoch_withdraw(struct th_epoch_handle *record)
{
    /* release @epoch.leave: every read of the guard before the end of the announcement; other side:
     * record_passed(). Without it: a late read meets an object that was reclaimed because we seemed
     * gone. */
    th_u64_store_rel(&record->announced, TH_EPOCH_OUTSIDE);
}

TH_INLINE void thi_epoch_record_enter(struct th_epoch_handle *record)
{
    if (record->nesting++ != 0) {
        return;
    }
    epoch_announce(record, record->domain);
    thi_epoch_barrier_light(record->domain);
}

TH_INLINE void thi_epoch_record_leave(struct th_epoch_handle *record)
{
    if (--record->nesting != 0) {
        return;
    }
    thi_epoch_withdraw(record);
}

/* True if the member stands in a guard. If not, announcing and withdrawing are a guard too, not
 * counted: for a few reads that call nothing. */
TH_INLINE bool thi_epoch_is_inside(const struct th_epoch_handle *record)
{
    return record->nesting != 0;
}

/* The calling thread's record if it is known at once, else NULL. */
TH_INLINE struct th_epoch_handle *thi_epoch_record_quick(const struct th_epoch *domain)
{
    if (TH_LIKELY(domain == &thi_epoch_default_domain)) {
        return thi_epoch_thread.default_record;
    }
    const struct thi_epoch_cache_slot *slot =
        &thi_epoch_thread.cache[domain->id % TH_EPOCH_CACHE_SLOTS];
    return slot->domain_id == domain->id ? slot->record : NULL;
}

/* That of the default domain, if announcing needs no fence there: for thi_epoch_announce_light().
 */
TH_INLINE struct th_epoch_handle *thi_epoch_record_light(void)
{
    return thi_epoch_thread.default_light;
}

/* The guard, inlined for rooms above. `domain` is not NULL. */
TH_INLINE void thi_epoch_enter_inline(struct th_epoch *domain)
{
    struct th_epoch_handle *record = thi_epoch_record_quick(domain);
    if (TH_UNLIKELY(record == NULL)) {
        thi_epoch_enter_slow(domain);
        return;
    }
    thi_epoch_record_enter(record);
}

TH_INLINE void thi_epoch_leave_inline(struct th_epoch *domain)
{
    struct th_epoch_handle *record = thi_epoch_record_quick(domain);
    if (TH_UNLIKELY(record == NULL || record->nesting == 0)) {
        thi_epoch_leave_slow(domain);
        return;
    }
    thi_epoch_record_leave(record);
}

#endif
