/* SPDX-License-Identifier: MIT
 * test_cache_room.c - the byte budget: what is evicted, what is not, and what happens when nothing
 * may be.
 */
#include <pthread.h>

#include "cache/cache_priv.h"

#include "cache/support.h"

static uint64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long total = 0;
    unsigned long resident = 0;
    if (file == NULL) {
        return 0;
    }
    int read = fscanf(file, "%lu %lu", &total, &resident);
    (void)fclose(file);
    return read == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static th_status put_id(struct th_cache *cache, uint64_t id, const void *value, size_t value_bytes)
{
    char key[24];
    int size = snprintf(key, sizeof key, "key-%012" PRIu64, id);
    struct th_cache_item item = {.value = value, .value_bytes = value_bytes};
    return th_cache_store(cache, TH_CACHE_SET, key, (size_t)size, &item, SUPPORT_NOW, NULL);
}

static bool get_id(struct th_cache *cache, uint64_t id, struct th_cache_view *view)
{
    char key[24];
    int size = snprintf(key, sizeof key, "key-%012" PRIu64, id);
    return th_cache_get(cache, key, (size_t)size, SUPPORT_NOW, view);
}

static bool has_id(struct th_cache *cache, uint64_t id)
{
    struct th_cache_view view;
    th_cache_enter(cache);
    bool found = get_id(cache, id, &view);
    th_cache_leave(cache);
    return found;
}

/* Goal: no live item goes while dead room suffices. Method: overwrite the same 100 keys a million
 * times in the smallest cache; after every thousand all must be there. */
TEST(cache_overwriting_evicts_nothing)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    uint64_t rounds = test_scaled(1000000);
    static char value[1000];
    for (uint64_t i = 0; i < rounds; i++) {
        size_t size = (size_t)(32 + i % 7 * 150);
        value_fill(value, size, i);
        CHECK_EQ(put_id(cache, i % 100, value, size), TH_OK);
        if (i % 1000 == 999) {
            for (uint64_t id = 0; id < 100; id++) {
                CHECK(has_id(cache, id));
            }
        }
    }
    CHECK_EQ(cache_stats(cache).evictions_total, 0);
    CHECK_EQ(cache_stats(cache).items, 100);
    CHECK(cache_stats(cache).reclaimed_total > 0);
    cache_finish(cache);
}

/* Goal: the same with live items in two thirds of the storage and a random order of overwriting.
 * Method: 16 MiB, values of 200 bytes, 40,000 keys. */
TEST(cache_overwriting_a_full_cache_evicts_nothing)
{
    enum { KEYS = 40000 };
    struct th_cache_config config = {.memory_bytes = 16u << 20, .item_bytes_max = 4096};
    struct th_cache *cache = cache_make(&config);
    static char value[200];
    uint64_t state = test_seed;
    for (uint64_t id = 0; id < KEYS; id++) {
        CHECK_EQ(put_id(cache, id, value, sizeof value), TH_OK);
    }
    for (uint64_t i = 0; i < test_scaled(500000); i++) {
        CHECK_EQ(put_id(cache, test_random(&state) % KEYS, value, sizeof value), TH_OK);
    }
    CHECK_EQ(cache_stats(cache).evictions_total, 0);
    CHECK_EQ(cache_stats(cache).items, KEYS);
    cache_finish(cache);
}

/* Goal: a full cache takes every new item, evicts the eldest, keeps what is used. Method: ten times
 * what fits, one hot key looked up throughout; the newest must be there, the hot one too. */
TEST(cache_full_evicts_the_eldest_and_keeps_the_used)
{
    struct th_cache *cache = cache_make_sized(2u << 20);
    static char value[100];
    uint64_t count = 200000;
    CHECK_EQ(put_id(cache, count, value, sizeof value), TH_OK); /* the hot one */
    for (uint64_t id = 0; id < count; id++) {
        CHECK_EQ(put_id(cache, id, value, sizeof value), TH_OK);
        CHECK(has_id(cache, id));
        if (id % 100 == 0) {
            CHECK(has_id(cache, count));
        }
    }
    CHECK(!has_id(cache, 0));
    CHECK(has_id(cache, count - 1000));
    CHECK(cache_stats(cache).evictions_total > count / 2);
    CHECK_EQ(cache_stats(cache).store_enomem_total, 0);
    CHECK(cache_stats(cache).items > 8000);
    cache_finish(cache);
}

/* What an index may grow by before the next store looks: a group and its side words, a thread. */
#define BUDGET_SLACK_BYTES 4200u

static void budget_check(struct th_cache *cache, uint64_t threads)
{
    struct th_cache_stats stats = cache_stats(cache);
    CHECK(stats.memory_used <= stats.memory_bytes + threads * BUDGET_SLACK_BYTES);
}

/* Goal: the budget holds: items and index stay within it at every moment, pages of the process but
 * for a small constant. Method: fill 32 MiB several times over with three mixtures of sizes; look
 * again and again, and measure the process. */
TEST(cache_memory_stays_within_the_budget)
{
    uint64_t before = resident_bytes();
    if (before == 0) {
        SKIP("the system does not tell the resident size");
    }
    if (test_is_emulated()) {
        SKIP("the emulator's translated code is resident too");
    }
    struct th_cache *cache = cache_make_sized(32u << 20);
    static char value[20000];
    static const size_t sizes[] = {10, 20000, 32, 700};
    for (size_t i = 0; i < 4; i++) {
        uint64_t count = (64u << 20) / (sizes[i] + 60);
        for (uint64_t id = 0; id < count; id++) {
            CHECK_EQ(put_id(cache, id + ((uint64_t)i << 32), value, sizes[i]), TH_OK);
            if (id % 16 == 0) {
                budget_check(cache, 1);
            }
        }
        (void)th_cache_maintain(cache, SUPPORT_NOW, 100);
        struct th_cache_stats stats = cache_stats(cache);
        printf("# values of %zu: %" PRIu64 " items, used %" PRIu64 " of %" PRIu64 "\n", sizes[i],
               stats.items, stats.memory_used, stats.memory_bytes);
    }
    uint64_t growth = resident_bytes() - before;
    printf("# resident growth %" PRIu64 "\n", growth);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(growth <= (32u << 20) + (3u << 20));
#endif
    cache_finish(cache);
}

struct filler {
    struct th_cache *cache;
    uint64_t first;
    pthread_t thread;
};

static void *filler_run(void *argument)
{
    const struct filler *self = argument;
    static const char value[200];
    for (uint64_t i = 0; i < test_scaled(100000); i++) {
        CHECK_EQ(put_id(self->cache, self->first + i, value, i / 20000 % 2 == 0 ? 2 : 200), TH_OK);
        if (i % 64 == 0) {
            budget_check(self->cache, 4);
        }
    }
    return NULL;
}

/* Goal: the budget holds too while many store and the index grows fast. Method: four threads fill
 * 4 MiB many times over with tiny items and larger ones by turns, and look again and again. */
TEST(cache_budget_holds_under_threads)
{
    struct th_cache *cache = cache_make_sized(4u << 20);
    struct filler fillers[4];
    for (uint64_t i = 0; i < 4; i++) {
        fillers[i] = (struct filler){.cache = cache, .first = i << 32};
        REQUIRE(pthread_create(&fillers[i].thread, NULL, filler_run, &fillers[i]) == 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        (void)pthread_join(fillers[i].thread, NULL);
    }
    budget_check(cache, 0);
    cache_finish(cache);
}

/* Goal: an index that was large gives its memory to items. Method: fill with tiny items, then with
 * larger ones and upkeep; as many must fit as in a fresh cache, nearly. */
TEST(cache_index_gives_memory_back)
{
    struct th_cache *fresh = cache_make_sized(16u << 20);
    struct th_cache *used = cache_make_sized(16u << 20);
    static char value[700];
    for (uint64_t id = 0; id < 500000; id++) {
        CHECK_EQ(put_id(used, id, value, 1), TH_OK);
    }
    uint64_t tiny = cache_stats(used).items;
    for (uint64_t id = 0; id < 80000; id++) {
        CHECK_EQ(put_id(used, id + (1ull << 32), value, sizeof value), TH_OK);
        CHECK_EQ(put_id(fresh, id, value, sizeof value), TH_OK);
        if (id % 1000 == 0) {
            (void)th_cache_maintain(used, SUPPORT_NOW, 100);
        }
    }
    printf("# %" PRIu64 " tiny items, then %" PRIu64 " larger; fresh: %" PRIu64 "\n", tiny,
           cache_stats(used).items, cache_stats(fresh).items);
    CHECK(cache_stats(used).items > cache_stats(fresh).items * 8 / 10);
    cache_finish(fresh);
    cache_finish(used);
}

/* Goal: no size starves another. Method: sizes from 1 byte to nearly the largest in random order;
 * every store must succeed and be there at once. */
TEST(cache_mixed_sizes_never_starve)
{
    struct th_cache *cache = cache_make_sized(32u << 20);
    static char value[1u << 20];
    uint64_t state = test_seed;
    for (uint64_t i = 0; i < test_scaled(20000); i++) {
        size_t size = (size_t)1 << (test_random(&state) % 21);
        size = 1 + (size_t)(test_random(&state) % size);
        size = size > (1u << 20) - 64 ? (1u << 20) - 64 : size;
        CHECK_EQ(put_id(cache, test_random(&state) % 5000, value, size), TH_OK);
    }
    CHECK_EQ(cache_stats(cache).store_enomem_total, 0);
    CHECK(cache_stats(cache).items > 100);
    cache_finish(cache);
}

/* Goal: with no_eviction a full cache refuses, loses nothing, and takes again what was deleted.
 * Method: fill until refused, check all, delete half, fill again. */
TEST(cache_no_eviction_refuses_when_full)
{
    struct th_cache_config config = {.memory_bytes = 2u << 20, .no_eviction = true};
    struct th_cache *cache = cache_make(&config);
    static char value[300];
    uint64_t count = 0;
    while (put_id(cache, count, value, sizeof value) == TH_OK) {
        count++;
        REQUIRE(count < 100000);
    }
    printf("# %" PRIu64 " items fit\n", count);
    CHECK(count > 2500);
    for (uint64_t id = 0; id < count; id++) {
        CHECK(has_id(cache, id));
    }
    CHECK(put_id(cache, count, value, sizeof value) == TH_ENOMEM);
    CHECK(put_id(cache, 0, value, 4000) == TH_ENOMEM);
    CHECK(has_id(cache, 0));
    CHECK(cache_stats(cache).store_enomem_total >= 3);
    char key[24];
    for (uint64_t id = 0; id < count; id += 2) {
        int size = snprintf(key, sizeof key, "key-%012" PRIu64, id);
        CHECK_EQ(th_cache_delete(cache, key, (size_t)size, SUPPORT_NOW), TH_OK);
    }
    for (uint64_t id = 0; id < count / 4; id++) {
        CHECK_EQ(put_id(cache, count + id, value, sizeof value), TH_OK);
    }
    for (uint64_t id = 1; id < count; id += 2) {
        CHECK(has_id(cache, id));
    }
    CHECK_EQ(cache_stats(cache).evictions_total, 0);
    cache_finish(cache);
}

/* Goal: an expiry that cannot be noted never leaves an item that outlives it. Method: in a full
 * cache that may not evict, touch says TH_ENOMEM and changes nothing, get-and-touch shows and
 * drops. */
TEST(cache_touch_without_room_is_sound)
{
    struct th_cache_config config = {.memory_bytes = 1u << 20, .no_eviction = true};
    struct th_cache *cache = cache_make(&config);
    static char value[8000];
    struct th_cache_view view;
    CHECK_EQ(cache_set(cache, "k", "small"), TH_OK);
    CHECK_EQ(cache_set(cache, "l", "small"), TH_OK);
    for (size_t size = sizeof value; size > 0; size /= 2) { /* ever smaller, until nothing fits */
        for (uint64_t id = 0; put_id(cache, id + size * 1000000, value, size) == TH_OK; id++) {
            REQUIRE(id < 100000);
        }
    }
    CHECK_EQ(th_cache_touch(cache, "k", 1, SUPPORT_NOW, SUPPORT_NOW + 1), TH_ENOMEM);
    CHECK(cache_holds_at(cache, "k", "small", SUPPORT_NOW + 1));
    CHECK_EQ(th_cache_touch(cache, "k", 1, SUPPORT_NOW, TH_CACHE_NEVER), TH_OK);
    th_cache_enter(cache);
    CHECK(th_cache_get_touch(cache, "l", 1, SUPPORT_NOW, SUPPORT_NOW + 1, &view));
    CHECK_EQ(view.value_bytes, 5);
    CHECK(memcmp(view.value, "small", 5) == 0);
    th_cache_leave(cache);
    CHECK(cache_holds(cache, "l", NULL));
    cache_finish(cache);
}

static void broken_is_found(struct th_cache *cache, const char *want)
{
    const char *reason = "";
    CHECK_EQ(th_cache_validate(cache, &reason), TH_EINVAL);
    CHECK_EQ(th_cache_validate(cache, NULL), TH_EINVAL);
    if (strstr(reason, want) == NULL) {
        printf("# said: %s\n", reason);
        CHECK(strstr(reason, want) != NULL);
    }
}

/* Goal: validate is not blind. Method: break one thing at a time, look, mend it. */
TEST(cache_validate_finds_what_is_broken)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    CHECK_EQ(cache_put(cache, TH_CACHE_SET, "k", "v", SUPPORT_NOW + 5), TH_OK);
    uint64_t reference = 0;
    uint64_t hash = thi_cache_hash(cache, "k", 1);
    REQUIRE(th_map_u64_get(cache->index, hash, &reference));
    struct thi_item *item = thi_cache_item_at(cache, reference);
    struct thi_segment *segment = &cache->segments[thi_cache_segment_of(cache, reference)];
    cache_check(cache);
    th_u64_add_rlx(&segment->load, 4);
    broken_is_found(cache, "load is not the sum");
    th_u64_sub_rlx(&segment->load, 4);
    th_u32_store_rlx(&segment->expires_earliest, SUPPORT_NOW + 6);
    broken_is_found(cache, "expires before its segment");
    th_u32_store_rlx(&segment->expires_earliest, SUPPORT_NOW + 5);
    th_u32_store_rlx(&segment->state, TH_SEGMENT_FREE);
    broken_is_found(cache, "free segments");
    th_u32_store_rlx(&segment->state, TH_SEGMENT_OPEN);
    th_u64_add_rlx(&cache->pool.in_use, 1);
    broken_is_found(cache, "segments in use");
    th_u64_sub_rlx(&cache->pool.in_use, 1);
    th_u64_add_rlx(&cache->pool.graced_total, 1);
    broken_is_found(cache, "limbo");
    th_u64_sub_rlx(&cache->pool.graced_total, 1);
    struct thi_cache_stripe *stripe = &cache->stripes[hash & cache->stripe_mask];
    th_u64_add_rlx(&stripe->bytes, 4);
    broken_is_found(cache, "stripes");
    th_u64_sub_rlx(&stripe->bytes, 4);
    REQUIRE(th_map_u64_put(cache->index, hash + 1, reference, NULL) == TH_OK);
    broken_is_found(cache, "lead to no live item");
    REQUIRE(th_map_u64_erase(cache->index, hash + 1, NULL) == TH_OK);
    REQUIRE(th_map_u64_erase(cache->index, hash, NULL) == TH_OK);
    broken_is_found(cache, "does not refer to an item");
    REQUIRE(th_map_u64_put(cache->index, hash, reference, NULL) == TH_OK);
    uint32_t word = th_u32_load_rlx(&item->word);
    th_u32_store_rlx(&item->word, word & ~(0xffu << TH_ITEM_VALUE_BITS));
    broken_is_found(cache, "size out of range");
    th_u32_store_rlx(&item->word, word);
    cache_finish(cache);
}

/* Goal: expired items give their room before live ones do, without upkeep. Method: fill with items
 * of one second and then, a second later, with live ones: those must all stay. */
TEST(cache_expired_room_is_used_before_live_items_go)
{
    struct th_cache_config config = {.memory_bytes = 4u << 20, .no_eviction = true};
    struct th_cache *cache = cache_make(&config);
    char key[24];
    static char value[400];
    struct th_cache_item item = {
        .value = value, .value_bytes = sizeof value, .expires = SUPPORT_NOW + 1};
    uint64_t count = 0;
    for (;; count++) {
        int size = snprintf(key, sizeof key, "short%" PRIu64, count);
        if (th_cache_store(cache, TH_CACHE_SET, key, (size_t)size, &item, SUPPORT_NOW, NULL) !=
            TH_OK) {
            break;
        }
    }
    item.expires = TH_CACHE_NEVER;
    for (uint64_t i = 0; i < count / 2; i++) {
        int size = snprintf(key, sizeof key, "long%" PRIu64, i);
        CHECK_EQ(
            th_cache_store(cache, TH_CACHE_SET, key, (size_t)size, &item, SUPPORT_NOW + 1, NULL),
            TH_OK);
    }
    CHECK(cache_stats(cache).expired_total >= count / 2);
    cache_finish(cache);
}

/* Goal: a guard that stands never makes a store wait; what it shows stays. Method: hold a view
 * while storing many times what fits; stores end quickly, some with TH_ENOMEM, and go on after the
 * guard. */
TEST(cache_standing_guard_fails_stores_but_stops_none)
{
    struct th_cache *cache = cache_make_sized(2u << 20);
    static char value[1000];
    struct th_cache_view view;
    value_fill(value, sizeof value, 7);
    CHECK_EQ(put_id(cache, 7, value, sizeof value), TH_OK);
    th_cache_enter(cache);
    REQUIRE(get_id(cache, 7, &view));
    memset(value, 0, sizeof value);
    uint64_t refused = 0;
    for (uint64_t i = 0; i < 10000; i++) {
        th_status status = put_id(cache, 100 + i, value, sizeof value);
        CHECK(status == TH_OK || status == TH_ENOMEM);
        refused += status == TH_ENOMEM;
    }
    CHECK(refused > 0);
    CHECK(refused < 10000);
    CHECK_EQ(cache_stats(cache).store_enomem_total, refused);
    CHECK(value_is(view.value, sizeof value, 7));
    CHECK(cache_stats(cache).items > 1000); /* not everything went to wait for the guard */
    th_cache_leave(cache);
    for (uint64_t i = 0; i < 10000; i++) {
        CHECK_EQ(put_id(cache, 100 + i, value, sizeof value), TH_OK);
    }
    cache_finish(cache);
}

static void *store_and_end(void *argument)
{
    static const char value[1000];
    for (uint64_t i = 0; i < 20000; i++) {
        if (put_id(argument, 1000000 + i, value, sizeof value) != TH_OK) {
            return argument;
        }
    }
    return NULL;
}

struct idle {
    struct th_cache *cache;
    pthread_barrier_t barrier;
};

static void *store_and_idle(void *argument)
{
    struct idle *idle = argument;
    void *result = store_and_end(idle->cache);
    (void)pthread_barrier_wait(&idle->barrier);
    (void)pthread_barrier_wait(&idle->barrier);
    return result;
}

/* Goal: segments do not wait for a thread that has gone idle or ended. Method: one thread fills and
 * idles, one fills and ends, a third must then find room without end. */
TEST(cache_idle_and_ended_threads_hold_no_room)
{
    struct idle idle = {.cache = cache_make_sized(2u << 20)};
    pthread_t thread;
    void *result = NULL;
    REQUIRE(pthread_barrier_init(&idle.barrier, NULL, 2) == 0);
    REQUIRE(pthread_create(&thread, NULL, store_and_end, idle.cache) == 0);
    (void)pthread_join(thread, &result);
    CHECK(result == NULL);
    REQUIRE(pthread_create(&thread, NULL, store_and_idle, &idle) == 0);
    (void)pthread_barrier_wait(&idle.barrier);
    CHECK(store_and_end(idle.cache) == NULL);
    (void)pthread_barrier_wait(&idle.barrier);
    (void)pthread_join(thread, &result);
    CHECK(result == NULL);
    (void)pthread_barrier_destroy(&idle.barrier);
    cache_finish(idle.cache);
}

/* Goal: two keys of the same hash: never the other's value, and the later store takes the place.
 * Method: make the index say so, since real collisions are too rare to wait for. */
TEST(cache_same_hash_never_shows_the_other)
{
    struct th_cache *cache = cache_make_sized(1u << 20);
    CHECK_EQ(cache_set(cache, "one", "1"), TH_OK);
    uint64_t reference = 0;
    uint64_t hash_one = thi_cache_hash(cache, "one", 3);
    uint64_t hash_two = thi_cache_hash(cache, "two", 3);
    REQUIRE(th_map_u64_get(cache->index, hash_one, &reference));
    REQUIRE(th_map_u64_erase(cache->index, hash_one, NULL) == TH_OK);
    REQUIRE(th_map_u64_put(cache->index, hash_two, reference, NULL) == TH_OK);
    CHECK(cache_holds(cache, "two", NULL));
    CHECK_EQ(th_cache_delete(cache, "two", 3, SUPPORT_NOW), TH_ABSENT);
    CHECK_EQ(cache_put(cache, TH_CACHE_REPLACE, "two", "2", 0), TH_ABSENT);
    CHECK_EQ(cache_put(cache, TH_CACHE_ADD, "two", "2", 0), TH_OK);
    CHECK(cache_holds(cache, "two", "2"));
    CHECK_EQ(cache_stats(cache).evictions_total, 1);
    CHECK_EQ(cache_stats(cache).items, 1);
    cache_finish(cache);
}

/* Goal: moving an item changes neither its number nor its expiry, flags and value. Method: note
 * them, overwrite others until everything has been moved several times, compare. */
TEST(cache_moved_items_stay_as_they_were)
{
    enum { KEYS = 500 };
    struct th_cache *cache = cache_make_sized(1u << 20);
    static uint64_t numbers[KEYS];
    char key[24];
    static char value[400];
    for (uint64_t id = 0; id < KEYS; id++) {
        int size = snprintf(key, sizeof key, "key-%012" PRIu64, id);
        value_fill(value, (size_t)(40 + id % 300), id);
        struct th_cache_item item = {.value = value,
                                     .value_bytes = (size_t)(40 + id % 300),
                                     .flags = (uint32_t)(id % 2 * id),
                                     .expires = (uint32_t)(id % 3 * 5000)};
        CHECK_EQ(th_cache_store(cache, TH_CACHE_SET, key, (size_t)size, &item, SUPPORT_NOW,
                                &numbers[id]),
                 TH_OK);
    }
    for (uint64_t i = 0; i < 50000; i++) {
        CHECK_EQ(put_id(cache, 1000 + i % 50, value, 300), TH_OK);
    }
    CHECK_EQ(cache_stats(cache).evictions_total, 0);
    th_cache_enter(cache);
    for (uint64_t id = 0; id < KEYS; id++) {
        struct th_cache_view view = {0};
        CHECK(get_id(cache, id, &view));
        CHECK_EQ(view.cas, numbers[id]);
        CHECK_EQ(view.flags, id % 2 * id);
        CHECK_EQ(view.expires, id % 3 * 5000);
        CHECK(value_is(view.value, (size_t)(40 + id % 300), id));
    }
    th_cache_leave(cache);
    cache_finish(cache);
}

/* Goal: a flushed cache fills again without evictions: all of it is dead room. Method: fill, flush,
 * fill as much again. */
TEST(cache_flushed_room_is_dead_room)
{
    struct th_cache *cache = cache_make_sized(4u << 20);
    static char value[500];
    for (unsigned round = 0; round < 5; round++) {
        for (uint64_t id = 0; id < 4000; id++) {
            CHECK_EQ(put_id(cache, id + round * 10000u, value, sizeof value), TH_OK);
        }
        CHECK_EQ(cache_stats(cache).evictions_total, 0);
        th_cache_flush(cache, SUPPORT_NOW, SUPPORT_NOW);
    }
    cache_finish(cache);
}

TEST_MAIN()
