"""A house for drills: the kata with a brief and a bench file, a clock that is set by hand, and what was said."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from graders.kit.drill.desk import Room
from graders.kit.drill.program import main
from graders.kit.drill.state import Drill
from graders.kit.drill.store import Workspace, every
from graders.kit.topics import ROOT

KATA: Final = ROOT / "tests" / "data" / "kata"
BRIEF: Final = (ROOT / "tests" / "data" / "drill" / "tally.md").read_text(encoding="utf-8")
WORKSHEET: Final = (ROOT / "exercises" / "worksheet.md").read_text(encoding="utf-8")
BENCH: Final = '''"""100 adds."""


def test_adding(benchmark, contender):
    """100 adds to one tally."""
    tally = contender.Tally()
    benchmark(lambda: [tally.add(1) for _ in range(100)])
'''
SOLUTION: Final = (KATA / "solutions/patterns/tally.py").read_text(encoding="utf-8")
SLOW: Final = SOLUTION.replace("self._n += n", "self._n += n + sum(range(200)) * 0")
START: Final = 1_800_000_000.0


def build(root: Path) -> Path:
    """A copy of the kata that can be drilled."""
    ignore = shutil.ignore_patterns("__pycache__", "results")
    shutil.copytree(KATA, root, ignore=ignore, dirs_exist_ok=True)
    (root / "exercises/patterns/tally.md").write_text(BRIEF, encoding="utf-8")
    (root / "exercises/worksheet.md").write_text(WORKSHEET, encoding="utf-8")
    (root / "graders/patterns/tally/bench_tally.py").write_text(BENCH, encoding="utf-8")
    return root


class House:
    """A room whose clock stands still until it is moved."""

    def __init__(self, root: Path) -> None:
        self.root, self.now = build(root), START
        self.said: list[str] = []
        self.room = Room(self.root, lambda: self.now, self.said.append)

    def run(self, line: str, minutes: float = 0.0) -> str:
        """Move the clock, run one command; what was said."""
        self.now += minutes * 60
        before = len(self.said)
        self.code = main(line.split(), self.room)
        return "\n".join(self.said[before:])

    @property
    def workspace(self) -> Workspace:
        """The folder of the drill that was begun last."""
        return every(self.root)[-1][0]

    @property
    def drill(self) -> Drill:
        """The state of the drill that was begun last."""
        return self.workspace.drill()

    def write(self, text: str) -> None:
        """What a learner would have in the file."""
        (self.workspace.folder / "tally.py").write_text(text, encoding="utf-8")


def files(root: Path, *, but: Sequence[str] = ()) -> dict[str, bytes]:
    """Every file below a folder, to compare."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not set(but) & set(path.relative_to(root).parts)
    }
