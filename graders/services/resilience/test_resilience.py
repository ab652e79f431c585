"""Retry: how often the job is called, what leaves, and which errors are tried again."""

import asyncio
import concurrent.futures
import threading
import traceback
from collections.abc import Callable

from contracts.services.resilience import CallTimedOut, CircuitOpen, Refused, WorkersBusy
from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, simulate
from graders.kit.shape import test_shape  # noqa: F401

BASE = (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)


class Stop(BaseException):
    """No Exception."""


class Busy(Refused):
    """A refusal of somebody else's."""


class Dropped(concurrent.futures.CancelledError):
    """A cancellation of somebody else's."""


class Script:
    """A job that raises or returns one thing after the other, the last one for ever."""

    def __init__(self, *steps: object) -> None:
        self.steps = steps
        self.calls = 0

    def __call__(self) -> object:
        step = self.steps[min(self.calls, len(self.steps) - 1)]
        self.calls += 1
        if isinstance(step, BaseException):
            raise step
        return step


def outcome(call: Callable[[], object]) -> object:
    """What it returns, or what it raises."""
    try:
        return call()
    except (NotImplementedError, CheckFailed):
        raise
    except (Exception, Stop, *BASE) as error:
        return error


def same(got: object, want: object, did: str) -> None:
    """The very same object."""
    ensure(got is want, did=did, want=f"the very object {want!r}", got=got)


@check("P1", kind="behaviour")
def test_attempts_are_counted(impl: Implementation) -> None:
    """A job that always fails, for one, two, five attempts, and for as many as is usual."""

    def scene(sim: Sim) -> None:
        for attempts in (1, 2, 5, None):
            errors = [ConnectionError(number) for number in range(8)]
            job = Script(*errors)
            retry = impl.Retry() if attempts is None else impl.Retry(attempts)
            got = outcome(lambda retry=retry, job=job: retry.call(job))
            want = attempts or 3
            did = f"Retry({attempts or ''}).call(job), which always fails"
            equal(job.calls, want, did=did + ": calls of the job")
            same(got, errors[want - 1], did + ": what leaves")

    simulate(scene)


@check("P1", kind="behaviour")
def test_the_first_value_is_returned(impl: Implementation) -> None:
    """Values of several kinds, at the first attempt and at a later one; False and errors too."""

    def scene(sim: Sim) -> None:
        retry = impl.Retry(4)
        for value in (None, False, 0, "", [1], ConnectionError("returned, not raised")):

            class Returns(Script):
                def __call__(self, value: object = value) -> object:
                    return super().__call__() or value

            for failures in (0, 1, 3):
                job = Returns(*[ConnectionError(failures)] * failures, None)
                got = outcome(lambda job=job: retry.call(job))
                did = f"Retry(4).call(job), which fails {failures} times and then returns {value!r}"
                same(got, value, did)
                equal(job.calls, failures + 1, did=did + ": calls of the job")

    simulate(scene)


@check("P1", kind="behaviour")
def test_attempts_run_in_the_callers_thread(impl: Implementation) -> None:
    """The job notes its thread; the error that leaves shows where it came from."""

    def scene(sim: Sim) -> None:
        threads: list[int] = []

        def fails_here() -> None:
            threads.append(threading.get_ident())
            raise ConnectionError

        got = outcome(lambda: impl.Retry(3).call(fails_here))
        me = threading.get_ident()
        equal(threads, [me] * 3, did="Retry(3).call(job): threads of the attempts")
        assert isinstance(got, BaseException)
        frames = [frame.name for frame in traceback.extract_tb(got.__traceback__)]
        ensure(
            "fails_here" in frames,
            did="Retry(3).call(job), which fails: traceback of the error",
            want="the job's own frame is in it",
            got=frames,
        )

    simulate(scene)


@check("P2", kind="behaviour")
def test_only_listed_errors_are_tried_again(impl: Implementation) -> None:
    """Errors that are listed, subclasses of them, others, and the usual list."""

    def scene(sim: Sim) -> None:
        lookup = (KeyError, LookupError)
        cases: list[tuple[tuple[type[Exception], ...] | None, Exception, int]] = [
            (None, ConnectionResetError(), 3),
            (None, TimeoutError(), 3),
            (None, CallTimedOut(), 3),
            (None, OSError(), 1),
            (None, ValueError(), 1),
            ((ValueError,), ValueError(), 3),
            ((ValueError,), UnicodeError(), 3),
            ((ValueError,), ConnectionError(), 1),
            (lookup, IndexError(), 3),
            ((KeyError,), LookupError(), 1),
            ((Exception,), StopIteration(), 3),
            ((Exception,), RuntimeError(), 3),
            ((), ConnectionError(), 1),
        ]
        for on, error, calls in cases:
            retry = impl.Retry(3) if on is None else impl.Retry(3, on=on)
            job = Script(error)
            got = outcome(lambda retry=retry, job=job: retry.call(job))
            listed = "" if on is None else f", on=({', '.join(each.__name__ for each in on)})"
            did = f"Retry(3{listed}).call(job), which raises {type(error).__name__}"
            equal(job.calls, calls, did=did + ": calls of the job")
            same(got, error, did)
        first, second = ConnectionError(), ValueError()
        job = Script(first, second)
        did = "Retry(5).call(job), which raises ConnectionError and then ValueError"
        same(outcome(lambda: impl.Retry(5).call(job)), second, did)
        equal(job.calls, 2, did=did + ": calls of the job")

    simulate(scene)


@check("P2", kind="behaviour")
def test_some_things_are_never_tried_again(impl: Implementation) -> None:
    """Refusals, cancellations and what is no Exception, though all of it seems to be listed."""

    def scene(sim: Sim) -> None:
        refusals = (Refused(), CircuitOpen(1.5), WorkersBusy(), Busy())
        cancelled = (concurrent.futures.CancelledError(), Dropped())
        listed = (Exception, Refused, CircuitOpen, WorkersBusy, Busy, *map(type, cancelled))
        for error in (*refusals, *cancelled, Stop(), *(kind() for kind in BASE)):
            for before in (0, 2):
                job = Script(*[ConnectionError()] * before, error)
                retry = impl.Retry(5, on=listed, draw=lambda: 0.0)
                start = sim.now()
                got = outcome(lambda retry=retry, job=job: retry.call(job))
                name = type(error).__name__
                did = f"attempt {before + 1} of 5 raises {name}, which `on` lists or would include"
                same(got, error, did)
                equal(job.calls, before + 1, did=did + ": calls of the job")
                equal(sim.now() - start, 0.0, did=did + ": seconds slept, draw() giving 0.0")

    simulate(scene)
