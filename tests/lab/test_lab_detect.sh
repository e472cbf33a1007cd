#!/bin/sh
# SPDX-License-Identifier: MIT
# test_lab_detect.sh - which tool finds the faults of the small table, against what the lab says.
#
# Goal: the table "which tool finds it" of `tophash lab` is what really happens. Method: every tool
# on every program that `tophash lab --source` prints:
#   at once   one round is enough, three times in three
#   by luck   one round at the usual speed is silent in three, and with a long window in many rounds
#             the tool speaks
#   blind     the tool is silent in many rounds with a long window, and the program's own assertion,
#             made a message, shows that the fault did happen there
# The mended programs must make no tool speak.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-}" = ON ]; then
    echo "skipped: checked programs cannot be linked with an instrumented checker"
    exit 77
fi
if [ -n "${TOPHASH_EMULATOR:-}" ] || ! "$TOPHASH_COMMAND" check --help >/dev/null 2>&1; then
    echo "skipped: this build has no checker"
    exit 77
fi

# An assertion that fails is told and does not end the program: the tool may speak later.
cat >"$work/assert.h" <<'END'
#include <stdio.h>
#include <unistd.h>
#define assert(condition) ((condition) ? (void)0 : (void)puts("it happened"))
END

program() { # fault sanitizer rounds window flags... -> $work/program
    fault=$1
    sanitizer=$2
    rounds=$3
    window=$4
    shift 4
    mkdir -p "$work/include"
    cp "$work/assert.h" "$work/include/assert.h"
    "$TOPHASH_COMMAND" lab --source="$fault" >"$work/$fault.c"
    "$CC" -O1 -g -pthread -fsanitize="$sanitizer" -I"$work/include" -include unistd.h \
        -D_GNU_SOURCE -DROUNDS="$rounds" "-DSMALL_WINDOW(fault)=$window" "$@" \
        "$work/$fault.c" -o "$work/program"
}

# How many of three runs made the tool speak.
spoke() {
    count=0
    : >"$work/out"
    for _ in 1 2 3; do
        "$work/program" >"$work/run" 2>&1
        grep -q 'Sanitizer' "$work/run" && count=$((count + 1))
        cat "$work/run" >>"$work/out"
    done
    echo $count
}

# A long stay in the fault's own window, and in no other.
window_of() { # fault
    case $1 in
    stale-bucket) echo '(fault == SMALL_STALE_BUCKET ? usleep(100) : 0)' ;;
    early-free) echo '(fault == SMALL_EARLY_FREE ? usleep(100) : 0)' ;;
    missing-recheck) echo '(fault == SMALL_NO_RECHECK ? usleep(100) : 0)' ;;
    esac
}

sanitizer_answer() { # fault sanitizer
    program "$1" "$2" 1 '(void)0' || return
    once=$(spoke)
    program "$1" "$2" 150 "$(window_of "$1")" || return
    often=$(spoke)
    happened=$(grep -c 'it happened' "$work/out")
    if [ "$once" = 3 ]; then
        echo "at once"
    elif [ "$often" -gt 0 ]; then
        echo "by luck"
    elif [ "$happened" -gt 0 ]; then
        echo "blind"
    else
        echo "nothing happened"
    fi
}

check_answer() { # fault
    "$TOPHASH_COMMAND" lab --source="$1" >"$work/$1.c"
    "$TOPHASH_COMMAND" check --quiet "$work/$1.c" >"$work/out" 2>&1
    [ $? = 1 ] && grep -q '^failed: ' "$work/out" && echo "at once"
}

is() { # what got wanted
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        echo "ok $1: $2"
    else
        failed=$((failed + 1))
        echo "not ok $1: '$2', and the lab says '$3'"
        head -20 "$work/out" | sed 's/^/    /'
    fi
}

for fault in stale-bucket early-free missing-recheck; do
    "$TOPHASH_COMMAND" lab --seconds=0.1 "$fault" >"$work/lab"
    for tool in 'tophash check' ThreadSanitizer AddressSanitizer; do
        said=$(sed -n "s/^  $tool  *\(at once\|by luck\|blind\).*/\1/p" "$work/lab")
        case $tool in
        ThreadSanitizer) got=$(sanitizer_answer $fault thread) ;;
        AddressSanitizer) got=$(sanitizer_answer $fault address) ;;
        *) got=$(check_answer $fault) ;;
        esac
        is "$fault, $tool" "$got" "$said"
    done
    "$TOPHASH_COMMAND" check --quiet "$work/$fault.c" -- -DSMALL_FAULT=SMALL_RIGHT \
        >"$work/out" 2>&1
    is "$fault mended, tophash check" "$(grep -o '^verified (complete)' "$work/out")" \
        'verified (complete)'
    for sanitizer in thread address; do
        program $fault $sanitizer 100 "$(window_of $fault)" -DSMALL_FAULT=SMALL_RIGHT
        "$work/program" >"$work/out" 2>&1
        is "$fault mended, $sanitizer sanitizer" "status $?, $(wc -c <"$work/out") bytes" \
            'status 0, 0 bytes'
    done
done

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
