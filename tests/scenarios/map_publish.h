/* SPDX-License-Identifier: MIT
 * map_publish.h - scenario: what happened before a put is seen by who finds its value.
 *
 * Guarantee    G1 of the map: release of a put, acquire of the get that sees it.
 * Bad          the value is found and the plain data behind it is not there.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_PUBLISH_H
#define TOPHASH_TESTS_SCENARIOS_MAP_PUBLISH_H

#include "scenarios/map_state.h"

static uint64_t map_publish_data;

static void map_publish_setup(void)
{
    scenario_map_make(4);
    map_publish_data = 0;
}

static void map_publish_thread_a(void)
{
    map_publish_data = 42; /* plain: the put must carry it */
    SCENARIO_CHECK(th_map_u64_put(scenario_map, 100, 1, NULL) == TH_OK);
}

static void map_publish_thread_b(void)
{
    uint64_t value = 0;
    if (th_map_u64_get(scenario_map, 100, &value)) {
        SCENARIO_CHECK(value == 1);
        SCENARIO_CHECK(map_publish_data == 42);
    }
}

static void map_publish_after(void)
{
    scenario_map_end(5);
}

static const struct scenario map_publish = {
    "map_publish", map_publish_setup, map_publish_thread_a, map_publish_thread_b, map_publish_after,
};

#endif
