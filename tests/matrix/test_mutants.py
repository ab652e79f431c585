"""Mutants of the references: a lock removed, while to if, notify_all to notify; each dies."""

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.kit.matrix import Outcome, failed, run
from graders.kit.mutants import Mutant, mutants
from graders.kit.parts import checks_of
from graders.kit.topics import ROOT, Topic, discover

THREADED = {"concurrency", "timing"}


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


def survivors(topic: Topic) -> dict[str, str]:
    """What survivors.toml says: mutant name = "why nothing changes"."""
    path = topic.grader / "survivors.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def cases() -> Iterator[Case]:
    """Every mutant of every reference."""
    for topic in discover():
        whole = topic.solution.is_dir()
        for path in sorted(topic.solution.rglob("*.py")) if whole else [topic.solution]:
            if path.name != "__main__.py":  # only starts the service
                yield from (Case(topic, path, mutant) for mutant in mutants(path))


CASES = list(cases())


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository whose references may be changed."""
    root = tmp_path_factory.mktemp("mutants")
    ignore = shutil.ignore_patterns("__pycache__", ".*_cache")
    for folder in ("contracts", "graders", "solutions"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignore)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    return root


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.topic.id}-{case.name}")
def test_a_mutant_is_killed_or_explained(case: Case, copy: Path) -> None:
    """Some check rejects it, or survivors.toml says why it changes nothing."""
    killed = bool(failed(outcomes(case, copy)))
    if case.explanation:
        assert not killed, f"{case.name} dies: take it out of survivors.toml"
    else:
        assert killed, f"{case.name} ({case.mutant.where}) lives: add a check, or explain it"


def outcomes(case: Case, root: Path) -> list[Outcome]:
    """Grade the mutant until a check fails, the checks of threads first."""
    topic = Topic(case.topic.chapter, case.topic.name, root)
    target = root / case.path.relative_to(ROOT)
    target.write_text(case.mutant.source, encoding="utf-8")
    try:
        first = [part for part in checks_of(topic) if part.kind in THREADED]
        found = run(topic, "solutions", only=first, stop_early=True) if first else []
        return found if failed(found) else run(topic, "solutions", stop_early=True)
    finally:
        shutil.copy(case.path, target)


@pytest.mark.parametrize("topic", discover(), ids=lambda topic: topic.id)
def test_every_explanation_has_its_mutant(topic: Topic) -> None:
    """No explanation outlives the line that it explains."""
    known = {case.name for case in CASES if case.topic.id == topic.id}
    assert set(survivors(topic)) <= known
