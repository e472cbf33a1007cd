/* SPDX-License-Identifier: MIT
 * bytes.h - the keys of the maps whose keys are bytes: 16 to 32 of them, made from a word, and the
 * hash of those maps that let their user choose.
 */
#ifndef TOPHASH_BENCH_PEERS_BYTES_H
#define TOPHASH_BENCH_PEERS_BYTES_H

#include "peer.h"

#include <string.h>

#define BENCH_BYTES_MAX 32u

struct bench_bytes {
    unsigned char bytes[BENCH_BYTES_MAX];
    size_t size;
};

/* The word stands first, so no two keys are equal. */
static inline void bench_bytes_make(uint64_t word, struct bench_bytes *key)
{
    const uint64_t words[4] = {word, word ^ 0x6a09e667f3bcc908u, ~word, word + 0xbb67ae8584caa73bu};
    memcpy(key->bytes, words, sizeof words);
    key->size = 16 + ((word & 0xffff) * 17 >> 16);
}

static inline uint64_t bench_bytes_load(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

__extension__ typedef unsigned __int128 bench_wide;

static inline uint64_t bench_fold(uint64_t a, uint64_t b)
{
    bench_wide product = (bench_wide)a * b;
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* The steps of Tophash's own for 16 to 32 bytes (src/hash/hash.c), with a fixed seed. */
static inline uint64_t bench_bytes_hash(const void *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    uint64_t state = 0x5851f42d4c957f2du ^ (size * 0x2545f4914f6cdd1du);
    if (size > 16) {
        state ^= state + 0xd6e8feb86659fd93u;
        state = bench_fold(bench_bytes_load(at) ^ 0x9fb21c651e98df25u,
                           bench_bytes_load(at + 8) + state);
    }
    state = bench_fold(bench_bytes_load(at + size - 16) ^ 0x9fb21c651e98df25u,
                       bench_bytes_load(at + size - 8) + state);
    return bench_fold(state ^ 0xaef17502108ef2d9u, state + 0xd6e8feb86659fd93u);
}

#endif
