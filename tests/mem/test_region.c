/* SPDX-License-Identifier: MIT
 * test_region.c - page-backed regions and the registry that knows who owns an address.
 */
#include "mem/mem.h"

#include <pthread.h>

#include "mem/ledger.h"
#include "port/port.h"

#define FEW 400u

TEST(registry_without_memory_leaves_regions_unregistered)
{
    /* Goal: a registry that cannot get a further block costs a region its entry, nothing else.
     * Method: the second request of each map is the registry's own; refuse it until one was. First
     * of all tests, while there is one block. */
    struct ledger ledger;
    struct th_allocator user = ledger_allocator(&ledger);
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, &user) == TH_OK);
    char *regions[FEW] = {NULL};
    unsigned count = 0;
    do {
        thi_mem_fault_set(2, false);
        regions[count] = thi_region_map(&mem, 16, 16, 0, "tophash:few");
        REQUIRE(regions[count] != NULL);
        count++;
    } while (thi_mem_fault_refused() == 0 && count < FEW);
    thi_mem_fault_set(0, false);
    CHECK_EQ(thi_mem_sites_unrefused("mem/registry.c", NULL), 0);
    CHECK_EQ(thi_region_unregistered_total(), 1);
    struct thi_region_info info;
    CHECK(!thi_region_find(regions[count - 1], &info));
    regions[count - 1][15] = 1;
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQ(thi_region_find(regions[i], &info), i < count - 1);
        thi_region_unmap(&mem, regions[i], 16, 16);
    }
    CHECK_EQ(ledger.open_blocks, 0);
    CHECK_EQ(ledger.mistakes, 0);
}

TEST(region_map_is_aligned_zero_and_known)
{
    /* Goal: alignment, zeros, registry entry while it lives and not longer. Method: look up first,
     * last, one before and one behind. */
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, NULL) == TH_OK);
    uint64_t mapped = thi_region_bytes_mapped();
    size_t size = 3u << 20;
    char *memory = thi_region_map(&mem, size, 2u << 20, THI_REGION_HUGE, "tophash:one");
    REQUIRE(memory != NULL);
    CHECK_EQ((uintptr_t)memory % (2u << 20), 0);
    CHECK(memory[0] == 0 && memory[size - 1] == 0);
    CHECK_EQ(thi_region_bytes_mapped(), mapped + size);
    struct thi_region_info info = {0, 0, NULL};
    REQUIRE(thi_region_find(memory, &info));
    CHECK_EQ(info.start, (uintptr_t)memory);
    CHECK_EQ(info.size, size);
    CHECK(strcmp(info.name, "tophash:one") == 0);
    CHECK(thi_region_find(memory + size - 1, &info));
    CHECK(!thi_region_find(memory + size, &info));
    CHECK(!thi_region_find(memory - 1, &info));
    thi_region_unmap(&mem, memory, size, 2u << 20);
    CHECK(!thi_region_find(memory, &info));
    CHECK_EQ(thi_region_bytes_mapped(), mapped);
}

TEST(region_populate_keeps_content)
{
    /* Goal: populate never changes a byte, whatever its range. Method: a pattern, ranges that start
     * and end within pages, on the system's pages and on a user's memory. */
    struct ledger ledger;
    struct th_allocator user = ledger_allocator(&ledger);
    for (unsigned round = 0; round < 2; round++) {
        struct th_allocator mem;
        REQUIRE(thi_mem_init(&mem, round == 0 ? NULL : &user) == TH_OK);
        size_t size = 40000;
        unsigned char *memory = thi_region_map(&mem, size, 4096, 0, "tophash:test");
        REQUIRE(memory != NULL);
        for (size_t i = 0; i < size; i++) {
            memory[i] = (unsigned char)(i * 7);
        }
        thi_region_populate(memory, size);
        thi_region_populate(memory + 5, size - 11);
        thi_region_populate(memory + 4095, 2);
        thi_region_populate(memory + 3, 0);
        for (size_t i = 0; i < size; i++) {
            CHECK_EQ(memory[i], (unsigned char)(i * 7));
        }
        thi_region_unmap(&mem, memory, size, 4096);
    }
    CHECK_EQ(ledger.mistakes, 0);
}

struct touching {
    struct th_au64 *words;
    size_t count;
    struct th_au32 stop;
};

static void *touching_thread(void *context)
{
    struct touching *touching = context;
    uint64_t rounds = 0;
    do {
        for (size_t i = 0; i < touching->count; i++) {
            th_u64_add_rlx(&touching->words[i], 1);
        }
        rounds++;
    } while (th_u32_load_rlx(&touching->stop) == 0);
    return (void *)(uintptr_t)rounds;
}

TEST(region_populate_loses_no_concurrent_write)
{
    /* Goal: content is kept also against writers. Method: one thread counts in every page up while
     * this one populates again and again; no count is lost. By the system and by touching. */
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, NULL) == TH_OK);
    size_t size = 64 * thi_port_page_bytes();
    struct touching touching = {NULL, size / sizeof(struct th_au64), {0}};
    touching.words = thi_region_map(&mem, size, thi_port_page_bytes(), 0, "tophash:test");
    REQUIRE(touching.words != NULL);
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, touching_thread, &touching) == 0);
    for (uint64_t i = test_scaled(3000); i > 0; i--) {
        thi_region_populate(touching.words, size);
        thi_region_touch(touching.words, size);
    }
    th_u32_store_rlx(&touching.stop, 1);
    void *rounds = NULL;
    pthread_join(thread, &rounds);
    for (size_t i = 0; i < touching.count; i++) {
        CHECK_EQ(th_u64_load_rlx(&touching.words[i]), (uintptr_t)rounds);
    }
    thi_region_unmap(&mem, touching.words, size, thi_port_page_bytes());
}

TEST(region_drop_leaves_zeros)
{
    /* Goal: zeros behind a drop, whoever gave the memory; nothing for ranges that are no pages.
     * Method: both kinds of memory, the middle dropped, the ends kept. */
    struct ledger ledger;
    struct th_allocator user = ledger_allocator(&ledger);
    size_t page = thi_port_page_bytes();
    for (unsigned round = 0; round < 2; round++) {
        struct th_allocator mem;
        REQUIRE(thi_mem_init(&mem, round == 0 ? NULL : &user) == TH_OK);
        unsigned char *memory = thi_region_map(&mem, 8 * page, page, 0, "tophash:test");
        REQUIRE(memory != NULL);
        memset(memory, 1, 8 * page);
        CHECK(!thi_region_drop(&mem, memory + 1, page));
        CHECK(!thi_region_drop(&mem, memory, page - 1));
        CHECK(thi_region_drop(&mem, memory + page, 6 * page));
        for (size_t i = 0; i < 8 * page; i++) {
            CHECK_EQ(memory[i], i < page || i >= 7 * page);
        }
        thi_region_unmap(&mem, memory, 8 * page, page);
    }
    CHECK_EQ(ledger.mistakes, 0);
}

#define MANY 300000u

TEST(registry_full_counts_and_goes_on)
{
    /* Goal: bounded memory: what the registry has no room for works and is counted; what is removed
     * makes room. Method: more regions than it holds, of a user's memory; all removed; one more. */
    struct ledger ledger;
    struct th_allocator user = ledger_allocator(&ledger);
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, &user) == TH_OK);
    char **regions = malloc(MANY * sizeof(*regions));
    REQUIRE(regions != NULL);
    uint64_t before = thi_region_unregistered_total();
    for (unsigned i = 0; i < MANY; i++) {
        regions[i] = thi_region_map(&mem, 16, 16, 0, "tophash:many");
        CHECK(regions[i] != NULL);
    }
    uint64_t unregistered = thi_region_unregistered_total() - before;
    CHECK(unregistered >= MANY - 64u * 4095u);
    CHECK(unregistered < MANY / 2); /* the windows fill well */
    uint64_t found = 0;
    for (unsigned i = 0; i < 200; i++) {
        struct thi_region_info info;
        found += thi_region_find(regions[i] + 15, &info) && info.start == (uintptr_t)regions[i];
    }
    CHECK_EQ(found, 200); /* the first ones all had room */
    for (unsigned i = 0; i < MANY; i++) {
        thi_region_unmap(&mem, regions[i], 16, 16);
    }
    struct thi_region_info info;
    CHECK(!thi_region_find(regions[0], &info));
    CHECK_EQ(thi_region_unregistered_total() - before, unregistered);
    char *last = thi_region_map(&mem, 16, 16, 0, "tophash:last");
    REQUIRE(last != NULL);
    CHECK(thi_region_find(last, &info));
    thi_region_unmap(&mem, last, 16, 16);
    CHECK_EQ(ledger.open_blocks, 0);
    free(regions);
}

#define REGION_THREADS 4
#define REGION_HELD 40

static void *registry_thread(void *context)
{
    const struct th_allocator *mem = context;
    void *held[REGION_HELD] = {NULL};
    size_t sizes[REGION_HELD] = {0};
    uintptr_t wrong = 0;
    uint64_t state = test_seed ^ thi_port_thread_id();
    for (uint64_t i = test_scaled(20000); i > 0; i--) {
        unsigned at = (unsigned)(test_random(&state) % REGION_HELD);
        struct thi_region_info info;
        if (held[at] != NULL) {
            wrong += !thi_region_find((char *)held[at] + sizes[at] - 1, &info) ||
                     info.start != (uintptr_t)held[at] || info.size != sizes[at] ||
                     strcmp(info.name, "tophash:thread") != 0;
            thi_region_unmap(mem, held[at], sizes[at], 16);
            held[at] = NULL;
        } else {
            sizes[at] = 16 * (1 + (size_t)(test_random(&state) % 4));
            held[at] = thi_region_map(mem, sizes[at], 16, 0, "tophash:thread");
        }
    }
    for (unsigned at = 0; at < REGION_HELD; at++) {
        thi_region_unmap(mem, held[at], sizes[at], 16);
    }
    return (void *)wrong;
}

TEST(registry_among_threads_shows_whole_entries)
{
    /* Goal: a find sees an entry whole, or not at all, while others come and go at the same
     * addresses. Method: four threads map, look up their own and unmap; memory is recycled at once.
     */
    struct ledger ledger;
    struct th_allocator user = ledger_allocator(&ledger);
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, &user) == TH_OK);
    uint64_t unregistered = thi_region_unregistered_total();
    uint64_t mapped = thi_region_bytes_mapped();
    pthread_t threads[REGION_THREADS];
    uint64_t wrong = 0;
    for (unsigned i = 0; i < REGION_THREADS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, registry_thread, &mem) == 0);
    }
    for (unsigned i = 0; i < REGION_THREADS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        wrong += (uintptr_t)result;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(thi_region_unregistered_total(), unregistered);
    CHECK_EQ(thi_region_bytes_mapped(), mapped);
    CHECK_EQ(ledger.open_blocks, 0);
    CHECK_EQ(ledger.mistakes, 0);
}

TEST_MAIN()
