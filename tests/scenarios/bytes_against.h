/* SPDX-License-Identifier: MIT
 * bytes_against.h - operations of the map with bytes keys against growth, and against erase: those
 *                   that bytes_steps.h has no phenomenon of their own for.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_BYTES_AGAINST_H
#define TOPHASH_TESTS_SCENARIOS_BYTES_AGAINST_H

#include "scenarios/bytes_steps.h"

static const struct bytes_steps bytes_against[] = {
    /* Against growth: the group is split, and the entry stays. */
    {"bytes_grow_get_many", 0, {{PUT, A}}, {{{SPLIT, A}}, {{GET_MANY, A}}}},
    {"bytes_grow_put", 0, {{PUT, A}}, {{{SPLIT, A}}, {{PUT, A}}}},
    {"bytes_grow_put_many", 0, {{PUT, A}}, {{{SPLIT, A}}, {{PUT_MANY, A}}}},
    {"bytes_grow_exchange", 0, {{PUT, A}}, {{{SPLIT, A}}, {{EXCHANGE, A}}}},
    {"bytes_grow_add", 0, {{PUT, A}}, {{{SPLIT, A}}, {{ADD, A}}}},
    {"bytes_grow_erase_if", 0, {{PUT, A}}, {{{SPLIT, A}}, {{ERASE_IF, A}}}},
    {"bytes_grow_count", 0, {{PUT, A}}, {{{SPLIT, A}}, {{COUNT, A}}}},
    {"bytes_grow_stats", 0, {{PUT, A}}, {{{SPLIT, A}}, {{STATS, A}}}},
    {"bytes_grow_clear", 0, {{PUT, A}}, {{{SPLIT, A}}, {{CLEAR, A}}}},
    {"bytes_grow_shrink", 0, {{PUT, A}}, {{{SPLIT, A}}, {{MERGE, A}}}},
    /* Against growth: the small map moves to its table. */
    {"bytes_move_get_many", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{GET_MANY, A}}}},
    {"bytes_move_put", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{PUT, A}}}},
    {"bytes_move_put_many", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{PUT_MANY, A}}}},
    {"bytes_move_exchange", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{EXCHANGE, A}}}},
    {"bytes_move_add", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{ADD, A}}}},
    {"bytes_move_erase_if", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{ERASE_IF, A}}}},
    {"bytes_move_count", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{COUNT, A}}}},
    {"bytes_move_stats", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{STATS, A}}}},
    {"bytes_move_clear", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{CLEAR, A}}}},
    {"bytes_move_shrink", BYTES_SMALL, {{PUT, A}}, {{{UPGRADE, A}}, {{MERGE, A}}}},
    /* Against an erase. */
    {"bytes_gone_put", 0, {{PUT, A}}, {{{ERASE, A}}, {{PUT, A}}}},
    {"bytes_gone_put_many", 0, {{PUT, A}}, {{{ERASE, A}}, {{PUT_MANY, A}}}},
    {"bytes_gone_exchange", 0, {{PUT, A}}, {{{ERASE, A}}, {{EXCHANGE, A}}}},
    {"bytes_gone_add", 0, {{PUT, A}}, {{{ERASE, A}}, {{ADD, A}}}},
    {"bytes_gone_erase_if", 0, {{PUT, A}}, {{{ERASE, A}}, {{ERASE_IF, A}}}},
    {"bytes_gone_count", 0, {{PUT, A}}, {{{ERASE, A}}, {{COUNT, A}}}},
    {"bytes_gone_stats", 0, {{PUT, A}}, {{{ERASE, A}}, {{STATS, A}}}},
    {"bytes_gone_clear", 0, {{PUT, A}}, {{{ERASE, A}}, {{CLEAR, A}}}},
    {"bytes_merge_erase_if", 0, {{PUT, B}, {SPLIT, A}}, {{{MERGE, A}}, {{ERASE_IF, B}}}},
    /* Against an erase of an entry that may be another's. */
    {"bytes_gone_twin_put", 0, {{PUT, A}, {PUT, T}}, {{{ERASE, T}}, {{PUT, A}}}},
    {"bytes_gone_twin_put_many", 0, {{PUT, A}, {PUT, T}}, {{{ERASE, T}}, {{PUT_MANY, A}}}},
    {"bytes_gone_twin_add", 0, {{PUT, A}, {PUT, T}}, {{{ERASE, T}}, {{ADD, A}}}},
    {"bytes_gone_twin_erase_if", 0, {{PUT, A}, {PUT, T}}, {{{ERASE, T}}, {{ERASE_IF, A}}}},
    {"bytes_gone_twin_count", 0, {{PUT, A}, {PUT, T}}, {{{ERASE, T}}, {{COUNT, A}}}},
    {"bytes_gone_twin_stats", 0, {{PUT, A}, {PUT, T}}, {{{ERASE, T}}, {{STATS, A}}}},
    /* And for what the table itself does. */
    {"bytes_gone_reserve", BYTES_SMALL, {{PUT, A}}, {{{ERASE, A}}, {{RESERVE, A}}}},
    {"bytes_gone_reserve_if", BYTES_SMALL, {{PUT, A}}, {{{ERASE_IF, A}}, {{RESERVE, A}}}},
};
enum { BYTES_AGAINST_COUNT = sizeof(bytes_against) / sizeof(bytes_against[0]) };

#endif
