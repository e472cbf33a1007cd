#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: the auditor misses no barrier, no order in a mnemonic, no lock prefix that is taken away.
# Method: mutants.py changes the assembly of the probe, function by function; a function that was
# accepted must not be any more. Compilers that are not installed are left out. Without
# TOPHASH_ARCH, which the tests of all targets set, one compiler is enough.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
skipped=0

for tool in llvm-objdump-19 llvm-symbolizer-19 llvm-readelf-19 ld.lld-19 python3; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed (tools/deps.sh arch)"
        exit 77
    fi
done
if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-OFF}" != OFF ]; then
    echo "skipped: what is tested is the judgement, which an instrumented build does not change"
    exit 77
fi

mutants() { # name target compiler flags...
    name=$1
    shift
    if ! command -v "${2%% *}" >/dev/null; then
        skipped=$((skipped + 1))
        echo "ok audit_mutants_$name # SKIP ${2%% *} is not installed"
        return
    fi
    if python3 "$here/mutants.py" "$TOPHASH_COMMAND" "$@" >"$work/out" 2>&1; then
        passed=$((passed + 1))
        echo "ok audit_mutants_$name"
        [ -z "${TOPHASH_ARCH:-}" ] || sed 's/^/# /' "$work/out"
    else
        failed=$((failed + 1))
        echo "not ok audit_mutants_$name"
        tail -40 "$work/out" | sed 's/^/# /'
    fi
}

free="-ffreestanding"
mutants clang14_x86_64 x86 "clang-14 --target=x86_64-linux-gnu $free" -O2
if [ -n "${TOPHASH_ARCH:-}" ]; then
    mutants gcc_x86_64 x86 gcc -O2
    mutants gcc_i686 x86 "gcc-12 -m32" -O2
    mutants gcc_aarch64 aarch64 aarch64-linux-gnu-gcc -O2
    mutants gcc_aarch64_v80 aarch64 aarch64-linux-gnu-gcc -O2 -mno-outline-atomics
    mutants clang19_aarch64_v80 aarch64 "clang-19 --target=aarch64-linux-gnu $free" -O2 \
        -mno-outline-atomics
    mutants clang19_aarch64_rcpc aarch64 "clang-19 --target=aarch64-linux-gnu $free" -O2 \
        -march=armv8.3-a
    mutants gcc_armv7 arm arm-linux-gnueabihf-gcc -O2
    mutants clang19_armv7 arm "clang-19 --target=armv7a-linux-gnueabihf $free" -O2
    mutants gcc_riscv64 riscv riscv64-linux-gnu-gcc -O2
    mutants clang14_riscv64 riscv "clang-14 --target=riscv64-linux-gnu $free" -O2 -march=rv64gc \
        -mabi=lp64d
    mutants clang19_riscv64 riscv "clang-19 --target=riscv64-linux-gnu $free" -O2 -march=rv64gc \
        -mabi=lp64d
    mutants gcc_ppc64le ppc powerpc64le-linux-gnu-gcc -O2
    mutants clang19_ppc64le ppc "clang-19 --target=powerpc64le-linux-gnu $free" -O2
    mutants gcc_s390x s390x s390x-linux-gnu-gcc -O2
    mutants clang19_s390x s390x "clang-19 --target=s390x-linux-gnu $free" -O2
    mutants clang19_loongarch64 loong "clang-19 --target=loongarch64-linux-gnu $free" -O2
    mutants clang19_wasm32 wasm "clang-19 --target=wasm32 $free" -O2 -matomics -mbulk-memory
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
