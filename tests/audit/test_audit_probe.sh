#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: of each compiler and target the probe reports the faults that are known of it, all of them
# and no other.
# Method: what faults.py sums up is compared with faults/<compiler>_<target>.txt. Without
# TOPHASH_ARCH, one of each family for the machine at hand is enough. With TOPHASH_WRITE the lists
# are written anew.
set -eu
title=audit_probe
. "$(dirname "$0")/rows.sh"

row() {
    free=""
    case $name in clang*) free=-ffreestanding ;; esac
    # shellcheck disable=SC2086 # one word a flag
    python3 "$here/faults.py" "$TOPHASH_COMMAND" "$compiler" -O2 $free $flags >"$work/out"
    if [ -n "${TOPHASH_WRITE:-}" ]; then
        cp "$work/out" "$here/faults/$name.txt"
    fi
    status=0
    diff -u "$here/faults/$name.txt" "$work/out" >"$work/diff" || status=1
    echo "$(wc -l <"$work/out") kinds of fault, as known"
    cat "$work/diff"
    return $status
}

tools_check
rows "${1:-gcc12_x86_64|clang14_x86_64}" "${2:-}" "${3:-}"
