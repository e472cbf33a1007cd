#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: what docs/checking.md shows is what the command prints. Method: each block that opens with
# `$ tophash` is run and compared, but for times; a first line `...` stands for what is left out.
set -eu
if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-}" = ON ]; then
    echo "skipped: checked programs cannot be linked with an instrumented checker"
    exit 77
fi
"$TOPHASH_COMMAND" check --help >/dev/null 2>&1 || {
    echo "skipped: this build has no checker"
    exit 77
}
cd "$TOPHASH_SOURCE_DIR"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$TOPHASH_COMMAND" "$work/tophash"
PATH=$work:$PATH
awk -v work="$work" '
    /^```/ { inside = !inside; opened = inside; block = ""; next }
    opened { opened = 0; if (/^\$ tophash /) {
        block = sprintf("%s/%02d", work, ++count); print substr($0, 3) >(block ".command"); next } }
    block { print >block }' docs/checking.md

times_out() {
    sed -E 's/[0-9.]+ s, [0-9]+ executions a second/TIME/; s/ +[0-9.]+ ms/ TIME/; s/ +$//'
}

failed=0
passed=0
for command in "$work"/*.command; do
    block=${command%.command}
    sh "$command" 2>"$work/errors" | times_out >"$work/got" || true
    times_out <"$block" >"$work/wanted"
    if [ "$(head -n 1 "$work/wanted")" = ... ]; then
        sed -i 1d "$work/wanted"
        tail -n "$(wc -l <"$work/wanted")" "$work/got" >"$work/end"
        mv "$work/end" "$work/got"
    fi
    if diff "$work/wanted" "$work/got" >"$work/diff"; then
        passed=$((passed + 1))
        echo "ok $(cat "$command")"
    else
        failed=$((failed + 1))
        echo "not ok $(cat "$command"): the document (<) and the command (>):"
        cat "$work/diff" "$work/errors"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
