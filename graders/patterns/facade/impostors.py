"""Theatres that are almost right: one wrong idea each, and the promise it breaks."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from contracts.patterns.facade import (
    DIMMED,
    STEPS,
    Devices,
    EndFailed,
    Step,
    StepFailed,
    Stuck,
    TheatreBusy,
    Undo,
)
from solutions.patterns import facade as reference


def replaced(steps: list[Step], name: str, do: Callable[[str], Undo | None]) -> list[Step]:
    """The steps, one of them done in another way."""
    return [Step(name, do) if step.name == name else step for step in steps]


class ExtrasAtTheEnd:
    """Extra steps come last, when the film has begun."""

    breaks = "P1"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)
            self._steps.sort(key=lambda step: step.name not in STEPS)


class SoundBeforePicture:
    """The amplifier comes before the projector."""

    breaks = "P1"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)
            self._steps[2:4] = reversed(self._steps[2:4])


class AlwaysLowers:
    """The screen is lowered, and lifted afterwards, however it was."""

    breaks = "P2"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)

            def lower(_: str) -> Undo:
                devices.screen.lower()
                return devices.screen.lift

            self._steps = replaced(self._steps, "screen", lower)


class SwitchesOffWhatWasOn:
    """A projector that is on already is left alone by watch, and switched off by end."""

    breaks = "P2"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)

            def light_up(_: str) -> Undo:
                if not devices.projector.is_on:
                    devices.projector.on()
                return devices.projector.off

            self._steps = replaced(self._steps, "projector", light_up)


class FullLightAfterwards:
    """The lights are made as bright as can be at the end. A relative of jnimmo/hass-dmx issue 61."""

    breaks = "P3"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)

            def dim(_: str) -> Undo | None:
                if devices.lights.level == DIMMED:
                    return None
                devices.lights.dim(DIMMED)
                return lambda: devices.lights.dim(100)

            self._steps = replaced(self._steps, "lights", dim)


class RemembersTheFirstEvening:
    """How loud it was is remembered by the first film, for all."""

    breaks = "P3"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)
            before: list[int] = []
            old = {step.name: step.do for step in self._steps}["amplifier"]

            def turn_up(movie: str) -> Undo | None:
                before.append(devices.amplifier.volume)
                undo = old(movie)
                return undo and (lambda: devices.amplifier.set_volume(before[0]))

            self._steps = replaced(self._steps, "amplifier", turn_up)


class LooksAtTheBeginning:
    """How loud it is is asked before the first step."""

    breaks = "P3"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)
            old = {step.name: step.do for step in self._steps}
            before: list[int] = []

            def dim(movie: str) -> Undo | None:
                with suppress(Exception):
                    before[:] = [devices.amplifier.volume]
                return old["lights"](movie)

            def turn_up(movie: str) -> Undo | None:
                undo = old["amplifier"](movie)
                return undo and (lambda: devices.amplifier.set_volume(before[0]))

            self._steps = replaced(replaced(self._steps, "lights", dim), "amplifier", turn_up)


class RespectsOthers:
    """What somebody has switched by hand during the film is left as it is at the end."""

    breaks = "P3"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)
            old = {step.name: step.do for step in self._steps}["lights"]

            def dim(movie: str) -> Undo | None:
                undo = old(movie)
                return undo and (lambda: undo() if devices.lights.level == DIMMED else None)

            self._steps = replaced(self._steps, "lights", dim)


class OldestFirst:
    """Undoes in the order of doing."""

    breaks = "P3"

    class HomeTheatre(reference.HomeTheatre):
        def _undo_down_to(self, height: int) -> Stuck:
            self._undos[height:] = self._undos[height:][::-1]
            stuck = super()._undo_down_to(height)
            self._undos[height:] = self._undos[height:][::-1]
            return stuck


class NothingIsRolledBack:
    """A watch that fails leaves on what it has done.

    As testcontainers/testcontainers-python issue 875 and testcontainers/testcontainers-java issue 335.
    """

    breaks = "P4"

    class HomeTheatre(reference.HomeTheatre):
        def _do_all(self, movie: str) -> None:
            before = self._undos
            try:
                super()._do_all(movie)
            except StepFailed as failed:
                self._undos = before
                raise StepFailed(failed.step) from failed.__cause__

        def _undo_down_to(self, height: int) -> Stuck:
            return () if height or self.starting else super()._undo_down_to(height)

        starting = False

        def _watch(self, film: Any) -> None:
            self.starting = not self._moving
            try:
                super()._watch(film)
            finally:
                self.starting = False


class UndoesTheFailedOneToo:
    """A step that failed may have half happened: it is undone like the others. As BF3RM/MapEditor issue 64 warns."""

    breaks = "P4"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)

            def lower(_: str) -> Undo | None:
                if devices.screen.is_down:
                    return None
                try:
                    devices.screen.lower()
                except Exception:
                    devices.screen.lift()
                    raise
                return devices.screen.lift

            self._steps = replaced(self._steps, "screen", lower)


class StuckInTheFilm:
    """After a watch that failed the theatre believes that the film is on."""

    breaks = "P4"

    class HomeTheatre(reference.HomeTheatre):
        def _watch(self, film: Any) -> None:
            with self._lock:
                self._refuse_if(self._film is not None or self._moving)
                self._film, self._moving = film, True
            try:
                self._do_all(film.title)
            finally:
                self._settle(film)


class UndosHideTheCause:
    """When an undo fails on the way back, its error is the cause of the failure."""

    breaks = "P5"

    class HomeTheatre(reference.HomeTheatre):
        def _do_all(self, movie: str) -> None:
            try:
                super()._do_all(movie)
            except StepFailed as failed:
                raise failed from failed.stuck[-1][1] if failed.stuck else failed.__cause__


class StopsAtTheFirstUndo:
    """An undo that fails ends the way back. As shillner/maven-cdi-plugin-utils issue 18."""

    breaks = "P5"

    class HomeTheatre(reference.HomeTheatre):
        def _undo_down_to(self, height: int) -> Stuck:
            while len(self._undos) > height:
                name, undo = self._undos[-1]
                try:
                    undo()
                except BaseException as error:
                    return ((name, error),)
                del self._undos[-1]
            return ()


class LastFailureOnly:
    """Of several undos that fail only the last is reported. As python/cpython issue 102201."""

    breaks = "P5"

    class HomeTheatre(reference.HomeTheatre):
        def _undo_down_to(self, height: int) -> Stuck:
            stuck = super()._undo_down_to(height)
            interrupted = any(not isinstance(error, Exception) for _, error in stuck)
            return stuck if interrupted else stuck[-1:]


class WayBackInSilence:
    """What fails on the way back is told to nobody. As burakdede/aisw issue 166."""

    breaks = "P5"

    class HomeTheatre(reference.HomeTheatre):
        def _do_all(self, movie: str) -> None:
            try:
                super()._do_all(movie)
            except StepFailed as failed:
                raise StepFailed(failed.step) from failed.__cause__


class ForgetsWhatIsStuck:
    """What could not be undone is reported and forgotten."""

    breaks = "P6"

    class HomeTheatre(reference.HomeTheatre):
        def _undo_down_to(self, height: int) -> Stuck:
            stuck = super()._undo_down_to(height)
            del self._undos[height:]
            return stuck


class UndoesAllAgain:
    """An end that failed is repeated as a whole."""

    breaks = "P6"

    class HomeTheatre(reference.HomeTheatre):
        def _undo_down_to(self, height: int) -> Stuck:
            all_of_them = self._undos[height:]
            stuck = super()._undo_down_to(height)
            if stuck:
                self._undos[height:] = all_of_them
            return stuck


class NoFilmWhileStuck:
    """As long as something is stuck no film can be watched."""

    breaks = "P6"

    class HomeTheatre(reference.HomeTheatre):
        def _watch(self, film: Any) -> None:
            if self._undos and not self._moving and not self._film:
                raise TheatreBusy(None)
            super()._watch(film)


class LeftoversFirst:
    """What earlier films have left is undone before what is newer."""

    breaks = "P6"

    class HomeTheatre(reference.HomeTheatre):
        left = 0

        def _undo_down_to(self, height: int) -> Stuck:
            if height == 0 and self.left:
                self._undos[:] = self._undos[self.left :] + self._undos[: self.left]
            stuck = super()._undo_down_to(height)
            self.left = len(self._undos)
            return stuck


class WayBackToTheBottom:
    """A watch that fails undoes what earlier films have left, too."""

    breaks = "P6"

    class HomeTheatre(reference.HomeTheatre):
        def _undo_down_to(self, height: int) -> Stuck:
            return super()._undo_down_to(0)


class OnlyExceptionsAreRolledBack:
    """Ctrl-C in a step leaves everything on. As python/mypy pull request 3397 repaired."""

    breaks = "P7"

    class HomeTheatre(reference.HomeTheatre):
        def _do_all(self, movie: str) -> None:
            before = len(self._undos)
            for step in self._steps:
                try:
                    undo = reference._checked(step.do(movie))
                except Exception as error:
                    stuck = self._undo_down_to(before)
                    reference._let_interrupts_out(stuck)
                    raise StepFailed(step.name, stuck) from error
                if undo is not None:
                    self._undos.append((step.name, undo))


class InterruptsAreFailures:
    """Ctrl-C in a step is a failure of that step."""

    breaks = "P7"

    class HomeTheatre(reference.HomeTheatre):
        def _do_all(self, movie: str) -> None:
            before = len(self._undos)
            for step in self._steps:
                try:
                    undo = reference._checked(step.do(movie))
                except BaseException as error:
                    raise StepFailed(step.name, self._undo_down_to(before)) from error
                if undo is not None:
                    self._undos.append((step.name, undo))


class InterruptsEndTheWayBack:
    """Ctrl-C in an undo: the others are not tried any more."""

    breaks = "P7"

    class HomeTheatre(reference.HomeTheatre):
        def _undo_down_to(self, height: int) -> Stuck:
            stuck: list[tuple[str, BaseException]] = []
            for place in reversed(range(height, len(self._undos))):
                name, undo = self._undos[place]
                try:
                    undo()
                except Exception as error:
                    stuck.append((name, error))
                else:
                    del self._undos[place]
            return tuple(stuck)


class NoNotes:
    """An interrupt leaves without a word about what is stuck."""

    breaks = "P7"

    class HomeTheatre(reference.HomeTheatre):
        def watch(self, movie: str) -> None:
            try:
                super().watch(movie)
            except BaseException as error:
                vars(error).pop("__notes__", None)
                raise


class LastInterruptOnTheWayBack:
    """Of several undos of a watch that are interrupted the last one says with what it leaves."""

    breaks = "P7"

    class HomeTheatre(reference.HomeTheatre):
        def _do_all(self, movie: str) -> None:
            try:
                super()._do_all(movie)
            except KeyboardInterrupt as first:
                if not self._interrupted[1:]:
                    raise
                last = self._interrupted[-1]
                for note in getattr(first, "__notes__", ()):
                    last.add_note(note)
                raise last from None

        def _undo_down_to(self, height: int) -> Stuck:
            stuck = super()._undo_down_to(height)
            self._interrupted = [e for _, e in stuck if not isinstance(e, Exception)]
            return stuck


class SwitchesFilms:
    """A second watch ends the first film and begins its own."""

    breaks = "P8"

    class HomeTheatre(reference.HomeTheatre):
        def _watch(self, film: Any) -> None:
            if self._film and not self._moving:
                self.end()
            super()._watch(film)


class QuietWhileBusy:
    """end() while steps are done or undone does nothing, and says nothing."""

    breaks = "P8"

    class HomeTheatre(reference.HomeTheatre):
        def _end(self, only: Any = None) -> None:
            if not self._moving:
                super()._end(only)


class NamesTheNewFilm:
    """TheatreBusy names the film that was asked for."""

    breaks = "P8"

    class HomeTheatre(reference.HomeTheatre):
        def watch(self, movie: str) -> None:
            try:
                super().watch(movie)
            except TheatreBusy:
                raise TheatreBusy(movie) from None


class LooksThenTakes:
    """Whether the theatre is free is looked at without the lock under which it is taken."""

    breaks = "P9"

    class HomeTheatre(reference.HomeTheatre):
        def _watch(self, film: Any) -> None:
            self._refuse_if(self._film is not None or self._moving)
            with self._lock:
                self._film, self._moving = film, True
            now = None
            try:
                self._do_all(film.title)
                now = film
            finally:
                self._settle(now)


class EndsTwice:
    """Two threads that end at the same time both undo: the flag is set without a lock."""

    breaks = "P9"

    class HomeTheatre(reference.HomeTheatre):
        def _end(self, only: Any = None) -> None:
            if only is not None and only is not self._film:
                return
            self._refuse_if(self._moving)
            self._moving = bool(self._undos)
            try:
                stuck = self._undo_down_to(0)
            finally:
                self._settle(None)
            reference._let_interrupts_out(stuck)
            if stuck:
                raise EndFailed(stuck)


class AnIdleEndOpensTheDoor:
    """end() with nothing to undo says at its end that nobody is busy, though somebody may be by now."""

    breaks = "P9"

    class HomeTheatre(reference.HomeTheatre):
        def _end(self, only: Any = None) -> None:
            with self._lock:
                idle = not self._moving and not self._undos and (only is None or only is self._film)
            if idle:
                self._settle(None)
            else:
                super()._end(only)


class FreeInTwoSteps:
    """After a failure the film is forgotten first, then the theatre is free: between the two nobody knows the film."""

    breaks = "P8"

    class HomeTheatre(reference.HomeTheatre):
        def _settle(self, film: Any) -> None:
            self._film = film
            self._moving = False


class LooksTwice:
    """`movie` asks whether a film is on, and then for its title: between the two it may have been ended."""

    breaks = "P10"

    class HomeTheatre(reference.HomeTheatre):
        @property
        def movie(self) -> str | None:
            return self._film.title if self._film and not self._moving else None


class LockedDuringSteps:
    """A lock is held while steps are done: others wait, and the owner is refused."""

    breaks = "P10"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)
            self._whole = threading.RLock()

        def _watch(self, film: Any) -> None:
            with self._whole:
                super()._watch(film)

        def _end(self, only: Any = None) -> None:
            with self._whole:
                super()._end(only)


class AsksUnderTheLock:
    """`on` waits for the steps that are being done."""

    breaks = "P10"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)
            self._list = threading.RLock()

        def _do_all(self, movie: str) -> None:
            with self._list:
                super()._do_all(movie)

        @property
        def on(self) -> tuple[str, ...]:
            with self._list:
                return super().on


class BeginsWhenCalled:
    """watching() begins the film, the block only ends it."""

    breaks = "P11"

    class HomeTheatre(reference.HomeTheatre):
        def watching(self, movie: str) -> Any:
            self.watch(movie)
            return self._until_left(self._film)

        @contextmanager
        def _until_left(self, film: Any) -> Iterator[Any]:
            try:
                yield self
            except BaseException as error:
                try:
                    self._end(film)
                except (EndFailed, TheatreBusy) as failure:
                    error.add_note(str(failure))
                raise
            self._end(film)


class EndsWhateverIsOn:
    """Leaving the block ends the film that is on by then."""

    breaks = "P11"

    class HomeTheatre(reference.HomeTheatre):
        def _end(self, only: Any = None) -> None:
            super()._end()


class KnowsFilmsByTitle:
    """Leaving the block ends a film of the block's title."""

    breaks = "P11"

    class HomeTheatre(reference.HomeTheatre):
        def _end(self, only: Any = None) -> None:
            same = only and self._film and only.title == self._film.title
            super()._end(self._film if same else only)


class LooksThenEnds:
    """Leaving the block looks whether its film is on, and then ends what is on."""

    breaks = "P11"

    class HomeTheatre(reference.HomeTheatre):
        def _end(self, only: Any = None) -> None:
            if only is None or only is self._film:
                super()._end()


class RefusedByAnotherFilm:
    """Leaving the block is refused while steps of another film are done, though its own is over."""

    breaks = "P11"

    class HomeTheatre(reference.HomeTheatre):
        def _end(self, only: Any = None) -> None:
            with self._lock:
                self._refuse_if(self._moving)
            super()._end(only)


class EndHidesTheBlock:
    """`finally: end()`: what the block raised is only the context of what end() raises."""

    breaks = "P11"

    class HomeTheatre(reference.HomeTheatre):
        @contextmanager
        def watching(self, movie: str) -> Iterator[Any]:
            film = reference._Film(reference._title(movie))
            self._watch(film)
            try:
                yield self
            finally:
                self._end(film)


class ABusyEndHidesTheBlock:
    """What the block raised is lost if somebody else is ending the film just then."""

    breaks = "P11"

    class HomeTheatre(reference.HomeTheatre):
        @contextmanager
        def watching(self, movie: str) -> Iterator[Any]:
            film = reference._Film(reference._title(movie))
            self._watch(film)
            try:
                yield self
            except BaseException as error:
                try:
                    self._end(film)
                except EndFailed as failure:
                    error.add_note(str(failure))
                raise
            self._end(film)


class AfterAGoodBlockOnly:
    """A block that is interrupted leaves everything on."""

    breaks = "P11"

    class HomeTheatre(reference.HomeTheatre):
        @contextmanager
        def watching(self, movie: str) -> Iterator[Any]:
            film = reference._Film(reference._title(movie))
            self._watch(film)
            try:
                yield self
            except Exception as error:
                try:
                    self._end(film)
                except (EndFailed, TheatreBusy) as failure:
                    error.add_note(str(failure))
                raise
            self._end(film)


class FalseIsNone:
    """`if undo:` - what is false counts as nothing to undo."""

    breaks = "P12"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            def honest(step: Any) -> Step:
                return Step(step.name, lambda movie: step.do(movie) or None)

            super().__init__(devices, map(honest, extra))


def _call(undo: Any) -> object:
    return undo()


class FoundOutAtTheEnd:
    """Whatever a step returns is taken; that it cannot be called shows at the end."""

    breaks = "P12"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            def trusting(step: Any) -> Step:
                def do(movie: str) -> Undo | None:
                    undo = step.do(movie)
                    return None if undo is None else partial(_call, undo)

                return Step(step.name, do)

            super().__init__(devices, map(trusting, extra))


class KeepsTheCallersList:
    """The extra steps are read anew for each film, from the list that was given."""

    breaks = "P12"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            self._extra = extra if isinstance(extra, list) else list(extra)
            super().__init__(devices, self._extra)

        def _do_all(self, movie: str) -> None:
            self._steps[len(STEPS) - 1 : -1] = self._extra
            super()._do_all(movie)


class BuiltInNamesAreFree:
    """Only the names of extra steps are compared with each other."""

    breaks = "P12"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            extra = list(extra)
            if len({step.name for step in extra}) < len(extra):
                super().__init__(devices, extra)
            super().__init__(devices)
            self._steps[-1:-1] = extra


class OneCallForEachStep:
    """Each step does the rest: a call inside a call inside a call, as with nested `with` blocks."""

    breaks = "P13"

    class HomeTheatre(reference.HomeTheatre):
        def _do_all(self, movie: str) -> None:
            self._from(0, movie, len(self._undos))

        def _from(self, place: int, movie: str, before: int) -> None:
            if place == len(self._steps):
                return
            step = self._steps[place]
            try:
                undo = reference._checked(step.do(movie))
            except BaseException as error:
                stuck = self._undo_down_to(before)
                reference._let_interrupts_out(stuck, error)
                raise StepFailed(step.name, stuck) from error
            if undo is not None:
                self._undos.append((step.name, undo))
            self._from(place + 1, movie, before)


class LooksThroughAllSteps:
    """After each step it looks through all that have been done."""

    breaks = "P13"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)
            self._steps = [Step(step.name, self._careful(step)) for step in self._steps]

        def _careful(self, step: Step) -> Callable[[str], Undo | None]:
            def do(movie: str) -> Undo | None:
                for name, _ in self._undos:
                    if name == "":
                        return None
                return step.do(movie)

            return do


class KeepsAHistory:
    """Keeps for a log what each film has done."""

    breaks = "P13"

    class HomeTheatre(reference.HomeTheatre):
        def __init__(self, devices: Devices, extra: Iterable[Step] = ()) -> None:
            super().__init__(devices, extra)
            self._history: list[Any] = []

        def _undo_down_to(self, height: int) -> Stuck:
            self._history += self._undos[height:]
            return super()._undo_down_to(height)
