"""The scorecard as a page that stands by itself."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from graders.kit import page
from graders.kit.drill.card import Card
from graders.kit.drill.chart import CAPTION, timeline
from graders.kit.drill.history import HEAD
from graders.kit.drill.prose import Block, blocks, clock
from graders.kit.drill.score import RULE
from graders.kit.interview import Question


def html(card: Card) -> str:
    """The whole page."""
    return page.page(f"Scorecard: {card.drill.title}", _body(card))


def _body(card: Card) -> Iterator[str]:
    yield page.paragraph(f"{card.drill.topic}, {card.drill.level}. {card.facts}", "quiet")
    yield page.heading(f"{card.score.points} of 100 points")
    sums = [(what, str(points)) for what, points in card.sum]
    yield page.table(["what", "points"], sums, numbers=[1])
    yield page.paragraph(RULE, "quiet")
    yield page.heading("When each promise first held")
    yield page.figure(timeline(card), CAPTION)
    yield page.table(["", "first", "in the end", "what must hold"], _promises(card))
    yield page.heading("Checks by kind")
    yield from _kinds(card)
    yield page.heading("Time for the same work, beside the reference")
    yield from _speed(card)
    yield from _list("Hints used", [f"{clock(at)} {plain(hint)}" for at, hint in card.hints])
    yield page.heading("Questions you never asked")
    yield from _questions(card.missed)
    yield page.heading("Changes of requirements")
    for at, change in card.changes:
        yield page.paragraph(f"{'not reached' if at is None else clock(at)}: {plain(change)}")
    yield page.heading("The seven steps")
    yield from _steps(card)
    yield page.heading("Follow-up questions")
    yield from _questions(card.follow_ups)
    yield page.heading("Mistakes everybody makes")
    yield from prose(card.mistakes)
    yield page.heading("Earlier drills, and this one")
    yield page.table(HEAD, card.history)


def _promises(card: Card) -> Iterator[tuple[str, str, str, str]]:
    for each in card.promises:
        first = "never" if each.first is None else clock(each.first)
        yield each.name, first, "holds" if each.holds else "open", plain(each.text)


def _kinds(card: Card) -> Iterator[str]:
    if card.grade is None:
        yield page.paragraph("Nothing was graded in time.")
        return
    kinds = [(kind, f"{good} of {of}") for kind, (good, of) in card.grade.kinds.items()]
    yield page.table(["kind", "pass"], kinds, numbers=[1])
    yield page.paragraph(f"Graded at {clock(card.grade.elapsed)}.", "quiet")
    if card.grade.open_checks:
        yield page.listing(card.grade.open_checks)


def _speed(card: Card) -> Iterator[str]:
    if card.speed.workloads:
        rows = [(each.name, each.words) for each in card.speed.workloads]
        yield page.table(["workload", "yours"], rows)
    else:
        yield page.paragraph(card.speed.lines()[0])


def _list(name: str, items: list[str]) -> Iterator[str]:
    yield page.heading(name)
    yield page.listing(items) if items else page.paragraph("None.")


def _questions(questions: Iterable[Question]) -> Iterator[str]:
    asked = list(questions)
    if not asked:
        yield page.paragraph("None.")
    for each in asked:
        yield page.paragraph(plain(each.question), "question")
        yield page.paragraph(plain(each.answer))


def _steps(card: Card) -> Iterator[str]:
    for step in card.steps:
        rating = f" Yours: {step.rating}." if step.rating else ""
        yield page.paragraph(f"{step.name}.{rating}", "question")
        yield from prose(step.text)


def prose(markdown: str) -> Iterator[str]:
    """The Markdown of a brief as parts of a page."""
    for kind, group in groupby(blocks(markdown), key=lambda block: block.kind):
        together = list(group)
        if kind == "item":
            yield page.listing(plain(block.text) for block in together)
        elif kind == "code":
            yield page.preformatted("\n".join(block.text for block in together))
        else:
            yield from (page.paragraph(plain(block.text), _class(block)) for block in together)


def _class(block: Block) -> str:
    return "question" if block.kind == "heading" else ""


def plain(markdown: str) -> str:
    """The text without the marks of emphasis and code."""
    return markdown.replace("**", "").replace("`", "")
