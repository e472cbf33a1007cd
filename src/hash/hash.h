/* SPDX-License-Identifier: MIT
 * hash.h - keyed hash functions: a bijective mix for integer keys, a keyed hash for bytes.
 *
 * Guarantees   G1 thi_mix is a bijection of 64-bit words for every seed; thi_unmix is its inverse.
 *              G2 both depend on a seed that is random a map; docs/adr/0003-keyed-hash.md names the
 *              attacker they withstand.
 * Progress     wait-free; nothing is shared.
 * Sources      multiply and xor-shift rounds after the known integer finalizers; secret odd
 *              multipliers as in multiply-shift hashing (Dietzfelbinger).
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

/* Three multiplications, because a multiplication carries only upwards: for keys that differ in
 * their high bits alone the first one does nothing but permute them, and two must be left to spread
 * them over the low bits. The half turn at the end brings the best mixed bits down, where groups
 * are chosen. */
TH_INLINE uint64_t thi_mix(const struct thi_seed *seed, uint64_t key)
{
    uint64_t x = (key ^ seed->mask) * seed->multiplier_1;
    x ^= x >> 32;
    x *= seed->multiplier_2;
    x ^= x >> 32;
    x *= seed->multiplier_1;
    return (x >> 32) | (x << 32);
}

TH_INLINE uint64_t thi_unmix(const struct thi_seed *seed, uint64_t mixed)
{
    uint64_t x = (mixed >> 32) | (mixed << 32);
    x *= seed->inverse_1;
    x ^= x >> 32;
    x *= seed->inverse_2;
    x ^= x >> 32;
    return (x * seed->inverse_1) ^ seed->mask;
}

/* 64 keyed bits of `size` bytes. Not the same on machines of different byte order. */
uint64_t thi_hash_bytes(const struct thi_seed *seed, const void *bytes, size_t size);

#endif
