/* SPDX-License-Identifier: MIT
 * missing-recheck.c - a get takes the value of the key that came into its slot.
 *
 * With -DSMALL_FAULT=SMALL_RIGHT the same program is right. ROUNDS repeats it.
 */
#ifndef SMALL_FAULT
#define SMALL_FAULT SMALL_NO_RECHECK
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

#include "small_table.h"

#include <assert.h>
#include <pthread.h>

static struct small_table table;

static void *reader(void *unused)
{
    uint64_t value = small_get(&table, 1);
    assert(value == 0 || value == 101);
    return unused;
}

static void *displacer(void *unused)
{
    small_displace(&table, 2, 102);
    return unused;
}

int main(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[2];
        if (!small_init(&table, 1, 101) || pthread_create(&threads[0], NULL, reader, NULL) != 0 ||
            pthread_create(&threads[1], NULL, displacer, NULL) != 0) {
            return 2;
        }
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
        free(atomic_load_explicit(&table.slots, memory_order_relaxed));
    }
    return 0;
}
