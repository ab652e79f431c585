"""Mistakes of the caller."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.patterns.ticker import MAX_INTERVAL, MIN_INTERVAL
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate


def refused(error: type[Exception], name: str, job: Any, *, did: str) -> None:
    """It must raise, and name the parameter."""
    text = str(raises(error, job, did=did))
    ensure(name in text, did=f"{did}: the text of the error", want=f"it names {name}", got=text)


@check("P14", kind="contract")
def test_bad_intervals_and_bursts(impl: Implementation) -> None:
    """Intervals that are no number, no length of time, too short or too long; bursts that are none."""
    for interval in (0, -1, -0.5, math.nan, math.inf, -math.inf, 0.9e-6, 1.1e9, 10**400, 5e-324):
        did = f"Ticker({interval if interval != 10**400 else '10**400'})"
        refused(ValueError, "interval", lambda i=interval: impl.Ticker(i), did=did)
    for interval in (None, "1", True, False, Decimal(1), Fraction(1, 3), [1.0], 1j):
        did = f"Ticker({interval!r})"
        refused(TypeError, "interval", lambda i=interval: impl.Ticker(i, 2), did=did)
    for burst in (0, -1, -(10**30)):
        did = f"Ticker(1.0, burst={burst})"
        refused(ValueError, "burst", lambda b=burst: impl.Ticker(1.0, burst=b), did=did)
    for burst in (None, 1.0, 2.5, "2", True, False, math.nan, math.inf, Decimal(2)):
        did = f"Ticker(1.0, burst={burst!r})"
        refused(TypeError, "burst", lambda b=burst: impl.Ticker(1.0, burst=b), did=did)


@check("P14", kind="contract")
def test_bad_timeouts(impl: Implementation) -> None:
    """Bad timeouts while a token is kept, while none is, and while a call waits; nothing changes."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)

        def ask() -> None:
            for timeout in (-1, -1e-9, -math.inf, math.nan, -(10**30)):
                did = f"wait({timeout})"
                refused(ValueError, "timeout", lambda t=timeout: ticker.wait(t), did=did)
            for timeout in ("1", True, False, Decimal(1), Fraction(1, 3), [1.0]):
                did = f"wait({timeout!r})"
                refused(TypeError, "timeout", lambda t=timeout: ticker.wait(t), did=did)

        ask()
        sim.sleep(1.5)
        ask()
        equal(
            [ticker.wait(0), ticker.wait(0)],
            [True, False],
            did="after these mistakes: wait(0) twice",
        )
        call = sim.spawn(ticker.wait)
        sim.settle()
        ask()
        equal(call.result(), True, did="a call that waited meanwhile")

    simulate(scene, allow_threads_left=True)


@check("P14", "P1", kind="contract")
def test_what_is_good(impl: Implementation) -> None:
    """The limits themselves, subclasses of int and float, and parameters by name."""

    class Seconds(float):
        """A float of a kind of its own."""

    class Count(int):
        """An int of a kind of its own."""

    def scene(sim: Sim) -> None:
        for interval in (MIN_INTERVAL, MAX_INTERVAL, int(MAX_INTERVAL), 1, Seconds(0.5)):
            for burst in (1, 10**30, Count(3)):
                ticker = impl.Ticker(interval=interval, burst=burst)
                did = f"Ticker({interval!r}, {burst!r}), three intervals later: try_acquire()"
                sim.sleep(3.5 * interval)
                equal(ticker.try_acquire(), True, did=did)
                ticker.stop()
        ticker = impl.Ticker(Seconds(0.5), Count(1))
        equal(ticker.wait(Seconds(0.25)), False, did="wait(0.25) of a subclass of float")
        equal(ticker.wait(Count(1)), True, did="wait(1) of a subclass of int")

    simulate(scene, allow_threads_left=True)
