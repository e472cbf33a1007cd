#!/bin/bash
# SPDX-License-Identifier: MIT
# test_audit.sh [--legs] [--all] [--only REGEX] [--no-deps]
#
# The auditor of machine code against every compiler and target that it knows: what it says of the
# library (all accepted, counts equal to the compiler's), of the compilers (their known faults, all
# and no other), of their assembly with orders taken away (all rejected, listed).
#   --legs   only the library, by the compilers and targets of cmake/targets/legs.txt
#   --all    assembly of all compilers; else of gcc and of the oldest and newest clang
#   --only   only compilers and targets whose names in tests/audit/rows.txt match
# JOBS at once (number of processors). The last line is `N passed, N failed, N skipped`.
set -eu
cd "$(dirname "$0")/.."
export TOPHASH_ARCH=all TOPHASH_AUDIT="" TOPHASH_SOURCE_DIR=$PWD
deps=yes
tests="probe library shapes mutants"
while [ $# -gt 0 ]; do
    case $1 in
    --legs) TOPHASH_ARCH=leg tests=library ;;
    --all) TOPHASH_AUDIT=all ;;
    --only) TOPHASH_AUDIT=$2; shift ;;
    --no-deps) deps=no ;;
    --help | -h) sed -n '3,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test_audit.sh: unknown option $1; see --help" >&2; exit 2 ;;
    esac
    shift
done
if [ $deps = yes ]; then
    tools/deps.sh arch
fi
TARGET=tophash_command tools/build.sh release >/dev/null
export TOPHASH_COMMAND=$PWD/build/release/tophash
began=$SECONDS
passed=0
failed=0
skipped=0
for test in $tests; do
    start=$SECONDS
    closing=""
    # `all` is for the assembly; the others are never fewer.
    only=$TOPHASH_AUDIT
    [ "$only" = all ] && [ "$test" != mutants ] && only=""
    while IFS= read -r line; do
        echo "$line"
        closing=$line
    done < <(TOPHASH_AUDIT=$only "tests/audit/test_audit_$test.sh")
    read -r p _ f _ s _ <<<"$closing"
    case $p$f$s in
    *[!0-9]* | "") p=0 f=1 s=0 ;;
    esac
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '# %s: %d s\n' "$test" $((SECONDS - start))
done
printf '# %d s in all\n' $((SECONDS - began))
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
