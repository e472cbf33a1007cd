/* SPDX-License-Identifier: MIT
 * map_refill.h - scenario: a cell is freed and filled with another key under a reader.
 *
 * Guarantee    a key is never paired with the value of its cell's next tenant.
 * Bad          get(1) finds the value of another key.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_REFILL_H
#define TOPHASH_TESTS_SCENARIOS_MAP_REFILL_H

#include "scenarios/map_state.h"

static void map_refill_setup(void)
{
    scenario_map_make(4);
}

static void map_refill_thread_a(void)
{
    scenario_erase_all(1, 1);
    scenario_put_all(200, 3);
}

static void map_refill_thread_b(void)
{
    uint64_t value = 0;
    if (th_map_u64_get(scenario_map, 1, &value)) {
        SCENARIO_CHECK(value == scenario_value(1));
    }
}

static void map_refill_after(void)
{
    SCENARIO_CHECK(!th_map_u64_get(scenario_map, 1, NULL));
    scenario_map_end(6);
}

static const struct scenario map_refill = {
    "map_refill", map_refill_setup, map_refill_thread_a, map_refill_thread_b, map_refill_after,
};

#endif
