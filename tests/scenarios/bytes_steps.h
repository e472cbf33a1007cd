/* SPDX-License-Identifier: MIT
 * bytes_steps.h - scenarios of the map with bytes keys as tables: what is there before, what up to
 *                 three threads do, one phenomenon each. Every history is judged (history.h).
 *
 * Keys         A and T have one tag and one line: key words that refer to the same record are the
 *              same for both. B wants the same line, C the one beside it; A, C and T stay in the
 *              group when it is split, B goes to its sibling. L1 to L9 are in that sibling, too
 *              many for it. X, Y and Z are in another group. A walk comes to A's group first, and
 *              A stands before everything that a link in place of a hash may look like.
 * Values       a put of step n of thread t puts a number of its own, which leads to plain data that
 *              is written right before, and read by whoever finds the value. With a drop callback
 *              the value is the address of an object, and the callback overwrites that data.
 * Members      each thread finds a record of the epoch that was made for it, unless the scenario is
 *              about threads that register and end.
 * Judged       beside histories: every value that was put is dropped once, none that was not; after
 *              a drain the slab holds the records of the entries and no others, and every limbo is
 *              at rest.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_BYTES_STEPS_H
#define TOPHASH_TESTS_SCENARIOS_BYTES_STEPS_H

#include <stddef.h>
#include <string.h>

#include <tophash/map.h>

#include "epoch/epoch_priv.h"
#include "map/map_priv.h"
#include "scenarios/history.h"

enum { A, B, C, T, X, Y, Z, L1, L2, L3, L4, L5, L6, L7, L8, L9, BYTES_KEYS };

enum bytes_operation {
    END,
    GET,
    PUT,
    INSERT,
    REPLACE,
    EXCHANGE, /* from the first value that was put before */
    ADD,
    ERASE,
    ERASE_IF, /* as EXCHANGE */
    GET_MANY, /* the key and Z */
    PUT_MANY, /* the key alone */
    SPLIT,    /* the group of the key */
    MERGE,    /* all that can be merged */
    UPGRADE,  /* a small map to its next form */
    WALK,     /* all at once */
    WALK_ON,  /* by steps of one entry */
    CLEAR,
    COUNT,
    STATS,
    RESERVE, /* for more than a first block holds */
    ENTER,   /* a guard over the steps up to ... */
    LEAVE,   /* ... this one */
    RECLAIM, /* a batch */
    AGE,     /* what was retired before is ready */
    RUN_ONE, /* of what is ready of the one who set up */
    DRAIN,
    SPREAD, /* more limbos */
    FREE,   /* the map */
    REFUSE  /* from here on nobody gets memory */
};

struct bytes_step {
    enum bytes_operation operation;
    unsigned key;
};

/* What a scenario is made of beside its steps. */
enum {
    BYTES_SMALL = 1, /* the map has not moved to its table */
    BYTES_DROP = 2,  /* values have a drop callback */
    BYTES_COMES = 4  /* the first thread registers by itself, and leaves when it ends */
};

enum { BYTES_THREADS = 3, BYTES_STEPS_MAX = 17, BYTES_STEPS_IN_THREAD = 6 };

struct bytes_steps {
    const char *name;
    unsigned modes;
    struct bytes_step before[BYTES_STEPS_MAX];
    struct bytes_step threads[BYTES_THREADS][BYTES_STEPS_IN_THREAD];
};

/* The sibling of A's group is full, and nobody gets memory; it has room again for some. */
#define SIBLING_FULL                                                                         \
    {SPLIT, A}, {PUT, L1}, {PUT, L2}, {PUT, L3}, {PUT, L4}, {PUT, L5}, {PUT, L6}, {PUT, L7}, \
        {PUT, L8},                                                                           \
    {                                                                                        \
        REFUSE, A                                                                            \
    }
#define SIBLING_ROOM                                    \
    {ERASE, L1}, {ERASE, L2}, {ERASE, L3}, {ERASE, L4}, \
    {                                                   \
        ERASE, L5                                       \
    }

static const struct bytes_steps bytes_steps[] = {
    /* One key. */
    {"bytes_get_put", 0, {{PUT, A}}, {{{PUT, A}}, {{GET, A}, {GET, A}}}},
    {"bytes_get_insert", 0, {{END, A}}, {{{INSERT, A}}, {{GET, A}, {GET, A}}}},
    {"bytes_get_erase", 0, {{PUT, A}}, {{{ERASE, A}}, {{GET, A}, {GET, A}}}},
    {"bytes_put_put", 0, {{PUT, A}}, {{{PUT, A}}, {{PUT, A}}}},
    {"bytes_erase_erase", 0, {{PUT, A}}, {{{ERASE, A}}, {{ERASE, A}}}},
    {"bytes_put_erase", 0, {{PUT, A}}, {{{REPLACE, A}}, {{ERASE, A}}}},
    {"bytes_exchange_erase", 0, {{PUT, A}}, {{{EXCHANGE, A}}, {{ERASE, A}}}},
    {"bytes_add_add", 0, {{PUT, A}}, {{{ADD, A}}, {{ADD, A}}}},
    {"bytes_erase_if_put", 0, {{PUT, A}}, {{{ERASE_IF, A}}, {{REPLACE, A}}}},
    {"bytes_twins", 0, {{PUT, A}}, {{{ERASE, A}}, {{GET, T}}}},
    {"bytes_get_many_erase", 0, {{PUT, A}}, {{{ERASE, A}}, {{GET_MANY, A}}}},
    /* A record is retired, given back and used again, while others may stand in it. */
    {"record_reclaim_get", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}}, {{GET, A}}}},
    {"record_reclaim_put", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}}, {{REPLACE, A}}}},
    {"record_reclaim_erase", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}}, {{ERASE, A}}}},
    {"record_reclaim_many", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}}, {{GET_MANY, A}}}},
    {"record_reclaim_walk", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}}, {{WALK, A}}}},
    {"record_reuse_get", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}, {INSERT, B}}, {{GET, A}}}},
    {"record_reuse_twin", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}, {INSERT, T}}, {{GET, A}}}},
    {"record_reuse_put", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}, {INSERT, T}}, {{REPLACE, A}}}},
    {"record_reuse_erase", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}, {INSERT, T}}, {{ERASE, A}}}},
    {"record_reuse_walk", 0, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}, {INSERT, B}}, {{WALK, A}}}},
    {"record_reuse_many",
     0,
     {{PUT, A}},
     {{{ERASE, A}, {RECLAIM, A}, {INSERT, T}}, {{GET_MANY, A}}}},
    {"record_reuse_three",
     0,
     {{PUT, A}, {PUT, X}, {ERASE, X}, {AGE, A}},
     {{{RUN_ONE, A}}, {{INSERT, T}}, {{GET, T}}}},
    {"record_other_reclaims", 0, {{PUT, A}, {PUT, X}, {ERASE, X}}, {{{ERASE, A}}, {{RECLAIM, A}}}},
    {"record_three", 0, {{PUT, A}}, {{{ERASE, A}}, {{RECLAIM, A}}, {{GET, A}}}},
    /* Limbos: bags on their way. */
    {"limbo_two", 0, {{PUT, A}, {PUT, X}}, {{{ERASE, A}}, {{ERASE, X}}}},
    {"limbo_two_apart", 0, {{PUT, X}, {PUT, Z}}, {{{ERASE, X}}, {{ERASE, Z}}}},
    {"limbo_two_behind",
     0,
     {{PUT, A}, {PUT, X}, {PUT, Y}, {ERASE, Y}},
     {{{ERASE, A}}, {{ERASE, X}}}},
    {"limbo_back", 0, {{PUT, A}, {PUT, Y}, {ERASE, Y}, {AGE, A}}, {{{ERASE, A}}, {{RUN_ONE, A}}}},
    {"limbo_back_reclaim",
     0,
     {{PUT, A}, {PUT, Y}, {ERASE, Y}, {AGE, A}},
     {{{ERASE, A}}, {{RUN_ONE, A}, {RECLAIM, A}}}},
    {"limbo_two_reclaim",
     0,
     {{PUT, A}, {PUT, X}, {PUT, Y}, {ERASE, Y}, {ERASE, X}, {AGE, A}},
     {{{ERASE, A}}, {{RUN_ONE, A}, {RECLAIM, A}}}},
    {"limbo_back_two",
     0,
     {{PUT, A}, {PUT, X}, {PUT, Y}, {ERASE, Y}, {ERASE, X}, {AGE, A}},
     {{{ERASE, A}}, {{RUN_ONE, A}}}},
    {"limbo_three",
     0,
     {{PUT, A}, {PUT, X}, {PUT, Y}, {ERASE, Y}, {AGE, A}},
     {{{ERASE, A}}, {{RUN_ONE, A}}, {{ERASE, X}}}},
    {"limbo_spread", BYTES_SMALL, {{PUT, A}}, {{{ERASE, A}}, {{SPREAD, A}}}},
    {"limbo_spread_twice",
     BYTES_SMALL,
     {{PUT, A}},
     {{{SPREAD, A}, {ERASE, A}}, {{SPREAD, A}, {ERASE, A}}}},
    {"limbo_free", 0, {{PUT, A}, {ERASE, A}, {AGE, A}}, {{{FREE, A}}, {{RUN_ONE, A}}}},
    {"limbo_free_two",
     0,
     {{PUT, A}, {PUT, X}, {ERASE, A}, {ERASE, X}, {AGE, A}},
     {{{FREE, A}}, {{RUN_ONE, A}}}},
    {"limbo_drain", 0, {{PUT, A}}, {{{ERASE, A}}, {{DRAIN, A}}}},
    {"limbo_exit", BYTES_COMES, {{PUT, A}}, {{{ERASE, A}}, {{RECLAIM, A}}}},
    {"limbo_walk",
     0,
     {{PUT, X}, {PUT, Y}, {ERASE, X}, {ERASE, Y}, {PUT, A}, {PUT, T}},
     {{{ERASE, A}}, {{WALK_ON, A}}}},
    /* Cells are borrowed, and what is in them comes home. */
    {"borrow_get", 0, {SIBLING_FULL}, {{{INSERT, L9}}, {{GET, L9}}}},
    {"borrow_walk", 0, {SIBLING_FULL}, {{{INSERT, L9}}, {{WALK, A}}}},
    {"borrow_erase", 0, {SIBLING_FULL, {INSERT, L9}}, {{{ERASE, L9}, {RECLAIM, A}}, {{GET, L9}}}},
    {"borrow_erase_erase", 0, {SIBLING_FULL, {INSERT, L9}}, {{{ERASE, L9}}, {{ERASE, L9}}}},
    {"borrow_home_get",
     0,
     {SIBLING_FULL, {INSERT, L9}, SIBLING_ROOM},
     {{{INSERT, L1}}, {{GET, L9}}}},
    {"borrow_home_erase",
     0,
     {SIBLING_FULL, {INSERT, L9}, SIBLING_ROOM},
     {{{INSERT, L1}}, {{ERASE, L9}}}},
    {"borrow_home_walk",
     0,
     {SIBLING_FULL, {INSERT, L9}, SIBLING_ROOM},
     {{{INSERT, L1}}, {{WALK, A}}}},
    /* A group is split and merged again. */
    {"bytes_split_get", 0, {{PUT, B}}, {{{SPLIT, A}}, {{GET, B}}}},
    {"bytes_split_get_stayer", 0, {{PUT, A}, {PUT, B}}, {{{SPLIT, A}}, {{GET, A}}}},
    {"bytes_split_put", 0, {{PUT, B}}, {{{SPLIT, A}}, {{REPLACE, B}}}},
    {"bytes_split_insert", 0, {{END, B}}, {{{SPLIT, A}}, {{INSERT, B}}}},
    {"bytes_split_erase", 0, {{PUT, B}}, {{{SPLIT, A}}, {{ERASE, B}, {RECLAIM, A}}}},
    {"bytes_split_get_many", 0, {{PUT, B}}, {{{SPLIT, A}}, {{GET_MANY, B}}}},
    {"bytes_split_put_many", 0, {{PUT, B}}, {{{SPLIT, A}}, {{PUT_MANY, B}}}},
    {"bytes_split_walk", 0, {{PUT, B}}, {{{SPLIT, A}}, {{WALK, A}}}},
    {"bytes_split_clear", 0, {{PUT, B}}, {{{SPLIT, A}}, {{CLEAR, B}}}},
    {"bytes_merge_get", 0, {{PUT, B}, {SPLIT, A}}, {{{MERGE, A}}, {{GET, B}}}},
    {"bytes_merge_put", 0, {{PUT, B}, {SPLIT, A}}, {{{MERGE, A}}, {{REPLACE, B}}}},
    {"bytes_merge_insert", 0, {{SPLIT, A}}, {{{MERGE, A}}, {{INSERT, B}}}},
    {"bytes_merge_erase", 0, {{PUT, B}, {SPLIT, A}}, {{{MERGE, A}}, {{ERASE, B}, {RECLAIM, A}}}},
    {"bytes_merge_walk", 0, {{PUT, B}, {SPLIT, A}}, {{{MERGE, A}}, {{WALK, A}}}},
    /* A small map moves to its table, and its old block still names records. */
    {"bytes_upgrade_get", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{GET, A}}}},
    {"bytes_upgrade_put", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{REPLACE, A}}}},
    {"bytes_upgrade_insert", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{INSERT, B}}}},
    {"bytes_upgrade_erase", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{ERASE, A}}}},
    {"bytes_upgrade_walk", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{WALK, A}}}},
    {"bytes_upgrade_reclaim",
     BYTES_SMALL,
     {{PUT, A}},
     {{{UPGRADE, A}, {ERASE, A}, {RECLAIM, A}}, {{GET, A}}}},
    /* Walks and clears. */
    {"bytes_walk_erase", 0, {{PUT, A}, {PUT, B}}, {{{WALK, A}}, {{ERASE, A}}}},
    {"bytes_walk_reuse",
     0,
     {{PUT, A}, {PUT, C}},
     {{{WALK, A}}, {{ERASE, A}, {RECLAIM, A}, {INSERT, T}}}},
    {"bytes_clear_get", 0, {{PUT, A}}, {{{CLEAR, A}, {RECLAIM, A}}, {{GET, A}}}},
    {"bytes_clear_put", 0, {{PUT, A}}, {{{CLEAR, A}}, {{REPLACE, A}}}},
    {"bytes_clear_insert", 0, {{PUT, A}}, {{{CLEAR, A}}, {{INSERT, B}}}},
    {"bytes_clear_erase", 0, {{PUT, A}}, {{{CLEAR, A}}, {{ERASE, A}}}},
    /* Values with a drop callback. */
    {"drop_exchange_get", BYTES_DROP, {{PUT, A}}, {{{EXCHANGE, A}, {RECLAIM, A}}, {{GET, A}}}},
    {"drop_exchanges", BYTES_DROP, {{PUT, A}}, {{{EXCHANGE, A}}, {{EXCHANGE, A}}}},
    {"drop_erase_if", BYTES_DROP, {{PUT, A}}, {{{ERASE_IF, A}}, {{REPLACE, A}}}},
    {"drop_insert", BYTES_DROP, {{PUT, A}}, {{{INSERT, A}}, {{ERASE, A}}}},
    {"drop_walk", BYTES_DROP, {{PUT, A}}, {{{REPLACE, A}, {RECLAIM, A}}, {{WALK, A}}}},
    {"drop_clear", BYTES_DROP, {{PUT, A}}, {{{CLEAR, A}, {RECLAIM, A}}, {{GET, A}}}},
    {"drop_split", BYTES_DROP, {{PUT, B}}, {{{SPLIT, A}}, {{ERASE, B}, {RECLAIM, A}}}},
    {"drop_upgrade",
     BYTES_DROP | BYTES_SMALL,
     {{PUT, A}},
     {{{UPGRADE, A}, {REPLACE, A}, {RECLAIM, A}}, {{GET, A}}}},
    {"drop_three", BYTES_DROP, {{PUT, A}}, {{{REPLACE, A}}, {{RECLAIM, A}}, {{GET, A}}}},
    {"drop_put_get", BYTES_DROP, {{PUT, A}}, {{{REPLACE, A}, {RECLAIM, A}}, {{GET, A}}}},
    {"drop_erase_get", BYTES_DROP, {{PUT, A}}, {{{ERASE, A}, {RECLAIM, A}}, {{GET, A}}}},
    {"drop_puts", BYTES_DROP, {{PUT, A}}, {{{REPLACE, A}}, {{REPLACE, A}}}},
    {"drop_put_erase", BYTES_DROP, {{PUT, A}}, {{{REPLACE, A}}, {{ERASE, A}}}},
    {"drop_reclaimers",
     BYTES_DROP,
     {{PUT, A}, {PUT, A}, {PUT, A}, {FREE, A}, {AGE, A}},
     {{{RUN_ONE, A}}, {{RUN_ONE, A}}}},
    {"drop_free", BYTES_DROP, {{PUT, A}, {PUT, A}, {AGE, A}}, {{{FREE, A}}, {{RUN_ONE, A}}}},
};
enum { BYTES_STEPS_COUNT = sizeof(bytes_steps) / sizeof(bytes_steps[0]) };

static const struct bytes_steps *steps; /* the scenario at hand */
static struct th_epoch *steps_domain;
static struct th_map_bytes *steps_map;                           /* NULL: freed */
static struct th_epoch_handle *steps_members[BYTES_THREADS + 1]; /* by thread */
static unsigned char steps_keys[BYTES_KEYS][4];
static uint64_t steps_first[BYTES_KEYS]; /* the first value of each key */

/* What values with a drop callback point to. */
static struct steps_object {
    struct th_epoch_node node;
    unsigned puts;
    unsigned drops;
} steps_objects[HISTORY_VALUES];

/* Defined by whoever runs the scenarios; may do nothing. */
static void steps_refuse(bool refuse);

static inline struct thi_map *steps_base(void)
{
    return (struct thi_map *)steps_map;
}

static inline bool steps_have(unsigned mode)
{
    return (steps->modes & mode) != 0;
}

/* ---- keys */

static inline uint64_t steps_hash(const unsigned char key[4])
{
    return hash_turned(thi_hash_bytes(&steps_base()->seed, key, 4));
}

/* The key of that number; its hash. */
static inline uint64_t steps_key(unsigned key, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++) {
        steps_keys[key][i] = (unsigned char)(number >> 8 * i);
    }
    return steps_hash(steps_keys[key]);
}

/* The next key behind `number` that wants that line of that group of the eight. All but Z go to the
 * limbo that A goes to. */
static inline uint32_t steps_key_next(unsigned key, uint32_t group, unsigned line, uint32_t number)
{
    uint64_t stripe = steps_hash(steps_keys[A]) >> 32;
    uint64_t hash;
    do {
        hash = steps_key(key, ++number);
    } while (hash_group(hash, TH_MAP_ROOT_DEPTH + 1) != group ||
             hash_line(hash, TH_MAP_LINES - 1) != line ||
             ((hash >> 32 ^ stripe) & (TH_LIMBO_STRIPES - 1)) != (key == Z));
    return number;
}

static inline void steps_keys_make(void)
{
    uint32_t sibling = 1u << TH_MAP_ROOT_DEPTH;
    /* Found by looking at all below a hundred thousand, with the seed of steps_setup(). */
    uint64_t hash = steps_key(A, 64405);
    uint64_t twin = steps_key(T, 44246);
    SCENARIO_CHECK(((hash ^ twin) >> (64 - TH_KEY_TAG_BITS) & ~TH_KEY_MARKS) == 0);
    SCENARIO_CHECK((hash & (group_hash(127) | TH_LINE_BITS)) == 0);
    SCENARIO_CHECK((twin & (group_hash(2 * sibling - 1) | TH_LINE_BITS)) == 0);
    uint32_t number = steps_key_next(B, sibling, 0, 0);
    (void)steps_key_next(C, 0, 1, 0);
    for (unsigned key = L1; key <= L9; key++) {
        number = steps_key_next(key, sibling, key % TH_MAP_LINES, number);
    }
    number = 0;
    for (unsigned key = X; key <= Z; key++) {
        number = steps_key_next(key, 1, 0, number);
    }
}

/* ---- values */

static inline uint64_t steps_value(uint64_t number)
{
    return steps_have(BYTES_DROP) ? (uint64_t)(uintptr_t)&steps_objects[number] : number;
}

static inline uint64_t steps_number(uint64_t value)
{
    if (!steps_have(BYTES_DROP) || value == 0) {
        return value;
    }
    return (uint64_t)((struct steps_object *)(uintptr_t)value - steps_objects);
}

static inline void steps_drop(void *context, uint64_t value)
{
    struct steps_object *object = (struct steps_object *)(uintptr_t)value;
    (void)context;
    object->drops++;
    history_payload[object - steps_objects] = 0;
}

/* ---- steps */

static inline void steps_enter(void)
{
    th_epoch_enter(steps_domain);
}

static inline void steps_leave(void)
{
    th_epoch_leave(steps_domain);
}

static inline void steps_found(uint64_t number)
{
    if (number < HISTORY_VALUES) {
        history_look(number);
    }
}

static inline void steps_get(unsigned thread, unsigned key)
{
    struct history_call *call = history_begin(thread, HISTORY_GET, key, 0);
    uint64_t value = 0;
    bool guarded = steps_have(BYTES_DROP);
    if (guarded) {
        steps_enter();
    }
    call->status = th_map_bytes_get(steps_map, steps_keys[key], 4, &value) ? TH_OK : TH_ABSENT;
    call->out = steps_number(value);
    history_end(thread, call);
    if (call->status == TH_OK) {
        steps_found(call->out);
    }
    if (guarded) {
        steps_leave();
    }
}

static inline void steps_get_many(unsigned thread, unsigned key)
{
    struct th_bytes keys[2] = {{steps_keys[key], 4}, {steps_keys[Z], 4}};
    uint64_t values[2] = {0, 0};
    bool found[2];
    struct history_call *call = history_begin(thread, HISTORY_GET, key, 0);
    (void)th_map_bytes_get_many(steps_map, keys, 2, values, found);
    call->status = found[0] ? TH_OK : TH_ABSENT;
    call->out = steps_number(values[0]);
    history_end(thread, call);
    if (found[0]) {
        steps_found(call->out);
    }
}

/* Whether the call left its value in the map. */
static inline bool steps_was_put(const struct history_call *call)
{
    switch (call->operation) {
    case HISTORY_PUT: return call->status == TH_OK || call->status == TH_EXISTS;
    case HISTORY_INSERT:
    case HISTORY_REPLACE:
    case HISTORY_EXCHANGE: return call->status == TH_OK;
    default: return false;
    }
}

/* Operations that write: the value is the step's own. */
static inline void steps_write(unsigned thread, enum bytes_operation operation, unsigned key,
                               uint64_t number)
{
    static const enum history_operation kinds[] = {
        [PUT] = HISTORY_PUT,           [INSERT] = HISTORY_INSERT, [REPLACE] = HISTORY_REPLACE,
        [EXCHANGE] = HISTORY_EXCHANGE, [ADD] = HISTORY_ADD,       [ERASE] = HISTORY_ERASE,
        [ERASE_IF] = HISTORY_ERASE_IF};
    struct history_call *call = history_begin(thread, kinds[operation], key, number);
    const void *name = steps_keys[key];
    uint64_t value = steps_value(number);
    uint64_t first = steps_value(steps_first[key]);
    uint64_t out = 0;
    call->expected = steps_first[key];
    if (operation != ADD) {
        history_fill(number);
    }
    switch (operation) {
    case PUT: call->status = th_map_bytes_put(steps_map, name, 4, value, &out); break;
    case INSERT: call->status = th_map_bytes_insert(steps_map, name, 4, value, &out); break;
    case REPLACE: call->status = th_map_bytes_replace(steps_map, name, 4, value, &out); break;
    case EXCHANGE:
        out = first;
        call->status = th_map_bytes_compare_exchange(steps_map, name, 4, &out, value);
        break;
    case ADD:
        call->value = number + HISTORY_VALUES; /* sums lead nowhere */
        call->status = th_map_bytes_fetch_add(steps_map, name, 4, call->value, &out);
        break;
    case ERASE: call->status = th_map_bytes_erase(steps_map, name, 4, &out); break;
    default: call->status = th_map_bytes_erase_if(steps_map, name, 4, first, &out); break;
    }
    call->out = steps_number(out);
    history_end(thread, call);
    steps_objects[number].puts += steps_was_put(call);
}

/* Says nothing of what it found. */
static inline void steps_put_many(unsigned key, uint64_t number)
{
    struct th_bytes name = {steps_keys[key], 4};
    uint64_t value = steps_value(number);
    size_t done = 0;
    history_fill(number);
    SCENARIO_CHECK(th_map_bytes_put_many(steps_map, &name, &value, 1, &done) == TH_OK);
    SCENARIO_CHECK(done == 1);
    steps_objects[number].puts++;
}

/* Keys that some thread inserts or erases, as bits. */
static inline unsigned steps_touched(void)
{
    unsigned touched = 0;
    for (unsigned thread = 0; thread < BYTES_THREADS; thread++) {
        for (unsigned i = 0; i < BYTES_STEPS_IN_THREAD; i++) {
            enum bytes_operation operation = steps->threads[thread][i].operation;
            bool moves = operation == INSERT || operation == ERASE || operation == ERASE_IF;
            touched |= moves ? 1u << steps->threads[thread][i].key : 0;
            touched |= operation == CLEAR ? ~0u : 0;
        }
    }
    return touched;
}

/* Which of the keys stands before the threads begin. */
static inline bool steps_stood(unsigned key)
{
    bool stood = false;
    for (unsigned i = 0; i < BYTES_STEPS_MAX && steps->before[i].operation != END; i++) {
        enum bytes_operation operation = steps->before[i].operation;
        if (steps->before[i].key == key) {
            stood = (stood || operation == PUT || operation == INSERT) && operation != ERASE;
        }
    }
    return stood;
}

/* Really reads the key. */
static inline unsigned steps_key_of(const struct th_map_entry_bytes *entry)
{
    unsigned key = 0;
    SCENARIO_CHECK(entry->key_bytes == 4);
    while (key < BYTES_KEYS && memcmp(entry->key, steps_keys[key], 4) != 0) {
        key++;
    }
    SCENARIO_CHECK(key < BYTES_KEYS);
    return key;
}

/* Keys that nobody touches meanwhile are given once, others at most once (G6). */
static inline void steps_walk(size_t capacity)
{
    struct th_map_cursor cursor = {0, 0};
    struct th_map_entry_bytes entries[BYTES_KEYS];
    unsigned given[BYTES_KEYS] = {0};
    unsigned touched = steps_touched();
    steps_enter();
    for (size_t count; (count = th_map_bytes_next(steps_map, &cursor, entries, capacity)) != 0;) {
        for (size_t i = 0; i < count; i++) {
            given[steps_key_of(&entries[i])]++;
            steps_found(steps_number(entries[i].value));
        }
    }
    steps_leave();
    for (unsigned key = 0; key < BYTES_KEYS; key++) {
        SCENARIO_CHECK(given[key] <= 1);
        SCENARIO_CHECK((touched >> key & 1) != 0 || given[key] == steps_stood(key));
    }
}

static inline void steps_grown(th_status status)
{
    SCENARIO_CHECK(status == TH_OK || status == TH_MORE || status == TH_ENOMEM);
}

/* Steps of the table itself. */
static inline void steps_table_run(enum bytes_operation operation, unsigned key)
{
    struct th_map_stats stats;
    switch (operation) {
    case SPLIT:
        steps_enter();
        steps_grown(thi_map_split(steps_base(), steps_hash(steps_keys[key]), 0));
        steps_leave();
        break;
    case MERGE: SCENARIO_CHECK(th_map_bytes_shrink(steps_map, 0) >= 0); break;
    case UPGRADE:
        steps_enter();
        steps_grown(thi_map_upgrade(steps_base()));
        steps_leave();
        break;
    case CLEAR: th_map_bytes_clear(steps_map); break;
    case COUNT: SCENARIO_CHECK(th_map_bytes_count(steps_map) <= BYTES_KEYS); break;
    case STATS: th_map_bytes_get_stats(steps_map, &stats); break;
    case RESERVE: SCENARIO_CHECK(th_map_bytes_reserve(steps_map, 10) == TH_OK); break;
    case SPREAD: thi_map_limbo_spread(steps_base()); break;
    default:
        th_map_bytes_free(steps_map);
        steps_map = NULL;
        break;
    }
}

/* Steps of the epoch. */
static inline void steps_epoch_run(unsigned thread, enum bytes_operation operation)
{
    switch (operation) {
    case ENTER: steps_enter(); break;
    case LEAVE: steps_leave(); break;
    case RECLAIM: (void)th_epoch_reclaim(steps_domain, 0); break;
    case AGE:
        SCENARIO_CHECK(thi_epoch_limbo_refresh(steps_members[0]));
        for (int i = 0; i < TH_EPOCH_GRACE; i++) {
            SCENARIO_CHECK(thi_epoch_advance(steps_domain));
        }
        break;
    case RUN_ONE: (void)thi_epoch_run_batch(steps_members[thread], steps_members[0], 1); break;
    case DRAIN: SCENARIO_CHECK(th_epoch_drain(steps_domain, 0) >= 0); break;
    default: steps_refuse(true); break;
    }
}

static inline bool step_run(unsigned thread, const struct bytes_step *step, uint64_t number)
{
    unsigned key = step->key;
    switch (step->operation) {
    case END: return false;
    case GET: steps_get(thread, key); return true;
    case GET_MANY: steps_get_many(thread, key); return true;
    case PUT:
    case INSERT:
    case REPLACE:
    case EXCHANGE:
    case ADD:
    case ERASE:
    case ERASE_IF: steps_write(thread, step->operation, key, number); return true;
    case PUT_MANY: steps_put_many(key, number); return true;
    case WALK: steps_walk(BYTES_KEYS); return true;
    case WALK_ON: steps_walk(1); return true;
    case SPLIT:
    case MERGE:
    case UPGRADE:
    case CLEAR:
    case COUNT:
    case STATS:
    case RESERVE:
    case SPREAD:
    case FREE: steps_table_run(step->operation, key); return true;
    default: steps_epoch_run(thread, step->operation); return true;
    }
}

/* ---- a scenario */

static inline void steps_setup(void)
{
    struct th_map_config config = {.flags = TH_MAP_FIXED_SEED, .seed = 17};
    history_reset();
    memset(steps_objects, 0, sizeof(steps_objects));
    steps_refuse(false);
    SCENARIO_CHECK(th_epoch_new(NULL, &steps_domain) == TH_OK);
    config.epoch = steps_domain;
    if (steps_have(BYTES_DROP)) {
        config.drop = steps_drop;
        config.drop_node_offset = offsetof(struct steps_object, node);
    }
    SCENARIO_CHECK(th_map_bytes_new(&config, &steps_map) == TH_OK);
    steps_keys_make();
    steps_members[0] = thi_epoch_member(steps_domain, true);
    while (!steps_have(BYTES_SMALL) && thi_map_is_small(steps_base())) {
        SCENARIO_CHECK(thi_map_upgrade(steps_base()) == TH_OK);
    }
    memset(steps_first, 0, sizeof(steps_first));
    for (unsigned i = 0; i < BYTES_STEPS_MAX; i++) {
        const struct bytes_step *step = &steps->before[i];
        if (step->operation == PUT && steps_first[step->key] == 0) {
            steps_first[step->key] = i + 1;
        }
        if (!step_run(0, step, i + 1)) {
            break;
        }
    }
    for (unsigned thread = 1; thread <= BYTES_THREADS; thread++) {
        bool wanted = steps->threads[thread - 1][0].operation != END &&
                      !(thread == 1 && steps_have(BYTES_COMES));
        steps_members[thread] = wanted ? thi_epoch_record_take(steps_domain) : NULL;
    }
}

/* What thread 1, 2, ... does. If a record was made for it, it finds that as if it had been a member
 * before. */
static inline void steps_thread(unsigned thread)
{
    const struct bytes_step *mine = steps->threads[thread - 1];
    struct thi_epoch_thread *self = &thi_epoch_thread;
    struct thi_epoch_thread before = *self;
    if (steps_members[thread] != NULL) {
        self->cache[steps_domain->id % TH_EPOCH_CACHE_SLOTS] =
            (struct thi_epoch_cache_slot){steps_domain->id, steps_members[thread]};
        self->memberships = steps_members[thread];
    }
    for (unsigned i = 0; i < BYTES_STEPS_IN_THREAD; i++) {
        if (!step_run(thread, &mine[i], thread * (BYTES_STEPS_MAX + 1) + i)) {
            break;
        }
    }
    if (steps_members[thread] != NULL) {
        *self = before;
    }
}

static inline bool steps_names(unsigned key)
{
    for (unsigned i = 0; i < BYTES_STEPS_MAX && steps->before[i].operation != END; i++) {
        if (steps->before[i].key == key) {
            return true;
        }
    }
    for (unsigned i = 0; i < BYTES_THREADS * BYTES_STEPS_IN_THREAD; i++) {
        const struct bytes_step *step =
            &steps->threads[i / BYTES_STEPS_IN_THREAD][i % BYTES_STEPS_IN_THREAD];
        if (step->operation != END && step->key == key) {
            return true;
        }
    }
    return false;
}

/* Keys whose history says all: no step that does not tell what it found. */
static inline bool steps_told_all(unsigned key)
{
    for (unsigned thread = 0; thread < BYTES_THREADS; thread++) {
        for (unsigned i = 0; i < BYTES_STEPS_IN_THREAD; i++) {
            enum bytes_operation operation = steps->threads[thread][i].operation;
            if (operation == CLEAR ||
                (operation == PUT_MANY && steps->threads[thread][i].key == key)) {
                return false;
            }
        }
    }
    return true;
}

static inline bool steps_limbo_rests(const struct limbo *limbo)
{
    return th_u64_load_rlx(&limbo->records) == 0 && th_u64_load_rlx(&limbo->values_out) == 0 &&
           th_u32_load_rlx(&limbo->bag) == TH_BAG_IDLE;
}

/* All that is retired is reclaimed; as th_epoch_drain(), by who is alone. */
static inline void steps_settle(void)
{
    struct th_epoch_stats stats;
    th_epoch_get_stats(steps_domain, &stats);
    for (int i = 0; i < 3 * TH_EPOCH_GRACE && stats.retired_total != stats.reclaimed_total; i++) {
        (void)th_epoch_reclaim(steps_domain, 0);
        th_epoch_get_stats(steps_domain, &stats);
    }
    SCENARIO_CHECK(stats.retired_total == stats.reclaimed_total);
}

/* What was retired came back, and nothing else. */
static inline void steps_expect_rest(void)
{
    struct th_map_stats stats;
    steps_settle();
    SCENARIO_CHECK(steps_limbo_rests(&steps_base()->limbo_first));
    const struct limbo *stripes = th_ptr_load_rlx(&steps_base()->stripes);
    for (unsigned i = 0; i < TH_LIMBO_STRIPES && stripes != NULL; i++) {
        SCENARIO_CHECK(steps_limbo_rests(&stripes[i]));
    }
    th_map_bytes_get_stats(steps_map, &stats);
    /* What was dropped while the slab was locked counts as used until somebody takes it over. */
    SCENARIO_CHECK(th_u64_load_rlx(&steps_base()->slab->orphans) != 0 ||
                   stats.record_bytes_used ==
                       stats.entries * thi_slab_record_bytes(TH_RECORD_HEADER_BYTES + 4));
}

static inline void steps_after(void)
{
    const char *reason = NULL;
    steps_refuse(false);
    if (steps_map != NULL) {
        SCENARIO_CHECK(th_map_bytes_validate(steps_map, &reason) == TH_OK);
        for (unsigned key = 0; key < BYTES_KEYS; key++) {
            if (steps_names(key)) {
                steps_get(0, key);
                SCENARIO_CHECK(!steps_told_all(key) || history_explained(key));
            }
        }
        steps_expect_rest();
        th_map_bytes_free(steps_map);
    }
    steps_settle();
    for (unsigned i = 0; i < HISTORY_VALUES && steps_have(BYTES_DROP); i++) {
        SCENARIO_CHECK(steps_objects[i].drops == steps_objects[i].puts);
    }
    for (unsigned thread = 1; thread <= BYTES_THREADS; thread++) {
        if (steps_members[thread] != NULL) {
            thi_epoch_record_drop(steps_members[thread]);
        }
    }
    th_epoch_free(steps_domain);
}

#endif
