#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: of programs as people write them, too, nothing is rejected but what the probe knows to be
# wrong with the compiler, and nothing undecided.
# Method: the files of shapes/ at several levels of optimisation; each operation, order and half of
# it that is refused must be in the compiler's list, faults/<compiler>_<target>.txt.
set -eu
title=audit_shapes
. "$(dirname "$0")/rows.sh"

row() {
    free="" status=0 count=0
    case $name in clang*) free=-ffreestanding ;; esac
    kind='s/^[0-9]* //; s/^([^:]*: [^:]*: [^:]*).*/\1/; s/cmpxchg weak/cmpxchg/'
    sed -E "$kind" "$here/faults/$name.txt" | sort -u >"$work/known"
    for file in "$here"/shapes/*.c; do
        for level in ${TOPHASH_ARCH:+-O1 -O3 -Os} -O2; do
            count=$((count + 1))
            # shellcheck disable=SC2086 # one word a flag
            python3 "$here/faults.py" "$TOPHASH_COMMAND" "--file=$file" "$compiler" $level $free \
                $flags | sed -E "$kind" | sort -u >"$work/found"
            if ! comm -23 "$work/found" "$work/known" | sed "s|^|${file##*/} $level: |" |
                tee -a "$work/new" | cmp -s - /dev/null; then
                status=1
            fi
        done
    done
    echo "$count files audited"
    cat "$work/new"
    return $status
}

tools_check
rows "${1:-gcc12_x86_64|clang14_x86_64}" "${2:-}" "${3:-}"
