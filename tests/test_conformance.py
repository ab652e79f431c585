"""The type checker sees what Protocols alone do not: a wrong constructor."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graders.kit.conformance import write_conformance
from graders.kit.topics import ROOT, Topic

CONTRACT = '''"""Box: holds an item."""

from typing import Final, Protocol

TITLE: Final = "Box"
LEVEL: Final = "easy"
MINUTES: Final = 10
IMPLEMENT: Final = ("Box", "Lid", "join")
PROMISES: Final = {"P1": "It holds."}


class Lid(Protocol):
    """A thing that a box returns."""

    def lift(self) -> int: ...


class Box(Protocol):
    """A box."""

    def lid(self) -> Lid: ...


class NewBox(Protocol):
    """How a box is made."""

    def __call__(self, size: int) -> Box: ...


def join(left: str, right: str) -> str:
    """Join."""
    raise NotImplementedError
'''
SOLUTION = '''"""A right box."""


class Lid:
    def lift(self) -> int:
        return 1


class Box:
    def __init__(self, size: int) -> None:
        self.size = size

    def lid(self) -> Lid:
        return Lid()


def join(left: str, right: str) -> str:
    return left + right
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("size: int", "size: str"),
        ("size: int", "size: int, colour: str"),
        ("def lift(self) -> int", "def lift(self, hard: bool) -> int"),
        ("def lid(self) -> Lid", "def lid(self) -> object"),
        ("def join(left: str, right: str)", "def join(left: str, right: int)"),
    ],
    ids=["right", "wrong type", "one too many", "returned thing", "wrong result", "function"],
)
def test_a_wrong_shape_is_a_type_error(tmp_path: Path, old: str, new: str) -> None:
    """Constructor, methods, returned things and functions are compared with the contract."""
    topic = Topic("patterns", "box", tmp_path)
    for path, text in [(topic.contract, CONTRACT), (topic.solution, SOLUTION.replace(old, new))]:
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    module = write_conformance(topic, tmp_path / "tmp")
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", ".cache", module],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode == 0) == (old == new), ran.stdout
    assert old == new or "conformance_patterns_box.py" in ran.stdout or "join" in ran.stdout
