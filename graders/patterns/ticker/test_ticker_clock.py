"""Clocks that leap, and what waiting costs."""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate

MICRO = 1.1e-6
DAY = 86_400.0


def waits(sim: Sim, ticker: Any, timeout: float | None = None) -> Callable[[], tuple[bool, float]]:
    """A job that waits, and answers with what came and when, rounded to a hundredth of a second."""
    return lambda: (ticker.wait(timeout), round(sim.now() - 1_000, 2))


@check("P10", kind="timing")
def test_a_leap_while_nobody_waits(impl: Implementation) -> None:
    """The machine is suspended for an hour and a bit; then six calls of wait(0), and one that waits."""

    def scene(sim: Sim) -> None:
        for burst in (1, 3):
            start, ticker = sim.now(), impl.Ticker(1.0, burst)
            sim.pass_time(3_600.5)
            got = [ticker.wait(0) for _ in range(6)].count(True)
            equal(got, burst, did=f"Ticker(1.0, {burst}), a leap of 3,600.5 s: tokens at once")
            ticker.wait()
            equal(round(sim.now() - start, 2), 3_601.0, did="the next wait() returned at")

    simulate(scene, allow_threads_left=True)


@check("P10", "P4", kind="concurrency")
def test_a_leap_while_calls_wait(impl: Implementation) -> None:
    """Three calls wait when the machine is suspended for an hour; two tokens may be kept."""

    def scene(sim: Sim) -> None:
        ticker, line = impl.Ticker(1.0, 2), []
        for _ in range(3):
            line.append(sim.spawn(waits(sim, ticker)))
            sim.settle()
        sim.pass_time(3_600.5)
        got = [each.result() for each in line]
        want = [(True, 3_600.5), (True, 3_600.5), (True, 3_601.0)]
        equal(got, want, did="Ticker(1.0, 2): three calls wait, a leap of 3,600.5 s: answer, time")

    explore(scene, schedules=40, allow_threads_left=True)


@check("P10", "P2", kind="concurrency")
def test_a_leap_serves_and_keeps_no_more_than_burst(impl: Implementation) -> None:
    """One call waits when the machine is suspended for an hour; three tokens may be kept."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0, 3)
        line = sim.spawn(waits(sim, ticker))
        sim.settle()
        sim.pass_time(3_600.5)
        equal(line.result(), (True, 3_600.5), did="a leap of 3,600.5 s: the wait(), answer, time")
        got = [ticker.try_acquire() for _ in range(4)].count(True)
        equal(got, 2, did="Ticker(1.0, 3): the wait() has one; tokens that could be taken then")

    explore(scene, schedules=20, allow_threads_left=True)


@check("P10", "P2", kind="timing")
def test_a_leap_keeps_no_debt(impl: Implementation) -> None:
    """One token was kept before the leap, three may be; afterwards the ticks come one by one."""

    def scene(sim: Sim) -> None:
        start, ticker = sim.now(), impl.Ticker(0.5, 3)
        sim.sleep(0.75)
        sim.pass_time(DAY)
        got = [round(sim.now() - start - DAY, 2) for _ in range(6) if ticker.wait()]
        want = [0.75, 0.75, 0.75, 1.0, 1.5, 2.0]
        equal(
            got, want, did="Ticker(0.5, 3), a leap of a day at 0.75 s: six tokens, after the leap"
        )

    simulate(scene, allow_threads_left=True)


@check("P11", kind="timing")
def test_the_wall_clock_is_set(impl: Implementation) -> None:
    """The wall clock is set by a day, forwards and backwards, between calls and while one waits."""

    def scene(sim: Sim) -> None:
        for jump in (DAY, -DAY, 0.25, -0.25):
            start, ticker = sim.now(), impl.Ticker(1.0, 2)
            sim.jump_wall_clock(jump)
            equal(ticker.try_acquire(), False, did=f"wall clock set by {jump} s: try_acquire()")
            calls = [sim.spawn(lambda k=ticker: k.wait(0.5)), sim.spawn(ticker.wait)]
            sim.sleep(0.375)
            sim.jump_wall_clock(jump)
            equal(calls[0].result(), False, did="wait(0.5), the wall clock is set meanwhile")
            equal(round(sim.now() - start, 5), 0.5, did="wait(0.5) returned after")
            equal(calls[1].result(), True, did="wait(), the wall clock is set meanwhile")
            equal(round(sim.now() - start, 5), 1.0, did="wait() returned after")

    simulate(scene, allow_threads_left=True)


@check("P12", "P13", kind="timing")
def test_an_idle_ticker_does_nothing(impl: Implementation) -> None:
    """A million ticks that nobody waits for, before and after a call; more than 2,000 steps are polling."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0, 5)
        sim.sleep(1_000_000.5)
        got = [ticker.try_acquire() for _ in range(6)]
        equal(got, [True] * 5 + [False], did="after 1,000,000 ticks: six calls of try_acquire()")
        ticker.wait()
        sim.sleep(1_000_000)
        equal(ticker.wait(0), True, did="after 1,000,000 more: wait(0)")
        ticker.stop()

    simulate(scene, max_steps=2_000, allow_threads_left=True)


@check("P12", kind="timing")
def test_a_waiting_call_sleeps(impl: Implementation) -> None:
    """Ticks are a year apart: first in line, with and without a timeout; more than 2,000 steps are polling."""

    def scene(sim: Sim) -> None:
        year = 365 * DAY
        ticker = impl.Ticker(year)
        got = [ticker.wait(), ticker.wait(0.875 * year), ticker.wait(), ticker.wait(10 * year)]
        equal(
            got, [True, False, True, True], did="a year per tick: wait(None, 0.875, None, 10 years)"
        )
        ticker.stop()

    simulate(scene, max_steps=2_000, allow_threads_left=True)


@check("P12", kind="timing")
def test_who_asks_wakes_nobody(impl: Implementation) -> None:
    """30 calls wait for a tick that is a year away, another asks 200 times; at most 20,000 steps."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(365 * DAY)
        line = [sim.spawn(lambda: ticker.wait(364 * DAY)) for _ in range(30)]
        for _ in range(100):
            sim.sleep(60)
            ticker.try_acquire()
            ticker.wait(0)
        equal([each.result() for each in line], [False] * 30, did="30 calls of wait(364 days)")
        ticker.stop()

    simulate(scene, max_steps=20_000, allow_threads_left=True)


@check("P13", "P12", kind="throughput")
def test_a_long_line_costs_no_more(impl: Implementation) -> None:
    """200 calls wait and get a token each; more than 350 steps for each of them grow with the line."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)
        line = [sim.spawn(ticker.wait) for _ in range(200)]
        got = [each.result() for each in line]
        equal(got, [True] * 200, did="200 calls of wait() at once")
        ticker.stop()

    simulate(scene, max_steps=70_000, allow_threads_left=True)


@check("P13", "P12", kind="throughput")
def test_giving_up_costs_no_more_behind_a_long_line(impl: Implementation) -> None:
    """60 calls give up behind 5 that wait, and behind 120: steps of the implementation."""

    def scene(sim: Sim) -> None:
        steps = []
        for many in (5, 120):
            ticker = impl.Ticker(10_000.0)
            line = [sim.spawn(lambda k=ticker: k.wait(1_000)) for _ in range(many)]
            sim.settle()
            before = sim.steps
            got = [ticker.wait(1) for _ in range(60)]
            steps.append(sim.steps - before)
            equal(got, [False] * 60, did=f"wait(1) 60 times, behind {many} calls")
            equal([each.result() for each in line], [False] * many, did="the calls that waited")
            ticker.stop()
        small, large = steps
        did = "steps of 60 calls of wait(1) behind 5 that wait, and behind 120"
        ensure(large <= 1.5 * small + 600, did=did, want="about the same", got=steps)

    simulate(scene, max_steps=100_000, allow_threads_left=True)


def held() -> int:
    """Bytes that are held now, apart from what the simulation holds."""
    gc.collect()
    kit = tracemalloc.Filter(False, "*graders/kit/*")
    traces = tracemalloc.take_snapshot().filter_traces([kit]).traces
    return sum(trace.size for trace in traces)


@check("P13", kind="behaviour")
def test_calls_that_have_ended_leave_nothing(impl: Implementation) -> None:
    """250 calls time out behind one that waits, and 250 are served."""

    def scene(sim: Sim) -> None:
        slow, quick = impl.Ticker(10 * 365 * DAY), impl.Ticker(0.125)
        first = sim.spawn(lambda: slow.wait(365 * DAY))
        sim.settle()

        def calls(many: int) -> None:
            for _ in range(many):
                ensure(slow.wait(1e-3) is False, did="wait(0.001), behind another", want="False")
                ensure(quick.wait() is True, did="wait()", want="True")

        calls(40)
        tracemalloc.start()
        try:
            held()  # the first look compiles its filter, and Python keeps that
            before = held()
            calls(250)
            grown = held() - before
        finally:
            tracemalloc.stop()
        did = "250 calls that timed out behind one that waits, 250 that were served: bytes kept"
        ensure(grown < 9_000, did=did, want="fewer than 9,000", got=grown)
        equal(first.result(), False, did="the call ahead of them")

    simulate(scene, max_steps=500_000, allow_threads_left=True)
