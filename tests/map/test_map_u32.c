/* SPDX-License-Identifier: MIT
 * test_map_u32.c - unit tests of th_map_u32: every public function, every status, edges of the
 * domain.
 */
#include "map/drop_body.h"
#include "map/unit_body.h"

static const struct kind *const kind = &kinds[1];

/* Goal and method of each test stand above the body it calls (unit_body.h, drop_body.h). */
TEST(map_u32_empty_map_has_nothing)
{
    unit_empty_map(kind);
}

TEST(map_u32_writers_report_what_they_found)
{
    unit_statuses(kind);
}

TEST(map_u32_full_domain_of_keys_and_values)
{
    unit_full_domain(kind);
}

TEST(map_u32_all_sizes_up_and_down)
{
    unit_all_sizes(kind);
}

TEST(map_u32_reserve_prevents_splits)
{
    unit_reserve(kind);
}

TEST(map_u32_reserve_beyond_memory_is_refused)
{
    unit_reserve_too_much(kind);
}

TEST(map_u32_clear_empties)
{
    unit_clear(kind);
}

TEST(map_u32_walk_gives_each_entry_once)
{
    unit_walks(kind);
}

TEST(map_u32_batches_equal_single_operations)
{
    unit_batches(kind);
}

TEST(map_u32_config_is_judged)
{
    unit_config(kind);
}

TEST(map_u32_stats_agree)
{
    unit_stats(kind);
}

TEST(map_u32_values_are_dropped_once_after_grace)
{
    drop_exactly_once(kind, false);
    drop_exactly_once(kind, true);
}

TEST(map_u32_failed_writes_drop_nothing)
{
    drop_not_at_all(kind);
}

TEST_MAIN()
