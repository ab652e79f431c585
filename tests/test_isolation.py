"""`--isolated`: the graded code sees a bare, read-only machine; where there can be no sandbox, one line says so."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KATA = ROOT / "tests" / "data" / "kata"
BWRAP = shutil.which("bwrap")
NOSY = """
import os, socket
from pathlib import Path

def refused(job):
    try:
        job()
    except OSError as error:
        return type(error).__name__
    return "done"

seen = {
    "secret": "SECRET" in os.environ,
    "stranger": Path("STRANGER").exists(),
    "write": refused(lambda: Path("STRANGER").parent.joinpath("new").write_text("x")),
    "network": refused(lambda: socket.create_connection(("127.0.0.1", PORT), 5)),
    "many processes": sum(name.isdigit() for name in os.listdir("/proc")) > 9,
}
raise RuntimeError(repr(seen))
"""


def grade(house: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Grade the kata in `house`."""
    environment = {
        **os.environ,
        "KATAS_ROOT": str(house),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{house}",
        "PYTHONSAFEPATH": "1",
        **more,
    }
    return subprocess.run(
        [sys.executable, "-m", "graders.kit", "grade", "tally", "--isolated", *arguments],
        cwd=house.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the kata, below the folder for temporary files."""
    ignore = shutil.ignore_patterns("__pycache__", "results")
    return shutil.copytree(KATA, tmp_path / "house", ignore=ignore)


@pytest.fixture
def sandboxed(house: Path) -> Path:
    """The same, if this machine can make a sandbox at all."""
    if BWRAP is None:
        pytest.skip("bubblewrap is not installed: the sandbox itself is not tested here")
    if (ran := grade(house, "--impl", "solutions")).returncode == 2:
        pytest.skip(f"no sandbox on this machine: {ran.stderr.strip()}")
    return house


def test_without_bubblewrap_one_line_says_so(house: Path, tmp_path: Path) -> None:
    """Nothing is graded, and the repair is named."""
    ran = grade(house, "--impl", "solutions", PATH=str(tmp_path))
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: --isolated needs bubblewrap: install it")
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


def test_in_process_cannot_be_isolated(house: Path) -> None:
    """A debugger's run and a sandbox exclude each other."""
    ran = grade(house, "--in-process")
    assert ran.returncode == 2
    assert "not allowed with" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_the_reference_passes_and_its_results_come_out(sandboxed: Path, tmp_path: Path) -> None:
    """The same verdicts as outside, and the results where they were wanted."""
    ran = grade(sandboxed, "--impl", "solutions", "--results", str(tmp_path / "out" / "r.json"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "out" / "r.json").read_text(encoding="utf-8").count('"pass"') == 6


def test_progress_is_remembered(sandboxed: Path) -> None:
    """An exercise graded in a sandbox counts like any other."""
    assert grade(sandboxed).returncode == 1
    assert "patterns/tally" in (sandboxed / "results" / "progress.json").read_text("utf-8")


def test_the_graded_code_sees_a_bare_machine(sandboxed: Path, tmp_path: Path) -> None:
    """No secrets, no files of others, no writing, no network, no processes but those of the run."""
    stranger = tmp_path / "stranger" / "secret.txt"
    stranger.parent.mkdir()
    stranger.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        nosy = NOSY.replace("STRANGER", str(stranger))
        nosy = nosy.replace("PORT", str(server.getsockname()[1]))
        (tmp_path / "nosy.py").write_text(nosy, encoding="utf-8")
        ran = grade(sandboxed, "--impl", "nosy.py", SECRET="x")  # noqa: S106 - a name
    assert ran.returncode == 1
    assert "'secret': False, 'stranger': False" in ran.stdout
    assert "'write': 'FileNotFoundError', 'network': 'ConnectionRefusedError'" in ran.stdout
    assert "'many processes': False" in ran.stdout
    assert not (stranger.parent / "new").exists()
