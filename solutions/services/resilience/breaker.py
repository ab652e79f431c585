"""Circuit breaker: who may call, and what the outcomes mean."""

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from contracts.services.resilience import CircuitOpen, State, Status
from solutions.services.resilience.errors import NEUTRAL, checked

T = TypeVar("T")


class _Period:
    """A stretch of time whose calls count: while closed, or the turn of one probe."""


class CircuitBreaker:
    """Failures in a row open it; one probe at a time finds out whether to close it.

    Unless it is closed, `_free_at` is the instant at which the next call is let through: when the
    time of being open is over, or the turn of the probe.
    """

    def __init__(
        self,
        threshold: int = 5,
        reset: float = 30.0,
        ignore: tuple[type[BaseException], ...] = (),
    ) -> None:
        if threshold < 1:
            raise ValueError(f"threshold must be at least 1, not {threshold}")
        if not 0 < reset < math.inf:
            raise ValueError(f"reset must be finite and above 0, not {reset}")
        self._threshold = threshold
        self._reset = reset
        self._neutral: tuple[type[BaseException], ...] = (*NEUTRAL, *checked("ignore", ignore))
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._period = _Period()
        self._free_at = 0.0
        self._failures = self._opened = self._refused = 0

    def call(self, job: Callable[[], T]) -> T:
        """Return `job()`, unless the circuit is open."""
        period = self._enter()
        try:
            value = job()
        except self._neutral:
            self._leave(period, self._give_turn_away)
            raise
        except Exception:
            self._leave(period, self._failed)
            raise
        except BaseException:
            self._leave(period, self._give_turn_away)
            raise
        self._leave(period, self._succeeded)
        return value

    def status(self) -> Status:
        """Return the state and the counts."""
        with self._lock:
            wait = self._wait(time.monotonic())
            state = self._state
            if state is State.OPEN and not wait:
                state = State.HALF_OPEN
            return Status(state, self._failures, wait, self._opened, self._refused)

    def _wait(self, now: float) -> float:
        """Seconds until a call is let through."""
        return 0.0 if self._state is State.CLOSED else max(0.0, self._free_at - now)

    def _enter(self) -> _Period:
        with self._lock:
            if self._state is State.CLOSED:
                return self._period
            now = time.monotonic()
            wait = self._wait(now)
            if wait:
                self._refused += 1
                raise CircuitOpen(wait)
            self._begin(State.HALF_OPEN, now + self._reset)
            return self._period

    def _leave(self, period: _Period, settle: Callable[[float], None]) -> None:
        """Let an outcome count, if it is one of the current period."""
        with self._lock:
            now = time.monotonic()
            over = self._state is not State.CLOSED and now >= self._free_at
            if period is self._period and not over:
                settle(now)

    def _begin(self, state: State, free_at: float = 0.0) -> None:
        self._state, self._period, self._free_at = state, _Period(), free_at
        self._failures = 0

    def _succeeded(self, _now: float) -> None:
        if self._state is State.CLOSED:
            self._failures = 0
        else:
            self._begin(State.CLOSED)

    def _failed(self, now: float) -> None:
        self._failures += 1
        if self._state is State.HALF_OPEN or self._failures >= self._threshold:
            self._begin(State.OPEN, now + self._reset)
            self._opened += 1

    def _give_turn_away(self, now: float) -> None:
        if self._state is State.HALF_OPEN:
            self._begin(State.HALF_OPEN, now)
