/* SPDX-License-Identifier: MIT
 * ck.c - Concurrency Kit's ck_ht: many readers, one writer at a time, so writers take a spin lock.
 *
 * A table that was outgrown may still be read: it waits until no worker is inside (settle), except
 * in the growth measurement, where nobody reads, and it is freed at once.
 */
#include "peer.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <ck_ht.h>
#include <ck_malloc.h>
#include <ck_spinlock.h>

#define DEFERRED_MAX 64u
#ifdef BENCH_VERSION_CK
#define PEER_VERSION "ck " BENCH_VERSION_CK
#else
#define PEER_VERSION "ck of this system"
#endif

struct peer_map {
    ck_ht_t table;
    _Alignas(64) ck_spinlock_t lock;
};

static void *deferred[DEFERRED_MAX];
static size_t deferred_count;
static bool defer_frees;

static void *ck_allocate(size_t bytes)
{
    return malloc(bytes);
}

static void *ck_reallocate(void *memory, size_t old_bytes, size_t bytes, bool may_move)
{
    (void)old_bytes;
    (void)may_move;
    return realloc(memory, bytes);
}

static void ck_release(void *memory, size_t bytes, bool deferred_free)
{
    (void)bytes;
    if (deferred_free && defer_frees && deferred_count < DEFERRED_MAX) {
        deferred[deferred_count++] = memory;
    } else {
        free(memory);
    }
}

static struct ck_malloc ck_allocator = {
    .malloc = ck_allocate, .realloc = ck_reallocate, .free = ck_release};

static void ck_hash(ck_ht_hash_t *hash, const void *key, size_t bytes, uint64_t seed)
{
    (void)bytes;
    (void)seed;
    hash->value = bench_hash(*(const uint64_t *)key);
}

static inline ck_ht_hash_t hash_of(uint64_t key)
{
    ck_ht_hash_t hash = {.value = bench_hash(key)};
    return hash;
}

static inline bool peer_get(struct peer_map *map, uint64_t key, uint64_t *value)
{
    ck_ht_entry_t entry;
    ck_ht_entry_key_set_direct(&entry, key);
    if (!ck_ht_get_spmc(&map->table, hash_of(key), &entry)) {
        return false;
    }
    *value = ck_ht_entry_value_direct(&entry);
    return true;
}

static inline bool peer_update(struct peer_map *map, uint64_t key, uint64_t value)
{
    ck_ht_entry_t entry;
    ck_ht_hash_t hash = hash_of(key);
    ck_ht_entry_set_direct(&entry, hash, key, value);
    ck_spinlock_lock_eb(&map->lock);
    bool done = ck_ht_set_spmc(&map->table, hash, &entry);
    ck_spinlock_unlock(&map->lock);
    return done;
}

static inline bool peer_insert(struct peer_map *map, uint64_t key, uint64_t value)
{
    ck_ht_entry_t entry;
    ck_ht_hash_t hash = hash_of(key);
    ck_ht_entry_set_direct(&entry, hash, key, value);
    ck_spinlock_lock_eb(&map->lock);
    bool done = ck_ht_put_spmc(&map->table, hash, &entry);
    ck_spinlock_unlock(&map->lock);
    return done;
}

static inline bool peer_erase(struct peer_map *map, uint64_t key)
{
    ck_ht_entry_t entry;
    ck_ht_entry_key_set_direct(&entry, key);
    ck_spinlock_lock_eb(&map->lock);
    bool done = ck_ht_remove_spmc(&map->table, hash_of(key), &entry);
    ck_spinlock_unlock(&map->lock);
    return done;
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

static void *ck_make(const struct bench_setup *setup)
{
    (void)setup;
    struct peer_map *map = (struct peer_map *)aligned_alloc(64, sizeof *map);
    if (map == NULL) {
        return NULL;
    }
    ck_spinlock_init(&map->lock);
    if (!ck_ht_init(&map->table, CK_HT_MODE_DIRECT | CK_HT_WORKLOAD_DELETE, ck_hash, &ck_allocator,
                    64, 1)) {
        free(map);
        return NULL;
    }
    return map;
}

static void ck_discard(void *opaque)
{
    struct peer_map *map = (struct peer_map *)opaque;
    ck_ht_destroy(&map->table);
    free(map);
}

/* No worker is inside: what waited can go. From here on workers may read. */
static void ck_settle(void *map)
{
    (void)map;
    while (deferred_count > 0) {
        free(deferred[--deferred_count]);
    }
    defer_frees = true;
}

static uint64_t ck_bytes(void *map)
{
    (void)map;
    return 0;
}

const struct bench_peer bench_peer_ck = {
    .name = "ck_ht",
    .title = "Concurrency Kit ck_ht, one writer at a time",
    .version = PEER_VERSION,
    .one_writer = true,
    .make = ck_make,
    .discard = ck_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = ck_settle,
    .bytes = ck_bytes,
    .slice = {loop_get, loop_get, loop_miss, NULL, loop_95_5, loop_50_50, loop_churn, loop_hot},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
