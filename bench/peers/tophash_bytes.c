/* SPDX-License-Identifier: MIT
 * tophash_bytes.c - th_map_bytes as a user has it, with the keys of bytes.h.
 */
#include "peers/bytes.h"

#include <stdio.h>

#include <tophash/map.h>

struct peer_map; /* is a th_map_bytes */

static inline struct th_map_bytes *map_of(struct peer_map *map)
{
    return (struct th_map_bytes *)(void *)map;
}

static inline bool text_get(struct peer_map *map, const struct bench_bytes *key, uint64_t *value)
{
    return th_map_bytes_get(map_of(map), key->bytes, key->size, value);
}

#define PEER_HAS_GET_MANY 1
static inline size_t text_get_many(struct peer_map *map, const struct bench_bytes *keys,
                                   uint64_t *values, bool *found)
{
    struct th_bytes views[BENCH_BATCH];
    for (unsigned i = 0; i < BENCH_BATCH; i++) {
        views[i] = (struct th_bytes){.bytes = keys[i].bytes, .size = keys[i].size};
    }
    return th_map_bytes_get_many(map_of(map), views, BENCH_BATCH, values, found);
}

static inline bool text_update(struct peer_map *map, const struct bench_bytes *key, uint64_t value)
{
    return th_map_bytes_put(map_of(map), key->bytes, key->size, value, NULL) == TH_EXISTS;
}

static inline bool text_insert(struct peer_map *map, const struct bench_bytes *key, uint64_t value)
{
    return th_map_bytes_insert(map_of(map), key->bytes, key->size, value, NULL) == TH_OK;
}

static inline bool text_erase(struct peer_map *map, const struct bench_bytes *key)
{
    return th_map_bytes_erase(map_of(map), key->bytes, key->size, NULL) == TH_OK;
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

#include "loops_bytes.h"

static void *tophash_bytes_make(const struct bench_setup *setup)
{
    struct th_map_config config = {.flags = setup->huge_pages ? TH_MAP_HUGE_PAGES : 0};
    struct th_map_bytes *map = NULL;
    return th_map_bytes_new(&config, &map) == TH_OK ? map : NULL;
}

static void tophash_bytes_discard(void *map)
{
    th_map_bytes_free((struct th_map_bytes *)map);
}

static void tophash_bytes_settle(void *map)
{
    (void)map;
}

static uint64_t tophash_bytes_bytes(void *map)
{
    struct th_map_stats stats;
    th_map_bytes_get_stats((const struct th_map_bytes *)map, &stats);
    return stats.table_bytes_used;
}

static void tophash_bytes_describe(void *map, char *text, size_t size)
{
    struct th_map_stats stats;
    th_map_bytes_get_stats((const struct th_map_bytes *)map, &stats);
    double entries = stats.entries > 0 ? (double)stats.entries : 1;
    snprintf(text, size,
             ": %.2f of its cells used, %.1f bytes an entry in the table, %.1f in records",
             entries / (double)(stats.cells > 0 ? stats.cells : 1),
             (double)stats.table_bytes_used / entries, (double)stats.record_bytes / entries);
}

const struct bench_peer bench_peer_tophash_bytes = {
    .name = "tophash-bytes",
    .title = "Tophash th_map_bytes, keys of 16 to 32 bytes",
    .version = TH_VERSION_STRING,
    .has_get_many = true,
    .only_if_named = true,
    .make = tophash_bytes_make,
    .discard = tophash_bytes_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = tophash_bytes_settle,
    .bytes = tophash_bytes_bytes,
    .describe = tophash_bytes_describe,
    .slice = {text_loop_get, text_loop_get, text_loop_miss, text_loop_get_many, text_loop_95_5,
              text_loop_50_50, text_loop_churn, loop_hot},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
