/* SPDX-License-Identifier: MIT
 * map_walk_split.h - scenario: a walk while groups are split.
 *
 * Guarantee    an entry that stands during the whole walk is given exactly once.
 * Bad          a permanent key is missing or comes twice.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_WALK_SPLIT_H
#define TOPHASH_TESTS_SCENARIOS_MAP_WALK_SPLIT_H

#include "scenarios/map_state.h"

static uint8_t map_walk_split_seen[SCENARIO_FILL];

static void map_walk_split_setup(void)
{
    scenario_map_make(SCENARIO_FILL);
    for (uint64_t key = 0; key < SCENARIO_FILL; key++) {
        map_walk_split_seen[key] = 0;
    }
}

static void map_walk_split_thread_a(void)
{
    scenario_put_all(10000, SCENARIO_MORE);
}

static void map_walk_split_thread_b(void)
{
    struct th_map_cursor cursor = {0, 0};
    struct th_map_entry_u64 entries[8];
    size_t count = 0;
    while ((count = th_map_u64_next(scenario_map, &cursor, entries, 8)) != 0) {
        for (size_t i = 0; i < count; i++) {
            SCENARIO_CHECK(entries[i].value == scenario_value(entries[i].key));
            if (entries[i].key < SCENARIO_FILL) {
                map_walk_split_seen[entries[i].key]++;
            }
        }
    }
}

static void map_walk_split_after(void)
{
    for (uint64_t key = 0; key < SCENARIO_FILL; key++) {
        SCENARIO_CHECK(map_walk_split_seen[key] == 1);
    }
    scenario_map_end(SCENARIO_FILL + SCENARIO_MORE);
}

static const struct scenario map_walk_split = {
    "map_walk_split",        map_walk_split_setup, map_walk_split_thread_a,
    map_walk_split_thread_b, map_walk_split_after,
};

#endif
