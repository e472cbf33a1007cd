#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""judge.py strict|lenient SECONDS JSON PLOTS TEXT - holds a run of `tophash lab` against itself.

Verdicts must follow from the tables they stand beside, plots must be drawings, and the text must say
what the JSON says. `strict`: what every x86 and ARM machine shows in a second must have been seen.
"""
import json
import os
import re
import sys
import xml.dom.minidom

OUTCOMES = {"seen", "not seen", "never", "violated", "emulator", "measured", "cannot"}
NAMES = ["store-buffering", "message-passing", "tearing", "stale-bucket", "early-free",
         "missing-recheck", "order-cost", "false-sharing", "growth-jitter", "first-touch"]


def check(name, holds, why=""):
    print(f"ok {name}" if holds else f"not ok {name}: {why}")


def column(table, name):
    return [row[table["columns"].index(name)] for row in table["rows"]]


def verdict_of(experiment, start):
    found = [v["outcome"] for v in experiment["verdicts"] if v["text"].startswith(start)]
    return found[0] if len(found) == 1 else f"{len(found)} verdicts that start with {start!r}"


def litmus_judge(experiment, emulated):
    """Every row's verdict, worked out anew from its counts."""
    name = experiment["name"]
    table = experiment["tables"][0]
    wrong = []
    for row in table["rows"]:
        label, rule, weak, trials = row[0], row[1], row[2], row[6]
        if sum(row[2:6]) != trials:
            wrong.append(f"{label}: outcomes do not add up")
        wanted = "cannot" if trials == 0 else \
            ("seen" if weak else "not seen") if rule == "allowed" else \
            ("violated" if weak else "never")
        got = verdict_of(experiment, label + ":")
        if got != wanted and not (emulated and wanted == "violated" and got == "emulator"):
            wrong.append(f"{label}: {got}, not {wanted}")
    check(f"lab_{name}_verdicts_follow_from_counts", not wrong, "; ".join(wrong))
    bad = [row[0] for row in table["rows"] if row[1] == "forbidden" and row[2] and not emulated]
    check(f"lab_{name}_forbidden_is_never_seen", not bad, ", ".join(bad))


def tearing_judge(experiment, strict):
    table = experiment["tables"][0]
    broken = [row for row in table["rows"] if row[3] == "whole" and row[4]]
    check("lab_tearing_promised_words_are_whole", not broken, str(broken))
    promised = {row[2] for row in table["rows"] if row[3] == "whole"}
    check("lab_tearing_promises_are_for_aligned_words", promised == {"aligned"}, str(promised))
    if strict:
        torn = sum(row[4] for row in table["rows"] if row[2] == "across a line")
        check("lab_tearing_across_a_line_is_seen", torn > 0, "no torn word")


def broken_judge(experiment, strict):
    name = experiment["name"]
    rows = experiment["tables"][0]["rows"]
    broken = sum(row[4] for row in rows if row[0] == "broken")
    mended = sum(row[4] for row in rows if row[0] == "mended")
    check(f"lab_{name}_mended_is_never_wrong", mended == 0, f"{mended} wrong answers")
    wanted = "seen" if broken else "not seen"
    got = verdict_of(experiment, "broken")
    check(f"lab_{name}_verdict_follows_from_counts", got == wanted, f"{got}, not {wanted}")
    check(f"lab_{name}_has_every_combination", len(rows) >= 10, f"{len(rows)} rows")
    if strict:
        check(f"lab_{name}_is_seen", broken > 0, "no wrong answer")


def figures_judge(experiment, strict):
    """Figures are positive and in order where they must be."""
    name = experiment["name"]
    tables = {table["title"]: table for table in experiment["tables"]}
    numbers = [c for t in tables.values() for r in t["rows"] for c in r if isinstance(c, (int, float))]
    check(f"lab_{name}_figures_are_not_negative", min(numbers) >= 0, str(min(numbers)))
    if name == "growth-jitter":
        rows = experiment["tables"][0]["rows"]
        good = all(row[3] <= row[4] <= row[5] <= row[6] <= row[7] for row in rows)
        check("lab_growth_quantiles_rise", good and len(rows) >= 2, str(rows))
        check("lab_growth_loses_nothing", "violated" not in
              [v["outcome"] for v in experiment["verdicts"]])
    if name == "order-cost" and strict:
        cost = {row[0]: row[1] for row in experiment["tables"][0]["rows"]}
        check("lab_cost_of_a_fence_is_more_than_of_a_load",
              cost["fence seq_cst"] > cost["load relaxed"], str(cost))


def plots_judge(experiments, folder):
    wrong = []
    for name in NAMES:
        path = os.path.join(folder, name + ".svg")
        if not os.path.exists(path):
            if all(v["outcome"] == "cannot" for v in experiments[name]["verdicts"]):
                continue
            wrong.append(f"{name} is missing")
            continue
        document = xml.dom.minidom.parse(path).documentElement
        shapes = document.getElementsByTagName("polyline") or document.getElementsByTagName("rect")
        if document.tagName != "svg" or len(shapes) < 2:
            wrong.append(f"{name} is empty")
        with open(path, encoding="utf-8") as file:
            if re.search(r"[\"' ,]-?(nan|inf)[\"' ,]", file.read()):
                wrong.append(f"{name} has a place that is no number")
    check("lab_plots_are_drawings", not wrong, "; ".join(wrong))


def main():
    strict = sys.argv[1] == "strict"
    seconds = float(sys.argv[2])
    with open(sys.argv[3], encoding="utf-8") as file:
        lab = json.load(file)
    with open(sys.argv[5], encoding="utf-8") as file:
        text = file.read()
    experiments = {e["name"]: e for e in lab["experiments"]}
    emulated = lab["machine"]["emulator"] != "none"
    pair = len(lab["machine"]["cpus"]) >= 2
    check("lab_json_has_every_experiment", list(experiments) == NAMES, str(list(experiments)))
    check("lab_json_keeps_the_seed", lab["seed"] == 7 and lab["seconds"] == seconds)
    outcomes = {v["outcome"] for e in lab["experiments"] for v in e["verdicts"]}
    check("lab_outcomes_are_known", outcomes <= OUTCOMES, str(outcomes - OUTCOMES))
    every = all(e["verdicts"] and len(e["explanation"]) > 200 for e in lab["experiments"])
    check("lab_every_experiment_has_verdict_and_explanation", every)
    said = [e["name"] for e in lab["experiments"]
            if e["title"] not in text or f"\n{e['name']}: {e['trials']:,} trials in " not in text]
    check("lab_text_says_what_json_says", not said, ", ".join(said))
    check("lab_limits_are_said", bool(lab["limits"]) or not emulated)
    if pair:
        litmus_judge(experiments["store-buffering"], emulated)
        litmus_judge(experiments["message-passing"], emulated)
        tearing_judge(experiments["tearing"], strict)
        if strict:
            seen = verdict_of(experiments["store-buffering"], "store relaxed; load relaxed:")
            check("lab_store_buffering_relaxed_is_seen", seen == "seen", seen)
    for name in ["stale-bucket", "early-free", "missing-recheck"]:
        broken_judge(experiments[name], strict)
    for name in ["order-cost", "growth-jitter", "first-touch"]:
        figures_judge(experiments[name], strict)
    plots_judge(experiments, sys.argv[4])
    print("done")


main()
