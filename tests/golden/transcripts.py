"""What a learner sees, as text: one folder of tests/data/golden for each case.

`tally.py` is what was handed in (no such file: the untouched stub), `transcript.txt` what was answered.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
KATA: Final = ROOT / "tests" / "data" / "kata"
CASES: Final = sorted(path for path in (ROOT / "tests" / "data" / "golden").iterdir())
_SECONDS: Final = re.compile(r"\b\d+\.\d s\b")
_LIMITS: Final = {"KATAS_CPU_SECONDS": "2", "KATAS_ASLEEP_SECONDS": "2"}


def play(case: Path, folder: Path) -> str:
    """Grade the case in a copy of the kata below `folder`; its command, its answer, its exit code."""
    root = folder / "kata"
    shutil.copytree(KATA, root, ignore=shutil.ignore_patterns("__pycache__", "results"))
    given = case / "tally.py"
    if given.is_file():
        shutil.copy(given, folder / "tally.py")
    arguments = ["grade", "tally", *(["--impl", "tally.py"] if given.is_file() else [])]
    ran = subprocess.run(
        [sys.executable, "-m", "graders.kit", *arguments],
        cwd=folder,
        env=_environment(root),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    answer = _SECONDS.sub("0.0 s", ran.stdout).replace(str(folder), "…")
    return f"$ {' '.join(arguments)}\n{answer}{ran.stderr}exit code {ran.returncode}\n"


def _environment(root: Path) -> dict[str, str]:
    return {
        **os.environ,
        **_LIMITS,
        "KATAS_ROOT": str(root),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{root}",
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
