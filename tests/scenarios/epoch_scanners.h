/* SPDX-License-Identifier: MIT
 * epoch_scanners.h - two threads replace, read each other's slot, and reclaim: their scans race.
 *
 * Obligation   two advances at once move the epoch by one; neither passes the other's guard.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_EPOCH_SCANNERS_H
#define TOPHASH_TESTS_SCENARIOS_EPOCH_SCANNERS_H

#include "scenarios/epoch_world.h"

static inline void epoch_scanners_play(int mine, int object)
{
    (void)epoch_world_replace(mine, object);
    (void)th_epoch_reclaim(epoch_world.domain, 0);
    th_epoch_enter(epoch_world.domain);
    epoch_world_look(1 - mine);
    th_epoch_leave(epoch_world.domain);
    (void)th_epoch_reclaim(epoch_world.domain, 0);
}

static inline void epoch_scanners_a(void)
{
    epoch_scanners_play(0, 2);
}

static inline void epoch_scanners_b(void)
{
    epoch_scanners_play(1, 3);
}

static inline void epoch_scanners_after(void)
{
    epoch_world_after(1u << 0 | 1u << 1);
}

static const struct scenario epoch_scanners = {
    "epoch_scanners", epoch_world_setup, epoch_scanners_a, epoch_scanners_b, epoch_scanners_after};

#endif
