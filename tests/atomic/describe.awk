# SPDX-License-Identifier: MIT
# describe.awk - holds what th_atomic_describe() says against a disassembly of probes.c.
#
# Two files: the disassembly, then lines `# uses OPERATION: INSTRUCTIONS`. Status 0 if all agree.

# An instruction as the table spells it: without suffixes of width, with the
# operand of a barrier.
function spelled(line,   words, name) {
    gsub(/#.*|;.*|\/\/.*/, "", line)
    sub(/^[ \t]*[0-9a-f]+:[ \t]*/, "", line)
    split(line, words, /[ \t]+/)
    name = words[1]
    if (name == "lock") {
        name = words[2]
        sub(/[lqb]$/, "", name)
        if (name ~ /cmpxchg8$/) { name = "cmpxchg8b" }
        return "lock " name
    }
    if (words[2] ~ /^nop/) { return "nop" }
    if (name ~ /^xchg[lq]?$/) { return line ~ /\(/ ? "xchg" : "nop" }
    if (name ~ /^(dmb|fence|bcr|dbar)$/) { return words[2] == "" ? name : name " " words[2] }
    if (name == "hwsync") { return "sync" }
    if (name == "bnor") { return "bcr 14,0" }
    if (name == "b" && words[2] ~ /__aarch64_/ || name == "bl") {
        sub(/.*</, "", line)
        sub(/[>@+].*/, "", line)
        return line
    }
    return name
}
# What orders or is atomic; plain loads and stores are looked for by their names alone.
function special(name) {
    return name ~ /^(lock |xchg$|mfence)/ ||
        name ~ /^(dmb|ldrex|strex|ldaxr|ldxr|ldar$|stl?xr$|stlr|ldapr)/ ||
        name ~ /^(swp|cas[al]*$|ldadd|__aarch64_)/ ||
        name ~ /^(fence|amo|lr\.|sc\.|isync|lwsync|sync|l[wd]arx|st[wd]cx|bcr |laa|csg?$)/ ||
        name ~ /^(dbar|ll\.|amswap|amadd|i(32|64)\.atomic\.|atomic\.fence)/
}
function holds(name, form,   parts, count, i, wanted) {
    count = split(form, parts, /; /)
    wanted = ""
    for (i = 1; i <= count; i++) {
        if (special(parts[i])) { wanted = wanted parts[i] "; " }
        else if (parts[i] != "none" && index(plain[name], " " parts[i] " ") == 0) { return 0 }
    }
    return wanted == found[name]
}
FNR == NR && /^[0-9a-f]+ <probe_/ {
    name = $2
    gsub(/<probe_|>:/, "", name)
    last = ""
    next
}
FNR == NR && /^[0-9a-f]+ </ && !/<[.$]/ { name = "" }
FNR == NR && name != "" && /^ *[0-9a-f]+:/ {
    what = spelled($0)
    # Two looks in a row of one kind are one step: loops begin with a look of their own, and where a
    # compare fails some give up the reservation by a second store.
    if (special(what) && what != last) { found[name] = found[name] what "; " }
    if (special(what)) { last = what } else { plain[name] = plain[name] " " what " " }
}
FNR != NR && /^# uses / {
    name = $3
    sub(/:$/, "", name)
    forms = $0
    sub(/^# uses [^:]*: /, "", forms)
    count = split(forms, form, / \| /)
    good = 0
    for (i = 1; i <= count; i++) { good = good || holds(name, form[i]) }
    rows++
    if (!good) {
        printf "%s: said to be \"%s\"\n", name, forms
        printf "    is \"%s\" beside%s\n", found[name], plain[name]
        bad++
    }
}
# Where a compiler could leave something out: the same instructions as where it cannot.
function same(name, other) {
    if (found[name] != found[other]) {
        printf "%s is \"%s\", %s \"%s\"\n", name, found[name], other, found[other]
        bad++
    }
}
END {
    same("exchange_ignored_64", "exchange_release_64")
    same("add_zero_64", "add_acq_rel_64")
    printf "%d operations, %d not as described\n", rows, bad
    exit rows != 35 || bad != 0
}
