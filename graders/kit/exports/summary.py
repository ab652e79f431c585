"""A Markdown summary for a pull request or a step of a workflow: a table, then the first thing to fix of each topic."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from graders.kit.report import explain, first_to_fix
from graders.kit.verdict import Check


def summary(checks: Sequence[Check]) -> str:
    """The whole text. What a learner's code said stands in indented blocks, where Markdown means nothing."""
    topics = [(topic, list(group)) for topic, group in groupby(checks, key=lambda c: c.topic)]
    lines = ["# Graded", "", "| topic | checks that pass | promises that hold | state |"]
    lines += ["| --- | --- | --- | --- |", *(_row(topic, mine) for topic, mine in topics)]
    for topic, mine in topics:
        lines += _first(topic, mine)
    return "\n".join(lines) + "\n"


def _row(topic: str, checks: Sequence[Check]) -> str:
    passed = sum(check.verdict.word == "pass" for check in checks)
    promises = {promise for check in checks for promise in check.promises}
    broken = {p for check in checks if check.verdict.word != "pass" for p in check.promises}
    state = "green" if passed == len(checks) else first_to_fix(checks).verdict.word
    held = f"{len(promises - broken)} of {len(promises)}"
    return f"| {topic} | {passed} of {len(checks)} | {held} | {state} |"


def _first(topic: str, checks: Sequence[Check]) -> Iterator[str]:
    words = {check.verdict.word for check in checks}
    if words <= {"pass", "not attempted", "blocked"} and "fail" not in words:
        return
    yield ""
    yield f"## {topic}: the first thing to fix"
    yield ""
    yield from (f"    {line}" for line in explain(first_to_fix(checks)))
