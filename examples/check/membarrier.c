/* SPDX-License-Identifier: MIT
 * membarrier.c - a reader without a fence against an owner with a heavy one: the owner re-uses an
 * object once nobody can be reading it.
 *
 * Switches     LIGHT_ONLY: the owner's heavy fence is one of its own thread only.
 */
#define _DEFAULT_SOURCE /* syscall() */

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/membarrier.h. */
enum { MEMBARRIER_PRIVATE_EXPEDITED = 8, MEMBARRIER_REGISTER_PRIVATE_EXPEDITED = 16 };

static int object = 1;
static atomic_int unlinked;
static atomic_int reading;

static void *reader(void *unused)
{
    atomic_store_explicit(&reading, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst); /* nothing for the processor */
    if (atomic_load_explicit(&unlinked, memory_order_relaxed) == 0) {
        assert(object == 1);
    }
    atomic_store_explicit(&reading, 0, memory_order_release);
    return unused;
}

static void *owner(void *unused)
{
    atomic_store_explicit(&unlinked, 1, memory_order_relaxed);
#ifdef LIGHT_ONLY
    atomic_thread_fence(memory_order_seq_cst);
#else
    long status = syscall(SYS_membarrier, MEMBARRIER_PRIVATE_EXPEDITED, 0);
    assert(status == 0);
#endif
    if (atomic_load_explicit(&reading, memory_order_acquire) == 0) {
        object = 2;
    }
    return unused;
}

int main(void)
{
    if (syscall(SYS_membarrier, MEMBARRIER_REGISTER_PRIVATE_EXPEDITED, 0) != 0) {
        return 0; /* a system without it */
    }
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, reader, NULL);
    pthread_create(&threads[1], NULL, owner, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
