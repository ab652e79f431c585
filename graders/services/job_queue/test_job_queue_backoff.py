"""Waiting for the next attempt: how long, from when, by which clock."""

import itertools
import random
import time
from collections.abc import Iterable
from typing import Any

from contracts.services.job_queue import JobQueue
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate


class Chance:
    """A source of randomness that says these numbers, the last one again and again."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = list(numbers)
        self.calls = 0

    def random(self) -> float:
        """The next number."""
        self.calls += 1
        return self.numbers.pop(0) if len(self.numbers) > 1 else self.numbers[0]


def gaps(instants: Iterable[float]) -> list[float]:
    """The seconds between instants."""
    return [after - before for before, after in itertools.pairwise(instants)]


def starts_of(impl: Implementation, sim: Sim, attempts: int, **options: Any) -> list[float]:
    """When the attempts of a job started that fails at once, every time."""
    starts: list[float] = []

    def handler(_: Any) -> None:
        starts.append(sim.now())
        raise ValueError

    queue = impl.JobQueue({"k": handler}, 1, 1, max_attempts=attempts, **options)
    queue.submit("k")
    while queue.stats().failed == 0 and sim.now() < 1e7:
        sim.sleep(1024)
    queue.stop()
    return starts


@check("P6", kind="timing")
def test_waits_double_up_to_the_cap(impl: Implementation) -> None:
    """Bases of 3 s and of 0, caps of 40 s, of 0, below the base, and the defaults; a half is drawn."""

    def scene(sim: Sim) -> None:
        starts = starts_of(impl, sim, 8, base_delay=3, max_delay=40, chance=Chance(0.5))
        did = "base_delay=3, max_delay=40, random() says 0.5, eight attempts: waits"
        equal(gaps(starts), [1.5, 3.0, 6.0, 12.0, 20.0, 20.0, 20.0], did=did)
        half = {"chance": Chance(0.5)}
        for options, want in (
            ({"base_delay": 0, "max_delay": 8}, [0.0] * 3),
            ({"base_delay": 8, "max_delay": 0}, [0.0] * 3),
            ({"base_delay": 8, "max_delay": 2}, [1.0] * 3),
            ({"base_delay": 0.25, "max_delay": 60}, [0.125, 0.25, 0.5]),
            ({}, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]),
        ):
            starts = starts_of(impl, sim, len(want) + 1, **options, **half)  # type: ignore[arg-type]
            equal(gaps(starts), want, did=f"{options}, random() says 0.5: waits")

    simulate(scene)


@check("P6", kind="timing")
def test_every_wait_has_a_random_number_of_its_own(impl: Implementation) -> None:
    """The source says 0, 3/4, 1/4, 63/64, 1/2; six attempts, then a second job."""

    def scene(sim: Sim) -> None:
        chance = Chance(0.0, 0.75, 0.25, 63 / 64, 0.5)
        starts = starts_of(impl, sim, 6, base_delay=2, max_delay=64, chance=chance)
        did = "base_delay=2, random() says 0, 3/4, 1/4, 63/64, 1/2: waits"
        equal(gaps(starts), [0.0, 3.0, 2.0, 15.75, 16.0], did=did)
        equal(chance.calls, 5, did="six attempts, five waits: random numbers drawn")

    simulate(scene)


@check("P6", kind="timing")
def test_numbers_beyond_all_floats_and_clocks(impl: Implementation) -> None:
    """1,100 attempts, though no float holds 2**1099; a wait that is longer than a lock can wait."""

    def scene(sim: Sim) -> None:
        chance = Chance(*[0.0] * 1_095, 0.5)
        starts = starts_of(impl, sim, 1_100, base_delay=1, max_delay=4, chance=chance)
        equal(len(starts), 1_100, did="max_attempts=1,100: attempts")
        did = "base_delay=1, max_delay=4, random() says 0.5: the last four of 1,099 waits"
        equal(gaps(starts)[-4:], [2.0] * 4, did=did)

        def broken(_: Any) -> None:
            raise ValueError

        huge = {"base_delay": 1e300, "max_delay": 1e300, "chance": Chance(0.5)}
        queue = impl.JobQueue({"broken": broken, "good": lambda _: 7}, 1, 3, **huge)
        bad = queue.submit("broken")
        sim.settle()
        good = queue.submit("good")
        sim.settle()
        did = "a job waits for 5 * 10**299 s for its retry; another one's result"
        equal(queue.get(good).result, 7, did=did)
        equal([job.id for job in queue.stop().returned], [bad], did="stop(): jobs handed back")

    simulate(scene)


@check("P6", kind="timing")
def test_a_source_of_its_own(impl: Implementation) -> None:
    """Forty jobs fail at once, without `chance`; when their second attempts start."""

    def scene(sim: Sim) -> None:
        starts: list[float] = []

        def handler(_: Any) -> None:
            starts.append(sim.now())
            raise ValueError

        queue = impl.JobQueue(
            {"k": handler}, workers=40, capacity=40, max_attempts=2, base_delay=32
        )
        random.seed(0)
        start = sim.now()
        for _ in range(40):
            queue.submit("k")
        sim.sleep(33)
        queue.stop()
        waits = [at - start for at in starts[40:]]
        equal(len(waits), 40, did="forty jobs fail, base_delay=32, 33 s later: second attempts")
        want = "between 0 and 32 s, and not at the same time"
        spread = all(0 <= wait <= 32 for wait in waits) and len(set(waits)) > 20
        ensure(spread, did="the waits before them", want=want, got=sorted(waits))
        low = sum(wait < 16 for wait in waits)
        want = "all over the 32 s"
        ensure(0 < low < 40, did="waits below 16 s, of forty", want=want, got=low)

    simulate(scene)


@check("P6", kind="concurrency")
def test_the_source_is_never_called_twice_at_the_same_time(impl: Implementation) -> None:
    """Two jobs fail on two workers; the source takes its time."""

    def scene(sim: Sim) -> None:
        inside: list[int] = []
        most = [0]

        class Slow:
            def random(self) -> float:
                inside.append(1)
                for _ in range(20):
                    sim.point()
                most[0] = max(most[0], len(inside))
                inside.pop()
                return 0.0

        def broken(_: Any) -> None:
            raise ValueError

        queue = impl.JobQueue({"k": broken}, 2, 2, max_attempts=2, chance=Slow())
        ids = [queue.submit("k"), queue.submit("k")]
        sim.settle()
        got = [str(queue.get(job_id).status) for job_id in ids]
        equal(got, ["failed", "failed"], did="two jobs failed twice: statuses")
        equal(most, [1], did="two jobs failed twice: the most that were in random() at a time")
        queue.stop()

    explore(scene, schedules=120)


@check("P17", kind="timing")
def test_the_wall_clock_has_no_say(impl: Implementation) -> None:
    """The wall clock is set forwards and backwards by a day while jobs wait, and while stop does."""

    def scene(sim: Sim) -> None:
        for jump in (86_400, -86_400):
            starts: list[float] = []

            def handler(_: Any, starts: list[float] = starts) -> None:
                starts.append(sim.now())
                raise ValueError

            queue = impl.JobQueue(
                {"k": handler, "nap": time.sleep}, 1, 3, base_delay=8, chance=Chance(0.5)
            )
            queue.submit("k")
            sim.sleep(1)
            sim.jump_wall_clock(jump)
            sim.sleep(2)
            queue.submit("nap", 1)
            equal(len(starts), 1, did=f"wait of 4 s, the wall clock set by {jump} s: after 3 s")
            sim.sleep(5)
            equal(gaps(starts), [4.0], did=f"wait of 4 s, the wall clock set by {jump} s: waits")
            queue.submit("nap", 64)
            queue.submit("nap", 1)
            sim.sleep(2)
            sim.jump_wall_clock(jump)
            equal(queue.stats().oldest_wait, 2.0, did=f"2 s in line, clock set by {jump} s: stats")
            start, stopping = sim.now(), sim.spawn(lambda queue=queue: queue.stop(16))
            sim.sleep(1)
            sim.jump_wall_clock(jump)
            stopping.result()
            equal(sim.now() - start, 16.0, did=f"stop(16), clock set by {jump} s: it took, in s")
            queue.stop()

    simulate(scene)


@check("P17", kind="timing")
def test_an_idle_queue_does_nothing(impl: Implementation) -> None:
    """Two workers, idle for 30 years, and a retry that waits as long; 4,000 steps are polling."""

    def scene(sim: Sim) -> None:
        def broken(_: Any) -> None:
            raise ValueError

        for options in ({}, {"base_delay": 2e9, "max_delay": 2e9, "chance": Chance(0.5)}):
            queue: JobQueue = impl.JobQueue({"k": broken}, 2, 3, max_attempts=2, **options)
            queue.submit("k")
            sim.sleep(0.5e9 if options else 1e9)
            if options:
                got = [str(job.status) for job in queue.stop().returned]
                equal(got, ["returned"], did="a retry was 15 years away; stop(): handed back")
            else:
                queue.stop()

    simulate(scene, max_steps=4_000)


@check("P17", kind="timing")
def test_everything_happens_at_once(impl: Implementation) -> None:
    """Three workers; jobs come, fail and are retried at odd instants; when each attempt started."""

    def scene(sim: Sim) -> None:
        starts: list[tuple[str, float]] = []
        zero = sim.now()

        def handler(order: list[Any]) -> None:
            name, seconds, fails = order
            made = sum(name == other for other, _ in starts)
            starts.append((name, sim.now() - zero))
            time.sleep(seconds)
            if made < fails:
                raise ValueError

        queue = impl.JobQueue({"k": handler}, 3, 20, base_delay=8, chance=Chance(0.5))
        sim.sleep(0.8125)
        queue.submit("k", ["far", 0, 2])  # fails at 0.8125, again at 4.8125, done at 12.8125
        sim.sleep(1)
        queue.submit("k", ["near", 0.5, 1])  # fails at 2.3125, again at 6.3125
        queue.submit("k", ["long", 16, 0])
        sim.sleep(1.25)
        queue.submit("k", ["long too", 16, 0])
        sim.sleep(20)
        want = [("far", 0.8125), ("near", 1.8125), ("long", 1.8125), ("long too", 3.0625)]
        want += [("far", 4.8125), ("near", 6.3125), ("far", 12.8125)]
        did = "three workers, retries after 4 s and 8 s: (job, started at)"
        equal(sorted(starts), sorted(want), did=did)
        queue.stop()

    simulate(scene)
