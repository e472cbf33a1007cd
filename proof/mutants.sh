# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# mutants.sh - the ordered accesses of the library, and who needs each order. Part of
# tools/proof.sh.

# sites_of <family>: family, address, place, function and access, from the calls in its program.
# Of several such accesses in a function all but the first have a number.
sites_of() {
    local program=$work/$1.program
    objdump -d "$program" | awk '
        pending { sub(/:/, "", $1); print call "\t" $1; pending = 0 }
        /call.*<__tsan_atomic/ { call = $1; sub(/:/, "", call); pending = 1 }' >"$work/$1.calls"
    cut -f1 "$work/$1.calls" | addr2line -a -i -f -e "$program" | awk -v family="$1" '
        function flush() {
            if (site != "" && kind ~ /^th_/)
                print family "\t" address "\t" site "\t" within "\t" kind
        }
        FILENAME == ARGV[1] { returns[++calls] = $2; next }
        /^0x/ { flush(); address = returns[++number]; depth = 0; site = ""; next }
        { name = $1; getline place; sub(/ .*/, "", place); depth++ }
        depth == 1 { kind = name }
        depth == 2 && place ~ /\/src\// { sub(/.*\/src\//, "src/", place); site = place; within = name }
        END { flush() }' "$work/$1.calls" -
}

# executed_of <scenario> <family>: family, address, scenario and whether a thread could have read
# something else there (0) or not (1), of each site. Where it could not, an order may matter all the
# same: what is read there is another thread's, and only the order was settled before.
executed_of() {
    awk -v name="$1" -v family="$2" '/"address":/ {
        match($0, /"address": "[0-9a-f]+"/); address = substr($0, RSTART + 12, RLENGTH - 13)
        match($0, /"contended": [0-9]+/); contended = substr($0, RSTART + 13, RLENGTH - 13)
        print family "\t" address "\t" name "\t" (contended == 0 && !/"operation": "fence"/) }' \
        "$work/$1.json"
}

# weaker <access>: what may stand in its place, for --weaken.
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

# mutant_dies <site> <order> <scenario>: whether the scenario kills it.
mutant_dies() {
    local family addresses log
    family=$(awk -F'\t' -v name="$3" '$1 == name { print $2 }' "$work/known")
    addresses=$(awk -F'\t' -v site="$1" -v family="$family" \
        '$1 == site && $2 == family { print $3 }' "$work/addresses")
    [ -n "$addresses" ] || return 1
    log=$(mktemp "$work/mutant.XXXXXX")
    play "$work/$family.program" "$3" --weaken="$2@$addresses" >"$log" 2>&1
    [ $? = 1 ]
}

# mutant_row <site> <order> <outcome> <killer>
mutant_row() {
    printf '%s\t%s\t%s\t%s\n' "${1//|/$'\t'}" "$2" "$3" "$4"
}

# mutant_run <site> <order>: who kills it; who is recorded is asked first.
mutant_run() {
    local outcome=uncontended rest name recorded
    recorded=$(awk -F'\t' -v site="$1" -v order="$2" '$1 "|" $2 "|" $3 == site && $4 == order &&
        $5 == "killed" { print $6 }' proof/mutants.tsv)
    if [ -n "$recorded" ] && mutant_dies "$1" "$2" "$recorded"; then
        mutant_row "$1" "$2" killed "$recorded"
        return
    fi
    while IFS=$'\t' read -r rest _ name; do
        [ "$rest" = 0 ] && outcome=survived
        if mutant_dies "$1" "$2" "$name"; then
            mutant_row "$1" "$2" killed "$name"
            return
        fi
    done < <(grep -F "$1"$'\t' "$work/trials" | cut -f2- | sort -n -k1,1 -k2,2)
    mutant_row "$1" "$2" "$outcome" -
}

# mutant_check <site> <order> <outcome> <killer>: whether it is killed as recorded.
mutant_check() {
    local outcome=$3
    if [ "$3" = killed ] && ! mutant_dies "$1" "$2" "$4"; then
        outcome=survived
    fi
    mutant_row "$1" "$2" "$outcome" "$4"
}
export -f mutant_dies mutant_row mutant_run mutant_check

# The files sites (file|function|access, family, address), addresses (site, family, all addresses),
# trials (site, 0 if contended, executions, scenario) and mutants (site, order).
mutants_list() {
    while read -r family; do
        sites_of "$family"
    done <"$work/families" | sort -u >"$work/found"
    # Numbers by the order of lines.
    cut -f3-5 "$work/found" | sort -u | tr ':' '\t' | sort -t$'\t' -k1,1 -k2,2n | awk -F'\t' '
        { key = $1 "|" $3 "|" $4; number = ++seen[key]
          print $1 ":" $2 "\t" $3 "\t" $4 "\t" $1 "|" $3 (number > 1 ? "#" number : "") "|" $4 }' \
        >"$work/places"
    awk -F'\t' 'FILENAME == ARGV[1] { site[$1, $2, $3] = $4; next }
        { print site[$3, $4, $5] "\t" $1 "\t" $2 }' "$work/places" "$work/found" >"$work/sites"
    while IFS=$'\t' read -r name _ _ _ family _; do
        executed_of "$name" "$family"
    done <"$work/runs" | sort -u >"$work/executed"
    awk -F'\t' '{ all[$1 "\t" $2] = all[$1 "\t" $2] (($1, $2) in seen ? "," : "") $3; seen[$1, $2] = 1 }
        END { for (key in all) print key "\t" all[key] }' "$work/sites" >"$work/addresses"
    awk -F'\t' -v most="$executions_max" '
        FILENAME == ARGV[1] { size[$1] = $3 + $4; next }
        FILENAME == ARGV[2] { site[$2, $3] = $1; next }
        ($1, $2) in site && size[$3] <= most { print site[$1, $2] "\t" $4 "\t" size[$3] "\t" $3 }' \
        "$work/runs" "$work/sites" "$work/executed" | sort -t$'\t' -k1,1 -k2,2n -k3,3n |
        awk -F'\t' '!seen[$1, $4]++' >"$work/trials"
    cut -f4 "$work/places" | sort -u | grep -F -- "$only" | while read -r site; do
        for order in $(weaker "${site##*|}"); do
            printf '%s\t%s\n' "$site" "$order"
        done
    done >"$work/mutants"
}

# What becomes of each mutant, in $work/results: file, function, access, order, outcome, killer.
mutants() {
    mutants_list
    if $full || $record || ! $whole; then
        xargs -r -P "$jobs" -L 1 bash -c 'mutant_run "$@"' mutant <"$work/mutants" |
            sort >"$work/results"
    else
        awk -F'\t' '!/^#/ { print $1 "|" $2 "|" $3 "\t" $4 "\t" $5 "\t" $6 }' proof/mutants.tsv |
            xargs -P "$jobs" -L 1 bash -c 'mutant_check "$@"' mutant | sort >"$work/results"
        diff <(cut -f1-4 "$work/results") <(sed 's/|/\t/g' "$work/mutants" | sort) >&2 ||
            fail "these accesses and orders are not those of proof/mutants.tsv"
    fi
    $whole || cat "$work/results"
    if $record; then
        awk -F'\t' -v whole="$whole" '
            FILENAME == ARGV[1] { row[$1, $2, $3, $4] = $0; next }
            whole == "false" && !/^#/ && !(($1, $2, $3, $4) in row) { row[$1, $2, $3, $4] = $0 }
            END { for (key in row) print row[key] | "sort"; close("sort") }' \
            "$work/results" proof/mutants.tsv >"$work/merged"
        { printf '# file, function, access, weaker order, outcome, scenario that kills it\n' &&
            cat "$work/merged"; } >proof/mutants.tsv
    elif $whole && ! diff <(grep -v '^#' proof/mutants.tsv | cut -f1-5) \
        <(cut -f1-5 "$work/results") >&2; then
        fail "what becomes of mutants is not what proof/mutants.tsv says"
    fi
    mutants_summary
}

mutants_summary() {
    awk -F'\t' '
        /^#/ { next }
        FILENAME == ARGV[1] { why[$1, $2, $3, $4] = $5; next }
        { declared = ($1, $2, $3, $4) in why
          what = $5 != "killed" && declared ? "declared" : $5
          count[what]++; mutants++; site[$1, $2, $3] = 1
          if (what == "killed" && declared) print "declared, and killed: " $1, $2, $3, $4 }
        END { for (s in site) sites++
              printf "proof: %d sites, %d mutants: %d killed, %d declared equivalent, " \
                     "%d survive, %d of sites that no scenario contends\n", sites, mutants,
                     count["killed"], count["declared"], count["survived"], count["uncontended"] }' \
        proof/equivalent.tsv "$work/results" | tee "$work/open"
    grep -q '^declared' "$work/open" && fail "a declaration is wrong"
    if $whole && ! grep -q ' 0 survive, 0 of sites' "$work/open"; then
        fail "orders that nobody needs: weaken them, write the scenario, or argue"
    fi
    awk -F'\t' '!/^#/ { print $5 }' proof/equivalent.tsv | sort -u | while read -r number; do
        grep -q "^\*\*$number\." docs/memory-order.md || echo "$number"
    done | grep . >&2 && fail "docs/memory-order.md has no such argument"
}
