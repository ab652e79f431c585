"""What comes out, in which order; what does not happen before the first next(); what is refused."""

import threading
import time
from collections.abc import Iterator
from typing import Any

from contracts.patterns.fan_in_out import Stage
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.kit.expect import text_of
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic


class Odd:
    """Cannot be hashed, compared or asked for its truth."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise AssertionError("items and results are nobody's business: compared")

    __lt__ = __gt__ = __le__ = __ge__ = __eq__

    def __bool__(self) -> bool:
        raise AssertionError("items and results are nobody's business: asked for their truth")

    def __len__(self) -> int:
        raise AssertionError("items and results are nobody's business: asked for their length")


@check("P1", kind="behaviour")
def test_results_in_the_order_of_the_source(impl: Implementation) -> None:
    """Seven items, 1 to 4 workers, later items quicker than earlier ones, ordered."""

    def scene(_: Sim) -> None:
        for workers in (1, 2, 4):
            for buffer in (0, 1, 9):

                def stage(item: int) -> int:
                    time.sleep(7 - item)
                    return item * 10

                got = list(impl.fan_out_in(range(7), stage, workers, buffer, True))
                did = f"list(fan_out_in(range(7), ..., {workers}, {buffer}, True))"
                equal(got, [0, 10, 20, 30, 40, 50, 60], did=did)

    simulate(scene)


@check("P1", kind="timing")
def test_results_as_they_are_ready(impl: Implementation) -> None:
    """Items that take 5, 1, 3, 1 and 2 s; two workers, not ordered."""

    def scene(sim: Sim) -> None:
        start = sim.now()

        def stage(seconds: float) -> float:
            time.sleep(seconds)
            return seconds

        results = impl.fan_out_in([5, 1, 3, 1.5, 2], stage, workers=2, buffer=3, ordered=False)
        got = [(value, sim.now() - start) for value in results]
        want = [(1, 1.0), (3, 4.0), (5, 5.0), (1.5, 5.5), (2, 7.0)]
        equal(got, want, did="stage calls of 5, 1, 3, 1.5, 2 s: results, and when they came")

    simulate(scene)


@check("P1", kind="behaviour")
def test_any_object_is_an_item_and_a_result(impl: Implementation) -> None:
    """None, exceptions, classes, StopIteration, objects that cannot be compared: through and out again."""

    def scene(_: Sim) -> None:
        things: list[Any] = [None, 0, "", (), [], ..., NotImplemented, False, Odd(), Odd()]
        things += [
            ValueError("a value"),
            StopIteration("a value"),
            StopIteration,
            KeyError,
            object(),
        ]
        things += [None, None, iter(()), threading.Lock(), Stage(len), float("nan")]
        for ordered in (True, False):
            for workers in (1, 3):
                seen: list[Any] = []

                def stage(item: Any, seen: list[Any] = seen) -> Any:
                    seen.append(item)
                    return item

                got = list(impl.fan_out_in(iter(things), stage, workers, 2, ordered))
                did = f"21 curious things through {workers} workers, ordered={ordered}"
                for name, those in (("items", seen), ("results", got)):
                    same = sorted(map(id, those)) == sorted(map(id, things))
                    ensure(same, did=f"{did}: {name}", want="those very objects", got=len(those))
                if ordered:
                    ensure(
                        [*map(id, got)] == [*map(id, things)],
                        did=did,
                        want="their order",
                        got="another",
                    )

    simulate(scene)


@check("P1", kind="concurrency")
def test_nothing_is_lost_and_nothing_comes_twice(impl: Implementation) -> None:
    """Two workers, four items, under many schedules, ordered and not."""
    for ordered in (True, False):

        def scene(_: Sim, ordered: bool = ordered) -> None:
            calls: list[int] = []
            source = iter(range(4))

            def stage(item: int) -> int:
                calls.append(item)
                return -item

            got = list(impl.fan_out_in(source, stage, workers=2, buffer=1, ordered=ordered))
            equal(sorted(calls), [0, 1, 2, 3], did="items that the stage was called with, sorted")
            did = f"list(fan_out_in(iter(range(4)), ..., ordered={ordered}))"
            if ordered:
                equal(got, [0, -1, -2, -3], did=did)
            equal(sorted(got), [-3, -2, -1, 0], did=did + ", sorted")

        explore(scene, schedules=60)


@check("P1", "P7", kind="concurrency")
def test_an_error_does_not_stop_the_item_before_it(impl: Implementation) -> None:
    """Two workers, ordered; item 0 is in order, item 1 raises: the result of 0 first, under many schedules."""

    def scene(_: Sim) -> None:
        got: list[object] = []
        try:
            got.extend(impl.fan_out_in([0, 1], lambda item: 1 // (1 - item), workers=2, buffer=0))
        except ZeroDivisionError:
            got.append("the error")
        equal(got, [1, "the error"], did="ordered, item 1 raises: results, and what ended them")

    explore(scene, schedules=180)


@check("P1", "P8", kind="concurrency")
def test_two_readers_share_the_results(impl: Implementation) -> None:
    """Two threads read one iterator to its end."""
    for ordered in (True, False):

        def scene(sim: Sim, ordered: bool = ordered) -> None:
            results = impl.fan_out_in(range(3), str, workers=2, buffer=0, ordered=ordered)
            both = sim.together(lambda: list(results), lambda: list(results))
            did = f"two threads called list(results) of three items, ordered={ordered}"
            equal(sorted(both[0] + both[1]), ["0", "1", "2"], did=did + ": all that they got")
            if ordered:
                in_order = all(list(one) == sorted(one) for one in both)
                ensure(in_order, did=did, want="each of them in order", got=both)

        explore(scene, schedules=60)


@check("P1", "P5", kind="concurrency")
def test_a_reader_that_waits_gets_what_comes_after_a_slow_item(impl: Implementation) -> None:
    """Three readers wait; item 0 takes 5 s, items 1 and 2 are ready before it, those after them take long."""

    def scene(sim: Sim) -> None:
        start = sim.now()

        def stage(item: int) -> int:
            time.sleep((5, 1, 2, 100, 100, 100)[item])
            return item

        results = impl.fan_out_in(range(6), stage, workers=3, buffer=0)
        got = sim.together(*[lambda: (next(results), sim.now() - start)] * 3)
        did = "three threads called next(); item 0 takes 5 s: results and when they came"
        equal(sorted(got), [(0, 5.0), (1, 5.0), (2, 5.0)], did=did)
        equal(list(results), [3, 4, 5], did="list(results) after that")

    explore(scene, schedules=30)


@check("P1", kind="contract")
def test_the_iterator_is_its_own_iterator(impl: Implementation) -> None:
    """iter() of the result; next() with a default; the defaults of buffer and ordered."""

    def scene(sim: Sim) -> None:
        asked: list[int] = []
        source = (asked.append(item) or item for item in (3, 2, 1, 4, 5))
        results = impl.fan_out_in(source, lambda item: time.sleep(item) or item, 3)
        equal(next(results), 3, did="next(), buffer and ordered left out")
        sim.settle()
        equal(asked, [3, 2, 1, 4], did="one result read, three workers, buffer left out: read")
        results.close()
        results = impl.fan_out_in([3, 2, 1], lambda item: time.sleep(item) or item, 3)
        ensure(iter(results) is results, did="iter(results)", want="results itself")
        equal(
            [next(results), next(results)], [3, 2], did="next() twice, buffer and ordered left out"
        )
        equal(
            [next(results, "end"), next(results, "end")],
            [1, "end"],
            did="next(results, 'end') twice",
        )

    simulate(scene)


@check("P2", "P7", kind="behaviour")
def test_nothing_happens_before_the_first_next(impl: Implementation) -> None:
    """Iterators are made and left alone, closed or dropped; iter() is called once, in the call."""

    class Items:
        def __iter__(self) -> Iterator[int]:
            happened.append("iter")
            return Source()

    class Source:
        def __iter__(self) -> Iterator[int]:
            return self

        def __next__(self) -> int:
            happened.append("next")
            raise StopIteration

        def close(self) -> None:
            happened.append("close")

    happened: list[str] = []
    make = {
        "fan_out_in": lambda: impl.fan_out_in(Items(), happened.append, 2, 5, True),
        "pipeline": lambda: impl.pipeline(Items(), Stage(happened.append, 2), Stage(len)),
    }

    def scene(sim: Sim) -> None:
        for name, function in make.items():
            before = threading.active_count()
            happened.clear()
            one, two = function(), function()
            sim.settle()
            equal(happened, ["iter", "iter"], did=f"{name}() twice: what happened to the source")
            equal(threading.active_count(), before, did=f"{name}(): threads")
            one.close()
            equal(list(one), [], did=f"{name}(), close(), then list()")
            del two
            sim.settle()
            equal(happened, ["iter", "iter"], did=f"{name}(), closed or dropped before next()")
            equal(threading.active_count(), before, did=f"{name}(), closed or dropped: threads")
            equal(list(function()), [], did=f"list({name}()) of a source that ends at once")
            equal(happened[2:4], ["iter", "next"], did=f"list({name}()): what happened first")

    simulate(scene)


@check("P1", "P4", kind="concurrency")
def test_two_threads_call_the_first_next(impl: Implementation) -> None:
    """Two threads call the first two next() of an iterator with one worker."""

    def scene(sim: Sim) -> None:
        threads: set[threading.Thread] = set()

        def stage(item: int) -> int:
            threads.add(threading.current_thread())
            return item

        results = impl.fan_out_in(range(9), stage, workers=1, buffer=0)
        both = sim.together(lambda: next(results), lambda: next(results))
        equal(sorted(both), [0, 1], did="two threads called the first next(): results, sorted")
        results.close()
        equal(len(threads), 1, did="threads in which the stage of one worker was called")

    explore(scene, schedules=60)


BAD = {
    "workers=0": ("workers", ValueError, {"workers": 0}),
    "workers=-1": ("workers", ValueError, {"workers": -1}),
    "workers=2.0": ("workers", TypeError, {"workers": 2.0}),
    "workers='2'": ("workers", TypeError, {"workers": "2"}),
    "workers=None": ("workers", TypeError, {"workers": None}),
    "buffer=-1": ("buffer", ValueError, {"buffer": -1}),
    "buffer=0.5": ("buffer", TypeError, {"buffer": 0.5}),
    "buffer=None": ("buffer", TypeError, {"buffer": None}),
    "stage='upper'": ("stage", TypeError, {"stage": "upper"}),
    "stage=None": ("stage", TypeError, {"stage": None}),
    "items=7": ("items", TypeError, {"items": 7}),
    "items=None": ("items", TypeError, {"items": None}),
}


@check("P13", kind="contract")
def test_bad_arguments_are_refused_in_the_call(impl: Implementation) -> None:
    """Twelve bad calls of fan_out_in and of pipeline, none of them read."""
    asked: list[int] = []
    source = (asked.append(number) for number in range(9))
    for text, (name, error, given) in BAD.items():
        good: dict[str, Any] = {"items": source, "stage": len, "workers": 1, "buffer": 0}
        bad = {**good, **given}
        caught = raises(error, lambda bad=bad: impl.fan_out_in(**bad), did=f"fan_out_in({text})")
        ensure(name in text_of(caught), did=f"fan_out_in({text})", want=f"a message with {name!r}")
        items = bad.pop("items")
        for stages in ([Stage(**bad)], [Stage(len), Stage(**bad), Stage(len)]):
            if len(stages) == 1 or name != "items":
                did = f"pipeline with a stage of {text}"
                caught = raises(error, lambda s=stages, i=items: impl.pipeline(i, *s), did=did)
                ensure(name in text_of(caught), did=did, want=f"a message with {name!r}")
    equal(asked, [], did="what was read of the source")


@check("P13", kind="contract")
def test_pipelines_that_are_none(impl: Implementation) -> None:
    """A pipeline without stages; a function, a tuple, None and a class in place of a Stage."""
    asked: list[int] = []
    source = (asked.append(number) for number in range(9))
    error = raises(ValueError, lambda: impl.pipeline(source), did="pipeline(source)")
    ensure("stages" in text_of(error), did="pipeline(source)", want="a message with 'stages'")
    for thing in (len, (len, 1, 0, True), None, Stage):
        did = f"pipeline(source, Stage(len), {thing!r})"
        error = raises(TypeError, lambda t=thing: impl.pipeline(source, Stage(len), t), did=did)
        ensure("stages" in text_of(error), did=did, want="a message with 'stages'")
    equal(asked, [], did="what was read of the source")
