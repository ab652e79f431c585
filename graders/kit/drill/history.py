"""Earlier drills, one row each, from what each kept of itself when it was finished."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from graders.kit.drill.prose import clock
from graders.kit.drill.score import Score
from graders.kit.drill.state import Drill
from graders.kit.drill.store import every

HEAD: Final = ("when", "topic", "minutes", "promises", "hints", "not asked", "points")
ROWS: Final = 12


def kept(score: Score) -> dict[str, Any]:
    """What a finished drill keeps for the history."""
    return {**vars(score), "points": score.points}


def rows(root: Path, *, most: int = ROWS) -> list[tuple[str, ...]]:
    """The finished drills, newest first."""
    finished = [drill for _, drill in every(root) if drill.finished is not None]
    return [_row(drill) for drill in reversed(finished[-most:])]


def _row(drill: Drill) -> tuple[str, ...]:
    data = drill.finished or {}
    return (
        when(drill.started),
        drill.topic,
        f"{clock(drill.spent)} of {drill.minutes:g}",
        f"{data.get('held', '?')} of {data.get('promises', '?')}",
        str(data.get("hints", "?")),
        str(data.get("missed", "?")),
        str(data.get("points", "?")),
    )


def when(seconds: float) -> str:
    """The day and the minute, local time."""
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M}"


def table(head: Iterable[str], listed: Iterable[Iterable[str]]) -> list[str]:
    """Rows as aligned lines of plain text."""
    lines = [list(head), *(list(row) for row in listed)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
