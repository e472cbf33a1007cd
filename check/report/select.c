/* SPDX-License-Identifier: MIT
 * select.c - chooses the events that explain a failure, and leaves out the rest.
 *
 * What is needed is what the failure could depend on: the events that lead to it through program
 * order, reads-from and synchronisation. Of these are shown: atomic accesses to what two threads
 * touch, fences, locks, plain values that travel from one thread to another, and the events of
 * the failure itself. What the main thread does before any other thread runs is the setup; reads
 * name it, but it has no lines.
 */
#include "report/analysis.h"

#include <stdlib.h>
#include <string.h>

bool thi_same_location(const struct thi_record_event *a, const struct thi_record_event *b)
{
    return a->location.object == b->location.object && a->location.object != TH_RECORD_NONE &&
           a->location.offset_bytes == b->location.offset_bytes &&
           a->location.size_bytes == b->location.size_bytes;
}

bool thi_overlap(const struct thi_record_event *a, const struct thi_record_event *b)
{
    return a->location.object == b->location.object && a->location.object != TH_RECORD_NONE &&
           a->location.offset_bytes < b->location.offset_bytes + b->location.size_bytes &&
           b->location.offset_bytes < a->location.offset_bytes + a->location.size_bytes;
}

bool thi_is_write(const struct thi_record_event *event)
{
    return event->kind == TH_RECORD_WRITE || event->kind == TH_RECORD_UPDATE;
}

bool thi_is_read(const struct thi_record_event *event)
{
    return event->kind == TH_RECORD_READ || event->kind == TH_RECORD_UPDATE ||
           event->kind == TH_RECORD_AWAIT;
}

bool thi_is_acquire(enum thi_record_order order)
{
    return order == TH_RECORD_ACQUIRE || order == TH_RECORD_ACQ_REL || order == TH_RECORD_SEQ_CST;
}

bool thi_is_release(enum thi_record_order order)
{
    return order == TH_RECORD_RELEASE || order == TH_RECORD_ACQ_REL || order == TH_RECORD_SEQ_CST;
}

bool thi_is_atomic(const struct thi_record_event *event)
{
    return (thi_is_read(event) || thi_is_write(event)) && event->order != TH_RECORD_PLAIN;
}

uint32_t thi_source_position(const struct thi_record *record, const struct thi_record_event *event)
{
    if (event->source == TH_RECORD_INITIAL) {
        return 0;
    }
    return event->source < record->event_count ? record->events[event->source].mo_position
                                               : TH_RECORD_NONE;
}

/* Marks `root` and all that leads to it. Sources and what happens before have smaller numbers, so
 * one walk downwards, after all roots are marked, closes the set. */
static void needed_close(const struct thi_record *record, bool *needed)
{
    for (size_t e = record->event_count; e-- > 0;) {
        if (!needed[e]) {
            continue;
        }
        for (uint32_t before = 0; before < e; before++) {
            needed[before] = needed[before] || thi_record_hb(record, before, (uint32_t)e);
        }
        uint32_t source = record->events[e].source;
        if (source < e) {
            needed[source] = true;
        }
    }
}

/* Marks the last event of `thread`; all of them if it is NONE. */
static void needed_last(const struct thi_record *record, uint32_t thread, bool *needed)
{
    for (size_t t = 0; t < record->thread_count; t++) {
        if (thread != TH_RECORD_NONE && t != thread) {
            continue;
        }
        for (size_t e = record->event_count; e-- > 0;) {
            if (record->events[e].thread == t) {
                needed[e] = true;
                break;
            }
        }
    }
}

static void needed_find(const struct thi_record *record, bool *needed)
{
    const struct thi_record_failure *failure = &record->failure;
    if (failure->event < record->event_count) {
        needed[failure->event] = true;
    }
    if (failure->other < record->event_count) {
        needed[failure->other] = true;
    }
    bool everything = failure->kind == TH_FAILURE_NONE || failure->kind == TH_FAILURE_DEADLOCK ||
                      failure->kind == TH_FAILURE_LEAK;
    if (everything) {
        needed_last(record, TH_RECORD_NONE, needed);
    } else if (failure->event >= record->event_count && failure->thread < record->thread_count) {
        needed_last(record, failure->thread, needed);
    }
    needed_close(record, needed);
}

/* True if a needed event of another thread touches what `e` touches, and one of both writes (or
 * locks, allocates, frees). For the thread that fails all events of others count: what it could
 * have seen, and did not, may be the point. */
static bool is_shared(const struct thi_analysis *analysis, const bool *needed, size_t e)
{
    const struct thi_record *record = analysis->record;
    const struct thi_record_event *event = &record->events[e];
    bool writes = event->kind != TH_RECORD_READ && event->kind != TH_RECORD_AWAIT;
    for (size_t t = 0; t < record->thread_count; t++) {
        struct thi_record_event waiting = {.location = record->threads[t].blocked_location};
        if (t != event->thread && record->threads[t].state == TH_RECORD_BLOCKED &&
            record->threads[t].blocked_kind != TH_RECORD_THREAD_JOIN &&
            thi_overlap(event, &waiting)) {
            return true;
        }
    }
    for (size_t i = 0; i < record->event_count; i++) {
        const struct thi_record_event *other = &record->events[i];
        if ((needed[i] || event->thread == record->failure.thread) &&
            other->thread != event->thread && !analysis->setup[i] &&
            (writes || (other->kind != TH_RECORD_READ && other->kind != TH_RECORD_AWAIT)) &&
            thi_overlap(event, other)) {
            return true;
        }
    }
    return false;
}

/* A value that another thread wrote, and not while setting up. */
static bool reads_foreign(const struct thi_analysis *analysis, const struct thi_record_event *event)
{
    const struct thi_record *record = analysis->record;
    return event->source < record->event_count && !analysis->setup[event->source] &&
           record->events[event->source].thread != event->thread;
}

static bool is_shown(const struct thi_analysis *analysis, const bool *needed, size_t e)
{
    const struct thi_record *record = analysis->record;
    const struct thi_record_event *event = &record->events[e];
    if (e == record->failure.event || e == record->failure.other) {
        return true;
    }
    if (!needed[e] || analysis->setup[e]) {
        return false;
    }
    switch (event->kind) {
    case TH_RECORD_READ:
    case TH_RECORD_WRITE:
    case TH_RECORD_UPDATE:
    case TH_RECORD_AWAIT:
        if (event->order != TH_RECORD_PLAIN || event->kind == TH_RECORD_AWAIT) {
            return is_shared(analysis, needed, e);
        }
        /* A plain value that was read elsewhere is shown with its reader, see select_sources(). */
        return event->kind == TH_RECORD_READ &&
               (reads_foreign(analysis, event) ||
                (event->thread == record->failure.thread && is_shared(analysis, needed, e) &&
                 (event->source == TH_RECORD_INITIAL ||
                  (event->source < record->event_count && analysis->setup[event->source]))));
    case TH_RECORD_LOCK:
    case TH_RECORD_UNLOCK: return is_shared(analysis, needed, e);
    case TH_RECORD_FENCE:
    case TH_RECORD_WAIT:
    case TH_RECORD_WOKEN:
    case TH_RECORD_WAKE:
    case TH_RECORD_CALL: return true;
    case TH_RECORD_ALLOC:
    case TH_RECORD_FREE:
        return event->location.object != TH_RECORD_NONE &&
               event->location.object == record->failure.object;
    default: return false; /* threads' begin and end: see select_threads() */
    }
}

/* The writes whose values shown reads take are shown too. */
static void select_sources(const struct thi_analysis *analysis, bool *shown)
{
    const struct thi_record *record = analysis->record;
    for (size_t e = record->event_count; e-- > 0;) {
        uint32_t source = record->events[e].source;
        if (shown[e] && source < e && !analysis->setup[source] &&
            record->events[source].kind != TH_RECORD_HIDDEN) {
            shown[source] = true;
        }
    }
}

/* True if some needed event does not happen before the join `e`, and is not of its thread. */
static bool others_go_on(const struct thi_record *record, const bool *needed, size_t e)
{
    for (size_t i = 0; i < record->event_count; i++) {
        if (needed[i] && record->events[i].thread != record->events[e].thread &&
            !thi_record_hb(record, (uint32_t)i, (uint32_t)e)) {
            return true;
        }
    }
    return false;
}

/* A thread is created in a line of its own if its creator has lines before that; joined, if it has
 * lines after that (a failed assertion is one) while other threads go on. */
static void select_threads(const struct thi_analysis *analysis, const bool *needed, bool *shown)
{
    const struct thi_record *record = analysis->record;
    for (size_t t = 0; t < record->thread_count; t++) {
        bool before = false;
        for (size_t e = 0; e < record->event_count; e++) {
            const struct thi_record_event *event = &record->events[e];
            if (event->thread == t) {
                shown[e] =
                    shown[e] || (before && needed[e] && event->kind == TH_RECORD_THREAD_CREATE);
                before = before || shown[e];
            }
        }
        bool after = record->failure.event >= record->event_count && t == record->failure.thread &&
                     record->failure.kind != TH_FAILURE_NONE &&
                     record->failure.kind != TH_FAILURE_DEADLOCK;
        bool all_ended = false; /* when the joins that come next in this walk are done */
        for (size_t e = record->event_count; e-- > 0;) {
            const struct thi_record_event *event = &record->events[e];
            if (event->thread != t) {
                continue;
            }
            if (event->kind == TH_RECORD_THREAD_JOIN && after && needed[e]) {
                all_ended = all_ended || !others_go_on(record, needed, e);
                shown[e] = shown[e] || !all_ended;
            } else if (shown[e]) {
                after = true;
                all_ended = false;
            }
        }
    }
}

/* Setup: what happens before the first event of every thread but the first. */
static void setup_find(struct thi_analysis *analysis)
{
    const struct thi_record *record = analysis->record;
    bool other_threads = false;
    for (size_t e = 0; e < record->event_count; e++) {
        analysis->setup[e] = record->events[e].thread == 0;
    }
    for (size_t t = 1; t < record->thread_count; t++) {
        size_t first = 0;
        while (first < record->event_count && record->events[first].thread != t) {
            first++;
        }
        if (first == record->event_count) {
            continue;
        }
        other_threads = true;
        for (size_t e = 0; e < record->event_count; e++) {
            analysis->setup[e] =
                analysis->setup[e] && thi_record_hb(record, (uint32_t)e, (uint32_t)first);
        }
    }
    if (!other_threads) {
        memset(analysis->setup, 0, record->event_count * sizeof *analysis->setup);
    }
}

void thi_analysis_select(struct thi_analysis *analysis, bool *needed, bool *shown)
{
    const struct thi_record *record = analysis->record;
    setup_find(analysis);
    needed_find(record, needed);
    for (size_t e = 0; e < record->event_count; e++) {
        shown[e] = is_shown(analysis, needed, e);
    }
    select_sources(analysis, shown);
    select_threads(analysis, needed, shown);
}
