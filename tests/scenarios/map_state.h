/* SPDX-License-Identifier: MIT
 * map_state.h - what all scenarios of the map share: one map with a fixed seed, filled to the edge
 * of growth.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_STATE_H
#define TOPHASH_TESTS_SCENARIOS_MAP_STATE_H

#include <tophash/map.h>

#include "scenarios/scenario.h"

static struct th_map_u64 *scenario_map;

static inline uint64_t scenario_value(uint64_t key)
{
    return key * 1000 + 7;
}

static inline void scenario_put_all(uint64_t first, uint64_t count)
{
    for (uint64_t key = first; key < first + count; key++) {
        th_status status = th_map_u64_put(scenario_map, key, scenario_value(key), NULL);
        SCENARIO_CHECK(status == TH_OK || status == TH_EXISTS);
    }
}

static inline void scenario_erase_all(uint64_t first, uint64_t count)
{
    for (uint64_t key = first; key < first + count; key++) {
        SCENARIO_CHECK(th_map_u64_erase(scenario_map, key, NULL) == TH_OK);
    }
}

/* A map with keys [0, entries). */
static inline void scenario_map_make(uint64_t entries)
{
    struct th_map_config config = {.flags = TH_MAP_FIXED_SEED, .seed = 17};
    scenario_map = NULL;
    SCENARIO_CHECK(th_map_u64_new(&config, &scenario_map) == TH_OK);
    scenario_put_all(0, entries);
}

/* The keys [first, first + count) stand with their values. */
static inline void scenario_expect_all(uint64_t first, uint64_t count)
{
    for (uint64_t key = first; key < first + count; key++) {
        uint64_t value = 0;
        SCENARIO_CHECK(th_map_u64_get(scenario_map, key, &value));
        SCENARIO_CHECK(value == scenario_value(key));
    }
}

static inline void scenario_map_end(uint64_t entries)
{
    SCENARIO_CHECK(th_map_u64_count(scenario_map) == entries);
    SCENARIO_CHECK(th_map_u64_validate(scenario_map, NULL) == TH_OK);
    th_map_u64_free(scenario_map);
}

#endif
