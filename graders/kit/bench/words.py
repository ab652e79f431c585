"""Figures as people read them, the same in the terminal and on the page."""

import math
from collections.abc import Iterator, Mapping
from typing import Final

from graders.kit.bench import clock, race, turns
from graders.kit.bench.figures import CAUTION, SMALLEST, Ratio

NONE: Final = "no measurable difference"
LABELS: Final = {
    "machine": "Machine",
    "system": "System",
    "load": "Load",
    "python": "Python",
    "libraries": "Versions",
}
SLEEP: Final = " and, in a process of one thread, the time asleep"
TIME: Final = "CPU time of all threads of the process{sleep}; garbage collection is off"
ROUNDS: Final = (
    "{most} of {round:.0f} ms or more, at least {fewest} of a slow one; each contender in {processes} processes"
    " of its own, all of them run one round in shuffled order, then the next{pins}"
)
PINS: Final = "; those of one thread on the same processor, by turns"
RATIO: Final = (
    "ops/s against the reference, median over the rounds and over the processes; more than 1 is"
    " faster. ops/s of the reference is that of its round in the middle, that of the others follows from the ratio"
)
SPREAD: Final = "half of a contender's rounds lie that near its round in the middle"
DIFFERENCE: Final = "no measurable one if under {smallest:.0f} %, or under {caution:.0f} times the noise of the ratio"


def number(value: float) -> str:
    """A rate with three digits that count: 1,230,000."""
    if value <= 0 or not math.isfinite(value):
        return "-"
    places = 2 - math.floor(math.log10(value))
    return f"{round(value, places):,.{max(0, places)}f}"


def times(value: float) -> str:
    """A ratio: 0.004x, 0.31x, 1.00x, 12.5x, 1,270x."""
    return f"{number(value)}x" if value < 0.095 or value >= 9.995 else f"{value:.2f}x"


def percent(fraction: float) -> str:
    """A share of the value, both ways: ±3 %."""
    return f"±{fraction * 100:.0f} %" if math.isfinite(fraction) else "-"


def verdict(ratio: Ratio) -> str:
    """What a ratio says in words."""
    return ratio.word + (f" (<{margin(ratio)})" if ratio.word == NONE else "")


def margin(ratio: Ratio) -> str:
    """The smallest difference that would have been called one: 18 %, or 2.3x."""
    more = min(ratio.sees, 1000.0)
    return f"{more * 100 - 100:.0f} %" if more < 2 else f"{more:.1f}x"


def change(ratio: Ratio) -> str:
    """What a change did, in words."""
    if ratio.word == NONE:
        noisy = ": too noisy, measure both again" if ratio.sees > 2 else ""
        return f"{NONE} (under {margin(ratio)}{noisy})"
    longer = times(1 / ratio.times).removesuffix("x")
    return f"{ratio.word}: takes {longer} times as long as before"


def manner() -> Iterator[tuple[str, str]]:
    """How it was measured: label and text."""
    yield "Time", TIME.format(sleep=SLEEP if clock.SLEEP_COUNTS else "")
    yield (
        "Rounds",
        ROUNDS.format(
            most=turns.ROUNDS,
            round=turns.ROUND * 1000,
            fewest=turns.FEWEST,
            processes=race.PROCESSES,
            pins=PINS if clock.PINS else "",
        ),
    )
    yield "Ratio", RATIO
    yield "Spread", SPREAD
    smallest = math.exp(SMALLEST) * 100 - 100
    yield "Difference", DIFFERENCE.format(smallest=smallest, caution=CAUTION)
    yield "Hashes", "PYTHONHASHSEED=0 for everybody"


def facts(workload: Mapping[str, str], machine: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Everything that a figure depends on: label and text."""
    yield from workload.items()
    yield from manner()
    yield from ((label, machine[name]) for name, label in LABELS.items() if name in machine)
