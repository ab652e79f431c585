"""A drill at hand: its folder, its sheet, and the clock. Every command begins by looking at the clock."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from graders.kit.drill import rules, store
from graders.kit.drill.events import Event
from graders.kit.drill.files import create
from graders.kit.drill.prose import clock, fill
from graders.kit.drill.sheet import Sheet, sheet_of
from graders.kit.drill.state import Drill
from graders.kit.mistakes import Mistake
from graders.kit.stubs import stub_for
from graders.kit.topics import ROOT

ASLEEP: Final = 60.0  # seconds without a sign of life after which a prompt was asleep, not waiting
CLOSING: Final = "A drill: grade it with nox -s drill -- grade"


def _say(text: str) -> None:
    print(text, flush=True)


@dataclass(frozen=True)
class Room:
    """Where drills happen: the repository, the clock (seconds since the epoch), and who is spoken to."""

    root: Path = ROOT
    clock: Callable[[], float] = time.time
    say: Callable[[str], None] = field(default=_say)


@dataclass(frozen=True)
class Desk:
    """One drill in a room."""

    room: Room
    workspace: store.Workspace
    sheet: Sheet

    @property
    def code(self) -> Path:
        """The learner's file, or package."""
        return self.workspace.code(self.sheet.topic)

    def place(self, path: Path) -> str:
        """A path as it is shown: from the repository's folder."""
        return str(path.relative_to(self.room.root))

    @property
    def worksheet(self) -> Path:
        """The seven steps to fill in."""
        return self.workspace.folder / "worksheet.md"

    def hand_out_worksheet(self) -> bool:
        """Put a fresh one into the folder; whatever is there stays as it is."""
        with contextlib.suppress(OSError):  # the exercises belong to the learner: it may be gone
            source = self.room.root / "exercises" / "worksheet.md"
            return create(self.worksheet, source.read_text(encoding="utf-8", errors="replace"))
        return False

    def tick(self) -> Drill:
        """Look at the clock: what is due arrives and is said, all of it and once."""
        now = self.room.clock()
        before, after = self.workspace.apply(
            self._died, lambda drill: rules.arrive(drill, self.sheet, now)
        )
        for line in self._news(before, after):
            self.room.say(line)
        return after

    def act(self, move: Callable[[Drill, float], Sequence[Event]]) -> tuple[Drill, Drill]:
        """Make one move at this moment; the state before and after. Mistake, and nothing done, if it may not be."""
        now = self.room.clock()
        return self.workspace.apply(lambda drill: move(drill, now))

    def woke(self) -> Drill:
        """Called by a waiting prompt every few seconds: time that it slept (a closed lid) is a pause."""
        now, last = self.room.clock(), self.workspace.last_alive()
        if now - last > ASLEEP:
            self.workspace.apply(lambda drill: rules.slept(drill, last, now))
        self.workspace.beat(now)
        return self.tick()

    def keep_stub(self) -> bool:
        """Write the stub where there is no work yet; whatever is there stays as it is."""
        return not self.code.exists() and create(self.code, stub_for(self.sheet.topic, CLOSING))

    def _died(self, drill: Drill) -> Sequence[Event]:
        """A prompt that is gone without a word stopped the clock at its last sign of life."""
        if not drill.attended or self.workspace.is_attended:
            return []
        return rules.pause(drill, self.workspace.last_alive(), "the prompt died")

    def _news(self, before: Drill, after: Drill) -> Sequence[str]:
        talk = self.sheet.interview
        lines = [
            f"\nThe interviewer comes back, {clock(at)} on the clock:\n"
            + fill(talk.changes[number].text, "  ")
            for number, at in enumerate(after.changes)
            if number >= len(before.changes)
        ]
        if after.rang and not before.rang:
            lines.append(
                f"\nThe time is up ({clock(after.limit)}). What you grade from now on is shown "
                "but does not\ncount. `finish` gives you the scorecard."
            )
        return lines


def open_desk(room: Room) -> Desk:
    """The desk of the drill that is open; Mistake if none is."""
    workspace = store.current(room.root)
    if workspace is None:
        trouble = "".join(f" ({line})" for line in store.unreadable(room.root))
        raise Mistake(f"no drill is open: `nox -s drill` begins one{trouble}")
    return Desk(room, workspace, sheet_of(workspace.drill(), room.root))


def last_desk(room: Room) -> Desk:
    """The desk of the drill that was begun last, finished or not."""
    drills = store.every(room.root)
    if not drills:
        raise Mistake("there was no drill yet: `nox -s drill` begins one")
    workspace, drill = drills[-1]
    return Desk(room, workspace, sheet_of(drill, room.root))
