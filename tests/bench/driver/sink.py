"""The archive that throws everything away, and the load that is sent."""

import json
import os
import subprocess

from machine import Process, answers, free_port, wait_for


class Sink:
    """bench_sink, and its log of what arrived when."""

    def __init__(self, place, port=None, options=(), prefix=(), host="127.0.0.1"):
        self.place, self.options, self.prefix, self.host = place, options, prefix, host
        self.port = port or free_port()
        self.log = place.new_file("sink.log")
        self.process = None
        self._read = 0
        self.arrived = []  # (first ns, last ns, bytes), in the order of arrival
        self.kinds = set()  # (transfer syntax, digest of the last bytes) of what arrived since somebody cleared it
        self.start()

    def start(self, options=None):
        options = self.options if options is None else options
        self.process = Process([self.place.program("bench_sink"), self.port, self.log, *options],
                               self.place.new_file("sink.out"), prefix=self.prefix)
        if not self.prefix:
            wait_for("the start of the sink", lambda: answers(self.port))

    def stop(self):
        self.process.kill()

    def count(self):
        with open(self.log, "rb") as log:
            log.seek(self._read)
            new = log.read()
        whole = new.rfind(b"\n") + 1
        self._read += whole
        for line in new[:whole].splitlines():
            first, last, size, syntax, tail, _ = line.decode().split()
            self.kinds.add((syntax, tail))
            self.arrived.append((int(first), int(last), int(size)))
        return len(self.arrived)

    def wait(self, count, seconds=300):
        wait_for(f"arrival of {count} instances at the sink", lambda: self.count() >= count, seconds)


class Refused(Exception):
    """The node answered instances with something else than success, or ended the association."""


def send(place, port, called, prefix=(), **options):
    """Runs bench_load to its end. @return what it says, and with `log` (last out, answered) of each."""
    log = place.new_file("load.log")
    process = start_sending(place, port, called, log, prefix, **options)
    return sent(process, log)


def start_sending(place, port, called, log, prefix=(), **options):
    arguments = [*prefix, place.program("bench_load"), port, "--called", called, "--log", log]
    for name, value in options.items():
        arguments += ["--" + name.replace("_", "-"), value]
    return subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE, text=True)


def sent(process, log):
    output, _ = process.communicate(timeout=1800)
    if process.returncode != 0:
        raise Refused("the load failed")
    result = json.loads(output)
    if result["failed"]:
        raise Refused(f"{result['failed']} instances were not taken")
    with open(log) as lines:
        result["each"] = [tuple(map(int, line.split()[:2])) for line in lines]
    os.remove(log)
    return result
