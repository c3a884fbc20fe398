"""How long one association waits for each answer: our own sender, and an unmodified storescu with Nagle's algorithm on."""

import re
import statistics
import subprocess
from datetime import datetime

from measure import Figures, fresh, seeds, warm_up
from sink import Sink
from systems import Node, Orthanc, Relay

# storescu with milliseconds in its log.
LOG = """log4cplus.rootLogger = INFO, console
log4cplus.appender.console = log4cplus::ConsoleAppender
log4cplus.appender.console.layout = log4cplus::PatternLayout
log4cplus.appender.console.layout.ConversionPattern = %D{%Y-%m-%d %H:%M:%S.%Q} %m%n
"""


def wait(place, rounds, options):
    figures = Figures("wait")
    count = 100 if options.quick else 300
    for _ in range(rounds):
        got = fresh(place, Node, count=count, associations=1)
        figures.add("response wait p50", got.wait_p50, "ms", 3, at_most=3)
        figures.add("response wait p99", got.wait_p99, "ms")
        relay = fresh(place, Relay, count=count, associations=1)
        figures.add("the relay's p50", relay.wait_p50, "ms")
        orthanc = fresh(place, Orthanc, count=60, associations=1)
        figures.add("Orthanc's p50", orthanc.wait_p50, "ms")
        stock = storescu_waits(place, 100)
        figures.add("storescu with Nagle, start of sending to answer p50", statistics.median(stock), "ms", 3, at_most=20)
        figures.add("storescu with Nagle, the slowest", max(stock), "ms")
    return figures


def storescu_waits(place, count):
    """ms from the start of sending to the answer, which includes the sending."""
    files = place.new_directory("files")
    subprocess.run([place.program("phantom"), files, "--ct-only", "--ct-slices", str(count), "--ct-matrix", "512", "--seed",
                    str(next(seeds))], check=True, stdout=subprocess.DEVNULL)
    log = place.new_file("log.cfg")
    log.write_text(LOG)
    sink = Sink(place)
    try:
        with Node(place, sink) as node:
            warm_up(place, node, sink)
            done = subprocess.run(["storescu", "-R", "-lc", log, "+sd", "+r", "-aec", node.called, "127.0.0.1", str(node.port), files],
                                  capture_output=True, text=True, check=True)
    finally:
        sink.stop()
        place.remove(files)
    waits, begun = [], None
    for line in (done.stdout + done.stderr).splitlines():
        at = re.match(r"(\S+ \S+) (Sending Store Request|Received Store Response)", line)
        if not at:
            continue
        moment = stamp(at[1])
        if at[2].startswith("Sending"):
            begun = moment
        elif begun:
            waits.append((moment - begun) * 1000)
            begun = None
    if len(waits) < count:
        raise RuntimeError("storescu's log was not understood")
    return waits


def stamp(text):
    """'2026-11-28 20:40:01.123.456' in seconds."""
    day, milli, micro = text.rsplit(".", 2)
    return datetime.strptime(day, "%Y-%m-%d %H:%M:%S").timestamp() + int(milli) / 1e3 + int(micro) / 1e6
