/* SPDX-License-Identifier: MIT
 * cache_steps.h - scenarios of the cache as tables: what is there before, what up to three threads
 *                 do, one phenomenon each. Every history is judged (cache_history.h), and the cache
 *                 validates at the end.
 *
 * Keys         A and C have one stripe, B and D the other. Values of three bytes: a segment holds
 *              four items, or two that have an expiry or were moved. BIG ones of seven: a segment
 *              holds two, or one with an expiry.
 * Time         each thread's clock stands at CACHE_NOW until it steps on.
 * Views        the bytes of a hit are read plainly, inside the guard, after the lookup.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_CACHE_STEPS_H
#define TOPHASH_TESTS_SCENARIOS_CACHE_STEPS_H

#include <stddef.h>

#include "cache/cache_write.h"
#include "epoch/epoch_priv.h"
#include "scenarios/cache_history.h"

enum { A, B, C, D, CACHE_KEYS };
enum { CACHE_NOW = 10, SOON = 20, LATE = 30 };

enum cache_step_operation {
    END,
    GET,
    GET_MANY, /* the key and B */
    GET_TOUCH,
    SET,
    BIG, /* SET, of a longer value */
    PUT, /* SET, or BIG if it is to expire, by its steps: without the upkeep that goes before */
    ADD,
    REPLACE,
    CAS, /* with the number of the first step of `before` with that key */
    APPEND,
    INCREASE,
    TOUCH,
    DELETE,
    FLUSH,    /* at once, or at the second given */
    NOW,      /* the thread's clock */
    MAINTAIN, /* removes what has expired */
    ROOM,     /* what a store does that found none: empties a segment, waits for its readers */
    EMPTY,    /* the first half of it */
    TICKET,   /* has readers waited for, if anything is in limbo */
    RECLAIM,  /* runs tickets that nobody has to wait for any more */
    ENTER,
    VIEW, /* a lookup in a guard that was entered before ... */
    SEE,  /* ... whose bytes are read here */
    LEAVE,
    ADVANCE, /* the epoch by one, if nobody stands in its way */
    TAKEN,   /* others have the tickets that are left */
    BE,      /* what follows in `before` thread `key` did */
    FREE     /* the cache; nobody is in it any more, tickets may be on their way */
};

struct cache_step {
    enum cache_step_operation operation;
    unsigned key;
    uint32_t second; /* an expiry to set; of FLUSH and NOW the second */
};

enum { CACHE_STEPS_MAX = 12, CACHE_STEPS_IN_THREAD = 5 };

struct cache_steps {
    const char *name;
    bool tight; /* room is short: items may go, stores may be refused */
    struct cache_step before[CACHE_STEPS_MAX];
    struct cache_step threads[CACHE_THREADS - 1][CACHE_STEPS_IN_THREAD];
};

static const struct cache_steps cache_steps[] = {
    /* One key. */
    {"cache_get_add", false, {{END, A, 0}}, {{{ADD, A, 0}}, {{GET, A, 0}}}},
    {"cache_get_set", false, {{SET, A, 0}}, {{{SET, A, 0}}, {{GET, A, 0}}}},
    {"cache_get_delete", false, {{SET, A, 0}}, {{{DELETE, A, 0}}, {{GET, A, 0}}}},
    {"cache_get_append", false, {{SET, A, 0}}, {{{APPEND, A, 0}}, {{GET, A, 0}}}},
    {"cache_get_many_set", false, {{SET, A, 0}}, {{{SET, A, 0}}, {{GET_MANY, A, 0}}}},
    {"cache_set_set", false, {{SET, A, 0}}, {{{SET, A, 0}}, {{SET, A, 0}}}},
    {"cache_add_add", false, {{END, A, 0}}, {{{ADD, A, 0}}, {{ADD, A, 0}}}},
    {"cache_cas_cas", false, {{SET, A, 0}}, {{{CAS, A, 0}}, {{CAS, A, 0}}}},
    {"cache_cas_set", false, {{SET, A, 0}}, {{{CAS, A, 0}}, {{SET, A, 0}}}},
    {"cache_increase_increase", false, {{SET, A, 0}}, {{{INCREASE, A, 0}}, {{INCREASE, A, 0}}}},
    {"cache_append_append", false, {{SET, A, 0}}, {{{APPEND, A, 0}}, {{APPEND, A, 0}}}},
    {"cache_replace_delete", false, {{SET, A, 0}}, {{{REPLACE, A, 0}}, {{DELETE, A, 0}}}},
    /* Expiry is judged on read, also of an item that is touched meanwhile. */
    {"cache_touch_get",
     false,
     {{SET, A, LATE}},
     {{{TOUCH, A, SOON}}, {{NOW, A, SOON}, {GET, A, 0}}}},
    {"cache_touch_copy_get",
     false,
     {{SET, A, 0}},
     {{{TOUCH, A, SOON}}, {{NOW, A, SOON}, {GET, A, 0}}}},
    {"cache_get_touch_get",
     false,
     {{SET, A, LATE}},
     {{{GET_TOUCH, A, SOON}}, {{NOW, A, SOON}, {GET, A, 0}}}},
    {"cache_touch_replace", false, {{SET, A, SOON}}, {{{TOUCH, A, LATE}}, {{REPLACE, A, SOON}}}},
    {"cache_touch_delete", false, {{SET, A, SOON}}, {{{TOUCH, A, LATE}}, {{DELETE, A, 0}}}},
    {"cache_touch_add",
     false,
     {{SET, A, LATE}},
     {{{TOUCH, A, SOON}}, {{NOW, A, SOON}, {ADD, A, LATE}}}},
    {"cache_maintain_get",
     false,
     {{SET, A, LATE}, {SET, B, SOON}},
     {{{NOW, A, SOON}, {MAINTAIN, A, 0}}, {{NOW, A, SOON}, {GET, A, 0}, {GET, B, 0}}}},
    {"cache_maintain_set",
     false,
     {{SET, A, SOON}},
     {{{NOW, A, SOON}, {MAINTAIN, A, 0}}, {{SET, A, LATE}, {GET, A, 0}}}},
    {"cache_maintain_touch",
     false,
     {{SET, A, LATE}, {SET, B, SOON}},
     {{{NOW, A, SOON}, {MAINTAIN, A, 0}}, {{TOUCH, A, SOON}}}},
    {"cache_maintain_add",
     false,
     {{SET, A, SOON}},
     {{{NOW, A, SOON}, {MAINTAIN, A, 0}}, {{ADD, B, LATE}}}},
    /* All that was stored before is gone. */
    {"cache_flush_get", false, {{SET, A, 0}}, {{{FLUSH, A, 0}}, {{GET, A, 0}}}},
    {"cache_flush_set", false, {{SET, A, 0}}, {{{FLUSH, A, 0}}, {{SET, A, 0}, {GET, A, 0}}}},
    {"cache_flush_set_get", false, {{SET, A, 0}}, {{{FLUSH, A, 0}, {GET, A, 0}}, {{SET, A, 0}}}},
    {"cache_flush_then_set",
     false,
     {{SET, A, 0}},
     {{{FLUSH, A, 0}, {SET, A, 0}, {GET, A, 0}}, {{APPEND, B, 0}, {GET, A, 0}}}},
    {"cache_flush_increase", false, {{SET, A, 0}}, {{{FLUSH, A, 0}}, {{INCREASE, A, 0}}}},
    {"cache_flush_append", false, {{SET, A, 0}}, {{{FLUSH, A, 0}, {GET, A, 0}}, {{APPEND, A, 0}}}},
    {"cache_flush_touch",
     false,
     {{SET, A, LATE}},
     {{{FLUSH, A, 0}, {GET, A, 0}}, {{TOUCH, A, SOON}}}},
    {"cache_flush_due_get",
     false,
     {{SET, A, 0}, {FLUSH, A, SOON}},
     {{{NOW, A, SOON}, {SET, B, 0}}, {{NOW, A, SOON}, {GET, A, 0}}}},
    {"cache_flush_due_twice",
     false,
     {{SET, A, 0}, {FLUSH, A, SOON}},
     {{{NOW, A, SOON}, {SET, B, 0}}, {{NOW, A, SOON}, {ADD, A, 0}}}},
    {"cache_flush_flush", false, {{SET, A, 0}}, {{{FLUSH, A, 0}}, {{FLUSH, A, SOON}, {SET, A, 0}}}},
    /* The eldest segment is emptied, its only item evicted, and filled again. */
    {"cache_room_get",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{ROOM, A, 0}, {BIG, D, LATE}}, {{GET, A, 0}}}},
    {"cache_full_get",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{BIG, D, LATE}}, {{GET, A, 0}}}},
    {"cache_room_delete",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{ROOM, A, 0}, {BIG, D, LATE}}, {{DELETE, A, 0}}}},
    {"cache_room_put",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{ROOM, A, 0}, {PUT, D, LATE}}, {{PUT, A, 0}}}},
    {"cache_room_flush",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{ROOM, A, 0}}, {{FLUSH, A, 0}}}},
    {"cache_room_maintain",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{EMPTY, A, 0}}, {{NOW, A, LATE}, {MAINTAIN, A, 0}}}},
    /* It was looked at: it moves. */
    {"cache_move_get",
     true,
     {{BIG, A, LATE}, {GET, A, 0}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{ROOM, A, 0}, {PUT, D, LATE}}, {{GET, A, 0}}}},
    {"cache_move_put",
     true,
     {{BIG, A, LATE}, {GET, A, 0}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{ROOM, A, 0}}, {{PUT, A, 0}, {GET, A, 0}}}},
    {"cache_move_delete",
     true,
     {{BIG, A, LATE}, {GET, A, 0}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{ROOM, A, 0}}, {{DELETE, A, 0}}}},
    {"cache_compact_get",
     true,
     {{SET, A, 0}, {SET, B, 0}, {DELETE, B, 0}, {BIG, C, LATE}, {BIG, D, LATE}},
     {{{ROOM, A, 0}, {PUT, D, LATE}}, {{GET, A, 0}}}},
    /* One thread empties a segment, another has its readers waited for. */
    {"cache_ticket_get",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{EMPTY, A, 0}, {PUT, D, LATE}}, {{TICKET, A, 0}, {RECLAIM, A, 0}, {GET, A, 0}}}},
    {"cache_get_ticket",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{EMPTY, A, 0}, {PUT, D, LATE}}, {{GET, A, 0}, {TICKET, A, 0}, {RECLAIM, A, 0}}}},
    {"cache_put_ticket",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{EMPTY, A, 0}}, {{TICKET, A, 0}, {RECLAIM, A, 0}, {PUT, D, LATE}}}},
    {"cache_ticket_help",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{EMPTY, A, 0}, {PUT, D, LATE}},
      {{TICKET, A, 0}},
      {{RECLAIM, A, 0}, {RECLAIM, A, 0}, {GET, A, 0}}}},
    {"cache_three_tickets",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}},
     {{{EMPTY, A, 0}, {PUT, D, LATE}}, {{TICKET, A, 0}, {RECLAIM, A, 0}}, {{GET, A, 0}}}},
    /* A view that another thread waited for, and a third fills its place. */
    {"cache_three_grace",
     true,
     {{BIG, A, LATE},
      {BIG, B, LATE},
      {BIG, C, LATE},
      {BE, 1, 0},
      {ENTER, A, 0},
      {VIEW, A, 1},
      {DELETE, A, 0},
      {BE, 2, 0},
      {ROOM, A, 0}},
     {{{SEE, A, 0}, {LEAVE, A, 0}, {ADVANCE, A, 0}, {ADVANCE, A, 0}},
      {{RECLAIM, A, 0}},
      {{PUT, D, LATE}}}},
    /* Tickets that pass are used again, and outlive their cache. */
    {"cache_ticket_again",
     true,
     {{BIG, A, LATE},
      {BIG, B, LATE},
      {BIG, C, LATE},
      {ENTER, A, 0},
      {ROOM, A, 0},
      {LEAVE, A, 0},
      {TAKEN, A, 0}},
     {{{RECLAIM, A, 0}}, {{TICKET, A, 0}}}},
    {"cache_free_reclaim",
     true,
     {{BIG, A, LATE}, {BIG, B, LATE}, {BIG, C, LATE}, {ENTER, A, 0}, {ROOM, A, 0}, {LEAVE, A, 0}},
     {{{FREE, A, 0}}, {{RECLAIM, A, 0}}}},
    /* Rooms that are filled, or given up, while their segment is sealed or walked. */
    {"cache_fill_sealed",
     true,
     {{SET, A, SOON}, {DELETE, A, 0}},
     {{{FLUSH, A, 0}, {NOW, A, SOON}, {MAINTAIN, A, 0}}, {{PUT, B, 0}}}},
    {"cache_give_up",
     true,
     {{END, A, 0}},
     {{{FLUSH, A, 0}, {SET, A, SOON}, {NOW, A, SOON}, {MAINTAIN, A, 0}}, {{PUT, B, 0}}}},
    /* Two at the upkeep. */
    {"cache_maintain_maintain",
     true,
     {{SET, A, SOON}, {SET, B, SOON}},
     {{{NOW, A, SOON}, {MAINTAIN, A, 0}}, {{NOW, A, SOON}, {MAINTAIN, A, 0}}}},
};
enum { CACHE_STEPS_COUNT = sizeof(cache_steps) / sizeof(cache_steps[0]) };

static const struct cache_steps *cache_scenario; /* the scenario at hand */
static struct th_cache *cache_at_hand;
static struct th_epoch *cache_domain;
static uint64_t cache_first_numbers[CACHE_KEYS]; /* of the first item of each key */
static uint32_t cache_clocks[CACHE_THREADS];

static char cache_key_names[CACHE_KEYS];
static struct th_cache_view cache_views[CACHE_THREADS]; /* of VIEW */

/* Defined by whoever runs the scenarios: a domain, and the threads' ways into it. */
static struct th_epoch *cache_domain_make(void);
static void cache_domain_join(unsigned thread);
static void cache_domain_end(void);

static inline void cache_value_see(struct cache_call *call, const struct th_cache_view *view)
{
    call->status = TH_OK;
    call->value.size = view->value_bytes;
    SCENARIO_CHECK(view->value_bytes <= CACHE_VALUE_BYTES);
    memcpy(call->value.bytes, view->value, view->value_bytes);
    call->number = view->cas;
    call->second = view->expires;
}

static inline void cache_step_get(unsigned thread, const struct cache_step *step)
{
    bool touches = step->operation == GET_TOUCH;
    struct cache_call *call = cache_call_begin(thread, touches ? CACHE_GET_TOUCH : CACHE_GET,
                                               step->key, cache_clocks[thread]);
    struct th_cache_view view;
    const char *name = &cache_key_names[step->key];
    th_cache_enter(cache_at_hand);
    bool found = touches
                     ? th_cache_get_touch(cache_at_hand, name, 1, call->now, step->second, &view)
                     : th_cache_get(cache_at_hand, name, 1, call->now, &view);
    call->status = TH_ABSENT;
    if (found) {
        cache_value_see(call, &view);
    }
    th_cache_leave(cache_at_hand);
    cache_call_end(thread, call);
}

static inline void cache_step_get_many(unsigned thread, const struct cache_step *step)
{
    struct cache_call *call = cache_call_begin(thread, CACHE_GET, step->key, cache_clocks[thread]);
    struct th_cache_key keys[2] = {{&cache_key_names[step->key], 1}, {&cache_key_names[B], 1}};
    struct th_cache_view views[2];
    bool found[2];
    th_cache_enter(cache_at_hand);
    (void)th_cache_get_many(cache_at_hand, keys, 2, call->now, views, found);
    call->status = TH_ABSENT;
    if (found[0]) {
        cache_value_see(call, &views[0]);
    }
    th_cache_leave(cache_at_hand);
    cache_call_end(thread, call);
}

/* The history knows the view from here on; what it was then stands in its bytes. */
static inline void cache_step_view(unsigned thread, const struct cache_step *step)
{
    struct th_cache_view *view = &cache_views[step->second];
    SCENARIO_CHECK(
        th_cache_get(cache_at_hand, &cache_key_names[step->key], 1, cache_clocks[thread], view));
}

static inline void cache_step_see(unsigned thread)
{
    const struct th_cache_view *view = &cache_views[thread];
    SCENARIO_CHECK(memcmp(view->value, "0000001", view->value_bytes) == 0);
}

static inline void cache_step_store(unsigned thread, const struct cache_step *step, unsigned value)
{
    static const enum th_cache_mode modes[] = {
        [SET] = TH_CACHE_SET,         [BIG] = TH_CACHE_SET, [ADD] = TH_CACHE_ADD,
        [REPLACE] = TH_CACHE_REPLACE, [CAS] = TH_CACHE_CAS, [APPEND] = TH_CACHE_APPEND};
    struct cache_call *call =
        cache_call_begin(thread, CACHE_STORE, step->key, cache_clocks[thread]);
    call->mode = modes[step->operation];
    call->second = step->second;
    call->expected = cache_first_numbers[step->key];
    unsigned size = step->operation == BIG ? 7 : 3;
    call->value = cache_value_of(value, step->operation == APPEND ? 1 : size);
    struct th_cache_item item = {.value = call->value.bytes,
                                 .value_bytes = call->value.size,
                                 .expires = step->second,
                                 .cas = call->expected};
    call->status = th_cache_store(cache_at_hand, call->mode, &cache_key_names[step->key], 1, &item,
                                  call->now, &call->number);
    cache_call_end(thread, call);
}

/* As th_cache_store() does once there is room. */
static inline void cache_step_put(unsigned thread, const struct cache_step *step, unsigned value)
{
    struct cache_call *call =
        cache_call_begin(thread, CACHE_STORE, step->key, cache_clocks[thread]);
    struct th_cache_key key = {&cache_key_names[step->key], 1};
    struct thi_cache_request request;
    struct thi_cache_found found;
    call->second = step->second;
    call->value = cache_value_of(value, step->second != 0 ? 7 : 3);
    struct thi_cache_plan plan = {.first = call->value.bytes,
                                  .first_bytes = call->value.size,
                                  .expires = step->second,
                                  .watermark = th_u64_load_rlx(&cache_at_hand->watermark)};
    SCENARIO_CHECK(thi_cache_request_init(&request, cache_at_hand, &key, call->now));
    thi_cache_lock(&request.stripe->lock);
    thi_cache_find(&request, &found);
    call->status = thi_cache_plan_store(&request, &found, &plan);
    thi_cache_unlock(&request.stripe->lock);
    call->status = call->status == TH_OK ? TH_OK : TH_ENOMEM; /* no room */
    call->number = plan.number;
    cache_call_end(thread, call);
}

static inline void cache_step_increase(unsigned thread, const struct cache_step *step,
                                       unsigned value)
{
    struct cache_call *call =
        cache_call_begin(thread, CACHE_ADD_NUMBER, step->key, cache_clocks[thread]);
    call->value = cache_value_of(value, 3);
    call->status = th_cache_add_number(cache_at_hand, &cache_key_names[step->key], 1, value, false,
                                       call->now, &call->sum, &call->number);
    cache_call_end(thread, call);
}

/* Those that need no value. */
static inline void cache_step_change(unsigned thread, const struct cache_step *step)
{
    static const enum cache_operation kinds[] = {
        [TOUCH] = CACHE_TOUCH, [DELETE] = CACHE_DELETE, [FLUSH] = CACHE_FLUSH};
    struct cache_call *call =
        cache_call_begin(thread, kinds[step->operation], step->key, cache_clocks[thread]);
    const char *name = &cache_key_names[step->key];
    call->second = step->second;
    switch (step->operation) {
    case TOUCH:
        call->status = th_cache_touch(cache_at_hand, name, 1, call->now, step->second);
        break;
    case DELETE: call->status = th_cache_delete(cache_at_hand, name, 1, call->now); break;
    default: th_cache_flush(cache_at_hand, call->now, step->second); break;
    }
    cache_call_end(thread, call);
}

static inline void cache_step_run(unsigned thread, const struct cache_step *step, unsigned value)
{
    switch (step->operation) {
    case END: return;
    case GET:
    case GET_TOUCH: cache_step_get(thread, step); return;
    case GET_MANY: cache_step_get_many(thread, step); return;
    case SET:
    case BIG:
    case ADD:
    case REPLACE:
    case CAS:
    case APPEND: cache_step_store(thread, step, value); return;
    case PUT: cache_step_put(thread, step, value); return;
    case INCREASE: cache_step_increase(thread, step, value); return;
    case TOUCH:
    case DELETE:
    case FLUSH: cache_step_change(thread, step); return;
    case NOW: cache_clocks[thread] = step->second; return;
    case MAINTAIN: (void)th_cache_maintain(cache_at_hand, cache_clocks[thread], 4); return;
    case EMPTY: (void)thi_cache_victims_work_off(cache_at_hand, cache_clocks[thread]); return;
    case ROOM: (void)thi_cache_make_room(cache_at_hand, cache_clocks[thread]); return;
    case TICKET: thi_ticket_issue(cache_at_hand); return;
    case RECLAIM: (void)th_epoch_reclaim(cache_domain, 0); return;
    case ENTER: th_cache_enter(cache_at_hand); return;
    case VIEW: cache_step_view(thread, step); return;
    case SEE: cache_step_see(thread); return;
    case LEAVE: th_cache_leave(cache_at_hand); return;
    case ADVANCE: (void)thi_epoch_advance(cache_domain); return;
    case TAKEN:
        for (unsigned i = 0; i < TH_CACHE_TICKETS; i++) {
            th_u32_store_rlx(&cache_at_hand->tickets[i].busy, 1);
        }
        return;
    case BE: cache_domain_join(step->key); return;
    case FREE:
        th_cache_free(cache_at_hand);
        cache_at_hand = NULL;
        return;
    }
}

static inline void cache_keys_choose(void)
{
    char name = 'a';
    for (unsigned key = 0; key < CACHE_KEYS; key++) {
        while ((thi_cache_hash(cache_at_hand, &name, 1) & 1) != key % 2) {
            name++;
        }
        cache_key_names[key] = name++;
    }
}

static inline void cache_steps_setup(void)
{
    cache_history_reset();
    memset(cache_first_numbers, 0, sizeof cache_first_numbers);
    for (unsigned thread = 0; thread < CACHE_THREADS; thread++) {
        cache_clocks[thread] = CACHE_NOW;
    }
    cache_domain = cache_domain_make();
    cache_domain_join(0);
    struct th_cache_config config = {.memory_bytes = TH_CACHE_MEMORY_BYTES_MIN,
                                     .epoch = cache_domain};
    SCENARIO_CHECK(th_cache_new(&config, &cache_at_hand) == TH_OK);
    cache_keys_choose();
    for (unsigned i = 0; i < CACHE_STEPS_MAX; i++) {
        const struct cache_step *step = &cache_scenario->before[i];
        cache_step_run(0, step, i + 1);
        if (step->operation == SET && cache_first_numbers[step->key] == 0) {
            cache_first_numbers[step->key] =
                cache_history[0].calls[cache_history[0].count - 1].number;
        }
    }
}

/* What thread 1, 2, ... does. */
static inline void cache_steps_thread(unsigned thread)
{
    const struct cache_step *mine = cache_scenario->threads[thread - 1];
    cache_domain_join(thread);
    for (unsigned i = 0; i < CACHE_STEPS_IN_THREAD; i++) {
        cache_step_run(thread, &mine[i], thread * 20 + i);
    }
}

/* No two items of a cache share a number. */
static inline void cache_numbers_check(void)
{
    const struct cache_call *stores[CACHE_THREADS * CACHE_CALLS];
    unsigned count = 0;
    for (unsigned thread = 0; thread < CACHE_THREADS; thread++) {
        for (unsigned i = 0; i < cache_history[thread].count; i++) {
            const struct cache_call *call = &cache_history[thread].calls[i];
            if ((call->operation == CACHE_STORE || call->operation == CACHE_ADD_NUMBER) &&
                call->status == TH_OK) {
                stores[count++] = call;
            }
        }
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < i; j++) {
            SCENARIO_CHECK(stores[i]->number != stores[j]->number);
        }
    }
}

static inline void cache_steps_after(void)
{
    const char *reason = NULL;
    cache_domain_join(0);
    if (cache_at_hand != NULL) {
        SCENARIO_CHECK(th_cache_validate(cache_at_hand, &reason) == TH_OK);
        for (unsigned thread = 1; thread < CACHE_THREADS; thread++) {
            uint32_t clock = cache_clocks[thread];
            cache_clocks[0] = clock > cache_clocks[0] ? clock : cache_clocks[0];
        }
        for (unsigned key = 0; key < CACHE_KEYS; key++) {
            cache_step_get(0, &(struct cache_step){GET, key, 0});
        }
    }
    for (unsigned key = 0; key < CACHE_KEYS; key++) {
        SCENARIO_CHECK(cache_explained(key, cache_scenario->tight));
    }
    cache_numbers_check();
    th_cache_free(cache_at_hand);
    cache_domain_end();
}

#endif
