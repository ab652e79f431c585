"""What the last change did: the ratio to the reference then and now, in words.

A machine is faster today than yesterday; the reference, measured in both runs, takes that out.
"""

from collections.abc import Iterator
from typing import Final

from graders.kit.bench import words
from graders.kit.bench.entrants import YOURS
from graders.kit.bench.record import Run
from graders.kit.bench.workload import title

SAME: Final = {"workload": "the bench file", "reference": "the reference"}
PLACE: Final = ("machine", "python")


def incomparable(now: Run, then: Run) -> str:
    """Why the two say nothing about each other; "" if they do."""
    for name, what in SAME.items():
        if now.marks[name] != then.marks[name]:
            return f"{what} has changed since: measure once more, then change something"
    for name in PLACE:
        if now.machine.get(name) != then.machine.get(name):
            return f"it was made on {then.machine.get(name)}, this one on {now.machine.get(name)}"
    return ""


def headline(now: Run, then: Run) -> str:
    """Which two runs are compared."""
    code = "the same code" if now.marks["yours"] == then.marks["yours"] else "other code"
    return f"This run ({now.impl}) against the run of {then.when} ({then.impl}, {code})"


def changes(now: Run, then: Run) -> Iterator[tuple[str, str]]:
    """Yield each operation of this run and what has become of it."""
    if why := incomparable(now, then):
        yield "not compared", why
        return
    for op in now.operations:
        yield title(op), _change(now, then, op)


def _change(now: Run, then: Run, op: str) -> str:
    after, before = now.ratio(op), then.ratio(op)
    if after is None or before is None:
        which = "this run" if after is None else "the earlier run"
        said = (now if after is None else then).operations.get(op, {}).get(YOURS, {})
        return f"no figure in {which} ({said.get('failed', 'the reference failed')})"
    return words.change(after / before)
