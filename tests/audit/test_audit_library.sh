#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: every atomic operation of the library is accepted on every target and with every compiler it
# is built for, none is undecided, and as many are found as the compiler has.
# Method: the sources are audited file by file. Compilers that are not installed are left out.
# Without TOPHASH_ARCH, which the tests of all targets set, there is nothing to do: what this build
# is made of is test_audit_command.sh's.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
skipped=0
if [ -z "${TOPHASH_ARCH:-}" ]; then
    echo "skipped: all targets take minutes; TOPHASH_ARCH is not set"
    exit 77
fi
cd "$TOPHASH_SOURCE_DIR"

library() { # name compiler flags...
    name=$1
    compiler=$2
    shift 2
    if ! command -v "${compiler%% *}" >/dev/null; then
        skipped=$((skipped + 1))
        echo "ok audit_library_$name # SKIP ${compiler%% *} is not installed"
        return
    fi
    status=0
    "$TOPHASH_COMMAND" audit "--cc=$compiler" src/*/*.c -- -O2 -std=c11 -D_GNU_SOURCE -Iinclude \
        -Isrc -fPIC -fvisibility=hidden "$@" >"$work/out" 2>"$work/errors" || status=$?
    counts=$(sed -nE 's/^all: .* ([0-9]+) operations.* ([0-9]+) found.*/\1 \2/p' "$work/out")
    if [ "$status" = 0 ] && [ "${counts% *}" = "${counts#* }" ]; then
        passed=$((passed + 1))
        echo "ok audit_library_$name: ${counts% *} operations"
    else
        failed=$((failed + 1))
        echo "not ok audit_library_$name: status $status"
        grep -A6 -E '^(rejected|undecided|all)' "$work/out" | head -40 | sed 's/^/# /'
        grep -v '^warning' "$work/errors" | tail -5 | sed 's/^/# /'
    fi
}

cross() { # version target triple flags...
    version=$1
    name=$2
    triple=$3
    shift 3
    library "clang${version}_$name" "clang-$version" "--target=$triple" -isystem \
        "/usr/$triple/include" "$@"
}

library gcc12_x86_64 gcc
library gcc12_i686 "gcc-12 -m32" -isystem "/usr/include/$(uname -m)-linux-gnu"
library gcc12_aarch64 aarch64-linux-gnu-gcc
library gcc12_aarch64_v80 aarch64-linux-gnu-gcc -mno-outline-atomics
library gcc12_aarch64_lse aarch64-linux-gnu-gcc -march=armv8.1-a
library gcc12_armv7 arm-linux-gnueabihf-gcc
library gcc12_riscv64 riscv64-linux-gnu-gcc
library gcc12_ppc64le powerpc64le-linux-gnu-gcc
library gcc12_s390x s390x-linux-gnu-gcc
for version in 14 19; do
    library "clang${version}_x86_64" "clang-$version"
    cross $version aarch64 aarch64-linux-gnu -moutline-atomics
    cross $version aarch64_v80 aarch64-linux-gnu -mno-outline-atomics
    cross $version aarch64_rcpc aarch64-linux-gnu -march=armv8.3-a
    cross $version armv7 arm-linux-gnueabihf -march=armv7-a
    cross $version riscv64 riscv64-linux-gnu -march=rv64gc -mabi=lp64d
    cross $version ppc64le powerpc64le-linux-gnu
    cross $version s390x s390x-linux-gnu
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
