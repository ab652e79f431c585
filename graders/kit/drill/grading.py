"""Grading at will: an ordinary graded run of the drill's file in a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from graders.kit.checks import KINDS
from graders.kit.fingerprint import mark
from graders.kit.mistakes import Mistake
from graders.kit.report import clean
from graders.kit.topics import Topic

PATIENCE: Final = 10.0  # seconds that an interrupted run has to end by itself
OPEN: Final = 25  # open checks that are kept


def environment(topic: Topic) -> dict[str, str]:
    """What a process needs that works on this topic, wherever it is called."""
    kit = Path(__file__).resolve().parents[3]
    paths = [str(kit), str(topic.root), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "KATAS_ROOT": str(topic.root),
        "KATAS_START": str(topic.root),
        "PYTHONPATH": os.pathsep.join(path for path in dict.fromkeys(paths) if path),
        "PYTHONSAFEPATH": "1",
    }


def grade(topic: Topic, code: Path, results: Path) -> dict[str, Any]:
    """Grade the file or package, the report going to this terminal; return the data of a `graded` event.

    `results` becomes the run's results.json. Mistake if the run did not come to its end.
    """
    new = results.with_name(".results.json")
    new.unlink(missing_ok=True)
    before = mark(code)
    returned = _run(topic, code, new)
    checks = _read(new)
    whole = checks and all(check["word"] != "not run" for check in checks)
    if returned not in {0, 1} or not whole:
        new.unlink(missing_ok=True)
        raise Mistake("the grading did not come to its end: nothing was counted; grade again")
    new.replace(results)
    return {**summary(topic.definition.promises, checks), "digest": before}


def summary(promises: Mapping[str, str], checks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a drill keeps of a run: promises that hold, checks by kind, and lines about the open ones."""
    passed = [check for check in checks if check["word"] == "pass"]
    missed = [check for check in checks if check["word"] != "pass"]
    seen = {promise for check in checks for promise in check["promises"]}
    broken = {promise for check in missed for promise in check["promises"]}
    good, every = (Counter(check["kind"] for check in each) for each in (passed, checks))
    return {
        "held": [promise for promise in promises if promise in seen - broken],
        "kinds": {kind: [good[kind], every[kind]] for kind in KINDS if every[kind]},
        "open": [_line(check) for check in missed[:OPEN]],
    }


def _line(check: Mapping[str, Any]) -> str:
    what = clean(" ".join(str(check.get("got", "")).split()))[:120]
    name = f"{','.join(check['promises'])} {check['name']}"
    return f"{check['word']}: {name}" + (f": {what}" if what else "")


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        checks = json.loads(path.read_text(encoding="utf-8"))["checks"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return list(checks)


def _run(topic: Topic, code: Path, results: Path) -> int:
    """The exit code of the run. Ctrl-C reaches it too: it ends what it began, and is waited for."""
    spec = str(code.relative_to(topic.root))
    command = [sys.executable, "-m", "graders.kit.drill.leash", str(os.getpid())]
    command += ["grade", topic.id, "--impl", spec]
    with subprocess.Popen(
        [*command, "--results", str(results)],
        cwd=topic.root,
        env=environment(topic),
        stdin=subprocess.DEVNULL,
    ) as run:
        try:
            return run.wait()
        except KeyboardInterrupt:
            _end(run)
            raise Mistake("stopped: nothing was counted") from None


def _end(run: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        run.wait(PATIENCE)
    if run.poll() is None:
        run.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(PATIENCE)
    run.kill()
