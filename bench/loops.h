/* SPDX-License-Identifier: MIT
 * loops.h - the timed loops, compiled once into each peer.
 *
 * The including file has defined, as static inline functions on its `struct peer_map`:
 *   bool peer_get(map, key, &value)       bool peer_update(map, key, value)   an existing key
 *   bool peer_insert(map, key, value)     bool peer_erase(map, key)
 *   void peer_get_many(map, keys, values, found)   BENCH_BATCH of them (if PEER_HAS_GET_MANY)
 *   size_t peer_put_many(map, keys, values)   updates, how many were done (if PEER_HAS_PUT_MANY)
 *   size_t peer_walk(map, struct peer_walk *walk, &wrong)   some entries more, or all; how many
 *      (if PEER_HAS_WALK; struct peer_walk is the including file's, filled with 0 at first)
 *   void peer_enter(map), peer_leave(map), peer_quiesce(map)   the last: every BENCH_BLOCK
 * A template in C and C++: a function pointer for each operation would cost what is to be measured.
 */
#ifndef TOPHASH_BENCH_LOOPS_H
#define TOPHASH_BENCH_LOOPS_H

#include "peer.h"

#include <string.h>

static inline uint64_t loop_get_block(struct peer_map *map, const uint64_t *keys)
{
    uint64_t wrong = 0;
    uint64_t found = 0;
    uint64_t value = 0;
    for (unsigned i = 0; i < BENCH_BLOCK; i++) {
        found += peer_get(map, keys[i], &value);
        wrong |= bench_wrong(keys[i], value);
    }
    return (BENCH_BLOCK - found) + (wrong != 0);
}

static inline void loop_get(struct bench_slice *slice)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    size_t at = slice->start;
    uint64_t done = 0;
    while (bench_slice_goes_on(slice, done)) {
        slice->wrong += loop_get_block(map, slice->keys + at);
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
}

#ifdef PEER_HAS_GET_MANY
static inline uint64_t loop_get_many_block(struct peer_map *map, const uint64_t *keys)
{
    uint64_t wrong = 0;
    uint64_t hits = 0;
    for (unsigned i = 0; i < BENCH_BLOCK; i += BENCH_BATCH) {
        uint64_t values[BENCH_BATCH];
        bool found[BENCH_BATCH];
        hits += peer_get_many(map, keys + i, values, found);
        for (unsigned j = 0; j < BENCH_BATCH; j++) {
            wrong |= found[j] ? bench_wrong(keys[i + j], values[j]) : 1;
        }
    }
    return (BENCH_BLOCK - hits) + (wrong != 0);
}

static inline void loop_get_many(struct bench_slice *slice)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    size_t at = slice->start;
    uint64_t done = 0;
    while (bench_slice_goes_on(slice, done)) {
        slice->wrong += loop_get_many_block(map, slice->keys + at);
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
}
#endif

#ifndef PEER_READS_ONLY

static inline void loop_miss(struct bench_slice *slice)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    size_t at = slice->start;
    uint64_t done = 0;
    while (bench_slice_goes_on(slice, done)) {
        const uint64_t *keys = slice->keys + at;
        uint64_t found = 0;
        for (unsigned i = 0; i < BENCH_BLOCK; i++) {
            uint64_t value;
            found += peer_get(map, keys[i] ^ BENCH_MISS_BITS, &value);
        }
        slice->wrong += found;
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
}

/* Gets, and updates of existing keys with a chance of `updates` in 2^32. */
static inline void loop_mixed(struct bench_slice *slice, uint32_t updates, bool one_key)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    size_t at = slice->start;
    uint64_t done = 0;
    uint64_t random = slice->seed | 1;
    while (bench_slice_goes_on(slice, done)) {
        const uint64_t *keys = slice->keys + at;
        uint64_t good = 0;
        uint64_t wrong = 0;
        uint64_t value = 0;
        for (unsigned i = 0; i < BENCH_BLOCK; i++) {
            uint64_t key = one_key ? bench_key(0) : keys[i];
            uint64_t draw = bench_random(&random);
            if ((uint32_t)(draw >> 32) < updates) {
                good += peer_update(map, key, bench_value(key, draw));
            } else {
                good += peer_get(map, key, &value);
                wrong |= bench_wrong(key, value);
            }
        }
        slice->wrong += (BENCH_BLOCK - good) + (wrong != 0);
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
}

static inline void loop_95_5(struct bench_slice *slice)
{
    loop_mixed(slice, 214748365u, false);
}

static inline void loop_50_50(struct bench_slice *slice)
{
    loop_mixed(slice, 2147483648u, false);
}

static inline void loop_hot(struct bench_slice *slice)
{
    loop_mixed(slice, 2147483648u, true);
}

#ifdef PEER_HAS_PUT_MANY
static inline void loop_put_many(struct bench_slice *slice)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    size_t at = slice->start;
    uint64_t done = 0;
    uint64_t random = slice->seed | 1;
    while (bench_slice_goes_on(slice, done)) {
        const uint64_t *keys = slice->keys + at;
        size_t good = 0;
        for (unsigned i = 0; i < BENCH_BLOCK; i += BENCH_BATCH) {
            uint64_t values[BENCH_BATCH];
            uint64_t draw = bench_random(&random);
            for (unsigned j = 0; j < BENCH_BATCH; j++) {
                values[j] = bench_value(keys[i + j], draw + j);
            }
            good += peer_put_many(map, keys + i, values);
        }
        slice->wrong += BENCH_BLOCK - good;
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
}
#endif

/* 25 % inserts, 25 % erases of the thread's own keys, 50 % gets of keys that stay. */
static inline void loop_churn(struct bench_slice *slice)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    size_t at = slice->start;
    uint64_t done = 0;
    uint64_t next = *slice->churn_next;
    uint64_t oldest = *slice->churn_oldest;
    while (bench_slice_goes_on(slice, done)) {
        const uint64_t *keys = slice->keys + at;
        uint64_t good = 0;
        uint64_t wrong = 0;
        uint64_t value = 0;
        for (unsigned i = 0; i < BENCH_BLOCK; i += 4) {
            uint64_t key = bench_churn_key(slice->thread, next++);
            good += peer_insert(map, key, bench_value(key, 0));
            good += peer_get(map, keys[i], &value);
            wrong |= bench_wrong(keys[i], value);
            good += peer_erase(map, bench_churn_key(slice->thread, oldest++));
            good += peer_get(map, keys[i + 1], &value);
            wrong |= bench_wrong(keys[i + 1], value);
        }
        slice->wrong += (BENCH_BLOCK - good) + (wrong != 0);
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
    *slice->churn_next = next;
    *slice->churn_oldest = oldest;
}

#ifdef PEER_HAS_WALK
/* Only what the walker does is counted. */
static inline void loop_iterate(struct bench_slice *slice)
{
    if (slice->thread != 0) {
        loop_churn(slice);
        slice->operations = 0;
        slice->cpu_ns = 0;
        slice->wall_ns = 0;
        return;
    }
    struct peer_map *map = (struct peer_map *)slice->map;
    struct peer_walk walk;
    uint64_t done = 0;
    memset(&walk, 0, sizeof walk);
    while (bench_slice_goes_on(slice, done)) {
        uint64_t wrong = 0;
        done += peer_walk(map, &walk, &wrong);
        slice->wrong += wrong != 0;
        peer_quiesce(map);
    }
}
#endif

/* Inserts, each of them timed. A slow one, and every 64th, is looked at by the slow path. */
static inline void loop_grow_timed(struct bench_grow *grow)
{
    struct peer_map *map = (struct peer_map *)grow->map;
    uint64_t good = 0;
    for (uint64_t i = 0; i < grow->count; i++) {
        uint64_t key = bench_key(grow->first + i);
        uint64_t before = bench_ticks();
        good += peer_insert(map, key, bench_value(key, 0));
        uint64_t ticks = bench_ticks() - before;
        uint64_t own_ticks = ticks;
        if (ticks > grow->slow_ticks) {
            own_ticks = (uint64_t)((double)bench_grow_look(grow, i, ticks) * grow->ticks_per_ns);
        }
        grow->histogram[bench_bucket(own_ticks)]++;
        uint64_t window = i * BENCH_WINDOWS / grow->count;
        grow->window_sum_ticks[window] += own_ticks;
        if (own_ticks > grow->window_max_ticks[window]) {
            grow->window_max_ticks[window] = own_ticks;
        }
        if ((i & 63) == 63) {
            (void)bench_grow_look(grow, i, 0);
            peer_quiesce(map);
        }
    }
    grow->wrong += grow->count - good;
}

static inline void loop_grow_untimed(struct bench_grow *grow)
{
    struct peer_map *map = (struct peer_map *)grow->map;
    uint64_t good = 0;
    for (uint64_t i = 0; i < grow->count; i++) {
        uint64_t key = bench_key(grow->first + i);
        good += peer_insert(map, key, bench_value(key, 0));
        if ((i & 511) == 511) {
            peer_quiesce(map);
        }
    }
    grow->wrong += grow->count - good;
}

static inline void loop_grow(struct bench_grow *grow)
{
    (void)bench_grow_look(grow, 0, 0);
    uint64_t wall_ns = bench_wall_ns();
    uint64_t cpu_ns = bench_cpu_ns();
    if (grow->timed) {
        loop_grow_timed(grow);
    } else {
        loop_grow_untimed(grow);
    }
    grow->cpu_ns = bench_cpu_ns() - cpu_ns;
    grow->wall_ns = bench_wall_ns() - wall_ns;
}

static inline uint64_t loop_insert(void *map, uint64_t key, uint64_t value)
{
    return peer_insert((struct peer_map *)map, key, value);
}

static inline uint64_t loop_verify(void *opaque, uint64_t first, uint64_t count, uint64_t step)
{
    struct peer_map *map = (struct peer_map *)opaque;
    uint64_t wrong = 0;
    for (uint64_t i = first; i < first + count; i += step) {
        uint64_t key = bench_key(i);
        uint64_t value = 0;
        wrong += !peer_get(map, key, &value) || bench_wrong(key, value) != 0;
        wrong += peer_get(map, key ^ BENCH_MISS_BITS, &value);
    }
    peer_quiesce(map);
    return wrong;
}

#endif

static inline void loop_enter(void *map)
{
    peer_enter((struct peer_map *)map);
}

static inline void loop_leave(void *map)
{
    peer_leave((struct peer_map *)map);
}

#endif
