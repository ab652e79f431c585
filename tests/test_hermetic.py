"""Nothing that lies in exercises/ changes how the references are graded, or is imported by it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KATA = ROOT / "tests" / "data" / "kata"
TRAP = "import os\nos.write(2, b'a trap was imported')\nos._exit(3)\n"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the kata with the kit and the configuration beside it."""
    ignore = shutil.ignore_patterns("__pycache__", "results")
    shutil.copytree(KATA, tmp_path / "house", ignore=ignore)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / "house" / name)
    return tmp_path / "house"


def grade(
    house: Path, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """As the sessions do."""
    environment = {
        **os.environ,
        "KATAS_ROOT": str(house),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{house}",
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "graders.kit", "grade", "tally", *arguments],
        cwd=cwd or house,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def set_traps(folder: Path) -> None:
    """Everything that pytest or Python might pick up by itself."""
    for name in ("conftest.py", "__init__.py", "threading.py", "pytest.py", "sitecustomize.py"):
        (folder / name).write_text(TRAP)
    (folder / "test_trap.py").write_text(TRAP)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (folder / "broken.py").write_text("class Tally(:\n")


@pytest.mark.parametrize("place", ["exercises", "exercises/patterns"])
def test_references_are_graded_beside_traps(house: Path, place: str) -> None:
    """Hostile conftest.py, __init__.py, pytest.ini and threading.py, and syntax errors: all green."""
    (house / "exercises" / "patterns" / "tally.py").write_text("class Tally(:\n")
    set_traps(house / place)
    ran = grade(house, "--impl", "solutions")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "trap" not in ran.stdout + ran.stderr


def test_references_are_graded_without_exercises(house: Path) -> None:
    """The folder may be gone."""
    shutil.rmtree(house / "exercises")
    assert grade(house, "--impl", "solutions").returncode == 0


def test_an_exercise_is_graded_beside_traps(house: Path) -> None:
    """The learner's module is loaded by its path, alone, from whatever folder the command is called."""
    stub = house / "exercises" / "patterns" / "tally.py"
    shutil.copy(house / "solutions" / "patterns" / "tally.py", stub)
    set_traps(stub.parent)
    for cwd in (house, stub.parent):
        ran = grade(house, cwd=cwd)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "trap" not in ran.stdout + ran.stderr


def test_plain_pytest_grades_as_well(house: Path) -> None:
    """An editor's test explorer collects without importing exercises, and gets the same verdict."""
    set_traps(house / "exercises" / "patterns")
    environment = {
        **os.environ,
        "KATAS_ROOT": str(house),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{house}",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "graders/patterns/tally",
        "--impl",
        "solutions",
        "-q",
    ]
    ran = subprocess.run(
        command, cwd=house, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "6 passed" in ran.stdout
