/* SPDX-License-Identifier: MIT
 * test_map_u64.c - unit tests of th_map_u64: every public function, every status, edges of the
 * domain.
 */
#include "map/map.h"

#include "map/drop_body.h"
#include "map/unit_body.h"

static const struct kind *const kind = &kinds[0];

/* Goal and method of each test stand above the body it calls (unit_body.h, drop_body.h). */
TEST(map_u64_empty_map_has_nothing)
{
    unit_empty_map(kind);
}

TEST(map_u64_writers_report_what_they_found)
{
    unit_statuses(kind);
}

TEST(map_u64_full_domain_of_keys_and_values)
{
    unit_full_domain(kind);
}

TEST(map_u64_all_sizes_up_and_down)
{
    unit_all_sizes(kind);
}

TEST(map_u64_reserve_prevents_splits)
{
    unit_reserve(kind);
}

TEST(map_u64_reserve_beyond_memory_is_refused)
{
    unit_reserve_too_much(kind);
}

TEST(map_u64_clear_empties)
{
    unit_clear(kind);
}

TEST(map_u64_walk_gives_each_entry_once)
{
    unit_walks(kind);
}

TEST(map_u64_batches_equal_single_operations)
{
    unit_batches(kind);
}

TEST(map_u64_config_is_judged)
{
    unit_config(kind);
}

TEST(map_u64_stats_agree)
{
    unit_stats(kind);
}

/* What the map says it uses is what its groups take, and the side words of groups that are gone. */
static void bytes_check(struct th_map_u64 *map, uint64_t groups_most)
{
    struct th_map_stats stats;
    th_map_u64_get_stats(map, &stats);
    uint64_t bytes = thi_map_u64_bytes(map);
    CHECK(bytes >= stats.table_bytes_used);
    CHECK(bytes <= stats.table_bytes_used + 80 * (groups_most - stats.groups) + (20u << 10));
    CHECK(bytes <= stats.table_bytes);
}

/* Goal: the bytes in use are known without a walk, at any size. Method: growth, decay and shrinking
 * against the figures of a walk. */
TEST(map_u64_bytes_follow_growth_and_shrink)
{
    struct th_map_u64 *map = NULL;
    struct th_map_stats stats;
    REQUIRE(th_map_u64_new(NULL, &map) == TH_OK);
    uint64_t empty_bytes = thi_map_u64_bytes(map), count = 30000;
    CHECK(empty_bytes < 1024);
    for (uint64_t i = 0; i < count; i++) {
        CHECK_EQ(th_map_u64_put(map, i, i, NULL), TH_OK);
        if (i < 1000 || i % 1000 == 0) {
            bytes_check(map, i / 90 + 8);
        }
    }
    th_map_u64_get_stats(map, &stats);
    uint64_t groups_most = stats.groups;
    for (uint64_t i = 0; i < count; i++) {
        CHECK_EQ(th_map_u64_erase(map, i, NULL), TH_OK);
        if (i % 1000 == 0) {
            CHECK(th_map_u64_shrink(map, 16) >= 0);
            bytes_check(map, groups_most);
        }
    }
    CHECK_EQ(th_map_u64_shrink(map, 0), TH_OK);
    bytes_check(map, groups_most);
    CHECK(thi_map_u64_bytes(map) < 8 * 4096 + 80 * groups_most + (20u << 10));
    CHECK_EQ(th_map_u64_validate(map, NULL), TH_OK);
    th_map_u64_free(map);
}

TEST(map_u64_values_are_dropped_once_after_grace)
{
    drop_exactly_once(kind, false);
    drop_exactly_once(kind, true);
}

TEST(map_u64_failed_writes_drop_nothing)
{
    drop_not_at_all(kind);
}

TEST_MAIN()
