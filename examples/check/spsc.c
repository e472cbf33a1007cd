/* SPDX-License-Identifier: MIT
 * spsc.c - a ring between one producer and one consumer.
 *
 * Switches     PUT_STORE, TAKE_LOAD: the item travels to the consumer. TAKE_STORE, PUT_LOAD: the
 *              empty slot travels back. Relaxed, each of the four is a race on the slot.
 *              NO_FULL_CHECK: the producer overwrites what was not taken.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef PUT_LOAD
#define PUT_LOAD memory_order_acquire
#endif
#ifndef PUT_STORE
#define PUT_STORE memory_order_release
#endif
#ifndef TAKE_LOAD
#define TAKE_LOAD memory_order_acquire
#endif
#ifndef TAKE_STORE
#define TAKE_STORE memory_order_release
#endif

enum { SLOTS = 2, ITEMS = 3 };

/* region: ring */
static int slots[SLOTS];
static atomic_uint head; /* items taken */
static atomic_uint tail; /* items put */

static void put(int item)
{
    unsigned end = atomic_load_explicit(&tail, memory_order_relaxed);
#ifndef NO_FULL_CHECK
    while (end - atomic_load_explicit(&head, PUT_LOAD) == SLOTS) {
        /* full: wait */
    }
#endif
    slots[end % SLOTS] = item;
    atomic_store_explicit(&tail, end + 1, PUT_STORE);
}

static int take(void)
{
    unsigned start = atomic_load_explicit(&head, memory_order_relaxed);
    while (start == atomic_load_explicit(&tail, TAKE_LOAD)) {
        /* empty: wait */
    }
    int item = slots[start % SLOTS];
    atomic_store_explicit(&head, start + 1, TAKE_STORE);
    return item;
}
/* end of region */

static void *producer(void *unused)
{
    for (int item = 1; item <= ITEMS; item++) {
        put(item);
    }
    return unused;
}

static void *consumer(void *unused)
{
    for (int item = 1; item <= ITEMS; item++) {
        assert(take() == item);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, producer, NULL);
    pthread_create(&threads[1], NULL, consumer, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
