/* SPDX-License-Identifier: MIT
 * history_body.h - many small histories of three threads on two keys, while the map around them
 * grows and shrinks.
 *
 * Two sorts of blocks: stamped ones, in which a shared counter orders calls that did not overlap
 * (its acquire-release steps are happens-before, so the map's guarantee holds), and bare ones, in
 * which nothing but the map synchronizes the threads and only program order is demanded.
 */
#ifndef TOPHASH_TESTS_MAP_HISTORY_BODY_H
#define TOPHASH_TESTS_MAP_HISTORY_BODY_H

#include "map/history_judge.h"
#include "map/kinds.h"
#include "map/points.h"
#include "map/pool.h"

enum {
    HISTORY_THREADS = 3,
    HISTORY_STEPS = 4,
    HISTORY_KEYS = 2,
    HISTORY_BLOCK = 128,
    HISTORY_FILL_MIN = 40,
    HISTORY_FILL_FIRST = 1 << 24,
    HISTORY_TIME_MAX_MS = 12000, /* a kind: on a loaded machine fewer histories are judged */
    HISTORY_JUDGED_MIN = 500,
};

/* One history: what each thread did to each key. A get_many counts as one call on both keys. */
struct history {
    uint64_t ids[HISTORY_KEYS];
    struct judge_state first[HISTORY_KEYS];
    struct judge_call calls[HISTORY_KEYS][HISTORY_THREADS][HISTORY_STEPS];
    unsigned counts[HISTORY_KEYS][HISTORY_THREADS];
};

struct history_run {
    const struct kind *kind;
    void *map;
    uint64_t fill_max;
    struct history block[HISTORY_BLOCK];
    struct pool_barrier barrier; /* of the three threads and the judge, at the ends of a block */
    struct pool_barrier step;    /* of the three threads, before each history */
    _Alignas(8) uint64_t stamp;
    uint64_t block_number;
    bool stamped;
    bool stop;
    uint64_t judged;
    uint64_t rejected;
};

struct history_thread {
    struct history_run *run;
    uint32_t number;
    pthread_t thread;
};

static inline uint64_t history_stamp(struct history_run *run)
{
    return run->stamped ? __atomic_add_fetch(&run->stamp, 1, __ATOMIC_ACQ_REL) : 0;
}

/* Stamps of a bare block: everything overlaps. */
static inline void history_returned(struct history_run *run, struct judge_call *call)
{
    call->returned = run->stamped ? history_stamp(run) : UINT64_MAX;
}

static inline void history_call(struct history_run *run, uint64_t id, struct judge_call *call)
{
    const struct kind *kind = run->kind;
    call->invoked = history_stamp(run);
    switch (call->operation) {
    case JUDGE_GET: call->status = kind->get(run->map, id, &call->out) ? 1 : 0; break;
    case JUDGE_PUT: call->status = kind->put(run->map, id, call->argument, &call->out); break;
    case JUDGE_INSERT: call->status = kind->insert(run->map, id, call->argument, &call->out); break;
    case JUDGE_REPLACE:
        call->status = kind->replace(run->map, id, call->argument, &call->out);
        break;
    case JUDGE_ADD: call->status = kind->fetch_add(run->map, id, call->argument, &call->out); break;
    case JUDGE_EXCHANGE:
        call->out = call->expected;
        call->status = kind->compare_exchange(run->map, id, &call->out, call->argument);
        break;
    case JUDGE_ERASE: call->status = kind->erase(run->map, id, &call->out); break;
    default: call->status = kind->erase_if(run->map, id, call->expected, &call->out); break;
    }
    history_returned(run, call);
}

static inline struct judge_call *history_next_call(struct history *history, unsigned key,
                                                   uint32_t thread)
{
    struct judge_call *call = &history->calls[key][thread][history->counts[key][thread]++];
    *call = (struct judge_call){.thread = thread, .operation = JUDGE_GET};
    return call;
}

static inline void history_get_both(struct history_run *run, struct history *history,
                                    uint32_t thread)
{
    struct judge_call *calls[HISTORY_KEYS];
    uint64_t values[HISTORY_KEYS] = {0, 0};
    bool found[HISTORY_KEYS];
    uint64_t invoked = history_stamp(run);
    run->kind->get_many(run->map, history->ids, HISTORY_KEYS, values, found);
    struct judge_call end;
    history_returned(run, &end);
    for (unsigned key = 0; key < HISTORY_KEYS; key++) {
        calls[key] = history_next_call(history, key, thread);
        calls[key]->invoked = invoked;
        calls[key]->returned = end.returned;
        calls[key]->status = found[key] ? 1 : 0;
        calls[key]->out = values[key];
    }
}

/* The four steps of one thread. Values are unique in the history, so that an answer names the write
 * it saw. */
static inline void history_play(struct history_run *run, struct history *history, uint32_t thread,
                                uint64_t *random)
{
    uint64_t last[HISTORY_KEYS] = {history->first[0].value, history->first[1].value};
    for (uint64_t step = 0; step < HISTORY_STEPS; step++) {
        uint64_t dice = test_random(random);
        unsigned key = (unsigned)(dice >> 8) % HISTORY_KEYS;
        if (dice % 16 == 0) {
            history_get_both(run, history, thread);
            continue;
        }
        struct judge_call *call = history_next_call(history, key, thread);
        call->operation =
            dice % 16 < 4 ? JUDGE_GET : (enum judge_operation)(dice % JUDGE_OPERATIONS);
        call->argument = (thread + 1) << 16 | (step + 1) << 8 | 1;
        call->expected = last[key];
        history_call(run, history->ids[key], call);
        last[key] = call->operation == JUDGE_EXCHANGE && call->status == TH_OK ? call->argument
                    : call->operation == JUDGE_PUT                             ? call->argument
                                                                               : call->out;
    }
}

static inline void *history_thread_run(void *argument)
{
    struct history_thread *self = argument;
    struct history_run *run = self->run;
    uint64_t random = test_seed ^ (self->number + 1) * 0x9e3779b97f4a7c15u;
    for (;;) {
        pool_wait(&run->barrier);
        if (run->stop) {
            return NULL;
        }
        for (unsigned i = 0; i < HISTORY_BLOCK; i++) {
            pool_wait(&run->step);
            history_play(run, &run->block[i], self->number, &random);
        }
        pool_wait(&run->barrier);
    }
}

/* The map around: grows to fill_max, shrinks to HISTORY_FILL_MIN, for as long as the histories run.
 */
static inline void *history_swing(void *argument)
{
    struct history_run *run = argument;
    uint64_t size = 0;
    bool up = true;
    while (!__atomic_load_n(&run->stop, __ATOMIC_ACQUIRE)) {
        uint64_t id = HISTORY_FILL_FIRST + size;
        if (up) {
            CHECK_EQ(run->kind->put(run->map, id, id, NULL), TH_OK);
            up = ++size < run->fill_max;
        } else {
            CHECK_EQ(run->kind->erase(run->map, id - 1, NULL), TH_OK);
            up = --size <= HISTORY_FILL_MIN;
            if (size % 8 == 0) {
                CHECK(run->kind->shrink(run->map, 2) >= 0);
            }
        }
    }
    return NULL;
}

static inline void history_prepare(struct history_run *run, uint64_t *random)
{
    run->stamped = run->block_number % 2 == 0;
    for (uint64_t i = 0; i < HISTORY_BLOCK; i++) {
        struct history *history = &run->block[i];
        memset(history->counts, 0, sizeof(history->counts));
        for (uint64_t key = 0; key < HISTORY_KEYS; key++) {
            history->ids[key] =
                (run->block_number * HISTORY_BLOCK + i) * HISTORY_KEYS % (1 << 20) + key;
            history->first[key] = (struct judge_state){0, false};
            if (test_random(random) % 2 == 0) {
                history->first[key] = (struct judge_state){0xf00 + key, true};
                CHECK_EQ(run->kind->put(run->map, history->ids[key], 0xf00 + key, NULL), TH_OK);
            }
        }
    }
}

static inline void history_judge_block(struct history_run *run)
{
    static struct judge room;
    for (unsigned i = 0; i < HISTORY_BLOCK; i++) {
        struct history *history = &run->block[i];
        for (unsigned key = 0; key < HISTORY_KEYS; key++) {
            struct judge_call calls[HISTORY_THREADS * HISTORY_STEPS];
            unsigned count = 0;
            for (unsigned thread = 0; thread < HISTORY_THREADS; thread++) {
                for (unsigned n = 0; n < history->counts[key][thread]; n++) {
                    calls[count++] = history->calls[key][thread][n];
                }
            }
            struct judge_state last = {0, false};
            last.present = run->kind->get(run->map, history->ids[key], &last.value);
            if (!judge_history(&room, calls, count, history->first[key], last)) {
                run->rejected++;
                printf("# no order explains this, key %" PRIu64 "%s:\n", history->ids[key],
                       run->stamped ? "" : " (bare)");
                judge_print(calls, count, history->first[key], last);
            }
            if (last.present) {
                CHECK_EQ(run->kind->erase(run->map, history->ids[key], NULL), TH_OK);
            }
        }
        run->judged++;
    }
}

/* Goal: each key has one total order of its operations, consistent with happens-before (G2 of the
 * map). Method: `histories` small histories during growth and shrink of the map around, each judged
 * per key. */
static inline void history_run_kind(const struct kind *kind, uint64_t histories, uint64_t fill_max)
{
    static struct history_run run;
    memset(&run, 0, sizeof(run));
    run.kind = kind;
    run.map = kind_make(kind, NULL);
    run.fill_max = fill_max;
    run.barrier.members = HISTORY_THREADS + 1;
    run.step.members = HISTORY_THREADS;
    points_jitter(true);
    struct history_thread threads[HISTORY_THREADS];
    pthread_t swing = pool_start(history_swing, &run);
    for (uint32_t i = 0; i < HISTORY_THREADS; i++) {
        threads[i].run = &run;
        threads[i].number = i;
        threads[i].thread = pool_start(history_thread_run, &threads[i]);
    }
    uint64_t random = test_seed;
    uint64_t end_ns = pool_now_ns() + test_scaled(HISTORY_TIME_MAX_MS) * UINT64_C(1000000);
    while (run.judged < histories && run.rejected == 0 && pool_now_ns() < end_ns) {
        history_prepare(&run, &random);
        pool_wait(&run.barrier);
        pool_wait(&run.barrier);
        history_judge_block(&run);
        run.block_number++;
    }
    __atomic_store_n(&run.stop, true, __ATOMIC_RELEASE);
    pool_wait(&run.barrier);
    for (uint32_t i = 0; i < HISTORY_THREADS; i++) {
        pool_join(threads[i].thread);
    }
    pool_join(swing);
    points_jitter(false);
    struct th_map_stats stats;
    kind->get_stats(run.map, &stats);
    printf("# %s: %" PRIu64 " histories judged, %" PRIu64 " splits, %" PRIu64 " merges around\n",
           kind->name, run.judged, stats.splits_total, stats.merges_total);
    CHECK_EQ(run.rejected, 0);
    CHECK(stats.splits_total > 0);
    CHECK(run.rejected != 0 || run.judged >= histories ||
          run.judged >= test_scaled(HISTORY_JUDGED_MIN));
    kind_finish(kind, run.map);
}

#endif
