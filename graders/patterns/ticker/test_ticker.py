"""The grid of ticks, what is kept of them, and how long calls wait: one caller at a time."""

import math
import random
import threading
from fractions import Fraction
from typing import Any

from contracts.patterns.ticker import MAX_INTERVAL, MIN_INTERVAL, Stopped
from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.kit.shape import test_shape  # noqa: F401

MICRO = 1.1e-6
"""A microsecond, and room for the rounding of the check itself."""
UPTIME = 2.0**27
"""Four years in seconds: there a float of seconds is no finer than 30 nanoseconds."""
ODD = (0.1, 1 / 3, 0.3, 0.7, 2.5)


def at(got: list[float], want: list[float], *, did: str) -> None:
    """These instants must be those, each to a microsecond."""
    close = len(got) == len(want) and all(
        abs(g - w) <= MICRO for g, w in zip(got, want, strict=True)
    )
    ensure(close, did=did, want=f"{want} to a microsecond", got=got)


@check("P1", kind="timing")
def test_the_first_ticks(impl: Implementation) -> None:
    """A call waits for each of 12 ticks, with intervals whose sum is not exact in floats."""

    def scene(sim: Sim) -> None:
        for interval in (1, *ODD):
            start, ticker = sim.now(), impl.Ticker(interval)
            got = [sim.now() - start for _ in range(12) if ticker.wait()]
            did = f"Ticker({interval}): instants at which 12 calls of wait() returned True"
            at(got, [n * interval for n in range(1, 13)], did=did)

    simulate(scene, allow_threads_left=True)


@check("P1", kind="timing")
def test_late_callers_do_not_move_the_grid(impl: Implementation) -> None:
    """After each token the caller works for 0.3, then for 0.85 of an interval; 40 tokens."""

    def scene(sim: Sim) -> None:
        for interval in ODD:
            start, ticker = sim.now(), impl.Ticker(interval)
            got = []
            for n in range(40):
                ensure(ticker.wait() is True, did="wait()", want="True", got="something else")
                got.append(sim.now() - start)
                sim.sleep(interval * (0.3, 0.85)[n % 2])
            did = f"Ticker({interval}): 40 tokens, between them work of 0.3 and 0.85 intervals"
            at(got, [n * interval for n in range(1, 41)], did=did)

    simulate(scene, allow_threads_left=True)


@check("P1", kind="timing")
def test_no_drift_on_an_old_machine(impl: Implementation) -> None:
    """The machine has been up for four years, where floats are coarse; 250 ticks, all waited for."""

    def scene(sim: Sim) -> None:
        sim.sleep(UPTIME)
        for interval in (0.1, 0.3):
            start, ticker = sim.now(), impl.Ticker(interval)
            for _ in range(250):
                ticker.wait()
            late = float(Fraction(sim.now()) - Fraction(start) - 250 * Fraction(interval))
            did = f"Ticker({interval}) after 2**27 s of uptime: seconds by which tick 250 was late"
            ensure(abs(late) <= MICRO, did=did, want="at most a microsecond", got=late)

    simulate(scene, allow_threads_left=True)


@check("P1", "P13", kind="timing")
def test_a_million_ticks_later(impl: Implementation) -> None:
    """Nobody calls for a million ticks; then a call waits for the next one."""

    def scene(sim: Sim) -> None:
        for interval in (*ODD, 1 / 7, 1e-3):
            start, ticker = sim.now(), impl.Ticker(interval)
            sim.sleep(interval * 1_000_000.5)
            did = f"Ticker({interval}), half an interval after tick 1,000,000"
            equal(ticker.try_acquire(), True, did=f"{did}: try_acquire()")
            equal(ticker.wait(), True, did=f"{did}: wait()")
            at([sim.now() - start], [1_000_001 * interval], did=f"{did}: wait() returned")

    simulate(scene, max_steps=100_000, allow_threads_left=True)


@check("P1", "P3", kind="timing")
def test_a_hair_before_the_tick(impl: Implementation) -> None:
    """Two calls by the last float before a tick, for 60 ticks that are ten million intervals away from t0."""

    def scene(sim: Sim) -> None:
        for interval in (0.1, 1 / 3, 0.7):
            start, ticker, first = sim.now(), impl.Ticker(interval, 3), 10_000_000
            sim.sleep((first - 0.5) * interval)
            while ticker.try_acquire():
                pass
            got = 0
            for n in range(first, first + 60):
                sim.sleep(math.nextafter(start + n * interval, 0) - sim.now())
                took = [ticker.try_acquire(), ticker.try_acquire()].count(True)
                did = f"Ticker({interval}, 3), all taken, just before tick {n:,}: two try_acquire()"
                ensure(
                    took <= 1 + (n - first - got), did=did, want="no token of later ticks", got=took
                )
                got += took
            sim.sleep(0.5 * interval)
            got += ticker.try_acquire()
            equal(got, 60, did=f"Ticker({interval}, 3): tokens of 60 ticks")

    simulate(scene, max_steps=100_000, allow_threads_left=True)


@check("P1", "P14", kind="timing")
def test_the_shortest_and_the_longest_interval(impl: Implementation) -> None:
    """Ticks a microsecond apart: as many as fit are kept; ticks 30 years apart: asked for, and waited for."""

    def scene(sim: Sim) -> None:
        quick = impl.Ticker(MIN_INTERVAL, 10**9)
        sim.sleep(50.5e-6)
        got = 0
        while got < 60 and quick.try_acquire():
            got += 1
        did = "Ticker(MIN_INTERVAL, burst=10**9), 50.5 microseconds later: tokens that can be taken"
        ensure(49 <= got <= 51, did=did, want="50, give or take one", got=got)
        slow = impl.Ticker(MAX_INTERVAL)
        sim.sleep(MAX_INTERVAL - 1e-4)
        asked = [slow.try_acquire()]
        sim.sleep(2e-4)
        asked.append(slow.try_acquire())
        did = (
            "Ticker(MAX_INTERVAL): try_acquire() 0.1 ms before the first tick, and 0.1 ms after it"
        )
        equal(asked, [False, True], did=did)
        start, slow = sim.now(), impl.Ticker(MAX_INTERVAL)
        equal(slow.wait(), True, did="Ticker(MAX_INTERVAL).wait()")
        at([sim.now() - start], [MAX_INTERVAL], did="Ticker(MAX_INTERVAL).wait() returned after")

    simulate(scene, max_steps=20_000, allow_threads_left=True)


@check("P2", kind="behaviour")
def test_a_new_ticker_has_no_token(impl: Implementation) -> None:
    """try_acquire on a new ticker, shortly before the first tick and shortly after it."""

    def scene(sim: Sim) -> None:
        for burst in (1, 5):
            ticker, got = impl.Ticker(10.0, burst), []
            for pause in (0.0, 9.875, 0.25, 0.0):
                sim.sleep(pause)
                got.append(ticker.try_acquire())
            did = f"Ticker(10.0, {burst}): try_acquire() after 0, 9.875, 10.125 and 10.125 s"
            equal(got, [False, False, True, False], did=did)

    simulate(scene, allow_threads_left=True)


@check("P2", kind="behaviour")
def test_at_most_burst_are_kept(impl: Implementation) -> None:
    """Nobody calls for some ticks; then as many tokens are taken as there are."""

    def scene(sim: Sim) -> None:
        for burst in (1, 2, 7):
            ticker = impl.Ticker(1.0, burst=burst) if burst > 1 else impl.Ticker(1.0)
            sim.sleep(0.5)
            for ticks in (1, 3, 7, 8, 500, 2, 0):
                sim.sleep(ticks)
                got = [ticker.try_acquire() for _ in range(10)].count(True)
                did = f"Ticker(1.0, burst={burst}) after {ticks} ticks: tokens that could be taken"
                equal(got, min(ticks, burst), did=did)

    simulate(scene, allow_threads_left=True)


@check("P3", kind="behaviour")
def test_asking_often_loses_nothing(impl: Implementation) -> None:
    """try_acquire 40 times per interval, for 50 intervals."""

    def scene(sim: Sim) -> None:
        for interval in (1.0, 0.3, 1 / 7):
            ticker, got = impl.Ticker(interval, 3), 0
            for _ in range(50 * 40):
                sim.sleep(interval / 40)
                got += ticker.try_acquire()
            sim.sleep(interval / 80)
            got += ticker.try_acquire()
            equal(
                got, 50, did=f"Ticker({interval}, 3): tokens of try_acquire() in 50.0125 intervals"
            )

    simulate(scene, allow_threads_left=True)


class Model:
    """A ticker of interval 8 in whole units of time, for one caller; it never meets a tick exactly."""

    def __init__(self, burst: int) -> None:
        self.now, self.burst, self.kept = 0, burst, 0

    def sleep(self, units: int) -> None:
        """Time passes."""
        ticks = (self.now + units) // 8 - self.now // 8
        self.now, self.kept = self.now + units, min(self.burst, self.kept + ticks)

    def wait(self, units: int) -> bool:
        """Wait for a token, at most so long."""
        left = 8 - self.now % 8
        if not self.kept and left > units:
            self.sleep(units)
            return False
        if not self.kept:
            self.sleep(left)
        self.kept -= 1
        return True


@check("P1", "P2", "P3", "P5", kind="behaviour")
def test_generated_days(impl: Implementation) -> None:
    """Sleeps, waits and try_acquires drawn from seeds 0 to 24, beside a plain model."""

    def scene(sim: Sim) -> None:
        for seed in range(25):
            luck = random.Random(seed)
            burst, unit = luck.choice([1, 1, 2, 3, 6]), luck.choice([0.125, 0.1, 1 / 3, 7.0])
            start, ticker, model = sim.now(), impl.Ticker(8 * unit, burst), Model(burst)
            done = [f"Ticker({8 * unit}, {burst})"]
            for _ in range(30):
                done.append(_one_call(sim, luck, ticker, model, unit))
                did = f"seed {seed}: {'; '.join(done[:1] + done[-5:])}"
                ensure("instead" not in done[-1], did=did, want="as the model answers")
                at([sim.now() - start], [model.now * unit], did=f"{did}: the time")

    simulate(scene, allow_threads_left=True)


def _one_call(sim: Sim, luck: random.Random, ticker: Any, model: Model, unit: float) -> str:
    """A pause, or a call; it tells what it was. Nothing ends on a tick, where either answer would be right."""
    pause = luck.random() < 0.4
    units = luck.choice([1, 2, 7, 9, 30] if pause else [0, 0, 1, 3, 5, 11, 30])
    units += units > 0 and (model.now + units) % 8 == 0
    if pause or (units == 0 and model.now % 8 == 0):
        units = units or 1
        sim.sleep(units * unit)
        model.sleep(units)
        return f"{units * unit} s pass"
    got = ticker.wait(units * unit) if units else ticker.try_acquire()
    call = f"wait({units * unit})" if units else "try_acquire()"
    want = model.wait(units)
    return f"{call} answers {got}" if got is want else f"{call} answers {got} instead of {want}"


@check("P5", kind="timing")
def test_timeouts(impl: Implementation) -> None:
    """Waits that are too short for the next tick, and one that is long enough."""

    def scene(sim: Sim) -> None:
        ticker, start = impl.Ticker(10), sim.now()

        def waits(*timeouts: float | None) -> tuple[list[bool], list[float]]:
            got = [(ticker.wait(timeout=each), sim.now() - start) for each in timeouts]
            return [answer for answer, _ in got], [now for _, now in got]

        answers, times = waits(0.5, 3, 1e-3, 0, 0.0, 50.0)
        did = "Ticker(10): wait(0.5), wait(3), wait(0.001), wait(0), wait(0.0), wait(50.0)"
        equal(answers, [False] * 5 + [True], did=did)
        at(times, [0.5, 3.5, 3.501, 3.501, 3.501, 10.0], did=f"{did} returned at")
        sim.sleep(15)
        answers, times = waits(0, 0, None)
        did = "15 s later: wait(timeout=0) twice, then wait(timeout=None)"
        equal(answers, [True, False, True], did=did)
        at(times, [25.0, 25.0, 30.0], did=f"{did} returned at")

    simulate(scene, allow_threads_left=True)


@check("P5", kind="timing")
def test_waits_without_an_end(impl: Implementation) -> None:
    """None, inf, 1e300 s, 10**400 s and more than TIMEOUT_MAX, first and second in line."""

    def scene(sim: Sim) -> None:
        for timeout in (None, math.inf, 1e300, threading.TIMEOUT_MAX * 2, 10**12, 10**400):
            ticker, start = impl.Ticker(5.0), sim.now()
            first = sim.spawn(lambda t=timeout, k=ticker: (k.wait(t), sim.now()))
            sim.settle()
            second = sim.spawn(lambda t=timeout, k=ticker: (k.wait(t), sim.now()))
            answers = [first.result(), second.result()]
            did = f"Ticker(5.0): two calls of wait({'10**400' if timeout == 10**400 else timeout})"
            equal([answer for answer, _ in answers], [True, True], did=did)
            at([now - start for _, now in answers], [5.0, 10.0], did=f"{did} returned at")

    simulate(scene, allow_threads_left=True)


@check("P5", kind="timing")
def test_a_wait_longer_than_threads_can_wait(impl: Implementation) -> None:
    """Second in line for 400 years, with a timeout of 350 years: it is not over after 292."""

    def scene(sim: Sim) -> None:
        ticker, start, long = impl.Ticker(1e9), sim.now(), threading.TIMEOUT_MAX * 1.2
        line = [sim.spawn(ticker.wait) for _ in range(14) if sim.settle() is None]
        equal(ticker.wait(long), False, did="wait(350 years), behind 14 calls, 30 years a tick")
        at([(sim.now() - start) / long], [1.0], did="it returned after, in timeouts")
        ticker.stop()
        for call in line:
            call.join()
        raised = [call for call in line if not _answers(call)]
        equal(len(raised), 14 - int(long // 1e9), did="calls ahead that were still waiting")

    simulate(scene, max_steps=100_000, allow_threads_left=True)


def _answers(call: Any) -> bool:
    try:
        return bool(call.result())
    except Stopped:
        return False
