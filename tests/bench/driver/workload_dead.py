"""An archive that is dead or slow: the modality is not to feel it, and the backlog is to drain."""

import time

from measure import Figures, seeds, warm_up
from sink import Sink, send, start_sending
from systems import Node

SLOW = 20_000_000  # bytes a second that the slow archive reads


def dead(place, rounds, options):
    figures = Figures("dead")
    count = 300 if options.quick else 2400  # 800 were away in half a second: one stall was a third of the figure
    for _ in range(rounds):
        normal, full = with_backlog(place, count, traffic=False, figures=None)
        figures.add("normal rate, acknowledged", normal["acknowledged"], "/s")
        figures.add("full forward rate: a backlog, nothing coming in", full, "/s")
        dead_rate, drained = with_backlog(place, count, traffic=True, figures=figures)
        figures.add("archive dead: modality's share of the normal rate", 100 * dead_rate["dead"] / normal["acknowledged"], "%", 10,
                    at_least=80)
        figures.add("backlog drains, new traffic coming in: share of the full forward rate", 100 * drained / full, "%", 10, at_least=90)
        figures.add("backlog drains, new traffic coming in: times the normal rate", drained / normal["acknowledged"], "x")
        slow = slow_archive(place, count, figures)
        figures.add("archive slow: modality's share of the normal rate", 100 * slow / normal["acknowledged"], "%", 10, at_least=80)
    return figures


def rate_of(done):
    return done["instances"] / ((done["ended_ns"] - done["begun_ns"]) / 1e9)


def with_backlog(place, count, traffic, figures):
    """A normal passage, then the same with the archive away, then the archive comes back.

    @return the rates at which the modality was served, and instances a second at the archive while the backlog drains.
    """
    sink = Sink(place)
    rates = {}
    try:
        with Node(place, sink) as node:
            warm_up(place, node, sink)
            rates["acknowledged"] = rate_of(send(place, node.port, node.called, count=count, seed=next(seeds)))
            sink.wait(16 + count)
            idle = node.process.memory_mb()
            node.process.forget_peak()
            sink.stop()
            rates["dead"] = rate_of(send(place, node.port, node.called, count=count, seed=next(seeds)))
            if figures:
                figures.add("archive dead: peak memory above idle", node.process.memory_mb("VmHWM") - idle, "MB", 5, at_most=64)
            before = sink.count()
            # A modality at work: four slices every tenth of a second, until the backlog is gone.
            modality = start_sending(place, node.port, node.called, place.new_file("load.log"), count=2400, seed=next(seeds),
                                     interval_ms=100) if traffic else None
            time.sleep(1.5)  # until it has made its images
            sink.start()
            sink.wait(before + count, 120)
            if modality:
                modality.kill()
                modality.wait()
            arrived = sorted(at for _, at, _ in sink.arrived[before:])[:count]
            return rates, (count - 1) / ((arrived[-1] - arrived[0]) / 1e9)
    finally:
        sink.stop()


def slow_archive(place, count, figures):
    sink = Sink(place, options=["--bytes-per-second", SLOW])
    try:
        with Node(place, sink) as node:
            warm_up(place, node, sink)
            idle = node.process.memory_mb()
            node.process.forget_peak()
            done = send(place, node.port, node.called, count=count, seed=next(seeds))
            figures.add("archive slow: peak memory above idle", node.process.memory_mb("VmHWM") - idle, "MB", 5, at_most=64)
            return rate_of(done)
    finally:
        sink.stop()
