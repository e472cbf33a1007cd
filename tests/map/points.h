/* SPDX-License-Identifier: MIT
 * points.h - steers the map at the named steps of its protocol; in the real library, which has no
 * such steps, does nothing.
 */
#ifndef TOPHASH_TESTS_MAP_POINTS_H
#define TOPHASH_TESTS_MAP_POINTS_H

#include "test.h"

#ifdef THI_TEST_POINTS

#include <sched.h>

#include "map/map_priv.h"

/* Now and then a thread loses its place at a step: short spins and yields, chosen by a generator of
 * the thread's own. */
static inline void points_jitter_at(enum thi_map_point point, const void *map)
{
    static _Thread_local uint64_t random;
    (void)map;
    if (random == 0) {
        random = test_seed ^ (uint64_t)(uintptr_t)&random;
    }
    uint64_t dice = test_random(&random) + (uint64_t)point;
    if (dice % 64 == 0) {
        sched_yield();
    } else if (dice % 8 == 1) {
        for (uint64_t i = dice >> 32 & 255; i > 0; i--) {
            __atomic_signal_fence(__ATOMIC_SEQ_CST);
        }
    }
}

/* Before the first thread starts. */
static inline void points_jitter(bool on)
{
    thi_map_point_hook = on ? points_jitter_at : NULL;
}

#else

static inline void points_jitter(bool on)
{
    (void)on;
}

#endif
#endif
