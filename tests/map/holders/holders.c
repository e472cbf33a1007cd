/* SPDX-License-Identifier: MIT
 * holders.c - how much a stopped holder of a cell and a stopped holder of a group cost everybody
 * else. Built by test_map_holders.sh with the real geometry and the test points.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <tophash/map.h>

#include "map/map_integer.h"
#include "test.h"

enum { BASE = 100000, GROWN = 16 * BASE, ROUNDS = 3 };

static atomic_int stop_cell;  /* 1: the next thread there stops; 2: it stands */
static atomic_int stop_group; /* the same */
static atomic_int go_on;
static _Thread_local bool may_stop;

static void hook(enum thi_map_point point, const void *map)
{
    (void)map;
    atomic_int *stop = point == THI_MAP_POINT_CELL_HELD    ? &stop_cell
                       : point == THI_MAP_POINT_GROUP_HELD ? &stop_group
                                                           : NULL;
    int armed = 1;
    if (!may_stop || stop == NULL || !atomic_compare_exchange_strong(stop, &armed, 2)) {
        return;
    }
    while (atomic_load(&go_on) == 0) {
        thi_port_sleep_ns(1000000);
    }
}

struct holder {
    struct th_map_u64 *map;
    uint64_t key;
    th_status status;
    pthread_t thread;
};

static void *hold_cell(void *argument)
{
    struct holder *holder = argument;
    may_stop = true;
    holder->status = th_map_u64_fetch_add(holder->map, holder->key, 1, NULL);
    return NULL;
}

static void *hold_group(void *argument)
{
    struct holder *holder = argument;
    may_stop = true;
    holder->status = th_map_u64_insert(holder->map, holder->key, 1, NULL);
    return NULL;
}

static double cpu_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint64_t key_of(uint64_t number)
{
    return number * 0x9e3779b97f4a7c15u;
}

/* Grows the map sixteen-fold, reading as much; the CPU seconds of it. Keys of the held group are
 * left out in every run, so that all do the same. */
static double grow(struct th_map_u64 *map, uint64_t held_hash, unsigned held_depth)
{
    double start = cpu_now_s();
    uint64_t wrong = 0;
    for (uint64_t number = BASE; number < GROWN; number++) {
        uint64_t hash = thi_mix(&((struct thi_map *)map)->seed, key_of(number));
        if (((hash ^ held_hash) & depth_mask(held_depth)) == 0) {
            continue;
        }
        wrong += th_map_u64_insert(map, key_of(number), number, NULL) != TH_OK;
        uint64_t value = 0;
        wrong += !th_map_u64_get(map, key_of(number * 7 % BASE), &value);
    }
    CHECK_EQ(wrong, 0);
    return cpu_now_s() - start;
}

static struct th_map_u64 *base_make(void)
{
    struct th_map_config config = {.flags = TH_MAP_FIXED_SEED, .seed = 42};
    struct th_map_u64 *map = NULL;
    CHECK_EQ(th_map_u64_new(&config, &map), TH_OK);
    for (uint64_t number = 0; number < BASE; number++) {
        CHECK_EQ(th_map_u64_insert(map, key_of(number), number, NULL), TH_OK);
    }
    return map;
}

/* One run with or without the two stopped holders; they stand for at least `seconds`. */
static double run(bool with_holders, unsigned seconds)
{
    struct th_map_u64 *map = base_make();
    struct holder cell = {.map = map, .key = key_of(123)};
    struct holder group = {.map = map, .key = key_of((uint64_t)1 << 40)};
    uint64_t held_hash = thi_mix(&((struct thi_map *)map)->seed, group.key);
    uint64_t word;
    (void)thi_map_find_group((struct thi_map *)map, held_hash, &word);
    uint64_t began_ns = thi_port_now_ns();
    if (with_holders) {
        atomic_store(&go_on, 0);
        atomic_store(&stop_cell, 1);
        atomic_store(&stop_group, 1);
        CHECK_EQ(pthread_create(&cell.thread, NULL, hold_cell, &cell), 0);
        CHECK_EQ(pthread_create(&group.thread, NULL, hold_group, &group), 0);
        while (atomic_load(&stop_cell) != 2 || atomic_load(&stop_group) != 2) {
            thi_port_sleep_ns(100000);
        }
    }
    double cpu_s = grow(map, held_hash, word_depth(word));
    while (with_holders && thi_port_now_ns() - began_ns < (uint64_t)seconds * 1000000000u) {
        thi_port_sleep_ns(10000000);
    }
    if (with_holders) {
        uint64_t value = 0;
        CHECK(
            th_map_u64_get(map, cell.key, &value)); /* a reader of the held key waits for nobody */
        atomic_store(&go_on, 1);
        pthread_join(cell.thread, NULL);
        pthread_join(group.thread, NULL);
        CHECK_EQ(cell.status, TH_OK);
        CHECK_EQ(group.status, TH_OK);
        CHECK(th_map_u64_get(map, cell.key, &value) && value == 124);
    }
    const char *reason = "";
    CHECK_EQ(th_map_u64_validate(map, &reason), TH_OK);
    th_map_u64_free(map);
    return cpu_s;
}

/* Goal: while a holder of one cell and one of one group stand still, the map grows sixteen-fold and
 * others lose less than a tenth of their speed. Method: the same work with and without them, in
 * turn; the best CPU time of each, as other programs disturb too. */
TEST(map_stopped_holders_cost_others_less_than_a_tenth)
{
    const char *given = getenv("TOPHASH_HOLD_SECONDS");
    unsigned seconds = given == NULL ? 1 : (unsigned)strtoul(given, NULL, 10);
    thi_map_point_hook = hook;
    double alone = 1e9, beside = 1e9;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double s = run(false, 0);
        alone = s < alone ? s : alone;
        s = run(true, seconds);
        beside = s < beside ? s : beside;
    }
    thi_map_point_hook = NULL;
    printf("# CPU of growth: alone %.3f s, beside stopped holders %.3f s: %+.1f %%\n", alone,
           beside, 100 * (beside / alone - 1));
    CHECK(beside < alone * 1.1);
}

TEST_MAIN()
