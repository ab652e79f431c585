"""The picture of a run, as SVG: for each operation a bar for each contender, as long as it is fast."""

from collections.abc import Iterator
from html import escape
from typing import Final

from graders.kit.bench import words
from graders.kit.bench.entrants import REFERENCE, YOURS
from graders.kit.bench.figures import spread
from graders.kit.bench.record import Run
from graders.kit.bench.workload import title
from graders.kit.page import drawing
from graders.kit.report import clean

WIDTH: Final = 380
BAR: Final = 12
ROW: Final = 36
HEAD: Final = 34
KINDS: Final = {YOURS: "yours", REFERENCE: "reference"}


def chart(run: Run, *, alone: bool = False) -> str:
    """The drawing; with `alone` it carries its own style, for a file of its own."""
    parts: list[str] = []
    top = 0
    for op in run.operations:
        parts += _operation(run, op, top)
        top += HEAD + ROW * len(run.names)
    return drawing(WIDTH, top + 4, parts, f"Operations a second: {run.topic}", alone=alone)


def _operation(run: Run, op: str, top: int) -> Iterator[str]:
    yield f'<text x="0" y="{top + 22}" class="head">{escape(title(op))}</text>'
    rates = {name: _rate(run, op, name) for name in run.names}
    most = max((value for value, _ in rates.values()), default=0) or 1
    scale = WIDTH * 0.9 / (most * (1 + max(_shown(wide) for _, wide in rates.values())))
    for place, name in enumerate(run.names):
        y = top + HEAD + place * ROW
        yield from _bar(run, op, name, y, scale)
        yield _tick(rates.get(REFERENCE, (0.0, 0.0))[0] * scale, y)


def _bar(run: Run, op: str, name: str, y: int, scale: float) -> Iterator[str]:
    value, wide = _rate(run, op, name)
    against = run.ratio(op, name)
    ratio = f" ({words.times(against.times)})" if against and name != REFERENCE else ""
    text = f"{words.number(value)}/s{ratio}" if value else _why(run, op, name)
    yield f'<text x="0" y="{y + 10}">{escape(clean(name))}</text>'
    yield f'<text x="{WIDTH}" y="{y + 10}" class="quiet end">{escape(text)}</text>'
    if not value:
        return
    kind = KINDS.get(name, "bar")
    yield f'<rect x="0" y="{y + 15}" width="{value * scale:.1f}" height="{BAR}" class="{kind}"/>'
    low, high = (value * scale * (1 + sign * _shown(wide)) for sign in (-1, 1))
    middle = y + 15 + BAR / 2
    yield f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" class="whisker"/>'


def _tick(x: float, y: int) -> str:
    """Where the reference's bar ends; beside the bars only, so that it crosses no text."""
    if not x:
        return ""
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + 13}" y2="{y + BAR + 17}" class="mark"/>'


def _rate(run: Run, op: str, name: str) -> tuple[float, float]:
    said = run.operations[op][name]
    if "failed" in said:
        return 0.0, 0.0
    return run.rate(op, name), spread(said["rounds"])


def _why(run: Run, op: str, name: str) -> str:
    word = str(run.operations[op][name]["failed"])
    return {"stopped": "stopped", "not attempted": "not attempted"}.get(word, "error")


def _shown(wide: float) -> float:
    """A whisker no longer than its bar."""
    return min(wide, 0.9)
