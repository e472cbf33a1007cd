#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: `tophash check` gives the right verdict on right and wrong programs, refuses what it cannot
# check, and shows the same execution again wherever it is run.
# Method: run the command on the cases beside this file, with both compilers; compare exit status
# and output. Counts of executions are those that can be counted by hand, or those of the reference
# programs.
set -eu
cases=$TOPHASH_SOURCE_DIR/tests/check/runtime/cases
reference=$TOPHASH_SOURCE_DIR/examples/check/reference
if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-OFF}" = ON ]; then
    echo "skipped: a checked program links the checker as it was built, and no sanitizer"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
skipped=0

judge() { # name condition-status
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "not ok $1:"
        sed 's/^/    /' "$work/out"
    fi
}

expect() { # name wanted_status wanted_text arguments...
    name=$1
    wanted_status=$2
    wanted_text=$3
    shift 3
    status=0
    timeout 60 "$TOPHASH_COMMAND" check --quiet "$@" >"$work/out" 2>&1 || status=$?
    [ "$status" = "$wanted_status" ] && grep -qF -- "$wanted_text" "$work/out" && ok=0 || ok=1
    judge "$name" "$ok"
}

# All cases with gcc; with clang those in which compilers may differ.
selected() { # case cases-for-clang
    [ "$cc" = gcc ] || case " $2 " in *" $1 "*) ;; *) return 1 ;; esac
}

for cc in gcc clang; do
    command -v $cc >/dev/null || {
        skipped=$((skipped + 1))
        echo "skipped: no $cc"
        continue
    }
    life() { # case wanted_text
        selected "$1" '1 4 7 12' || return 0
        expect "check_${cc}_life_$1" 1 "$2" --cc=$cc -w -DCASE="$1" --leaks "$cases/life.c"
    }
    life 1 'use after free'
    life 2 'double free'
    life 3 'memory leak'
    life 4 'read of memory that was never written'
    life 5 'access outside of a block'
    life 6 'null pointer'
    life 7 'division by zero'
    life 8 'abort()'
    life 9 'exit(3)'
    life 10 'free of what was not allocated'
    life 11 'memory that is not there'
    life 12 'stack overflow'
    expect "check_${cc}_life_right" 0 'verified (complete)' --cc=$cc -w -DCASE=0 --leaks \
        "$cases/life.c"

    expect "check_${cc}_padding_is_no_value" 0 'verified (complete)' --cc=$cc --leaks \
        "$cases/padding.c"

    expect "check_${cc}_atomics_write_apart" 0 'verified (complete)' --cc=$cc -DCASE=0 \
        --setup-apart "$cases/apart.c"
    expect "check_${cc}_atomics_write_apart_not" 1 'never written' --cc=$cc -DCASE=1 \
        --setup-apart "$cases/apart.c"

    for copy in 1 2 3 4 5 6; do
        expect "check_${cc}_copies_$copy" 1 'data race' --cc=$cc -DCASE=$copy "$cases/copies.c"
    done
    expect "check_${cc}_copies_none" 0 'verified (complete)' --cc=$cc -DCASE=0 "$cases/copies.c"

    loops() { # case status wanted_text
        selected "$1" '1 3 5 7' || return 0
        expect "check_${cc}_loops_$1" "$2" "$3" --cc=$cc -DCASE="$1" "$cases/loops.c"
    }
    loops 1 0 'verified (complete)'
    loops 2 1 'waits for ever'
    loops 3 4 'loops.c:35'
    loops 4 0 'verified (complete)'
    # Three looks at 0, 1, 2 in that order, at most up to the 2: counted by hand.
    loops 5 0 '10 executions, 0 blocked'
    loops 6 4 'does not end within 500 events'
    loops 7 4 'does not end'
    loops 8 1 'waits for ever'
    loops 9 4 'loops.c:65'

    locks() { # case status wanted_text
        selected "$1" '1 3' || return 0
        expect "check_${cc}_locks_$1" "$2" "$3" --cc=$cc -DCASE="$1" "$cases/locks.c"
    }
    for right in 1 3 5 6 7 8 9 10 11; do
        locks $right 0 'verified (complete)'
    done
    locks 2 1 'failed'
    locks 4 1 'failed'
    locks 12 1 'unlock of a lock that the thread does not hold'
    locks 13 1 'failed'

    expect "check_${cc}_form_right" 0 'verified (complete)' --cc=$cc "$cases/form.c"
    expect "check_${cc}_form_names_objects" 1 'the letter' --cc=$cc \
        -DGIVE=memory_order_relaxed "$cases/form.c"
    expect "check_${cc}_reference_treiber" 0 '282 executions' --cc=$cc -DNP=3 -DNC=2 \
        "$reference/treiber.c"
    expect "check_${cc}_reference_bucket" 0 '108 executions' --cc=$cc -DNI=2 -DNR=2 \
        "$reference/bucket.c"
    if [ "$(uname -m)" = x86_64 ]; then
        expect "check_${cc}_threads_own" 0 'verified (complete)' --cc=$cc --leaks "$cases/own.c"
        expect "check_${cc}_chance_by_instruction" 4 'does something else' --cc=$cc -DCASE=6 \
            "$cases/harness.c"
    fi

    harness() { # case wanted_text
        selected "$1" '1 4 5' || return 0
        expect "check_${cc}_harness_$1" 4 "$2" --cc=$cc -DCASE="$1" "$cases/harness.c"
    }
    harness 1 'harness.c:18: getrandom() is a source of chance'
    harness 2 'harness.c:23: getpid() is a source of chance'
    harness 3 'harness.c:29: read() reads or changes the world outside'
    harness 4 'harness.c:35: volatile access'
    harness 5 'harness.c:40: inline assembly'
    harness 7 'harness.c:51: ttyname() is not modelled'
    harness 8 'no concurrency'
    harness 9 'no competition'
done

expect check_bound_is_no_pass 3 '--max-executions' --max-executions=5 -DNP=2 -DNC=2 \
    "$reference/treiber.c"
expect check_events_cut_are_no_pass 3 '--max-events' --max-events=60 -DCASE=9 "$cases/loops.c"
expect check_seconds_are_no_pass 3 '--max-seconds' --max-seconds=0.05 -DNP=4 -DNC=3 \
    "$reference/treiber.c"
expect check_workers_count_the_same 0 '282 executions' -j 2 -DNP=3 -DNC=2 "$reference/treiber.c"
expect check_workers_find_failures 1 'data race' -j2 -DPUB=memory_order_relaxed "$reference/mp.c"
expect check_optimised_says_what_merged 0 'verified (complete)' -O1 "$reference/mp.c"
expect check_mutants_are_killed 0 '2 mutants: 2 killed' --mutate "$reference/mp.c"
expect check_coverage_shows_sites 0 'mp.c:' --coverage "$reference/mp.c"
expect check_unknown_option_is_refused 2 'unknown option' --dance "$reference/mp.c"
expect check_without_a_file_is_refused 2 'no file'
expect check_token_of_another_program_is_refused 4 'does not fit' --replay=zzz "$reference/mp.c"

# The same token gives the same text: elsewhere, with and without address randomisation, under a
# debugger, as another user.
broken=-DPUB=memory_order_relaxed
"$TOPHASH_COMMAND" check --quiet $broken "$reference/mp.c" >"$work/out" 2>&1 || true
token=$(sed -n 's/.*--replay=//p' "$work/out")
replay_same() { # name command...
    name=$1
    shift
    "$@" >"$work/again" 2>&1 || true
    sed -n '/^mp.c:/,/^would/p' "$work/again" >"$work/table"
    [ -s "$work/table" ] && cmp -s "$work/table" "$work/first" && ok=0 || ok=1
    cp "$work/again" "$work/out"
    judge "$name" "$ok"
}
sed -n '/^mp.c:/,/^would/p' "$work/out" >"$work/first"
replay_same check_replay_is_the_same "$TOPHASH_COMMAND" check $broken "--replay=$token" \
    "$reference/mp.c"
cd /
replay_same check_replay_elsewhere_is_the_same "$TOPHASH_COMMAND" check $broken \
    "--replay=$token" "$reference/mp.c"
"$TOPHASH_COMMAND" check $broken -o "$work/program" "$reference/mp.c"
replay_same check_replay_randomised_is_the_same "$work/program" "--replay=$token"
if command -v setarch >/dev/null && setarch -R true 2>/dev/null; then
    replay_same check_replay_not_randomised_is_the_same setarch -R "$work/program" \
        "--replay=$token"
fi
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$work" "$work/program"
    replay_same check_replay_as_another_user_is_the_same setpriv --reuid=65534 --regid=65534 \
        --clear-groups "$work/program" "--replay=$token"
fi
if command -v gdb >/dev/null; then
    replay_same check_replay_under_gdb_is_the_same gdb -nx -batch -ex run --args \
        "$work/program" "--replay=$token"
fi

# Installed, the command finds its library from where it stands.
mkdir -p "$work/prefix/bin" "$work/prefix/lib" "$work/prefix/include"
cp "$TOPHASH_COMMAND" "$work/prefix/bin/tophash"
cp "$(dirname "$TOPHASH_COMMAND")/libtophash-check.a" "$work/prefix/lib/"
cp -r "$TOPHASH_SOURCE_DIR/include/tophash" "$work/prefix/include/"
TOPHASH_COMMAND=$work/prefix/bin/tophash
expect check_installed_finds_its_library 0 'verified (complete)' "$cases/form.c"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
