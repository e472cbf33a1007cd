#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""faults.py TOPHASH [--file=FILE] COMPILER [FLAGS...] - what the probe, or another file, finds wrong
with a compiler, summed up.

A line for each operation, order and reason: how often, in how many widths. Addresses and places are
left out, so that the lines can be held against a list.
"""
import json
import re
import subprocess
import sys


def main():
    tophash, arguments = sys.argv[1], sys.argv[2:]
    given = arguments.pop(0)[7:] if arguments[0].startswith("--file=") else None
    compiler, flags = arguments[0], arguments[1:]
    words = [tophash, "audit", "--json", "--probe", "CC=" + compiler, "CFLAGS=" + " ".join(flags)]
    if given is not None:
        words = [tophash, "audit", "--json", "--cc=" + compiler, given, "--"] + flags
    answer = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if answer.returncode not in (0, 1, 3):
        print(f"error: status {answer.returncode}")
        return 1
    audit = json.loads(answer.stdout)["audits"][0]
    sums = {}
    for site in audit["sites"]:
        if site["verdict"] == "accepted":
            continue
        name = re.sub(r"_\d+$", "", site["operation"])
        order = site["order"] + ("/" + site["failure"] if "failure" in site else "")
        reason = re.sub(r"`[^`]*`|0x[0-9a-f]+|\bin \w+ is|(of|in) line \d+", "…", site["reason"])
        reason = re.sub(r"__atomic_\w+", "…", reason)
        reason = re.sub(r" of \d+ bytes| \d+ bytes", "", reason)
        sums.setdefault((site["verdict"], name, order, reason), set()).add(site["function"])
    if audit["operations"] != audit["found"] + sum(
            1 for site in audit["sites"] if site["verdict"] != "accepted" and site["found"] == 0
            and site["wanted"] > 0):
        print("counts differ:", audit["operations"], audit["found"])
    for (verdict, name, order, reason), functions in sorted(sums.items()):
        print(f"{len(functions)} {verdict}: {name} {order}: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
