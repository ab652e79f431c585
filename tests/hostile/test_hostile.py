"""Whatever is handed in, the verdict is right, the report is whole, and the neighbours keep theirs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graders.kit.verdict import WORDS
from tests.hostile.fair import FILES, PACKAGES, write
from tests.hostile.submissions import ALL, SUBMISSIONS, Submission
from tests.hostile.tricks import TRICKS

ROOT = Path(__file__).resolve().parents[2]
KATA = ROOT / "tests" / "data" / "kata"
EVERYTHING = [*SUBMISSIONS, *TRICKS]
LIMITS = {
    "KATAS_CPU_SECONDS": "1.5",
    "KATAS_ASLEEP_SECONDS": "1",
    "KATAS_RSS_MB": "300",
    "KATAS_WALL_SECONDS": "100",
}


def grade(path: Path, folder: Path, *more: str) -> tuple[int, str, list[dict[str, Any]]]:
    """Grade a file as the command line does: exit code, output, the checks of results.json."""
    results = folder / "results.json"
    environment = {
        **os.environ, **LIMITS, "KATAS_ROOT": str(KATA), "PYTHONPATH": f"{ROOT}{os.pathsep}{KATA}",
        "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "graders.kit",
        "grade",
        "tally",
        "--impl",
        str(path),
        "--results",
        str(results),
    ]
    run = subprocess.run(
        [*command, *more], capture_output=True, text=True, env=environment, check=False, errors="replace",
        stdin=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    checks = json.loads(results.read_text())["checks"] if results.is_file() else []
    return run.returncode, run.stdout + run.stderr, checks


def test_there_are_enough() -> None:
    """At least sixty, with names of their own."""
    assert len({it.name for it in EVERYTHING}) == len(EVERYTHING) >= 60


@pytest.mark.parametrize("it", EVERYTHING, ids=lambda it: it.name)
def test_verdict(it: Submission, tmp_path: Path) -> None:
    """Not passed where it must not, passed where it must, all checks reported, exit code 1."""
    path = tmp_path / "tally.py"
    path.write_bytes(it.source.encode("latin-1" if it.name == "not utf-8" else "utf-8"))
    code, output, checks = grade(path, tmp_path)
    words = {check["name"]: check["word"] for check in checks}
    assert set(words) == ALL, output
    assert set(words.values()) <= set(WORDS)
    assert code == 1, output
    passed = {name for name, word in words.items() if word == "pass"}
    assert not passed & it.rejected, (words, output)
    assert not {name for name in it.rejected if words[name] == "not run"}, (words, output)
    if it.neighbours_pass:
        assert passed == ALL - it.rejected, (words, output)
    assert "\x1b" not in output
    assert len(output) < 20_000


def test_the_right_one_passes(tmp_path: Path) -> None:
    """The same module without any trouble."""
    path = tmp_path / "tally.py"
    path.write_bytes((KATA / "solutions" / "patterns" / "tally.py").read_bytes())
    code, output, checks = grade(path, tmp_path)
    assert code == 0, output
    assert {check["word"] for check in checks} == {"pass"}


@pytest.mark.parametrize("name", [*FILES, *PACKAGES])
def test_fair_features_pass(name: str, tmp_path: Path) -> None:
    """Nothing that ordinary code may do is minded."""
    code, output, checks = grade(write(name, tmp_path), tmp_path)
    assert code == 0, output
    assert {check["word"] for check in checks} == {"pass"}


def test_a_submission_is_not_lost(tmp_path: Path) -> None:
    """What removes its own source is still there."""
    path = tmp_path / "tally.py"
    path.write_text("import os\nos.remove(__file__)\n")
    grade(path, tmp_path)
    assert path.is_file()


def test_a_replay_that_did_not_happen_is_no_pass(tmp_path: Path) -> None:
    """The token of another check."""
    path = write("logs and prints", tmp_path)
    code, output, checks = grade(path, tmp_path, "--check", "test_reset", "--replay", "7:3a")
    assert (code, checks[0]["word"]) == (1, "inconclusive"), output


@pytest.mark.parametrize("kind", ["pipe", "pipe in a folder", "device", "too much"])
def test_what_cannot_be_read_is_one_line(kind: str, tmp_path: Path) -> None:
    """A read that never ends, or megabytes of source."""
    path = tmp_path / "tally"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "pipe in a folder":
        path.mkdir()
        os.mkfifo(path / "__init__.py")
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.write_text("X = [\n" + "1,\n" * 400_000 + "]\n")
    code, output, checks = grade(path, tmp_path)
    assert (code, checks, output.count("\n")) == (2, [], 1), output
