/* SPDX-License-Identifier: MIT
 * tophash.c - th_map_u64 as a user has it: the public header, the static library, nothing inlined.
 */
#include "peer.h"

#include <stdio.h>

#include <tophash/map.h>

struct peer_map; /* is a th_map_u64 */

static inline struct th_map_u64 *map_of(struct peer_map *map)
{
    return (struct th_map_u64 *)(void *)map;
}

static inline bool peer_get(struct peer_map *map, uint64_t key, uint64_t *value)
{
    return th_map_u64_get(map_of(map), key, value);
}

#define PEER_HAS_GET_MANY 1
static inline size_t peer_get_many(struct peer_map *map, const uint64_t *keys, uint64_t *values,
                                   bool *found)
{
    return th_map_u64_get_many(map_of(map), keys, BENCH_BATCH, values, found);
}

static inline bool peer_update(struct peer_map *map, uint64_t key, uint64_t value)
{
    return th_map_u64_put(map_of(map), key, value, NULL) == TH_EXISTS;
}

static inline bool peer_insert(struct peer_map *map, uint64_t key, uint64_t value)
{
    return th_map_u64_insert(map_of(map), key, value, NULL) == TH_OK;
}

static inline bool peer_erase(struct peer_map *map, uint64_t key)
{
    return th_map_u64_erase(map_of(map), key, NULL) == TH_OK;
}

#define PEER_HAS_PUT_MANY 1
static inline size_t peer_put_many(struct peer_map *map, const uint64_t *keys,
                                   const uint64_t *values)
{
    size_t done = 0;
    th_status status = th_map_u64_put_many(map_of(map), keys, values, BENCH_BATCH, &done);
    return status == TH_OK ? done : 0;
}

#define PEER_HAS_WALK 1
struct peer_walk {
    struct th_map_cursor cursor;
};

/* Over and over. */
static inline size_t peer_walk(struct peer_map *map, struct peer_walk *walk, uint64_t *wrong)
{
    struct th_map_entry_u64 entries[256];
    size_t count = th_map_u64_next(map_of(map), &walk->cursor, entries, 256);
    for (size_t i = 0; i < count; i++) {
        *wrong |= bench_wrong(entries[i].key, entries[i].value);
    }
    if (count == 0) {
        walk->cursor = (struct th_map_cursor){0};
    }
    return count;
}

static inline void peer_enter(struct peer_map *map)
{
    (void)map;
}

static inline void peer_leave(struct peer_map *map)
{
    (void)map;
}

static inline void peer_quiesce(struct peer_map *map)
{
    (void)map;
}

#include "loops.h"

static void *tophash_make(const struct bench_setup *setup)
{
    struct th_map_config config = {.flags = setup->huge_pages ? TH_MAP_HUGE_PAGES : 0};
    struct th_map_u64 *map = NULL;
    return th_map_u64_new(&config, &map) == TH_OK ? map : NULL;
}

static void tophash_discard(void *map)
{
    th_map_u64_free((struct th_map_u64 *)map);
}

static void tophash_settle(void *map)
{
    (void)map;
}

static uint64_t tophash_bytes(void *map)
{
    struct th_map_stats stats;
    th_map_u64_get_stats((const struct th_map_u64 *)map, &stats);
    return stats.table_bytes_used;
}

static void tophash_describe(void *map, char *text, size_t size)
{
    struct th_map_stats stats;
    th_map_u64_get_stats((const struct th_map_u64 *)map, &stats);
    double entries = stats.entries > 0 ? (double)stats.entries : 1;
    snprintf(text, size,
             ": %.2f of its cells used, group depths %llu to %llu, %.1f %% displaced, %.2f %% "
             "borrowed, %llu read retries",
             entries / (double)(stats.cells > 0 ? stats.cells : 1),
             (unsigned long long)stats.depth_min, (unsigned long long)stats.depth_max,
             (double)stats.displaced / entries * 100, (double)stats.borrowed / entries * 100,
             (unsigned long long)stats.read_retries_total);
}

const struct bench_peer bench_peer_tophash = {
    .name = "tophash",
    .title = "Tophash th_map_u64",
    .version = TH_VERSION_STRING,
    .has_get_many = true,
    .make = tophash_make,
    .discard = tophash_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = tophash_settle,
    .bytes = tophash_bytes,
    .describe = tophash_describe,
    .slice = {loop_get, loop_get, loop_miss, loop_get_many, loop_95_5, loop_50_50, loop_churn,
              loop_hot, loop_put_many, loop_iterate},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
