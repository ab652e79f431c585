"""What a log means: the state of a drill after its events. Pure; the clock is handed in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from graders.kit.drill.events import Event

MINUTE: Final = 60.0


@dataclass(frozen=True)
class Grade:
    """What one graded run said, and when: seconds on the countdown.

    `kinds` maps a kind of check to how many passed, and of how many; `open_checks` are lines about the others;
    `digest` is of the file that was graded.
    """

    elapsed: float
    held: frozenset[str]
    kinds: Mapping[str, tuple[int, int]]
    open_checks: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Drill:
    """A drill as its log has it. Times are seconds: `started` since the epoch, others on the countdown."""

    topic: str
    title: str
    level: str
    minutes: float
    started: float
    running_since: float | None
    spent: float = 0.0
    attended: bool = False
    asked: tuple[int, ...] = ()
    required: bool = False
    hints: tuple[float, ...] = ()
    changes: tuple[float, ...] = ()
    rang: bool = False
    grades: tuple[Grade, ...] = ()
    finished: Mapping[str, Any] | None = None
    steps: tuple[int, ...] = field(default=())

    @property
    def limit(self) -> float:
        """The countdown's length in seconds."""
        return self.minutes * MINUTE

    @property
    def running(self) -> bool:
        """Whether the countdown runs."""
        return self.running_since is not None

    def elapsed(self, now: float) -> float:
        """Seconds on the countdown; a clock that was set back takes nothing away."""
        if self.running_since is None:
            return self.spent
        return self.spent + max(0.0, now - self.running_since)

    @property
    def counted(self) -> Grade | None:
        """The last grade that was asked for in time: the one that scores."""
        in_time = [grade for grade in self.grades if grade.elapsed <= self.limit]
        return in_time[-1] if in_time else None


def fold(events: Iterable[Event]) -> Drill:
    """The state after these events; the first is the start."""
    first, *rest = events
    data = first.data
    drill = Drill(
        str(data["topic"]),
        str(data["title"]),
        str(data["level"]),
        float(data["minutes"]),
        started=first.at,
        running_since=first.at,
    )
    for event in rest:
        drill = _STEPS[event.kind](drill, event)
    return drill


def _stopped(drill: Drill, event: Event) -> Drill:
    return replace(drill, spent=drill.elapsed(event.at), running_since=None, attended=False)


def _finished(drill: Drill, event: Event) -> Drill:
    return replace(_stopped(drill, event), finished=event.data)


def _resumed(drill: Drill, event: Event) -> Drill:
    return replace(drill, running_since=event.at)


def _graded(drill: Drill, event: Event) -> Drill:
    data = event.data
    kinds = {kind: (int(passed), int(of)) for kind, (passed, of) in data["kinds"].items()}
    grade = Grade(
        drill.elapsed(event.at),
        frozenset(data["held"]),
        kinds,
        tuple(data["open"]),
        str(data["digest"]),
    )
    return replace(drill, grades=(*drill.grades, grade))


_STEPS: Final[Mapping[str, Callable[[Drill, Event], Drill]]] = {
    "attached": lambda drill, _: replace(drill, attended=True),
    "asked": lambda drill, event: replace(drill, asked=(*drill.asked, int(event.data["number"]))),
    "required": lambda drill, _: replace(drill, required=True),
    "hinted": lambda d, event: replace(d, hints=(*d.hints, d.elapsed(event.at))),
    "changed": lambda d, event: replace(d, changes=(*d.changes, d.elapsed(event.at))),
    "rang": lambda drill, _: replace(drill, rang=True),
    "graded": _graded,
    "paused": _stopped,
    "resumed": _resumed,
    "finished": _finished,
    "assessed": lambda drill, event: replace(drill, steps=tuple(event.data["steps"])),
}
