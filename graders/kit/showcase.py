"""The README's real runs and figures: played here, and written between its marks."""

import os
import platform
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from graders.kit.mistakes import Mistake
from graders.kit.topics import ROOT, discover

RUNS: Final = {
    "red": ("worker_pool", "--impl", "tests/data/readme/worker_pool.py"),
    "green": ("worker_pool", "--impl", "solutions"),
}
_SECONDS: Final = re.compile(r"\b\d+\.\d s\b")


def block(name: str) -> str:
    """Play a run as a learner does and return the text of its block: the command and the answer."""
    arguments = RUNS[name]
    ran = _run(sys.executable, "-m", "graders.kit", "grade", *arguments)
    return f"```\n$ nox -s grade -- {' '.join(arguments)}\n{ran.stdout.strip()}\n```"


def blocks(text: str) -> dict[str, str]:
    """Return what stands between the marks of a README, by name."""
    found = re.findall(r"<!-- (?:run: )?(\w+) -->\n(.*?)\n?<!-- end -->", text, re.DOTALL)
    return dict(found)


def without_seconds(text: str) -> str:
    """Return the text without its durations: the rest of a run is the same every time."""
    return _SECONDS.sub("0.0 s", text)


def write(makers: dict[str, Callable[[], str]], path: Path = ROOT / "README.md") -> None:
    """Replace the blocks of the README by what their makers return."""
    text = path.read_text(encoding="utf-8")
    for name, make in makers.items():
        mark = re.compile(rf"(<!-- (?:run: )?{name} -->\n).*?(<!-- end -->)", re.DOTALL)
        new = make()
        text, count = mark.subn(lambda found: f"{found[1]}{new}\n{found[2]}", text)  # noqa: B023
        if count != 1:
            raise Mistake(f"README.md has {count} blocks {name!r}: it needs exactly one")
    path.write_text(text, encoding="utf-8")


def timings(times: int = 3) -> str:
    """Measure the warm sessions of every topic and chapter; return a table with the machine named."""
    topics = discover()
    chapters = [
        chapter for chapter, n in Counter(topic.chapter for topic in topics).items() if n > 1
    ]
    rows = [(f"nox -s grade -- {name}", name) for name in [*(t.name for t in topics), *chapters]]
    lines = ["| warm run on the references | wall seconds |", "| --- | --- |"]
    for label, name in rows:
        seconds = _seconds(("grade", "--", name, "--impl", "solutions"), times)
        lines.append(f"| `{label}` | {seconds:.1f} |")
    seconds = _seconds(("grade-solutions",), times)
    lines.append(f"| `nox -s grade-solutions` | {seconds:.1f} |")
    note = (
        f"\nMedian of {times} runs, from `python -m graders.kit readme --timings` on "
        f"{datetime.now(UTC):%Y-%m-%d}: {_machine()}."
    )
    return "\n".join([*lines, note])


def _seconds(session: tuple[str, ...], times: int) -> float:
    _run(sys.executable, "-m", "nox", "-s", session[0], "--install-only")  # warm afterwards
    return median(_one(session) for _ in range(times))


def _one(session: tuple[str, ...]) -> float:
    started = time.perf_counter()
    ran = _run(sys.executable, "-m", "nox", "-s", *session)
    if ran.returncode:
        raise Mistake(f"`nox -s {' '.join(session)}` is not green: repair it, then measure")
    return time.perf_counter() - started


def _machine() -> str:
    return f"{model()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def model() -> str:
    """The processor as it names itself, or its architecture."""
    return next(_models(), platform.machine())


def _models() -> Iterator[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    yield from (line.partition(": ")[2] for line in lines if line.startswith("model name"))


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
