/* SPDX-License-Identifier: MIT
 * main.c - one scenario, by its name, for the checker.
 */
#include "proof.h"

#include <pthread.h>
#include <stdint.h>

static void (*threads_run)(unsigned number);

static void *thread_main(void *number)
{
    threads_run((unsigned)(uintptr_t)number);
    return NULL;
}

void proof_threads(unsigned count, void (*run)(unsigned number))
{
    pthread_t threads[PROOF_THREADS_MAX];
    assert(count <= PROOF_THREADS_MAX);
    threads_run = run;
    for (unsigned i = 0; i < count; i++) {
        assert(pthread_create(&threads[i], NULL, thread_main, (void *)(uintptr_t)(i + 1)) == 0);
    }
    for (unsigned i = 0; i < count; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
}

int main(int argc, char **argv)
{
    assert(argc == 2);
    return proof_play(argv[1]) ? 0 : 1; /* 1: no such scenario */
}
