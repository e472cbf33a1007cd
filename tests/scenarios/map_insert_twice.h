/* SPDX-License-Identifier: MIT
 * map_insert_twice.h - scenario: two threads insert the same absent key.
 *
 * Guarantee    exactly one of them succeeds, the other sees its value.
 * Bad          both succeed, or a key stands twice.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_INSERT_TWICE_H
#define TOPHASH_TESTS_SCENARIOS_MAP_INSERT_TWICE_H

#include "scenarios/map_state.h"

static th_status map_insert_twice_status[2];
static uint64_t map_insert_twice_seen[2];

static void map_insert_twice_setup(void)
{
    scenario_map_make(SCENARIO_FILL);
}

static void map_insert_twice_thread_a(void)
{
    map_insert_twice_status[0] =
        th_map_u64_insert(scenario_map, 500000, 1, &map_insert_twice_seen[0]);
}

static void map_insert_twice_thread_b(void)
{
    map_insert_twice_status[1] =
        th_map_u64_insert(scenario_map, 500000, 2, &map_insert_twice_seen[1]);
}

static void map_insert_twice_after(void)
{
    unsigned winner = map_insert_twice_status[0] == TH_OK ? 0 : 1;
    uint64_t value = 0;
    SCENARIO_CHECK(map_insert_twice_status[winner] == TH_OK);
    SCENARIO_CHECK(map_insert_twice_status[1 - winner] == TH_EXISTS);
    SCENARIO_CHECK(map_insert_twice_seen[1 - winner] == winner + 1);
    SCENARIO_CHECK(th_map_u64_get(scenario_map, 500000, &value) && value == winner + 1);
    scenario_map_end(SCENARIO_FILL + 1);
}

static const struct scenario map_insert_twice = {
    "map_insert_twice",        map_insert_twice_setup, map_insert_twice_thread_a,
    map_insert_twice_thread_b, map_insert_twice_after,
};

#endif
