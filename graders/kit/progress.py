"""How far the learner is: what the last graded run of each exercise said, and which hints were read."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from graders.kit.topics import ROOT, Topic
from graders.kit.verdict import Check


@dataclass(frozen=True)
class Standing:
    """Promises that hold of all, checks that pass of all, whether there was anything to grade, and when."""

    held: int
    promises: int
    passed: int
    checks: int
    attempted: bool
    when: str

    @property
    def green(self) -> bool:
        """Whether every check passed."""
        return 0 < self.checks == self.passed

    def __str__(self) -> str:
        if self.green:
            return f"green {self.when}"
        if not self.attempted:
            return "not attempted"
        return f"{self.held} of {self.promises} promises"


def _file(root: Path) -> Path:
    return root / "results" / "progress.json"


def _read(root: Path) -> dict[str, Any]:
    try:
        data = json.loads(_file(root).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _write(known: dict[str, Any], root: Path) -> None:
    new = _file(root).with_suffix(".tmp")
    with contextlib.suppress(OSError):  # a read-only checkout is graded all the same
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps(known, indent=1), encoding="utf-8")
        new.replace(_file(root))


def _of(name: str, known: dict[str, Any]) -> dict[str, Any]:
    """What is known of the topic called chapter/topic."""
    state = known.get(name)
    return state if isinstance(state, dict) else {}


def remember(checks: Sequence[Check], root: Path = ROOT) -> None:
    """Keep where each graded topic stands now."""
    known = _read(root)
    for name in {check.topic for check in checks}:
        mine = [check for check in checks if check.topic == name]
        known[name] = {**_of(name, known), **_standing(mine)}
    _write(known, root)


def _standing(checks: Sequence[Check]) -> dict[str, Any]:
    words = [check.verdict.word for check in checks]
    promises = {promise for check in checks for promise in check.promises}
    broken = {p for check in checks if check.verdict.word != "pass" for p in check.promises}
    return {
        "passed": words.count("pass"),
        "checks": len(words),
        "attempted": not set(words) <= {"not attempted", "blocked", "not run"},
        "held": len(promises - broken),
        "promises": len(promises),
        "when": f"{datetime.now():%Y-%m-%d}",  # noqa: DTZ005 - the learner's own day
    }


def standing(topic: Topic) -> Standing | None:
    """What the last graded run said; None if there was none."""
    state = _of(topic.id, _read(topic.root))
    counts = {
        name: state.get(name) for name in ("held", "promises", "passed", "checks", "attempted")
    }
    if not all(isinstance(count, int) for count in counts.values()):
        return None
    return Standing(**counts, when=str(state.get("when", "")))  # type: ignore[arg-type]


def hints_read(topic: Topic) -> int:
    """How many hints of the topic the learner has read."""
    count = _of(topic.id, _read(topic.root)).get("hints", 0)
    return count if isinstance(count, int) else 0


def remember_hint(topic: Topic, count: int) -> None:
    """Keep that the first `count` hints have been read."""
    known = _read(topic.root)
    known[topic.id] = {**_of(topic.id, known), "hints": count}
    _write(known, topic.root)
