# SPDX-License-Identifier: MIT
# operations.awk - in how many scenarios each operation of an interface is run against what other
# threads do to it.
#
# Reads proof/operations.tsv, then `family <tab> C text of a table` line by line. Writes rows:
# interface, operation, then against what and how often; with -v check=1 only those that are run
# less than twice.
BEGIN { FS = "\t" }
/^#/ { next }
FILENAME == ARGV[1] && $1 == "interface" {
    header[$2] = $3
    split($4, list, ",")
    for (i in list) interface_of[list[i]] = $2
    kind_of[$2] = $5
    against_of[$2] = $6
    next
}
FILENAME == ARGV[1] && $1 == "alone" { alone[$2, $3] = 1; next }
FILENAME == ARGV[1] { steps++; kind[steps] = $1; name[steps] = $2; does[steps] = $3; is[steps] = $4; next }
{ if ($1 != family) { flush(); family = $1; text = "" }
  if ($2 ~ /^    \{"/) flush()
  if ($2 ~ /^\};/) { flush(); text = ""; next }
  text = text $2 }

# The number of the step; 0: it is none that is looked for.
function step_of(word, of,    i, stem) {
    for (i = 1; i <= steps; i++) {
        if (kind[i] != of) continue
        stem = name[i]
        if (sub(/\*$/, "", stem) ? index(word, stem) == 1 : word == stem) return i
    }
    return 0
}

# A row: its last braces are the threads.
function flush(    of, i, c, depth, first, last, threads, parts, words, t, w, s, n, m, u) {
    gsub(/\/\*[^*]*\*\//, "", text)
    of = interface_of[family]
    if (text !~ /^    \{"/ || of == "") { text = ""; return }
    depth = 0
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "{" && ++depth == 2) first = i
        if (c == "}" && depth-- == 2) last = i
    }
    threads = substr(text, first + 1, last - first - 1)
    delete acts
    n = 0
    depth = 0
    parts = ""
    for (i = 1; i <= length(threads); i++) {
        c = substr(threads, i, 1)
        if (c == "{" && ++depth == 1) { n++; parts = ""; continue }
        if (c == "}" && --depth == 0) { acts[n] = parts; continue }
        if (depth > 0) parts = parts c
    }
    delete counted
    for (t = 1; t <= n; t++) {
        m = split(acts[t], words, /[^A-Z_0-9]+/)
        for (w = 1; w <= m; w++) {
            s = step_of(words[w], kind_of[of])
            if (s == 0 || does[s] == "-") continue
            for (u = 1; u <= n; u++) if (u != t) against_count(of, does[s], acts[u])
        }
    }
    text = ""
}
function against_count(of, what, other,    m, words, w, s, key) {
    m = split(other, words, /[^A-Z_0-9]+/)
    for (w = 1; w <= m; w++) {
        s = step_of(words[w], kind_of[of])
        key = of SUBSEP what SUBSEP is[s]
        if (s != 0 && is[s] != "-" && !(key in counted)) { counted[key] = 1; times[key]++ }
    }
}

END {
    flush()
    for (of in header) {
        while ((getline line < header[of]) > 0) {
            while (match(line, of "_[a-z_]+\\(")) {
                what = substr(line, RSTART + length(of) + 1, RLENGTH - length(of) - 2)
                line = substr(line, RSTART + RLENGTH)
                if (!((kind_of[of], what) in alone) && !((of, what) in alone) && !seen[of, what]++)
                    report(of, what)
            }
        }
        close(header[of])
    }
}
function report(of, what,    n, list, i, row, least) {
    n = split(against_of[of], list, ",")
    row = of "\t" what
    least = 2
    for (i = 1; i <= n; i++) {
        row = row "\t" list[i] "\t" times[of, what, list[i]] + 0
        if (times[of, what, list[i]] + 0 < least) least = times[of, what, list[i]] + 0
    }
    if (!check || least < 2) print row
}
