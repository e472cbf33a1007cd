#!/bin/sh
# SPDX-License-Identifier: MIT
# coverage.sh - runs the tests in a build that counts lines, and judges the figures: at least
# 85 % of the lines of src/ and of server/, and every public function called.
set -eu
cd "$(dirname "$0")/.."
build=build/coverage
lines_min=85
passed=0
failed=0

judge() { # condition message
    if [ "$1" = 1 ]; then
        passed=$((passed + 1))
        echo "ok $2"
    else
        failed=$((failed + 1))
        echo "not ok $2"
    fi
}

find "$build" -name '*.gcda' -delete 2>/dev/null || true
status=0
tools/test.sh coverage --label-exclude house --exclude-regex '^map_map_broken$' \
    >"$build.log" 2>&1 || status=$?
tail -n 1 "$build.log"
if [ "$status" != 0 ]; then
    cat "$build.log"
fi
judge "$((status == 0))" "coverage_tests_pass"

for room in src server; do
    gcovr --root . --object-directory "$build" --filter "$room/" --exclude-throw-branches \
        --exclude-unreachable-branches --json-summary "$build/$room.json" \
        --txt "$build/$room.txt" --gcov-ignore-parse-errors "$build" 2>"$build/$room.err" || {
        cat "$build/$room.err"
        judge 0 "coverage_of_${room}_is_readable"
        continue
    }
    cat "$build/$room.txt"
    percent=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["line_percent"])' \
        <"$build/$room.json")
    enough=$(awk -v p="$percent" -v m="$lines_min" 'BEGIN { print (p >= m) }')
    judge "$enough" "coverage_of_${room}_lines: $percent % (at least $lines_min)"
done

# Execution counts of public functions, by gcov's own JSON: tests link them statically.
find "$build" -path '*tophash_objects*' -name '*.gcda' | while read -r counts; do
    gcov --json-format --stdout "$counts" 2>/dev/null
done | python3 -c '
import json, sys
called = {}
for line in sys.stdin:
    for file in json.loads(line)["files"]:
        for function in file["functions"]:
            name = function["name"]
            called[name] = called.get(name, 0) + function["execution_count"]
for name in open("ci/exported_symbols.txt").read().split():
    if not called.get(name):
        print(name)
' >"$build/uncalled.txt"
sed 's/^/never called: /' "$build/uncalled.txt"
uncalled=$(wc -l <"$build/uncalled.txt")
judge "$((uncalled == 0))" "coverage_every_public_function_is_called"

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
