/* SPDX-License-Identifier: MIT
 * release_sequence.c - a relaxed store of the same thread behind its release store. Under C11 and
 * C17 whoever reads the later store is ordered as if he had read the first; under C++20 he is not.
 *
 * Switches     SECOND_STORE: release makes it right under both.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef SECOND_STORE
#define SECOND_STORE memory_order_relaxed
#endif

/* region: threads */
static int payload;
static atomic_int state;

static void *writer(void *unused)
{
    payload = 1;
    atomic_store_explicit(&state, 1, memory_order_release);
    atomic_store_explicit(&state, 2, SECOND_STORE);
    return unused;
}

static void *reader(void *unused)
{
    if (atomic_load_explicit(&state, memory_order_acquire) == 2) {
        assert(payload == 1);
    }
    return unused;
}
/* end of region */

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, writer, NULL);
    pthread_create(&threads[1], NULL, reader, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
