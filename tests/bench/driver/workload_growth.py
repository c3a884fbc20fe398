"""After years: the rate with a large map against the rate with an empty one."""

import shutil
import subprocess
import time

from machine import Process
from measure import Figures, passage, warm_up
from place import ROOT
from sink import Sink
from systems import Node

# New patients and studies among the instances, as at any hospital; small ones, so that the map weighs most.
LOAD = {"matrix": 64, "patients": 20, "studies": 2}


def growth(place, rounds, options):
    patients = 1_000_000 if options.full else 10_000 if options.quick else 100_000
    figures = Figures("growth")
    state = large_state(place, patients)
    count = 1000 if options.quick else 3000
    name = f"{patients:,} patients, {10 * patients:,} UID pairs"
    for number in range(rounds):
        loads = [("empty", None), ("large", state)]
        got = {which: with_map(place, copy, count) for which, copy in (loads if number % 2 else loads[::-1])}
        (starting_empty, empty), (starting_large, large) = got["empty"], got["large"]
        figures.add("rate with an empty map", empty.rate, "/s")
        figures.add(f"{name}: rate", large.rate, "/s")
        figures.add(f"{name}: share", 100 * large.rate / empty.rate, "%", 8, at_least=90)
        figures.add(f"{name}: share while the node reads its database through, after the start",
                    100 * starting_large.rate / starting_empty.rate, "%")
        figures.add(f"{name}: memory above that with an empty map", large.peak_mb + large.idle_mb - empty.peak_mb - empty.idle_mb, "MB", 8,
                    at_most=16)
    return figures


def with_map(place, state, count):
    """A passage right after the start, and one when the node has nothing of its own to do any more."""
    sink = Sink(place)
    try:
        with Node(place, sink, state=state) as node:
            warm_up(place, node, sink)
            starting = passage(place, node, sink, count=count, **LOAD)
            busy = node.process.cpu_seconds()
            for _ in range(300):
                time.sleep(1)
                before, busy = busy, node.process.cpu_seconds()
                if busy - before < 0.05:
                    break
            else:
                raise RuntimeError(f"the node does not come to rest: see {node.directory}")
            return starting, passage(place, node, sink, count=count, **LOAD)
    finally:
        sink.stop()


def large_state(place, patients):
    """A state directory with that map, made once and kept in build/bench for as long as the schema is the same."""
    schema = len(list((ROOT / "schema" / "identity").glob("*.sql")))
    kept = ROOT / "build" / "bench" / f"growth-{patients}-v{schema}"
    if kept.exists():
        return kept
    print(f"bench: filling a map with {patients:,} patients, once", flush=True)
    begun = time.monotonic()
    sink = Sink(place)
    try:
        node = Node(place, sink)
        builder = Process([place.program("bench_map_builder"), node.directory / "state", node.directory / "master.key", patients,
                           10 * patients], place.new_file("builder.log"),
                          {"LD_PRELOAD": str(place.program("libbench_slow_disk.so")), "DOSIGATE_BENCH_SYNC_MS": "-1"})
        if builder.child.wait() != 0:
            raise RuntimeError(f"the map could not be filled: see {builder.log}")
        kept.mkdir()
        shutil.move(node.directory / "state", kept / "state")
        shutil.move(node.directory / "master.key", kept / "master.key")
        subprocess.run(["sync", "-f", kept], check=True)
    finally:
        sink.stop()
    print(f"bench: filled in {time.monotonic() - begun:.0f} s", flush=True)
    return kept
