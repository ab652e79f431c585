"""Errors of the stage and of the source, and the end that follows them."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.kit.expect import name_of
from graders.kit.sim.failure import Abort


class Source:
    """Gives the items, then ends or raises; notes what is done to it, and complains of two readers."""

    def __init__(self, items: Any, error: BaseException | None = None, seconds: float = 0) -> None:
        self.items, self.error, self.seconds = iter(items), error, seconds
        self.log: list[str] = []
        self.inside = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self.inside += 1
        two = self.inside > 1
        if self.seconds:
            time.sleep(self.seconds)
        self.inside -= 1
        self.log.append("two at a time" if two or self.inside else "read")
        for item in self.items:
            return item
        self.log.append("end")
        raise StopIteration if self.error is None else self.error

    def close(self) -> None:
        self.log.append("closed while read" if self.inside else "closed")


def read(results: Any) -> tuple[list[Any], BaseException | None]:
    """All results, and what was raised in the end; None for StopIteration."""
    got: list[Any] = []
    try:
        got.extend(iter(results))
    except (Abort, NotImplementedError):
        raise
    except BaseException as error:
        return got, error
    return got, None


def same_error(got: object, want: object, did: str) -> None:
    """That very exception."""
    ensure(got is want, did=did + ": raised", want=repr(want), got=got)


ERRORS: list[Callable[[], BaseException]] = [
    lambda: ValueError("bad item"),
    KeyboardInterrupt,
    lambda: SystemExit(3),
    lambda: BaseExceptionGroup("two", [KeyError(1), KeyboardInterrupt()]),
]


class Falsy(Exception):
    """An exception that is false."""

    def __bool__(self) -> bool:
        return False


@check("P7", "P8", kind="behaviour")
def test_an_error_of_the_stage_in_order(impl: Implementation) -> None:
    """Ordered; item 3 raises at once, items before it are slow: their results come first, then that very error."""

    def scene(sim: Sim) -> None:
        for make in [*ERRORS, Falsy]:
            for workers, buffer in ((1, 0), (2, 0), (4, 3)):
                error = make()

                def stage(item: int, error: BaseException = error) -> int:
                    if item == 3:
                        raise error
                    time.sleep(5 - item)
                    return item

                before = threading.active_count()
                results = impl.fan_out_in(range(9), stage, workers, buffer, True)
                got, raised = read(results)
                did = f"item 3 raises {name_of(error)}, workers={workers}, buffer={buffer}, ordered"
                equal(got, [0, 1, 2], did=did + ": results before it")
                same_error(raised, error, did)
                equal(threading.active_count(), before, did=did + ": threads when it was raised")
                equal(read(results), ([], None), did=did + ": next() after it")

    simulate(scene)


@check("P7", kind="timing")
def test_an_error_of_the_stage_unordered(impl: Implementation) -> None:
    """Not ordered; calls end after 1, 2 and 4 s, an error after 3 s: results of 1 and 2 s, then the error."""

    def scene(sim: Sim) -> None:
        error = OSError("disk full")
        start = sim.now()

        def stage(seconds: int) -> int:
            time.sleep(seconds)
            if seconds == 3:
                raise error
            return seconds

        results = impl.fan_out_in([4, 3, 2, 1], stage, workers=4, buffer=0, ordered=False)
        next_one = next(results)
        sim.sleep(8)
        got, raised = read(results)
        did = (
            "stages of 4, 3 (raises), 2, 1 s, not ordered; a reader who sleeps 8 s after the first"
        )
        equal([next_one, *got], [1, 2], did=did + ": results")
        same_error(raised, error, did)
        equal(sim.now() - start, 9.0, did=did + ": seconds")

    simulate(scene)


@check("P7", kind="timing")
def test_an_earlier_item_fails_later(impl: Implementation) -> None:
    """Ordered; item 2 raises after 1 s, item 1 after 5 s: item 0, then the error of item 1, and no other."""

    def scene(_: Sim) -> None:
        errors = [None, ValueError("item 1"), ValueError("item 2")]

        def stage(item: int) -> int:
            time.sleep((9, 5, 1)[item])
            if item:
                raise errors[item]  # type: ignore[misc]
            return item

        results = impl.fan_out_in(range(3), stage, workers=3, buffer=0, ordered=True)
        got, raised = read(results)
        equal(got, [0], did="results before the errors of item 2 (at 1 s) and item 1 (at 5 s)")
        same_error(raised, errors[1], "items 1 and 2 raise")
        equal(read(results), ([], None), did="after it")

    simulate(scene)


@check("P7", "P8", kind="timing")
def test_after_an_error_nothing_is_read(impl: Implementation) -> None:
    """An item raises after 2 s, another takes 10 s; what is read of an infinite source from 2 s on?"""

    def scene(sim: Sim) -> None:
        for ordered in (True, False):
            start, reads, ended = sim.now(), list[float](), list[float]()

            def source(start: float = start, reads: list[float] = reads) -> Iterator[int]:
                for number in range(1_000):
                    reads.append(sim.now() - start)
                    yield number

            def stage(item: int, ended: list[float] = ended, start: float = start) -> int:
                time.sleep((10, 2, 3)[item] if item < 3 else 5)
                ended.append(sim.now() - start)
                if item == 1:
                    raise ValueError(item)
                return item

            results = impl.fan_out_in(source(), stage, workers=3, buffer=50, ordered=ordered)
            got, raised = read(results)
            did = f"stages of 10, 2 (raises) and 3 s, three workers, ordered={ordered}"
            equal(got, [0] if ordered else [], did=did + ": results")
            equal(name_of(raised), "ValueError", did=did + ": raised")
            late = [when for when in reads if when >= 2]
            equal(late, [], did=did + ": reads of the source from 2 s on")
            equal(
                max(ended),
                sim.now() - start,
                did=did + ": the last stage call ended, next() raised",
            )

    simulate(scene)


@check("P7", kind="behaviour")
def test_stop_iteration_in_a_stage_is_an_error(impl: Implementation) -> None:
    """The stage calls next() of an empty iterator: no silent end, a RuntimeError with the cause."""

    def scene(_: Sim) -> None:
        for ordered in (True, False):
            for make in (StopIteration, type("Mine", (StopIteration,), {})):
                error = make("from the stage")

                def stage(item: int, error: BaseException = error) -> int:
                    if item == 2:
                        raise error
                    return item

                results = impl.fan_out_in(range(5), stage, workers=1, buffer=0, ordered=ordered)
                got, raised = read(results)
                did = f"item 2 of 5 raises StopIteration, ordered={ordered}"
                equal(got, [0, 1], did=did + ": results")
                equal(name_of(raised), "RuntimeError", did=did + ": raised")
                cause = raised.__cause__ if raised else None
                ensure(cause is error, did=did + ": its __cause__", want=repr(error), got=cause)

    simulate(scene)


@check("P7", "P8", "P6", kind="behaviour")
def test_an_error_of_the_source(impl: Implementation) -> None:
    """The source raises after four items: their results first, in both modes, then that very error."""

    def scene(_: Sim) -> None:
        for make in [*ERRORS, Falsy]:
            for ordered in (True, False):
                for workers, buffer in ((1, 0), (3, 2), (6, 0)):
                    error, before = make(), threading.active_count()
                    source = Source([4, 3, 2, 1], error)
                    results = impl.fan_out_in(
                        source, lambda item: time.sleep(item) or item, workers, buffer, ordered
                    )
                    got, raised = read(results)
                    did = (
                        f"the source raises {name_of(error)}, workers={workers}, ordered={ordered}"
                    )
                    equal(sorted(got), [1, 2, 3, 4], did=did + ": results before it, sorted")
                    same_error(raised, error, did)
                    equal(threading.active_count(), before, did=did + ": threads")
                    equal(read(results), ([], None), did=did + ": next() after it")

    simulate(scene)


@check("P7", kind="timing")
def test_source_and_stage_fail(impl: Implementation) -> None:
    """The source raises at once after three items; the stage raises for the second after 5 s."""

    def scene(_: Sim) -> None:
        for ordered in (True, False):
            error = ValueError("item 2")

            def stage(item: int, error: ValueError = error) -> int:
                time.sleep(item + 3)
                if item == 2:
                    raise error
                return item

            source = Source([1, 2, 3], KeyError("the source"))
            got, raised = read(impl.fan_out_in(source, stage, 3, 1, ordered))
            did = f"the source raises at once, the stage for its second item, ordered={ordered}"
            equal(got, [1], did=did + ": results")
            same_error(raised, error, did)

    simulate(scene)


@check("P7", "P8", kind="concurrency")
def test_two_readers_and_one_error(impl: Implementation) -> None:
    """Two threads read; the source or the stage raises: one of them hears of it, both come to the end."""
    for of_source in (True, False):

        def scene(sim: Sim, of_source: bool = of_source) -> None:
            error = ValueError("once")

            def stage(item: int) -> int:
                if item == 2 and not of_source:
                    raise error
                return item

            source = Source(range(2), error) if of_source else Source(range(3))
            results = impl.fan_out_in(source, stage, workers=2, buffer=0)
            both = sim.together(lambda: read(results), lambda: read(results))
            did = "two threads read two results and an error"
            equal(sorted(both[0][0] + both[1][0]), [0, 1], did=did + ": results, sorted")
            told = [name_of(raised) for _, raised in both]
            ensure(
                sorted(told) == ["NoneType", "ValueError"],
                did=did + ": raised",
                want="the error in one thread, StopIteration in the other",
                got=told,
            )
            equal(source.log.count("closed"), 1, did=did + ": close() of the source")

        explore(scene, schedules=60)


@check("P6", kind="concurrency")
def test_the_source_is_read_by_one_at_a_time(impl: Implementation) -> None:
    """Three workers and a generator, which raises if two threads run it; then a slow source that watches."""

    def scene(_: Sim) -> None:
        def numbers() -> Iterator[int]:
            for number in range(3):
                time.sleep(number == 1)
                yield number

        got = list(impl.fan_out_in(numbers(), str, workers=3, buffer=2, ordered=True))
        equal(got, ["0", "1", "2"], did="list(fan_out_in(a generator, str, 3, 2))")

    explore(scene, schedules=40)

    def slow(_: Sim) -> None:
        source = Source(range(6), seconds=2)
        equal(len(list(impl.fan_out_in(source, str, 3, 1))), 6, did="results of a slow source")
        equal(source.log, [*["read"] * 7, "end", "closed"], did="what was done to the source")

    simulate(slow)


@check("P6", "P8", kind="concurrency")
def test_the_source_is_asked_once_for_its_end(impl: Implementation) -> None:
    """Three workers; a source that would wait for ever, or go on, if it were asked after its end."""

    def scene(_: Sim) -> None:
        for error in (None, KeyError("over")):
            source = Source([1, 2], error)
            results = impl.fan_out_in(source, abs, workers=3, buffer=2)
            got, _raised = read(results)
            read(results)
            equal(got, [1, 2], did="results")
            equal(source.log, [*["read"] * 3, "end", "closed"], did="what was done to the source")

    explore(scene, schedules=60)


@check("P6", "P7", kind="behaviour")
def test_the_source_is_closed_after_an_error(impl: Implementation) -> None:
    """The stage raises while the source is being read, or between two reads; a source without close() will do."""

    def scene(sim: Sim) -> None:
        for seconds in (0, 10):
            for ordered in (True, False):
                source = Source(range(50), seconds=seconds)
                results = impl.fan_out_in(
                    source, lambda item: 1 // (time.sleep(item) or item - 1), 2, 3, ordered
                )
                got, raised = read(results)
                did = f"item 1 raises, the source takes {seconds} s, ordered={ordered}"
                equal((got, name_of(raised)), ([-1], "ZeroDivisionError"), did=did)
                closed = source.log[-1:] == ["closed"] and source.log.count("closed") == 1
                ensure(closed, did=did, want="the source closed once, at the end", got=source.log)
                results.close()
                equal(source.log.count("closed"), 1, did=did + "; close() after it: closed")
        got, raised = read(impl.fan_out_in([1, 0], lambda item: 1 // item, 2, 3))
        equal((got, name_of(raised)), ([1], "ZeroDivisionError"), did="a list as the source")

    simulate(scene)


@check("P8", kind="concurrency")
def test_when_next_raises_no_thread_is_left(impl: Implementation) -> None:
    """Two workers, read to the end: threads and the source at the moment of StopIteration."""

    def scene(_: Sim) -> None:
        before = set(threading.enumerate())
        source = Source(range(2))
        results = impl.fan_out_in(source, str, workers=2, buffer=0)
        equal(read(results), (["0", "1"], None), did="all results")
        left = [thread.name for thread in threading.enumerate() if thread not in before]
        equal(left, [], did="threads when next() raised StopIteration")
        equal(source.log[-1], "closed", did="the last that was done to the source by then")
        equal(read(results), ([], None), did="next() again")

    explore(scene, schedules=60)


@check("P8", kind="timing")
def test_an_error_waits_for_the_calls_that_run(impl: Implementation) -> None:
    """Item 0 raises at once, item 1 takes 9 s; the error comes when nothing runs any more."""

    def scene(sim: Sim) -> None:
        for ordered in (True, False):
            start, ended = sim.now(), list[int]()

            def stage(item: int, ended: list[int] = ended) -> None:
                time.sleep(9 * item)
                ended.append(item)
                if not item:
                    raise ValueError(item)

            source = Source([0, 1])
            got, raised = read(impl.fan_out_in(source, stage, 2, 0, ordered))
            did = f"item 0 raises at once, item 1 takes 9 s, ordered={ordered}"
            equal((got, name_of(raised)), ([], "ValueError"), did=did)
            equal(ended, [0, 1], did=did + ": stage calls that had ended when it was raised")
            equal(sim.now() - start, 9.0, did=did + ": seconds")
            equal(source.log[-1], "closed", did=did + ": the last that was done to the source")

    simulate(scene)
