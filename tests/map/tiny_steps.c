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

#define STEPS_ROW map_steps
#define STEPS_MEMBERS STEP_THREADS
#include "map/steps_body.h"

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
