/* SPDX-License-Identifier: MIT
 * test_counterexample.c - the table and the missing order, on executions made by hand.
 *
 * The expected texts lie in expected/; TOPHASH_TEST_UPDATE=1 writes them anew. Read them then.
 */
#include "test.h"

#include "cases.h"
#include "report/report.h"

static struct sample sample;
static const struct thi_report_options page = {.width = 100};

/* Reports the sample and compares with the file; every line must fit into the page. */
static bool reported_as(const char *name)
{
    struct thi_analysis analysis;
    struct thi_text text = {.bytes = NULL};
    bool same = thi_analysis_init(&analysis, sample_finish(&sample));
    if (same) {
        thi_report_counterexample(&text, &analysis, &page);
        thi_analysis_fini(&analysis);
        same = sample_matches(&text, name);
    }
    for (const char *line = thi_text_get(&text); *line != '\0';) {
        size_t size = strcspn(line, "\n");
        same = same && thi_text_width(line, size) <= 100;
        line += size + (line[size] == '\n');
    }
    thi_text_fini(&text);
    return same;
}

TEST(counterexample_relaxed_store_names_the_store)
{
    /* Goal: a publication without release ends with the edge broken at the store. */
    case_message_passing(&sample, TH_RECORD_RELAXED, TH_RECORD_ACQUIRE);
    CHECK(reported_as("mp_store.txt"));
}

TEST(counterexample_relaxed_load_names_the_load)
{
    /* Goal: the same with a release store and a relaxed load: the load is named. */
    case_message_passing(&sample, TH_RECORD_RELEASE, TH_RECORD_RELAXED);
    CHECK(reported_as("mp_load.txt"));
}

TEST(counterexample_race_without_values_says_nothing_orders)
{
    /* Goal: two plain writes of threads that never talk: the edge is missing, not broken. */
    sample_begin(&sample, 3);
    uint32_t x = sample_object(&sample, "counter", 8);
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 1);
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 2);
    uint32_t site = sample_site(&sample, "count.c", 5, "counter++;");
    uint32_t first = sample_write(&sample, 1, TH_RECORD_PLAIN, x, 1);
    sample_at(&sample, site);
    uint32_t second = sample_write(&sample, 2, TH_RECORD_PLAIN, x, 1);
    sample_at(&sample, site);
    sample_fail(&sample, TH_FAILURE_RACE, second, first);
    CHECK(reported_as("race.txt"));
}

TEST(counterexample_store_buffering_shows_the_cycle)
{
    /* Goal: where only sequential consistency helps, the circle of four accesses is shown. */
    case_store_buffering(&sample, TH_RECORD_RELAXED, false);
    CHECK(reported_as("sb.txt"));
}

TEST(counterexample_store_buffering_with_one_fence_asks_for_the_other)
{
    /* Goal: the thread that has its fence is not asked for another. */
    case_store_buffering(&sample, TH_RECORD_RELAXED, true);
    CHECK(reported_as("sb_fence.txt"));
}

TEST(counterexample_interleaving_blames_no_order)
{
    /* Goal: an update lost by load and store is an interleaving: shown as such, nothing stale. */
    sample_begin(&sample, 3);
    uint32_t counter = sample_object(&sample, "counter", 4);
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 1);
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 2);
    uint32_t load = sample_site(&sample, "lost.c", 6, "int seen = atomic_load(&counter);");
    uint32_t store = sample_site(&sample, "lost.c", 7, "atomic_store(&counter, seen + 1);");
    /* The engine's order is not the one in which it can be told. */
    sample_read(&sample, 1, TH_RECORD_SEQ_CST, counter, TH_RECORD_INITIAL);
    sample_at(&sample, load);
    uint32_t one = sample_write(&sample, 1, TH_RECORD_SEQ_CST, counter, 1);
    sample_at(&sample, store);
    sample_read(&sample, 2, TH_RECORD_SEQ_CST, counter, TH_RECORD_INITIAL);
    sample_at(&sample, load);
    uint32_t two = sample_write(&sample, 2, TH_RECORD_SEQ_CST, counter, 1);
    sample_at(&sample, store);
    sample_thread(&sample, 0, TH_RECORD_THREAD_JOIN, 1);
    sample_at(&sample, sample_site(&sample, "lost.c", 16, "pthread_join(a, NULL);"));
    sample_thread(&sample, 0, TH_RECORD_THREAD_JOIN, 2);
    sample_at(&sample, sample_site(&sample, "lost.c", 17, "pthread_join(b, NULL);"));
    uint32_t end = sample_site(&sample, "lost.c", 18, "assert(atomic_load(&counter) == 2);");
    sample_read(&sample, 0, TH_RECORD_SEQ_CST, counter, two);
    sample_at(&sample, end);
    sample_fail(&sample, TH_FAILURE_ASSERT, TH_RECORD_NONE, TH_RECORD_NONE);
    sample.record.failure.site = end;
    sample.record.failure.text = "atomic_load(&counter) == 2";
    CHECK(one < two);
    CHECK(reported_as("lost.txt"));
}

TEST(counterexample_deadlock_says_who_waits_for_what)
{
    /* Goal: two mutexes taken in opposite order: both threads' last lines say what they miss. */
    sample_begin(&sample, 3);
    sample.threads[0].name = "main";
    sample.threads[1].name = "transfer";
    sample.threads[2].name = "refund";
    uint32_t a = sample_object(&sample, "a", 40), b = sample_object(&sample, "b", 40);
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 1);
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 2);
    for (uint32_t t = 1; t <= 2; t++) {
        uint32_t mutex = t == 1 ? a : b, other = t == 1 ? b : a;
        sample_add(&sample, (struct thi_record_event){
                                .thread = t,
                                .kind = TH_RECORD_LOCK,
                                .location = {.object = mutex, .size_bytes = 40},
                                .source = TH_RECORD_INITIAL,
                                .site = sample_site(&sample, "bank.c", t == 1 ? 12 : 21,
                                                    t == 1 ? "pthread_mutex_lock(&a);"
                                                           : "pthread_mutex_lock(&b);")});
        sample.threads[t].state = TH_RECORD_BLOCKED;
        sample.threads[t].blocked_kind = TH_RECORD_LOCK;
        sample.threads[t].blocked_location =
            (struct thi_record_location){.object = other, .size_bytes = 40};
        sample.threads[t].blocked_thread = 3 - t;
        sample.threads[t].blocked_site =
            sample_site(&sample, "bank.c", t == 1 ? 13 : 22,
                        t == 1 ? "pthread_mutex_lock(&b);" : "pthread_mutex_lock(&a);");
    }
    sample.threads[0].state = TH_RECORD_BLOCKED;
    sample.threads[0].blocked_kind = TH_RECORD_THREAD_JOIN;
    sample.threads[0].blocked_thread = 1;
    sample.threads[0].blocked_site = sample_site(&sample, "bank.c", 33, "pthread_join(t, NULL);");
    sample_fail(&sample, TH_FAILURE_DEADLOCK, TH_RECORD_NONE, TH_RECORD_NONE);
    CHECK(reported_as("deadlock.txt"));
}

TEST(counterexample_use_after_free_names_the_block)
{
    /* Goal: the block has a name made from its allocation, and its free is in the table. */
    case_freed_node(&sample, false);
    CHECK(reported_as("use_after_free.txt"));
}

TEST(counterexample_use_after_ordered_free_blames_no_order)
{
    /* Goal: a free that happens before the access is no question of memory order. */
    case_freed_node(&sample, true);
    CHECK(reported_as("use_after_ordered_free.txt"));
}

TEST(counterexample_release_sequence_through_updates_is_one_hop)
{
    /* Goal: T2's relaxed update carries T1's store to T3; only the store is to blame. */
    sample_begin(&sample, 4);
    uint32_t data = sample_object(&sample, "data", 4), count = sample_object(&sample, "count", 4);
    for (uint32_t t = 1; t <= 3; t++) {
        sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, t);
    }
    uint32_t write = sample_write(&sample, 1, TH_RECORD_PLAIN, data, 7);
    sample_at(&sample, sample_site(&sample, "chain.c", 5, "data = 7;"));
    uint32_t store = sample_write(&sample, 1, TH_RECORD_RELAXED, count, 1);
    sample_at(&sample, sample_site(&sample, "chain.c", 6, "atomic_store_explicit(&count, 1, R);"));
    uint32_t update = sample_update(&sample, 2, TH_RECORD_RELAXED, count, store, 2);
    sample_at(&sample,
              sample_site(&sample, "chain.c", 10, "atomic_fetch_add_explicit(&count, 1, R);"));
    sample_read(&sample, 3, TH_RECORD_ACQUIRE, count, update);
    sample_at(&sample, sample_site(&sample, "chain.c", 14, "while (load(&count) != 2);"));
    uint32_t read = sample_read(&sample, 3, TH_RECORD_PLAIN, data, write);
    sample_at(&sample, sample_site(&sample, "chain.c", 15, "use(data);"));
    sample_fail(&sample, TH_FAILURE_RACE, read, write);
    CHECK(reported_as("chain.txt"));
}

TEST(counterexample_eight_threads_are_stairs)
{
    /* Goal: eight threads, long names, long lines, huge values: no line is wider than the page. */
    sample_begin(&sample, 9);
    uint32_t sum = sample_object(&sample, "statistics_of_the_whole_cache[3].bytes_waiting_all", 8);
    uint32_t last = TH_RECORD_INITIAL;
    uint32_t site = sample_site(&sample, "a/folder/with_a_very_long_file_name_indeed.c", 123456,
                                "atomic_fetch_add_explicit(&statistics_of_the_whole_cache[shard]"
                                ".bytes_waiting_all, entry_bytes_of(entry) + slack_bytes, "
                                "memory_order_relaxed); /* and a remark that goes on and on */");
    for (uint32_t t = 1; t <= 8; t++) {
        sample.threads[t].name = "worker_that_moves_entries_between_segments";
        last = sample_update(&sample, t, TH_RECORD_RELAXED, sum, last,
                             UINT64_MAX - 0x123456789abcdef * t);
        sample_at(&sample, site);
    }
    last = sample_update(&sample, 3, TH_RECORD_RELAXED, sum, last, UINT64_MAX);
    sample_at(&sample, site);
    sample_fail(&sample, TH_FAILURE_ASSERT, TH_RECORD_NONE, TH_RECORD_NONE);
    sample.record.failure.thread = 3;
    sample.record.failure.site = site;
    sample.record.failure.text = "sum >= 0";
    CHECK(reported_as("eight_threads.txt"));
}

TEST(counterexample_without_events_is_still_said)
{
    /* Goal: an assertion of a program that shared nothing, and a record of nothing at all. */
    sample_begin(&sample, 1);
    sample_fail(&sample, TH_FAILURE_ASSERT, TH_RECORD_NONE, TH_RECORD_NONE);
    sample.record.failure.text = "0";
    CHECK(reported_as("no_events.txt"));
    sample_begin(&sample, 0);
    CHECK(reported_as("nothing.txt"));
}

TEST(counterexample_leak_names_the_allocation)
{
    /* Goal: a block that is never freed is named with its size and the line that allocates it. */
    sample_begin(&sample, 1);
    uint32_t block = sample_object(&sample, NULL, 24);
    sample.objects[block].storage = TH_RECORD_HEAP;
    sample.objects[block].alloc_site =
        sample_site(&sample, "leak.c", 4, "void *p = malloc(sizeof(struct entry));");
    sample_fail(&sample, TH_FAILURE_LEAK, TH_RECORD_NONE, TH_RECORD_NONE);
    sample.record.failure.object = block;
    CHECK(reported_as("leak.txt"));
}

TEST(counterexample_blames_the_path_with_fewest_weak_orders)
{
    /* Goal: T1's pointer travels relaxed by design, under a flag whose compare-exchange lacks its
     * release: the flag is named, not the pointer, which would need two orders. */
    sample_begin(&sample, 3);
    uint32_t data = sample_object(&sample, "data", 4), next = sample_object(&sample, "next", 8);
    uint32_t flag = sample_object(&sample, "flag", 4);
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 1);
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 2);
    uint32_t write = sample_write(&sample, 1, TH_RECORD_PLAIN, data, 3);
    sample_at(&sample, sample_site(&sample, "grow.c", 20, "data = 3;"));
    uint32_t store =
        sample_write(&sample, 1, TH_RECORD_RELAXED, next, sample.objects[data].address);
    sample_at(&sample, sample_site(&sample, "grow.c", 21, "store_relaxed(&next, &data);"));
    uint32_t moved = sample_update(&sample, 1, TH_RECORD_RELAXED, flag, TH_RECORD_INITIAL, 99);
    sample_at(&sample, sample_site(&sample, "grow.c", 22, "compare_exchange(&flag, 0, 99);"));
    sample.events[moved].flags = TH_RECORD_CAS;
    sample_read(&sample, 2, TH_RECORD_ACQUIRE, flag, moved);
    sample_at(&sample, sample_site(&sample, "grow.c", 30, "if (load(&flag) == 99) {"));
    sample_read(&sample, 2, TH_RECORD_RELAXED, next, store);
    sample_at(&sample, sample_site(&sample, "grow.c", 31, "p = load_relaxed(&next);"));
    uint32_t read = sample_read(&sample, 2, TH_RECORD_PLAIN, data, write);
    sample_at(&sample, sample_site(&sample, "grow.c", 32, "use(*p);"));
    sample_fail(&sample, TH_FAILURE_RACE, read, write);
    CHECK(reported_as("fewest_orders.txt"));
}

TEST(counterexample_free_too_early_is_traced_to_the_stale_load)
{
    /* Goal: a hazard pointer whose scan lacks its fence: nothing orders access and free, and the
     * circle through the stale second look says why it came to that. */
    sample_begin(&sample, 3);
    sample.threads[1].name = "popper";
    sample.threads[2].name = "freer";
    uint32_t top = sample_object(&sample, "top", 8), hazard = sample_object(&sample, "hazard", 8);
    uint32_t node = sample_object(&sample, "node", 16);
    uint64_t pointer = sample.objects[node].address;
    uint32_t push = sample_write(&sample, 0, TH_RECORD_RELEASE, top, pointer);
    sample_at(&sample, sample_site(&sample, "hazard.c", 9, "push(node);"));
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 1);
    sample_thread(&sample, 0, TH_RECORD_THREAD_CREATE, 2);
    sample_update(&sample, 2, TH_RECORD_ACQUIRE, top, push, 0);
    sample_at(&sample, sample_site(&sample, "hazard.c", 40, "exchange(&top, NULL);"));
    sample_fence(&sample, 2, TH_RECORD_ACQ_REL);
    sample_at(&sample, sample_site(&sample, "hazard.c", 41, "atomic_thread_fence(acq_rel);"));
    sample_read(&sample, 2, TH_RECORD_ACQUIRE, hazard, TH_RECORD_INITIAL);
    sample_at(&sample, sample_site(&sample, "hazard.c", 42, "if (load(&hazard) != node) {"));
    struct thi_record_event event = {.thread = 2,
                                     .kind = TH_RECORD_FREE,
                                     .location = {.object = node, .size_bytes = 16},
                                     .source = TH_RECORD_NONE,
                                     .mo_position = TH_RECORD_NONE,
                                     .site = sample_site(&sample, "hazard.c", 43, "free(node);")};
    uint32_t freed = sample_add(&sample, event);
    sample_write(&sample, 1, TH_RECORD_RELEASE, hazard, pointer);
    sample_at(&sample, sample_site(&sample, "hazard.c", 20, "store(&hazard, node);"));
    sample_fence(&sample, 1, TH_RECORD_SEQ_CST);
    sample_at(&sample, sample_site(&sample, "hazard.c", 21, "atomic_thread_fence(seq_cst);"));
    sample_read(&sample, 1, TH_RECORD_ACQUIRE, top, push);
    sample_at(&sample, sample_site(&sample, "hazard.c", 22, "if (load(&top) == node) {"));
    event.thread = 1;
    event.kind = TH_RECORD_READ;
    event.site = sample_site(&sample, "hazard.c", 23, "next = node->next;");
    uint32_t used = sample_add(&sample, event);
    sample_fail(&sample, TH_FAILURE_USE_AFTER_FREE, used, freed);
    CHECK(reported_as("hazard.txt"));
}

/* An event that need not make sense. */
static struct thi_record_event random_event(uint64_t *random, uint32_t number)
{
    uint64_t draw = test_random(random), values = test_random(random);
    return (struct thi_record_event){
        .thread = (uint32_t)(draw % 5),
        .kind = (enum thi_record_kind)(draw >> 8 & 0xff) % (TH_RECORD_HIDDEN + 1),
        .order = (enum thi_record_order)((draw >> 16 & 0xff) % (TH_RECORD_SEQ_CST + 1)),
        .flags = (uint32_t)(draw >> 24 & 0x1ff),
        .location = {.object = (draw >> 33 & 7) < 4 ? (uint32_t)(draw >> 33 & 3) : TH_RECORD_NONE,
                     .offset_bytes = draw >> 36 & 4,
                     .size_bytes = 1u << (draw >> 40 & 3)},
        .value_read = values,
        .value_written = values >> (draw >> 44 & 63),
        .source =
            number == 0 || (draw >> 50 & 3) == 0 ? TH_RECORD_INITIAL : (uint32_t)(values % number),
        .mo_position = (draw >> 52 & 7) == 0 ? TH_RECORD_NONE : (uint32_t)(draw >> 55 & 7),
        .other_thread = (uint32_t)(draw >> 58) % 5,
        .site = (draw >> 60) == 0 ? TH_RECORD_NONE : 0,
    };
}

TEST(counterexample_random_records_never_break_it)
{
    /* Goal: whatever stands in a record, sense or not, a report comes out, and its lines fit. */
    uint64_t random = test_seed;
    for (uint64_t round = 0; round < test_scaled(3000); round++) {
        struct thi_analysis analysis;
        struct thi_text text = {.bytes = NULL};
        sample_begin(&sample, 5);
        sample_site(&sample, "some/file.c", 7, "something(with, arguments);");
        for (int i = 0; i < 4; i++) {
            sample_object(&sample, i == 0 ? NULL : "object", 16);
        }
        uint32_t count = (uint32_t)(test_random(&random) % 20);
        for (uint32_t e = 0; e < count; e++) {
            sample_add(&sample, random_event(&random, e));
            if (e > 0 && test_random(&random) % 3 == 0) {
                sample_order(&sample, (uint32_t)(test_random(&random) % e), e);
            }
        }
        sample.record.failure.kind =
            (enum thi_failure_kind)(test_random(&random) % (TH_FAILURE_MISUSE + 1));
        sample.record.failure.thread = (uint32_t)(test_random(&random) % 5);
        if (count > 0 && test_random(&random) % 4 != 0) {
            sample.record.failure.event = (uint32_t)(test_random(&random) % count);
            sample.record.failure.other = (uint32_t)(test_random(&random) % count);
        }
        REQUIRE(thi_analysis_init(&analysis, sample_finish(&sample)));
        thi_report_counterexample(&text, &analysis, &page);
        thi_report_explain(&text, &analysis, &page);
        for (const char *line = thi_text_get(&text); *line != '\0';) {
            size_t size = strcspn(line, "\n");
            CHECK(thi_text_width(line, size) <= page.width);
            line += size + (line[size] == '\n');
        }
        thi_report_svg(&text, &analysis);
        thi_report_dot(&text, &analysis);
        CHECK(!text.failed);
        thi_text_fini(&text);
        thi_analysis_fini(&analysis);
    }
}

TEST_MAIN()
