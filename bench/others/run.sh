#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh DIRECTORY - the maps of Go and Java, where these are installed: builds their programs in
# DIRECTORY and runs them with 1 M keys, one thread and four. A table on the standard output.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
build=$(cd "$1" && pwd)
echo "Maps with a hash of their own, each in its own process: million operations per CPU-second"
if command -v go >/dev/null && GO111MODULE=off go build -o "$build/maps" "$here/maps.go"; then
    for threads in 1 4; do
        "$build/maps" 1000000 "$threads" 9 100
    done
else
    echo "skipped: Go's sync.Map, and its map with an RWMutex: no go here"
fi
if command -v javac >/dev/null && javac -d "$build" "$here/Maps.java"; then
    for threads in 1 4; do
        java -cp "$build" Maps 1000000 "$threads" 9 100
    done
else
    echo "skipped: Java's ConcurrentHashMap: no javac here"
fi
