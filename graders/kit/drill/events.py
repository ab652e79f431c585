"""What can happen in a drill, as values: the log of a drill is a list of them, oldest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SCHEMA: Final = 1
KINDS: Final = (
    "started",  # topic, title, level, minutes
    "attached",  # a prompt opened
    "asked",  # number
    "required",  # the requirements were asked for
    "hinted",
    "changed",  # a change of requirements arrived
    "rang",  # the time was up, and this was said
    "graded",  # see state.Grade
    "paused",  # why
    "resumed",
    "finished",  # points, held, promises, hints, missed, speed
    "assessed",  # steps
)


@dataclass(frozen=True)
class Event:
    """One thing that happened: its kind, when (seconds since the epoch), and what belongs to it."""

    kind: str
    at: float
    data: Mapping[str, Any] = field(default_factory=dict)


def to_json(events: Iterable[Event]) -> dict[str, Any]:
    """The log as JSON holds it."""
    listed = [{"kind": each.kind, "at": each.at, "data": dict(each.data)} for each in events]
    return {"schema": SCHEMA, "events": listed}


def from_json(log: object) -> list[Event]:
    """The inverse; ValueError if this is no log of a drill."""
    match log:
        case {"schema": 1, "events": [*listed]}:
            events = [_event(each) for each in listed]
        case _:
            raise ValueError("no log of a drill")
    if not events or events[0].kind != "started":
        raise ValueError("a log begins with a start")
    return events


def _event(item: object) -> Event:
    match item:
        case {"kind": str(kind), "at": int() | float() as at, "data": dict(data)} if kind in KINDS:
            return Event(kind, float(at), data)
    raise ValueError(f"no event: {str(item)[:80]}")
