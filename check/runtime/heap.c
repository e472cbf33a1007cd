/* SPDX-License-Identifier: MIT
 * heap.c - the checked program's heap: an address depends on the thread and on how many blocks it
 *          has allocated, on nothing else.
 *
 * Layout       thread t has TH_HEAP_THREAD_BYTES from TH_HEAP_ADDRESS + t * TH_HEAP_THREAD_BYTES
 *              on; blocks follow each other with a gap between them, which no access may touch.
 */
#include "runtime/runtime.h"

#include "runtime/record.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TH_HEAP_ADDRESS ((uintptr_t)0x2000000000)
#define TH_HEAP_THREAD_BYTES ((uintptr_t)1 << 28)

enum { GAP_BYTES = 16, ALIGNMENT_BYTES = 16, FILL = 0xa5 };

enum { FREED_MAX = 64 };

struct region {
    uintptr_t freed[FREED_MAX]; /* blocks the thread has freed, the newest last (--reuse) */
    uint32_t freed_count;
    uintptr_t next;
    struct thi_heap_block *blocks; /* by address */
    uint32_t count;
    uint32_t room;
};

static struct region regions[TH_FIBERS_MAX];

static uintptr_t region_start(uint32_t thread)
{
    return TH_HEAP_ADDRESS + thread * TH_HEAP_THREAD_BYTES;
}

bool thi_heap_holds(uintptr_t address)
{
    return address - TH_HEAP_ADDRESS < TH_FIBERS_MAX * TH_HEAP_THREAD_BYTES;
}

bool thi_heap_init(void)
{
    void *wanted = (void *)TH_HEAP_ADDRESS;
    size_t size = TH_FIBERS_MAX * TH_HEAP_THREAD_BYTES;
    void *got = mmap(wanted, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != wanted) {
        return false;
    }
    thi_engine_arena_set(thi_runtime.engine, TH_HEAP_ADDRESS, size);
    return true;
}

void thi_heap_restart(void)
{
    for (uint32_t i = 0; i < TH_FIBERS_MAX; i++) {
        regions[i].next = region_start(i) + GAP_BYTES;
        regions[i].count = 0;
        regions[i].freed_count = 0;
    }
}

static struct thi_heap_block *block_find(uintptr_t address)
{
    if (!thi_heap_holds(address)) {
        return NULL;
    }
    struct region *region = &regions[(address - TH_HEAP_ADDRESS) / TH_HEAP_THREAD_BYTES];
    for (uint32_t i = region->count; i-- > 0;) {
        struct thi_heap_block *block = &region->blocks[i];
        if (address >= block->address) {
            return address < block->address + block->bytes ? block : NULL;
        }
    }
    return NULL;
}

const struct thi_heap_block *thi_heap_find(uintptr_t address)
{
    return block_find(address);
}

/* The newest block of that size which the thread itself has freed, as most allocators would give it
 * out; NULL: none. What others have freed is left alone: whether they are done depends on the
 * execution. */
static struct thi_heap_block *block_again(struct region *region, size_t bytes, size_t alignment)
{
    for (uint32_t i = region->freed_count; i-- > 0;) {
        struct thi_heap_block *block = block_find(region->freed[i]);
        if (block != NULL && block->bytes == bytes && block->address % alignment == 0) {
            memmove(&region->freed[i], &region->freed[i + 1],
                    (--region->freed_count - i) * sizeof region->freed[0]);
            block->free_site = 0;
            return block;
        }
    }
    return NULL;
}

struct change {
    uintptr_t address;
    size_t bytes;
    bool initialised;
    uint32_t site;
};

static uint64_t alloc_announce(void *argument)
{
    const struct change *change = argument;
    thi_record_note(TH_RECORD_ALLOC, change->address, change->bytes, change->site);
    return thi_engine_memory_alloc(thi_runtime.engine, change->address, change->bytes,
                                   change->initialised, change->site);
}

static uint64_t free_announce(void *argument)
{
    const struct change *change = argument;
    thi_record_note(TH_RECORD_FREE, change->address, 1, change->site);
    return thi_engine_memory_free(thi_runtime.engine, change->address, change->site);
}

static struct thi_heap_block *block_add(struct region *region)
{
    if (region->count == region->room) {
        uint32_t room = region->room == 0 ? 64 : region->room * 2;
        struct thi_heap_block *blocks = realloc(region->blocks, room * sizeof *blocks);
        if (blocks == NULL) {
            return NULL;
        }
        region->blocks = blocks;
        region->room = room;
    }
    return &region->blocks[region->count++];
}

/* A block at an address that no block has had. NULL: the thread's part of the heap is full. */
static struct thi_heap_block *block_fresh(struct region *region, size_t bytes, size_t alignment)
{
    uint32_t thread = thi_self();
    uintptr_t address = (region->next + alignment - 1) & ~(uintptr_t)(alignment - 1);
    uintptr_t end = region_start(thread) + TH_HEAP_THREAD_BYTES;
    if (address >= end || bytes > end - address || end - address - bytes < 2 * GAP_BYTES) {
        return NULL;
    }
    struct thi_heap_block *block = block_add(region);
    if (block == NULL) {
        thi_fail(TH_ENGINE_NO_MEMORY, "no memory for the list of blocks", 0);
    }
    *block = (struct thi_heap_block){
        .address = address, .bytes = bytes, .thread = thread, .number = region->count};
    region->next = address + bytes + GAP_BYTES;
    return block;
}

void *thi_heap_alloc(size_t bytes, size_t alignment, bool zeroed, uint32_t site)
{
    struct region *region = &regions[thi_self()];
    size_t step = alignment > ALIGNMENT_BYTES ? alignment : ALIGNMENT_BYTES;
    size_t used = bytes == 0 ? 1 : bytes;
    struct thi_heap_block *block =
        thi_runtime.options->reuse ? block_again(region, used, step) : NULL;
    if (block == NULL) {
        block = block_fresh(region, used, step);
    }
    if (block == NULL) {
        return NULL;
    }
    block->site = site;
    struct change change = {
        .address = block->address, .bytes = used, .initialised = zeroed, .site = site};
    memset((void *)change.address, zeroed ? 0 : FILL, used);
    if (thi_fiber_apart(alloc_announce, &change) == 0) {
        thi_stop();
    }
    return (void *)change.address;
}

void thi_heap_free(void *pointer, uint32_t site)
{
    uintptr_t address = (uintptr_t)pointer;
    struct region *region = &regions[thi_self()];
    struct change change = {.address = address, .site = site};
    if (thi_fiber_apart(free_announce, &change) == 0) {
        thi_stop();
    }
    struct thi_heap_block *block = block_find(address);
    if (block != NULL) {
        block->free_site = site;
    }
    if (thi_runtime.options->reuse && region->freed_count < FREED_MAX) {
        region->freed[region->freed_count++] = address;
    }
}
