#!/bin/sh
# SPDX-License-Identifier: MIT
# test_litmus_command.sh - `tophash litmus` from outside: its table, its report, its errors.
set -u
command=$TOPHASH_COMMAND
folder=$TOPHASH_SOURCE_DIR/tests/check/litmus
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "# $*"
    failures=$((failures + 1))
}

# The columns of the table that the command prints, from the table of known answers.
columns() {
    awk -F '\t' -v rule="$1" 'NR > 1 {
        states = rule == "c20" && $14 != "" ? $14 : $13
        print rule == "c20" ? $1 "\t" $8 "\t" $9 "\t" $10 "\t" states \
                            : $1 "\t" $4 "\t" $5 "\t" $7 "\t" states
    }' "$folder/verdicts.tsv" | LC_ALL=C sort
}

for rule in c11 c20; do
    "$command" litmus --tsv --release-sequence=$rule -j 2 "$folder" >"$work/$rule" ||
        fail "$rule: exit status $?"
    columns $rule >"$work/expected"
    awk -F '\t' '{print $1 "\t" $2 "\t" $3 "\t" $5 "\t" $6}' "$work/$rule" | LC_ALL=C sort |
        diff "$work/expected" - >"$work/diff" || fail "$rule: $(head -3 "$work/diff")"
done
[ "$(wc -l <"$work/c11")" -eq 798 ] || fail "not 798 lines"

"$command" litmus --tsv --release-sequence=c11 "$folder" | cmp -s - "$work/c11" ||
    fail "one process and two print different tables"

"$command" litmus "$folder/MP+rlx-rel-rlx-rlx.litmus" >"$work/report" 2>&1 ||
    fail "one test: exit status $?"
cat >"$work/expected" <<'END'
Test MP+rlx-rel-rlx-rlx Allowed
States 4
1:r0=0; 1:r1=0; [x]=1; [y]=1;
1:r0=0; 1:r1=1; [x]=1; [y]=1;
1:r0=1; 1:r1=0; [x]=1; [y]=1;
1:r0=1; 1:r1=1; [x]=1; [y]=1;
Ok
Witnesses
Positive: 1 Negative: 3
Condition exists (1:r0=1 /\ 1:r1=0)
Observation MP+rlx-rel-rlx-rlx Sometimes 1 3

END
diff "$work/expected" "$work/report" >"$work/diff" || fail "report: $(cat "$work/diff")"

status_is() {
    expected=$1
    shift
    "$command" litmus "$@" >"$work/out" 2>&1
    status=$?
    [ $status -eq "$expected" ] || fail "litmus $*: exit status $status, not $expected"
    [ -s "$work/out" ] || fail "litmus $*: says nothing"
}
printf 'C a\n{ x }\nP9' >"$work/bad.litmus"
status_is 2
status_is 2 --release-sequence=c17 "$folder"
status_is 2 -j 0 "$folder"
status_is 2 --no-such-option "$folder"
status_is 0 --help
status_is 1 "$work/absent.litmus"
status_is 1 "$work/bad.litmus"
grep -q "bad.litmus:3: expected the first thread, P0, found 'P9'" "$work/out" ||
    fail "the error does not name file and line: $(cat "$work/out")"
mkdir "$work/empty"
status_is 1 "$work/empty"

[ $failures -eq 0 ] && echo "litmus_command: passed" && exit 0
echo "$failures failures"
exit 1
