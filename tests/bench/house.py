"""A small repository with one topic, `tally`, its bench and its peers; and the command that measures it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from graders.kit.topics import ROOT

BENCH = '''"""How fast a tally is.

Sizes: one number.
Keys: none.
Mix: writes, or reads.
Threads: one.
"""


def test_add(benchmark, contender):
    """`add` of 1."""
    tally = contender.Tally()
    benchmark.extra_info["operations"] = 100
    benchmark(lambda: [tally.add(1) for _ in range(100)])


def test_value(benchmark, contender):
    """`value`."""
    tally = contender.Tally()
    benchmark(tally.value)


def test_reset(benchmark, contender):
    """`reset`."""
    tally = contender.Tally()
    benchmark(tally.reset)
'''
PEERS = '''"""A variant, and a library that nobody has."""


class Plain:
    """Without a lock; it has no `reset`."""

    requires = ()
    fails = {"P2": "no lock"}

    class Tally:
        def __init__(self):
            self.n = 0

        def add(self, n):
            self.n += n

        def value(self):
            return self.n


class Nobodys:
    """A library."""

    requires = ("no_such_library",)
    fails = {}
'''


class House:
    """The repository and its command line."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.processes = 1
        ignore = shutil.ignore_patterns("__pycache__", "results")
        shutil.copytree(ROOT / "tests" / "data" / "kata", root, ignore=ignore)
        for name in ("conftest.py", "pyproject.toml"):
            shutil.copy(ROOT / name, root / name)
        grader = root / "graders" / "patterns" / "tally"
        (grader / "bench_tally.py").write_text(BENCH, encoding="utf-8")
        (grader / "peers.py").write_text(PEERS, encoding="utf-8")

    @property
    def stub(self) -> Path:
        """The exercise."""
        return self.root / "exercises" / "patterns" / "tally.py"

    @property
    def right(self) -> str:
        """The text of a right implementation."""
        return (self.root / "solutions" / "patterns" / "tally.py").read_text(encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """What a session sets, with short limits."""
        return {
            **os.environ,
            "KATAS_ROOT": str(self.root),
            "KATAS_BENCH_SECONDS": "3",
            "KATAS_BENCH_PROCESSES": str(self.processes),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{self.root}",
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a bench."""
        return subprocess.Popen(
            [sys.executable, "-m", "graders.kit", "bench", *arguments],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def bench(self, *arguments: str) -> tuple[int, str, str]:
        """Run a bench: exit code, what it printed, what it complained of."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=240)
        return process.returncode, out, err
