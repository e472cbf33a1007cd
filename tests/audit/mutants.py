#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mutants.py TOPHASH TARGET [--file=FILE] COMPILER [FLAGS...] - is every weakened cell rejected?

The probe, or another file of functions of one operation each that are named like its own, is
compiled to assembly. In every function each barrier is deleted, weakened and moved past the access
before and behind it, with and without its place; each order in the name of an instruction or helper
is weakened, each lock prefix taken off, each instruction that does the operation deleted, and moved
to the wrong side of the next access: one change in a function at a time, all functions at once,
round by round. `tophash audit` judges the changed object; a function that was accepted whole must
not be any more.

Prints a line for each kind of change, and a line `survived` for each change that is still accepted.
Some must survive: what a compiler does beyond the order that is asked for is not missed. They are
told by rules that know nothing of the auditor (`surplus`), and counted.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

FENCE = {
    "x86": r"mfence|lock;?\s+or[ql]\s+\$0, ?-?\d*\(%[re]sp\)",
    "aarch64": r"dmb",
    "arm": r"dmb",
    "riscv": r"fence",
    "ppc": r"sync|hwsync|lwsync|isync",
    "s390x": r"bcr|bnor|bcr",
    "loong": r"dbar",
    "wasm": r"atomic\.fence",
}
ACCESS = {
    "x86": r"(mov|xchg|cmpxchg|xadd|lock|fild|fist)[a-z0-9]*\s.*\(%[re](?!sp)",
    "aarch64": r"(ld|st|cas|swp)[a-z]+\s.*\[x|bl\s+__aarch64",
    "arm": r"v?(ld|st)[a-z0-9.]+\s.*\[?r",
    "riscv": r"(l[bhwdr]u?|s[bhwdc]|amo[a-z]+|fld|fsd)[.a-z]*\s.*\((?!sp)",
    "ppc": r"(l[bhwd]z?|st[bhwd]|l[bhwd]arx|st[bhwd]cx\.)\s.*\d",
    "s390x": r"(mv|l|st|cs|la)[a-z]*\s.*\((?!%r15)",
    "loong": r"(ld|st|ll|sc|am)[._a-z]*\s.*\$a",
    "wasm": r"[if]\d+\.(atomic|load|store)",
}

# What only an atomic operation is done by. Code of the stack machine cannot lose an instruction.
ATOMIC = {
    "x86": r"lock|xchg|cmpxchg|xadd",
    "aarch64": r"ldap?r|stlr|ldax?r|stl?xr|swp|cas|ld(add|clr|eor|set)|bl?\s+__aarch64",
    "arm": r"ldrex|strex",
    "riscv": r"amo|lr\.|sc\.|(call|tail)\s+__atomic",
    "ppc": r"l[bhwd]arx|st[bhwd]cx\.",
    "s390x": r"csy?g?\b|la(a|al|n|o|x)g?\b",
    "loong": r"am[a-z]+[._]|ll\.|sc\.",
    "wasm": r"-",
}


def weaker(target, code):
    """The weaker forms of one line of assembly, each with its name."""
    found = []

    def swap(pattern, replacement, name):
        changed = re.sub(pattern, replacement, code, count=1)
        if changed != code:
            found.append((name, changed))

    if target == "x86":
        swap(r"^\s*lock;?\s+(?!or[ql]\s+\$0, ?\(?-?\d*\(?%[re]sp)", "\t", "lock taken off")
        swap(r"\bxchg([bwlq]?)\s+(%\w+), ([^%].*)", r"mov\1\t\2, \3", "xchg -> mov")
        swap(r"\bxchg([bwlq]?)\s+([^%].*), (%\w+)$", r"mov\1\t\3, \2", "xchg -> mov")
    elif target == "aarch64":
        swap(r"dmb\s+ish$", "dmb\tishst", "dmb ish -> ishst")
        swap(r"dmb\s+ish$", "dmb\tishld", "dmb ish -> ishld")
        swap(r"dmb\s+ishld", "dmb\tishst", "dmb ishld -> ishst")
        swap(r"\bldar([bh]?)\b", r"ldr\1", "ldar -> ldr")
        swap(r"\bldapr([bh]?)\b", r"ldr\1", "ldapr -> ldr")
        swap(r"\bldar([bh]?)\b", r"ldapr\1", "ldar -> ldapr")
        swap(r"\bstlr([bh]?)\b", r"str\1", "stlr -> str")
        swap(r"\bldaxr([bh]?)\b", r"ldxr\1", "ldaxr -> ldxr")
        swap(r"\bstlxr([bh]?)\b", r"stxr\1", "stlxr -> stxr")
        swap(r"\b(ldadd|ldclr|ldeor|ldset|swp|cas)(a?)l([bh]?)\b", r"\1\2\3", "l dropped")
        swap(r"\b(ldadd|ldclr|ldeor|ldset|swp|cas)a(l?)([bh]?)\b", r"\1\2\3", "a dropped")
        swap(r"(__aarch64_\w+?\d)_(acq_rel|acq|rel)\b", r"\1_relax", "helper -> relax")
        swap(r"(__aarch64_\w+?\d)_acq_rel\b", r"\1_acq", "helper -> acq")
        swap(r"(__aarch64_\w+?\d)_acq_rel\b", r"\1_rel", "helper -> rel")
        swap(r"\b(stl?xr[bh]?)\s+w\d+,", r"\1\twzr,", "status -> wzr")
    elif target == "arm":
        swap(r"dmb\s+ish", "dmb\tishst", "dmb ish -> ishst")
    elif target == "riscv":
        swap(r"\.aqrl\b", ".aq", "aqrl -> aq")
        swap(r"\.aqrl\b", ".rl", "aqrl -> rl")
        swap(r"\.aqrl\b", "", "aqrl dropped")
        swap(r"\.aq\b", "", "aq dropped")
        swap(r"\.rl\b", "", "rl dropped")
        swap(r"fence\s+rw, ?rw|fence$|fence\s+iorw, ?iorw", "fence\tw,w", "fence -> w,w")
        swap(r"fence\s+(io)?rw, ?o?w$", "fence\tw,w", "fence rw,w -> w,w")
        swap(r"fence\s+r, ?rw", "fence\tr,r", "fence r,rw -> r,r")
        swap(r"fence\.tso", "fence\tr,rw", "fence.tso -> r,rw")
    elif target == "ppc":
        swap(r"\b(hw)?sync\s*(0\s*)?$", "lwsync", "sync -> lwsync")
        swap(r"\blwsync\b", "isync", "lwsync -> isync")
    elif target == "loong":
        swap(r"dbar\s+(0|16|20|18)$", "dbar\t21", "dbar -> 21")
        swap(r"dbar\s+(0|16)$", "dbar\t20", "dbar -> 20")
        swap(r"dbar\s+(0|16)$", "dbar\t18", "dbar -> 18")
        swap(r"\b(am\w+)_db\b", r"\1", "_db dropped")
    elif target == "wasm":
        swap(r"\.atomic\.(load|store)", r".\1", "atomic dropped")
    return found


def surplus(target, function, change, number, body):
    """Why a change takes nothing away that the order of the function needs; None: it does.

    body: the code of the function as it was, line by line; number: the changed line in it."""
    orders = re.findall(r"relaxed|acquire|release|acq_rel|seq_cst", function)
    before = body[number]
    if change.startswith("operation"):
        return None
    if "then_fence" in function and re.match(FENCE[target], before):
        orders.append("acquire")
    behind_store = any(re.match(r"st[bhwd]cx\.|strex|sc\.", code) for code in body[:number])
    in_window = any(re.match(r"strex", code) for code in body[number:]) or behind_store
    acquires = any(o in ("acquire", "acq_rel", "seq_cst") for o in orders)
    releases = any(o in ("release", "acq_rel", "seq_cst") for o in orders[:1])
    reasons = [
        ("status" not in change and "_cas_" in function and len(set(orders)) == 2,
         "one of two orders needs less"),
        (target == "riscv" and before.startswith("sc.") and change in ("aq dropped", "aqrl -> rl"),
         "aq of the load acquires"),
        (target == "riscv" and before.startswith("lr.") and change in ("aq dropped", "aqrl -> rl") and
         any(re.match(r"sc\.\w\.aq", code) for code in body), "aq of the store acquires"),
        ("status" not in change and orders and not acquires and not releases, "relaxed"),
        ("status" in change and "weak_unused" in function, "nobody asks whether it has stored"),
        (target == "ppc" and change == "lwsync -> isync" and behind_store,
         "isync behind the branch on the store-conditional acquires"),
        (target == "arm" and change.startswith("moved") and in_window,
         "a barrier in the loop orders the same"),
        (target == "arm" and "_load_" in function and
         any(code.startswith("dmb") for code in body[number + 1:]),
         "the barrier behind the load is enough"),
        (target == "loong" and change == "dbar -> 18" and
         any(code.startswith("dbar") for code in body[number + 1:]),
         "the barrier before a store is a release"),
        (change == "ldar -> ldapr" and "_load_" in function and "acquire" in orders,
         "ldapr acquires"),
        (change.startswith("moved down") and function.endswith("fence_release"),
         "a release fence says nothing of later loads"),
        (change.startswith("moved up") and function.endswith("fence_acquire"),
         "an acquire fence says nothing of earlier stores"),
        ("add_double" in function and target != "x86",
         "a loop of compare-exchanges: the load before and the next turn have barriers, too"),
    ]
    return next((why for holds, why in reasons if holds), None)


def functions_of(lines):
    """(name, first line, end) of each probe in the assembly."""
    found = []
    for number, line in enumerate(lines):
        match = re.match(r"(th_probe_\w+):", line)
        if match:
            if found:
                found[-1][2] = number
            found.append([match.group(1), number, len(lines)])
    for entry in found:
        for number in range(entry[1], entry[2]):
            if re.match(r"\s*\.size\s+" + entry[0] + r"\b|\s*\.cfi_endproc|\s*end_function",
                        lines[number]):
                entry[2] = number
                break
    return found


def code_of(line):
    """A line without comment; empty if it is a label or directive."""
    code = re.split(r"\s(?://|#|@)\s", line.rstrip())[0].rstrip()
    if re.match(r"\s*[.#@]|\S+:|\s*$", code):
        return ""
    return code.strip()


def places_of(lines):
    """For each line of assembly the directive that gives its place in the source, and that place's
    line."""
    found, directive, line = [], "", 0
    for text in lines:
        match = re.match(r"\s*\.loc\s+\d+\s+(\d+)\s+\d+", text)
        if match:
            directive, line = match.group(0), int(match.group(1))
        found.append((directive, line))
    return found


BRANCH = (r"(j\w+|b|b\.\w+|b(eq|ne|lt|gt|ge|le|cs|cc|hi|ls|ltu|gtu|geu|leu|eqz|nez|ltz|gez|lez|gtz)"
          r"|cbn?z|tbn?z|br\w*|c\w*j\w*|bdn?z)[+-]?\s")


def neighbour_of(target, lines, first, end, number, step, straight=False):
    """The next access before or behind a line; None: there is none, or a way joins, or, if it must
    be straight, parts between."""
    other = number + step
    blocked = target == "arm" and re.match(r"\w+(eq|ne)(\.\w+)*\s", code_of(lines[number])) is not None
    while first < other < end and not re.match(ACCESS[target], code_of(lines[other])):
        # Past a label that is jumped to, it would be another way's.
        blocked = blocked or (re.match(r"\S+:", lines[other]) is not None and
                              not lines[other].startswith((".Ltmp", ".LVL", ".LB")))
        blocked = blocked or (straight and re.match(BRANCH, code_of(lines[other])) is not None)
        other += step
    # Thumb: an instruction that depends on a condition stands in a block of such.
    blocked = blocked or (target == "arm" and first < other < end and
                          re.match(r"\w+(eq|ne)(\.\w+)*\s", code_of(lines[other])) is not None)
    return other if first < other < end and not blocked else None


def move(lines, places, number, other, placed):
    """Edits that put a line before or behind another, under that one's place or with its own."""
    moved, stays = lines[number].rstrip(), lines[other].rstrip()
    if placed:
        moved = "\n".join((places[number][0], moved, places[other][0]))
    return [(number, ""), (other, "\n".join((moved, stays) if other < number else (stays, moved)))]


def operation_changes(target, lines, places, source, number, bounds, function):
    """Changes of an instruction that does the function's operation."""
    code = code_of(lines[number])
    plain = re.search(r"_(load|store)_", function) and re.match(ACCESS[target], code)
    alone = re.match(ATOMIC[target], code)
    if target == "wasm" or not (plain or alone) or "atomic_" not in source[places[number][1]]:
        return []
    condition = re.match(r"\w+(eq|ne)(\.\w+)*\s", code) if target == "arm" else None
    found = [("operation deleted", code, number,
              [(number, "\tnop" + condition.group(1) if condition else "")])]
    if re.match(r"lock$|ld[ar]*ex|st[rl]*ex|ldax?r|stl?xr|lr\.|ll\.|sc\.|l[bhwd]arx|st[bhwd]cx|b", code):
        return found
    orders = re.findall(r"relaxed|acquire|release|acq_rel|seq_cst", function)
    for step, name, kinds in ((-1, "operation moved up", ("release", "acq_rel", "seq_cst")),
                              (1, "operation moved down", ("acquire", "acq_rel", "seq_cst"))):
        other = neighbour_of(target, lines, *bounds, number, step, True)
        # An access of two objects has the place of one: whose the other is, nobody can tell.
        if other is not None and set(kinds) & set(orders[:1]) and \
                places[other][1] != places[number][1] and \
                not re.match(r"(ld|st)(p|rd|m)\w*\s", code_of(lines[other])):
            found.append((name, code, number, move(lines, places, number, other, True)))
    return found


def changes_of(target, lines, places, source, first, end, function):
    """Every change of a function: (name, line as it was, list of edits (line number, new text))."""
    found = []
    for number in range(first + 1, end):
        code = code_of(lines[number])
        if not code:
            continue
        for name, changed in weaker(target, code):
            found.append((name, code, number, [(number, "\t" + changed.strip())]))
        found += operation_changes(target, lines, places, source, number, (first, end), function)
        is_fence = re.match(r"(" + FENCE[target] + r")(?!\w)", code)
        if target == "s390x" and is_fence and not re.match(r"(bcr\s+1[45],\s*(%r)?0|bnor\s+0)", code):
            is_fence = None
        if not is_fence:
            continue
        found.append(("deleted", code, number, [(number, "")]))
        for step, name in ((-1, "moved up"), (1, "moved down")):
            other = neighbour_of(target, lines, first, end, number, step)
            if other is not None:
                found.append((name, code, number, move(lines, places, number, other, False)))
                found.append((name + " with its place", code, number,
                              move(lines, places, number, other, True)))
    return found


def run(words, **options):
    return subprocess.run(words, check=True, **options)


def judge(tophash, probe, compiler, flags, code):
    """The verdicts of an object: function -> set of verdicts."""
    words = [tophash, "audit", "--json", "--cc=" + compiler, "--code=" + code, probe, "--"] + flags
    answer = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if answer.returncode not in (0, 1, 3):
        raise SystemExit("tophash audit failed: " + " ".join(words))
    verdicts = {}
    for site in json.loads(answer.stdout)["audits"][0]["sites"]:
        name = site["function"].split(".")[0]
        verdicts.setdefault(name, set()).add(site["verdict"])
    return verdicts


def main():
    tophash, target, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    work = tempfile.mkdtemp(prefix="tophash-mutants-")
    probe, text = os.path.join(work, "probe.c"), os.path.join(work, "probe.s")
    if rest[0].startswith("--file="):
        probe = rest.pop(0)[7:]
    else:
        with open(probe, "w", encoding="utf-8") as file:
            run([tophash, "audit", "--print-probe"], stdout=file)
    compiler, flags = rest[0], rest[1:]
    with open(probe, encoding="utf-8") as file:
        source = [""] + file.read().split("\n") + [""]
    run(compiler.split() + flags + ["-g", "-w", "-S", probe, "-o", text])
    with open(text, encoding="utf-8") as file:
        lines = [line for line in file.read().split("\n") if not re.match(r"\s*\.arch\s", line)]
    if target == "riscv":  # several instructions on a line
        lines = "\n".join(line.replace(";", "\n") if re.search(r"\blr\.[wd]|; amo", line) else line
                          for line in lines).split("\n")
    if target == "wasm":  # a function can be called before its type is told, which none assembles
        lines = [line for line in lines if re.match(r"\s*\.functype\s", line)] + lines
    code = os.path.join(work, "mutant.o")

    def assemble(changed):
        mutant = os.path.join(work, "mutant.s")
        with open(mutant, "w", encoding="utf-8") as file:
            file.write("\n".join(changed))
        extra = []
        if target == "aarch64":  # ldapr, which a change may bring in
            extra = ["-march=armv8.3-a"]
        if "clang" in compiler:
            extra.append("-Qunused-arguments")
        run(compiler.split() + flags + extra + ["-c", mutant, "-o", code])
        return judge(tophash, probe, compiler, flags, code)

    whole = assemble(lines)
    sound = {name for name, verdicts in whole.items() if verdicts == {"accepted"}}
    plan, extents, places = {}, {}, places_of(lines)
    for name, first, end in functions_of(lines):
        extents[name] = (first, end)
        if name in sound:
            plan[name] = changes_of(target, lines, places, source, first, end, name)
    counts, kept, survived = {}, {}, []
    for turn in range(max((len(changes) for changes in plan.values()), default=0)):
        changed = list(lines)
        for name, changes in plan.items():
            if turn < len(changes):
                for number, replacement in changes[turn][3]:
                    changed[number] = replacement
        verdicts = assemble(changed)
        for name, changes in plan.items():
            if turn >= len(changes):
                continue
            change, before, number, _ = changes[turn]
            key = (change, before.split()[0])
            counts[key] = counts.get(key, 0) + 1
            if verdicts.get(name) == {"accepted"}:
                first, end = extents[name]
                body = [code_of(line) for line in lines[first:end]]
                why = surplus(target, name, change, number - first, body)
                if why is None:
                    survived.append((name, change, before))
                else:
                    kept[why] = kept.get(why, 0) + 1
    for (change, mnemonic), count in sorted(counts.items()):
        print(f"{target}: {mnemonic}: {change}: {count}")
    for why, count in sorted(kept.items()):
        print(f"{target}: not missed: {why}: {count}")
    for name, change, before in survived:
        print(f"{target}: survived: {name}: {change}: {before}")
    total = sum(counts.values())
    print(f"{target}: {len(sound)} cells accepted, {total} changes, "
          f"{total - len(survived) - sum(kept.values())} rejected, {sum(kept.values())} not missed, "
          f"{len(survived)} survived")
    run(["rm", "-r", work])
    return 1 if survived or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
