/* SPDX-License-Identifier: MIT
 * order.c - puts the events of an execution into the order that is easiest to follow.
 *
 * An execution of a weak memory model is not a sequence: many orders extend what happens before,
 * and none may show every read taking the newest value. The order chosen here respects happens
 * before and reads-from always, modification order and 'a read comes before the write it does not
 * see' where possible, and changes threads as rarely as it can. So an execution that is a plain
 * interleaving is shown as one, and a read is called stale only where no order avoids it.
 */
#include "report/analysis.h"

#include <stdlib.h>
#include <string.h>

struct orderer {
    const struct thi_record *record;
    const bool *needed;
    uint32_t *position; /* by event; NONE: not placed yet */
    uint32_t *next;     /* by thread: its next needed event, or NONE */
    uint32_t placed_count;
    uint32_t thread; /* of the event placed last */
};

/* The first needed event of `thread` from `event` on. */
static uint32_t next_of_thread(const struct orderer *orderer, uint32_t thread, size_t event)
{
    const struct thi_record *record = orderer->record;
    while (event < record->event_count &&
           (record->events[event].thread != thread || !orderer->needed[event])) {
        event++;
    }
    return event < record->event_count ? (uint32_t)event : TH_RECORD_NONE;
}

static bool is_open(const struct orderer *orderer, uint32_t event)
{
    return orderer->needed[event] && orderer->position[event] == TH_RECORD_NONE;
}

/* May `event` come now? What happens before it and what it reads must have come. */
static bool is_ready(const struct orderer *orderer, uint32_t event)
{
    const struct thi_record *record = orderer->record;
    uint32_t source = record->events[event].source;
    if (source < record->event_count && is_open(orderer, source)) {
        return false;
    }
    for (uint32_t before = 0; before < record->event_count; before++) {
        if (thi_record_hb(record, before, event) && is_open(orderer, before)) {
            return false;
        }
    }
    return true;
}

/* How many events, still to come, should come before the write `event`: older writes of its
 * location, and reads of older values. */
static size_t violations(const struct orderer *orderer, uint32_t event)
{
    const struct thi_record *record = orderer->record;
    const struct thi_record_event *write = &record->events[event];
    if (!thi_is_write(write) || write->mo_position == TH_RECORD_NONE) {
        return 0;
    }
    size_t count = 0;
    for (uint32_t e = 0; e < record->event_count; e++) {
        const struct thi_record_event *other = &record->events[e];
        if (e == event || !is_open(orderer, e) || !thi_same_location(write, other)) {
            continue;
        }
        bool older_write = thi_is_write(other) && other->mo_position < write->mo_position;
        /* An unknown position is the highest number, so such reads never count. */
        bool older_read =
            thi_is_read(other) && thi_source_position(record, other) < write->mo_position;
        count += older_write || older_read;
    }
    return count;
}

/* The next event: one that can come, with the fewest violations, in the same thread if that costs
 * nothing. The thread that fails comes last, so that the table ends with the failure. */
static uint32_t choose(const struct orderer *orderer)
{
    const struct thi_record *record = orderer->record;
    uint32_t best = TH_RECORD_NONE;
    size_t best_cost = SIZE_MAX;
    for (uint32_t t = 0; t < record->thread_count; t++) {
        uint32_t event = orderer->next[t];
        if (event == TH_RECORD_NONE || !is_ready(orderer, event)) {
            continue;
        }
        size_t cost = 4 * violations(orderer, event) + (t != orderer->thread ? 1u : 0u) +
                      (t == record->failure.thread ? 2u : 0u);
        if (cost < best_cost) {
            best = event;
            best_cost = cost;
        }
    }
    return best;
}

/* The newest write to the location of `read` that comes before it in the order and after its
 * source in modification order. */
static uint32_t skipped_find(const struct orderer *orderer, uint32_t read)
{
    const struct thi_record *record = orderer->record;
    const struct thi_record_event *event = &record->events[read];
    uint32_t source = thi_source_position(record, event);
    uint32_t newest = TH_RECORD_NONE, newest_position = source;
    if (!thi_is_read(event) || source == TH_RECORD_NONE) {
        return TH_RECORD_NONE;
    }
    for (uint32_t e = 0; e < record->event_count; e++) {
        const struct thi_record_event *write = &record->events[e];
        if (thi_is_write(write) && e != read && thi_same_location(write, event) &&
            write->mo_position != TH_RECORD_NONE && write->mo_position > newest_position &&
            orderer->position[e] < orderer->position[read]) {
            newest = e;
            newest_position = write->mo_position;
        }
    }
    return newest;
}

/* An event before the write `event` in the order whose value is nevertheless the newer one. */
static uint32_t late_find(const struct orderer *orderer, uint32_t event)
{
    const struct thi_record *record = orderer->record;
    const struct thi_record_event *write = &record->events[event];
    uint32_t found = TH_RECORD_NONE;
    if (!thi_is_write(write) || write->mo_position == TH_RECORD_NONE) {
        return found;
    }
    for (uint32_t e = 0; e < record->event_count; e++) {
        const struct thi_record_event *other = &record->events[e];
        if (thi_is_write(other) && thi_same_location(write, other) &&
            other->mo_position != TH_RECORD_NONE && other->mo_position > write->mo_position &&
            orderer->position[e] < orderer->position[event] &&
            (found == TH_RECORD_NONE || other->mo_position < record->events[found].mo_position)) {
            found = e;
        }
    }
    return found;
}

bool thi_analysis_order(struct thi_analysis *analysis, const bool *needed)
{
    const struct thi_record *record = analysis->record;
    struct orderer orderer = {
        .record = record,
        .needed = needed,
        .position = analysis->position,
        .next = calloc(record->thread_count + 1, sizeof(uint32_t)),
    };
    if (orderer.next == NULL) {
        return false;
    }
    memset(orderer.position, 0xff, record->event_count * sizeof *orderer.position);
    for (uint32_t t = 0; t < record->thread_count; t++) {
        orderer.next[t] = next_of_thread(&orderer, t, 0);
    }
    for (uint32_t e; (e = choose(&orderer)) != TH_RECORD_NONE;) {
        orderer.position[e] = orderer.placed_count++;
        orderer.thread = record->events[e].thread;
        orderer.next[orderer.thread] = next_of_thread(&orderer, orderer.thread, e + 1);
    }
    for (uint32_t e = 0; e < record->event_count; e++) {
        bool placed = orderer.position[e] != TH_RECORD_NONE;
        analysis->skipped[e] = placed ? skipped_find(&orderer, e) : TH_RECORD_NONE;
        analysis->late[e] = placed ? late_find(&orderer, e) : TH_RECORD_NONE;
    }
    free(orderer.next);
    return true;
}
