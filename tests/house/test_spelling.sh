#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: words are spelled as they are spelled. Method: codespell's list of common misspellings.
set -eu
cd "$TOPHASH_SOURCE_DIR"
if ! command -v codespell >/dev/null; then
    echo "skipped: codespell is missing; make deps installs it"
    exit 77
fi
allowed=$(tr '\n' ',' <ci/spelling_allowed.txt)
# Expected reports have words cut off where a column ends.
codespell --skip '*.svg,*.json,*/corpus/*,*/expected/*' --ignore-words-list "$allowed" \
    README.md CHANGELOG.md CONTRIBUTING.md include src server tools bench examples tests docs man
