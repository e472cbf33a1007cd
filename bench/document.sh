#!/bin/sh
# SPDX-License-Identifier: MIT
# document.sh [OPTIONS] - runs the benchmarks and writes docs/performance.md with its charts anew. A
# promise that is broken stands in the document; it does not stop it from being written.
set -eu
cd "$(dirname "$0")/.."
bench/run.sh --verdict "$@" || echo "document.sh: not all went well; see above" >&2
rm -rf docs/performance
mkdir -p docs/performance
cp build/bench/results/*.svg docs/performance/
bench/report.py build/bench/results/results.json performance >docs/performance.md
