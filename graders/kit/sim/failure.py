"""What an exploration answers: a failure is a value, with its story and the token that replays it."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "wrong", "deadlock", "livelock", "thread left behind", "background exception", "out of control"
]


class Abort(BaseException):
    """Unwinds a simulated thread when its schedule is over; never seen by a check."""


@dataclass(slots=True)
class Failure:
    """One schedule that broke a promise.

    `kind` says how it was found; `error` is the exception of a scene or a background thread;
    `story` are lines for people; `token` replays exactly this schedule; `reproduced` is false if
    the same schedule gave another result when it was run again (state outside the scene, or luck).
    """

    kind: Kind
    message: str
    error: BaseException | None = None
    story: list[str] = field(default_factory=list)
    token: str = ""
    reproduced: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an exploration: how many schedules ran, what was covered, the failure if any."""

    failure: Failure | None
    schedules: int
    coverage: str
