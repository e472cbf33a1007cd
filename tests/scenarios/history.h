/* SPDX-License-Identifier: MIT
 * history.h - what the threads of a scenario did to a map and saw of it, and whether one order of
 *             the operations of each key explains it.
 *
 * Guarantees   H1 history_explained() is true if and only if the calls of a key have a total order
 *              in which each answers as a map of one key would, and which agrees with program order
 *              and happens-before (G1 of docs/guarantees.md).
 *              H2 a value that was found leads to plain data that was written before it was put
 *              (G2): history_fill() and history_look(), which a race detector watches.
 * Method       happens-before is what HISTORY_CLOCK() says: under the checker the number of events
 *              of a thread that happen before here. Depth first over the calls that may come next.
 * Sources      linearizability (Herlihy, Wing).
 */
#ifndef TOPHASH_TESTS_SCENARIOS_HISTORY_H
#define TOPHASH_TESTS_SCENARIOS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include <tophash/base.h>

#include "scenarios/scenario.h"

enum { HISTORY_THREADS = 5, HISTORY_CALLS = 24, HISTORY_VALUES = 64 };

/* What is put in the map, in place of the plain data of a user's. */
static uint64_t history_payload[HISTORY_VALUES];

/* HISTORY_CLOCK() is defined by whoever runs the scenarios, and HISTORY_CLOCK_END() too where the
 * end of a call has a time of its own. */
#ifndef HISTORY_CLOCK_END
#define HISTORY_CLOCK_END(thread) HISTORY_CLOCK(thread)
#endif

enum history_operation {
    HISTORY_GET,
    HISTORY_PUT,
    HISTORY_INSERT,
    HISTORY_REPLACE,
    HISTORY_EXCHANGE, /* `expected` to `value` */
    HISTORY_ADD,      /* `value` more; values of such keys lead nowhere */
    HISTORY_ERASE,
    HISTORY_ERASE_IF
};

struct history_call {
    enum history_operation operation;
    unsigned key;
    uint64_t value;
    uint64_t expected;
    th_status status;                /* GET: TH_OK or TH_ABSENT */
    uint64_t out;                    /* the value it gave */
    unsigned known[HISTORY_THREADS]; /* clocks when it began */
    unsigned end;                    /* own clock when it was done */
};

/* By thread; the thread that sets up and looks at the end is number 0. */
static struct {
    struct history_call calls[HISTORY_CALLS];
    unsigned count;
} history[HISTORY_THREADS];

static inline void history_reset(void)
{
    for (unsigned thread = 0; thread < HISTORY_THREADS; thread++) {
        history[thread].count = 0;
    }
}

static inline struct history_call *history_begin(unsigned thread, enum history_operation operation,
                                                 unsigned key, uint64_t value)
{
    SCENARIO_CHECK(history[thread].count < HISTORY_CALLS);
    struct history_call *call = &history[thread].calls[history[thread].count++];
    call->operation = operation;
    call->key = key;
    call->value = value;
    for (unsigned other = 0; other < HISTORY_THREADS; other++) {
        call->known[other] = HISTORY_CLOCK(other);
    }
    return call;
}

static inline void history_end(unsigned thread, struct history_call *call)
{
    call->end = HISTORY_CLOCK_END(thread);
}

/* Right before the value is put, and once it was found. */
static inline void history_fill(uint64_t value)
{
    history_payload[value % HISTORY_VALUES] = value + 1;
}

static inline void history_look(uint64_t value)
{
    SCENARIO_CHECK(history_payload[value % HISTORY_VALUES] == value + 1);
}

/* ------------------------------------------------------------------ the judge */

struct history_state {
    bool present;
    uint64_t value;
};

/* Whether a map of one key in this state answers so; the state behind it. */
static inline bool history_answers(const struct history_call *call, struct history_state *state)
{
    bool was = state->present;
    uint64_t before = state->value;
    bool gives = was && call->out == before;
    switch (call->operation) {
    case HISTORY_GET: return call->status == TH_OK ? gives : !was;
    case HISTORY_PUT:
        *state = (struct history_state){true, call->value};
        return call->status == TH_EXISTS ? gives : call->status == TH_OK && !was;
    case HISTORY_INSERT:
        state->value = was ? before : call->value;
        state->present = true;
        return call->status == TH_EXISTS ? gives : call->status == TH_OK && !was;
    case HISTORY_REPLACE:
    case HISTORY_ADD:
        state->value = call->operation == HISTORY_ADD ? before + call->value : call->value;
        return call->status == TH_OK ? gives : call->status == TH_ABSENT && !was;
    case HISTORY_ERASE:
        state->present = false;
        return call->status == TH_OK ? gives : call->status == TH_ABSENT && !was;
    case HISTORY_EXCHANGE:
    case HISTORY_ERASE_IF:
        if (call->status == TH_MISMATCH) {
            return gives && before != call->expected;
        }
        state->present = call->operation == HISTORY_EXCHANGE && was;
        state->value = call->value;
        return call->status == TH_OK ? was && before == call->expected
                                     : call->status == TH_ABSENT && !was;
    }
    return false;
}

struct history_search {
    const struct history_call *calls[HISTORY_THREADS][HISTORY_CALLS];
    unsigned counts[HISTORY_THREADS];
    unsigned done[HISTORY_THREADS];
};

/* Whether some call that is not done yet happens before the next one of `thread`. */
static inline bool history_must_wait(const struct history_search *search, unsigned thread)
{
    const struct history_call *next = search->calls[thread][search->done[thread]];
    for (unsigned other = 0; other < HISTORY_THREADS; other++) {
        if (other != thread && search->done[other] < search->counts[other] &&
            search->calls[other][search->done[other]]->end <= next->known[other]) {
            return true;
        }
    }
    return false;
}

static inline bool history_goes_on(struct history_search *search, struct history_state state)
{
    bool all = true;
    for (unsigned thread = 0; thread < HISTORY_THREADS; thread++) {
        if (search->done[thread] == search->counts[thread]) {
            continue;
        }
        all = false;
        struct history_state behind = state;
        if (history_must_wait(search, thread) ||
            !history_answers(search->calls[thread][search->done[thread]], &behind)) {
            continue;
        }
        search->done[thread]++;
        bool found = history_goes_on(search, behind);
        search->done[thread]--;
        if (found) {
            return true;
        }
    }
    return all;
}

static inline bool history_explained(unsigned key)
{
    struct history_search search = {.counts = {0}};
    for (unsigned thread = 0; thread < HISTORY_THREADS; thread++) {
        for (unsigned i = 0; i < history[thread].count; i++) {
            const struct history_call *call = &history[thread].calls[i];
            if (call->key == key) {
                search.calls[thread][search.counts[thread]++] = call;
            }
        }
    }
    return history_goes_on(&search, (struct history_state){false, 0});
}

#endif
