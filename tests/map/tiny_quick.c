/* SPDX-License-Identifier: MIT
 * tiny_quick.c - the quick paths of integer keys, which look at less than the general ones: keys
 * that only their groups tell apart, cells that are held, a table that is just being shown.
 */
#include "map/actors.h"

#include "map/map_integer.h"

enum { PERMANENT = 60 };

/* The keys of the four roots whose cells hold the same words; `word` has no root's bits. */
static uint64_t twin_key(const struct world *world, uint64_t word, uint64_t root)
{
    return thi_unmix(&world->seed, hash_turned_back(word | root << TH_HASH_GROUP_SHIFT));
}

/* Each of the four twins has a life of its own. */
static void twins_check(struct world *world, uint64_t word, uint64_t first)
{
    const struct kind *kind = world->kind;
    for (uint64_t i = 0; i < TH_MAP_ROOT_GROUPS; i++) {
        uint64_t root = (first + i) % TH_MAP_ROOT_GROUPS, key = twin_key(world, word, root);
        uint64_t value = 7, batch = 7;
        bool found = true;
        CHECK(!kind->get(world->map, key, &value));
        CHECK_EQ(kind->get_many(world->map, &key, 1, &batch, &found), 0);
        CHECK_EQ(kind->replace(world->map, key, 1, NULL), TH_ABSENT);
        CHECK_EQ(kind->erase(world->map, key, NULL), TH_ABSENT);
        CHECK_EQ(kind->put(world->map, key, value_of(root), NULL), TH_OK);
    }
    for (uint64_t root = 0; root < TH_MAP_ROOT_GROUPS; root++) {
        uint64_t key = twin_key(world, word, root), value = 0;
        CHECK(kind->get(world->map, key, &value) && value == value_of(root));
        CHECK_EQ(kind->erase(world->map, key, &value), TH_OK);
        CHECK_EQ(value, value_of(root));
    }
}

/* Goal: keys whose stored words are the same, because the bits they differ in gave way to the
 * marks, are never taken for each other. Method: small maps, tables inside the first run and beyond
 * it; words whose groups are the first, in each line. */
TEST(quick_keys_that_only_the_group_tells_apart)
{
    for (uint64_t others = 0; others <= 600; others += 50) {
        struct world world = world_make(&kinds[0], others % PERMANENT);
        world_put(&world, OTHERS_FIRST, others);
        for (uint64_t line = 0; line < TH_MAP_LINES; line++) {
            for (uint64_t first = 0; first < TH_MAP_ROOT_GROUPS; first++) {
                twins_check(&world, UINT64_C(5) << 40 | line << TH_HASH_LINE_SHIFT, first);
            }
        }
        world_check(&world, UINT64_MAX);
        world_finish(&world);
    }
}

/* The line that every bit of a hash leads to lies in run 0, or stands for no table. */
static bool line_is_inside(const struct world *world)
{
    const struct thi_map *map = world->map;
    bool far = span_load(map) > (TH_SPAN_ROOTS | TH_LINE_BITS);
    return !far || whole_load(map) == run_of(map, 0)->cells;
}

/* Goal: however far the table grows while the thread that moved the map there stands still, no look
 * is sent behind the few lines that stand in for a table. Method: the mover stopped between the
 * table's two addresses, growth by others, every key looked up. */
TEST(quick_looks_stay_inside_while_the_table_is_shown)
{
    for (size_t k = 0; k < 2; k++) {
        struct world world = world_make(&kinds[k], 6);
        struct actor mover = {&world, PART_GROW, 1, MORE_FIRST, 40, 0, 0, false, 0};
        REQUIRE(actor_start_to(&mover, 0, THI_MAP_POINT_UPGRADE_SHOWN, 1));
        world_put(&world, OTHERS_FIRST, 50);
        CHECK(word_depth(hint_load(world.map)) > TH_MAP_ROOT_DEPTH);
        CHECK(line_is_inside(&world));
        world_check(&world, UINT64_MAX);
        actor_release(&mover, 0);
        CHECK(line_is_inside(&world));
        world_check(&world, UINT64_MAX);
        CHECK_EQ(world_walk(&world, UINT64_MAX), 96);
        world_finish(&world);
    }
}

/* Goal: a key that somebody just updates is present for an insert, in whichever cell it stands.
 * Method: an updater stopped with the cell held, an insert beside it; one entry, and the update's
 * value. */
TEST(quick_inserts_see_held_keys)
{
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (uint64_t id = 0; id < PERMANENT; id++) {
            struct world world = world_make(&kinds[k], PERMANENT);
            struct actor holder = {&world, PART_ADD, 1, id, 0, 5, 0, false, 0};
            REQUIRE(actor_start_to(&holder, 0, THI_MAP_POINT_CELL_HELD, 1));
            CHECK_EQ(kinds[k].insert(world.map, id, 1, NULL), TH_EXISTS);
            actor_release(&holder, 0);
            uint64_t value = 0;
            CHECK(kinds[k].get(world.map, id, &value) && value == value_of(id) + 5);
            CHECK_EQ(world_walk(&world, id), PERMANENT);
            world_finish(&world);
        }
    }
}

TEST_MAIN()
