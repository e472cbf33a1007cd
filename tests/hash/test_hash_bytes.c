/* SPDX-License-Identifier: MIT
 * test_hash_bytes.c - the keyed hash of bytes: reads what it is given, every bit counts, keys made
 * by an attacker spread.
 */
#include "hash/hash.h"

#include "hash/structures.h"

#define SIZE_MAX_TESTED 300u

static struct thi_seed seed_random(uint64_t *state)
{
    struct thi_seed seed;
    thi_seed_init(&seed, test_random(state));
    return seed;
}

TEST(hash_bytes_any_size_reads_its_bytes_only)
{
    /* Goal: the hash is a function of the bytes, wherever they lie, and of nothing beside them.
     * Method: each size, in blocks of exactly that size (sanitizers watch the ends) and within
     * other bytes at all alignments. */
    uint64_t state = test_seed;
    struct thi_seed seed = seed_random(&state);
    unsigned char around[SIZE_MAX_TESTED + 16];
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        unsigned char *exact = malloc(size == 0 ? 1 : size);
        REQUIRE(exact != NULL);
        for (size_t i = 0; i < size; i++) {
            exact[i] = (unsigned char)test_random(&state);
        }
        uint64_t hash = thi_hash_bytes(&seed, exact, size);
        for (size_t offset = 0; offset < 16; offset++) {
            memset(around, (int)offset, sizeof(around));
            memcpy(around + offset, exact, size);
            CHECK_EQ(thi_hash_bytes(&seed, around + offset, size), hash);
        }
        free(exact);
    }
}

TEST(hash_bytes_every_bit_and_the_size_count)
{
    /* Goal: no bit of the key and no size is lost. Method: flip each bit of keys of each size; hash
     * zeros of each size; all differ (two of 64 bits alike by chance: never in our time). */
    uint64_t state = test_seed;
    struct thi_seed seed = seed_random(&state);
    unsigned char key[SIZE_MAX_TESTED] = {0};
    uint64_t last = 0;
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        memset(key, 0, sizeof(key));
        uint64_t of_zeros = thi_hash_bytes(&seed, key, size);
        CHECK(size == 0 || of_zeros != last);
        last = of_zeros;
        for (size_t i = 0; i < size; i++) {
            key[i] = (unsigned char)test_random(&state);
        }
        uint64_t hash = thi_hash_bytes(&seed, key, size);
        for (size_t bit = 0; bit < size * 8; bit++) {
            key[bit / 8] ^= (unsigned char)(1u << (bit % 8));
            CHECK(thi_hash_bytes(&seed, key, size) != hash);
            key[bit / 8] ^= (unsigned char)(1u << (bit % 8));
        }
    }
}

TEST(hash_bytes_other_seed_other_hash)
{
    /* Goal: every size is keyed, the empty key too. Method: two seeds, each size. */
    uint64_t state = test_seed;
    struct thi_seed a = seed_random(&state);
    struct thi_seed b = seed_random(&state);
    unsigned char key[SIZE_MAX_TESTED] = {0};
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        CHECK(thi_hash_bytes(&a, key, size) != thi_hash_bytes(&b, key, size));
        CHECK_EQ(thi_hash_bytes(&a, key, size), thi_hash_bytes(&a, key, size));
    }
}

TEST(hash_bytes_any_bit_flips_low_and_high_result_bits)
{
    /* Goal: avalanche at each size class of the code. Method: sizes around the borders, 2,000 keys
     * and seeds; each bit of the key flips each of the low 20 and high 8 bits in 40 to 60 of 100.
     * */
    static const size_t sizes[] = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 32, 33, 48, 49, 65};
    static uint32_t flips[65 * 8][64];
    enum { ROUNDS = 2000 };
    uint64_t state = test_seed;
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        memset(flips, 0, sizeof(flips));
        unsigned char key[65] = {0};
        for (unsigned round = 0; round < ROUNDS; round++) {
            struct thi_seed seed = seed_random(&state);
            memcpy(key, &round, sizes[s] < sizeof(round) ? sizes[s] : sizeof(round));
            uint64_t hash = thi_hash_bytes(&seed, key, sizes[s]);
            for (size_t in = 0; in < sizes[s] * 8; in++) {
                key[in / 8] ^= (unsigned char)(1u << (in % 8));
                uint64_t changed = hash ^ thi_hash_bytes(&seed, key, sizes[s]);
                key[in / 8] ^= (unsigned char)(1u << (in % 8));
                for (unsigned out = 0; out < 64; out++) {
                    flips[in][out] += (uint32_t)((changed >> out) & 1);
                }
            }
        }
        for (size_t in = 0; in < sizes[s] * 8; in++) {
            for (unsigned out = 0; out < 64; out++) {
                bool watched = out < 20 || out >= 56;
                CHECK(!watched || flips[in][out] > ROUNDS * 4 / 10);
                CHECK(!watched || flips[in][out] < ROUNDS * 6 / 10);
            }
        }
    }
}

/* How a number becomes a key: where its words stand, the rest constant. */
struct form {
    const char *name;
    size_t size; /* 0: decimal text */
    size_t offset;
    bool twice; /* the number's complement stands in the next word */
};

static const struct form forms[] = {
    {"8 bytes", 8, 0, false},
    {"decimal text", 0, 0, false},
    {"16 bytes, first word", 16, 0, false},
    {"16 bytes, last word", 16, 8, false},
    {"16 bytes, word and complement", 16, 0, true},
    {"20 bytes, in the overlap", 20, 4, false},
    {"32 bytes, second word", 32, 8, false},
    {"40 bytes, second lane", 40, 16, false},
    {"64 bytes, both words of a lane", 64, 32, true},
};
#define FORM_COUNT (sizeof(forms) / sizeof(forms[0]))

static size_t key_make(const struct form *form, unsigned char key[64], uint64_t number)
{
    if (form->size == 0) {
        return (size_t)snprintf((char *)key, 64, "user:%" PRIu64, number);
    }
    memset(key, 0, form->size);
    memcpy(key + form->offset, &number, sizeof(number));
    if (form->twice) {
        number = ~number;
        memcpy(key + form->offset + 8, &number, sizeof(number));
    }
    return form->size;
}

/* The worse of groups and high bits, in parts of what a random function stays under. */
static double form_spread(const struct form *form, const struct structure *structure,
                          const struct thi_seed *seed, uint64_t cases)
{
    static uint32_t groups[4096];
    static uint32_t high[256];
    memset(groups, 0, sizeof(groups));
    memset(high, 0, sizeof(high));
    unsigned char key[64];
    uint64_t count = structure->key_count > 100000 ? 100000 : structure->key_count;
    for (uint64_t i = 0; i < count; i++) {
        size_t size = key_make(form, key, structure->key(i));
        uint64_t hash = thi_hash_bytes(seed, key, size);
        groups[hash & 4095]++;
        high[hash >> 56]++;
    }
    double of_groups = spread_sigmas(groups, 4096, count) / spread_limit(cases, 4096, count);
    double of_high = spread_sigmas(high, 256, count) / spread_limit(cases, 256, count);
    return of_groups > of_high ? of_groups : of_high;
}

#ifdef __OPTIMIZE__
#define SPREAD_SEEDS 20u
#else
#define SPREAD_SEEDS 4u
#endif

TEST(hash_bytes_structured_keys_spread_no_worse_than_random)
{
    /* Goal and limits as for the mix of integers. Method: nine ways to make a key of a number, each
     * with every structure of numbers over the seeds in turn, 100,000 keys. */
    uint64_t state = test_seed;
    uint64_t rounds = test_scaled(SPREAD_SEEDS);
    uint64_t cases = rounds * FORM_COUNT * (STRUCTURE_COUNT / 4 + 1) * 2;
    for (uint64_t round = 0; round < rounds; round++) {
        struct thi_seed seed = seed_random(&state);
        for (size_t f = 0; f < FORM_COUNT; f++) {
            for (size_t s = (round + f) % 4; s < STRUCTURE_COUNT; s += 4) {
                double worst = form_spread(&forms[f], &structures[s], &seed, cases);
                if (worst > 1) {
                    printf("# %s, %s: %.1f times the limit\n", forms[f].name, structures[s].name,
                           worst);
                }
                CHECK(worst <= 1);
            }
        }
    }
}

/* How often the hashes of two keys are equal, and how often their low 12 bits, over many seeds. */
static void agreement_count(const unsigned char *key, const unsigned char *other, size_t size,
                            uint64_t seeds, unsigned *alike, unsigned *equal)
{
    uint64_t state = ~test_seed; /* not the numbers that keys are made of */
    for (uint64_t i = 0; i < seeds; i++) {
        struct thi_seed seed = {test_random(&state), test_random(&state) | 1,
                                test_random(&state) | 1, test_random(&state) | 1,
                                test_random(&state) | 1};
        uint64_t a = thi_hash_bytes(&seed, key, size);
        uint64_t b = thi_hash_bytes(&seed, other, size);
        *alike += ((a ^ b) & 4095) == 0;
        *equal += a == b;
    }
}

TEST(hash_bytes_complemented_words_rarely_agree)
{
    /* Goal: complementing words, which makes products differ little, gives no collision a seed more
     * often than chance. Method: pairs of keys of 8, 16 and 32 bytes under 2^20 seeds; how often
     * their low 12 bits agree: 256 expected, deviation 16. */
    static const size_t sizes[] = {8, 16, 32};
    for (size_t s = 0; s < 3; s++) {
        unsigned char key[32] = {0};
        unsigned char other[32];
        memset(other, 0xff, sizeof(other));
        unsigned alike = 0, equal = 0;
        agreement_count(key, other, sizes[s], 1u << 20, &alike, &equal);
        CHECK_EQ(equal, 0);
        CHECK(alike > 256 - 7 * 16);
        CHECK(alike < 256 + 7 * 16);
    }
}

TEST(hash_bytes_words_of_changed_sign_never_agree)
{
    /* Goal: no word can be changed so that a factor, whatever was mixed into it, only changes its
     * sign: then products would meet. Method: keys of 8, 16, 24, 32 and 48 bytes; each even or odd
     * word, or both, complemented or negated with each of the low 3 bits flipped or not, 2,000
     * seeds each. Turning all but the second bit of both words once gave every sixth pair one
     * hash. */
    static const size_t sizes[] = {8, 16, 24, 32, 48};
    uint64_t state = test_seed;
    for (unsigned way = 0; way < 5 * 3 * 2 * 64; way++) {
        size_t size = sizes[way % 5];
        uint64_t words = way / 5 % 3 + 1;        /* bit 0: the even words, bit 1: the odd ones */
        uint64_t negate = way / 15 % 2;          /* two's complement, or one's */
        const uint64_t flips[2] = {way / 30 % 8, /* low bits of even and of odd words */
                                   way / 240 % 8};
        uint64_t key[6], other[6];
        for (unsigned w = 0; w < 6; w++) {
            key[w] = test_random(&state);
            bool changed = (words >> (w % 2) & 1) != 0;
            other[w] = changed ? (~key[w] + negate) ^ flips[w % 2] : key[w];
        }
        if (memcmp(key, other, size) != 0) {
            unsigned alike = 0, equal = 0;
            agreement_count((const unsigned char *)key, (const unsigned char *)other, size, 2000,
                            &alike, &equal);
            CHECK_EQ(equal, 0);
            CHECK(alike <= 20); /* random: a half; above 20 never in our time */
        }
    }
}

static int like_keys_compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

TEST(hash_bytes_like_keys_of_other_size_differ)
{
    /* Goal: two keys that differ in size and little else never share a hash. Method: numbers as 3,
     * 7 and 8 little-endian bytes, equal hashes counted over many seeds; found by a walk of a map
     * that gave two such keys as one. */
    enum { KEYS = 3000, SIZES = 3 };
    static const size_t sizes[SIZES] = {3, 7, 8};
    static uint64_t hashes[KEYS * SIZES];
    uint64_t random = test_seed;
    for (unsigned round = 0; round < 60; round++) {
        struct thi_seed seed;
        thi_seed_init(&seed, test_random(&random));
        size_t count = 0;
        for (uint64_t i = 0; i < KEYS; i++) {
            uint64_t number = i < KEYS / 2 ? i : 804000 + i;
            unsigned char bytes[8];
            for (unsigned b = 0; b < 8; b++) {
                bytes[b] = (unsigned char)(number >> (8 * b));
            }
            for (unsigned s = 0; s < SIZES; s++) {
                hashes[count++] = thi_hash_bytes(&seed, bytes, sizes[s]);
            }
        }
        qsort(hashes, count, sizeof(hashes[0]), like_keys_compare);
        for (size_t i = 1; i < count; i++) {
            CHECK(hashes[i] != hashes[i - 1]);
        }
    }
}

TEST_MAIN()
