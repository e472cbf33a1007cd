/* SPDX-License-Identifier: MIT
 * epoch_chain.h - a callback retires another object, while a helper drains everything.
 *
 * Obligation   callbacks may retire; an object is detached by one thread only.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_EPOCH_CHAIN_H
#define TOPHASH_TESTS_SCENARIOS_EPOCH_CHAIN_H

#include "scenarios/epoch_world.h"

/* Object 0 takes object 1 with it. */
static inline void epoch_chain_reclaim(struct th_epoch_node *node)
{
    epoch_world_reclaim(node);
    struct epoch_object *next = &epoch_world.objects[1];
    th_epoch_retire(epoch_world.domain, &next->node, sizeof(*next), epoch_world_reclaim);
}

static inline void epoch_chain_retirer(void)
{
    struct epoch_object *old = atomic_exchange_explicit(
        &epoch_world.slots[0], &epoch_world.objects[2], memory_order_acq_rel);
    atomic_store_explicit(&epoch_world.slots[1], &epoch_world.objects[2], memory_order_release);
    th_epoch_retire(epoch_world.domain, &old->node, sizeof(*old), epoch_chain_reclaim);
    (void)th_epoch_reclaim(epoch_world.domain, 0);
}

static inline void epoch_chain_helper(void)
{
    th_status first = th_epoch_drain(epoch_world.domain, 0);
    th_epoch_enter(epoch_world.domain);
    epoch_world_look(0);
    epoch_world_look(1);
    th_epoch_leave(epoch_world.domain);
    th_status second = th_epoch_drain(epoch_world.domain, 0);
    SCENARIO_CHECK(first == TH_OK || first == TH_MORE);
    SCENARIO_CHECK(second == TH_OK || second == TH_MORE);
}

static inline void epoch_chain_after(void)
{
    epoch_world_after(1u << 0 | 1u << 1);
}

static const struct scenario epoch_chain = {"epoch_chain", epoch_world_setup, epoch_chain_retirer,
                                            epoch_chain_helper, epoch_chain_after};

#endif
