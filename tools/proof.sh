#!/bin/bash
# SPDX-License-Identifier: MIT
# proof.sh - the library's own source over all executions of the model, and what each memory order
# in it is good for.
#
#   tools/proof.sh [--mutate] [--bugs] [--record] [--source=FOLDER] [--jobs=N] [--tophash=FILE]
#                  [SCENARIO...]
#
# Scenarios: those of tests/scenarios/map_steps.h and proof/main.c, built with the geometry of
# proof/geometry.h. Numbers of executions are compared with proof/counts.tsv. --mutate: each ordered
# access that a scenario contends gets every weaker order in turn; what becomes of these mutants is
# compared with proof/mutants.tsv; reasons why nothing can tell stand in proof/equivalent.tsv.
# --bugs: each of proof/bugs.tsv must be found. --record writes what was found to the tables and to
# docs/proof.md. --source: another copy of the tree, to be judged by the tables of this one.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

mutate=false bugs=false record=false source=. jobs=2 tophash='' wanted=()
for argument in "$@"; do
    case $argument in
    --mutate) mutate=true ;;
    --bugs) bugs=true ;;
    --record) record=true ;;
    --source=*) source=${argument#*=} ;;
    --jobs=*) jobs=${argument#*=} ;;
    --tophash=*) tophash=${argument#*=} ;;
    -*) sed -n '6,7p' "$0" >&2 && exit 2 ;;
    *) wanted+=("$argument") ;;
    esac
done
: "${tophash:=build/release/tophash}"
[ -x "$tophash" ] || { echo "proof: $tophash is not there: make all" >&2; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# Mutants are tried on scenarios of no more executions than this: one that survives costs all.
export work program=$work/program seconds_max=300 executions_max=3500
failed=0

fail() {
    echo "proof: $1" >&2
    failed=1
}

# --- Build.
# program_build <tree> <program>
program_build() {
    local tree=$1
    "$tophash" check -o "$2" -I"$tree/include" -I"$tree/src" -I"$tree/tests" -I"$tree/proof" \
        -D_GNU_SOURCE -std=c11 "$tree"/proof/*.c "$tree"/src/map/*.c "$tree"/src/epoch/*.c \
        "$tree"/src/mem/{mem,region,registry,slab}.c "$tree"/src/hash/hash.c \
        "$tree"/src/trace/trace.c "$tree"/src/base/base.c "$tree"/src/atomic/line.c \
        -- -include "$tree/proof/geometry.h"
}
export -f program_build
export source tophash
program_build "$source" "$program" || exit 1

# --- Scenarios.
if [ ${#wanted[@]} -eq 0 ]; then
    mapfile -t wanted < <(sed -n 's/^    {"\([a-z_]*\)",.*/\1/p' \
        "$source/tests/scenarios/map_steps.h" "$source/proof/main.c")
fi

# play <program> <scenario> [option]...
play() {
    local played=$1 name=$2
    shift 2
    "$played" --setup-apart --wrappers=atomic.h --max-events=2000 --max-seconds="$seconds_max" \
        --quiet --argument="$name" "$@"
}
export -f play

# scenario_run <name>: its verdict, its numbers.
scenario_run() {
    play "$program" "$1" --json="$work/$1.json" >"$work/$1.log" 2>&1
    local status=$?
    printf '%s\t%s\t%s\n' "$1" "$status" \
        "$(sed -n 's/^\([0-9]*\) executions, \([0-9]*\) blocked.*/\1\t\2/p' "$work/$1.log")"
}
export -f scenario_run
printf '%s\n' "${wanted[@]}" | xargs -P "$jobs" -I{} bash -c 'scenario_run {}' | sort >"$work/runs"

# edges_of <log>: the edges that the comments above the places of a counterexample name.
edges_of() {
    sed -n '/^found:/,/^would:/p' "$1" | tr '\n' ' ' |
        grep -oE '[a-z_0-9]+\.[ch]:[0-9]+' | sort -u | while IFS=: read -r file line; do
        path=$(find "$source/src" -name "$file" | head -1)
        [ -z "$path" ] && continue
        head -n "$line" "$path" | tail -n 8 | grep -oE '@[a-z]+\.[a-z_]+' | tail -1 |
            sed "s|^|proof: $file:$line is of the edge |; s|\$| of docs/memory-order.md|"
    done
}
while IFS=$'\t' read -r name status executions blocked; do
    if [ "$status" != 0 ]; then
        cat "$work/$name.log"
        edges_of "$work/$name.log"
        fail "$name: exit status $status"
    fi
    recorded=$(awk -F'\t' -v name="$name" '$1 == name {print $2 "\t" $3}' proof/counts.tsv)
    if ! $record && [ "$recorded" != "$executions"$'\t'"$blocked" ]; then
        fail "$name: $executions executions, $blocked blocked; recorded are: ${recorded:-none}"
    fi
done <"$work/runs"

# --- Sites: address, place, function, operation and order, from the calls in the program.
objdump -d "$program" | awk '
    pending { sub(/:/, "", $1); print call "\t" $1; pending = 0 }
    /call.*<__tsan_atomic/ { call = $1; sub(/:/, "", call); pending = 1 }' >"$work/calls"
cut -f1 "$work/calls" | addr2line -a -i -f -e "$program" | awk '
    function flush() {
        if (site != "" && kind ~ /^th_/) print address "\t" site "\t" within "\t" kind
    }
    FILENAME == ARGV[1] { returns[++calls] = $2; next }
    /^0x/ { flush(); address = returns[++number]; depth = 0; site = ""; next }
    { name = $1; getline place; sub(/ .*/, "", place); depth++ }
    depth == 1 { kind = name }
    depth == 2 && place ~ /\/src\// { sub(/.*\/src\//, "src/", place); site = place; within = name }
    END { flush() }' "$work/calls" - | sort -u >"$work/sites"
awk -F'\t' '{ print $2 "\t" $3 "\t" $4 }' "$work/sites" | sort -u >"$work/places"

# Contended: address and scenario.
for name in "${wanted[@]}"; do
    awk -v name="$name" '/"address":/ {
        match($0, /"address": "[0-9a-f]+"/); address = substr($0, RSTART + 12, RLENGTH - 13)
        match($0, /"contended": [0-9]+/); contended = substr($0, RSTART + 13, RLENGTH - 13)
        match($0, /"executions": [0-9]+/); executions = substr($0, RSTART + 14, RLENGTH - 14)
        if (contended > 0 || /"operation": "fence"/) print address "\t" name }' "$work/$name.json"
done | sort -u >"$work/contended"

# --- Mutants.
# weaker <kind>: what may stand in its place, for --weaken.
weaker() {
    case $1 in
    th_fence_sc) echo removed acq_rel acquire release ;;
    th_fence_acq | th_fence_rel) echo removed ;;
    *_load_acq) echo relaxed ;;
    *_store_rel) echo relaxed ;;
    *_cas_acq_rlx | *_cas_rel_rlx) echo relaxed ;;
    *_cas_acq_acq) echo relaxed /relaxed ;;
    *_cas_acqrel_acq) echo acquire release relaxed /relaxed ;;
    *_exchange_acq | *_exchange_rel | *_rel) echo relaxed ;;
    *_acqrel) echo acquire release relaxed ;;
    esac
}

# mutant_run <place> <function> <kind> <order>: who kills it.
mutant_run() {
    local place=$1 within=$2 kind=$3 order=$4 name status outcome=uncontended
    local addresses
    addresses=$(awk -F'\t' -v place="$place" -v kind="$kind" \
        '$2 == place && $4 == kind { printf "%s%s", n++ ? "," : "", $1 }' "$work/sites")
    local log
    log=$(mktemp "$work/mutant.XXXXXX")
    local row=${place%:*}$'\t'$within$'\t'$kind$'\t'$order
    while read -r name; do
        outcome=survived
        play "$program" "$name" --weaken="$order@$addresses" >"$log" 2>&1
        status=$?
        if [ "$status" = 1 ]; then
            printf '%s\tkilled\t%s\n' "$row" "$name"
            return
        fi
    done < <(tr ',' '\n' <<<"$addresses" | awk -F'\t' -v most="$executions_max" '
        FILENAME == ARGV[1] { size[$1] = $3 + $4; next }
        FILENAME == ARGV[2] { by[$1] = by[$1] " " $2; next }
        { count = split(by[$1], names, " "); for (i = 1; i <= count; i++) wanted[names[i]] = 1 }
        END { for (name in wanted) if (size[name] <= most) print size[name] "\t" name }' \
        "$work/runs" "$work/contended" - | sort -n | cut -f2)
    printf '%s\t%s\t-\n' "$row" "$outcome"
}
export -f mutant_run

if $mutate; then
    while IFS=$'\t' read -r place within kind; do
        for order in $(weaker "$kind"); do
            printf '%s %s %s %s\n' "$place" "$within" "$kind" "$order"
        done
    done <"$work/places" >"$work/mutants"
    xargs -P "$jobs" -L 1 bash -c 'mutant_run "$@"' mutant <"$work/mutants" |
        sort -u >"$work/results"
    cut -f1-5 "$work/results" >"$work/outcomes"
    if $record; then
        cp "$work/results" proof/mutants.tsv
    elif ! diff <(cut -f1-5 proof/mutants.tsv) "$work/outcomes"; then
        fail "what becomes of mutants is not what proof/mutants.tsv says"
    fi
    awk -F'\t' '
        FILENAME == ARGV[1] { why[$1 "\t" $2 "\t" $3 "\t" $4] = $5; next }
        { row = $1 "\t" $2 "\t" $3 "\t" $4; what = $5 == "survived" && row in why ? "declared" : $5
          count[what]++; mutants++
          if (what == "killed" && row in why) { print "declared, and killed: " row } }
        END { printf "proof: %d mutants: %d killed, %d declared equivalent, %d survive, " \
                     "%d of sites that no scenario contends\n", mutants, count["killed"],
                     count["declared"], count["survived"], count["uncontended"] }' \
        proof/equivalent.tsv "$work/results" | tee "$work/open"
    grep -q '^declared' "$work/open" && fail "a declaration is wrong"
fi
if $record; then
    { printf '# scenario, executions, blocked\n' && cut -f1,3,4 "$work/runs"; } >proof/counts.tsv
fi

# --- Seeded bugs: each in a copy of its own.
# bug_run <name> <file> <scenario> <sed script>
bug_run() {
    local copy=$work/bug.$1 start=$SECONDS status
    mkdir -p "$copy"
    cp -r "$source/src" "$source/include" "$source/proof" "$copy"
    mkdir "$copy/tests" && cp -r "$source/tests/scenarios" "$copy/tests"
    sed "$4" "$source/$2" >"$copy/$2"
    if cmp -s "$source/$2" "$copy/$2"; then
        printf '%s\tno such place in %s\n' "$1" "$2"
    elif ! program_build "$copy" "$copy/program" >"$copy/log" 2>&1; then
        printf '%s\tdoes not compile\n' "$1"
    else
        play "$copy/program" "$3" >"$copy/log" 2>&1
        status=$?
        [ "$status" = 1 ] && status=found
        printf '%s\t%s\t%s\t%d s\n' "$1" "$status" "$3" "$((SECONDS - start))"
    fi
    rm -rf "$copy"
}
export -f bug_run
if $bugs; then
    grep -v '^#' proof/bugs.tsv | tr '\t\n' '\0\0' |
        xargs -0 -P "$jobs" -n 4 bash -c 'bug_run "$@"' bug | sort >"$work/bugs"
    cat "$work/bugs"
    awk -F'\t' '$2 == "found" { n++ } END { printf "proof: %d seeded bugs, %d found\n", NR, n }' \
        "$work/bugs"
    grep -qv "$(printf '\tfound\t')" "$work/bugs" && fail "a seeded bug was not found"
fi

# --- docs/proof.md, from the tables.
document() {
    cat proof/text.md
    printf '\n## Scenarios\n\n| scenario | executions | blocked |\n|---|---|---|\n'
    awk -F'\t' '!/^#/ { printf "| `%s` | %d | %d |\n", $1, $2, $3 }' proof/counts.tsv
    printf '\n## Orders, and who needs them\n\n'
    printf 'A site is an access as the source writes it, with all places it is inlined to.\n\n'
    printf '| file | function | access | weaker | outcome | by |\n|---|---|---|---|---|---|\n'
    awk -F'\t' '$5 != "uncontended" { printf "| `%s` | `%s()` | `%s` | %s | %s | %s |\n",
        $1, $2, $3, $4, $5, $6 }' proof/mutants.tsv
    printf '\n## Sites that no scenario contends yet\n\n'
    awk -F'\t' '$5 == "uncontended" { if (!(($1, $2) in seen)) print "- `" $1 "` `" $2 "()`"
        seen[$1, $2] = 1 }' proof/mutants.tsv
    printf '\n## Seeded bugs\n\n| bug | file | found by |\n|---|---|---|\n'
    awk -F'\t' '!/^#/ { printf "| `%s` | `%s` | `%s` |\n", $1, $2, $3 }' proof/bugs.tsv
}
if $record; then
    document >docs/proof.md
elif ! document | diff docs/proof.md - >/dev/null; then
    fail "docs/proof.md is not what the tables say: tools/proof.sh --record"
fi
awk -F'\t' '{ executions += $3; blocked += $4 }
    END { printf "proof: %d scenarios, %d executions, %d blocked\n", NR, executions, blocked }' \
    "$work/runs"
exit $failed
