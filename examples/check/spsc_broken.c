/* SPDX-License-Identifier: MIT
 * spsc_broken.c - a ring between one producer and one consumer, as one writes it at first. Broken:
 * `tophash check` says where; docs/checking.md goes from here to spsc.c.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

enum { SLOTS = 2, ITEMS = 3 };

/* region: ring */
static int slots[SLOTS];
static atomic_uint head; /* items taken */
static atomic_uint tail; /* items put */

static void put(int item)
{
    unsigned end = atomic_load_explicit(&tail, memory_order_relaxed);
    while (end - atomic_load_explicit(&head, memory_order_relaxed) == SLOTS) {
        /* full: wait */
    }
    slots[end % SLOTS] = item;
    atomic_store_explicit(&tail, end + 1, memory_order_relaxed);
}

static int take(void)
{
    unsigned start = atomic_load_explicit(&head, memory_order_relaxed);
    while (start == atomic_load_explicit(&tail, memory_order_relaxed)) {
        /* empty: wait */
    }
    int item = slots[start % SLOTS];
    atomic_store_explicit(&head, start + 1, memory_order_relaxed);
    return item;
}
/* end of region */

/* region: threads */
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
/* end of region */
