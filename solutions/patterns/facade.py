"""Facade with steps as data: a step is a name and a function that does it and returns what undoes it.

The five devices have five interfaces; `_built_in` is the only place that knows them. Everything else is a list of
steps and a stack of undos. A failed undo stays on the stack, which is all that "try again later" takes.

Trade-offs: whoever comes while steps run is refused instead of waiting, so no lock is held during a step that may take
a minute, and a step that calls its own theatre cannot deadlock. `contextlib.ExitStack` would do for one film, but it
forgets an undo that fails, and of several failures it raises the last.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Self

from contracts.patterns.facade import (
    DIMMED,
    LOUD,
    Devices,
    EndFailed,
    Step,
    StepFailed,
    Stuck,
    TheatreBusy,
    Undo,
)


class _Film:
    """One showing: two of the same title are two."""

    def __init__(self, title: str) -> None:
        self.title = title


class HomeTheatre:
    """One remote control for all devices."""

    def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
        *first, last = _built_in(devices)
        self._steps = _without_doubles([*first, *extra, last])
        self._lock = threading.Lock()
        self._moving = False
        self._film: _Film | None = None
        self._undos: list[tuple[str, Undo]] = []

    @property
    def movie(self) -> str | None:
        """The film that is on."""
        with self._lock:
            return self._film.title if self._film and not self._moving else None

    @property
    def on(self) -> tuple[str, ...]:
        """The steps that have yet to be undone."""
        return tuple(name for name, _ in self._undos.copy())

    def watch(self, movie: str) -> None:
        """Do all steps; if one fails, undo those before it."""
        self._watch(_Film(_title(movie)))

    def end(self) -> None:
        """Undo everything that is on."""
        self._end()

    @contextmanager
    def watching(self, movie: str) -> Iterator[Self]:
        """Watch a film for the time of a `with` block."""
        film = _Film(_title(movie))
        self._watch(film)
        try:
            yield self
        except BaseException as error:
            try:
                self._end(film)
            except (EndFailed, TheatreBusy) as failure:
                error.add_note(str(failure))
            raise
        self._end(film)

    def _watch(self, film: _Film) -> None:
        with self._lock:
            self._refuse_if(self._film is not None or self._moving)
            self._film, self._moving = film, True
        now = None
        try:
            self._do_all(film.title)
            now = film
        finally:
            self._settle(now)

    def _end(self, only: _Film | None = None) -> None:
        with self._lock:
            if only is not None and only is not self._film:
                return
            self._refuse_if(self._moving)
            if not self._undos:  # then nobody is to be refused meanwhile
                return
            self._moving = True
        try:
            stuck = self._undo_down_to(0)
        finally:
            self._settle(None)
        _let_interrupts_out(stuck)
        if stuck:
            raise EndFailed(stuck)

    def _refuse_if(self, busy: bool) -> None:
        if busy:
            raise TheatreBusy(self._film.title if self._film else None)

    def _settle(self, film: _Film | None) -> None:
        with self._lock:
            self._film, self._moving = film, False

    def _do_all(self, movie: str) -> None:
        before = len(self._undos)
        for step in self._steps:
            try:
                undo = _checked(step.do(movie))
            except BaseException as error:
                stuck = self._undo_down_to(before)
                _let_interrupts_out(stuck, error)
                raise StepFailed(step.name, stuck) from error
            if undo is not None:
                self._undos.append((step.name, undo))

    def _undo_down_to(self, height: int) -> Stuck:
        """Undo what lies higher on the stack, newest first; what fails stays there."""
        stuck: list[tuple[str, BaseException]] = []
        for place in reversed(range(height, len(self._undos))):
            name, undo = self._undos[place]
            try:
                undo()
            except BaseException as error:  # noqa: BLE001 - the others are undone all the same
                stuck.append((name, error))
            else:
                del self._undos[place]
        return tuple(stuck)


def _let_interrupts_out(stuck: Stuck, *earlier: BaseException) -> None:
    """Raise the first that is no Exception, with what is stuck as its notes."""
    for error in (*earlier, *(failure for _, failure in stuck)):
        if not isinstance(error, Exception):
            for name, failure in stuck:
                error.add_note(f"step {name!r} could not be undone: {failure!r}")
            raise error


def _built_in(devices: Devices) -> list[Step]:
    lights, screen, projector = devices.lights, devices.screen, devices.projector
    amplifier, player = devices.amplifier, devices.player

    def dim(_: str) -> Undo | None:
        before = lights.level
        return _done(before != DIMMED, lambda: lights.dim(DIMMED), lambda: lights.dim(before))

    def lower(_: str) -> Undo | None:
        return _done(not screen.is_down, screen.lower, screen.lift)

    def light_up(_: str) -> Undo | None:
        return _done(not projector.is_on, projector.on, projector.off)

    def turn_up(_: str) -> Undo | None:
        before = amplifier.volume
        return _done(
            before != LOUD,
            lambda: amplifier.set_volume(LOUD),
            lambda: amplifier.set_volume(before),
        )

    def play(movie: str) -> Undo | None:
        return _done(True, lambda: player.play(movie), player.stop)

    return [
        Step("lights", dim),
        Step("screen", lower),
        Step("projector", light_up),
        Step("amplifier", turn_up),
        Step("player", play),
    ]


def _done(needed: bool, do: Callable[[], object], undo: Undo) -> Undo | None:
    if not needed:
        return None
    do()
    return undo


def _checked(undo: Undo | None) -> Undo | None:
    if undo is not None and not callable(undo):
        raise TypeError(f"a step returns what undoes it, or None; got {undo!r}")
    return undo


def _without_doubles(steps: list[Step]) -> list[Step]:
    names: set[str] = set()
    for step in steps:
        if step.name in names:
            raise ValueError(f"two steps are named {step.name!r}")
        names.add(step.name)
    return steps


def _title(movie: str) -> str:
    if not isinstance(movie, str):
        raise TypeError(f"movie must be a text, got {movie!r}")
    if not movie:
        raise ValueError("movie must not be empty")
    return movie
