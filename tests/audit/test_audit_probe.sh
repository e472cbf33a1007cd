#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: of each compiler and target the probe reports the faults that are known of it, all of them
# and no other.
# Method: what faults.py sums up is compared with faults/<compiler>_<target>.txt. Compilers that are
# not installed are left out; without TOPHASH_ARCH, which the tests of all targets set, one of each
# family for the machine at hand is enough. With TOPHASH_WRITE the lists are written anew.
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

probe() { # name compiler flags...
    name=$1
    shift
    if ! command -v "${1%% *}" >/dev/null; then
        skipped=$((skipped + 1))
        echo "ok audit_probe_$name # SKIP ${1%% *} is not installed"
        return
    fi
    python3 "$here/faults.py" "$TOPHASH_COMMAND" "$@" >"$work/out" || true
    if [ -n "${TOPHASH_WRITE:-}" ]; then
        mkdir -p "$here/faults"
        cp "$work/out" "$here/faults/$name.txt"
    fi
    if diff -u "$here/faults/$name.txt" "$work/out" >"$work/diff"; then
        passed=$((passed + 1))
        echo "ok audit_probe_$name"
    else
        failed=$((failed + 1))
        echo "not ok audit_probe_$name"
        sed 's/^/# /' "$work/diff"
    fi
}

clang() { # version
    free="clang-$1 -ffreestanding"
    probe "clang$1_x86_64" "$free" -O2 --target=x86_64-linux-gnu
    if [ -z "${TOPHASH_ARCH:-}" ]; then
        return
    fi
    probe "clang$1_i686" "$free" -O2 --target=i686-linux-gnu
    arm64="$free --target=aarch64-linux-gnu"
    probe "clang$1_aarch64" "$arm64" -O2 -moutline-atomics
    probe "clang$1_aarch64_v80" "$arm64" -O2 -mno-outline-atomics
    probe "clang$1_aarch64_lse" "$arm64" -O2 -march=armv8.1-a
    probe "clang$1_aarch64_rcpc" "$arm64" -O2 -march=armv8.3-a
    probe "clang$1_armv7" "$free" -O2 --target=armv7a-linux-gnueabihf
    probe "clang$1_riscv64" "$free" -O2 --target=riscv64-linux-gnu -march=rv64gc -mabi=lp64d
    probe "clang$1_ppc64le" "$free" -O2 --target=powerpc64le-linux-gnu
    probe "clang$1_s390x" "$free" -O2 --target=s390x-linux-gnu
    if [ "$1" -ge 16 ]; then
        probe "clang$1_loongarch64" "$free" -O2 --target=loongarch64-linux-gnu
    fi
    probe "clang$1_wasm32" "$free" -O2 --target=wasm32 -matomics -mbulk-memory
}

probe gcc12_x86_64 gcc -O2
clang 14
if [ -n "${TOPHASH_ARCH:-}" ]; then
    clang 15
    clang 16
    clang 19
    probe gcc12_i686 "gcc-12 -m32" -O2
    probe gcc12_aarch64 aarch64-linux-gnu-gcc -O2
    probe gcc12_aarch64_v80 aarch64-linux-gnu-gcc -O2 -mno-outline-atomics
    probe gcc12_aarch64_lse aarch64-linux-gnu-gcc -O2 -march=armv8.1-a
    probe gcc12_armv7 arm-linux-gnueabihf-gcc -O2
    probe gcc12_riscv64 riscv64-linux-gnu-gcc -O2
    probe gcc12_ppc64le powerpc64le-linux-gnu-gcc -O2
    probe gcc12_s390x s390x-linux-gnu-gcc -O2
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
