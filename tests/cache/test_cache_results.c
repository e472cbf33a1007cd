/* SPDX-License-Identifier: MIT
 * test_cache_results.c - what a cache answers and counts, noted so that targets can be compared.
 */
#include "cache/support.h"

enum { RESULT_OPERATIONS = 20000, RESULT_KEYS = 1500 };

struct results {
    struct th_cache *cache;
    uint64_t random; /* not test_seed: the same in every run */
    uint64_t answers;
    uint64_t views;
    uint32_t now;
};

static void note_status(struct results *results, th_status status, uint64_t value)
{
    results->answers = test_digest_word(results->answers, (uint64_t)(int64_t)status);
    results->answers = test_digest_word(results->answers, value);
}

static void note_view(struct results *results, const char *key)
{
    struct th_cache_view view;
    th_cache_enter(results->cache);
    if (th_cache_get(results->cache, key, strlen(key), results->now, &view)) {
        results->views = test_digest_bytes(results->views, view.value, view.value_bytes);
        results->views = test_digest_word(results->views, view.flags);
        results->views = test_digest_word(results->views, view.expires);
        results->views = test_digest_word(results->views, view.cas);
    }
    th_cache_leave(results->cache);
}

static void store_once(struct results *results, const char *key, uint64_t dice)
{
    static const enum th_cache_mode modes[] = {TH_CACHE_SET,    TH_CACHE_SET,     TH_CACHE_ADD,
                                               TH_CACHE_APPEND, TH_CACHE_PREPEND, TH_CACHE_REPLACE};
    char value[300];
    size_t size = (size_t)((dice >> 20) % sizeof value);
    value_fill(value, size, dice);
    struct th_cache_item item = {.value = value,
                                 .value_bytes = size,
                                 .flags = (uint32_t)(dice >> 32),
                                 .expires = TH_CACHE_NEVER};
    if (dice >> 60 == 0) {
        item.expires = results->now + 1 + (uint32_t)(dice >> 40) % 40;
    }
    uint64_t cas = 0;
    th_status status = th_cache_store(results->cache, modes[(dice >> 16) % 6], key, strlen(key),
                                      &item, results->now, &cas);
    note_status(results, status, cas);
}

static void operate_once(struct results *results)
{
    uint64_t dice = test_random(&results->random), number = 0;
    char key[32];
    snprintf(key, sizeof key, "key:%" PRIu64, (dice >> 4) % RESULT_KEYS);
    switch (dice % 8) {
    case 0:
        note_status(results, th_cache_delete(results->cache, key, strlen(key), results->now), 0);
        break;
    case 1: {
        const struct th_cache_item item = {
            .value = "18446744073709551610", .value_bytes = 20, .expires = TH_CACHE_NEVER};
        note_status(results,
                    th_cache_store(results->cache, TH_CACHE_SET, key, strlen(key), &item,
                                   results->now, NULL),
                    0);
        th_status status = th_cache_add_number(results->cache, key, strlen(key), dice >> 50,
                                               dice >> 63 != 0, results->now, &number, NULL);
        note_status(results, status, number);
        break;
    }
    case 2:
        note_status(
            results,
            th_cache_touch(results->cache, key, strlen(key), results->now, results->now + 5), 0);
        break;
    case 3:
    case 4: note_view(results, key); break;
    default: store_once(results, key, dice); break;
    }
}

static void note_stats(const struct results *results)
{
    struct th_cache_stats stats = cache_stats(results->cache);
    test_observe("stats.items", stats.items);
    test_observe("stats.items_total", stats.items_total);
    test_observe("stats.bytes", stats.bytes);
    test_observe("stats.memory_bytes", stats.memory_bytes);
    test_observe("stats.evictions_total", stats.evictions_total);
    test_observe("stats.expired_total", stats.expired_total);
    test_observe("stats.get_hits_total", stats.get_hits_total);
    test_observe("stats.get_misses_total", stats.get_misses_total);
    test_observe("stats.get_expired_total", stats.get_expired_total);
}

/* Goal: the same answers, content and counts everywhere. Method: 20,000 operations of all sorts on
 * 1,500 keys from a fixed seed, in a cache with room for all; time passes. */
TEST(cache_results_of_a_fixed_sequence)
{
    struct results results = {
        .cache = cache_make_sized(16u << 20), .random = 7, .now = SUPPORT_NOW};
    for (unsigned i = 0; i < RESULT_OPERATIONS; i++) {
        operate_once(&results);
        if (i % 500 == 499) {
            results.now++;
        }
    }
    for (unsigned i = 0; i < RESULT_KEYS; i++) {
        char key[32];
        snprintf(key, sizeof key, "key:%u", i);
        note_view(&results, key);
    }
    test_observe("answers", results.answers);
    test_observe("views", results.views);
    note_stats(&results);
    CHECK_EQ(cache_stats(results.cache).evictions_total, 0);
    cache_finish(results.cache);
}

TEST_MAIN()
