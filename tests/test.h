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
#include <signal.h>
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
static char test_running[256]; /* what to print if its time is up */

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

/* True where an emulator runs the program: what it measures of time and of resident memory is the
 * emulator's too, and advice to the system may go no further than the emulator. */
static inline bool test_is_emulated(void)
{
    const char *said = getenv("TOPHASH_TEST_EMULATED");
    return said != NULL && strcmp(said, "1") == 0;
}

/* Notes a result that every target must give alike, whatever its byte order, word size and
 * compiler: tools/test_arch.sh compares these lines between targets. `what` is unique in the test
 * program. */
static inline void test_observe(const char *what, uint64_t value)
{
    printf("# observed %s = %016" PRIx64 "\n", what, value);
}

/* Digests of what is too long to be noted, by arithmetic alone: FNV-1a over the bytes from the
 * lowest up. Begin with 0. */
static inline uint64_t test_digest_bytes(uint64_t digest, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    digest = digest == 0 ? UINT64_C(0xcbf29ce484222325) : digest;
    for (size_t i = 0; i < size; i++) {
        digest = (digest ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return digest;
}

static inline uint64_t test_digest_word(uint64_t digest, uint64_t word)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(word >> (8 * i));
    }
    return test_digest_bytes(digest, bytes, sizeof bytes);
}

/* A small generator for tests: splitmix64. */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* What the arguments and the environment ask for. */
struct test_options {
    bool list;
    char **names; /* substrings; none: all tests */
    int name_count;
};

struct test_totals {
    unsigned passed;
    unsigned failed;
    unsigned skipped;
};

/* Behind `prefix` in `argument`; NULL if it does not start so. */
static inline const char *test_option(const char *argument, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(argument, prefix, size) == 0 ? argument + size : NULL;
}

static unsigned test_limit_s = 120; /* of one test */

/* TOPHASH_TEST_SEED, TOPHASH_TEST_SCALE, TOPHASH_TEST_TIME_LIMIT: as the options. */
static inline void test_environment_read(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    test_seed = (uint64_t)now.tv_sec * 1000000007u ^ (uint64_t)now.tv_nsec;
    const char *scale = getenv("TOPHASH_TEST_SCALE");
    const char *seed = getenv("TOPHASH_TEST_SEED");
    if (scale != NULL) {
        test_scale_percent = (unsigned)strtoul(scale, NULL, 10);
    }
    const char *limit_s = getenv("TOPHASH_TEST_TIME_LIMIT");
    if (seed != NULL) {
        test_seed = strtoull(seed, NULL, 0);
    }
    if (limit_s != NULL) {
        test_limit_s = (unsigned)strtoul(limit_s, NULL, 10);
    }
}

static inline struct test_options test_options_read(int argc, char **argv)
{
    struct test_options options = {.list = false};
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *value;
        if ((value = test_option(argv[i], "--seed=")) != NULL) {
            test_seed = strtoull(value, NULL, 0);
        } else if ((value = test_option(argv[i], "--scale=")) != NULL) {
            test_scale_percent = (unsigned)strtoul(value, NULL, 10);
        } else if ((value = test_option(argv[i], "--time-limit=")) != NULL) {
            test_limit_s = (unsigned)strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--list") == 0) {
            options.list = true;
        } else {
            fprintf(stderr, "%s: unknown option %s; see tests/test.h\n", argv[0], argv[i]);
            exit(2);
        }
    }
    options.names = argv + i;
    options.name_count = argc - i;
    return options;
}

static inline bool test_selected(const struct test_options *options, const char *name)
{
    for (int i = 0; i < options->name_count; i++) {
        if (strstr(name, options->names[i]) != NULL) {
            return true;
        }
    }
    return options->name_count == 0;
}

/* Ends the program: a test that hangs cannot be left otherwise. Only calls a handler may make. */
static inline void test_time_is_up(int signal_number)
{
    (void)signal_number;
    static const char message[] = "# the time limit of one test is over: --time-limit=SECONDS\n";
    if (write(STDOUT_FILENO, test_running, strlen(test_running)) < 0 ||
        write(STDOUT_FILENO, message, sizeof message - 1) < 0) {
        _exit(4);
    }
    _exit(3);
}

static inline void test_case_run(const struct test_case *test, unsigned number,
                                 struct test_totals *totals)
{
    test_failures = 0;
    test_skip_reason = NULL;
    snprintf(test_running, sizeof test_running, "not ok %u %s\n", number, test->name);
    alarm(test_limit_s);
    test->run();
    alarm(0);
    if (test_failures != 0) {
        totals->failed++;
        printf("not ok %u %s\n", number, test->name);
    } else if (test_skip_reason != NULL) {
        totals->skipped++;
        printf("ok %u %s # SKIP %s\n", number, test->name, test_skip_reason);
    } else {
        totals->passed++;
        printf("ok %u %s\n", number, test->name);
    }
    fflush(stdout);
}

static inline int test_main(int argc, char **argv)
{
    test_environment_read();
    struct test_options options = test_options_read(argc, argv);
    struct test_totals totals = {0, 0, 0};
    unsigned number = 0;
    signal(SIGALRM, test_time_is_up);
    if (!options.list) {
        printf("# seed %" PRIu64 ", scale %u %%\n", test_seed, test_scale_percent);
    }
    for (const struct test_case *test = test_cases; test != NULL; test = test->next) {
        if (!test_selected(&options, test->name)) {
            continue;
        }
        number++;
        if (options.list) {
            printf("%s\n", test->name);
        } else {
            test_case_run(test, number, &totals);
        }
    }
    if (!options.list) {
        printf("1..%u\n%u passed, %u failed, %u skipped\n", number, totals.passed, totals.failed,
               totals.skipped);
    }
    return totals.failed == 0 && number > 0 ? 0 : 1;
}

#define TEST_MAIN()                   \
    int main(int argc, char **argv)   \
    {                                 \
        return test_main(argc, argv); \
    }

#endif
