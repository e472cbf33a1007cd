#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""report.py RESULTS.json [CHARTS] > docs/performance.md

Writes the document on performance from what the benchmark program measured. CHARTS is the folder
of its SVG files as seen from the document; without it there are no pictures.
"""
import json
import os
import sys

WORKLOADS = ["get", "zipf", "miss", "get_many", "95/5", "50/50", "churn"]
WORKLOADS += ["hot", "put_many", "iterate"]
MEANING = {
    "get": "lookups that hit, keys drawn uniformly",
    "zipf": "the same, popularity after Zipf with exponent 0.99",
    "miss": "lookups of absent keys",
    "get_many": "lookups that hit, 32 keys a call",
    "95/5": "95 % lookups, 5 % updates of existing keys",
    "50/50": "half lookups, half updates of existing keys",
    "churn": "50 % lookups, 25 % inserts, 25 % erases, at constant size",
    "hot": "half lookups, half updates of one key that all threads share",
    "put_many": "updates of existing keys, 32 keys a call",
    "iterate": "entries that one thread walks over, while the others churn",
}


def size(keys):
    return f"{keys / 1e6:g} M" if keys >= 1e6 else f"{keys / 1e3:g} k"


def pages(name):
    return "huge pages" if name == "huge" else "4 KiB pages"


def duration(ns):
    if ns >= 1e6:
        return f"{ns / 1e6:.2f} ms"
    return f"{ns / 1e3:.1f} µs" if ns >= 1e4 else f"{ns:.0f} ns"


def table(head, lines):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for line in lines:
        print("| " + " | ".join(line) + " |")
    print()


def cells_of(results):
    return {
        (r["pages"], r["keys"], r["threads"], r["map"], r["workload"]): r
        for r in results
        if r["kind"] == "throughput"
    }


def maps_of(results, kind):
    seen = []
    for r in results:
        if r["kind"] == kind and r["map"] not in seen:
            seen.append(r["map"])
    return seen


def write_head(data):
    print("# Performance\n")
    print("Written by `bench/report.py` from one run of the benchmark program; do not edit it here.")
    print("To make it again:\n")
    options = [o for o in data["options"] if not o.startswith(("--json", "--svg", "--quiet"))]
    print("```\ntools/build.sh bench")
    print(" ".join(["bench/document.sh"] + [o for o in options if o != "--verdict"]) + "\n```\n")
    print("## On what\n")
    table(["", ""], [[k.replace("_", " "), v] for k, v in data["machine"].items()])
    table(
        ["map", "what it is", "version"],
        [[name, m["title"], m["version"]] for name, m in data["maps"].items()],
    )
    for skipped in data["skipped"]:
        print(f"Skipped: {skipped}.\n")
    load = data["machine"]["load_average"].split()
    cores = int(data["machine"]["cpu"].split(",")[-1].split()[0])
    if float(load[1]) > cores:
        print(
            f"**The machine was busy with other work** (load {load[1]} on {cores} cores over the last "
            "five minutes): caches and memory were shared, threads were preempted. Ratios within a "
            "cell hold better than figures; a quiet machine gives both more exactly.\n"
        )


def write_method(data):
    print("## How\n")
    print(
        "One program, one process for each combination of size and pages, all maps in it. Every map "
        "maps the same 64-bit keys to 64-bit values with the same hash (the steps of our own) "
        "and is grown by inserts from empty. Its operations are compiled into the timed loop; "
        "only ours, liburcu's and Concurrency Kit's are calls into a library. Each cell is the median "
        f"of {data['rounds']} slices of {data['slice_ms']} ms, which take turns over all maps, each "
        "after 0.6 million operations to warm the caches. The figure is operations per CPU-second "
        "of the workers, summed over the threads: on an idle machine that is operations a second; "
        "on a busy one it leaves out the time that a worker was off its core, which flatters maps "
        "whose locks sleep. Differences under 15 % are ties. Every value read is checked.\n"
    )
    measured = {r["workload"] for r in data["results"] if r["kind"] == "throughput"}
    for name in [w for w in WORKLOADS if w in measured]:
        print(f"- **{name}**: {MEANING[name]}")
    print(
        "\n`limit` is no map: it reads one random cache line an operation, out of as much memory as "
        "our table has; under get_many it prefetches 32 of them. `sharded` is the table that a "
        "program would write for itself: 256 shards with a spinning reader-writer lock in a cache "
        "line of its own each, linear probing. POSIX locks in its place (`sharded-pthread`) are "
        "slower; called like a library instead of inlined (`sharded-call`) it is too; both are not shown "
        "unless asked for. ck_ht allows one writer at a time: writers "
        "take a spin lock. liburcu's table frees erased nodes and grows in threads of its own, whose "
        "time is not counted; it is made with a bucket an entry, except where growth and memory are "
        "measured.\n"
    )


def write_verdict(data):
    print("## The promises\n")
    lines = [
        [
            v["what"],
            f"{v['is']:.2f}" if v["outcome"] != "not measured" else "-",
            f"at {v['kind']} {v['bound']:g}",
            f"**{v['outcome']}**" if v["outcome"] == "FAIL" else v["outcome"],
        ]
        for v in data["verdict"]
        if v["outcome"] != "not measured"
    ]
    table(["what", "measured", "promised", ""], lines)


def is_limit(name):
    return name.startswith("limit")


def is_ours(name):
    return name.startswith("tophash")


def standing(ours, theirs):
    """Ours over theirs, round by round: the median, and how sure that is. As in bench/results.c."""
    ratios = sorted(a / b for a, b in zip(ours["rounds"], theirs["rounds"]) if b > 0)
    if not ratios:
        return 0, "-"
    low, middle, high = (quantile(ratios, share) for share in (0.25, 0.5, 0.75))
    return middle, "ahead" if low > 1 else "behind" if high < 1 else "tie"


def quantile(ordered, share):
    rank = share * (len(ordered) - 1)
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)


def write_losses(cells):
    print("## Where others are faster\n")
    losses = []
    for (page, keys, threads, name, workload), r in cells.items():
        if not is_ours(name):
            continue
        for other in {key[3] for key in cells}:
            rival = cells.get((page, keys, threads, other, workload))
            if rival and not is_ours(other) and not is_limit(other):
                ratio, verdict = standing(r, rival)
                if verdict == "behind":
                    losses.append((ratio, page, keys, threads, other, workload))
    if not losses:
        print("Nowhere in this run.\n")
        return
    print("Every cell of this run in which some map was faster than ours, the upper quartile of the "
          "rounds' ratios included:\n")
    table(
        ["ours / theirs", "map", "workload", "keys", "threads", "pages"],
        [
            [f"{ratio:.2f}", other, workload, size(keys), str(threads), pages(page)]
            for ratio, page, keys, threads, other, workload in sorted(losses)
        ],
    )


def write_section(cells, maps, page, keys, threads):
    used = [w for w in WORKLOADS if any(k[4] == w for k in cells)]
    plural = "" if threads == 1 else "s"
    print(f"### {size(keys)} keys, {pages(page)}, {threads} thread{plural}\n")
    lines = []
    for name in maps:
        line = [name]
        for workload in used:
            r = cells.get((page, keys, threads, name, workload))
            line.append(
                f"{r['mops']:.1f} <sub>{r['mops_low']:.1f}–{r['mops_high']:.1f}</sub>" if r else "–"
            )
        lines.append(line)
    ours = next((m for m in maps if is_ours(m)), None)
    for name in maps:
        if ours is None or is_ours(name):
            continue
        line = [f"share of {name}" if is_limit(name) else f"over {name}"]
        for workload in used:
            own = cells.get((page, keys, threads, ours, workload))
            other = cells.get((page, keys, threads, name, workload))
            ratio, verdict = standing(own, other) if own and other else (0, "-")
            verdict = "" if is_limit(name) else f" {verdict}"
            line.append(f"{ratio:.2f}{verdict}" if ratio > 0 else "–")
        lines.append(line)
    table([""] + used, lines)


def write_throughput(data, cells, charts):
    print("## Throughput\n")
    print(
        "Million operations per CPU-second, all threads; small: quartiles of the rounds. Below, ours "
        "over each of the others, by rounds: *ahead* if the lower quartile of the ratios is above 1, "
        "*behind* if the upper one is below, else *tie*.\n"
    )
    maps = maps_of(data["results"], "throughput")
    for page, keys in sorted({key[:2] for key in cells}):
        if charts:
            chart = f"{charts}/throughput-{keys // 1000}k-{page}.svg"
            print(f"![Throughput by threads, {size(keys)} keys, {pages(page)}]({chart})\n")
        for threads in sorted({key[2] for key in cells}):
            write_section(cells, maps, page, keys, threads)


def write_growth(data, charts):
    grown = [r for r in data["results"] if r["kind"] == "growth"]
    if not grown:
        return
    print(f"## Growth from empty to {size(grown[0]['keys'])}\n")
    print(
        "Each run in a fresh process that touches more memory than the table will take and gives it "
        "back while the table grows, so that no page has to come from the host of a virtual machine "
        "first. One run without timing gives the rate; in the others every insert is timed. Own "
        "time is what the thread spent on its core: the time it was preempted is taken off, page "
        "faults are not.\n"
    )
    for page in sorted({r["pages"] for r in grown}):
        print(f"### {pages(page)}\n")
        if charts:
            print(f"![Worst insert while growing]({charts}/growth-{page}.svg)\n")
        lines = []
        for r in grown:
            if r["pages"] != page:
                continue
            line = [r["map"], str(r["threads"]), str(r["run"]), f"{r['mops']:.2f}"]
            fields = ["p50_ns", "p99_ns", "p99_9_ns", "p99_99_ns", "max_ns"]
            line += [duration(r[f]) if r["timed"] else "" for f in fields]
            lines.append(line)
        head = ["", "threads", "run", "M inserts/s", "p50", "p99", "p99.9", "p99.99", "max"]
        table(head, lines)
        write_worst([r for r in grown if r["pages"] == page])


def write_worst(grown):
    print("The worst inserts of ours, one thread. Faults and switches are those of the insert and "
          "of up to 63 before it.\n")
    lines = []
    for r in grown:
        if r["map"] == "tophash" and r["threads"] == 1 and r["timed"]:
            for worst in r["worst"][:5]:
                lines.append(
                    [
                        str(r["run"]),
                        str(worst["insert"]),
                        duration(worst["own_ns"]),
                        duration(worst["off_cpu_ns"]),
                        f"{worst['minor_faults']} / {worst['major_faults']}",
                        str(worst["involuntary_switches"]),
                        duration(worst["steal_ns"]),
                    ]
                )
    head = ["run", "insert", "own time", "off its core", "faults minor / major", "switches", "steal"]
    table(head, lines)


def write_memory(data, charts):
    measured = [r for r in data["results"] if r["kind"] == "memory"]
    if measured:
        print("## Memory\n")
        print("Resident bytes an entry, counted by the kernel; peak: the most there ever was over "
              "what is there after, worst of the sizes.\n")
    for page in sorted({r["pages"] for r in measured}):
        here = [r for r in measured if r["pages"] == page]
        print(f"### {pages(page)}\n")
        if charts:
            print(f"![Bytes an entry by size]({charts}/memory-{page}.svg)\n")
        shown = here[0]["entries"]
        lines = []
        for r in here:
            each = r["bytes_per_entry"]
            line = [r["map"], f"{sum(each) / len(each):.1f}", f"{max(r['peak_over_after']):.2f}"]
            lines.append(line + [f"{b:.1f}" for b in each])
        table(["", "mean", "peak"] + [f"{n / 1e6:g} M" for n in shown], lines)
    small = [r for r in data["results"] if r["kind"] == "small"]
    if small:
        print("### Small tables\n")
        print("Bytes of a table of so many entries: what was allocated, and of mapped memory the "
              "pages touched. Keys of the bytes map have 16 bytes.\n")
        sizes = list(small[0]["bytes_at"])
        lines = [
            [r["map"]] + [str(r["bytes_at"][n]) if r["bytes_at"][n] >= 0 else "–" for n in sizes]
            for r in small
        ]
        table([""] + sizes, lines)


def write_outside():
    """What no run of this program alone can say: written by hand, beside this file."""
    with open(os.path.join(os.path.dirname(__file__), "outside.md"), encoding="utf-8") as file:
        sys.stdout.write(file.read())


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)
    charts = sys.argv[2] if len(sys.argv) == 3 else None
    cells = cells_of(data["results"])
    write_head(data)
    write_method(data)
    write_verdict(data)
    if cells:
        write_losses(cells)
        write_throughput(data, cells, charts)
    write_growth(data, charts)
    write_memory(data, charts)
    write_outside()


main()
