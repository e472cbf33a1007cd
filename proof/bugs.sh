# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# bugs.sh - faults and weakened orders put into copies of the library, which must be found. Part of
# tools/proof.sh.

# bug_run <name> <file> <scenario> <sed script>: name, what became of it, scenario, seconds, edges
bug_run() {
    local copy=$work/bug.$1 family status edges=- TIMEFORMAT=%U seconds=-
    family=$(awk -F'\t' -v name="$3" '$1 == name { print $2 }' "$work/known")
    mkdir -p "$copy/tests"
    cp -r "$source"/{src,include,proof,server} "$copy"
    cp -r "$source/tests/scenarios" "$copy/tests"
    sed "$4" "$source/$2" >"$copy/$2"
    if cmp -s "$source/$2" "$copy/$2"; then
        status="no such place in $2"
    elif ! program_build "$copy" "$family" "$copy/program" >"$copy/log" 2>&1; then
        status='does not compile'
    else
        { time play "$copy/program" "$3" >"$copy/log" 2>&1; } 2>"$copy/seconds"
        status=$?
        seconds=$(cat "$copy/seconds")
        [ "$status" = 1 ] && status=found
        edges=$(edges_of "$copy" "$copy/log" | grep -oE '@[a-z]+\.[a-z_]+' | sort -u | tr '\n' ' ')
    fi
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$status" "$3" "$seconds" "${edges:--}"
    rm -rf "$copy"
}
export -f bug_run

bugs() {
    grep -v '^#' proof/bugs.tsv | tr '\t\n' '\0\0' |
        xargs -0 -P "$jobs" -n 4 bash -c 'bug_run "$@"' bug | sort >"$work/bugs"
    awk -F'\t' '{ printf "%s\t%s by %s\t%s s\n", $1, $2, $3, $4 }' "$work/bugs"
    awk -F'\t' '$2 == "found" { n++ } END { printf "proof: %d seeded bugs, %d found\n", NR, n }' \
        "$work/bugs"
    grep -qv "$(printf '\tfound\t')" "$work/bugs" && fail "a seeded bug was not found"
    # Weakened in the source: the counterexample leads to the edge.
    grep -v '^#' proof/weakened.tsv | tr '\t\n' '\0\0' |
        xargs -0 -P "$jobs" -n 4 bash -c 'bug_run "$@"' bug | sort >"$work/weakened"
    awk -F'\t' '{ named += $2 == "found" && index($5, $1 " ") > 0 }
        $2 != "found" || index($5, $1 " ") == 0 { print $1 ": " $2 ", edges named: " $5 }
        END { printf "proof: %d weakened edges, %d named by their counterexample\n", NR, named }' \
        "$work/weakened" | tee "$work/unnamed"
    [ "$(wc -l <"$work/unnamed")" = 1 ] || fail "a weakened edge was not named"
}

times() {
    printf '# what, name, seconds of processor time\n'
    awk -F'\t' '{ print "scenario\t" $1 "\t" $6 }' "$work/runs"
    [ -e "$work/bugs" ] && awk -F'\t' '{ print "bug\t" $1 "\t" $4 }' "$work/bugs"
    return 0
}
