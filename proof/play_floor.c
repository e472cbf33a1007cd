/* SPDX-License-Identifier: MIT
 * play_floor.c - the scenarios of the slab, the registry and regions.
 */
#include "proof.h"

#include <string.h>

#include "scenarios/floor_region.h"
#include "scenarios/floor_registry.h"
#include "scenarios/floor_slab.h"

static const struct scenario *floor_region; /* the scenario at hand */

static void floor_region_thread(unsigned number)
{
    if (number == 1) {
        floor_region->thread_a();
    } else {
        floor_region->thread_b();
    }
}

static bool play_slab(const char *name)
{
    for (unsigned i = 0; i < SLAB_STEPS_COUNT; i++) {
        if (strcmp(name, slab_steps_table[i].name) == 0) {
            slab_steps = &slab_steps_table[i];
            slab_steps_setup();
            proof_threads(slab_steps_thread_count(), slab_steps_thread);
            slab_steps_after();
            return true;
        }
    }
    return false;
}

static bool play_registry(const char *name)
{
    for (unsigned i = 0; i < REGISTRY_STEPS_COUNT; i++) {
        if (strcmp(name, registry_steps_table[i].name) == 0) {
            registry_steps = &registry_steps_table[i];
            registry_steps_setup();
            proof_threads(registry_steps_thread_count(), registry_steps_thread);
            registry_steps_after();
            return true;
        }
    }
    return false;
}

bool proof_play(const char *name)
{
    for (unsigned i = 0; i < FLOOR_REGION_COUNT; i++) {
        if (strcmp(name, floor_region_table[i].name) == 0) {
            floor_region = &floor_region_table[i];
            floor_region->setup();
            proof_threads(2, floor_region_thread);
            floor_region->after();
            return true;
        }
    }
    return play_slab(name) || play_registry(name);
}
