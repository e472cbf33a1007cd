#!/bin/bash
# SPDX-License-Identifier: MIT
# test_map_holder.sh - builds tests/map/holder/holder.c with the map's test points and the real
# geometry, and runs it. Arguments go to the program: --seconds=10 is the promise in full.
#
# Then the same with copies of the map that are broken on purpose: the measurement is not blind if
# it notices that holders hold up others.
set -u

if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-OFF}" = ON ]; then
    echo "1..0 # SKIP measures speed: not with sanitizers or coverage"
    exit 77
fi
source_dir=${TOPHASH_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build_dir=${TOPHASH_BUILD_DIR:-$source_dir/build/release}
library=$build_dir/libtophash.a
if [ ! -f "$library" ]; then
    echo "$library is missing: build first, or set TOPHASH_BUILD_DIR" >&2
    exit 1
fi
work_dir=$(mktemp -d "$build_dir/holder.XXXXXX") || exit 1
trap 'rm -rf "$work_dir"' EXIT

flags=(-std=c11 -O2 -w -pthread -D_GNU_SOURCE -DTHI_TEST_POINTS=1)
includes=(-I"$source_dir/include" -I"$source_dir/src" -I"$source_dir/tests")

# compile <object folder> <file>...
compile() {
    local objects=$1
    shift
    mkdir -p "$objects"
    printf '%s\n' "$@" | xargs -P "$(nproc 2>/dev/null || echo 2)" -I{} sh -c '
        objects=$1 file=$2; shift 2
        exec "$@" -c "$file" -o "$objects/$(basename "$file" .c).o"
    ' sh "$objects" {} "${CC:-cc}" "${flags[@]}" "${includes[@]}"
}

# The map anew, with its points; all other rooms come from the library.
compile "$work_dir/whole" "$source_dir"/src/map/*.c "$source_dir/tests/map/holder/holder.c" &&
    "${CC:-cc}" -pthread "$work_dir"/whole/*.o "$library" -o "$work_dir/whole/holder" || exit 1
"$work_dir/whole/holder" "$@" >"$work_dir/whole/log"
failed=$?
# One of the three maps may have got the worse memory, which no comparison of the two others shows.
# That comes once; what a holder does comes again.
if [ "$failed" != 0 ]; then
    sed 's/^\(not ok\|ok\)/# first try: \1/' "$work_dir/whole/log"
    "$work_dir/whole/holder" "$@" >"$work_dir/whole/log"
    failed=$?
fi
grep -v ' passed, \|^1\.\.' "$work_dir/whole/log"

# broken <name> <file> <test> <sed script>: runs the test of the copy with that change; what it says
# goes to the copy's log, or "not built".
broken() {
    local copy=$work_dir/$1 file=$2 test=$3 script=$4
    cp -r "$work_dir/whole" "$copy" && mkdir "$copy/changed"
    sed -e "$script" "$source_dir/src/map/$file" >"$copy/changed/$file"
    if cmp -s "$copy/changed/$file" "$source_dir/src/map/$file" ||
        ! compile "$copy" "$copy/changed/$file" ||
        ! "${CC:-cc}" -pthread "$copy"/*.o "$library" -o "$copy/holder"; then
        echo "not built" >"$copy/log"
        return
    fi
    "$copy/holder" --seconds=0.4 "$test" >"$copy/log"
}

copies=(split_waits_for_a_held_cell reads_wait_for_a_held_group hint_stays_behind_a_held_group)
broken split_waits_for_a_held_cell map_place.c of_a_cell \
    's/spin < TH_MAP_CELL_LOCK_SPINS/spin < UINT32_MAX/' &
wait_for_it='while ((*word \& TH_WORD_LOCK) != 0) { *word = word_load(group.side); }'
broken reads_wait_for_a_held_group map_find.c of_a_group \
    "s/^            return group;/$wait_for_it\n&/" &
each='for (uint32_t i = 0; i <= (uint32_t)hint; i++)'
locked='(word_load(group_in_table(map, i).side) \& TH_WORD_LOCK) != 0'
broken hint_stays_behind_a_held_group map_grow.c of_a_group \
    "s/^    if (depth == word_depth(hint)/$each { if ($locked) { depth--; break; } }\n&/" &
wait
number=2
passed=$((failed == 0 ? 2 : $(grep -c '^ok' "$work_dir/whole/log")))
for copy in "${copies[@]}"; do
    number=$((number + 1))
    if grep -q '^not ok' "$work_dir/$copy/log"; then
        passed=$((passed + 1))
        echo "ok $number a map whose ${copy//_/ } is caught"
        grep '^# .*: ' "$work_dir/$copy/log" | sed 's/^/#   /'
    else
        echo "not ok $number a map whose ${copy//_/ } is caught"
        sed 's/^/#   /' "$work_dir/$copy/log"
    fi
done
echo "1..$number"
echo "$passed passed, $((number - passed)) failed, 0 skipped"
[ "$passed" = "$number" ]
