"""Right theatres in other styles, and contextlib.ExitStack as people use it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any, ClassVar

from contracts.patterns.facade import (
    DIMMED,
    LOUD,
    STEPS,
    Devices,
    EndFailed,
    StepFailed,
    TheatreBusy,
)


def check_names(extra: list[Any]) -> None:
    """ValueError for a name that is taken."""
    seen = set(STEPS)
    for step in extra:
        if step.name in seen:
            raise ValueError(f"{step.name!r} is the name of another step")
        seen.add(step.name)


def check_movie(movie: object) -> None:
    """TypeError or ValueError for what is no film."""
    if not isinstance(movie, str):
        raise TypeError(f"{movie!r} is no film")
    if movie == "":
        raise ValueError("a film has a name")


class Commands:
    """The textbook's way: a command object for each device, with do and undo; one condition guards what is going on.

    What has been done is a linked list, newest first.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Command:
        """Does something to a device if it is needed, and knows how it was before."""

        name = ""

        def do(self, devices: Devices, movie: str) -> bool:
            """Whether anything was needed."""
            raise AssertionError

        def undo(self, devices: Devices) -> None:
            """Make it as it was."""

    class Dim(Command):
        name = "lights"

        def do(self, devices: Devices, movie: str) -> bool:
            self.before = devices.lights.level
            if self.before != DIMMED:
                devices.lights.dim(DIMMED)
            return self.before != DIMMED

        def undo(self, devices: Devices) -> None:
            devices.lights.dim(self.before)

    class Lower(Command):
        name = "screen"

        def do(self, devices: Devices, movie: str) -> bool:
            if devices.screen.is_down:
                return False
            devices.screen.lower()
            return True

        def undo(self, devices: Devices) -> None:
            devices.screen.lift()

    class LightUp(Command):
        name = "projector"

        def do(self, devices: Devices, movie: str) -> bool:
            if devices.projector.is_on:
                return False
            devices.projector.on()
            return True

        def undo(self, devices: Devices) -> None:
            devices.projector.off()

    class TurnUp(Command):
        name = "amplifier"

        def do(self, devices: Devices, movie: str) -> bool:
            self.before = devices.amplifier.volume
            if self.before != LOUD:
                devices.amplifier.set_volume(LOUD)
            return self.before != LOUD

        def undo(self, devices: Devices) -> None:
            devices.amplifier.set_volume(self.before)

    class Extra(Command):
        def __init__(self, step: Any) -> None:
            self.name, self.step = step.name, step

        def do(self, devices: Devices, movie: str) -> bool:
            self.back = self.step.do(movie)
            if self.back is not None and not callable(self.back):
                raise TypeError(f"{self.back!r} undoes nothing")
            return self.back is not None

        def undo(self, devices: Devices) -> None:
            self.back()

    class Play(Command):
        name = "player"

        def do(self, devices: Devices, movie: str) -> bool:
            devices.player.play(movie)
            return True

        def undo(self, devices: Devices) -> None:
            devices.player.stop()

    class Block:
        """A film for the time of a block."""

        def __init__(self, theatre: Any, movie: str) -> None:
            self.theatre, self.movie, self.number = theatre, movie, 0

        def __enter__(self) -> Any:
            self.number = self.theatre.start(self.movie)
            return self.theatre

        def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
            try:
                self.theatre.finish(self.number)
            except Exception as failure:
                if error is None:
                    raise
                error.add_note(f"at the end of {self.movie!r}: {failure}")
            return False

    class HomeTheatre:
        """States: idle, starting, showing, ending."""

        def __init__(self, devices: Devices, extra: Iterable[Any] = ()) -> None:
            self.devices, self.extra = devices, [*extra]
            check_names(self.extra)
            self.guard = threading.Condition()
            self.state, self.title, self.number = "idle", None, 0
            self.done: Any = None

        def commands(self) -> Iterator[Any]:
            """New ones for each film."""
            yield from (Commands.Dim(), Commands.Lower(), Commands.LightUp(), Commands.TurnUp())
            yield from map(Commands.Extra, self.extra)
            yield Commands.Play()

        @property
        def movie(self) -> str | None:
            with self.guard:
                return self.title if self.state == "showing" else None

        @property
        def on(self) -> tuple[str, ...]:
            names, link = [], self.done
            while link:
                command, link = link
                names.append(command.name)
            return tuple(reversed(names))

        def watch(self, movie: str) -> None:
            self.start(movie)

        def end(self) -> None:
            self.finish(None)

        def watching(self, movie: str) -> Any:
            return Commands.Block(self, movie)

        def start(self, movie: str) -> int:
            """The number of the film."""
            check_movie(movie)
            with self.guard:
                if self.state != "idle":
                    raise TheatreBusy(self.title)
                self.state, self.title = "starting", movie
                self.number += 1
            floor, command, error = self.done, None, None
            try:
                for command in self.commands():
                    if command.do(self.devices, movie):
                        self.done = (command, self.done)
            except BaseException as caught:
                error = caught
            if error is None:
                self.become("showing", movie)
                return self.number
            stuck = self.back_to(floor)
            self.become("idle", None)
            report(stuck, error)
            raise StepFailed(command.name if command else "", stuck) from error

        def finish(self, number: int | None) -> None:
            """End this film, or all."""
            with self.guard:
                if number is not None and (number != self.number or self.state == "idle"):
                    return
                if self.state in {"starting", "ending"}:
                    raise TheatreBusy(self.title)
                if self.done is None:
                    return
                self.state = "ending"
            stuck = self.back_to(None)
            self.become("idle", None)
            report(stuck)
            if stuck:
                raise EndFailed(stuck)

        def become(self, state: str, title: str | None) -> None:
            """Change the state."""
            with self.guard:
                self.state, self.title = state, title

        def back_to(self, floor: Any) -> Any:
            """Undo what is above the floor; what fails is put back."""
            kept, stuck, link = [], [], self.done
            while link is not floor:
                command, link = link
                try:
                    command.undo(self.devices)
                except BaseException as error:
                    kept.append(command)
                    stuck.append((command.name, error))
                rest = link
                for each in reversed(kept):
                    rest = (each, rest)
                self.done = rest
            return tuple(stuck)


def report(stuck: Any, *first: BaseException) -> None:
    """Raise the first interrupt, if there is one, with a note for what is stuck."""
    interrupts = [e for e in (*first, *(e for _, e in stuck)) if not isinstance(e, Exception)]
    if interrupts:
        for name, error in stuck:
            interrupts[0].add_note(f"{name} is stuck: {error!r}")
        raise interrupts[0]


def by_generator(
    devices: Devices, extra: list[Any], movie: str
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each step when it is asked for; yields its name and what does it and returns what undoes it."""

    def setting(get: Callable[[], Any], put: Callable[[Any], object], wanted: Any) -> Any:
        before = get()
        if before == wanted:
            return None
        put(wanted)
        return lambda: put(before)

    def checked(step: Any) -> Any:
        back = step.do(movie)
        if back is None or callable(back):
            return back
        raise TypeError(f"step {step.name!r} returned {back!r}")

    lights, screen, projector, amplifier = (
        devices.lights,
        devices.screen,
        devices.projector,
        devices.amplifier,
    )
    yield "lights", lambda: setting(lambda: lights.level, lights.dim, DIMMED)
    yield (
        "screen",
        lambda: setting(
            lambda: bool(screen.is_down),
            lambda down: screen.lower() if down else screen.lift(),
            True,
        ),
    )
    yield (
        "projector",
        lambda: setting(
            lambda: bool(projector.is_on),
            lambda on: projector.on() if on else projector.off(),
            True,
        ),
    )
    yield "amplifier", lambda: setting(lambda: amplifier.volume, amplifier.set_volume, LOUD)
    for step in extra:
        yield step.name, lambda step=step: checked(step)
    yield "player", lambda: (devices.player.play(movie), devices.player.stop)[1]


class Generator:
    """One generator knows all steps; a lock that is only tried, never waited for, says who is at work."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class HomeTheatre:
        """`work` is held by the thread that does or undoes steps; whoever cannot have it at once is refused."""

        def __init__(self, devices: Devices, extra: Iterable[Any] = ()) -> None:
            self.devices, self.extra = devices, tuple(extra)
            check_names(list(self.extra))
            self.work, self.film, self.shown = threading.Lock(), None, None
            self.left: tuple[tuple[str, Callable[[], object]], ...] = ()
            self.eyes = threading.Lock()

        movie = property(lambda self: (self.shown or [None])[0])
        on = property(lambda self: tuple(name for name, _ in self.left))

        def _take(self, film: list[str] | None, only: list[str] | None = None) -> bool:
            with self.eyes:
                if only is not None and only is not self.film:
                    return False
                if self.film is not None and film is not None:
                    raise TheatreBusy(self.film[0])
                if film is None and not self.left and not self.work.locked():
                    return False
                if not self.work.acquire(blocking=False):
                    raise TheatreBusy(self.film[0] if self.film else None)
                self.film = film or self.film
            return True

        def _leave(self, film: list[str] | None) -> None:
            with self.eyes:
                self.film = self.shown = film
                self.work.release()

        def watch(self, movie: str) -> None:
            self._begin(movie)

        def _begin(self, movie: str) -> list[str]:
            check_movie(movie)
            film = [movie]
            self._take(film)
            floor = self.left
            for name, do in by_generator(self.devices, list(self.extra), movie):
                try:
                    undo = do()
                except BaseException as error:
                    stuck = self._undo(floor)
                    self._leave(None)
                    report(stuck, error)
                    raise StepFailed(name, stuck) from error
                if undo is not None:
                    self.left = (*self.left, (name, undo))
            self._leave(film)
            return film

        def end(self) -> None:
            self._finish()

        def _finish(self, only: list[str] | None = None) -> None:
            if not self._take(None, only):
                return
            self.shown = None
            stuck = self._undo(())
            self._leave(None)
            report(stuck)
            if stuck:
                raise EndFailed(stuck)

        def _undo(self, floor: tuple[Any, ...]) -> Any:
            stuck, kept = [], []
            for name, undo in reversed(self.left[len(floor) :]):
                try:
                    undo()
                except BaseException as error:
                    stuck.append((name, error))
                    kept.append((name, undo))
            self.left = (*floor, *reversed(kept))
            return tuple(stuck)

        def watching(self, movie: str) -> AbstractContextManager[Any]:
            theatre, films = self, []

            class Showing(AbstractContextManager[Any]):
                def __enter__(self) -> Any:
                    films.append(theatre._begin(movie))
                    return theatre

                def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
                    try:
                        theatre._finish(films[0])
                    except (EndFailed, TheatreBusy) as failure:
                        if error is None:
                            raise
                        error.add_note(str(failure))

            return Showing()


class Exitstack:
    """contextlib.ExitStack as it is usually put behind a facade: short, and it forgets."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {
        "P5": "of several undos that fail, the last one is raised and the others are its context, or lost",
        "P6": "an undo that failed is gone from the stack",
        "P7": "an interrupt in an undo is hidden by a later failure",
        "P11": "what an undo raises takes the place of what the block raised",
    }

    class HomeTheatre:
        """A stack for each film."""

        def __init__(self, devices: Devices, extra: Iterable[Any] = ()) -> None:
            self.devices, self.extra = devices, list(extra)
            check_names(self.extra)
            self.guard, self.busy = threading.Lock(), False
            self.film: list[str] | None = None
            self.stack, self.names = ExitStack(), []

        @property
        def movie(self) -> str | None:
            with self.guard:
                return self.film[0] if self.film and not self.busy else None

        @property
        def on(self) -> tuple[str, ...]:
            return tuple(self.names)

        def _take(self, film: list[str] | None) -> bool:
            with self.guard:
                if film is None and not self.names and not self.busy:
                    return False
                if self.busy or (film and self.film):
                    raise TheatreBusy(self.film[0] if self.film else None)
                self.busy, self.film = True, film or self.film
            return True

        def _leave(self, film: list[str] | None) -> None:
            with self.guard:
                self.busy, self.film = False, film
                self.names = self.names if film else []

        def watch(self, movie: str) -> None:
            check_movie(movie)
            film: list[str] | None = [movie]
            self._take(film)
            try:
                with ExitStack() as stack:
                    for name, do in by_generator(self.devices, self.extra, movie):
                        try:
                            undo = do()
                        except Exception as error:
                            raise StepFailed(name) from error
                        if undo is not None:
                            stack.callback(undo)
                            self.names.append(name)
                    self.stack = stack.pop_all()
            except BaseException:
                film = None
                raise
            finally:
                self._leave(film)

        def end(self) -> None:
            if not self._take(None):
                return
            names = tuple(reversed(self.names))
            try:
                self.stack.close()
            except Exception as error:
                raise EndFailed(((names[0], error),)) from error
            finally:
                self._leave(None)

        def watching(self, movie: str) -> Any:
            theatre = self

            class Showing:
                def __enter__(self) -> Any:
                    theatre.watch(movie)
                    self.film = theatre.film
                    return theatre

                def __exit__(self, *error: object) -> None:
                    if theatre.film is self.film:
                        theatre.end()

            return Showing()
