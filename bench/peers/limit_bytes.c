/* SPDX-License-Identifier: MIT
 * limit_bytes.c - the physical limit of maps whose keys are bytes: what a lookup could reach if it
 * were the read of one random line and of a second one that the first names. Same keys, same hash.
 */
#include "peers/bytes.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES ((size_t)2 << 20)
#define CELL_WORDS 2u    /* a reference and a value */
#define RECORD_BYTES 48u /* 16 to 32 bytes of key and what a record has besides */

struct peer_map {
    uint64_t *words; /* of cells: a random record's number */
    uint64_t mask;
    unsigned char *records; /* filled with 0 */
};

static inline const uint64_t *cell_of(const struct peer_map *map, const struct bench_bytes *key)
{
    return &map->words[(bench_bytes_hash(key->bytes, key->size) & map->mask) * CELL_WORDS];
}

/* What the loops check is made good by a word that is always 0. */
static inline uint64_t record_read(const struct peer_map *map, uint64_t number)
{
    return bench_bytes_load(map->records + number * RECORD_BYTES);
}

/* The key's first word is the word it was made from. */
static inline bool text_get(struct peer_map *map, const struct bench_bytes *key, uint64_t *value)
{
    *value = bench_bytes_load(key->bytes) ^ record_read(map, *cell_of(map, key));
    return true;
}

#define PEER_HAS_GET_MANY 1
static inline size_t text_get_many(struct peer_map *map, const struct bench_bytes *keys,
                                   uint64_t *values, bool *found)
{
    const uint64_t *cells[BENCH_BATCH];
    for (unsigned i = 0; i < BENCH_BATCH; i++) {
        cells[i] = cell_of(map, &keys[i]);
        __builtin_prefetch(cells[i]);
    }
    for (unsigned i = 0; i < BENCH_BATCH; i++) {
        __builtin_prefetch(map->records + *cells[i] * RECORD_BYTES);
    }
    for (unsigned i = 0; i < BENCH_BATCH; i++) {
        values[i] = bench_bytes_load(keys[i].bytes) ^ record_read(map, *cells[i]);
        found[i] = true;
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
#include "loops_bytes.h"

static void limit_bytes_discard(void *opaque)
{
    struct peer_map *map = (struct peer_map *)opaque;
    free(map->words);
    free(map->records);
    free(map);
}

static void *pages_make(size_t bytes, bool huge_pages)
{
    size_t whole = (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    void *pages = aligned_alloc(HUGE_PAGE_BYTES, whole);
    if (pages != NULL) {
        (void)madvise(pages, whole, huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
        memset(pages, 0, whole);
    }
    return pages;
}

static void *limit_bytes_make(const struct bench_setup *setup)
{
    struct peer_map *map = (struct peer_map *)malloc(sizeof *map);
    if (map == NULL) {
        return NULL;
    }
    uint64_t cells = 1024;
    while (cells * 3 < setup->entries * 4) {
        cells *= 2;
    }
    map->mask = cells - 1;
    map->words = (uint64_t *)pages_make(cells * CELL_WORDS * sizeof(uint64_t), setup->huge_pages);
    map->records = (unsigned char *)pages_make(setup->entries * RECORD_BYTES, setup->huge_pages);
    if (map->words == NULL || map->records == NULL) {
        limit_bytes_discard(map);
        return NULL;
    }
    for (uint64_t i = 0; i < cells; i++) {
        map->words[i * CELL_WORDS] = bench_key(i) % setup->entries;
    }
    return map;
}

static void limit_bytes_settle(void *map)
{
    (void)map;
}

static uint64_t limit_bytes_bytes(void *map)
{
    return (((struct peer_map *)map)->mask + 1) * CELL_WORDS * sizeof(uint64_t);
}

const struct bench_peer bench_peer_limit_bytes = {
    .name = "limit-bytes",
    .title = "random cache lines that name a second one: the limit for bytes",
    .version = "this harness",
    .is_limit = true,
    .has_get_many = true,
    .only_if_named = true,
    .make = limit_bytes_make,
    .discard = limit_bytes_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = limit_bytes_settle,
    .bytes = limit_bytes_bytes,
    .slice = {text_loop_get, text_loop_get, NULL, text_loop_get_many},
};
