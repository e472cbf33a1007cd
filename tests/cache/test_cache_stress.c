/* SPDX-License-Identifier: MIT
 * test_cache_stress.c - real threads on one small cache: torn values, lost updates, stale hits.
 */
#include <pthread.h>
#include <sched.h>

#include "cache/support.h"

enum { STRESS_THREADS = 4, STRESS_KEYS = 1500, STRESS_VALUE_MAX = 2000, STRESS_COUNTERS = 4 };

struct stress {
    struct th_cache *cache;
    uint64_t operations;
    uint32_t now;
    _Alignas(8) uint64_t flushes;
};

struct stress_thread {
    struct stress *stress;
    unsigned index;
    uint64_t hits;
    uint64_t enomem;
    uint64_t added[STRESS_COUNTERS];
    pthread_t thread;
};

static uint32_t stress_now(struct stress *stress)
{
    return __atomic_load_n(&stress->now, __ATOMIC_RELAXED);
}

/* A value names its key and its version, and all of it follows from them. */
static size_t stress_value(char *value, unsigned key, uint64_t version)
{
    size_t size = 16 + (size_t)((version * 7919 + key) % (STRESS_VALUE_MAX - 16));
    uint64_t id = (uint64_t)key << 40 | (version & 0xffffffffffu);
    memcpy(value, &id, sizeof id);
    memcpy(value + 8, &size, sizeof size);
    value_fill(value + 16, size - 16, id);
    return size;
}

static bool stress_view_is_whole(const struct th_cache_view *view, unsigned key)
{
    uint64_t id;
    size_t size;
    const char *value = view->value;
    if (view->value_bytes < 16) {
        return false;
    }
    memcpy(&id, value, sizeof id);
    memcpy(&size, value + 8, sizeof size);
    return id >> 40 == key && size == view->value_bytes && value_is(value + 16, size - 16, id);
}

static void stress_read(struct stress_thread *self, unsigned first)
{
    enum { MANY = 8 };
    struct th_cache *cache = self->stress->cache;
    char texts[MANY][16];
    struct th_cache_key keys[MANY];
    struct th_cache_view views[MANY];
    bool found[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        int size = snprintf(texts[i], sizeof texts[i], "k%u", (first + i * 17) % STRESS_KEYS);
        keys[i] = (struct th_cache_key){.bytes = texts[i], .size = (size_t)size};
    }
    th_cache_enter(cache);
    size_t count = first % 2 == 0 ? MANY : 1;
    if (count == 1) {
        found[0] =
            th_cache_get(cache, keys[0].bytes, keys[0].size, stress_now(self->stress), &views[0]);
        self->hits += found[0];
    } else {
        self->hits += th_cache_get_many(cache, keys, count, stress_now(self->stress), views, found);
    }
    for (unsigned i = 0; i < count; i++) {
        CHECK(!found[i] || stress_view_is_whole(&views[i], (first + i * 17) % STRESS_KEYS));
    }
    th_cache_leave(cache);
}

static void stress_write(struct stress_thread *self, unsigned key, uint64_t random)
{
    char value[STRESS_VALUE_MAX];
    char text[16];
    struct th_cache *cache = self->stress->cache;
    uint32_t now = stress_now(self->stress);
    size_t text_bytes = (size_t)snprintf(text, sizeof text, "k%u", key);
    struct th_cache_item item = {.value = value,
                                 .value_bytes = stress_value(value, key, random >> 20),
                                 .expires = random % 3 == 0 ? now + 1 + (uint32_t)(random % 5) : 0,
                                 .flags = (uint32_t)(random % 2 * 99)};
    th_status status = TH_OK;
    switch (random >> 8 & 15) {
    case 0: status = th_cache_delete(cache, text, text_bytes, now); break;
    case 1: status = th_cache_touch(cache, text, text_bytes, now, now + 2); break;
    case 2: status = th_cache_store(cache, TH_CACHE_ADD, text, text_bytes, &item, now, NULL); break;
    case 3:
        status = th_cache_store(cache, TH_CACHE_REPLACE, text, text_bytes, &item, now, NULL);
        break;
    default:
        status = th_cache_store(cache, TH_CACHE_SET, text, text_bytes, &item, now, NULL);
        break;
    }
    self->enomem += status == TH_ENOMEM;
    CHECK(status >= 0 || status == TH_ENOMEM);
}

static void stress_upkeep(struct stress_thread *self, uint64_t random)
{
    struct stress *stress = self->stress;
    if (random % 5 == 0) {
        (void)__atomic_add_fetch(&stress->now, 1, __ATOMIC_RELAXED);
    } else if (random % 97 == 1) {
        th_cache_flush(stress->cache, stress_now(stress),
                       stress_now(stress) + (uint32_t)(random % 2));
        (void)__atomic_add_fetch(&stress->flushes, 1, __ATOMIC_RELAXED);
    } else {
        (void)th_cache_maintain(stress->cache, stress_now(stress), 20);
    }
}

static void *stress_run(void *argument)
{
    struct stress_thread *self = argument;
    uint64_t state = test_seed + self->index;
    for (uint64_t i = 0; i < self->stress->operations; i++) {
        uint64_t random = test_random(&state);
        unsigned key = (unsigned)(random >> 32) % STRESS_KEYS;
        if (random % 100 < 55) {
            stress_read(self, key);
        } else if (random % 100 < 99) {
            stress_write(self, key, random);
        } else {
            stress_upkeep(self, random >> 16);
        }
    }
    return NULL;
}

/* Goal: no torn value, no value of another key, in a cache that evicts, moves, expires and flushes
 * all the time. Method: values follow from key and version; 4 threads; all parts checked inside
 * guards. */
TEST(cache_stress_values_are_whole)
{
    struct stress stress = {
        .cache = cache_make_sized(1u << 20), .operations = test_scaled(150000), .now = 100};
    static struct stress_thread threads[STRESS_THREADS];
    uint64_t hits = 0;
    uint64_t enomem = 0;
    for (unsigned i = 0; i < STRESS_THREADS; i++) {
        threads[i] = (struct stress_thread){.stress = &stress, .index = i};
        REQUIRE(pthread_create(&threads[i].thread, NULL, stress_run, &threads[i]) == 0);
    }
    for (unsigned i = 0; i < STRESS_THREADS; i++) {
        (void)pthread_join(threads[i].thread, NULL);
        hits += threads[i].hits;
        enomem += threads[i].enomem;
    }
    struct th_cache_stats stats = cache_stats(stress.cache);
    printf("# %" PRIu64 " hits, %" PRIu64 " evictions, %" PRIu64 " expired, %" PRIu64
           " reclaimed, %" PRIu64 " flushes, %" PRIu64 " refused\n",
           hits, stats.evictions_total, stats.expired_total, stats.reclaimed_total, stress.flushes,
           enomem);
    CHECK(hits > stress.operations / 10);
    CHECK_EQ(stats.store_enomem_total, enomem);
    CHECK_EQ(stats.get_hits_total, hits);
    cache_finish(stress.cache);
}

static void *counter_run(void *argument)
{
    struct stress_thread *self = argument;
    uint64_t state = test_seed + self->index;
    struct th_cache *cache = self->stress->cache;
    char text[16];
    char value[700];
    memset(value, 'f', sizeof value);
    for (uint64_t i = 0; i < self->stress->operations; i++) {
        uint64_t random = test_random(&state);
        unsigned counter = (unsigned)(random >> 32) % STRESS_COUNTERS;
        uint64_t result = 0;
        size_t size = (size_t)snprintf(text, sizeof text, "n%u", counter);
        th_status status =
            th_cache_add_number(cache, text, size, random % 9, false, 1, &result, NULL);
        self->added[counter] += status == TH_OK ? random % 9 : 0;
        self->enomem += status == TH_ENOMEM;
        CHECK(status == TH_OK || status == TH_ENOMEM);
        /* Other keys keep the cache compacting, so that the counters move all the time. */
        struct th_cache_item item = {.value = value,
                                     .value_bytes = (size_t)(random % sizeof value)};
        size = (size_t)snprintf(text, sizeof text, "f%u", (unsigned)(random >> 40) % 200);
        status = th_cache_store(cache, TH_CACHE_SET, text, size, &item, 1, NULL);
        CHECK(status == TH_OK || status == TH_ENOMEM);
    }
    return NULL;
}

/* Goal: no addition is lost while the numbers move. Method: 4 threads add; the sums must be exact.
 * */
TEST(cache_stress_additions_are_exact)
{
    struct th_cache_config config = {.memory_bytes = 1u << 20, .no_eviction = true};
    struct stress stress = {.cache = cache_make(&config), .operations = test_scaled(100000)};
    static struct stress_thread threads[STRESS_THREADS];
    char text[16];
    for (unsigned i = 0; i < STRESS_COUNTERS; i++) {
        (void)snprintf(text, sizeof text, "n%u", i);
        CHECK_EQ(cache_set(stress.cache, text, "0"), TH_OK);
    }
    for (unsigned i = 0; i < STRESS_THREADS; i++) {
        threads[i] = (struct stress_thread){.stress = &stress, .index = i};
        REQUIRE(pthread_create(&threads[i].thread, NULL, counter_run, &threads[i]) == 0);
    }
    uint64_t sums[STRESS_COUNTERS] = {0};
    for (unsigned i = 0; i < STRESS_THREADS; i++) {
        (void)pthread_join(threads[i].thread, NULL);
        for (unsigned c = 0; c < STRESS_COUNTERS; c++) {
            sums[c] += threads[i].added[c];
        }
    }
    for (unsigned i = 0; i < STRESS_COUNTERS; i++) {
        uint64_t result = 0;
        size_t size = (size_t)snprintf(text, sizeof text, "n%u", i);
        CHECK_EQ(th_cache_add_number(stress.cache, text, size, 0, false, 1, &result, NULL), TH_OK);
        CHECK_EQ(result, sums[i]);
        CHECK(sums[i] > 0);
    }
    CHECK_EQ(cache_stats(stress.cache).evictions_total, 0);
    cache_finish(stress.cache);
}

struct cas_race {
    struct th_cache *cache;
    uint64_t rounds;
    uint64_t won;
    pthread_t thread;
};

static void *cas_run(void *argument)
{
    struct cas_race *race = argument;
    for (uint64_t i = 0; i < race->rounds; i++) {
        struct th_cache_view view;
        char text[24];
        th_cache_enter(race->cache);
        bool found = th_cache_get(race->cache, "c", 1, 1, &view);
        uint64_t value = 0;
        if (found) {
            memcpy(text, view.value, view.value_bytes);
            text[view.value_bytes] = '\0';
            value = strtoull(text, NULL, 10);
        }
        th_cache_leave(race->cache);
        int size = snprintf(text, sizeof text, "%" PRIu64, value + 1);
        struct th_cache_item item = {
            .value = text, .value_bytes = (size_t)size, .cas = found ? view.cas : 0};
        th_status status = th_cache_store(race->cache, TH_CACHE_CAS, "c", 1, &item, 1, NULL);
        /* TH_ENOMEM: a thread that was taken off its core in a guard holds what was replaced. */
        CHECK(status == TH_OK || status == TH_MISMATCH || status == TH_ENOMEM);
        race->won += status == TH_OK;
    }
    return NULL;
}

/* Goal: of several stores over one number, one wins. Method: add one by cas; the value must equal
 * the number of stores that said they won. */
TEST(cache_stress_cas_has_one_winner)
{
    struct cas_race races[STRESS_THREADS];
    struct th_cache *cache = cache_make_sized(1u << 20);
    CHECK_EQ(cache_set(cache, "c", "0"), TH_OK);
    uint64_t won = 0;
    for (unsigned i = 0; i < STRESS_THREADS; i++) {
        races[i] = (struct cas_race){.cache = cache, .rounds = test_scaled(50000)};
        REQUIRE(pthread_create(&races[i].thread, NULL, cas_run, &races[i]) == 0);
    }
    for (unsigned i = 0; i < STRESS_THREADS; i++) {
        (void)pthread_join(races[i].thread, NULL);
        won += races[i].won;
    }
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, won);
    CHECK(cache_holds_at(cache, "c", text, 1));
    CHECK(won > 0);
    cache_finish(cache);
}

struct revival {
    struct th_cache *cache;
    bool stop;
    _Alignas(8) uint64_t done;
    pthread_t threads[2];
};

static void *revival_run(void *argument)
{
    struct revival *revival = argument;
    struct th_cache_item item = {.value = "1", .value_bytes = 1};
    uint64_t done = 0;
    uint64_t result;
    for (uint64_t i = 0; !__atomic_load_n(&revival->stop, __ATOMIC_RELAXED); i++) {
        th_status status;
        switch (i % 4) {
        case 0:
            status = th_cache_store(revival->cache, TH_CACHE_APPEND, "k", 1, &item, 1, NULL);
            break;
        case 1:
            status = th_cache_add_number(revival->cache, "k", 1, 1, false, 1, &result, NULL);
            break;
        case 2: status = th_cache_touch(revival->cache, "k", 1, 1, 9); break;
        default:
            status = th_cache_store(revival->cache, TH_CACHE_REPLACE, "k", 1, &item, 1, NULL);
            break;
        }
        done += status == TH_OK;
    }
    (void)__atomic_add_fetch(&revival->done, done, __ATOMIC_RELAXED);
    return NULL;
}

/* Goal: what was flushed does not come back by an operation that read it before. Method: one thread
 * sets and flushes, two append, add, touch and replace all the time; after each flush the key is
 * gone. */
TEST(cache_stress_flushed_items_do_not_come_back)
{
    struct revival revival = {.cache = cache_make_sized(4u << 20)};
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE(pthread_create(&revival.threads[i], NULL, revival_run, &revival) == 0);
    }
    for (uint64_t i = 0; i < test_scaled(5000); i++) {
        struct th_cache_item item = {.value = "1", .value_bytes = 1};
        CHECK(th_cache_store(revival.cache, TH_CACHE_SET, "k", 1, &item, 1, NULL) == TH_OK);
        if (i % 16 == 0) {
            (void)sched_yield();
        }
        th_cache_flush(revival.cache, 1, 1);
        CHECK(cache_holds_at(revival.cache, "k", NULL, 1));
    }
    __atomic_store_n(&revival.stop, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 2; i++) {
        (void)pthread_join(revival.threads[i], NULL);
    }
    printf("# %" PRIu64 " operations found the item\n", revival.done);
    /* A short run may be over before the others got a processor. */
    CHECK(revival.done > 0 || test_scale_percent < 100);
    cache_finish(revival.cache);
}

struct expiry_race {
    struct th_cache *cache;
    bool stop;
    _Alignas(8) uint64_t hits;
};

static void *expiry_reader_run(void *argument)
{
    struct expiry_race *race = argument;
    uint64_t hits = 0;
    while (!__atomic_load_n(&race->stop, __ATOMIC_RELAXED)) {
        struct th_cache_view view;
        th_cache_enter(race->cache);
        if (th_cache_get(race->cache, "k", 1, 2, &view)) {
            hits++;
            CHECK(view.expires > 2);
        }
        th_cache_leave(race->cache);
    }
    (void)__atomic_add_fetch(&race->hits, hits, __ATOMIC_RELAXED);
    return NULL;
}

/* Goal: the second that a hit shows is the one it was judged by, also beside a touch. Method: one
 * thread sets a key that expires at 3 and touches it to 2, again and again; another looks at second
 * 2: a hit never shows 2. */
TEST(cache_stress_a_hit_shows_the_second_it_was_judged_by)
{
    struct expiry_race race = {.cache = cache_make_sized(4u << 20)};
    struct th_cache_item item = {.value = "1", .value_bytes = 1, .expires = 3};
    pthread_t reader;
    REQUIRE(pthread_create(&reader, NULL, expiry_reader_run, &race) == 0);
    for (uint64_t i = 0; i < test_scaled(300000); i++) {
        CHECK(th_cache_store(race.cache, TH_CACHE_SET, "k", 1, &item, 1, NULL) == TH_OK);
        CHECK(th_cache_touch(race.cache, "k", 1, 1, 2) == TH_OK);
    }
    __atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
    (void)pthread_join(reader, NULL);
    printf("# %" PRIu64 " hits\n", race.hits);
    cache_finish(race.cache);
}

TEST_MAIN()
