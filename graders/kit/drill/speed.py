"""How fast the drill's file is beside the reference, on the workloads of the topic's bench file.

The one place that a drill learns it from; it may always answer that nothing was measured.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from graders.kit.bench.machine import without_xdist
from graders.kit.drill.grading import environment
from graders.kit.topics import Topic

SECONDS: Final = 120  # for all of it
TURNS: Final = 2  # the reference and yours take turns, so that a busy moment meets both
REFERENCE: Final = "solutions"
SAME: Final = 1.1  # at least so much has to lie between them


@dataclass(frozen=True)
class Workload:
    """Time of yours divided by that of the reference; `noise` is the larger spread of each with itself."""

    name: str
    ratio: float
    noise: float

    @property
    def words(self) -> str:
        """What the ratio says."""
        margin = max(self.noise, SAME)
        if 1 / margin <= self.ratio <= margin:
            return "no measurable difference"
        if self.ratio > 1:
            return f"{self.ratio:.2f} times the reference's time"
        return f"{1 / self.ratio:.2f} times as fast as the reference"


@dataclass(frozen=True)
class Speed:
    """What was measured, or why nothing was."""

    workloads: tuple[Workload, ...] = ()
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For the log."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Speed":
        """The inverse."""
        listed = tuple(Workload(**each) for each in data.get("workloads", ()))
        return cls(listed, str(data.get("why", "")))

    def lines(self) -> list[str]:
        """One for each workload, or the reason."""
        if not self.workloads:
            return [f"not measured: {self.why}"]
        return [f"{each.name:<36} {each.words}" for each in self.workloads]


def measure(topic: Topic, code: Path) -> Speed:
    """Measure it now, in a process of its own; never raises for what that process does."""
    bench = topic.grader / f"bench_{topic.name}.py"
    if not bench.is_file():
        return Speed(why="the topic has no bench file")
    if find_spec("pytest_benchmark") is None:
        return Speed(why="pytest-benchmark is not installed")
    with tempfile.TemporaryDirectory(prefix="katas-drill-") as folder:
        report = Path(folder) / "speed.json"
        trouble = _run(topic, bench, [REFERENCE, str(code)] * TURNS, report)
        if not trouble and not report.is_file():
            trouble = "the workloads left no figures"
        return Speed(why=trouble) if trouble else _speed(report)


def _run(topic: Topic, bench: Path, turns: Iterable[str], report: Path) -> str:
    """Why there is no report; "" if there is one."""
    command = [sys.executable, "-m", "pytest", str(bench), "-q", "-s", f"--rootdir={topic.root}"]
    for plugin in ("graders.kit.plugin", "pytest_benchmark.plugin", "graders.kit.drill.contenders"):
        command += ["-p", plugin]
    command += ["-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"]
    command += ["--benchmark-max-time=0.3", "--benchmark-disable-gc", f"--benchmark-json={report}"]
    command += [f"--contender={turn}" for turn in turns]
    quiet = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command,
        cwd=topic.root,
        env={**without_xdist(environment(topic)), **quiet},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        try:
            return "" if run.wait(SECONDS) == 0 else "a workload failed"
        except subprocess.TimeoutExpired:
            return f"the workloads did not end within {SECONDS} s"
        except KeyboardInterrupt:
            return "stopped by you"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)


def _speed(report: Path) -> Speed:
    best: dict[str, dict[bool, list[float]]] = {}
    for each in json.loads(report.read_text(encoding="utf-8"))["benchmarks"]:
        params = dict(each["params"] or {})
        reference = params.pop("contender") == REFERENCE
        given = f"[{', '.join(map(str, params.values()))}]" if params else ""
        name = each["name"].partition("[")[0].removeprefix("test_") + given
        sides = best.setdefault(name, {True: [], False: []})
        sides[reference].append(float(each["stats"]["min"]))
    return Speed(tuple(_workload(name, each[False], each[True]) for name, each in best.items()))


def _workload(name: str, yours: list[float], theirs: list[float]) -> Workload:
    noise = max(max(side) / min(side) for side in (yours, theirs))
    return Workload(name, min(yours) / min(theirs), noise)
