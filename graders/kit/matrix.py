"""Implementations x checks: what each check says of each implementation of a topic.

Every run is a graded run in a process of its own; the answer is read from its results.json.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from graders.kit.parts import Part, Peer, checks_of
from graders.kit.topics import Topic

SECONDS: Final = 280  # an outer limit for a whole run; the checks have their own
PASS: Final = "pass"  # noqa: S105 - a verdict


@dataclass(frozen=True)
class Outcome:
    """The verdict of one check on one implementation."""

    name: str
    promises: tuple[str, ...]
    word: str
    got: str

    def __str__(self) -> str:
        """One line: what a test prints of a check that did not pass."""
        return f"{self.word:<14}{','.join(self.promises):<10}{self.name}: {self.got[:120]}"


def run(
    topic: Topic, spec: str, *, only: Sequence[Part] = (), stop_early: bool = False
) -> list[Outcome]:
    """Grade an implementation and return one outcome for each expected check, in their order.

    ``only`` limits the run to some checks; ``stop_early`` ends it at the first that fails, the
    others being "not run".
    """
    places = [f"{part.path}::{part.name}" for part in only] or [str(topic.grader)]
    with tempfile.TemporaryDirectory(prefix="katas-matrix-") as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", "-p", "graders.kit.plugin", "-q", *places]
        command += [
            "-o",
            "addopts=--import-mode=importlib",
            "-o",
            "timeout=0",
            "-p",
            "pytest_timeout",
        ]
        command += ["-p", "no:cacheprovider", "--impl", spec, "--results", str(results)]
        ran = subprocess.run(
            [*command, *(["-x"] if stop_early else [])],
            cwd=topic.root,
            env={**os.environ, **_environment(topic.root)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        if not results.is_file():
            raise RuntimeError(f"no results of {topic.id} --impl {spec}:\n{ran.stdout}{ran.stderr}")
        checks = json.loads(results.read_text(encoding="utf-8"))["checks"]
    return [
        Outcome(each["name"], tuple(each["promises"]), each["word"], " ".join(each["got"].split()))
        for each in checks
    ]


def _environment(root: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(root),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


def failed(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes that are no pass, of the checks that ran."""
    return [each for each in outcomes if each.word not in {PASS, "not run"}]


def rejecting(topic: Topic, promise: str) -> list[Part]:
    """Return the checks that can reject for breaking ``promise``."""
    return [part for part in checks_of(topic) if promise in part.promises]


def missing(peer: Peer) -> list[str]:
    """Return the libraries that the peer needs and this environment lacks."""
    return [name for name in peer.requires if find_spec(name) is None]


def unexpected(peer: Peer, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield a line for each way in which the peer does not fail exactly what it says."""
    known = set(peer.promises)
    for outcome in failed(outcomes):
        if not known & set(outcome.promises):
            yield f"{outcome} (a promise that {peer.name} should keep)"
    broken = {promise for outcome in failed(outcomes) for promise in outcome.promises}
    for promise in sorted(known - broken):
        yield f"{promise} is kept: take it out of {peer.name}.fails"
