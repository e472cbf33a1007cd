#!/bin/sh
# SPDX-License-Identifier: MIT
# test_lab_detect.sh - which tool finds the faults of the small table, against what the lab says.
#
# Goal: the table "which tool finds it" of `tophash lab` is what really happens. Method: every tool
# on every program that `tophash lab --source` prints:
#   at once   one call of the checker
#   soon      the tool speaks, three times in three, of one round in which the fault cannot happen:
#             the thread that moves the table comes long after the other has ended
#   by luck   the tool is silent of that, and speaks in many rounds with a long window
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

# What is compiled into the programs for the sanitizers, so that one of them serves every run:
# rounds, the length of the fault's own window, and the fault itself are told by the environment.
cat >"$work/hook.h" <<'END'
#include <stdlib.h>
#include <unistd.h>
static int rounds, window_us, late_us, fault_now;
#define ROUNDS rounds
#define SMALL_FAULT fault_now
#define SMALL_WINDOW(fault) ((fault) == FAULT && window_us != 0 ? usleep((unsigned)window_us) : 0)
/* Called before the threads are made, and by the one that moves the table. */
#define SMALL_ALLOCATE() (usleep((unsigned)late_us), malloc(sizeof(struct small_slot)))
#define SMALL_FREE(slots) free(slots)
#include "small.c"
__attribute__((constructor)) static void environment_read(void)
{
    rounds = atoi(getenv("LAB_ROUNDS"));
    window_us = atoi(getenv("LAB_WINDOW_US"));
    late_us = atoi(getenv("LAB_LATE_US"));
    fault_now = getenv("LAB_MENDED") != NULL ? SMALL_RIGHT : FAULT;
}
END
# An assertion that fails is told and does not end the program: the tool may speak later.
cat >"$work/assert.h" <<'END'
#include <stdio.h>
#define assert(condition) ((condition) ? (void)0 : (void)puts("it happened"))
END

# ThreadSanitizer would sleep for a second at the end of each program.
export TSAN_OPTIONS=atexit_sleep_ms=0

constant_of() { # fault
    case $1 in
    stale-bucket) echo SMALL_STALE_BUCKET ;;
    early-free) echo SMALL_EARLY_FREE ;;
    missing-recheck) echo SMALL_NO_RECHECK ;;
    esac
}

program() { # fault sanitizer -> $work/program
    cp "$work/$1.c" "$work/small.c"
    "$CC" -O1 -g -pthread -fsanitize="$2" -I"$work" -D_GNU_SOURCE -DFAULT="$(constant_of "$1")" \
        -x c "$work/hook.h" -o "$work/program"
}

# How many of three runs made the tool speak; all that was said is in $work/out.
spoke() { # rounds window_us late_us
    count=0
    : >"$work/out"
    for _ in 1 2 3; do
        LAB_ROUNDS=$1 LAB_WINDOW_US=$2 LAB_LATE_US=$3 "$work/program" >"$work/run" 2>&1
        grep -q 'Sanitizer' "$work/run" && count=$((count + 1))
        cat "$work/run" >>"$work/out"
    done
    echo $count
}

sanitizer_answer() {
    harmless=$(spoke 1 0 50000)
    often=$(spoke 60 100 0)
    happened=$(grep -c 'it happened' "$work/out")
    if [ "$harmless" = 3 ]; then
        echo soon
    elif [ "$often" -gt 0 ]; then
        echo "by luck"
    elif [ "$happened" -gt 0 ]; then
        echo "blind"
    else
        echo "nothing happened"
    fi
}

check_answer() { # fault
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

# What the lab says of a fault and a tool.
said() { # tool
    sed -n "s/^  $1  *\(at once\|soon\|by luck\|blind\).*/\1/p" "$work/lab"
}

for fault in stale-bucket early-free missing-recheck; do
    "$TOPHASH_COMMAND" lab --source="$fault" >"$work/$fault.c"
    "$TOPHASH_COMMAND" lab --seconds=0.1 "$fault" >"$work/lab"
    is "$fault, tophash check" "$(check_answer $fault)" "$(said 'tophash check')"
    "$TOPHASH_COMMAND" check --quiet "$work/$fault.c" -- -DSMALL_FAULT=SMALL_RIGHT \
        >"$work/out" 2>&1
    is "$fault mended, tophash check" "$(grep -o '^verified (complete)' "$work/out")" \
        'verified (complete)'
    for tool in ThreadSanitizer AddressSanitizer; do
        sanitizer=thread
        [ $tool = AddressSanitizer ] && sanitizer=address
        program $fault $sanitizer || exit 1
        is "$fault, $tool" "$(sanitizer_answer)" "$(said $tool)"
        LAB_MENDED=1 LAB_ROUNDS=60 LAB_WINDOW_US=100 LAB_LATE_US=0 \
            "$work/program" >"$work/out" 2>&1
        is "$fault mended, $tool" "status $?, $(wc -c <"$work/out") bytes" 'status 0, 0 bytes'
    done
done

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
