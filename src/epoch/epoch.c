/* SPDX-License-Identifier: MIT
 * epoch.c - domains and the public face of the room.
 *
 * Guarantees   those of epoch_priv.h; the comments of <tophash/epoch.h> are the contract.
 * Progress     th_epoch_drain() and th_epoch_free() wait or run without bound; nothing else does.
 */
#include "epoch/epoch.h"

#include "epoch/epoch_priv.h"

#include "mem/mem.h"
#include "port/port.h"

#define TH_STALL_NS_DEFAULT 1000000000u
#define TH_DRAIN_SLEEP_NS 50000u
#define TH_EPOCH_DEFAULT_ID 1u

struct th_epoch thi_epoch_default_domain = {
    .epoch = {TH_EPOCH_FIRST},
    .barrier = {TH_EPOCH_BARRIER_UNDECIDED},
    .id = TH_EPOCH_DEFAULT_ID,
    .stall_ns = TH_STALL_NS_DEFAULT,
    .records = {&thi_epoch_default_domain.spare},
    .spare = {.domain = &thi_epoch_default_domain,
              .domain_id = TH_EPOCH_DEFAULT_ID,
              .stamp = TH_EPOCH_FIRST},
};

static struct th_au64 id_last = {TH_EPOCH_DEFAULT_ID};

static struct th_epoch *domain_or_default(struct th_epoch *domain)
{
    return domain == NULL ? &thi_epoch_default_domain : domain;
}

struct th_epoch *th_epoch_default(void)
{
    thi_epoch_domain_start(&thi_epoch_default_domain);
    return &thi_epoch_default_domain;
}

th_status th_epoch_new(const struct th_epoch_config *config, struct th_epoch **domain)
{
    static const struct th_epoch_config none;
    config = config == NULL ? &none : config;
    struct th_allocator allocator;
    th_status status = thi_mem_init(&allocator, config->allocator);
    if (status != TH_OK) {
        return status;
    }
    struct th_epoch *made = thi_mem_alloc_zero(&allocator, sizeof(*made), TH_CACHE_LINE_BYTES);
    if (made == NULL) {
        return TH_ENOMEM;
    }
    made->allocator = allocator;
    made->fences_only = config->fences_only;
    made->waiting_bytes_max = config->waiting_bytes_max;
    made->stall_ns = config->stall_ns == 0 ? TH_STALL_NS_DEFAULT : config->stall_ns;
    made->on_stall = config->on_stall;
    made->on_stall_context = config->on_stall_context;
    /* relaxed: only uniqueness counts. */
    made->id = th_u64_add_rlx(&id_last, 1) + 1;
    th_u64_init(&made->epoch, TH_EPOCH_FIRST);
    thi_epoch_record_init(&made->spare, made);
    th_ptr_init(&made->records, &made->spare);
    thi_epoch_domain_start(made);
    *domain = made;
    return TH_OK;
}

void th_epoch_free(struct th_epoch *domain)
{
    if (domain == NULL) {
        return;
    }
    TH_ASSERT(domain != &thi_epoch_default_domain);
    /* relaxed: the contract says that nobody is inside; this catches who is. */
    TH_ASSERT(th_u64_load_rlx(&domain->fallback_readers) == 0);
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        TH_ASSERT(th_u64_load_rlx(&record->announced) == TH_EPOCH_OUTSIDE);
    }
    struct th_epoch_handle *runner = thi_epoch_member(domain, false);
    thi_epoch_limbo_finish(domain, runner != NULL ? runner : &domain->spare);
    thi_epoch_domain_stop(domain);
    thi_epoch_records_free(domain);
    struct th_allocator allocator = domain->allocator;
    thi_mem_free(&allocator, domain, sizeof(*domain), TH_CACHE_LINE_BYTES);
}

/* ---- guards */

void th_epoch_enter(struct th_epoch *domain)
{
    thi_epoch_enter_inline(domain_or_default(domain));
}

void th_epoch_leave(struct th_epoch *domain)
{
    thi_epoch_leave_inline(domain_or_default(domain));
}

bool th_epoch_inside(struct th_epoch *domain)
{
    domain = domain_or_default(domain);
    const struct th_epoch_handle *record = thi_epoch_member(domain, false);
    return (record != NULL && record->nesting != 0) || thi_epoch_fallback_depth(domain) != 0;
}

/* ---- explicit handles */

th_status th_epoch_register(struct th_epoch *domain, struct th_epoch_handle **handle)
{
    domain = domain_or_default(domain);
    thi_epoch_domain_start(domain);
    struct th_epoch_handle *record = thi_epoch_record_take(domain);
    if (record == NULL) {
        return TH_ENOMEM;
    }
    /* relaxed: read by a fork and at the end of the domain, which the program orders. */
    th_u32_store_rlx(&record->is_handle, 1);
    *handle = record;
    return TH_OK;
}

void th_epoch_unregister(struct th_epoch_handle *handle)
{
    if (handle != NULL) {
        thi_epoch_record_drop(handle);
    }
}

void th_epoch_handle_enter(struct th_epoch_handle *handle)
{
    thi_epoch_record_enter(handle);
}

void th_epoch_handle_leave(struct th_epoch_handle *handle)
{
    TH_ASSERT(handle->nesting != 0);
    thi_epoch_record_leave(handle);
}

void th_epoch_handle_retire(struct th_epoch_handle *handle, struct th_epoch_node *node,
                            size_t bytes, void (*reclaim)(struct th_epoch_node *node))
{
    thi_epoch_retire(handle, node, bytes, reclaim);
}

/* ---- retire and reclaim */

void th_epoch_retire(struct th_epoch *domain, struct th_epoch_node *node, size_t bytes,
                     void (*reclaim)(struct th_epoch_node *node))
{
    domain = domain_or_default(domain);
    struct th_epoch_handle *record = thi_epoch_member(domain, true);
    if (TH_UNLIKELY(record == NULL)) {
        thi_epoch_retire_spare(domain, node, bytes, reclaim);
        return;
    }
    thi_epoch_retire(record, node, bytes, reclaim);
}

/* A record to reclaim with: the thread's own, or the spare as a seat for one thread at a time.
 * NULL: it is taken. */
static struct th_epoch_handle *runner_take(struct th_epoch *domain)
{
    struct th_epoch_handle *runner = thi_epoch_member(domain, true);
    if (runner != NULL) {
        return runner;
    }
    uint32_t expected = TH_EPOCH_RECORD_FREE;
    /* acquire @epoch.claim: the seat's last user before us; other side: runner_drop(). Without it:
     * two threads write its totals. */
    if (!th_u32_cas_acq_rlx(&domain->spare.state, &expected, TH_EPOCH_RECORD_TAKEN)) {
        return NULL;
    }
    domain->spare.thread_next = thi_epoch_thread.seats;
    thi_epoch_thread.seats = &domain->spare;
    return &domain->spare;
}

static void runner_drop(struct th_epoch *domain, struct th_epoch_handle *runner)
{
    if (runner == &domain->spare) {
        thi_epoch_thread.seats = runner->thread_next;
        /* release @epoch.claim: our use of the seat before it is free; other side:
         * runner_take(). Without it: see there. */
        th_u32_store_rel(&runner->state, TH_EPOCH_RECORD_FREE);
    }
}

static bool domain_has_waiting(const struct th_epoch *domain)
{
    const struct th_epoch_handle *record = thi_epoch_records(domain);
    while (record != NULL && thi_epoch_waiting_objects(record) == 0) {
        record = record->next;
    }
    return record != NULL;
}

size_t th_epoch_reclaim(struct th_epoch *domain, size_t objects_max)
{
    domain = domain_or_default(domain);
    if (!domain_has_waiting(domain)) {
        return 0;
    }
    struct th_epoch_handle *runner = runner_take(domain);
    if (runner == NULL) {
        return 0;
    }
    size_t done =
        thi_epoch_reclaim(runner, objects_max == 0 ? TH_EPOCH_BATCH_OBJECTS : objects_max);
    runner_drop(domain, runner);
    return done;
}

/* ---- drain */

/* True once every record's open list got a stamp. */
static bool drain_stamp(struct th_epoch *domain)
{
    bool stamped = true;
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        stamped = thi_epoch_limbo_refresh(record) && stamped;
    }
    return stamped;
}

/* Runs what is ready, of whomever. True if nothing with a stamp up to `epoch` is left in a
 * limbo. */
static bool drain_round(struct th_epoch *domain, uint64_t epoch)
{
    struct th_epoch_handle *runner = runner_take(domain);
    if (runner == NULL) {
        return false;
    }
    (void)thi_epoch_advance(domain);
    bool past = true;
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        (void)thi_epoch_run_batch(runner, record, TH_EPOCH_BATCH_OBJECTS);
        past = thi_epoch_limbo_is_past(record, epoch) && past;
    }
    thi_epoch_flush_bytes(runner);
    runner_drop(domain, runner);
    return past;
}

/* How many batches were ever cut off by the end of their thread, which puts the rest back. */
static uint64_t batches_cut(const struct th_epoch *domain)
{
    uint64_t sum = 0;
    for (const struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        uint64_t cuts;
        (void)thi_epoch_batches_finished(record, &cuts);
        sum += cuts;
    }
    return sum;
}

/* Waits for the batches that other threads took before we found the limbos empty. */
static bool batches_wait(struct th_epoch *domain, uint64_t deadline_ns)
{
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        /* relaxed: the limbo lock, which we held after the batch was taken, orders it. */
        uint64_t begun = th_u64_load_rlx(&record->batches_begun);
        uint64_t cuts;
        while (thi_epoch_batches_finished(record, &cuts) < begun) {
            if (thi_port_now_ns() >= deadline_ns) {
                return false;
            }
            thi_port_sleep_ns(TH_DRAIN_SLEEP_NS);
        }
    }
    return true;
}

th_status th_epoch_drain(struct th_epoch *domain, uint64_t timeout_ns)
{
    domain = domain_or_default(domain);
    const struct th_epoch_handle *record = thi_epoch_member(domain, false);
    if (th_epoch_inside(domain) || (record != NULL && record->reclaiming)) {
        return TH_EINVAL;
    }
    uint64_t now = thi_port_now_ns();
    uint64_t deadline_ns = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    bool stamped = false;
    uint64_t epoch = 0;
    uint64_t cuts = 0;
    for (;;) {
        if (!stamped) {
            /* Read first: what was put back before is open, and gets its stamp now. */
            cuts = batches_cut(domain);
            stamped = drain_stamp(domain);
            /* relaxed: a stamp given before is not above it, by coherence. */
            epoch = th_u64_load_rlx(&domain->epoch);
        }
        if (drain_round(domain, epoch) && stamped) {
            if (!batches_wait(domain, deadline_ns)) {
                return TH_MORE;
            }
            if (batches_cut(domain) == cuts) {
                return TH_OK;
            }
            stamped = false; /* the rest of such a batch waits again */
        }
        if (thi_port_now_ns() >= deadline_ns) {
            return TH_MORE;
        }
        thi_port_yield();
    }
}

/* ---- stats */

void th_epoch_get_stats(struct th_epoch *domain, struct th_epoch_stats *stats)
{
    domain = domain_or_default(domain);
    uint64_t retired_bytes = 0;
    /* relaxed throughout: statistics without a common moment. Reclaimed before retired, so that
     * what waits is not below zero when members go on meanwhile. */
    *stats = (struct th_epoch_stats){0};
    uint64_t reclaimed_bytes = th_u64_load_rlx(&domain->abandoned_bytes);
    stats->reclaimed_total = th_u64_load_rlx(&domain->abandoned_objects);
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        stats->reclaimed_total += th_u64_load_rlx(&record->reclaimed_objects);
        reclaimed_bytes += th_u64_load_rlx(&record->reclaimed_bytes);
    }
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        stats->retired_total += th_u64_load_rlx(&record->retired_objects);
        retired_bytes += th_u64_load_rlx(&record->retired_bytes);
        bool seat = record == &domain->spare;
        stats->threads += !seat && th_u32_load_rlx(&record->state) == TH_EPOCH_RECORD_TAKEN;
    }
    stats->epoch = th_u64_load_rlx(&domain->epoch);
    stats->waiting_bytes = retired_bytes > reclaimed_bytes ? retired_bytes - reclaimed_bytes : 0;
    int64_t gathered = (int64_t)th_u64_load_rlx(&domain->gathered_bytes);
    stats->waiting_bytes += gathered > 0 ? (uint64_t)gathered : 0;
    uint64_t peak = th_u64_load_rlx(&domain->waiting_bytes_peak);
    stats->waiting_bytes_peak = peak > stats->waiting_bytes ? peak : stats->waiting_bytes;
    stats->advances_total = th_u64_load_rlx(&domain->advances);
    stats->heavy_barriers_total = th_u64_load_rlx(&domain->heavy_barriers);
    stats->stalls_total = th_u64_load_rlx(&domain->stalls);
    stats->over_cap_total = th_u64_load_rlx(&domain->over_cap);
    stats->asymmetric = th_u32_load_rlx(&domain->barrier) == TH_EPOCH_BARRIER_ASYMMETRIC;
}
