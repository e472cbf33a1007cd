/* SPDX-License-Identifier: MIT
 * tiny_borrow.c - entries that stand in an ancestor of their group: while they are brought home and
 * lent again, every look and every walk finds them once. Tiny geometry.
 */
#include "hash/hash.h"
#include "map/kinds.h"
#include "map/points.h"
#include "map/pool.h"

enum { SEED = 777, PERMANENT = 10, PASSING = 8, OTHERS = 30, OTHERS_FIRST = 1000, STEPS = 60 };

struct lending {
    const struct kind *kind;
    void *map;
    struct thi_seed seed;
    bool ended;
    uint64_t refused;
};

/* The i-th of the keys that no split can part: all low bits of their mixed words are the same. */
static uint64_t key_of(const struct lending *lending, uint64_t i)
{
    return thi_unmix(&lending->seed, i << 40 | 0x2a);
}

/* The group's own entries come and go, so that there is room at home and borrowers are fetched, and
 * then again too little. */
static void *lend_and_repay(void *argument)
{
    struct lending *self = argument;
    for (uint64_t step = 0; step < STEPS; step++) {
        for (uint64_t i = 0; i < PASSING; i++) {
            uint64_t key = key_of(self, PERMANENT + i);
            th_status status = (step + i / 4) % 2 == 0 ? self->kind->erase(self->map, key, NULL)
                                                       : self->kind->put(self->map, key, i, NULL);
            CHECK(status >= 0 || status == TH_ENOMEM);
            self->refused += status == TH_ENOMEM;
        }
    }
    pool_flag_set(&self->ended);
    return NULL;
}

static struct lending lending_make(void)
{
    struct th_map_config config = {.flags = TH_MAP_FIXED_SEED, .seed = SEED};
    struct lending lending = {.kind = &kinds[0], .map = kind_make(&kinds[0], &config)};
    thi_seed_init(&lending.seed, SEED);
    for (uint64_t id = 0; id < OTHERS; id++) {
        CHECK_EQ(lending.kind->put(lending.map, OTHERS_FIRST + id, id, NULL), TH_OK);
    }
    /* The passing ones first: they stand at home, the permanent ones where there is room. */
    for (uint64_t i = 0; i < PASSING / 2; i++) {
        CHECK_EQ(lending.kind->put(lending.map, key_of(&lending, PERMANENT + i), i, NULL), TH_OK);
    }
    for (uint64_t i = 0; i < PERMANENT; i++) {
        CHECK_EQ(lending.kind->put(lending.map, key_of(&lending, i), i, NULL), TH_OK);
    }
    return lending;
}

static void walk_once(struct lending *lending, size_t capacity)
{
    struct kind_entry entries[64];
    struct th_map_cursor cursor = {0, 0};
    uint64_t seen[PERMANENT] = {0};
    size_t count = 0;
    while ((count = lending->kind->next(lending->map, &cursor, entries, capacity)) != 0) {
        for (size_t e = 0; e < count; e++) {
            uint64_t mixed = thi_mix(&lending->seed, entries[e].id);
            bool permanent = (mixed & 0xffffffff) == 0x2a && mixed >> 40 < PERMANENT;
            if (permanent) {
                CHECK_EQ(entries[e].value, mixed >> 40);
                seen[mixed >> 40]++;
            }
        }
    }
    for (uint64_t i = 0; i < PERMANENT; i++) {
        CHECK_EQ(seen[i], 1);
    }
}

/* Goal: borrowed entries are found by every look, and given once by every walk, while they are on
 * their way home. Method: many short lives of a map with keys that share all low bits; one thread
 * makes room and takes it away, this one looks and walks; delays at the steps of each move. */
TEST(map_borrowed_entries_are_seen_once_on_their_way_home)
{
    uint64_t walks = 0, borrowed = 0;
    uint64_t end_ns = pool_now_ns() + test_scaled(5000) * 1000000; /* on a loaded machine */
    for (uint64_t life = 0; life < test_scaled(300) && test_failures == 0 && pool_now_ns() < end_ns;
         life++) {
        struct lending lending = lending_make();
        struct th_map_stats stats;
        lending.kind->get_stats(lending.map, &stats);
        borrowed += stats.borrowed;
        points_jitter(true);
        pthread_t thread = pool_start(lend_and_repay, &lending);
        while (!pool_flag(&lending.ended)) {
            walk_once(&lending, 1 + walks % 64);
            walks++;
            for (uint64_t i = 0; i < PERMANENT; i++) {
                uint64_t value = 0;
                CHECK(lending.kind->get(lending.map, key_of(&lending, i), &value) && value == i);
            }
        }
        pool_join(thread);
        points_jitter(false);
        walk_once(&lending, 64);
        kind_finish(lending.kind, lending.map);
    }
    printf("# %" PRIu64 " walks, %" PRIu64 " entries borrowed at the start\n", walks, borrowed);
    CHECK(borrowed > 0);
}

TEST_MAIN()
