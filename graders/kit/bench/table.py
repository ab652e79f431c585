"""The tables of a run in the terminal: one for each operation. No box, and colour on a terminal only."""

from collections.abc import Iterator
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from graders.kit.bench import words
from graders.kit.bench.entrants import REFERENCE, YOURS
from graders.kit.bench.figures import spread
from graders.kit.bench.record import Run, failures
from graders.kit.bench.workload import title
from graders.kit.report import clean

COLUMNS: Final = ("contender", "ops/s", "ratio", "spread", "against the reference")
NUMBERS: Final = (1, 2, 3)
STYLES: Final = {"faster": "green", "slower": "red"}


def show(terminal: Console, part: RenderableType) -> None:
    """Print a part without the blanks that fill its lines."""
    with terminal.capture() as got:
        terminal.print(part)
    print("\n".join(line.rstrip() for line in got.get().splitlines()), file=terminal.file)


def console() -> Console:
    """A terminal that takes text as text; 80 columns where there is none."""
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=False)


def row(run: Run, op: str, name: str) -> tuple[str, str, str, str, str]:
    """The cells of one contender: text, the same in the terminal and on the page."""
    said = run.operations[op][name]
    if "failed" in said:
        return (name, "-", "-", "-", clean(dict(failures({name: said}))[name]))
    against = run.ratio(op, name)
    return (
        name,
        words.number(run.rate(op, name)),
        words.times(against.times) if against else "-",
        words.percent(spread(said["rounds"])),
        words.verdict(against) if against and name != REFERENCE else "",
    )


def tables(run: Run) -> Iterator[RenderableType]:
    """Everything that a run has to say, in the order of reading."""
    for op in run.operations:
        yield Text(f"\n{title(op)}: {run.texts.get(op, '')}", style="bold")
        yield Padding(_table(run, op), (0, 0, 0, 2))
    yield Text()
    yield _notes(run)


def _table(run: Run, op: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="none")
    for place, head in enumerate(COLUMNS):
        table.add_column(head, justify="right" if place in NUMBERS else "left", no_wrap=place < 4)
    for name in run.names:
        cells = row(run, op, name)
        last = Text(cells[-1], style=STYLES.get(cells[-1], ""))
        style = "bold" if name == YOURS else ""
        table.add_row(*(Text(cell, style=style) for cell in cells[:-1]), last)
    return table


def _notes(run: Run) -> RenderableType:
    """Who took part, who is missing, and what the figures depend on."""
    pairs = [(each["name"], each["note"]) for each in run.contenders]
    pairs += [("Missing", line) for line in run.missing]
    return Group(_pairs(pairs), Text(), _pairs(list(words.facts(run.workload, run.machine))))


def _pairs(pairs: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=10, max_width=20)
    table.add_column()
    for label, text in pairs:
        table.add_row(Text(label), Text(clean(text)))
    return table
