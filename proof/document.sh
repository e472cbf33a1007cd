# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# document.sh - docs/proof.md, from the tables. Part of tools/proof.sh.

# operations [-v check=1]: rows of operations.awk
operations() {
    while IFS=$'\t' read -r family tables _; do
        for table in $tables; do
            sed "s/^/$family\t/" "$table"
        done
    done < <(family_rows .) | awk "$@" -f proof/operations.awk proof/operations.tsv - | sort
}

document() {
    cat proof/text.md
    printf '\n## Scenarios\n\n| scenario | family | executions | blocked |\n|---|---|---|---|\n'
    awk -F'\t' '!/^#/ { printf "| `%s` | %s | %d | %d |\n", $1, $2, $3, $4 }' proof/counts.tsv
    printf '\n## Operations, and what else went on\n\n'
    printf 'In how many scenarios an operation stands beside a thread that does this.\n\n'
    printf '| operation | against | scenarios | against | scenarios |\n|---|---|---|---|---|\n'
    operations | awk -F'\t' '{ printf "| `%s_%s()` | %s | %d | %s | %d |\n", $1, $2, $3, $4, $5, $6 }'
    printf '\n## Orders, and who needs them\n\n'
    printf 'A site is an access as the source writes it, with all places it is inlined to.\n\n'
    printf '| file | function | access | weaker | outcome | by |\n|---|---|---|---|---|---|\n'
    awk -F'\t' '
        /^#/ { next }
        FILENAME == ARGV[1] { why[$1, $2, $3, $4] = $5; next }
        { declared = ($1, $2, $3, $4) in why
          printf "| `%s` | `%s()` | `%s` | %s | %s | %s |\n", $1, $2, $3, $4,
              declared ? "equivalent" : $5, declared ? why[$1, $2, $3, $4] : "`" $6 "`" }' \
        proof/equivalent.tsv proof/mutants.tsv | sed 's/`-`/-/'
    printf '\n## Seeded bugs\n\n| bug | file | found by |\n|---|---|---|\n'
    awk -F'\t' '!/^#/ { printf "| `%s` | `%s` | `%s` |\n", $1, $2, $3 }' proof/bugs.tsv
}
