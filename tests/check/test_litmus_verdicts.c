/* SPDX-License-Identifier: MIT
 * test_litmus_verdicts.c - 798 litmus tests against known answers, how fast, and with how much
 * memory; and each rule of the model shown to matter.
 */
#include "test.h"
#include "verdicts.h"

#include "engine/rules.h"

static const char known_folder[] = "tests/check/litmus";
static const char rules_folder[] = "tests/check/litmus_rules";

static void all_checked(bool c11)
{
    struct verdicts verdicts;
    struct thi_engine_options options = {.c11_release_sequence = c11, .check_duplicates = true};
    unsigned long executions, total = 0;
    REQUIRE(verdicts_load(&verdicts, known_folder));
    CHECK_EQ(verdicts.count, 798);
    for (size_t i = 0; i < verdicts.count; i++) {
        if (!verdict_holds(&verdicts.list[i], &options, &executions)) {
            printf("# %s: not as the table says\n", verdicts.list[i].name);
            test_fail(__FILE__, __LINE__, "as the table says");
        }
        total += executions;
    }
    printf("# %zu tests, %lu executions\n", verdicts.count, total);
    verdicts_free(&verdicts);
}

/* Goal: states, race flag and number of executions of every test are those of herd7 under RC11's
 * release sequences, and no execution comes twice. Method: run all, compare with the table. */
TEST(litmus_all_under_c11_as_in_table)
{
    all_checked(true);
}

/* Goal: the same under C++20's release sequences. */
TEST(litmus_all_under_c20_as_in_table)
{
    all_checked(false);
}

/* Goal: a litmus execution costs microseconds. Method: run all tests again and again for a second;
 * the bound is far below what an optimized build does, so that a loaded machine does not fail. */
TEST(litmus_executions_per_second)
{
    struct verdicts verdicts;
    struct thi_engine_options options = {.c11_release_sequence = false};
    unsigned long total = 0;
    struct timespec from, now;
    double elapsed_s = 0;
    REQUIRE(verdicts_load(&verdicts, known_folder));
    clock_gettime(CLOCK_MONOTONIC, &from);
    while (elapsed_s < 1) {
        for (size_t i = 0; i < verdicts.count; i++) {
            struct thi_litmus_result result;
            CHECK(thi_litmus_run(verdicts.list[i].litmus, &options, &result));
            total += (unsigned long)result.engine.executions;
            thi_litmus_result_clear(&result);
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        elapsed_s =
            (double)(now.tv_sec - from.tv_sec) + (double)(now.tv_nsec - from.tv_nsec) * 1e-9;
    }
    printf("# %.0f executions a second\n", (double)total / elapsed_s);
    CHECK((double)total / elapsed_s > 5000);
    verdicts_free(&verdicts);
}

/* The tests of the table that fail with these options; the first one's name. */
static unsigned long failures_count(const struct verdicts *verdicts,
                                    const struct thi_engine_options *options, const char **first)
{
    unsigned long failed = 0, executions;
    for (size_t i = 0; i < verdicts->count; i++) {
        if (!verdict_holds(&verdicts->list[i], options, &executions)) {
            *first = *first == NULL ? verdicts->list[i].name : *first;
            failed++;
        }
    }
    return failed;
}

struct rule_text {
    unsigned number;
    const char *text;
};

/* Goal: each numbered rule of the model is needed. Method: switch each off and look for litmus
 * tests that then have another answer; the list is printed. Two tests are there for rules that the
 * large set does not touch. */
TEST(rules_each_switched_off_fails_a_test)
{
    static const struct rule_text rules[] = {
#define RULE(number, name, text) {number, text},
        TH_RULES(RULE)
#undef RULE
    };
    struct verdicts known, own;
    REQUIRE(verdicts_load(&known, known_folder));
    REQUIRE(verdicts_load(&own, rules_folder));
    for (size_t r = 0; r <= sizeof rules / sizeof rules[0]; r++) {
        bool none = r == sizeof rules / sizeof rules[0];
        struct thi_engine_options options = {.c11_release_sequence = true,
                                             .rules_off = none ? 0 : (uint64_t)1 << rules[r].number,
                                             .check_duplicates = true,
                                             .executions_max = 5000};
        const char *first = NULL;
        unsigned long failed = failures_count(&known, &options, &first);
        failed += failures_count(&own, &options, &first);
        if (none) {
            CHECK_EQ(failed, 0);
            continue;
        }
        printf("# R%-2u off: %3lu tests fail, first %-28s %s\n", rules[r].number, failed,
               first == NULL ? "(none)" : first, rules[r].text);
        CHECK(failed > 0);
    }
    verdicts_free(&known);
    verdicts_free(&own);
}

TEST_MAIN()
