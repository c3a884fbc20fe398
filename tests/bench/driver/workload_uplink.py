"""An archive behind a slow line: 20 Mbit/s, 20 ms each way, one packet in a hundred lost."""

import os
import subprocess
import time

from machine import Process, wait_for
from measure import Figures, seeds
from sink import Sink, send
from systems import Node

MBIT = 20
NEAR, FAR = "10.77.77.1", "10.77.77.2"
# One connection that loses every hundredth packet gets some 3 Mbit/s over such a distance, whatever its rate.
ASSOCIATIONS = 12


class Uplink:
    """Two namespaces and the line between them."""

    def __init__(self, place):
        self.place = place
        self.near, self.far = f"dsg-near-{os.getpid()}", f"dsg-far-{os.getpid()}"
        self.log = place.new_file("link.log")

    def __enter__(self):
        for name in (self.near, self.far):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        self.process = Process([self.place.program("bench_link"), self.near, self.far, self.log, "--mbit", MBIT], self.place.new_file("link.out"))
        for name, address in ((self.near, NEAR), (self.far, FAR)):
            wait_for("the line", lambda: b"line" in subprocess.check_output(["ip", "-n", name, "-br", "link"]), 10)
            ip("-n", name, "addr", "add", f"{address}/30", "dev", "line")
            ip("-n", name, "link", "set", "line", "up")
        return self

    def __exit__(self, *_):
        self.process.kill()
        for name in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", name], check=False)

    def passed(self, begin, end):
        """Bytes that left the near end between two moments (ns), of packets, lost ones included."""
        before = after = 0
        with open(self.log) as lines:
            for line in lines:
                at, count = map(int, line.split())
                before = count if at <= begin else before
                after = count if at <= end else after
        return after - before


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def inside(name):
    return ("ip", "netns", "exec", name)


class FarNode(Node):
    def answers(self):
        return subprocess.run([*self.prefix, "bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{self.port}"], stderr=subprocess.DEVNULL,
                              check=False).returncode == 0


def uplink(place, rounds, options):
    figures = Figures("uplink")
    if os.geteuid() != 0:
        print("bench: uplink needs root, for network namespaces; left out")
        return figures
    count = 40 if options.quick else 100
    plain = across(place, count, "")
    figures.add("link used", 100 * plain["used"], "%", 12, at_least=90)
    figures.add("goodput of data sets", plain["mbit"], "Mbit/s")
    figures.add("rate", plain["rate"], "/s")
    less = across(place, count, 'compress = "jpeg-ls"\n')
    figures.add("compressed: link used", 100 * less["used"], "%")
    figures.add("compressed: rate", less["rate"], "/s")
    figures.add("compressed: bytes over the link, of those uncompressed", 100 * less["bytes"] / plain["bytes"], "%", 12, at_most=99)
    return figures


def across(place, count, destination):
    with Uplink(place) as line:
        sink = Sink(place, options=["--everywhere"], prefix=inside(line.far))
        time.sleep(1)
        try:
            with FarNode(place, sink, destination=f"associations = {ASSOCIATIONS}\n{destination}", prefix=inside(line.near), archive=FAR) as node:
                send(place, node.port, node.called, inside(line.near), count=count, seed=next(seeds))
                sink.wait(count, 600)
                # While the line is full: from the first byte to the last but those of the tail, when associations run out of work.
                arrived = sorted(sink.arrived, key=lambda instance: instance[1])
                begin, end = min(first for first, _, _ in arrived), arrived[-ASSOCIATIONS][1]
                seconds = (end - begin) / 1e9
                done = arrived[:-ASSOCIATIONS + 1]
                return {"used": line.passed(begin, end) * 8e-6 / seconds / MBIT, "bytes": line.passed(0, arrived[-1][1]) / count,
                        "mbit": sum(size for _, _, size in done) * 8e-6 / seconds, "rate": len(done) / seconds}
        finally:
            sink.stop()
