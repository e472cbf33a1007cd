/* SPDX-License-Identifier: MIT
 * spin_lock.h - the spinning reader-writer lock of the sharded tables: one word.
 *
 * Progress     a waiting thread spins, then gives up its core: holders may be off theirs.
 */
#ifndef TOPHASH_BENCH_PEERS_SPIN_LOCK_H
#define TOPHASH_BENCH_PEERS_SPIN_LOCK_H

#include "peer.h"

#include <sched.h>
#include <stdatomic.h>

#define SPINS_BEFORE_YIELD 200u

/* Bit 0: a writer holds it. Above: the number of readers, counted in twos. */
struct shard_lock {
    _Atomic(uint32_t) word;
};

static inline void shard_lock_init(struct shard_lock *lock)
{
    atomic_init(&lock->word, 0);
}

static void spin(unsigned *spins)
{
    if (++*spins % SPINS_BEFORE_YIELD == 0) {
        sched_yield();
    }
#if defined(__x86_64__)
    _mm_pause();
#endif
}

__attribute__((noinline)) static void lock_read_slow(struct shard_lock *lock)
{
    unsigned spins = 0;
    for (;;) {
        atomic_fetch_sub_explicit(&lock->word, 2, memory_order_relaxed);
        while ((atomic_load_explicit(&lock->word, memory_order_relaxed) & 1) != 0) {
            spin(&spins);
        }
        if ((atomic_fetch_add_explicit(&lock->word, 2, memory_order_acquire) & 1) == 0) {
            return;
        }
    }
}

static inline void shard_lock_read(struct shard_lock *lock)
{
    if ((atomic_fetch_add_explicit(&lock->word, 2, memory_order_acquire) & 1) != 0) {
        lock_read_slow(lock);
    }
}

static inline void shard_unlock_read(struct shard_lock *lock)
{
    atomic_fetch_sub_explicit(&lock->word, 2, memory_order_release);
}

static inline void shard_lock_write(struct shard_lock *lock)
{
    unsigned spins = 0;
    uint32_t expected = 0;
    while (!atomic_compare_exchange_weak_explicit(&lock->word, &expected, 1, memory_order_acquire,
                                                  memory_order_relaxed)) {
        expected = 0;
        spin(&spins);
    }
}

/* Not a plain store: readers that are about to find the bit set count themselves in and out. */
static inline void shard_unlock_write(struct shard_lock *lock)
{
    atomic_fetch_sub_explicit(&lock->word, 1, memory_order_release);
}

#endif
