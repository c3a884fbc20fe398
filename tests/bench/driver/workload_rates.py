"""Many instances over four associations: CT slices, tiny ones, compressed ones."""

from measure import Figures, fresh
from systems import Node, Orthanc, OrthancStudy, Relay

# Orthanc by instance slows down with what waits, by study the second of quiet that makes a study stable weighs less the more there are: each
# gets the number that suits it.
BY_INSTANCE = 100


def by_study(options):
    return 300 if options.quick else 400


def interleaved(place, rounds, loads):
    """Each round every system once, each round another one first. @yield {name: Passage}"""
    for number in range(rounds):
        order = loads[number % len(loads):] + loads[:number % len(loads)]
        yield {kind.name: fresh(place, kind, **load) for kind, load in order}


def add_common(figures, got):
    """What every rate workload shows of the node."""
    node = got["dosigate"]
    figures.add("rate", node.rate, "/s")
    figures.add("acknowledged", node.acknowledged, "/s")
    if "relay" in got:
        figures.add("relay's rate", got["relay"].rate, "/s")
    if "orthanc" in got:
        figures.add("Orthanc's rate, by instance", got["orthanc"].rate, "/s")
        figures.add("Orthanc's rate, by study", got["orthanc-study"].rate, "/s")


def better_orthanc(got):
    return max(got["orthanc"].rate, got["orthanc-study"].rate)


def ct(place, rounds, options):
    figures = Figures("ct")
    loads = [(Node, {"count": 1000}), (Relay, {"count": 1000}), (Orthanc, {"count": BY_INSTANCE}), (OrthancStudy, {"count": by_study(options)})]
    for got in interleaved(place, rounds, loads):
        node, relay = got["dosigate"], got["relay"]
        add_common(figures, got)
        figures.add("share of the relay's rate", 100 * node.rate / relay.rate, "%", 1, at_least=60)
        figures.add("times Orthanc's better way", node.rate / better_orthanc(got), "x", 2, at_least=10)
        released = max(got["orthanc"].acknowledged, got["orthanc-study"].acknowledged)
        figures.add("modality released, times sooner", node.acknowledged / released, "x", 3, at_least=2)
        figures.add("response wait p50, four associations", node.wait_p50, "ms")
        figures.add("response wait p99, four associations", node.wait_p99, "ms")
        figures.add("bytes written per byte in", node.written, "", 7, at_most=1.1)
        figures.add("processor time per GB", node.cpu_per_gb, "s", 7, at_most=2)
        figures.add("the relay's processor time per GB", relay.cpu_per_gb, "s")
        figures.add("peak memory above idle", node.peak_mb, "MB")
    return figures


def tiny(place, rounds, options):
    figures = Figures("tiny")
    count = 2000 if options.quick else 4000
    loads = [(Node, {"count": count, "matrix": 64}), (Relay, {"count": count, "matrix": 64}), (Orthanc, {"count": BY_INSTANCE, "matrix": 64}),
             (OrthancStudy, {"count": by_study(options), "matrix": 64})]
    for got in interleaved(place, rounds, loads):
        node = got["dosigate"]
        add_common(figures, got)
        figures.add("instances of 10 KB", node.rate, "/s", 4, at_least=1500)
        figures.add("times Orthanc's better way", node.rate / better_orthanc(got), "x", 4, at_least=10)
        figures.add("processor time per instance", node.cpu_per_gb * node.bytes / node.instances / 1e6, "ms")
        figures.add("bytes written per byte in", node.written, "")
    return figures


def compressed(place, rounds, options):
    """Goal 9 measures against the rate of native instances of about the size that they have."""
    figures = Figures("compressed")
    count = 1000 if options.quick else 1500
    for _ in range(min(rounds, 2)):
        native = fresh(place, Node, count=count, matrix=64)
        figures.add("native", native.rate, "/s")
        for syntax in ("rle", "jpeg", "jpeg-ls", "j2k", "htj2k"):
            got = fresh(place, Node, count=count, matrix=96, syntax=syntax)
            figures.add(f"{syntax}, share of goal 4's 1500/s", 100 * got.rate / 1500, "%", 9, at_least=80)
            figures.add(f"{syntax}, arrived as they were", 100 if got.unchanged else 0, "%", 9, at_least=100)
            figures.add(f"{syntax}, share of native", 100 * got.rate / native.rate, "%")
    return figures
