/* SPDX-License-Identifier: MIT
 * main.c - one scenario, by its name, for the checker.
 */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include <assert.h>

#include <tophash/check.h>

#define SCENARIO_CHECK(condition) assert(condition)
#define HISTORY_CLOCK(thread) th_check_clock(thread)

#include "scenarios/epoch_look.h"
#include "scenarios/map_steps.h"

#include "proof.h"

static void steps_refuse(bool refuse)
{
    proof_refuses = refuse;
}

static void *steps_main(void *number)
{
    steps_thread((unsigned)(uintptr_t)number);
    return NULL;
}

static void steps_play(const struct map_steps *scenario)
{
    pthread_t threads[STEP_THREADS];
    unsigned count = 0;
    steps = scenario;
    steps_setup();
    while (count < STEP_THREADS && scenario->threads[count][0].operation != END) {
        count++;
    }
    for (unsigned i = 0; i < count; i++) {
        assert(pthread_create(&threads[i], NULL, steps_main, (void *)(uintptr_t)(i + 1)) == 0);
    }
    for (unsigned i = 0; i < count; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    steps_after();
}

/* Those of the epoch, with fences on both sides and with a heavy barrier on one. */
static const struct epoch_case {
    const char *name;
    const struct scenario *scenario;
    bool asymmetric;
} epoch_cases[] = {
    {"epoch_look", &epoch_look, false},
    {"epoch_look_heavy", &epoch_look, true},
};
enum { EPOCH_CASES = sizeof(epoch_cases) / sizeof(epoch_cases[0]) };

static void *scenario_second(void *argument)
{
    const struct scenario *const *scenario = argument;
    (*scenario)->thread_b();
    return NULL;
}

static void *scenario_first(void *argument)
{
    const struct scenario *const *scenario = argument;
    (*scenario)->thread_a();
    return NULL;
}

static void epoch_play(const struct epoch_case *row)
{
    const struct scenario *scenario = row->scenario;
    pthread_t threads[2];
    proof_asymmetric = row->asymmetric;
    scenario->setup();
    assert(pthread_create(&threads[0], NULL, scenario_first, &scenario) == 0);
    assert(pthread_create(&threads[1], NULL, scenario_second, &scenario) == 0);
    assert(pthread_join(threads[0], NULL) == 0);
    assert(pthread_join(threads[1], NULL) == 0);
    scenario->after();
}

int main(int argc, char **argv)
{
    assert(argc == 2);
    for (unsigned i = 0; i < EPOCH_CASES; i++) {
        if (strcmp(argv[1], epoch_cases[i].name) == 0) {
            epoch_play(&epoch_cases[i]);
            return 0;
        }
    }
    for (unsigned i = 0; i < MAP_STEPS_COUNT; i++) {
        if (strcmp(argv[1], map_steps[i].name) == 0) {
            steps_play(&map_steps[i]);
            return 0;
        }
    }
    return 1; /* no such scenario */
}
