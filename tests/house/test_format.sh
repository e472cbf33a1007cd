#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: one layout for all code. Method: clang-format 14 would change nothing.
set -eu
cd "$TOPHASH_SOURCE_DIR"
if ! command -v clang-format-14 >/dev/null; then
    echo "skipped: clang-format-14 is missing; make deps installs it"
    exit 77
fi
find include src server tools bench examples tests -name '*.[ch]' -not -path '*/tidy_seeds/*' \
    -exec clang-format-14 --dry-run -Werror {} +
