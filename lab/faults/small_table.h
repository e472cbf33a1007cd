/* SPDX-License-Identifier: MIT
 * small_table.h - a table of one line of slots that moves while it is used: right, or wrong in one
 *                 of three ways on purpose.
 *
 * Every shared word is atomic and every order is strong enough: what is wrong is the protocol, and
 * nothing a compiler warns of. SMALL_FAULT chooses the fault; the lab and the programs in
 * lab/faults/ are compiled from this text.
 *
 * A slot   | key word: version in the upper half, key in the lower | value |
 *   A key's place is its number modulo SMALL_SLOTS; another key of the same place displaces it.
 *   While a slot changes hands its key is 0; each change counts its version up.
 * A move   takes each value out of the old slots, leaving SMALL_MOVED, and publishes the new ones.
 */
#ifndef TOPHASH_LAB_FAULTS_SMALL_TABLE_H
#define TOPHASH_LAB_FAULTS_SMALL_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum small_fault {
    SMALL_RIGHT,
    SMALL_STALE_BUCKET, /* a put stores into slots that a move has left */
    SMALL_EARLY_FREE,   /* a move frees the old slots while a get still reads them */
    SMALL_NO_RECHECK    /* a get does not look whether its slot changed hands meanwhile */
};

/* What the user of this text may define before. */
#ifndef SMALL_FAULT
#define SMALL_FAULT SMALL_RIGHT
#endif
#ifndef SMALL_SLOTS
#define SMALL_SLOTS 1
#endif
#ifndef SMALL_WINDOW
#define SMALL_WINDOW(fault) ((void)0) /* where `fault` has its moment: a delay makes it longer */
#endif
#ifndef SMALL_PAUSE
#define SMALL_PAUSE() ((void)0) /* in loops that wait */
#endif
#ifndef SMALL_ALLOCATE
#define SMALL_ALLOCATE() malloc(SMALL_SLOTS * sizeof(struct small_slot))
#define SMALL_FREE(slots) free(slots)
#endif

#define SMALL_MOVED (~(uint64_t)0)
#define SMALL_KEY(word) ((uint32_t)(word))

struct small_slot {
    _Atomic(uint64_t) key;
    _Atomic(uint64_t) value;
};

struct small_table {
    _Atomic(struct small_slot *) slots;
    atomic_uint users; /* inside a get or a put */
};

static inline void small_enter(struct small_table *table)
{
    if (SMALL_FAULT != SMALL_EARLY_FREE) {
        /* Before the look at the slots, in the one order of all seq_cst operations: a move that
         * does not see this user has published the new slots before. */
        atomic_fetch_add_explicit(&table->users, 1, memory_order_seq_cst);
    }
}

static inline void small_leave(struct small_table *table)
{
    if (SMALL_FAULT != SMALL_EARLY_FREE) {
        atomic_fetch_sub_explicit(&table->users, 1, memory_order_release);
    }
}

static inline struct small_slot *small_slot_of(struct small_slot *slots, uint32_t key)
{
    return &slots[key % SMALL_SLOTS];
}

/* The value of `key`, read from a slot that had it; *word is what the slot's key was. */
static inline uint64_t small_slot_read(struct small_slot *slot, uint32_t key, uint64_t *word)
{
    *word = atomic_load_explicit(&slot->key, memory_order_acquire);
    if (SMALL_KEY(*word) != key) {
        return 0;
    }
    SMALL_WINDOW(SMALL_NO_RECHECK);
    return atomic_load_explicit(&slot->value, memory_order_acquire);
}

/* The key's value, 0 if it is absent. */
static inline uint64_t small_get(struct small_table *table, uint32_t key)
{
    small_enter(table);
    uint64_t value = SMALL_MOVED;
    while (value == SMALL_MOVED) {
        struct small_slot *slots = atomic_load_explicit(&table->slots, memory_order_seq_cst);
        struct small_slot *slot = small_slot_of(slots, key);
        SMALL_WINDOW(SMALL_EARLY_FREE);
        uint64_t word;
        value = small_slot_read(slot, key, &word);
        if (SMALL_FAULT != SMALL_NO_RECHECK &&
            atomic_load_explicit(&slot->key, memory_order_relaxed) != word) {
            value = SMALL_MOVED; /* the slot changed hands: the value may be another key's */
        } else if (value == SMALL_MOVED) {
            SMALL_PAUSE(); /* the new slots are published next */
        }
    }
    small_leave(table);
    return value;
}

/* True if `value` was stored; false if a move has taken the old value. */
static inline bool small_slot_write(struct small_slot *slot, uint64_t value)
{
    uint64_t old = atomic_load_explicit(&slot->value, memory_order_relaxed);
    SMALL_WINDOW(SMALL_STALE_BUCKET);
    if (SMALL_FAULT == SMALL_STALE_BUCKET) {
        atomic_store_explicit(&slot->value, value, memory_order_release);
        return true;
    }
    return old != SMALL_MOVED &&
           atomic_compare_exchange_strong_explicit(&slot->value, &old, value, memory_order_acq_rel,
                                                   memory_order_acquire);
}

/* Gives a key that is present another value; one thread at a time. */
static inline void small_put(struct small_table *table, uint32_t key, uint64_t value)
{
    small_enter(table);
    struct small_slot *slots = atomic_load_explicit(&table->slots, memory_order_seq_cst);
    while (!small_slot_write(small_slot_of(slots, key), value)) {
        SMALL_PAUSE(); /* the new slots are published next */
        slots = atomic_load_explicit(&table->slots, memory_order_seq_cst);
    }
    small_leave(table);
}

/* Puts `key` in the place of the one that stands in its slot; one thread at a time, none moves. */
static inline void small_displace(struct small_table *table, uint32_t key, uint64_t value)
{
    struct small_slot *slots = atomic_load_explicit(&table->slots, memory_order_acquire);
    struct small_slot *slot = small_slot_of(slots, key);
    uint64_t word = atomic_load_explicit(&slot->key, memory_order_relaxed);
    uint64_t version = (word >> 32) + 1;
    atomic_store_explicit(&slot->key, version << 32, memory_order_relaxed);
    /* release: who reads this value, and looks at the key again, finds it changed. */
    atomic_store_explicit(&slot->value, value, memory_order_release);
    atomic_store_explicit(&slot->key, (version << 32) | key, memory_order_release);
}

/* Moves the table to `fresh` slots and frees the old ones; one thread at a time. */
static inline void small_move(struct small_table *table, struct small_slot *fresh)
{
    struct small_slot *old = atomic_load_explicit(&table->slots, memory_order_relaxed);
    for (size_t i = 0; i < SMALL_SLOTS; i++) {
        uint64_t word = atomic_load_explicit(&old[i].key, memory_order_relaxed);
        uint64_t value = atomic_exchange_explicit(&old[i].value, SMALL_MOVED, memory_order_acq_rel);
        atomic_store_explicit(&fresh[i].key, word, memory_order_relaxed);
        atomic_store_explicit(&fresh[i].value, value, memory_order_relaxed);
    }
    /* An exchange and not a store: some emulators let a seq_cst load pass a seq_cst store. */
    old = atomic_exchange_explicit(&table->slots, fresh, memory_order_seq_cst);
    if (SMALL_FAULT != SMALL_EARLY_FREE) {
        while (atomic_load_explicit(&table->users, memory_order_seq_cst) != 0) {
            SMALL_PAUSE();
        }
    }
    SMALL_FREE(old);
}

static inline bool small_init(struct small_table *table, uint32_t key, uint64_t value)
{
    struct small_slot *slots = SMALL_ALLOCATE();
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < SMALL_SLOTS; i++) {
        atomic_init(&slots[i].key, 0);
        atomic_init(&slots[i].value, 0);
    }
    atomic_store_explicit(&small_slot_of(slots, key)->key, key, memory_order_relaxed);
    atomic_store_explicit(&small_slot_of(slots, key)->value, value, memory_order_relaxed);
    atomic_init(&table->slots, slots);
    atomic_init(&table->users, 0);
    return true;
}

#endif
