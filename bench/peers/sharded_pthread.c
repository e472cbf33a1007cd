/* SPDX-License-Identifier: MIT
 * sharded_pthread.c - the sharded table with POSIX reader-writer locks, as most programs have it.
 */
#include "peer.h"

#include <pthread.h>

struct shard_lock {
    pthread_rwlock_t lock;
};

static inline void shard_lock_init(struct shard_lock *lock)
{
    (void)pthread_rwlock_init(&lock->lock, NULL);
}

static inline void shard_lock_read(struct shard_lock *lock)
{
    (void)pthread_rwlock_rdlock(&lock->lock);
}

static inline void shard_unlock_read(struct shard_lock *lock)
{
    (void)pthread_rwlock_unlock(&lock->lock);
}

static inline void shard_lock_write(struct shard_lock *lock)
{
    (void)pthread_rwlock_wrlock(&lock->lock);
}

static inline void shard_unlock_write(struct shard_lock *lock)
{
    (void)pthread_rwlock_unlock(&lock->lock);
}

#include "peers/sharded.h"

const struct bench_peer bench_peer_sharded_pthread = {
    .name = "sharded-pthread",
    .title = "256 shards, POSIX rwlocks, linear probing",
    .version = "this harness",
    .has_get_many = true,
    .only_if_named = true,
    .make = sharded_make,
    .discard = sharded_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = sharded_settle,
    .bytes = sharded_bytes,
    .slice = {loop_get, loop_get, loop_miss, loop_get_many, loop_95_5, loop_50_50, loop_churn,
              loop_hot, NULL, loop_iterate},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
