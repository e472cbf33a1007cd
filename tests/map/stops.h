/* SPDX-License-Identifier: MIT
 * stops.h - stops one chosen thread at one chosen step of the map's protocol and lets it go on when
 * told. Tiny library only.
 *
 * Use          stops_arm() before the thread starts; the thread calls stops_name_me();
 *              stops_await() says whether it got there; stops_release() lets it go. A step that is
 *              never reached is no error by itself: the thread just ends.
 */
#ifndef TOPHASH_TESTS_MAP_STOPS_H
#define TOPHASH_TESTS_MAP_STOPS_H

#include "map/map_priv.h"

#include "map/pool.h"

enum { STOPS_MAX = 3, STOPS_NOBODY = 0 };

/* A stop: thread `who` stands still at its `nth` passage of `point`. */
struct stops_stop {
    enum thi_map_point point;
    uint32_t who;
    uint32_t nth;
    uint32_t passed;
    bool reached;
    bool released;
};

static struct stops_stop stops[STOPS_MAX];
static _Thread_local uint32_t stops_me;

/* Passages of each point by the thread named 1, for choosing keys and steps. */
static uint64_t stops_passages[THI_MAP_POINT_COUNT];

/* Short enough for thousands of stops, long enough to leave the core to the thread that works. */
static inline void stops_pause(void)
{
    struct timespec time = {0, 20000};
    nanosleep(&time, NULL);
}

static inline void stops_at(enum thi_map_point point, const void *map)
{
    (void)map;
    if (stops_me == STOPS_NOBODY) {
        return;
    }
    if (stops_me == 1) {
        __atomic_fetch_add(&stops_passages[point], 1, __ATOMIC_RELAXED);
    }
    for (unsigned i = 0; i < STOPS_MAX; i++) {
        struct stops_stop *stop = &stops[i];
        if (stop->who != stops_me || stop->point != point || stop->passed++ + 1 != stop->nth) {
            continue;
        }
        pool_flag_set(&stop->reached);
        while (!pool_flag(&stop->released)) {
            stops_pause();
        }
    }
}

/* Forgets all stops; the hook stays. No thread may be stopped. */
static inline void stops_reset(void)
{
    memset(stops, 0, sizeof(stops));
    memset(stops_passages, 0, sizeof(stops_passages));
    thi_map_point_hook = stops_at;
}

static inline struct stops_stop *stops_arm(unsigned slot, uint32_t who, enum thi_map_point point,
                                           uint32_t nth)
{
    stops[slot] = (struct stops_stop){.point = point, .who = who, .nth = nth};
    return &stops[slot];
}

static inline void stops_name_me(uint32_t who)
{
    stops_me = who;
}

/* Waits until the thread stands at the stop, or has set `*ended` without coming there. */
static inline bool stops_await(const struct stops_stop *stop, const bool *ended)
{
    while (!pool_flag(&stop->reached)) {
        if (pool_flag(ended)) {
            return pool_flag(&stop->reached);
        }
        stops_pause();
    }
    return true;
}

static inline void stops_release(struct stops_stop *stop)
{
    pool_flag_set(&stop->released);
}

#endif
