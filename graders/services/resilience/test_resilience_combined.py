"""The three policies together, in every order; clocks that are set; arguments that are refused."""

import math
from collections.abc import Callable
from functools import partial

from contracts.services.resilience import CallTimedOut, CircuitOpen, State, Status, WorkersBusy
from graders.kit import CheckFailed, Implementation, Sim, check, equal, raises, simulate

CLOSED, OPEN = State.CLOSED, State.OPEN


class Job:
    """A job that takes some seconds and fails, apart from one attempt; it notes when it began."""

    def __init__(self, sim: Sim, takes: float = 0.0, succeeds: int = 0) -> None:
        self.sim, self.takes, self.succeeds = sim, takes, succeeds
        self.start, self.began = sim.now(), list[float]()

    def __call__(self) -> str:
        self.began.append(self.sim.now() - self.start)
        number = len(self.began)
        self.sim.sleep(self.takes)
        if number != self.succeeds:
            raise ConnectionError(number)
        return "value"


def timed(sim: Sim, call: Callable[[], object]) -> tuple[object, float]:
    """What it returns, or the class of what it raises; and after how many seconds."""
    start = sim.now()
    try:
        got = call()
    except (NotImplementedError, CheckFailed):
        raise
    except Exception as error:
        got = type(error)
    return got, sim.now() - start


@check("P19", kind="timing")
def test_retry_around_breaker(impl: Implementation) -> None:
    """Each attempt is one call of the breaker; when it opens, the next attempt ends the retry."""

    def scene(sim: Sim) -> None:
        breaker = impl.CircuitBreaker(2, 30.0)
        retry = impl.Retry(5, base=2.0, cap=8.0, draw=lambda: 0.5)
        job = Job(sim)
        did = "retry.call(lambda: breaker.call(job)), 5 attempts, delays of 1, 2, 4 s, threshold 2"
        got = timed(sim, lambda: retry.call(lambda: breaker.call(job)))
        equal(got, (CircuitOpen, 3.0), did=did + ": what leaves, and when")
        equal(job.began, [0.0, 1.0], did=did + ": starts of the job")
        equal(breaker.status(), Status(OPEN, 0, 28.0, 1, 1), did=did + ": status() of the breaker")
        for on in ((Exception,), (CircuitOpen,)):
            again = impl.Retry(5, on=on)
            got = timed(sim, lambda again=again: again.call(lambda: breaker.call(job)))
            did = f"open; Retry(5, on={on[0].__name__}) around the breaker: what leaves, and when"
            equal(got, (CircuitOpen, 0.0), did=did)
        sim.sleep(28.0)
        job = Job(sim, succeeds=1)
        got = timed(sim, lambda: retry.call(lambda: breaker.call(job)))
        equal(got, ("value", 0.0), did="half-open; the retry's first attempt succeeds as probe")
        job = Job(sim, succeeds=2)
        retry.call(lambda: breaker.call(job))
        want = Status(CLOSED, 0, 0.0, 1, 3)
        equal(breaker.status(), want, did="closed; a retry fails once and succeeds; status()")

    simulate(scene)


@check("P19", kind="timing")
def test_breaker_around_retry(impl: Implementation) -> None:
    """All attempts together are one call of the breaker."""

    def scene(sim: Sim) -> None:
        breaker = impl.CircuitBreaker(2, 30.0)
        retry = impl.Retry(3, base=2.0, cap=8.0, draw=lambda: 0.5)
        did = "breaker.call(lambda: retry.call(job)), 3 attempts, threshold 2"
        for number, want in enumerate(
            (Status(CLOSED, 1, 0.0, 0, 0), Status(OPEN, 0, 30.0, 1, 0)), start=1
        ):
            job = Job(sim)
            got = timed(sim, partial(breaker.call, partial(retry.call, job)))
            equal(got, (ConnectionError, 3.0), did=f"{did}, call {number}: what leaves, and when")
            equal(len(job.began), 3, did=f"{did}, call {number}: attempts")
            equal(breaker.status(), want, did=f"{did}, call {number}: status()")
        job = Job(sim)
        got = timed(sim, lambda: breaker.call(lambda: retry.call(job)))
        equal((*got, len(job.began)), (CircuitOpen, 0.0, 0), did=did + ", call 3: refused, at once")
        sim.sleep(30.0)
        job = Job(sim, succeeds=3)
        got = timed(sim, lambda: breaker.call(lambda: retry.call(job)))
        equal(got, ("value", 3.0), did=did + ", half-open: the third attempt succeeds")
        equal(breaker.status().state, CLOSED, did=did + ", after a probe of three attempts; state")

    simulate(scene)


@check("P19", kind="timing")
def test_a_timeout_within(impl: Implementation) -> None:
    """Retry around breaker around timeout; the downstream hangs."""

    def scene(sim: Sim) -> None:
        retry = impl.Retry(4, base=2.0, cap=8.0, draw=lambda: 0.5)
        did = "retry(breaker(timeout(job))), limit 1 s, delays of 1, 2, 4 s, the job hangs for 50 s"
        for workers, threshold, want, began, status in (
            (9, 9, (CallTimedOut, 11.0), [0.0, 2.0, 5.0, 10.0], Status(CLOSED, 4, 0.0, 0, 0)),
            (9, 2, (CircuitOpen, 5.0), [0.0, 2.0], Status(OPEN, 0, 28.0, 1, 1)),
            (2, 9, (WorkersBusy, 5.0), [0.0, 2.0], Status(CLOSED, 2, 0.0, 0, 0)),
        ):
            breaker = impl.CircuitBreaker(threshold, 30.0)
            timeout = impl.Timeout(1.0, workers)
            job = Job(sim, takes=50.0)
            once = partial(breaker.call, partial(timeout.call, job))
            got = timed(sim, partial(retry.call, once))
            case = f"{did}, {workers} workers, threshold {threshold}: "
            equal(got, want, did=case + "what leaves, and when")
            equal(job.began, began, did=case + "starts of the job")
            equal(breaker.status(), status, did=case + "status() of the breaker")

    simulate(scene, allow_threads_left=True)


@check("P7", "P19", kind="timing")
def test_a_timeout_around(impl: Implementation) -> None:
    """Breaker around timeout around retry: one failure at the limit; the deadline ends the rest."""

    def scene(sim: Sim) -> None:
        breaker = impl.CircuitBreaker(5, 30.0)
        timeout = impl.Timeout(4.0, 1)
        retry = impl.Retry(9, base=2.0, cap=2.0, deadline=6.5, draw=lambda: 0.5)
        job = Job(sim, takes=1.0)
        whole = partial(breaker.call, partial(timeout.call, partial(retry.call, job)))
        did = "breaker(timeout(retry(job))), limit 4 s, deadline 6.5 s, attempts and delays of 1 s"
        equal(timed(sim, whole), (CallTimedOut, 4.0), did=did + ": what leaves, and when")
        equal(breaker.status(), Status(CLOSED, 1, 0.0, 0, 0), did=did + ": status()")
        equal(timed(sim, whole), (WorkersBusy, 0.0), did=did + ": a second call, one worker")
        equal(breaker.status().failures, 1, did=did + ": a second call, one worker; failures")
        sim.sleep(3.5)
        equal(job.began, [0.0, 2.0, 4.0, 6.0], did=did + ": attempts until the deadline, and after")
        equal(timeout.busy(), 0, did=did + ": busy() after the deadline")

    simulate(scene, allow_threads_left=True)


@check("P17", kind="timing")
def test_the_wall_clock_has_no_say(impl: Implementation) -> None:
    """It is set by hours in both directions while a retry sleeps, a job runs, a circuit is open."""

    def scene(sim: Sim) -> None:
        for jump in (7_200.0, -7_200.0):
            did = f"the wall clock is set by {jump:+,.0f} s after 0.5 s: "
            retry = impl.Retry(3, base=4.0, cap=4.0, deadline=10.0, draw=lambda: 0.5)
            timeout, breaker = impl.Timeout(4.0, 2), impl.CircuitBreaker(1, 8.0)
            timed(sim, lambda breaker=breaker: breaker.call(Job(sim)))
            job = Job(sim)
            calls = [
                sim.spawn(partial(timed, sim, partial(retry.call, job))),
                sim.spawn(partial(timed, sim, partial(timeout.call, Job(sim, 100.0)))),
            ]
            sim.sleep(0.5)
            sim.jump_wall_clock(jump)
            got = [each.result() for each in calls]
            equal(got[0], (ConnectionError, 4.0), did=did + "a retry with two delays of 2 s")
            equal(got[1], (CallTimedOut, 4.0), did=did + "a Timeout(4.0) of a job that hangs")
            want = Status(OPEN, 0, 4.0, 1, 0)
            equal(breaker.status(), want, did=did + "status() of a breaker that opened for 8 s")
            sim.sleep(4.0)
            got = timed(sim, lambda breaker=breaker: breaker.call(Job(sim, 1.0, succeeds=1)))
            equal(got, ("value", 1.0), did=did + "the probe after 8 s")

    simulate(scene, allow_threads_left=True)


@check("P18", kind="contract")
def test_bad_arguments_of_policies(impl: Implementation) -> None:
    """Numbers that are zero, negative, infinite or none; errors that cannot be acted upon."""

    def scene(sim: Sim) -> None:
        nan, inf = math.nan, math.inf
        bad: dict[str, Callable[[], object]] = {}
        for number in (0, -1):
            bad[f"Retry({number})"] = partial(impl.Retry, number)
            bad[f"Timeout(1.0, {number})"] = partial(impl.Timeout, 1.0, number)
            bad[f"CircuitBreaker({number})"] = partial(impl.CircuitBreaker, number)
        for number in (0.0, -1.0, nan, inf, -inf):
            bad[f"Retry(base={number})"] = partial(impl.Retry, base=number)
            bad[f"Retry(cap={number})"] = partial(impl.Retry, cap=number)
            bad[f"Timeout({number})"] = partial(impl.Timeout, number)
            bad[f"CircuitBreaker(1, {number})"] = partial(impl.CircuitBreaker, 1, number)
            if number != inf:
                bad[f"Retry(deadline={number})"] = partial(impl.Retry, deadline=number)
        for kind in (BaseException, KeyboardInterrupt, SystemExit, GeneratorExit):
            for kinds in ((kind,), (ValueError, kind)):
                bad[f"Retry(on={kinds})"] = partial(impl.Retry, on=kinds)
                bad[f"CircuitBreaker(ignore={kinds})"] = partial(impl.CircuitBreaker, ignore=kinds)
        for did, make in bad.items():
            raises(ValueError, make, did=did)
        good = impl.Retry(1, base=2.0**-30, cap=2.0**-40, deadline=inf, on=())
        equal(good.call(lambda: 1), 1, did="the smallest arguments, no deadline, nothing listed")
        short = impl.Retry(1, deadline=2.0**-30)
        equal(short.call(lambda: 1), 1, did="Retry(1, deadline=2**-30), a call")
        breaker = impl.CircuitBreaker(1, 2.0**-30, ignore=())
        equal(breaker.call(lambda: 1), 1, did="CircuitBreaker(1, 2**-30), a call")
        timed(sim, partial(breaker.call, Job(sim)))
        sim.sleep(2.0**-30)
        equal(
            breaker.call(lambda: 1), 1, did="CircuitBreaker(1, 2**-30), failure, 2**-30 s, a call"
        )

    simulate(scene)
