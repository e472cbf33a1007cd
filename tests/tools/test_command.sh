#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: the command `tophash` finds its subcommands and says what to do on wrong usage.
# Method: run it with each form of arguments; compare status and output.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

expect() { # name wanted_status wanted_text arguments...
    name=$1
    wanted_status=$2
    wanted_text=$3
    shift 3
    status=0
    "$TOPHASH_COMMAND" "$@" >"$work/out" 2>&1 || status=$?
    if [ "$status" = "$wanted_status" ] && grep -qF -- "$wanted_text" "$work/out"; then
        passed=$((passed + 1))
        echo "ok $name"
    else
        failed=$((failed + 1))
        echo "not ok $name: status $status, output: $(cat "$work/out")"
    fi
}

version=$(sed -n 's/.*TH_VERSION_STRING "\(.*\)"/\1/p' \
    "$TOPHASH_SOURCE_DIR/include/tophash/base.h")
expect command_without_arguments_shows_usage 2 'usage: tophash <subcommand>'
expect command_help_lists_serve 0 'serve' --help
expect command_help_short_lists_serve 0 'serve' -h
expect command_version_is_the_library_s 0 "tophash $version" --version
expect command_unknown_is_refused 2 "no subcommand 'dance'; \`tophash --help\` lists them" dance

for page in "$TOPHASH_SOURCE_DIR"/man/tophash-*.1; do
    [ -f "$page" ] || continue
    name=$(basename "$page" .1)
    expect "command_${name#tophash-}_is_known" 0 "${name#tophash-}" --help
done

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
