#!/bin/bash
# SPDX-License-Identifier: MIT
# test_map_holder.sh - builds tests/map/holder/holder.c with the map's test points and the real
# geometry, and runs it. Arguments go to the program: --seconds=10 --loss=10 is the promise.
set -u

if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-OFF}" = ON ]; then
    echo "1..0 # SKIP measures speed: not with sanitizers or coverage"
    exit 77
fi
source_dir=${TOPHASH_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build_dir=${TOPHASH_BUILD_DIR:-$source_dir/build/release}
library=$build_dir/libtophash.a
if [ ! -f "$library" ]; then
    echo "$library is missing: build first, or set TOPHASH_BUILD_DIR" >&2
    exit 1
fi
work_dir=$(mktemp -d "$build_dir/holder.XXXXXX") || exit 1
trap 'rm -rf "$work_dir"' EXIT

# The map anew, with its points; all other rooms come from the library.
flags=(-std=c11 -O2 -w -pthread -D_GNU_SOURCE -DTHI_TEST_POINTS=1)
includes=(-I"$source_dir/include" -I"$source_dir/src" -I"$source_dir/tests")
printf '%s\n' "$source_dir"/src/map/*.c "$source_dir/tests/map/holder/holder.c" |
    xargs -P "$(nproc 2>/dev/null || echo 2)" -I{} sh -c '
        work_dir=$1 file=$2; shift 2
        exec "$@" -c "$file" -o "$work_dir/$(basename "$file" .c).o"
    ' sh "$work_dir" {} "${CC:-cc}" "${flags[@]}" "${includes[@]}" || exit 1
"${CC:-cc}" -pthread "$work_dir"/*.o "$library" -o "$work_dir/holder" || exit 1
"$work_dir/holder" "$@"
