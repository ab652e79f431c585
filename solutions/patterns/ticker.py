"""Ticker without a thread: ticks are arithmetic, and the first in line keeps the time for all.

How many ticks there have been follows from the clock alone, so nothing has to run for a tick to happen. Whoever
looks hands the tokens that are due to the line; a call that waits sleeps on a condition of its own, and only the
first one sleeps until the next tick.

Trade-offs: a thread that ticks would make the line simpler and would wake for every tick, wanted or not; it also has
to be ended. Reserving a time slot for each call (as GCRA does) needs no line, but then a call that is interrupted
leaves a hole. An OrderedDict is the line because a call may leave from its middle: O(1), where a deque is O(n).
"""

import math
import threading
import time
from collections import OrderedDict
from types import TracebackType
from typing import Self

from contracts.patterns.ticker import MAX_INTERVAL, MIN_INTERVAL, Stopped

STOPPED = "the ticker has been stopped"
FOREVER = 1e300
"""Seconds; an int may be longer than a float can be."""


class Ticker:
    """Drops a token every `interval` seconds."""

    def __init__(self, interval: float, burst: int = 1) -> None:
        _check_number("interval", interval)
        if not MIN_INTERVAL <= interval <= MAX_INTERVAL:
            raise ValueError(
                f"interval must be from {MIN_INTERVAL} to {MAX_INTERVAL}, got {interval}"
            )
        _check_whole("burst", burst)
        self._start, self._interval, self._burst = time.monotonic(), interval, burst
        self._lock = threading.Lock()
        self._line: OrderedDict[_Call, None] = OrderedDict()
        self._seen, self._kept = 0, 0
        self._stopped = False

    def wait(self, timeout: float | None = None) -> bool:
        """Take a token, waiting in line for it. Cost: O(1), whatever the length of the line."""
        limit = math.inf if timeout is None else timeout
        _check_number("timeout", limit)
        if not limit >= 0:
            raise ValueError(f"timeout must be at least 0, got {timeout}")
        deadline = time.monotonic() + min(limit, FOREVER)
        with self._lock:
            return self._take() or (limit > 0 and self._queue(deadline))

    def try_acquire(self) -> bool:
        """Take a token that is kept, if nobody waits for it. Cost: O(1)."""
        with self._lock:
            return self._take()

    def stop(self) -> None:
        """End it for good and wake everybody who waits. Cost: O(length of the line)."""
        with self._lock:
            self._stopped = True
            for call in self._line:
                call.notify()
            self._line.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _take(self) -> bool:
        if self._stopped:
            raise Stopped(STOPPED)
        self._look()
        if not self._kept:
            return False
        self._kept -= 1
        return True

    def _queue(self, deadline: float) -> bool:
        call = _Call(self._lock)
        self._line[call] = None
        try:
            while call in self._line and (left := deadline - time.monotonic()) > 0:
                call.wait(min(left, self._until_look(call)))
                self._look()
        except BaseException:
            self._kept += call.served  # it will not be there to have it
            raise
        finally:
            self._leave(call)
        if self._stopped and not call.served:
            raise Stopped(STOPPED)
        return call.served

    def _leave(self, call: "_Call") -> None:
        """Out of the line, served or not: the first in line, perhaps a new one, keeps the time from now on."""
        self._line.pop(call, None)
        for first in self._line:
            first.notify()
            break

    def _look(self) -> None:
        """Hand the tokens of the ticks since the last look to the line, and keep what may be kept."""
        ticks = self._ticks()
        self._kept = min(self._burst, self._kept + ticks - self._seen)
        self._seen = ticks
        while self._kept and self._line:
            call, _ = self._line.popitem(last=False)
            call.served = True
            call.notify()
            self._kept -= 1

    def _until_look(self, call: "_Call") -> float:
        """Seconds until `call` has to look at the clock: only the first in line keeps the time."""
        if next(iter(self._line)) is not call:
            return threading.TIMEOUT_MAX
        return max(0.0, self._at(self._seen + 1) - time.monotonic())

    def _ticks(self) -> int:
        """How many ticks there have been; the quotient may be off by one, as floats are."""
        now = time.monotonic()
        ticks = int((now - self._start) / self._interval)
        return ticks + (self._at(ticks + 1) <= now) - (self._at(ticks) > now)

    def _at(self, tick: int) -> float:
        return self._start + tick * self._interval


class _Call(threading.Condition):
    """A call in the line, with its own place to sleep."""

    served = False


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be an int or a float, got {type(value).__name__}")


def _check_whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, got {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
