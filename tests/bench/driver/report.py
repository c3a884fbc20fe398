"""The table that a person reads, and the line of JSON that is kept."""

import json
import os
import subprocess
from datetime import datetime, timezone

from place import ROOT


def number(value):
    for least, digits in ((100, 0), (10, 1), (1, 2)):
        if abs(value) >= least:
            return f"{value:.{digits}f}"
    return f"{value:.3f}"


def table(figures):
    lines = []
    for f in figures:
        spread = f"{number(min(f.values))} - {number(max(f.values))}" if len(f.values) > 1 else ""
        median = f"{number(f.median())} {f.unit}".rstrip() if f.values else "refused"
        lines.append((f.name, median, spread, f"({f.goal}) {f.goal_text()}" if f.goal else "",
                      f.verdict()))
    return lines


def show(workload, figures):
    rows = [("", "median", "min - max", "goal", ""), *table(figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    print(f"\n{workload}")
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    print(flush=True)


def git(*arguments):
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def keep(figures, rounds, load_before, seconds):
    record = {
        "head": git("rev-parse", "--short", "HEAD"), "changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "nproc": os.cpu_count(), "rounds": rounds,
        "load_before": round(load_before, 2), "seconds": round(seconds),
        "figures": [{"workload": f.workload, "name": f.name, "unit": f.unit, "goal": f.goal, "at_least": f.at_least, "at_most": f.at_most,
                     "median": f.median(), "values": f.values, "verdict": f.verdict()} for f in figures]}
    with open(ROOT / "build" / "bench" / "results.jsonl", "a") as out:
        out.write(json.dumps(record) + "\n")


def markdown():
    """For docs/performance.md: the newest figures of each workload that were kept."""
    newest, dates = {}, {}
    with open(ROOT / "build" / "bench" / "results.jsonl") as lines:
        for record in map(json.loads, lines):
            for workload in {figure["workload"] for figure in record["figures"]}:
                newest[workload] = [figure for figure in record["figures"] if figure["workload"] == workload]
                dates[workload] = record
    for workload, figures in newest.items():
        of = dates[workload]
        print(f"**{workload}** ({of['head']}{', changed' if of['changed'] else ''}; {of['date'][:10]}, load before {of['load_before']})\n")
        print("| figure | median | min - max | goal | |\n| --- | --- | --- | --- | --- |")
        for f in figures:
            values, goal = f["values"], ""
            if f["goal"]:
                bound = f"≥ {f['at_least']:g}" if f["at_least"] is not None else f"≤ {f['at_most']:g}"
                goal = f"{bound} ({f['goal']})"
            median = f"{number(f['median'])} {f['unit']}".strip() if values else "refused"
            spread = f"{number(min(values))} - {number(max(values))}" if len(values) > 1 else ""
            print(f"| {f['name']} | {median} | {spread} | {goal} | {f['verdict']} |")
        print()
