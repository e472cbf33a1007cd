#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""describe_unlinked.py BUILD PROBES.c PROBES.o

For a target whose programs cannot be linked here: compiles PROBES.c as the build compiled
src/atomic/describe.c, and prints the table of describe.c as test_describe would.
"""
import ast
import json
import os
import re
import shlex
import subprocess
import sys


def describe_command(build):
    """How describe.c was compiled, without what was compiled and where to."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            if entry["file"].endswith("src/atomic/describe.c"):
                words = shlex.split(entry["command"])
                at = words.index("-o")
                return [word for word in words[:at] + words[at + 2:]
                        if word not in ("-c", entry["file"])], entry
    sys.exit(f"describe_unlinked.py: {build} does not compile src/atomic/describe.c")


def table(text):
    """Rows of the preprocessed table; the last field, on faults, may be an expression."""
    text = text[text.index("uses[] = {"):]
    for row in re.findall(r"\{\s*(\"[^{}]*)\}", text):
        fields = re.match(r'(.*?), "(\w+)", "([^"]*)", (\d+), ((?:"[^"]*"\s*)+),', row, re.S)
        _, operation, order, bits, form = fields.groups()
        name = f"{operation}_{order}".replace(", ", "_") + (f"_{bits}" if bits != "0" else "")
        yield name, ast.literal_eval(f"({form})")


def main(build, probes, built):
    command, entry = describe_command(build)
    subprocess.run(command + ["-c", probes, "-o", built], cwd=entry["directory"], check=True)
    source = subprocess.run(command + ["-E", "-P", entry["file"]], cwd=entry["directory"],
                            check=True, capture_output=True, text=True).stdout
    for name, form in table(source):
        print(f"# uses {name}: {form}")


if __name__ == "__main__":
    main(*sys.argv[1:])
