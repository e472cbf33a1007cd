/* SPDX-License-Identifier: MIT
 * limit.c - the physical limit: what a map could reach if a lookup were the read of one random
 * cache line and nothing else. Same keys, same hash, the footprint of our table.
 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LINE_BYTES 64u
#define HUGE_PAGE_BYTES ((size_t)2 << 20)

struct peer_map {
    unsigned char *lines;
    uint64_t mask; /* of the number of lines, a power of two */
};

static inline const uint64_t *line_of(const struct peer_map *map, uint64_t key)
{
    return (const uint64_t *)(const void *)(map->lines +
                                            (bench_hash(key) & map->mask) * LINE_BYTES);
}

/* The key is not in the line, so what the loops check is made good by a word that is always 0. */
static inline bool peer_get(struct peer_map *map, uint64_t key, uint64_t *value)
{
    *value = key ^ *line_of(map, key);
    return true;
}

#define PEER_HAS_GET_MANY 1
static inline size_t peer_get_many(struct peer_map *map, const uint64_t *keys, uint64_t *values,
                                   bool *found)
{
    for (unsigned i = 0; i < BENCH_BATCH; i++) {
        __builtin_prefetch(line_of(map, keys[i]));
    }
    for (unsigned i = 0; i < BENCH_BATCH; i++) {
        found[i] = peer_get(map, keys[i], &values[i]);
    }
    return BENCH_BATCH;
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

#define PEER_READS_ONLY 1
#include "loops.h"

/* A power of two: our table's bytes less its side words, or where our table is not in the contest,
 * what 16-byte cells that double at 3/4 load come to. */
static size_t footprint(const struct bench_setup *setup)
{
    size_t wanted = setup->entries * 16 / 3 * 4;
    if (setup->footprint_bytes != 0) {
        wanted = setup->footprint_bytes - setup->footprint_bytes / 8;
    }
    size_t bytes = HUGE_PAGE_BYTES;
    while (bytes < wanted) {
        bytes *= 2;
    }
    return bytes;
}

static void *limit_make(const struct bench_setup *setup)
{
    struct peer_map *map = (struct peer_map *)malloc(sizeof *map);
    if (map == NULL) {
        return NULL;
    }
    size_t bytes = footprint(setup);
    map->mask = bytes / LINE_BYTES - 1;
    map->lines = (unsigned char *)aligned_alloc(HUGE_PAGE_BYTES, bytes);
    if (map->lines == NULL) {
        free(map);
        return NULL;
    }
    (void)madvise(map->lines, bytes, setup->huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    memset(map->lines, 0, bytes);
    return map;
}

static void limit_discard(void *opaque)
{
    struct peer_map *map = (struct peer_map *)opaque;
    free(map->lines);
    free(map);
}

static void limit_settle(void *map)
{
    (void)map;
}

static uint64_t limit_bytes(void *map)
{
    return (((struct peer_map *)map)->mask + 1) * LINE_BYTES;
}

const struct bench_peer bench_peer_limit = {
    .name = "limit",
    .title = "random cache lines: the limit",
    .version = "this harness",
    .is_limit = true,
    .has_get_many = true,
    .make = limit_make,
    .discard = limit_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = limit_settle,
    .bytes = limit_bytes,
    .slice = {loop_get, loop_get, NULL, loop_get_many},
};
