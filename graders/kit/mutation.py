"""`nox -s mutants`: the mutation score of each reference under its grader.

A mutant is killed by the first check that does not pass. One that lives is a hole in the checks, or changes nothing
that is promised: then `survivors.toml` beside the checks says why, in a line.
"""

import ast
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from graders.kit.alterations import alterations
from graders.kit.matrix import Outcome, failed, run
from graders.kit.mutants import Mutant, mutants
from graders.kit.parts import checks_of
from graders.kit.topics import ROOT, Topic

THREADED: Final = {"concurrency", "timing"}
SHORT: Final = {"KATAS_CPU_SECONDS": "6", "KATAS_ASLEEP_SECONDS": "2"}
"""Endless loops are frequent among mutants: less patience than for people."""


@dataclass(frozen=True)
class Case:
    """One mutant of one file of a reference."""

    topic: Topic
    path: Path
    mutant: Mutant

    @property
    def name(self) -> str:
        """The name under which survivors.toml explains it."""
        return f"{self.path.stem}: {self.mutant.name}"

    @property
    def explanation(self) -> str:
        """Why it may live, from survivors.toml beside the checks; "" if nobody says so."""
        return survivors(self.topic).get(self.name, "")


@dataclass(frozen=True)
class Score:
    """How many of a topic's mutants died, and those that did not."""

    topic: Topic
    mutants: int
    alive: Sequence[Case]

    @property
    def explained(self) -> int:
        """Those alive of which somebody says why."""
        return sum(bool(case.explanation) for case in self.alive)

    @property
    def percent(self) -> float:
        """Killed of all."""
        return 100 * (1 - len(self.alive) / self.mutants) if self.mutants else 100.0


def survivors(topic: Topic) -> dict[str, str]:
    """What survivors.toml says: mutant name = "why nothing changes"."""
    path = topic.grader / "survivors.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def cases(topic: Topic, make: Callable[[Path], list[Mutant]]) -> list[Case]:
    """Every mutant of a reference, of every file that its importers get to see.

    What `__main__.py` alone imports starts and guards the service: no check of the contract runs it.
    """
    return [Case(topic, path, mutant) for path in _imported(topic) for mutant in make(path)]


def _imported(topic: Topic) -> list[Path]:
    """The reference's files in the order of their names, as far as imports lead from the first."""
    if not topic.solution.is_dir():
        return [topic.solution]
    found: set[Path] = set()
    ahead = [topic.solution / "__init__.py"]
    while ahead:
        path = ahead.pop()
        if path not in found:
            found.add(path)
            ahead += _siblings(path)
    return sorted(found)


def _siblings(path: Path) -> list[Path]:
    """The modules beside `path` that it imports, as `package.module` or as a name of the package."""
    named = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and path.parent.name in (node.module or ""):
            named |= {(node.module or "").rpartition(".")[2], *(each.name for each in node.names)}
    return [beside for name in named if (beside := path.with_name(f"{name}.py")).is_file()]


def every(topic: Topic) -> list[Case]:
    """Locks and waits, and everything else."""
    return [*cases(topic, mutants), *cases(topic, alterations)]


def copy(root: Path) -> Path:
    """A copy of the repository at `root`, whose references may be changed."""
    ignore = shutil.ignore_patterns("__pycache__", ".*_cache")
    for folder in ("contracts", "graders", "solutions"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignore)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    return root


def outcomes(case: Case, root: Path) -> list[Outcome]:
    """Grade the mutant in the copy at `root` until a check fails, the checks of threads first for locks."""
    topic = Topic(case.topic.chapter, case.topic.name, root)
    target = root / case.path.relative_to(ROOT)
    target.write_text(case.mutant.source, encoding="utf-8")
    try:
        first = [part for part in checks_of(topic) if part.kind in THREADED]
        found = run(topic, "solutions", only=first, stop_early=True) if first else []
        return found if failed(found) else run(topic, "solutions", stop_early=True)
    finally:
        shutil.copy(case.path, target)


def score(topic: Topic, tell: Callable[[str], None]) -> Score:
    """Grade every mutant; `tell` hears of those that live."""
    made = every(topic)
    alive: list[Case] = []
    with tempfile.TemporaryDirectory(prefix="katas-mutants-") as folder, _copies(folder) as free:

        def lives(case: Case) -> bool:
            root = free.get()
            try:
                return not failed(outcomes(case, root))
            finally:
                free.put(root)

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for case, alive_ in zip(made, pool.map(lives, made), strict=True):
                if alive_:
                    alive.append(case)
                    why = f"   ({case.explanation})" if case.explanation else ""
                    tell(f"  lives: {case.name}   {case.mutant.where}{why}")
    return Score(topic, len(made), alive)


@contextmanager
def _copies(folder: str) -> Iterator["SimpleQueue[Path]"]:
    free: SimpleQueue[Path] = SimpleQueue()
    for number in range(os.cpu_count() or 1):
        free.put(copy(Path(folder) / str(number)))
    yield free


def scores(topics: Sequence[Topic], say: Callable[[str], None]) -> list[Score]:
    """Score topic after topic, in words."""
    os.environ.update(SHORT)
    found = []
    for topic in topics:
        say(f"{topic.id}: {len(every(topic))} mutants")
        found.append(score(topic, say))
        say(f"{topic.id}: {found[-1].percent:.1f} % killed, {len(found[-1].alive)} live")
    return found
