/* SPDX-License-Identifier: MIT
 * map_small_move.h - scenario: a write while a small map moves to a bigger form.
 *
 * Guarantee    the write shows from its end on (obligation 10).
 * Cause        the table's groups could be reached by writers before the map was said to live
 *              there.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_SMALL_MOVE_H
#define TOPHASH_TESTS_SCENARIOS_MAP_SMALL_MOVE_H

#include "scenarios/map_state.h"

static void map_small_move_setup(void)
{
    scenario_map_make(4);
}

static void map_small_move_thread_a(void)
{
    scenario_put_all(10000, SCENARIO_FILL);
}

static void map_small_move_thread_b(void)
{
    uint64_t value = 0;
    SCENARIO_CHECK(th_map_u64_replace(scenario_map, 1, 555, NULL) == TH_OK);
    SCENARIO_CHECK(th_map_u64_get(scenario_map, 1, &value) && value == 555);
    SCENARIO_CHECK(th_map_u64_erase(scenario_map, 2, NULL) == TH_OK);
    SCENARIO_CHECK(!th_map_u64_get(scenario_map, 2, NULL));
}

static void map_small_move_after(void)
{
    SCENARIO_CHECK(!th_map_u64_get(scenario_map, 2, NULL));
    scenario_map_end(SCENARIO_FILL + 3);
}

static const struct scenario map_small_move = {
    "map_small_move",        map_small_move_setup, map_small_move_thread_a,
    map_small_move_thread_b, map_small_move_after,
};

#endif
