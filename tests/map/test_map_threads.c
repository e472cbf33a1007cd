/* SPDX-License-Identifier: MIT
 * test_map_threads.c - threads that end, are cancelled or stop in the wrong place, processes that
 * fork, and allocators that count.
 */
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "map/counting.h"
#include "map/kinds.h"
#include "map/pool.h"

enum {
    KEYS = 3000,
    UNACCOUNTED_BYTES = 17 * 4096 + 65536, /* a step of each limbo, what a member keeps to itself */
};

static uint64_t value_of(uint64_t id)
{
    return (id + 5) * 0x9e3779b97f4a7c15u;
}

static void fill(const struct kind *kind, void *map, uint64_t first, uint64_t count)
{
    for (uint64_t id = first; id < first + count; id++) {
        CHECK(kind->put(map, id, value_of(id), NULL) >= 0);
    }
}

static void check(const struct kind *kind, void *map, uint64_t first, uint64_t count)
{
    for (uint64_t id = first; id < first + count; id++) {
        uint64_t value = 0;
        CHECK(kind->get(map, id, &value) && value == value_of(id));
    }
}

/* ------------------------------------------------------------------ threads that end inside a
 * guard */

struct visitor {
    const struct kind *kind;
    void *map;
    uint64_t number;
};

static void *visit_and_end_inside(void *argument)
{
    struct visitor *self = argument;
    th_epoch_enter(NULL);
    th_epoch_enter(NULL); /* two deep */
    fill(self->kind, self->map, self->number * 100, 100);
    check(self->kind, self->map, self->number * 100, 100);
    return NULL; /* without leaving */
}

/* Goal: threads that end inside a guard wedge nobody, and what they retired is given back. Method:
 * 200 such threads one after the other and ten at a time on one map each kind; erases; drain must
 * come to its end. */
TEST(map_threads_end_inside_a_guard)
{
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct visitor visitors[10];
        pthread_t threads[10];
        void *map = kind_make(&kinds[k], NULL);
        for (uint64_t round = 0; round < 20; round++) {
            for (uint64_t i = 0; i < 10; i++) {
                visitors[i] = (struct visitor){&kinds[k], map, round * 10 + i};
                threads[i] = pool_start(visit_and_end_inside, &visitors[i]);
            }
            for (uint64_t i = 0; i < 10; i++) {
                pool_join(threads[i]);
            }
        }
        CHECK_EQ(kinds[k].count(map), 20000);
        for (uint64_t id = 0; id < 20000; id++) {
            CHECK_EQ(kinds[k].erase(map, id, NULL), TH_OK);
        }
        CHECK_EQ(th_epoch_drain(NULL, UINT64_C(20000000000)), TH_OK);
        kind_finish(&kinds[k], map);
    }
}

/* ------------------------------------------------------------------ cancelled threads */

struct worker {
    const struct kind *kind;
    void *map;
    uint64_t first;
    bool started;
    bool stop;
    uint64_t rounds;
};

/* Cancellation is deferred: it strikes at pthread_testcancel between the operations, inside a guard
 * or not. */
static void *work_until_cancelled(void *argument)
{
    struct worker *self = argument;
    for (;;) {
        th_epoch_enter(NULL);
        fill(self->kind, self->map, self->first, 50);
        pool_flag_set(&self->started);
        pthread_testcancel();
        for (uint64_t id = self->first; id < self->first + 50; id++) {
            CHECK_EQ(self->kind->erase(self->map, id, NULL), TH_OK);
        }
        th_epoch_leave(NULL);
        pthread_testcancel();
    }
    return NULL;
}

/* Goal: a cancelled thread leaves the map whole: no cell, no group stays held. Method: cancel 60
 * threads at work; afterwards every key can be written, the map validates and the epoch drains. */
TEST(map_threads_cancelled_leave_the_map_whole)
{
    for (size_t k = 0; k < KIND_COUNT; k++) {
        void *map = kind_make(&kinds[k], NULL);
        for (uint64_t round = 0; round < 15; round++) {
            struct worker workers[4];
            pthread_t threads[4];
            for (uint64_t i = 0; i < 4; i++) {
                workers[i] = (struct worker){.kind = &kinds[k], .map = map, .first = i * 50};
                threads[i] = pool_start(work_until_cancelled, &workers[i]);
            }
            for (uint64_t i = 0; i < 4; i++) {
                while (!pool_flag(&workers[i].started)) {
                    sched_yield();
                }
                CHECK_EQ(pthread_cancel(threads[i]), 0);
            }
            for (uint64_t i = 0; i < 4; i++) {
                void *result = NULL;
                CHECK_EQ(pthread_join(threads[i], &result), 0);
                CHECK(result == PTHREAD_CANCELED);
            }
            fill(&kinds[k], map, 0, 200);
            check(&kinds[k], map, 0, 200);
            kinds[k].clear(map);
        }
        CHECK_EQ(th_epoch_drain(NULL, UINT64_C(20000000000)), TH_OK);
        kind_finish(&kinds[k], map);
    }
}

/* ------------------------------------------------------------------ fork */

/* What a child of fork may do: use and free maps that nobody was writing. Returns its exit code. */
static int child_uses_and_frees(const struct kind *kind, void *map)
{
    test_failures = 0;
    check(kind, map, 0, KEYS);
    fill(kind, map, KEYS, KEYS);
    check(kind, map, 0, 2 * KEYS);
    for (uint64_t id = 0; id < KEYS; id++) {
        CHECK_EQ(kind->erase(map, id, NULL), TH_OK);
    }
    kind_validate(kind, map);
    CHECK_EQ(th_epoch_drain(NULL, UINT64_C(10000000000)), TH_OK);
    kind->destroy(map);
    void *fresh = kind_make(kind, NULL);
    fill(kind, fresh, 0, KEYS);
    check(kind, fresh, 0, KEYS);
    kind_finish(kind, fresh);
    fflush(stdout);
    return test_failures == 0 ? 0 : 1;
}

static void *work_until_told(void *argument)
{
    struct worker *self = argument;
    while (!__atomic_load_n(&self->stop, __ATOMIC_RELAXED)) {
        th_epoch_enter(NULL);
        fill(self->kind, self->map, 0, 500);
        for (uint64_t id = 0; id < 500; id++) {
            (void)(self->kind->erase(self->map, id, NULL) == TH_OK);
        }
        th_epoch_leave(NULL);
        self->rounds++;
    }
    return NULL;
}

/* Goal: after fork the child can use and free maps that nobody was writing, though other threads of
 * the parent were busy with another map inside guards. Method: as said; the child's exit code is
 * its verdict. */
TEST(map_fork_child_uses_maps_that_were_quiet)
{
#if defined(__SANITIZE_THREAD__)
    SKIP("the thread sanitizer does not support threads after fork");
#endif
    for (size_t k = 0; k < KIND_COUNT; k++) {
        void *quiet = kind_make(&kinds[k], NULL), *busy = kind_make(&kinds[k], NULL);
        fill(&kinds[k], quiet, 0, KEYS);
        struct worker worker = {.kind = &kinds[k], .map = busy};
        pthread_t thread = pool_start(work_until_told, &worker);
        for (int round = 0; round < 5; round++) {
            fflush(stdout);
            pid_t child = fork();
            REQUIRE(child >= 0);
            if (child == 0) {
                alarm(60);
                _exit(child_uses_and_frees(&kinds[k], quiet));
            }
            int status = 0;
            CHECK_EQ(waitpid(child, &status, 0), child);
            CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
        __atomic_store_n(&worker.stop, true, __ATOMIC_RELAXED);
        pool_join(thread);
        check(&kinds[k], quiet, 0, KEYS);
        kind_finish(&kinds[k], quiet);
        kind_finish(&kinds[k], busy);
    }
}

/* ------------------------------------------------------------------ a stalled reader */

struct stall_report {
    _Alignas(8) uint64_t count;
    uint64_t erased_bytes;  /* kept by who erases, and so reports */
    uint64_t missing_bytes; /* the most that a report lacked of them */
    uint64_t thread_id;
    char thread_name[32];
};

static void stall_note(void *context, const struct th_epoch_stall *stall)
{
    struct stall_report *report = context;
    report->thread_id = stall->thread_id;
    uint64_t missing_bytes = report->erased_bytes > stall->waiting_bytes
                                 ? report->erased_bytes - stall->waiting_bytes
                                 : 0;
    report->missing_bytes =
        missing_bytes > report->missing_bytes ? missing_bytes : report->missing_bytes;
    snprintf(report->thread_name, sizeof(report->thread_name), "%s", stall->thread_name);
    __atomic_fetch_add(&report->count, 1, __ATOMIC_RELEASE);
}

struct staller {
    struct th_epoch *domain;
    struct th_map_bytes *map;
    bool inside;
    bool go_on;
    bool key_intact;
};

/* Stands inside a guard with a key of the map in its hands, for as long as the test wants. */
static void *stall_inside(void *argument)
{
    struct staller *self = argument;
    pthread_setname_np(pthread_self(), "stalled-reader");
    th_epoch_enter(self->domain);
    struct th_map_cursor cursor = {0, 0};
    struct th_map_entry_bytes entry = {NULL, 0, 0};
    size_t count = th_map_bytes_next(self->map, &cursor, &entry, 1);
    unsigned char copy[64] = {0};
    if (count == 1 && entry.key_bytes <= sizeof(copy)) {
        memcpy(copy, entry.key, entry.key_bytes);
    }
    pool_flag_set(&self->inside);
    while (!pool_flag(&self->go_on)) {
        pool_sleep_ms(1);
    }
    self->key_intact = count == 1 && memcmp(copy, entry.key, entry.key_bytes) == 0;
    th_epoch_leave(self->domain);
    return NULL;
}

static void bytes_key(char *key, uint64_t number)
{
    snprintf(key, 40, "a key with a number in it: %08" PRIu64, number);
}

/* Goal: a reader stopped inside a guard stops nobody, the report names it and says how much waits
 * for it, and its key stays intact. Method: the reader stalls while this thread puts, replaces and
 * erases everything many times over and grows and shrinks the map. */
TEST(map_bytes_stalled_reader_stops_nobody_and_is_named)
{
    struct stall_report report = {0};
    struct th_epoch_config epoch_config = {.on_stall = stall_note,
                                           .on_stall_context = &report,
                                           .stall_ns = 20000000,
                                           .waiting_bytes_max = 1 << 16};
    struct th_epoch *domain = NULL;
    REQUIRE(th_epoch_new(&epoch_config, &domain) == TH_OK);
    struct th_map_config config = {.epoch = domain};
    struct th_map_bytes *map = NULL;
    REQUIRE(th_map_bytes_new(&config, &map) == TH_OK);
    char key[40];
    for (uint64_t i = 0; i < KEYS; i++) {
        bytes_key(key, i);
        CHECK_EQ(th_map_bytes_put(map, key, 35, i, NULL), TH_OK);
    }
    struct staller staller = {.domain = domain, .map = map};
    pthread_t thread = pool_start(stall_inside, &staller);
    while (!pool_flag(&staller.inside)) {
        pool_sleep_ms(1);
    }
    uint64_t begin_ns = pool_now_ns(), rounds = 0;
    uint64_t enough_ns = begin_ns + 300000000, end_ns = begin_ns + UINT64_C(20000000000);
    for (; pool_now_ns() < enough_ns ||
           (__atomic_load_n(&report.count, __ATOMIC_ACQUIRE) == 0 && pool_now_ns() < end_ns);
         rounds++) {
        for (uint64_t i = 0; i < KEYS; i++) {
            bytes_key(key, i);
            CHECK_EQ(th_map_bytes_erase(map, key, 35, NULL), TH_OK);
            report.erased_bytes += 35;
            CHECK_EQ(th_map_bytes_put(map, key, 35, i + rounds, NULL), TH_OK);
        }
        CHECK(th_map_bytes_shrink(map, 0) >= 0);
    }
    struct th_epoch_stats stats;
    th_epoch_get_stats(domain, &stats);
    printf("# %" PRIu64 " rounds beside the stalled reader, %" PRIu64 " bytes wait, %" PRIu64
           " reports that lack %" PRIu64 "\n",
           rounds, stats.waiting_bytes, report.count, report.missing_bytes);
    CHECK(report.missing_bytes < UNACCOUNTED_BYTES);
    CHECK(stats.waiting_bytes + UNACCOUNTED_BYTES > report.erased_bytes);
    CHECK(stats.waiting_bytes < 2 * report.erased_bytes);
    CHECK(stats.waiting_bytes_peak >= stats.waiting_bytes);
    CHECK(rounds >= 1);
    CHECK(__atomic_load_n(&report.count, __ATOMIC_ACQUIRE) > 0);
    CHECK(stats.stalls_total > 0);
    CHECK(strcmp(report.thread_name, "stalled-reader") == 0);
    CHECK(report.thread_id != 0);
    pool_flag_set(&staller.go_on);
    pool_join(thread);
    CHECK(staller.key_intact);
    do { /* a bag gives back so much, and goes on with the next */
        CHECK_EQ(th_epoch_drain(domain, UINT64_C(20000000000)), TH_OK);
        th_epoch_get_stats(domain, &stats);
    } while (stats.waiting_bytes != 0 && pool_now_ns() < end_ns);
    CHECK_EQ(stats.waiting_bytes, 0);
    CHECK_EQ(th_map_bytes_validate(map, NULL), TH_OK);
    th_map_bytes_free(map);
    th_epoch_free(domain);
}

/* Goal: what waits when its map is freed leaves the domain's account with the map. Method: erases
 * beside a guard that somebody holds, the map freed, the guard left. */
TEST(map_bytes_freed_beside_a_guard_leaves_the_account)
{
    struct th_epoch *domain = NULL;
    struct th_epoch_handle *reader = NULL;
    REQUIRE(th_epoch_new(NULL, &domain) == TH_OK);
    REQUIRE(th_epoch_register(domain, &reader) == TH_OK);
    struct th_map_config config = {.epoch = domain};
    struct th_map_bytes *map = NULL;
    REQUIRE(th_map_bytes_new(&config, &map) == TH_OK);
    char key[40];
    th_epoch_handle_enter(reader);
    for (uint64_t i = 0; i < 10 * (uint64_t)KEYS; i++) {
        bytes_key(key, i);
        CHECK_EQ(th_map_bytes_put(map, key, 35, i, NULL), TH_OK);
        CHECK_EQ(th_map_bytes_erase(map, key, 35, NULL), TH_OK);
    }
    struct th_epoch_stats stats;
    th_epoch_get_stats(domain, &stats);
    CHECK(stats.waiting_bytes + UNACCOUNTED_BYTES > 35 * 10 * (uint64_t)KEYS);
    th_map_bytes_free(map);
    th_epoch_handle_leave(reader);
    CHECK_EQ(th_epoch_drain(domain, UINT64_C(20000000000)), TH_OK);
    th_epoch_get_stats(domain, &stats);
    CHECK_EQ(stats.waiting_bytes, 0);
    CHECK(stats.waiting_bytes_peak + UNACCOUNTED_BYTES > 35 * 10 * (uint64_t)KEYS);
    th_epoch_unregister(reader);
    th_epoch_free(domain);
}

/* ------------------------------------------------------------------ an allocator with a context */

static void *put_and_erase(void *argument)
{
    struct worker *self = argument;
    fill(self->kind, self->map, self->first, KEYS);
    for (uint64_t id = self->first; id < self->first + KEYS; id += 2) {
        CHECK_EQ(self->kind->erase(self->map, id, NULL), TH_OK);
    }
    return NULL;
}

/* Goal: a map takes memory from its allocator only and gives all of it back, with the sizes and
 * alignments it asked for. Method: the counting allocator under four threads, with and without page
 * functions. */
TEST(map_allocator_gets_everything_back)
{
    for (size_t k = 0; k < 2 * KIND_COUNT; k++) {
        const struct kind *kind = &kinds[k / 2];
        struct counting counting;
        counting_start(&counting, 0);
        if (k % 2 != 0) {
            counting.allocator.map = NULL;
            counting.allocator.unmap = NULL;
        }
        struct th_map_config config = {.allocator = &counting.allocator};
        void *map = kind_make(kind, &config);
        struct worker workers[4];
        pthread_t threads[4];
        for (uint64_t i = 0; i < 4; i++) {
            workers[i] = (struct worker){.kind = kind, .map = map, .first = i * KEYS};
            threads[i] = pool_start(put_and_erase, &workers[i]);
        }
        for (uint64_t i = 0; i < 4; i++) {
            pool_join(threads[i]);
        }
        CHECK_EQ(kind->count(map), 4 * KEYS / 2);
        CHECK(counting.requests > 3);
        kind_finish(kind, map);
        CHECK_EQ(th_epoch_drain(NULL, UINT64_C(20000000000)), TH_OK);
        counting_finish(&counting);
    }
}

/* ------------------------------------------------------------------ one hot key */

struct hot {
    const struct kind *kind;
    void *map;
    unsigned part; /* 0 updates, 1 looks, 2 inserts */
    bool *stop;
    uint64_t rounds;
    uint64_t missed;
};

enum { HOT_ID = 77, HOT_PARTS = 3 };

/* Updates hold the key's cell for a moment, again and again; lookups and inserts come at any of
 * these moments. One thread a part: more of them would only wait for each other. */
static void *hot_run(void *argument)
{
    struct hot *self = argument;
    const struct kind *kind = self->kind;
    uint64_t values[2], ids[2] = {HOT_ID, HOT_ID};
    bool found[2];
    for (; !__atomic_load_n(self->stop, __ATOMIC_RELAXED); self->rounds++) {
        if (self->part == 0) {
            self->missed += kind->fetch_add(self->map, HOT_ID, 1, NULL) != TH_OK;
        } else if (self->part == 2) {
            self->missed += kind->insert(self->map, HOT_ID, 1, NULL) != TH_EXISTS;
        } else if (self->rounds % 8 == 0) {
            self->missed += kind->get_many(self->map, ids, 2, values, found) != 2;
        } else {
            self->missed += !kind->get(self->map, HOT_ID, NULL);
        }
    }
    return NULL;
}

/* Goal: a key is found, and not inserted a second time, while others update it: held and let go
 * between two looks at its line must not look like absence. Method: an updater, a reader and an
 * inserter of one key, at several sizes of the map. */
TEST(map_hot_key_is_never_missed_while_it_is_updated)
{
    static const uint64_t sizes[] = {0, 30, 3000};
    for (size_t k = 0; k < KIND_COUNT; k++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            void *map = kind_make(&kinds[k], NULL);
            fill(&kinds[k], map, 1000, sizes[s]);
            CHECK_EQ(kinds[k].put(map, HOT_ID, 0, NULL), TH_OK);
            bool stop = false;
            struct hot hot[HOT_PARTS];
            pthread_t threads[HOT_PARTS];
            uint64_t sum = 0;
            for (unsigned i = 0; i < HOT_PARTS; i++) {
                hot[i] = (struct hot){&kinds[k], map, i, &stop, 0, 0};
                threads[i] = pool_start(hot_run, &hot[i]);
            }
            pool_sleep_ms(test_scaled(sizes[s] < 1000 ? 50 : 700));
            __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
            for (unsigned i = 0; i < HOT_PARTS; i++) {
                pool_join(threads[i]);
                CHECK_EQ(hot[i].missed, 0);
            }
            CHECK(kinds[k].get(map, HOT_ID, &sum));
            CHECK_EQ(sum, hot[0].rounds);
            CHECK_EQ(kinds[k].count(map), sizes[s] + 1);
            kind_finish(&kinds[k], map);
        }
    }
}

TEST_MAIN()
