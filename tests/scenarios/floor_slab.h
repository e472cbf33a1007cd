/* SPDX-License-Identifier: MIT
 * floor_slab.h - scenarios of the slab as tables: what was taken before, what up to three threads
 *                take and drop.
 *
 * Obligation   a record that was taken and not dropped belongs to one owner, and is where its
 *              reference says.
 * Payload      the words of a record are plain: its owner writes them.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_FLOOR_SLAB_H
#define TOPHASH_TESTS_SCENARIOS_FLOOR_SLAB_H

#include <stddef.h>

#include "mem/slab.h"
#include "scenarios/scenario.h"

enum slab_step {
    SLAB_END,
    SLAB_TAKE,
    SLAB_TAKE_LARGE, /* one for which a small region is too small */
    SLAB_DROP,       /* the record that the thread took or was given last */
    SLAB_POST,       /* shows that record to the others */
    SLAB_LOOK,       /* at what was shown, if anything was */
    SLAB_STATS,
    /* Before there are threads: */
    SLAB_GIVE_1, /* a record to drop for that thread */
    SLAB_GIVE_2,
    SLAB_GIVE_3,
    SLAB_STOP, /* somebody stops inside the first shard ... */
    SLAB_GO_ON /* ... and leaves it */
};

enum { SLAB_THREADS = 3, SLAB_STEPS = 4, SLAB_BEFORE = 8, SLAB_HELD = 4, SLAB_SIZE = 16 };
enum { SLAB_SIZE_LARGE = 128 };

struct slab_steps {
    const char *name;
    enum slab_step before[SLAB_BEFORE];
    enum slab_step threads[SLAB_THREADS][SLAB_STEPS];
};

static const struct slab_steps slab_steps_table[] = {
    /* The first records: shards, levels of the directory and slots are made. */
    {"slab_first_takes", {SLAB_END}, {{SLAB_TAKE}, {SLAB_TAKE}}},
    {"slab_first_take_stats", {SLAB_END}, {{SLAB_TAKE}, {SLAB_STATS}}},
    /* A record goes from one to the other. */
    {"slab_drop_take", {SLAB_GIVE_1}, {{SLAB_DROP}, {SLAB_TAKE}}},
    {"slab_drops", {SLAB_GIVE_1, SLAB_GIVE_2}, {{SLAB_DROP, SLAB_TAKE}, {SLAB_DROP, SLAB_TAKE}}},
    /* Dropped while all shards are locked, and adopted. */
    {"slab_orphan", {SLAB_GIVE_1, SLAB_GIVE_2}, {{SLAB_TAKE}, {SLAB_DROP}}},
    {"slab_orphan_back", {SLAB_GIVE_1, SLAB_GIVE_2}, {{SLAB_TAKE}, {SLAB_DROP, SLAB_TAKE}}},
    {"slab_orphan_adopters",
     {SLAB_TAKE, SLAB_GIVE_1, SLAB_STOP, SLAB_DROP, SLAB_GO_ON},
     {{SLAB_TAKE}, {SLAB_TAKE}}},
    {"slab_orphans", {SLAB_GIVE_2, SLAB_GIVE_3}, {{SLAB_TAKE}, {SLAB_DROP}, {SLAB_DROP}}},
    /* Two shards: what one has, the other may take. */
    {"slab_steal",
     {SLAB_GIVE_1, SLAB_STOP, SLAB_GIVE_2, SLAB_GO_ON},
     {{SLAB_TAKE, SLAB_TAKE}, {SLAB_DROP}}},
    {"slab_steal_stopped",
     {SLAB_GIVE_3, SLAB_GIVE_3, SLAB_STOP, SLAB_GIVE_1, SLAB_GIVE_2},
     {{SLAB_DROP, SLAB_TAKE}, {SLAB_DROP, SLAB_TAKE}}},
};
enum { SLAB_STEPS_COUNT = sizeof(slab_steps_table) / sizeof(slab_steps_table[0]) };

struct slab_record {
    uint64_t owner;
    uint64_t number;
};

static const struct slab_steps *slab_steps; /* the scenario at hand */

static struct {
    struct thi_slab *slab;
    uint64_t held[SLAB_THREADS + 1][SLAB_HELD]; /* references */
    size_t sizes[SLAB_THREADS + 1][SLAB_HELD];
    unsigned count[SLAB_THREADS + 1];
    struct th_au64 shown; /* a reference, or 0 */
} slab_run;

static inline struct slab_record *slab_steps_at(unsigned thread, unsigned number)
{
    return thi_slab_at(slab_run.slab, slab_run.held[thread][number]);
}

static inline void slab_steps_take(unsigned thread, size_t size)
{
    unsigned number = slab_run.count[thread]++;
    SCENARIO_CHECK(number < SLAB_HELD);
    slab_run.held[thread][number] = thi_slab_take(slab_run.slab, size);
    slab_run.sizes[thread][number] = size;
    SCENARIO_CHECK(slab_run.held[thread][number] != 0);
    *slab_steps_at(thread, number) = (struct slab_record){thread, number};
}

static inline void slab_steps_drop(unsigned thread)
{
    unsigned number = --slab_run.count[thread];
    SCENARIO_CHECK(slab_steps_at(thread, number)->owner == thread);
    SCENARIO_CHECK(slab_steps_at(thread, number)->number == number);
    thi_slab_drop(slab_run.slab, slab_run.held[thread][number], slab_run.sizes[thread][number]);
}

/* Shown to be read, and not dropped before the end. */
static inline void slab_steps_post(unsigned thread)
{
    th_u64_store_rel(&slab_run.shown, slab_run.held[thread][slab_run.count[thread] - 1]);
}

static inline void slab_steps_look(unsigned thread)
{
    uint64_t reference = th_u64_load_acq(&slab_run.shown);
    if (reference != 0) {
        const struct slab_record *record = thi_slab_at(slab_run.slab, reference);
        SCENARIO_CHECK(record->owner != thread);
        SCENARIO_CHECK(record->number == 0);
    }
}

static inline void slab_steps_stats(void)
{
    uint64_t mapped = 0;
    uint64_t used = 0;
    thi_slab_get_stats(slab_run.slab, &mapped, &used);
    SCENARIO_CHECK(mapped >= sizeof(struct thi_slab));
}

/* The lock of the first shard is its first word. */
static inline void slab_steps_lock(uint32_t locked)
{
    th_u32_store_rlx((struct th_au32 *)th_ptr_load_rlx(&slab_run.slab->shard_first), locked);
}

static inline bool slab_step_run(unsigned thread, enum slab_step step)
{
    switch (step) {
    case SLAB_TAKE: slab_steps_take(thread, SLAB_SIZE); return true;
    case SLAB_TAKE_LARGE: slab_steps_take(thread, SLAB_SIZE_LARGE); return true;
    case SLAB_POST: slab_steps_post(thread); return true;
    case SLAB_LOOK: slab_steps_look(thread); return true;
    case SLAB_DROP: slab_steps_drop(thread); return true;
    case SLAB_STATS: slab_steps_stats(); return true;
    case SLAB_GIVE_1:
    case SLAB_GIVE_2:
    case SLAB_GIVE_3: slab_steps_take(step - SLAB_GIVE_1 + 1, SLAB_SIZE); return true;
    case SLAB_STOP: slab_steps_lock(1); return true;
    case SLAB_GO_ON: slab_steps_lock(0); return true;
    default: return false;
    }
}

static inline void slab_steps_setup(void)
{
    struct th_allocator memory;
    SCENARIO_CHECK(thi_mem_init(&memory, NULL) == TH_OK);
    SCENARIO_CHECK(thi_slab_new(&memory, false, &slab_run.slab) == TH_OK);
    for (unsigned i = 0; i <= SLAB_THREADS; i++) {
        slab_run.count[i] = 0;
    }
    th_u64_init(&slab_run.shown, 0);
    for (unsigned i = 0; i < SLAB_BEFORE && slab_step_run(0, slab_steps->before[i]); i++) {
    }
}

/* What thread 1, 2, ... does. */
static inline void slab_steps_thread(unsigned thread)
{
    const enum slab_step *mine = slab_steps->threads[thread - 1];
    for (unsigned i = 0; i < SLAB_STEPS && slab_step_run(thread, mine[i]); i++) {
    }
}

static inline unsigned slab_steps_thread_count(void)
{
    unsigned count = 0;
    while (count < SLAB_THREADS && slab_steps->threads[count][0] != SLAB_END) {
        count++;
    }
    return count;
}

/* Everybody still has what is his. */
static inline void slab_steps_after(void)
{
    slab_steps_lock(0);
    for (unsigned thread = 0; thread <= SLAB_THREADS; thread++) {
        while (slab_run.count[thread] > 0) {
            slab_steps_drop(thread);
        }
    }
    slab_steps_stats();
    thi_slab_free(slab_run.slab);
}

#endif
