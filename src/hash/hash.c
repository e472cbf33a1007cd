/* SPDX-License-Identifier: MIT
 * hash.c - making a seed, and the keyed hash of bytes.
 *
 * Guarantees   G1 every multiplier of a seed is odd, has about as many ones as zeros in every quarter, and so has its
 *              inverse. G2 thi_hash_bytes reads exactly `size` bytes.
 * Progress     wait-free; nothing is shared.
 * Sources      splitmix64 (Steele, Lea, Flood) expands the seed; inverse by Newton's iteration; the fold of a 64 x 64 to
 *              128 bit product as in folded-multiply hashes (wyhash, Wang Yi).
 */
#include "hash/hash.h"

#include <string.h>

static uint64_t seed_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The inverse of an odd word modulo 2^64. A guess right in 5 bits, doubled by each Newton step: 5, 10, 20, 40, 80. */
static uint64_t odd_inverse(uint64_t odd)
{
    uint64_t inverse = (odd * 3) ^ 2;
    for (unsigned i = 0; i < 4; i++) {
        inverse *= 2 - odd * inverse;
    }
    return inverse;
}

/* Ones in every 16 bits within 4 to 12: keeps out small numbers, their negatives, sparse and nearly full words. */
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

static uint64_t multiplier_next(uint64_t *state)
{
    for (;;) { /* about one in ten words is refused; the state runs through all 2^64 words */
        uint64_t odd = seed_next(state) | 1;
        if (bits_balanced(odd) && bits_balanced(odd_inverse(odd))) {
            return odd;
        }
    }
}

void thi_seed_init(struct thi_seed *seed, uint64_t random)
{
    uint64_t state = random;
    seed->mask = seed_next(&state);
    seed->multiplier_1 = multiplier_next(&state);
    seed->multiplier_2 = multiplier_next(&state);
    seed->inverse_1 = odd_inverse(seed->multiplier_1);
    seed->inverse_2 = odd_inverse(seed->multiplier_2);
}

static uint64_t word_load(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint64_t half_load(const unsigned char *bytes)
{
    uint32_t half;
    memcpy(&half, bytes, sizeof half);
    return half;
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;
static uint64_t multiply_fold(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}
#else
static uint64_t multiply_fold(uint64_t a, uint64_t b)
{
    uint64_t a_low = (uint32_t)a, a_high = a >> 32;
    uint64_t b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low;
    uint64_t middle_1 = a_high * b_low + (low >> 32);
    uint64_t middle_2 = a_low * b_high + (uint32_t)middle_1;
    uint64_t high = a_high * b_high + (middle_1 >> 32) + (middle_2 >> 32);
    return ((middle_2 << 32) | (uint32_t)low) ^ high;
}
#endif

uint64_t thi_hash_bytes(const struct thi_seed *seed, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t state = seed->mask ^ multiply_fold(size ^ seed->multiplier_2, seed->multiplier_1);
    size_t left = size;
    for (; left > 16; left -= 16, at += 16) {
        state = multiply_fold(word_load(at) ^ seed->multiplier_1, word_load(at + 8) ^ state);
    }
    uint64_t a = 0;
    uint64_t b = 0;
    if (left >= 8) {
        a = word_load(at);
        b = word_load(at + left - 8);
    } else if (left >= 4) {
        a = half_load(at);
        b = half_load(at + left - 4);
    } else if (left > 0) {
        a = ((uint64_t)at[0] << 16) | ((uint64_t)at[left >> 1] << 8) | at[left - 1];
    }
    state = multiply_fold(a ^ seed->multiplier_1, b ^ state);
    return multiply_fold(state ^ seed->inverse_1, seed->inverse_2);
}
