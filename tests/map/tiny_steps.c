/* SPDX-License-Identifier: MIT
 * tiny_steps.c - the tables of scenarios that the proof plays over all executions, on real threads
 * and one thread after the other, with the tiny geometry.
 */
#include "map/points.h"
#include "map/pool.h"
#include "test.h"

/* Of other threads only what came before all of them, and that they are over, is known. */
static unsigned steps_phase;
#define SCENARIO_CHECK(condition) CHECK(condition)
#define HISTORY_CLOCK(thread) ((void)(thread), steps_phase)
#define HISTORY_CLOCK_END(thread) (steps_phase + ((thread) != 0))

#include "scenarios/map_against.h"
#include "scenarios/map_blocks.h"
#include "scenarios/map_scenarios.h"

/* Memory is never refused here: the scenarios in which it is go on as the others do. */
static void steps_refuse(bool refuse)
{
    (void)refuse;
}

struct steps_run {
    struct pool_barrier barrier;
    uint64_t rounds;
    const struct map_steps *table;
    unsigned rows;
};

struct steps_member {
    struct steps_run *run;
    unsigned number;
};

static void steps_begin(const struct map_steps *row)
{
    steps = row;
    steps_phase = 0;
    steps_setup();
}

static void steps_end(void)
{
    int failures = test_failures;
    steps_phase = 2;
    steps_after();
    if (test_failures != failures) {
        printf("# scenario %s failed\n", steps->name);
    }
}

/* Threads one after the other, forwards, then backwards. */
static void table_in_both_orders(const struct map_steps *table, unsigned rows)
{
    for (unsigned i = 0; i < rows; i++) {
        steps_begin(&table[i]);
        for (unsigned number = 1; number <= STEP_THREADS; number++) {
            steps_thread(number);
        }
        steps_end();
        steps_begin(&table[i]);
        for (unsigned number = STEP_THREADS; number >= 1; number--) {
            steps_thread(number);
        }
        steps_end();
    }
}

static void *steps_member_run(void *argument)
{
    const struct steps_member *member = argument;
    struct steps_run *run = member->run;
    for (uint64_t i = 0; i < run->rounds * run->rows; i++) {
        pool_wait(&run->barrier);
        steps_thread(member->number);
        pool_wait(&run->barrier);
    }
    return NULL;
}

/* As many threads as a scenario can have, released together, many rounds. */
static void table_on_threads(const struct map_steps *table, unsigned rows, uint64_t rounds)
{
    struct steps_run run = {.rounds = rounds, .table = table, .rows = rows};
    struct steps_member members[STEP_THREADS];
    pthread_t threads[STEP_THREADS];
    run.barrier.members = STEP_THREADS + 1;
    for (unsigned i = 0; i < STEP_THREADS; i++) {
        members[i] = (struct steps_member){&run, i + 1};
        threads[i] = pool_start(steps_member_run, &members[i]);
    }
    for (uint64_t i = 0; i < rounds * rows; i++) {
        steps_begin(&table[i % rows]);
        pool_wait(&run.barrier);
        pool_wait(&run.barrier);
        steps_end();
    }
    for (unsigned i = 0; i < STEP_THREADS; i++) {
        pool_join(threads[i]);
    }
}

/* Goal: the scenarios mean what they say. Method: the steps of a thread without others in between,
 * in both orders of threads. */
TEST(map_steps_hold_one_after_the_other)
{
    table_in_both_orders(map_scenarios, MAP_SCENARIOS);
    table_in_both_orders(map_against, MAP_AGAINST);
    table_in_both_orders(map_blocks, MAP_BLOCKS);
}

/* Goal: no interleaving that happens here breaks a scenario. Method: real threads, which jitter at
 * the steps of the map. */
TEST(map_steps_hold_on_threads)
{
    uint64_t rounds = test_scaled(20);
    points_jitter(true);
    table_on_threads(map_scenarios, MAP_SCENARIOS, rounds);
    table_on_threads(map_against, MAP_AGAINST, rounds);
    table_on_threads(map_blocks, MAP_BLOCKS, rounds);
    points_jitter(false);
}

TEST_MAIN()
