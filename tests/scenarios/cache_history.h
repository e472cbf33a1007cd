/* SPDX-License-Identifier: MIT
 * cache_history.h - what the threads of a scenario did to a cache and saw of it, and whether one
 *                   order of the operations of each key explains it.
 *
 * Guarantees   H1 cache_explained() is true if and only if the calls of a key have a total order in
 *              which each answers as a cache of one key would, and which agrees with program order
 *              and happens-before. Where room is short, a key may go between any two calls, and a
 *              store be refused.
 *              H2 the bytes of a value are compared: a view of an item that was not written yet, or
 *              not any more, answers wrong (and races).
 * Method       as history.h, with what a cache of one key is: bytes, a number, a second.
 * Sources      linearizability (Herlihy, Wing).
 */
#ifndef TOPHASH_TESTS_SCENARIOS_CACHE_HISTORY_H
#define TOPHASH_TESTS_SCENARIOS_CACHE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <tophash/cache.h>

#include "scenarios/scenario.h"

enum { CACHE_THREADS = 4, CACHE_CALLS = 24, CACHE_VALUE_BYTES = 8 };

/* Outside the checker only program order is known. */
#ifndef HISTORY_CLOCK
#define HISTORY_CLOCK(thread) 0u
#endif
#ifndef HISTORY_CLOCK_END
#define HISTORY_CLOCK_END(thread) HISTORY_CLOCK(thread)
#endif

enum cache_operation {
    CACHE_GET,
    CACHE_GET_TOUCH,
    CACHE_STORE, /* by `mode` */
    CACHE_ADD_NUMBER,
    CACHE_TOUCH,
    CACHE_DELETE,
    CACHE_FLUSH /* of all keys */
};

struct cache_value {
    char bytes[CACHE_VALUE_BYTES];
    unsigned size;
};

struct cache_call {
    enum cache_operation operation;
    enum th_cache_mode mode;
    unsigned key;
    uint32_t now;
    uint32_t second;          /* the expiry it sets; of a flush: when */
    uint64_t expected;        /* of TH_CACHE_CAS */
    struct cache_value value; /* stored; of a get: found */
    uint64_t number;          /* given or found */
    uint64_t sum;             /* of ADD_NUMBER: what it says */
    th_status status;         /* of a get TH_OK or TH_ABSENT */
    unsigned known[CACHE_THREADS];
    unsigned end;
};

/* By thread; the thread that sets up and looks at the end is number 0. */
static struct {
    struct cache_call calls[CACHE_CALLS];
    unsigned count;
} cache_history[CACHE_THREADS];

static inline void cache_history_reset(void)
{
    for (unsigned thread = 0; thread < CACHE_THREADS; thread++) {
        cache_history[thread].count = 0;
    }
}

static inline struct cache_call *cache_call_begin(unsigned thread, enum cache_operation operation,
                                                  unsigned key, uint32_t now)
{
    SCENARIO_CHECK(cache_history[thread].count < CACHE_CALLS);
    struct cache_call *call = &cache_history[thread].calls[cache_history[thread].count++];
    *call = (struct cache_call){.operation = operation, .key = key, .now = now};
    for (unsigned other = 0; other < CACHE_THREADS; other++) {
        call->known[other] = HISTORY_CLOCK(other);
    }
    return call;
}

static inline void cache_call_end(unsigned thread, struct cache_call *call)
{
    call->end = HISTORY_CLOCK_END(thread);
}

/* ------------------------------------------------------------------ the judge */

struct cache_state {
    bool present;
    struct cache_value value;
    uint64_t number;
    uint32_t expires;
    uint32_t flush_at; /* a flush to come */
};

static inline bool cache_value_same(const struct cache_value *a, const struct cache_value *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static inline uint64_t cache_value_number(const struct cache_value *value)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < value->size && value->bytes[i] >= '0' && value->bytes[i] <= '9'; i++) {
        number = number * 10 + (uint64_t)(value->bytes[i] - '0');
    }
    return number;
}

static inline struct cache_value cache_value_of(uint64_t number, unsigned size)
{
    struct cache_value value = {.size = size};
    for (unsigned i = size; i-- > 0; number /= 10) {
        value.bytes[i] = (char)('0' + number % 10);
    }
    return value;
}

/* As adding writes it: no zeros in front, as many bytes as there were. */
static inline struct cache_value cache_value_sum(uint64_t sum, unsigned size)
{
    unsigned digits = 1;
    for (uint64_t rest = sum; rest >= 10; rest /= 10) {
        digits++;
    }
    struct cache_value value = cache_value_of(sum, digits);
    while (value.size < size) {
        value.bytes[value.size++] = ' ';
    }
    return value;
}

static inline struct cache_value cache_value_joined(const struct cache_value *first,
                                                    const struct cache_value *second)
{
    struct cache_value value = *first;
    for (unsigned i = 0; i < second->size && value.size < CACHE_VALUE_BYTES; i++) {
        value.bytes[value.size++] = second->bytes[i];
    }
    return value;
}

/* A store that was done: its number is above that of what it replaces. */
static inline bool cache_stored(const struct cache_call *call, struct cache_state *state)
{
    bool joins = call->mode == TH_CACHE_APPEND || call->mode == TH_CACHE_PREPEND;
    if (state->present && call->number <= state->number) {
        return false;
    }
    state->number = call->number;
    if (call->operation == CACHE_ADD_NUMBER) {
        uint64_t sum = cache_value_number(&state->value) + cache_value_number(&call->value);
        state->value = cache_value_sum(sum, state->value.size);
        return call->sum == sum;
    }
    if (joins) {
        const struct cache_value *old = &state->value;
        state->value = call->mode == TH_CACHE_APPEND ? cache_value_joined(old, &call->value)
                                                     : cache_value_joined(&call->value, old);
        return true;
    }
    state->present = true;
    state->value = call->value;
    state->expires = call->second;
    return true;
}

static inline bool cache_store_answers(const struct cache_call *call, struct cache_state *state)
{
    if (call->mode == TH_CACHE_ADD && state->present) {
        return call->status == TH_EXISTS;
    }
    if (call->mode != TH_CACHE_ADD && call->mode != TH_CACHE_SET && !state->present) {
        return call->status == TH_ABSENT;
    }
    if (call->mode == TH_CACHE_CAS && state->number != call->expected) {
        return call->status == TH_MISMATCH;
    }
    return call->status == TH_OK && cache_stored(call, state);
}

/* Whether a cache of one key in this state answers so; the state behind it. */
static inline bool cache_answers(const struct cache_call *call, struct cache_state *state)
{
    bool flushed = state->flush_at != 0 && state->flush_at <= call->now;
    state->flush_at = flushed ? 0 : state->flush_at;
    state->present = state->present && !flushed &&
                     (state->expires == TH_CACHE_NEVER || state->expires > call->now);
    bool was = state->present;
    switch (call->operation) {
    case CACHE_GET:
    case CACHE_GET_TOUCH:
        if (call->status != TH_OK) {
            return !was;
        }
        if (call->operation == CACHE_GET && was && call->second != state->expires) {
            return false;
        }
        state->expires = call->second;
        return was && cache_value_same(&call->value, &state->value) &&
               call->number == state->number;
    case CACHE_STORE: return cache_store_answers(call, state);
    case CACHE_ADD_NUMBER:
        return was ? call->status == TH_OK && cache_stored(call, state) : call->status == TH_ABSENT;
    case CACHE_TOUCH:
        state->expires = call->second;
        return call->status == (was ? TH_OK : TH_ABSENT);
    case CACHE_DELETE: state->present = false; return call->status == (was ? TH_OK : TH_ABSENT);
    case CACHE_FLUSH:
        state->present = was && call->second > call->now;
        state->flush_at = call->second > call->now ? call->second : 0;
        return true;
    }
    return false;
}

struct cache_search {
    const struct cache_call *calls[CACHE_THREADS][CACHE_CALLS];
    unsigned counts[CACHE_THREADS];
    unsigned done[CACHE_THREADS];
    bool tight;
};

/* A call that got no room. */
static inline bool cache_refused(const struct cache_search *search, const struct cache_call *call)
{
    return search->tight && call->status == TH_ENOMEM;
}

/* Whether some call that is not done yet happens before the next one of `thread`. */
static inline bool cache_must_wait(const struct cache_search *search, unsigned thread)
{
    const struct cache_call *next = search->calls[thread][search->done[thread]];
    for (unsigned other = 0; other < CACHE_THREADS; other++) {
        if (other != thread && search->done[other] < search->counts[other] &&
            search->calls[other][search->done[other]]->end <= next->known[other]) {
            return true;
        }
    }
    return false;
}

static inline bool cache_goes_on(struct cache_search *search, const struct cache_state *state);

/* The next call of the thread, and what may follow. */
static inline bool cache_follows(struct cache_search *search, unsigned thread,
                                 const struct cache_state *state, bool evicted)
{
    struct cache_state behind = *state;
    behind.present = behind.present && !evicted;
    const struct cache_call *call = search->calls[thread][search->done[thread]];
    if (!cache_refused(search, call) && !cache_answers(call, &behind)) {
        return false;
    }
    search->done[thread]++;
    bool found = cache_goes_on(search, &behind);
    search->done[thread]--;
    return found;
}

static inline bool cache_goes_on(struct cache_search *search, const struct cache_state *state)
{
    bool all = true;
    for (unsigned thread = 0; thread < CACHE_THREADS; thread++) {
        if (search->done[thread] == search->counts[thread]) {
            continue;
        }
        all = false;
        if (cache_must_wait(search, thread)) {
            continue;
        }
        if (cache_follows(search, thread, state, false) ||
            (search->tight && state->present && cache_follows(search, thread, state, true))) {
            return true;
        }
    }
    return all;
}

static inline bool cache_explained(unsigned key, bool tight)
{
    struct cache_search search = {.tight = tight};
    for (unsigned thread = 0; thread < CACHE_THREADS; thread++) {
        for (unsigned i = 0; i < cache_history[thread].count; i++) {
            const struct cache_call *call = &cache_history[thread].calls[i];
            if (call->key == key || call->operation == CACHE_FLUSH) {
                search.calls[thread][search.counts[thread]++] = call;
            }
        }
    }
    return cache_goes_on(&search, &(struct cache_state){.present = false});
}

#endif
