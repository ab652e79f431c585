"""A grader that is collected once and run many times, each time in a fork: what the matrix and watching need.

Each run is an ordinary one: same plugin, same children, same results.json. What is saved is the start of
Python and of pytest, and compiling the same files again. As a pytest plugin this module serves; `Warm` asks.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import pytest

from graders.kit import progress
from graders.kit.loading import START
from graders.kit.orphans import die_with_parent
from graders.kit.plugin import KEY
from graders.kit.terminal import Terminal
from graders.kit.topics import Topic
from graders.kit.verdict import Check

KIT: Final = Path(__file__).resolve().parents[2]
ENDS: Final = "KATAS_WARM_ENDS"
"""The two pipe ends of the server, in its environment."""


@dataclass(frozen=True)
class Wanted:
    """A run: what is graded, where results.json goes, by which checks (none named: all of them), in which order.

    `stop`: it ends at the first check that does not pass. `report`: where the words for a person go.
    """

    spec: str
    results: str
    only: Sequence[str] = ()
    first: Sequence[str] = ()
    stop: bool = False
    report: str = ""


class Warm:
    """The grader of one topic in a process of its own, ready to run. Not thread-safe; `close` it."""

    def __init__(self, topic: Topic) -> None:
        (theirs, self._requests), (self._answers, answers) = os.pipe(), os.pipe()
        self._folder = tempfile.TemporaryDirectory(prefix="katas-warm-")
        self._output = tempfile.TemporaryFile(dir=self._folder.name)  # noqa: SIM115 - closed by close()
        results = f"{self._folder.name}/results.json"
        command = [sys.executable, "-m", "pytest", "-p", "graders.kit.plugin", "-p", __name__]
        command += ["-o", "addopts=--import-mode=importlib", "-o", "timeout=0"]
        command += ["-p", "pytest_timeout", "-p", "no:cacheprovider", "-s", "-q"]
        self._process = subprocess.Popen(
            [*command, "--impl", "solutions", "--results", results, str(topic.grader)],
            cwd=topic.root,
            env={**os.environ, **_environment(topic), ENDS: f"{theirs} {answers}"},
            pass_fds=(theirs, answers),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )
        os.close(theirs)
        os.close(answers)

    def ask(self, wanted: Wanted) -> None:
        """Begin a run."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._requests, json.dumps(asdict(wanted)).encode() + b"\n")

    def answer(self, seconds: float) -> bool | None:
        """Whether the run came to its end; None if it still runs after so many seconds."""
        ready, _, _ = select.select([self._answers], [], [], seconds)
        return bool(os.read(self._answers, 1)) if ready else None

    def said(self) -> str:
        """What it has printed, to explain a run that came to no end."""
        self._output.seek(0)
        return self._output.read().decode("utf-8", "replace")[-20_000:]

    def close(self) -> None:
        """End it, and a run that is under way."""
        os.close(self._requests)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        self._process.kill()
        self._process.wait()
        os.close(self._answers)
        self._output.close()
        self._folder.cleanup()


def _environment(topic: Topic) -> dict[str, str]:
    return {
        "KATAS_START": str(START),
        "KATAS_ROOT": str(topic.root),
        "PYTHONPATH": os.pathsep.join((str(topic.root), str(KIT))),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Instead of running what was collected, run what is asked for until nobody asks any more."""
    if session.testsfailed:
        return None  # a grader that is broken in part: pytest's own loop says so, and ends
    requests, answers = map(int, os.environ.pop(ENDS).split())
    with os.fdopen(requests, encoding="utf-8") as lines:
        for line in lines:
            wanted = Wanted(**json.loads(line))
            chosen = _chosen(session, wanted)
            session.config.stash[KEY].prepare(wanted.spec, chosen)
            parent, pid = os.getpid(), os.fork()
            if pid == 0:
                die_with_parent(parent)
                _run(session, chosen, wanted)
            os.waitpid(pid, 0)
            os.write(answers, b".")
    return True


def _chosen(session: pytest.Session, wanted: Wanted) -> list[pytest.Item]:
    first = set(wanted.first)
    chosen = [item for item in session.items if not wanted.only or _name(item) in wanted.only]
    return sorted(chosen, key=lambda item: item.name not in first)


def _name(item: pytest.Item) -> str:
    """Of the function, whatever its parameters."""
    return f"{item.path}::{getattr(item, 'originalname', item.name)}"


def _run(session: pytest.Session, chosen: list[pytest.Item], wanted: Wanted) -> None:
    """The whole life of the fork."""
    code = 1
    try:
        grading = session.config.stash[KEY]
        grading.begin(wanted.spec, chosen, wanted.results)
        for item in chosen:
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if wanted.stop and grading.checks[item.nodeid].verdict.word != "pass":
                break
        grading.end()
        if wanted.report:
            _report(wanted, list(grading.checks.values()))
        code = 0
    finally:
        sys.stdout.flush()
        os._exit(code)


def _report(wanted: Wanted, checks: list[Check]) -> None:
    """What a graded run says in the end, and what it remembers."""
    with Path(wanted.report).open("w", encoding="utf-8") as out:
        terminal = Terminal(wanted.spec, in_process=False, verbose=False, out=out)
        terminal.checks = checks
        terminal.pytest_sessionfinish()
    if wanted.spec == "exercises" and not wanted.only:
        progress.remember(checks)
