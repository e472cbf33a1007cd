/* SPDX-License-Identifier: MIT
 * edge.c - finds the ordering that is missing: the broken edge.
 *
 * A failure needs one event to happen before another that did not: the two accesses of a race, the
 * allocation and the access to memory that was never published, the write that a stale read passed
 * over and that read. If reads of values lead from the first to the second, then at least one of
 * these reads does not synchronise with its write, and the path on which the fewest orders are too
 * weak tells which to strengthen. If nothing leads there but the read is stale in every order, the
 * execution has a cycle of program order and 'older than', which only sequential consistency
 * forbids.
 */
#include "report/analysis.h"

#include <stdlib.h>

struct search {
    const struct thi_analysis *analysis;
    const struct thi_record *record;
    uint32_t *cost;         /* by event: orders to strengthen on the way to it; NONE: not reached */
    uint32_t *before;       /* by event: the one before it on the way */
    enum thi_hop_kind *hop; /* by event: how it was reached */
    uint32_t *queue;        /* for the search of cycles */
    uint32_t target;        /* what it reads itself comes too late to order it */
};

static bool is_placed(const struct search *search, uint32_t event)
{
    return search->analysis->position[event] != TH_RECORD_NONE;
}

static void search_clear(struct search *search)
{
    for (size_t e = 0; e < search->record->event_count; e++) {
        search->cost[e] = TH_RECORD_NONE;
        search->before[e] = TH_RECORD_NONE;
    }
}

static void reach(struct search *search, uint32_t from, uint32_t to, enum thi_hop_kind hop,
                  uint32_t cost)
{
    if (cost < search->cost[to]) {
        search->cost[to] = cost;
        search->before[to] = from;
        search->hop[to] = hop;
    }
}

/* All that happens after what has been reached at `cost`, at the same cost. The events reached by
 * a read are taken from the last on, so that a path through the latest read is found first. */
static void spread_ordered(struct search *search, uint32_t cost)
{
    const struct thi_record *record = search->record;
    for (size_t e = record->event_count; e-- > 0;) {
        if (search->cost[e] != cost || search->hop[e] == TH_HOP_ORDERED) {
            continue;
        }
        for (uint32_t after = 0; after < record->event_count; after++) {
            if (is_placed(search, after) && thi_record_hb(record, (uint32_t)e, after)) {
                reach(search, (uint32_t)e, after, TH_HOP_ORDERED, cost);
            }
        }
    }
}

/* The write reached at `cost` or less whose value `read` has, perhaps through read-modify-writes;
 * NONE if there is none, or if the two are ordered anyway. */
static uint32_t reached_source(const struct search *search, uint32_t read, uint32_t cost)
{
    const struct thi_record *record = search->record;
    uint32_t source = record->events[read].source;
    while (source < record->event_count) {
        const struct thi_record_event *write = &record->events[source];
        if (search->cost[source] <= cost && write->thread != record->events[read].thread) {
            return thi_is_atomic(write) && !thi_record_hb(record, source, read) ? source
                                                                                : TH_RECORD_NONE;
        }
        source = write->kind == TH_RECORD_UPDATE ? write->source : TH_RECORD_NONE;
    }
    return TH_RECORD_NONE;
}

/* Is there a fence of the right kind somewhere before `event` in its thread, or behind it? */
static bool has_fence(const struct thi_record *record, uint32_t event, bool release)
{
    const struct thi_record_event *self = &record->events[event];
    for (size_t e = 0; e < record->event_count; e++) {
        const struct thi_record_event *fence = &record->events[e];
        if (fence->kind == TH_RECORD_FENCE && fence->thread == self->thread &&
            (release ? fence->index < self->index && thi_is_release(fence->order)
                     : fence->index > self->index && thi_is_acquire(fence->order))) {
            return true;
        }
    }
    return false;
}

/* How many orders would have to be strengthened for the two to synchronise: 1 or 2. */
static uint32_t hop_cost(const struct thi_record *record, uint32_t write, uint32_t read)
{
    bool weak_write =
        !thi_is_release(record->events[write].order) && !has_fence(record, write, true);
    bool weak_read = !thi_is_acquire(record->events[read].order) && !has_fence(record, read, false);
    return weak_write && weak_read ? 2 : 1;
}

/* Reads without order from what has been reached at `cost`. False: no more to go on from. */
static bool spread_read(struct search *search, uint32_t cost)
{
    const struct thi_record *record = search->record;
    bool more = false;
    for (uint32_t read = 0; read < record->event_count; read++) {
        const struct thi_record_event *event = &record->events[read];
        if (read != search->target && is_placed(search, read) && thi_is_atomic(event) &&
            thi_is_read(event) && search->cost[read] > cost + 1) {
            uint32_t source = reached_source(search, read, cost);
            if (source != TH_RECORD_NONE) {
                reach(search, source, read, TH_HOP_READ,
                      search->cost[source] + hop_cost(record, source, read));
            }
        }
        more = more || (search->cost[read] != TH_RECORD_NONE && search->cost[read] > cost);
    }
    return more;
}

static bool is_fence_between(const struct search *search, uint32_t fence, uint32_t first,
                             uint32_t last)
{
    const struct thi_record *record = search->record;
    return record->events[fence].kind == TH_RECORD_FENCE &&
           (fence == first || thi_record_hb(record, first, fence)) &&
           (fence == last || thi_record_hb(record, fence, last));
}

/* Why the read of `hop` does not synchronise with its write; `first` and `last` are the events
 * before the write and after the read that are to be ordered. */
static void hop_explain(const struct search *search, struct thi_hop *hop, uint32_t first,
                        uint32_t last)
{
    const struct thi_record *record = search->record;
    const struct thi_record_event *write = &record->events[hop->from];
    const struct thi_record_event *read = &record->events[hop->to];
    hop->weak_write = !thi_is_release(write->order);
    hop->weak_read = !thi_is_acquire(read->order);
    uint32_t idle_release = TH_RECORD_NONE, idle_acquire = TH_RECORD_NONE;
    for (uint32_t e = 0; e < record->event_count; e++) {
        const struct thi_record_event *event = &record->events[e];
        if (event->kind == TH_RECORD_FENCE && is_placed(search, e)) {
            if (event->thread == write->thread && thi_is_release(event->order)) {
                bool right = is_fence_between(search, e, first, hop->from);
                hop->weak_write = hop->weak_write && !right;
                idle_release = right ? idle_release : e;
            }
            if (event->thread == read->thread && thi_is_acquire(event->order)) {
                bool right = is_fence_between(search, e, hop->to, last);
                hop->weak_read = hop->weak_read && !right;
                idle_acquire = right ? idle_acquire : e;
            }
        } else if (event->thread == write->thread && event->index < write->index &&
                   thi_is_write(event) && thi_is_release(event->order) &&
                   thi_same_location(event, write) &&
                   (e == first || thi_record_hb(record, first, e))) {
            hop->old_sequence = !record->release_same_thread;
        }
    }
    hop->old_sequence = hop->old_sequence && hop->weak_write;
    hop->idle_fence = hop->weak_write  ? idle_release
                      : hop->weak_read ? idle_acquire
                                       : TH_RECORD_NONE;
}

/* Writes the way that was found into `edge`; false if it is too long to be of use. */
static bool path_collect(const struct search *search, struct thi_edge *edge)
{
    size_t count = 0;
    for (uint32_t e = edge->to; search->before[e] != TH_RECORD_NONE; e = search->before[e]) {
        if (count == TH_HOPS_MAX) {
            return false;
        }
        edge->path[count++] = (struct thi_hop){.kind = search->hop[e],
                                               .from = search->before[e],
                                               .to = e,
                                               .idle_fence = TH_RECORD_NONE,
                                               .fence = TH_RECORD_NONE};
    }
    for (size_t i = 0; i < count / 2; i++) {
        struct thi_hop hop = edge->path[i];
        edge->path[i] = edge->path[count - 1 - i];
        edge->path[count - 1 - i] = hop;
    }
    edge->hop_count = count;
    return true;
}

/* A path of values and orderings from `from` to `to` with the fewest orders that are too weak. */
static bool path_find(struct search *search, uint32_t from, uint32_t to, struct thi_edge *edge)
{
    search_clear(search);
    search->target = to;
    search->cost[from] = 0;
    search->hop[from] = TH_HOP_READ;
    for (uint32_t cost = 0;; cost++) {
        spread_ordered(search, cost);
        if (search->cost[to] <= cost) {
            break;
        }
        if (!spread_read(search, cost)) {
            return false;
        }
    }
    *edge = (struct thi_edge){.kind = TH_EDGE_BROKEN, .from = from, .to = to};
    if (search->cost[to] == 0 || !path_collect(search, edge)) {
        return false;
    }
    for (size_t i = 0; i < edge->hop_count; i++) {
        if (edge->path[i].kind == TH_HOP_READ) {
            uint32_t first = i == 0 ? edge->path[i].from : edge->path[i - 1].from;
            uint32_t last = i + 1 == edge->hop_count ? edge->path[i].to : edge->path[i + 1].to;
            hop_explain(search, &edge->path[i], first, last);
        }
    }
    return true;
}

/* May a cycle go through the event although it is no atomic access? */
static bool is_step_of_cycle(const struct thi_record_event *event)
{
    return event->kind == TH_RECORD_FENCE || event->kind == TH_RECORD_THREAD_CREATE ||
           event->kind == TH_RECORD_THREAD_JOIN || event->kind == TH_RECORD_THREAD_END ||
           event->kind == TH_RECORD_LOCK || event->kind == TH_RECORD_UNLOCK;
}

/* How `to` must follow `from` in a sequentially consistent order; false: it need not. */
static bool cycle_hop(const struct search *search, uint32_t from, uint32_t to,
                      enum thi_hop_kind *kind)
{
    const struct thi_record *record = search->record;
    const struct thi_record_event *a = &record->events[from], *b = &record->events[to];
    if (a->thread == b->thread) {
        *kind = TH_HOP_PROGRAM;
        return a->index < b->index && (thi_is_atomic(b) || is_step_of_cycle(b));
    }
    if (b->source == from) {
        *kind = TH_HOP_FROM;
        return true;
    }
    uint32_t position = thi_is_write(a) ? a->mo_position : thi_source_position(record, a);
    if (thi_is_write(b) && thi_is_atomic(b) && thi_is_atomic(a) && thi_same_location(a, b) &&
        b->mo_position != TH_RECORD_NONE && position < b->mo_position) {
        *kind = TH_HOP_OLDER;
        return true;
    }
    /* Where two accesses synchronise, the read itself is the better step. */
    *kind = TH_HOP_ORDERED;
    return is_step_of_cycle(a) && thi_record_hb(record, from, to);
}

/* A seq_cst fence between two events of a thread. */
static uint32_t cycle_fence(const struct search *search, const struct thi_hop *hop)
{
    const struct thi_record *record = search->record;
    for (uint32_t e = 0; e < record->event_count; e++) {
        const struct thi_record_event *event = &record->events[e];
        if (event->thread == record->events[hop->from].thread &&
            event->order == TH_RECORD_SEQ_CST && is_fence_between(search, e, hop->from, hop->to)) {
            return e;
        }
    }
    return TH_RECORD_NONE;
}

/* The shortest cycle through `read` -> `write`: `read` is older than `write`, and yet `write` comes
 * before it. */
static bool cycle_find(struct search *search, uint32_t write, uint32_t read, struct thi_edge *edge)
{
    const struct thi_record *record = search->record;
    search_clear(search);
    size_t first = 0, last = 0;
    search->queue[last++] = write;
    search->cost[write] = 0;
    while (first < last && search->cost[read] == TH_RECORD_NONE) {
        uint32_t from = search->queue[first++];
        for (uint32_t to = 0; to < record->event_count; to++) {
            enum thi_hop_kind kind;
            if (search->cost[to] == TH_RECORD_NONE && is_placed(search, to) &&
                cycle_hop(search, from, to, &kind)) {
                reach(search, from, to, kind, search->cost[from] + 1);
                search->queue[last++] = to;
            }
        }
    }
    *edge = (struct thi_edge){.kind = TH_EDGE_CYCLE, .from = write, .to = read};
    if (search->cost[read] == TH_RECORD_NONE || !path_collect(search, edge) ||
        edge->hop_count == TH_HOPS_MAX) {
        return false;
    }
    edge->path[edge->hop_count++] = (struct thi_hop){.kind = TH_HOP_OLDER,
                                                     .from = read,
                                                     .to = write,
                                                     .idle_fence = TH_RECORD_NONE,
                                                     .fence = TH_RECORD_NONE};
    for (size_t i = 0; i < edge->hop_count; i++) {
        if (edge->path[i].kind == TH_HOP_PROGRAM) {
            edge->path[i].fence = cycle_fence(search, &edge->path[i]);
        }
    }
    return true;
}

/* Two accesses that had to be ordered, either way or from the first to the second only. */
static void pair_find(struct search *search, uint32_t from, uint32_t to, bool either_way,
                      struct thi_edge *edge)
{
    if (!is_placed(search, from) || !is_placed(search, to)) {
        return;
    }
    if (path_find(search, from, to, edge) || (either_way && path_find(search, to, from, edge))) {
        return;
    }
    bool forward = search->analysis->position[from] < search->analysis->position[to];
    *edge = (struct thi_edge){.kind = TH_EDGE_MISSING,
                              .from = forward || !either_way ? from : to,
                              .to = forward || !either_way ? to : from};
}

/* The writes that `read` passed over, newest first. */
static bool stale_paths(struct search *search, uint32_t read, struct thi_edge *edge)
{
    const struct thi_record *record = search->record;
    const struct thi_analysis *analysis = search->analysis;
    uint32_t source = thi_source_position(record, &record->events[read]);
    uint32_t newer = record->events[analysis->skipped[read]].mo_position;
    for (; newer > source; newer--) {
        for (uint32_t e = 0; e < record->event_count; e++) {
            const struct thi_record_event *write = &record->events[e];
            if (thi_is_write(write) && write->mo_position == newer && is_placed(search, e) &&
                thi_same_location(write, &record->events[read]) &&
                path_find(search, e, read, edge)) {
                return true;
            }
        }
    }
    return false;
}

/* Without a pair that the failure names: the stale reads, the last first. */
static void stale_find(struct search *search, struct thi_edge *edge)
{
    const struct thi_analysis *analysis = search->analysis;
    for (size_t i = analysis->step_count; i-- > 0;) {
        uint32_t read = analysis->steps[i];
        if (analysis->skipped[read] != TH_RECORD_NONE && stale_paths(search, read, edge)) {
            return;
        }
    }
    for (size_t i = analysis->step_count; i-- > 0;) {
        uint32_t event = analysis->steps[i];
        uint32_t newer = analysis->skipped[event] != TH_RECORD_NONE ? analysis->skipped[event]
                                                                    : analysis->late[event];
        if (newer != TH_RECORD_NONE && cycle_find(search, newer, event, edge)) {
            return;
        }
    }
    *edge = (struct thi_edge){.kind = TH_EDGE_NONE, .from = TH_RECORD_NONE, .to = TH_RECORD_NONE};
}

/* The write of another thread that a read of uninitialised memory should have come after. */
static uint32_t initialiser(const struct thi_record *record, uint32_t read)
{
    for (uint32_t e = 0; e < record->event_count; e++) {
        if (thi_is_write(&record->events[e]) &&
            record->events[e].thread != record->events[read].thread &&
            thi_overlap(&record->events[e], &record->events[read]) &&
            !thi_record_hb(record, e, read)) {
            return e;
        }
    }
    return TH_RECORD_NONE;
}

static void edge_find(struct search *search, struct thi_edge *edge)
{
    const struct thi_record *record = search->record;
    const struct thi_record_failure *failure = &record->failure;
    bool pair = failure->event < record->event_count && failure->other < record->event_count;
    uint32_t write;
    if (failure->kind == TH_FAILURE_RACE && pair) {
        pair_find(search, failure->other, failure->event, true, edge);
    } else if (failure->kind == TH_FAILURE_UNPUBLISHED && pair) {
        pair_find(search, failure->other, failure->event, false, edge);
    } else if (failure->kind == TH_FAILURE_USE_AFTER_FREE && pair) {
        bool frees = record->events[failure->event].kind == TH_RECORD_FREE;
        uint32_t access = frees ? failure->other : failure->event;
        uint32_t freed = frees ? failure->event : failure->other;
        if (!thi_record_hb(record, freed, access)) {
            pair_find(search, access, freed, false, edge);
        }
    } else if (failure->kind == TH_FAILURE_UNINITIALISED && failure->event < record->event_count &&
               (write = initialiser(record, failure->event)) != TH_RECORD_NONE) {
        pair_find(search, write, failure->event, false, edge);
    } else {
        stale_find(search, edge);
    }
}

bool thi_analysis_edge(struct thi_analysis *analysis)
{
    size_t count = analysis->record->event_count + 1;
    struct search search = {
        .analysis = analysis,
        .record = analysis->record,
        .cost = calloc(count, sizeof *search.cost),
        .before = calloc(count, sizeof *search.before),
        .hop = calloc(count, sizeof *search.hop),
        .queue = calloc(count, sizeof *search.queue),
    };
    bool done =
        search.cost != NULL && search.before != NULL && search.hop != NULL && search.queue != NULL;
    if (done) {
        edge_find(&search, &analysis->edge);
        if (analysis->edge.kind == TH_EDGE_MISSING) {
            stale_find(&search, &analysis->cause);
        }
    }
    free(search.cost);
    free(search.before);
    free(search.hop);
    free(search.queue);
    return done;
}
