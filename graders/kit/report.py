"""What the learner reads: the first thing to fix in full, the rest in a line each."""

from collections.abc import Iterator, Sequence
from typing import Final

from graders.kit.checks import KINDS
from graders.kit.contract import read_contract
from graders.kit.topics import ROOT
from graders.kit.verdict import Check, Verdict

URGENCY: Final = ("error", "fail", "inconclusive", "not attempted", "blocked", "not run")
WHY: Final = (
    "nothing forbids these switches: rare on today's interpreter, common on free-threaded builds"
)


def to_fix(checks: Sequence[Check]) -> list[Check]:
    """What does not pass, in the order in which to look at it: what is wrong before what is missing."""
    return sorted((check for check in checks if check.verdict.word != "pass"), key=_order)


def first_to_fix(checks: Sequence[Check]) -> Check:
    """Where to begin; IndexError if all pass."""
    return to_fix(checks)[0]


def _order(check: Check) -> tuple[int, int, int]:
    """The simple before the involved."""
    number = min(int(promise[1:]) for promise in check.promises)
    return URGENCY.index(check.verdict.word), KINDS.index(check.kind), number


def explain(check: Check, *, in_process: bool = False) -> Iterator[str]:
    """One failed check, in the order in which it is understood."""
    verdict = check.verdict
    yield f"{verdict.word.upper()}  {check.name}  ({', '.join(check.promises)}, {check.kind})"
    yield f"  what was done    {check.text}"
    if verdict.did:
        yield f"                   {clean(verdict.did)}"
    for promise in check.promises:
        yield f"  what must hold   {promise}: {promise_text(check.topic, promise)}"
    if verdict.want:
        yield f"  expected         {clean(verdict.want)}"
    if verdict.got:
        yield f"  what came back   {clean(verdict.got)}"
    if verdict.where:
        yield f"  where            {clean(verdict.where)}"
    yield from _story(verdict)
    impl = "" if check.impl == "exercises" else f" --impl {check.impl}"
    replay = (
        f" --replay {verdict.token}" if verdict.token.rpartition(":")[2] not in {"", "-"} else ""
    )
    yield f"  run it again     nox -s grade -- {check.topic}{impl} --check {check.name}{replay}"
    if in_process:
        yield "  (in process: not a graded run)"


def _story(verdict: Verdict) -> Iterator[str]:
    if verdict.story:
        yield "  the story"
        yield from (f"    {clean(line)}" for line in verdict.story.splitlines())
    if verdict.token.rpartition(":")[2] not in {"", "-"}:
        yield f"  why it counts    {WHY}"


def promise_text(topic: str, promise: str) -> str:
    """The sentence of a promise."""
    if promise == "P0":
        return "The module loads and has the shape of the contract."
    return read_contract(ROOT / "contracts" / f"{topic}.py").promises.get(
        promise, "(unknown promise)"
    )


def clean(text: str) -> str:
    """Learner text made harmless for a terminal: control characters, lone surrogates and long lines."""
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in safe)
    return safe if len(safe) <= 400 else f"{safe[:380]} … ({len(safe):,} characters)"
