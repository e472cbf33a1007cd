/* SPDX-License-Identifier: MIT
 * test_map_faults.c - memory that is refused: every request of the map in turn, and all of them for
 * a while.
 */
#include "map/counting.h"
#include "map/kinds.h"
#include "mem/mem.h"

enum { SCENARIO_KEYS = 900, SCENARIO_REQUESTS_MAX = 20000 };

/* What a scenario knows of the map: the value that must stand, for each key. */
struct scenario {
    const struct kind *kind;
    struct counting counting;
    void *map;
    uint64_t values[SCENARIO_KEYS];
    bool present[SCENARIO_KEYS];
    uint64_t entries;
    uint64_t refusals; /* operations that said TH_ENOMEM */
};

static uint64_t value_of(uint64_t id, uint64_t round)
{
    return (id + 1) * 0x9e3779b97f4a7c15u + round;
}

/* A put either does its work or changes nothing. */
static void put_one(struct scenario *scenario, uint64_t id, uint64_t round, bool insert)
{
    const struct kind *kind = scenario->kind;
    uint64_t value = value_of(id, round), old = 1;
    th_status status = insert ? kind->insert(scenario->map, id, value, &old)
                              : kind->put(scenario->map, id, value, &old);
    bool present = scenario->present[id];
    if (status == TH_ENOMEM) {
        scenario->refusals++;
        CHECK(!present); /* a key that stands needs no memory */
        CHECK_EQ(old, 1);
        CHECK(!kind->get(scenario->map, id, NULL));
        return;
    }
    CHECK_EQ(status, present ? TH_EXISTS : TH_OK);
    CHECK(!present || old == scenario->values[id]);
    if (!present || !insert) {
        scenario->values[id] = value;
    }
    scenario->entries += !present;
    scenario->present[id] = true;
}

static void erase_one(struct scenario *scenario, uint64_t id)
{
    bool present = scenario->present[id];
    CHECK_EQ(scenario->kind->erase(scenario->map, id, NULL), present ? TH_OK : TH_ABSENT);
    scenario->entries -= present;
    scenario->present[id] = false;
}

static void put_batch(struct scenario *scenario, uint64_t first, uint64_t round)
{
    uint64_t ids[64], values[64];
    for (uint64_t i = 0; i < 64; i++) {
        ids[i] = first + i;
        values[i] = value_of(ids[i], round);
    }
    size_t done = 0;
    th_status status = scenario->kind->put_many(scenario->map, ids, values, 64, &done);
    CHECK(status == TH_OK ? done == 64 : (status == TH_ENOMEM && done < 64));
    scenario->refusals += status == TH_ENOMEM;
    for (uint64_t i = 0; i < done; i++) {
        scenario->entries += !scenario->present[first + i];
        scenario->present[first + i] = true;
        scenario->values[first + i] = values[i];
    }
}

static void scenario_check(struct scenario *scenario)
{
    uint64_t walked = 0;
    for (uint64_t id = 0; id < SCENARIO_KEYS; id++) {
        uint64_t value = 0;
        bool found = scenario->kind->get(scenario->map, id, &value);
        CHECK(found == scenario->present[id]);
        CHECK(!found || value == scenario->values[id]);
    }
    struct th_map_cursor cursor = {0, 0};
    struct kind_entry entries[64];
    size_t count = 0;
    while ((count = scenario->kind->next(scenario->map, &cursor, entries, 64)) != 0) {
        walked += count;
    }
    CHECK_EQ(walked, scenario->entries);
    CHECK_EQ(scenario->kind->count(scenario->map), scenario->entries);
    kind_validate(scenario->kind, scenario->map);
}

/* Everything that asks for memory: a new map with and without reserve, small forms, the table, its
 * directory, records, batches; and what must work without any: updates, erases, shrink, clear.
 * False: no map could be made. */
static bool scenario_play(struct scenario *scenario, uint64_t reserve)
{
    struct th_map_config config = {.allocator = &scenario->counting.allocator, .reserve = reserve};
    th_status status = scenario->kind->create(&config, &scenario->map);
    if (status != TH_OK) {
        CHECK_EQ(status, TH_ENOMEM);
        CHECK(scenario->map == NULL);
        return false;
    }
    for (uint64_t id = 0; id < SCENARIO_KEYS / 2; id++) {
        put_one(scenario, id, 1, id % 3 == 0);
    }
    status = scenario->kind->reserve(scenario->map, 4 * SCENARIO_KEYS);
    CHECK(status == TH_OK || status == TH_ENOMEM);
    for (uint64_t first = SCENARIO_KEYS / 2; first + 64 <= SCENARIO_KEYS; first += 64) {
        put_batch(scenario, first, 2);
    }
    for (uint64_t id = 0; id < SCENARIO_KEYS; id++) {
        put_one(scenario, id, 3, false);
    }
    for (uint64_t id = 0; id < SCENARIO_KEYS; id += 2) {
        erase_one(scenario, id);
    }
    status = scenario->kind->shrink(scenario->map, 0);
    CHECK(status == TH_OK);
    for (uint64_t id = 0; id < SCENARIO_KEYS; id += 4) {
        put_one(scenario, id, 4, true);
    }
    return true;
}

/* One scenario with the n-th request refused. True: no request was refused, the loop is done. */
static bool scenario_run(const struct kind *kind, uint64_t reserve, uint64_t nth, bool sticky)
{
    static struct scenario scenario;
    memset(&scenario, 0, sizeof(scenario));
    scenario.kind = kind;
    counting_start(&scenario.counting, 0);
    thi_mem_fault_set(nth, sticky);
    bool made = scenario_play(&scenario, reserve);
    uint64_t refused = thi_mem_fault_refused();
    thi_mem_fault_set(0, false);
    if (made) {
        scenario_check(&scenario);
        /* Memory is back: everything can be stored, growth catches up. */
        for (uint64_t id = 0; id < SCENARIO_KEYS; id++) {
            uint64_t refusals = scenario.refusals;
            put_one(&scenario, id, 5, false);
            CHECK_EQ(scenario.refusals, refusals);
        }
        scenario_check(&scenario);
        kind_finish(kind, scenario.map);
    }
    CHECK_EQ(th_epoch_drain(NULL, UINT64_C(10000000000)), TH_OK);
    counting_finish(&scenario.counting);
    return refused == 0;
}

static void site_print(const struct thi_mem_site *site)
{
    printf("# never refused: %s:%d in %s\n", site->file, site->line, site->function);
}

static void fault_loop(const struct kind *kind, bool sticky)
{
    static const uint64_t reserves[] = {0, 3000};
    for (size_t r = 0; r < sizeof(reserves) / sizeof(reserves[0]); r++) {
        uint64_t nth = 1;
        while (nth < SCENARIO_REQUESTS_MAX && test_failures == 0 &&
               !scenario_run(kind, reserves[r], nth, sticky)) {
            nth++;
        }
        printf("# %s, reserve %" PRIu64 "%s: %" PRIu64 " requests\n", kind->name, reserves[r],
               sticky ? ", all from the n-th" : "", nth - 1);
        CHECK(nth > 3);
        CHECK(nth < SCENARIO_REQUESTS_MAX);
    }
}

/* Goal: a refused request is an error at most, never a loss. Method: the scenario with request n =
 * 1, 2, ... refused until it passes untouched; contents and invariants compared after each. */
TEST(map_faults_one_request_refused_loses_nothing)
{
    for (size_t k = 0; k < KIND_COUNT; k++) {
        fault_loop(&kinds[k], false);
    }
}

/* Goal: the same when memory is gone for good. Method: all requests from the n-th on are refused.
 */
TEST(map_faults_no_memory_from_some_point_on_loses_nothing)
{
    for (size_t k = 0; k < KIND_COUNT; k++) {
        fault_loop(&kinds[k], true);
    }
}

/* Goal: growth that gets no memory serves on while there is room, says so in the stats, and catches
 * up. Method: an allocator of the caller's, which gives no address space ahead; memory stops after
 * a start of 2,000 entries; puts until the first TH_ENOMEM; memory returns; ten times as many. */
TEST(map_faults_growth_without_memory_serves_on_and_catches_up)
{
    for (size_t k = 0; k < KIND_COUNT; k++) {
        const struct kind *kind = &kinds[k];
        struct counting counting;
        counting_start(&counting, 0);
        struct th_map_config config = {.allocator = &counting.allocator};
        void *map = kind_make(kind, &config);
        uint64_t id = 0;
        for (; id < 2000; id++) {
            CHECK_EQ(kind->put(map, id, value_of(id, 0), NULL), TH_OK);
        }
        thi_mem_fault_set(1, true);
        th_status status = TH_OK;
        for (; status == TH_OK && id < 10000000; id++) {
            status = kind->put(map, id, value_of(id, 0), NULL);
        }
        uint64_t refused_at = --id;
        CHECK_EQ(status, TH_ENOMEM);
        CHECK_EQ(kind->count(map), refused_at);
        CHECK_EQ(kind->put(map, refused_at, 1, NULL), TH_ENOMEM); /* again the same answer */
        CHECK(!kind->get(map, refused_at, NULL));
        CHECK_EQ(kind->put(map, 0, value_of(0, 0), NULL), TH_EXISTS);
        struct th_map_stats stats;
        kind->get_stats(map, &stats);
        CHECK(strcmp(kind->name, "bytes") == 0 || stats.growth_enomem_total > 0);
        kind_validate(kind, map);
        thi_mem_fault_set(0, false);
        printf("# %s: refused at %" PRIu64 " entries\n", kind->name, refused_at);
        for (; id < 3 * refused_at; id++) {
            CHECK_EQ(kind->put(map, id, value_of(id, 0), NULL), TH_OK);
        }
        for (uint64_t i = 0; i < id; i++) {
            uint64_t value = 0;
            CHECK(kind->get(map, i, &value) && value == value_of(i, 0));
        }
        struct th_map_stats grown;
        kind->get_stats(map, &grown);
        CHECK(grown.cells > stats.cells);
        kind_finish(kind, map);
        CHECK_EQ(th_epoch_drain(NULL, UINT64_C(10000000000)), TH_OK);
        counting_finish(&counting);
    }
}

/* Goal: the loops above reach every place of the map that asks for memory. Method: the linker's
 * list of sites; runs last. */
TEST(map_faults_every_site_was_refused)
{
    for (size_t k = 0; k < KIND_COUNT; k++) {
        CHECK(scenario_run(&kinds[k], 0, UINT64_MAX, false));
        fault_loop(&kinds[k], false);
        /* One map large enough for every growing path, with its last requests refused. */
        void *map = kind_make(&kinds[k], NULL);
        thi_mem_fault_set(UINT64_MAX, false);
        for (uint64_t id = 0; id < 20000; id++) {
            CHECK_EQ(kinds[k].put(map, id, id, NULL), TH_OK);
        }
        thi_mem_fault_set(0, false);
        kind_finish(&kinds[k], map);
    }
    CHECK_EQ(thi_mem_sites_unrefused("src/map/", site_print), 0);
}

TEST_MAIN()
