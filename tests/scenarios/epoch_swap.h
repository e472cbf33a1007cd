/* SPDX-License-Identifier: MIT
 * epoch_swap.h - a reader looks twice in one guard, while a writer replaces, retires and reclaims.
 *
 * Obligation   nothing is reclaimed while a guard is held in which it can be reached.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_EPOCH_SWAP_H
#define TOPHASH_TESTS_SCENARIOS_EPOCH_SWAP_H

#include "scenarios/epoch_world.h"

static inline void epoch_swap_reader(void)
{
    th_epoch_enter(epoch_world.domain);
    struct epoch_object *first = atomic_load_explicit(&epoch_world.slots[0], memory_order_acquire);
    SCENARIO_CHECK(first->alive == 1);
    epoch_world_look(0);
    SCENARIO_CHECK(first->alive == 1);
    th_epoch_leave(epoch_world.domain);
    th_epoch_enter(epoch_world.domain); /* a second guard: leaves and enters during scans */
    epoch_world_look(0);
    th_epoch_leave(epoch_world.domain);
}

static inline void epoch_swap_writer(void)
{
    (void)epoch_world_replace(0, 2);
    (void)th_epoch_reclaim(epoch_world.domain, 0);
    (void)epoch_world_replace(0, 3);
    (void)th_epoch_reclaim(epoch_world.domain, 0);
}

static inline void epoch_swap_after(void)
{
    epoch_world_after(1u << 0 | 1u << 2);
}

static const struct scenario epoch_swap = {"epoch_swap", epoch_world_setup, epoch_swap_reader,
                                           epoch_swap_writer, epoch_swap_after};

#endif
