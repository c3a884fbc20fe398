"""One passage of a load through a system, and figures over rounds."""

import statistics
from dataclasses import dataclass, field

from sink import Sink, send

seeds = iter(range(1, 1_000_000))


@dataclass
class Passage:
    """What one load cost one system."""

    instances: int
    bytes: int
    rate: float          # instances a second, first byte sent to last byte at the sink
    acknowledged: float  # instances a second, as the sender sees it
    mb_s: float          # 1e6 bytes, to the sink
    wait_p50: float      # ms
    wait_p99: float
    cpu_per_gb: float
    written: float       # bytes written per byte in
    peak_mb: float       # above idle
    idle_mb: float       # resident before the load
    unchanged: bool      # every one arrived in its own syntax with the last bytes that it had: for encapsulated loads, all of which end alike
    latency: list        # ms from the last byte out of the sender to the first byte at the sink, for loads of one association


def warm_up(place, system, sink):
    """A few images: every thread has had its turn, and the associations to the sink are open."""
    before = sink.count()
    send(place, system.port, system.called, count=16, matrix=64, seed=next(seeds))
    sink.wait(before + 16, 60)


def passage(place, system, sink, **load):
    before = sink.count()
    sink.kinds.clear()
    idle = system.process.memory_mb()
    system.process.forget_peak()
    cpu, written = system.process.cpu_seconds(), system.process.written_bytes()
    done = send(place, system.port, system.called, seed=next(seeds), **load)
    sink.wait(before + done["instances"], 600)
    arrived = sorted(sink.arrived[before:])
    last = max(at for _, at, _ in arrived)
    seconds = (last - done["begun_ns"]) / 1e9
    return Passage(
        instances=done["instances"], bytes=done["bytes"], rate=done["instances"] / seconds,
        acknowledged=done["instances"] / ((done["ended_ns"] - done["begun_ns"]) / 1e9),
        mb_s=done["bytes"] / seconds / 1e6, wait_p50=done["wait_p50_ms"], wait_p99=done["wait_p99_ms"],
        cpu_per_gb=(system.process.cpu_seconds() - cpu) / (done["bytes"] / 1e9),
        written=(system.process.written_bytes() - written) / done["bytes"],
        peak_mb=system.process.memory_mb("VmHWM") - idle, idle_mb=idle,
        unchanged=sink.kinds == {(done["syntax"], done["tail"])},
        latency=[(first - out) / 1e6 for (first, _, _), (out, _) in zip(arrived, sorted(done["each"]))])


def fresh(place, kind, settings=None, **load):
    """Starts a system with a sink of its own, warms it up, and measures one passage."""
    sink = Sink(place)
    try:
        with kind(place, sink, **(settings or {})) as system:
            warm_up(place, system, sink)
            return passage(place, system, sink, **load)
    finally:
        sink.stop()


@dataclass
class Figure:
    """One figure of a workload, a value for each round."""

    workload: str
    name: str
    unit: str
    goal: int = 0
    at_least: float = None
    at_most: float = None
    values: list = field(default_factory=list)

    def median(self):
        return statistics.median(self.values) if self.values else None

    def verdict(self):
        if not self.values:
            return "not met" if self.goal else ""
        if self.at_least is None and self.at_most is None:
            return ""
        met = (self.at_least is None or self.median() >= self.at_least) and (
            self.at_most is None or self.median() <= self.at_most)
        return "met" if met else "not met"

    def goal_text(self):
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return f"<= {self.at_most:g}" if self.at_most is not None else ""


class Figures:
    """Those of a workload, in the order in which they were first named."""

    def __init__(self, workload):
        self.workload, self.all = workload, {}

    def add(self, name, value, unit, goal=0, at_least=None, at_most=None):
        """@param value  None: it could not be measured, because the node refused the load."""
        figure = self.all.setdefault(name, Figure(self.workload, name, unit, goal, at_least, at_most))
        if value is not None:
            figure.values.append(value)
