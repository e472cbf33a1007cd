#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: tests/test.h tells failures, skips and time limits as it promises. Method: a program with a
# test of each kind is built, run with each option, and its output and exit status are compared.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

cat >"$work/sample.c" <<'SAMPLE'
#include "test.h"

TEST(sample_right_passes)
{
    CHECK(1 + 1 == 2);
    CHECK_EQ(test_scaled(200), test_scale_percent * 2);
}
TEST(sample_wrong_fails)
{
    CHECK_EQ(1 + 1, 3);
    CHECK(!"reached after a failed check");
}
TEST(sample_required_leaves)
{
    REQUIRE(1 == 2);
    printf("# never printed\n");
}
TEST(sample_skip_says_why)
{
    SKIP("no such machine");
}
TEST(sample_sleeper_is_ended)
{
    sleep(20);
}
TEST_MAIN()
SAMPLE
${CC:-cc} -std=c11 -D_GNU_SOURCE -I"$TOPHASH_SOURCE_DIR/tests" "$work/sample.c" -o "$work/sample"

# Runs the sample with arguments; the output and status must be as wanted.
expect() { # name wanted_status wanted_line arguments...
    name=$1
    wanted_status=$2
    wanted_line=$3
    shift 3
    status=0
    "$work/sample" "$@" >"$work/out" 2>&1 || status=$?
    if [ "$status" = "$wanted_status" ] && grep -qF -- "$wanted_line" "$work/out"; then
        passed=$((passed + 1))
        echo "ok $name"
    else
        failed=$((failed + 1))
        echo "not ok $name: status $status, output: $(cat "$work/out")"
    fi
}

expect harness_pass_is_counted 0 '1 passed, 0 failed, 0 skipped' right
expect harness_scale_is_applied 0 'scale 300 %' --scale=300 right
expect harness_seed_is_printed 0 '# seed 42,' --seed=42 right
expect harness_failure_is_counted 1 '0 passed, 1 failed, 0 skipped' wrong
expect harness_check_goes_on 1 'reached after a failed check' wrong
expect harness_values_are_shown 1 '1 + 1 = 2, expected 3 = 3' wrong
expect harness_skip_is_counted 0 '0 passed, 0 failed, 1 skipped' skip
expect harness_skip_says_why 0 'ok 1 sample_skip_says_why # SKIP no such machine' skip
expect harness_time_limit_ends_the_program 3 'not ok 1 sample_sleeper_is_ended' \
    --time-limit=1 sleeper
expect harness_list_runs_nothing 0 'sample_sleeper_is_ended' --list
expect harness_no_such_test_is_a_failure 1 '0 passed, 0 failed, 0 skipped' nothing_of_that_name
expect harness_unknown_option_is_refused 2 'unknown option --sed=1' --sed=1
if "$work/sample" required | grep -q 'never printed'; then
    failed=$((failed + 1))
    echo "not ok harness_require_leaves_the_test"
else
    passed=$((passed + 1))
    echo "ok harness_require_leaves_the_test"
fi

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
