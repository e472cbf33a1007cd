/* SPDX-License-Identifier: MIT
 * epoch_member.c - who is a member of a domain: threads that come, end and fork, and explicit
 * handles.
 *
 * Guarantees   G1 entering never fails: a thread that gets no memory for a record counts itself in
 *              the domain's fallback, which the epoch does not pass while anybody is in it. It asks
 *              for a record again at every enter.
 *              G2 a thread that ends, however it ends, leaves every guard; what it retired stays in
 *              its record, where the next member or a helper finds it.
 *              G3 a domain and its members may end in any order.
 *              G4 in the child of a fork all other threads are taken as ended.
 * Progress     the first use of a domain by a thread is lock-free but for the allocator, and for a
 *              process lock the very first time a domain is used.
 * Invariants   I5 of epoch_priv.h: a thread may keep the id of a domain that ended; it never
 *              matches another.
 *
 * Records come from malloc, not from the domain's allocator: one may outlive its domain until its
 * thread ends.
 */
#include "epoch/epoch_priv.h"

#include "mem/mem.h"
#include "port/port.h"
#include "port/port_thread.h"

#include <string.h>

_Thread_local struct thi_epoch_thread thi_epoch_thread;

static struct th_epoch *registry; /* domains in use; process lock */
static bool fork_watched;         /* process lock */

/* ---- fork */

static void fork_before(void)
{
    thi_port_process_lock();
}

static void fork_in_parent(void)
{
    thi_port_process_unlock();
}

static bool record_is_mine(const struct th_epoch_handle *record)
{
    const struct th_epoch_handle *mine = thi_epoch_thread.memberships;
    while (mine != NULL && mine != record) {
        mine = mine->thread_next;
    }
    return mine != NULL;
}

static uint64_t list_bytes(const struct th_epoch_node *node, uint64_t *objects)
{
    uint64_t bytes = 0;
    for (; node != NULL; node = node->next) {
        bytes += node->bytes;
        (*objects)++;
    }
    return bytes;
}

/* The sums of the domain from what can still be found, after a limbo was given up. Relaxed
 * throughout: one thread. */
static void waiting_recount(struct th_epoch *domain)
{
    struct th_epoch_stats stats;
    uint64_t objects = 0;
    uint64_t bytes = th_u64_load_rlx(&domain->gathered_bytes); /* in no list */
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        bytes += list_bytes(th_ptr_load_rlx(&record->open), &objects);
        bytes += list_bytes(record->running, &objects);
        bytes += list_bytes(record->ready.head, &objects);
        for (int i = 0; i < TH_EPOCH_GRACE; i++) {
            bytes += list_bytes(record->aging[i].head, &objects);
        }
    }
    th_epoch_get_stats(domain, &stats);
    uint64_t waiting_objects = stats.retired_total - stats.reclaimed_total;
    if (waiting_objects > objects) {
        th_u64_add_rlx(&domain->abandoned_objects, waiting_objects - objects);
    }
    if (stats.waiting_bytes > bytes) {
        th_u64_add_rlx(&domain->abandoned_bytes, stats.waiting_bytes - bytes);
    }
}

/* The other threads are gone, each at some point of its program, and all it stored before is here.
 * Every single store below leaves a record usable but those to a limbo, which are made under its
 * lock: a limbo found locked is given up (leaked), since its lists may be half joined. Explicit
 * handles stay as they are: their owner is the program, and the forking thread may stand inside.
 * Relaxed throughout: one thread. */
static void domain_fork_child(struct th_epoch *domain)
{
    bool given_up = false;
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        if (th_u32_load_rlx(&record->limbo_lock) != 0) {
            record->ready.head = NULL;
            memset(record->aging, 0, sizeof(record->aging));
            th_u32_store_rlx(&record->limbo_lock, 0);
            given_up = true;
        }
    }
    for (struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        if (record_is_mine(record)) {
            th_u64_store_rlx(&record->thread_id, thi_port_thread_id());
        } else if (th_u32_load_rlx(&record->state) != TH_EPOCH_RECORD_FREE &&
                   th_u32_load_rlx(&record->is_handle) == 0) {
            thi_epoch_record_drop(record);
        }
    }
    th_u64_store_rlx(&domain->fallback_readers, thi_epoch_fallback_depth(domain));
    if (given_up) {
        waiting_recount(domain);
    }
    if (th_u32_load_rlx(&domain->barrier) == TH_EPOCH_BARRIER_ASYMMETRIC &&
        !thi_port_membarrier_register()) {
        th_u32_store_rlx(&domain->barrier, TH_EPOCH_BARRIER_FENCES);
        if (domain == &thi_epoch_default_domain) {
            thi_epoch_thread.default_light = NULL;
        }
    }
}

static void fork_in_child(void)
{
    for (struct th_epoch *domain = registry; domain != NULL; domain = domain->registry_next) {
        domain_fork_child(domain);
    }
    thi_port_process_unlock();
}

/* ---- domains */

void thi_epoch_domain_start(struct th_epoch *domain)
{
    /* relaxed: a number that changes once, from undecided; what else is decided lies behind the
     * process lock. */
    if (TH_LIKELY(th_u32_load_rlx(&domain->barrier) != TH_EPOCH_BARRIER_UNDECIDED)) {
        return;
    }
    thi_port_process_lock();
    /* relaxed: under the process lock. */
    if (th_u32_load_rlx(&domain->barrier) == TH_EPOCH_BARRIER_UNDECIDED) {
        fork_watched =
            fork_watched || thi_port_fork_watch(fork_before, fork_in_parent, fork_in_child);
        domain->registry_next = registry;
        registry = domain;
        bool asymmetric = !domain->fences_only && thi_port_membarrier_register();
        /* relaxed: who reads it undecided comes here and waits for the lock. */
        th_u32_store_rlx(&domain->barrier,
                         asymmetric ? TH_EPOCH_BARRIER_ASYMMETRIC : TH_EPOCH_BARRIER_FENCES);
    }
    thi_port_process_unlock();
}

void thi_epoch_domain_stop(struct th_epoch *domain)
{
    thi_port_process_lock();
    struct th_epoch **link = &registry;
    while (*link != NULL && *link != domain) {
        link = &(*link)->registry_next;
    }
    if (*link == domain) {
        *link = domain->registry_next;
    }
    thi_port_process_unlock();
}

/* ---- records */

/* Records come from malloc: see the top of this file. */
static void record_memory(struct th_allocator *memory)
{
    th_status status = thi_mem_init(memory, NULL);
    TH_ASSERT(status == TH_OK);
}

void thi_epoch_record_init(struct th_epoch_handle *record, struct th_epoch *domain)
{
    memset(record, 0, sizeof(*record));
    record->domain = domain;
    record->domain_id = domain->id;
    record->stamp = TH_EPOCH_FIRST;
}

static void record_free(struct th_epoch_handle *record)
{
    struct th_allocator memory;
    record_memory(&memory);
    thi_mem_free(&memory, record, sizeof(*record), TH_CACHE_LINE_BYTES);
}

static void record_publish(struct th_epoch *domain, struct th_epoch_handle *record)
{
    /* relaxed: the value is only stored and compared. Records are not taken out, so there is no
     * ABA. */
    void *head = th_ptr_load_rlx(&domain->records);
    do {
        record->next = head;
        /* release @epoch.register: the record's fields before the pointer to it; other side:
         * thi_epoch_records(). Without it: see there. A retry means that another thread
         * registered. */
    } while (!th_ptr_cas_rel_rlx(&domain->records, &head, record));
}

static bool record_claim(struct th_epoch_handle *record)
{
    uint32_t expected = TH_EPOCH_RECORD_FREE;
    /* relaxed: a glance that saves the exchange.
     * acquire @epoch.claim: the last member's leave and its fields before ours; other side:
     * thi_epoch_record_drop(). Without it: we go on from old counters and an old open list. */
    return th_u32_load_rlx(&record->state) == TH_EPOCH_RECORD_FREE &&
           th_u32_cas_acq_rlx(&record->state, &expected, TH_EPOCH_RECORD_TAKEN);
}

/* Who uses the record now: for reports. */
static void record_sign(struct th_epoch_handle *record)
{
    char name[TH_EPOCH_NAME_WORDS * sizeof(uint64_t)] = {0};
    thi_port_thread_name(name, sizeof(name));
    /* relaxed: read by reports, which may mix the names of two members who follow each other. */
    for (size_t i = 0; i < TH_EPOCH_NAME_WORDS; i++) {
        uint64_t word;
        memcpy(&word, name + i * sizeof(word), sizeof(word));
        th_u64_store_rlx(&record->name[i], word);
    }
    th_u64_store_rlx(&record->thread_id, thi_port_thread_id());
    th_u32_store_rlx(&record->is_handle, 0);
}

struct th_epoch_handle *thi_epoch_record_take(struct th_epoch *domain)
{
    struct th_epoch_handle *record = thi_epoch_records(domain);
    while (record != NULL && (record == &domain->spare || !record_claim(record))) {
        record = record->next;
    }
    if (record == NULL) {
        struct th_allocator memory;
        record_memory(&memory);
        record = thi_mem_alloc(&memory, sizeof(*record), TH_CACHE_LINE_BYTES);
        if (record == NULL) {
            return NULL;
        }
        thi_epoch_record_init(record, domain);
        th_u32_init(&record->state, TH_EPOCH_RECORD_TAKEN);
        record_publish(domain, record);
    }
    record_sign(record);
    return record;
}

void thi_epoch_record_drop(struct th_epoch_handle *record)
{
    record->nesting = 0;
    /* release @epoch.leave: as in thi_epoch_withdraw(): who ends inside a guard has left. */
    th_u64_store_rel(&record->announced, TH_EPOCH_OUTSIDE);
    thi_epoch_batch_put_back(record);
    thi_epoch_flush_bytes(record);
    record->pending_objects = 0;
    record->pending_bytes = 0;
    /* So that what is left behind has its stamp before anybody looks for it; if a helper is at it,
     * it does the same. */
    (void)thi_epoch_limbo_refresh(record);
    /* release @epoch.claim: our fields before the record is free; other side: record_claim(),
     * thi_epoch_records_free(). Without it: see record_claim(). */
    th_u32_store_rel(&record->state, TH_EPOCH_RECORD_FREE);
}

/* True if the record's memory is ours to free; false: the thread that uses it will, at its end. */
static bool record_retract(struct th_epoch_handle *record)
{
    for (;;) {
        /* acquire @epoch.claim: the leaving thread's last writes before the memory goes; other
         * side: thi_epoch_record_drop(). Without it: the thread still writes what we freed. */
        uint32_t state = th_u32_load_acq(&record->state);
        /* relaxed: the program unregisters handles, or ends with the domain: it orders this
         * itself. */
        if (state == TH_EPOCH_RECORD_FREE || th_u32_load_rlx(&record->is_handle) != 0) {
            return true;
        }
        /* release @epoch.gone: our use of the record before its thread may free it; other side:
         * membership_end(), members_sweep(). Without it: the thread frees what we still read. */
        if (state == TH_EPOCH_RECORD_TAKEN &&
            th_u32_cas_rel_rlx(&record->state, &state, TH_EPOCH_RECORD_GONE)) {
            return false;
        }
        thi_port_yield(); /* LEAVING: its thread is ending and will be done in a moment */
    }
}

void thi_epoch_records_free(struct th_epoch *domain)
{
    struct th_epoch_handle *record = thi_epoch_records(domain);
    while (record != &domain->spare) {
        struct th_epoch_handle *next = record->next;
        if (record_retract(record)) {
            record_free(record);
        }
        record = next;
    }
}

/* ---- threads */

static void membership_end(struct th_epoch_handle *record)
{
    uint32_t state = TH_EPOCH_RECORD_TAKEN;
    /* relaxed: we took it. From here to FREE the domain cannot go, it waits for us. */
    if (th_u32_cas_rlx_rlx(&record->state, &state, TH_EPOCH_RECORD_LEAVING)) {
        thi_epoch_record_drop(record);
        return;
    }
    /* acquire @epoch.gone: the end of the domain before we free; other side: record_retract().
     * Without it: we free what the domain still reads. */
    state = th_u32_load_acq(&record->state);
    TH_ASSERT(state == TH_EPOCH_RECORD_GONE);
    record_free(record);
}

/* Runs when a thread ends, after its own cleanup handlers; again if a later destructor of the
 * thread uses a domain. */
static void thread_exit(void)
{
    struct thi_epoch_thread *self = &thi_epoch_thread;
    for (int i = 0; i < TH_EPOCH_FALLBACK_SLOTS; i++) {
        if (self->fallback[i].depth != 0) {
            /* release @epoch.leave: as in thi_epoch_leave_slow(). */
            th_u64_sub_rel(&self->fallback[i].domain->fallback_readers, self->fallback[i].depth);
        }
    }
    struct th_epoch_handle *record = self->memberships;
    struct th_epoch_handle *seat = self->seats;
    memset(self, 0, sizeof(*self));
    while (seat != NULL) { /* it ended in a callback that it ran without a record */
        struct th_epoch_handle *next = seat->thread_next;
        thi_epoch_record_drop(seat);
        seat = next;
    }
    while (record != NULL) {
        struct th_epoch_handle *next = record->thread_next;
        membership_end(record);
        record = next;
    }
}

/* Frees the records of domains that ended since. */
static void members_sweep(void)
{
    struct th_epoch_handle **link = &thi_epoch_thread.memberships;
    while (*link != NULL) {
        struct th_epoch_handle *record = *link;
        /* acquire @epoch.gone: the end of the domain before we free; other side:
         * record_retract(). Without it: as in membership_end(). */
        if (th_u32_load_acq(&record->state) == TH_EPOCH_RECORD_GONE) {
            *link = record->thread_next;
            record_free(record);
        } else {
            link = &record->thread_next;
        }
    }
}

static struct th_epoch_handle *member_find(const struct th_epoch *domain)
{
    struct th_epoch_handle *record = thi_epoch_thread.memberships;
    while (record != NULL && record->domain_id != domain->id) {
        record = record->thread_next;
    }
    return record;
}

static struct th_epoch_handle *member_make(struct th_epoch *domain)
{
    thi_epoch_domain_start(domain);
    members_sweep();
    /* Watched first: a record without a watch would stay behind when the thread ends. */
    if (!thi_port_thread_watch(thread_exit)) {
        return NULL;
    }
    struct th_epoch_handle *record = thi_epoch_record_take(domain);
    if (record != NULL) {
        record->thread_next = thi_epoch_thread.memberships;
        thi_epoch_thread.memberships = record;
    }
    return record;
}

struct th_epoch_handle *thi_epoch_member(struct th_epoch *domain, bool make)
{
    struct th_epoch_handle *record = thi_epoch_record_quick(domain);
    if (record != NULL) {
        return record;
    }
    record = member_find(domain);
    if (record == NULL && make) {
        record = member_make(domain);
    }
    if (record == NULL) {
        return NULL;
    }
    if (domain == &thi_epoch_default_domain) {
        thi_epoch_thread.default_record = record;
        /* relaxed: decided before the record was taken. */
        bool light = th_u32_load_rlx(&domain->barrier) == TH_EPOCH_BARRIER_ASYMMETRIC;
        thi_epoch_thread.default_light = light ? record : NULL;
    } else {
        thi_epoch_thread.cache[domain->id % TH_EPOCH_CACHE_SLOTS] =
            (struct thi_epoch_cache_slot){domain->id, record};
    }
    return record;
}

/* ---- the fallback */

/* The calling thread's slot for the domain; `make` may give an unused one. NULL: none, or more
 * domains than slots. */
static struct thi_epoch_fallback_slot *fallback_slot(struct th_epoch *domain, bool make)
{
    struct thi_epoch_fallback_slot *unused = NULL;
    for (int i = 0; i < TH_EPOCH_FALLBACK_SLOTS; i++) {
        struct thi_epoch_fallback_slot *slot = &thi_epoch_thread.fallback[i];
        if (slot->depth != 0 && slot->domain == domain) {
            return slot;
        }
        unused = slot->depth == 0 ? slot : unused;
    }
    if (make && unused != NULL) {
        unused->domain = domain;
    }
    return make ? unused : NULL;
}

uint64_t thi_epoch_fallback_depth(const struct th_epoch *domain)
{
    for (int i = 0; i < TH_EPOCH_FALLBACK_SLOTS; i++) {
        const struct thi_epoch_fallback_slot *slot = &thi_epoch_thread.fallback[i];
        if (slot->depth != 0 && slot->domain == domain) {
            return slot->depth;
        }
    }
    return 0;
}

void thi_epoch_enter_slow(struct th_epoch *domain)
{
    struct th_epoch_handle *record = thi_epoch_member(domain, true);
    if (record != NULL) {
        thi_epoch_record_enter(record);
        return;
    }
    /* Each level counts by itself: a nested enter may find memory again, and then stands in a
     * record. A guard in a domain beyond the slots counts too, but is not left when its thread ends
     * inside. */
    struct thi_epoch_fallback_slot *slot = fallback_slot(domain, true);
    if (slot != NULL) {
        slot->depth++;
    }
    /* relaxed: the light barrier below orders it before the reads of the guard, as it does the
     * announcement of a record. Guards before this one are ordered by the release of their end,
     * which this add continues. */
    th_u64_add_rlx(&domain->fallback_readers, 1);
    thi_epoch_barrier_light(domain);
}

void thi_epoch_leave_slow(struct th_epoch *domain)
{
    struct th_epoch_handle *record = thi_epoch_member(domain, false);
    if (record != NULL && record->nesting != 0) {
        thi_epoch_record_leave(record);
        return;
    }
    struct thi_epoch_fallback_slot *slot = fallback_slot(domain, false);
    if (slot != NULL) {
        slot->depth--;
    }
    /* release @epoch.leave: every read of the guard before the count falls; other side:
     * all_passed(). Without it: a late read meets an object that was reclaimed because nobody
     * seemed inside. */
    uint64_t before = th_u64_sub_rel(&domain->fallback_readers, 1);
    TH_ASSERT(before != 0 && "th_epoch_leave() without th_epoch_enter()");
}
