"""Implementations x checks: what each check says of each implementation of a topic.

Every run is a graded run in a process of its own; the answer is read from its results.json.
"""

import atexit
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from graders.kit.parts import Part, Peer, checks_of
from graders.kit.topics import Topic
from graders.kit.warm import Wanted, Warm

SECONDS: Final = 280  # an outer limit for a whole run; the checks have their own
PASS: Final = "pass"  # noqa: S105 - a verdict
KEPT: Final = 2
"""So many graders stay ready: each holds some 80 MB."""

_graders: dict[tuple[Path, str], Warm] = {}


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
    names = [f"{part.path}::{part.name}" for part in only]
    with tempfile.TemporaryDirectory(prefix="katas-matrix-") as folder:
        results = Path(folder) / "results.json"
        grader = _warm(topic)
        grader.ask(Wanted(spec, str(results), only=names, stop=stop_early))
        if not (grader.answer(SECONDS) and results.is_file()):
            said = grader.said()
            _forget(topic)
            raise RuntimeError(f"no results of {topic.id} --impl {spec}:\n{said}")
        checks = json.loads(results.read_text(encoding="utf-8"))["checks"]
    return [
        Outcome(each["name"], tuple(each["promises"]), each["word"], " ".join(each["got"].split()))
        for each in checks
    ]


def _warm(topic: Topic) -> Warm:
    """The topic's grader, started if it is not there; the one that was used longest ago makes room."""
    place = (topic.root, topic.id)
    if place not in _graders and len(_graders) >= KEPT:
        _graders.pop(next(iter(_graders))).close()
    grader = _graders.pop(place) if place in _graders else Warm(topic)
    _graders[place] = grader
    return grader


def _forget(topic: Topic) -> None:
    _graders.pop((topic.root, topic.id)).close()


@atexit.register
def _close() -> None:
    while _graders:
        _graders.popitem()[1].close()


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
