#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: no dead code crosses files, and what one file alone uses is static. Method: each global
# thi_ name of the library is referenced by another object of it, or by a test.
set -eu
if [ -n "$TOPHASH_SANITIZE" ] || [ "$TOPHASH_COVERAGE" = ON ]; then
    echo "skipped: sanitizers and coverage add references of their own"
    exit 77
fi
library=$TOPHASH_BUILD_DIR/libtophash.a
used=$(nm -u "$library" | awk '$1 == "U" { print $2 }' | sort -u)
dead=0
for name in $(nm -g --defined-only "$library" | awk '$3 ~ /^thi_/ { print $3 }' | sort -u); do
    if ! echo "$used" | grep -qx "$name" &&
        ! grep -rqw "$name" "$TOPHASH_SOURCE_DIR/tests" --include='*.[ch]'; then
        echo "$name: used by no other file of the library and by no test: static, or dead"
        dead=$((dead + 1))
    fi
done
[ "$dead" = 0 ]
