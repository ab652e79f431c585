"""Retry: how long it sleeps, and when it gives up."""

import math
import random
from collections.abc import Callable, Iterator

from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, explore, simulate


class Failing:
    """A job that fails as often as it is told, takes some seconds, and notes when it began."""

    def __init__(self, sim: Sim, failures: float = math.inf, takes: float = 0.0) -> None:
        self.sim, self.failures, self.takes = sim, failures, takes
        self.start = sim.now()
        self.began: list[float] = []

    def __call__(self) -> str:
        self.began.append(self.sim.now() - self.start)
        if self.takes:
            self.sim.sleep(self.takes)
        if len(self.began) <= self.failures:
            raise ConnectionError(len(self.began))
        return "done"

    def gaps(self) -> list[float]:
        """Seconds from one attempt to the next."""
        return [later - earlier for earlier, later in zip(self.began, self.began[1:], strict=False)]


def ends(call: Callable[[], object]) -> object:
    """What it returns, or the number of the failure that it raises."""
    try:
        return call()
    except ConnectionError as error:
        return error.args[0]


class Draws:
    """A source that gives these numbers in turn, and knows how often it was asked."""

    def __init__(self, *numbers: float) -> None:
        self.numbers, self.asked = numbers, 0

    def __call__(self) -> float:
        self.asked += 1
        return self.numbers[(self.asked - 1) % len(self.numbers)]


@check("P3", kind="timing")
def test_delays_double_up_to_the_cap(impl: Implementation) -> None:
    """The source gives known numbers, the attempts are noted to the instant; the usual delays too."""

    def scene(sim: Sim) -> None:
        numbers = (0.5, 0.25, 0.0, 0.75, 0.5)
        for base, cap, ceilings in (
            (0.5, 3.0, (0.5, 1.0, 2.0, 3.0, 3.0)),
            (1.0, 1e6, (1.0, 2.0, 4.0, 8.0, 16.0)),
            (4.0, 1.0, (1.0, 1.0, 1.0, 1.0, 1.0)),
        ):
            draw, job = Draws(*numbers), Failing(sim)
            retry = impl.Retry(6, base=base, cap=cap, draw=draw)
            got = ends(lambda retry=retry, job=job: retry.call(job))
            want = [number * ceiling for number, ceiling in zip(numbers, ceilings, strict=True)]
            did = f"Retry(6, base={base}, cap={cap}), draw() giving {numbers}, always failing"
            equal(got, 6, did=did + ": the error that leaves is that of attempt number")
            equal(job.gaps(), want, did=did + ": seconds between the attempts")
            equal(draw.asked, 5, did=did + ": calls of draw")
            spent = sim.now() - job.start
            equal(spent, sum(want), did=did + ": seconds until the error leaves")
        job = Failing(sim)
        ends(lambda: impl.Retry(10, draw=lambda: 0.5).call(job))
        for number, gap in enumerate(job.gaps(), start=1):
            near = 0.5 * min(10.0, 0.1 * 2 ** (number - 1))
            did = f"Retry(10), draw() giving 0.5: delay number {number}"
            ensure(abs(gap - near) < 1e-6, did=did, want=f"{near:g} s", got=gap)

    simulate(scene)


@check("P3", kind="timing")
def test_without_a_need_nothing_is_drawn_or_slept(impl: Implementation) -> None:
    """Success at once, a single attempt, an error that is not listed; and success after two."""

    def scene(sim: Sim) -> None:
        for attempts, failures, on, slept in (
            (5, 0, (ConnectionError,), 0),
            (1, 9, (ConnectionError,), 0),
            (5, 9, (KeyError,), 0),
            (5, 2, (ConnectionError,), 2),
        ):
            draw, job = Draws(0.5), Failing(sim, failures)
            retry = impl.Retry(attempts, base=2.0, cap=2.0, on=on, draw=draw)
            ends(lambda retry=retry, job=job: retry.call(job))
            did = f"Retry({attempts}, on={on[0].__name__}), a job that fails {failures} times"
            equal(draw.asked, slept, did=did + ": calls of draw")
            equal(sim.now() - job.start, 1.0 * slept, did=did + ": seconds until the end")

    simulate(scene)


@check("P3", kind="timing")
def test_the_ten_thousandth_delay(impl: Implementation) -> None:
    """Ten thousand attempts: 2 to the power of 9,999 is no float."""

    def scene(sim: Sim) -> None:
        job = Failing(sim)
        retry = impl.Retry(10_000, base=0.25, cap=0.5, draw=lambda: 0.5)
        got = ends(lambda: retry.call(job))
        did = "Retry(10_000, base=0.25, cap=0.5), draw() giving 0.5, always failing"
        equal(got, 10_000, did=did + ": the error that leaves is that of attempt number")
        equal(sim.now() - job.start, 0.125 + 9_998 * 0.25, did=did + ": seconds until it leaves")

    simulate(scene)


@check("P3", kind="timing")
def test_delays_are_spread_evenly(impl: Implementation) -> None:
    """No source is given: 300 delays of two calls each, by two policies."""

    def scene(sim: Sim) -> None:
        drawn: list[list[float]] = []
        for retry in (impl.Retry(151, base=1.0, cap=1.0), impl.Retry(151, base=1.0, cap=1.0)):
            for _ in range(2):
                job = Failing(sim)
                ends(lambda retry=retry, job=job: retry.call(job))
                drawn.append(job.gaps())
        did = "Retry(151, base=1.0, cap=1.0), four calls of a job that always fails: "
        rounded = {tuple(round(gap, 6) for gap in gaps) for gaps in drawn}
        equal(len(rounded), 4, did=did + "different sequences of delays")
        gaps = [gap for each in drawn for gap in each]
        # 600 numbers: each bound below is missed by chance less often than once in 10**20 times
        for what, truth, got in (
            ("all within 0 and 1 s", min(gaps) >= 0 and max(gaps) <= 1, (min(gaps), max(gaps))),
            ("some below 0.1 s", min(gaps) < 0.1, min(gaps)),
            ("some above 0.9 s", max(gaps) > 0.9, max(gaps)),
            ("0.4 to 0.6 s on average", 0.38 < sum(gaps) / 600 < 0.62, sum(gaps) / 600),
            ("half of them below 0.5 s", 180 < sum(gap < 0.5 for gap in gaps) < 420, None),
        ):
            ensure(truth, did=did + "their 600 delays", want=what, got=got)

    simulate(scene)


@check("P4", kind="timing")
def test_the_deadline_is_not_slept_past(impl: Implementation) -> None:
    """Delays that end before the deadline, exactly at it, and after it; attempts that take long."""

    def scene(sim: Sim) -> None:
        cases: tuple[tuple[str, float, float, list[float], float], ...] = (
            ("ends 0.25 s before the deadline", 10.25, 0.0, [0.0, 2.0, 6.0, 10.0], 10.0),
            ("ends at the deadline", 10.0, 0.0, [0.0, 2.0, 6.0], 6.0),
            ("ends after the deadline", 9.0, 0.0, [0.0, 2.0, 6.0], 6.0),
            ("would be the first and too long", 1.5, 0.0, [0.0], 0.0),
            ("ends at the deadline, attempts of 3 s", 12.0, 3.0, [0.0, 5.0], 8.0),
            ("ends before it, attempts of 3 s", 12.5, 3.0, [0.0, 5.0, 12.0], 15.0),
            ("is left after an attempt of 20 s", 12.0, 20.0, [0.0], 20.0),
        )
        for what, deadline, takes, began, end in cases:
            job = Failing(sim, takes=takes)
            retry = impl.Retry(4, base=4.0, cap=8.0, deadline=deadline, draw=lambda: 0.5)
            got = ends(lambda retry=retry, job=job: retry.call(job))
            did = f"deadline {deadline} s, delays of 2, 4, 4 s; the next delay {what}: "
            equal(job.began, began, did=did + "starts of the attempts")
            equal(sim.now() - job.start, end, did=did + "instant at which the error leaves")
            equal(got, len(began), did=did + "the error is that of attempt number")
        job = Failing(sim, failures=1, takes=3.0)
        retry = impl.Retry(2, base=4.0, cap=8.0, deadline=6.0, draw=lambda: 0.5)
        got = ends(lambda: retry.call(job))
        equal(got, "done", did="the last attempt begins before the deadline and succeeds after it")

    simulate(scene)


@check("P4", kind="timing")
def test_a_delay_that_lasts_too_long(impl: Implementation) -> None:
    """The machine is busy: the thread that sleeps 1 s is woken after 5 s, and after 20 s."""

    def scene(sim: Sim) -> None:
        for late, calls in ((5.0, 2), (20.0, 1), (10.0, 1)):
            job = Failing(sim)
            retry = impl.Retry(2, base=2.0, cap=2.0, deadline=10.0, draw=lambda: 0.5)
            calling = sim.spawn(lambda retry=retry, job=job: ends(lambda: retry.call(job)))
            sim.sleep(0.5)
            sim.pass_time(late - 0.5)
            got = calling.result()
            did = f"deadline 10 s; a delay of 1 s that lasts until {late:g} s after the start: "
            equal(len(job.began), calls, did=did + "attempts")
            equal(got, calls, did=did + "the error that leaves is that of attempt number")

    simulate(scene)


@check("P5", kind="concurrency")
def test_calls_share_nothing(impl: Implementation) -> None:
    """One policy for two threads that start 0.25 s apart, each with two calls; and inside itself."""

    def scene(sim: Sim) -> None:
        retry = impl.Retry(3, base=2.0, cap=8.0, deadline=3.5, draw=lambda: 0.5)

        def calls(after: float) -> list[list[float]]:
            sim.sleep(after)
            found = []
            for failures in (2, 9):
                job = Failing(sim, failures)
                ends(lambda job=job: retry.call(job))
                found.append(job.began)
            return found

        got = sim.together(lambda: calls(0.0), lambda: calls(0.25))
        did = (
            "two threads, one Retry(3) with delays of 1 and 2 s and a deadline of 3.5 s, two calls"
        )
        equal(got, [[[0.0, 1.0, 3.0]] * 2] * 2, did=did + " each: starts of the attempts")

    def nested(sim: Sim) -> None:
        retry = impl.Retry(3, base=2.0, cap=8.0, draw=lambda: 0.5)
        job = Failing(sim)
        got = ends(lambda: retry.call(lambda: retry.call(job)))
        did = "retry.call(lambda: retry.call(job)) with delays of 1 and 2 s, always failing"
        want = [0.0, 1.0, 3.0, 4.0, 5.0, 7.0, 9.0, 10.0, 12.0]
        equal(job.began, want, did=did + ": starts of the attempts")
        equal(got, 9, did=did + ": the error that leaves is that of attempt number")

    def slow_draw(sim: Sim) -> None:
        def draw() -> float:
            sim.sleep(2.0)
            return 0.5

        retry = impl.Retry(2, base=2.0, cap=8.0, draw=draw)
        jobs = [Failing(sim), Failing(sim)]
        sim.together(*[lambda job=job: ends(lambda: retry.call(job)) for job in jobs])
        did = "two threads, a draw() that takes 2 s, delays of 1 s: starts of the attempts"
        equal([job.began for job in jobs], [[0.0, 3.0]] * 2, did=did)

    explore(scene, schedules=60)
    simulate(nested)
    simulate(slow_draw)


def planned(
    attempts: int, base: float, cap: float, deadline: float, steps: list[tuple[float, float]]
) -> Iterator[float]:
    """When the attempts begin, by the contract; a step is the seconds an attempt takes and a draw."""
    now = 0.0
    for number in range(attempts):
        yield now
        takes, number_drawn = steps[number]
        now += takes
        delay = number_drawn * min(cap, base * 2.0**number)
        if number == attempts - 1 or now + delay >= deadline:
            return
        now += delay


@check("P3", "P4", kind="timing")
def test_drawn_policies_keep_their_plan(impl: Implementation) -> None:
    """60 policies, drawn from the seed 8: numbers, durations and deadlines of all kinds."""

    def scene(sim: Sim) -> None:
        dice = random.Random(8)
        for _ in range(60):
            attempts = dice.randint(1, 12)
            base, cap = 2.0 ** dice.randint(-4, 2), 2.0 ** dice.randint(-2, 5)
            deadline = dice.choice([math.inf, dice.randint(1, 400) / 4])
            steps = [(dice.choice([0, 0, 0.5, 4]), dice.randrange(16) / 16) for _ in range(12)]
            draws = Draws(*(number for _, number in steps))
            retry = impl.Retry(attempts, base=base, cap=cap, deadline=deadline, draw=draws)
            job = Failing(sim)

            def attempt(job: Failing = job, steps: list[tuple[float, float]] = steps) -> str:
                job.takes = steps[len(job.began)][0]
                return job()

            ends(lambda retry=retry, attempt=attempt: retry.call(attempt))
            want = list(planned(attempts, base, cap, deadline, steps))
            if job.began != want:
                given = f"base={base}, cap={cap}, deadline={deadline}"
                did = f"Retry({attempts}, {given}), (seconds of an attempt, draw) = {steps}"
                raise CheckFailed(did, f"attempts begin at {want}", f"{job.began}")

    simulate(scene)
