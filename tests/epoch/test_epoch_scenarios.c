/* SPDX-License-Identifier: MIT
 * test_epoch_scenarios.c - the scenarios of the epoch, in both single orders and with real threads.
 */
#include "epoch/epoch_help.h"

#include "mem/mem.h"

#include "scenarios/epoch_chain.h"
#include "scenarios/epoch_exit.h"
#include "scenarios/epoch_register.h"
#include "scenarios/epoch_scanners.h"
#include "scenarios/epoch_steps.h"
#include "scenarios/epoch_swap.h"

static const struct scenario *const scenarios[] = {
    &epoch_swap, &epoch_scanners, &epoch_register, &epoch_exit, &epoch_chain,
};

enum { SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]) };

void scenario_fail(const char *file, int line, const char *what)
{
    test_fail(file, line, what);
}

struct body {
    void (*run)(void);
    pthread_barrier_t *together; /* NULL: start at once */
};

static void *body_run(void *argument)
{
    struct body *body = argument;
    if (body->together != NULL) {
        pthread_barrier_wait(body->together);
    }
    body->run();
    return NULL;
}

static void scenario_in_order(const struct scenario *scenario, bool a_first)
{
    struct body bodies[2] = {{scenario->thread_a, NULL}, {scenario->thread_b, NULL}};
    scenario->setup();
    pthread_join(help_thread(body_run, &bodies[a_first ? 0 : 1]), NULL);
    pthread_join(help_thread(body_run, &bodies[a_first ? 1 : 0]), NULL);
    scenario->after();
}

static void scenario_together(const struct scenario *scenario)
{
    pthread_barrier_t together;
    REQUIRE(pthread_barrier_init(&together, NULL, 2) == 0);
    struct body bodies[2] = {{scenario->thread_a, &together}, {scenario->thread_b, &together}};
    scenario->setup();
    pthread_t thread_a = help_thread(body_run, &bodies[0]);
    pthread_t thread_b = help_thread(body_run, &bodies[1]);
    pthread_join(thread_a, NULL);
    pthread_join(thread_b, NULL);
    scenario->after();
    pthread_barrier_destroy(&together);
}

/* Goal: each scenario holds when one body runs after the other. Method: both orders, both
 * barriers. */
TEST(epoch_scenarios_hold_in_single_order)
{
    for (unsigned i = 0; i < 4 * SCENARIOS; i++) {
        epoch_world.config.fences_only = (i & 1) != 0;
        scenario_in_order(scenarios[i / 4], (i & 2) != 0);
    }
}

/* Goal: each scenario holds whatever the schedule. Method: real threads, started together, many
 * times. */
TEST(epoch_scenarios_hold_with_real_threads)
{
    for (unsigned i = 0; i < 2 * SCENARIOS; i++) {
        epoch_world.config.fences_only = (i & 1) != 0;
        for (uint64_t round = test_scaled(500); round > 0 && test_failures == 0; round--) {
            scenario_together(scenarios[i / 2]);
        }
    }
}

/* ---- those that the checker plays, as tables */

static void epoch_steps_refuse(bool refuse)
{
    thi_mem_fault_set(refuse ? 1 : 0, true);
}

static void epoch_steps_later(void)
{
}

static pthread_barrier_t *steps_together; /* NULL: nobody waits */

static void *steps_run(void *number)
{
    if (steps_together != NULL) {
        pthread_barrier_wait(steps_together);
    }
    epoch_steps_thread((unsigned)(uintptr_t)number);
    return NULL;
}

static void steps_in_order(bool last_first)
{
    unsigned count = epoch_steps_thread_count();
    steps_together = NULL;
    epoch_steps_setup();
    for (unsigned i = 1; i <= count; i++) {
        uintptr_t number = last_first ? count + 1 - i : i;
        pthread_join(help_thread(steps_run, (void *)number), NULL);
    }
    epoch_steps_after();
}

static void steps_at_once(void)
{
    pthread_barrier_t together;
    pthread_t threads[EPOCH_THREADS];
    unsigned count = epoch_steps_thread_count();
    REQUIRE(pthread_barrier_init(&together, NULL, count) == 0);
    steps_together = &together;
    epoch_steps_setup();
    for (unsigned i = 0; i < count; i++) {
        threads[i] = help_thread(steps_run, (void *)(uintptr_t)(i + 1));
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    epoch_steps_after();
    pthread_barrier_destroy(&together);
}

/* Goal and methods: as above, for each row of the table. */
TEST(epoch_steps_hold_in_single_order_and_with_real_threads)
{
    for (unsigned i = 0; i < EPOCH_STEPS_COUNT; i++) {
        epoch_steps = &epoch_steps_table[i];
        steps_in_order(false);
        steps_in_order(true);
        for (uint64_t round = test_scaled(60); round > 0 && test_failures == 0; round--) {
            steps_at_once();
        }
    }
}

TEST_MAIN()
