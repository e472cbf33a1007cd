/* SPDX-License-Identifier: MIT
 * test_map_model.c - the maps against a plain table, with the real geometry.
 */
#include "map/model_body.h"

enum { OPERATIONS = 500000 }; /* a universe of keys */

/* Goal and method: model_run_kind() in model_body.h. */
TEST(map_model_u64_equals_plain_table)
{
    model_run_all(&kinds[0], OPERATIONS);
}

TEST(map_model_u32_equals_plain_table)
{
    model_run_all(&kinds[1], OPERATIONS);
}

TEST(map_model_bytes_equals_plain_table)
{
    model_run_all(&kinds[2], OPERATIONS);
}

TEST_MAIN()
