"""Histograms: buckets, and what one scrape shows."""

import random
import re

from contracts.services.observability import DURATION_BUCKETS, Registry
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate

BUCKET = re.compile(r'h_bucket\{.*?le="([^"]+)".*?\} (\S+)')


def read(registry: Registry, labels: str = "") -> tuple[list[tuple[float, float]], float, float]:
    """The buckets of the histogram h, its sum and its count."""
    text = registry.render()
    buckets = [(float(bound), float(count)) for bound, count in BUCKET.findall(text)]
    numbers = [
        re.findall(rf"^h_{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)
        for name in ("sum", "count")
    ]
    ensure(
        all(len(found) == 1 for found in numbers),
        did="a histogram h was rendered: lines h_sum and h_count",
        want="one of each",
        got=text,
    )
    return buckets, float(numbers[0][0]), float(numbers[1][0])


@check("P2", kind="behaviour")
def test_buckets_are_cumulative_and_inclusive(impl: Implementation) -> None:
    """Values below, at and above the bounds are observed."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        histogram = registry.histogram("h", "Help.", (), [-1, 0.5, 2])
        inf = float("inf")
        want = [(-1.0, 0.0), (0.5, 0.0), (2.0, 0.0), (inf, 0.0)], 0.0, 0.0
        equal(read(registry), want, did="buckets -1, 0.5, 2: nothing observed")
        for value in (-1, 0.5, 0.5, 0.75, 2, 2.25, -8):
            histogram.observe(value)
        want = [(-1.0, 2.0), (0.5, 4.0), (2.0, 6.0), (inf, 7.0)], -3.0, 7.0
        did = "buckets -1, 0.5, 2: observed -1, 0.5, 0.5, 0.75, 2, 2.25, -8: buckets, sum, count"
        equal(read(registry), want, did=did)

    simulate(scene)


@check("P2", kind="behaviour")
def test_default_buckets(impl: Implementation) -> None:
    """A histogram is declared without buckets; another one has the labels of two clients."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        registry.histogram("h", "Help.").observe(0.25)
        buckets, total, count = read(registry)
        want = [(bound, float(bound >= 0.25)) for bound in DURATION_BUCKETS]
        did = "declared without buckets, then observed 0.25: "
        equal(buckets, [*want, (float("inf"), 1.0)], did=did + "buckets")
        equal((total, count), (0.25, 1.0), did=did + "sum and count")
        registry = impl.Registry()
        histogram = registry.histogram("h", "", ("client",), (1,))
        histogram.observe(0.5, client="a")
        histogram.observe(4, client="b")
        text = registry.render()
        counts = re.findall(r'h_count\{client="(.)"\} (\d)', text)
        equal(sorted(counts), [("a", "1"), ("b", "1")], did="two clients observed one value each")
        equal(text.count("h_bucket"), 4, did="two clients, buckets 1 and +Inf: lines of buckets")

    simulate(scene)


@check("P2", kind="behaviour")
def test_buckets_against_a_model(impl: Implementation) -> None:
    """Values from seed 7, many of them at a bound, are observed and counted by hand."""

    def scene(sim: Sim) -> None:
        dice = random.Random(7)
        for round_ in range(6):
            bounds = sorted(dice.sample(range(-20, 20), dice.randint(1, 6)))
            registry = impl.Registry()
            histogram = registry.histogram("h", "", (), bounds)
            values = [dice.choice([*bounds, dice.randint(-25, 25) + 0.5]) for _ in range(20)]
            for value in values:
                histogram.observe(value)
            buckets = [(float(b), float(sum(v <= b for v in values))) for b in bounds]
            want = [*buckets, (float("inf"), 20.0)], float(sum(values)), 20.0
            did = f"seed 7, round {round_}: buckets {bounds}, observed {values}"
            equal(read(registry), want, did=did)

    simulate(scene)


@check("P2", kind="concurrency")
def test_a_scrape_shows_one_instant(impl: Implementation) -> None:
    """One thread observes 4 and then 4 again, while another one scrapes."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        histogram = registry.histogram("h", "", (), (1, 8))

        def observe() -> None:
            histogram.observe(4)
            histogram.observe(4)

        _, got = sim.together(observe, lambda: read(registry))
        assert got is not None
        buckets, total, count = got
        did = "4 is observed twice during a scrape, which shows: "
        bounds = dict(buckets)
        equal(bounds[float("inf")], count, did=did + "the bucket +Inf and the count")
        equal(bounds[8.0], count, did=did + "the bucket 8 and the count")
        equal(bounds[1.0], 0.0, did=did + "the bucket 1")
        equal(total, 4 * count, did=f"{did}the sum, the count being {count}")

    explore(scene, schedules=200)
