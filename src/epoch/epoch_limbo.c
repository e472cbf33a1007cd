/* SPDX-License-Identifier: MIT
 * epoch_limbo.c - retired objects on their way: open, stamped, ready, reclaimed.
 *
 * A retired object is pushed on the `open` list of its record, by the member alone. From time to
 * time somebody (mostly the member, but anybody may) takes the limbo lock of the record, takes the
 * open list as a whole, gives it a stamp, sorts by age, and detaches a bounded batch of what is
 * ready. The lock is only ever tried, and no callback runs under it: a thread stopped with it in
 * hand delays the reclaiming of one record, and nobody's retire.
 *
 * Guarantees   G1 a stamp is an epoch read after a seq_cst fence that follows the unlinking of
 *              everything it stamps: the fence stands between taking the open list (which
 *              synchronizes with each retire) and reading the epoch. One fence a list, not one an
 *              object.
 *              G2 an object is in `ready` only if the epoch was seen, with acquire, at stamp + 3 or
 *              later.
 * Invariants   I4 of epoch_priv.h. A callback may retire: it pushes on `open`, which nothing here
 *              walks meanwhile.
 */
#include "epoch/epoch_priv.h"

#include "port/port.h"
#include "trace/trace.h"

/* ---- lists of nodes; O(1) but for detaching */

static void list_append(struct thi_epoch_list *to, struct thi_epoch_list *from)
{
    if (from->head == NULL) {
        return;
    }
    if (to->head == NULL) {
        to->head = from->head;
    } else {
        to->tail->next = from->head;
    }
    to->tail = from->tail;
    from->head = NULL;
}

/* ---- open: pushed by the member, taken as a whole by anybody */

/* While a node is in an open list, `epoch` of the newest one is the address of the oldest, which
 * lets the taker append the list without a walk; 0: unknown. */
static void open_push(struct th_epoch_handle *record, struct th_epoch_node *node)
{
    /* relaxed: only the member pushes; if it reads not NULL, the node is its own and was not taken,
     * or is being taken this moment and the exchange below fails. */
    void *newest = th_ptr_load_rlx(&record->open);
    do {
        node->next = newest;
        if (newest == NULL) {
            record->open_tail = node;
        }
        node->epoch = (uint64_t)(uintptr_t)record->open_tail;
        /* release @epoch.open: the node's fields, and the unlinking of the object before it, before
         * the pointer to it; other side: open_take(). Without it: the taker runs a callback that
         * was not written yet. No ABA: only the member pushes, so what it read can only turn to
         * NULL under its hands. A retry means that somebody took the list. */
    } while (!th_ptr_cas_rel_rlx(&record->open, &newest, node));
}

static void open_push_shared(struct th_epoch_handle *record, struct th_epoch_node *node)
{
    /* relaxed: the value is only compared. ABA is harmless: takers take all, so an equal head is
     * the head. */
    void *newest = th_ptr_load_rlx(&record->open);
    node->epoch = 0;
    do {
        node->next = newest;
        /* release @epoch.open: as in open_push(). A retry means that another thread pushed or
         * took. */
    } while (!th_ptr_cas_rel_rlx(&record->open, &newest, node));
}

static struct thi_epoch_list open_take(struct th_epoch_handle *record)
{
    /* acquire @epoch.open: the pointer before the nodes' fields; other side: open_push(),
     * open_push_shared(). The pushes are a release sequence (each a read-modify-write), so all of
     * them are seen. Without it: see there. */
    struct th_epoch_node *newest = th_ptr_exchange_acq(&record->open, NULL);
    struct thi_epoch_list list = {newest, NULL};
    if (newest != NULL) {
        list.tail = (struct th_epoch_node *)(uintptr_t)newest->epoch;
        if (list.tail == NULL) {
            for (list.tail = newest; list.tail->next != NULL;) {
                list.tail = list.tail->next;
            }
        }
    }
    return list;
}

/* ---- limbo, under its lock */

static bool limbo_try_lock(struct th_epoch_handle *record)
{
    uint32_t expected = 0;
    /* relaxed: a glance that saves the exchange; a stale answer means that we come again later. */
    if (th_u32_load_rlx(&record->limbo_lock) != 0) {
        return false;
    }
    /* acquire @epoch.limbo: the lock before the lists; other side: limbo_unlock(). Without it: two
     * threads detach the same objects. */
    return th_u32_cas_acq_rlx(&record->limbo_lock, &expected, 1);
}

static void limbo_unlock(struct th_epoch_handle *record)
{
    /* release @epoch.limbo: the lists before the lock; other side: limbo_try_lock(). Without it:
     * see there. */
    th_u32_store_rel(&record->limbo_lock, 0);
}

static void limbo_age(struct th_epoch_handle *record)
{
    list_append(&record->ready, &record->aging[TH_EPOCH_GRACE - 1]);
    for (int i = TH_EPOCH_GRACE - 1; i > 0; i--) {
        record->aging[i] = record->aging[i - 1];
    }
    record->aging[0].head = NULL;
    record->stamp++;
}

static void limbo_refresh_locked(struct th_epoch_handle *record)
{
    struct thi_epoch_list opened = open_take(record);
    if (opened.head != NULL) {
        /* seq_cst @epoch.stamp: unlinking of what we took before the stamp; against heavy
         * @epoch.scan in barrier_heavy(), argued at the top of epoch_advance.c. Needs the total
         * order of fences. Without it: the epoch we read may be older than the moment of unlinking
         * by any number, and a reader who found the object still linked is not waited for. */
        th_fence_sc();
    }
    /* acquire @epoch.advance: the leaves of those who made way for this epoch before reclaiming;
     * other side: thi_epoch_advance(). Without it: their last reads are not ordered before our
     * callbacks. */
    uint64_t epoch = th_u64_load_acq(&record->domain->epoch);
    for (int step = 0; step < TH_EPOCH_GRACE && record->stamp < epoch; step++) {
        limbo_age(record);
    }
    record->stamp = epoch;
    list_append(&record->aging[0], &opened);
}

bool thi_epoch_limbo_refresh(struct th_epoch_handle *record)
{
    if (!limbo_try_lock(record)) {
        return false;
    }
    limbo_refresh_locked(record);
    limbo_unlock(record);
    return true;
}

bool thi_epoch_limbo_is_past(struct th_epoch_handle *record, uint64_t epoch)
{
    if (!limbo_try_lock(record)) {
        return false;
    }
    bool past = record->ready.head == NULL;
    for (unsigned i = 0; i < TH_EPOCH_GRACE; i++) {
        past = past && (record->aging[i].head == NULL || record->stamp - i > epoch);
    }
    limbo_unlock(record);
    return past;
}

/* Moves at most objects_max nodes from ready to runner->running. The order of stores matters to a
 * fork in between: see thi_epoch_fork_child(). */
static size_t limbo_detach_locked(struct th_epoch_handle *source, struct th_epoch_handle *runner,
                                  size_t objects_max)
{
    struct th_epoch_node *last = NULL;
    struct th_epoch_node *node = source->ready.head;
    size_t count = 0;
    while (node != NULL && count < objects_max) {
        last = node;
        node = node->next;
        count++;
    }
    if (last == NULL) {
        return 0;
    }
    last->next = NULL;
    runner->running = source->ready.head;
    source->ready.head = node;
    /* relaxed: statistic, written under the lock; says others how long this limbo is. */
    th_u64_store_rlx(&source->taken_objects, th_u64_load_rlx(&source->taken_objects) + count);
    return count;
}

/* ---- sums */

/* Adds to a counter that only its member writes. */
static void own_add(struct th_au64 *counter, uint64_t value)
{
    /* relaxed: statistic; th_epoch_get_stats() promises no order. Not an add: nobody else writes
     * it. */
    th_u64_store_rlx(counter, th_u64_load_rlx(counter) + value);
}

uint64_t thi_epoch_waiting_objects(const struct th_epoch_handle *record)
{
    /* relaxed: a hint. `taken` first: it never overtakes `retired`, so the difference is not
     * negative for long. */
    uint64_t taken = th_u64_load_rlx(&record->taken_objects);
    uint64_t retired = th_u64_load_rlx(&record->retired_objects);
    return retired > taken ? retired - taken : 0;
}

static void peak_raise(struct th_epoch *domain, uint64_t waiting)
{
    /* relaxed: statistic. A retry means that another thread raised the peak. */
    uint64_t peak = th_u64_load_rlx(&domain->waiting_bytes_peak);
    while ((int64_t)waiting > (int64_t)peak &&
           !th_u64_cas_rlx_rlx(&domain->waiting_bytes_peak, &peak, waiting)) {
    }
}

void thi_epoch_flush_bytes(struct th_epoch_handle *record)
{
    int64_t bytes = record->unflushed_bytes;
    record->unflushed_bytes = 0;
    /* relaxed: statistic and soft cap; modulo 2^64, since members flush in any order. */
    uint64_t before = th_u64_add_rlx(&record->domain->waiting_bytes, (uint64_t)bytes);
    peak_raise(record->domain, before + (uint64_t)bytes);
}

void thi_epoch_account(struct th_epoch *domain, int64_t bytes)
{
    /* relaxed, both: statistic and soft cap; modulo 2^64, as in thi_epoch_flush_bytes(). */
    th_u64_add_rlx(&domain->gathered_bytes, (uint64_t)bytes);
    uint64_t before = th_u64_add_rlx(&domain->waiting_bytes, (uint64_t)bytes);
    peak_raise(domain, before + (uint64_t)bytes);
}

static bool cap_is_exceeded(const struct th_epoch *domain, int64_t own_bytes)
{
    if (domain->waiting_bytes_max == 0) {
        return false;
    }
    /* relaxed: the cap is soft; the sum lacks what other members have not flushed yet. */
    int64_t waiting = (int64_t)th_u64_load_rlx(&domain->waiting_bytes) + own_bytes;
    return waiting > 0 && (uint64_t)waiting > domain->waiting_bytes_max;
}

/* ---- batches */

/* The batch that was begun last is over; `cuts` is 1 if its thread ended before all was run. */
static void batch_finish(struct th_epoch_handle *runner, uint64_t cuts)
{
    /* relaxed, both: only we write them. */
    uint64_t begun = th_u64_load_rlx(&runner->batches_begun);
    cuts += th_u64_load_rlx(&runner->batches_finished) >> TH_EPOCH_CUTS_SHIFT;
    /* release @epoch.batch: what the callbacks did, and what was put back, before the count; other
     * side: thi_epoch_batches_finished(). Without it: drain returns, and its caller does not see
     * that an object is gone. */
    th_u64_store_rel(&runner->batches_finished, cuts << TH_EPOCH_CUTS_SHIFT | begun);
}

uint64_t thi_epoch_batches_finished(const struct th_epoch_handle *record, uint64_t *cuts)
{
    /* acquire @epoch.batch: the callbacks of the batch before what the caller of a drain does, and
     * what was put back before the drain looks for it; other side: batch_finish(). Without it: see
     * there. */
    uint64_t finished = th_u64_load_acq(&record->batches_finished);
    *cuts = finished >> TH_EPOCH_CUTS_SHIFT;
    return finished & (((uint64_t)1 << TH_EPOCH_CUTS_SHIFT) - 1);
}

static void node_run(struct th_epoch_handle *runner, struct th_epoch_node *node)
{
    size_t bytes = node->bytes;
    own_add(&runner->reclaimed_objects, 1);
    own_add(&runner->reclaimed_bytes, bytes);
    runner->unflushed_bytes -= (int64_t)bytes;
    node->reclaim(node);
}

size_t thi_epoch_run_batch(struct th_epoch_handle *runner, struct th_epoch_handle *source,
                           size_t objects_max)
{
    TH_DEBUG_ASSERT(!runner->reclaiming);
    if (objects_max == 0 || !limbo_try_lock(source)) {
        return 0;
    }
    /* relaxed: ordered for th_epoch_drain() by the limbo lock, in which it then finds the objects
     * gone. */
    uint64_t begun = th_u64_load_rlx(&runner->batches_begun) + 1;
    th_u64_store_rlx(&runner->batches_begun, begun);
    limbo_refresh_locked(source);
    size_t count = limbo_detach_locked(source, runner, objects_max);
    limbo_unlock(source);

    runner->reclaiming = true;
    while (runner->running != NULL) {
        struct th_epoch_node *node = runner->running;
        runner->running = node->next;
        node_run(runner, node);
    }
    runner->reclaiming = false;
    batch_finish(runner, 0);
    if (count != 0) {
        thi_trace(THI_EVENT_RECLAIM, (uintptr_t)runner->domain, count);
    }
    return count;
}

void thi_epoch_batch_put_back(struct th_epoch_handle *record)
{
    uint64_t cuts = record->running != NULL ? 1 : 0;
    while (record->running != NULL) {
        struct th_epoch_node *node = record->running;
        record->running = node->next;
        /* Counted as reclaimed and retired anew: the difference, what waits, stays right. */
        own_add(&record->reclaimed_objects, 1);
        own_add(&record->reclaimed_bytes, node->bytes);
        /* relaxed, both: statistics. Added: any thread may retire to the spare meanwhile. */
        th_u64_add_rlx(&record->retired_objects, 1);
        th_u64_add_rlx(&record->retired_bytes, node->bytes);
        if (record == &record->domain->spare) {
            open_push_shared(record, node);
        } else {
            open_push(record, node);
        }
    }
    record->reclaiming = false;
    batch_finish(record, cuts);
}

/* Whether others should run what waits at this record: its member is gone, or has too much of it,
 * or retired nothing since a helper last came by, and so may never look at it again. */
static bool record_wants_help(struct th_epoch_handle *record, bool urgent)
{
    uint64_t waiting = thi_epoch_waiting_objects(record);
    /* relaxed, all: hints; the limbo lock decides. */
    uint32_t retired = (uint32_t)th_u64_load_rlx(&record->retired_objects);
    bool idle = th_u32_load_rlx(&record->seen_retired) == retired;
    if (!idle) {
        th_u32_store_rlx(&record->seen_retired, retired);
    }
    bool left = th_u32_load_rlx(&record->state) == TH_EPOCH_RECORD_FREE;
    return waiting >= TH_EPOCH_HELP_OBJECTS || (waiting != 0 && (left || idle || urgent));
}

/* Looks at the next few records of the domain. */
static size_t member_help(struct th_epoch_handle *runner, size_t objects_max, bool urgent)
{
    struct th_epoch_handle *record = runner->help_next;
    size_t done = 0;
    for (int i = 0; i < TH_EPOCH_HELP_RECORDS && done < objects_max; i++) {
        if (record == NULL) {
            record = thi_epoch_records(runner->domain);
        }
        if (record != runner && record_wants_help(record, urgent)) {
            done += thi_epoch_run_batch(runner, record, objects_max - done);
        }
        record = record->next;
    }
    runner->help_next = record;
    return done;
}

size_t thi_epoch_reclaim(struct th_epoch_handle *runner, size_t objects_max)
{
    if (runner->reclaiming) {
        return 0; /* called by a callback: the batch that runs it goes on anyway */
    }
    size_t done = 0;
    for (int i = 0; i <= TH_EPOCH_GRACE && done == 0; i++) {
        if (i != 0 && !thi_epoch_advance(runner->domain)) {
            break;
        }
        done = thi_epoch_run_batch(runner, runner, objects_max);
    }
    /* Who asks for it gets it from everybody: what it waits for may lie with a thread that
     * sleeps. */
    done += member_help(runner, objects_max - done, true);
    thi_epoch_flush_bytes(runner);
    return done;
}

/* Moves the epoch on if nobody else did since the last look, and if enough was retired to pay for
 * the heavy barrier; where there is none, at every look. */
static void look_advance(struct th_epoch_handle *record)
{
    const struct th_epoch *domain = record->domain;
    /* relaxed, here and below: only compared with itself, to see whether the epoch moves. */
    uint64_t epoch = th_u64_load_rlx(&domain->epoch);
    bool cheap = th_u32_load_rlx(&domain->barrier) != TH_EPOCH_BARRIER_ASYMMETRIC;
    bool due = cheap || record->since_advance_objects >= TH_EPOCH_ADVANCE_OBJECTS ||
               record->since_advance_bytes >= TH_EPOCH_ADVANCE_BYTES;
    if (record->look_epoch == epoch && due && thi_epoch_advance(record->domain)) {
        epoch = th_u64_load_rlx(&domain->epoch);
    }
    if (record->look_epoch != epoch) {
        record->look_epoch = epoch;
        record->since_advance_objects = 0;
        record->since_advance_bytes = 0;
    }
}

/* Now and then in a row of retires: a bounded piece of reclaiming. */
static void member_look(struct th_epoch_handle *record)
{
    thi_trace(THI_EVENT_RETIRE_BATCH, (uintptr_t)record->domain, record->pending_objects);
    record->since_advance_objects += record->pending_objects;
    record->since_advance_bytes += record->pending_bytes;
    record->pending_objects = 0;
    record->pending_bytes = 0;
    thi_epoch_flush_bytes(record);
    look_advance(record);
    (void)thi_epoch_run_batch(record, record, TH_EPOCH_BATCH_OBJECTS);
    (void)member_help(record, TH_EPOCH_BATCH_OBJECTS, false);
}

static void node_fill(struct th_epoch_node *node, size_t bytes,
                      void (*reclaim)(struct th_epoch_node *node))
{
    TH_DEBUG_ASSERT(reclaim != NULL);
    /* It lies where the caller put it, and its fields are read whole by other threads. */
    TH_DEBUG_ASSERT((uintptr_t)node % _Alignof(struct th_epoch_node) == 0);
    node->reclaim = reclaim;
    node->bytes = bytes;
}

void thi_epoch_retire(struct th_epoch_handle *record, struct th_epoch_node *node, size_t bytes,
                      void (*reclaim)(struct th_epoch_node *node))
{
    node_fill(node, bytes, reclaim);
    /* Counted first: a fork in between then leaves a sum too high by one object, not one below
     * zero. */
    own_add(&record->retired_objects, 1);
    own_add(&record->retired_bytes, bytes);
    record->unflushed_bytes += (int64_t)bytes;
    record->pending_bytes += bytes;
    record->pending_objects++;
    open_push(record, node);
    if (record->reclaiming) {
        return; /* retired by a callback: the next retire of the member looks */
    }
    if (TH_UNLIKELY(cap_is_exceeded(record->domain, record->unflushed_bytes))) {
        (void)thi_epoch_reclaim(record, TH_EPOCH_BATCH_OBJECTS);
        if (cap_is_exceeded(record->domain, record->unflushed_bytes)) {
            /* relaxed: statistic. */
            th_u64_add_rlx(&record->domain->over_cap, 1);
        }
        return;
    }
    if (TH_UNLIKELY(record->pending_objects >= TH_EPOCH_LOOK_OBJECTS ||
                    record->pending_bytes >= TH_EPOCH_LOOK_BYTES)) {
        member_look(record);
    }
}

void thi_epoch_retire_spare(struct th_epoch *domain, struct th_epoch_node *node, size_t bytes,
                            void (*reclaim)(struct th_epoch_node *node))
{
    struct th_epoch_handle *spare = &domain->spare;
    node_fill(node, bytes, reclaim);
    /* relaxed: statistics. Added, since every thread without a record counts here. */
    uint64_t before = th_u64_add_rlx(&spare->retired_objects, 1);
    th_u64_add_rlx(&spare->retired_bytes, bytes);
    peak_raise(domain, th_u64_add_rlx(&domain->waiting_bytes, bytes) + bytes);
    open_push_shared(spare, node);
    bool over = cap_is_exceeded(domain, 0);
    if (over || before % TH_EPOCH_LOOK_OBJECTS == TH_EPOCH_LOOK_OBJECTS - 1) {
        (void)th_epoch_reclaim(domain, TH_EPOCH_BATCH_OBJECTS);
    }
    if (over && cap_is_exceeded(domain, 0)) {
        /* relaxed: statistic. */
        th_u64_add_rlx(&domain->over_cap, 1);
    }
}

/* Makes everything in the limbo ready, whatever its age. False: another thread is at it. */
static bool limbo_ripen(struct th_epoch_handle *record)
{
    if (!limbo_try_lock(record)) {
        return false;
    }
    limbo_refresh_locked(record);
    for (int i = TH_EPOCH_GRACE - 1; i >= 0; i--) {
        list_append(&record->ready, &record->aging[i]);
    }
    limbo_unlock(record);
    return true;
}

void thi_epoch_limbo_finish(struct th_epoch *domain, struct th_epoch_handle *runner)
{
    bool again;
    do {
        again = false;
        for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
             record = record->next) {
            while (!limbo_ripen(record)) {
                thi_port_yield(); /* a thread that ends puts it in order */
            }
            size_t done = thi_epoch_run_batch(runner, record, SIZE_MAX);
            /* Not past: such a thread came between. */
            again = again || done != 0 || !thi_epoch_limbo_is_past(record, UINT64_MAX);
        }
        /* Until a whole round finds nothing: callbacks may retire. */
    } while (again);
}
