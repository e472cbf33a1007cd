/* SPDX-License-Identifier: MIT
 * epoch_exit.h - a thread retires, and ends inside a guard; another one reclaims and takes over.
 *
 * Obligation   an ended thread has left every guard, and what it retired is reclaimed once.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_EPOCH_EXIT_H
#define TOPHASH_TESTS_SCENARIOS_EPOCH_EXIT_H

#include "scenarios/epoch_world.h"

static inline void epoch_exit_ender(void)
{
    th_epoch_enter(epoch_world.domain);
    struct epoch_object *old = epoch_world_replace(0, 2);
    SCENARIO_CHECK(old->alive == 1); /* retired, but we stand inside */
    epoch_world_look(1);
    /* The thread ends here, inside. */
}

static inline void epoch_exit_reclaimer(void)
{
    (void)epoch_world_replace(1, 3);
    (void)th_epoch_reclaim(epoch_world.domain, 0);
    (void)th_epoch_reclaim(epoch_world.domain, 0);
}

static inline void epoch_exit_after(void)
{
    SCENARIO_CHECK(th_epoch_drain(epoch_world.domain, UINT64_MAX) == TH_OK);
    epoch_world_after(1u << 0 | 1u << 1);
}

static const struct scenario epoch_exit = {"epoch_exit", epoch_world_setup, epoch_exit_ender,
                                           epoch_exit_reclaimer, epoch_exit_after};

#endif
