"""The points of a drill, and the rule in words."""

from dataclasses import dataclass
from typing import Final

from graders.kit.drill.sheet import Sheet
from graders.kit.drill.state import Drill

HINT: Final = 5
QUESTION: Final = 1
RULE: Final = (
    f"Points = 100 x (promises held / promises), at the last grade that was asked for in time, "
    f"- {HINT} for each hint, - {QUESTION} for each scope question never asked; never below 0. "
    "Speed, the changes of requirements and your own view of the seven steps are not counted."
)


@dataclass(frozen=True)
class Score:
    """The points, and what they are made of."""

    held: int
    promises: int
    hints: int
    missed: int

    @property
    def for_promises(self) -> int:
        """Points for what holds, 0 to 100."""
        return round(100 * self.held / self.promises)

    @property
    def for_hints(self) -> int:
        """What the hints cost."""
        return -HINT * self.hints

    @property
    def for_questions(self) -> int:
        """What the questions cost that were not asked."""
        return -QUESTION * self.missed

    @property
    def points(self) -> int:
        """What is left, 0 to 100."""
        return max(0, self.for_promises + self.for_hints + self.for_questions)


def score(drill: Drill, sheet: Sheet) -> Score:
    """The score as of now."""
    counted = drill.counted
    held = len(counted.held & set(sheet.promises)) if counted else 0
    return Score(held, len(sheet.promises), len(drill.hints), len(missed(drill, sheet)))


def missed(drill: Drill, sheet: Sheet) -> list[int]:
    """The numbers of the scope questions that were never asked."""
    return [n for n in range(1, len(sheet.interview.scope) + 1) if n not in drill.asked]
