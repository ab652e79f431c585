"""docs/mutation.md: a row for each topic, and what lives with its reason.

A run over some topics replaces their rows; the others stay, each with the day on which it was measured.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from graders.kit.mutation import Score, survivors
from graders.kit.topics import ROOT, Topic, discover

PLACE: Final = ROOT / "docs" / "mutation.md"
HEAD: Final = """\
# Mutation score of the references

Made by `nox -s mutants`. A mutant is the reference with one small change: a lock left out, a comparison turned, a
constant off by one, a statement missing. The grader has to notice it; what lives is a hole in the checks, or changes
nothing that is promised.

| topic | mutants | killed | alive, explained | alive, not explained | measured on |
| --- | ---: | ---: | ---: | ---: | --- |
"""
_ROW: Final = re.compile(r"\| (\w+/\w+) \|.*\|")


def write(found: Sequence[Score], path: Path = PLACE) -> None:
    """Put the rows of `found` into the table, and the reasons below it."""
    fresh = {**rows(path), **{score.topic.id: _row(score) for score in found}}
    topics = [topic for topic in discover() if topic.id in fresh]
    table = "\n".join(fresh[topic.id] for topic in topics)
    path.write_text(f"{HEAD}{table}\n\n{_reasons(topics)}", encoding="utf-8")


def rows(path: Path = PLACE) -> dict[str, str]:
    """The rows of the table as it stands, by topic."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return {found[1]: found[0] for found in _ROW.finditer(text)}


def _row(score: Score) -> str:
    unexplained = len(score.alive) - score.explained
    cells = (
        score.topic.id,
        score.mutants,
        f"{score.percent:.1f} %",
        score.explained,
        unexplained,
        f"{datetime.now(UTC):%Y-%m-%d}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _reasons(topics: Sequence[Topic]) -> str:
    return "\n".join(["## What lives, and why", "", *_lines(topics)]) + "\n"


def _lines(topics: Sequence[Topic]) -> Iterator[str]:
    for topic in topics:
        if reasons := survivors(topic):
            yield f"**{topic.id}**\n"
            yield from (f"- `{name}`: {why}" for name, why in reasons.items())
            yield ""
