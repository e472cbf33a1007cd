/* SPDX-License-Identifier: MIT
 * tiny_scenarios.c - the scenarios of tests/scenarios/map_*.h with the tiny geometry.
 */
#include "map/scenario_body.h"

/* Goal and method: scenario_body.h. */
TEST(map_tiny_scenarios_hold_in_both_orders)
{
    scenarios_in_both_orders();
}

TEST(map_tiny_scenarios_hold_on_two_threads)
{
    scenarios_on_two_threads(4000);
}

TEST_MAIN()
