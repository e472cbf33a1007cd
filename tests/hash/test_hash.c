/* SPDX-License-Identifier: MIT
 * test_hash.c - the mix of integer keys: bijection, seeds, avalanche, spread of keys made by an
 * attacker.
 */
#include "hash/hash.h"

#include "hash/structures.h"

static struct thi_seed seed_random(uint64_t *state)
{
    struct thi_seed seed;
    thi_seed_init(&seed, test_random(state));
    return seed;
}

TEST(mix_unmix_returns_the_key)
{
    /* Goal: the mix is a bijection. Method: for many seeds, unmix what was mixed and mix what was
     * unmixed; extremes too. */
    static const uint64_t extremes[] = {0,
                                        1,
                                        2,
                                        0x7fffffffffffffff,
                                        0x8000000000000000,
                                        0xffffffff,
                                        0x100000000,
                                        UINT64_MAX - 1,
                                        UINT64_MAX};
    uint64_t state = test_seed;
    for (uint64_t round = test_scaled(500); round > 0; round--) {
        struct thi_seed seed = seed_random(&state);
        for (size_t i = 0; i < sizeof(extremes) / sizeof(extremes[0]); i++) {
            CHECK_EQ(thi_unmix(&seed, thi_mix(&seed, extremes[i])), extremes[i]);
            CHECK_EQ(thi_mix(&seed, thi_unmix(&seed, extremes[i])), extremes[i]);
        }
        for (unsigned i = 0; i < 1000; i++) {
            uint64_t key = test_random(&state);
            CHECK_EQ(thi_unmix(&seed, thi_mix(&seed, key)), key);
        }
    }
}

TEST(seed_multipliers_are_odd_inverted_and_balanced)
{
    /* Goal: no weak multiplier, no mask that turns next to nothing. Method: many seeds, among them
     * 0 and neighbours; look at the words. */
    uint64_t state = test_seed;
    for (uint64_t i = 0; i < test_scaled(100000); i++) {
        struct thi_seed seed;
        thi_seed_init(&seed, i < 1000 ? i : test_random(&state));
        const uint64_t words[] = {seed.multiplier_1, seed.multiplier_2, seed.inverse_1,
                                  seed.inverse_2, seed.mask};
        CHECK_EQ(seed.multiplier_1 * seed.inverse_1, 1);
        CHECK_EQ(seed.multiplier_2 * seed.inverse_2, 1);
        CHECK(seed.multiplier_1 != seed.multiplier_2);
        for (size_t w = 0; w < 5; w++) {
            CHECK(w == 4 || (words[w] & 1) == 1);
            for (unsigned quarter = 0; quarter < 4; quarter++) {
                int ones = __builtin_popcountll(words[w] >> (16 * quarter) & 0xffff);
                CHECK(ones >= 4 && ones <= 12);
            }
        }
    }
}

TEST(seed_same_number_same_seed_other_number_other_seed)
{
    /* Goal: a fixed seed repeats, another changes every word. Method: compare. */
    struct thi_seed a;
    struct thi_seed b;
    struct thi_seed c;
    thi_seed_init(&a, test_seed);
    thi_seed_init(&b, test_seed);
    thi_seed_init(&c, test_seed + 1);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
    CHECK(a.mask != c.mask);
    CHECK(a.multiplier_1 != c.multiplier_1);
    CHECK(a.multiplier_2 != c.multiplier_2);
}

/* For each key bit, how often each result bit flips. Watched: the low 20 and the high 8 bits. */
static void avalanche_count(const struct structure *structure, struct thi_seed *seed,
                            uint32_t flips[64][64], unsigned key_count)
{
    for (unsigned i = 0; i < key_count; i++) {
        uint64_t key = structure->key(i);
        uint64_t mixed = thi_mix(seed, key);
        for (unsigned in = 0; in < 64; in++) {
            uint64_t changed = mixed ^ thi_mix(seed, key ^ (1ull << in));
            for (unsigned out = 0; out < 64; out++) {
                flips[in][out] += (uint32_t)((changed >> out) & 1);
            }
        }
    }
}

TEST(mix_any_key_bit_flips_low_and_high_result_bits)
{
    /* Goal: avalanche where the maps look: low 20 bits (group), high 8 (line, tag). Method: over 64
     * seeds and sequential and strided keys, every key bit flips every watched bit in 40 to 60 of
     * 100 cases. */
    static uint32_t flips[64][64];
    static const unsigned chosen[] = {0, 2, 3, 9, 11};
    const unsigned seeds = 64;
    const unsigned keys = 64;
    for (size_t s = 0; s < sizeof chosen / sizeof chosen[0]; s++) {
        uint64_t state = test_seed;
        memset(flips, 0, sizeof flips);
        for (unsigned i = 0; i < seeds; i++) {
            struct thi_seed seed = seed_random(&state);
            avalanche_count(&structures[chosen[s]], &seed, flips, keys);
        }
        for (unsigned in = 0; in < 64; in++) {
            for (unsigned out = 0; out < 64; out++) {
                double rate = flips[in][out] / (double)(seeds * keys);
                if (out < 20 || out >= 56) {
                    CHECK(rate > 0.4);
                    CHECK(rate < 0.6);
                }
            }
        }
    }
}

/* A thousand million keys take seconds in an optimized build, minutes in others. */
#ifdef __OPTIMIZE__
#define SPREAD_SEEDS 30u
#define PATTERN_SETS 200u
#else
#define SPREAD_SEEDS 4u
#define PATTERN_SETS 20u
#endif
#define GROUP_BITS 12u
#define JOINT_BITS 18u

/* What is looked at: the low 12 bits (a group), the high 8 (a home), the low 12 with the high 6 (a
 * line of a group). */
enum { LOOK_GROUPS, LOOK_HIGH, LOOK_JOINT, LOOKS };
static const uint64_t look_bins[LOOKS] = {1u << GROUP_BITS, 256, 1u << JOINT_BITS};
static const char *const look_names[LOOKS] = {"groups", "high bits", "lines of groups"};

static struct {
    uint32_t groups[1u << GROUP_BITS];
    uint32_t high[256];
    uint32_t joint[1u << JOINT_BITS];
} counts;

static void count_key(const struct thi_seed *seed, uint64_t key)
{
    uint64_t mixed = thi_mix(seed, key);
    uint64_t group = mixed & ((1u << GROUP_BITS) - 1);
    counts.groups[group]++;
    counts.high[mixed >> 56]++;
    counts.joint[group << 6 | mixed >> 58]++;
}

static void counts_look(uint64_t key_count, double sigmas[LOOKS])
{
    sigmas[LOOK_GROUPS] = spread_sigmas(counts.groups, (size_t)look_bins[LOOK_GROUPS], key_count);
    sigmas[LOOK_HIGH] = spread_sigmas(counts.high, (size_t)look_bins[LOOK_HIGH], key_count);
    sigmas[LOOK_JOINT] = spread_sigmas(counts.joint, (size_t)look_bins[LOOK_JOINT], key_count);
    memset(&counts, 0, sizeof counts);
}

/* Over `seeds` seeds together: the sum of their chi-squares is one of as many times the bins. */
static void sigmas_check(const char *name, const double sigmas[LOOKS], uint64_t key_count,
                         uint64_t seeds, uint64_t cases)
{
    for (unsigned look = 0; look < LOOKS; look++) {
        double limit = spread_limit(cases, look_bins[look] * seeds, key_count * seeds);
        if (sigmas[look] > limit) {
            printf("# %s, %s, seeds %" PRIu64 ": %.1f sigmas, limit %.1f\n", name, look_names[look],
                   seeds, sigmas[look], limit);
        }
        CHECK(sigmas[look] <= limit);
    }
}

TEST(mix_structured_keys_spread_no_worse_than_random)
{
    /* Goal: who knows the source but not the seed cannot crowd a group or a line. Method: each
     * structure of up to a million keys with each of 30 seeds; chi-square of groups, high bits and
     * both together, of each seed and summed over all, no larger than a random function's. */
    static double sums[STRUCTURE_COUNT][LOOKS];
    memset(sums, 0, sizeof sums);
    uint64_t state = test_seed;
    uint64_t seeds = test_scaled(SPREAD_SEEDS);
    uint64_t cases = STRUCTURE_COUNT * LOOKS * (seeds + 1);
    for (uint64_t s = 0; s < seeds; s++) {
        struct thi_seed seed = seed_random(&state);
        for (size_t i = 0; i < STRUCTURE_COUNT; i++) {
            const struct structure *structure = &structures[i];
            for (uint64_t k = 0; k < structure->key_count; k++) {
                count_key(&seed, structure->key(k));
            }
            double sigmas[LOOKS];
            counts_look(structure->key_count, sigmas);
            sigmas_check(structure->name, sigmas, structure->key_count, 1, cases);
            for (unsigned look = 0; look < LOOKS; look++) {
                sums[i][look] += sigmas[look] / root((double)seeds);
            }
        }
    }
    for (size_t i = 0; i < STRUCTURE_COUNT; i++) {
        sigmas_check(structures[i].name, sums[i], structures[i].key_count, seeds, cases);
    }
}

/* 20 different bits at random, half of the time in two runs. */
static uint64_t pattern_random(uint64_t *state)
{
    uint64_t mask = 0;
    if ((test_random(state) & 1) != 0) {
        uint64_t run = 1 + test_random(state) % 19;
        mask = ((UINT64_C(1) << run) - 1) << test_random(state) % (65 - run);
        uint64_t rest = (UINT64_C(1) << (20 - run)) - 1;
        for (unsigned shift = (unsigned)(test_random(state) % 64); shift < 128; shift++) {
            uint64_t moved = rest << shift % 64;
            if ((moved & mask) == 0 && moved >> shift % 64 == rest) {
                return mask | moved;
            }
        }
    }
    while (__builtin_popcountll(mask) < 20) {
        mask |= UINT64_C(1) << test_random(state) % 64;
    }
    return mask;
}

TEST(mix_keys_that_differ_in_any_20_bits_spread_no_worse_than_random)
{
    /* Goal: no set of 20 bits is mixed worse than others. Method: all 2^20 keys that differ in 20
     * bits chosen at random, scattered or in two runs, alike in the others; looked at as above. */
    uint64_t state = test_seed;
    uint64_t sets = test_scaled(PATTERN_SETS);
    for (uint64_t s = 0; s < sets; s++) {
        struct thi_seed seed = seed_random(&state);
        uint64_t mask = pattern_random(&state);
        uint64_t others = test_random(&state) & ~mask;
        uint64_t bits = 0;
        uint64_t key_count = 0;
        do {
            count_key(&seed, bits | others);
            key_count++;
            bits = (bits - mask) & mask; /* the next subset of the mask */
        } while (bits != 0);
        double sigmas[LOOKS];
        counts_look(key_count, sigmas);
        char name[40];
        snprintf(name, sizeof name, "bits %016" PRIx64, mask);
        sigmas_check(name, sigmas, key_count, 1, sets * LOOKS);
    }
}

TEST(mix_keys_in_the_top_bits_only_fill_groups_evenly)
{
    /* Goal: few keys that differ in their top 8 or 12 bits alone do not meet in one group. Method:
     * the fullest of 4096 groups over 200 seeds; random: 256 keys rarely put 5 together, 4096 keys
     * rarely 11. */
    uint64_t state = test_seed;
    for (unsigned round = 0; round < 200; round++) {
        struct thi_seed seed = seed_random(&state);
        uint32_t of_256[4096] = {0};
        uint32_t of_4096[4096] = {0};
        uint32_t most_of_256 = 0;
        uint32_t most_of_4096 = 0;
        for (uint64_t i = 0; i < 4096; i++) {
            uint32_t count = ++of_4096[thi_mix(&seed, i << 52) & 4095];
            most_of_4096 = count > most_of_4096 ? count : most_of_4096;
            if (i < 256) {
                count = ++of_256[thi_mix(&seed, i << 56) & 4095];
                most_of_256 = count > most_of_256 ? count : most_of_256;
            }
        }
        CHECK(most_of_256 <= 8);
        CHECK(most_of_4096 <= 14);
    }
}

TEST_MAIN()
