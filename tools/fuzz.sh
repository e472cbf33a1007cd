#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh [SECONDS] - builds the fuzz targets and runs each for a bounded time, from its corpus
# tests/<room>/corpus/<target>/ if there is one.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
passed=0
failed=0
tools/build.sh fuzz
for source in tests/*/fuzz_*.c; do
    [ -f "$source" ] || continue
    target=$(basename "$source" .c)
    seeds=$(dirname "$source")/corpus/$target
    found=build/fuzz/corpus/$target
    mkdir -p "$found"
    [ -d "$seeds" ] || seeds=""
    log=build/fuzz/$target.log
    echo "# $target: $seconds s, all it says is in $log"
    if "build/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/$target-" "$found" $seeds \
        >"$log" 2>&1; then
        passed=$((passed + 1))
        grep -E '^(#[0-9]+[[:space:]]+DONE|stat::)' "$log" | sed 's/^/# /'
        echo "ok $target"
    else
        failed=$((failed + 1))
        tail -n 60 "$log"
        echo "not ok $target: the input is build/fuzz/$target-*"
    fi
done
if [ "$passed" = 0 ] && [ "$failed" = 0 ]; then
    echo "not ok fuzz: no target tests/*/fuzz_*.c"
    failed=1
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
