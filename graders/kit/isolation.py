"""`--isolated`: a whole graded run inside bubblewrap, for people who grade the code of others.

Inside, the machine is read-only but for an empty /tmp, the home folder is empty but for what grading reads, the
network is a loopback of its own, no process outside can be seen or signalled, and the environment is bare. The
graded code can still read this repository, answers included: the guard of a run keeps it from that, no more.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from graders.kit.exports import FILES
from graders.kit.loading import START
from graders.kit.mistakes import Mistake
from graders.kit.results import DEFAULT
from graders.kit.topics import ROOT

PROGRESS: Final = DEFAULT.with_name("progress.json")
REPORT: Final = "report"
HIDDEN: Final = ("/tmp", "/var/tmp", "/run")  # noqa: S108 - they are covered, not used
KEPT: Final = frozenset({"COLUMNS", "HOME", "LANG", "LINES", "NO_COLOR", "PATH", "TERM", "TZ"})
KEPT_KINDS: Final = ("LC_", "KATAS_", "PYTHON")


def run(wanted: Namespace) -> int:
    """Grade in the sandbox and bring out its results; Mistake if there can be no sandbox here."""
    DEFAULT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="katas-isolated-") as folder:
        if PROGRESS.is_file():
            shutil.copy(PROGRESS, folder)
        sandbox = [*_sandbox(wanted.impl), "--bind", folder, str(DEFAULT.parent)]
        _probe(sandbox)
        code = subprocess.run(
            [*sandbox, sys.executable, "-m", "graders.kit", "grade", *_arguments(wanted)],
            env=_environment(),
            check=False,
        ).returncode
        _bring_out(Path(folder) / DEFAULT.name, Path(wanted.results) if wanted.results else DEFAULT)
        _bring_out(Path(folder) / PROGRESS.name, PROGRESS)
        for name in FILES if wanted.report else ():
            _bring_out(Path(folder) / REPORT / name, START / wanted.report / name)
    return code


def _sandbox(impl: str) -> list[str]:
    """The command and its options: what is hidden first, then what shows through."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise Mistake("--isolated needs bubblewrap: install it (on Debian: apt install bubblewrap)")
    options = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev"]
    options += ["--proc", "/proc"]
    for hidden in (*map(Path, HIDDEN), Path.home()):
        if hidden.is_dir() and hidden != Path("/"):
            options += ["--tmpfs", str(hidden)]
    for place in dict.fromkeys(_needed(impl)):
        options += ["--ro-bind", str(place), str(place)]
    return [bwrap, *options, "--chdir", str(ROOT)]


def _needed(impl: str) -> Iterator[Path]:
    """What grading reads: the repository, Python with its packages, the implementation."""
    interpreter = Path(sys.executable).resolve().parents[1]
    kit = Path(__file__).parents[2]
    for place in (ROOT, kit, Path(sys.prefix), Path(sys.base_prefix), interpreter):
        yield from (place, place.resolve())
    given = START / Path(impl).expanduser()
    if given.exists():
        yield given


def _probe(sandbox: list[str]) -> None:
    tried = subprocess.run(
        [*sandbox, sys.executable, "-c", "import psutil, pytest"],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode:
        said = (tried.stderr.strip() or "it says nothing").splitlines()[-1]
        raise Mistake(f"--isolated: bubblewrap does not work here ({said}): grade in a container")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if _is_kept(name)}
    return {**kept, "KATAS_START": str(START)}


def _is_kept(name: str) -> bool:
    return name in KEPT or name.startswith(KEPT_KINDS)


def _arguments(wanted: Namespace) -> list[str]:
    arguments = [*wanted.topics, "--impl", wanted.impl]
    for name in wanted.check:
        arguments += ["--check", name]
    arguments += ["--replay", wanted.replay] if wanted.replay else []
    arguments += ["--report", str(DEFAULT.parent / REPORT)] if wanted.report else []
    return [*arguments, *(["--verbose"] if wanted.verbose else [])]


def _bring_out(inside: Path, target: Path) -> None:
    if inside.is_file() and not inside.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(inside, target)
