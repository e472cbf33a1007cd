#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""arch_report.py FOLDER LEG...

Reads what the legs of the matrix left in FOLDER/LEG (tests.xml of ctest) and writes
FOLDER/report.txt, report.json and report.html: what failed, what differs between targets, compilers
and byte orders, and why where cmake/targets/expected.txt says so. Prints the text; the last line is
`N passed, N failed, N skipped`; status 0 if nothing failed and every difference is explained.

A row is named `program: case` (a test) or `program: what` (a noted result). Of a result, the value
that most legs have which are not expected to differ is taken for right: the report shows both.
"""
import collections
import fnmatch
import html
import json
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
TARGETS = os.path.join(HERE, "..", "cmake", "targets")

Leg = collections.namedtuple("Leg", "name target compiler bits order scale set")
Expected = collections.namedtuple("Expected", "legs rows allowed why")


def read_legs(names):
    legs = {}
    with open(os.path.join(TARGETS, "legs.txt"), encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words and not words[0].startswith("#"):
                legs[words[0]] = Leg(*words)
    return [legs[name] for name in names]


def read_expected():
    expected = []
    with open(os.path.join(TARGETS, "expected.txt"), encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                parts = [part.strip() for part in line.split("|")]
                if len(parts) != 4 or parts[2] not in ("absent", "differs"):
                    sys.exit(f"arch_report.py: expected.txt: not understood: {line.strip()}")
                expected.append(Expected(*parts))
    return expected


class Results:
    """What one leg said."""

    def __init__(self):
        self.tests = {}     # row -> "passed", "failed", "skipped"
        self.reasons = {}   # row -> why it was skipped, or what it printed before it failed
        self.observed = {}  # row -> value
        self.uses = {}      # atomic operation -> instructions
        self.counted = []   # what a test counted, in words; it may differ from run to run
        self.programs = set()
        self.unbuilt = False

    def take_program(self, name, failed, skipped, text):
        self.programs.add(name)
        said = []
        cases = 0
        case_failed = False
        for line in text.splitlines():
            case = re.match(r"(not )?ok \d+ (\S+)(?: # SKIP (.*))?$", line)
            observed = re.match(r"# observed (.*) = ([0-9a-f]+)$", line)
            uses = re.match(r"# uses (\S+): (.*)$", line)
            counted = re.match(r"# counted (.*)$", line)
            if case:
                cases += 1
                row = f"{name}: {case.group(2)}"
                state = "failed" if case.group(1) else "skipped" if case.group(3) else "passed"
                self.tests[row] = state
                self.reasons[row] = case.group(3) or "\n".join(said[-6:])
                case_failed |= state == "failed"
                said = []
            elif observed:
                self.observed[f"{name}: {observed.group(1)}"] = observed.group(2)
            elif uses:
                self.uses[uses.group(1)] = uses.group(2)
            elif counted:
                self.counted.append(f"{name}: {counted.group(1)}")
            else:
                said.append(line)
        row = f"{name}: as a whole"
        if failed and not case_failed:
            self.tests[row] = "failed"
            self.reasons[row] = "\n".join(said[-8:])
        elif cases == 0:
            self.tests[row] = "skipped" if skipped else "passed"
            self.reasons[row] = "\n".join(said[-2:])


def read_results(folder, leg):
    results = Results()
    base = os.path.join(folder, leg.name)
    path = os.path.join(base, "tests.xml")
    if not os.path.exists(path):
        results.unbuilt = True
        return results
    with open(path, encoding="utf-8", errors="replace") as file:
        text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", file.read())
    for test in ElementTree.fromstring(text).iter("testcase"):
        skip = test.find("skipped")
        # Only a test itself may say that it is skipped; one that could not be run has failed.
        skipped = skip is not None and "SKIP_RETURN_CODE" in (skip.get("message") or "")
        failed = test.find("failure") is not None or (skip is not None and not skipped)
        results.take_program(test.get("name"), failed, skipped, test.findtext("system-out") or "")
    return results


def in_common(some, all_legs):
    """What is common to these legs and to no other, in words."""
    if len(some) == len(all_legs):
        return "all legs"
    ways = [("big-endian", lambda leg: leg.order == "big"),
            ("little-endian", lambda leg: leg.order == "little"),
            ("32-bit", lambda leg: leg.bits == "32"),
            ("64-bit", lambda leg: leg.bits == "64"),
            ("gcc", lambda leg: not leg.compiler.startswith("clang")),
            ("clang", lambda leg: leg.compiler.startswith("clang"))]
    ways += [(target, lambda leg, target=target: leg.target == target)
             for target in sorted({leg.target for leg in all_legs})]
    for name, belongs in ways:
        group = [leg for leg in all_legs if belongs(leg)]
        if group and set(some) == set(group):
            return f"the {name} legs"
        if set(some) == set(all_legs) - set(group):
            return f"all but the {name} legs"
    for name, belongs in ways:
        if all(belongs(leg) for leg in some):
            return f"{name} legs only"
    return "no word size, byte order or compiler of their own"


class Report:
    def __init__(self, folder, legs):
        self.legs = legs
        self.expected = read_expected()
        self.used = set()
        self.results = {leg: read_results(folder, leg) for leg in legs}
        self.failed = []       # (row, legs, text)
        self.unexplained = []  # dicts: row, legs, common, here, there
        self.explained = []    # the same, with why
        self.same = 0
        self.compare()

    def lines_for(self, leg, row, what):
        return [index for index, line in enumerate(self.expected)
                if line.allowed == what and fnmatch.fnmatchcase(leg.name, line.legs)
                and fnmatch.fnmatchcase(row, line.rows)]

    def why(self, leg, row, what):
        lines = self.lines_for(leg, row, what)
        if not lines:
            return None
        self.used.add(lines[0])
        return self.expected[lines[0]].why

    def note(self, row, legs, what, here, there, whys):
        """Legs that differ in this row: those with a reason, and those without."""
        compared = self.legs_with(row.split(":")[0])
        for why in dict.fromkeys(whys[leg] for leg in legs):
            group = [leg for leg in legs if whys[leg] == why]
            entry = {"row": row, "legs": [leg.name for leg in group], "what": what,
                     "common": in_common(group, compared), "here": here, "there": there}
            if why is None:
                self.unexplained.append(entry)
            else:
                self.explained.append(dict(entry, why=why))

    def legs_with(self, program):
        return [leg for leg in self.legs if program in self.results[leg].programs]

    def compare(self):
        for leg in self.legs:
            if self.results[leg].unbuilt:
                self.failed.append((f"{leg.name}: build", [leg.name], "see its build.log"))
        self.compare_programs()
        self.compare_tests()
        self.compare_observed()

    def compare_programs(self):
        """A program that only some legs have; of sets that build part of it all, what they have."""
        whole = [leg for leg in self.legs
                 if leg.set not in ("compile", "wasm") and not self.results[leg].unbuilt]
        programs = sorted(set().union(*(self.results[leg].programs for leg in whole)))
        for program in programs:
            row = f"{program}: as a whole"
            missing = [leg for leg in whole if program not in self.results[leg].programs]
            whys = {leg: self.why(leg, row, "absent") for leg in missing}
            self.note(row, missing, "absent", "absent", "present", whys)

    def compare_tests(self):
        rows = sorted(set().union(*(result.tests for result in self.results.values())))
        for row in rows:
            legs = self.legs_with(row.split(":")[0])
            state = {leg: self.results[leg].tests.get(row, "absent") for leg in legs}
            for leg in legs:
                if state[leg] == "failed":
                    self.failed.append((row, [leg.name], self.results[leg].reasons[row]))
            if row.endswith(": as a whole"):
                continue
            if len(set(state.values())) == 1:
                self.same += 1
                continue
            absent = [leg for leg in legs if state[leg] == "absent"]
            self.note(row, absent, "absent", "absent", "present",
                      {leg: self.why(leg, row, "absent") for leg in absent})
            # A test that is skipped says why itself.
            skipped = [leg for leg in legs if state[leg] == "skipped"]
            self.note(row, skipped, "skipped", "skipped", "passed",
                      {leg: self.results[leg].reasons[row] for leg in skipped})

    def compare_observed(self):
        rows = sorted(set().union(*(result.observed for result in self.results.values())))
        for row in rows:
            legs = self.legs_with(row.split(":")[0])
            value = {leg: self.results[leg].observed.get(row, "nothing") for leg in legs}
            # Legs that have a reason to differ do not vote, if there are others.
            voters = [leg for leg in legs if not self.lines_for(leg, row, "differs")] or legs
            counts = collections.Counter(value[leg] for leg in voters)
            right = counts.most_common(1)[0][0]
            values = sorted(set(value.values()))
            if len(values) == 1:
                self.same += 1
            for other in values:
                if other != right:
                    group = [leg for leg in legs if value[leg] == other]
                    self.note(row, group, "differs", other, right,
                              {leg: self.why(leg, row, "differs") for leg in group})

    def counts(self, leg):
        states = collections.Counter(self.results[leg].tests.values())
        return states["passed"], states["failed"], states["skipped"]

    def totals(self):
        per_leg = [self.counts(leg) for leg in self.legs]
        failed = len(self.failed) + len(self.unexplained)
        return (sum(count[0] for count in per_leg) + self.same, failed,
                sum(count[2] for count in per_leg))

    def counted(self):
        """What tests counted, and the legs that counted just this."""
        counted = collections.defaultdict(list)
        for leg in self.legs:
            for line in self.results[leg].counted:
                counted[line].append(leg.name)
        return sorted(counted.items())

    def unused(self):
        return [line for index, line in enumerate(self.expected) if index not in self.used]


def difference_lines(entry):
    yield f"  {entry['row']}"
    yield f"      {', '.join(entry['legs'])} ({entry['common']}): {entry['here']}"
    yield f"      elsewhere: {entry['there']}"
    if "why" in entry:
        yield f"      because: {entry['why']}"


def grouped(entries):
    """Explained differences by reason, so that one reason is read once."""
    groups = collections.OrderedDict()
    for entry in entries:
        groups.setdefault((entry["why"], entry["what"]), []).append(entry)
    return groups


def few(names):
    return ", ".join(names) if len(names) <= 6 else f"{len(names)} legs"


def text_report(report):
    lines = [f"{'leg':<22} {'bits':>4} {'order':<7} {'compiler':<9} {'passed':>7} {'failed':>7} "
             f"{'skipped':>7}"]
    for leg in report.legs:
        said = ("not built" if report.results[leg].unbuilt else
                "%7d %7d %7d%s" % (*report.counts(leg),
                                   "  (compiled only)" if leg.set == "compile" else ""))
        lines.append(f"{leg.name:<22} {leg.bits:>4} {leg.order:<7} {leg.compiler:<9} {said}")
    lines += ["", f"{report.same} rows are the same on every leg that has them."]
    if report.explained:
        lines += ["", "Differences that are expected:"]
        for (why, what), entries in grouped(report.explained).items():
            lines.append(f"  {what}: {why}")
            by_legs = collections.OrderedDict()
            for entry in entries:
                by_legs.setdefault(entry["row"], []).extend(entry["legs"])
            lines += [f"      {row} ({few(names)})" for row, names in by_legs.items()]
    if report.counted():
        lines += ["", "Counted by tests:"]
        lines += [f"  {line} ({few(names)})" for line, names in report.counted()]
    if report.unused():
        lines += ["", "Expectations that explained nothing in this run:"]
        lines += [f"  {line.legs} | {line.rows} | {line.allowed}" for line in report.unused()]
    if report.unexplained:
        lines += ["", "DIFFERENCES WITHOUT A REASON:"]
        for entry in report.unexplained:
            lines += difference_lines(entry)
    if report.failed:
        lines += ["", "FAILED:"]
        for row, names, said in report.failed:
            lines.append(f"  {row} ({', '.join(names)})")
            lines += [f"      {line}" for line in said.splitlines()]
    lines += ["", "%d passed, %d failed, %d skipped" % report.totals()]
    return "\n".join(lines) + "\n"


def json_report(report):
    passed, failed, skipped = report.totals()
    return {
        "passed": passed, "failed": failed, "skipped": skipped, "same_rows": report.same,
        "legs": [dict(leg._asdict(), built=not report.results[leg].unbuilt,
                      counts=report.counts(leg), tests=report.results[leg].tests,
                      observed=report.results[leg].observed, uses=report.results[leg].uses)
                 for leg in report.legs],
        "unexplained": report.unexplained, "explained": report.explained,
        "failures": [{"row": row, "legs": names, "said": said}
                     for row, names, said in report.failed],
        "counted": [{"what": line, "legs": names} for line, names in report.counted()],
        "unused_expectations": [line._asdict() for line in report.unused()],
    }


STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:80em;padding:0 1em}
table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #8886;padding:.25em .6em;
text-align:left;vertical-align:top}th{background:#8882}code{font-size:90%}
.bad{background:#f66a;color:#000}.good{background:#6c66;color:#000}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}}"""


def html_table(head, rows):
    def cells(tag, row):
        return "".join(f"<{tag}>{cell}</{tag}>" for cell in row)
    body = "".join(f"<tr>{cells('td', row)}</tr>\n" for row in rows)
    return f"<table><tr>{cells('th', head)}</tr>\n{body}</table>\n"


def html_report(report):
    escape = html.escape
    passed, failed, skipped = report.totals()
    verdict = "bad" if failed else "good"
    parts = [f"<p class={verdict}>{passed} passed, {failed} failed, {skipped} skipped; "
             f"{report.same} rows are the same on every leg that has them.</p>"]
    parts.append(html_table(
        ["leg", "target", "compiler", "bits", "byte order", "passed", "failed", "skipped"],
        [[escape(leg.name), escape(leg.target), escape(leg.compiler), leg.bits, leg.order]
         + (["not built", "", ""] if report.results[leg].unbuilt else
            list(report.counts(leg)))
         for leg in report.legs]))
    if report.failed:
        parts.append("<h2>Failed</h2>" + html_table(
            ["row", "legs", "said"],
            [[escape(row), escape(", ".join(names)), f"<pre>{escape(said)}</pre>"]
             for row, names, said in report.failed]))
    for title, entries in (("Differences without a reason", report.unexplained),
                           ("Differences that are expected", report.explained)):
        if entries:
            parts.append(f"<h2>{title}</h2>" + html_table(
                ["row", "legs", "in common", "there", "elsewhere", "because"],
                [[escape(entry["row"]), escape(", ".join(entry["legs"])), escape(entry["common"]),
                  f"<code>{escape(entry['here'])}</code>",
                  f"<code>{escape(entry['there'])}</code>", escape(entry.get("why", ""))]
                 for entry in entries]))
    if report.counted():
        parts.append("<h2>Counted by tests</h2>" + html_table(
            ["what", "legs"], [[escape(line), escape(few(names))]
                               for line, names in report.counted()]))
    with_uses = [leg for leg in report.legs if report.results[leg].uses]
    if with_uses:
        operations = list(report.results[with_uses[0]].uses)
        parts.append("<h2>What each build uses for an atomic operation</h2>" + html_table(
            ["operation"] + [escape(leg.name) for leg in with_uses],
            [[escape(operation)] + [f"<code>{escape(report.results[leg].uses.get(operation, ''))}"
                                    "</code>" for leg in with_uses]
             for operation in operations]))
    return ("<!doctype html><html lang=en><meta charset=utf-8><title>Tophash: targets</title>"
            f"<style>{STYLE}</style><h1>Tophash on every target</h1>\n{''.join(parts)}</html>\n")


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    folder = arguments[0]
    report = Report(folder, read_legs(arguments[1:]))
    text = text_report(report)
    with open(os.path.join(folder, "report.txt"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(folder, "report.json"), "w", encoding="utf-8") as file:
        json.dump(json_report(report), file, indent=1)
    with open(os.path.join(folder, "report.html"), "w", encoding="utf-8") as file:
        file.write(html_report(report))
    print(f"Report: {os.path.join(folder, 'report.html')} (and .txt, .json)")
    sys.stdout.write(text)
    return 1 if report.totals()[1] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
