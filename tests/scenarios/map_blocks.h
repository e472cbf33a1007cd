/* SPDX-License-Identifier: MIT
 * map_blocks.h - scenarios of the map with integer keys with four lines a group, so that a small
 *                map has two blocks on its way to the table, and with eight groups in run 0, where
 *                a group and its sibling are side by side.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_BLOCKS_H
#define TOPHASH_TESTS_SCENARIOS_MAP_BLOCKS_H

#include "scenarios/map_steps.h"

static const struct map_steps map_blocks[] = {
    /* A small map moves to its second block, and on. */
    {"block_get", true, {{PUT, A}}, {{{UPGRADE, A}}, {{GET, A}}}},
    {"block_put", true, {{PUT, A}}, {{{UPGRADE, A}}, {{PUT, A}}}},
    {"block_insert", true, {{PUT, A}}, {{{UPGRADE, A}}, {{INSERT, B}}}},
    {"block_erase", true, {{PUT, A}}, {{{UPGRADE, A}}, {{ERASE, A}}}},
    {"block_walk", true, {{PUT, A}}, {{{UPGRADE, A}}, {{WALK, A}}}},
    {"block_block", true, {{PUT, A}}, {{{UPGRADE, A}}, {{UPGRADE, A}}}},
    {"block_reserve", true, {{PUT, A}}, {{{UPGRADE, A}}, {{RESERVE, A}}}},
    {"block_twice_get", true, {{PUT, A}}, {{{UPGRADE, A}, {UPGRADE, A}}, {{GET, A}}}},
    {"block_stats", true, {{UPGRADE, A}}, {{{UPGRADE, A}}, {{STATS, A}}}},
    {"block_look_whole", true, {{UPGRADE, A}}, {{{UPGRADE, A}}, {{LOOK_WHOLE, A}}}},
    /* Two who see that the depth of most groups has changed. */
    {"near_hints", false, {{SPLIT, A}}, {{{SPLIT, Y}}, {{SPLIT, Z}}}},
    /* Most groups are split, and the one at hand is on the way: the quick paths find its sibling
     * before it lives. */
    {"near_split_get", false, {{SPLIT, Y}, {SPLIT, Z}, {PUT, B}}, {{{SPLIT, A}}, {{GET, B}}}},
    {"near_split_insert", false, {{SPLIT, Y}, {SPLIT, Z}}, {{{SPLIT, A}}, {{INSERT, B}}}},
    {"near_split_erase", false, {{SPLIT, Y}, {SPLIT, Z}, {PUT, B}}, {{{SPLIT, A}}, {{ERASE, B}}}},
    {"near_split_walk", false, {{SPLIT, Y}, {SPLIT, Z}, {PUT, B}}, {{{SPLIT, A}}, {{WALK, B}}}},
};
enum { MAP_BLOCKS = sizeof(map_blocks) / sizeof(map_blocks[0]) };

#endif
