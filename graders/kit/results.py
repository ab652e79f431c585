"""results.json: the source of truth of a run, whole whatever dies.

Written first with every expected check as "not run", and anew as checks end, at most ten times a second.
"""

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any, Final

from graders.kit.mistakes import Mistake
from graders.kit.topics import ROOT
from graders.kit.verdict import Check

SCHEMA: Final = 1
PAUSE: Final = 0.1
DEFAULT: Final = ROOT / "results" / "results.json"


def place(path: str | None) -> Path:
    """Where the results go; a Mistake, before anything runs, if they cannot be written there."""
    target = Path(path).resolve() if path else DEFAULT
    option = "--results" if path is not None else str(target)
    if path == "" or (target.exists() and not target.is_file()):
        raise Mistake(f"--results {path!r} is no file that can be written: name a file")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _beside(target).touch()
        _beside(target).unlink()
    except OSError as error:
        why = f"{error.strerror}: {error.filename}"
        raise Mistake(f"{option} cannot be written ({why}): use --results FILE") from None
    return target


def _beside(path: Path) -> Path:
    return path.with_suffix(f".{os.getpid()}.tmp")


class Results:
    """The file of one run. Cost of a write: one check made into text, and the file."""

    def __init__(self, spec: str, checks: list[Check], path: str | None = None) -> None:
        self._head = {
            "schema": SCHEMA,
            "impl": spec,
            "python": platform.python_version(),
            "platform": sys.platform,
        }
        self._checks = {check.id: _text(check) for check in checks}
        self._path = place(path)
        self._news, self._written = True, 0.0
        self.save(at_once=True)

    def record(self, check: Check) -> None:
        """What is known of this check now goes into the file, with the next `save`."""
        self._checks[check.id] = _text(check)
        self._news = True
        self.save()

    def save(self, *, at_once: bool = False) -> None:
        """Write what is new, unless the file was written only just now; call it again soon, and in the end."""
        if self._news and (at_once or time.monotonic() - self._written >= PAUSE):
            self._write()
            self._news, self._written = False, time.monotonic()

    def text(self) -> str:
        """The whole file, as `results.schema.json` has it."""
        head = json.dumps(self._head, indent=1).removesuffix("\n}")
        body = ",\n".join(self._checks.values())
        return f'{head},\n "checks": [\n{body}\n ]\n}}\n'

    def _write(self) -> None:
        """Replace the file in one step."""
        new = _beside(self._path)
        new.write_text(self.text(), encoding="utf-8")
        new.replace(self._path)


def _text(check: Check) -> str:
    data: dict[str, Any] = {
        "id": check.id,
        "topic": check.topic,
        "name": check.name,
        "promises": list(check.promises),
        "kind": check.kind,
        "text": check.text,
        **check.verdict.to_dict(),
    }
    return json.dumps(data)
