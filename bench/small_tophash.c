/* SPDX-License-Identifier: MIT
 * small_tophash.c - what our small tables ask of their allocator, counted at the seam.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include <tophash/map.h>

#ifdef BENCH_HAVE_TOPHASH

static void *count_alloc(void *context, size_t size, size_t alignment)
{
    void *memory = NULL;
    size_t least = alignment < sizeof(void *) ? sizeof(void *) : alignment;
    if (posix_memalign(&memory, least, size) != 0) {
        return NULL;
    }
    *(int64_t *)context += (int64_t)size;
    return memory;
}

static void count_free(void *context, void *memory, size_t size, size_t alignment)
{
    (void)alignment;
    *(int64_t *)context -= (int64_t)size;
    free(memory);
}

static void *count_map(void *context, size_t size, size_t alignment)
{
    void *memory = count_alloc(context, size, alignment);
    if (memory != NULL) {
        memset(memory, 0, size);
    }
    return memory;
}

static int64_t small_u32(const struct th_map_config *config, uint64_t entries, const int64_t *bytes)
{
    struct th_map_u32 *map;
    if (th_map_u32_new(config, &map) != TH_OK) {
        return -1;
    }
    bool good = true;
    for (uint32_t i = 0; i < entries; i++) {
        good = th_map_u32_put(map, i * 2654435761u, i, NULL) == TH_OK && good;
    }
    int64_t used = good ? *bytes : -1;
    th_map_u32_free(map);
    return used;
}

static int64_t small_u64(const struct th_map_config *config, uint64_t entries, const int64_t *bytes)
{
    struct th_map_u64 *map;
    if (th_map_u64_new(config, &map) != TH_OK) {
        return -1;
    }
    bool good = true;
    for (uint64_t i = 0; i < entries; i++) {
        good = th_map_u64_put(map, bench_key(i), i, NULL) == TH_OK && good;
    }
    int64_t used = good ? *bytes : -1;
    th_map_u64_free(map);
    return used;
}

/* Keys of 16 bytes. */
static int64_t small_bytes(const struct th_map_config *config, uint64_t entries,
                           const int64_t *bytes)
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
    int64_t used = good ? *bytes : -1;
    th_map_bytes_free(map);
    return used;
}

int64_t bench_small_tophash(const char *kind, uint64_t entries)
{
    int64_t bytes = 0;
    struct th_allocator allocator = {
        .context = &bytes,
        .alloc = count_alloc,
        .free = count_free,
        .map = count_map,
        .unmap = count_free,
    };
    struct th_map_config config = {.allocator = &allocator};
    if (strcmp(kind, "u32") == 0) {
        return small_u32(&config, entries, &bytes);
    }
    if (strcmp(kind, "u64") == 0) {
        return small_u64(&config, entries, &bytes);
    }
    return small_bytes(&config, entries, &bytes);
}

#endif
