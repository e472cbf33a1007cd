#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: the three key kinds share one source and pay nothing for it: the compiler has folded the
# key kind away. Method: count the indirect calls in the machine code of the optimized map objects.
set -eu
if [ -n "$TOPHASH_SANITIZE" ] || [ "$TOPHASH_COVERAGE" = ON ]; then
    echo "skipped: only optimized builds without instrumentation are counted"
    exit 77
fi
if grep -q '^CMAKE_BUILD_TYPE:[A-Z]*=Debug' "$TOPHASH_BUILD_DIR/CMakeCache.txt"; then
    echo "skipped: a debug build folds nothing"
    exit 77
fi
objects=$TOPHASH_BUILD_DIR/CMakeFiles/tophash_objects.dir/src/map
passed=0
failed=0
for kind in u32 u64 bytes wide; do
    # x86-64 writes `call *`, 64-bit Arm `blr`, RISC-V `jalr` by register.
    objdump -dr --no-show-raw-insn "$objects/map_$kind.c.o" | awk -v kind="$kind" '
        /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name); functions[name] = 0 }
        /\t(call +\*|callq +\*|blr[ \t]|jalr[ \t])/ { functions[name]++; total++ }
        END {
            read = "^th_map_" kind "_(get|get_many|count|next)$"
            least = 2
            if (kind == "wide") { read = "^thi_map_get_wide$"; least = 1 }
            for (name in functions) {
                if (name ~ read) { reads++; bad += functions[name] }
                if (functions[name]) { printf "# %s: %d indirect calls\n", name, functions[name] }
            }
            printf "# map_%s: %d indirect calls in all, %d in %d reading functions\n",
                kind, total, bad, reads
            exit !(reads >= least && bad == 0)
        }' && status=0 || status=$?
    if [ "$status" = 0 ]; then
        passed=$((passed + 1))
        echo "ok map_${kind}_reads_call_nothing_indirectly"
    else
        failed=$((failed + 1))
        echo "not ok map_${kind}_reads_call_nothing_indirectly"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
