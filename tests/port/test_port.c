/* SPDX-License-Identifier: MIT
 * test_port.c - the seam to the operating system: pages, random bytes, clock, threads, barrier.
 */
#include "port/port.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "port/port_priv.h"
#include "test.h"

static size_t resident_pages(void *memory, size_t size)
{
    size_t page = thi_port_page_bytes();
    unsigned char present[4096];
    if (size / page > sizeof(present) || mincore(memory, size, present) != 0) {
        return SIZE_MAX;
    }
    size_t count = 0;
    for (size_t i = 0; i < size / page; i++) {
        count += present[i] & 1;
    }
    return count;
}

static bool all_bytes(const void *memory, size_t size, unsigned char value)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != value) {
            return false;
        }
    }
    return true;
}

/* True if a line of the process's memory map that covers `address` contains `text`. */
static bool maps_line_has(const void *address, const char *text)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    bool found = false;
    while (maps != NULL && !found && fgets(line, sizeof(line), maps) != NULL) {
        uintptr_t start = 0;
        uintptr_t end = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) == 2 &&
            (uintptr_t)address >= start && (uintptr_t)address < end) {
            found = strstr(line, text) != NULL;
        }
    }
    if (maps != NULL) {
        fclose(maps);
    }
    return found;
}

TEST(pages_map_any_alignment_gives_aligned_zeros)
{
    /* Goal: alignment and zeros as promised, nothing mapped beside. Method: every power of two from
     * the page to 64 MiB; the bytes before and behind are not ours, so only the range is looked at.
     */
    size_t page = thi_port_page_bytes();
    CHECK(page >= 4096);
    CHECK((page & (page - 1)) == 0);
    for (size_t alignment = page; alignment <= (64u << 20); alignment *= 2) {
        char *memory = thi_port_pages_map(3 * page, alignment);
        REQUIRE(memory != NULL);
        CHECK_EQ((uintptr_t)memory % alignment, 0);
        CHECK_EQ(resident_pages(memory, 3 * page), 0);
        CHECK(all_bytes(memory, 3 * page, 0));
        memset(memory, 1, 3 * page);
        thi_port_pages_unmap(memory, 3 * page);
        CHECK_EQ(resident_pages(memory, 3 * page), SIZE_MAX);
    }
}

TEST(pages_map_more_than_there_is_gives_null)
{
    /* Goal: refused, not broken. Method: sizes beyond any address space, with and without trimming.
     */
    size_t page = thi_port_page_bytes();
    CHECK(thi_port_pages_map(SIZE_MAX - page + 1, page) == NULL);
    CHECK(thi_port_pages_map(SIZE_MAX - page + 1, 2u << 20) == NULL);
    /* Half of what 32 bits can count may be had from a 64-bit system. */
    if (sizeof(void *) == 8) {
        CHECK(thi_port_pages_map((SIZE_MAX >> 1) + 1, 2u << 20) == NULL);
    }
}

TEST(pages_populate_keeps_content_and_makes_resident)
{
    /* Goal: populate touches pages and changes nothing. Method: one page written before, then look
     * at the content of all and at what is resident. Where the system cannot, false is the answer.
     */
    size_t page = thi_port_page_bytes();
    size_t size = 64 * page;
    char *memory = thi_port_pages_map(size, page);
    REQUIRE(memory != NULL);
    memset(memory + 5 * page, 7, page);
    bool populated = thi_port_pages_populate(memory, size);
    /* QEMU says yes to advice that it does not know, and does nothing. */
    if (!test_is_emulated()) {
        CHECK_EQ(resident_pages(memory, size), populated ? 64 : 1);
    }
    CHECK(all_bytes(memory + 5 * page, page, 7));
    CHECK(all_bytes(memory, 5 * page, 0));
    thi_port_pages_unmap(memory, size);
    /* Nothing there to populate is an early stop, not a missing call. */
    CHECK_EQ(thi_port_pages_populate(memory, size), populated);
}

TEST(pages_drop_gives_zeros_or_says_no)
{
    /* Goal: dropped pages read as zeros and are not resident. Method: write, drop, read. */
    size_t page = thi_port_page_bytes();
    size_t size = 16 * page;
    char *memory = thi_port_pages_map(size, page);
    REQUIRE(memory != NULL);
    memset(memory, 9, size);
    thi_port_pages_huge(memory, size);
    bool dropped = thi_port_pages_drop(memory, 8 * page);
    CHECK(all_bytes(memory + 8 * page, 8 * page, 9));
    if (dropped) {
        CHECK_EQ(resident_pages(memory, 8 * page), 0);
        CHECK(all_bytes(memory, 8 * page, 0));
    }
    thi_port_pages_unmap(memory, size);
}

TEST(pages_name_shows_in_the_memory_map)
{
    /* Goal: the name reaches the system. Method: read the process's own map; an older kernel has no
     * such names. */
    size_t page = thi_port_page_bytes();
    char *memory = thi_port_pages_map(page, page);
    REQUIRE(memory != NULL);
    memory[0] = 1;
    thi_port_pages_name(memory, page, "tophash:test");
    bool named = maps_line_has(memory, "[anon:tophash:test]");
    bool plain = maps_line_has(memory, "");
    thi_port_pages_unmap(memory, page);
    CHECK(plain || access("/proc/self/maps", R_OK) != 0);
    if (!named) {
        SKIP("this system gives anonymous memory no names");
    }
}

static unsigned bits_set(const unsigned char *bytes, size_t size)
{
    unsigned count = 0;
    for (size_t i = 0; i < size; i++) {
        count += (unsigned)__builtin_popcount(bytes[i]);
    }
    return count;
}

TEST(random_bytes_fill_all_and_differ)
{
    /* Goal: every byte is filled, two calls differ, also by the fallback. Method: half of 8,000
     * bits are ones within 6 sigmas (45), and nothing behind the end is written. */
    void (*const sources[])(void *, size_t) = {thi_port_random, thi_port_random_fallback};
    for (size_t s = 0; s < 2; s++) {
        unsigned char a[1001] = {0};
        unsigned char b[1001] = {0};
        sources[s](a, 1000);
        sources[s](b, 1000);
        CHECK(memcmp(a, b, 1000) != 0);
        CHECK(bits_set(a, 1000) > 4000 - 270);
        CHECK(bits_set(a, 1000) < 4000 + 270);
        CHECK_EQ(a[1000], 0);
        sources[s](a + 1000, 0);
        CHECK_EQ(a[1000], 0);
    }
}

TEST(random_fallback_without_any_file_still_fills)
{
    /* Goal: the last resort. Method: no file may be opened, so that the device is out of reach. */
    struct rlimit files;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
    struct rlimit none = {0, files.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    unsigned char a[1001] = {0};
    unsigned char b[1001] = {0};
    thi_port_random_fallback(a, 1000);
    thi_port_random_fallback(b, 1000);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
    CHECK(memcmp(a, b, 1000) != 0);
    CHECK(bits_set(a, 1000) > 4000 - 270);
    CHECK(bits_set(a, 1000) < 4000 + 270);
    CHECK_EQ(a[1000], 0);
}

TEST(clock_runs_forward_and_sleep_sleeps)
{
    /* Goal: monotonic, in nanoseconds. Method: many readings, then a sleep of 20 ms. */
    uint64_t last = thi_port_now_ns();
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t now = thi_port_now_ns();
        CHECK(now >= last);
        last = now;
    }
    thi_port_sleep_ns(20000000);
    thi_port_yield();
    thi_port_pause();
    uint64_t slept = thi_port_now_ns() - last;
    CHECK(slept >= 20000000);
    CHECK(slept < 10000000000u);
}

struct thread_answer {
    uint64_t id;
    char name[16];
    char short_name[4];
};

static void *thread_ask(void *context)
{
    struct thread_answer *answer = context;
    answer->id = thi_port_thread_id();
    (void)prctl(PR_SET_NAME, "a-test-thread", 0, 0, 0);
    thi_port_thread_name(answer->name, sizeof(answer->name));
    thi_port_thread_name(answer->short_name, sizeof(answer->short_name));
    return NULL;
}

TEST(thread_id_and_name_are_the_thread_s_own)
{
    /* Goal: ids differ, names come back terminated at any size. Method: a second thread that names
     * itself; sizes 16, 4 and 0. */
    struct thread_answer answer = {0, "", {'x', 'x', 'x', 'x'}};
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, thread_ask, &answer) == 0);
    pthread_join(thread, NULL);
    CHECK(answer.id != thi_port_thread_id());
    CHECK_EQ(thi_port_thread_id(), thi_port_thread_id());
    CHECK(memchr(answer.short_name, '\0', sizeof(answer.short_name)) != NULL);
    char untouched = 'x';
    thi_port_thread_name(&untouched, 0);
    CHECK_EQ(untouched, 'x');
    /* A system without names answers the empty one. */
    bool named = answer.name[0] != '\0';
    CHECK(strcmp(answer.name, named ? "a-test-thread" : "") == 0);
    CHECK(strcmp(answer.short_name, named ? "a-t" : "") == 0);
}

TEST(cpu_count_is_at_least_one)
{
    /* Goal: a number to divide work by. Method: ask twice. */
    CHECK(thi_port_cpu_count() >= 1);
    CHECK(thi_port_cpu_count() < 1000000);
}

TEST(wide_loads_answer_does_not_change)
{
    /* Goal: code chosen by the answer stays chosen. Method: ask again and again. */
    bool wide = thi_port_has_wide_loads();
    for (unsigned i = 0; i < 1000; i++) {
        CHECK_EQ(thi_port_has_wide_loads(), wide);
    }
}

TEST(membarrier_registered_twice_works)
{
    /* Goal: registering is idempotent and the heavy barrier works after it. Method: call both. */
    bool there = thi_port_membarrier_register();
    CHECK_EQ(thi_port_membarrier_register(), there);
    CHECK_EQ(thi_port_membarrier_heavy(), there);
    if (!there) {
        SKIP("this system has no expedited membarrier");
    }
}

TEST_MAIN()
