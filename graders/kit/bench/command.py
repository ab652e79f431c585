"""`nox -s bench`: measure, show, keep, and compare with an earlier run."""

from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from graders.kit.bench import compare, record
from graders.kit.bench.chart import chart
from graders.kit.bench.document import document
from graders.kit.bench.entrants import REFERENCE, YOURS, entrants
from graders.kit.bench.measure import measure
from graders.kit.bench.record import Run
from graders.kit.bench.table import console, show, tables
from graders.kit.bench.workload import read_workload, title
from graders.kit.mistakes import Mistake
from graders.kit.page import write_page
from graders.kit.topics import ROOT, Topic, find

LAST: Final = "the last run"
"""What `--compare` without a run means."""


def run(wanted: Namespace) -> int:
    """Measure; 0 if yours and the reference came through. Mistake for what cannot be measured."""
    if find_spec("pytest_benchmark") is None:
        raise Mistake("pytest-benchmark is not installed: run it as nox -s bench -- TOPIC")
    topics = find(wanted.topics)
    if wanted.impl not in {"exercises", "solutions"} and len(topics) != 1:
        raise Mistake(
            f"--impl {wanted.impl} is for one topic: nox -s bench -- TOPIC --impl {wanted.impl}"
        )
    for topic in topics:  # every mistake shows before the first minute is spent
        entrants(topic, wanted.impl)
        read_workload(topic)
        _earlier(topic, wanted)
    return max(_topic(topic, wanted) for topic in topics)


def _earlier(topic: Topic, wanted: Namespace) -> Run | None:
    """The run to compare with; None if there is none, or none is wanted."""
    if wanted.compare is None:
        return None
    return record.recall(topic, "" if wanted.compare == LAST else wanted.compare)


def _topic(topic: Topic, wanted: Namespace) -> int:
    terminal, then = console(), _earlier(topic, wanted)
    terminal.print(Text(topic.id, style="bold"), end="  ")
    now = measure(topic, entrants(topic, wanted.impl), lambda op: _progress(terminal, op))
    terminal.print(f"{now.seconds:.0f} s")
    for part in tables(now):
        show(terminal, part)
    compared, changes = _compared(now, then)
    if wanted.compare is not None:
        _say_changes(terminal, compared, changes)
    kept = record.keep(topic, now)
    page = _publish(topic, now, compared, changes)
    terminal.print(f"\npage     {_short(page)}\nkept     {_short(kept)}", soft_wrap=True)
    return int(not all(_came_through(now, name) for name in (YOURS, REFERENCE)))


def _progress(terminal: Console, op: str) -> None:
    terminal.print(f"{title(op)} …", end=" ")


def _compared(now: Run, then: Run | None) -> tuple[str, list[tuple[str, str]]]:
    if then is None:
        return "", []
    return compare.headline(now, then), list(compare.changes(now, then))


def _say_changes(terminal: Console, compared: str, changes: list[tuple[str, str]]) -> None:
    terminal.print()
    if not compared:
        terminal.print("No earlier run to compare with: change something and run this again.")
        return
    terminal.print(Text(compared, style="bold"))
    width = max(len(op) for op, _ in changes) + 2
    for op, change in changes:
        terminal.print(f"  {op:<{width}}{change}", soft_wrap=True)


def _publish(topic: Topic, now: Run, compared: str, changes: list[tuple[str, str]]) -> Path:
    """Write the chart and the page of the newest run; return the page."""
    folder = record.folder(topic)
    write_page(folder / "chart.svg", chart(now, alone=True))
    write_page(folder / "index.html", document(now, compared, changes))
    return folder / "index.html"


def _came_through(now: Run, name: str) -> bool:
    """Whether it has a figure for every operation, or was never attempted."""
    words = {said[name].get("failed", "measured") for said in now.operations.values()}
    return words <= {"measured", "not attempted"}


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
