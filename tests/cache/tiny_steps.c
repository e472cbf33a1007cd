/* SPDX-License-Identifier: MIT
 * tiny_steps.c - the scenarios that the proof plays over all executions, on real threads and one
 *                thread after the other, with the tiny geometry.
 */
#include <pthread.h>

#include "test.h"

/* Of other threads only what came before all of them, and that they are over, is known. */
static unsigned steps_phase;
#define SCENARIO_CHECK(condition) CHECK(condition)
#define HISTORY_CLOCK(thread) ((void)(thread), steps_phase)
#define HISTORY_CLOCK_END(thread) (steps_phase + ((thread) != 0))

#include "scenarios/cache_steps.h"

enum { STEPS_THREADS = CACHE_THREADS - 1 };

static struct th_epoch_handle *members[CACHE_THREADS];

static struct th_epoch *cache_domain_make(void)
{
    struct th_epoch *domain = NULL;
    CHECK(th_epoch_new(NULL, &domain) == TH_OK);
    for (unsigned thread = 0; thread < CACHE_THREADS; thread++) {
        CHECK(th_epoch_register(domain, &members[thread]) == TH_OK);
    }
    return domain;
}

/* Whose guards the calling thread's are from here on. */
static void cache_domain_join(unsigned thread)
{
    thi_epoch_thread.cache[cache_domain->id % TH_EPOCH_CACHE_SLOTS] =
        (struct thi_epoch_cache_slot){cache_domain->id, members[thread]};
}

static void cache_domain_end(void)
{
    for (unsigned thread = 0; thread < CACHE_THREADS; thread++) {
        th_epoch_unregister(members[thread]);
    }
    th_epoch_free(cache_domain);
}

static void steps_begin(const struct cache_steps *row)
{
    cache_scenario = row;
    steps_phase = 0;
    cache_steps_setup();
    steps_phase = 1;
}

static void steps_end(void)
{
    int failures = test_failures;
    steps_phase = 3;
    cache_steps_after();
    if (test_failures != failures) {
        printf("# scenario %s failed\n", cache_scenario->name);
    }
}

/* Goal: the scenarios mean what they say. Method: threads one after the other, forwards, then
 * backwards. */
TEST(cache_steps_hold_one_after_the_other)
{
    for (unsigned i = 0; i < CACHE_STEPS_COUNT; i++) {
        steps_begin(&cache_steps[i]);
        for (unsigned number = 1; number <= STEPS_THREADS; number++) {
            cache_steps_thread(number);
        }
        steps_end();
        steps_begin(&cache_steps[i]);
        for (unsigned number = STEPS_THREADS; number >= 1; number--) {
            cache_steps_thread(number);
        }
        steps_end();
    }
}

static void *steps_member_run(void *number)
{
    cache_steps_thread((unsigned)(uintptr_t)number);
    return NULL;
}

/* Goal: no interleaving that happens here breaks a scenario. Method: threads started together, many
 * rounds of each scenario. */
TEST(cache_steps_hold_on_threads)
{
    uint64_t rounds = test_scaled(20);
    for (uint64_t i = 0; i < rounds * CACHE_STEPS_COUNT; i++) {
        pthread_t threads[STEPS_THREADS];
        steps_begin(&cache_steps[i % CACHE_STEPS_COUNT]);
        for (unsigned number = 1; number <= STEPS_THREADS; number++) {
            REQUIRE(pthread_create(&threads[number - 1], NULL, steps_member_run,
                                   (void *)(uintptr_t)number) == 0);
        }
        for (unsigned number = 1; number <= STEPS_THREADS; number++) {
            (void)pthread_join(threads[number - 1], NULL);
        }
        steps_end();
    }
}

TEST_MAIN()
