"""Who runs next: the policies that turn one scene into many schedules.

A schedule is a plan: decision number -> thread number, holding only the decisions that differ from the default
(keep running; when that is impossible, the next thread in order of creation). Plans are printed as tokens.
"""

import random
from collections.abc import Sequence
from typing import Protocol

NEVER = 1 << 62
Plan = dict[int, int]


class Strategy(Protocol):
    """Consulted by the scheduler; decisions are numbered by the points passed so far."""

    def next_stop(self, now: int) -> int:
        """The number of the next point after `now` at which to ask `preempt`."""

    def preempt(self, now: int, current: int, others: Sequence[int]) -> int:
        """The thread to run from here; `current` to go on."""

    def choose(self, now: int, default: int, ready: Sequence[int]) -> int:
        """The thread to run when the current one cannot."""


class Planned:
    """Follow a plan; the default everywhere else."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._stops = sorted(plan)

    def next_stop(self, now: int) -> int:
        """The next planned decision."""
        return next((stop for stop in self._stops if stop > now), NEVER)

    def preempt(self, now: int, current: int, others: Sequence[int]) -> int:
        """As planned, if that thread can run."""
        wanted = self._plan.get(now, current)
        return wanted if wanted in others else current

    def choose(self, now: int, default: int, ready: Sequence[int]) -> int:
        """As planned, if that thread can run."""
        wanted = self._plan.get(now, default)
        return wanted if wanted in ready else default


class RandomWalk:
    """Preempt at each point with a probability; choose freely when a thread stops."""

    def __init__(self, seed: int, probability: float) -> None:
        self._random = random.Random(seed)
        self._probability = probability

    def next_stop(self, now: int) -> int:
        """A geometric number of points ahead."""
        stop = now + 1
        while self._random.random() >= self._probability:
            stop += 1
        return stop

    def preempt(self, _now: int, _current: int, others: Sequence[int]) -> int:
        """Any other thread."""
        return self._random.choice(others)

    def choose(self, _now: int, _default: int, ready: Sequence[int]) -> int:
        """Any thread that can run."""
        return self._random.choice(ready)


class Priorities:
    """PCT: random priorities, lowered at `depth` random points (Burckhardt et al., ASPLOS 2010)."""

    def __init__(self, seed: int, depth: int, length: int) -> None:
        self._random = random.Random(seed)
        self._changes = sorted(self._random.randrange(1, length + 1) for _ in range(depth))
        self._priority: dict[int, float] = {}
        self._lowest = 0.0

    def _of(self, thread: int) -> float:
        if thread not in self._priority:
            self._priority[thread] = self._random.random()
        return self._priority[thread]

    def next_stop(self, now: int) -> int:
        """The next change of priorities."""
        return next((stop for stop in self._changes if stop > now), NEVER)

    def preempt(self, _now: int, current: int, others: Sequence[int]) -> int:
        """The current thread falls below all; the best of the rest runs."""
        self._lowest -= 1.0
        self._priority[current] = self._lowest
        return max(others, key=self._of)

    def choose(self, _now: int, _default: int, ready: Sequence[int]) -> int:
        """The thread of the highest priority."""
        return max(ready, key=self._of)


def to_token(plan: Plan) -> str:
    """A plan as a short word: `17b.42a` = at decision 17 run thread b, at 42 thread a; `-` = the default."""
    return ".".join(f"{at}{_letters(thread)}" for at, thread in sorted(plan.items())) or "-"


def from_token(token: str) -> Plan:
    """The plan of a token; ValueError with the repair in words if it is none."""
    plan: Plan = {}
    for part in token.split("."):
        digits = part.rstrip("abcdefghijklmnopqrstuvwxyz")
        if part == "-":
            continue
        if not digits.isdigit() or digits == part:
            raise ValueError(
                f"{token!r} is no replay token; copy it whole from the report (like 17b.42a)"
            )
        plan[int(digits)] = _number(part[len(digits) :])
    return plan


def _letters(number: int) -> str:
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


def _number(letters: str) -> int:
    value = 0
    for letter in letters:
        value = value * 26 + ord(letter) - ord("a") + 1
    return value - 1
