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

#include <string.h>

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

/* 64 keyed bits of `size` bytes, the same on machines of either byte order. */
uint64_t thi_hash_bytes(const struct thi_seed *seed, const void *bytes, size_t size);

/* The first byte is the lowest on every machine: a seed gives the same hashes everywhere, and what
 * depends on them can be compared between targets. */
TH_INLINE uint64_t thi_word_load(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Both halves of the product, so that high bits go down and low bits up. Not high minus low: that
 * is a product modulo 2^64 + 1, which stays what it is when both factors change their sign; and for
 * every second word, whatever was mixed into it, turning all bits but the second does that.
 * wasm has the type of 128 bits, but multiplies it by a call. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(TH_PLAIN_C)
/* By an instruction of its own: for a product of one word of 128 bits the compiler keeps a pair of
 * registers, and saves those that the pair does not need. */
TH_INLINE uint64_t thi_fold(uint64_t a, uint64_t b)
{
    uint64_t low;
    uint64_t high;
    __asm__("mulq %3" : "=a"(low), "=d"(high) : "a"(a), "rm"(b) : "cc");
    return high ^ low;
}
#elif defined(__SIZEOF_INT128__) && !defined(__wasm__)
__extension__ typedef unsigned __int128 thi_wide;
TH_INLINE uint64_t thi_fold(uint64_t a, uint64_t b)
{
    thi_wide product = (thi_wide)a * b;
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}
#else
TH_INLINE uint64_t thi_fold(uint64_t a, uint64_t b)
{
    uint64_t a_low = (uint32_t)a;
    uint64_t a_high = a >> 32;
    uint64_t b_low = (uint32_t)b;
    uint64_t b_high = b >> 32;
    uint64_t low = a_low * b_low;
    uint64_t middle_1 = a_high * b_low + (low >> 32);
    uint64_t middle_2 = a_low * b_high + (uint32_t)middle_1;
    uint64_t high = a_high * b_high + (middle_1 >> 32) + (middle_2 >> 32);
    return high ^ ((middle_2 << 32) | (uint32_t)low);
}
#endif

/* A word of the seed joins, from memory: one that is loaded apart, because it is used twice, holds
 * a register until all that came before is done, and gets of bytes keys have none to spare. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(TH_PLAIN_C)
#define TH_HASH_JOIN(name, sign, instruction)                      \
    TH_INLINE uint64_t name(uint64_t a, const uint64_t *b)         \
    {                                                              \
        __asm__(instruction " %1, %0" : "+r"(a) : "m"(*b) : "cc"); \
        return a;                                                  \
    }
#else
#define TH_HASH_JOIN(name, sign, instruction)              \
    TH_INLINE uint64_t name(uint64_t a, const uint64_t *b) \
    {                                                      \
        return a sign(*b);                                 \
    }
#endif
TH_HASH_JOIN(thi_hash_xor, ^, "xorq")
TH_HASH_JOIN(thi_hash_add, +, "addq")
TH_HASH_JOIN(thi_hash_multiply, *, "imulq")
#undef TH_HASH_JOIN

/* How thi_hash_bytes() begins. The size multiplied: as a small sum, keys of two sizes whose last
 * bytes differ by as little would meet for every fourth seed. */
TH_INLINE uint64_t thi_hash_first(const struct thi_seed *seed, size_t size)
{
    return thi_hash_xor(thi_hash_multiply(size, &seed->inverse_2), &seed->mask);
}

/* How it ends, with the last 16 bytes. */
TH_INLINE uint64_t thi_hash_last(const struct thi_seed *seed, uint64_t state, uint64_t first,
                                 uint64_t last)
{
    /* A sum here and in the middle, so that no change one can make without the seed changes the
     * sign of this factor. */
    state = thi_fold(thi_hash_xor(first, &seed->multiplier_1), last + state);
    /* A square of sorts: with a constant for one factor, keys that differ in one word alone would
     * pass two linear steps, and lie on a lattice for some seeds. */
    return thi_fold(thi_hash_xor(state, &seed->inverse_1),
                    thi_hash_add(state, &seed->multiplier_2));
}

/* thi_hash_bytes() of 17 to 32 bytes, inlined. */
TH_INLINE uint64_t thi_hash_bytes_to_32(const struct thi_seed *seed, const void *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    uint64_t state = thi_hash_first(seed, size);
    /* Two lanes that took in nothing yet are one: the state meets itself. */
    state ^= thi_hash_add(state, &seed->multiplier_2);
    state = thi_fold(thi_hash_xor(thi_word_load(at), &seed->multiplier_1),
                     thi_word_load(at + 8) + state);
    return thi_hash_last(seed, state, thi_word_load(at + size - 16), thi_word_load(at + size - 8));
}

/* thi_hash_bytes() of 8 to 16 bytes, inlined. */
TH_INLINE uint64_t thi_hash_bytes_to_16(const struct thi_seed *seed, const void *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    return thi_hash_last(seed, thi_hash_first(seed, size), thi_word_load(at),
                         thi_word_load(at + size - 8));
}

#endif
