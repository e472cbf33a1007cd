/* SPDX-License-Identifier: MIT
 * hash.c - making a seed, the way back from a mixed key, and the keyed hash of bytes.
 *
 * Guarantees   G1 every multiplier of a seed is odd; it, its inverse and the mask have about as
 *              many ones as zeros in every quarter. G2 thi_hash_bytes reads exactly `size` bytes.
 * Progress     wait-free; nothing is shared.
 * Sources      splitmix64 (Steele, Lea, Flood) expands the seed; inverse by Newton's iteration;
 *              folding a 64 x 64 to 128 bit product: folded-multiply hashes (wyhash, Wang Yi); what
 *              complements do to them: Thomas Ahle; one factor of each kind, sum and exclusive or,
 *              so that no known change turns the sign of both: this project.
 */
#include "hash/hash.h"

static uint64_t seed_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The inverse of an odd word modulo 2^64. A guess right in 5 bits, doubled by each Newton step: 5,
 * 10, 20, 40, 80. */
static uint64_t odd_inverse(uint64_t odd)
{
    uint64_t inverse = (odd * 3) ^ 2;
    for (unsigned i = 0; i < 4; i++) {
        inverse *= 2 - odd * inverse;
    }
    return inverse;
}

/* Ones in every 16 bits within 4 to 12: keeps out small numbers, their negatives, sparse and nearly
 * full words. */
static bool bits_balanced(uint64_t word)
{
    for (unsigned shift = 0; shift < 64; shift += 16) {
        int ones = __builtin_popcountll((word >> shift) & 0xffff);
        if (ones < 4 || ones > 12) {
            return false;
        }
    }
    return true;
}

/* One word in twelve is refused, one multiplier in six; the state runs through all 2^64 words. */
static uint64_t mask_next(uint64_t *state)
{
    uint64_t mask = seed_next(state);
    while (!bits_balanced(mask)) {
        mask = seed_next(state);
    }
    return mask;
}

static uint64_t multiplier_next(uint64_t *state)
{
    for (;;) {
        uint64_t odd = seed_next(state) | 1;
        if (bits_balanced(odd) && bits_balanced(odd_inverse(odd))) {
            return odd;
        }
    }
}

void thi_seed_init(struct thi_seed *seed, uint64_t random)
{
    uint64_t state = random;
    seed->mask = mask_next(&state);
    seed->multiplier_1 = multiplier_next(&state);
    seed->multiplier_2 = multiplier_next(&state);
    seed->inverse_1 = odd_inverse(seed->multiplier_1);
    seed->inverse_2 = odd_inverse(seed->multiplier_2);
}

/* The x with x * (2x + 1) = product modulo 2^64: Newton's iteration, and one within it for the
 * inverse of the slope 4x + 1. x is right in 1 bit, then in 3, 7, 15, 31, 63, 127, the inverse in
 * one bit more. */
static uint64_t square_root(uint64_t product)
{
    uint64_t x = product;
    uint64_t slope_inverse = 1;
    for (unsigned i = 0; i < 6; i++) {
        x -= (x * (2 * x + 1) - product) * slope_inverse;
        slope_inverse *= 2 - (4 * x + 1) * slope_inverse;
    }
    return x;
}

uint64_t thi_unmix(const struct thi_seed *seed, uint64_t mixed)
{
    uint64_t x = square_root((mixed >> 28) | (mixed << 36)) ^ seed->mask;
    return __builtin_bswap64(x * seed->inverse_2) * seed->inverse_1;
}

static uint64_t half_load(const unsigned char *bytes)
{
    uint32_t half;
    memcpy(&half, bytes, sizeof half);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    half = __builtin_bswap32(half);
#endif
    return half;
}

/* At most 16 bytes as two words. Together with the size they hold all of them. */
TH_INLINE void words_load(const unsigned char *at, size_t size, uint64_t *first, uint64_t *last)
{
    if (size >= 8) {
        *first = thi_word_load(at);
        *last = thi_word_load(at + size - 8);
    } else if (size >= 4) {
        *first = half_load(at);
        *last = half_load(at + size - 4);
    } else if (size > 0) {
        *first = ((uint64_t)at[0] << 8) | at[size / 2];
        *last = at[size - 1];
    } else {
        *first = 0;
        *last = 0;
    }
}

/* More than 16 bytes: the state after all but the last 16, which may overlap what was taken in
 * here. */
TH_INLINE uint64_t long_state(const struct thi_seed *seed, const unsigned char *at, size_t size,
                              uint64_t state)
{
    uint64_t lane = state; /* a second chain: two multiplications run at once */
    for (; size > 32; size -= 32, at += 32) {
        state = thi_fold(thi_word_load(at) ^ seed->multiplier_1, thi_word_load(at + 8) + state);
        lane = thi_fold(thi_word_load(at + 16) ^ seed->multiplier_2, thi_word_load(at + 24) + lane);
    }
    state ^= lane + seed->multiplier_2;
    if (size > 16) {
        state = thi_fold(thi_word_load(at) ^ seed->multiplier_1, thi_word_load(at + 8) + state);
    }
    return state;
}

uint64_t thi_hash_bytes(const struct thi_seed *seed, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t state = thi_hash_first(seed, size);
    uint64_t first;
    uint64_t last;
    if (TH_LIKELY(size <= 16)) {
        words_load(at, size, &first, &last);
    } else {
        state = long_state(seed, at, size, state);
        first = thi_word_load(at + size - 16);
        last = thi_word_load(at + size - 8);
    }
    return thi_hash_last(seed, state, first, last);
}
