"""What a run came to, as one JSON file: results/bench/<topic>/runs/<when>.json."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from graders.kit.bench.entrants import REFERENCE, YOURS
from graders.kit.bench.figures import Ratio, rate, ratio
from graders.kit.mistakes import Mistake, nearest
from graders.kit.page import write_page
from graders.kit.topics import Topic

SCHEMA: Final = 2
STAMP: Final = "%Y-%m-%dT%H-%M-%S"
Said = dict[str, Any]
"""What one contender said of one operation: its `rounds`, or why it `failed`."""


@dataclass(frozen=True)
class Run:
    """One run of a topic's bench, as it is kept."""

    topic: str
    when: str
    impl: str
    contenders: list[dict[str, str]]
    missing: list[str]
    workload: dict[str, str]
    texts: dict[str, str]
    machine: dict[str, str]
    marks: dict[str, str]
    """Of the workload, the reference and yours: what is equal has the same mark."""
    operations: dict[str, dict[str, Said]]
    schema: int = SCHEMA
    seconds: float = field(default=0.0)

    @property
    def names(self) -> list[str]:
        """The contenders in the order of the tables."""
        return [each["name"] for each in self.contenders]

    def ratio(self, op: str, name: str = YOURS) -> Ratio | None:
        """How fast a contender is compared with the reference; None if either has no figures."""
        said = self.operations.get(op, {})
        mine, reference = (said.get(each, {}).get("rounds") for each in (name, REFERENCE))
        return ratio(mine, reference) if mine and reference else None

    def rate(self, op: str, name: str) -> float:
        """Operations a second: the reference's, times the ratio; by itself where there is no ratio."""
        against = self.ratio(op, name)
        times = against.times if against else 1.0
        said = self.operations[op][REFERENCE if against else name]
        return times * rate(said["rounds"], said["operations"]) if "rounds" in said else 0.0


def folder(topic: Topic) -> Path:
    """Where everything about a topic's benchmarks is written."""
    return topic.root / "results" / "bench" / topic.name


def keep(topic: Topic, run: Run) -> Path:
    """Write the run, in one step; the path says when it was made."""
    path = folder(topic) / "runs" / f"{run.when}.json"
    write_page(path, json.dumps(asdict(run), indent=1))
    return path


def kept(topic: Topic) -> list[str]:
    """When the kept runs were made, the oldest first."""
    return sorted(path.stem for path in (folder(topic) / "runs").glob("*.json"))


def stamp(topic: Topic) -> str:
    """The name of a run that is made now; no other run has it."""
    now, known = datetime.now().astimezone().strftime(STAMP), set(kept(topic))
    return next(name for name in _numbered(now) if name not in known)


def recall(topic: Topic, when: str = "") -> Run | None:
    """A kept run, the newest if none is named; None if there is none. Mistake if it cannot be read."""
    known = kept(topic)
    if when and when not in known:
        hint = nearest(when, known) or f": {', '.join(known[-3:]) or 'none'} is kept"
        raise Mistake(f"{topic.id} has no run {when!r}{hint}")
    if not known:
        return None
    path = folder(topic) / "runs" / f"{when or known[-1]}.json"
    try:
        run = Run(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise Mistake(f"{path}: {error}: delete it and measure anew") from error
    if run.schema != SCHEMA:
        raise Mistake(f"{path} is of another version: delete it and measure anew")
    return run


def failures(said: Mapping[str, Said]) -> Iterator[tuple[str, str]]:
    """Who has no figures for an operation, and why in words."""
    for name, words in said.items():
        if "failed" in words:
            why = "not attempted" if words["failed"] == "not attempted" else words["why"]
            yield name, str(why)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in range(2, 1000))
