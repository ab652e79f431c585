"""The guard refuses what is written in its table, and nothing that ordinary code does."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CLOSED = """
import os, sys
from pathlib import Path
from graders.kit.guard import Forbidden, close_the_book
house = Path(sys.argv[1])
close_the_book(house / "solutions", house=house)
try:
    {code}
except Forbidden:
    print("refused")
else:
    print("done")
"""


def run(code: str, tmp_path: Path) -> str:
    """Run one line behind closed doors, in a process of its own beside a small house."""
    answer = tmp_path / "house" / "solutions" / "a.py"
    answer.parent.mkdir(parents=True)
    answer.write_text("x = 1\n")
    (tmp_path / "house" / "open.txt").write_text("open\n")
    ran = subprocess.run(
        [sys.executable, "-c", CLOSED.format(code=code), str(tmp_path / "house")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # as a check's process has one
    )
    return ran.stdout.strip() or ran.stderr


@pytest.mark.parametrize(
    "code",
    [
        "open(house / 'solutions' / 'a.py')",
        "open(os.fsencode(house / 'solutions' / 'a.py'))",
        "open(f'{house}/x/../solutions/./a.py')",
        "open('house/solutions/a.py')",
        "os.open(house / 'solutions' / 'a.py', os.O_RDONLY)",
        "os.link(house / 'solutions' / 'a.py', 'mine')",
        "open(house / 'new.txt', 'w')",
        "open(house / 'open.txt', 'a')",
        "os.remove(house / 'open.txt')",
        "os.mkdir(house / 'folder')",
        "os.rename('nothing', house / 'something')",
        "os.system('cat house/solutions/a.py')",
        "os.system('git show HEAD:x')",
        "os.kill(1, 0)",
        "os.kill(-1, 0)",
        "os.killpg(1, 0)",
        "os.kill(os.getppid(), 0)",
    ],
)
def test_refused(code: str, tmp_path: Path) -> None:
    """The answers by any name, changes of the house, signals to strangers."""
    (tmp_path / "house" / "x").mkdir(parents=True)
    assert run(code, tmp_path) == "refused"


def test_a_group_of_strangers_is_refused_when_its_leader_has_ended(tmp_path: Path) -> None:
    """The first program of a pipeline that the grader stands in."""
    command = ["sh", "-c", "sleep 60 > /dev/null &"]
    with subprocess.Popen(command, start_new_session=True) as leader:
        leader.wait()
    try:
        assert run(f"os.killpg({leader.pid}, 0)", tmp_path) == "refused"
    finally:
        os.killpg(leader.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "code",
    [
        "open(house / 'open.txt')",
        "open('mine.txt', 'w')",
        "os.mkdir('mine')",
        "os.kill(os.getpid(), 0)",
        "os.kill(0, 0)",
        "os.killpg(0, 0)",
        "import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True).kill()",
        "os.system('true')",
        "import sqlite3, http.server, logging, decimal",
        "os.pipe()",
    ],
)
def test_allowed(code: str, tmp_path: Path) -> None:
    """Ordinary work in the own folder."""
    assert run(code, tmp_path) == "done"
