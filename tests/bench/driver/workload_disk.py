"""A hospital's disk: each sync takes 10 ms. Node and relay alike; no goal."""

from measure import Figures, fresh
from systems import Node, Relay

DELAY_MS = 10


def disk(place, rounds, options):
    figures = Figures("disk")
    count = 200 if options.quick else 400
    slow = {"environment": {"LD_PRELOAD": str(place.program("libbench_slow_disk.so")), "DOSIGATE_BENCH_SYNC_MS": str(DELAY_MS)}}
    for _ in range(min(rounds, 2)):
        for name, load in (("slices", {"count": count}), ("tiny", {"count": 2 * count, "matrix": 64}),
                           ("slices, 16 associations", {"count": count, "associations": 16})):
            got = fresh(place, Node, slow, **load)
            relay = fresh(place, Relay, slow, **load)
            figures.add(f"{name}: rate", got.rate, "/s")
            figures.add(f"{name}: response wait p50", got.wait_p50, "ms")
            figures.add(f"{name}: relay's rate", relay.rate, "/s")
            figures.add(f"{name}: share of the relay's rate", 100 * got.rate / relay.rate, "%")
    return figures
