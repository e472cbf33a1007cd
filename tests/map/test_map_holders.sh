#!/bin/bash
# SPDX-License-Identifier: MIT
# test_map_holders.sh - builds holders/holders.c with the real geometry and the test points, and runs it.
# TOPHASH_HOLD_SECONDS (1): how long the holders stand still.
set -u -o pipefail

source_dir=${TOPHASH_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
work_dir=$(mktemp -d "${TOPHASH_BUILD_DIR:-/tmp}/holders.XXXXXX") || exit 1
trap 'rm -rf "$work_dir"' EXIT
cc=${CC:-cc}
system=$(uname -s | tr '[:upper:]' '[:lower:]')
[ -d "$source_dir/src/port/$system" ] || system=posix
flags=(-std=c11 -O2 -w -pthread -D_GNU_SOURCE -DNDEBUG -DTHI_TEST_POINTS=1
    -I"$source_dir/include" -I"$source_dir/src" -I"$source_dir/tests")

"$cc" "${flags[@]}" "$source_dir"/src/{base,hash,port,port/$system,mem,trace,epoch,map}/*.c \
    "$source_dir/tests/map/holders/holders.c" -o "$work_dir/holders" || exit 1
"$work_dir/holders" --time-limit=120
