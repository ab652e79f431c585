"""Timeout: places, threads, and what is left of a call."""

import gc
import threading
import weakref
from collections.abc import Callable
from functools import partial
from unittest import mock

from contracts.services.resilience import CallTimedOut, WorkersBusy
from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, explore, simulate


def outcome(call: Callable[[], object]) -> object:
    """What it returns, or the class of what it raises."""
    try:
        return call()
    except (NotImplementedError, CheckFailed):
        raise
    except Exception as error:
        return type(error)


def slow(sim: Sim, seconds: float, value: object = "value") -> object:
    """A job that takes some seconds."""
    sim.sleep(seconds)
    return value


@check("P8", kind="timing")
def test_abandoned_jobs_keep_their_places(impl: Implementation) -> None:
    """Three jobs hang, one after the other, at three workers; then they end. The usual number too."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(1.0, 3)
        for number in range(3):
            equal(timeout.busy(), number, did=f"{number} of 3 workers hang; busy()")
            got = outcome(lambda: timeout.call(partial(slow, sim, 10.0)))
            equal(got, CallTimedOut, did=f"call number {number + 1} of a job that hangs")
        ran: list[int] = []
        start = sim.now()
        for _ in range(2):
            got = outcome(lambda: timeout.call(lambda: ran.append(1)))
            equal(got, WorkersBusy, did="a call when all 3 workers hang")
        equal(sim.now() - start, 0.0, did="seconds that two refused calls took")
        equal(timeout.busy(), 3, did="all 3 workers hang, two calls were refused; busy()")
        sim.sleep(7.0)
        sim.settle()
        equal(ran, [], did="runs of the jobs of refused calls, also when a worker is free again")
        equal(timeout.busy(), 2, did="one job has ended at last; busy()")
        got = outcome(lambda: timeout.call(lambda: "value"))
        equal(got, "value", did="one job has ended at last; a call")
        sim.sleep(2.0)
        sim.settle()
        equal(timeout.busy(), 0, did="all jobs have ended; busy()")
        usual = impl.Timeout(1.0)
        got = [outcome(lambda: usual.call(partial(slow, sim, 100.0))) for _ in range(11)]
        did = "Timeout(1.0), eleven calls of jobs that hang"
        equal(got, [CallTimedOut] * 10 + [WorkersBusy], did=did)

    simulate(scene, allow_threads_left=True)


@check("P8", kind="concurrency")
def test_no_place_is_given_twice(impl: Implementation) -> None:
    """Three threads call at the same instant, there are two workers."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(5.0, 2)
        running = [0, 0]

        def job() -> str:
            running[0] += 1
            running[1] = max(running)
            sim.sleep(1.0)
            running[0] -= 1
            return "value"

        got = sim.together(*[lambda: outcome(lambda: timeout.call(job))] * 3)
        did = "Timeout(5.0, 2): three threads call a job of 1 s at the same instant"
        equal(running[1], 2, did=did + ": jobs that ran at a time")
        want = ["WorkersBusy", "value", "value"]
        equal(sorted(getattr(each, "__name__", each) for each in got), want, did=did)
        equal(timeout.busy(), 0, did=did + "; busy() afterwards")

    explore(scene, schedules=110, allow_threads_left=True)


@check("P8", kind="concurrency")
def test_who_calls_again_does_not_meet_the_job_before(impl: Implementation) -> None:
    """One worker, one caller, call after call: a value, an error, and a value again."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(5.0, 1)

        def fail() -> None:
            raise KeyError

        got = [outcome(lambda: timeout.call(lambda: 1)), timeout.busy()]
        got += [outcome(lambda: timeout.call(fail)), timeout.busy()]
        got += [outcome(lambda: timeout.call(lambda: 2)), timeout.busy()]
        did = "Timeout(5.0, 1): three calls one after the other, the second raises KeyError"
        equal(got, [1, 0, KeyError, 0, 2, 0], did=did + "; outcome of each, and busy() after it")

    explore(scene, schedules=120, allow_threads_left=True)


@check("P8", kind="behaviour")
def test_threads_are_bounded(impl: Implementation) -> None:
    """Thirty calls of jobs that hang, then thirty of jobs that do not: the threads are counted."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(0.5, 3)
        before = threading.active_count()
        for seconds in (40.0, 0.0):
            for _ in range(30):
                outcome(lambda seconds=seconds: timeout.call(partial(slow, sim, seconds)))
            sim.settle()
            grown = threading.active_count() - before
            did = f"Timeout(0.5, 3), 30 calls of jobs of {seconds:g} s: threads more than before"
            ensure(grown <= 3, did=did, want="at most 3", got=grown)
            sim.sleep(50.0)

    simulate(scene, allow_threads_left=True)


@check("P9", kind="behaviour")
def test_a_hanging_job_keeps_no_process_from_ending(impl: Implementation) -> None:
    """The job looks whether its thread is a daemon, at the first call and at a later one."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(5.0, 2)
        for _ in range(2):
            got = timeout.call(lambda: threading.current_thread().daemon)
            equal(got, True, did="a job asks threading.current_thread().daemon")

    simulate(scene, allow_threads_left=True)


@check("P9", kind="behaviour")
def test_a_thread_that_cannot_be_started_costs_no_place(impl: Implementation) -> None:
    """The system gives out no more threads for a while; there are two workers."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(1.0, 2)
        ran: list[int] = []
        full = mock.Mock(side_effect=RuntimeError("can't start new thread"))
        with mock.patch.object(threading.Thread, "start", full):
            for _ in range(3):
                got = outcome(lambda: timeout.call(lambda: ran.append(1)))
                if full.called:  # else there was a thread already
                    did = "Timeout(1.0, 2): a call while threads cannot be started"
                    equal(got, RuntimeError, did=did)
        equal(timeout.busy(), 0, did="three calls while threads could not be started; busy()")
        calls = [lambda: outcome(lambda: timeout.call(partial(slow, sim, 0.5)))] * 2
        got = sim.together(*calls)
        equal(got, ["value"] * 2, did="threads can be started again; two calls at a time")
        if full.called:
            equal(ran, [], did="runs of the jobs for which no thread could be started")

    simulate(scene, allow_threads_left=True)


@check("P9", kind="behaviour")
def test_nothing_is_kept_of_a_call_that_is_over(impl: Implementation) -> None:
    """Values, jobs and errors, in time and late, are watched by weak references."""

    class Thing:
        pass

    class Failed(Exception):
        pass

    def scene(sim: Sim) -> None:
        policies = []
        watched: dict[str, weakref.ref[object]] = {}

        def use(name: str, seconds: float, *, fails: bool) -> None:
            held = Thing()
            watched[f"what a job that {name} refers to"] = weakref.ref(held)

            def job(held: Thing = held) -> object:
                sim.sleep(seconds)
                made: object = Failed() if fails else Thing()
                watched[f"the outcome of a job that {name}"] = weakref.ref(made)
                if isinstance(made, Failed):
                    raise made
                return made

            timeout = impl.Timeout(1.0, 2)
            policies.append(timeout)
            outcome(lambda: timeout.call(job))

        for late, seconds in (("in time", 0.0), ("late", 3.0)):
            use(f"returns {late}", seconds, fails=False)
            use(f"fails {late}", seconds, fails=True)
            sim.sleep(5.0)
            sim.settle()
        equal(len(watched), 8, did="outcomes of four jobs")
        gc.collect()
        kept = [name for name, ref in watched.items() if ref() is not None]
        equal(kept, [], did="four calls are over; after gc.collect() there is still")
        equal(len(policies), 4, did="policies, still there")

    simulate(scene, allow_threads_left=True)
