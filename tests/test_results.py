"""results.json while a run goes on: soon true, whole at every moment, and complete in the end."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from graders.kit import results
from graders.kit.results import Results
from graders.kit.verdict import Check


def words(path: Path) -> list[str]:
    """What the file says of each check."""
    return [check["word"] for check in json.loads(path.read_text(encoding="utf-8"))["checks"]]


@pytest.fixture
def checks() -> list[Check]:
    """Three that have not run."""
    return [Check(f"t.py::c{n}", "a/b", f"c{n}", ("P1",), "behaviour", "", "x") for n in range(3)]


def test_the_file_is_written_anew_as_checks_end(
    checks: list[Check], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most once in a pause, with the next look after it, and in any case in the end."""
    now = [50.0]
    monkeypatch.setattr(results, "time", SimpleNamespace(monotonic=lambda: now[0]))
    path = tmp_path / "results.json"
    file = Results("solutions", checks, str(path))
    assert words(path) == ["not run"] * 3
    for check in checks:
        check.verdict.word = "pass"
    file.record(checks[0])
    assert words(path) == ["not run"] * 3
    now[0] += 2 * results.PAUSE
    file.save()
    assert words(path) == ["pass", "not run", "not run"]
    now[0] += 2 * results.PAUSE
    file.record(checks[1])
    assert words(path) == ["pass", "pass", "not run"]
    file.record(checks[2])
    file.save(at_once=True)
    assert words(path) == ["pass"] * 3
