#!/bin/sh
# SPDX-License-Identifier: MIT
# rows.sh - what the tests of the auditor share: one and the same done for many compilers.
#
# A script sets `title`, a function `row` that judges one compiler ("$name", "$kind", "$compiler",
# "$flags", "$more" are set; what it prints follows the verdict), and calls `rows`. Compilers that
# are not installed are skipped. TOPHASH_ARCH, which the tests of all targets set, says which:
#   empty    the one or two that the script names, for the machine at hand
#   leg      those that a leg of the matrix has
#   other    all; and TOPHASH_AUDIT=REGEX those whose names match
# JOBS of them at once (number of processors), each for at most TOPHASH_AUDIT_LIMIT seconds.

here=$(cd "$(dirname "$0")" && pwd)

tools_check() {
    for tool in llvm-objdump-19 llvm-symbolizer-19 llvm-readelf-19 ld.lld-19 python3; do
        if ! command -v "$tool" >/dev/null; then
            echo "skipped: $tool is not installed (tools/deps.sh arch)"
            exit 77
        fi
    done
}

# One row of the list, in a process of its own.
row_run() { # folder line
    folder=$1
    IFS='|' read -r name sets kind compiler flags more <<ROW
$2
ROW
    name=$(echo "$name" | tr -d ' ')
    kind=$(echo "$kind" | tr -d ' ')
    compiler=$(echo "$compiler" | sed 's/^ *//; s/ *$//')
    began=$(date +%s)
    if ! command -v "${compiler%% *}" >/dev/null; then
        echo "ok ${title}_$name # SKIP ${compiler%% *} is not installed" >"$folder/$name.result"
        return
    fi
    work=$folder/$name
    mkdir -p "$work"
    if row >"$folder/$name.out" 2>&1; then
        verdict=ok
    else
        verdict="not ok"
    fi
    {
        echo "$verdict ${title}_$name: $(head -n 1 "$folder/$name.out"), \
$(($(date +%s) - began)) s"
        tail -n +2 "$folder/$name.out" | sed 's/^/# /'
    } >"$folder/$name.result"
}

rows() { # names without TOPHASH_ARCH
    if [ "${1:-}" = --row ]; then
        row_run "$2" "$3"
        return
    fi
    list=$(grep -v '^#' "$here/rows.txt")
    case ${TOPHASH_ARCH:-} in
    "") list=$(echo "$list" | grep -E "^($1) ") ;;
    leg) list=$(echo "$list" | grep -E '^[a-z0-9_]+ \|[^|]*leg') ;;
    *) list=$(echo "$list" | grep -E "^[a-z0-9_]*(${TOPHASH_AUDIT:-})") ;;
    esac
    list=$(echo "$list" | grep -E "${rows_filter:-.}")
    all=$(mktemp -d)
    trap 'rm -rf "$all"' EXIT
    echo "$list" | tr '\n' '\0' | xargs -0 -P "${JOBS:-$(nproc)}" -I{} \
        timeout "${TOPHASH_AUDIT_LIMIT:-900}" sh "$0" --row "$all" {} || true
    passed=0
    failed=0
    skipped=0
    for name in $(echo "$list" | sed 's/ .*//'); do
        result=$all/$name.result
        [ -f "$result" ] || echo "not ok ${title}_$name: took longer than it may" >"$result"
        cat "$result"
        case $(head -n 1 "$result") in
        *"# SKIP"*) skipped=$((skipped + 1)) ;;
        ok*) passed=$((passed + 1)) ;;
        *) failed=$((failed + 1)) ;;
        esac
    done
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ] && [ "$passed" != 0 ]
}
