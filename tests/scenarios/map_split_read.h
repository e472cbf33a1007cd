/* SPDX-License-Identifier: MIT
 * map_split_read.h - scenario: lookups of standing keys while groups are split.
 *
 * Guarantee    a permanent key is found at every moment of a split (obligation 2).
 * Bad          a miss.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_SPLIT_READ_H
#define TOPHASH_TESTS_SCENARIOS_MAP_SPLIT_READ_H

#include "scenarios/map_state.h"

static void map_split_read_setup(void)
{
    scenario_map_make(SCENARIO_FILL);
}

static void map_split_read_thread_a(void)
{
    scenario_put_all(10000, SCENARIO_MORE);
}

static void map_split_read_thread_b(void)
{
    scenario_expect_all(0, 8);
}

static void map_split_read_after(void)
{
    scenario_expect_all(0, SCENARIO_FILL);
    scenario_map_end(SCENARIO_FILL + SCENARIO_MORE);
}

static const struct scenario map_split_read = {
    "map_split_read",        map_split_read_setup, map_split_read_thread_a,
    map_split_read_thread_b, map_split_read_after,
};

#endif
