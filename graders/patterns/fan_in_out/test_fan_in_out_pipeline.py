"""Several stages, one over the other; and a thousand of them against a plain model."""

import threading
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from contracts.patterns.fan_in_out import Stage
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.kit.sim.failure import Abort

ENOUGH = 300


class Wrong(Exception):
    """What generated stages and sources raise."""


def read(results: Any) -> tuple[list[Any], object]:
    """All results, and what was raised in the end: arguments of Wrong, or None."""
    got: list[Any] = []
    try:
        got.extend(iter(results))
    except Abort:
        raise
    except Wrong as error:
        return got, error.args
    return got, None


@check("P12", kind="timing")
def test_stages_work_at_the_same_time(impl: Implementation) -> None:
    """Three stages of 1, 2 and 1 s with 1, 2 and 1 workers, six items: as on an assembly line."""

    def scene(sim: Sim) -> None:
        def step(name: str, seconds: float) -> Callable[[str], str]:
            return lambda item: time.sleep(seconds) or item + name

        start = sim.now()
        stages = Stage(step("a", 1), 1, 1), Stage(step("b", 2), 2, 2), Stage(step("c", 1), 1, 1)
        got = [(value, sim.now() - start) for value in impl.pipeline("012345", *stages)]
        want = [(f"{number}abc", 4.0 + number) for number in range(6)]
        equal(got, want, did="six items through stages of 1 s, 2 s (two workers) and 1 s: when")

    simulate(scene)


@check("P12", kind="behaviour")
def test_a_pipeline_of_one_stage(impl: Implementation) -> None:
    """pipeline(items, Stage(...)) with every kind of settings, and the defaults of Stage."""

    def scene(_: Sim) -> None:
        equal(list(impl.pipeline("abc", Stage(str.upper))), ["A", "B", "C"], did="Stage(str.upper)")
        for ordered, want in ((True, [3, 1, 2]), (False, [1, 2, 3])):
            stage = Stage(lambda item: time.sleep(item) or item, 3, 0, ordered)
            equal(list(impl.pipeline([3, 1, 2], stage)), want, did=f"Stage(..., ordered={ordered})")

    simulate(scene)


@check("P12", "P3", kind="behaviour")
def test_the_bounds_add_up(impl: Implementation) -> None:
    """Three stages, an infinite source; two results read: how many items each stage has got."""

    def scene(sim: Sim) -> None:
        for shape in (((1, 0), (1, 0), (1, 0)), ((2, 1), (1, 0), (3, 2)), ((1, 4), (2, 0))):
            calls = [0] * (len(shape) + 1)

            def source(calls: list[int] = calls) -> Iterator[int]:
                for number in range(1, ENOUGH):
                    calls[0] += 1
                    yield number

            def stage(index: int, item: int, calls: list[int] = calls) -> int:
                calls[index] += 1
                return item

            stages = [
                Stage(lambda item, i=index, s=stage: s(i, item), workers, buffer)
                for index, (workers, buffer) in enumerate(shape, 1)
            ]
            results = impl.pipeline(source(), *stages)
            equal([next(results), next(results)], [1, 2], did="next() twice")
            sim.settle()
            windows = [workers + buffer for workers, buffer in shape]
            want = [2 + sum(windows[index:]) for index in range(len(windows))]
            did = f"(workers, buffer) of {shape}, two results read: items asked of the source"
            equal(calls[0], want[0], did=did)
            equal(calls[1:], want, did=did + ", and calls of each stage")
            results.close()

    simulate(scene)


@check("P12", "P9", "P10", kind="concurrency")
def test_the_end_reaches_every_stage(impl: Implementation) -> None:
    """Two stages, an infinite generator; closed, or dropped, after one result, under many schedules."""
    for drop in (False, True):

        def scene(sim: Sim, drop: bool = drop) -> None:
            closed: list[str] = []

            def source() -> Iterator[int]:
                try:
                    yield from range(ENOUGH)
                finally:
                    closed.append("closed")

            before = set(threading.enumerate())
            results = impl.pipeline(source(), Stage(abs, 1), Stage(abs, 1))
            equal(next(results), 0, did="the first result")
            if drop:
                del results
                sim.settle()
            else:
                results.close()
            did = "pipeline of two stages, one result, " + ("del" if drop else "close()")
            left = [thread.name for thread in threading.enumerate() if thread not in before]
            equal(left, [], did=did + ": threads left")
            equal(closed, ["closed"], did=did + ": the generator")

        explore(scene, schedules=50)


@check("P12", "P7", "P8", kind="behaviour")
def test_errors_pass_through_the_stages_behind(impl: Implementation) -> None:
    """The first, second or third stage raises for item 3, or the source after three: three results, then it."""

    def scene(_: Sim) -> None:
        for where in range(4):
            error, before = Wrong(where), threading.active_count()

            def stage(index: int, item: int, where: int = where, error: Wrong = error) -> int:
                if (index, item) == (where, 3):
                    raise error
                time.sleep(item % 2)
                return item

            def source(where: int = where, error: Wrong = error) -> Iterator[int]:
                yield from range(3)
                if where == 0:
                    raise error
                yield from range(3, 9)

            stages = [Stage(lambda x, i=i, s=stage: s(i, x), i, 3 - i) for i in (1, 2, 3)]
            results = impl.pipeline(source(), *stages)
            got: list[int] = []
            caught: object = None
            try:
                got.extend(results)
            except Wrong as wrong:
                caught = wrong
            did = "the source raises" if where == 0 else f"stage {where} raises for item 3"
            equal(got, [0, 1, 2], did=did + ": results before it")
            ensure(caught is error, did=did, want="that very error", got=caught)
            equal(threading.active_count(), before, did=did + ": threads left")

    simulate(scene)


@check("P12", "P4", kind="timing")
def test_fan_out_in_over_fan_out_in(impl: Implementation) -> None:
    """By hand, and as a pipeline: the same results at the same instants."""

    def scene(sim: Sim) -> None:
        chance = Random(3)
        for _ in range(8):
            load = [chance.randint(0, 5) for _ in range(6)]
            shape = [(chance.randint(1, 3), chance.randint(0, 2), chance.random() < 0.7)] * 2

            def stage(item: int) -> int:
                time.sleep(item + 0.5)
                return (item * 3 + 1) % 7

            inner = impl.fan_out_in(load, stage, *shape[0])
            both = []
            for results in (
                impl.fan_out_in(inner, stage, *shape[1]),
                impl.pipeline(load, *[Stage(stage, *each) for each in shape]),
            ):
                start = sim.now()
                both.append([(value, sim.now() - start) for value in results])
            did = f"items {load}, two stages of (workers, buffer, ordered) = {shape[0]}"
            times = [[when for _, when in one] for one in both]
            equal(times[1], times[0], did=did + ": when results came, by pipeline and by hand")
            values = [sorted(value for value, _ in one) for one in both]
            equal(values[1], values[0], did=did + ": results, sorted, by pipeline and by hand")

    simulate(scene)


class Case:
    """A generated pipeline, and what the model says of it."""

    def __init__(self, chance: Random) -> None:
        self.items = [chance.randrange(50) for _ in range(chance.choice((0, 1, 2, 2, 3, 5)))]
        count = chance.choice((1, 1, 1, 1, 1, 2, 2, 3))
        self.shape = [
            (chance.choice((1, 1, 1, 2, 3)), chance.choice((0, 0, 1, 3)), chance.random() < 0.7)
            for _ in range(count)
        ]
        self.moduli = [chance.choice((2, 3, 5, 7, 11)) for _ in range(count)]
        self.bad = {chance.randrange(50)} if chance.random() < 0.4 else set[int]()
        self.source_fails = chance.random() < 0.15
        self.waits = chance.random() < 0.3

    def source(self) -> Iterator[int]:
        """The items, and perhaps an error."""
        yield from self.items
        if self.source_fails:
            raise Wrong("source")

    def stage(self, index: int, item: int) -> int:
        """One stage: a number for a number, or an error."""
        if item in self.bad:
            raise Wrong(index, item)
        if self.waits:
            time.sleep(item % self.moduli[index])
        return item * self.moduli[index] % 50

    def model(self) -> tuple[list[int], object]:
        """One after the other, in one thread."""
        items: Iterator[int] = self.source()
        waits, self.waits = self.waits, False
        for index in range(len(self.shape)):
            items = map(lambda item, i=index: self.stage(i, item), items)
        outcome = read(items)
        self.waits = waits
        return outcome

    def run(self, impl: Implementation) -> None:
        """Ordered: exactly the model. Otherwise the same results in some order, if there is no error."""
        stages = [
            Stage(lambda item, i=index: self.stage(i, item), *shape)
            for index, shape in enumerate(self.shape)
        ]
        got, want = read(impl.pipeline(self.source(), *stages)), self.model()
        did = f"{self.items} through (workers, buffer, ordered) = {self.shape}, errors: {self.bad}"
        if all(ordered for _, _, ordered in self.shape):
            equal(got, want, did=did + ": results, and the error")
        elif want[1] is None:
            equal((sorted(got[0]), got[1]), (sorted(want[0]), None), did=did + ": results, sorted")
        else:
            ensure(got[1] is not None, did=did, want="an error in the end", got=got)


def _run(impl: Implementation, seed: int, count: int) -> None:
    def scene(_: Sim) -> None:
        chance = Random(seed)
        for _number in range(count):
            Case(chance).run(impl)

    simulate(scene)


@check("P12", "P1", "P7", kind="behaviour")
def test_pipelines_as_the_model_says_1(impl: Implementation) -> None:
    """250 generated pipelines of one to three stages, from seed 1, against one thread that does it all."""
    _run(impl, seed=1, count=250)


@check("P12", "P1", "P7", kind="behaviour")
def test_pipelines_as_the_model_says_2(impl: Implementation) -> None:
    """250 more, from seed 2."""
    _run(impl, seed=2, count=250)


@check("P12", "P1", "P7", kind="behaviour")
def test_pipelines_as_the_model_says_3(impl: Implementation) -> None:
    """250 more, from seed 3."""
    _run(impl, seed=3, count=250)


@check("P12", "P1", "P7", kind="behaviour")
def test_pipelines_as_the_model_says_4(impl: Implementation) -> None:
    """250 more, from seed 4."""
    _run(impl, seed=4, count=250)
