"""Asks dciodvfy of dicom3tools which errors a file has after de-identification that it had not before.

usage: dciodvfy.py PAIRS.tsv [ALLOWED.tsv]
Files as for second_reader.py. Prints "new error<TAB>name<TAB>kind" and counts.
"""

import collections
import concurrent.futures
import fnmatch
import re
import subprocess
import sys

VALUE = re.compile(r"<[^>/]*>|\[[0-9]+\]|= *.*$")

UNREADABLE = ("Error - Dicom dataset read failed", "Error - Tags out of order")


def errors(path):
    """Kinds of errors, without numbers and values; None when dciodvfy cannot read the file or dies of it."""
    done = subprocess.run(["dciodvfy", "-new", path], capture_output=True, check=False, timeout=60)
    if done.returncode < 0:
        return None
    lines = (done.stdout + done.stderr).decode("latin-1").splitlines()
    kinds = {VALUE.sub("", line).strip() for line in lines if line.startswith("Error")}
    return None if any(kind.startswith(UNREADABLE) for kind in kinds) else kinds


def main(pairs, allowed=None):
    allowances = []
    if allowed:
        with open(allowed, encoding="utf-8") as lines:
            allowances = [line.split("\t")[:3] for line in lines if line.startswith("new error\t")]
    rows = [line.rstrip("\n").split("\t") for line in open(pairs, encoding="utf-8")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        before = list(pool.map(errors, [row[0] for row in rows]))
        after = list(pool.map(errors, [row[1] for row in rows]))
    counts = collections.Counter(files=len(rows))
    used = set()
    for row, was, now in zip(rows, before, after):
        if was is None:  # deflated, and what others broke before us
            counts["no verdict"] += 1
            continue
        if now is None:
            print("new error", row[2], "cannot be read any more", sep="\t")
            continue
        counts["errors before"] += len(was)
        counts["errors after"] += len(now)
        for kind in sorted(now - was):
            hits = [i for i, (_, name, text) in enumerate(allowances) if fnmatch.fnmatch(row[2], name) and text in kind]
            used.update(hits)
            if not hits:
                print("new error", row[2], kind, sep="\t")
    for index, allowance in enumerate(allowances):
        if index not in used:
            print("note", "unused allowance", *allowance[1:], sep="\t")
    for what, count in sorted(counts.items()):
        print("count", what, count, sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
