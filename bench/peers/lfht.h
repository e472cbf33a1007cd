/* SPDX-License-Identifier: MIT
 * lfht.h - liburcu's lock-free resizable hash table, for the flavour of RCU that the including file
 * has chosen by its headers. It says whether quiescent states must be announced (LFHT_QSBR) and
 * whether keys are bytes (LFHT_BYTES).
 */
#ifndef TOPHASH_BENCH_PEERS_LFHT_H
#define TOPHASH_BENCH_PEERS_LFHT_H

#include "peer.h"

#include <stdlib.h>
#include <unistd.h>

#include <urcu/rculfhash.h>

#ifdef BENCH_VERSION_LIBURCU
#define PEER_VERSION "liburcu " BENCH_VERSION_LIBURCU
#else
#define PEER_VERSION "liburcu of this system"
#endif

#ifdef LFHT_BYTES
#include "peers/bytes.h"

typedef struct bench_bytes lfht_key;

static inline unsigned long lfht_hash(const lfht_key *key)
{
    return bench_bytes_hash(key->bytes, key->size);
}

static inline bool lfht_equal(const lfht_key *left, const lfht_key *right)
{
    return left->size == right->size && memcmp(left->bytes, right->bytes, left->size) == 0;
}
#else
typedef uint64_t lfht_key;

static inline unsigned long lfht_hash(const lfht_key *key)
{
    return bench_hash(*key);
}

static inline bool lfht_equal(const lfht_key *left, const lfht_key *right)
{
    return *left == *right;
}
#endif

struct lfht_entry {
    struct cds_lfht_node node;
    lfht_key key;
    uint64_t value;
    struct rcu_head head;
};

_Static_assert(offsetof(struct lfht_entry, node) == 0, "entry_of() counts on it");

struct peer_map {
    struct cds_lfht *table;
};

static inline struct lfht_entry *entry_of(struct cds_lfht_node *node)
{
    return (struct lfht_entry *)(void *)node; /* its first member */
}

static inline int lfht_match(struct cds_lfht_node *node, const void *key)
{
    return lfht_equal(&entry_of(node)->key, (const lfht_key *)key);
}

/* Under a read lock. */
static inline struct lfht_entry *lfht_find(struct peer_map *map, const lfht_key *key)
{
    struct cds_lfht_iter iterator;
    cds_lfht_lookup(map->table, lfht_hash(key), lfht_match, key, &iterator);
    struct cds_lfht_node *node = cds_lfht_iter_get_node(&iterator);
    return node == NULL ? NULL : entry_of(node);
}

static inline bool text_get(struct peer_map *map, const lfht_key *key, uint64_t *value)
{
    rcu_read_lock();
    struct lfht_entry *entry = lfht_find(map, key);
    if (entry != NULL) {
        *value = __atomic_load_n(&entry->value, __ATOMIC_ACQUIRE);
    }
    rcu_read_unlock();
    return entry != NULL;
}

/* In place, which is faster than to replace the node. */
static inline bool text_update(struct peer_map *map, const lfht_key *key, uint64_t value)
{
    rcu_read_lock();
    struct lfht_entry *entry = lfht_find(map, key);
    if (entry != NULL) {
        __atomic_store_n(&entry->value, value, __ATOMIC_RELEASE);
    }
    rcu_read_unlock();
    return entry != NULL;
}

static inline bool text_insert(struct peer_map *map, const lfht_key *key, uint64_t value)
{
    struct lfht_entry *entry = (struct lfht_entry *)malloc(sizeof *entry);
    if (entry == NULL) {
        return false;
    }
    cds_lfht_node_init(&entry->node);
    entry->key = *key;
    entry->value = value;
    rcu_read_lock();
    struct cds_lfht_node *present =
        cds_lfht_add_unique(map->table, lfht_hash(key), lfht_match, key, &entry->node);
    rcu_read_unlock();
    if (present != &entry->node) {
        free(entry);
        return false;
    }
    return true;
}

static void lfht_free_entry(struct rcu_head *head)
{
    free((char *)head - offsetof(struct lfht_entry, head));
}

static inline bool text_erase(struct peer_map *map, const lfht_key *key)
{
    rcu_read_lock();
    struct lfht_entry *entry = lfht_find(map, key);
    bool erased = entry != NULL && cds_lfht_del(map->table, &entry->node) == 0;
    rcu_read_unlock();
    if (erased) {
        call_rcu(&entry->head, lfht_free_entry);
    }
    return erased;
}

static inline void peer_enter(struct peer_map *map)
{
    (void)map;
    rcu_register_thread();
}

static inline void peer_leave(struct peer_map *map)
{
    (void)map;
    rcu_unregister_thread();
}

static inline void peer_quiesce(struct peer_map *map)
{
    (void)map;
#ifdef LFHT_QSBR
    rcu_quiescent_state();
#endif
}

#ifdef LFHT_BYTES
#include "loops_bytes.h"
#else
static inline bool peer_get(struct peer_map *map, uint64_t key, uint64_t *value)
{
    return text_get(map, &key, value);
}

static inline bool peer_update(struct peer_map *map, uint64_t key, uint64_t value)
{
    return text_update(map, &key, value);
}

static inline bool peer_insert(struct peer_map *map, uint64_t key, uint64_t value)
{
    return text_insert(map, &key, value);
}

static inline bool peer_erase(struct peer_map *map, uint64_t key)
{
    return text_erase(map, &key);
}

#include "loops.h"
#endif

/* Sized at once where the number of entries is known: its worker for growth, in liburcu 0.13, has
 * been seen to sleep through its wake-up on a loaded machine, which leaves all entries in a few
 * chains. In the measurements of growth and memory it grows by itself, as it is. */
static void *lfht_make(const struct bench_setup *setup)
{
    struct peer_map *map = (struct peer_map *)malloc(sizeof *map);
    if (map == NULL) {
        return NULL;
    }
    unsigned long buckets = 64;
    int flags = setup->entries == 0 ? CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING : 0;
    while (buckets < setup->entries) {
        buckets *= 2;
    }
    map->table = cds_lfht_new(buckets, 64, 0, flags, NULL);
    if (map->table == NULL) {
        free(map);
        return NULL;
    }
    return map;
}

/* Its memory is left to the end of the process, which every figure of it is made in: emptying it
 * node by node takes longer than the measurement. */
static void lfht_discard(void *map)
{
    (void)map;
}

static void lfht_settle(void *map)
{
    (void)map;
    rcu_barrier();
}

static uint64_t lfht_bytes(void *map)
{
    (void)map;
    return 0;
}

#endif
