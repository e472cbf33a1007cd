/* SPDX-License-Identifier: MIT
 * isa2.c - a chain of three threads with seq_cst fences at both ends and nothing in the middle.
 * 8 executions, and the assertion fails in one of them: a fence orders its own thread, not what
 * others pass on with relaxed accesses.
 *
 * Switches     PASS_LOAD, PASS_STORE: orders of the middle thread. Acquire and release there, with
 *              the fences where they are, make the assertion true.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef PASS_LOAD
#define PASS_LOAD memory_order_relaxed
#endif
#ifndef PASS_STORE
#define PASS_STORE memory_order_relaxed
#endif

static atomic_int x, y, z;
static int saw_y, saw_z, saw_x;

static void *first(void *unused)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return unused;
}

static void *middle(void *unused)
{
    saw_y = atomic_load_explicit(&y, PASS_LOAD);
    atomic_store_explicit(&z, 1, PASS_STORE);
    return unused;
}

static void *last(void *unused)
{
    saw_z = atomic_load_explicit(&z, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    saw_x = atomic_load_explicit(&x, memory_order_relaxed);
    return unused;
}

int main(void)
{
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, first, NULL);
    pthread_create(&threads[1], NULL, middle, NULL);
    pthread_create(&threads[2], NULL, last, NULL);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(!(saw_y == 1 && saw_z == 1 && saw_x == 0));
    return 0;
}
