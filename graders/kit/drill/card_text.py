"""The scorecard for a terminal: plain text, 80 columns."""

from collections.abc import Iterator

from graders.kit.drill.card import Card
from graders.kit.drill.history import HEAD, table
from graders.kit.drill.prose import clock, fill, short, wrapped
from graders.kit.drill.score import RULE
from graders.kit.interview import Question

NEVER = "-"
MOST_OPEN = 8


def text(card: Card) -> str:
    """The whole scorecard."""
    return "\n".join(_lines(card))


def _lines(card: Card) -> Iterator[str]:
    yield f"Scorecard: {card.drill.title} ({card.drill.topic}), {card.drill.level}"
    yield card.facts
    yield from _section("Points", _points(card))
    yield from _section("When each promise first held (minutes:seconds)", _promises(card))
    yield from _section("Checks by kind", _kinds(card))
    yield from _section("Time for the same work, beside the reference", card.speed.lines())
    yield from _section("Hints used", [_at(at, hint) for at, hint in card.hints])
    yield from _section("Questions you never asked", _questions(card.missed))
    yield from _section(
        "Changes of requirements", [_at(at, change, "not reached") for at, change in card.changes]
    )
    yield from _section("The seven steps, as you see yourself", _steps(card))
    yield from _section("Follow-up questions", _questions(card.follow_ups))
    yield from _section("Mistakes everybody makes", wrapped(card.mistakes).split("\n"))
    yield from _section("Earlier drills, and this one", table(HEAD, card.history))


def _section(name: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield name
    for line in lines or ["none"]:
        yield from (f"  {each}".rstrip() for each in line.split("\n"))


def _points(card: Card) -> list[str]:
    rows = [(what, f"{points:>4}") for what, points in card.sum]
    total = ("points", f"{card.score.points:>4} of 100")
    return [*(f"{what:<36}{points}" for what, points in [*rows, total]), fill(RULE)]


def _promises(card: Card) -> list[str]:
    lines = []
    for each in card.promises:
        first = NEVER if each.first is None else clock(each.first)
        state = "holds" if each.holds else "open" if each.first is None else "lost"
        lines.append(f"{each.name:<5}{first:>7}  {state:<6} {short(each.text, 56)}")
    return lines


def _kinds(card: Card) -> list[str]:
    if card.grade is None:
        return ["nothing was graded in time"]
    lines = [
        f"{kind:<14}{passed:>3} of {of} pass" for kind, (passed, of) in card.grade.kinds.items()
    ]
    open_checks = [f"- {short(line, 74)}" for line in card.grade.open_checks[:MOST_OPEN]]
    if len(card.grade.open_checks) > MOST_OPEN:
        open_checks.append("- ... more of them are on the page")
    return [*lines, f"graded at {clock(card.grade.elapsed)}", *open_checks]


def _at(at: float | None, what: str, otherwise: str = "") -> str:
    moment = otherwise if at is None else clock(at)
    return fill(what, f"{moment:>5}  ")


def _questions(questions: tuple[Question, ...]) -> list[str]:
    return [f"{fill(each.question, '- ')}\n{fill(each.answer, '  ')}" for each in questions]


def _steps(card: Card) -> list[str]:
    lines = [f"{step.name:<24}{step.rating or NEVER}" for step in card.steps]
    if not card.drill.steps:
        lines.append("judge yourself: nox -s drill -- assess 2 1 0 ... (0 no, 1 partly, 2 well)")
    return lines
