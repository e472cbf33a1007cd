/* SPDX-License-Identifier: MIT
 * map_merge_read.h - scenario: lookups of standing keys while thin groups are merged.
 *
 * Guarantee    a permanent key is found at every moment of a merge (obligation 4).
 * Bad          a miss, or the value of another key.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_MERGE_READ_H
#define TOPHASH_TESTS_SCENARIOS_MAP_MERGE_READ_H

#include "scenarios/map_state.h"

static void map_merge_read_setup(void)
{
    scenario_map_make(8);
    scenario_put_all(10000, SCENARIO_FILL * 2);
    scenario_erase_all(10000, SCENARIO_FILL * 2);
}

static void map_merge_read_thread_a(void)
{
    SCENARIO_CHECK(th_map_u64_shrink(scenario_map, 0) >= 0);
}

static void map_merge_read_thread_b(void)
{
    scenario_expect_all(0, 8);
}

static void map_merge_read_after(void)
{
    scenario_expect_all(0, 8);
    scenario_map_end(8);
}

static const struct scenario map_merge_read = {
    "map_merge_read",        map_merge_read_setup, map_merge_read_thread_a,
    map_merge_read_thread_b, map_merge_read_after,
};

#endif
