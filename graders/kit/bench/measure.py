"""One run: everybody is measured now, and everything that the figures depend on is written beside them."""

import time
from collections.abc import Callable, Sequence

from graders.kit.bench import record
from graders.kit.bench.entrants import Entrant, absent
from graders.kit.bench.machine import describe
from graders.kit.bench.race import race
from graders.kit.bench.record import Run
from graders.kit.bench.workload import read_workload
from graders.kit.fingerprint import mark
from graders.kit.loading import parse
from graders.kit.topics import Topic


def measure(topic: Topic, who: Sequence[Entrant], tell: Callable[[str], None]) -> Run:
    """Measure; `tell` hears which operation is under way. The run is not kept yet."""
    workload, began = read_workload(topic), time.monotonic()
    marks = {
        "workload": workload.mark,
        "reference": mark(topic.solution),
        "yours": mark(parse(topic, who[0].spec).path),
    }
    machine = describe(topic)
    operations = race(topic, who, tell)
    return Run(
        topic=topic.id,
        when=record.stamp(topic),
        impl=who[0].spec,
        contenders=[{"name": each.name, "spec": each.spec, "note": each.note} for each in who],
        missing=list(absent(topic)),
        workload=workload.facts,
        texts={op: workload.text(op) for op in operations},
        machine=machine,
        marks=marks,
        operations=operations,
        seconds=round(time.monotonic() - began, 1),
    )
