/* SPDX-License-Identifier: MIT
 * memory.c - for tests on wasm: pages by a map of bytes, objects by lists of powers of two.
 *
 * The memory has its whole size from the start; pages that nobody touched cost the host nothing.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES 65536u
#define PAGE_COUNT 16384u /* 1 GiB: tools/test_wasm.sh gives as much */
#define CLASS_COUNT 32u
#define CHUNK_BYTES ((size_t)1 << 20)

extern char __heap_base; /* where the linker's own part of memory ends */

static atomic_flag lock = ATOMIC_FLAG_INIT;
static uint8_t page_used[PAGE_COUNT];
static unsigned page_first; /* none below it is free */

static void lock_take(void)
{
    while (atomic_flag_test_and_set(&lock)) {
    }
}

static void lock_drop(void)
{
    atomic_flag_clear(&lock);
}

static unsigned page_begin(void)
{
    return (unsigned)(((uintptr_t)&__heap_base + PAGE_BYTES - 1) / PAGE_BYTES);
}

static void *pages_take(size_t size)
{
    size_t wanted = (size + PAGE_BYTES - 1) / PAGE_BYTES, run = 0;
    if (page_first == 0) {
        page_first = page_begin();
    }
    for (unsigned page = page_first; page < PAGE_COUNT; page++) {
        run = page_used[page] ? 0 : run + 1;
        if (run == wanted) {
            unsigned first = page + 1 - (unsigned)wanted;
            memset(page_used + first, 1, wanted);
            page_first = first == page_first ? page + 1 : page_first;
            return (void *)((uintptr_t)first * PAGE_BYTES);
        }
    }
    return NULL;
}

void *mmap(void *address, size_t size, int protection, int flags, int file, long long offset)
{
    (void)address;
    (void)protection;
    (void)flags;
    (void)file;
    (void)offset;
    if (size == 0 || size > (size_t)PAGE_COUNT * PAGE_BYTES) {
        return MAP_FAILED;
    }
    lock_take();
    void *memory = pages_take(size);
    lock_drop();
    return memory == NULL ? MAP_FAILED : memory;
}

/* Pages lie about as zeros. */
int munmap(void *memory, size_t size)
{
    unsigned first = (unsigned)((uintptr_t)memory / PAGE_BYTES);
    size_t count = (size + PAGE_BYTES - 1) / PAGE_BYTES;
    memset(memory, 0, count * PAGE_BYTES);
    lock_take();
    memset(page_used + first, 0, count);
    page_first = first < page_first ? first : page_first;
    lock_drop();
    return 0;
}

/* Stands before what malloc gives. */
struct header {
    struct header *next; /* of the free ones of its class */
    char *block;         /* where the block begins */
    size_t size;         /* as asked for */
    unsigned class;
};

static struct header *class_free[CLASS_COUNT];
static char *chunk;
static size_t chunk_left;

static void *block_take(unsigned class)
{
    size_t size = (size_t)1 << class;
    if (size >= CHUNK_BYTES) {
        return pages_take(size);
    }
    if (chunk_left < size) {
        chunk = pages_take(CHUNK_BYTES);
        chunk_left = chunk == NULL ? 0 : CHUNK_BYTES;
    }
    if (chunk_left < size) {
        return NULL;
    }
    chunk_left -= size;
    return chunk + chunk_left;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    size_t whole = size + sizeof(struct header) + (alignment < 16 ? 16 : alignment);
    unsigned class = 32u - (unsigned)__builtin_clz((unsigned)whole - 1);
    if (whole < size || class >= CLASS_COUNT - 1) {
        return NULL;
    }
    lock_take();
    char *block = NULL;
    if (class_free[class] != NULL) {
        struct header *header = class_free[class];
        class_free[class] = header->next;
        block = header->block;
    } else {
        block = block_take(class);
    }
    lock_drop();
    if (block == NULL) {
        return NULL;
    }
    uintptr_t at = (uintptr_t)block + sizeof(struct header);
    alignment = alignment < 16 ? 16 : alignment;
    at = (at + alignment - 1) & ~(alignment - 1);
    struct header *header = (struct header *)at - 1;
    *header = (struct header){.block = block, .size = size, .class = class};
    return (void *)at;
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = aligned_alloc(alignment, size);
    return *memory == NULL ? 12 : 0; /* ENOMEM */
}

void *malloc(size_t size)
{
    return aligned_alloc(16, size);
}

void *calloc(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    void *memory = malloc(count * size);
    return memory == NULL ? NULL : memset(memory, 0, count * size);
}

void free(void *memory)
{
    if (memory == NULL) {
        return;
    }
    struct header *header = (struct header *)memory - 1;
    lock_take();
    header->next = class_free[header->class];
    class_free[header->class] = header;
    lock_drop();
}

void *realloc(void *memory, size_t size)
{
    void *moved = malloc(size);
    if (moved != NULL && memory != NULL) {
        size_t old = ((struct header *)memory - 1)->size;
        memcpy(moved, memory, old < size ? old : size);
        free(memory);
    }
    return moved;
}
