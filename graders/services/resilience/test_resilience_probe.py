"""Circuit breaker among threads: one probe, whatever races, and outcomes that come late."""

import threading
from collections.abc import Callable

from contracts.services.resilience import CircuitBreaker, CircuitOpen, State, Status
from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, explore, simulate

CLOSED, OPEN, HALF_OPEN = State.CLOSED, State.OPEN, State.HALF_OPEN


class Ignored(Exception):
    """Neither a failure nor a success."""


class Call:
    """A call in a thread of its own, whose job ends when it is told how."""

    def __init__(self, sim: Sim, breaker: CircuitBreaker) -> None:
        self._sim, self._go = sim, threading.Event()
        self._result: object = None
        self._began = False
        self._thread = sim.spawn(lambda: outcome(lambda: breaker.call(self._job)))
        sim.settle()

    def _job(self) -> object:
        self._began = True
        self._go.wait()
        if isinstance(self._result, BaseException):
            raise self._result
        return self._result

    @property
    def runs(self) -> bool:
        """Whether the job has been let through."""
        return self._began

    def end(self, result: object = "value") -> object:
        """End the job like this; what the caller got."""
        self._result = result
        self._go.set()
        return self._thread.result()


def outcome(call: Callable[[], object]) -> object:
    """What it returns, or what it raises."""
    try:
        return call()
    except (NotImplementedError, CheckFailed):
        raise
    except (Exception, KeyboardInterrupt) as error:
        return error


def kind(got: object) -> object:
    """The class of an error; a value as it is."""
    return type(got).__name__ if isinstance(got, BaseException) else got


def fail() -> None:
    """A job that fails."""
    raise OSError


def opened(impl: Implementation, sim: Sim, reset: float = 8.0, *, half: bool) -> CircuitBreaker:
    """A breaker of threshold 2 that has opened, or whose time of being open is over."""
    breaker: CircuitBreaker = impl.CircuitBreaker(2, reset, ignore=(Ignored,))
    for _ in range(2):
        outcome(lambda: breaker.call(fail))
    if half:
        sim.sleep(reset)
    return breaker


@check("P10", "P16", kind="concurrency")
def test_what_all_threads_report_is_counted(impl: Implementation) -> None:
    """Two threads make two failing calls each; thresholds above, at and below; and when it is open."""

    def scene_of(threshold: int, want: Status) -> Callable[[Sim], None]:
        def scene(sim: Sim) -> None:
            breaker = impl.CircuitBreaker(threshold, 8.0)
            twice = lambda: [kind(outcome(lambda: breaker.call(fail))) for _ in range(2)]  # noqa: E731
            got = [each for one in sim.together(twice, twice) for each in one]
            did = f"threshold {threshold}: two threads make two calls each that fail"
            status = breaker.status()
            refused = got.count("CircuitOpen")
            equal(got.count("OSError") + refused, 4, did=did + ": outcomes")
            equal(status.refused, refused, did=did + "; refused, and CircuitOpen seen")
            known = Status(status.state, status.failures, status.retry_after, status.opened, 0)
            equal(known, want, did=did + "; status() apart from refused")

        return scene

    def refused(sim: Sim) -> None:
        breaker = opened(impl, sim, half=False)
        twice = lambda: [kind(outcome(lambda: breaker.call(fail))) for _ in range(2)]  # noqa: E731
        got = sim.together(twice, twice)
        equal(got, [["CircuitOpen"] * 2] * 2, did="open: two threads make two calls each")
        want = Status(OPEN, 0, 8.0, 1, 4)
        equal(breaker.status(), want, did="open: two threads make two calls each; status()")

    explore(scene_of(5, Status(CLOSED, 4, 0.0, 0, 0)), schedules=50)
    explore(scene_of(4, Status(OPEN, 0, 8.0, 1, 0)), schedules=40)
    explore(scene_of(2, Status(OPEN, 0, 8.0, 1, 0)), schedules=40)
    explore(refused, schedules=40)


@check("P13", kind="concurrency")
def test_one_probe_whoever_races(impl: Implementation) -> None:
    """Three threads call at the instant at which the time of being open is over."""

    def scene(sim: Sim) -> None:
        breaker = opened(impl, sim, half=True)
        ran: list[float] = []

        def job() -> str:
            ran.append(sim.now())
            sim.sleep(1.0)
            return "probed"

        got = sim.together(*[lambda: kind(outcome(lambda: breaker.call(job)))] * 3)
        did = "half-open: three threads call a job of 1 s at the same instant"
        equal(len(ran), 1, did=did + ": jobs that were let through")
        equal(sorted(map(str, got)), ["CircuitOpen", "CircuitOpen", "probed"], did=did)
        equal(breaker.status(), Status(CLOSED, 0, 0.0, 1, 2), did=did + "; status() afterwards")

    explore(scene, schedules=130)


@check("P13", kind="concurrency")
def test_a_failed_probe_is_the_last(impl: Implementation) -> None:
    """Two threads race for the probe, which fails at once."""

    def scene(sim: Sim) -> None:
        breaker = opened(impl, sim, half=True)
        got = sim.together(*[lambda: kind(outcome(lambda: breaker.call(fail)))] * 2)
        did = "half-open: two threads call a job that fails at once"
        equal(sorted(map(str, got)), ["CircuitOpen", "OSError"], did=did)
        equal(breaker.status(), Status(OPEN, 0, 8.0, 2, 1), did=did + "; status()")

    explore(scene, schedules=110)


@check("P11", "P13", kind="concurrency")
def test_a_turn_is_given_to_one(impl: Implementation) -> None:
    """A probe ends with an ignored error while two threads call: never two probes at a time."""

    def scene(sim: Sim) -> None:
        breaker = opened(impl, sim, half=True)
        running = [0, 0]

        def job() -> None:
            running[0] += 1
            running[1] = max(running)
            sim.point()
            running[0] -= 1
            raise Ignored

        got = sim.together(*[lambda: kind(outcome(lambda: breaker.call(job)))] * 2)
        did = "half-open: two threads call a job that ends with an ignored error"
        equal(running[1], 1, did=did + ": probes at a time")
        ensure("Ignored" in got, did=did, want="at least one was let through", got=got)
        status = breaker.status()
        want = Status(HALF_OPEN, 0, 0.0, 1, got.count("CircuitOpen"))
        equal(status, want, did=did + "; status()")

    explore(scene, schedules=110)


@check("P12", "P13", "P16", kind="timing")
def test_who_comes_during_a_probe_is_refused(impl: Implementation) -> None:
    """A probe takes 5 of its 8 seconds; others call meanwhile."""

    def scene(sim: Sim) -> None:
        breaker = opened(impl, sim, half=True)
        probe = Call(sim, breaker)
        equal(probe.runs, True, did="half-open: the first call is let through")
        for refused, left in enumerate((8.0, 5.5, 3.0)):
            want = Status(HALF_OPEN, 0, left, 1, refused)
            did = f"a probe runs for {8 - left:g} s, reset being 8 s: "
            equal(breaker.status(), want, did=did + "status()")
            got = outcome(lambda: breaker.call(lambda: "ran"))
            equal(type(got), CircuitOpen, did=did + "another call")
            equal(getattr(got, "retry_after", None), left, did=did + "another call; retry_after")
            sim.sleep(2.5 if left > 3 else 0.0)
        equal(probe.end(), "value", did="the probe returns")
        equal(
            breaker.status(), Status(CLOSED, 0, 0.0, 1, 3), did="the probe has succeeded; status()"
        )

    simulate(scene)


@check("P13", "P14", kind="timing")
def test_a_probe_that_hangs_loses_its_turn(impl: Implementation) -> None:
    """Reset is 8 s and so is a turn; the first probe ends when the second runs, or nobody does."""

    def scene(sim: Sim) -> None:
        for late, second in (
            ("late", "value"),
            (OSError(), "value"),
            ("late", OSError()),
            (Ignored(), "value"),
        ):
            breaker = opened(impl, sim, half=True)
            hanging = Call(sim, breaker)
            sim.sleep(7.75)
            equal(kind(outcome(lambda b=breaker: b.call(fail))), "CircuitOpen", did="7.75 s of 8 s")
            sim.sleep(0.25)
            want = Status(HALF_OPEN, 0, 0.0, 1, 1)
            equal(breaker.status(), want, did="a probe has hung for 8 s, its turn; status()")
            probe = Call(sim, breaker)
            equal(probe.runs, True, did="a probe has hung for 8 s, its turn; the next call runs")
            sim.sleep(1.0)
            equal(
                hanging.end(late) is late, True, did="the caller of the old probe gets its outcome"
            )
            did = f"the old probe ends with {late!r} while the next one runs"
            equal(breaker.status(), Status(HALF_OPEN, 0, 7.0, 1, 1), did=did + "; status()")
            equal(
                kind(outcome(lambda b=breaker: b.call(fail))), "CircuitOpen", did=did + "; a call"
            )
            probe.end(second)
            state = OPEN if isinstance(second, OSError) else CLOSED
            equal(
                breaker.status().state, state, did=did + f"; that one ends with {second!r}; state"
            )
        for late in ("late", OSError(), Ignored()):
            for wait in (8.0, 20.0):
                breaker = opened(impl, sim, half=True)
                hanging = Call(sim, breaker)
                sim.sleep(wait)
                hanging.end(late)
                did = f"a probe ends with {late!r} after {wait:g} s, its turn being 8 s"
                equal(breaker.status(), Status(HALF_OPEN, 0, 0.0, 1, 0), did=did + "; status()")
                equal(outcome(lambda b=breaker: b.call(lambda: 1)), 1, did=did + "; the next call")

    simulate(scene)


@check("P14", kind="timing")
def test_calls_of_an_earlier_period_do_not_count(impl: Implementation) -> None:
    """Calls began while it was closed and end when it is open, half-open, probing, closed again."""

    def scene(sim: Sim) -> None:
        for late in ("late", OSError("late"), Ignored(), KeyboardInterrupt()):
            breaker = impl.CircuitBreaker(2, 8.0, ignore=(Ignored,))
            old = [Call(sim, breaker) for _ in range(4)]
            for _ in range(2):
                outcome(lambda b=breaker: b.call(fail))
            sim.sleep(1.0)

            def ends(when: str, want: Status, old: list[Call] = old, late: object = late) -> None:
                did = f"a call from before it opened ends with {late!r} when it is {when}"
                got = old.pop().end(late)
                ensure(got is late, did=did, want="its caller gets that very object", got=got)
                equal(breaker.status(), want, did=did + "; status()")  # noqa: B023

            ends("open for 1 s", Status(OPEN, 0, 7.0, 1, 0))
            sim.sleep(7.0)
            ends("half-open", Status(HALF_OPEN, 0, 0.0, 1, 0))
            probe = Call(sim, breaker)
            sim.sleep(1.0)
            ends("half-open and a probe runs", Status(HALF_OPEN, 0, 7.0, 1, 0))
            got = kind(outcome(lambda b=breaker: b.call(fail)))
            equal(got, "CircuitOpen", did=f"an old call ended with {late!r} during a probe; a call")
            probe.end()
            outcome(lambda b=breaker: b.call(fail))
            ends("closed again, after one failure", Status(CLOSED, 1, 0.0, 1, 1))

    simulate(scene)


@check("P14", kind="timing")
def test_an_old_probe_does_not_count_either(impl: Implementation) -> None:
    """A probe that has lost its turn ends when the circuit is open again, and closed again."""

    def scene(sim: Sim) -> None:
        for late in ("late", OSError("late")):
            for second in ("value", OSError()):
                breaker = opened(impl, sim, half=True)
                hanging = Call(sim, breaker)
                sim.sleep(8.0)
                Call(sim, breaker).end(second)
                if second == "value":
                    outcome(lambda b=breaker: b.call(fail))
                before = breaker.status()
                sim.sleep(1.0)
                hanging.end(late)
                did = (
                    f"a second probe ended with {second!r}, a second later the first with {late!r}"
                )
                after = breaker.status()
                want = (before.state, before.failures, before.opened)
                got = (after.state, after.failures, after.opened)
                equal(got, want, did=did + ": state, failures, opened, as before")
                left = 7.0 if after.state is OPEN else 0.0
                equal(after.retry_after, left, did=did + ": retry_after")

    simulate(scene)


@check("P15", kind="timing")
def test_calls_run_side_by_side(impl: Implementation) -> None:
    """Three threads call jobs of 10 s at the same instant; status() is asked meanwhile."""

    def scene(sim: Sim) -> None:
        breaker = impl.CircuitBreaker(2, 8.0)
        start = sim.now()

        def timed() -> float:
            breaker.call(lambda: sim.sleep(10.0))
            return sim.now() - start

        def asks() -> float:
            sim.sleep(1.0)
            breaker.status()
            return sim.now() - start

        got = sim.together(timed, timed, timed, asks)
        did = "three threads call jobs of 10 s at once, a fourth status() after 1 s: when each ends"
        equal(got, [10.0, 10.0, 10.0, 1.0], did=did)

    simulate(scene)


@check("P16", kind="concurrency")
def test_status_is_of_one_instant(impl: Implementation) -> None:
    """One thread fails, opens it and is refused, while another asks; and one whose probe fails."""

    def scene(sim: Sim) -> None:
        breaker = impl.CircuitBreaker(2, 8.0)

        def work() -> None:
            for _ in range(3):
                outcome(lambda: breaker.call(fail))

        _, got = sim.together(work, lambda: [breaker.status() for _ in range(2)])
        possible = [
            Status(CLOSED, 0, 0.0, 0, 0),
            Status(CLOSED, 1, 0.0, 0, 0),
            Status(OPEN, 0, 8.0, 1, 0),
            Status(OPEN, 0, 8.0, 1, 1),
        ]
        did = "threshold 2: one thread fails twice and is refused, another asks status() twice"
        ensure(
            got[0] in possible and got[1] in possible[possible.index(got[0]) :],
            did=did,
            want="the counts before, between or after those calls",
            got=got,
        )

    def probing(sim: Sim) -> None:
        breaker = opened(impl, sim, half=True)
        _, got = sim.together(lambda: outcome(lambda: breaker.call(fail)), breaker.status)
        possible = (
            Status(HALF_OPEN, 0, 0.0, 1, 0),
            Status(HALF_OPEN, 0, 8.0, 1, 0),
            Status(OPEN, 0, 8.0, 2, 0),
        )
        did = "half-open: one thread probes and fails, another asks status()"
        ensure(got in possible, did=did, want="before, during or after the probe", got=got)

    explore(scene, schedules=80)
    explore(probing, schedules=60)
