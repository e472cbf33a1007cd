/* SPDX-License-Identifier: MIT
 * tiny_bytes_steps.c - the tables of scenarios of bytes maps that the proof plays over all
 * executions, on real threads and one thread after the other, with the tiny geometry.
 */
#include "map/points.h"
#include "map/pool.h"
#include "test.h"

/* Of other threads only what came before all of them, and that they are over, is known. */
static unsigned steps_phase;
#define SCENARIO_CHECK(condition) CHECK(condition)
#define HISTORY_CLOCK(thread) ((void)(thread), steps_phase)
#define HISTORY_CLOCK_END(thread) (steps_phase + ((thread) != 0))

#include "scenarios/bytes_against.h"

#define STEPS_ROW bytes_steps
#define STEPS_MEMBERS BYTES_THREADS
#include "map/steps_body.h"

/* Goal and method: table_in_both_orders(). */
TEST(bytes_steps_hold_one_after_the_other)
{
    table_in_both_orders(bytes_steps, BYTES_STEPS_COUNT);
    table_in_both_orders(bytes_against, BYTES_AGAINST_COUNT);
}

/* Goal and method: table_on_threads(), with pauses at the steps of the protocol. */
TEST(bytes_steps_hold_on_threads)
{
    uint64_t rounds = test_scaled(20);
    points_jitter(true);
    table_on_threads(bytes_steps, BYTES_STEPS_COUNT, rounds);
    table_on_threads(bytes_against, BYTES_AGAINST_COUNT, rounds);
    points_jitter(false);
}

TEST_MAIN()
