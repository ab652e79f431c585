"""Drills on disk: `workspaces/<topic>-<n>/` holds the learner's file, and the log in `.drill/`.

Every change of a log is made under a lock, and the file is replaced in one step.
"""

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from graders.kit.drill.events import Event, from_json, to_json
from graders.kit.drill.files import replace
from graders.kit.drill.state import Drill, fold
from graders.kit.mistakes import Mistake
from graders.kit.topics import Topic, grown

Move = Callable[[Drill], Sequence[Event]]


@dataclass(frozen=True)
class Workspace:
    """The folder of one drill."""

    folder: Path

    @property
    def log(self) -> Path:
        """The events."""
        return self.folder / ".drill" / "log.json"

    @property
    def page(self) -> Path:
        """The scorecard as a page."""
        return self.folder / "scorecard.html"

    @property
    def results(self) -> Path:
        """results.json of the last graded run."""
        return self.folder / "results.json"

    def code(self, topic: Topic) -> Path:
        """What the learner writes: the file of the stub, or the package it has grown into."""
        return grown(self.folder / f"{topic.name}.py")

    def events(self) -> list[Event]:
        """The log; Mistake if it cannot be read. It is never repaired by overwriting."""
        try:
            events = from_json(json.loads(self.log.read_text(encoding="utf-8")))
            fold(events)
        except (OSError, ValueError, KeyError, TypeError) as error:
            what = type(error).__name__
            raise Mistake(
                f"{self.log} cannot be read ({what}): move its folder away, then go on"
            ) from error
        return events

    def drill(self) -> Drill:
        """The state of the drill."""
        return fold(self.events())

    def apply(self, *moves: Move) -> tuple[Drill, Drill]:
        """Make moves, one upon the other, and keep what follows: all of it or, with a Mistake, nothing.

        Returns the state before and after.
        """
        with _locked(self.folder / ".drill" / "lock"):
            before = events = self.events()
            for move in moves:
                events = [*events, *move(fold(events))]
            if len(events) > len(before):
                replace(self.log, json.dumps(to_json(events), indent=1))
            return fold(before), fold(events)

    # The prompt: who holds the lock is alive.

    @contextlib.contextmanager
    def attended(self) -> Iterator[None]:
        """Hold the prompt of this drill; Mistake if another one does. The lock ends with the process."""
        with self._prompt.open("a", encoding="ascii") as file:
            if not _try_lock(file.fileno()):
                raise Mistake(
                    f"{self.folder.name} is open at another prompt: use that one, or single commands"
                )
            yield

    @property
    def is_attended(self) -> bool:
        """Whether a living prompt holds the drill."""
        with self._prompt.open("a", encoding="ascii") as file:
            return not _try_lock(file.fileno())

    @property
    def _prompt(self) -> Path:
        return self.folder / ".drill" / "prompt"

    def beat(self, now: float) -> None:
        """Leave a sign of life."""
        replace(self.folder / ".drill" / "alive", repr(now), sync=False)

    def last_alive(self) -> float:
        """The last sign of life or event, in seconds since the epoch."""
        try:
            beat = float((self.folder / ".drill" / "alive").read_text(encoding="ascii"))
        except (OSError, ValueError):
            beat = 0.0
        return max(beat, *(event.at for event in self.events()))


def create(root: Path, topic: Topic, events: Sequence[Event]) -> Workspace:
    """A fresh workspace with a drill that has begun; Mistake if one is still open."""
    house = root / "workspaces"
    house.mkdir(exist_ok=True)
    with _locked(house / ".lock"):
        if found := current(root):
            raise Mistake(
                f"{found.folder.name} is still open: go on with `nox -s drill`, "
                "or end it with `nox -s drill -- finish`"
            )
        workspace = Workspace(_fresh(house, topic.name))
        replace(workspace.log, json.dumps(to_json(events), indent=1))
    return workspace


def _fresh(house: Path, name: str) -> Path:
    for number in count(1):
        folder = house / f"{name}-{number}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise AssertionError("count() ended")


def every(root: Path) -> list[tuple[Workspace, Drill]]:
    """All drills whose log can be read, oldest first. Other folders are left alone."""
    found = []
    for workspace in _workspaces(root):
        with contextlib.suppress(Mistake):
            found.append((workspace, workspace.drill()))
    return sorted(found, key=lambda each: each[1].started)


def unreadable(root: Path) -> Iterator[str]:
    """One line for each drill whose log cannot be read."""
    for workspace in _workspaces(root):
        try:
            workspace.events()
        except Mistake as mistake:
            yield str(mistake)


def _workspaces(root: Path) -> list[Workspace]:
    return [Workspace(log.parents[1]) for log in (root / "workspaces").glob("*/.drill/log.json")]


def current(root: Path) -> Workspace | None:
    """The drill that is open, if any."""
    return next((place for place, drill in reversed(every(root)) if drill.finished is None), None)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
