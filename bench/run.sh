#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh [OPTIONS] - runs the benchmark program; what it is built with, see tools/build.sh bench.
# Results go to build/bench/results, anew, unless --json or --svg say otherwise. The maps of Go and
# Java follow, where these are installed, but not after --maps or --quick.
set -eu
cd "$(dirname "$0")/.."
program=${TOPHASH_BENCH:-}
for candidate in build/bench/tophash-bench build/bench/bench/tophash-bench; do
    if [ -z "$program" ] && [ -x "$candidate" ]; then
        program=$candidate
    fi
done
if [ -z "$program" ]; then
    echo "run.sh: the benchmark program is not built; try: make bench" >&2
    exit 1
fi
results=build/bench/results
rm -rf "$results"
mkdir -p "$results"
status=0
"$program" --json="$results/results.json" --svg="$results" "$@" || status=$?
case " $*" in
*" --maps="* | *" --help"* | *" --quick"*) ;;
*) bench/others/run.sh build/bench/others | tee "$results/others.txt" ;;
esac
exit "$status"
