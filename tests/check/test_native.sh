#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: the examples are plain C11 programs that any compiler takes and any machine runs. Method:
# each is compiled with every warning, and run some times, except those that are wrong on purpose.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$TOPHASH_SOURCE_DIR/examples/check"
warnings='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wcast-qual -Wvla -Werror'
passed=0
failed=0

judge() { # name status
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "not ok $1: status $2"
        cat "$work/errors"
    fi
}

compile() { # program flags...
    # shellcheck disable=SC2086
    "${CC:-cc}" -std=c11 $warnings -O1 -pthread "$@" -o "$work/program" 2>"$work/errors"
}

run() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        timeout 20 "$work/program" >/dev/null 2>"$work/errors" || return $?
    done
}

for program in *.c reference/*.c; do
    status=0
    case $program in
    dekker.c) compile "$program" -I"$TOPHASH_SOURCE_DIR/include" -c || status=$? ;;
    spsc_broken.c | release_sequence.c | reference/isa2.c) compile "$program" || status=$? ;;
    map_protocol.c)
        for scenario in $(sed -nE 's/^    \[([A-Z_]+)\] = .*/\1/p' map_scenarios.h); do
            [ "$status" != 0 ] || { compile "$program" -DSCENARIO="$scenario" && run; } || status=$?
        done
        ;;
    *) { compile "$program" && run; } || status=$? ;;
    esac
    judge "$program" "$status"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
