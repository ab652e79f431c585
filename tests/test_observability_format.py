"""The official parser reads the reference's metrics as they were meant."""

import math
import random
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from solutions.services.observability import Registry

SPECIAL = (
    "\\",
    '"',
    "\n",
    "\\n",
    '"}',
    "{",
    ",",
    "=",
    " ",
    "\r",
    "\t",
    "é",
    "\u2028",
    "😀",
    "#",
    "\x00",
)


def read(registry: Registry) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """All samples as the official parser sees them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(registry.render())
        for sample in family.samples
    }


@pytest.mark.parametrize("seed", range(5))
def test_label_values_arrive(seed: int) -> None:
    """Whatever is in them."""
    dice = random.Random(seed)
    registry = Registry()
    counter = registry.counter("seen_total", "Seen.", ("a", "b"))
    values = {"".join(dice.choices(SPECIAL, k=dice.randint(0, 7))) for _ in range(40)}
    for number, value in enumerate(sorted(values)):
        counter.add(number, a=value, b="x")
    want = {
        ("seen_total", (("a", value), ("b", "x"))): float(number)
        for number, value in enumerate(sorted(values))
    }
    assert read(registry) == want


def test_families_arrive() -> None:
    """Name, help, type and samples of each kind."""
    registry = Registry()
    registry.counter("jobs_total", 'Back\\slash, new\nline, "quotes".').add(2)
    gauge = registry.gauge("depth", "Depth.", ("queue",))
    for queue, value in (("a", math.inf), ("b", -math.inf), ("c", -2.5), ("d", 1e-9)):
        gauge.set(value, queue=queue)
    registry.histogram("wait_seconds", "Waiting.", ("queue",), (0.1, 1)).observe(0.5, queue="a")
    families = {each.name: each for each in text_string_to_metric_families(registry.render())}
    kinds = {name: family.type for name, family in families.items()}
    assert kinds == {"jobs": "counter", "depth": "gauge", "wait_seconds": "histogram"}
    assert families["jobs"].documentation == 'Back\\slash, new\nline, "quotes".'
    samples = read(registry)
    assert samples["jobs_total", ()] == 2
    assert [samples["depth", (("queue", q),)] for q in "abcd"] == [math.inf, -math.inf, -2.5, 1e-9]
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in samples.items()
        if name == "wait_seconds_bucket"
    }
    assert {float(bound): value for bound, value in buckets.items()} == {0.1: 0, 1: 1, math.inf: 1}
    assert samples["wait_seconds_sum", (("queue", "a"),)] == 0.5
    assert samples["wait_seconds_count", (("queue", "a"),)] == 1


def test_no_number_is_lost() -> None:
    """NaN too."""
    registry = Registry()
    registry.gauge("g", "").set(math.nan)
    assert re.search(r"^g NaN$", registry.render(), re.MULTILINE)
    assert math.isnan(read(registry)["g", ()])
