/* SPDX-License-Identifier: MIT
 * load_buffering.c - each thread reads, then writes what the other reads. That both find the
 * other's write is impossible in the checker's model, and possible on some processors.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

/* region: threads */
static atomic_int x, y;
static int saw_x, saw_y;

static void *first(void *unused)
{
    saw_x = atomic_load_explicit(&x, memory_order_relaxed);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return unused;
}

static void *second(void *unused)
{
    saw_y = atomic_load_explicit(&y, memory_order_relaxed);
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    return unused;
}
/* end of region */

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, first, NULL);
    pthread_create(&threads[1], NULL, second, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert(!(saw_x == 1 && saw_y == 1));
    return 0;
}
