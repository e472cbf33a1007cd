/* SPDX-License-Identifier: MIT
 * epoch_register.h - a handle is registered, used and given up, twice, while another thread
 * reclaims.
 *
 * Obligation   a member that comes during a scan is met by it or sees what was unlinked before; a
 *              record used again is no less a record.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_EPOCH_REGISTER_H
#define TOPHASH_TESTS_SCENARIOS_EPOCH_REGISTER_H

#include "scenarios/epoch_world.h"

static inline void epoch_register_reader(void)
{
    for (int life = 0; life < 2; life++) {
        struct th_epoch_handle *handle = NULL;
        if (th_epoch_register(epoch_world.domain, &handle) != TH_OK) {
            return; /* no memory: nothing to show */
        }
        th_epoch_handle_enter(handle);
        struct epoch_object *object =
            atomic_load_explicit(&epoch_world.slots[0], memory_order_acquire);
        SCENARIO_CHECK(object->alive == 1);
        SCENARIO_CHECK(object->alive == 1);
        if (life == 0) {
            th_epoch_handle_leave(handle);
        }
        th_epoch_unregister(handle); /* the second time inside the guard */
    }
}

static inline void epoch_register_writer(void)
{
    (void)epoch_world_replace(0, 2);
    (void)th_epoch_reclaim(epoch_world.domain, 0);
    (void)th_epoch_reclaim(epoch_world.domain, 0);
}

static inline void epoch_register_after(void)
{
    epoch_world_after(1u << 0);
}

static const struct scenario epoch_register = {"epoch_register", epoch_world_setup,
                                               epoch_register_reader, epoch_register_writer,
                                               epoch_register_after};

#endif
