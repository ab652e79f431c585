"""Metrics: what is counted, alone and by several threads."""

import math
import re
from collections.abc import Callable

from contracts.services.observability import Registry
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.kit.shape import test_shape  # noqa: F401

LINE = re.compile(r"([a-zA-Z0-9_:]+)(?:\{(.*)\})? (\S+)")


def read(registry: Registry) -> dict[str, float]:
    """The samples by name, and by name{label=value,…} with the labels sorted; bounds as numbers."""
    found = {}
    for line in registry.render().splitlines():
        matched = LINE.fullmatch(line)
        if matched and not line.startswith("#"):
            pairs = sorted(re.findall(r'([a-z_]+)="([^"]*)"', matched[2] or ""))
            shown = ",".join(
                f"{name}={float(value):g}" if name == "le" else f"{name}={value}"
                for name, value in pairs
            )
            found[f"{matched[1]}{{{shown}}}" if shown else matched[1]] = float(matched[3])
    return found


@check("P1", kind="behaviour")
def test_counters_add_up(impl: Implementation) -> None:
    """Counters with and without labels are added to."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        plain = registry.counter("jobs_total", "Jobs.")
        equal(read(registry), {"jobs_total": 0.0}, did="a counter without labels, not used yet")
        for amount in (1, 2.5, 0):
            plain.add(amount)
        plain.add()
        equal(read(registry), {"jobs_total": 4.5}, did="add of 1, 2.5, 0 and nothing: the counter")
        registry = impl.Registry()
        counter = registry.counter("seen_total", "Seen.", ("amount", "b"))
        equal(read(registry), {}, did="a counter with labels, not used yet")
        counter.add(amount="x", b="")
        counter.add(2, b="", amount="x")
        counter.add(1, b="x", amount="")
        counter.add(0, b="zero", amount="y")
        want = {
            "seen_total{amount=x,b=}": 3.0,
            "seen_total{amount=,b=x}": 1.0,
            "seen_total{amount=y,b=zero}": 0.0,
        }
        equal(read(registry), want, did="add with the labels amount and b in both orders")

    simulate(scene)


@check("P1", kind="behaviour")
def test_gauges_go_up_and_down(impl: Implementation) -> None:
    """A gauge is added to and set."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        gauge = registry.gauge("depth", "Depth.", ["queue"])
        gauge.add(5, queue="a")
        gauge.add(-7.5, queue="a")
        gauge.add(-1, queue="b")
        equal(
            read(registry),
            {"depth{queue=a}": -2.5, "depth{queue=b}": -1.0},
            did="add of 5 and -7.5 to the gauge of a, of -1 to that of b",
        )
        gauge.set(3, queue="a")
        gauge.add(1, queue="a")
        gauge.set(math.inf, queue="b")
        gauge.set(-math.inf, queue="c")
        gauge.set(math.nan, queue="d")
        got = read(registry)
        ensure(math.isnan(got.pop("depth{queue=d}")), did="set of NaN", want="NaN")
        want = {"depth{queue=a}": 4.0, "depth{queue=b}": math.inf, "depth{queue=c}": -math.inf}
        equal(got, want, did="set of 3 and add of 1 to a; infinity for b, minus infinity for c")

    simulate(scene)


@check("P1", kind="behaviour")
def test_declaring_again_gives_the_same_metric(impl: Implementation) -> None:
    """Every kind of metric is declared twice; another registry has nothing of it."""

    def scene(sim: Sim) -> None:
        registry, other = impl.Registry(), impl.Registry()
        declare = {
            "counter": lambda text: registry.counter("c_total", text, ("a", "b")),
            "gauge": lambda text: registry.gauge("g", text, iter(["a"])),
            "histogram": lambda text: registry.histogram("h", text, (), (1, 2.0)),
        }
        for kind, make in declare.items():
            ensure(make("First.") is make("Second."), did=f"a {kind} declared twice", want="one")
        text = registry.render()
        equal(text.count("First."), 3, did="declared again with another help text: the first one")
        equal(text.count("Second."), 0, did="declared again with another help text: the second")
        declare["histogram"]("").observe(1)
        equal(read(registry)["h_count"], 1.0, did="observed after declaring again: h_count")
        equal(other.render(), "", did="render() of another registry, which has no metrics")

    simulate(scene)


@check("P1", kind="concurrency")
def test_two_threads_update(impl: Implementation) -> None:
    """Two threads update a counter, a gauge and a histogram under label values that are new."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        counter = registry.counter("c_total", "", ("a",))
        gauge = registry.gauge("g", "")
        histogram = registry.histogram("h", "", ("a",), (1,))

        def work(value: float) -> None:
            counter.add(1, a="x")
            gauge.add(2)
            histogram.observe(value, a="x")

        sim.together(lambda: work(0.5), lambda: work(2))
        want = {"c_total{a=x}": 2.0, "g": 4.0, "h_sum{a=x}": 2.5, "h_count{a=x}": 2.0}
        want |= {"h_bucket{a=x,le=1}": 1.0, "h_bucket{a=x,le=inf}": 2.0}
        did = "two threads: each adds 1 to c_total and 2 to g, and observes 0.5 or 2 in h, bucket 1"
        equal(read(registry), want, did=did)

    explore(scene, schedules=200)

    def setting(sim: Sim) -> None:
        registry = impl.Registry()
        gauge = registry.gauge("g", "")
        sim.together(lambda: gauge.add(1), lambda: gauge.set(10))
        got = read(registry)["g"]
        did = "one thread adds 1 to a gauge at 0, one sets it to 10: the gauge"
        ensure(got in {10.0, 11.0}, did=did, want="10 or 11", got=got)

    explore(setting, schedules=60)


@check("P1", "P4", kind="concurrency")
def test_two_threads_declare(impl: Implementation) -> None:
    """Two threads declare the same counter, and two metrics that cannot be together."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        made = sim.together(*[lambda: registry.counter("c_total", "")] * 2)
        for counter in made:
            counter.add()
        equal(read(registry), {"c_total": 2.0}, did="two threads declare c_total; each adds 1")

    explore(scene, schedules=100)

    def clashing(sim: Sim) -> None:
        registry = impl.Registry()
        refused: list[str] = []

        def declare(name: str, how: Callable[..., object]) -> None:
            try:
                how(name, "")
            except ValueError:
                refused.append(name)

        sim.together(
            lambda: declare("h", registry.histogram), lambda: declare("h_sum", registry.gauge)
        )
        did = "two threads declare a histogram h and a gauge h_sum: which of them is refused"
        ensure(len(refused) == 1, did=did, want="one of the two", got=refused)
        shown = [name for name in ("h_count", "h_sum") if name in read(registry)]
        want = ["h_sum"] if refused == ["h"] else ["h_count", "h_sum"]
        equal(shown, want, did=f"then {refused} is refused: samples in the text")

    explore(clashing, schedules=100)


@check("P1", kind="concurrency")
def test_scrapes_while_metrics_appear(impl: Implementation) -> None:
    """One thread renders while another one declares a metric and adds under new label values."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        counter = registry.counter("c_total", "", ("a",))
        counter.add(1, a="x")

        def grow() -> None:
            counter.add(1, a="y")
            registry.gauge("g", "").set(1)

        _, got = sim.together(grow, lambda: read(registry))
        equal(
            (got or {}).get("c_total{a=x}"), 1.0, did="rendered while others appear: what was there"
        )
        want = {"c_total{a=x}": 1.0, "c_total{a=y}": 1.0, "g": 1.0}
        equal(read(registry), want, did="one thread renders, one adds; then rendered again")

    explore(scene, schedules=150)
