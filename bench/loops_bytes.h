/* SPDX-License-Identifier: MIT
 * loops_bytes.h - the timed loops for maps whose keys are bytes, compiled once into each such peer.
 *
 * The including file has defined, as static inline functions on its `struct peer_map`:
 *   bool text_get(map, key, &value)       bool text_update(map, key, value)   an existing key
 *   bool text_insert(map, key, value)     bool text_erase(map, key)
 *   size_t text_get_many(map, keys, values, found)   BENCH_BATCH of them (if PEER_HAS_GET_MANY)
 * with keys of the type struct bench_bytes, and peer_enter(), peer_leave(), peer_quiesce().
 *
 * Keys are made a block ahead: a lookup that reads what was written just before waits for the
 * writes, and with them for all that came before, so that no two lookups are under way at once.
 */
#ifndef TOPHASH_BENCH_LOOPS_BYTES_H
#define TOPHASH_BENCH_LOOPS_BYTES_H

#include "peers/bytes.h"

#ifndef PEER_READS_ONLY
static inline bool peer_get(struct peer_map *map, uint64_t word, uint64_t *value)
{
    struct bench_bytes key;
    bench_bytes_make(word, &key);
    return text_get(map, &key, value);
}

static inline bool peer_update(struct peer_map *map, uint64_t word, uint64_t value)
{
    struct bench_bytes key;
    bench_bytes_make(word, &key);
    return text_update(map, &key, value);
}

static inline bool peer_insert(struct peer_map *map, uint64_t word, uint64_t value)
{
    struct bench_bytes key;
    bench_bytes_make(word, &key);
    return text_insert(map, &key, value);
}

static inline bool peer_erase(struct peer_map *map, uint64_t word)
{
    struct bench_bytes key;
    bench_bytes_make(word, &key);
    return text_erase(map, &key);
}
#else
static inline bool peer_get(struct peer_map *map, uint64_t word, uint64_t *value)
{
    struct bench_bytes key;
    bench_bytes_make(word, &key);
    return text_get(map, &key, value);
}
#endif

#ifdef PEER_HAS_GET_MANY
static inline size_t peer_get_many(struct peer_map *map, const uint64_t *words, uint64_t *values,
                                   bool *found)
{
    struct bench_bytes keys[BENCH_BATCH];
    for (unsigned i = 0; i < BENCH_BATCH; i++) {
        bench_bytes_make(words[i], &keys[i]);
    }
    return text_get_many(map, keys, values, found);
}
#endif

#include "loops.h"

static inline void text_make(struct bench_bytes *keys, const uint64_t *words, uint64_t flip)
{
    for (unsigned i = 0; i < BENCH_BLOCK; i++) {
        bench_bytes_make(words[i] ^ flip, &keys[i]);
    }
}

/* Gets of present keys, or with `flip` of absent ones: the number of wrong answers. */
static inline uint64_t text_get_block(struct peer_map *map, const uint64_t *words, uint64_t flip)
{
    struct bench_bytes keys[BENCH_BLOCK];
    uint64_t wrong = 0;
    uint64_t found = 0;
    uint64_t value = 0;
    text_make(keys, words, flip);
    for (unsigned i = 0; i < BENCH_BLOCK; i++) {
        found += text_get(map, &keys[i], &value);
        wrong |= flip == 0 ? bench_wrong(words[i], value) : 0;
    }
    return flip == 0 ? (BENCH_BLOCK - found) + (wrong != 0) : found;
}

static inline void text_gets(struct bench_slice *slice, uint64_t flip)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    size_t at = slice->start;
    uint64_t done = 0;
    while (bench_slice_goes_on(slice, done)) {
        slice->wrong += text_get_block(map, slice->keys + at, flip);
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
}

static inline void text_loop_get(struct bench_slice *slice)
{
    text_gets(slice, 0);
}

static inline void text_loop_miss(struct bench_slice *slice)
{
    text_gets(slice, BENCH_MISS_BITS);
}

#ifdef PEER_HAS_GET_MANY
static inline uint64_t text_get_many_block(struct peer_map *map, const uint64_t *words)
{
    struct bench_bytes keys[BENCH_BLOCK];
    uint64_t wrong = 0;
    uint64_t hits = 0;
    text_make(keys, words, 0);
    for (unsigned i = 0; i < BENCH_BLOCK; i += BENCH_BATCH) {
        uint64_t values[BENCH_BATCH];
        bool found[BENCH_BATCH];
        hits += text_get_many(map, keys + i, values, found);
        for (unsigned j = 0; j < BENCH_BATCH; j++) {
            wrong |= found[j] ? bench_wrong(words[i + j], values[j]) : 1;
        }
    }
    return (BENCH_BLOCK - hits) + (wrong != 0);
}

static inline void text_loop_get_many(struct bench_slice *slice)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    size_t at = slice->start;
    uint64_t done = 0;
    while (bench_slice_goes_on(slice, done)) {
        slice->wrong += text_get_many_block(map, slice->keys + at);
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
}
#endif

#ifndef PEER_READS_ONLY
/* Gets, and updates of existing keys with a chance of `updates` in 2^32. */
static inline void text_mixed(struct bench_slice *slice, uint32_t updates)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    struct bench_bytes keys[BENCH_BLOCK];
    size_t at = slice->start;
    uint64_t done = 0;
    uint64_t random = slice->seed | 1;
    while (bench_slice_goes_on(slice, done)) {
        const uint64_t *words = slice->keys + at;
        uint64_t good = 0;
        uint64_t wrong = 0;
        uint64_t value = 0;
        text_make(keys, words, 0);
        for (unsigned i = 0; i < BENCH_BLOCK; i++) {
            uint64_t draw = bench_random(&random);
            if ((uint32_t)(draw >> 32) < updates) {
                good += text_update(map, &keys[i], bench_value(words[i], draw));
            } else {
                good += text_get(map, &keys[i], &value);
                wrong |= bench_wrong(words[i], value);
            }
        }
        slice->wrong += (BENCH_BLOCK - good) + (wrong != 0);
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
}

static inline void text_loop_95_5(struct bench_slice *slice)
{
    text_mixed(slice, 214748365u);
}

static inline void text_loop_50_50(struct bench_slice *slice)
{
    text_mixed(slice, 2147483648u);
}

/* As loop_churn(): in every four keys one to insert, one to get, one to erase, one to get. */
static inline void text_churn_make(struct bench_slice *slice, const uint64_t *words,
                                   uint64_t churned[BENCH_BLOCK], struct bench_bytes *keys)
{
    memcpy(churned, words, BENCH_BLOCK * sizeof *churned);
    for (unsigned i = 0; i < BENCH_BLOCK; i += 4) {
        churned[i] = bench_churn_key(slice->thread, (*slice->churn_next)++);
        churned[i + 2] = bench_churn_key(slice->thread, (*slice->churn_oldest)++);
    }
    text_make(keys, churned, 0);
}

static inline void text_loop_churn(struct bench_slice *slice)
{
    struct peer_map *map = (struct peer_map *)slice->map;
    struct bench_bytes keys[BENCH_BLOCK];
    uint64_t words[BENCH_BLOCK];
    size_t at = slice->start;
    uint64_t done = 0;
    while (bench_slice_goes_on(slice, done)) {
        uint64_t good = 0;
        uint64_t wrong = 0;
        uint64_t value = 0;
        text_churn_make(slice, slice->keys + at, words, keys);
        for (unsigned i = 0; i < BENCH_BLOCK; i += 4) {
            good += text_insert(map, &keys[i], bench_value(words[i], 0));
            good += text_get(map, &keys[i + 1], &value);
            wrong |= bench_wrong(words[i + 1], value);
            good += text_erase(map, &keys[i + 2]);
            good += text_get(map, &keys[i + 3], &value);
            wrong |= bench_wrong(words[i + 3], value);
        }
        slice->wrong += (BENCH_BLOCK - good) + (wrong != 0);
        at = (at + BENCH_BLOCK) & (BENCH_STREAM_KEYS - 1);
        done += BENCH_BLOCK;
        peer_quiesce(map);
    }
}
#endif

#endif
