#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: every rule of tidy is alive. Method: a small project that is clean, and for each rule
# copies of it with one fault laid over (tests/house/tidy_seeds/<rule>[.<variant>]/): tidy must be
# silent on the first and report the rule, and only that rule, on each of the others.
set -eu
seeds=$TOPHASH_SOURCE_DIR/tests/house/tidy_seeds
tidy=$TOPHASH_BUILD_DIR/tidy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

note() { # ok|not name message
    if [ "$1" = ok ]; then
        passed=$((passed + 1))
        echo "ok $2"
    else
        failed=$((failed + 1))
        echo "not ok $2: $3"
    fi
}

# The libraries that the rules on names look into.
library_build() { # tree
    mkdir -p "$1/build"
    for source in "$1"/src/*/*.c; do
        object=$1/build/$(basename "$(dirname "$source")")_$(basename "$source" .c).o
        ${CC:-cc} -fPIC -fvisibility=hidden -I"$1/include" -I"$1/src" -c "$source" -o "$object"
    done
    ar cr "$1/build/libtophash.a" "$1"/build/*.o
    ${CC:-cc} -shared -o "$1/build/libtophash.so" "$1"/build/*.o \
        -Wl,--version-script="$TOPHASH_SOURCE_DIR/cmake/tophash.map"
}

cp -r "$seeds/base" "$work/base"
library_build "$work/base"
if "$tidy" --root "$work/base" --build "$work/base/build" >"$work/out" 2>&1; then
    note ok tidy_clean_project_is_silent
else
    note not tidy_clean_project_is_silent "$(cat "$work/out")"
fi

for seed in "$seeds"/*/; do
    name=$(basename "$seed")
    rule=${name%%.*}
    [ "$name" = base ] && continue
    tree=$work/$name
    cp -r "$work/base" "$tree"
    cp -r "$seed/." "$tree"
    if [ -d "$seed/src" ]; then
        library_build "$tree"
    fi
    status=0
    "$tidy" --root "$tree" --build "$tree/build" >"$work/out" 2>/dev/null || status=$?
    reported=$(awk -F: '{ sub(/^ /, "", $3); print $3 }' "$work/out" | sort -u | tr '\n' ' ')
    if [ "$status" = 1 ] && [ "$reported" = "$rule " ]; then
        note ok "tidy_seed_$name"
    else
        note not "tidy_seed_$name" "status $status, reported: $reported $(cat "$work/out")"
    fi
done

for rule in $("$tidy" --list | awk '{ print $1 }'); do
    if [ -d "$seeds/$rule" ] || [ -n "$(find "$seeds" -maxdepth 1 -name "$rule.*")" ]; then
        note ok "tidy_rule_${rule}_has_a_seed"
    else
        note not "tidy_rule_${rule}_has_a_seed" "none in $seeds"
    fi
done

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
