"""The page of a run: the picture first, what has changed, then the tables and all they depend on."""

from collections.abc import Iterator, Sequence

from graders.kit import page
from graders.kit.bench import words
from graders.kit.bench.chart import chart
from graders.kit.bench.record import Run
from graders.kit.bench.table import COLUMNS, NUMBERS, row
from graders.kit.bench.workload import title
from graders.kit.report import clean


def document(run: Run, compared: str, changes: Sequence[tuple[str, str]]) -> str:
    """The whole page; `compared` and `changes` are empty when nothing was compared."""
    return page.page(f"Bench: {run.topic}", _body(run, compared, changes))


def _body(run: Run, compared: str, changes: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield page.paragraph(f"Run of {run.when}; yours is {clean(run.impl)}.", "quiet")
    yield page.figure(
        chart(run),
        "Operations a second; longer is faster. The dashed line is where the reference's bar ends; the"
        " thin line across the end of a bar is as long as the middle half of its rounds is wide.",
    )
    if compared:
        yield page.heading("What has changed")
        yield page.paragraph(clean(compared), "quiet")
        yield page.table(["operation", "change"], [(op, clean(text)) for op, text in changes])
    for op in run.operations:
        yield page.heading(title(op))
        yield page.paragraph(run.texts.get(op, ""))
        yield page.table(COLUMNS, [row(run, op, name) for name in run.names], NUMBERS)
    yield page.heading("Who took part")
    yield page.table(["contender", "what it is"], _contenders(run))
    yield page.heading("What the figures depend on")
    yield page.table(["fact", "value"], words.facts(run.workload, run.machine))


def _contenders(run: Run) -> Iterator[tuple[str, str]]:
    yield from ((each["name"], clean(each["note"])) for each in run.contenders)
    yield from (("missing", clean(line)) for line in run.missing)
