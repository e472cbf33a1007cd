/* SPDX-License-Identifier: MIT
 * test_map_wide.c - the hot paths of integer keys answer alike with and without wide loads.
 */
#include "map/map_integer.h"
#include "test.h"

#include <stdlib.h>

enum { KEYS = 150000, BATCH = 100 };

/* Every operation that has two paths, on keys present, absent and displaced; the digest of all
 * answers. */
static uint64_t work_digest(struct th_map_u64 *map)
{
    uint64_t digest = 0;
    uint64_t random = 7;
    for (uint64_t i = 0; i < KEYS; i++) {
        uint64_t key = test_random(&random) % (2 * KEYS);
        uint64_t seen = 0;
        digest = digest * 31 + (uint64_t)th_map_u64_insert(map, key, i, &seen) + seen;
        key = test_random(&random) % (2 * KEYS);
        digest = digest * 31 + (uint64_t)th_map_u64_put(map, key, i + 1, &seen) + seen;
        key = test_random(&random) % (2 * KEYS);
        digest = digest * 31 + th_map_u64_get(map, key, &seen) + seen;
        key = test_random(&random) % (2 * KEYS);
        digest = digest * 31 + (uint64_t)th_map_u64_erase(map, key, &seen) + seen;
    }
    for (uint64_t first = 0; first < 2 * KEYS; first += BATCH) {
        uint64_t keys[BATCH], values[BATCH] = {0};
        bool found[BATCH];
        for (uint64_t i = 0; i < BATCH; i++) {
            keys[i] = first + i;
        }
        digest = digest * 31 + th_map_u64_get_many(map, keys, BATCH, values, found);
        for (uint64_t i = 0; i < BATCH; i++) {
            digest = digest * 31 + found[i] * values[i];
        }
    }
    return digest;
}

static uint64_t run_digest(uint8_t wide, const struct th_allocator *allocator)
{
    struct th_map_config config = {
        .flags = TH_MAP_FIXED_SEED, .seed = test_seed, .allocator = allocator};
    struct th_map_u64 *map = NULL;
    CHECK_EQ(th_map_u64_new(&config, &map), TH_OK);
    th_u8_store_rlx(&thi_map_wide, wide); /* relaxed: one thread */
    uint64_t digest = work_digest(map);
    const char *reason = "";
    CHECK_EQ(th_map_u64_validate(map, &reason), TH_OK);
    th_map_u64_free(map);
    thi_map_wide_choose();
    return digest;
}

/* Goal: processors without wide loads get the same answers. Method: the same work on the same seed
 * by both paths, digests compared. Skipped where there is one path only. */
TEST(map_wide_and_plain_paths_answer_alike)
{
    if (!thi_port_has_wide_loads()) {
        SKIP("this processor has no wide loads: there is one path");
    }
    CHECK_EQ(run_digest(1, NULL), run_digest(0, NULL));
}

static void *plain_alloc(void *context, size_t size, size_t alignment)
{
    (void)context;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void plain_free(void *context, void *memory, size_t size, size_t alignment)
{
    (void)context;
    (void)size;
    (void)alignment;
    free(memory);
}

static void *plain_map(void *context, size_t size, size_t alignment)
{
    void *memory = plain_alloc(context, size, alignment);
    return memory == NULL ? NULL : memset(memory, 0, size);
}

/* Goal: a table of many runs, as an allocator with a `map` function gets it, answers like one of a
 * single run, though the quick paths reach none of it. Method: the same digests. */
TEST(map_of_many_runs_answers_alike)
{
    struct th_allocator plain = {
        .alloc = plain_alloc, .free = plain_free, .map = plain_map, .unmap = plain_free};
    CHECK_EQ(run_digest(0, &plain), run_digest(0, NULL));
    if (thi_port_has_wide_loads()) {
        CHECK_EQ(run_digest(1, &plain), run_digest(0, NULL));
    }
}

TEST_MAIN()
