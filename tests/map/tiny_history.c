/* SPDX-License-Identifier: MIT
 * tiny_history.c - small concurrent histories, judged per key, with the tiny geometry.
 */
#include "map/history_body.h"

enum { HISTORIES_U64 = 60000, HISTORIES_OTHER = 25000, FILL_MAX = 300 };

/* Goal and method: history_run_kind() in history_body.h. */
TEST(map_tiny_history_u64_is_one_order_a_key)
{
    history_run_kind(&kinds[0], test_scaled(HISTORIES_U64), FILL_MAX);
}

TEST(map_tiny_history_u32_is_one_order_a_key)
{
    history_run_kind(&kinds[1], test_scaled(HISTORIES_OTHER), FILL_MAX);
}

TEST(map_tiny_history_bytes_is_one_order_a_key)
{
    history_run_kind(&kinds[2], test_scaled(HISTORIES_OTHER), FILL_MAX);
}

TEST_MAIN()
