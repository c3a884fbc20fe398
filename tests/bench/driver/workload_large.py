"""Objects of gigabytes: memory, rate, and how soon the first byte leaves."""

import statistics

from measure import Figures, fresh
from sink import Refused
from systems import Node, Relay

FRAME_MB = 2 * 1024 * 1024 / 1e6  # of a frame of 1024 x 1024 in 16 bits


def object_of(megabytes, syntax="native"):
    # What only looks like HTJ2K is half as long.
    frame = FRAME_MB if syntax == "native" else FRAME_MB / 2
    return {"matrix": 1024, "frames": round(megabytes / frame), "syntax": syntax}


def attempt(place, kind, **load):
    try:
        return fresh(place, kind, **load)
    except Refused:
        return None


def large(place, rounds, options):
    figures = Figures("large")
    size = options.object_mb or (400 if options.quick else 1900)
    eight = size // 8
    loads = [(f"{size} MB native", {"count": 1, "associations": 1, **object_of(size)}),
             (f"{size} MB encapsulated", {"count": 1, "associations": 1, **object_of(size, "htj2k")}),
             (f"eight of {eight} MB at once", {"count": 8, "associations": 8, **object_of(eight)})]
    for number in range(min(rounds, 2)):
        for name, load in loads:
            order = (Node, Relay) if number % 2 == 0 else (Relay, Node)
            got = {kind: attempt(place, kind, **load) for kind in order}
            node, relay = got[Node], got[Relay]
            figures.add(f"{name}: peak memory above idle", node and node.peak_mb, "MB", 5, at_most=64)
            figures.add(f"{name}: rate", node and node.mb_s, "MB/s")
            figures.add(f"{name}: relay's rate", relay.mb_s, "MB/s")
            figures.add(f"{name}: share of the relay's rate", node and 100 * node.mb_s / relay.mb_s, "%", 5, at_least=60)
            figures.add(f"{name}: bytes written per byte in", node and node.written, "", 7, at_most=1.1)
            figures.add(f"{name}: processor time per GB", node and node.cpu_per_gb, "s")
    return figures


def latency(place, rounds, options):
    figures = Figures("latency")
    size = options.object_mb or (400 if options.quick else 1900)
    slices = {"count": 12, "associations": 1, "interval_ms": 150}
    for _ in range(rounds):
        for kind, name in ((Node, "slice"), (Relay, "relay, slice")):
            got = fresh(place, kind, **slices)
            goal = {"goal": 6, "at_most": 10} if kind is Node else {}
            figures.add(f"{name}: last byte in to first byte out", statistics.median(got.latency), "ms", **goal)
    for _ in range(min(rounds, 2)):
        for kind, name in ((Node, f"{size} MB"), (Relay, f"relay, {size} MB")):
            got = attempt(place, kind, count=1, associations=1, **object_of(size))
            goal = {"goal": 6, "at_most": 50} if kind is Node else {}
            figures.add(f"{name}: last byte in to first byte out", got and got.latency[0], "ms", **goal)
    return figures
