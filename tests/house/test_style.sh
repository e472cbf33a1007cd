#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: the tree keeps the rules of the house. Method: tidy on the whole tree.
set -eu
if [ -n "$TOPHASH_SANITIZE" ] || [ "$TOPHASH_COVERAGE" = ON ]; then
    echo "skipped: sanitizers and coverage add names of their own; the release build is checked"
    exit 77
fi
"$TOPHASH_BUILD_DIR/tidy" --root "$TOPHASH_SOURCE_DIR" --build "$TOPHASH_BUILD_DIR"
