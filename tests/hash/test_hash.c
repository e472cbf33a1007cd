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

TEST(seed_multipliers_are_odd_inverted_and_dense)
{
    /* Goal: no weak multiplier. Method: many seeds, among them 0 and neighbours; look at the words.
     * */
    uint64_t state = test_seed;
    for (uint64_t i = 0; i < test_scaled(100000); i++) {
        struct thi_seed seed;
        thi_seed_init(&seed, i < 1000 ? i : test_random(&state));
        const uint64_t words[] = {seed.multiplier_1, seed.multiplier_2, seed.inverse_1,
                                  seed.inverse_2};
        CHECK_EQ(seed.multiplier_1 * seed.inverse_1, 1);
        CHECK_EQ(seed.multiplier_2 * seed.inverse_2, 1);
        CHECK(seed.multiplier_1 != seed.multiplier_2);
        for (size_t w = 0; w < 4; w++) {
            int ones = __builtin_popcountll(words[w]);
            CHECK((words[w] & 1) == 1);
            CHECK(ones >= 16 && ones <= 48);
            CHECK(words[w] >> 48 != 0 && words[w] >> 48 != 0xffff);
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

/* 1.5 thousand million keys take seconds in an optimized build, minutes in others. */
#ifdef __OPTIMIZE__
#define SPREAD_SEEDS 50u
#else
#define SPREAD_SEEDS 4u
#endif
#define GROUP_BITS 12u
#define JOINT_BITS 18u

struct spread {
    double groups; /* sigmas of the low 12 bits, */
    double high;   /* of the high 8 bits, */
    double joint;  /* of the low 12 with the high 6: a line of a group */
};

static struct spread structure_spread(const struct structure *structure,
                                      const struct thi_seed *seed)
{
    static uint32_t groups[1u << GROUP_BITS];
    static uint32_t high[256];
    static uint32_t joint[1u << JOINT_BITS];
    memset(groups, 0, sizeof groups);
    memset(high, 0, sizeof high);
    memset(joint, 0, sizeof joint);
    for (uint64_t i = 0; i < structure->key_count; i++) {
        uint64_t mixed = thi_mix(seed, structure->key(i));
        uint64_t group = mixed & ((1u << GROUP_BITS) - 1);
        groups[group]++;
        high[mixed >> 56]++;
        joint[group << 6 | mixed >> 58]++;
    }
    return (struct spread){
        spread_sigmas(groups, 1u << GROUP_BITS, structure->key_count),
        spread_sigmas(high, 256, structure->key_count),
        spread_sigmas(joint, 1u << JOINT_BITS, structure->key_count),
    };
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

TEST(mix_structured_keys_spread_no_worse_than_random)
{
    /* Goal: who knows the source but not the seed cannot crowd a group or a line. Method: 31
     * structures of up to a million keys, 50 seeds each; chi-square of groups, high bits and both
     * together. A random function stays under 6 sigmas; one case in a hundred may go beyond it up
     * to 12 (a lucky seed for the attacker, who cannot know it): that is at most 1.27 times the
     * variance over 4096 groups. Over the 64 times as many lines the same variance is 96 sigmas. */
    uint64_t state = test_seed;
    uint64_t seeds = test_scaled(SPREAD_SEEDS);
    unsigned beyond = 0;
    unsigned cases = 0;
    for (uint64_t s = 0; s < seeds; s++) {
        struct thi_seed seed = seed_random(&state);
        for (size_t i = 0; i < STRUCTURE_COUNT; i++) {
            struct spread spread = structure_spread(&structures[i], &seed);
            double coarse = larger(spread.groups, spread.high);
            cases++;
            beyond += larger(coarse, spread.joint) > 6;
            if (coarse > 12 || spread.joint > 96) {
                printf("# %s: groups %.1f, high %.1f, joint %.1f sigmas\n", structures[i].name,
                       spread.groups, spread.high, spread.joint);
            }
            CHECK(coarse <= 12);
            CHECK(spread.joint <= 96);
        }
    }
    printf("# beyond 6 sigmas: %u of %u\n", beyond, cases);
    CHECK(beyond * 100 <= cases);
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
