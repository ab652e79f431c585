"""`--report FOLDER`: the outcome of a graded run for other programs, whole whatever dies.

Written when all checks are known ("not run"), and anew at the end: `results.json` (ours, see `results.schema.json`),
`junit.xml`, `summary.md`, `gradescope/results.json`.
"""

from pathlib import Path
from typing import Final

import pytest

from graders.kit.exports.gradescope import gradescope
from graders.kit.exports.junit import junit
from graders.kit.exports.summary import summary
from graders.kit.plugin import KEY

FILES: Final = ("results.json", "junit.xml", "summary.md", "gradescope/results.json")


class Exports:
    """A pytest plugin that writes the files of one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Every check is known: from now on a report is there."""
        self._write(session)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """The verdicts."""
        self._write(session)

    def _write(self, session: pytest.Session) -> None:
        grading = session.config.stash[KEY]
        checks = list(grading.checks.values())
        if grading.results is None:
            return
        texts = (grading.results.text(), junit(checks), summary(checks), gradescope(checks))
        for name, text in zip(FILES, texts, strict=True):
            _replace(self._folder / name, text)


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.tmp")
    new.write_text(text, encoding="utf-8", errors="backslashreplace")
    new.replace(path)
