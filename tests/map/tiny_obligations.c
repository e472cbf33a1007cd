/* SPDX-License-Identifier: MIT
 * tiny_obligations.c - what the map owes in the rare moments: threads stopped at each step of its
 * protocol while others go on.
 *
 * The numbers are those of the list of obligations in docs/guarantees.md: 2 misses during a split,
 * 3 stale group numbers, 4 shrink and growing again, 5 held cells, 6 descheduled holders, 7 moves
 * within a group, 9 records, 10 small forms, 11 keys that share all bits, 12 progress. Number 1 is
 * an example, 8 a matter of the edge table.
 */
#include "map/actors.h"

static const enum thi_map_point read_points[] = {
    THI_MAP_POINT_READ_WORD,
    THI_MAP_POINT_READ_KEY,
    THI_MAP_POINT_READ_VALUE,
    THI_MAP_POINT_READ_SCANNED,
};
static const enum thi_map_point split_points[] = {
    THI_MAP_POINT_SPLIT_MARKED, THI_MAP_POINT_SPLIT_COPIED,  THI_MAP_POINT_SPLIT_CLEARED,
    THI_MAP_POINT_SPLIT_MOVED,  THI_MAP_POINT_SPLIT_REHOMED, THI_MAP_POINT_SPLIT_SIBLING_LIVE,
};
static const enum thi_map_point
    merge_points[] =
        {
            THI_MAP_POINT_MERGE_MARKED,
            THI_MAP_POINT_SPLIT_COPIED, /* merges move entries by the same steps */
            THI_MAP_POINT_SPLIT_CLEARED,
            THI_MAP_POINT_MERGE_COPIED,
            THI_MAP_POINT_MERGE_PARENT_DONE,
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { PERMANENT = 60 };

/* Tests that met none of the moments they are about would prove nothing. */
static void check_met(const char *what, uint64_t met)
{
    printf("# %s: met %" PRIu64 " times\n", what, met);
    CHECK(met > 0);
}

/* In short runs one case of so many, of each kind. */
static uint32_t thinned(void)
{
    return test_scale_percent < 50 ? 7 : 1;
}

/* ------------------------------------------------------------------ 2: misses and hits during a
 * split, a merge, an upgrade */

/* Goal: while a split stands still at any of its steps, every permanent key is found. Method: a
 * grower stopped at the n-th passage of each step; all keys looked up singly and in batches. */
TEST(obligation_2_reads_find_all_keys_at_each_step_of_a_split)
{
    uint64_t met = 0;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (size_t p = 0; p < COUNT_OF(split_points); p++) {
            for (uint32_t nth = 1; nth < 12; nth += 2) {
                struct world world = world_make(&kinds[k], PERMANENT);
                struct actor grower = {&world, PART_GROW, 1, OTHERS_FIRST, 300, 0, 0, false, 0};
                bool stopped = actor_start_to(&grower, 0, split_points[p], nth);
                met += stopped;
                world_check(&world, UINT64_MAX);
                if (stopped) {
                    actor_release(&grower, 0);
                }
                world_check(&world, UINT64_MAX);
                CHECK_EQ(world_walk(&world, UINT64_MAX), PERMANENT + 300);
                world_finish(&world);
            }
        }
    }
    check_met("steps of a split", met);
}

/* Goal: the same for merges. Method: a map that grew and was emptied but for the permanent keys; a
 * shrinker stopped at each step. */
TEST(obligation_2_reads_find_all_keys_at_each_step_of_a_merge)
{
    uint64_t met = 0;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (size_t p = 0; p < COUNT_OF(merge_points); p++) {
            for (uint32_t nth = 1; nth < 12; nth += 2) {
                struct world world = world_make(&kinds[k], PERMANENT);
                world_put(&world, OTHERS_FIRST, 400);
                world_erase(&world, OTHERS_FIRST, 400);
                struct actor shrinker = {&world, PART_SHRINK, 1, 0, 0, 0, 0, false, 0};
                bool stopped = actor_start_to(&shrinker, 0, merge_points[p], nth);
                met += stopped;
                world_check(&world, UINT64_MAX);
                if (stopped) {
                    actor_release(&shrinker, 0);
                }
                world_check(&world, UINT64_MAX);
                CHECK_EQ(world_walk(&world, UINT64_MAX), PERMANENT);
                world_finish(&world);
            }
        }
    }
    check_met("steps of a merge", met);
}

/* What happens to the map while a reader stands still. */
enum change {
    CHANGE_GROW,
    CHANGE_GROW_AND_SHRINK,
    CHANGE_REPLACE_ALL,
    CHANGE_REBUILD,
    CHANGE_ERASE_AND_REFILL,
    CHANGES
};

static void world_change(struct world *world, enum change change, uint64_t id)
{
    switch (change) {
    case CHANGE_GROW: world_put(world, OTHERS_FIRST, 200); break;
    case CHANGE_GROW_AND_SHRINK: /* and grow again: the same groups at the same depth */
        world_put(world, OTHERS_FIRST, 200);
        world_erase(world, OTHERS_FIRST, 200);
        CHECK(world->kind->shrink(world->map, 0) >= 0);
        world_put(world, MORE_FIRST, 200);
        break;
    case CHANGE_REPLACE_ALL: /* every other cell gets another tenant */
        world_put(world, OTHERS_FIRST, 40);
        for (uint64_t i = 0; i < 40; i++) {
            world_erase(world, OTHERS_FIRST + i, 1);
            world_put(world, MORE_FIRST + i, 1);
        }
        break;
    case CHANGE_REBUILD: /* all others go, the map shrinks, as many others come */
        world_erase(world, 0, id < world->permanent ? id : world->permanent);
        world_erase(world, id + 1, id < world->permanent ? world->permanent - id - 1 : 0);
        CHECK(world->kind->shrink(world->map, 0) >= 0);
        world_put(world, MORE_FIRST, world->permanent);
        world->permanent = 0;
        break;
    default: /* the key itself goes, its cell is filled by others */
        world_erase(world, id, 1);
        world_put(world, MORE_FIRST, 120);
        break;
    }
}

/* The reader stops at its nth passage: the first is on the short way of a get, later ones on the
 * long way. */
static bool read_across_a_change(const struct kind *kind, const struct stops_stop *stop,
                                 enum change change, uint64_t id, uint64_t permanent)
{
    struct world world = world_make(kind, permanent);
    struct actor reader = {&world, PART_GET, 1, id, 0, 0, 0, false, 0};
    bool stopped = actor_start_to(&reader, 0, stop->point, stop->nth);
    if (stopped) {
        world_change(&world, change, id);
        actor_release(&reader, 0);
    }
    bool there = id < permanent;
    if (there && change != CHANGE_ERASE_AND_REFILL) {
        CHECK_EQ(reader.status, TH_OK);
    } else if (!there) {
        CHECK_EQ(reader.status, TH_ABSENT);
    }
    CHECK(reader.status == TH_ABSENT || reader.value == value_of(id));
    world_check(&world, there ? id : UINT64_MAX);
    world_finish(&world);
    return stopped;
}

/* Goal (2, 4, 7, 10): a reader that stands still anywhere while the map changes returns what a map
 * could have held: a permanent key is found, with its own value, an absent one is not. Method: each
 * read step, each sort of change, present and absent keys, small and large maps. */
TEST(obligation_2_4_10_a_stopped_reader_answers_right_after_any_change)
{
    static const uint64_t sizes[] = {6, 20, PERMANENT, 150};
    uint64_t met = 0;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (size_t p = 0; p < 2 * COUNT_OF(read_points); p++) {
            struct stops_stop stop = {.point = read_points[p / 2], .nth = 1 + p % 2};
            for (size_t s = 0; s < COUNT_OF(sizes); s++) {
                for (unsigned change = 0; change < CHANGES; change++) {
                    uint64_t step = thinned() * (1 + sizes[s] / 16);
                    for (uint64_t id = sizes[s] % step; id < sizes[s] + 3; id += step) {
                        met += read_across_a_change(&kinds[k], &stop, (enum change)change, id,
                                                    sizes[s]);
                    }
                }
            }
        }
    }
    check_met("stopped readers", met);
}

/* ------------------------------------------------------------------ 3: stale group numbers */

/* Goal: an insert whose group was split or merged away between look and lock puts its key where it
 * belongs. Method: an inserter stopped before the lock; growth, or growth and shrink; then each key
 * exactly once. */
TEST(obligation_3_an_insert_never_uses_a_stale_group)
{
    uint64_t met = 0;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (uint32_t nth = 1; nth < 3; nth++) {
            for (uint64_t id = 500; id < 540; id++) {
                struct world world = world_make(&kinds[k], id % 2 == 0 ? PERMANENT : 200);
                struct actor inserter = {&world, PART_PUT, 1, id, 0, value_of(id), 0, false, 0};
                bool stopped = actor_start_to(&inserter, 0, THI_MAP_POINT_GROUP_FOUND, nth);
                if (stopped) {
                    bool grow = id % 4 < 2;
                    world_put(&world, OTHERS_FIRST, grow ? 300 : 0);
                    world_erase(&world, 0, grow ? 0 : world.permanent);
                    world.permanent = grow ? world.permanent : 0;
                    CHECK(kinds[k].shrink(world.map, 0) >= 0);
                    actor_release(&inserter, 0);
                }
                met += stopped;
                CHECK_EQ(inserter.status, TH_OK);
                uint64_t value = 0;
                CHECK(kinds[k].get(world.map, id, &value) && value == value_of(id));
                world_check(&world, UINT64_MAX);
                (void)world_walk(&world, UINT64_MAX);
                kind_validate(&kinds[k], world.map);
                CHECK_EQ(kinds[k].erase(world.map, id, NULL), TH_OK);
                CHECK(!kinds[k].get(world.map, id, NULL));
                world_finish(&world);
            }
        }
    }
    check_met("stopped inserters", met);
}

/* Goal: of two inserts of one key one wins, however the map grew between them. Method: the first
 * stopped before its lock, the second after a growth; the first must find it. */
TEST(obligation_3_two_inserts_of_one_key_make_one_entry)
{
    uint64_t met = 0;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (uint32_t nth = 1; nth < 3; nth++) {
            for (uint64_t id = 500; id < 530; id++) {
                struct world world = world_make(&kinds[k], PERMANENT);
                struct actor inserter = {&world, PART_INSERT, 1, id, 0, 7, 0, false, 0};
                if (actor_start_to(&inserter, 0, THI_MAP_POINT_GROUP_FOUND, nth)) {
                    met++;
                    world_put(&world, OTHERS_FIRST, 300);
                    CHECK_EQ(kinds[k].insert(world.map, id, value_of(id), NULL), TH_OK);
                    actor_release(&inserter, 0);
                    CHECK_EQ(inserter.status, TH_EXISTS);
                    CHECK_EQ(inserter.value, value_of(id));
                    CHECK_EQ(world_walk(&world, UINT64_MAX), PERMANENT + 301);
                }
                world_finish(&world);
            }
        }
    }
    check_met("double inserts", met);
}

/* ------------------------------------------------------------------ 5: who holds a cell owns it */

/* Goal: while somebody holds a key's cell nobody erases, clears or moves it away under him. Method:
 * an updater stopped with the cell held; an eraser, a clearer come: neither may end before he does;
 * then the key is gone for good. */
TEST(obligation_5_erase_and_clear_wait_for_the_holder_of_a_cell)
{
    uint64_t met = 0;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (unsigned round = 0; round < 8; round++) {
            uint64_t id = 3 + round;
            struct world world = world_make(&kinds[k], round % 4 < 2 ? PERMANENT : 8);
            id = id < world.permanent ? id : round % 4;
            struct actor holder = {&world, PART_ADD, 1, id, 0, 1, 0, false, 0};
            struct actor taker = {
                &world, round % 2 ? PART_ERASE : PART_CLEAR, 2, id, 0, 0, 0, false, 0};
            REQUIRE(actor_start_to(&holder, 0, THI_MAP_POINT_CELL_HELD, 1));
            met++;
            actor_start(&taker);
            pool_sleep_ms(10);
            CHECK(!pool_flag(&taker.ended));
            uint64_t value = 0;
            CHECK(kinds[k].get(world.map, id, &value));
            CHECK_EQ(value, value_of(id));
            actor_release(&holder, 0);
            pool_join(taker.thread);
            CHECK_EQ(holder.status, TH_OK);
            CHECK_EQ(holder.value, value_of(id));
            CHECK(taker.part == PART_CLEAR || taker.value == value_of(id) + 1);
            CHECK(!kinds[k].get(world.map, id, NULL));
            CHECK_EQ(world_walk(&world, id), taker.part == PART_CLEAR ? 0 : world.permanent - 1);
            world_finish(&world);
        }
    }
    check_met("held cells", met);
}

/* Goal: an update that was descheduled while the map grew, shrank and grew is not lost and hits its
 * own key. Method: an updater stopped with the cell held; growth by others; its value and all
 * others afterwards. */
TEST(obligation_5_an_update_descheduled_during_growth_is_kept)
{
    uint64_t met = 0;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (uint64_t id = 0; id < PERMANENT; id += 2) {
            struct world world = world_make(&kinds[k], PERMANENT);
            struct actor holder = {&world, PART_ADD, 1, id, 0, 5, 0, false, 0};
            REQUIRE(actor_start_to(&holder, 0, THI_MAP_POINT_CELL_HELD, 1));
            met++;
            world_put(&world, OTHERS_FIRST, 500);
            if (id % 4 == 0) {
                world_erase(&world, OTHERS_FIRST, 500);
                CHECK(kinds[k].shrink(world.map, 0) >= 0);
                world_put(&world, MORE_FIRST, 300);
            }
            world_check(&world, id);
            actor_release(&holder, 0);
            CHECK_EQ(holder.status, TH_OK);
            CHECK_EQ(holder.value, value_of(id));
            uint64_t value = 0;
            CHECK(kinds[k].get(world.map, id, &value));
            CHECK_EQ(value, value_of(id) + 5);
            world_check(&world, id);
            (void)world_walk(&world, id);
            world_finish(&world);
        }
    }
    check_met("updates across growth", met);
}

/* Goal: the same while the map is small and moves as a whole. Method: the cell held in the small
 * form; a grower must wait or leave the cell alone; afterwards the update stands. */
TEST(obligation_5_10_an_update_descheduled_in_a_small_map_is_kept)
{
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (uint64_t id = 0; id < 6; id++) {
            struct world world = world_make(&kinds[k], 6);
            struct actor holder = {&world, PART_ADD, 1, id, 0, 5, 0, false, 0};
            struct actor grower = {&world, PART_GROW, 2, OTHERS_FIRST, 200, 0, 0, false, 0};
            REQUIRE(actor_start_to(&holder, 0, THI_MAP_POINT_CELL_HELD, 1));
            actor_start(&grower);
            pool_sleep_ms(5);
            world_check(&world, id);
            actor_release(&holder, 0);
            pool_join(grower.thread);
            uint64_t value = 0;
            CHECK(kinds[k].get(world.map, id, &value));
            CHECK_EQ(value, value_of(id) + 5);
            CHECK_EQ(world_walk(&world, id), 206);
            world_finish(&world);
        }
    }
}

/* ------------------------------------------------------------------ 6: descheduled holders */

/* The root group (of four) that a u64 key belongs to, whatever the depth. */
static uint64_t root_of(const struct world *world, uint64_t id)
{
    return thi_mix(&world->seed, id) & (TH_MAP_ROOT_GROUPS - 1);
}

/* The map grows sixteen-fold in the three roots that `id` does not belong to. */
static uint64_t grow_elsewhere(struct world *world, uint64_t id)
{
    uint64_t put = 0;
    for (uint64_t other = MORE_FIRST; put < 16 * PERMANENT; other++) {
        if (root_of(world, other) != root_of(world, id)) {
            CHECK_EQ(world->kind->put(world->map, other, value_of(other), NULL), TH_OK);
            put++;
        }
    }
    return put;
}

/* The group of `id` has a stopped holder: reads of all keys, updates, inserts, erases and growth
 * elsewhere go on. */
static void others_go_on(struct world *world, uint64_t id)
{
    struct th_map_stats before, after;
    world->kind->get_stats(world->map, &before);
    world_check(world, id);
    uint64_t put = grow_elsewhere(world, id);
    for (uint64_t other = 0; other < world->permanent; other++) {
        if (root_of(world, other) != root_of(world, id)) {
            CHECK_EQ(world->kind->replace(world->map, other, value_of(other), NULL), TH_OK);
        }
    }
    world_check(world, id);
    world->kind->get_stats(world->map, &after);
    CHECK(after.splits_total > before.splits_total + put / TH_MAP_GROUP_CELLS / 2);
}

/* Goal: a stopped holder of a group, in any step of an insert, a split, a merge or an erase, stops
 * nobody elsewhere and no reader. Method: the actor stopped; sixteen-fold growth in other groups by
 * this thread must come to its end. */
TEST(obligation_6_a_stopped_holder_of_a_group_stops_nobody_elsewhere)
{
    static const struct {
        enum part part;
        enum thi_map_point point;
    } cases[] = {
        {PART_PUT, THI_MAP_POINT_GROUP_HELD},      {PART_ERASE, THI_MAP_POINT_GROUP_HELD},
        {PART_ERASE, THI_MAP_POINT_ERASE_CLEARED}, {PART_GROW, THI_MAP_POINT_SPLIT_MARKED},
        {PART_GROW, THI_MAP_POINT_SPLIT_COPIED},   {PART_GROW, THI_MAP_POINT_SPLIT_CLEARED},
        {PART_GROW, THI_MAP_POINT_SPLIT_REHOMED},  {PART_GROW, THI_MAP_POINT_SPLIT_SIBLING_LIVE},
    };
    uint64_t met = 0;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct world world = world_make(&kinds[0], PERMANENT);
        bool erase = cases[c].part == PART_ERASE;
        uint64_t id = erase ? 5 : OTHERS_FIRST;
        /* A grower that stays in one root: its keys are chosen one by one below. */
        uint64_t stopped_at = UINT64_MAX;
        for (uint64_t next = id; stopped_at == UINT64_MAX && next < id + 200; next++) {
            if (root_of(&world, next) != root_of(&world, id)) {
                continue;
            }
            struct actor actor = {
                &world, erase ? PART_ERASE : PART_PUT, 1, next, 0, value_of(next), 0, false, 0};
            if (!actor_start_to(&actor, 0, cases[c].point, 1)) {
                stops_reset();
                continue;
            }
            met++;
            stopped_at = next;
            others_go_on(&world, next);
            actor_release(&actor, 0);
            world_check(&world, erase ? next : UINT64_MAX);
        }
        CHECK(stopped_at != UINT64_MAX);
        world_finish(&world);
    }
    check_met("stopped holders of groups", met);
}

/* Goal: a stopped holder of a cell stops nobody but the users of that key; its group is split
 * around it. Method: growth sixteen-fold everywhere, erases and updates of all other keys beside
 * the stopped updater. */
TEST(obligation_6_a_stopped_holder_of_a_cell_stops_nobody_else)
{
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (uint64_t id = 0; id < PERMANENT; id += 7) {
            struct world world = world_make(&kinds[k], PERMANENT);
            struct actor holder = {&world, PART_ADD, 1, id, 0, 1, 0, false, 0};
            REQUIRE(actor_start_to(&holder, 0, THI_MAP_POINT_CELL_HELD, 1));
            world_put(&world, OTHERS_FIRST, 16 * PERMANENT);
            for (uint64_t other = 0; other < PERMANENT; other++) {
                CHECK(other == id ||
                      kinds[k].replace(world.map, other, value_of(other), NULL) == TH_OK);
            }
            world_erase(&world, OTHERS_FIRST, 16 * PERMANENT);
            CHECK(kinds[k].shrink(world.map, 0) >= 0);
            world_check(&world, id);
            CHECK(kinds[k].get(world.map, id, NULL));
            actor_release(&holder, 0);
            CHECK_EQ(holder.status, TH_OK);
            CHECK_EQ(world_walk(&world, id), PERMANENT);
            world_finish(&world);
        }
    }
}

/* Goal: reads go on in a small map while it is being moved. Method: a grower stopped before and
 * after the new block is shown. */
TEST(obligation_6_10_reads_go_on_while_a_small_map_moves)
{
    uint64_t met = 0;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (uint32_t nth = 1; nth < 5; nth++) {
            for (unsigned published = 0; published < 2; published++) {
                struct world world = world_make(&kinds[k], 6);
                struct actor grower = {&world, PART_GROW, 1, OTHERS_FIRST, 200, 0, 0, false, 0};
                bool stopped = actor_start_to(&grower, 0,
                                              published ? THI_MAP_POINT_UPGRADE_PUBLISHED
                                                        : THI_MAP_POINT_UPGRADE_COPIED,
                                              nth);
                world_check(&world, UINT64_MAX);
                if (stopped) {
                    met++;
                    actor_release(&grower, 0);
                }
                CHECK_EQ(world_walk(&world, UINT64_MAX), 206);
                world_finish(&world);
            }
        }
    }
    check_met("moves of small maps", met);
}

/* True if a writer's change of `id` shows in every way of looking: single, batch, walk. */
static bool change_shows(struct world *world, const struct actor *writer)
{
    uint64_t seen = 0, batch = 0, walked = 0;
    bool in_batch = false, in_walk = false;
    bool found = world->kind->get(world->map, writer->id, &seen);
    (void)world->kind->get_many(world->map, &writer->id, 1, &batch, &in_batch);
    struct th_map_cursor cursor = {0, 0};
    struct kind_entry entries[64];
    size_t count = 0;
    while ((count = world->kind->next(world->map, &cursor, entries, 64)) != 0) {
        for (size_t i = 0; i < count; i++) {
            in_walk = in_walk || entries[i].id == writer->id;
            walked = entries[i].id == writer->id ? entries[i].value : walked;
        }
    }
    if (writer->part == PART_ERASE) {
        return !found && !in_batch && !in_walk;
    }
    uint64_t expected = writer->part == PART_ADD ? value_of(writer->id) + 5 : 5;
    return found && in_batch && in_walk && seen == expected && batch == expected &&
           walked == expected;
}

/* Goal: a write that ended while a small map was being moved shows from then on, everywhere.
 * Method: the mover stopped between copy and publication and after it; a writer that ends meanwhile
 * is judged at once, one that waits after the move. */
TEST(obligation_10_a_write_during_the_move_of_a_small_map_shows)
{
    static const enum part parts[] = {PART_ADD, PART_PUT, PART_ERASE};
    static const enum thi_map_point points[] = {THI_MAP_POINT_UPGRADE_COPIED,
                                                THI_MAP_POINT_UPGRADE_PUBLISHED};
    uint64_t met = 0;
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (unsigned round = 0; round < 6 * COUNT_OF(parts) * COUNT_OF(points); round++) {
            struct world world = world_make(&kinds[k], 6);
            struct actor grower = {&world, PART_GROW, 1, OTHERS_FIRST, 200, 0, 0, false, 0};
            struct actor writer = {&world, parts[round % 3], 2, round / 6, 0, 5, 0, false, 0};
            if (actor_start_to(&grower, 0, points[round / 3 % 2], 1)) {
                actor_start(&writer);
                pool_sleep_ms(2);
                CHECK(!pool_flag(&writer.ended) || change_shows(&world, &writer));
                met++;
                actor_release(&grower, 0);
                pool_join(writer.thread);
                CHECK(writer.status >= 0);
                CHECK(change_shows(&world, &writer));
            }
            CHECK_EQ(world_walk(&world, writer.id), writer.part == PART_ERASE ? 205 : 206);
            world_finish(&world);
        }
    }
    check_met("writes during a move", met);
}

/* ------------------------------------------------------------------ 7: moves within a group */

/* True if reads of integer keys ask for no version: what a cell holds at one moment is right. The
 * portable build of this program has the reads that ask. */
static bool reads_ask_no_version(void)
{
#ifdef TH_LINE_WHOLE
    struct world world = world_make(&kinds[0], 0); /* a map, or nobody has asked the processor */
    world_finish(&world);
    return thi_map_reads_whole();
#else
    return false;
#endif
}

/* The `number`-th u64 key whose group is marked as splitting right now; UINT64_MAX: there are no
 * more. */
static uint64_t splitting_key(const struct world *world, uint64_t number)
{
    for (uint64_t id = 0; id < OTHERS_FIRST + 300; id++) {
        uint64_t word = 0;
        (void)thi_map_find_group(world->map, hash_turned(thi_mix(&world->seed, id)), &word);
        if ((word & TH_WORD_SPLITTING) != 0 && world->kind->get(world->map, id, NULL) &&
            number-- == 0) {
            return id;
        }
    }
    return UINT64_MAX;
}

/* The n-th split stands still before its first move, a reader of one of its keys at its cell; the
 * split goes on until entries came home, the reader goes on. False: the split has no such key. */
static bool read_inside_a_split(uint32_t nth, uint64_t number, size_t point, uint64_t *met)
{
    struct world world = world_make(&kinds[0], PERMANENT);
    struct actor splitter = {&world, PART_GROW, 1, OTHERS_FIRST, 300, 0, 0, false, 0};
    struct stops_stop *home = stops_arm(2, 1, THI_MAP_POINT_SPLIT_REHOMED, nth);
    bool there = actor_start_to(&splitter, 0, THI_MAP_POINT_SPLIT_MARKED, nth);
    uint64_t id = there ? splitting_key(&world, number) : UINT64_MAX;
    if (id != UINT64_MAX) {
        struct actor reader = {&world, PART_GET, 2, id, 0, 0, 0, false, 0};
        bool stopped = actor_start_to(&reader, 1, read_points[point], 1);
        stops_release(&stops[0]);
        *met += stops_await(home, &splitter.ended) && stopped;
        if (stopped) {
            actor_release(&reader, 1);
        }
        CHECK_EQ(reader.status, TH_OK);
        CHECK_EQ(reader.value, value_of(id));
    }
    if (there) {
        stops_release(&stops[0]);
        actor_release(&splitter, 2);
    }
    world_check(&world, UINT64_MAX);
    world_finish(&world);
    return id != UINT64_MAX;
}

/* Goal: a reader that found its key's cell during a split never returns what entries that came back
 * to their home line put there. Method: for each key of many splits, as read_inside_a_split() says.
 */
TEST(obligation_7_a_cell_freed_by_a_split_and_filled_again_is_noticed)
{
    if (reads_ask_no_version()) {
        SKIP("cells are read whole here; the portable build of this test has those that are not");
    }
    uint64_t met = 0;
    for (size_t point = 0; point < COUNT_OF(read_points); point++) {
        for (uint32_t nth = 1; nth < 40; nth += thinned()) {
            for (uint64_t number = 0; read_inside_a_split(nth, number, point, &met); number++) {
            }
        }
    }
    check_met("readers inside a split", met);
}

/* ------------------------------------------------------------------ 9: records of bytes maps */

/* Goal: whoever holds a reference to a record stands in a guard: it is not given to another key
 * under him, and an update that comes late hits nothing. Method: readers and updaters stopped with
 * a record in hand; the key erased, its record's room wanted by many others of its size; drain must
 * not come to its end meanwhile. */
TEST(obligation_9_a_record_is_not_reused_under_a_stopped_user)
{
    static const enum part parts[] = {PART_GET, PART_ADD, PART_PUT, PART_INSERT};
    static const enum thi_map_point points[] = {THI_MAP_POINT_READ_KEY, THI_MAP_POINT_READ_VALUE,
                                                THI_MAP_POINT_READ_SCANNED};
    uint64_t met = 0;
    for (size_t part = 0; part < COUNT_OF(parts); part++) {
        for (size_t p = 0; p < COUNT_OF(points); p++) {
            for (uint64_t id = 2; id < PERMANENT; id += 5) {
                struct world world = world_make(&kinds[2], PERMANENT);
                struct actor user = {&world, parts[part], 1, id, 0, 77, 0, false, 0};
                if (actor_start_to(&user, 0, points[p], 1)) {
                    met++;
                    world_erase(&world, id, 1);
                    CHECK_EQ(th_epoch_drain(NULL, 2000000), TH_MORE);
                    for (uint64_t i = 0; i < 3; i++) {
                        world_put(&world, OTHERS_FIRST, 100);
                        world_erase(&world, OTHERS_FIRST, 100);
                    }
                    world_put(&world, MORE_FIRST, 100);
                    actor_release(&user, 0);
                }
                CHECK(user.part != PART_GET || user.status == TH_ABSENT ||
                      user.value == value_of(id));
                world_check(&world, id);
                (void)world_walk(&world, id);
                world_finish(&world);
            }
        }
    }
    check_met("users of records", met);
    CHECK_EQ(th_epoch_drain(NULL, UINT64_C(10000000000)), TH_OK);
}

/* ------------------------------------------------------------------ 11: keys that no split can
 * part */

/* Goal: keys that share all low bits cost no unbounded splitting: stored in ancestors or refused,
 * all found, all erasable. Method: the known seed and the inverse of the mix. */
TEST(obligation_11_keys_that_share_all_low_bits_are_stored_or_refused)
{
    for (uint64_t others = 0; others <= 400; others += 200) {
        struct world world = world_make(&kinds[0], others);
        uint64_t stored = 0;
        for (uint64_t i = 0; i < 200; i++) {
            uint64_t id = thi_unmix(&world.seed, i << 40 | 0x1d);
            th_status status = kinds[0].put(world.map, id, i, NULL);
            CHECK(status == TH_OK || status == TH_ENOMEM);
            stored += status == TH_OK;
            CHECK(status == TH_OK || !kinds[0].get(world.map, id, NULL));
        }
        struct th_map_stats stats;
        kinds[0].get_stats(world.map, &stats);
        printf("# on %" PRIu64 " others: %" PRIu64 " of 200 stored, depth %" PRIu64 ", %" PRIu64
               " KiB\n",
               others, stored, stats.depth_max, stats.table_bytes >> 10);
        CHECK(stored >= TH_MAP_GROUP_CELLS);
        /* A tiny group uses 128 of the 4096 bytes that lie between two. */
        CHECK(stats.table_bytes < 1u << 25);
        world_check(&world, UINT64_MAX);
        for (uint64_t i = 0, found = 0; i < 200; i++) {
            uint64_t id = thi_unmix(&world.seed, i << 40 | 0x1d), value = 0;
            bool present = kinds[0].get(world.map, id, &value);
            found += present;
            CHECK(!present || value == i);
            CHECK_EQ(kinds[0].erase(world.map, id, NULL), present ? TH_OK : TH_ABSENT);
            CHECK(i < 199 || found == stored);
        }
        CHECK_EQ(world_walk(&world, UINT64_MAX), others);
        world_finish(&world);
    }
}

/* ------------------------------------------------------------------ 12: progress */

/* Goal: a read starts again because, and only because, something completed in its group. Method: a
 * reader stopped after it read its group's word; an erase in the same group: one retry; nothing:
 * none. */
TEST(obligation_12_each_retry_names_progress_of_another)
{
    if (reads_ask_no_version()) {
        SKIP("cells are read whole here; the portable build of this test has those that are not");
    }
    uint64_t met = 0;
    for (uint64_t id = 0; id < PERMANENT; id++) {
        for (unsigned disturb = 0; disturb < 2; disturb++) {
            struct world world = world_make(&kinds[0], PERMANENT);
            struct actor reader = {&world, PART_GET, 1, id, 0, 0, 0, false, 0};
            struct th_map_stats before, after;
            kinds[0].get_stats(world.map, &before);
            if (actor_start_to(&reader, 0, THI_MAP_POINT_READ_VALUE, 1)) {
                for (uint64_t other = 0; disturb == 1 && other < PERMANENT; other++) {
                    if (other != id) {
                        world_erase(&world, other, 1);
                        world_put(&world, other, 1);
                    }
                }
                actor_release(&reader, 0);
                kinds[0].get_stats(world.map, &after);
                uint64_t retries = after.read_retries_total - before.read_retries_total;
                CHECK(retries <= disturb);
                met += retries;
            }
            CHECK(reader.status == TH_OK && reader.value == value_of(id));
            world_finish(&world);
        }
    }
    check_met("retries", met);
}

TEST_MAIN()
