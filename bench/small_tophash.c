/* SPDX-License-Identifier: MIT
 * small_tophash.c - what our small tables take, counted at the allocator seam.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tophash/map.h>

#ifdef BENCH_HAVE_TOPHASH

#define REGIONS_MAX 256u

/* What the library has now: bytes of alloc, and regions of map. */
struct counter {
    int64_t allocated;
    struct {
        void *memory;
        size_t size;
    } regions[REGIONS_MAX];
};

static void *count_alloc(void *context, size_t size, size_t alignment)
{
    void *memory = NULL;
    size_t least = alignment < sizeof(void *) ? sizeof(void *) : alignment;
    if (posix_memalign(&memory, least, size) != 0) {
        return NULL;
    }
    ((struct counter *)context)->allocated += (int64_t)size;
    return memory;
}

static void count_free(void *context, void *memory, size_t size, size_t alignment)
{
    (void)alignment;
    ((struct counter *)context)->allocated -= (int64_t)size;
    free(memory);
}

/* Untouched pages, as the library's own regions are: mapped with room to align, the rest
 * given back. */
static void *count_map(void *context, size_t size, size_t alignment)
{
    struct counter *counter = context;
    size_t at = 0;
    while (at < REGIONS_MAX && counter->regions[at].memory != NULL) {
        at++;
    }
    if (at == REGIONS_MAX) {
        return NULL;
    }
    size_t whole = size + alignment;
    char *memory = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    size_t before = (alignment - (uintptr_t)memory % alignment) % alignment;
    if (before > 0) {
        (void)munmap(memory, before);
    }
    (void)munmap(memory + before + size, whole - before - size);
    counter->regions[at].memory = memory + before;
    counter->regions[at].size = size;
    return memory + before;
}

static void count_unmap(void *context, void *memory, size_t size, size_t alignment)
{
    struct counter *counter = context;
    (void)alignment;
    for (size_t i = 0; i < REGIONS_MAX; i++) {
        if (counter->regions[i].memory == memory) {
            counter->regions[i].memory = NULL;
        }
    }
    (void)munmap(memory, size);
}

/* Bytes allocated, and pages touched of what was mapped. */
static int64_t counted(const struct counter *counter)
{
    int64_t bytes = counter->allocated;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < REGIONS_MAX; i++) {
        if (counter->regions[i].memory == NULL) {
            continue;
        }
        size_t pages = (counter->regions[i].size + page - 1) / page;
        unsigned char *resident = malloc(pages);
        if (resident != NULL &&
            mincore(counter->regions[i].memory, counter->regions[i].size, resident) == 0) {
            for (size_t p = 0; p < pages; p++) {
                bytes += (resident[p] & 1) != 0 ? (int64_t)page : 0;
            }
        }
        free(resident);
    }
    return bytes;
}

static int64_t small_u32(const struct th_map_config *config, uint64_t entries,
                         const struct counter *counter)
{
    struct th_map_u32 *map;
    if (th_map_u32_new(config, &map) != TH_OK) {
        return -1;
    }
    bool good = true;
    for (uint32_t i = 0; i < entries; i++) {
        good = th_map_u32_put(map, i * 2654435761u, i, NULL) == TH_OK && good;
    }
    int64_t used = good ? counted(counter) : -1;
    th_map_u32_free(map);
    return used;
}

static int64_t small_u64(const struct th_map_config *config, uint64_t entries,
                         const struct counter *counter)
{
    struct th_map_u64 *map;
    if (th_map_u64_new(config, &map) != TH_OK) {
        return -1;
    }
    bool good = true;
    for (uint64_t i = 0; i < entries; i++) {
        good = th_map_u64_put(map, bench_key(i), i, NULL) == TH_OK && good;
    }
    int64_t used = good ? counted(counter) : -1;
    th_map_u64_free(map);
    return used;
}

/* Keys of 16 bytes. */
static int64_t small_bytes(const struct th_map_config *config, uint64_t entries,
                           const struct counter *counter)
{
    struct th_map_bytes *map;
    if (th_map_bytes_new(config, &map) != TH_OK) {
        return -1;
    }
    bool good = true;
    for (uint64_t i = 0; i < entries; i++) {
        uint64_t key[2] = {bench_key(i), bench_key(~i)};
        good = th_map_bytes_put(map, key, sizeof key, i, NULL) == TH_OK && good;
    }
    int64_t used = good ? counted(counter) : -1;
    th_map_bytes_free(map);
    return used;
}

int64_t bench_small_tophash(const char *kind, uint64_t entries)
{
    struct counter counter = {0};
    struct th_allocator allocator = {
        .context = &counter,
        .alloc = count_alloc,
        .free = count_free,
        .map = count_map,
        .unmap = count_unmap,
    };
    struct th_map_config config = {.allocator = &allocator};
    if (strcmp(kind, "u32") == 0) {
        return small_u32(&config, entries, &counter);
    }
    if (strcmp(kind, "u64") == 0) {
        return small_u64(&config, entries, &counter);
    }
    return small_bytes(&config, entries, &counter);
}

#endif
