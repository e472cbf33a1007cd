/* SPDX-License-Identifier: MIT
 * ledger.h - a user's allocator that keeps the books: every free must name the size and alignment
 * of its alloc, and at the end nothing may be open.
 */
#ifndef TOPHASH_TESTS_MEM_LEDGER_H
#define TOPHASH_TESTS_MEM_LEDGER_H

#include <tophash/alloc.h>

#include <pthread.h>

#include "test.h"

/* Written before each block, in the room its alignment leaves. */
struct ledger_note {
    struct ledger *ledger;
    size_t size;
    size_t alignment;
    bool mapped;
};

struct ledger {
    pthread_mutex_t mutex;
    uint64_t open_blocks;
    uint64_t open_bytes;
    uint64_t allocs;
    uint64_t maps;
    uint64_t mistakes;
    size_t bytes_max; /* larger requests are refused; 0: none */
};

static inline void *ledger_open(struct ledger *ledger, size_t size, size_t alignment, bool mapped)
{
    if (ledger->bytes_max != 0 && size > ledger->bytes_max) {
        return NULL;
    }
    size_t before = alignment < sizeof(struct ledger_note) ? sizeof(struct ledger_note) : alignment;
    before = (before + alignment - 1) / alignment * alignment;
    char *whole = NULL;
    if (posix_memalign((void **)&whole, alignment < 16 ? 16 : alignment, before + size) != 0) {
        return NULL;
    }
    struct ledger_note note = {ledger, size, alignment, mapped};
    memcpy(whole + before - sizeof(note), &note, sizeof(note));
    memset(whole + before, mapped ? 0 : 0xa5, size);
    pthread_mutex_lock(&ledger->mutex);
    ledger->open_blocks++;
    ledger->open_bytes += size;
    ledger->allocs += !mapped;
    ledger->maps += mapped;
    pthread_mutex_unlock(&ledger->mutex);
    return whole + before;
}

static inline void ledger_close(struct ledger *ledger, void *memory, struct ledger_note want)
{
    struct ledger_note note;
    memcpy(&note, (char *)memory - sizeof(note), sizeof(note));
    pthread_mutex_lock(&ledger->mutex);
    ledger->mistakes += note.ledger != want.ledger || note.size != want.size ||
                        note.alignment != want.alignment || note.mapped != want.mapped;
    ledger->open_blocks--;
    ledger->open_bytes -= note.size;
    pthread_mutex_unlock(&ledger->mutex);
    size_t before =
        want.alignment < sizeof(struct ledger_note) ? sizeof(struct ledger_note) : want.alignment;
    before = (before + want.alignment - 1) / want.alignment * want.alignment;
    free((char *)memory - before);
}

static inline void *ledger_alloc(void *context, size_t size, size_t alignment)
{
    return ledger_open(context, size, alignment, false);
}

static inline void ledger_free(void *context, void *memory, size_t size, size_t alignment)
{
    ledger_close(context, memory, (struct ledger_note){context, size, alignment, false});
}

static inline void *ledger_map(void *context, size_t size, size_t alignment)
{
    return ledger_open(context, size, alignment, true);
}

static inline void ledger_unmap(void *context, void *memory, size_t size, size_t alignment)
{
    ledger_close(context, memory, (struct ledger_note){context, size, alignment, true});
}

static inline struct th_allocator ledger_allocator(struct ledger *ledger)
{
    *ledger = (struct ledger){.mutex = PTHREAD_MUTEX_INITIALIZER};
    return (struct th_allocator){ledger, ledger_alloc, ledger_free, ledger_map, ledger_unmap};
}

#endif
