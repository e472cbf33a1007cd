#!/bin/sh
# SPDX-License-Identifier: MIT
# test_lab_command.sh - `tophash lab` from outside: options, verdicts of short runs, JSON, plots.
#
# Goal: every experiment runs, ends in its time, and its verdicts agree with its tables; wrong usage
# is told. Method: one short run of everything, whose JSON is judged by a program of its own.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

ok() {
    passed=$((passed + 1))
    echo "ok $*"
}

fail() {
    failed=$((failed + 1))
    echo "not ok $*"
}

lab() {
    # shellcheck disable=SC2086
    ${TOPHASH_EMULATOR:-} "$TOPHASH_COMMAND" lab "$@"
}

expect() { # name wanted_status wanted_text arguments...
    name=$1
    wanted_status=$2
    wanted_text=$3
    shift 3
    status=0
    lab "$@" >"$work/out" 2>&1 || status=$?
    if [ "$status" = "$wanted_status" ] && grep -qF -- "$wanted_text" "$work/out"; then
        ok "$name"
    else
        fail "$name: status $status, output: $(head -c 600 "$work/out")"
    fi
}

expect lab_help_names_the_options 0 '--seconds=N' --help
expect lab_list_names_experiments 0 'store-buffering ' --list
expect lab_option_unknown_is_refused 2 'tophash lab --help' --dance
expect lab_experiment_unknown_is_refused 2 "no experiment 'dance'; \`tophash lab --list\`" dance
expect lab_seconds_zero_is_refused 2 "--seconds: a number from 0.1 to 86400" --seconds=0
expect lab_seconds_word_is_refused 2 "not 'soon'" --seconds=soon
expect lab_seed_negative_is_refused 2 "--seed: a number is needed" --seed=-1
expect lab_cpus_word_is_refused 2 '--cpus: a list such as 0,2-3 is needed' --cpus=all
expect lab_cpus_backwards_is_refused 2 '--cpus: a list such as' --cpus=1-0
expect lab_cpus_half_is_refused 2 '--cpus: a list such as' --cpus=
expect lab_cpus_absent_is_refused 2 'processor 4095: not one this process may use' --cpus=4095
expect lab_source_unknown_is_refused 2 "no program 'dance'; there are stale-bucket" --source=dance
expect lab_json_unwritable_is_told 3 'cannot write /nowhere/x.json' \
    --seconds=0.1 --json=/nowhere/x.json first-touch
expect lab_svg_unwritable_is_told 3 'cannot make the folder /nowhere/plots' \
    --seconds=0.1 --svg=/nowhere/plots first-touch

for fault in stale-bucket early-free missing-recheck; do
    sed '/^#include "small_table.h"$/{
        r '"$TOPHASH_SOURCE_DIR"'/lab/faults/small_table.h
        d
    }' "$TOPHASH_SOURCE_DIR/lab/faults/$fault.c" >"$work/expected.c"
    if lab --source=$fault | cmp -s - "$work/expected.c"; then
        ok "lab_source_of_${fault}_is_the_program"
    else
        fail "lab_source_of_${fault}_is_the_program: differs from lab/faults/$fault.c"
    fi
done

# One run of everything. Under a sanitizer or an emulator threads meet less often: what must be seen
# is then not asked for, what must never be seen is.
seconds=${TOPHASH_LAB_TEST_SECONDS:-6}
strict=strict
[ -n "${TOPHASH_SANITIZE:-}${TOPHASH_EMULATOR:-}" ] && strict=lenient
[ "${TOPHASH_COVERAGE:-}" = ON ] && strict=lenient
started=$(date +%s)
status=0
lab --seconds="$seconds" --seed=7 --json="$work/lab.json" --svg="$work/plots" >"$work/text" \
    2>"$work/errors" || status=$?
took=$(($(date +%s) - started))
if [ "$status" = 0 ] && [ ! -s "$work/errors" ]; then
    ok lab_run_of_everything_is_done
else
    fail "lab_run_of_everything_is_done: status $status, $(cat "$work/errors")" \
        "$(grep violated "$work/text")"
fi
# Room for a machine that does other things, and for sanitizers.
if [ "$took" -le $((seconds + 110)) ]; then
    ok lab_run_of_everything_ends_in_time
else
    fail "lab_run_of_everything_ends_in_time: $took s of $seconds"
fi
python3 "$TOPHASH_SOURCE_DIR/tests/lab/judge.py" "$strict" "$seconds" "$work/lab.json" \
    "$work/plots" "$work/text" >"$work/judged"
cat "$work/judged"
passed=$((passed + $(grep -c '^ok ' "$work/judged")))
failed=$((failed + $(grep -c '^not ok ' "$work/judged")))
grep -q '^done$' "$work/judged" || fail "judge.py came to its end"

# One processor: what needs two is refused, the rest is shown.
first=$(sed -n 's/^used *processors \([0-9]*\).*/\1/p' "$work/text")
expect lab_one_processor_cannot_buffer 0 'two processors are needed at once' \
    --seconds=0.2 --cpus="$first" store-buffering
expect lab_one_processor_shows_faults 0 'two processors: this process has one' \
    --seconds=1 --cpus="$first" stale-bucket
lab --seconds=0.2 --json=- first-touch >"$work/only.json"
if python3 -m json.tool "$work/only.json" >"$work/out" 2>&1; then
    ok lab_json_to_output_stands_alone
else
    fail "lab_json_to_output_stands_alone: $(cat "$work/out")"
fi

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
