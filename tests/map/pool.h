/* SPDX-License-Identifier: MIT
 * pool.h - threads for tests: a barrier that starts rounds without creating threads, and small
 * helpers.
 */
#ifndef TOPHASH_TESTS_MAP_POOL_H
#define TOPHASH_TESTS_MAP_POOL_H

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "test.h"

/* A barrier that spins shortly and then yields: rounds of a microsecond need no system call, loaded
 * machines no luck. */
struct pool_barrier {
    uint32_t members;
    uint32_t arrived;
    uint32_t round;
};

static inline void pool_wait(struct pool_barrier *barrier)
{
    uint32_t round = __atomic_load_n(&barrier->round, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == barrier->members) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
        return;
    }
    for (unsigned spins = 0; __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) == round; spins++) {
        if (spins > 200) {
            sched_yield();
        }
    }
}

static inline uint64_t pool_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void pool_sleep_ms(uint64_t ms)
{
    struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

/* A test without its threads means nothing: stop. */
static inline pthread_t pool_start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, argument) != 0) {
        printf("# no thread could be created\n");
        abort();
    }
    return thread;
}

static inline void pool_join(pthread_t thread)
{
    if (pthread_join(thread, NULL) != 0) {
        abort();
    }
}

static inline bool pool_flag(const bool *flag)
{
    return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static inline void pool_flag_set(bool *flag)
{
    __atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

#endif
