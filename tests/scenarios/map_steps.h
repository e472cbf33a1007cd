/* SPDX-License-Identifier: MIT
 * map_steps.h - scenarios of the map with integer keys, as rows of tables: what is there before,
 *               what up to four threads do, one phenomenon each. Every history is judged
 *               (history.h). The tables: map_scenarios.h, map_against.h, map_blocks.h.
 *
 * Keys         A and B want one line, C and D the one beside it; A and C stay in the group when it
 *              is split, B and D go to its sibling. E, F, G are in A's line and stay: with A they
 *              fill it, and whoever comes next is displaced. X, Y and Z are in three other groups.
 * Values       a put of step n of thread t puts a number of its own, which leads to plain data that
 *              is written right before and read by whoever finds the value.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_STEPS_H
#define TOPHASH_TESTS_SCENARIOS_MAP_STEPS_H

#include <stddef.h>

#include <tophash/map.h>

#include "map/map_priv.h"
#include "scenarios/history.h"

enum { A, B, C, D, E, F, G, X, Y, Z, STEP_KEYS };

enum step_operation {
    END,
    GET,
    PUT,
    INSERT,
    REPLACE,
    EXCHANGE, /* from the value of the first step of `before` with that key */
    ADD,
    ERASE,
    ERASE_IF, /* as EXCHANGE */
    GET_MANY, /* the key and Z */
    PUT_MANY, /* the key alone */
    SPLIT,    /* the group that covers the key */
    MERGE,    /* all that can be merged */
    UPGRADE,  /* a small map to its next form */
    WALK,
    CLEAR, /* of a map with this key only */
    COUNT,
    STATS,
    RESERVE,    /* for more than a first block, or the first groups, should hold */
    FILL,       /* the group that covers the key, by keys of no history */
    LOOK_WHOLE, /* at what leads to cells that can be read whole, in the order of thi_line_at() */
    FENCE,      /* seq_cst: what G4 asks of those who want an order across keys */
    REFUSE,     /* from here on nobody gets memory */
    TELL,       /* what the thread did is before ... */
    HEAR        /* ... what this one does from here, or it does nothing */
};

struct step {
    enum step_operation operation;
    unsigned key;
};

enum { STEP_THREADS = HISTORY_THREADS - 1, STEPS_MAX = 10, STEPS_IN_THREAD = 5 };
enum { STEPS_ENTRIES_MAX = STEP_KEYS + TH_MAP_GROUP_CELLS };

struct map_steps {
    const char *name;
    bool small; /* the map has not moved to its table */
    struct step before[STEPS_MAX];
    struct step threads[STEP_THREADS][STEPS_IN_THREAD];
};

static const struct map_steps *steps; /* the scenario at hand */
static struct th_map_u64 *steps_map;
static uint64_t steps_hashes[STEP_KEYS];
static uint64_t steps_keys[STEP_KEYS];
static uint64_t steps_first[STEP_KEYS]; /* the first value of each key */
static struct th_au32 steps_told;
static struct th_aptr steps_absent; /* where the whole cells of a small map are */

/* Defined by whoever runs the scenarios; may do nothing. */
static void steps_refuse(bool refuse);

static inline struct thi_map *steps_base(void)
{
    return (struct thi_map *)steps_map;
}

/* The hash of an entry that wants that group and line, told from others by a number. */
static inline uint64_t steps_hash(uint32_t group, unsigned line, uint64_t number)
{
    return group_hash(group) | (uint64_t)line << TH_HASH_LINE_SHIFT | number << 48;
}

static inline uint64_t steps_key(uint64_t hash)
{
    return thi_unmix(&steps_base()->seed, hash_turned_back(hash));
}

static inline void steps_keys_make(void)
{
    uint32_t sibling = 1u << TH_MAP_ROOT_DEPTH;
    steps_hashes[A] = steps_hash(0, 0, 1);
    steps_hashes[B] = steps_hash(sibling, 0, 2);
    steps_hashes[C] = steps_hash(0, 1, 3);
    steps_hashes[D] = steps_hash(sibling, 1, 4);
    steps_hashes[E] = steps_hash(0, 0, 5);
    steps_hashes[F] = steps_hash(0, 0, 6);
    steps_hashes[G] = steps_hash(0, 0, 7);
    steps_hashes[X] = steps_hash(3, 0, 8);
    steps_hashes[Y] = steps_hash(2, 0, 9);
    steps_hashes[Z] = steps_hash(1, 0, 10);
    for (unsigned key = 0; key < STEP_KEYS; key++) {
        steps_keys[key] = steps_key(steps_hashes[key]);
    }
}

static inline void steps_get(unsigned thread, unsigned key)
{
    struct history_call *call = history_begin(thread, HISTORY_GET, key, 0);
    uint64_t value = 0;
    call->status = th_map_u64_get(steps_map, steps_keys[key], &value) ? TH_OK : TH_ABSENT;
    call->out = value;
    history_end(thread, call);
    if (call->status == TH_OK && value < HISTORY_VALUES) {
        history_look(value);
    }
}

static inline void steps_get_many(unsigned thread, unsigned key)
{
    uint64_t keys[2] = {steps_keys[key], steps_keys[Z]};
    uint64_t values[2] = {0, 0};
    bool found[2];
    struct history_call *call = history_begin(thread, HISTORY_GET, key, 0);
    (void)th_map_u64_get_many(steps_map, keys, 2, values, found);
    call->status = found[0] ? TH_OK : TH_ABSENT;
    call->out = values[0];
    history_end(thread, call);
    if (found[0]) {
        history_look(values[0]);
    }
}

/* Operations that put: the value is the step's own. */
static inline void steps_write(unsigned thread, enum step_operation operation, unsigned key,
                               uint64_t value)
{
    static const enum history_operation kinds[] = {
        [PUT] = HISTORY_PUT,           [INSERT] = HISTORY_INSERT, [REPLACE] = HISTORY_REPLACE,
        [EXCHANGE] = HISTORY_EXCHANGE, [ADD] = HISTORY_ADD,       [ERASE] = HISTORY_ERASE,
        [ERASE_IF] = HISTORY_ERASE_IF, [PUT_MANY] = HISTORY_PUT};
    struct history_call *call = history_begin(thread, kinds[operation], key, value);
    uint64_t name = steps_keys[key];
    uint64_t out = 0;
    call->expected = steps_first[key];
    if (operation != ADD) {
        history_fill(value);
    }
    switch (operation) {
    case PUT: call->status = th_map_u64_put(steps_map, name, value, &out); break;
    case INSERT: call->status = th_map_u64_insert(steps_map, name, value, &out); break;
    case REPLACE: call->status = th_map_u64_replace(steps_map, name, value, &out); break;
    case EXCHANGE:
        out = steps_first[key];
        call->status = th_map_u64_compare_exchange(steps_map, name, &out, value);
        break;
    case ADD:
        call->value = value + HISTORY_VALUES; /* sums lead nowhere */
        call->status = th_map_u64_fetch_add(steps_map, name, call->value, &out);
        break;
    case ERASE: call->status = th_map_u64_erase(steps_map, name, &out); break;
    default: call->status = th_map_u64_erase_if(steps_map, name, steps_first[key], &out); break;
    }
    call->out = out;
    history_end(thread, call);
}

static inline void steps_put_many(unsigned thread, unsigned key, uint64_t value)
{
    /* Says nothing of what it found: as if it had replaced nothing known. */
    size_t done = 0;
    history_fill(value);
    SCENARIO_CHECK(th_map_u64_put_many(steps_map, &steps_keys[key], &value, 1, &done) == TH_OK);
    SCENARIO_CHECK(done == 1);
    (void)thread;
}

/* Keys that nobody touches meanwhile are given once, others at most once (G6). */
static inline void steps_walk(void)
{
    struct th_map_cursor cursor = {0, 0};
    struct th_map_entry_u64 entries[STEPS_ENTRIES_MAX];
    unsigned given[STEP_KEYS] = {0};
    unsigned touched = 0;
    for (unsigned thread = 0; thread < STEP_THREADS; thread++) {
        for (unsigned i = 0; i < STEPS_IN_THREAD; i++) {
            enum step_operation operation = steps->threads[thread][i].operation;
            bool moves = operation == INSERT || operation == ERASE || operation == ERASE_IF ||
                         operation == CLEAR;
            touched |= moves ? 1u << steps->threads[thread][i].key : 0;
        }
    }
    for (size_t count;
         (count = th_map_u64_next(steps_map, &cursor, entries, STEPS_ENTRIES_MAX)) != 0;) {
        for (size_t i = 0; i < count; i++) {
            for (unsigned key = 0; key < STEP_KEYS; key++) {
                given[key] += entries[i].key == steps_keys[key];
            }
            history_look(entries[i].value);
        }
    }
    for (unsigned i = 0; i < STEPS_MAX && steps->before[i].operation != END; i++) {
        unsigned key = steps->before[i].key;
        SCENARIO_CHECK(steps->before[i].operation != PUT || (touched >> key & 1) != 0 ||
                       given[key] == 1);
    }
    for (unsigned key = 0; key < STEP_KEYS; key++) {
        SCENARIO_CHECK(given[key] <= 1);
    }
}

static inline void steps_clear(unsigned thread, unsigned key)
{
    /* Whatever value it had: an erase that does not say which. */
    (void)key;
    (void)thread;
    th_map_u64_clear(steps_map);
}

static inline void steps_fill(unsigned key)
{
    uint64_t word;
    struct group group = thi_map_find_group(steps_base(), steps_hashes[key], &word);
    history_fill(0);
    for (unsigned i = word_count(word); i < TH_MAP_GROUP_CELLS; i++) {
        uint64_t hash = steps_hash(group.index, i % TH_MAP_LINES, 64 + i);
        SCENARIO_CHECK(th_map_u64_insert(steps_map, steps_key(hash), 0, NULL) == TH_OK);
    }
}

static inline void steps_reserve(void)
{
    uint64_t group_entries = TH_MAP_SPLIT_COUNT * 3u / 4u + 1;
    uint64_t entries = steps->small ? 10 : TH_MAP_ROOT_GROUPS * group_entries;
    SCENARIO_CHECK(th_map_u64_reserve(steps_map, entries) == TH_OK);
}

static inline void steps_stats(void)
{
    struct th_map_stats stats;
    th_map_u64_get_stats(steps_map, &stats);
    SCENARIO_CHECK(stats.groups >= TH_MAP_ROOT_GROUPS);
    SCENARIO_CHECK(stats.table_bytes >= stats.cells * sizeof(struct cell));
}

/* Who finds a span that leads to run 0 finds run 0, and who finds run 0 finds that the map is small
 * no more. */
static inline void steps_look_whole(void)
{
    bool leads = span_load(steps_base()) != TH_SPAN_ROOTS;
    /* The instruction keeps the order of loads. */
    bool there = th_ptr_load_acq(&steps_base()->whole) != th_ptr_load_rlx(&steps_absent);
    SCENARIO_CHECK(!leads || there);
    SCENARIO_CHECK(!there || !thi_map_is_small(steps_base()));
}

/* Steps of the table itself. True: the thread goes on. */
static inline bool steps_table_run(enum step_operation operation, unsigned key)
{
    switch (operation) {
    case SPLIT: {
        th_status status = thi_map_split(steps_base(), steps_hashes[key], 0);
        SCENARIO_CHECK(status == TH_OK || status == TH_MORE || status == TH_ENOMEM);
        return true;
    }
    case MERGE: SCENARIO_CHECK(th_map_u64_shrink(steps_map, 0) >= 0); return true;
    case UPGRADE: {
        th_status status = thi_map_upgrade(steps_base());
        SCENARIO_CHECK(status == TH_OK || status == TH_MORE || status == TH_ENOMEM);
        return true;
    }
    case COUNT: SCENARIO_CHECK(th_map_u64_count(steps_map) <= STEPS_ENTRIES_MAX); return true;
    case STATS: steps_stats(); return true;
    case RESERVE: steps_reserve(); return true;
    case FILL: steps_fill(key); return true;
    case LOOK_WHOLE: steps_look_whole(); return true;
    case FENCE: th_fence_sc(); return true;
    case REFUSE: steps_refuse(true); return true;
    case TELL: th_u32_store_rel(&steps_told, 1); return true;
    default: return th_u32_load_acq(&steps_told) != 0;
    }
}

static inline bool step_run(unsigned thread, const struct step *step, uint64_t value)
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
    case ERASE_IF: steps_write(thread, step->operation, key, value); return true;
    case PUT_MANY: steps_put_many(thread, key, value); return true;
    case WALK: steps_walk(); return true;
    case CLEAR: steps_clear(thread, key); return true;
    default: return steps_table_run(step->operation, key);
    }
}

static inline void steps_setup(void)
{
    struct th_map_config config = {.flags = TH_MAP_FIXED_SEED, .seed = 17};
    history_reset();
    th_u32_init(&steps_told, 0);
    steps_refuse(false);
    SCENARIO_CHECK(th_map_u64_new(&config, &steps_map) == TH_OK);
    th_ptr_init(&steps_absent, th_ptr_load_rlx(&steps_base()->whole));
    while (!steps->small && thi_map_is_small(steps_base())) {
        SCENARIO_CHECK(thi_map_upgrade(steps_base()) == TH_OK);
    }
    steps_keys_make();
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        if (steps->before[i].operation == PUT) {
            steps_first[steps->before[i].key] = i + 1;
        }
        if (!step_run(0, &steps->before[i], i + 1)) {
            break;
        }
    }
}

/* What thread 1, 2, ... does. */
static inline void steps_thread(unsigned thread)
{
    const struct step *mine = steps->threads[thread - 1];
    for (unsigned i = 0; i < STEPS_IN_THREAD; i++) {
        if (!step_run(thread, &mine[i], thread * (STEPS_IN_THREAD + 5) + i)) {
            return;
        }
    }
}

/* Keys whose history says all: no step that does not tell what it found. */
static inline bool steps_told_all(unsigned key)
{
    for (unsigned thread = 0; thread < STEP_THREADS; thread++) {
        for (unsigned i = 0; i < STEPS_IN_THREAD; i++) {
            enum step_operation operation = steps->threads[thread][i].operation;
            if (operation == CLEAR ||
                (operation == PUT_MANY && steps->threads[thread][i].key == key)) {
                return false;
            }
        }
    }
    return true;
}

static inline void steps_after(void)
{
    const char *reason = NULL;
    steps_refuse(false);
    SCENARIO_CHECK(th_map_u64_validate(steps_map, &reason) == TH_OK);
    for (unsigned key = 0; key < STEP_KEYS; key++) {
        steps_get(0, key);
        SCENARIO_CHECK(!steps_told_all(key) || history_explained(key));
    }
    th_map_u64_free(steps_map);
}

#endif
