"""The calls that instrumented code makes, and who listens to them.

`instrument` writes calls of these functions into an implementation's code. Outside a simulation nobody
listens and they only hand their argument on.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

SITES: list[tuple[str, int, str]] = []
"""Every place that was instrumented: file, line number, source line. A site is an index into it."""


class Listener(Protocol):
    """Who is told of the points that the running code passes."""

    @property
    def ident(self) -> int | None:
        """The thread that is listened to; None = none in particular."""

    def step(self, site: int) -> None:
        """The code is about to do something that other threads could see, at `site`."""

    def turn(self, site: int, turns: list[int]) -> None:
        """A loop at `site` is about to take another turn, its `turns[0]`-th."""

    def mark(self, site: int) -> None:
        """The code has arrived at `site`; no other thread can tell."""


class _Nobody:
    """What listens while nothing is simulated."""

    ident = None

    def step(self, site: int) -> None:
        """Ignore it."""

    def turn(self, site: int, turns: list[int]) -> None:
        """Ignore it."""

    mark = step


NOBODY: Listener = _Nobody()
listener: Listener = NOBODY


def point(value: Any, site: int) -> Any:
    """Pass a switch point and hand `value` on."""
    listener.step(site)
    return value


def before(site: int) -> None:
    """Pass a switch point; falsy, so that `before(1) or name` is a point before the load of `name`."""
    listener.step(site)


def loop() -> list[int]:
    """What is known of one `while` loop: its turns, and how often its thread had waited when last looked at."""
    return [0, 0]


def turn(value: Any, site: int, turns: list[int]) -> Any:
    """Pass a loop's turn and hand its condition on."""
    turns[0] += 1
    listener.turn(site, turns)
    return value


def resumed(value: Any, *loops: list[int]) -> Any:
    """A generator goes on after a yield, within these loops: their turns count anew."""
    for turns in loops:
        turns[0] = 0
    return value


def mark(value: Any, site: int) -> Any:
    """Note where the code is and hand `value` on."""
    listener.mark(site)
    return value


def steps(items: Iterable[Any], site: int) -> Iterator[Any]:
    """Iterate `items` with a point before each of the underlying `next` calls."""
    return _Steps(iter(items), site)


class _Steps:
    """An iterator, not a generator, so that leaving a loop releases the inner iterator as without it."""

    __slots__ = ("_items", "_site")

    def __init__(self, items: Iterator[Any], site: int) -> None:
        self._items = items
        self._site = site

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        listener.step(self._site)
        return next(self._items)


NAMES = {
    "__sim_point__": point,
    "__sim_before__": before,
    "__sim_loop__": loop,
    "__sim_turn__": turn,
    "__sim_resumed__": resumed,
    "__sim_mark__": mark,
    "__sim_steps__": steps,
}
"""What an instrumented module finds in its globals."""


class Counter:
    """A listener that only counts: the steps of a job, the same on every machine and Python."""

    ident = None

    def __init__(self) -> None:
        self.steps = 0

    def step(self, _site: int) -> None:
        """Count one."""
        self.steps += 1

    def turn(self, _site: int, _turns: list[int]) -> None:
        """Count one."""
        self.steps += 1

    def mark(self, _site: int) -> None:
        """A mark is no step."""
