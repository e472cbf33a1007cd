/* SPDX-License-Identifier: MIT
 * spin_lock.c - the lock everybody writes first: an exchange until it finds the lock free.
 *
 * Switches     THREADS: how many take the lock. LOCK_EXCHANGE, UNLOCK_STORE: what the last holder
 *              wrote before the next one reads it. LOOK_FIRST: waits with plain looks between two
 *              exchanges. NO_UNLOCK: a holder keeps it.
 * Sources      T. Anderson, The Performance of Spin Lock Alternatives for Shared-Memory
 *              Multiprocessors, IEEE TPDS 1990.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef THREADS
#define THREADS 2
#endif
#ifndef LOCK_EXCHANGE
#define LOCK_EXCHANGE memory_order_acquire
#endif
#ifndef UNLOCK_STORE
#define UNLOCK_STORE memory_order_release
#endif

static atomic_bool locked;
static int counter;

static void lock(void)
{
    while (atomic_exchange_explicit(&locked, true, LOCK_EXCHANGE)) {
#ifdef LOOK_FIRST
        while (atomic_load_explicit(&locked, memory_order_relaxed)) {
            /* taken: wait */
        }
#endif
    }
}

static void unlock(void)
{
#ifndef NO_UNLOCK
    atomic_store_explicit(&locked, false, UNLOCK_STORE);
#endif
}

static void *work(void *unused)
{
    lock();
    counter++;
    unlock();
    return unused;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, work, NULL);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(counter == THREADS);
    return 0;
}
