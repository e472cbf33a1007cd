/* SPDX-License-Identifier: MIT
 * epoch_priv.h - what the files of this room share: the algorithm, its limits, its parts.
 *
 * The algorithm. A domain has an epoch, a number that only grows. A reader announces the epoch it
 * saw when it entered. An object is retired after it was unlinked, and stamped with the epoch of
 * some moment after that. The epoch moves from E to E + 1 when nobody is announced at another epoch
 * than E. An object with stamp S is reclaimed when the epoch is at least S + 3: epoch_advance.c
 * argues why.
 *
 * Guarantees   G1 nothing is reclaimed while a guard is held in which it could be reached.
 *              G2 retiring never fails, never waits and needs no memory.
 *              G3 a member that ended inside a guard is taken as having left.
 * Progress     enter, leave: wait-free after a thread's first. retire: lock-free, of which the
 *              reclaiming part is bounded: a batch. Advancing and reclaiming: any reader may put
 *              them off, no one waits for them.
 * Invariants   I1 the epoch never shrinks, and moves by one at a time.
 *              I2 announced is TH_EPOCH_OUTSIDE exactly while nesting is 0 and no uncounted guard,
 *                 which calls nothing, is open (as the member sees it).
 *              I3 a record is never taken from the domain's list before the domain ends.
 *              I4 limbo: everything in aging[i] has stamp `stamp` - i; everything in `ready` was
 *                 seen at epoch stamp + 3. So four lists suffice whatever the number of objects.
 *              I5 ids of domains are never used twice.
 * Sources      epoch-based reclamation (Fraser); asymmetric barriers as in liburcu and folly;
 *              stamped bags as in crossbeam.
 */
#ifndef TOPHASH_EPOCH_EPOCH_PRIV_H
#define TOPHASH_EPOCH_EPOCH_PRIV_H

#include "epoch/epoch.h"

#include "atomic/atomic.h"
#include "base/base.h"

enum {
    TH_EPOCH_FIRST = 4, /* above TH_EPOCH_OUTSIDE, and so that stamps that age do not wrap */

    TH_EPOCH_LOOK_OBJECTS = 64,      /* retires after which a thread looks at its limbo ... */
    TH_EPOCH_LOOK_BYTES = 64 * 1024, /* ... or bytes retired */
    TH_EPOCH_BATCH_OBJECTS = 128,    /* reclaimed by one look, at most, of each list it visits */
    TH_EPOCH_ADVANCE_OBJECTS = 1024, /* retires after which a look pays for a heavy barrier ... */
    TH_EPOCH_ADVANCE_BYTES = 1024 * 1024, /* ... or bytes */
    TH_EPOCH_HELP_OBJECTS = 4096,         /* waiting at a live member: others help */
    TH_EPOCH_HELP_RECORDS = 8,            /* records a look considers for help */

    TH_EPOCH_CUTS_SHIFT = 48 /* batches_finished: below, their number; above, how many were cut */
};

/* Who may use a record: TAKEN by a member; FREE for the next one, with whatever its limbo holds;
 * LEAVING while a thread that ends puts it in order; GONE: its domain ended first, the thread frees
 * it. */
enum th_epoch_record_state {
    TH_EPOCH_RECORD_FREE,
    TH_EPOCH_RECORD_TAKEN,
    TH_EPOCH_RECORD_LEAVING,
    TH_EPOCH_RECORD_GONE
};

/* epoch_member.c: members come and go. */

/* The calling thread's record; registers the thread if `make`. NULL: it has none (no memory). */
struct th_epoch_handle *thi_epoch_member(struct th_epoch *domain, bool make);
/* Guards the calling thread holds through the fallback. */
uint64_t thi_epoch_fallback_depth(const struct th_epoch *domain);
/* Takes a free record or makes one. NULL: no memory. */
struct th_epoch_handle *thi_epoch_record_take(struct th_epoch *domain);
/* The member leaves; what it retired stays in the record, where others find it. */
void thi_epoch_record_drop(struct th_epoch_handle *record);
void thi_epoch_record_init(struct th_epoch_handle *record, struct th_epoch *domain);
/* Gives back all records but the spare: at the end of a domain. */
void thi_epoch_records_free(struct th_epoch *domain);
/* Decides the barrier, enters the domain in the registry of the process. Idempotent. */
void thi_epoch_domain_start(struct th_epoch *domain);
void thi_epoch_domain_stop(struct th_epoch *domain);

/* epoch_limbo.c: objects between retire and reclaim. */

void thi_epoch_retire(struct th_epoch_handle *record, struct th_epoch_node *node, size_t bytes,
                      void (*reclaim)(struct th_epoch_node *node));
/* For threads without a record. */
void thi_epoch_retire_spare(struct th_epoch *domain, struct th_epoch_node *node, size_t bytes,
                            void (*reclaim)(struct th_epoch_node *node));
/* Reclaims up to objects_max as `runner`: of its own limbo, then of those that need help; advances
 * the epoch once or twice on the way. Returns how many. */
size_t thi_epoch_reclaim(struct th_epoch_handle *runner, size_t objects_max);
/* Takes what is ready from `source`, at most objects_max, and runs it as `runner`. */
size_t thi_epoch_run_batch(struct th_epoch_handle *runner, struct th_epoch_handle *source,
                           size_t objects_max);
/* Stamps what is open and sorts by age. False: another thread is at this limbo. */
bool thi_epoch_limbo_refresh(struct th_epoch_handle *record);
/* True if nothing with a stamp up to `epoch` is left in the record's limbo, as far as can be
 * seen. */
bool thi_epoch_limbo_is_past(struct th_epoch_handle *record, uint64_t epoch);
/* Moves what a cut-off batch left to the open list. */
void thi_epoch_batch_put_back(struct th_epoch_handle *record);
/* Everything, regardless of epochs: the domain ends. */
void thi_epoch_limbo_finish(struct th_epoch *domain, struct th_epoch_handle *runner);
/* The number of the last batch that the record's member has finished, and how many batches of it
 * were ever cut off. */
uint64_t thi_epoch_batches_finished(const struct th_epoch_handle *record, uint64_t *cuts);
void thi_epoch_flush_bytes(struct th_epoch_handle *record);
uint64_t thi_epoch_waiting_objects(const struct th_epoch_handle *record);

/* epoch_advance.c: the epoch moves. */

/* Moves the epoch on by one if nobody stands in its way. Reports stalls. True: it moved, by us or
 * by others. */
bool thi_epoch_advance(struct th_epoch *domain);

TH_INLINE struct th_epoch_handle *thi_epoch_records(const struct th_epoch *domain)
{
    /* acquire @epoch.register: the record's fields before the pointer to it; other side:
     * record_publish(). Without it: a scan reads an unwritten `announced` and passes a reader. */
    return th_ptr_load_acq(&domain->records);
}

#endif
