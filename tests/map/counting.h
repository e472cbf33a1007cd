/* SPDX-License-Identifier: MIT
 * counting.h - an allocator for tests: counts, keeps a ledger, refuses above a limit, judges what
 * is given back.
 *
 * Guarantees   every block given back is one that was handed out, with the same size, alignment and
 *              function pair; counting_finish() says whether all of them came back.
 */
#ifndef TOPHASH_TESTS_MAP_COUNTING_H
#define TOPHASH_TESTS_MAP_COUNTING_H

#include <pthread.h>

#include <tophash/alloc.h>

#include "test.h"

enum { COUNTING_SLOTS = 1 << 16 };

struct counting_block {
    void *memory;
    size_t size;
    size_t alignment;
    bool mapped;
};

/* One at a time is enough for any test; all fields are guarded by `lock`. */
struct counting {
    struct th_allocator allocator;
    pthread_mutex_t lock;
    uint64_t requests;
    uint64_t bytes; /* handed out now */
    uint64_t bytes_peak;
    uint64_t bytes_max; /* above it requests are refused; 0: no limit */
    uint64_t refused;
    uint64_t blocks;
    uint64_t wrong; /* blocks given back that do not match */
    struct counting_block *ledger;
};

static inline struct counting_block *counting_find(struct counting *counting, const void *memory)
{
    uint64_t hash = (uint64_t)(uintptr_t)memory * 0x9e3779b97f4a7c15u >> 48;
    for (uint64_t i = 0; i < COUNTING_SLOTS; i++) {
        struct counting_block *block = &counting->ledger[(hash + i) % COUNTING_SLOTS];
        if (block->memory == memory) {
            return block;
        }
    }
    return NULL;
}

/* Enters a block at the first free place from its hash on; places are never emptied but overwritten
 * with a mark (size 0), so that probing stays sound. */
static inline bool counting_enter(struct counting *counting, struct counting_block entry)
{
    uint64_t hash = (uint64_t)(uintptr_t)entry.memory * 0x9e3779b97f4a7c15u >> 48;
    struct counting_block *block = counting_find(counting, entry.memory);
    for (uint64_t i = 0; block == NULL && i < COUNTING_SLOTS; i++) {
        struct counting_block *candidate = &counting->ledger[(hash + i) % COUNTING_SLOTS];
        block = candidate->memory == NULL || candidate->size == 0 ? candidate : NULL;
    }
    if (block == NULL) {
        return false;
    }
    *block = entry;
    return true;
}

static inline void *counting_take(struct counting *counting, size_t size, size_t alignment,
                                  bool mapped)
{
    pthread_mutex_lock(&counting->lock);
    counting->requests++;
    void *memory = NULL;
    if (counting->bytes_max != 0 && counting->bytes + size > counting->bytes_max) {
        counting->refused++;
    } else if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment,
                              size) != 0) {
        memory = NULL;
    }
    if (memory != NULL) {
        memset(memory, mapped ? 0 : 0xa5, size);
        if (size == 0 ||
            !counting_enter(counting, (struct counting_block){memory, size, alignment, mapped})) {
            counting->wrong++;
        }
        counting->blocks++;
        counting->bytes += size;
        if (counting->bytes > counting->bytes_peak) {
            counting->bytes_peak = counting->bytes;
        }
    }
    pthread_mutex_unlock(&counting->lock);
    return memory;
}

static inline void counting_give(struct counting *counting, void *memory, size_t size,
                                 size_t alignment, bool mapped)
{
    pthread_mutex_lock(&counting->lock);
    struct counting_block *block = memory == NULL ? NULL : counting_find(counting, memory);
    if (block == NULL || block->size != size || block->alignment != alignment ||
        block->mapped != mapped) {
        counting->wrong++;
    } else {
        block->size = 0;
        counting->blocks--;
        counting->bytes -= size;
        memset(memory, 0x5a, size);
        free(memory);
    }
    pthread_mutex_unlock(&counting->lock);
}

static void *counting_alloc(void *context, size_t size, size_t alignment)
{
    return counting_take(context, size, alignment, false);
}

static void counting_free(void *context, void *memory, size_t size, size_t alignment)
{
    counting_give(context, memory, size, alignment, false);
}

static void *counting_map(void *context, size_t size, size_t alignment)
{
    return counting_take(context, size, alignment, true);
}

static void counting_unmap(void *context, void *memory, size_t size, size_t alignment)
{
    counting_give(context, memory, size, alignment, true);
}

static inline void counting_start(struct counting *counting, uint64_t bytes_max)
{
    memset(counting, 0, sizeof(*counting));
    pthread_mutex_init(&counting->lock, NULL);
    counting->ledger = calloc(COUNTING_SLOTS, sizeof(*counting->ledger));
    if (counting->ledger == NULL) {
        abort();
    }
    counting->bytes_max = bytes_max;
    counting->allocator = (struct th_allocator){counting, counting_alloc, counting_free,
                                                counting_map, counting_unmap};
}

/* Checks that all came back as it was handed out. */
static inline void counting_finish(struct counting *counting)
{
    CHECK_EQ(counting->wrong, 0);
    CHECK_EQ(counting->blocks, 0);
    CHECK_EQ(counting->bytes, 0);
    free(counting->ledger);
    pthread_mutex_destroy(&counting->lock);
}

#endif
