"""Timeout: what comes back, and when."""

import contextvars
import traceback
from collections.abc import Callable
from functools import partial

from contracts.services.resilience import CallTimedOut, WorkersBusy
from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, explore, simulate

NAME: contextvars.ContextVar[str] = contextvars.ContextVar("NAME", default="nobody")


def outcome(call: Callable[[], object]) -> object:
    """What it returns, or what it raises."""
    try:
        return call()
    except (NotImplementedError, CheckFailed):
        raise
    except (Exception, KeyboardInterrupt, SystemExit, GeneratorExit) as error:
        return error


def timed(sim: Sim, call: Callable[[], object]) -> tuple[object, float]:
    """What it returns, or the class of what it raises; and after how many seconds."""
    start = sim.now()
    got = outcome(call)
    return (type(got) if isinstance(got, BaseException) else got), sim.now() - start


def slow(sim: Sim, seconds: float, value: object = "value") -> object:
    """A job that takes some seconds."""
    sim.sleep(seconds)
    if isinstance(value, BaseException):
        raise value
    return value


@check("P6", kind="behaviour")
def test_values_and_errors_come_back_as_they_are(impl: Implementation) -> None:
    """Values of several kinds; errors of every kind, timeouts of the job's own among them."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(5.0, 1)
        for value in (None, False, [1], ValueError("returned, not raised"), CallTimedOut):
            got = outcome(lambda value=value: timeout.call(lambda: value))
            ensure(got is value, did=f"a job returns {value!r}", want="that very object", got=got)
        errors: tuple[BaseException, ...] = (
            ValueError(1),
            TimeoutError("own"),
            CallTimedOut("own"),
        )
        errors += (StopIteration(1), KeyboardInterrupt(), SystemExit(1), GeneratorExit())
        errors += (WorkersBusy("own"),)
        for error in errors:

            def fails_here(error: BaseException = error) -> None:
                sim.sleep(1.0)
                raise error

            start = sim.now()
            got = outcome(lambda fails_here=fails_here: timeout.call(fails_here))
            did = f"a job raises {error!r} after 1 s, 5 s being allowed"
            ensure(got is error, did=did, want="that very object is raised", got=got)
            equal(sim.now() - start, 1.0, did=did + ": seconds until it is raised")
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            ensure("fails_here" in frames, did=did, want="the job's frame in the traceback")

    simulate(scene, allow_threads_left=True)


@check("P6", kind="behaviour")
def test_the_job_runs_in_a_copy_of_the_context(impl: Implementation) -> None:
    """A context variable, as the caller has set it; what jobs set stays with them."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(5.0, 3)

        def job(own: str) -> str:
            before = NAME.get()
            NAME.set(own)
            sim.sleep(1.0)
            return f"{before}, then {NAME.get()}"

        def caller(name: str) -> list[object]:
            found: list[object] = []
            for number in range(2):
                NAME.set(f"{name}{number}")
                found += [timeout.call(lambda: job(f"job of {name}")), NAME.get()]
            return found

        got = sim.together(lambda: caller("a"), lambda: caller("b"))
        want = [
            [f"{n}0, then job of {n}", f"{n}0", f"{n}1, then job of {n}", f"{n}1"] for n in "ab"
        ]
        did = "two callers set a variable and call a job that sets it: what job and caller see"
        equal(got, want, did=did)

        def nested() -> object:
            return timeout.call(lambda: timeout.call(NAME.get))

        def fresh() -> object:
            NAME.set("c")
            return nested()

        equal(sim.together(fresh), ["c"], did="a job in a job in a call: the caller's variable")

    simulate(scene, allow_threads_left=True)


@check("P7", kind="timing")
def test_the_limit_is_exact(impl: Implementation) -> None:
    """Jobs that end just before the limit, after it, long after it, and at once."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(2.0, 4)
        for takes, want in (
            (0.0, ("value", 0.0)),
            (1.75, ("value", 1.75)),
            (2.25, (CallTimedOut, 2.0)),
            (900.0, (CallTimedOut, 2.0)),
            (1.75, ("value", 1.75)),
        ):
            got = timed(sim, lambda takes=takes: timeout.call(partial(slow, sim, takes)))
            equal(got, want, did=f"Timeout(2.0), a job of {takes} s: outcome, and after how long")

    simulate(scene, allow_threads_left=True)


@check("P7", kind="timing")
def test_late_outcomes_are_dropped(impl: Implementation) -> None:
    """Late values and errors come while other calls wait for theirs."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(2.0, 2)
        for late in ("late", ValueError("late"), SystemExit("late")):
            got = timed(sim, lambda late=late: timeout.call(partial(slow, sim, 3.0, late)))
            equal(got, (CallTimedOut, 2.0), did="Timeout(2.0), a job of 3 s")
            got = timed(sim, lambda: timeout.call(partial(slow, sim, 1.5, "own")))
            did = f"a job was given up; 1 s into the next call its outcome comes, {late!r}"
            equal(got, ("own", 1.5), did=did + ": outcome of the next call, and after how long")
            equal(timeout.busy(), 0, did=did + "; busy()")
            got = timed(sim, lambda: timeout.call(lambda: "after"))
            equal(got, ("after", 0.0), did=did + "; the call after that")

    simulate(scene, allow_threads_left=True)


@check("P7", "P8", kind="concurrency")
def test_a_job_ends_at_the_limit(impl: Implementation) -> None:
    """A job ends at the very instant of its limit: both outcomes are right, its place is free once."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(1.0, 1)
        got = timed(sim, lambda: timeout.call(partial(slow, sim, 1.0)))
        did = "Timeout(1.0, 1), a job of exactly 1 s: outcome, and after how long"
        ensure(got in ((CallTimedOut, 1.0), ("value", 1.0)), did=did, got=got)
        sim.settle()
        equal(timeout.busy(), 0, did="a job of exactly the limit has ended; busy()")
        calls = [lambda: timed(sim, lambda: timeout.call(partial(slow, sim, 0.5)))] * 2
        second = sorted(map(str, sim.together(*calls)))
        want = sorted(map(str, [("value", 0.5), (WorkersBusy, 0.0)]))
        equal(second, want, did="then two calls at once at the one worker: outcomes")

    explore(scene, schedules=80, allow_threads_left=True)


@check("P7", "P8", kind="timing")
def test_timeouts_in_each_other(impl: Implementation) -> None:
    """The shorter limit wins, whether it is the inner one or the outer one; and one policy twice."""

    def scene(sim: Sim) -> None:
        for outer, inner in ((5.0, 2.0), (2.0, 5.0)):
            one, two = impl.Timeout(outer, 1), impl.Timeout(inner, 1)
            hanging = partial(slow, sim, 100.0)
            got = timed(sim, partial(one.call, partial(two.call, hanging)))
            did = f"a Timeout({inner}) within a Timeout({outer}), a job that hangs"
            equal(got, (CallTimedOut, 2.0), did=did)
        for workers, want in ((2, "value"), (1, WorkersBusy)):
            both = impl.Timeout(5.0, workers)
            got = timed(sim, lambda both=both: both.call(lambda: both.call(lambda: "value")))
            equal(got, (want, 0.0), did=f"a job calls its own Timeout, which has {workers} workers")

    simulate(scene, allow_threads_left=True)


@check("P7", kind="concurrency")
def test_callers_do_not_wait_for_each_other(impl: Implementation) -> None:
    """Three jobs of different length at a time: each ends at its own instant."""

    def scene(sim: Sim) -> None:
        timeout = impl.Timeout(2.0, 3)
        lengths = (1.0, 9.0, 1.5)
        calls = [
            partial(timed, sim, partial(timeout.call, partial(slow, sim, length, length)))
            for length in lengths
        ]
        want = [(1.0, 1.0), (CallTimedOut, 2.0), (1.5, 1.5)]
        did = f"Timeout(2.0, 3), jobs of {lengths} s by three threads: outcomes, and after how long"
        equal(sim.together(*calls), want, did=did)

    explore(scene, schedules=30, allow_threads_left=True)
