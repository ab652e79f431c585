"""How far it reads ahead, how many work at a time, and that nobody waits without need."""

import itertools
import threading
import time
from collections.abc import Iterator
from random import Random
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate

LONG = 1e9
ENOUGH = 300


class Gauge:
    """A source that counts and notes when it is asked for too much; endless, unless somebody reads it all."""

    def __init__(self, limit: int, end: int = ENOUGH) -> None:
        self.limit, self.end = limit, end
        self.asked = self.begun = self.handed = 0
        self.far: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if self.asked == self.end:
            raise StopIteration
        self.asked += 1
        if self.asked > self.begun + self.limit:
            self.far.append((self.asked, self.begun))
        return self.asked - 1

    def take(self, results: Any) -> Any:
        """One next(), counted when it begins and when it has returned."""
        self.begun += 1
        value = next(results)
        self.handed += 1
        return value

    def look(self, did: str) -> None:
        """Nothing runs: as far ahead as it may be, and never was it further."""
        equal(self.far, [], did=f"{did}: (items asked for, calls of next() begun) when too far")
        equal(
            self.asked, self.handed + self.limit, did=f"{did}: items that the source was asked for"
        )


@check("P3", "P4", kind="behaviour")
def test_as_far_ahead_as_it_may_be_and_no_further(impl: Implementation) -> None:
    """An infinite source; nine combinations of workers and buffer; three results, the reader stops each time."""

    def scene(sim: Sim) -> None:
        for workers, buffer in itertools.product((1, 2, 5), (0, 1, 4)):
            for ordered in (True, False):
                gauge = Gauge(workers + buffer)
                results = impl.fan_out_in(gauge, str, workers, buffer, ordered)
                for number in range(3):
                    gauge.take(results)
                    sim.settle()
                    gauge.look(f"workers={workers}, buffer={buffer}, {number + 1} results read")
                sim.sleep(LONG)
                gauge.look(f"workers={workers}, buffer={buffer}, the reader away for 30 years")
                results.close()

    simulate(scene)


@check("P3", "P4", kind="behaviour")
def test_a_slow_first_item_holds_up_the_window_and_no_more(impl: Implementation) -> None:
    """Ordered; item 0 takes a day, all others none; the reader waits for it."""

    def scene(sim: Sim) -> None:
        for workers, buffer in ((2, 0), (2, 3), (4, 1)):
            gauge = Gauge(workers + buffer)
            results = impl.fan_out_in(
                gauge, lambda item: item or time.sleep(86_400), workers, buffer
            )
            reader = sim.spawn(lambda g=gauge, r=results: g.take(r))
            sim.sleep(3_600)
            gauge.look(f"workers={workers}, buffer={buffer}, next() waits for a slow item 0")
            equal(reader.result(), None, did="next() when the day was over")
            equal([gauge.take(results) for _ in range(9)], [*range(1, 10)], did="nine more next()")
            sim.settle()
            gauge.look(f"workers={workers}, buffer={buffer}, ten results read")
            results.close()

    simulate(scene)


@check("P1", "P3", "P4", kind="timing")
def test_unordered_a_slow_item_holds_nobody_up(impl: Implementation) -> None:
    """Not ordered; two workers, no buffer; item 0 takes a day, the others a second each."""

    def scene(sim: Sim) -> None:
        gauge = Gauge(2)
        start = sim.now()
        results = impl.fan_out_in(
            gauge, lambda item: time.sleep(1 if item else 86_400) or item, 2, 0, False
        )
        got = [(gauge.take(results), sim.now() - start) for _ in range(50)]
        want = [(number, float(number)) for number in range(1, 51)]
        equal(got, want, did="50 results and when they came")
        sim.settle()
        gauge.look("50 results read")
        results.close()

    simulate(scene)


@check("P3", kind="concurrency")
def test_the_bound_holds_at_every_moment(impl: Implementation) -> None:
    """Two workers, buffer 1, an infinite source; two readers take two results each, under many schedules."""
    for ordered in (True, False):

        def scene(sim: Sim, ordered: bool = ordered) -> None:
            gauge = Gauge(3)
            results = impl.fan_out_in(gauge, abs, workers=2, buffer=1, ordered=ordered)

            def read() -> None:
                for _ in range(2):
                    gauge.take(results)

            sim.together(read, read)
            sim.settle()
            gauge.look("four results read by two threads")
            results.close()

        explore(scene, schedules=60)


@check("P3", kind="concurrency")
def test_asking_counts_not_only_giving(impl: Implementation) -> None:
    """The source takes 10 s for each item; nobody reads after the first result."""

    def scene(sim: Sim) -> None:
        gauge = Gauge(2)

        def source() -> Iterator[int]:
            for item in gauge:
                time.sleep(10)
                yield item

        results = impl.fan_out_in(source(), str, workers=1, buffer=1)
        gauge.take(results)
        sim.sleep(1_000)
        gauge.look("one result read, then nothing for 1,000 s")
        results.close()

    explore(scene, schedules=30)


@check("P4", kind="timing")
def test_workers_work_at_the_same_time(impl: Implementation) -> None:
    """Twelve items of 1 s through 1, 2, 3, 4 and 12 workers; most calls at a time, and how long it took."""

    def scene(sim: Sim) -> None:
        for workers in (1, 2, 3, 4, 12):
            now: list[int] = []
            most: list[int] = [0]

            def stage(item: int, now: list[int] = now, most: list[int] = most) -> None:
                now.append(item)
                most[0] = max(most[0], len(now))
                time.sleep(1)
                now.remove(item)

            for ordered in (True, False):
                start = sim.now()
                got = list(impl.fan_out_in(iter(range(12)), stage, workers, 0, ordered))
                did = f"12 items of 1 s, {workers} workers, ordered={ordered}"
                equal(got, [None] * 12, did=did)
                equal(most[0], workers, did=did + ": most stage calls at a time")
                equal(sim.now() - start, 12.0 / workers, did=did + ": seconds")

    simulate(scene)


@check("P4", kind="timing")
def test_the_makespan_is_that_of_a_simple_model(impl: Implementation) -> None:
    """Thirty random loads: each item goes to the first free worker; a reader who only reads. Seed 7."""

    def scene(sim: Sim) -> None:
        chance = Random(7)
        for _ in range(30):
            workers = chance.randint(1, 4)
            load = [chance.randint(1, 9) for _ in range(chance.randint(1, 9))]
            free = [0] * workers
            for seconds in load:
                free.sort()
                free[0] += seconds
            start = sim.now()
            list(impl.fan_out_in(load, time.sleep, workers, len(load), ordered=False))
            equal(sim.now() - start, float(max(free)), did=f"stages of {load} s, {workers} workers")

    simulate(scene)


@check("P4", kind="concurrency")
def test_stages_that_wait_for_each_other(impl: Implementation) -> None:
    """Three workers, six items; always three stage calls wait for each other."""

    def scene(_: Sim) -> None:
        meeting = threading.Barrier(3)
        results = impl.fan_out_in(iter(range(6)), lambda _: meeting.wait() >= 0, 3, 0, False)
        equal(list(results), [True] * 6, did="six items, three meet at a time")

    explore(scene, schedules=40)


@check("P4", kind="behaviour")
def test_stages_keep_their_threads(impl: Implementation) -> None:
    """Forty items of up to 3 s through three workers: the threads in which the stage is called."""

    def scene(_: Sim) -> None:
        threads: set[threading.Thread] = set()

        def stage(item: int) -> None:
            threads.add(threading.current_thread())
            time.sleep(item % 4)

        list(impl.fan_out_in(range(40), stage, workers=3, buffer=2))
        ensure(
            len(threads) <= 3, did="threads of 40 calls, 3 workers", want="<= 3", got=len(threads)
        )
        mine = threading.current_thread() in threads
        ensure(not mine, did="threads of 40 calls", want="none of them the reader's", got="it is")

    simulate(scene)


@check("P4", "P5", kind="timing")
def test_a_reader_who_works_too(impl: Implementation) -> None:
    """Each item takes 2 s in the stage and 2 s with the reader; one worker, no buffer, then one place of it."""

    def scene(sim: Sim) -> None:
        for buffer, wanted in ((0, 12.0), (1, 12.0)):
            start = sim.now()
            for _ in impl.fan_out_in(range(5), _two_seconds, 1, buffer):
                time.sleep(2)
            equal(
                sim.now() - start, wanted, did=f"5 items, 2 s + 2 s each, buffer={buffer}: seconds"
            )

    simulate(scene)


def _two_seconds(_: int) -> None:
    time.sleep(2)


@check("P5", kind="timing")
def test_a_slow_source_holds_up_no_result(impl: Implementation) -> None:
    """The source needs an hour for each item, the stage a second; when do results come?"""

    def scene(sim: Sim) -> None:
        start = sim.now()

        def source() -> Iterator[int]:
            for number in range(1, 5):
                time.sleep(3_600)
                yield number

        for workers, buffer in ((1, 0), (1, 3), (3, 0), (2, 5)):
            for ordered in (True, False):
                start = sim.now()
                results = impl.fan_out_in(
                    source(), lambda item: time.sleep(1) or item, workers, buffer, ordered
                )
                got = [(value, sim.now() - start) for value in results]
                # one worker does not ask while the stage runs, or asks at once: both are allowed
                late = [value * 3_600.0 + 1 for value in range(1, 5)]
                slow = [value * 3_601.0 for value in range(1, 5)]
                did = (
                    f"an hour for each item, workers={workers}, buffer={buffer}: when results came"
                )
                ensure(
                    [when for _, when in got] in ([late, slow] if workers == 1 else [late]),
                    did=did,
                    want=str(late),
                    got=got,
                )

    simulate(scene)


@check("P5", kind="timing")
def test_results_come_when_they_are_ready(impl: Implementation) -> None:
    """Ordered: items take 3, 1, 4, 1, 5 s, three workers; each result comes when its turn has come."""

    def scene(sim: Sim) -> None:
        start = sim.now()
        results = impl.fan_out_in([3, 1, 4, 1, 5], time.sleep, workers=3, buffer=9)
        got = [sim.now() - start for _ in results]
        equal(got, [3.0, 3.0, 4.0, 4.0, 7.0], did="stages of 3, 1, 4, 1, 5 s, three workers: when")

    simulate(scene)


@check("P5", kind="timing")
def test_nobody_polls(impl: Implementation) -> None:
    """A stage of 30 years, a source of 30 years, a reader away for 30 years; more than 6,000 steps are polling."""

    def scene(sim: Sim) -> None:
        def source() -> Iterator[int]:
            yield 1
            yield 2
            yield 3
            time.sleep(LONG)
            yield 4

        start = sim.now()
        results = impl.fan_out_in(source(), lambda item: item == 2 and time.sleep(LONG), 2, 1)
        next(results)
        next(results)
        equal(sim.now() - start, LONG, did="next() waited for a stage, in seconds")
        sim.sleep(LONG)
        equal(len(list(results)), 2, did="the rest")
        equal(sim.now() - start, 2 * LONG, did="the reader was away while the source took its time")
        results = impl.fan_out_in(iter(range(9)), abs, 2, 1)
        next(results)
        sim.sleep(LONG)
        equal(
            list(results), [*range(1, 9)], did="the rest, the reader was away with all places full"
        )

    simulate(scene, max_steps=6_000)


@check("P3", "P5", kind="throughput")
def test_a_wide_window_costs_no_more(impl: Implementation) -> None:
    """Item 0 takes long while 499 others get ready, one a second; more than 300 steps for each are a search."""

    def scene(_: Sim) -> None:
        results = impl.fan_out_in(range(500), lambda item: time.sleep(1 if item else 600), 2, 498)
        equal(list(results), [None] * 500, did="list(results)")

    simulate(scene, max_steps=150_000)
