"""The referee: everybody runs one short round of an operation before anybody runs the next, in shuffled order.

One process runs at a time. So whatever else the machine does falls on all of them alike.
"""

import contextlib
import itertools
import os
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from graders.kit.bench.entrants import Entrant
from graders.kit.bench.racer import Racer
from graders.kit.mistakes import Mistake
from graders.kit.topics import Topic

PROCESSES: Final = max(1, int(os.environ.get("KATAS_BENCH_PROCESSES", "3")))
"""Of each contender."""
Outcomes = dict[str, dict[str, dict[str, Any]]]
"""By operation, then by contender: what it said."""


def race(topic: Topic, entrants: Sequence[Entrant], tell: Callable[[str], None]) -> Outcomes:
    """Measure everybody; `tell` hears which operation is under way."""
    with (
        tempfile.TemporaryDirectory(prefix="katas-bench-") as scratch,
        contextlib.ExitStack() as ends,
    ):
        racers = []
        for entrant in [*entrants] * PROCESSES:
            racers.append(Racer(topic, entrant, Path(scratch)))
            ends.callback(racers[-1].end)
        tell("loading")
        ops = max((racer.know_ops() for racer in racers), key=len)
        if not ops:
            why = next(iter(racers[-1].said.values()), {}).get("why", "it is empty")
            raise Mistake(f"the bench of {topic.id} cannot be run: {why}")
        for op in ops:
            tell(op)
            _operation(op, racers)
        each = {who.name: [racer for racer in racers if racer.entrant == who] for who in entrants}
        return {
            op: {name: _joined([racer.said[op] for racer in both]) for name, both in each.items()}
            for op in ops
        }


def _joined(said: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the processes of one contender said: one that has no figures speaks for all."""
    for words in said:
        if "failed" in words:
            return dict(words)
    rounds = [words["seconds"] for words in said]
    kept = {name: value for name, value in said[0].items() if name != "seconds"}
    return {**kept, "rounds": rounds}


def _operation(op: str, racers: Sequence[Racer]) -> None:
    running = [racer for racer in racers if racer.reaches(op)]
    for number in itertools.count():
        random.shuffle(running)
        running = [racer for racer in running if racer.go(op, number)]
        if not running:
            break
