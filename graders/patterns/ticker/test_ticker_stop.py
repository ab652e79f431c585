"""The end of a ticker, and what races with it."""

import threading
from collections.abc import Callable
from typing import Any

from contracts.patterns.ticker import Stopped
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate


def outcome(job: Callable[[], object]) -> object:
    """What a call answers, or 'Stopped'."""
    try:
        return job()
    except Stopped:
        return "Stopped"


def leave(error: BaseException | None) -> None:
    """Raise it, if it is one."""
    if error is not None:
        raise error


def waiting(sim: Sim, ticker: Any, *timeouts: float | None) -> list[Any]:
    """Calls of wait in threads of their own: outcome and time of each."""
    handles = []
    for timeout in timeouts:
        job = lambda t=timeout: (outcome(lambda: ticker.wait(t)), sim.now() - 1_000)  # noqa: E731
        handles.append(sim.spawn(job))
        sim.settle()
    return handles


@check("P8", kind="concurrency")
def test_stop_wakes_everybody(impl: Implementation) -> None:
    """Four calls wait, with and without a timeout; B stops the ticker after 0.375 s."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)
        line = waiting(sim, ticker, None, 0.75, None, 100.0)
        sim.sleep(0.375)
        sim.spawn(ticker.stop).result()
        got = [each.result() for each in line]
        equal(
            got,
            [("Stopped", 0.375)] * 4,
            did="four calls of wait(), stop() after 0.375 s: end, time",
        )

    explore(scene, schedules=30)


@check("P8", kind="behaviour")
def test_a_stopped_ticker_has_no_tokens(impl: Implementation) -> None:
    """Two tokens are kept; stop, and every kind of call, at once and after ten more ticks."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0, 3)
        sim.sleep(4.5)
        ticker.try_acquire()
        ticker.stop()
        for _ in range(2):
            raises(Stopped, ticker.try_acquire, did="two tokens kept, stop(), try_acquire()")
            for timeout in (None, 0, 0.5, 5):
                did = f"two tokens kept, stop(), wait({timeout})"
                start = sim.now()
                raises(Stopped, lambda t=timeout: ticker.wait(t), did=did)
                equal(sim.now() - start, 0.0, did=f"{did}: seconds it took")
            sim.sleep(10)

    simulate(scene)


@check("P8", kind="concurrency")
def test_stop_meets_a_call_that_begins_to_wait(impl: Implementation) -> None:
    """A calls wait while B calls stop; no tick comes near."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1_000.0)
        sim.spawn(ticker.stop)
        got = (outcome(ticker.wait), sim.now() - 1_000)
        equal(got, ("Stopped", 0.0), did="wait() beside stop(): end, time")

    explore(scene, schedules=60)


@check("P8", "P9", kind="concurrency")
def test_no_token_after_stop(impl: Implementation) -> None:
    """A stops and then asks, B asks twice; one token is kept."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0, 2)
        sim.sleep(1.5)

        def stop() -> object:
            ticker.stop()
            return outcome(ticker.try_acquire)

        after, two = sim.together(
            stop, lambda: [outcome(ticker.try_acquire), outcome(lambda: ticker.wait(0))]
        )
        equal(after, "Stopped", did="A: stop(), then try_acquire()")
        ensure(
            two in ([True, False], [True, "Stopped"], ["Stopped", "Stopped"]),
            did="B: try_acquire(), then wait(0), beside A's stop(); one token was kept",
            want="True at most once, and nothing but Stopped after the first Stopped",
            got=two,
        )

    explore(scene, schedules=60)


@check("P9", kind="concurrency")
def test_stop_at_the_tick(impl: Implementation) -> None:
    """A and B wait; C stops the ticker at the very instant of the tick, D calls try_acquire then."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)
        line = waiting(sim, ticker, None, None)

        def late(job: Callable[[], object]) -> Callable[[], object]:
            return lambda: (sim.sleep(1.0), outcome(job))[1]

        stopped, tried = sim.together(late(ticker.stop), late(ticker.try_acquire))
        equal(stopped, None, did="stop() at the tick")
        ends = [each.result()[0] for each in line]
        ensure(
            ends in (["Stopped", "Stopped"], [True, "Stopped"]),
            did="A and B wait, stop() comes with the tick",
            want="A gets the token or Stopped, B Stopped",
            got=ends,
        )
        ensure(tried in {False, "Stopped"}, did="try_acquire() then", want="no token", got=tried)

    explore(scene, schedules=80)


@check("P9", kind="concurrency")
def test_a_timeout_at_the_stop(impl: Implementation) -> None:
    """A waits for exactly as long as it takes until B stops the ticker, C waits behind it."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(10.0)
        line = waiting(sim, ticker, 0.5, None)
        sim.spawn(lambda: (sim.sleep(0.5), ticker.stop()))
        got = [each.result() for each in line]
        ensure(got[0][0] in {False, "Stopped"}, did="wait(0.5), stop() after 0.5 s", got=got[0])
        equal(got[1], ("Stopped", 0.5), did="C's wait(): end, time")

    explore(scene, schedules=60)


@check("P9", kind="concurrency")
def test_stop_by_two_threads(impl: Implementation) -> None:
    """A waits; B and C call stop, then stop again."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)
        line = waiting(sim, ticker, None)
        got = sim.together(*[lambda: (ticker.stop(), ticker.stop(), sim.now() - 1_000)] * 2)
        equal(got, [(None, None, 0.0)] * 2, did="stop() twice, by two threads: answers, time")
        equal(line[0].result(), ("Stopped", 0.0), did="A's wait(): end, time")
        raises(Stopped, ticker.try_acquire, did="try_acquire() after that")
        equal(ticker.stop(), None, did="stop() once more")

    explore(scene, schedules=60)


@check("P9", kind="behaviour")
def test_a_with_block(impl: Implementation) -> None:
    """A with block that is left in order, one that raises, and one that has stopped the ticker already."""

    def scene(sim: Sim) -> None:
        for error in (None, ValueError("mine"), KeyboardInterrupt(), Stopped("mine")):
            ticker, caught = impl.Ticker(1.0), None
            try:
                with ticker as given:
                    equal(given is ticker, True, did="with Ticker(1.0) as t: t is the ticker")
                    equal(given.wait(), True, did="wait() in the block")
                    leave(error)
            except BaseException as raised:
                if raised is not error:
                    raise
                caught = raised
            equal(caught is error, True, did=f"a with block that raises {error!r}: it went through")
            raises(Stopped, ticker.wait, did="wait() after the block")
        with impl.Ticker(1.0) as ticker:
            ticker.stop()
        raises(Stopped, ticker.try_acquire, did="try_acquire() after stop() in a with block")

    simulate(scene)


@check("P9", kind="concurrency")
def test_no_thread_is_left(impl: Implementation) -> None:
    """Tokens are waited for, in time and in vain, and a call still waits when the ticker is stopped."""

    def scene(sim: Sim) -> None:
        before = set(threading.enumerate())
        ticker = impl.Ticker(1.0)
        line = waiting(sim, ticker, 1.5, 1.75, None)
        for each in line[:2]:
            each.result()
        line += waiting(sim, ticker, None, 0.75)
        ticker.stop()
        got = [each.result() for each in line[2:]]
        equal(got, [("Stopped", 1.75)] * 3, did="calls that waited when stop() came: end, time")
        sim.settle()
        left = [thread.name for thread in threading.enumerate() if thread not in before]
        equal(left, [], did="threads that are left after stop()")

    explore(scene, schedules=20)
