/* SPDX-License-Identifier: MIT
 * test_map_results.c - what a map answers, holds and counts, noted so that targets can be compared.
 *
 * One fixed sequence of operations on maps with a fixed seed: every answer, the walk's content and
 * order, and the statistics must be the same on every target. tools/test_arch.sh compares them.
 * x86-64 looks at lines by vectors and may choose other cells: the order of its walks is its own.
 * Processors with wide loads take the common path here; test_map_wide.c compares the two.
 */
#include "map/map_integer.h"

#include "map/kinds.h"

enum { RESULT_OPERATIONS = 20000, RESULT_IDS = 6000 };

struct results {
    const struct kind *kind;
    void *map;
    uint64_t random; /* not test_seed: the sequence is the same in every run */
    uint64_t answers;
};

static void note_status(struct results *results, th_status status, uint64_t value)
{
    results->answers = test_digest_word(results->answers, (uint64_t)(int64_t)status);
    results->answers = test_digest_word(results->answers, value);
}

/* Values use all bits: a half that is lost shows. */
static uint64_t value_of(uint64_t dice)
{
    return dice * UINT64_C(0x9e3779b97f4a7c15);
}

static void operate_once(struct results *results)
{
    const struct kind *kind = results->kind;
    void *map = results->map;
    uint64_t dice = test_random(&results->random);
    uint64_t id = (dice >> 8) % RESULT_IDS * UINT64_C(0x100010001) % kind->id_max;
    uint64_t value = value_of(dice), seen = 0;
    th_status status = TH_OK;
    switch (dice % 8) {
    case 0:
    case 1:
    case 2: status = kind->put(map, id, value, &seen); break;
    case 3: status = kind->insert(map, id, value, &seen); break;
    case 4: status = kind->erase(map, id, &seen); break;
    case 5: status = kind->fetch_add(map, id, value, &seen); break;
    case 6: status = kind->get(map, id, &seen); break;
    default:
        seen = value;
        status = kind->compare_exchange(map, id, &seen, value + 1);
        break;
    }
    note_status(results, status, seen);
}

/* The content twice: in the walk's order, which the seed gives, and as a sum, which has none. */
static void note_content(const struct results *results, const char *when)
{
    const struct kind *kind = results->kind;
    struct th_map_cursor cursor = {0, 0};
    struct kind_entry entries[37];
    uint64_t ordered = 0, sum = 0, count = 0;
    size_t got;
    while ((got = kind->next(results->map, &cursor, entries, 37)) > 0) {
        for (size_t i = 0; i < got; i++) {
            ordered = test_digest_word(ordered, entries[i].id);
            ordered = test_digest_word(ordered, entries[i].value);
            uint64_t entry = test_digest_word(test_digest_word(0, entries[i].id), entries[i].value);
            sum += entry;
        }
        count += got;
    }
    char what[64];
    snprintf(what, sizeof what, "%s %s entries", kind->name, when);
    test_observe(what, count);
    snprintf(what, sizeof what, "%s %s content", kind->name, when);
    test_observe(what, sum);
    snprintf(what, sizeof what, "%s %s order of the walk", kind->name, when);
    test_observe(what, ordered);
    CHECK_EQ(count, kind->count(results->map));
}

static void note_stats(const struct results *results)
{
    struct th_map_stats stats;
    results->kind->get_stats(results->map, &stats);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"cells", stats.cells},
        {"groups", stats.groups},
        {"depth_min", stats.depth_min},
        {"depth_max", stats.depth_max},
        {"displaced", stats.displaced},
        {"borrowed", stats.borrowed},
        {"table_bytes", stats.table_bytes},
        {"table_bytes_used", stats.table_bytes_used},
        {"record_bytes_used", stats.record_bytes_used},
        {"splits_total", stats.splits_total},
        {"merges_total", stats.merges_total},
        {"upgrades_total", stats.upgrades_total},
        {"growth_enomem_total", stats.growth_enomem_total},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char what[64];
        snprintf(what, sizeof what, "%s stats.%s", results->kind->name, rows[i].name);
        test_observe(what, rows[i].value);
    }
}

static void results_note(const struct kind *kind)
{
    struct results results = {.kind = kind, .random = 7};
    const struct th_map_config config = {.flags = TH_MAP_FIXED_SEED,
                                         .seed = UINT64_C(0x0123456789abcdef)};
    REQUIRE(kind->create(&config, &results.map) == TH_OK);
    th_u8_store_rlx(&thi_map_wide, 0); /* relaxed: one thread */
    for (uint64_t i = 0; i < RESULT_OPERATIONS; i++) {
        operate_once(&results);
        if (i == 100) {
            note_content(&results, "small");
        }
    }
    char what[64];
    snprintf(what, sizeof what, "%s answers", kind->name);
    test_observe(what, results.answers);
    note_content(&results, "grown");
    note_stats(&results);
    for (uint64_t id = 0; id < RESULT_IDS; id += 2) {
        (void)kind->erase(results.map, id * UINT64_C(0x100010001) % kind->id_max, NULL);
    }
    CHECK(kind->shrink(results.map, 0) >= 0);
    note_content(&results, "shrunk");
    const char *reason = "";
    CHECK_EQ(kind->validate(results.map, &reason), TH_OK);
    kind->destroy(results.map);
    thi_map_wide_choose();
}

/* Goal: the three maps give the same everywhere. Method: 20,000 operations of all sorts on 6,000
 * keys from a fixed seed; the map grows, walks, and shrinks. */
TEST(map_results_of_every_kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        results_note(&kinds[i]);
    }
}

TEST_MAIN()
