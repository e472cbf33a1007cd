/* SPDX-License-Identifier: MIT
 * bucket.c - a table of two slots grows to four: forwarding marks, the new table published at the
 * end; inserters and readers beside the grower.
 * Executions, inserters and readers: (0,1) 3, (0,2) 9, (1,1) 12, (1,2) 36, (2,1) 36, (2,2) 108.
 *
 * Switches     NI, NR: inserters, readers. Orders: OPUB publishes the new table, OFWD marks a slot
 *              as forwarded, OLD_ACQ reads a slot: relaxed, each lets a reader follow a pointer to
 *              what it does not see yet. OSLOT fills a slot and protects nothing here: no payload
 *              stands behind it.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef OPUB
#define OPUB memory_order_release
#endif
#ifndef OLD_ACQ
#define OLD_ACQ memory_order_acquire
#endif
#ifndef OFWD
#define OFWD memory_order_release
#endif
#ifndef OSLOT
#define OSLOT memory_order_release
#endif
#ifndef NR
#define NR 1
#endif
#ifndef NI
#define NI 1
#endif

enum { EMPTY = 0, FORWARDED = 99 };

struct table {
    atomic_int *slots;
    int slot_count;
    _Atomic(struct table *) next;
};

static _Atomic(struct table *) current;

static struct table *table_new(int slot_count)
{
    struct table *table = malloc(sizeof *table);
    atomic_int *slots = malloc(sizeof(atomic_int) * (size_t)slot_count);
    if (table == NULL || slots == NULL) {
        abort();
    }
    table->slots = slots;
    table->slot_count = slot_count;
    for (int i = 0; i < slot_count; i++) {
        atomic_init(&table->slots[i], EMPTY);
    }
    atomic_init(&table->next, NULL);
    return table;
}

static void table_free(struct table *table)
{
    free(table->slots);
    free(table);
}

static void insert(struct table *table, int key)
{
    for (;;) {
        atomic_int *slot = &table->slots[key % table->slot_count];
        int seen = atomic_load_explicit(slot, OLD_ACQ);
        if (seen == FORWARDED) {
            table = atomic_load_explicit(&table->next, memory_order_relaxed);
            continue;
        }
        if (seen != EMPTY) {
            return;
        }
        int expected = EMPTY;
        if (atomic_compare_exchange_strong_explicit(slot, &expected, key, OSLOT, OLD_ACQ)) {
            return;
        }
    }
}

static int get(int key)
{
    struct table *table = atomic_load_explicit(&current, memory_order_acquire);
    for (;;) {
        int seen = atomic_load_explicit(&table->slots[key % table->slot_count], OLD_ACQ);
        if (seen != FORWARDED) {
            return seen == key;
        }
        table = atomic_load_explicit(&table->next, memory_order_relaxed);
    }
}

/* Copies the slot as it is, then marks it; again if it was filled in between. */
static void slot_move(atomic_int *from, struct table *to)
{
    int seen = atomic_load_explicit(from, memory_order_acquire);
    do {
        if (seen != EMPTY) {
            atomic_store_explicit(&to->slots[seen % 4], seen, memory_order_relaxed);
        }
    } while (!atomic_compare_exchange_strong_explicit(from, &seen, FORWARDED, OFWD,
                                                      memory_order_acquire));
}

static void *grower(void *unused)
{
    struct table *old = atomic_load_explicit(&current, memory_order_acquire);
    struct table *new = table_new(4);
    atomic_store_explicit(&old->next, new, memory_order_relaxed);
    for (int i = 0; i < old->slot_count; i++) {
        slot_move(&old->slots[i], new);
    }
    atomic_store_explicit(&current, new, OPUB);
    return unused;
}

static void *inserter(void *number)
{
    insert(atomic_load_explicit(&current, memory_order_acquire), 2 + (int)(intptr_t)number);
    return NULL;
}

static void *reader(void *unused)
{
    assert(get(1));
    return unused;
}

int main(void)
{
    pthread_t threads[1 + NI + NR];
    struct table *table = table_new(2);
    atomic_init(&table->slots[1], 1);
    atomic_init(&current, table);
    pthread_create(&threads[0], NULL, grower, NULL);
    for (int i = 0; i < NI + NR; i++) {
        pthread_create(&threads[1 + i], NULL, i < NI ? inserter : reader, (void *)(intptr_t)i);
    }
    for (int i = 0; i < 1 + NI + NR; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(get(1));
    assert(NI == 0 || get(2));
    table_free(atomic_load_explicit(&current, memory_order_relaxed));
    table_free(table);
    return 0;
}
