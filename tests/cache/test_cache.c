/* SPDX-License-Identifier: MIT
 * test_cache.c - what each public function of the cache promises, checked alone.
 */
#include "cache/support.h"

/* Goal: a configuration out of range is refused, not bent. Method: each limit from both sides. */
TEST(cache_new_out_of_range_is_einval)
{
    struct th_cache *cache = NULL;
    struct th_cache_config config = {.memory_bytes = (1u << 20) - 1};
    CHECK_EQ(th_cache_new(&config, &cache), TH_EINVAL);
    config = (struct th_cache_config){.memory_bytes = 1u << 20, .item_bytes_max = 65537};
    CHECK_EQ(th_cache_new(&config, &cache), TH_EINVAL); /* above a sixteenth */
    config.item_bytes_max = 511;
    CHECK_EQ(th_cache_new(&config, &cache), TH_EINVAL);
    struct th_allocator half = {0};
    config = (struct th_cache_config){.allocator = &half};
    CHECK_EQ(th_cache_new(&config, &cache), TH_EINVAL);
    CHECK(cache == NULL);
    config = (struct th_cache_config){.memory_bytes = 1u << 20, .item_bytes_max = 65536};
    cache_finish(cache_make(&config));
    config.item_bytes_max = 512;
    cache_finish(cache_make(&config));
    cache_finish(cache_make(NULL));
    th_cache_free(NULL);
}

/* Goal: a gigabyte item limit works where memory is 16 times that. Method: reserve, touch little.
 * */
TEST(cache_new_large_items_reserve_only)
{
    struct th_cache_config config = {.memory_bytes = 16ull << 30, .item_bytes_max = 1ull << 30};
    struct th_cache *cache = NULL;
    th_status status = th_cache_new(&config, &cache);
    if (sizeof(void *) < 8) {
        CHECK(status == TH_ENOMEM || status == TH_EINVAL);
        SKIP("there are no 16 GiB of addresses");
    }
    if (status == TH_ENOMEM) {
        SKIP("the system reserves no 16 GiB");
    }
    REQUIRE(status == TH_OK);
    CHECK_EQ(cache_set(cache, "k", "v"), TH_OK);
    CHECK(cache_holds(cache, "k", "v"));
    cache_finish(cache);
}

/* Goal: set, get, replace, delete. Method: one key through all of it. */
TEST(cache_store_then_get_shows_it)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    struct th_cache_view view;
    CHECK(!cache_view(cache, "k", &view));
    struct th_cache_item item = {.value = "value", .value_bytes = 5, .flags = 0xdeadbeef};
    uint64_t cas = 0;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, SUPPORT_NOW, &cas), TH_OK);
    CHECK(cas != 0);
    REQUIRE(cache_view(cache, "k", &view));
    CHECK_EQ(view.value_bytes, 5);
    CHECK_EQ(view.flags, 0xdeadbeef);
    CHECK_EQ(view.cas, cas);
    CHECK_EQ(view.expires, TH_CACHE_NEVER);
    CHECK(cache_holds(cache, "k", "value"));
    uint64_t newer = 0;
    item = (struct th_cache_item){.value = NULL, .value_bytes = 0, .expires = SUPPORT_NOW + 9};
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, SUPPORT_NOW, &newer), TH_OK);
    CHECK(newer > cas);
    REQUIRE(cache_view(cache, "k", &view));
    CHECK_EQ(view.value_bytes, 0);
    CHECK_EQ(view.flags, 0);
    CHECK_EQ(view.expires, SUPPORT_NOW + 9);
    CHECK_EQ(th_cache_delete(cache, "k", 1, SUPPORT_NOW), TH_OK);
    CHECK_EQ(th_cache_delete(cache, "k", 1, SUPPORT_NOW), TH_ABSENT);
    CHECK(cache_holds(cache, "k", NULL));
    CHECK_EQ(cache_stats(cache).items, 0);
    CHECK_EQ(cache_stats(cache).bytes, 0);
    cache_finish(cache);
}

/* Goal: key sizes at their limits. Method: 1 and 250 work, 0 and 251 are refused by every writer.
 * */
TEST(cache_key_size_limits_hold)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    struct th_cache_item item = {.value = "v", .value_bytes = 1};
    char key[TH_CACHE_KEY_MAX + 1];
    memset(key, 'k', sizeof key);
    struct th_cache_view view;
    uint64_t result;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, key, 1, &item, 1, NULL), TH_OK);
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, key, 250, &item, 1, NULL), TH_OK);
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, key, 251, &item, 1, NULL), TH_EINVAL);
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, key, 0, &item, 1, NULL), TH_EINVAL);
    CHECK_EQ(th_cache_delete(cache, key, 0, 1), TH_ABSENT);
    CHECK_EQ(th_cache_touch(cache, key, 251, 1, 0), TH_ABSENT);
    CHECK_EQ(th_cache_add_number(cache, key, 251, 1, false, 1, &result, NULL), TH_ABSENT);
    th_cache_enter(cache);
    CHECK(th_cache_get(cache, key, 250, 1, &view));
    CHECK(th_cache_get(cache, key, 1, 1, &view));
    CHECK(!th_cache_get(cache, key, 251, 1, &view));
    CHECK(!th_cache_get(cache, key, 249, 1, &view));
    CHECK(!th_cache_get(cache, key, 0, 1, &view));
    CHECK(!th_cache_get_touch(cache, key, 251, 1, 0, &view));
    th_cache_leave(cache);
    cache_finish(cache);
}

/* Goal: the conditions of add, replace, append, prepend. Method: each on an absent and a present
 * key. */
TEST(cache_modes_judge_presence)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    CHECK_EQ(cache_put(cache, TH_CACHE_REPLACE, "k", "a", 0), TH_ABSENT);
    CHECK_EQ(cache_put(cache, TH_CACHE_APPEND, "k", "a", 0), TH_ABSENT);
    CHECK_EQ(cache_put(cache, TH_CACHE_PREPEND, "k", "a", 0), TH_ABSENT);
    CHECK(cache_holds(cache, "k", NULL));
    CHECK_EQ(cache_put(cache, TH_CACHE_ADD, "k", "a", 0), TH_OK);
    CHECK_EQ(cache_put(cache, TH_CACHE_ADD, "k", "b", 0), TH_EXISTS);
    CHECK(cache_holds(cache, "k", "a"));
    CHECK_EQ(cache_put(cache, TH_CACHE_REPLACE, "k", "middle", 0), TH_OK);
    CHECK_EQ(cache_put(cache, TH_CACHE_APPEND, "k", "-end", 0), TH_OK);
    CHECK_EQ(cache_put(cache, TH_CACHE_PREPEND, "k", "start-", 0), TH_OK);
    CHECK(cache_holds(cache, "k", "start-middle-end"));
    CHECK_EQ(cache_put(cache, (enum th_cache_mode)99, "k", "a", 0), TH_EINVAL);
    cache_finish(cache);
}

/* Goal: append keeps flags and expiry and takes a new number. Method: compare before and after. */
TEST(cache_append_keeps_flags_and_expiry)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    struct th_cache_item item = {
        .value = "1", .value_bytes = 1, .flags = 7, .expires = SUPPORT_NOW + 50};
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, SUPPORT_NOW, NULL), TH_OK);
    struct th_cache_view before;
    struct th_cache_view after;
    CHECK(cache_view(cache, "k", &before));
    item = (struct th_cache_item){.value = "2", .value_bytes = 1, .flags = 9, .expires = 1};
    uint64_t cas = 0;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_APPEND, "k", 1, &item, SUPPORT_NOW, &cas), TH_OK);
    CHECK(cache_view(cache, "k", &after));
    CHECK_EQ(after.flags, 7);
    CHECK_EQ(after.expires, SUPPORT_NOW + 50);
    CHECK_EQ(after.cas, cas);
    CHECK(after.cas > before.cas);
    CHECK(cache_holds(cache, "k", "12"));
    cache_finish(cache);
}

/* Goal: cas stores only over the item it names. Method: right number, old number, absent key. */
TEST(cache_cas_stores_over_its_number_only)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    struct th_cache_item item = {.value = "v", .value_bytes = 1, .cas = 1};
    CHECK_EQ(th_cache_store(cache, TH_CACHE_CAS, "k", 1, &item, SUPPORT_NOW, NULL), TH_ABSENT);
    uint64_t first = 0;
    uint64_t second = 0;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, SUPPORT_NOW, &first), TH_OK);
    item.cas = first + 1;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_CAS, "k", 1, &item, SUPPORT_NOW, NULL), TH_MISMATCH);
    item.cas = first;
    item.value = "w";
    CHECK_EQ(th_cache_store(cache, TH_CACHE_CAS, "k", 1, &item, SUPPORT_NOW, &second), TH_OK);
    CHECK(second > first);
    CHECK_EQ(th_cache_store(cache, TH_CACHE_CAS, "k", 1, &item, SUPPORT_NOW, NULL), TH_MISMATCH);
    CHECK(cache_holds(cache, "k", "w"));
    cache_finish(cache);
}

/* Goal: every size of value is stored whole, also around the sizes where the layout changes.
 * Method: sizes at both sides of each power of two up to 1 MiB, with and without flags; all bytes
 * compared. */
TEST(cache_every_size_is_stored_whole)
{
    struct th_cache *cache = cache_make_sized(64u << 20);
    static char value[1u << 20];
    struct th_cache_view view;
    for (size_t power = 1; power < sizeof value; power *= 2) {
        for (size_t size = power - 1; size <= power + 9; size++) {
            struct th_cache_item item = {
                .value = value, .value_bytes = size, .flags = (uint32_t)(size % 2)};
            value_fill(value, size, power);
            CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, SUPPORT_NOW, NULL), TH_OK);
            CHECK_EQ(th_cache_touch(cache, "k", 1, SUPPORT_NOW, SUPPORT_NOW + 9), TH_OK);
            th_cache_enter(cache);
            CHECK(th_cache_get(cache, "k", 1, SUPPORT_NOW, &view));
            CHECK_EQ(view.value_bytes, size);
            CHECK_EQ(view.flags, size % 2);
            CHECK(value_is(view.value, size, power));
            th_cache_leave(cache);
        }
    }
    cache_finish(cache);
}

/* Goal: numbers of a key rise also when it changes between small and large, which live in different
 * segments, and no two items share one. Method: alternate sizes; compare each number. */
TEST(cache_cas_numbers_rise_across_sizes)
{
    struct th_cache *cache = cache_make_sized(8u << 20);
    static char value[200000];
    uint64_t last = 0;
    for (unsigned i = 0; i < 200; i++) {
        size_t size = i % 3 == 0 ? sizeof value : 10;
        struct th_cache_item item = {.value = value, .value_bytes = size};
        uint64_t cas = 0;
        CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, SUPPORT_NOW, &cas), TH_OK);
        CHECK(cas > last);
        struct th_cache_view view;
        CHECK(cache_view(cache, "k", &view));
        CHECK_EQ(view.cas, cas);
        last = cas;
    }
    cache_finish(cache);
}

/* Goal: expiry is exact to the second on read. Method: look one second before and at the second. */
TEST(cache_expiry_is_exact_on_read)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    CHECK_EQ(cache_put(cache, TH_CACHE_SET, "k", "v", SUPPORT_NOW + 1), TH_OK);
    CHECK(cache_holds_at(cache, "k", "v", SUPPORT_NOW));
    CHECK(cache_holds_at(cache, "k", NULL, SUPPORT_NOW + 1));
    CHECK(cache_holds_at(cache, "k", NULL, UINT32_MAX));
    CHECK_EQ(cache_put(cache, TH_CACHE_SET, "past", "v", SUPPORT_NOW), TH_OK);
    CHECK(cache_holds(cache, "past", NULL));
    CHECK_EQ(cache_put(cache, TH_CACHE_SET, "never", "v", TH_CACHE_NEVER), TH_OK);
    CHECK(cache_holds_at(cache, "never", "v", UINT32_MAX));
    CHECK_EQ(cache_put(cache, TH_CACHE_SET, "last", "v", UINT32_MAX), TH_OK);
    CHECK(cache_holds_at(cache, "last", "v", UINT32_MAX - 1));
    CHECK(cache_holds_at(cache, "last", NULL, UINT32_MAX));
    CHECK_EQ(cache_stats(cache).get_expired_total, 4);
    cache_finish(cache);
}

/* Goal: an expired item is absent for every writer. Method: each of them at the second. */
TEST(cache_expired_is_absent_for_writers)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    uint32_t later = SUPPORT_NOW + 5;
    struct th_cache_item item = {.value = "7", .value_bytes = 1, .expires = later};
    uint64_t cas = 0;
    uint64_t result = 0;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, SUPPORT_NOW, &cas), TH_OK);
    item.cas = cas;
    item.expires = TH_CACHE_NEVER;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_REPLACE, "k", 1, &item, later, NULL), TH_ABSENT);
    CHECK_EQ(th_cache_store(cache, TH_CACHE_APPEND, "k", 1, &item, later, NULL), TH_ABSENT);
    CHECK_EQ(th_cache_store(cache, TH_CACHE_CAS, "k", 1, &item, later, NULL), TH_ABSENT);
    CHECK_EQ(th_cache_touch(cache, "k", 1, later, later + 5), TH_ABSENT);
    CHECK_EQ(th_cache_add_number(cache, "k", 1, 1, false, later, &result, NULL), TH_ABSENT);
    CHECK_EQ(th_cache_delete(cache, "k", 1, later), TH_ABSENT);
    CHECK_EQ(cache_stats(cache).items, 0); /* the delete met it and cleared it away */
    CHECK_EQ(cache_stats(cache).expired_total, 1);
    CHECK_EQ(th_cache_store(cache, TH_CACHE_ADD, "k", 1, &item, later, NULL), TH_OK);
    CHECK(cache_holds_at(cache, "k", "7", later));
    cache_finish(cache);
}

/* Goal: touch moves the second both ways, with and without an expiry before, and keeps the number.
 * Method: all four ways; look at both sides of the new second. */
TEST(cache_touch_moves_the_second)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    struct th_cache_view before;
    struct th_cache_view after;
    CHECK_EQ(cache_set(cache, "k", "v"), TH_OK);
    CHECK(cache_view(cache, "k", &before));
    CHECK_EQ(th_cache_touch(cache, "k", 1, SUPPORT_NOW, SUPPORT_NOW + 10), TH_OK);
    CHECK(cache_view(cache, "k", &after));
    CHECK_EQ(after.expires, SUPPORT_NOW + 10);
    CHECK_EQ(after.cas, before.cas);
    CHECK(cache_holds_at(cache, "k", "v", SUPPORT_NOW + 9));
    CHECK(cache_holds_at(cache, "k", NULL, SUPPORT_NOW + 10));
    CHECK_EQ(th_cache_touch(cache, "k", 1, SUPPORT_NOW, SUPPORT_NOW + 3), TH_OK);
    CHECK(cache_holds_at(cache, "k", NULL, SUPPORT_NOW + 3));
    CHECK_EQ(th_cache_touch(cache, "k", 1, SUPPORT_NOW, TH_CACHE_NEVER), TH_OK);
    CHECK(cache_holds_at(cache, "k", "v", UINT32_MAX));
    CHECK_EQ(th_cache_touch(cache, "absent", 6, SUPPORT_NOW, 0), TH_ABSENT);
    CHECK_EQ(cache_set(cache, "plain", "v"), TH_OK);
    CHECK_EQ(th_cache_touch(cache, "plain", 5, SUPPORT_NOW, TH_CACHE_NEVER), TH_OK);
    CHECK_EQ(cache_stats(cache).items_total, 2);
    cache_finish(cache);
}

/* Goal: get-and-touch shows the item and moves its second. Method: as touch, with the view. */
TEST(cache_get_touch_shows_and_moves)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    struct th_cache_view view;
    CHECK_EQ(cache_set(cache, "k", "v"), TH_OK);
    th_cache_enter(cache);
    CHECK(th_cache_get_touch(cache, "k", 1, SUPPORT_NOW, SUPPORT_NOW + 2, &view));
    CHECK_EQ(view.value_bytes, 1);
    CHECK_EQ(*(const char *)view.value, 'v');
    CHECK_EQ(view.expires, SUPPORT_NOW + 2);
    CHECK(th_cache_get_touch(cache, "k", 1, SUPPORT_NOW, SUPPORT_NOW + 4, &view));
    CHECK(!th_cache_get_touch(cache, "k", 1, SUPPORT_NOW + 4, SUPPORT_NOW + 9, &view));
    CHECK(!th_cache_get_touch(cache, "other", 5, SUPPORT_NOW, 0, &view));
    th_cache_leave(cache);
    CHECK(cache_holds_at(cache, "k", "v", SUPPORT_NOW + 3));
    CHECK_EQ(cache_stats(cache).get_hits_total, 3);
    CHECK_EQ(cache_stats(cache).get_misses_total, 2);
    cache_finish(cache);
}

/* Goal: a view stays as it was inside its guard. Method: replace and delete the item under it. */
TEST(cache_view_survives_its_item)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    struct th_cache_view view;
    CHECK_EQ(cache_set(cache, "k", "first"), TH_OK);
    th_cache_enter(cache);
    REQUIRE(th_cache_get(cache, "k", 1, SUPPORT_NOW, &view));
    CHECK_EQ(cache_set(cache, "k", "other"), TH_OK);
    CHECK_EQ(th_cache_delete(cache, "k", 1, SUPPORT_NOW), TH_OK);
    CHECK(memcmp(view.value, "first", 5) == 0);
    th_cache_leave(cache);
    cache_finish(cache);
}

/* Goal: get_many is as many gets. Method: 100 keys, every third absent, one expired; each answer.
 * */
TEST(cache_get_many_answers_each_key)
{
    enum { COUNT = 100 };
    struct th_cache *cache = cache_make_sized(1u << 20);
    char texts[COUNT][8];
    struct th_cache_key keys[COUNT];
    struct th_cache_view views[COUNT];
    bool found[COUNT];
    size_t present = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "k%u", i);
        keys[i] = (struct th_cache_key){.bytes = texts[i], .size = strlen(texts[i])};
        if (i % 3 != 0) {
            uint32_t expires = i == 50 ? SUPPORT_NOW : TH_CACHE_NEVER;
            present += i != 50;
            CHECK_EQ(cache_put(cache, TH_CACHE_SET, texts[i], texts[i], expires), TH_OK);
        }
    }
    th_cache_enter(cache);
    CHECK_EQ(th_cache_get_many(cache, keys, COUNT, SUPPORT_NOW, views, found), present);
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK_EQ(found[i], i % 3 != 0 && i != 50);
        if (found[i]) {
            CHECK_EQ(views[i].value_bytes, keys[i].size);
            CHECK(memcmp(views[i].value, texts[i], keys[i].size) == 0);
        }
    }
    CHECK_EQ(th_cache_get_many(cache, keys, 0, SUPPORT_NOW, views, found), 0);
    th_cache_leave(cache);
    CHECK_EQ(cache_stats(cache).get_hits_total, present);
    CHECK_EQ(cache_stats(cache).get_misses_total, COUNT - present);
    cache_finish(cache);
}

/* Goal: an item too large is refused and changes nothing. Method: the last size that fits, the
 * first that does not, and an append that grows beyond. */
TEST(cache_item_too_large_is_erange)
{
    struct th_cache_config config = {.memory_bytes = 1u << 20, .item_bytes_max = 4096};
    struct th_cache *cache = cache_make(&config);
    static char value[5000];
    struct th_cache_item item = {.value = value, .value_bytes = 4096 - 24 - 1};
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, 1, NULL), TH_OK);
    struct th_cache_item more = {.value = "x", .value_bytes = 1};
    CHECK_EQ(th_cache_store(cache, TH_CACHE_APPEND, "k", 1, &more, 1, NULL), TH_ERANGE);
    item.value_bytes++;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, 1, NULL), TH_ERANGE);
    item.value_bytes = SIZE_MAX;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "k", 1, &item, 1, NULL), TH_ERANGE);
    struct th_cache_view view;
    CHECK(cache_view(cache, "k", &view));
    CHECK_EQ(view.value_bytes, 4096 - 24 - 1);
    CHECK_EQ(cache_stats(cache).store_too_large_total, 3);
    cache_finish(cache);
}

static bool number_is(struct th_cache *cache, uint64_t delta, bool negative, uint64_t want)
{
    uint64_t result = 0;
    th_status status =
        th_cache_add_number(cache, "n", 1, delta, negative, SUPPORT_NOW, &result, NULL);
    return status == TH_OK && result == want;
}

/* Goal: the arithmetic of incr and decr. Method: each rule of the header once. */
TEST(cache_add_number_wraps_stops_and_pads)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    uint64_t result = 4711;
    CHECK_EQ(th_cache_add_number(cache, "n", 1, 1, false, SUPPORT_NOW, &result, NULL), TH_ABSENT);
    CHECK_EQ(result, 4711);
    CHECK_EQ(cache_set(cache, "n", "10"), TH_OK);
    CHECK(number_is(cache, 1, true, 9));
    CHECK(cache_holds(cache, "n", "9 "));
    CHECK(number_is(cache, 5, false, 14));
    CHECK(cache_holds(cache, "n", "14"));
    CHECK(number_is(cache, 15, true, 0));
    CHECK(cache_holds(cache, "n", "0 "));
    CHECK(number_is(cache, 1000, false, 1000));
    CHECK(cache_holds(cache, "n", "1000"));
    CHECK_EQ(cache_set(cache, "n", "18446744073709551615"), TH_OK);
    CHECK(number_is(cache, 0, false, UINT64_MAX));
    CHECK(number_is(cache, 2, false, 1));
    CHECK(cache_holds(cache, "n", "1                   "));
    CHECK(number_is(cache, UINT64_MAX, false, 0));
    CHECK_EQ(cache_set(cache, "n", " 007"), TH_OK);
    CHECK(number_is(cache, 1, false, 8));
    CHECK(cache_holds(cache, "n", "8   "));
    cache_finish(cache);
}

/* Goal: what is no number is refused and stays. Method: a list of such values. */
TEST(cache_add_number_refuses_what_is_none)
{
    static const char *const values[] = {
        "",
        " ",
        "x",
        "1x",
        "-1",
        "+1",
        "1.5",
        "18446744073709551616",
        "99999999999999999999",
        "0000000000000000000000001",
        "184467440737095516150",
    };
    struct th_cache *cache = cache_make_sized(1u << 20);
    uint64_t result = 4711;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        CHECK_EQ(cache_set(cache, "n", values[i]), TH_OK);
        th_status status = th_cache_add_number(cache, "n", 1, 1, false, SUPPORT_NOW, &result, NULL);
        CHECK_EQ(status, TH_EINVAL);
        CHECK(cache_holds(cache, "n", values[i]));
    }
    CHECK_EQ(result, 4711);
    cache_finish(cache);
}

/* Goal: incr keeps flags and expiry and gives a new number. Method: compare before and after. */
TEST(cache_add_number_keeps_flags_and_expiry)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    struct th_cache_item item = {
        .value = "41", .value_bytes = 2, .flags = 3, .expires = SUPPORT_NOW + 7};
    uint64_t first = 0;
    uint64_t second = 0;
    uint64_t result = 0;
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "n", 1, &item, SUPPORT_NOW, &first), TH_OK);
    CHECK_EQ(th_cache_add_number(cache, "n", 1, 1, false, SUPPORT_NOW, &result, &second), TH_OK);
    CHECK_EQ(result, 42);
    CHECK(second > first);
    struct th_cache_view view;
    REQUIRE(cache_view(cache, "n", &view));
    CHECK_EQ(view.flags, 3);
    CHECK_EQ(view.expires, SUPPORT_NOW + 7);
    CHECK_EQ(view.cas, second);
    cache_finish(cache);
}

/* Goal: a flush hides what was stored before it and nothing stored after. Method: one key on each
 * side, in the same second, and every writer's judgement. */
TEST(cache_flush_hides_what_was_before)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    uint64_t result = 0;
    CHECK_EQ(cache_set(cache, "old", "1"), TH_OK);
    th_cache_flush(cache, SUPPORT_NOW, SUPPORT_NOW);
    CHECK(cache_holds(cache, "old", NULL));
    CHECK_EQ(cache_set(cache, "new", "v"), TH_OK);
    CHECK(cache_holds(cache, "new", "v"));
    CHECK_EQ(cache_put(cache, TH_CACHE_APPEND, "old", "x", 0), TH_ABSENT);
    CHECK_EQ(th_cache_touch(cache, "old", 3, SUPPORT_NOW, 0), TH_ABSENT);
    CHECK_EQ(th_cache_add_number(cache, "old", 3, 1, false, SUPPORT_NOW, &result, NULL), TH_ABSENT);
    CHECK_EQ(th_cache_delete(cache, "old", 3, SUPPORT_NOW), TH_ABSENT);
    CHECK_EQ(cache_put(cache, TH_CACHE_ADD, "old", "again", 0), TH_OK);
    CHECK(cache_holds(cache, "old", "again"));
    CHECK_EQ(cache_stats(cache).get_flushed_total, 1);
    th_cache_flush(cache, SUPPORT_NOW, 1);
    CHECK(cache_holds(cache, "new", NULL));
    CHECK(cache_holds(cache, "old", NULL));
    cache_finish(cache);
}

/* Goal: a flush to come acts at its second, on what was stored until then. Method: store before the
 * call, after it and at the second; look around the second, with and without a writer first. */
TEST(cache_flush_delayed_acts_at_its_second)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    uint32_t at = SUPPORT_NOW + 10;
    struct th_cache_item item = {.value = "v", .value_bytes = 1};
    CHECK_EQ(cache_set(cache, "before", "v"), TH_OK);
    th_cache_flush(cache, SUPPORT_NOW, at);
    CHECK_EQ(cache_set(cache, "between", "v"), TH_OK);
    CHECK(cache_holds_at(cache, "before", "v", at - 1));
    CHECK(cache_holds_at(cache, "between", "v", at - 1));
    CHECK(cache_holds_at(cache, "before", NULL, at)); /* no writer has met the second yet */
    CHECK_EQ(th_cache_store(cache, TH_CACHE_ADD, "between", 7, &item, at, NULL), TH_OK);
    CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, "after", 5, &item, at, NULL), TH_OK);
    CHECK(cache_holds_at(cache, "before", NULL, at));
    CHECK(cache_holds_at(cache, "between", "v", at));
    CHECK(cache_holds_at(cache, "after", "v", at + 100));
    cache_finish(cache);
}

/* Goal: the last flush asked for counts. Method: one to come, replaced by one now and by a later
 * one. */
TEST(cache_flush_last_call_counts)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    th_cache_flush(cache, SUPPORT_NOW, SUPPORT_NOW + 10);
    th_cache_flush(cache, SUPPORT_NOW, SUPPORT_NOW);
    CHECK_EQ(cache_set(cache, "k", "v"), TH_OK);
    CHECK(cache_holds_at(cache, "k", "v", SUPPORT_NOW + 10));
    th_cache_flush(cache, SUPPORT_NOW, SUPPORT_NOW + 10);
    th_cache_flush(cache, SUPPORT_NOW, SUPPORT_NOW + 20);
    CHECK(cache_holds_at(cache, "k", "v", SUPPORT_NOW + 19));
    CHECK(cache_holds_at(cache, "k", NULL, SUPPORT_NOW + 20));
    cache_finish(cache);
}

/* Goal: maintain removes what has expired, boundedly, and only that. Method: 1000 items of three
 * seconds; steps of 100. */
TEST(cache_maintain_removes_expired_only)
{
    struct th_cache *cache = cache_make_sized(4u << 20);
    char key[16];
    for (unsigned i = 0; i < 3000; i++) {
        uint32_t expires = i % 3 == 0 ? TH_CACHE_NEVER : SUPPORT_NOW + i % 3;
        (void)snprintf(key, sizeof key, "key%u", i);
        CHECK_EQ(cache_put(cache, TH_CACHE_SET, key, "value", expires), TH_OK);
    }
    CHECK_EQ(th_cache_maintain(cache, SUPPORT_NOW, 5000), 0);
    size_t removed = 0;
    for (unsigned i = 0; i < 20; i++) {
        size_t step = th_cache_maintain(cache, SUPPORT_NOW + 1, 100);
        CHECK(step <= 100);
        removed += step;
    }
    CHECK_EQ(removed, 1000);
    CHECK_EQ(cache_stats(cache).items, 2000);
    cache_check(cache);
    CHECK_EQ(th_cache_maintain(cache, SUPPORT_NOW + 2, 5000), 1000);
    CHECK_EQ(th_cache_maintain(cache, UINT32_MAX, 5000), 0);
    CHECK_EQ(cache_stats(cache).items, 1000);
    CHECK_EQ(cache_stats(cache).expired_total, 2000);
    cache_finish(cache);
}

/* Goal: maintain meets a touched item at its new second. Method: touch down and up, then maintain.
 * */
TEST(cache_maintain_follows_touches)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    CHECK_EQ(cache_put(cache, TH_CACHE_SET, "down", "v", SUPPORT_NOW + 100), TH_OK);
    CHECK_EQ(cache_put(cache, TH_CACHE_SET, "up", "v", SUPPORT_NOW + 2), TH_OK);
    CHECK_EQ(th_cache_touch(cache, "down", 4, SUPPORT_NOW, SUPPORT_NOW + 1), TH_OK);
    CHECK_EQ(th_cache_touch(cache, "up", 2, SUPPORT_NOW, SUPPORT_NOW + 50), TH_OK);
    CHECK_EQ(th_cache_maintain(cache, SUPPORT_NOW + 1, 10), 1);
    CHECK_EQ(th_cache_maintain(cache, SUPPORT_NOW + 49, 10), 0);
    CHECK_EQ(th_cache_maintain(cache, SUPPORT_NOW + 50, 10), 1);
    cache_finish(cache);
}

/* Goal: figures count what happened, and reset zeroes the totals only. Method: a few of each. */
TEST(cache_stats_count_and_reset)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    CHECK_EQ(cache_set(cache, "a", "1"), TH_OK);
    CHECK_EQ(cache_set(cache, "a", "2"), TH_OK);
    CHECK_EQ(cache_set(cache, "b", "3"), TH_OK);
    CHECK(cache_holds(cache, "a", "2"));
    CHECK(cache_holds(cache, "c", NULL));
    struct th_cache_stats stats = cache_stats(cache);
    CHECK_EQ(stats.items, 2);
    CHECK_EQ(stats.items_total, 3);
    CHECK_EQ(stats.bytes, 2 * 8);
    CHECK_EQ(stats.memory_bytes, 1u << 20);
    CHECK(stats.memory_used > 0 && stats.memory_used <= stats.memory_bytes);
    CHECK_EQ(stats.get_hits_total, 1);
    CHECK_EQ(stats.get_misses_total, 1);
    th_cache_reset_stats(cache);
    stats = cache_stats(cache);
    CHECK_EQ(stats.items, 2);
    CHECK_EQ(stats.bytes, 2 * 8);
    CHECK_EQ(stats.items_total + stats.get_hits_total + stats.get_misses_total, 0);
    cache_finish(cache);
}

/* Goal: two caches in one domain of the caller's own, freed before it. Method: make, use, free. */
TEST(cache_own_domain_outlives_the_cache)
{
    struct th_epoch *domain = NULL;
    REQUIRE(th_epoch_new(NULL, &domain) == TH_OK);
    struct th_cache_config config = {.memory_bytes = 1u << 20, .epoch = domain};
    struct th_cache *first = cache_make(&config);
    struct th_cache *second = cache_make(&config);
    char key[16];
    for (unsigned i = 0; i < 40000; i++) {
        (void)snprintf(key, sizeof key, "key%u", i);
        CHECK_EQ(cache_set(first, key, "a value of some bytes"), TH_OK);
    }
    CHECK_EQ(cache_set(second, "k", "v"), TH_OK);
    cache_finish(first);
    CHECK(cache_holds(second, "k", "v"));
    cache_finish(second);
    th_epoch_free(domain);
}

TEST_MAIN()
