#!/bin/bash
# SPDX-License-Identifier: MIT
# proof.sh - the library's own source over all executions of the model, and what each memory order
# in it is good for.
#
#   tools/proof.sh [--full] [--mutate] [--bugs] [--record] [--family=NAME[,NAME]]
#                  [--only-mutants=TEXT] [--source=FOLDER] [--jobs=N] [--seconds=N]
#                  [--tophash=FILE] [SCENARIO...]
#
# Scenarios: those of the tables that proof/families.tsv names, each family a program with sizes of
# its own. Numbers of executions are compared with proof/counts.tsv. --mutate: what each weaker
# order of each ordered access does is compared with proof/mutants.tsv: that the scenario named
# there kills it, with --full or --record by a search over all scenarios that contend it. Why
# nothing can tell some of them is argued in docs/memory-order.md, by the numbers that
# proof/equivalent.tsv names. --only-mutants: that search for the mutants whose file, function or
# access contains the text. --bugs: each of proof/bugs.tsv must be found, and in each of
# proof/weakened.tsv the edge be named. --record writes what was found to the tables (of the
# scenarios and mutants that were run) and to docs/proof.md.
# --source: another copy of the tree, to be judged by the tables of this one.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

full=false mutate=false bugs=false record=false source=. jobs=2 tophash='' only='' families=''
seconds_max=600 wanted=()
for argument in "$@"; do
    case $argument in
    --full) full=true ;;
    --mutate) mutate=true ;;
    --bugs) bugs=true ;;
    --record) record=true ;;
    --family=*) families=${argument#*=} ;;
    --only-mutants=*) only=${argument#*=} mutate=true ;;
    --source=*) source=${argument#*=} ;;
    --seconds=*) seconds_max=${argument#*=} ;;
    --jobs=*) jobs=${argument#*=} ;;
    --tophash=*) tophash=${argument#*=} ;;
    -*) sed -n '6,8p' "$0" >&2 && exit 2 ;;
    *) wanted+=("$argument") ;;
    esac
done
: "${tophash:=build/release/tophash}"
[ -x "$tophash" ] || { echo "proof: $tophash is not there: make all" >&2; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# Mutants are tried on scenarios of no more executions than this: one that survives costs all.
export work source tophash jobs seconds_max executions_max=8000
failed=0

fail() {
    echo "proof: $1" >&2
    failed=1
}

# --- What is to be run.
# family_rows <tree>: name, tables, sizes, source
family_rows() {
    grep -v '^#' "$1/proof/families.tsv"
}
while IFS=$'\t' read -r family tables _; do
    # shellcheck disable=SC2086
    (cd "$source" && sed -n 's/^    {"\([a-z_0-9]*\)",.*/\1/p' $tables) | sed "s/\$/\t$family/"
done < <(family_rows "$source") | sort >"$work/known"
cut -f1 "$work/known" | uniq -d | grep . >&2 && fail "scenarios share a name"

# name, family, and the executions and blocked ones that are recorded
awk -F'\t' -v families="$families" -v only="$only" -v most="$executions_max" \
    -v wanted="${wanted[*]:-}" '
    BEGIN { n = split(families, list, ","); for (i = 1; i <= n; i++) chosen[list[i]] = 1
            m = split(wanted, names, " "); for (i = 1; i <= m; i++) named[names[i]] = 1 }
    FILENAME == ARGV[1] { size[$1] = $3 + $4; numbers[$1] = $3 "\t" $4; next }
    (m && !($1 in named)) || (n && !($2 in chosen)) { next }
    !m && only != "" && size[$1] > most { next }
    { print $1 "\t" $2 "\t" ($1 in numbers ? numbers[$1] : "-\t-") }' \
    proof/counts.tsv "$work/known" >"$work/wanted"
[ -s "$work/wanted" ] || { echo "proof: no such scenario" >&2; exit 2; }
whole=true
[ -n "$families$only${wanted[*]:-}" ] && whole=false

# --- Build.
# program_build <tree> <family> <program>
program_build() {
    local tree=$1 family sizes parts
    IFS=$'\t' read -r family _ sizes parts < <(grep "^$2	" "$tree/proof/families.tsv")
    local part files=()
    for part in $parts; do
        # shellcheck disable=SC2206
        files+=("$tree"/$part)
    done
    "$tophash" check -o "$3" -I"$tree/include" -I"$tree" -I"$tree/src" -I"$tree/tests" \
        -I"$tree/proof" -D_GNU_SOURCE -std=c11 "$tree"/proof/{main,port_model,fault_model}.c \
        "$tree/proof/play_$family.c" "${files[@]}" "$tree"/src/mem/{mem,region,registry,slab}.c \
        "$tree"/src/hash/hash.c "$tree"/src/trace/trace.c "$tree"/src/base/base.c \
        "$tree"/src/atomic/line.c -- -include "$tree/$sizes"
}
export -f program_build
cut -f2 "$work/wanted" | sort -u >"$work/families"
xargs -P "$jobs" -I{} bash -c 'program_build "$source" {} "$work/{}.program"' <"$work/families" ||
    exit 1

# --- Scenarios.
# play <program> <scenario> [option]...
play() {
    local played=$1 name=$2
    shift 2
    "$played" --setup-apart --wrappers=atomic.h --max-events=2000 --max-seconds="$seconds_max" \
        --quiet --argument="$name" "$@"
}
# scenario_run <name> <family>: name, status, executions, blocked, family, seconds
scenario_run() {
    local status TIMEFORMAT=%U
    { time play "$work/$2.program" "$1" --json="$work/$1.json" >"$work/$1.log" 2>&1; } \
        2>"$work/$1.seconds"
    status=$?
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$status" \
        "$(sed -n 's/^\([0-9]*\) executions, \([0-9]*\) blocked.*/\1\t\2/p' "$work/$1.log")" "$2" \
        "$(cat "$work/$1.seconds")"
}
export -f play scenario_run
# The longest first.
sort -t$'\t' -k3,3nr "$work/wanted" | cut -f1,2 |
    xargs -P "$jobs" -L 1 bash -c 'scenario_run "$@"' scenario | sort >"$work/runs"

# edges_of <tree> <log>: the edges that the comments above the places of a counterexample name.
edges_of() {
    sed -n '/^found:/,/^would:/p' "$2" | tr '\n' ' ' |
        grep -oE '[a-z_0-9]+\.[ch]:[0-9]+' | sort -u | while IFS=: read -r file line; do
        path=$(find "$1/src" -name "$file" | head -1)
        [ -z "$path" ] && continue
        head -n "$line" "$path" | tail -n 8 | grep -oE '@[a-z]+\.[a-z_]+' | tail -1 |
            sed "s|^|proof: $file:$line is of the edge |; s|\$| of docs/memory-order.md|"
    done
}
export -f edges_of
while IFS=$'\t' read -r name status executions blocked _; do
    if [ "$status" != 0 ]; then
        cat "$work/$name.log"
        edges_of "$source" "$work/$name.log"
        fail "$name: exit status $status"
    fi
    recorded=$(awk -F'\t' -v name="$name" '$1 == name {print $3 "\t" $4}' "$work/wanted")
    if ! $record && [ "$recorded" != "$executions"$'\t'"$blocked" ]; then
        fail "$name: $executions executions, $blocked blocked; recorded are: $recorded"
    fi
done <"$work/runs"
if $record; then
    awk -F'\t' '
        FILENAME == ARGV[1] { family[$1] = $2; next }
        FILENAME == ARGV[2] { if ($2 == 0) row[$1] = $1 "\t" $5 "\t" $3 "\t" $4; next }
        ($1 in family) && !($1 in row) { row[$1] = $1 "\t" family[$1] "\t" $3 "\t" $4 }
        END { for (name in row) print row[name] | "sort"; close("sort") }' \
        "$work/known" "$work/runs" proof/counts.tsv >"$work/counts"
    { printf '# scenario, family, executions, blocked\n' && cat "$work/counts"; } >proof/counts.tsv
elif $whole; then
    awk -F'\t' 'FILENAME == ARGV[1] { known[$1] = 1; next } !/^#/ && !($1 in known) { print $1 }' \
        "$work/known" proof/counts.tsv | grep . >&2 && fail "scenarios are recorded, and gone"
fi

# shellcheck source=proof/mutants.sh
. proof/mutants.sh
# shellcheck source=proof/bugs.sh
. proof/bugs.sh
# shellcheck source=proof/document.sh
. proof/document.sh

if $whole && operations -v check=1 | grep . >&2; then
    fail "operations are not run against these twice"
fi
if $mutate; then
    mutants
fi
if $bugs; then
    bugs
fi
if $record && $whole; then
    times >proof/times.tsv
fi
if $record; then
    document >docs/proof.md
elif $whole && ! document | diff docs/proof.md - >/dev/null; then
    fail "docs/proof.md is not what the tables say: tools/proof.sh --record"
fi
awk -F'\t' '{ executions += $3; blocked += $4 }
    END { printf "proof: %d scenarios, %d executions, %d blocked\n", NR, executions, blocked }' \
    "$work/runs"
exit $failed
