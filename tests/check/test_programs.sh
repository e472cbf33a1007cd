#!/bin/sh
# SPDX-License-Identifier: MIT
# Goal: every example is verified, each of its broken twins is reported at the line that is wrong.
# Method: each row of programs/table.tsv is one run of `tophash check`; its columns, after the
# program in examples/check/: what is given to the command, the verdict, and what the report must
# contain. Parts of that are separated by ` | `; `@text` stands for the first line of the program,
# or of a header beside it, that holds the text, as file:line. Rows are run two at a time; with an
# argument, the rows it matches. Rows that open with `!` take seconds: at a scale from 1000 on.
# Counts of executions are compared in the release build of gcc only: which turns of a loop are
# found to be useless depends on what the checker leaves on a thread's stack.
set -eu
table=$TOPHASH_SOURCE_DIR/tests/check/programs/table.tsv
examples=$TOPHASH_SOURCE_DIR/examples/check
tab=$(printf '\t')

status_of() { # verdict
    case $1 in
    verified) echo 0 ;;
    failed) echo 1 ;;
    bounded) echo 3 ;;
    harness) echo 4 ;;
    *) echo "unknown verdict $1" ;;
    esac
}

# Prints the first part that the report lacks.
part_missing() { # program report parts
    rest="$3 | "
    while [ -n "$rest" ]; do
        part=${rest%% | *}
        rest=${rest#* | }
        case $part in
        *[0-9]\ executions)
            [ "${TOPHASH_BUILD:-}" = "GNU RelWithDebInfo" ] || continue
            ;;
        @*)
            found=$(grep -nF -- "${part#@}" "$examples/$1" "$examples"/*.h | head -n 1)
            part=$(echo "${found:-$part}" | cut -d: -f1,2 | sed 's|.*/||')
            ;;
        esac
        grep -qF -- "$part" "$2" || { echo "$part" && return; }
    done
}

row_run() { # row
    IFS=$tab read -r program flags verdict parts <<ROW
$1
ROW
    work=$(mktemp -d)
    status=0
    options=
    switches=
    for flag in $flags; do
        case $flag in
        --*) options="$options $flag" ;;
        -D*) switches="$switches $flag" ;;
        esac
    done
    # shellcheck disable=SC2086
    (cd "$examples" && "$TOPHASH_COMMAND" check --quiet $options "$program" -- $switches) \
        >"$work/report" 2>&1 || status=$?
    missing=$(part_missing "$program" "$work/report" "$parts")
    if [ "$status" = "$(status_of "$verdict")" ] && [ -z "$missing" ]; then
        echo "ok $program $flags: $verdict"
    else
        echo "not ok $program $flags: status $status, wanted $verdict; missing '$missing':"
        sed 's/^/    /' "$work/report"
    fi
    rm -rf "$work"
}

if [ "${1:-}" = --row ]; then
    row_run "$2"
    exit 0
fi
if [ -n "${TOPHASH_SANITIZE:-}" ] || [ "${TOPHASH_COVERAGE:-}" = ON ]; then
    echo "skipped: checked programs cannot be linked with an instrumented checker"
    exit 77
fi
"$TOPHASH_COMMAND" check --help >/dev/null 2>&1 || {
    echo "skipped: this build has no checker"
    exit 77
}
output=$(mktemp)
trap 'rm -f "$output"' EXIT
slow='^!'
if [ "${TOPHASH_TEST_SCALE:-100}" -ge 1000 ]; then
    slow='^#'
fi
grep -v '^#' "$table" | grep -v "$slow" | sed 's/^!//' | grep -F -- "${1:-}" | tr '\n' '\0' |
    xargs -0 -n 1 -P 2 "$0" --row >"$output"
cat "$output"
passed=$(grep -c '^ok ' "$output" || true)
failed=$(grep -c '^not ok ' "$output" || true)
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
