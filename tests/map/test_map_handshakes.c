/* SPDX-License-Identifier: MIT
 * test_map_handshakes.c - "my store before my load", as epoch and map do it, a thousand rounds of
 * each.
 *
 * The pattern is the one that machines and emulators break first: qemu 7.2 for 64-bit Arm lets a
 * seq_cst load pass a seq_cst store. So the library uses fences there, and these tests run at full
 * length on every target.
 */
#include <stdatomic.h>

#include <tophash/map.h>

#include "atomic/atomic.h"
#include "epoch/epoch_help.h"
#include "map/pool.h"

enum { ROUNDS = 1000, CELLS_MAX = 4000, THREADS = 4 };

/* ------------------------------------------------------------------ the bare pattern */

/* In two lines: a store that waits for its line is what a load passes. */
struct cell {
    _Alignas(64) struct th_au32 first;
    _Alignas(64) struct th_au32 second;
};

struct pattern {
    struct pool_barrier barrier;
    struct cell cells[CELLS_MAX];
    uint8_t seen[2][CELLS_MAX];
    bool by_fences;
};

static uint64_t pattern_cells(void)
{
    uint64_t cells = test_scaled(CELLS_MAX);
    return cells < 500 ? 500 : cells > CELLS_MAX ? CELLS_MAX : cells;
}

static void pattern_side(struct pattern *pattern, unsigned side)
{
    uint64_t cells = pattern_cells();
    for (uint64_t i = 0; i < cells; i++) {
        struct cell *cell = &pattern->cells[i];
        struct th_au32 *own = side == 0 ? &cell->first : &cell->second;
        struct th_au32 *other = side == 0 ? &cell->second : &cell->first;
        uint32_t seen;
        if (pattern->by_fences) {
            th_u32_store_rlx(own, 1);
            th_fence_sc();
            seen = th_u32_load_rlx(other);
        } else {
            atomic_store_explicit(&own->raw, 1, memory_order_seq_cst);
            seen = atomic_load_explicit(&other->raw, memory_order_seq_cst);
        }
        pattern->seen[side][i] = (uint8_t)seen;
    }
}

static void *pattern_other(void *context)
{
    struct pattern *pattern = context;
    for (unsigned round = 0; round < ROUNDS; round++) {
        pool_wait(&pattern->barrier);
        pattern_side(pattern, 1);
        pool_wait(&pattern->barrier);
    }
    return NULL;
}

/* All rounds were run: whoever counts on them reads it here. */
static void rounds_check(const char *what, const struct pool_barrier *barrier, uint32_t a_round)
{
    printf("# counted %s: %" PRIu32 " rounds of %" PRIu32 " threads\n", what,
           barrier->round / a_round, barrier->members);
    CHECK_EQ(barrier->round, ROUNDS * a_round);
}

/* How often both sides missed the other's store. */
static uint64_t pattern_run(const char *what, bool by_fences)
{
    static struct pattern pattern;
    memset(&pattern, 0, sizeof pattern);
    pattern.barrier.members = 2;
    pattern.by_fences = by_fences;
    uint64_t cells = pattern_cells(), both = 0;
    pthread_t thread = pool_start(pattern_other, &pattern);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (uint64_t i = 0; i < cells; i++) {
            th_u32_init(&pattern.cells[i].first, 0);
            th_u32_init(&pattern.cells[i].second, 0);
        }
        pool_wait(&pattern.barrier);
        pattern_side(&pattern, 0);
        pool_wait(&pattern.barrier);
        for (uint64_t i = 0; i < cells; i++) {
            both += pattern.seen[0][i] == 0 && pattern.seen[1][i] == 0;
        }
    }
    pool_join(thread);
    rounds_check(what, &pattern.barrier, 2);
    printf("# counted %s: both missed %" PRIu64 " times of %" PRIu64 "\n", what, both,
           ROUNDS * cells);
    return both;
}

/* Goal: of two threads that store, fence and load, one sees the other. Method: two threads run
 * through the same cells. */
TEST(handshake_by_fences_is_never_missed_by_both)
{
    CHECK_EQ(pattern_run("store, fence, load", true), 0);
}

/* Goal: shows what the library does not rely on. Method: the same by seq_cst accesses; C11 forbids
 * that both miss, an emulator may be wrong. */
TEST(handshake_by_accesses_is_missed_by_emulators_only)
{
    uint64_t both = pattern_run("seq_cst store, seq_cst load", false);
    CHECK(both == 0 || test_is_emulated());
}

/* ------------------------------------------------------------------ epoch: scan and guard */

struct epoch_world {
    struct pool_barrier barrier;
    struct th_epoch *domain;
    _Atomic(struct help_object *) slot;
    uint64_t operations;
    atomic_uint_fast64_t dead_seen;
};

static void epoch_read(struct epoch_world *world)
{
    th_epoch_enter(world->domain);
    struct help_object *object = atomic_load_explicit(&world->slot, memory_order_acquire);
    for (unsigned look = 0; look < 3; look++) {
        if (object->canary != HELP_ALIVE) {
            atomic_fetch_add(&world->dead_seen, 1);
        }
    }
    th_epoch_leave(world->domain);
}

static void epoch_replace(struct epoch_world *world, uint64_t number)
{
    struct help_object *object = help_object_new(number);
    object = atomic_exchange_explicit(&world->slot, object, memory_order_acq_rel);
    help_retire(world->domain, object);
    (void)th_epoch_reclaim(world->domain, 8);
}

static void *epoch_side(void *context)
{
    struct epoch_world *world = context;
    for (unsigned round = 0; round < ROUNDS; round++) {
        pool_wait(&world->barrier);
        for (uint64_t i = 0; i < world->operations; i++) {
            if (round % 2 == i % 2) {
                epoch_read(world);
            } else {
                epoch_replace(world, i);
            }
        }
    }
    return NULL;
}

static void epoch_rounds(const char *what, bool fences_only)
{
    static struct epoch_world world;
    const struct th_epoch_config config = {.fences_only = fences_only};
    world = (struct epoch_world){.domain = help_domain(&config), .operations = 10};
    world.barrier.members = THREADS;
    atomic_init(&world.slot, help_object_new(0));
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = pool_start(epoch_side, &world);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pool_join(threads[i]);
    }
    rounds_check(what, &world.barrier, 1);
    printf("# %" PRIu64 " reclaimed beside readers\n", help_stats(world.domain).reclaimed_total);
    CHECK(help_stats(world.domain).reclaimed_total > 0);
    CHECK_EQ(atomic_load(&world.dead_seen), 0);
    help_retire(world.domain, atomic_load(&world.slot));
    CHECK_EQ(th_epoch_drain(world.domain, HELP_DRAIN_NS), TH_OK);
    help_finish(world.domain);
}

/* Goal: a guard is seen by the scan, or sees the object unlinked. Method: threads replace one
 * object and read it; each retire is followed by a look for what may be reclaimed. Canaries die
 * when reclaimed. */
TEST(handshake_of_guard_and_scan_by_fences)
{
    epoch_rounds("guard and scan, by fences", true);
}

/* Goal: the same with the barrier of the system, where it has one. Method: as above. */
TEST(handshake_of_guard_and_scan_by_the_system)
{
    epoch_rounds("guard and scan, by the system", false);
}

/* ------------------------------------------------------------------ map: push and bag */

enum { MAP_KEYS = 8 };

struct map_world {
    struct pool_barrier barrier;
    struct th_map_bytes *map;
    atomic_uint_fast64_t wrong;
    atomic_uint next;
};

static struct th_bytes map_key(uint64_t id, char *room)
{
    return (struct th_bytes){room, (size_t)snprintf(room, 32, "handshake:%u", (unsigned)id)};
}

/* Each thread has half of its keys for itself: what it put must stand there. */
static void map_operate(struct map_world *world, unsigned number, uint64_t dice)
{
    char room[32];
    uint64_t own = dice % 2, value = 0;
    struct th_bytes key = map_key(own == 1 ? 100 + number : dice / 2 % MAP_KEYS, room);
    if (th_map_bytes_put(world->map, key.bytes, key.size, dice, NULL) < 0) {
        atomic_fetch_add(&world->wrong, 1);
    }
    bool there = th_map_bytes_get(world->map, key.bytes, key.size, &value);
    if (own == 1 && (!there || value != dice)) {
        atomic_fetch_add(&world->wrong, 1);
    }
    th_status erased = th_map_bytes_erase(world->map, key.bytes, key.size, NULL);
    if (own == 1 && erased != TH_OK) {
        atomic_fetch_add(&world->wrong, 1);
    }
}

static void *map_side(void *context)
{
    struct map_world *world = context;
    unsigned number = atomic_fetch_add(&world->next, 1);
    uint64_t random = test_seed + number;
    for (unsigned round = 0; round < ROUNDS; round++) {
        pool_wait(&world->barrier);
        for (unsigned i = 0; i < 6; i++) {
            map_operate(world, number, test_random(&random));
        }
    }
    return NULL;
}

/* Goal: a record that is retired while a bag comes back is in the bag that follows: none is
 * forgotten, none given out twice. Method: threads put, get and erase few keys, so that records are
 * retired and handed over all the time; in the end nothing waits. */
TEST(handshake_of_retired_records_and_their_bag)
{
    static struct map_world world;
    struct th_epoch *domain = help_domain(NULL);
    const struct th_map_config config = {.epoch = domain};
    world = (struct map_world){.barrier = {.members = THREADS}};
    REQUIRE(th_map_bytes_new(&config, &world.map) == TH_OK);
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = pool_start(map_side, &world);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pool_join(threads[i]);
    }
    rounds_check("retired records and their bag", &world.barrier, 1);
    CHECK_EQ(atomic_load(&world.wrong), 0);
    const char *reason = "";
    CHECK_EQ(th_map_bytes_validate(world.map, &reason), TH_OK);
    th_map_bytes_free(world.map);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(help_stats(domain).waiting_bytes, 0);
    th_epoch_free(domain);
}

TEST_MAIN()
