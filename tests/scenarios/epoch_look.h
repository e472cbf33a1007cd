/* SPDX-License-Identifier: MIT
 * epoch_look.h - a member looks once, while another one replaces, retires and reclaims; both have
 *                been members before.
 *
 * Obligation   nothing is reclaimed while a guard is held in which it can be reached: the shortest
 *              course of it, for the checker.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_EPOCH_LOOK_H
#define TOPHASH_TESTS_SCENARIOS_EPOCH_LOOK_H

#include "epoch/epoch_priv.h"
#include "scenarios/epoch_world.h"

static struct th_epoch_handle *epoch_look_members[2];

static inline void epoch_look_setup(void)
{
    epoch_world_setup();
    for (int i = 0; i < 2; i++) {
        SCENARIO_CHECK(th_epoch_register(epoch_world.domain, &epoch_look_members[i]) == TH_OK);
    }
}

static inline void epoch_look_reader(void)
{
    th_epoch_handle_enter(epoch_look_members[0]);
    epoch_world_look(0);
    th_epoch_handle_leave(epoch_look_members[0]);
}

static inline void epoch_look_writer(void)
{
    struct epoch_object *old = atomic_exchange_explicit(
        &epoch_world.slots[0], &epoch_world.objects[2], memory_order_acq_rel);
    th_epoch_handle_retire(epoch_look_members[1], &old->node, sizeof(*old), epoch_world_reclaim);
    (void)thi_epoch_reclaim(epoch_look_members[1], 1);
}

static inline void epoch_look_after(void)
{
    for (int i = 0; i < 2; i++) {
        th_epoch_unregister(epoch_look_members[i]);
    }
    epoch_world_after(1u << 0);
}

static const struct scenario epoch_look = {"epoch_look", epoch_look_setup, epoch_look_reader,
                                           epoch_look_writer, epoch_look_after};

#endif
