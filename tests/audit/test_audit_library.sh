#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: every atomic operation of the library is accepted on every target and with every compiler it
# is built for, none is undecided, and as many are found as the compiler has.
# Method: the sources are audited file by file, with the flags they are shipped with. Without
# TOPHASH_ARCH there is nothing to do: what this build is made of is test_audit_command.sh's.
set -eu
title=audit_library
. "$(dirname "$0")/rows.sh"

row() {
    cd "$TOPHASH_SOURCE_DIR"
    rooms=$(ls src)
    shape=-fPIC
    case $name in
    *wasm32) rooms="atomic base epoch hash map mem port trace" shape=-ffreestanding ;;
    esac
    files=""
    for room in $rooms; do
        files="$files $(echo src/"$room"/*.c)"
    done
    status=0
    # shellcheck disable=SC2086 # one word a flag
    "$TOPHASH_COMMAND" audit "--cc=$compiler" $files -- -O2 -std=c11 -D_GNU_SOURCE -DNDEBUG \
        -Iinclude -Isrc $shape -fvisibility=hidden -fno-strict-overflow -fno-common $flags $more \
        >"$work/out" 2>"$work/errors" || status=$?
    counts=$(sed -nE 's/^all: .* ([0-9]+) operations.* ([0-9]+) found.*/\1 \2/p' "$work/out")
    sed -n 's/^all: //p' "$work/out"
    if [ "$status" = 0 ] && [ -n "$counts" ] && [ "${counts% *}" = "${counts#* }" ]; then
        return 0
    fi
    echo "status $status"
    grep -A6 -E '^(rejected|undecided)' "$work/out" | head -n 40
    tail -n 5 "$work/errors"
    return 1
}

if [ -z "${TOPHASH_ARCH:-}" ]; then
    echo "skipped: all targets take minutes; TOPHASH_ARCH is not set"
    exit 77
fi
tools_check
rows "${1:-none}" "${2:-}" "${3:-}"
