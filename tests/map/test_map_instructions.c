/* SPDX-License-Identifier: MIT
 * test_map_instructions.c - a get that hits takes no more instructions than docs/performance.md
 *                           says: counted one by one in a traced child, not timed.
 */
#define _DEFAULT_SOURCE 1

#include <tophash/map.h>

#include "test.h"

#if defined(__x86_64__) && defined(NDEBUG) && defined(__OPTIMIZE__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if __has_include(<sys/ptrace.h>) && __has_include(<sys/user.h>)
#define COUNTABLE 1
#endif
#endif

#ifdef COUNTABLE
#include "atomic/line.h"
#include "port/port.h"

#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef TH_LINE_WHOLE

/* From the call to the return, both counted: 34, 36 and 94 with gcc 12, and two for others. */
enum { MOST_U64 = 36, MOST_U32 = 38, MOST_BYTES = 92 };
/* So many that the records of the last ones lie in the slab's range, as most of a large map do. */
enum { ENTRIES = 16000, STEPS_MAX = 100000, GETS = 100 };

typedef bool (*get_fn)(const void *map, const void *key, uint64_t *value);

static bool get_u64(const void *map, const void *key, uint64_t *value)
{
    return th_map_u64_get((const struct th_map_u64 *)map, *(const uint64_t *)key, value);
}

static bool get_u32(const void *map, const void *key, uint64_t *value)
{
    return th_map_u32_get((const struct th_map_u32 *)map, (uint32_t) * (const uint64_t *)key,
                          value);
}

/* A key of 24 bytes made of a word. */
static void key_make(uint64_t word, uint64_t key[3])
{
    key[0] = word;
    key[1] = ~word;
    key[2] = word * 3;
}

static bool get_bytes(const void *map, const void *key, uint64_t *value)
{
    uint64_t bytes[3];
    key_make(*(const uint64_t *)key, bytes);
    return th_map_bytes_get((const struct th_map_bytes *)map, bytes, sizeof bytes, value);
}

/* In the child: each get stands between two breakpoints. */
static void child_run(const void *map, get_fn get, const uint64_t *keys)
{
    uint64_t value = 0;
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    (void)get(map, &keys[0], &value); /* registers the thread, binds symbols */
    for (unsigned i = 0; i < GETS; i++) {
        __asm__ volatile("int3");
        (void)get(map, &keys[i], &value);
        __asm__ volatile("int3");
    }
    _exit(0);
}

static bool child_stopped(pid_t child)
{
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFSTOPPED(status);
}

/* Steps of the child until the second breakpoint, from where the function `entry` is called to
 * where it has returned; 0: something else happened. */
static unsigned steps_count(pid_t child, uintptr_t entry)
{
    unsigned counted = 0;
    uintptr_t back = 0; /* where the call returns to */
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        struct user_regs_struct registers;
        if (ptrace(PTRACE_GETREGS, child, NULL, &registers) != 0) {
            return 0;
        }
        uintptr_t at = registers.rip;
        if (at == entry && back == 0) {
            back = (uintptr_t)ptrace(PTRACE_PEEKDATA, child, (void *)registers.rsp, NULL);
            counted = 1; /* the call */
        }
        if (at == back && back != 0) {
            return counted;
        }
        counted += back != 0;
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0 || !child_stopped(child)) {
            return 0;
        }
    }
    return 0;
}

/* The fewest instructions of all gets: those of one that hits its home line at once. The median
 * too: most do. *fewest 0: the system does not let us trace. */
static void gets_count(const void *map, get_fn get, uintptr_t entry, const uint64_t *keys,
                       unsigned *fewest, unsigned *same)
{
    *fewest = 0;
    *same = 0;
    unsigned counts[GETS];
    pid_t child = fork();
    if (child == 0) {
        child_run(map, get, keys);
    }
    if (child < 0 || !child_stopped(child)) {
        return;
    }
    for (unsigned i = 0; i < GETS; i++) {
        if (ptrace(PTRACE_CONT, child, NULL, NULL) != 0 || !child_stopped(child)) {
            return;
        }
        counts[i] = steps_count(child, entry);
        if (ptrace(PTRACE_CONT, child, NULL, NULL) != 0 || !child_stopped(child)) {
            return;
        }
        *fewest = i == 0 || counts[i] < *fewest ? counts[i] : *fewest;
    }
    for (unsigned i = 0; i < GETS; i++) {
        *same += counts[i] == *fewest;
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

static void gets_judge(const char *kind, unsigned fewest, unsigned same, unsigned most)
{
    printf("# %s: %u instructions from call to return, in %u of %u gets\n", kind, fewest, same,
           GETS);
    CHECK(fewest <= most);
    CHECK(same > GETS * 3 / 4);
}
#endif
#endif

TEST(a_get_that_hits_takes_as_few_instructions_as_promised)
{
    /* Goal: no call, no spill and no slow path creeps into the way to a hit. Method: a child that
     * gets present keys is stepped instruction by instruction. */
#if defined(COUNTABLE) && defined(TH_LINE_WHOLE)
    if (!thi_port_has_wide_loads()) {
        SKIP("this processor has no whole loads of 16 bytes");
    }
    if (test_scaled(100) < 100) {
        SKIP("instrumented builds, which run at less than full scale, have other instructions");
    }
    struct th_map_u64 *words = NULL;
    struct th_map_u32 *halves = NULL;
    struct th_map_bytes *strings = NULL;
    static uint64_t keys[ENTRIES];
    REQUIRE(th_map_u64_new(NULL, &words) == TH_OK);
    REQUIRE(th_map_u32_new(NULL, &halves) == TH_OK);
    REQUIRE(th_map_bytes_new(NULL, &strings) == TH_OK);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        uint64_t bytes[3];
        keys[i] = i * 7 + 1;
        key_make(keys[i], bytes);
        CHECK(th_map_u64_insert(words, keys[i], i, NULL) == TH_OK);
        CHECK(th_map_u32_insert(halves, (uint32_t)keys[i], i, NULL) == TH_OK);
        CHECK(th_map_bytes_insert(strings, bytes, sizeof bytes, i, NULL) == TH_OK);
    }
    const struct {
        const char *kind;
        const void *map;
        get_fn get;
        uintptr_t entry;
        unsigned most;
    } rows[] = {
        {"u64", words, get_u64, (uintptr_t)th_map_u64_get, MOST_U64},
        {"u32", halves, get_u32, (uintptr_t)th_map_u32_get, MOST_U32},
        {"bytes", strings, get_bytes, (uintptr_t)th_map_bytes_get, MOST_BYTES},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned fewest;
        unsigned same;
        gets_count(rows[i].map, rows[i].get, rows[i].entry, keys + ENTRIES - GETS, &fewest, &same);
        if (fewest == 0) {
            SKIP("this system does not let a process trace its child");
        }
        gets_judge(rows[i].kind, fewest, same, rows[i].most);
    }
    th_map_bytes_free(strings);
    th_map_u32_free(halves);
    th_map_u64_free(words);
#else
    SKIP("counted in release builds of gcc for x86-64 only");
#endif
}

TEST_MAIN()
