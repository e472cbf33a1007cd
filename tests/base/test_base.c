/* SPDX-License-Identifier: MIT
 * test_base.c - statuses, the version, small arithmetic, and what a failed assert does.
 */
#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/base.h"

TEST(base_status_each_has_its_name)
{
    /* Goal: a status is told by its own name. Method: compare all with the spelling in the
     * header. */
    static const struct {
        th_status status;
        const char *name;
    } statuses[] = {
        {TH_OK, "TH_OK"},         {TH_EXISTS, "TH_EXISTS"},     {TH_ABSENT, "TH_ABSENT"},
        {TH_MORE, "TH_MORE"},     {TH_MISMATCH, "TH_MISMATCH"}, {TH_ENOMEM, "TH_ENOMEM"},
        {TH_EINVAL, "TH_EINVAL"}, {TH_ERANGE, "TH_ERANGE"},     {TH_ENOSYS, "TH_ENOSYS"},
        {TH_EBUSY, "TH_EBUSY"},   {TH_EIO, "TH_EIO"},
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        CHECK(strcmp(th_status_name(statuses[i].status), statuses[i].name) == 0);
    }
    CHECK(strcmp(th_status_name(5), "unknown status") == 0);
    CHECK(strcmp(th_status_name(-7), "unknown status") == 0);
    CHECK(strcmp(th_status_name(INT32_MIN), "unknown status") == 0);
}

TEST(base_version_agrees_with_its_parts)
{
    /* Goal: the library and the three numbers say the same. Method: print the numbers. */
    char parts[32];
    snprintf(parts, sizeof parts, "%d.%d.%d", TH_VERSION_MAJOR, TH_VERSION_MINOR, TH_VERSION_PATCH);
    CHECK(strcmp(th_version(), parts) == 0);
    CHECK(strcmp(th_version(), TH_VERSION_STRING) == 0);
}

TEST(base_bits_equal_counting_by_hand)
{
    /* Goal: the bit helpers are right at every edge. Method: compare with a loop, for each bit
     * alone and with random bits below and above it. */
    uint64_t state = test_seed;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t one = (uint64_t)1 << bit;
        uint64_t below = test_random(&state) & (one - 1);
        uint64_t above = test_random(&state) & ~(one | (one - 1));
        CHECK_EQ(thi_log2_floor(one | below), bit);
        CHECK_EQ(thi_lowest_bit(one | above), bit);
    }
}

TEST(base_round_up_gives_next_multiple)
{
    /* Goal: the least multiple not below the value. Method: check that definition at the edges. */
    for (uint64_t unit = 1; unit <= 4096; unit *= 2) {
        for (uint64_t value = 0; value < 3 * unit; value += unit / 4 + 1) {
            uint64_t rounded = thi_round_up(value, unit);
            CHECK(rounded >= value);
            CHECK(rounded < value + unit);
            CHECK_EQ(rounded % unit, 0);
        }
    }
}

static void assert_fail_in_child(void)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGABRT, SIG_DFL);
    if (freopen("/dev/null", "w", stderr) == NULL) {
        _exit(1);
    }
    bool one_is_two = test_seed == test_seed + 1;
    TH_ASSERT(one_is_two);
    _exit(0);
}

TEST(base_assert_failed_stops_the_program)
{
    /* Goal: misuse does not go on. Method: fail an assert in a child and look how it ended. */
    fflush(stdout);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        assert_fail_in_child();
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGABRT);
}

TEST_MAIN()
