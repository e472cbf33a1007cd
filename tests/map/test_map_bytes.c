/* SPDX-License-Identifier: MIT
 * test_map_bytes.c - unit tests of th_map_bytes: every public function, every status, edges of the
 * domain.
 */
#include "map/drop_body.h"
#include "map/unit_body.h"

static const struct kind *const kind = &kinds[2];

/* Goal and method of each test stand above the body it calls (unit_body.h, drop_body.h). */
TEST(map_bytes_empty_map_has_nothing)
{
    unit_empty_map(kind);
}

TEST(map_bytes_writers_report_what_they_found)
{
    unit_statuses(kind);
}

TEST(map_bytes_full_domain_of_keys_and_values)
{
    unit_full_domain(kind);
}

TEST(map_bytes_all_sizes_up_and_down)
{
    unit_all_sizes(kind);
}

TEST(map_bytes_reserve_prevents_splits)
{
    unit_reserve(kind);
}

TEST(map_bytes_reserve_beyond_memory_is_refused)
{
    unit_reserve_too_much(kind);
}

TEST(map_bytes_clear_empties)
{
    unit_clear(kind);
}

TEST(map_bytes_walk_gives_each_entry_once)
{
    unit_walks(kind);
}

TEST(map_bytes_batches_equal_single_operations)
{
    unit_batches(kind);
}

TEST(map_bytes_config_is_judged)
{
    unit_config(kind);
}

TEST(map_bytes_stats_agree)
{
    unit_stats(kind);
}

TEST(map_bytes_values_are_dropped_once_after_grace)
{
    drop_exactly_once(kind, false);
    drop_exactly_once(kind, true);
}

TEST(map_bytes_failed_writes_drop_nothing)
{
    drop_not_at_all(kind);
}

/* Goal: the longest key is a key, one byte more is none anywhere. Method: all operations on sizes
 * around the limit. */
TEST(map_bytes_key_longer_than_the_limit_is_refused)
{
    struct th_map_bytes *map = NULL;
    REQUIRE(th_map_bytes_new(NULL, &map) == TH_OK);
    unsigned char *key = malloc(TH_MAP_BYTES_KEY_MAX + 1);
    REQUIRE(key != NULL);
    memset(key, 'k', TH_MAP_BYTES_KEY_MAX + 1);
    const size_t longest = TH_MAP_BYTES_KEY_MAX, too_long = longest + 1;
    uint64_t value = UNIT_UNTOUCHED;
    CHECK_EQ(th_map_bytes_put(map, key, longest, 1, NULL), TH_OK);
    CHECK_EQ(th_map_bytes_put(map, key, longest - 1, 2, NULL), TH_OK);
    CHECK_EQ(th_map_bytes_put(map, key, too_long, 3, &value), TH_EINVAL);
    CHECK_EQ(th_map_bytes_insert(map, key, too_long, 3, &value), TH_EINVAL);
    CHECK_EQ(th_map_bytes_replace(map, key, too_long, 3, &value), TH_EINVAL);
    CHECK_EQ(th_map_bytes_compare_exchange(map, key, too_long, &value, 3), TH_EINVAL);
    CHECK_EQ(th_map_bytes_fetch_add(map, key, too_long, 3, &value), TH_EINVAL);
    CHECK_EQ(th_map_bytes_erase(map, key, too_long, &value), TH_EINVAL);
    CHECK_EQ(th_map_bytes_erase_if(map, key, too_long, 3, &value), TH_EINVAL);
    CHECK(!th_map_bytes_get(map, key, too_long, &value));
    CHECK_EQ(value, UNIT_UNTOUCHED);
    struct th_bytes keys[3] = {{key, longest}, {key, too_long}, {key, longest - 1}};
    uint64_t values[3] = {0, 0, 0};
    bool found[3] = {false, true, false};
    CHECK_EQ(th_map_bytes_get_many(map, keys, 3, values, found), 2);
    CHECK(found[0] && !found[1] && found[2]);
    CHECK(values[0] == 1 && values[1] == 0 && values[2] == 2);
    size_t done = UNIT_UNTOUCHED;
    values[0] = 7;
    CHECK_EQ(th_map_bytes_put_many(map, keys, values, 3, &done), TH_EINVAL);
    CHECK_EQ(done, 1);
    CHECK(th_map_bytes_get(map, key, longest, &value));
    CHECK_EQ(value, 7);
    CHECK_EQ(th_map_bytes_erase(map, key, longest, NULL), TH_OK);
    CHECK_EQ(th_map_bytes_count(map), 1);
    CHECK_EQ(th_map_bytes_validate(map, NULL), TH_OK);
    th_map_bytes_free(map);
    free(key);
}

/* Goal: keys are compared as bytes: zeros, prefixes and sizes count. Method: all keys of 0 to 3
 * bytes of {0, 1, 255}. */
TEST(map_bytes_zeros_and_prefixes_are_different_keys)
{
    static const unsigned char alphabet[3] = {0, 1, 255};
    struct th_map_bytes *map = NULL;
    REQUIRE(th_map_bytes_new(NULL, &map) == TH_OK);
    unsigned char key[3];
    uint64_t number = 0;
    for (unsigned pass = 0; pass < 2; pass++) {
        number = 0;
        for (unsigned size = 0, combinations = 1; size <= 3; size++, combinations *= 3) {
            for (unsigned i = 0; i < combinations; i++, number++) {
                for (unsigned b = 0, rest = i; b < size; b++, rest /= 3) {
                    key[b] = alphabet[rest % 3];
                }
                uint64_t value = 0;
                if (pass == 0) {
                    CHECK_EQ(th_map_bytes_insert(map, key, size, number, NULL), TH_OK);
                } else {
                    CHECK(th_map_bytes_get(map, key, size, &value));
                    CHECK_EQ(value, number);
                }
            }
        }
        CHECK_EQ(th_map_bytes_count(map), number);
    }
    CHECK_EQ(th_map_bytes_erase(map, NULL, 0, NULL), TH_OK);
    CHECK(!th_map_bytes_get(map, "", 0, NULL));
    CHECK_EQ(th_map_bytes_validate(map, NULL), TH_OK);
    th_map_bytes_free(map);
}

/* Goal: the map keeps its own copy of a key. Method: the caller's bytes change after the put. */
TEST(map_bytes_keys_are_copied)
{
    struct th_map_bytes *map = NULL;
    REQUIRE(th_map_bytes_new(NULL, &map) == TH_OK);
    char key[40] = "a key that is longer than a word";
    CHECK_EQ(th_map_bytes_put(map, key, 32, 1, NULL), TH_OK);
    key[0] = 'b';
    CHECK(!th_map_bytes_get(map, key, 32, NULL));
    key[0] = 'a';
    CHECK(th_map_bytes_get(map, key, 32, NULL));
    CHECK_EQ(th_map_bytes_validate(map, NULL), TH_OK);
    th_map_bytes_free(map);
}

/* Every size from 0 to 48 in a few thousand keys: some lie in their home line, some in the next,
 * and for each there is one absent key that differs in its first and one in its last byte. */
static void guarded_gets(const struct th_map_bytes *map, bool inside, struct th_epoch *domain)
{
    unsigned char key[48];
    for (unsigned i = 0; i < 6000; i++) {
        size_t size = i % 49;
        memset(key, (int)(i % 251), sizeof key);
        memcpy(key, &i, size < sizeof i ? size : sizeof i);
        uint64_t value = UNIT_UNTOUCHED;
        if (inside) {
            th_epoch_enter(domain);
        }
        bool found = th_map_bytes_get(map, key, size, &value);
        CHECK(found == (size >= 4));
        CHECK_EQ(value, found ? i : UNIT_UNTOUCHED);
        CHECK(th_map_bytes_get(map, key, size, NULL) == found);
        if (size >= 8) {
            key[size - 1] ^= 0x80;
            CHECK(!th_map_bytes_get(map, key, size, &value));
            key[size - 1] ^= 0x80;
            key[3] ^= 0x80;
            CHECK(!th_map_bytes_get(map, key, size, &value));
        }
        if (inside) {
            th_epoch_leave(domain);
        }
    }
}

static void guarded_map_check(struct th_epoch *domain)
{
    struct th_map_bytes *map = NULL;
    struct th_map_config config = {.epoch = domain, .flags = TH_MAP_HUGE_PAGES};
    REQUIRE(th_map_bytes_new(&config, &map) == TH_OK);
    unsigned char key[48];
    for (unsigned i = 0; i < 6000; i++) {
        size_t size = i % 49;
        memset(key, (int)(i % 251), sizeof key);
        memcpy(key, &i, sizeof i);
        CHECK_EQ(size < 4 ? TH_OK : th_map_bytes_insert(map, key, size, i, NULL), TH_OK);
    }
    guarded_gets(map, false, domain);
    guarded_gets(map, true, domain);
    th_map_bytes_free(map);
}

/* Goal: a get finds the same within a guard of the caller and without, in the default domain and in
 * one of the user's, with light barriers and with fences. Method: keys of all sizes around those
 * that are compared in place. */
TEST(map_bytes_gets_are_the_same_in_each_guard)
{
    struct th_epoch_config fences = {.fences_only = true};
    struct th_epoch *own = NULL;
    struct th_epoch *fenced = NULL;
    REQUIRE(th_epoch_new(NULL, &own) == TH_OK);
    REQUIRE(th_epoch_new(&fences, &fenced) == TH_OK);
    guarded_map_check(NULL);
    guarded_map_check(own);
    guarded_map_check(fenced);
    th_epoch_free(fenced);
    th_epoch_free(own);
}

TEST_MAIN()
