#!/bin/bash
# SPDX-License-Identifier: MIT
# test_map_broken.sh - breaks the map on purpose, one rule at a time, in a copy, and demands that
# tiny_obligations.c, tiny_quick.c or tiny_pairs.c notices.
#
# Goal: the tests of the obligations are not blind. Method: a line of a copy of src/map is changed
# by sed; the copy is built with the tiny geometry and the test program must fail. A change that no
# longer applies is a failure too, and so is a failure of the unbroken copy.
set -u -o pipefail

if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-OFF}" = ON ]; then
    echo "1..0 # SKIP builds copies of its own, without sanitizers or coverage: nothing new here"
    exit 77
fi

source_dir=${TOPHASH_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
work_dir=$(mktemp -d "${TOPHASH_BUILD_DIR:-/tmp}/broken.XXXXXX") || exit 1
trap 'rm -rf "$work_dir"' EXIT
cc=${CC:-cc}
flags=(-std=c11 -O1 -w -g0 -pthread -D_GNU_SOURCE -DTH_MAP_TINY=1 -DTHI_TEST_POINTS=1)
jobs=$(nproc 2>/dev/null || echo 2)
system=$(uname -s | tr '[:upper:]' '[:lower:]')
[ -d "$source_dir/src/port/$system" ] || system=posix
number=0
failed=0

# compile <object folder> <include root> <file>...
compile() {
    local objects=$1 root=$2
    shift 2
    mkdir -p "$objects"
    printf '%s\n' "$@" | xargs -P "$jobs" -I{} sh -c '
        objects=$1 file=$2; shift 2
        exec "$@" -c "$file" -o "$objects/$(basename "$file" .c).o"
    ' sh "$objects" {} "$cc" "${flags[@]}" -I"$source_dir/include" -I"$root" -I"$source_dir/tests"
}

# report <ok> <name> [reason]
report() {
    number=$((number + 1))
    if [ "$1" = 0 ]; then
        echo "ok $number $2"
    else
        failed=$((failed + 1))
        echo "not ok $number $2"
        echo "# $3"
    fi
}

# build <name> <test program> [changed file]: the program of the copy $work_dir/<name>/src. What
# does not depend on the changed file of src/map is taken from the unbroken copy.
build() {
    local copy=$work_dir/$1 test=$2
    local changed=("$copy"/src/map/*.c)
    case ${3:-} in
    *.c)
        cp -r "$work_dir/whole/objects" "$copy/objects"
        changed=("$copy/src/map/$3")
        ;;
    esac
    compile "$copy/objects" "$copy/src" "${changed[@]}" &&
        compile "$copy/tests" "$copy/src" "$source_dir/tests/map/$test.c" &&
        "$cc" -pthread "$copy/tests/$test.o" "$copy"/objects/*.o "$work_dir"/objects/*.o \
            -o "$copy/program"
}

# unnoticed: true if the tests of a broken copy pass, again and again. How far the second of two
# threads comes beside a stopped one is a matter of time on a busy machine, so one pass says little;
# the unbroken copy never fails.
tries=5
unnoticed() {
    local try
    for ((try = 1; try <= tries; try++)); do
        "$copy/program" --time-limit=$limit "${options[@]}" "--seed=$try" "$tests" \
            >"$copy/log" 2>&1 || return 1
    done
}

# broken <name> <file> <test> <sed script>: the copy with that change must be caught by the tests
# whose names contain <test>: by a failed check, or by standing still where the change waits or goes
# on without bound.
broken() {
    local name=$1 file=$2 tests=$3 script=$4 copy=$work_dir/$1 limit=60 test=tiny_obligations
    local options=() reused=$2
    mkdir -p "$copy"
    cp -r "$source_dir/src" "$copy/src"
    sed -i -e "$script" "$copy/src/map/$file"
    case $name in
    *_waits_* | *_without_limit) limit=10 ;;
    esac
    case $tests in
    quick_*) test=tiny_quick ;;
    # Where cells are read whole nobody asks for a version.
    obligation_7) local flags=("${flags[@]}" -DTH_LINE_PORTABLE=1) reused="" ;;
    pairs_*) test=tiny_pairs options=(--scale=100) ;;
    esac
    if cmp -s "$copy/src/map/$file" "$source_dir/src/map/$file"; then
        report 1 "$name" "the change does not apply to $file any more: adapt it"
    elif ! build "$name" "$test" "$reused" 2>"$copy/log"; then
        report 1 "$name" "the broken copy does not compile: $(head -1 "$copy/log")"
    elif unnoticed; then
        report 1 "$name" "no test noticed, $tries times"
    elif [ $limit = 60 ] && ! grep -q 'failed: \|assertion' "$copy/log" &&
        grep -q 'time limit' "$copy/log"; then
        report 1 "$name" "the test stood still, but no check failed"
    else
        report 0 "$name: caught by $(grep -m1 '^not ok' "$copy/log" || echo 'a crash')"
    fi
    rm -rf "$copy"
}

others=()
for file in "$source_dir"/src/*/*.c "$source_dir/src/port/$system"/*.c; do
    case $file in
    */src/map/* | */src/cache/*) ;;
    *) others+=("$file") ;;
    esac
done
compile "$work_dir/objects" "$source_dir/src" "${others[@]}" || exit 1

mkdir -p "$work_dir/whole"
cp -r "$source_dir/src" "$work_dir/whole/src"
if build whole tiny_obligations &&
    "$work_dir/whole/program" --time-limit=60 >"$work_dir/whole/log" 2>&1; then
    report 0 "the unbroken copy passes"
else
    report 1 "the unbroken copy passes" "$(grep -m1 -E '^not ok|^# .*failed' "$work_dir/whole/log")"
fi

# Obligation 2: a split that is not shown; a miss that is not checked; a move that clears before it
# shows.
broken split_without_mark map_grow.c obligation_2_reads \
    's/split->word |= TH_WORD_SPLITTING;//'
check='!word_same(word_recheck(own->side), word)'
broken miss_without_check map_core.h obligation_2_4_10 \
    "s/if ($check) {/if (found->cell != NULL \\&\\& $check) {/"
broken move_without_copy_shown map_place.c obligation_2_reads \
    's/cell_store_key(to, key_held(key_word));//'
# Obligation 3: the lock is taken on a group that covers the key no more.
stale='*word = word_load(group.side);'
broken lock_of_a_stale_group map_core.h obligation_3 \
    "s/if ((\\*word & TH_WORD_LOCK) == 0 && group_try_lock(group.side, word)) {/$stale\n&/"
# Obligation 4: a group that comes again has the version it had before.
broken versions_go_back map_shrink.c obligation_2_4_10 \
    's/word_with_depth(word_bumped(merge->word), 0)/word_with_depth(0, 0)/'
# Obligation 5: clear and split write cells that somebody holds.
broken clear_ignores_holders map_shrink.c obligation_5 \
    's/key_word = thi_map_cell_lock_bounded(cell);/key_word = key_let_go(cell_key(cell));/'
broken split_ignores_holders map_grow.c obligation_5 \
    's/held = thi_map_cell_lock_bounded(cell);/held = key_let_go(cell_key(cell));/'
# Obligation 6: a split waits for a stopped holder without bound.
broken split_waits_for_holders map_place.c obligation_6_a_stopped_holder_of_a_cell \
    's/spin < TH_MAP_CELL_LOCK_SPINS/spin < UINT32_MAX/'
# Obligation 7: cells freed by a split are filled again without a new version.
broken home_without_new_version map_grow.c obligation_7 \
    '0,/split->word = word_bumped(split->word);/s///'
# Obligation 9: records are given back without grace.
at_once='thi_slab_drop(map->slab, reference, bytes); return;'
broken records_without_grace map_limbo.c obligation_9 \
    "s/size_t bytes = record_bytes(record);/&\n$at_once/"
# Obligation 10: the small form is wiped under its readers; the table is shown to writers before
# the map lives there; the holders of cells are not waited for.
wipe='for (unsigned w = 0; w < 4; w++) { struct group g = group_in_small(block, w);'
wipe="$wipe for (unsigned c = 0; c <= g.line_mask * 4 + 3; c++) cell_store_key(\\&g.cells[c], 0); }"
shown='th_ptr_store_rel(&map->cells, run_of(map, 0)->cells);'
broken small_form_wiped map_small.c obligation_2_4_10 "s/$shown/&\n$wipe/"
broken table_shown_too_early map_small.c obligation_10_a_write \
    "s/THI_MAP_POINT(THI_MAP_POINT_UPGRADE_COPIED, map);/${shown//&/\\&}\n&/"
held='static bool cells_lock(const struct group *group)'
rest='bool unused(const struct group *group);\nbool unused(const struct group *group)'
broken small_form_ignores_holders map_small.c obligation_5_10 \
    "s/^static bool cells_lock(const struct group .group)/$held { return group != NULL; }\n$rest/"
# Obligation 11: splits without a limit of depth.
broken splits_without_limit map_geometry.h obligation_11 \
    's/#define TH_MAP_DEPTH_SLACK .*/#define TH_MAP_DEPTH_SLACK 40u/'

# The quick paths of integer keys, where cells are read whole. Hashes that lead nowhere lead to one
# line for all roots; the span grows before the address does; a look at a line takes a held key for
# absent.
if grep -qw avx /proc/cpuinfo 2>/dev/null; then
    broken one_line_for_all_roots map_priv.h quick_keys \
        's/#define TH_SPAN_ROOTS .*/#define TH_SPAN_ROOTS 0u/'
    broken span_before_address map_grow.c quick_looks \
        's/!thi_map_has_whole(map)/!thi_map_reads_whole()/'
    broken held_key_taken_for_absent ../atomic/line.h quick_inserts \
        's/_mm_or_si128(halves, line_mark_low())/halves/'
    broken update_without_lock map_integer.h pairs_put \
        's/if (TH_UNLIKELY(!cell_try_lock(cell, found.stored))) {/if (false) {/'
fi
# A write one line further rests on a word that was read again, looks at one line only, takes a held
# key for absent, is not counted, shows the key first; an erase leaves the version, the counters.
again='pair.word = word_load(pair.group.side) \& ~TH_WORD_LOCK;'
broken next_insert_proves_nothing map_next.c pairs_insert \
    "s/THI_MAP_POINT(THI_MAP_POINT_GROUP_FOUND, map);/&\n$again/"
broken next_insert_looks_at_one_line map_next.c pairs_insert \
    's/if (!ends_here && .*) {/if (false) {/'
broken next_insert_takes_held_for_absent map_next.c pairs_add \
    's/thi_line_find(line, word, word != TH_KEY_EMPTY)/thi_line_find(line, word, false)/'
broken next_insert_is_not_counted map_next.c pairs_insert \
    's/thi_map_passes_add(&pair.group, hash, distance);//'
broken next_insert_shows_the_key_first map_next.c pairs_insert \
    's/cell_store_value(cell, value);/first;/
     s/cell_store_key(cell, key);/cell_store_value(cell, value);/
     s/first;/cell_store_key(cell, key);/'
broken next_erase_leaves_the_version map_next.c pairs_insert \
    's/word_bumped(pair.word - TH_WORD_COUNT_ONE)/pair.word - TH_WORD_COUNT_ONE/'
broken next_erase_leaves_the_counters map_next.c pairs_erase \
    's/thi_map_passes_sub(&pair.group, hash, 1);//'
broken next_erase_ignores_holders map_next.c pairs_add \
    's/if (!cell_try_lock(cell, key)) {/if (false) {/'
broken next_update_without_lock map_next.c pairs_put \
    's/|| !cell_try_lock(found.cell, found.stored)//'
# The same in the home line.
again='word = word_load(spot.side) \& ~TH_WORD_LOCK;'
broken insert_proves_nothing map_core.h pairs_insert \
    "/bool room/,/return/s/THI_MAP_POINT(THI_MAP_POINT_GROUP_FOUND, map);/&\n$again/"

echo "1..$number"
echo "$((number - failed)) passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
