/* SPDX-License-Identifier: MIT
 * memory.c - bytes an entry over the sizes of a table, the peak against what stays, small tables.
 *
 * Large: resident pages of the process (the kernel's exact count), less what was there before the
 * map was made. Small: what was asked of the allocator.
 */
#include "bench.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

const uint64_t bench_small_sizes[BENCH_SMALL_SIZES] = {0, 10, 40, 300, 3000};

/* Of a line such as "Rss:   123 kB", in bytes. */
static uint64_t bytes_read(const char *path, const char *key)
{
    FILE *file = fopen(path, "r");
    char line[256];
    unsigned long long kilobytes = 0;
    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            (void)sscanf(line + strlen(key), "%llu", &kilobytes);
            break;
        }
    }
    fclose(file);
    return kilobytes * 1024;
}

static uint64_t resident_bytes(void)
{
    return bytes_read("/proc/self/smaps_rollup", "Rss:");
}

static uint64_t peak_bytes(void)
{
    return bytes_read("/proc/self/status", "VmHWM:");
}

/* 1, 1.25, 1.5, 1.75, 2, 2.5 ... million, to the largest. */
static unsigned sizes_make(uint64_t largest, uint64_t sizes[BENCH_SIZES_MAX])
{
    unsigned count = 0;
    uint64_t size = 1000000;
    uint64_t step = 250000;
    while (size <= largest && count < BENCH_SIZES_MAX) {
        sizes[count++] = size;
        size += step;
        if (size % (step * 8) == 0) {
            step *= 2;
        }
    }
    return count;
}

static void memory_grow(const struct bench_peer *peer, void *map, uint64_t from, uint64_t to,
                        uint64_t *wrong)
{
    struct bench_grow grow = {.map = map, .first = from, .count = to - from};
    peer->enter(map);
    peer->grow(&grow);
    peer->leave(map);
    *wrong += grow.wrong;
}

bool bench_run_memory(const struct bench_options *options, const struct bench_peer *peer,
                      bool huge_pages)
{
    struct bench_setup setup = {.huge_pages = huge_pages};
    struct bench_record record = {.kind = BENCH_MEMORY, .huge_pages = huge_pages, .threads = 1};
    struct bench_memory *memory = &record.as.memory;
    (void)resident_bytes(); /* what reading takes itself is there before */
    (void)peak_bytes();
    uint64_t before = resident_bytes();
    void *map = peer == NULL ? NULL : peer->make(&setup);
    if (map == NULL) {
        return false;
    }
    bench_pin(0); /* not before: threads that the map made would share the core */
    snprintf(record.map, sizeof record.map, "%s", peer->name);
    record.keys = options->memory_keys;
    memory->sizes = sizes_make(options->memory_keys, memory->entries);
    uint64_t done = 0;
    for (unsigned i = 0; i < memory->sizes; i++) {
        memory_grow(peer, map, done, memory->entries[i], &record.wrong);
        done = memory->entries[i];
        peer->settle(map);
        double now = (double)(resident_bytes() - before);
        double peak = (double)peak_bytes() - (double)before;
        memory->bytes_per_entry[i] = now / (double)done;
        memory->peak_ratio[i] = peak > now ? peak / now : 1;
    }
    peer->enter(map);
    record.wrong += peer->verify(map, 0, done, 97);
    peer->leave(map);
    peer->discard(map);
    return bench_send(options, &record) && record.wrong == 0;
}

/* ---------------------------------------------------------------- small tables */

static int64_t malloced_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return (int64_t)(info.uordblks + info.hblkhd);
}

/* Nothing seen means that the map has an allocator of its own. */
static int64_t small_measure(const struct bench_peer *peer, uint64_t entries)
{
    struct bench_setup setup = {0};
    int64_t before = malloced_bytes();
    void *map = peer->make(&setup);
    if (map == NULL) {
        return -1;
    }
    int64_t made = malloced_bytes() - before;
    peer->enter(map);
    for (uint64_t i = 0; i < entries; i++) {
        (void)peer->insert(map, bench_key(i), bench_value(bench_key(i), 0));
    }
    peer->leave(map);
    int64_t bytes = malloced_bytes() - before;
    bool own_allocator = entries > 0 && bytes == made && bytes < (int64_t)(entries * 16);
    peer->discard(map);
    return own_allocator || bytes == 0 ? -1 : bytes;
}

static bool small_send(const struct bench_options *options, const char *name,
                       const struct bench_small *small)
{
    struct bench_record record = {.kind = BENCH_SMALL, .threads = 1, .as.small = *small};
    snprintf(record.map, sizeof record.map, "%s", name);
    return bench_send(options, &record);
}

bool bench_run_small(const struct bench_options *options, const struct bench_peer *peer)
{
    struct bench_small small;
    if (peer == NULL) {
        return false;
    }
#ifdef BENCH_HAVE_TOPHASH
    if (peer == &bench_peer_tophash) {
        static const char *const kinds[] = {"u32", "u64", "bytes"};
        bool good = true;
        for (size_t k = 0; k < 3; k++) {
            char name[24];
            for (size_t i = 0; i < BENCH_SMALL_SIZES; i++) {
                small.bytes[i] = bench_small_tophash(kinds[k], bench_small_sizes[i]);
            }
            snprintf(name, sizeof name, "tophash %s", kinds[k]);
            good = small_send(options, name, &small) && good;
        }
        return good;
    }
#endif
    /* The first of everything pays for what the process keeps. */
    (void)small_measure(peer, 10);
    for (size_t i = 0; i < BENCH_SMALL_SIZES; i++) {
        small.bytes[i] = small_measure(peer, bench_small_sizes[i]);
    }
    return small_send(options, peer->name, &small);
}
