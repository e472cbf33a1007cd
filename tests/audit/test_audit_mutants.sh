#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: the auditor misses no barrier, no order in a mnemonic, no lock prefix that is taken away.
# Method: mutants.py changes the assembly of the probe, function by function; a function that was
# accepted must not be any more. What was changed is listed. Without TOPHASH_ARCH one compiler is
# enough; with it gcc and clang 14 and 19, and all by TOPHASH_AUDIT=all.
set -eu
title=audit_mutants
. "$(dirname "$0")/rows.sh"

row() {
    free=""
    case $name in clang*) free=-ffreestanding ;; esac
    status=0
    # shellcheck disable=SC2086 # one word a flag
    python3 "$here/mutants.py" "$TOPHASH_COMMAND" "$kind" "$compiler" -O2 $free $flags \
        >"$work/out" 2>&1 || status=1
    tail -n 1 "$work/out"
    if [ $status != 0 ]; then
        tail -n 40 "$work/out"
    elif [ -n "${TOPHASH_ARCH:-}" ]; then
        cat "$work/out"
    fi
    return $status
}

tools_check
if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-OFF}" != OFF ]; then
    echo "skipped: what is tested is the judgement, which an instrumented build does not change"
    exit 77
fi
case ${TOPHASH_AUDIT:-} in
all) TOPHASH_AUDIT="" ;;
"") rows_filter="mutants" ;;
esac
rows "${1:-clang14_x86_64}" "${2:-}" "${3:-}"
