"""The reader who goes: close() from any point and any thread, break, del."""

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

from contracts.patterns.fan_in_out import Stage
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate

ENOUGH = 300


class Endless:
    """0, 1, 2 and so on, unless somebody reads it all; complains of a read after its close()."""

    def __init__(self, seconds: float = 0) -> None:
        self.seconds, self.given, self.closed, self.inside = seconds, 0, 0, 0

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if self.closed:
            raise AssertionError("the source was read after its close()")
        if self.given == ENOUGH:
            raise StopIteration
        self.inside += 1
        if self.seconds:
            time.sleep(self.seconds)
        self.inside -= 1
        self.given += 1
        return self.given - 1

    def close(self) -> None:
        if self.inside:
            raise AssertionError("the source was closed while it was read")
        self.closed += 1


class Watch:
    """Threads from now on, and what the source says."""

    def __init__(self, source: Endless) -> None:
        self.source, self.before = source, set(threading.enumerate())

    def all_over(self, did: str) -> None:
        """No thread is left and the source is closed, once."""
        left = [thread.name for thread in threading.enumerate() if thread not in self.before]
        equal(left, [], did=did + ": threads left")
        equal(self.source.closed, 1, did=did + ": calls of the source's close()")


@check("P9", kind="concurrency")
def test_close_after_any_number_of_results(impl: Implementation) -> None:
    """An infinite source, two workers, buffer 1: read 1, 2, 3 or 4 results, then close(), under many schedules."""
    for count in (1, 2, 4):

        def scene(_: Sim, count: int = count) -> None:
            source, calls = Endless(), list[int]()
            watch = Watch(source)

            def stage(item: int) -> int:
                calls.append(item)
                return item

            results = impl.fan_out_in(source, stage, workers=2, buffer=1)
            got = list(itertools.islice(results, count))
            equal(got, list(range(count)), did=f"{count} x next()")
            results.close()
            watch.all_over(f"{count} x next(), then close()")
            was = len(calls), source.given
            results.close()
            equal(list(results), [], did="list(results) after close()")
            equal((len(calls), source.given), was, did="stage calls and reads after close()")

        explore(scene, schedules=40)


@check("P9", kind="timing")
def test_close_waits_for_what_runs(impl: Implementation) -> None:
    """Two stage calls of 10 s run and items wait; close() after 3 s: nothing else begins, it returns at 10 s."""

    def scene(sim: Sim) -> None:
        for ordered in (True, False):
            start, calls = sim.now(), list[float]()

            def stage(item: int, start: float = start, calls: list[float] = calls) -> None:
                calls.append(sim.now() - start)
                time.sleep(10 if item else 1)

            source = Endless()
            watch = Watch(source)
            results = impl.fan_out_in(source, stage, workers=2, buffer=7, ordered=ordered)
            next(results)
            sim.sleep(2)
            results.close()
            did = f"stage calls of 10 s, close() after 3 s, ordered={ordered}"
            equal(sim.now() - start, 11.0, did=did + ": it returned at")
            equal(calls, [0.0, 0.0, 1.0], did=did + ": when stage calls began")
            watch.all_over(did)

    simulate(scene)


@check("P9", "P6", kind="timing")
def test_close_waits_for_a_read_that_runs(impl: Implementation) -> None:
    """The source needs 10 s for an item; close() after 13 s: returns at 20 s, the item goes nowhere."""

    def scene(sim: Sim) -> None:
        start, calls = sim.now(), list[int]()
        source = Endless(seconds=10)
        watch = Watch(source)
        results = impl.fan_out_in(source, calls.append, workers=2, buffer=3)
        next(results)
        sim.sleep(3)
        results.close()
        equal(sim.now() - start, 20.0, did="a read of 10 s began at 10 s, close() at 13 s: back at")
        equal(calls, [0], did="items that the stage was called with")
        watch.all_over("close() while the source was read")

    simulate(scene)


@check("P9", kind="timing")
def test_close_while_another_thread_waits(impl: Implementation) -> None:
    """Two threads wait in next() for a stage of 10 s; a third calls close() after 1 s, a fourth after 2 s."""

    def scene(sim: Sim) -> None:
        for ordered in (True, False):
            start, source = sim.now(), Endless()
            watch = Watch(source)
            results = impl.fan_out_in(source, lambda _: time.sleep(10), 1, 4, ordered)

            def read(results: Any = results, start: float = start) -> tuple[object, float]:
                return next(results, "the end"), sim.now() - start

            def close(after: float, results: Any = results, start: float = start) -> float:
                sim.sleep(after)
                results.close()
                return sim.now() - start

            readers = [sim.spawn(read) for _ in range(2)]
            closers = [sim.spawn(lambda a=after, c=close: c(a)) for after in (1, 2)]
            did = f"two wait in next(), close() after 1 s and again after 2 s, ordered={ordered}"
            equal([r.result() for r in readers], [("the end", 10.0)] * 2, did=did + ": next()")
            equal([c.result() for c in closers], [10.0, 10.0], did=did + ": close() was back at")
            watch.all_over(did)

    simulate(scene)


@check("P9", kind="concurrency")
def test_close_races_next(impl: Implementation) -> None:
    """One thread reads to the end, another closes, under many schedules."""
    for ordered in (True, False):

        def scene(sim: Sim, ordered: bool = ordered) -> None:
            source = Endless()
            watch = Watch(source)
            results = impl.fan_out_in(source, abs, workers=2, buffer=0, ordered=ordered)
            next(results)

            def read() -> list[int]:
                got = list(itertools.islice(results, 3))
                results.close()
                return got

            got, _ = sim.together(read, results.close)
            watch.all_over("one thread reads three results and closes, another closes")
            if ordered:
                ensure(
                    got == [1, 2, 3][: len(got)], did="what it read", want="a beginning", got=got
                )
            equal(list(results), [], did="list(results) after that")

        explore(scene, schedules=60)


@check("P9", kind="concurrency")
def test_close_races_the_first_next(impl: Implementation) -> None:
    """One thread calls the first next(), another close()."""

    def scene(sim: Sim) -> None:
        source = Endless()
        before = set(threading.enumerate())
        results = impl.fan_out_in(source, abs, workers=2, buffer=0)
        sim.together(lambda: next(results, None), results.close)
        sim.settle()
        equal(set(threading.enumerate()) - before, set(), did="next() beside close(): threads left")
        ensure(
            source.closed == (source.given > 0) or not source.given,
            did="next() beside close(): close() of the source, and items read",
            got=(source.closed, source.given),
        )
        equal(list(results), [], did="list(results) after that")

    explore(scene, schedules=60)


@check("P9", kind="behaviour")
def test_close_from_inside(impl: Implementation) -> None:
    """The stage, or the source, calls close() of its own iterator; then of a pipeline, from its first stage."""

    def scene(sim: Sim) -> None:
        held: list[Any] = []

        def stage(item: int) -> int:
            if item == 2:
                held[0].close()
            return item

        def source() -> Iterator[int]:
            yield from (0, 1, 3)
            held[0].close()
            yield 4
            raise AssertionError("the source was read after close()")

        make = {
            "the stage": lambda: impl.fan_out_in(range(9), stage, 1, 0),
            "the source": lambda: impl.fan_out_in(source(), abs, 1, 0),
            "the first stage of two": lambda: impl.pipeline(range(9), Stage(stage), Stage(abs)),
            "the first stage of three": lambda: impl.pipeline(
                range(9), Stage(stage, 2), Stage(abs), Stage(abs, 2, 1, ordered=False)
            ),
        }
        for name, function in make.items():
            before = threading.active_count()
            held[:] = [function()]
            got = list(held[0])
            did = f"{name} called close() of the iterator that it works for"
            ensure(got == [0, 1, 3][: len(got)], did=did, want="a beginning of [0, 1]", got=got)
            held[0].close()
            equal(threading.active_count(), before, did=did + "; then the reader did: threads")
            equal(list(held[0]), [], did=did + ": list(results) after that")

    simulate(scene)


@check("P10", kind="concurrency")
def test_dropped_after_any_number_of_results(impl: Implementation) -> None:
    """Two workers, buffer 1, an infinite source: read 1, 2 or 4 results, then del, under many schedules."""
    for count in (1, 2, 4):

        def scene(sim: Sim, count: int = count) -> None:
            source = Endless()
            watch = Watch(source)
            results = impl.fan_out_in(source, abs, workers=2, buffer=1)
            for _ in range(count):
                next(results)
            del results
            sim.settle()
            watch.all_over(f"{count} x next(), then del results")

        explore(scene, schedules=30)


def leave(results: Iterator[int]) -> None:
    """Break."""
    for item in results:
        if item == 3:
            break


def fail(results: Iterator[int]) -> None:
    """Raise in the loop."""
    for item in results:
        if item == 3:
            raise KeyError(item)


def divide(results: Iterator[int]) -> None:
    """Raise in a comprehension."""
    raise KeyError(*[1 // (3 - item) for item in results])


def shorter(results: Iterator[int]) -> None:
    """Stop reading since something else is at its end."""
    raise KeyError(*zip(results, "abc", strict=False))


@check("P10", kind="behaviour")
def test_break_and_exceptions_end_it(impl: Implementation) -> None:
    """break, an exception in the loop, a comprehension that raises, zip with something shorter."""

    def scene(sim: Sim) -> None:
        for function in (leave, fail, divide, shorter):
            for ordered in (True, False):
                source = Endless()
                watch = Watch(source)
                with contextlib.suppress(KeyError, ZeroDivisionError):
                    function(impl.fan_out_in(source, abs, 1, 2, ordered))
                sim.settle()
                watch.all_over(f"{function.__name__} in the reader's loop, ordered={ordered}")

    simulate(scene)


@check("P10", kind="timing")
def test_dropped_while_calls_run(impl: Implementation) -> None:
    """Dropped while a stage call of 10 s runs, or a read of 10 s; nothing begins after it."""

    def scene(sim: Sim) -> None:
        for seconds in (0, 10):
            source, calls = Endless(seconds), list[int]()
            watch = Watch(source)

            def stage(item: int, calls: list[int] = calls) -> None:
                calls.append(item)
                time.sleep(10 * item)

            results = impl.fan_out_in(source, stage, workers=1, buffer=3)
            next(results)
            sim.settle()
            was = calls[:]
            del results
            sim.sleep(11)
            watch.all_over("dropped while a call ran, 11 s later")
            equal(calls, was, did="items that the stage was called with, before and after")

    simulate(scene)


@check("P9", "P10", kind="behaviour")
def test_closing_and_a_with_block(impl: Implementation) -> None:
    """contextlib.closing() around the loop, which raises."""

    def scene(_: Sim) -> None:
        source = Endless()
        watch = Watch(source)

        def read() -> None:
            with contextlib.closing(impl.fan_out_in(source, abs, 3, 1)) as results:
                for item in results:
                    if item == 2:
                        raise KeyError(item)

        raises(KeyError, read, did="a loop in `with closing(fan_out_in(...))` raised KeyError")
        watch.all_over("the with block was left")

    simulate(scene)
