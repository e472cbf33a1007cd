/* SPDX-License-Identifier: MIT
 * play_blocks.c - the scenarios of the map with integer keys and larger groups, on a processor that
 *                 reads cells whole.
 */
#include "play_steps.h"

#include "scenarios/map_blocks.h"

bool proof_play(const char *name)
{
    proof_wide = true;
    return steps_play(map_blocks, MAP_BLOCKS, name);
}
