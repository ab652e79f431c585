"""The scorecard as values: what the text and the page both show."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graders.kit.drill import history
from graders.kit.drill.prose import clock
from graders.kit.drill.rules import RATINGS, STEPS
from graders.kit.drill.score import Score, missed, score
from graders.kit.drill.sheet import Sheet
from graders.kit.drill.speed import Speed
from graders.kit.drill.state import Drill, Grade
from graders.kit.interview import Question

_STEP: Final = re.compile(r"^### +", re.MULTILINE)


@dataclass(frozen=True)
class PromiseLine:
    """One promise over the time: when it first held, whether it held when it counted, and its spans."""

    name: str
    text: str
    first: float | None
    holds: bool
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Step:
    """One of the seven steps: what the brief says about it, and how the learner saw it."""

    name: str
    text: str
    rating: str


@dataclass(frozen=True)
class Card:
    """A scorecard. Times are seconds on the countdown."""

    drill: Drill
    place: str
    score: Score
    promises: tuple[PromiseLine, ...]
    grade: Grade | None
    speed: Speed
    hints: tuple[tuple[float, str], ...]
    missed: tuple[Question, ...]
    changes: tuple[tuple[float | None, str], ...]
    steps: tuple[Step, ...]
    mistakes: str
    follow_ups: tuple[Question, ...]
    history: tuple[tuple[str, ...], ...]

    @property
    def facts(self) -> str:
        """When, how long, where; in one line."""
        used = clock(self.drill.spent)
        limit = clock(self.drill.limit)
        return f"{history.when(self.drill.started)}, {used} of {limit} used, {self.place}"

    @property
    def sum(self) -> list[tuple[str, int]]:
        """What the points are made of."""
        parts = self.score
        return [
            (f"promises held: {parts.held} of {parts.promises}", parts.for_promises),
            (f"hints used: {parts.hints}", parts.for_hints),
            (f"scope questions never asked: {parts.missed}", parts.for_questions),
        ]


def card(drill: Drill, sheet: Sheet, place: str, root: Path) -> Card:
    """The scorecard of a finished drill."""
    talk = sheet.interview
    data = drill.finished or {}
    arrivals = [*drill.changes, *[None] * len(talk.changes)]
    return Card(
        drill,
        place,
        score(drill, sheet),
        tuple(_promise(drill, name, text) for name, text in sheet.promises.items()),
        drill.counted,
        Speed.from_dict(data.get("speed", {})),
        tuple(zip(drill.hints, talk.hints, strict=False)),
        tuple(talk.scope[number - 1] for number in missed(drill, sheet)),
        tuple((at, each.text) for at, each in zip(arrivals, talk.changes, strict=False)),
        tuple(steps(talk.steps, drill.steps)),
        talk.mistakes,
        talk.follow_ups,
        tuple(history.rows(root)),
    )


def _promise(drill: Drill, name: str, text: str) -> PromiseLine:
    first = next((grade.elapsed for grade in drill.grades if name in grade.held), None)
    counted = drill.counted
    holds = counted is not None and name in counted.held
    return PromiseLine(name, text, first, holds, tuple(_spans(drill, name)))


def _spans(drill: Drill, name: str) -> list[tuple[float, float]]:
    """From each grade at which it held until the next at which it did not, or the end."""
    spans: list[tuple[float, float]] = []
    ends = [grade.elapsed for grade in drill.grades[1:]] + [drill.spent]
    for grade, end in zip(drill.grades, ends, strict=False):
        if name in grade.held:
            joined = bool(spans) and spans[-1][1] == grade.elapsed
            spans[-1:] = [(spans[-1][0], end)] if joined else [*spans[-1:], (grade.elapsed, end)]
    return spans


def steps(text: str, ratings: tuple[int, ...] = ()) -> list[Step]:
    """The seven steps of the brief beside the learner's ratings."""
    parts = dict(part.partition("\n")[::2] for part in _STEP.split(text)[1:])
    words = [RATINGS[rating] for rating in ratings] or [""] * len(STEPS)
    return [
        Step(name, next((p for h, p in parts.items() if h.startswith(name)), "").strip(), word)
        for name, word in zip(STEPS, words, strict=True)
    ]
