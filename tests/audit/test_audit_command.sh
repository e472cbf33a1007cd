#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: `tophash audit` tells good code from bad, says where and why, and ends with the status that
# its manual promises.
# Method: small C files and their edited assembly, compiled by the compiler of this build for this
# machine; the objects of this build by its compilation database.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

expect() { # name wanted_status wanted_text arguments...
    name=$1
    wanted_status=$2
    wanted_text=$3
    shift 3
    status=0
    "$TOPHASH_COMMAND" audit "$@" >"$work/out" 2>&1 || status=$?
    if [ "$status" = "$wanted_status" ] && grep -qF -- "$wanted_text" "$work/out"; then
        passed=$((passed + 1))
        echo "ok audit_$name"
    else
        failed=$((failed + 1))
        echo "not ok audit_$name: status $status, wanted $wanted_status and '$wanted_text'"
        tail -20 "$work/out" | sed 's/^/# /'
    fi
}

expect command_without_files_is_refused 2 'no file'
expect command_unknown_option_is_refused 2 "no option '--dance'" --dance
expect command_help_names_probe 0 '--probe' --help
for tool in llvm-objdump-19 llvm-symbolizer-19 llvm-readelf-19 ld.lld-19; do
    if ! command -v "$tool" >/dev/null; then
        echo "# skipped: $tool is not installed (tools/deps.sh arch)"
        echo "$passed passed, $failed failed, 1 skipped"
        [ "$failed" = 0 ] || exit 1
        exit 77
    fi
done

cat >"$work/flag.c" <<'END'
#include <stdatomic.h>

struct flag {
    long data;
    atomic_long ready;
    long seen;
};

static inline void publish(struct flag *flag)
{
    atomic_store_explicit(&flag->ready, 1, memory_order_seq_cst);
}

void flag_set(struct flag *flag)
{
    flag->data = 7;
    publish(flag);
    flag->seen = flag->data;
}

long flag_count(struct flag *flag)
{
    return atomic_fetch_add_explicit(&flag->ready, 1, memory_order_acq_rel);
}
END
cc="--cc=$CC"
expect file_sound_is_accepted 0 '2 accepted, 0 rejected, 0 undecided' "$cc" "$work/flag.c" -- -O2
expect inlined_place_is_told 0 'flag_set at flag.c:11:5 < flag.c:17' --all "$cc" "$work/flag.c" \
    -- -O2
expect table_has_rows 0 'acq_rel, 8 bytes' --table "$cc" "$work/flag.c" -- -O2
expect json_has_verdicts 0 '"verdict": "accepted"' --json "$cc" "$work/flag.c" -- -O2
if ! python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/out" 2>/dev/null; then
    failed=$((failed + 1))
    echo "not ok audit_json_is_json"
fi
expect file_that_does_not_compile_is_told 4 'does not compile' "$cc" "$work/absent.c"
echo 'int x;' >"$work/text.o"
expect object_of_no_target_is_told 4 'no object file' "$cc" "--code=$work/text.o" "$work/flag.c"

if [ "$(uname -m)" = x86_64 ]; then
    "$CC" -O2 -g -S "$work/flag.c" -o "$work/flag.s"
    sed -E 's/xchg([lq]?)[[:space:]]+(.*), (%[a-z0-9]+)$/mov\1 \3, \2/
        s/xchg([lq]?)[[:space:]]+(%[a-z0-9]+), (.*)$/mov\1 \2, \3/
        s/mfence//; s/lock;?[[:space:]]*or.*sp\)//' "$work/flag.s" >"$work/weak.s"
    "$CC" -c "$work/weak.s" -o "$work/weak.o"
    expect store_without_barrier_is_rejected 1 'a later seq_cst load can pass the store' "$cc" \
        "--code=$work/weak.o" "$work/flag.c" -- -O2
    cat >"$work/twice.c" <<'END'
#include <stdatomic.h>
static inline long count(atomic_long *number)
{
    return atomic_fetch_add_explicit(number, 3, memory_order_acq_rel);
}
long twice(atomic_long *left, atomic_long *right, int turns)
{
    long sum = 0;
    while (turns-- > 0)
        sum += turns & 1 ? count(left) : 2 * count(right);
    return sum;
}
long other(atomic_ulong *number)
{
    return (long)atomic_fetch_add_explicit(number, 3, memory_order_acq_rel);
}
long equal(atomic_long *number)
{
    return atomic_fetch_add_explicit(number, 3, memory_order_acq_rel);
}
END
    "$CC" -O2 -g -S "$work/twice.c" -o "$work/twice.s"
    "$CC" -c "$work/twice.s" -o "$work/twice.o"
    expect object_made_apart_is_accepted 0 '0 rejected, 0 undecided' "$cc" \
        "--code=$work/twice.o" "$work/twice.c" -- -O2
    awk '/^[[:space:]]*lock[[:space:]]*$/ && !lost { lock = $0; next }
        /xadd/ && !lost { lost = 1; lock = ""; next }
        { if (lock != "") print lock; lock = ""; print }' "$work/twice.s" >"$work/lost.s"
    "$CC" -c "$work/lost.s" -o "$work/lost.o"
    expect copy_that_is_lost_is_undecided 3 'where the compiler makes' "$cc" \
        "--code=$work/lost.o" "$work/twice.c" -- -O2
    sed -E 's/lock;?[[:space:]]*x/x/' "$work/flag.s" >"$work/torn.s"
    "$CC" -c "$work/torn.s" -o "$work/torn.o"
    expect modify_without_lock_is_rejected 1 'not one operation' "$cc" "--code=$work/torn.o" \
        "$work/flag.c" -- -O2
fi

database="$TOPHASH_BUILD_DIR/compile_commands.json"
if [ -f "$database" ] && [ -z "${TOPHASH_SANITIZE:-}" ] &&
    [ "${TOPHASH_COVERAGE:-OFF}" = OFF ]; then
    expect objects_of_this_build_are_accepted 0 '0 rejected, 0 undecided' \
        "--commands=$database" --only=tophash_objects.dir/src/epoch
    counts=$(sed -nE 's/^all: .* ([0-9]+) operations.* ([0-9]+) found.*/\1 \2/p' "$work/out")
    if [ -n "$counts" ] && [ "${counts% *}" = "${counts#* }" ] && [ "${counts% *}" -gt 100 ]; then
        passed=$((passed + 1))
        echo "ok audit_counts_are_the_compiler_s"
    else
        failed=$((failed + 1))
        echo "not ok audit_counts_are_the_compiler_s: $counts"
    fi
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
