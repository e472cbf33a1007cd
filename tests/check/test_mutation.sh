#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: no order in the examples is stronger than it need be, and none is untested. Method: each is
# weakened in turn (--mutate), and something must fail. The small map has a program a scenario: an
# order counts as tested if one of them notices, or programs/unneeded.tsv says why none does. The
# map takes minutes: with a scale of 1000 and more only.
set -eu
if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-}" = ON ]; then
    echo "skipped: checked programs cannot be linked with an instrumented checker"
    exit 77
fi
unneeded=$TOPHASH_SOURCE_DIR/tests/check/programs/unneeded.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$TOPHASH_SOURCE_DIR/examples/check"
passed=0
failed=0

# Which lines of the report are mutants: `<file>:<line> <what> <order> -> <order>  <result> ...`.
mutants() { # result report
    sed -nE "s/^([a-z_]+\.[ch]:[0-9]+) +(.* -> [a-z_]+) +$1 .*/\1 \2/p" "$2" | sed -E 's/ +/ /g'
}

judge() { # name survivors-file
    if [ ! -s "$2" ]; then
        passed=$((passed + 1))
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "not ok $1: no failure with these orders weakened:"
        sed 's/^/    /' "$2"
    fi
}

for program in spsc.c "-DTHREADS=3 ticket_lock.c" once_atomic.c seqlock.c treiber_stack.c \
    "-DCONSUMERS=2 ms_queue.c" "--reuse hazard.c" reference/mp.c reference/treiber.c \
    membarrier.c dekker.c; do
    # shellcheck disable=SC2086
    "$TOPHASH_COMMAND" check --quiet --mutate $program >"$work/report" 2>&1 ||
        echo "status $?" >>"$work/report"
    mutants SURVIVED "$work/report" >"$work/survivors"
    grep -q ' killed, 0 survived' "$work/report" || cat "$work/report" >>"$work/survivors"
    judge "$program" "$work/survivors"
done

map_scenarios() {
    sed -nE 's/^    \[([A-Z_]+)\] = .*/\1/p' map_scenarios.h
}

if [ "${TOPHASH_TEST_SCALE:-100}" -ge 1000 ]; then
    for scenario in $(map_scenarios); do
        "$TOPHASH_COMMAND" check --quiet --mutate --max-seconds=600 -DSCENARIO="$scenario" \
            map_protocol.c >"$work/map_$scenario" 2>&1 || true
    done
    cat "$work"/map_* >"$work/report"
    mutants killed "$work/report" | sort -u >"$work/killed"
    mutants SURVIVED "$work/report" | sort -u >"$work/survived"
    comm -23 "$work/survived" "$work/killed" >"$work/never"
    : >"$work/survivors"
    grep -v '^#' "$unneeded" | cut -f1 >"$work/texts"
    while read -r place rest; do
        line=$(sed -n "${place#*:}p" "${place%:*}")
        echo "$line" | grep -qF -f "$work/texts" || echo "$place $rest: $line" >>"$work/survivors"
    done <"$work/never"
    judge "map_protocol.c, $(map_scenarios | wc -l) scenarios, $(wc -l <"$work/killed") orders" \
        "$work/survivors"
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
