/* SPDX-License-Identifier: MIT
 * test_mem_scenarios.c - the scenarios of the slab, the registry and regions that the checker
 *                        plays, in single orders and with real threads.
 */
#include "test.h"

#include <pthread.h>

#include "scenarios/floor_region.h"
#include "scenarios/floor_registry.h"
#include "scenarios/range_slab.h"

enum { THREADS_MAX = 3, ROUNDS = 200 };

void scenario_fail(const char *file, int line, const char *what)
{
    test_fail(file, line, what);
}

struct play {
    void (*setup)(void);
    void (*thread)(unsigned number);
    void (*after)(void);
    unsigned count;
};

struct player {
    const struct play *play;
    pthread_barrier_t *together; /* NULL: start at once */
    unsigned number;
};

static void *player_run(void *argument)
{
    const struct player *player = argument;
    if (player->together != NULL) {
        pthread_barrier_wait(player->together);
    }
    player->play->thread(player->number);
    return NULL;
}

static void play_in_order(const struct play *play, bool last_first)
{
    play->setup();
    for (unsigned i = 1; i <= play->count; i++) {
        struct player player = {play, NULL, last_first ? play->count + 1 - i : i};
        pthread_t thread;
        REQUIRE(pthread_create(&thread, NULL, player_run, &player) == 0);
        pthread_join(thread, NULL);
    }
    play->after();
}

static void play_at_once(const struct play *play)
{
    pthread_barrier_t together;
    pthread_t threads[THREADS_MAX];
    struct player players[THREADS_MAX];
    REQUIRE(pthread_barrier_init(&together, NULL, play->count) == 0);
    play->setup();
    for (unsigned i = 0; i < play->count; i++) {
        players[i] = (struct player){play, &together, i + 1};
        REQUIRE(pthread_create(&threads[i], NULL, player_run, &players[i]) == 0);
    }
    for (unsigned i = 0; i < play->count; i++) {
        pthread_join(threads[i], NULL);
    }
    play->after();
    pthread_barrier_destroy(&together);
}

static void play_all_ways(const struct play *play)
{
    play_in_order(play, false);
    play_in_order(play, true);
    for (uint64_t round = test_scaled(ROUNDS); round > 0 && test_failures == 0; round--) {
        play_at_once(play);
    }
}

/* Goal: records belong to one owner. Method: each row of the table, in both single orders and by
 * threads that start together; so also below. */
TEST(slab_steps_hold_in_single_order_and_with_real_threads)
{
    for (unsigned i = 0; i < SLAB_STEPS_COUNT; i++) {
        slab_steps = &slab_steps_table[i];
        play_all_ways(&(struct play){slab_steps_setup, slab_steps_thread, slab_steps_after,
                                     slab_steps_thread_count()});
    }
}

/* Goal: entries of the registry are seen whole or not at all. */
TEST(slab_range_holds_in_single_order_and_with_real_threads)
{
    for (unsigned i = 0; i < RANGE_SLAB_COUNT; i++) {
        slab_steps = &range_slab_table[i];
        play_all_ways(&(struct play){slab_steps_setup, slab_steps_thread, slab_steps_after,
                                     slab_steps_thread_count()});
    }
}

/* Goal: entries of the registry are seen whole or not at all. */
TEST(registry_steps_hold_in_single_order_and_with_real_threads)
{
    for (unsigned i = 0; i < REGISTRY_STEPS_COUNT; i++) {
        registry_steps = &registry_steps_table[i];
        play_all_ways(&(struct play){registry_steps_setup, registry_steps_thread,
                                     registry_steps_after, registry_steps_thread_count()});
    }
}

static const struct scenario *region_scenario;

static void region_thread(unsigned number)
{
    if (number == 1) {
        region_scenario->thread_a();
    } else {
        region_scenario->thread_b();
    }
}

/* Goal: a drop is seen behind what came before it, a touch changes nothing. */
TEST(regions_hold_in_single_order_and_with_real_threads)
{
    for (unsigned i = 0; i < FLOOR_REGION_COUNT; i++) {
        region_scenario = &floor_region_table[i];
        play_all_ways(
            &(struct play){region_scenario->setup, region_thread, region_scenario->after, 2});
    }
}

TEST_MAIN()
