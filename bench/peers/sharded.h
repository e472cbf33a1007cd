/* SPDX-License-Identifier: MIT
 * sharded.h - the map most programs would write for themselves, at its best: 256 shards, each a
 * reader-writer lock in a cache line of its own and a linear-probing table of 16-byte cells.
 *
 * The including file defines struct shard_lock and shard_lock_init, shard_lock_read,
 * shard_unlock_read, shard_lock_write, shard_unlock_write.
 *
 * Invariants   I1 key 0 marks an empty cell; the harness has no key 0.
 *              I2 no empty cell between a key's home cell and its own: erase shifts back.
 *              I3 at most 3/4 of the cells are used.
 * `cells` and `mask` are read without the lock, for the prefetch only, so they are atomic there;
 * the table may be gone by then, which a prefetch does not mind.
 */
#ifndef TOPHASH_BENCH_PEERS_SHARDED_H
#define TOPHASH_BENCH_PEERS_SHARDED_H

#include "peer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SHARDS 256u
#define SHARD_SHIFT 56u /* the top bits choose the shard, the low bits the cell */
#define SHARD_CELLS_MIN 8u
#define HUGE_PAGE_BYTES ((size_t)2 << 20)

#ifdef SHARDED_CALLS
#define SHARDED_OPERATION __attribute__((noinline)) static
#else
#define SHARDED_OPERATION static inline
#endif

struct shard_cell {
    uint64_t key;
    uint64_t value;
};

struct shard {
    _Alignas(64) struct shard_lock lock;
    struct shard_cell *cells;
    uint64_t mask;
    uint64_t used;
};

struct peer_map {
    struct shard shards[SHARDS];
    bool huge_pages;
};

static inline uint64_t cells_bytes(uint64_t count)
{
    return count * sizeof(struct shard_cell);
}

static struct shard_cell *cells_make(uint64_t count, bool huge_pages)
{
    size_t bytes = cells_bytes(count);
    if (!huge_pages || bytes < HUGE_PAGE_BYTES) {
        size_t whole = (bytes + 63) & ~(size_t)63;
        struct shard_cell *cells = (struct shard_cell *)aligned_alloc(64, whole);
        if (cells != NULL) {
            memset(cells, 0, whole);
        }
        return cells;
    }
    void *cells = aligned_alloc(HUGE_PAGE_BYTES, bytes);
    if (cells != NULL) {
        (void)madvise(cells, bytes, MADV_HUGEPAGE);
        memset(cells, 0, bytes);
    }
    return (struct shard_cell *)cells;
}

static inline struct shard *shard_of(struct peer_map *map, uint64_t hash)
{
    return &map->shards[hash >> SHARD_SHIFT];
}

/* Asks for the home cell without the lock. Worth it in batches only: measured before the lock of a
 * single operation it cost 5 to 10 %. */
static inline void shard_prefetch(const struct shard *shard, uint64_t hash)
{
    const struct shard_cell *cells = __atomic_load_n(&shard->cells, __ATOMIC_RELAXED);
    uint64_t mask = __atomic_load_n(&shard->mask, __ATOMIC_RELAXED);
    __builtin_prefetch(cells + (hash & mask));
}

/* The key's cell, or the empty one where it would go. */
static inline struct shard_cell *shard_find(const struct shard *shard, uint64_t hash, uint64_t key)
{
    uint64_t at = hash & shard->mask;
    while (shard->cells[at].key != key && shard->cells[at].key != 0) {
        at = (at + 1) & shard->mask;
    }
    return &shard->cells[at];
}

static bool shard_double(struct shard *shard, bool huge_pages)
{
    uint64_t count = (shard->mask + 1) * 2;
    struct shard_cell *cells = cells_make(count, huge_pages);
    if (cells == NULL) {
        return false;
    }
    for (uint64_t i = 0; i <= shard->mask; i++) {
        uint64_t key = shard->cells[i].key;
        if (key == 0) {
            continue;
        }
        uint64_t at = bench_hash(key) & (count - 1);
        while (cells[at].key != 0) {
            at = (at + 1) & (count - 1);
        }
        cells[at] = shard->cells[i];
    }
    free(shard->cells);
    __atomic_store_n(&shard->cells, cells, __ATOMIC_RELAXED);
    __atomic_store_n(&shard->mask, count - 1, __ATOMIC_RELAXED);
    return true;
}

SHARDED_OPERATION bool peer_get(struct peer_map *map, uint64_t key, uint64_t *value)
{
    uint64_t hash = bench_hash(key);
    struct shard *shard = shard_of(map, hash);
    shard_lock_read(&shard->lock);
    const struct shard_cell *cell = shard_find(shard, hash, key);
    bool found = cell->key == key;
    if (found) {
        *value = cell->value;
    }
    shard_unlock_read(&shard->lock);
    return found;
}

/* All prefetches first, then the gets. */
#define PEER_HAS_GET_MANY 1
SHARDED_OPERATION size_t peer_get_many(struct peer_map *map, const uint64_t *keys, uint64_t *values,
                                       bool *found)
{
    size_t hits = 0;
    for (unsigned i = 0; i < BENCH_BATCH; i++) {
        uint64_t hash = bench_hash(keys[i]);
        shard_prefetch(shard_of(map, hash), hash);
    }
    for (unsigned i = 0; i < BENCH_BATCH; i++) {
        found[i] = peer_get(map, keys[i], &values[i]);
        hits += found[i];
    }
    return hits;
}

SHARDED_OPERATION bool peer_update(struct peer_map *map, uint64_t key, uint64_t value)
{
    uint64_t hash = bench_hash(key);
    struct shard *shard = shard_of(map, hash);
    shard_lock_write(&shard->lock);
    struct shard_cell *cell = shard_find(shard, hash, key);
    bool found = cell->key == key;
    if (found) {
        cell->value = value;
    }
    shard_unlock_write(&shard->lock);
    return found;
}

SHARDED_OPERATION bool peer_insert(struct peer_map *map, uint64_t key, uint64_t value)
{
    uint64_t hash = bench_hash(key);
    struct shard *shard = shard_of(map, hash);
    shard_lock_write(&shard->lock);
    struct shard_cell *cell = shard_find(shard, hash, key);
    bool inserted = cell->key == 0;
    if (inserted && (shard->used + 1) * 4 > (shard->mask + 1) * 3) {
        inserted = shard_double(shard, map->huge_pages);
        cell = shard_find(shard, hash, key);
    }
    if (inserted) {
        cell->key = key;
        cell->value = value;
        shard->used++;
    }
    shard_unlock_write(&shard->lock);
    return inserted;
}

/* Closes the gap at `hole` by the cells behind it that may move there. */
static inline void shard_shift_back(struct shard *shard, uint64_t hole)
{
    uint64_t mask = shard->mask;
    for (uint64_t at = (hole + 1) & mask; shard->cells[at].key != 0; at = (at + 1) & mask) {
        uint64_t home = bench_hash(shard->cells[at].key) & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            shard->cells[hole] = shard->cells[at];
            hole = at;
        }
    }
    shard->cells[hole].key = 0;
}

SHARDED_OPERATION bool peer_erase(struct peer_map *map, uint64_t key)
{
    uint64_t hash = bench_hash(key);
    struct shard *shard = shard_of(map, hash);
    shard_lock_write(&shard->lock);
    struct shard_cell *cell = shard_find(shard, hash, key);
    bool found = cell->key == key;
    if (found) {
        shard_shift_back(shard, (uint64_t)(cell - shard->cells));
        shard->used--;
    }
    shard_unlock_write(&shard->lock);
    return found;
}

/* A shard at a time, under its lock. */
#define PEER_HAS_WALK 1
struct peer_walk {
    unsigned shard;
};

static inline size_t peer_walk(struct peer_map *map, struct peer_walk *walk, uint64_t *wrong)
{
    struct shard *shard = &map->shards[walk->shard++ % SHARDS];
    size_t count = 0;
    shard_lock_read(&shard->lock);
    for (uint64_t at = 0; at <= shard->mask; at++) {
        const struct shard_cell *cell = &shard->cells[at];
        count += cell->key != 0;
        *wrong |= cell->key != 0 ? bench_wrong(cell->key, cell->value) : 0;
    }
    shard_unlock_read(&shard->lock);
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

static void sharded_discard(void *opaque)
{
    struct peer_map *map = (struct peer_map *)opaque;
    for (unsigned i = 0; i < SHARDS; i++) {
        free(map->shards[i].cells);
    }
    free(map);
}

static void *sharded_make(const struct bench_setup *setup)
{
    struct peer_map *map = (struct peer_map *)aligned_alloc(64, sizeof *map);
    if (map == NULL) {
        return NULL;
    }
    memset(map, 0, sizeof *map);
    map->huge_pages = setup->huge_pages;
    for (unsigned i = 0; i < SHARDS; i++) {
        struct shard *shard = &map->shards[i];
        shard_lock_init(&shard->lock);
        shard->mask = SHARD_CELLS_MIN - 1;
        shard->cells = cells_make(SHARD_CELLS_MIN, false);
        if (shard->cells == NULL) {
            sharded_discard(map);
            return NULL;
        }
    }
    return map;
}

static void sharded_settle(void *map)
{
    (void)map;
}

static uint64_t sharded_bytes(void *opaque)
{
    const struct peer_map *map = (const struct peer_map *)opaque;
    uint64_t bytes = sizeof *map;
    for (unsigned i = 0; i < SHARDS; i++) {
        bytes += cells_bytes(map->shards[i].mask + 1);
    }
    return bytes;
}

#include "loops.h"

#endif
