/* SPDX-License-Identifier: MIT
 * map_split_update.h - scenario: updates of standing keys while groups are split.
 *
 * Guarantee    an update is neither lost nor made twice (obligations 3 and 5).
 * Bad          a sum that is too small or too large.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_SPLIT_UPDATE_H
#define TOPHASH_TESTS_SCENARIOS_MAP_SPLIT_UPDATE_H

#include "scenarios/map_state.h"

static void map_split_update_setup(void)
{
    scenario_map_make(SCENARIO_FILL);
}

static void map_split_update_thread_a(void)
{
    scenario_put_all(10000, SCENARIO_MORE);
}

static void map_split_update_thread_b(void)
{
    for (uint64_t key = 0; key < 4; key++) {
        uint64_t old = 0;
        SCENARIO_CHECK(th_map_u64_fetch_add(scenario_map, key, 1, &old) == TH_OK);
        SCENARIO_CHECK(old == scenario_value(key));
    }
}

static void map_split_update_after(void)
{
    for (uint64_t key = 0; key < 4; key++) {
        uint64_t value = 0;
        SCENARIO_CHECK(th_map_u64_get(scenario_map, key, &value));
        SCENARIO_CHECK(value == scenario_value(key) + 1);
    }
    scenario_expect_all(4, SCENARIO_FILL - 4);
    scenario_map_end(SCENARIO_FILL + SCENARIO_MORE);
}

static const struct scenario map_split_update = {
    "map_split_update",        map_split_update_setup, map_split_update_thread_a,
    map_split_update_thread_b, map_split_update_after,
};

#endif
