"""Facade: one remote control for the home theatre, whose devices stay as usable as before.

Seen in production as service layers, deployment scripts, test fixtures, `subprocess.run`, `docker
compose up`. The pattern is a method that calls five others; what breaks in practice is everything
that happens when the third of the five fails.

Decided here, because real facades disagree:

* A step is done only if the device is not yet as wanted, and only what was done is undone: who had
  lowered the screen by hand finds it lowered afterwards.
* Undoing restores what watch found, not a default; what somebody did to a device during the film is
  overruled.
* A step that fails has not happened: it is not undone itself, all before it are. The caller gets a
  StepFailed whose __cause__ is what the step raised.
* An undo that fails stops no other. It is kept, reported, and tried again by the next `end`. Nothing
  is refused meanwhile: a projector that does not go out does not spoil the next film.
* One film at a time. A second `watch` is refused at once, not queued, and does not switch films.
  While steps are done or undone, every call of watch and end is refused, whoever makes it; so a
  step that calls its own theatre gets an error and not a deadlock.
* Interrupts (what is no Exception) are rolled back like failures, and leave as they are.
* Left open: whether the step that is just being done or undone counts in `on`, how often the state of
  a device is read, and which of several faults of the constructor is reported.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

TITLE: Final = "Facade"
LEVEL: Final = "medium"
MINUTES: Final = 60
IMPLEMENT: Final = ("HomeTheatre",)
DIMMED: Final = 10
"""How bright the lights are during a film, in per cent."""
LOUD: Final = 40
"""How loud the amplifier is set for a film, in per cent."""
STEPS: Final = ("lights", "screen", "projector", "amplifier", "player")
"""The built-in steps. Extra ones come before the last."""
PROMISES: Final = {
    "P1": "watch(movie) does, in this order, in the calling thread and each once: lights"
    " dim(DIMMED), screen lower(), projector on(), amplifier set_volume(LOUD), the extra steps"
    " do(movie) as given, player play(movie).",
    "P2": "A device that is as wanted when its step's turn comes is left alone by watch and by the"
    " end of that film.",
    "P3": "end() undoes what watch did, newest first, each once: player stop(), what the extra steps"
    " returned, then volume, projector, screen and lights as watch found them when the step's turn"
    " came, whatever has happened to them meanwhile.",
    "P4": "When a step raises an Exception, no later step begins, the steps before it are undone,"
    " newest first, the failed one is not, and watch raises StepFailed with the step's name and the"
    " exception as __cause__; then no film is on.",
    "P5": "An undo that raises stops no other: StepFailed and, for end, EndFailed list in `stuck` each"
    " that failed, in the order in which they were tried, with its step's name and what it raised.",
    "P6": "What could not be undone stays in `on`, a film may be watched meanwhile, and each later"
    " end() tries it again after what is newer, until it works; what has been undone is never undone"
    " again, and end() with nothing to undo does nothing.",
    "P7": "What is no Exception, raised by a step or an undo, leaves watch and end as it is, the first"
    " of several, once everything that is to be undone has been tried, with notes that name each"
    " stuck step; an undo that raised it counts as failed.",
    "P8": "watch while a film is on, and watch and end while steps are done or undone, raise"
    " TheatreBusy with the film at once and touch no device, whichever thread calls, also a step or"
    " an undo itself.",
    "P9": "When threads call watch and end at the same time, every step is done and undone by one of"
    " them only: of several watches one starts, of several ends one undoes.",
    "P10": "While a step takes its time, other threads get TheatreBusy and can read `movie` and `on`"
    " without waiting for it.",
    "P11": "`with theatre.watching(movie)` is watch when the block is entered, gives the theatre, and"
    " ends that film, and no other, when the block is left; what the block raises leaves as it is,"
    " with a note that names each stuck step.",
    "P12": "An extra step is anything with a name and a do; do returns what undoes it or None, and"
    " anything else is a failure of that step, a TypeError as its cause; a name that is taken is a"
    " ValueError that names it, and a movie that is no text or an empty one is a TypeError or a"
    " ValueError before any step.",
    "P13": "Any number of extra steps will do, at a cost that grows no faster than their number; what"
    " has been undone is let go.",
}

Undo: TypeAlias = Callable[[], object]
"""Undoes a step; called again by a later end() if it raises. What it returns is ignored."""


@dataclass(frozen=True)
class Step:
    """An extra step: `do(movie)` does it and returns what undoes it, None if there is nothing to undo."""

    name: str
    do: Callable[[str], Undo | None]


Stuck: TypeAlias = tuple[tuple[str, BaseException], ...]
"""Undos that failed, in the order in which they were tried: the step's name and what was raised."""


def _listed(stuck: Stuck) -> str:
    return ", ".join(f"{step} ({type(error).__name__}: {error})" for step, error in stuck)


class StepFailed(Exception):
    """A step of watch raised, or returned what is no undo; `__cause__` says what. No film is on."""

    def __init__(self, step: str, stuck: Stuck = ()) -> None:
        super().__init__(step, stuck)
        self.step, self.stuck = step, stuck

    def __str__(self) -> str:
        rest = f"; could not be undone: {_listed(self.stuck)}" if self.stuck else ""
        return f"step {self.step!r} failed{rest}"


class EndFailed(Exception):
    """The film is over, but not all could be undone."""

    def __init__(self, stuck: Stuck) -> None:
        super().__init__(stuck)
        self.stuck = stuck

    def __str__(self) -> str:
        return f"could not be undone: {_listed(self.stuck)}"


class TheatreBusy(Exception):
    """A film is on, or steps are being done or undone.

    `movie` is that film; None if end() undoes only what earlier films have left.
    """

    def __init__(self, movie: str | None) -> None:
        super().__init__(movie)
        self.movie = movie

    def __str__(self) -> str:
        return f"the theatre is busy with {self.movie!r}"


class Lights(Protocol):
    """Given, as all devices are. Any call may raise, and take its time."""

    @property
    def level(self) -> int:
        """How bright, in per cent."""
        ...

    def dim(self, level: int) -> None:
        """Make them so bright."""
        ...


class Screen(Protocol):
    """A screen that is rolled up under the ceiling."""

    @property
    def is_down(self) -> bool:
        """Whether it hangs down."""
        ...

    def lower(self) -> None:
        """Let it down."""
        ...

    def lift(self) -> None:
        """Roll it up."""
        ...


class Projector(Protocol):
    """Throws the picture."""

    @property
    def is_on(self) -> bool:
        """Whether it is on."""
        ...

    def on(self) -> None:
        """Switch it on."""
        ...

    def off(self) -> None:
        """Switch it off."""
        ...


class Amplifier(Protocol):
    """Makes the sound."""

    @property
    def volume(self) -> int:
        """How loud, in per cent."""
        ...

    def set_volume(self, volume: int) -> None:
        """Make it so loud."""
        ...


class Player(Protocol):
    """Plays films. It is always started, whatever it does at the moment."""

    def play(self, movie: str) -> None:
        """Play this one."""
        ...

    def stop(self) -> None:
        """Stop."""
        ...


@dataclass(frozen=True)
class Devices:
    """What is given to the theatre, and goes on being used by others."""

    lights: Lights
    screen: Screen
    projector: Projector
    amplifier: Amplifier
    player: Player


class HomeTheatre(Protocol):
    """One remote control for all devices. Thread-safe; nothing is locked while a device is called."""

    @property
    def movie(self) -> str | None:
        """The film that is on: from the end of the last step of watch until its end() begins."""
        ...

    @property
    def on(self) -> tuple[str, ...]:
        """The names of the steps that have yet to be undone, oldest first.

        A step without anything to undo is none of them; one that several films have left stuck is
        there several times.
        """
        ...

    def watch(self, movie: str) -> None:
        """Do all steps; if one fails, undo those before it.

        A step whose device cannot say how it is has failed, too.

        Raises:
            TypeError, ValueError: `movie` is no text, or an empty one.
            TheatreBusy: a film is on, or steps are being done or undone.
            StepFailed: a step raised. What earlier films have left stuck is not touched.
        """
        ...

    def end(self) -> None:
        """Undo everything that is `on`, newest first. The film is over, whatever is raised.

        With nothing to undo it returns at once; nobody is refused because of it.

        Raises:
            TheatreBusy: steps are being done or undone.
            EndFailed: some undo raised.
        """
        ...

    def watching(self, movie: str) -> AbstractContextManager["HomeTheatre"]:
        """Watch a film for the time of a `with` block; nothing happens before it is entered.

        Entering raises as watch does. Leaving is end() if the film of the block is still on, and
        nothing if it has been ended, also if another film is on by now or its steps are being done.
        While another thread is just ending the block's film, leaving raises TheatreBusy, as end()
        does. If the block raises, its exception leaves; what leaving raises becomes a note of it, with
        the names of the stuck steps. (An undo that raises what is no Exception is stronger than the
        block's exception.)
        """
        ...


class NewHomeTheatre(Protocol):
    """How a theatre is made."""

    def __call__(self, devices: Devices, extra: Iterable[Step] = ()) -> HomeTheatre:
        """Make a remote control; no device is touched. `extra` is read here, once.

        Raises ValueError if the name of an extra step is that of another or one of STEPS.
        """
        ...
