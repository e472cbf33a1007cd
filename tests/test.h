/* SPDX-License-Identifier: MIT
 * test.h - the project's test header: TAP lines, a printed seed, a time limit, a closing line.
 *
 * A test file:   TEST(map_get_absent_is_false) { ... CHECK(x); CHECK_EQ(a, b); ... }
 *                TEST_MAIN()
 * Options: --seed=N, --scale=N (percent of iterations), --time-limit=SECONDS, --list, NAME...
 * (substrings that select tests).
 */
#ifndef TOPHASH_TESTS_TEST_H
#define TOPHASH_TESTS_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

static struct test_case *test_cases;
static struct test_case **test_cases_end = &test_cases;
static uint64_t test_seed;
static unsigned test_scale_percent = 100;
static int test_failures; /* of the running test */
static const char *test_skip_reason;

static inline void test_register(struct test_case *test)
{
    *test_cases_end = test;
    test_cases_end = &test->next;
}

#define TEST(name_)                                                           \
    static void test_##name_(void);                                           \
    static struct test_case test_case_##name_ = {#name_, test_##name_, NULL}; \
    __attribute__((constructor)) static void test_add_##name_(void)           \
    {                                                                         \
        test_register(&test_case_##name_);                                    \
    }                                                                         \
    static void test_##name_(void)

static inline void test_fail(const char *file, int line, const char *what)
{
    __atomic_fetch_add(&test_failures, 1, __ATOMIC_RELAXED);
    printf("# %s:%d: failed: %s\n", file, line, what);
    fflush(stdout);
}

/* On failure reports and goes on. */
#define CHECK(condition) ((condition) ? (void)0 : test_fail(__FILE__, __LINE__, #condition))
/* On failure reports and leaves the test function. */
#define REQUIRE(condition)                             \
    do {                                               \
        if (!(condition)) {                            \
            test_fail(__FILE__, __LINE__, #condition); \
            return;                                    \
        }                                              \
    } while (0)
#define CHECK_EQ(got, want)                                                                  \
    do {                                                                                     \
        uint64_t test_got = (uint64_t)(got), test_want = (uint64_t)(want);                   \
        if (test_got != test_want) {                                                         \
            printf("# %s = %" PRIu64 ", expected %s = %" PRIu64 "\n", #got, test_got, #want, \
                   test_want);                                                               \
            test_fail(__FILE__, __LINE__, #got " == " #want);                                \
        }                                                                                    \
    } while (0)
#define SKIP(reason)                 \
    do {                             \
        test_skip_reason = (reason); \
        return;                      \
    } while (0)

/* `iterations` scaled by --scale or TOPHASH_TEST_SCALE (percent), at least 1. */
static inline uint64_t test_scaled(uint64_t iterations)
{
    uint64_t scaled = iterations * test_scale_percent / 100;
    return scaled == 0 ? 1 : scaled;
}

/* A small generator for tests: splitmix64. */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int test_main(int argc, char **argv)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    test_seed = (uint64_t)now.tv_sec * 1000000007u ^ (uint64_t)now.tv_nsec;
    unsigned limit_s = 120;
    const char *scale = getenv("TOPHASH_TEST_SCALE");
    if (scale != NULL) {
        test_scale_percent = (unsigned)strtoul(scale, NULL, 10);
    }
    const char *seed = getenv("TOPHASH_TEST_SEED");
    if (seed != NULL) {
        test_seed = strtoull(seed, NULL, 0);
    }
    bool list = false;
    int select_first = argc;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--seed=", 7) == 0) {
            test_seed = strtoull(argv[i] + 7, NULL, 0);
        } else if (strncmp(argv[i], "--scale=", 8) == 0) {
            test_scale_percent = (unsigned)strtoul(argv[i] + 8, NULL, 10);
        } else if (strncmp(argv[i], "--time-limit=", 13) == 0) {
            limit_s = (unsigned)strtoul(argv[i] + 13, NULL, 10);
        } else if (strcmp(argv[i], "--list") == 0) {
            list = true;
        } else {
            select_first = i;
            break;
        }
    }
    unsigned passed = 0, failed = 0, skipped = 0, number = 0;
    printf("# seed %" PRIu64 "\n", test_seed);
    for (struct test_case *test = test_cases; test != NULL; test = test->next) {
        bool selected = select_first == argc;
        for (int i = select_first; i < argc; i++) {
            selected = selected || strstr(test->name, argv[i]) != NULL;
        }
        if (!selected) {
            continue;
        }
        if (list) {
            printf("%s\n", test->name);
            continue;
        }
        test_failures = 0;
        test_skip_reason = NULL;
        alarm(limit_s); /* the limit of one test: SIGALRM ends the program, which fails the run */
        test->run();
        alarm(0);
        number++;
        if (test_failures != 0) {
            failed++;
            printf("not ok %u %s\n", number, test->name);
        } else if (test_skip_reason != NULL) {
            skipped++;
            printf("ok %u %s # SKIP %s\n", number, test->name, test_skip_reason);
        } else {
            passed++;
            printf("ok %u %s\n", number, test->name);
        }
        fflush(stdout);
    }
    if (!list) {
        printf("1..%u\n%u passed, %u failed, %u skipped\n", number, passed, failed, skipped);
    }
    return failed == 0 && (list || number > 0) ? 0 : 1;
}

#define TEST_MAIN()                   \
    int main(int argc, char **argv)   \
    {                                 \
        return test_main(argc, argv); \
    }

#endif
