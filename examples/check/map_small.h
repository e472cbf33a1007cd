/* SPDX-License-Identifier: MIT
 * map_small.h - the words of the map in small, and the only ways to touch them.
 *
 * Layout       key word    | hash | FREE | LIVE |   0: empty; bit 4 of the hash: its home line
 *              group word  | version | depth | BORROWS | MERGING | SPLITTING | count | LOCK |
 *              Group 0 has the even hashes and is split into 0 and 2. Depth 0: absent.
 *              value       a record of plain words, written before it is put
 * Switches     TWIN: n leaves out what keeps obligation n.
 *               1 the user's fence, if he wants an order over two keys
 *               2 SPLITTING is shown before the first entry leaves
 *               3 the lock of a group proves that its word is as it was looked at
 *               4 a group's version outlives the group
 *               5 who erases an entry holds its cell
 *               6 who splits a group waits for no cell
 *               7 a split makes the version grow before it fills cells again
 *               8 loads of keys are acquire
 *               9 a record stays until nobody can look at it
 *              10 an erase makes the version grow
 *              11 a moved copy is shown held, until the old place is clear
 *              12 a held entry is present
 *              13 who looks while entries move goes two rounds
 */
#ifndef TOPHASH_EXAMPLES_CHECK_MAP_SMALL_H
#define TOPHASH_EXAMPLES_CHECK_MAP_SMALL_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef TWIN
#define TWIN 0
#endif

#define LOAD(word) atomic_load_explicit(&(word), memory_order_acquire)
#define KEY_LOAD(cell) \
    atomic_load_explicit(&(cell)->key, TWIN == 8 ? memory_order_relaxed : memory_order_acquire)
#define RECHECK(word) atomic_load_explicit(&(word), memory_order_relaxed)
#define STORE(word, value) atomic_store_explicit(&(word), (value), memory_order_release)
#define TRY_LOCK(word, expected, locked)                                                          \
    atomic_compare_exchange_strong_explicit(&(word), &(expected), (locked), memory_order_acquire, \
                                            memory_order_relaxed)

enum { LINES = 2, EMPTY = 0, LIVE = 1, FREE = 2, LOCK = 1, COUNT_ONE = 2, BELOW_MARKS = 15 };
enum { SPLITTING = 16, MERGING = 32, BORROWS = 64, MARKS = 112, DEPTHS = 384, VERSION_ONE = 512 };
#define KEY_OF(hash) ((hash) << 2 | FREE | LIVE)
#define HELD(key) ((key) & ~(unsigned)FREE)
#define HOME(hash) ((hash) >> 4 & 1)
#define DEPTH(word) ((word) >> 7 & 3)
#define GROWN(word, depth) (((word) & ~(unsigned)DEPTHS) + VERSION_ONE + ((depth) << 7))
#define ROUNDS(word) (((word)&MARKS) != 0 && TWIN != 13 ? 2 : 1)
#define SAME(word, seen) ((((word) ^ (seen)) & ~(unsigned)BELOW_MARKS) == 0)

struct record {
    unsigned hash;
    unsigned number;
};

struct cell {
    atomic_uint key;
    _Atomic(struct record *) value;
};
struct group {
    atomic_uint word;
    atomic_uint passed;     /* a bit a line: an entry stands behind it */
    unsigned passes[LINES]; /* how many, for the holder of the LOCK */
    struct cell cells[LINES];
};

static struct group groups[3];

static void wait_while(atomic_uint *word, unsigned seen)
{
    while (RECHECK(*word) == seen) {
    }
}

static bool group_try_lock(struct group *group, unsigned word)
{
    return (word & LOCK) == 0 && TRY_LOCK(group->word, word, word | LOCK);
}

static bool cell_try_lock(struct cell *cell, unsigned key)
{
    return TRY_LOCK(cell->key, key, HELD(key));
}

/* A value that was replaced or erased: whoever found it may look at it until he is done. Here that
 * is the end of all threads; in th_map, the end of the guards of an epoch. */
static void record_retire(struct record *record)
{
    if (TWIN == 9) {
        record->hash = 0; /* given to somebody else */
    }
}

#endif
