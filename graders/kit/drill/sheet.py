"""What the interviewer has on the table: the brief, the promises, and when the changes are due."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from graders.kit.drill.state import MINUTE, Drill
from graders.kit.interview import Change, Interview, read_interview
from graders.kit.mistakes import Mistake
from graders.kit.topics import Topic, find


@dataclass(frozen=True)
class Sheet:
    """A topic as a drill needs it."""

    topic: Topic

    @cached_property
    def interview(self) -> Interview:
        """The brief; Mistake if it is missing or lacks a heading."""
        try:
            return read_interview(self.topic.brief)
        except (OSError, KeyError, ValueError) as error:
            place = f"exercises/{self.topic.id}.md"
            raise Mistake(f"{place} cannot be read as a brief: restore it ({error})") from error

    @property
    def promises(self) -> dict[str, str]:
        """The promises of the contract, in their order."""
        return self.topic.definition.promises

    def due(self, drill: Drill, elapsed: float) -> list[Change]:
        """The changes that have not arrived and whose time has come.

        Their minutes are those of an interview of the usual length: a shorter drill has them earlier. Nothing
        changes before the requirements are known.
        """
        if not drill.required:
            return []
        scale = drill.limit / (self.topic.minutes * MINUTE)
        waiting = self.interview.changes[len(drill.changes) :]
        return [change for change in waiting if change.minute * MINUTE * scale <= elapsed]


def sheet_of(drill: Drill, root: Path) -> Sheet:
    """The sheet of a drill that was begun; Mistake if its topic is gone."""
    return Sheet(find([drill.topic], root)[0])
