/* SPDX-License-Identifier: MIT
 * floor_registry.h - scenarios of the registry as tables: regions that come and go, while somebody
 *                    asks whose an address is.
 *
 * Obligation   an entry is seen whole or not at all; who has entered a region finds it, unless
 *              there was no room.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_FLOOR_REGISTRY_H
#define TOPHASH_TESTS_SCENARIOS_FLOOR_REGISTRY_H

#include <stddef.h>

#include "mem/mem_priv.h"
#include "scenarios/scenario.h"

/* Steps that end in a letter are about that region. All have a part in common. */
enum registry_step {
    REGISTRY_END,
    REGISTRY_ADD_A,
    REGISTRY_ADD_B,
    REGISTRY_ADD_C,
    REGISTRY_REMOVE_A,
    REGISTRY_REMOVE_B,
    REGISTRY_REMOVE_C,
    REGISTRY_FIND,   /* any, in the common part */
    REGISTRY_FIND_A, /* known to be there */
    REGISTRY_FIND_B,
    REGISTRY_FIND_C
};

enum { REGISTRY_THREADS = 3, REGISTRY_STEPS = 5, REGISTRY_BEFORE = 3, REGISTRY_REGIONS = 3 };
enum { REGISTRY_START = 0x100000, REGISTRY_STEP = 0x1000, REGISTRY_SIZE = 0x10000 };

struct registry_steps {
    const char *name;
    enum registry_step before[REGISTRY_BEFORE];
    enum registry_step threads[REGISTRY_THREADS][REGISTRY_STEPS];
};

static const struct registry_steps registry_steps_table[] = {
    /* One entry for two regions after each other. */
    {"registry_reuse", {REGISTRY_ADD_A}, {{REGISTRY_REMOVE_A, REGISTRY_ADD_B}, {REGISTRY_FIND}}},
    {"registry_add_find", {REGISTRY_END}, {{REGISTRY_ADD_A}, {REGISTRY_FIND}}},
    {"registry_remove_add",
     {REGISTRY_ADD_A},
     {{REGISTRY_REMOVE_A}, {REGISTRY_ADD_B, REGISTRY_FIND_B}}},
    {"registry_add_twice",
     {REGISTRY_END},
     {{REGISTRY_ADD_A, REGISTRY_FIND_A, REGISTRY_REMOVE_A},
      {REGISTRY_ADD_B, REGISTRY_FIND_B, REGISTRY_REMOVE_B}}},
    /* The first block is full: one more is made. */
    {"registry_block",
     {REGISTRY_ADD_A},
     {{REGISTRY_ADD_B, REGISTRY_FIND_B}, {REGISTRY_ADD_C, REGISTRY_FIND_C}}},
    {"registry_block_find",
     {REGISTRY_ADD_A},
     {{REGISTRY_ADD_B}, {REGISTRY_FIND, REGISTRY_REMOVE_A}}},
};
enum { REGISTRY_STEPS_COUNT = sizeof(registry_steps_table) / sizeof(registry_steps_table[0]) };

static const struct registry_steps *registry_steps; /* the scenario at hand */

static const char *const registry_names[REGISTRY_REGIONS] = {"a", "b", "c"};

static struct {
    uint64_t unregistered;
    bool there[REGISTRY_REGIONS];
} registry_run;

static inline uintptr_t registry_start(unsigned region)
{
    return REGISTRY_START + (uintptr_t)region * REGISTRY_STEP;
}

static inline size_t registry_size(unsigned region)
{
    return REGISTRY_SIZE + (size_t)region * REGISTRY_STEP;
}

/* An address of all regions, or of this one only as far as there are no others before it. */
static inline bool registry_find(uintptr_t address)
{
    struct thi_region_info info;
    if (!thi_region_find((const void *)address, &info)) {
        return false;
    }
    unsigned region = 0;
    while (region < REGISTRY_REGIONS && registry_start(region) != info.start) {
        region++;
    }
    SCENARIO_CHECK(region < REGISTRY_REGIONS);
    SCENARIO_CHECK(info.size == registry_size(region));
    SCENARIO_CHECK(info.name == registry_names[region]);
    return true;
}

static inline bool registry_step_run(enum registry_step step)
{
    switch (step) {
    case REGISTRY_ADD_A:
    case REGISTRY_ADD_B:
    case REGISTRY_ADD_C: {
        unsigned region = step - REGISTRY_ADD_A;
        registry_run.there[region] = true;
        thi_registry_add(registry_start(region), registry_size(region), registry_names[region]);
        return true;
    }
    case REGISTRY_REMOVE_A:
    case REGISTRY_REMOVE_B:
    case REGISTRY_REMOVE_C: {
        unsigned region = step - REGISTRY_REMOVE_A;
        registry_run.there[region] = false;
        thi_registry_remove(registry_start(region));
        return true;
    }
    case REGISTRY_FIND: (void)registry_find(registry_start(REGISTRY_REGIONS)); return true;
    case REGISTRY_FIND_A:
    case REGISTRY_FIND_B:
    case REGISTRY_FIND_C:
        SCENARIO_CHECK(registry_find(registry_start(step - REGISTRY_FIND_A)));
        return true;
    default: return false;
    }
}

static inline void registry_steps_setup(void)
{
    registry_run.unregistered = thi_region_unregistered_total();
    for (unsigned i = 0; i < REGISTRY_REGIONS; i++) {
        registry_run.there[i] = false;
    }
    for (unsigned i = 0; i < REGISTRY_BEFORE && registry_step_run(registry_steps->before[i]); i++) {
    }
}

/* What thread 1, 2, ... does. */
static inline void registry_steps_thread(unsigned thread)
{
    const enum registry_step *mine = registry_steps->threads[thread - 1];
    for (unsigned i = 0; i < REGISTRY_STEPS && registry_step_run(mine[i]); i++) {
    }
}

static inline unsigned registry_steps_thread_count(void)
{
    unsigned count = 0;
    while (count < REGISTRY_THREADS && registry_steps->threads[count][0] != REGISTRY_END) {
        count++;
    }
    return count;
}

/* What is there is found, and once it was removed nothing is. */
static inline void registry_steps_after(void)
{
    SCENARIO_CHECK(thi_region_unregistered_total() == registry_run.unregistered);
    for (unsigned i = REGISTRY_REGIONS; i-- > 0;) {
        if (registry_run.there[i]) {
            SCENARIO_CHECK(registry_find(registry_start(i)));
            thi_registry_remove(registry_start(i));
        }
    }
    SCENARIO_CHECK(!registry_find(registry_start(REGISTRY_REGIONS)));
}

#endif
