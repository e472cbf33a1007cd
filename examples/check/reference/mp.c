/* SPDX-License-Identifier: MIT
 * mp.c - message passing: a plain payload behind a flag. 2 executions.
 *
 * Switches     PUB: order of the store to the flag. Relaxed: the payload is read in a race.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef PUB
#define PUB memory_order_release
#endif

static int payload;
static atomic_int flag;

static void *writer(void *unused)
{
    payload = 1;
    atomic_store_explicit(&flag, 1, PUB);
    return unused;
}

static void *reader(void *unused)
{
    if (atomic_load_explicit(&flag, memory_order_acquire) != 0) {
        assert(payload == 1);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, writer, NULL);
    pthread_create(&threads[1], NULL, reader, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
