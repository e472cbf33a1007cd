/* SPDX-License-Identifier: MIT
 * play_map.c - the scenarios of the map with integer keys.
 */
#include "play_steps.h"

#include "scenarios/map_against.h"
#include "scenarios/map_scenarios.h"

bool proof_play(const char *name)
{
    return steps_play(map_scenarios, MAP_SCENARIOS, name) ||
           steps_play(map_against, MAP_AGAINST, name);
}
