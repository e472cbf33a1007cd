/* SPDX-License-Identifier: MIT
 * map_hot_key.h - scenario: a lookup and an insert of a key that is being updated.
 *
 * Guarantee    an update never hides its key.
 * Cause        a look at the held form of a key after a look at its free form misses what changes
 *              between.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_HOT_KEY_H
#define TOPHASH_TESTS_SCENARIOS_MAP_HOT_KEY_H

#include "scenarios/map_state.h"

static void map_hot_key_setup(void)
{
    scenario_map_make(SCENARIO_FILL);
}

static void map_hot_key_thread_a(void)
{
    for (uint64_t i = 0; i < 3; i++) {
        SCENARIO_CHECK(th_map_u64_fetch_add(scenario_map, 3, 1, NULL) == TH_OK);
    }
}

static void map_hot_key_thread_b(void)
{
    SCENARIO_CHECK(th_map_u64_get(scenario_map, 3, NULL));
    SCENARIO_CHECK(th_map_u64_insert(scenario_map, 3, 0, NULL) == TH_EXISTS);
}

static void map_hot_key_after(void)
{
    uint64_t value = 0;
    SCENARIO_CHECK(th_map_u64_get(scenario_map, 3, &value) && value == scenario_value(3) + 3);
    scenario_map_end(SCENARIO_FILL);
}

static const struct scenario map_hot_key = {
    "map_hot_key", map_hot_key_setup, map_hot_key_thread_a, map_hot_key_thread_b, map_hot_key_after,
};

#endif
