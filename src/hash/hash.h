/* SPDX-License-Identifier: MIT
 * hash.h - keyed hash functions: a bijective mix for integer keys, a keyed hash for bytes.
 *
 * Guarantees   G1 thi_mix is a bijection of 64-bit words for every seed; thi_unmix is its inverse.
 *              G2 both depend on a seed that is random a map; docs/adr/0003-keyed-hash.md names the
 *              attacker they withstand.
 * Progress     wait-free; nothing is shared.
 * Sources      secret odd multipliers as in multiply-shift hashing (Dietzfelbinger); a byte swap
 *              between two of them: CityHash (Pike, Alakuijala); x * (2x + 1): RC6 (Rivest,
 *              Robshaw, Sidney, Yin).
 */
#ifndef TOPHASH_HASH_HASH_H
#define TOPHASH_HASH_HASH_H

#include "base/base.h"

/* The key of a map's hash. multipliers are odd; inverses are theirs modulo 2^64. */
struct thi_seed {
    uint64_t mask;
    uint64_t multiplier_1;
    uint64_t multiplier_2;
    uint64_t inverse_1;
    uint64_t inverse_2;
};

/* Expands 64 random bits to a seed. */
void thi_seed_init(struct thi_seed *seed, uint64_t random);

/* Each step makes good what those before leave. A multiplication carries upwards only: the first
 * spreads a difference of two keys over the bits above it, the byte swap takes those down, the
 * second spreads them over all. What is still bad then are keys in even steps: they lie in even
 * steps again, which for some multipliers crowd one another. So the mask turns about half of the
 * bits, which leaves no step like the next, and the square (nearly: x * (2x + 1), which is a
 * bijection) makes of equal differences different ones. Its bits are the better mixed the higher
 * they are: the rotation brings bits 36 to 63 down to where groups are chosen, 28 to 35 up to
 * where lines are. */
TH_INLINE uint64_t thi_mix(const struct thi_seed *seed, uint64_t key)
{
    uint64_t x = __builtin_bswap64(key * seed->multiplier_1) * seed->multiplier_2;
    x ^= seed->mask;
    x *= 2 * x + 1;
    return (x << 28) | (x >> 36);
}

/* The key that was mixed. Some fourteen times as dear: for walks. */
uint64_t thi_unmix(const struct thi_seed *seed, uint64_t mixed);

/* 64 keyed bits of `size` bytes. Not the same on machines of different byte order. */
uint64_t thi_hash_bytes(const struct thi_seed *seed, const void *bytes, size_t size);

#endif
