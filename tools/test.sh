#!/bin/sh
# SPDX-License-Identifier: MIT
# test.sh [PRESET [ctest arguments...]] - builds a preset (release) and runs its tests.
#
# The last line is `N passed, N failed, N skipped`, counted in cases; status 0 if none failed.
set -eu
cd "$(dirname "$0")/.."
preset=${1:-release}
[ $# -gt 0 ] && shift
jobs=${JOBS:-$(nproc)}

mkdir -p "build/$preset"
if ! tools/build.sh "$preset" >"build/$preset/build.log" 2>&1; then
    cat "build/$preset/build.log" >&2
    echo "Failed: the $preset build"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi

export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}"
# Instrumented programs are slow: fewer rounds of what has rounds, and more time for the rest. The
# programs print the scale they run at.
case $preset in
*tsan*) scale=25 ;;
*asan* | coverage) scale=50 ;;
*) scale=100 ;;
esac
export TOPHASH_TEST_SCALE="${TOPHASH_TEST_SCALE:-$scale}"
if [ "$scale" != 100 ]; then
    export TOPHASH_TEST_TIME_LIMIT="${TOPHASH_TEST_TIME_LIMIT:-500}"
fi

# The thread sanitizer of older compilers cannot cope with much address randomization.
launcher=""
case $preset in
*tsan*) launcher="setarch $(uname -m) -R" ;;
esac

report=$PWD/build/$preset/tests.xml
rm -f "$report"
$launcher ctest --test-dir "build/$preset" --parallel "$jobs" --output-on-failure \
    --output-junit "$report" --test-output-size-passed 4000000 \
    --test-output-size-failed 4000000 "$@" || true
if [ ! -f "$report" ]; then
    echo "Failed: ctest in build/$preset"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
awk -f tools/summary.awk "$report"
