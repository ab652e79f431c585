"""What a learner sees is what was agreed; ``python -m tests.golden`` writes the transcripts anew."""

from pathlib import Path

import pytest

from tests.golden.transcripts import CASES, play

WANTED = {
    "all_green", "deadlock", "failing_behaviour", "fresh_stub", "hang", "missing_method", "race", "syntax_error",
}  # fmt: skip


def test_every_case_is_there() -> None:
    """The situations that a learner meets."""
    assert {case.name for case in CASES} == WANTED


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_transcript(case: Path, tmp_path: Path) -> None:
    """Word for word, but for seconds and folders."""
    agreed = (case / "transcript.txt").read_text(encoding="utf-8")
    assert play(case, tmp_path) == agreed
    assert len(agreed.splitlines()) <= 45
