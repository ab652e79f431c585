"""The time line of a drill as a drawing: a bar for each promise while it held."""

from collections.abc import Iterator
from html import escape
from typing import Final

from graders.kit.drill.card import Card, PromiseLine
from graders.kit.drill.prose import clock

LEFT, RIGHT, ROW, TOP, WIDTH = 36.0, 390.0, 18.0, 22.0, 400
CAPTION: Final = (
    "Bars: while a promise held, from grade to grade; coloured those that held in the end, grey those lost again. "
    "Lines: h a hint, c a change of requirements, the last one the end of the time."
)


def timeline(card: Card) -> str:
    """The drawing as SVG, 400 units wide; its colours are the page's."""
    height = TOP + ROW * len(card.promises) + 24
    return (
        f'<svg class="narrow" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'aria-label="When each promise held">{"".join(_parts(card, height - 20))}</svg>'
    )


def _parts(card: Card, bottom: float) -> Iterator[str]:
    longest = max(card.drill.spent, card.drill.limit, 1.0)
    marks = [(at, "h") for at in card.drill.hints] + [(at, "c") for at in card.drill.changes]
    for at, letter in [*marks, (card.drill.limit, "")]:
        x = _x(at, longest)
        yield f'<line class="line" x1="{x}" y1="16" x2="{x}" y2="{bottom:g}"/>'
        yield f'<text class="quiet" x="{x}" y="12" text-anchor="middle">{letter}</text>'
    for row, promise in enumerate(card.promises):
        yield from _row(promise, TOP + ROW * row, longest)
    yield f'<text class="quiet" x="{LEFT:g}" y="{bottom + 16:g}">0:00</text>'
    end = escape(clock(longest))
    yield f'<text class="quiet" x="{RIGHT:g}" y="{bottom + 16:g}" text-anchor="end">{end}</text>'


def _row(promise: PromiseLine, y: float, longest: float) -> Iterator[str]:
    yield f'<text x="0" y="{y + 12:g}">{escape(promise.name)}</text>'
    yield f'<line class="line" x1="{LEFT:g}" y1="{y + 8:g}" x2="{RIGHT:g}" y2="{y + 8:g}"/>'
    for start, end in promise.spans:
        x = _x(start, longest)
        width = max(2.0, float(_x(end, longest)) - float(x))
        kind = "yours" if promise.holds else "bar"
        yield f'<rect class="{kind}" x="{x}" y="{y + 3:g}" width="{width:g}" height="10" rx="2"/>'


def _x(seconds: float, longest: float) -> str:
    return f"{LEFT + (RIGHT - LEFT) * seconds / longest:.1f}"
