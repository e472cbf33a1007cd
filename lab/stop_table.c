/* SPDX-License-Identifier: MIT
 * stop_table.c - linear probing behind one lock; at three quarters full, everything is copied.
 *
 * The lock spins, so that whoever waits is seen to wait on its own processor.
 */
#include "lab/stop_table.h"

#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

struct pair {
    uint64_t key; /* 0: empty */
    uint64_t value;
};

struct thi_stop_table {
    struct pair *pairs;
    size_t capacity; /* a power of two */
    size_t count;
    _Alignas(128) atomic_flag lock;
};

enum { CAPACITY_FIRST = 64, SPINS_MAX = 1 << 20 };

static void table_lock(struct thi_stop_table *table)
{
    unsigned spins = 0;
    while (atomic_flag_test_and_set_explicit(&table->lock, memory_order_acquire)) {
        /* Who holds the lock may have been stopped on our own processor. */
        if (++spins > SPINS_MAX) {
            sched_yield();
        }
    }
}

static void table_unlock(struct thi_stop_table *table)
{
    atomic_flag_clear_explicit(&table->lock, memory_order_release);
}

static struct pair *pair_of(struct pair *pairs, size_t capacity, uint64_t key)
{
    uint64_t mixed = (key ^ (key >> 32)) * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(mixed >> 20) & (capacity - 1);
    while (pairs[at].key != 0 && pairs[at].key != key) {
        at = (at + 1) & (capacity - 1);
    }
    return &pairs[at];
}

static bool table_double(struct thi_stop_table *table)
{
    size_t capacity = table->capacity * 2;
    struct pair *pairs = calloc(capacity, sizeof *pairs);
    if (pairs == NULL) {
        return false;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->pairs[i].key != 0) {
            *pair_of(pairs, capacity, table->pairs[i].key) = table->pairs[i];
        }
    }
    free(table->pairs);
    table->pairs = pairs;
    table->capacity = capacity;
    return true;
}

struct thi_stop_table *thi_stop_table_new(void)
{
    struct thi_stop_table *table = aligned_alloc(_Alignof(struct thi_stop_table), sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->capacity = CAPACITY_FIRST;
    table->count = 0;
    atomic_flag_clear(&table->lock);
    table->pairs = calloc(table->capacity, sizeof *table->pairs);
    if (table->pairs == NULL) {
        free(table);
        return NULL;
    }
    return table;
}

void thi_stop_table_free(struct thi_stop_table *table)
{
    if (table != NULL) {
        free(table->pairs);
        free(table);
    }
}

bool thi_stop_table_put(struct thi_stop_table *table, uint64_t key, uint64_t value)
{
    table_lock(table);
    bool done = table->count < table->capacity / 4 * 3 || table_double(table);
    if (done) {
        struct pair *pair = pair_of(table->pairs, table->capacity, key);
        table->count += pair->key == 0;
        pair->key = key;
        pair->value = value;
    }
    table_unlock(table);
    return done;
}

bool thi_stop_table_get(struct thi_stop_table *table, uint64_t key, uint64_t *value)
{
    table_lock(table);
    const struct pair *pair = pair_of(table->pairs, table->capacity, key);
    bool found = pair->key != 0;
    if (found) {
        *value = pair->value;
    }
    table_unlock(table);
    return found;
}
