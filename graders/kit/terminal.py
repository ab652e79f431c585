"""The report of a graded run: progress while it runs, then what holds, then the first thing to fix."""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final, TextIO

import pytest

from graders.kit.checks import KINDS
from graders.kit.plugin import KEY
from graders.kit.report import clean, explain, promise_text, to_fix
from graders.kit.topics import Topic
from graders.kit.verdict import Check

MARKS: Final = {
    "pass": ".",
    "fail": "F",
    "error": "E",
    "inconclusive": "?",
    "not attempted": "-",
    "blocked": "b",
}
MORE_LINES: Final = 25


class Terminal:
    """A pytest plugin that stands in for pytest's own terminal."""

    def __init__(
        self, impl: str, *, in_process: bool, verbose: bool, out: TextIO | None = None
    ) -> None:
        self._impl, self._in_process, self._verbose = impl, in_process, verbose
        self._out = out or sys.stdout
        self._colour = self._out.isatty() and not os.environ.get("NO_COLOR")
        self._topic, self._column, self._started = "", 0, time.monotonic()
        self.checks: list[Check] = []
        self.broken: list[str] = []

    @property
    def all_hold(self) -> bool:
        """Whether every expected check passed and nothing was broken."""
        return not self.broken and all(check.verdict.word == "pass" for check in self.checks)

    def _say(self, text: str = "", end: str = "\n") -> None:
        print(text, end=end, file=self._out, flush=True)

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text

    # While it runs.

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """All checks are known."""
        self.checks = list(session.config.stash[KEY].checks.values())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One mark a check, one line a topic."""
        check = next((check for check in self.checks if check.id == report.nodeid), None)
        if check is None:
            return
        width = max(20, min(shutil.get_terminal_size().columns, 100) - 32)
        if check.topic != self._topic:
            self._say(("\n" if self._topic else "") + f"{check.topic:<32}", end="")
            self._topic, self._column = check.topic, 0
        if self._column == width:
            self._say("\n" + " " * 32, end="")
            self._column = 0
        mark = MARKS[check.verdict.word]
        self._say(mark if mark == "." else self._paint(mark, "31"), end="")
        self._column += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A grader that cannot be collected is the grader's error."""
        if report.failed:
            self.broken.append(str(report.longrepr))

    def pytest_internalerror(self, excrepr: object) -> None:
        """So is an error of the kit."""
        self.broken.append(str(excrepr))

    # In the end.

    def pytest_sessionfinish(self) -> None:
        """The whole report."""
        if self._topic:
            self._say()
        for trouble in self.broken:
            self._say(f"the grader itself is broken (not your code):\n{trouble}")
        for topic in dict.fromkeys(check.topic for check in self.checks):
            self._topic_report([check for check in self.checks if check.topic == topic])
        if self.checks:
            self._closing()

    def _topic_report(self, checks: Sequence[Check]) -> None:
        self._say()
        words = {check.verdict.word for check in checks}
        seconds = sum(check.verdict.seconds for check in checks)
        self._say(f"{checks[0].topic}  ({self._impl})")
        for kind in KINDS:
            line = _kind_line(kind, [check for check in checks if check.kind == kind])
            if line:
                self._say(f"  {line}")
        if words == {"pass"}:
            self._say(self._paint(f"  all {len(checks)} checks pass", "32") + f" ({seconds:.1f} s)")
        elif words <= {"not attempted", "blocked"} and "not attempted" in words:
            self._not_begun(checks)
        else:
            self._to_fix(checks)

    def _not_begun(self, checks: Sequence[Check]) -> None:
        chapter, _, name = checks[0].topic.partition("/")
        self._say("  not attempted yet")
        self._say(f"  start with P1: {promise_text(checks[0].topic, 'P1')}")
        if self._impl == "exercises":
            place = _short(Topic(chapter, name))
            self._say(f"  the task: {place}.md   the code: {place}.py")

    def _to_fix(self, checks: Sequence[Check]) -> None:
        open_checks = to_fix(checks)
        self._say()
        self._say(self._paint("The first thing to fix", "1"))
        for line in explain(open_checks[0], in_process=self._in_process):
            self._say(f"  {line}")
        rest = open_checks[1:]
        if rest:
            self._say()
            self._say(f"And {len(rest)} more")
        for line in _rest(rest, len(rest) if self._verbose else MORE_LINES):
            self._say(f"  {line}")

    def _closing(self) -> None:
        passed = sum(check.verdict.word == "pass" for check in self.checks)
        held = "all checks pass" if self.all_hold else f"{passed} of {len(self.checks)} checks pass"
        elapsed = time.monotonic() - self._started
        self._say()
        self._say(
            f"{held}, {elapsed:.1f} s"
            + ("; in process: not a graded run" if self._in_process else "")
        )


def _short(topic: Topic) -> str:
    return f"exercises/{topic.id}"


def _kind_line(kind: str, checks: Sequence[Check]) -> str:
    """How many promises hold as far as checks of this kind look at them."""
    promises = {promise for check in checks for promise in check.promises}
    broken = {
        promise for check in checks if check.verdict.word != "pass" for promise in check.promises
    }
    if not promises:
        return ""
    return f"{kind:<13}{len(promises - broken):>3} of {len(promises)} promises hold"


def _rest(checks: Sequence[Check], most: int) -> Iterator[str]:
    for check in checks[:most]:
        verdict = check.verdict
        what = clean(verdict.got or verdict.did).replace("\n", " ")[:70]
        yield f"{verdict.word:<14}{','.join(check.promises):<8} {check.name}" + (
            f": {what}" if what else ""
        )
    if len(checks) > most:
        yield f"… and {len(checks) - most} more (--verbose shows them)"
