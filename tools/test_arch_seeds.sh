#!/bin/bash
# SPDX-License-Identifier: MIT
# test_arch_seeds.sh [FOLDER] - does the matrix see what it is there for?
#
# In a copy of the tree two bugs are made on purpose, of the kind that the machine one works on
# hides: one reads bytes in the processor's order, one keeps a number in a `long`. The matrix must
# fail, name the rows where each shows, say that it is the big-endian and the 32-bit legs, and blame
# nothing else. The last line is `N passed, N failed, N skipped`.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-$PWD/build/arch-seeds}
legs="x86-64-gcc aarch64-gcc i686-gcc s390x-gcc"
tree=$folder/tree
rm -rf "$folder"
mkdir -p "$tree"
git ls-files -z --cached --others --exclude-standard |
    xargs -0 tar -c --ignore-failed-read -f - 2>/dev/null | tar -x -C "$tree" -f -

seed() { # file text replacement
    if ! grep -qF "$2" "$tree/$1"; then
        echo "test_arch_seeds.sh: $1 has no line '$2' any more: choose another place" >&2
        exit 2
    fi
    python3 - "$tree/$1" "$2" "$3" <<'EOF'
import sys
path, text, replacement = sys.argv[1:]
source = open(path, encoding="utf-8").read()
open(path, "w", encoding="utf-8").write(source.replace(text, replacement, 1))
EOF
}
seed src/hash/hash.h "word = __builtin_bswap64(word);" ""
seed src/cache/cache_number.c "*number = value;" "*number = (unsigned long)value;"

status=0
# shellcheck disable=SC2086 # one leg a word
"$tree/tools/test_arch.sh" --no-deps --tests '_results$' --out "$folder/out" $legs \
    >"$folder/log" 2>&1 || status=$?
python3 - "$folder/out/report.json" $status <<'EOF'
import json
import sys

report = json.load(open(sys.argv[1], encoding="utf-8"))
passed = failed = 0


def check(what, good):
    global passed, failed
    passed += good
    failed += not good
    print("ok" if good else "not ok", what)


rows = {(entry["row"], entry["common"]) for entry in report["unexplained"]}
check("the matrix fails", sys.argv[2] == "1")
check("every leg was built", all(leg["built"] for leg in report["legs"]))
big, small = "the big-endian legs", "the 32-bit legs"
check("the byte order shows in the hash of short keys",
      ("hash_hash_results: bytes to 16", big) in rows)
check("and in the walk of a map with bytes keys",
      ("map_map_results: bytes grown order of the walk", big) in rows)
check("the word size shows in what a cache answers",
      ("cache_cache_results: answers", small) in rows)
check("and in the bytes of the protocol", ("server_results: answers", small) in rows)
check("integer keys are not blamed",
      not any(row.startswith(("map_map_results: u64", "map_map_results: u32")) for row, _ in rows))
check("every row is blamed on one of the two",
      all(common in (big, small) for _, common in rows))
for row, common in sorted(rows):
    print(f"#   {row}: {common}")
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(failed != 0)
EOF
