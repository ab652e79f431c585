"""The proof of the rule: `python -m graders.kit bench-selftest`.

The same code again and again must come out as no measurable difference in 19 of 20 tries, and the
same code made twice as slow as slower, in every operation, in 20 of 20. Several runs go on at once,
more than the machine has processors: so it is busy, whatever else it does.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Final

from graders.kit.bench.entrants import REFERENCE, YOURS, Entrant
from graders.kit.bench.figures import Ratio
from graders.kit.bench.measure import measure
from graders.kit.bench.record import Run
from graders.kit.bench.words import NONE
from graders.kit.sim import sources
from graders.kit.topics import Topic

TRIES: Final = 20
ENOUGH: Final = 19
TWICE: Final = "twice"
DOUBLED: Final = """
def _twice(method):
    def both(*arguments, **named):
        method(*arguments, **named)
        return method(*arguments, **named)
    return both


for _kind in ({kinds}):
    for _name, _value in list(vars(_kind).items()):
        if callable(_value) and not _name.startswith("_"):
            setattr(_kind, _name, _twice(_value))
"""


def prove(topic: Topic, tries: int = TRIES) -> bool:
    """Measure, print what came out, and say whether the rule holds."""
    began = time.monotonic()
    busy = (os.cpu_count() or 1) + 2
    print(f"{topic.id}: {tries + 1} runs, {busy} at a time, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="katas-selftest-") as folder:
        who = contestants(topic, Path(folder))
        with ThreadPoolExecutor(busy) as pool:
            jobs = [pool.submit(measure, topic, who, _silent) for _ in range(tries + 1)]
            runs = [job.result() for job in jobs]
    same = [_against(now, then, YOURS) for then, now in pairwise(runs)]
    slow = [_against(now, then, TWICE) for then, now in pairwise(runs)]
    right = sum(all(ratio.word == NONE for ratio in each) for each in same)
    found = sum(all(ratio.word == "slower" for ratio in each) for each in slow)
    for line in (*_lines("same code", same), *_lines("twice as slow", slow)):
        print(line)
    print(f"the same code: no measurable difference in {right} of {tries}")
    print(f"twice as slow: slower in every operation in {found} of {tries}")
    print(f"load {os.getloadavg()[0]:.1f}, {time.monotonic() - began:.0f} s")
    return right * TRIES >= ENOUGH * tries and found == tries


def contestants(topic: Topic, folder: Path) -> list[Entrant]:
    """The reference, a copy of it, and a copy whose public methods do everything twice."""
    copy, twice = (_copy(topic, folder / name) for name in ("copy", TWICE))
    kinds = "".join(f"{name}, " for name in topic.definition.implement)
    with (twice / "__init__.py").open("a", encoding="utf-8") as file:
        file.write(DOUBLED.format(kinds=kinds))
    return [
        Entrant(YOURS, str(copy)),
        Entrant(REFERENCE, "solutions"),
        Entrant(TWICE, str(twice)),
    ]


def _copy(topic: Topic, place: Path) -> Path:
    """The reference as a learner's package: it imports itself by relative names."""
    place.mkdir()
    whole = f"solutions.{topic.chapter}.{topic.name}"
    for file in [*sources(topic.solution), *(topic.root / "solutions").glob("*.py")]:
        text = file.read_text(encoding="utf-8")
        for package in (whole, "solutions"):
            text = text.replace(f"from {package} import", "from . import")
            text = text.replace(f"from {package}.", "from .")
        name = "__init__.py" if file == topic.solution else file.name
        (place / name).write_text(text, encoding="utf-8")
    return place


def _against(now: Run, then: Run, name: str) -> list[Ratio]:
    """What has become of each operation, as `--compare` reckons it."""
    pairs = [(now.ratio(op, name), then.ratio(op)) for op in now.operations]
    return [after / before for after, before in pairs if after and before]


def _lines(what: str, tries: Sequence[Sequence[Ratio]]) -> Iterator[str]:
    for number, ratios in enumerate(tries, start=1):
        texts = [f"{1 / ratio.times:5.2f} ({ratio.sees:.2f}) {ratio.word}" for ratio in ratios]
        yield f"{what:<14}{number:>3}  " + "  ".join(texts)


def _silent(_: str) -> None:
    """Nobody watches a single run."""
