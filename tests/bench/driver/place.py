"""Where the programs are, and a directory for what they write, removed at the end."""

import itertools
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class Place:
    def __init__(self, node_lines=""):
        self.node_lines = node_lines  # further lines of [node] in every configuration
        self.programs = ROOT / "build" / "bench" / "tests"
        # Other binaries than those of this tree, to compare revisions.
        self.dosigated = Path(os.environ.get("DOSIGATED_BINARY", ROOT / "build" / "release" / "dosigated"))
        self.dosigate = Path(os.environ.get("DOSIGATE_BINARY", ROOT / "build" / "release" / "dosigate"))
        # On the file system of the build: /tmp may be memory, which has no sync to wait for.
        self.directory = Path(tempfile.mkdtemp(prefix="work-", dir=ROOT / "build" / "bench"))
        self._numbers = itertools.count()

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if failure is None or failure is KeyboardInterrupt:
            shutil.rmtree(self.directory, ignore_errors=True)

    def program(self, name):
        return self.programs / name

    def new_file(self, name):
        return self.directory / f"{next(self._numbers)}-{name}"

    def new_directory(self, name):
        path = self.new_file(name)
        path.mkdir(mode=0o700)
        return path

    @staticmethod
    def remove(path):
        shutil.rmtree(path, ignore_errors=True)
