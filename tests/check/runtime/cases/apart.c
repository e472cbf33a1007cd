/* SPDX-License-Identifier: MIT
 * apart.c - memory that only atomic stores wrote before the first thread was made. CASE 1: a part
 * of it that nobody wrote is read.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <assert.h>

static atomic_int *words;

static void *add(void *unused)
{
    atomic_fetch_add_explicit(&words[0], 1, memory_order_relaxed);
    assert(CASE == 0 || atomic_load_explicit(&words[1], memory_order_relaxed) == 0);
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    words = malloc(2 * sizeof(*words));
    assert(words != NULL);
    atomic_init(&words[0], 0);
    for (int i = 0; i < 2; i++) {
        assert(pthread_create(&threads[i], NULL, add, NULL) == 0);
    }
    for (int i = 0; i < 2; i++) {
        assert(pthread_join(threads[i], NULL) == 0);
    }
    assert(atomic_load_explicit(&words[0], memory_order_relaxed) == 2);
    free(words);
    return 0;
}
