/* SPDX-License-Identifier: MIT
 * test_map_history.c - small concurrent histories, judged per key, with the real geometry.
 */
#include "map/history_body.h"

enum { HISTORIES_U64 = 100000, HISTORIES_OTHER = 30000, FILL_MAX = 6000 };

/* Goal and method: history_run_kind() in history_body.h. */
TEST(map_history_u64_is_one_order_a_key)
{
    history_run_kind(&kinds[0], test_scaled(HISTORIES_U64), FILL_MAX);
}

TEST(map_history_u32_is_one_order_a_key)
{
    history_run_kind(&kinds[1], test_scaled(HISTORIES_OTHER), FILL_MAX);
}

TEST(map_history_bytes_is_one_order_a_key)
{
    history_run_kind(&kinds[2], test_scaled(HISTORIES_OTHER), FILL_MAX);
}

TEST_MAIN()
