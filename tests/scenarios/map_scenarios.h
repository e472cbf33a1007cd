/* SPDX-License-Identifier: MIT
 * map_scenarios.h - scenarios of the map with integer keys in a table with two lines a group: what
 *                   keys, groups and runs go through.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_MAP_SCENARIOS_H
#define TOPHASH_TESTS_SCENARIOS_MAP_SCENARIOS_H

#include "scenarios/map_steps.h"

static const struct map_steps map_scenarios[] = {
    /* One key. */
    {"get_put", false, {{PUT, A}}, {{{PUT, A}}, {{GET, A}, {GET, A}}}},
    {"get_insert", false, {{END, A}}, {{{PUT, A}}, {{GET, A}, {GET, A}}}},
    {"get_erase", false, {{PUT, A}}, {{{ERASE, A}}, {{GET, A}, {GET, A}}}},
    {"put_put", false, {{PUT, A}}, {{{PUT, A}}, {{PUT, A}}}},
    {"insert_insert", false, {{END, A}}, {{{INSERT, A}}, {{INSERT, A}}}},
    {"put_put_absent", false, {{END, A}}, {{{PUT, A}}, {{PUT, A}}}},
    {"erase_erase", false, {{PUT, A}}, {{{ERASE, A}}, {{ERASE, A}}}},
    {"put_erase", false, {{PUT, A}}, {{{PUT, A}}, {{ERASE, A}}}},
    {"insert_erase", false, {{PUT, A}}, {{{INSERT, A}}, {{ERASE, A}}}},
    {"exchange_exchange", false, {{PUT, A}}, {{{EXCHANGE, A}}, {{EXCHANGE, A}}}},
    {"add_add", false, {{PUT, A}}, {{{ADD, A}}, {{ADD, A}}}},
    {"erase_if_put", false, {{PUT, A}}, {{{ERASE_IF, A}}, {{REPLACE, A}}}},
    {"get_many_put", false, {{PUT, A}, {PUT, Z}}, {{{PUT, A}}, {{GET_MANY, A}}}},
    {"put_many_erase", false, {{PUT, A}}, {{{PUT_MANY, A}}, {{ERASE, A}}}},
    {"clear_put", false, {{PUT, A}}, {{{CLEAR, A}}, {{PUT, A}}}},
    {"clear_get", false, {{PUT, A}}, {{{CLEAR, A}}, {{GET, A}}}},
    {"count_insert", false, {{PUT, A}}, {{{COUNT, A}}, {{INSERT, B}}}},
    /* Two keys. */
    {"two_keys_pass", false, {{PUT, A}, {PUT, C}}, {{{PUT, A}, {PUT, C}}, {{GET, C}, {GET, A}}}},
    {"insert_neighbours", false, {{END, A}}, {{{INSERT, A}}, {{INSERT, B}}}},
    /* The place of an erased key is filled again. */
    {"reuse_get", false, {{PUT, A}}, {{{ERASE, A}, {INSERT, B}}, {{GET, A}}}},
    {"reuse_get_new", false, {{PUT, A}}, {{{ERASE, A}, {INSERT, B}}, {{GET, B}}}},
    {"reuse_put", false, {{PUT, A}}, {{{ERASE, A}, {INSERT, B}}, {{REPLACE, A}}}},
    {"reuse_back", false, {{PUT, A}}, {{{ERASE, A}, {INSERT, A}}, {{GET, A}}}},
    /* Displaced keys. */
    {"displaced_insert_get",
     false,
     {{PUT, A}, {PUT, E}, {PUT, F}, {PUT, G}},
     {{{INSERT, B}}, {{GET, B}}}},
    {"displaced_put_get",
     false,
     {{PUT, A}, {PUT, E}, {PUT, F}, {PUT, G}, {PUT, B}},
     {{{PUT, B}}, {{GET, B}}}},
    {"displaced_erase_get",
     false,
     {{PUT, A}, {PUT, E}, {PUT, F}, {PUT, G}, {PUT, B}},
     {{{ERASE, B}}, {{GET, B}}}},
    {"displaced_back_get",
     false,
     {{PUT, A}, {PUT, E}, {PUT, F}, {PUT, G}, {PUT, B}},
     {{{ERASE, B}, {ERASE, A}, {INSERT, B}}, {{GET, B}}}},
    {"displaced_split_get",
     false,
     {{PUT, B}, {PUT, E}, {PUT, F}, {PUT, G}, {PUT, A}},
     {{{SPLIT, A}}, {{GET, A}}}},
    /* A group is split. */
    {"split_get_leaver", false, {{PUT, B}}, {{{SPLIT, A}}, {{GET, B}}}},
    {"split_get_stayer", false, {{PUT, A}, {PUT, B}}, {{{SPLIT, A}}, {{GET, A}}}},
    {"split_put", false, {{PUT, B}}, {{{SPLIT, A}}, {{PUT, B}}}},
    {"split_insert", false, {{END, B}}, {{{SPLIT, A}}, {{INSERT, B}}}},
    {"split_erase", false, {{PUT, B}}, {{{SPLIT, A}}, {{ERASE, B}}}},
    {"split_exchange", false, {{PUT, B}}, {{{SPLIT, A}}, {{EXCHANGE, B}}}},
    {"split_add", false, {{PUT, B}}, {{{SPLIT, A}}, {{ADD, B}}}},
    {"split_erase_if", false, {{PUT, B}}, {{{SPLIT, A}}, {{ERASE_IF, B}}}},
    {"split_get_many", false, {{PUT, B}}, {{{SPLIT, A}}, {{GET_MANY, B}}}},
    {"split_put_many", false, {{PUT, B}}, {{{SPLIT, A}}, {{PUT_MANY, B}}}},
    {"split_split", false, {{PUT, B}}, {{{SPLIT, A}}, {{SPLIT, A}}}},
    {"split_walk", false, {{PUT, B}}, {{{SPLIT, A}}, {{WALK, A}}}},
    {"split_clear", false, {{PUT, B}}, {{{SPLIT, A}}, {{CLEAR, B}}}},
    {"split_refused", false, {{PUT, B}, {REFUSE, A}}, {{{SPLIT, A}}, {{PUT, B}}, {{GET, B}}}},
    {"split_away_get",
     false,
     {{PUT, A}, {PUT, E}, {PUT, F}, {PUT, G}, {PUT, B}},
     {{{SPLIT, A}}, {{GET, B}}}},
    {"split_empty_get", false, {{END, A}}, {{{SPLIT, A}}, {{GET, B}}}},
    /* Several groups are, one after the other, side by side, and what came of it again: runs are
     * made, and the hint of the depth follows. */
    {"split_twice_get", false, {{END, A}}, {{{SPLIT, A}, {SPLIT, Z}}, {{GET, B}}}},
    {"split_twice_insert", false, {{END, A}}, {{{SPLIT, A}, {SPLIT, Z}}, {{INSERT, B}}}},
    {"split_beside", false, {{END, A}}, {{{SPLIT, A}}, {{SPLIT, Z}}}},
    {"split_runs", false, {{END, A}}, {{{SPLIT, A}, {SPLIT, A}}, {{SPLIT, Z}}}},
    {"split_hints", false, {{SPLIT, A}}, {{{SPLIT, Y}}, {{SPLIT, Z}}}},
    {"split_chain", false, {{END, A}}, {{{SPLIT, A}}, {{SPLIT, B}}}},
    {"split_chain_get", false, {{END, A}}, {{{SPLIT, A}}, {{SPLIT, B}, {GET, D}}}},
    /* A group that is full and cannot be split borrows a cell. */
    {"lend_get", false, {{SPLIT, A}, {FILL, B}, {REFUSE, A}}, {{{INSERT, B}}, {{GET, B}}}},
    {"lend_get_erase",
     false,
     {{SPLIT, A}, {FILL, B}, {REFUSE, A}, {INSERT, B}},
     {{{ERASE, B}}, {{GET, B}}}},
    {"lend_put",
     false,
     {{SPLIT, A}, {FILL, B}, {REFUSE, A}, {INSERT, B}},
     {{{PUT, B}}, {{GET, B}}}},
    {"lend_insert",
     false,
     {{SPLIT, A}, {FILL, B}, {REFUSE, A}, {INSERT, D}},
     {{{INSERT, B}}, {{INSERT, B}}}},
    {"lend_walk",
     false,
     {{SPLIT, A}, {FILL, B}, {REFUSE, A}, {INSERT, D}},
     {{{INSERT, B}}, {{WALK, B}}}},
    /* And merged again. */
    {"merge_get", false, {{PUT, B}, {SPLIT, A}}, {{{MERGE, A}}, {{GET, B}}}},
    {"merge_put", false, {{PUT, B}, {SPLIT, A}}, {{{MERGE, A}}, {{PUT, B}}}},
    {"merge_insert", false, {{SPLIT, A}}, {{{MERGE, A}}, {{INSERT, B}}}},
    {"merge_erase", false, {{PUT, B}, {SPLIT, A}}, {{{MERGE, A}}, {{ERASE, B}}}},
    {"merge_walk", false, {{PUT, B}, {SPLIT, A}}, {{{MERGE, A}}, {{WALK, A}}}},
    /* A small map moves to its table. */
    {"upgrade_get", true, {{PUT, A}}, {{{UPGRADE, A}}, {{GET, A}}}},
    {"upgrade_put", true, {{PUT, A}}, {{{UPGRADE, A}}, {{PUT, A}}}},
    {"upgrade_insert", true, {{PUT, A}}, {{{UPGRADE, A}}, {{INSERT, B}}}},
    {"upgrade_erase", true, {{PUT, A}}, {{{UPGRADE, A}}, {{ERASE, A}}}},
    {"upgrade_upgrade", true, {{PUT, A}}, {{{UPGRADE, A}}, {{UPGRADE, A}}}},
    {"upgrade_refused", true, {{PUT, A}, {REFUSE, A}}, {{{UPGRADE, A}}, {{PUT, A}}, {{GET, A}}}},
    {"small_put_get", true, {{PUT, A}}, {{{PUT, A}}, {{GET, A}}}},
    /* Walks. */
    {"walk_put", false, {{PUT, A}, {PUT, B}}, {{{WALK, A}}, {{PUT, A}}}},
    {"walk_erase", false, {{PUT, A}, {PUT, B}}, {{{WALK, A}}, {{ERASE, A}}}},
    {"walk_insert", false, {{PUT, A}}, {{{WALK, A}}, {{INSERT, B}}}},
    /* Three at once. */
    {"three_puts", false, {{PUT, A}}, {{{PUT, A}}, {{PUT, A}}, {{GET, A}}}},
    {"three_reuse", false, {{PUT, A}}, {{{ERASE, A}}, {{INSERT, B}}, {{GET, B}}}},
    {"three_split", false, {{END, A}}, {{{SPLIT, A}}, {{INSERT, B}}, {{GET, B}}}},
    {"three_many", false, {{PUT, A}}, {{{SPLIT, A}}, {{ERASE, A}}, {{GET_MANY, A}}}},
    {"three_empty_split", false, {{END, A}}, {{{SPLIT, A}}, {{INSERT, A}}, {{GET, A}}}},
};
enum { MAP_SCENARIOS = sizeof(map_scenarios) / sizeof(map_scenarios[0]) };

#endif
