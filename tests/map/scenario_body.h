/* SPDX-License-Identifier: MIT
 * scenario_body.h - runs the scenarios of the map in one order, in the other, and on two real
 * threads many times.
 */
#ifndef TOPHASH_TESTS_MAP_SCENARIO_BODY_H
#define TOPHASH_TESTS_MAP_SCENARIO_BODY_H

#include "map/points.h"
#include "map/pool.h"
#include "test.h"

#define SCENARIO_CHECK(condition) CHECK(condition)

#include "scenarios/map_publish.h"
#include "scenarios/map_refill.h"
#include "scenarios/map_split_read.h"
#include "scenarios/map_split_update.h"
#include "scenarios/map_insert_twice.h"
#include "scenarios/map_hot_key.h"
#include "scenarios/map_merge_read.h"
#include "scenarios/map_walk_split.h"
#include "scenarios/map_small_move.h"

static const struct scenario *const scenarios[] = {
    &map_publish, &map_refill,     &map_split_read, &map_split_update, &map_insert_twice,
    &map_hot_key, &map_merge_read, &map_walk_split, &map_small_move,
};

enum { SCENARIO_COUNT = sizeof(scenarios) / sizeof(scenarios[0]) };

struct scenario_run {
    const struct scenario *scenario;
    struct pool_barrier barrier;
    uint64_t rounds;
};

/* Goal: the scenarios mean what they say. Method: a before b, and b before a, on one thread. */
static inline void scenarios_in_both_orders(void)
{
    for (size_t i = 0; i < SCENARIO_COUNT; i++) {
        const struct scenario *scenario = scenarios[i];
        scenario->setup();
        scenario->thread_a();
        scenario->thread_b();
        scenario->after();
        scenario->setup();
        scenario->thread_b();
        scenario->thread_a();
        scenario->after();
    }
}

static void *scenario_thread_b(void *argument)
{
    struct scenario_run *run = argument;
    for (uint64_t round = 0; round < run->rounds; round++) {
        pool_wait(&run->barrier);
        run->scenario->thread_b();
        pool_wait(&run->barrier);
    }
    return NULL;
}

/* Goal: no interleaving that happens here breaks a scenario. Method: two threads released together,
 * many rounds. */
static inline void scenarios_on_two_threads(uint64_t rounds)
{
    points_jitter(true);
    for (size_t i = 0; i < SCENARIO_COUNT; i++) {
        struct scenario_run run = {.scenario = scenarios[i], .rounds = test_scaled(rounds)};
        run.barrier.members = 2;
        int failures = test_failures;
        pthread_t thread = pool_start(scenario_thread_b, &run);
        for (uint64_t round = 0; round < run.rounds; round++) {
            run.scenario->setup();
            pool_wait(&run.barrier);
            run.scenario->thread_a();
            pool_wait(&run.barrier);
            run.scenario->after();
        }
        pool_join(thread);
        if (test_failures != failures) {
            printf("# scenario %s failed\n", run.scenario->name);
        }
    }
    points_jitter(false);
}

#endif
