"""Circuit breaker, one call after the other: what counts, what is refused, and for how long."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from functools import partial

from contracts.services.resilience import (
    CallTimedOut,
    CircuitBreaker,
    CircuitOpen,
    Refused,
    State,
    Status,
    WorkersBusy,
)
from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, simulate

CLOSED, OPEN, HALF_OPEN = State.CLOSED, State.OPEN, State.HALF_OPEN


class Stop(BaseException):
    """No Exception."""


class Busy(Refused):
    """A refusal of somebody else's."""


class Mine(ValueError):
    """A subclass of what is ignored."""


NO_EXCEPTIONS = (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError, Stop)
NEITHER: tuple[Callable[[], BaseException], ...] = (
    ValueError,
    Mine,
    Refused,
    WorkersBusy,
    Busy,
    partial(CircuitOpen, 7.0),
    concurrent.futures.CancelledError,
    *NO_EXCEPTIONS,
)
"""What neither succeeds nor fails in a breaker that ignores ValueError."""


def outcome(call: Callable[[], object]) -> object:
    """What it returns, or what it raises."""
    try:
        return call()
    except (NotImplementedError, CheckFailed):
        raise
    except (Exception, *NO_EXCEPTIONS) as error:
        return error


def use(breaker: CircuitBreaker, result: object = "value", *, sim: Sim, takes: float = 0) -> object:
    """Call with a job that returns or raises this; "refused" if the job was not run."""
    ran: list[int] = []

    def job() -> object:
        ran.append(1)
        if takes:
            sim.sleep(takes)
        if isinstance(result, BaseException):
            raise result
        return result

    got = outcome(lambda: breaker.call(job))
    if not ran and isinstance(got, CircuitOpen):
        return "refused"
    ensure(
        got is result and ran == [1],
        did=f"call of a job with the outcome {result!r}",
        want="the job runs once, and this very object comes back",
        got=got,
    )
    return result


def fails(breaker: CircuitBreaker, times: int, sim: Sim) -> None:
    """So many failures."""
    for _ in range(times):
        use(breaker, OSError(), sim=sim)


def opened(impl: Implementation, sim: Sim, reset: float = 30.0) -> CircuitBreaker:
    """A breaker that ignores ValueError and has just opened with its third failure."""
    breaker: CircuitBreaker = impl.CircuitBreaker(3, reset, ignore=(ValueError,))
    fails(breaker, 3, sim)
    return breaker


@check("P10", kind="behaviour")
def test_a_closed_breaker_changes_nothing(impl: Implementation) -> None:
    """Values and errors of all kinds go through, in the caller's thread."""

    def scene(sim: Sim) -> None:
        breaker = impl.CircuitBreaker(100)
        for result in (None, False, [1], OSError("returned"), OSError, iter(()), (n for n in ())):
            got = outcome(lambda result=result: breaker.call(lambda: result))
            ensure(got is result, did=f"a job returns {result!r}", want="that object", got=got)
        for number, make in enumerate((OSError, CallTimedOut, StopIteration), start=1):
            use(breaker, make(), sim=sim)
            equal(breaker.status().failures, number, did=f"{make.__name__} leaves; failures")
        for neither in NEITHER:
            use(breaker, neither(), sim=sim)
        got = breaker.call(threading.get_ident)
        equal(got, threading.get_ident(), did="the thread in which a job runs")

    simulate(scene)


@check("P10", "P16", kind="behaviour")
def test_it_opens_with_the_threshold(impl: Implementation) -> None:
    """Threshold 3: failures with a success between them, then three in a row; and threshold 1."""

    def scene(sim: Sim) -> None:
        breaker = impl.CircuitBreaker(3, 30.0)
        equal(breaker.status(), Status(CLOSED, 0, 0.0, 0, 0), did="status() of a new breaker")
        for number, result in enumerate((OSError(), OSError(), 0, OSError(), OSError(), None)):
            use(breaker, result, sim=sim)
            want = Status(CLOSED, (1, 2, 0, 1, 2, 0)[number], 0.0, 0, 0)
            did = f"threshold 3: the first {number + 1} of failure, failure, success, …; status()"
            equal(breaker.status(), want, did=did)
        fails(breaker, 3, sim)
        equal(
            breaker.status(), Status(OPEN, 0, 30.0, 1, 0), did="three failures in a row; status()"
        )
        for number in (1, 2):
            equal(use(breaker, sim=sim), "refused", did="a call once it has opened")
            want = Status(OPEN, 0, 30.0, 1, number)
            equal(breaker.status(), want, did=f"{number} calls refused; status()")
        one = impl.CircuitBreaker(1, 30.0)
        fails(one, 1, sim)
        equal(one.status().state, OPEN, did="threshold 1: one failure; state")
        usual = impl.CircuitBreaker()
        fails(usual, 4, sim)
        equal(usual.status().state, CLOSED, did="CircuitBreaker(): four failures; state")
        fails(usual, 1, sim)
        equal(usual.status(), Status(OPEN, 0, 30.0, 1, 0), did="CircuitBreaker(): five; status()")

    simulate(scene)


@check("P11", kind="behaviour")
def test_what_is_neither_changes_nothing(impl: Implementation) -> None:
    """Ignored errors, refusals, cancellations, and no Exceptions, between two failures and a third."""

    def scene(sim: Sim) -> None:
        for make in NEITHER:
            breaker = impl.CircuitBreaker(3, 30.0, ignore=(ValueError,))
            name = type(make()).__name__
            for _ in range(4):
                use(breaker, make(), sim=sim)
            equal(breaker.status().failures, 0, did=f"4 x {name}, ignore=(ValueError,); failures")
            fails(breaker, 2, sim)
            use(breaker, make(), sim=sim)
            equal(breaker.status().failures, 2, did=f"2 failures and a {name}; failures")
            fails(breaker, 1, sim)
            equal(breaker.status().state, OPEN, did=f"2 failures, a {name}, a failure; state")
        breaker = impl.CircuitBreaker(3, 30.0, ignore=(UnicodeError, KeyError))
        use(breaker, ValueError(), sim=sim)
        use(breaker, KeyError(), sim=sim)
        use(breaker, LookupError(), sim=sim)
        equal(
            breaker.status().failures, 2, did="ValueError, KeyError, LookupError; two of them count"
        )

    simulate(scene)


@check("P12", "P16", kind="timing")
def test_it_stays_open_for_its_time(impl: Implementation) -> None:
    """Open for 8 s, looked at several times; the refused calls do not prolong it."""

    def scene(sim: Sim) -> None:
        breaker = opened(impl, sim, 8.0)
        start, refused = sim.now(), 0
        for wait in (0.0, 0.5, 4.0, 3.25):
            sim.sleep(wait)
            left = 8.0 - (sim.now() - start)
            did = f"it opened for 8 s; {8.0 - left:g} s later "
            got = outcome(lambda: breaker.call(lambda: "ran"))
            equal(type(got), CircuitOpen, did=did + "a call")
            equal(
                getattr(got, "retry_after", None),
                left,
                did=did + "a call; retry_after of the error",
            )
            refused += 1
            equal(breaker.status(), Status(OPEN, 0, left, 1, refused), did=did + "status()")
        sim.sleep(0.25)
        did = "it opened for 8 s; exactly 8 s later "
        equal(breaker.status(), Status(HALF_OPEN, 0, 0.0, 1, refused), did=did + "status()")
        equal(use(breaker, sim=sim), "value", did=did + "a call")
        equal(
            breaker.status(), Status(CLOSED, 0, 0.0, 1, refused), did="a probe succeeded; status()"
        )

    simulate(scene)


@check("P12", "P13", kind="timing")
def test_a_failed_probe_opens_it_again(impl: Implementation) -> None:
    """The probe takes 2 s and fails: the time of being open begins anew at its end."""

    def scene(sim: Sim) -> None:
        breaker = opened(impl, sim, 8.0)
        for times in (2, 3):
            sim.sleep(8.0)
            use(breaker, OSError(), sim=sim, takes=2.0)
            want = Status(OPEN, 0, 8.0, times, 2 * (times - 2))
            equal(breaker.status(), want, did=f"probe number {times - 1} fails after 2 s; status()")
            equal(use(breaker, sim=sim), "refused", did="a call right after a failed probe")
            sim.sleep(7.75)
            equal(use(breaker, sim=sim), "refused", did="a call 7.75 s after a failed probe")
            sim.sleep(0.25)
            equal(breaker.status().state, HALF_OPEN, did="8 s after a failed probe; state")
            sim.sleep(92.0)
            equal(breaker.status().state, HALF_OPEN, did="100 s after a failed probe; state")

    simulate(scene)


@check("P13", kind="timing")
def test_a_probe_that_succeeds_closes_it(impl: Implementation) -> None:
    """After the probe it takes the whole threshold again to open it."""

    def scene(sim: Sim) -> None:
        for wait in (8.0, 9.5, 100.0):
            breaker = opened(impl, sim, 8.0)
            sim.sleep(wait)
            use(breaker, None, sim=sim, takes=2.0)
            did = f"threshold 3, open for 8 s; a probe {wait:g} s later succeeds after 2 s"
            equal(breaker.status(), Status(CLOSED, 0, 0.0, 1, 0), did=did + "; status()")
            fails(breaker, 2, sim)
            equal(
                breaker.status(), Status(CLOSED, 2, 0.0, 1, 0), did=did + "; 2 failures; status()"
            )
            use(breaker, sim=sim)
            fails(breaker, 3, sim)
            want = Status(OPEN, 0, 8.0, 2, 0)
            equal(breaker.status(), want, did=did + "; 2 failures, success, 3 failures; status()")

    simulate(scene)


@check("P11", "P13", kind="timing")
def test_a_probe_that_is_neither_gives_its_turn_away(impl: Implementation) -> None:
    """A probe ends with each kind of what does not count; the next call probes at once."""

    def scene(sim: Sim) -> None:
        for make in NEITHER:
            name = type(make()).__name__
            breaker = opened(impl, sim, 8.0)
            sim.sleep(8.0)
            for takes in (0.0, 1.0):
                use(breaker, make(), sim=sim, takes=takes)
                did = f"half-open: a probe ends with {name} after {takes:g} s"
                equal(breaker.status(), Status(HALF_OPEN, 0, 0.0, 1, 0), did=did + "; status()")
            use(breaker, OSError(), sim=sim)
            equal(
                breaker.status(), Status(OPEN, 0, 8.0, 2, 0), did=did + ", the next fails; status()"
            )
            sim.sleep(8.0)
            use(breaker, make(), sim=sim)
            equal(use(breaker, sim=sim), "value", did=did + "; a call right after that")
            equal(breaker.status().state, CLOSED, did=did + ", the next succeeds; state")

    simulate(scene)


@check("P13", "P15", kind="behaviour")
def test_a_job_may_use_its_own_breaker(impl: Implementation) -> None:
    """Calls and status() from inside a job: closed, and from inside a probe."""

    def scene(sim: Sim) -> None:
        breaker = impl.CircuitBreaker(2, 8.0)

        def inside() -> object:
            inner = outcome(lambda: breaker.call(lambda: "inner"))
            return inner if isinstance(inner, str) else type(inner), breaker.status().state

        equal(breaker.call(inside), ("inner", CLOSED), did="a job calls its own breaker")

        def fails_around() -> None:
            use(breaker, OSError(), sim=sim)
            raise OSError

        outcome(lambda: breaker.call(fails_around))
        want = Status(OPEN, 0, 8.0, 1, 0)
        equal(
            breaker.status(), want, did="threshold 2: a call within a call fails, and the outer one"
        )
        sim.sleep(8.0)
        want_inside = (CircuitOpen, HALF_OPEN)
        equal(breaker.call(inside), want_inside, did="a probe calls its own breaker")
        want = Status(CLOSED, 0, 0.0, 1, 1)
        equal(
            breaker.status(),
            want,
            did="the probe, whose inner call was refused, succeeds; status()",
        )

    simulate(scene)
