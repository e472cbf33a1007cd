/* SPDX-License-Identifier: MIT
 * map_scenarios.h - what the threads of the map in small do, and what must be true of it.
 *
 * Switches     SCENARIO: one of enum scenario_name. HINT: the group where thread 1 begins to look
 *              for hashes of group 2; the other threads begin at the other one. Any hint is safe.
 *              NAMES: reports of the checker say `group 0 word`, not `groups+0`.
 * Payload      a record's fields are plain, written right before the record is put.
 */
#ifndef TOPHASH_EXAMPLES_CHECK_MAP_SCENARIOS_H
#define TOPHASH_EXAMPLES_CHECK_MAP_SCENARIOS_H

#include <stdint.h>

#include "map_small.h"

#ifdef NAMES
#include <tophash/check.h>
#endif

#ifndef SCENARIO
#define SCENARIO SPLIT_READ
#endif
#ifndef HINT
#define HINT 1
#endif

/* map_protocol.c */
static struct record *get(unsigned hash, unsigned mask);
static bool update(struct record *record, unsigned mask);
static bool insert(struct record *record, unsigned mask);
static bool erase(unsigned hash, unsigned mask);
static void split(void);
static void merge(void);

enum { THREADS = 3, STEPS = 4 };

/* A and C stay in group 0, B and D belong to group 2; A and B want line 0, C and D line 1. */
enum { A = 0x00, B = 0x02, C = 0x10, D = 0x12 };

enum operation {
    NOTHING,
    PUT,    /* insert or replace */
    UPDATE, /* replace; the key is present */
    ERASE,  /* the key is present */
    GET,    /* finds at least this number; 0: may be absent */
    ABSENT, /* finds nothing */
    SPLIT,
    MERGE,
    FENCE, /* seq_cst, by a user who wants more than the map gives */
    HOLD,  /* takes the cell's LOCK and stops for ever */
    TELL,  /* what the thread did so far is before ... */
    HEAR   /* ... what this one does from here, or it does nothing */
};

struct step {
    enum operation operation;
    unsigned hash;
    unsigned number;
    struct record record; /* what a put puts */
};
#define STEP(operation, hash, number) \
    {                                 \
        operation, hash, number,      \
        {                             \
            0, 0                      \
        }                             \
    }

struct scenario {
    struct step before[STEPS];
    struct step threads[THREADS][STEPS];
    struct step after[STEPS];
};

enum scenario_name {
    TWO_KEYS,     /* each thread puts one key and gets the other */
    SPLIT_READ,   /* an entry moves, and another takes its cell, under a reader of the first */
    SPLIT_HOME,   /* the same under a reader of the second */
    SPLIT_INSERT, /* a key arrives while its group is split */
    SPLIT_UPDATE, /* a value is replaced while its entry moves, and read by a third thread */
    SPLIT_HELD,   /* the entry's holder stopped for ever */
    MERGE_READ,   /* a group goes and comes again under a reader */
    MERGE_UPDATE, /* as SPLIT_UPDATE, the other way */
    MERGE_HELD,   /* the holder of one of two entries stopped for ever */
    ERASE_UPDATE, /* a key goes while its value is replaced; its cell is filled by another */
    ERASE_READ,   /* the same under a reader */
    INSERT_READ,  /* a key comes into a cell that had another tenant, under a reader */
    INSERT_TWICE  /* two threads bring one key */
};

static struct scenario scenarios[] = {
    [TWO_KEYS] = {{STEP(PUT, A, 1), STEP(PUT, C, 1)},
                  {{STEP(PUT, A, 2), STEP(FENCE, 0, 0), STEP(GET, C, 1)},
                   {STEP(PUT, C, 2), STEP(FENCE, 0, 0), STEP(GET, A, 1)}},
                  {STEP(GET, A, 2), STEP(GET, C, 2)}},
    [SPLIT_READ] = {{STEP(PUT, B, 1), STEP(PUT, A, 1)},
                    {{STEP(SPLIT, 0, 0)}, {STEP(GET, B, 1)}},
                    {STEP(GET, A, 1), STEP(GET, B, 1)}},
    [SPLIT_HOME] = {{STEP(PUT, B, 1), STEP(PUT, A, 1)},
                    {{STEP(SPLIT, 0, 0)}, {STEP(GET, A, 1)}},
                    {STEP(GET, A, 1), STEP(GET, B, 1)}},
    [SPLIT_INSERT] = {{STEP(PUT, A, 1)},
                      {{STEP(SPLIT, 0, 0)}, {STEP(PUT, B, 1)}},
                      {STEP(GET, A, 1), STEP(GET, B, 1)}},
    [SPLIT_UPDATE] = {{STEP(PUT, B, 1)},
                      {{STEP(SPLIT, 0, 0)},
                       {STEP(UPDATE, B, 2), STEP(GET, B, 2), STEP(TELL, 0, 0)},
                       {STEP(HEAR, 0, 0), STEP(GET, B, 2)}},
                      {STEP(GET, B, 2)}},
    [SPLIT_HELD] = {{STEP(PUT, B, 1), STEP(PUT, C, 1)},
                    {{STEP(HOLD, B, 0)},
                     {STEP(SPLIT, 0, 0), STEP(GET, B, 1), STEP(PUT, D, 1), STEP(ERASE, C, 0)}},
                    {STEP(GET, B, 1), STEP(GET, D, 1), STEP(ABSENT, C, 0)}},
    [MERGE_READ] = {{STEP(PUT, B, 1), STEP(SPLIT, 0, 0)},
                    {{STEP(MERGE, 0, 0), STEP(SPLIT, 0, 0)}, {STEP(GET, B, 1)}},
                    {STEP(GET, B, 1)}},
    [MERGE_UPDATE] = {{STEP(PUT, B, 1), STEP(SPLIT, 0, 0)},
                      {{STEP(MERGE, 0, 0)},
                       {STEP(UPDATE, B, 2), STEP(GET, B, 2), STEP(TELL, 0, 0)},
                       {STEP(HEAR, 0, 0), STEP(GET, B, 2)}},
                      {STEP(GET, B, 2)}},
    [MERGE_HELD] = {{STEP(PUT, B, 1), STEP(PUT, D, 1), STEP(SPLIT, 0, 0)},
                    {{STEP(HOLD, D, 0)}, {STEP(MERGE, 0, 0)}, {STEP(UPDATE, B, 2)}},
                    {STEP(GET, B, 2), STEP(GET, D, 1)}},
    [ERASE_UPDATE] = {{STEP(PUT, A, 1)},
                      {{STEP(ERASE, A, 0), STEP(PUT, B, 1)}, {STEP(PUT, A, 2)}},
                      {STEP(GET, B, 1)}},
    [ERASE_READ] = {{STEP(PUT, A, 1)},
                    {{STEP(ERASE, A, 0), STEP(PUT, B, 1)}, {STEP(GET, A, 0)}},
                    {STEP(GET, B, 1), STEP(ABSENT, A, 0)}},
    [INSERT_READ] = {{STEP(PUT, A, 1), STEP(ERASE, A, 0)},
                     {{STEP(PUT, B, 1)}, {STEP(GET, B, 0)}},
                     {STEP(GET, B, 1)}},
    [INSERT_TWICE] = {{STEP(NOTHING, 0, 0)},
                      {{STEP(PUT, A, 1)}, {STEP(PUT, A, 1)}},
                      {STEP(GET, A, 1), STEP(ERASE, A, 0), STEP(ABSENT, A, 0)}},
};

static struct scenario *const scenario = &scenarios[SCENARIO];
static unsigned seen[THREADS]; /* number of the last value a thread got */
static atomic_int told;

static void record_fill(struct step *step)
{
#ifdef NAMES
    th_check_name(&step->record, sizeof step->record, "record %02x:%u", step->hash, step->number);
#endif
    step->record = (struct record){step->hash, step->number};
}

static void step_put(struct step *step, unsigned mask)
{
    record_fill(step);
    while (!update(&step->record, mask) && !insert(&step->record, mask)) {
        /* It went between the two, or came. */
    }
}

static unsigned step_get(const struct step *step, unsigned mask)
{
    const struct record *record = get(step->hash, mask);
    if (record == NULL) {
        assert(step->number == 0);
        return 0;
    }
    assert(record->hash == step->hash);
    assert(record->number >= step->number);
    return record->number;
}

static void must(bool done)
{
    assert(done);
}

/* Nothing is held if the entry moves meanwhile. */
static void entry_hold(unsigned hash)
{
    if (!cell_try_lock(&groups[0].cells[HOME(hash)], KEY_OF(hash))) {
        (void)cell_try_lock(&groups[2].cells[HOME(hash)], KEY_OF(hash));
    }
}

/* False: the thread does no more. */
static bool step_run(struct step *step, unsigned mask, unsigned *number)
{
    switch (step->operation) {
    case NOTHING: return false;
    case PUT: step_put(step, mask); return true;
    case UPDATE:
        record_fill(step);
        must(update(&step->record, mask));
        return true;
    case ERASE: must(erase(step->hash, mask)); return true;
    case GET: *number = step_get(step, mask); return true;
    case ABSENT: must(get(step->hash, mask) == NULL); return true;
    case SPLIT: split(); return true;
    case MERGE: merge(); return true;
    case FENCE:
        atomic_thread_fence(TWIN == 1 ? memory_order_relaxed : memory_order_seq_cst);
        return true;
    case HOLD: entry_hold(step->hash); return false;
    case TELL: atomic_store_explicit(&told, 1, memory_order_release); return true;
    case HEAR: return atomic_load_explicit(&told, memory_order_acquire) != 0;
    }
    return false;
}

static void steps_run(struct step *steps, unsigned mask, unsigned *number)
{
    for (int i = 0; i < STEPS && step_run(&steps[i], mask, number); i++) {
    }
}

static void *thread_main(void *number)
{
    unsigned thread = (unsigned)(uintptr_t)number;
    bool deep = (thread == 1) == (HINT != 1);
    steps_run(scenario->threads[thread], deep ? 3u : 1u, &seen[thread]);
    return NULL;
}

/* The counts and bitmaps agree with the cells. */
static void groups_validate(void)
{
    for (unsigned g = 0; g < 3; g += 2) {
        unsigned count = 0;
        for (unsigned line = 0; line < LINES; line++) {
            unsigned key = LOAD(groups[g].cells[line].key);
            bool displaced = key != EMPTY && HOME(key >> 2) != line;
            count += key != EMPTY;
            assert(groups[g].passes[line ^ 1] == displaced);
            assert((LOAD(groups[g].passed) >> (line ^ 1) & 1) == displaced);
        }
        assert((LOAD(groups[g].word) & BELOW_MARKS) == count * COUNT_ONE);
    }
}

static void names_give(void)
{
#ifdef NAMES
    for (unsigned g = 0; g < 3; g += 2) {
        struct group *group = &groups[g];
        th_check_name(&group->word, sizeof group->word, "group %u word", g);
        th_check_name(&group->passed, sizeof group->passed, "group %u passed", g);
        for (unsigned line = 0; line < LINES; line++) {
            struct cell *cell = &group->cells[line];
            th_check_name(&cell->key, sizeof cell->key, "group %u line %u key", g, line);
            th_check_name(&cell->value, sizeof cell->value, "group %u line %u value", g, line);
        }
    }
#endif
}

int main(void)
{
    unsigned number = 0;
    pthread_t threads[THREADS];
    names_give();
    atomic_init(&groups[0].word, VERSION_ONE + (1 << 7)); /* depth 1 */
    steps_run(scenario->before, 3, &number);
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (scenario->threads[i][0].operation != NOTHING) {
            pthread_create(&threads[i], NULL, thread_main, (void *)i);
        }
    }
    for (unsigned i = 0; i < THREADS; i++) {
        if (scenario->threads[i][0].operation != NOTHING) {
            pthread_join(threads[i], NULL);
        }
    }
    groups_validate();
    steps_run(scenario->after, 1, &number);
    assert(SCENARIO != TWO_KEYS || seen[0] == 2 || seen[1] == 2);
    return 0;
}

#endif
