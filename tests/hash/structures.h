/* SPDX-License-Identifier: MIT
 * structures.h - sets of keys as somebody makes them who knows the source but not the seed, and how
 * evenly they fall.
 */
#ifndef TOPHASH_TESTS_HASH_STRUCTURES_H
#define TOPHASH_TESTS_HASH_STRUCTURES_H

#include "test.h"

struct structure {
    const char *name;
    uint64_t key_count;
    uint64_t (*key)(uint64_t i); /* a different key for each i below key_count */
};

#define MILLION 1000000u
#define STRUCTURE(name_, expression_)              \
    static inline uint64_t key_##name_(uint64_t i) \
    {                                              \
        return (expression_);                      \
    }

static inline uint64_t bits_reverse(uint64_t word)
{
    word = (word >> 1 & 0x5555555555555555) | (word & 0x5555555555555555) << 1;
    word = (word >> 2 & 0x3333333333333333) | (word & 0x3333333333333333) << 2;
    word = (word >> 4 & 0x0f0f0f0f0f0f0f0f) | (word & 0x0f0f0f0f0f0f0f0f) << 4;
    return __builtin_bswap64(word);
}

static inline uint64_t double_bits(double value)
{
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    return word;
}

static inline uint64_t float_bits(float value)
{
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    return word;
}

/* The low bits of i where mask has ones. */
static inline uint64_t bits_deposit(uint64_t i, uint64_t mask)
{
    uint64_t word = 0;
    for (; mask != 0; mask &= mask - 1, i >>= 1) {
        word |= (i & 1) != 0 ? mask & (0 - mask) : 0;
    }
    return word;
}

/* Eight decimal digits as text in a word. */
static inline uint64_t digits(uint64_t i)
{
    uint64_t word = 0;
    for (unsigned at = 0; at < 8; at++, i /= 10) {
        word = word << 8 | ('0' + i % 10);
    }
    return word;
}

/* The i-th word with exactly three bits set, some of them alike in the first bits: three digits to
 * the base 64. */
static inline uint64_t three_bits(uint64_t i)
{
    uint64_t low = i % 21;
    uint64_t middle = 21 + i / 21 % 21;
    uint64_t high = 42 + i / 441 % 22;
    return (1ull << low) | (1ull << middle) | (1ull << high);
}

STRUCTURE(sequential, i)
STRUCTURE(negative, 0 - i)
STRUCTURE(steps_of_8, i * 8 + 0x7f0000000000ull)
STRUCTURE(pages, i << 12)
STRUCTURE(shift_20, i << 20)
STRUCTURE(shift_24, i << 24)
STRUCTURE(shift_28, i << 28)
STRUCTURE(shift_32, i << 32)
STRUCTURE(shift_34, i << 34)
STRUCTURE(shift_36, i << 36)
STRUCTURE(shift_40, i << 40)
STRUCTURE(shift_44, i << 44)
STRUCTURE(shift_46, i << 46)
STRUCTURE(shift_48, i << 48)
STRUCTURE(gray, i ^ (i >> 1))
STRUCTURE(gray_high, (i ^ (i >> 1)) << 40)
STRUCTURE(halves_alike, i * 0x100000001ull)
STRUCTURE(halves_opposed, (~i << 32) | i)
STRUCTURE(step_2_32_less_1, i * 0xffffffffull)
STRUCTURE(step_2_48_plus_1, i * 0x1000000000001ull)
STRUCTURE(step_2_33_less_1, i * 0x1ffffffffull)
STRUCTURE(step_small_prime, i * 0x1000193ull)
STRUCTURE(step_golden, i * 0x9e3779b97f4a7c15ull)
STRUCTURE(ends_only, (i & 1023) | ((i >> 10) << 54))
STRUCTURE(top_12_first, (i << 52) | (i >> 12))
STRUCTURE(three_bytes_apart, (i & 0xff) | ((i >> 8) & 0xff) << 24 | (i >> 16) << 56)
STRUCTURE(grid, (i % 1000) * 0x100000000ull + i / 1000)
STRUCTURE(reversed, bits_reverse(i))
STRUCTURE(doubles, double_bits((double)i))
STRUCTURE(doubles_of_tenths, double_bits((double)i * 0.1))
STRUCTURE(few_bits, three_bits(i))
STRUCTURE(shift_52, i << 52)
STRUCTURE(negative_high, 0 - (i << 44))
STRUCTURE(quarters_alike, i * 0x1000100010001ull)
STRUCTURE(evenly, i *(UINT64_MAX / MILLION))
STRUCTURE(bytes_swapped, __builtin_bswap64(i))
STRUCTURE(floats_twice, float_bits((float)(i % 1000)) << 32 | float_bits((float)(i / 1000) * 0.25f))
STRUCTURE(every_third_bit, bits_deposit(i, 0x9249249249249249))
STRUCTURE(nibbles, bits_deposit(i, 0xf000f000f000f00f))
STRUCTURE(high_in_bytes, bits_deposit(i, 0xf8f8f8f800000000))
STRUCTURE(decimal, digits(i))
STRUCTURE(complements, (i & 1) != 0 ? ~(i >> 1) : i >> 1)
STRUCTURE(squares, i *i)

static const struct structure structures[] = {
    {"sequential", MILLION, key_sequential},
    {"negative", MILLION, key_negative},
    {"steps of 8", MILLION, key_steps_of_8},
    {"multiples of 2^12", MILLION, key_pages},
    {"multiples of 2^20", MILLION, key_shift_20},
    {"multiples of 2^24", MILLION, key_shift_24},
    {"multiples of 2^28", MILLION, key_shift_28},
    {"multiples of 2^32", MILLION, key_shift_32},
    {"multiples of 2^34", MILLION, key_shift_34},
    {"multiples of 2^36", MILLION, key_shift_36},
    {"multiples of 2^40", MILLION, key_shift_40},
    {"multiples of 2^44", MILLION, key_shift_44},
    {"multiples of 2^46", 1u << 18, key_shift_46},
    {"multiples of 2^48", 1u << 16, key_shift_48},
    {"Gray code", MILLION, key_gray},
    {"Gray code, high", MILLION, key_gray_high},
    {"both halves alike", MILLION, key_halves_alike},
    {"halves opposed", MILLION, key_halves_opposed},
    {"steps of 2^32 - 1", MILLION, key_step_2_32_less_1},
    {"steps of 2^48 + 1", MILLION, key_step_2_48_plus_1},
    {"steps of 2^33 - 1", MILLION, key_step_2_33_less_1},
    {"steps of a small prime", MILLION, key_step_small_prime},
    {"steps of the golden ratio", MILLION, key_step_golden},
    {"lowest and highest 10 bits", MILLION, key_ends_only},
    {"top 12 bits first", MILLION, key_top_12_first},
    {"three bytes apart", MILLION, key_three_bytes_apart},
    {"1000 x 1000 grid of halves", MILLION, key_grid},
    {"bit-reversed numbers", MILLION, key_reversed},
    {"whole doubles", MILLION, key_doubles},
    {"doubles of tenths", MILLION, key_doubles_of_tenths},
    {"three bits set", 21 * 21 * 22, key_few_bits},
    {"multiples of 2^52", 1u << 12, key_shift_52},
    {"multiples of -2^44", MILLION, key_negative_high},
    {"quarters alike", 1u << 16, key_quarters_alike},
    {"evenly over all words", MILLION, key_evenly},
    {"byte-swapped numbers", MILLION, key_bytes_swapped},
    {"pairs of floats", MILLION, key_floats_twice},
    {"every third bit", 1u << 20, key_every_third_bit},
    {"nibbles far apart", 1u << 20, key_nibbles},
    {"high bits of high bytes", 1u << 20, key_high_in_bytes},
    {"decimal digits", MILLION, key_decimal},
    {"numbers and complements", MILLION, key_complements},
    {"squares", MILLION, key_squares},
};
#define STRUCTURE_COUNT (sizeof structures / sizeof structures[0])

/* By Newton's iteration: no need of the mathematical library. */
static inline double root(double square)
{
    double guess = square > 1 ? square : 1;
    for (unsigned i = 0; i < 60; i++) {
        guess = (guess + square / guess) / 2;
    }
    return guess;
}

/* Chi-square over degrees of freedom of `bins` counts, as its distance from 1 in standard
 * deviations. Random: about 0. Evenly spread: far below 0, which is no harm. */
static inline double spread_sigmas(const uint32_t *counts, size_t bins, uint64_t key_count)
{
    double mean = (double)key_count / (double)bins;
    double sum = 0;
    for (size_t i = 0; i < bins; i++) {
        double difference = (double)counts[i] - mean;
        sum += difference * difference / mean;
    }
    double freedom = (double)(bins - 1);
    return (sum / freedom - 1) / root(2 / freedom);
}

/* One false alarm in 2^30 runs of a test. */
#define FALSE_ALARM_LOG2 30

/* What random keys exceed in one of `cases` looks at spread_sigmas() with a probability of at most
 * 2^-FALSE_ALARM_LOG2. Each look gets its share, e^-x, of that. Chi-square lies above
 * sqrt(2x) + x * skewness / 2 no more often (Laurent and Massart, "Adaptive estimation of a
 * quadratic functional by model selection", lemma 1). Its skewness is sqrt(8 / bins); where keys
 * are few, that of the number of pairs that meet is added. */
static inline double spread_limit(uint64_t cases, uint64_t bins, uint64_t key_count)
{
    double x = 0.6932 * (FALSE_ALARM_LOG2 + 64 - __builtin_clzll(cases));
    double skewness = root(8 / (double)bins) + root(2 * (double)bins) / (double)key_count;
    return root(2 * x) + x * skewness / 2;
}

#endif
