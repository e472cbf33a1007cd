/* SPDX-License-Identifier: MIT
 * stress_body.h - real threads, all operations mixed, on one map whose size swings up and down all
 * the time.
 *
 * Who uses which ids, and what must hold:
 *   permanent  put before the start, updated by all, never erased: never missed, value is a
 *              function of the id (and a version), every walk gives each exactly once.
 *   counters   permanent; all threads add one: the sum is exact at the end, none goes back.
 *   swing      put behind a front that moves up and erased behind one that moves down, by all: when
 *              found, the value is a function of the id.
 *   own        a region of each thread, which knows exactly what stands there: every answer is
 *              checked against that.
 *   churn      a few keys of each thread put and erased in turn: the cells are used again.
 * What shall happen often is made to: growth and decay by the front, which wastes few operations on
 * what is there already; disturbed reads by storms, which threads join that see one.
 */
#ifndef TOPHASH_TESTS_MAP_STRESS_BODY_H
#define TOPHASH_TESTS_MAP_STRESS_BODY_H

#include "map/kinds.h"
#include "map/points.h"
#include "map/pool.h"

enum {
    STRESS_THREADS_MAX = 8,
    STRESS_PERMANENT = 512,
    STRESS_COUNTERS = 16,
    STRESS_OWN = 256,
    STRESS_CHURN = 8,
    STRESS_BATCH = 48,
    STRESS_SWINGS = 8, /* at a time */
    STRESS_FRONT = 64, /* ids around the front that are written */
    STRESS_STORM = 64,
    STRESS_STORM_IDS = 16,
    STRESS_STORM_JOINS = 4, /* a storm that began */
};

#define STRESS_COUNTER_FIRST ((uint64_t)STRESS_PERMANENT)
#define STRESS_OWN_FIRST (STRESS_COUNTER_FIRST + STRESS_COUNTERS)
#define STRESS_CHURN_FIRST (STRESS_OWN_FIRST + (uint64_t)STRESS_THREADS_MAX * STRESS_OWN)
#define STRESS_SWING_FIRST (STRESS_CHURN_FIRST + (uint64_t)STRESS_THREADS_MAX * STRESS_CHURN)

struct stress_plan {
    const struct kind *kind;
    unsigned threads;
    uint64_t swing;           /* size of the swing region */
    uint64_t side_entries;    /* for which the side map is made ready at most */
    uint64_t operations_each; /* without a time */
    uint64_t time_ms;         /* above 0: this long instead */
};

struct stress_tally {
    uint64_t operations;
    uint64_t inserts; /* entries that came to be */
    uint64_t hits;
    uint64_t walks;
    uint64_t entries_walked;
};

struct stress {
    struct stress_plan plan;
    void *map;
    void *side_map;  /* cleared and reserved while used */
    void *storm_map; /* a small map, where reads meet erases of their group all the time */
    _Alignas(8) uint64_t active; /* threads that have not ended */
    bool stop;
    /* Ids of the swing region passed, twice: it moves every other write. */
    _Alignas(8) uint64_t front;
    bool decays;                     /* the front moves down */
    _Alignas(8) int64_t storm_joins; /* that are wanted now */
    _Alignas(8) uint64_t storms;     /* so far: what they are about changes with it */
    _Alignas(8) uint64_t reported;   /* failures printed: a broken map must not print for ever */
    _Alignas(8) uint64_t adds;
    double
        displaced_hits; /* hits weighted by the share of displaced entries when they were counted */
    uint64_t hits_weighted;
    uint64_t cells_peak;
};

struct stress_thread {
    struct stress *stress;
    uint64_t number;
    uint64_t random;
    struct stress_tally tally;
    _Alignas(8) uint64_t hits_shown; /* copy of tally.hits for the sampler */
    uint64_t own_values[STRESS_OWN];
    bool own_present[STRESS_OWN];
    uint64_t counters_seen[STRESS_COUNTERS];
    pthread_t thread;
};

/* The value of an id: 40 bits that name it, 24 bits of version. */
static inline uint64_t stress_value(uint64_t id, uint64_t version)
{
    return ((id + 1) * 0x9e3779b97f4a7c15u & ~UINT64_C(0xffffff)) | (version & 0xffffff);
}

static inline void stress_fail(struct stress *stress, const char *what, uint64_t id, uint64_t got)
{
    __atomic_fetch_add(&test_failures, 1, __ATOMIC_RELAXED);
    if (__atomic_fetch_add(&stress->reported, 1, __ATOMIC_RELAXED) < 20) {
        printf("# stress %s: %s: id %" PRIu64 ", got %" PRIx64 "\n", stress->plan.kind->name, what,
               id, got);
    }
    __atomic_store_n(&stress->stop, true, __ATOMIC_RELAXED);
}

static inline void stress_expect(struct stress *stress, bool condition, const char *what,
                                 uint64_t id, uint64_t got)
{
    if (!condition) {
        stress_fail(stress, what, id, got);
    }
}

static inline bool stress_fits(uint64_t id, uint64_t value)
{
    return ((stress_value(id, 0) ^ value) & ~UINT64_C(0xffffff)) == 0;
}

static inline void stress_look(struct stress_thread *self, uint64_t id, bool must_be_there)
{
    struct stress *stress = self->stress;
    uint64_t value = 0;
    if (stress->plan.kind->get(stress->map, id, &value)) {
        self->tally.hits++;
        stress_expect(stress, stress_fits(id, value), "value of another key", id, value);
    } else {
        stress_expect(stress, !must_be_there, "permanent key missed", id, 0);
    }
}

/* ------------------------------------------------------------------ permanent keys and counters */

static inline void stress_permanent(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    const struct kind *kind = stress->plan.kind;
    uint64_t id = dice >> 32 & (STRESS_PERMANENT - 1);
    uint64_t made = stress_value(id, dice), old = 0;
    th_status status = TH_OK;
    switch (dice % 8) {
    case 0:
        status = kind->put(stress->map, id, made, &old);
        stress_expect(stress, status == TH_EXISTS, "put of a permanent key", id, (uint64_t)status);
        break;
    case 1:
        status = kind->replace(stress->map, id, made, &old);
        stress_expect(stress, status == TH_OK, "replace of a permanent key", id, (uint64_t)status);
        break;
    case 2:
        status = kind->insert(stress->map, id, made, &old);
        stress_expect(stress, status == TH_EXISTS, "insert of a permanent key", id,
                      (uint64_t)status);
        break;
    case 3:
        stress_look(self, id, true);
        (void)kind->get(stress->map, id, &old);
        status = kind->compare_exchange(stress->map, id, &old, made);
        stress_expect(stress, status == TH_OK || status == TH_MISMATCH,
                      "compare_exchange of a permanent key", id, (uint64_t)status);
        break;
    case 4:
        status = kind->erase_if(stress->map, id, ~made, &old);
        stress_expect(stress, status == TH_MISMATCH, "erase_if of a permanent key", id,
                      (uint64_t)status);
        break;
    default: stress_look(self, id, true); return;
    }
    stress_expect(stress, stress_fits(id, old), "old value of another key", id, old);
}

static inline void stress_counter(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    uint64_t number = dice >> 32 & (STRESS_COUNTERS - 1);
    uint64_t id = STRESS_COUNTER_FIRST + number, now = 0;
    if (dice % 4 == 0) {
        if (!stress->plan.kind->get(stress->map, id, &now)) {
            stress_fail(stress, "counter missed", id, 0);
        }
    } else {
        th_status status = stress->plan.kind->fetch_add(stress->map, id, 1, &now);
        stress_expect(stress, status == TH_OK, "fetch_add of a counter", id, (uint64_t)status);
        __atomic_fetch_add(&stress->adds, 1, __ATOMIC_RELAXED);
    }
    stress_expect(stress, now >= self->counters_seen[number], "a counter went back", id, now);
    self->counters_seen[number] = now;
}

/* ------------------------------------------------------------ swing, churn and own regions */

/* An id near the front, which moves on by half an id. */
static inline uint64_t stress_front_id(struct stress *stress, bool decays, uint64_t dice)
{
    uint64_t swing = stress->plan.swing;
    uint64_t at =
        __atomic_fetch_add(&stress->front, decays ? UINT64_MAX : UINT64_C(1), __ATOMIC_RELAXED);
    if (decays ? at == 0 || at > 2 * swing : at + 1 >= 2 * swing) {
        /* At an end. Threads that did not see it yet may overstep it; that is put right here. */
        __atomic_store_n(&stress->front, decays ? 0 : 2 * swing - 1, __ATOMIC_RELAXED);
        __atomic_store_n(&stress->decays, !decays, __ATOMIC_RELAXED);
    }
    return STRESS_SWING_FIRST + (at / 2 + (dice >> 20) % STRESS_FRONT) % swing;
}

static inline void stress_swing_one(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    const struct kind *kind = stress->plan.kind;
    if ((dice & 7) < 2) {
        stress_look(self, STRESS_SWING_FIRST + (dice >> 20) % stress->plan.swing, false);
        return;
    }
    bool decays = __atomic_load_n(&stress->decays, __ATOMIC_RELAXED);
    uint64_t id = stress_front_id(stress, decays, dice);
    uint64_t old = stress_value(id, 0);
    th_status status;
    if (decays == ((dice >> 8 & 31) == 0)) { /* now and then against the tide */
        status = (dice & 8) != 0 ? kind->put(stress->map, id, stress_value(id, dice), &old)
                                 : kind->insert(stress->map, id, stress_value(id, dice), &old);
        stress_expect(stress, status == TH_OK || status == TH_EXISTS, "swing put", id,
                      (uint64_t)status);
        self->tally.inserts += status == TH_OK;
    } else {
        status = kind->erase(stress->map, id, &old);
        stress_expect(stress, status == TH_OK || status == TH_ABSENT, "swing erase", id,
                      (uint64_t)status);
    }
    stress_expect(stress, stress_fits(id, old), "swing: value of another key", id, old);
}

static inline void stress_swing(struct stress_thread *self, uint64_t dice)
{
    for (unsigned i = 0; i < STRESS_SWINGS; i++) {
        stress_swing_one(self, dice);
        dice = test_random(&self->random);
    }
    self->tally.operations += STRESS_SWINGS;
}

/* Put and erase at once: the same few cells serve many keys. */
static inline void stress_churn(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    const struct kind *kind = stress->plan.kind;
    for (uint64_t i = 0; i < STRESS_CHURN; i++) {
        uint64_t id = STRESS_CHURN_FIRST + self->number * STRESS_CHURN + i, old = 0;
        uint64_t made = stress_value(id, dice + i);
        stress_expect(stress, kind->insert(stress->map, id, made, NULL) == TH_OK, "churn insert",
                      id, 0);
        self->tally.inserts++;
        uint64_t neighbour = (self->number + 1) % stress->plan.threads;
        stress_look(self, STRESS_CHURN_FIRST + neighbour * STRESS_CHURN + i, false);
        th_status status = (dice & 8) != 0 ? kind->erase(stress->map, id, &old)
                                           : kind->erase_if(stress->map, id, made, NULL);
        stress_expect(stress, status == TH_OK, "churn erase", id, (uint64_t)status);
        stress_expect(stress, (dice & 8) == 0 || old == made, "churn: old value", id, old);
        stress_expect(stress, !kind->get(stress->map, id, NULL), "found after erase", id, old);
    }
}

static inline void stress_own(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    const struct kind *kind = stress->plan.kind;
    uint64_t at = (dice >> 32) % STRESS_OWN;
    uint64_t id = STRESS_OWN_FIRST + self->number * STRESS_OWN + at;
    uint64_t made = stress_value(id, dice), seen = 0;
    bool present = self->own_present[at];
    th_status status = TH_OK, expected = TH_OK;
    switch (dice % 4) {
    case 0:
        status = kind->put(stress->map, id, made, &seen);
        expected = present ? TH_EXISTS : TH_OK;
        break;
    case 1:
        status = kind->erase(stress->map, id, &seen);
        expected = present ? TH_OK : TH_ABSENT;
        break;
    case 2:
        status = kind->replace(stress->map, id, made, &seen);
        expected = present ? TH_OK : TH_ABSENT;
        break;
    default:
        status = kind->get(stress->map, id, &seen) ? TH_OK : TH_ABSENT;
        expected = present ? TH_OK : TH_ABSENT;
        break;
    }
    stress_expect(stress, status == expected, "own key: status", id, (uint64_t)status);
    stress_expect(stress, !present || seen == self->own_values[at], "own key: value", id, seen);
    self->tally.inserts += dice % 4 == 0 && !present;
    if (dice % 4 == 0 || (dice % 4 == 2 && present)) {
        self->own_present[at] = true;
        self->own_values[at] = made;
    } else if (dice % 4 == 1) {
        self->own_present[at] = false;
    }
}

/* Erases a stretch of the own region, as a clear of it would. */
static inline void stress_own_clear(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    for (uint64_t at = (dice >> 32) % STRESS_OWN, i = 0; i < 100 && at < STRESS_OWN; i++, at++) {
        uint64_t id = STRESS_OWN_FIRST + self->number * STRESS_OWN + at;
        th_status status = stress->plan.kind->erase(stress->map, id, NULL);
        stress_expect(stress, status == (self->own_present[at] ? TH_OK : TH_ABSENT),
                      "own region: erase", id, (uint64_t)status);
        self->own_present[at] = false;
    }
}

/* ------------------------------------------------------------------ batches, walks, upkeep */

static inline void stress_get_many(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    uint64_t ids[STRESS_BATCH], values[STRESS_BATCH];
    bool found[STRESS_BATCH];
    size_t hits = 0;
    for (uint64_t i = 0; i < STRESS_BATCH; i++) {
        uint64_t any = test_random(&self->random);
        ids[i] =
            i % 2 == 0 ? any % STRESS_PERMANENT : STRESS_SWING_FIRST + any % stress->plan.swing;
    }
    size_t count = 1 + (size_t)(dice >> 32) % STRESS_BATCH;
    size_t reported = stress->plan.kind->get_many(stress->map, ids, count, values, found);
    for (size_t i = 0; i < count; i++) {
        hits += found[i];
        stress_expect(stress, found[i] || i % 2 != 0, "get_many missed a permanent key", ids[i], 0);
        stress_expect(stress, !found[i] || stress_fits(ids[i], values[i]),
                      "get_many: value of another key", ids[i], values[i]);
    }
    stress_expect(stress, hits == reported, "get_many counts wrong", hits, reported);
    self->tally.hits += hits;
    self->tally.operations += count;
}

static inline void stress_put_many(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    uint64_t ids[STRESS_BATCH], values[STRESS_BATCH];
    for (uint64_t i = 0; i < STRESS_BATCH; i++) {
        uint64_t any = test_random(&self->random);
        ids[i] = any % STRESS_PERMANENT;
        values[i] = stress_value(ids[i], any >> 32);
    }
    size_t done = 0, count = 1 + (size_t)(dice >> 32) % STRESS_BATCH;
    th_status status = stress->plan.kind->put_many(stress->map, ids, values, count, &done);
    stress_expect(stress, status == TH_OK && done == count, "put_many", done, (uint64_t)status);
    self->tally.operations += count;
}

/* A whole walk: each permanent key once, no key twice, every value its key's. */
static inline void stress_walk(struct stress_thread *self, uint64_t dice)
{
    static const size_t capacities[] = {1, 3, 64, 256, 1000};
    struct stress *stress = self->stress;
    uint64_t universe = STRESS_SWING_FIRST + stress->plan.swing, permanent = 0;
    uint8_t *seen = calloc((size_t)universe, 1);
    struct kind_entry *entries = calloc(1000, sizeof(*entries));
    size_t capacity = capacities[(dice >> 32) % 5];
    struct th_map_cursor cursor = {0, 0};
    while (seen != NULL && entries != NULL && !__atomic_load_n(&stress->stop, __ATOMIC_RELAXED)) {
        size_t count = stress->plan.kind->next(stress->map, &cursor, entries, capacity);
        for (size_t i = 0; i < count; i++) {
            uint64_t id = entries[i].id;
            if (id >= universe || seen[id]++ != 0) {
                stress_fail(stress, "walk: unknown key or a key twice", id, entries[i].value);
                break;
            }
            bool counter = id >= STRESS_COUNTER_FIRST && id < STRESS_OWN_FIRST;
            stress_expect(stress, counter || stress_fits(id, entries[i].value),
                          "walk: value of another key", id, entries[i].value);
            permanent += id < STRESS_OWN_FIRST;
        }
        self->tally.entries_walked += count;
        if (count == 0) {
            stress_expect(stress, permanent == STRESS_OWN_FIRST, "walk missed permanent keys",
                          STRESS_OWN_FIRST, permanent);
            break;
        }
    }
    self->tally.walks++;
    free(entries);
    free(seen);
}

/* A second map that is cleared, reserved and shrunk while all threads use it. */
static inline void stress_side_map(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    const struct kind *kind = stress->plan.kind;
    uint64_t id = (dice >> 40) % 700, value = 0, what = dice >> 8 & 127;
    th_status status = TH_OK;
    switch (what) {
    case 0: kind->clear(stress->side_map); break;
    case 1:
    case 2:
        status = kind->reserve(stress->side_map, (dice >> 40) % stress->plan.side_entries);
        break;
    case 3:
    case 4: status = kind->shrink(stress->side_map, 0); break;
    default:
        if ((dice & 128) != 0) {
            status = kind->put(stress->side_map, id, stress_value(id, dice), NULL);
        } else if (kind->get(stress->side_map, id, &value)) {
            stress_expect(stress, stress_fits(id, value), "side map: value of another key", id,
                          value);
        }
        break;
    }
    static const char *const names[6] = {"side map: clear",   "side map: reserve",
                                         "side map: reserve", "side map: shrink",
                                         "side map: shrink",  "side map: put"};
    stress_expect(stress, status >= 0, names[what < 5 ? what : 5], id, (uint64_t)status);
}

/* Puts and erases one key in turn, or looks at it, in a tight loop: reads meet erases of their
 * group as often as they can. All threads mean the same key, most of the time. */
static inline void stress_storm(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    const struct kind *kind = stress->plan.kind;
    uint64_t number = __atomic_fetch_add(&stress->storms, 1, __ATOMIC_RELAXED);
    uint64_t id = number / 64 % STRESS_STORM_IDS, value = 0;
    for (uint64_t i = 0; i < STRESS_STORM; i++) {
        bool found = true;
        value = stress_value(id, i);
        if ((dice & 1) != 0) {
            found = kind->get(stress->storm_map, id, &value);
        } else if (i % 2 == 0) {
            th_status status = kind->put(stress->storm_map, id, value, NULL);
            stress_expect(stress, status >= 0, "storm: put", id, (uint64_t)status);
        } else {
            found = kind->erase(stress->storm_map, id, &value) == TH_OK;
        }
        stress_expect(stress, !found || stress_fits(id, value), "storm: value of another key", id,
                      value);
    }
    self->tally.operations += STRESS_STORM;
}

static inline void stress_upkeep(struct stress_thread *self, uint64_t dice)
{
    struct stress *stress = self->stress;
    const struct kind *kind = stress->plan.kind;
    uint64_t what = dice >> 32 & 31;
    if (what < 24) {
        stress_expect(stress, kind->shrink(stress->map, 4) >= 0, "shrink", 0, 0);
    } else if (what == 24) {
        stress_expect(stress, kind->reserve(stress->map, stress->plan.swing / 2) == TH_OK,
                      "reserve", 0, 0);
    } else if (what == 25) {
        stress_own_clear(self, dice);
    } else if (what == 26) {
        stress_walk(self, dice);
    } else {
        stress_expect(stress, kind->count(stress->map) >= STRESS_OWN_FIRST,
                      "count below the "
                      "permanent keys",
                      0, kind->count(stress->map));
    }
}

/* ------------------------------------------------------------------ the run */

static inline void stress_step(struct stress_thread *self)
{
    uint64_t dice = test_random(&self->random);
    uint64_t what = dice >> 56; /* 0..255 */
    dice = test_random(&self->random);
    if (__atomic_load_n(&self->stress->storm_joins, __ATOMIC_RELAXED) > 0) {
        __atomic_fetch_sub(&self->stress->storm_joins, 1, __ATOMIC_RELAXED);
        stress_storm(self, dice);
    } else if (what < 130) {
        stress_swing(self, dice);
    } else if (what < 165) {
        stress_permanent(self, dice);
    } else if (what < 180) {
        stress_own(self, dice);
    } else if (what < 195) {
        stress_counter(self, dice);
    } else if (what < 215) {
        stress_side_map(self, dice);
    } else if (what < 216) {
        __atomic_store_n(&self->stress->storm_joins, STRESS_STORM_JOINS, __ATOMIC_RELAXED);
    } else if (what < 222) {
        stress_churn(self, dice);
    } else if (what < 252) {
        stress_get_many(self, dice);
    } else if (what < 254) {
        stress_put_many(self, dice);
    } else {
        stress_upkeep(self, dice);
    }
    self->tally.operations++;
}

static inline void *stress_thread_run(void *argument)
{
    struct stress_thread *self = argument;
    struct stress *stress = self->stress;
    uint64_t limit = stress->plan.operations_each;
    while (!__atomic_load_n(&stress->stop, __ATOMIC_RELAXED)) {
        if (stress->plan.time_ms == 0 && self->tally.operations >= limit) {
            break;
        }
        stress_step(self);
        __atomic_store_n(&self->hits_shown, self->tally.hits, __ATOMIC_RELAXED);
    }
    __atomic_fetch_sub(&stress->active, 1, __ATOMIC_RELAXED);
    return NULL;
}

/* Samples the share of displaced entries and the number of cells. */
static inline void stress_sample(struct stress *stress, const struct stress_thread *threads)
{
    struct th_map_stats stats;
    stress->plan.kind->get_stats(stress->map, &stats);
    uint64_t hits = 0;
    for (unsigned i = 0; i < stress->plan.threads; i++) {
        hits += __atomic_load_n(&threads[i].hits_shown, __ATOMIC_RELAXED);
    }
    if (stats.entries > 0) {
        stress->displaced_hits += (double)(hits - stress->hits_weighted) * (double)stats.displaced /
                                  (double)stats.entries;
    }
    stress->hits_weighted = hits;
    stress->cells_peak = stats.cells > stress->cells_peak ? stats.cells : stress->cells_peak;
}

static inline void stress_report(struct stress *stress, const struct stress_thread *threads)
{
    struct th_map_stats stats, side, storm;
    struct stress_tally sum = {0, 0, 0, 0, 0};
    stress->plan.kind->get_stats(stress->map, &stats);
    stress->plan.kind->get_stats(stress->side_map, &side);
    stress->plan.kind->get_stats(stress->storm_map, &storm);
    for (unsigned i = 0; i < stress->plan.threads; i++) {
        sum.operations += threads[i].tally.operations;
        sum.inserts += threads[i].tally.inserts;
        sum.hits += threads[i].tally.hits;
        sum.walks += threads[i].tally.walks;
        sum.entries_walked += threads[i].tally.entries_walked;
    }
    /* A cell's first tenant is no re-use: every insert beyond twice the most cells there ever were
     * is one. */
    uint64_t cells = 2 * stress->cells_peak;
    printf("# %s: %u threads, %" PRIu64 " operations, %" PRIu64 " hits, %" PRIu64
           " walks of %" PRIu64 " entries\n",
           stress->plan.kind->name, stress->plan.threads, sum.operations, sum.hits, sum.walks,
           sum.entries_walked);
    printf("# %s: %" PRIu64 " splits, %" PRIu64 " merges, %" PRIu64 " read retries, %.0f displaced "
           "hits, %" PRIu64 " re-used cells, %" PRIu64 " cell waits, %" PRIu64 " group waits\n",
           stress->plan.kind->name, stats.splits_total + side.splits_total,
           stats.merges_total + side.merges_total,
           stats.read_retries_total + side.read_retries_total + storm.read_retries_total,
           stress->displaced_hits, sum.inserts > cells ? sum.inserts - cells : 0,
           stats.cell_waits_total + side.cell_waits_total + storm.cell_waits_total,
           stats.group_waits_total + side.group_waits_total + storm.group_waits_total);
}

static inline void stress_fill(struct stress *stress)
{
    for (uint64_t id = 0; id < STRESS_OWN_FIRST; id++) {
        uint64_t value = id < STRESS_COUNTER_FIRST ? stress_value(id, 0) : 0;
        CHECK_EQ(stress->plan.kind->put(stress->map, id, value, NULL), TH_OK);
    }
}

/* What must hold when all threads have ended: sums, own regions, a walk. */
static inline void stress_settle(struct stress *stress, struct stress_thread *threads)
{
    const struct kind *kind = stress->plan.kind;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < STRESS_COUNTERS; i++) {
        uint64_t value = 0;
        CHECK(kind->get(stress->map, STRESS_COUNTER_FIRST + i, &value));
        sum += value;
    }
    CHECK_EQ(sum, stress->adds);
    for (uint64_t i = 0; i < stress->plan.threads; i++) {
        for (uint64_t at = 0; at < STRESS_OWN; at++) {
            uint64_t value = 0, id = STRESS_OWN_FIRST + i * STRESS_OWN + at;
            bool found = kind->get(stress->map, id, &value);
            CHECK(found == threads[i].own_present[at]);
            CHECK(!found || value == threads[i].own_values[at]);
        }
    }
    uint64_t dice = 4;
    stress->stop = test_failures != 0;
    stress_walk(&threads[0], dice << 32);
}

/* Goal: no order of events on real threads loses, doubles or mixes up entries. Method: see the head
 * of this file; the seed fixes what each thread tries, not when. */
static inline void stress_run(struct stress_plan plan)
{
    static struct stress stress;
    static struct stress_thread threads[STRESS_THREADS_MAX];
    memset(&stress, 0, sizeof(stress));
    memset(threads, 0, sizeof(threads));
    stress.plan = plan;
    stress.map = kind_make(plan.kind, NULL);
    stress.side_map = kind_make(plan.kind, NULL);
    stress.storm_map = kind_make(plan.kind, NULL);
    stress.active = plan.threads;
    stress_fill(&stress);
    points_jitter(true);
    for (unsigned i = 0; i < plan.threads; i++) {
        threads[i].stress = &stress;
        threads[i].number = i;
        threads[i].random = test_seed + i * 7919;
        threads[i].thread = pool_start(stress_thread_run, &threads[i]);
    }
    uint64_t end_ns = pool_now_ns() + plan.time_ms * 1000000;
    while (__atomic_load_n(&stress.active, __ATOMIC_RELAXED) > 0) {
        pool_sleep_ms(2);
        stress_sample(&stress, threads);
        if (plan.time_ms > 0 && pool_now_ns() >= end_ns) {
            __atomic_store_n(&stress.stop, true, __ATOMIC_RELAXED);
        }
    }
    for (unsigned i = 0; i < plan.threads; i++) {
        pool_join(threads[i].thread);
    }
    points_jitter(false);
    stress_settle(&stress, threads);
    stress_report(&stress, threads);
    kind_finish(plan.kind, stress.storm_map);
    kind_finish(plan.kind, stress.side_map);
    kind_finish(plan.kind, stress.map);
}

/* ------------------------------------------------------------------ the program's own option */

static uint64_t stress_seconds;

/* `--seconds=N` (all tests together) is taken out of the arguments; the rest is test.h's. */
static inline int stress_main(int argc, char **argv)
{
    int kept = 1;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--seconds=", 10) == 0) {
            stress_seconds = strtoull(argv[i] + 10, NULL, 10);
        } else {
            argv[kept++] = argv[i];
        }
    }
    argv[kept] = NULL;
    return test_main(kept, argv);
}

#endif
