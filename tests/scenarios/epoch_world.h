/* SPDX-License-Identifier: MIT
 * epoch_world.h - what the scenarios of the epoch share: a domain, and objects that never leave
 * memory.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_EPOCH_WORLD_H
#define TOPHASH_TESTS_SCENARIOS_EPOCH_WORLD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <tophash/epoch.h>

#include "scenarios/scenario.h"

enum { EPOCH_WORLD_OBJECTS = 20 };

/* `alive` is a plain field: a reclaim that races with a reader is a data race. */
struct epoch_object {
    struct th_epoch_node node;
    int alive;
    int reclaims;
};

static struct {
    struct th_epoch *domain;
    struct epoch_object objects[EPOCH_WORLD_OBJECTS];
    _Atomic(struct epoch_object *) slots[2];
    struct th_epoch_config config;
    bool is_default; /* the default domain, instead of one of `config` */
} epoch_world;

static inline void epoch_world_setup(void)
{
    for (int i = 0; i < EPOCH_WORLD_OBJECTS; i++) {
        epoch_world.objects[i] = (struct epoch_object){.alive = 1};
    }
    atomic_init(&epoch_world.slots[0], &epoch_world.objects[0]);
    atomic_init(&epoch_world.slots[1], &epoch_world.objects[1]);
    if (epoch_world.is_default) {
        epoch_world.domain = th_epoch_default();
    } else {
        SCENARIO_CHECK(th_epoch_new(&epoch_world.config, &epoch_world.domain) == TH_OK);
    }
}

static inline void epoch_world_reclaim(struct th_epoch_node *node)
{
    struct epoch_object *object =
        (struct epoch_object *)(void *)((char *)node - offsetof(struct epoch_object, node));
    object->alive = 0;
    object->reclaims++;
}

/* Inside a guard: what the slot holds is alive. */
static inline void epoch_world_look(int slot)
{
    struct epoch_object *object =
        atomic_load_explicit(&epoch_world.slots[slot], memory_order_acquire);
    SCENARIO_CHECK(object->alive == 1);
}

/* Puts object number `object` in the slot and retires the one before. */
static inline struct epoch_object *epoch_world_replace(int slot, int object)
{
    struct epoch_object *old = atomic_exchange_explicit(
        &epoch_world.slots[slot], &epoch_world.objects[object], memory_order_acq_rel);
    th_epoch_retire(epoch_world.domain, &old->node, sizeof(*old), epoch_world_reclaim);
    return old;
}

/* The objects in `mask` were reclaimed once, the others never. */
static inline void epoch_world_check(unsigned mask)
{
    for (int i = 0; i < EPOCH_WORLD_OBJECTS; i++) {
        int expected = (mask >> i & 1u) != 0 ? 1 : 0;
        SCENARIO_CHECK(epoch_world.objects[i].reclaims == expected);
        SCENARIO_CHECK(epoch_world.objects[i].alive == 1 - expected);
    }
}

static inline void epoch_world_after(unsigned mask)
{
    if (epoch_world.is_default) {
        /* Each call moves the epoch by one: nobody is left in its way. */
        while (th_epoch_drain(NULL, 0) != TH_OK) {
        }
    } else {
        th_epoch_free(epoch_world.domain);
    }
    epoch_world_check(mask);
}

#endif
