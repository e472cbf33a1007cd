/* SPDX-License-Identifier: MIT
 * test_map_u64.c - unit tests of th_map_u64: every public function, every status, edges of the
 * domain.
 */
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
