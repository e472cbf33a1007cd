#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh PRESET... - configures and builds presets of CMakePresets.json in build/<preset>.
# TARGET= builds that target only, JOBS= at once.
set -eu
cd "$(dirname "$0")/.."
for preset in "$@"; do
    mkdir -p "build/$preset"
    if ! cmake --preset "$preset" >"build/$preset/configure.log" 2>&1; then
        cat "build/$preset/configure.log" >&2
        echo "build.sh: configuring $preset failed; if something is missing, try: make deps" >&2
        exit 1
    fi
    cmake --build "build/$preset" --target "${TARGET:-all}" --parallel "${JOBS:-$(nproc)}"
done
