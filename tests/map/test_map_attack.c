/* SPDX-License-Identifier: MIT
 * test_map_attack.c - keys made by somebody who knows the source: without the seed they gain
 * nothing, with it not much.
 */
#include "map/map_priv.h"

#include "map/kinds.h"
#include "map/pool.h"

enum {
    ATTACK_KEYS = 1000000,
    SLOW_NS = 2000000,
    SLOW_MAX = 64, /* remembered; more than these are no outliers */
    REPEATS = 4,
    COLLIDING_KEYS_MAX = 2000,
    KNOWN_SEED = 20,
};

/* Structures of keys: what an attacker sends who has read the hash function but not the map's seed.
 */
enum structure {
    STRUCTURE_RANDOM, /* the yardstick */
    STRUCTURE_COUNTER,
    STRUCTURE_STRIDE_2_32, /* differ in the high half only */
    STRUCTURE_STRIDE_2_44,
    STRUCTURE_TWO_BITS,        /* few bits set */
    STRUCTURE_OTHER_SEED,      /* meet in one group under another seed of the same function */
    STRUCTURE_INVERSE_COUNTER, /* a counter sent backwards through the mix of another seed */
    STRUCTURE_LATTICE,         /* sums of two strides */
    STRUCTURE_COUNT
};

static const char *const structure_names[STRUCTURE_COUNT] = {
    "random",   "counter",    "stride 2^32",     "stride 2^44",
    "few bits", "other seed", "inverse counter", "lattice"};

static uint64_t structure_key(enum structure structure, uint64_t i, const struct thi_seed *other)
{
    uint64_t random = i;
    switch (structure) {
    case STRUCTURE_COUNTER: return i;
    case STRUCTURE_STRIDE_2_32: return i << 32;
    case STRUCTURE_STRIDE_2_44: return i << 44 | i >> 20;
    case STRUCTURE_TWO_BITS:
        return (UINT64_C(1) << i % 64) ^ (UINT64_C(1) << i / 64 % 64) ^
               (UINT64_C(1) << i / 4096 % 64) ^ (i / 262144) << 20;
    case STRUCTURE_OTHER_SEED: return thi_unmix(other, i << 32 | 0x5bd1e995);
    case STRUCTURE_INVERSE_COUNTER: return thi_unmix(other, i);
    case STRUCTURE_LATTICE: return i % 1000 * 0x9e3779b97f4a7c15u + i / 1000 * 0xd6e8feb86659fd93u;
    default: return test_random(&random);
    }
}

struct attack_result {
    uint64_t table_bytes_used;
    uint64_t own_ns_max; /* own processor time of the slowest operation */
    uint64_t depth_spread;
    uint64_t borrowed;
    uint64_t steps_max;      /* the most groups split, or blocks moved, by one operation */
    uint64_t slow[SLOW_MAX]; /* operations that took more than SLOW_NS of own time */
    uint64_t slow_count;
};

static uint64_t own_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t steps_of(const struct thi_map *map)
{
    /* relaxed, both: nobody else is here. */
    return th_u64_load_rlx(&map->counters.splits) + th_u64_load_rlx(&map->counters.upgrades);
}

/* Puts the keys into a map of that seed, each put timed. */
static void attack_put(void *map, enum structure structure, uint64_t keys,
                       struct attack_result *result)
{
    struct thi_seed other;
    thi_seed_init(&other, 12345);
    uint64_t begin_ns = own_time_ns(), steps = steps_of(map);
    for (uint64_t i = 0; i < keys; i++) {
        th_status status = kinds[0].put(map, structure_key(structure, i, &other), i, NULL);
        uint64_t end_ns = own_time_ns(), took_ns = end_ns - begin_ns;
        uint64_t taken = steps_of(map) - steps;
        CHECK(status == TH_OK || status == TH_EXISTS);
        if (took_ns > SLOW_NS && result->slow_count < SLOW_MAX) {
            result->slow[result->slow_count++] = i;
        }
        result->own_ns_max = took_ns > result->own_ns_max ? took_ns : result->own_ns_max;
        result->steps_max = taken > result->steps_max ? taken : result->steps_max;
        steps += taken;
        begin_ns = end_ns;
    }
    for (uint64_t i = 0; i < keys; i += 7) {
        CHECK(kinds[0].get(map, structure_key(structure, i, &other), NULL));
    }
}

static struct attack_result attack(enum structure structure, uint64_t keys, uint64_t map_seed)
{
    struct attack_result result = {.slow_count = 0};
    struct th_map_config config = {.flags = TH_MAP_FIXED_SEED, .seed = map_seed};
    void *map = kind_make(&kinds[0], &config);
    attack_put(map, structure, keys, &result);
    struct th_map_stats stats;
    kinds[0].get_stats(map, &stats);
    result.table_bytes_used = stats.table_bytes_used * keys / stats.entries;
    result.depth_spread = stats.depth_max - stats.depth_min;
    result.borrowed = stats.borrowed;
    kind_finish(&kinds[0], map);
    return result;
}

/* Removes from `result` what was not slow in `again`. */
static void slow_keep(struct attack_result *result, const struct attack_result *again)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < result->slow_count; i++) {
        bool both = false;
        for (uint64_t k = 0; k < again->slow_count; k++) {
            both = both || again->slow[k] == result->slow[i];
        }
        if (both) {
            result->slow[kept++] = result->slow[i];
        }
    }
    result->slow_count = kept;
}

/* Goal: a million keys made against the source without the seed cost at most twice the memory of
 * random ones, and no operation does more than a bounded piece of work. Method: several structures
 * against a seed that is new in each run; each put moves one group or block at most and is timed by
 * the thread's own clock. What interrupts a thread is counted to it, so a slow put is asked again:
 * the same keys in a map of the same seed do the same work, and only what is slow each time is the
 * map's doing. */
TEST(map_attack_without_the_seed_gains_nothing)
{
    uint64_t keys = test_scaled(ATTACK_KEYS), random = test_seed;
    uint64_t map_seed = test_random(&random);
    struct attack_result yardstick = attack(STRUCTURE_RANDOM, keys, map_seed);
    for (unsigned s = 0; s < STRUCTURE_COUNT; s++) {
        struct attack_result result = attack((enum structure)s, keys, map_seed);
        uint64_t slow_at_first = result.slow_count;
        for (unsigned repeat = 0; repeat < REPEATS && result.slow_count != 0; repeat++) {
            struct attack_result again = attack((enum structure)s, keys, map_seed);
            slow_keep(&result, &again);
        }
        printf("# %s: %" PRIu64 " bytes (random %" PRIu64 "), depths differ by %" PRIu64
               ", borrowed %" PRIu64 ", slowest put %" PRIu64 " us, above 2 ms: %" PRIu64
               ", each time: %" PRIu64 "\n",
               structure_names[s], result.table_bytes_used, yardstick.table_bytes_used,
               result.depth_spread, result.borrowed, result.own_ns_max / 1000, slow_at_first,
               result.slow_count);
        CHECK(result.table_bytes_used <= 2 * yardstick.table_bytes_used);
        CHECK(result.steps_max <= 1);
        /* Under an emulator the first pass through any code is slow: it is translated. */
        if (!test_is_emulated()) {
            CHECK_EQ(result.slow_count, 0);
        }
    }
}

/* Goal: strings with structure fare alike in a bytes map. Method: numbers as text, long common
 * prefixes, zeros of all lengths. */
TEST(map_attack_structured_strings_gain_nothing)
{
    uint64_t keys = test_scaled(ATTACK_KEYS / 4), bytes[3];
    for (unsigned s = 0; s < 3; s++) {
        struct th_map_bytes *map = NULL;
        REQUIRE(th_map_bytes_new(NULL, &map) == TH_OK);
        char key[200];
        memset(key, s == 1 ? 'p' : 0, sizeof(key));
        for (uint64_t i = 0; i < keys; i++) {
            size_t at = s == 1 ? 100 : 0;
            int size = snprintf(key + at, 30, s == 2 ? "%08" PRIx64 : "%" PRIu64, i << (s * 8));
            CHECK_EQ(th_map_bytes_put(map, key, at + (size_t)size + (size_t)(s == 2 ? i % 64 : 0),
                                      i, NULL),
                     TH_OK);
        }
        struct th_map_stats stats;
        th_map_bytes_get_stats(map, &stats);
        bytes[s] = stats.table_bytes_used;
        CHECK(bytes[s] <= 2 * bytes[0]);
        CHECK_EQ(stats.entries, keys);
        CHECK_EQ(th_map_bytes_validate(map, NULL), TH_OK);
        th_map_bytes_free(map);
    }
}

/* The i-th key of those whose mixed words end in the same `shared_bits` bits under the known seed.
 */
static uint64_t colliding_key(const struct thi_seed *seed, uint64_t i, unsigned shared_bits)
{
    return thi_unmix(seed,
                     i << shared_bits | (0x123456789abcdef & ((UINT64_C(1) << shared_bits) - 1)));
}

/* Puts `count` keys that no split can part into a map of known seed, on top of `others` random
 * ones. */
static void collide(uint64_t others, uint64_t count, unsigned shared_bits)
{
    struct th_map_config config = {.flags = TH_MAP_FIXED_SEED, .seed = KNOWN_SEED};
    struct thi_seed seed;
    thi_seed_init(&seed, KNOWN_SEED);
    const struct kind *kind = &kinds[0];
    void *map = kind_make(kind, &config);
    uint64_t random = 99, stored = 0, refused = 0;
    for (uint64_t i = 0; i < others; i++) {
        CHECK_EQ(kind->put(map, test_random(&random), i, NULL), TH_OK);
    }
    struct th_map_stats before, after;
    kind->get_stats(map, &before);
    for (uint64_t i = 0; i < count; i++) {
        th_status status = kind->put(map, colliding_key(&seed, i, shared_bits), i, NULL);
        CHECK(status == TH_OK || status == TH_ENOMEM);
        if (status == TH_OK) {
            CHECK_EQ(stored, i); /* once refused, always: room does not come from nothing */
            stored++;
        } else {
            CHECK(!kind->get(map, colliding_key(&seed, i, shared_bits), NULL));
            refused++;
        }
    }
    kind->get_stats(map, &after);
    printf("# %" PRIu64 " keys that share %u bits on %" PRIu64 " others: %" PRIu64
           " stored, %" PRIu64 " refused, %" PRIu64 " MiB, depth %" PRIu64 ", borrowed %" PRIu64
           "\n",
           count, shared_bits, others, stored, refused, after.table_bytes_used >> 20,
           after.depth_max, after.borrowed);
    CHECK(stored >= 256);
    CHECK_EQ(after.entries, others + stored);
    CHECK(after.table_bytes_used <= 2 * before.table_bytes_used + (UINT64_C(16) << 20));
    for (uint64_t i = 0; i < stored; i++) {
        uint64_t value = 0;
        CHECK(kind->get(map, colliding_key(&seed, i, shared_bits), &value) && value == i);
    }
    kind_validate(kind, map);
    for (uint64_t i = 0; i < stored; i++) {
        CHECK_EQ(kind->erase(map, colliding_key(&seed, i, shared_bits), NULL), TH_OK);
    }
    CHECK_EQ(kind->count(map), others);
    kind_finish(kind, map);
}

/* Goal: 257 keys with the same low bits do not cost gigabytes of splits: they are stored or
 * refused. Method: a fixed, known seed; 300 to 2,000 keys that share 20, 32 and 44 low bits of the
 * mix, in an empty map and in one of 100,000. */
TEST(map_attack_with_the_seed_costs_no_gigabytes)
{
    static const uint64_t counts[] = {300, 700, COLLIDING_KEYS_MAX};
    static const unsigned bits[] = {20, 32, 44};
    for (size_t c = 0; c < 3; c++) {
        for (size_t b = 0; b < 3; b++) {
            collide(0, counts[c], bits[b]);
            collide(100000, counts[c], bits[b]);
        }
    }
}

TEST_MAIN()
