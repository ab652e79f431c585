"""`nox -s watch` as a person uses it: in a terminal, saving a file, pressing Ctrl-C."""

import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from graders.kit.watch import changes, concerns

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "data" / "golden"
LIMIT = 120.0


class Terminal:
    """A pseudo-terminal with the session in it."""

    def __init__(self, folder: Path) -> None:
        house = shutil.copytree(ROOT / "tests" / "data" / "kata", folder / "house")
        self.file = folder / "tally.py"
        self.save("all_green")
        self._screen, inside = pty.openpty()
        self._before = termios.tcgetattr(inside)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "graders.kit", "watch", "tally", "--impl", "tally.py"],
            cwd=folder,
            env={**os.environ, "KATAS_ROOT": str(house), "PYTHONPATH": f"{ROOT}:{house}"},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - one thread here
        )
        self._inside, self._seen = inside, ""

    def save(self, case: str) -> None:
        """As an editor does: a new file in place of the old."""
        new = self.file.with_suffix(".new")
        shutil.copy(GOLDEN / case / "tally.py", new)
        new.replace(self.file)

    def until(self, text: str) -> str:
        """Read the screen until it shows `text`; what was read since the last time."""
        end = time.monotonic() + LIMIT
        while text not in self._seen:
            left = end - time.monotonic()
            assert left > 0, f"no {text!r} in {self._seen!r}"
            if select.select([self._screen], [], [], left)[0]:
                self._seen += os.read(self._screen, 65_536).decode("utf-8", "replace")
        read, _, self._seen = self._seen.partition(text)
        return read + text

    def press(self, key: bytes) -> None:
        """Type."""
        os.write(self._screen, key)

    def close(self) -> None:
        """End what is left."""
        self.process.kill()
        self.process.wait()
        os.close(self._inside)
        os.close(self._screen)

    @property
    def is_as_before(self) -> bool:
        """Whether the terminal's settings are those of the beginning."""
        return termios.tcgetattr(self._inside) == self._before


def _take_terminal() -> None:
    import fcntl  # noqa: PLC0415 - in the child

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_save_is_graded_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    """Green, then a mistake, then its repair: each save says what has changed."""
    terminal = Terminal(tmp_path)
    try:
        terminal.until("all 6 checks pass")
        terminal.until("watching tally.py")
        terminal.save("failing_behaviour")
        terminal.until("newly red: test_reset")
        assert "test_reset" in terminal.until("5 of 6 checks pass")
        terminal.until("watching tally.py")
        terminal.save("all_green")
        terminal.until("newly green: test_reset")
        terminal.until("watching tally.py")
        terminal.press(b"\x03")
        terminal.until("stopped watching")
        assert terminal.process.wait(LIMIT) == 0
        assert terminal.is_as_before
    finally:
        terminal.close()


def test_ctrl_c_while_grading_ends_it(tmp_path: Path) -> None:
    """Also when a check never ends."""
    terminal = Terminal(tmp_path)
    try:
        terminal.save("hang")
        terminal.until("patterns/tally")
        terminal.press(b"\x03")
        terminal.until("stopped watching")
        assert terminal.process.wait(LIMIT) == 0
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("before", "now", "lines"),
    [
        ({}, {"a": "fail"}, []),
        ({"a": "pass"}, {"a": "pass"}, []),
        ({"a": "fail"}, {"a": "pass"}, ["   newly green: a"]),
        ({"a": "pass"}, {"a": "inconclusive"}, ["   newly red: a"]),
        ({"a": "pass", "b": "fail"}, {"a": "fail", "b": "pass"},
         ["   newly green: b", "   newly red: a"]),
    ],
)  # fmt: skip
def test_changes(before: dict[str, str], now: dict[str, str], lines: list[str]) -> None:
    """Only what has changed, and nothing but a pass is green."""
    assert list(changes(before, now)) == lines


def test_what_concerns_it(tmp_path: Path) -> None:
    """The file itself, or the modules of a package; not what lies beside it."""
    file, folder = tmp_path / "a.py", tmp_path / "pool"
    folder.mkdir()
    assert concerns(file, file)
    assert not concerns(file, tmp_path / "b.py")
    assert concerns(folder, folder / "part.py")
    assert not concerns(folder, folder / "notes.txt")
