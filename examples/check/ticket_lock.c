/* SPDX-License-Identifier: MIT
 * ticket_lock.c - a ticket lock around a plain counter, with C11 threads.
 *
 * Switches     THREADS: how many take the lock. LOCK_LOAD, UNLOCK_STORE: what the last holder wrote
 *              before the next one reads it. TICKET_IN_TWO_STEPS: the ticket is drawn by a load and
 *              a store, and two threads may hold the same one.
 * Sources      J. Mellor-Crummey, M. Scott, Algorithms for Scalable Synchronization on
 *              Shared-Memory Multiprocessors, ACM TOCS 1991.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <threads.h>

#ifndef THREADS
#define THREADS 2
#endif
#ifndef LOCK_LOAD
#define LOCK_LOAD memory_order_acquire
#endif
#ifndef UNLOCK_STORE
#define UNLOCK_STORE memory_order_release
#endif

static atomic_uint next_ticket;
static atomic_uint now_serving;
static int counter;

static unsigned ticket_draw(void)
{
#ifdef TICKET_IN_TWO_STEPS
    unsigned ticket = atomic_load_explicit(&next_ticket, memory_order_relaxed);
    atomic_store_explicit(&next_ticket, ticket + 1, memory_order_relaxed);
    return ticket;
#else
    return atomic_fetch_add_explicit(&next_ticket, 1, memory_order_relaxed);
#endif
}

static void lock(void)
{
    unsigned ticket = ticket_draw();
    while (atomic_load_explicit(&now_serving, LOCK_LOAD) != ticket) {
        /* not our turn: wait */
    }
}

static void unlock(void)
{
    unsigned ticket = atomic_load_explicit(&now_serving, memory_order_relaxed);
    atomic_store_explicit(&now_serving, ticket + 1, UNLOCK_STORE);
}

static int work(void *unused)
{
    (void)unused;
    lock();
    counter++;
    unlock();
    return 0;
}

int main(void)
{
    thrd_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        thrd_create(&threads[i], work, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        thrd_join(threads[i], NULL);
    }
    assert(counter == THREADS);
    return 0;
}
