/* SPDX-License-Identifier: MIT
 * range_slab.h - scenarios of the slab's range, which the first regions that are pages make, cut
 *                and fill: tables as in floor_slab.h.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_RANGE_SLAB_H
#define TOPHASH_TESTS_SCENARIOS_RANGE_SLAB_H

#include "scenarios/floor_slab.h"

static const struct slab_steps range_slab_table[] = {
    /* Both make it, in shards of their own. */
    {"slab_range_takes",
     {SLAB_GIVE_1, SLAB_STOP, SLAB_GIVE_2, SLAB_GO_ON},
     {{SLAB_TAKE_LARGE}, {SLAB_TAKE_LARGE}}},
    {"slab_range_look", {SLAB_TAKE}, {{SLAB_TAKE_LARGE, SLAB_POST}, {SLAB_LOOK}}},
    /* One gets the last of it, the other memory besides. */
    {"slab_range_full",
     {SLAB_TAKE_LARGE},
     {{SLAB_TAKE_LARGE, SLAB_POST}, {SLAB_TAKE_LARGE, SLAB_LOOK}}},
};
enum { RANGE_SLAB_COUNT = sizeof(range_slab_table) / sizeof(range_slab_table[0]) };

#endif
