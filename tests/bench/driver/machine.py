"""Processes, ports and what the kernel says of a process."""

import os
import random
import signal
import socket
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    """Below the range that outgoing connections take theirs from."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_for(what, condition, seconds=60.0, every=0.02):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(every)


def answers(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


class Process:
    """A child with its output in a file; killed when the `with` block ends."""

    def __init__(self, arguments, log, environment=None, prefix=()):
        self.log = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen([*prefix, *map(str, arguments)], stdout=out, stderr=out,
                                          env={**os.environ, **(environment or {})})
        self.pid = self.child.pid

    def stop(self, seconds=30):
        if self.child.poll() is not None:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory_mb(self, which="VmRSS"):
        """1 MB = 1e6 bytes. VmHWM = the most since forget_peak()."""
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                if line.startswith(which + ":"):
                    return int(line.split()[1]) * 1024 / 1e6
        raise RuntimeError(f"process {self.pid} has no {which}")

    def forget_peak(self):
        with open(f"/proc/{self.pid}/clear_refs", "w") as clear:
            clear.write("5")

    def written_bytes(self):
        """What it made the disk write; pages of files removed in between count."""
        with open(f"/proc/{self.pid}/io") as io:
            for line in io:
                if line.startswith("write_bytes:"):
                    return int(line.split()[1])
        raise RuntimeError("the kernel does not count what is written")
