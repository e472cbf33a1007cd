/* SPDX-License-Identifier: MIT
 * test_mem.c - the allocator seam, faults on purpose, regions and their registry.
 */
#include "mem/mem.h"

#include <pthread.h>

#include "death.h"
#include "mem/ledger.h"
#include "port/port.h"

TEST(mem_init_half_set_allocator_is_refused)
{
    /* Goal: an allocator with half a pair is misuse that is reported. Method: every half. */
    struct ledger ledger;
    struct th_allocator whole = ledger_allocator(&ledger);
    struct th_allocator mem = {.context = &ledger};
    struct th_allocator half = whole;
    half.alloc = NULL;
    CHECK_EQ(thi_mem_init(&mem, &half), TH_EINVAL);
    half = whole;
    half.free = NULL;
    CHECK_EQ(thi_mem_init(&mem, &half), TH_EINVAL);
    half = whole;
    half.map = NULL;
    CHECK_EQ(thi_mem_init(&mem, &half), TH_EINVAL);
    half = whole;
    half.unmap = NULL;
    CHECK_EQ(thi_mem_init(&mem, &half), TH_EINVAL);
    CHECK(mem.context == &ledger && mem.alloc == NULL);
    CHECK_EQ(thi_mem_init(&mem, &whole), TH_OK);
    CHECK(mem.map == whole.map);
    whole.map = NULL;
    whole.unmap = NULL;
    CHECK_EQ(thi_mem_init(&mem, &whole), TH_OK);
    CHECK(mem.map != NULL && mem.unmap != NULL);
}

static _Alignas(64) char arena[256];
static size_t arena_offset;

static void *arena_alloc(void *context, size_t size, size_t alignment)
{
    (void)context;
    (void)size;
    (void)alignment;
    return arena + arena_offset;
}

static void arena_free(void *context, void *memory, size_t size, size_t alignment)
{
    (void)context;
    (void)memory;
    (void)size;
    (void)alignment;
}

static void arena_use(void)
{
    const struct th_allocator user = {.alloc = arena_alloc, .free = arena_free};
    struct th_allocator mem;
    if (thi_mem_init(&mem, &user) == TH_OK) {
        (void)thi_mem_alloc(&mem, 64, 64);
    }
}

/* Goal: a user's allocator that does not align is found in debug builds, before a shared word in
 * such an object is torn. Method: one that is 8 bytes off, in a child. */
TEST(mem_user_allocator_that_does_not_align_stops_a_debug_build)
{
    DEATH_SKIP_RELEASE();
    arena_offset = 64;
    CHECK(!death_follows(arena_use));
    arena_offset = 72;
    CHECK(death_follows(arena_use));
}

TEST(mem_default_allocator_aligns_and_zeroes)
{
    /* Goal: any alignment, zeros where promised, refusal of the impossible. Method: sizes by
     * alignments. */
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, NULL) == TH_OK);
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        for (size_t size = 1; size < 5000; size = size * 3 + 1) {
            char *memory = thi_mem_alloc(&mem, size, alignment);
            REQUIRE(memory != NULL);
            CHECK_EQ((uintptr_t)memory % alignment, 0);
            memset(memory, 1, size);
            thi_mem_free(&mem, memory, size, alignment);
            memory = thi_mem_alloc_zero(&mem, size, alignment);
            REQUIRE(memory != NULL);
            CHECK(memory[0] == 0 && memory[size - 1] == 0 && memory[size / 2] == 0);
            thi_mem_free(&mem, memory, size, alignment);
        }
    }
    CHECK(thi_mem_alloc(&mem, SIZE_MAX - 8, 64) == NULL);
    CHECK(thi_region_map(&mem, SIZE_MAX - 8, 4096, 0, "tophash:test") == NULL);
    thi_mem_free(&mem, NULL, 1, 1);
    thi_region_unmap(&mem, NULL, 1, 1);
}

TEST(mem_user_allocator_gets_context_size_and_alignment_back)
{
    /* Goal: the contract of the seam. Method: the ledger compares every free with its alloc. */
    struct ledger ledger;
    struct th_allocator user = ledger_allocator(&ledger);
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, &user) == TH_OK);
    void *object = thi_mem_alloc(&mem, 100, 32);
    void *zeros = thi_mem_alloc_zero(&mem, 50, 1);
    void *region = thi_region_map(&mem, 5000, 256, THI_REGION_HUGE, "tophash:test");
    REQUIRE(object != NULL && zeros != NULL && region != NULL);
    CHECK_EQ(((char *)zeros)[49], 0);
    CHECK_EQ(ledger.open_blocks, 3);
    CHECK_EQ(ledger.maps, 1);
    thi_mem_free(&mem, object, 100, 32);
    thi_mem_free(&mem, zeros, 50, 1);
    thi_region_unmap(&mem, region, 5000, 256);
    CHECK_EQ(ledger.open_blocks, 0);
    CHECK_EQ(ledger.mistakes, 0);
}

/* Ten requests of three kinds; how many were granted. */
static unsigned ten_requests(const struct th_allocator *mem, bool granted[10])
{
    unsigned count = 0;
    for (unsigned i = 0; i < 10; i++) {
        void *memory = i % 3 == 0   ? thi_mem_alloc(mem, 8, 8)
                       : i % 3 == 1 ? thi_mem_alloc_zero(mem, 8, 8)
                                    : thi_region_map(mem, 4096, 4096, 0, "tophash:test");
        granted[i] = memory != NULL;
        count += granted[i];
        if (i % 3 == 2) {
            thi_region_unmap(mem, memory, 4096, 4096);
        } else {
            thi_mem_free(mem, memory, 8, 8);
        }
    }
    return count;
}

TEST(fault_nth_request_is_refused_once_or_from_there_on)
{
    /* Goal: exactly the n-th request fails; sticky: it and all later. Method: ten requests, every
     * n; what is counted. */
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, NULL) == TH_OK);
    bool granted[10];
    for (uint64_t nth = 1; nth <= 11; nth++) {
        thi_mem_fault_set(nth, false);
        CHECK_EQ(ten_requests(&mem, granted), nth <= 10 ? 9 : 10);
        CHECK(nth > 10 || !granted[nth - 1]);
        CHECK_EQ(thi_mem_fault_requests(), 10);
        CHECK_EQ(thi_mem_fault_refused(), nth <= 10);
        thi_mem_fault_set(nth, true);
        CHECK_EQ(ten_requests(&mem, granted), nth - 1);
        CHECK_EQ(thi_mem_fault_refused(), 11 - nth);
    }
    thi_mem_fault_set(1, false);
    CHECK_EQ(ten_requests(&mem, granted), 9);
    thi_mem_fault_set(0, false);
    CHECK_EQ(ten_requests(&mem, granted), 10);
    CHECK_EQ(thi_mem_fault_requests(), 10); /* off: the figures stay */
    CHECK_EQ(thi_mem_fault_refused(), 1);
    thi_mem_fault_set(UINT64_MAX, false);
    CHECK_EQ(ten_requests(&mem, granted), 10);
    CHECK_EQ(thi_mem_fault_requests(), 10); /* counted, none refused */
    CHECK_EQ(thi_mem_fault_refused(), 0);
    thi_mem_fault_set(0, false);
}

static unsigned sites_reported;

static void site_report(const struct thi_mem_site *site)
{
    sites_reported += site->line > 0 && site->function != NULL;
}

TEST(fault_sites_list_every_place_that_asks)
{
    /* Goal: places never refused are found, reached or not. Method: two places here, one behind a
     * branch that is not taken at first. */
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, NULL) == TH_OK);
    size_t before = thi_mem_sites_unrefused("test_mem.c", NULL);
    for (unsigned round = 0; round < 2; round++) {
        thi_mem_fault_set(1, true);
        CHECK(thi_mem_alloc(&mem, 8, 8) == NULL);
        if (round == 1) {
            CHECK(thi_mem_alloc_zero(&mem, 8, 8) == NULL);
        }
        sites_reported = 0;
        size_t left = thi_mem_sites_unrefused("test_mem.c", site_report);
        CHECK_EQ(left, before - 1 - round);
        CHECK_EQ(sites_reported, left);
    }
    thi_mem_fault_set(0, false);
    CHECK_EQ(thi_mem_sites_unrefused("no such file", NULL), 0);
    CHECK(thi_mem_site_count() > 5);
    CHECK(thi_mem_site_get(0) != NULL);
    CHECK(thi_mem_site_get(thi_mem_site_count()) == NULL);
}

#define FAULT_THREADS 4
#define FAULT_ROUNDS 5000

static void *fault_thread(void *context)
{
    uint64_t refused = 0;
    for (unsigned i = 0; i < FAULT_ROUNDS; i++) {
        void *memory = thi_mem_alloc(context, 8, 8);
        refused += memory == NULL;
        thi_mem_free(context, memory, 8, 8);
    }
    return (void *)(uintptr_t)refused;
}

TEST(fault_among_threads_refuses_exactly_one)
{
    /* Goal: the n-th of all threads' requests, once. Method: four threads, n in the middle. */
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, NULL) == TH_OK);
    thi_mem_fault_set(FAULT_ROUNDS * 2, false);
    pthread_t threads[FAULT_THREADS];
    uint64_t refused = 0;
    for (unsigned i = 0; i < FAULT_THREADS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, fault_thread, &mem) == 0);
    }
    for (unsigned i = 0; i < FAULT_THREADS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        refused += (uintptr_t)result;
    }
    CHECK_EQ(refused, 1);
    CHECK_EQ(thi_mem_fault_requests(), FAULT_THREADS * FAULT_ROUNDS);
    thi_mem_fault_set(0, false);
}

TEST_MAIN()
