"""Mutants of the references: a lock removed, while to if, notify_all to notify; each dies."""

from pathlib import Path

import pytest

from graders.kit import mutation
from graders.kit.matrix import failed
from graders.kit.mutants import mutants
from graders.kit.mutation import Case, outcomes, survivors
from graders.kit.topics import Topic, discover

CASES = [case for topic in discover() for case in mutation.cases(topic, mutants)]


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository whose references may be changed."""
    return mutation.copy(tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.topic.id}-{case.name}")
def test_a_mutant_is_killed_or_explained(case: Case, copy: Path) -> None:
    """Some check rejects it, or survivors.toml says why it changes nothing."""
    killed = bool(failed(outcomes(case, copy)))
    if case.explanation:
        assert not killed, f"{case.name} dies: take it out of survivors.toml"
    else:
        assert killed, f"{case.name} ({case.mutant.where}) lives: add a check, or explain it"


@pytest.mark.parametrize("topic", discover(), ids=lambda topic: topic.id)
def test_every_explanation_has_its_mutant(topic: Topic) -> None:
    """No explanation outlives the line that it explains."""
    known = {case.name for case in mutation.every(topic)}
    assert set(survivors(topic)) <= known
