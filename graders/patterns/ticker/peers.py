"""A library behind the contract, and right tickers in other styles."""

import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from types import TracebackType
from typing import Any, ClassVar

from contracts.patterns.ticker import MAX_INTERVAL, MIN_INTERVAL, Stopped

try:
    import token_bucket
except ImportError:  # reported as missing by whoever wants to run the peer
    token_bucket = None  # type: ignore[assignment]


def _checked(interval: float, burst: int) -> None:
    for name, value, kinds in (("interval", interval, (int, float)), ("burst", burst, int)):
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise TypeError(f"{name}: {value!r}")
    if not MIN_INTERVAL <= interval <= MAX_INTERVAL:
        raise ValueError(f"interval: {interval}")
    if burst < 1:
        raise ValueError(f"burst: {burst}")


def _seconds(timeout: float | None) -> float:
    if timeout is None:
        return math.inf
    if not isinstance(timeout, int | float) or isinstance(timeout, bool):
        raise TypeError(f"timeout: {timeout!r}")
    if timeout < 0 or timeout != timeout:  # noqa: PLR0124 - how NaN shows
        raise ValueError(f"timeout: {timeout}")
    return min(timeout, 1e300)  # an int may be longer than a float can be


class _Block:
    """The with block."""

    stop: Callable[[], None]

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class Dispatcher:
    """A thread that hands out futures; it sleeps while nobody waits, and is gone when stop returns."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Ticker(_Block):
        """Elapsed time is counted, not instants: how many intervals fit into it."""

        def __init__(self, interval: float, burst: int = 1) -> None:
            _checked(interval, burst)
            self.interval, self.burst, self.born = interval, burst, time.monotonic()
            self.change = threading.Condition()
            self.numbers, self.line = itertools.count(), dict[int, Future[bool]]()
            self.ticked = self.kept = 0
            self.thread: threading.Thread | None = None
            self.open = True

        def settle(self) -> float:
            """Bring the books up to date; seconds until the next tick."""
            elapsed = time.monotonic() - self.born
            ticks = math.floor((elapsed + 2e-7) / self.interval)
            new, self.ticked = ticks - self.ticked, ticks
            self.kept = min(self.kept + new, self.burst)
            for number in list(itertools.islice(self.line, self.kept)):
                self.line.pop(number).set_result(True)
                self.kept -= 1
            return (ticks + 1) * self.interval - elapsed

        def run(self) -> None:
            with self.change:
                while self.open:
                    left = self.settle()
                    self.change.wait(left if self.line else None)

        def wait(self, timeout: float | None = None) -> bool:
            seconds = _seconds(timeout)
            end = time.monotonic() + seconds
            with self.change:
                if self.try_acquire():
                    return True
                if seconds == 0:
                    return False
                number, future = next(self.numbers), Future[bool]()
                self.line[number] = future
                if self.thread is None:
                    self.thread = threading.Thread(target=self.run, daemon=True)
                    self.thread.start()
                elif len(self.line) == 1:
                    self.change.notify()
            try:
                return self.answer(future, end)
            except BaseException as error:
                with self.change:
                    self.line.pop(number, None)
                    served = future.done() and future.exception() is None
                    if served and isinstance(error, FutureTimeoutError):
                        return True
                    self.kept = min(self.kept + served, self.burst)
                    self.settle()
                if isinstance(error, FutureTimeoutError):
                    return False
                raise

        @staticmethod
        def answer(future: "Future[bool]", end: float) -> bool:
            """The result, in naps that threads can take."""
            while (left := end - time.monotonic()) > threading.TIMEOUT_MAX:
                try:
                    return future.result(threading.TIMEOUT_MAX)
                except FutureTimeoutError:
                    continue
            return future.result(left)

        def try_acquire(self) -> bool:
            with self.change:
                if not self.open:
                    raise Stopped
                self.settle()
                if self.kept:
                    self.kept -= 1
                    return True
                return False

        def stop(self) -> None:
            with self.change:
                self.open = False
                left, self.line = self.line, {}
                for future in left.values():
                    future.set_exception(Stopped())
                self.change.notify_all()
            if self.thread is not None and self.thread is not threading.current_thread():
                self.thread.join()


class Tombstones:
    """A deque in which calls that have left stay as tombstones for a while; time in whole nanoseconds."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Entry:
        """A call in line: `outcome` is None while it waits; it sleeps on its semaphore."""

        __slots__ = ("bell", "outcome")

        def __init__(self) -> None:
            self.bell, self.outcome = threading.Semaphore(0), None

        def end(self, outcome: str) -> None:
            """Say how it ended, and wake it."""
            self.outcome: str | None = outcome
            self.bell.release()

    class Ticker(_Block):
        """Every call settles the books; who is first in line naps until the next tick."""

        def __init__(self, interval: float, burst: int = 1) -> None:
            _checked(interval, burst)
            self.guard, self.burst = threading.RLock(), burst
            self.ratio, self.born = interval.as_integer_ratio(), time.monotonic_ns()
            self.line: deque[Any] = deque()
            self.kept = self.ticked = self.tombs = 0
            self.over = False

        def due(self) -> int:
            """Nanoseconds until the next tick."""
            top, bottom = self.ratio
            return self.born + round((self.ticked + 1) * top * 10**9 / bottom) - time.monotonic_ns()

        def settle(self) -> None:
            if self.due() <= 0:
                top, bottom = self.ratio
                ticked = (time.monotonic_ns() - self.born) * bottom // (top * 10**9)
                ticked = max(ticked, self.ticked + 1)
                self.kept = min(self.burst, self.kept + ticked - self.ticked)
                self.ticked = ticked
            while self.kept and self.first() is not None:
                self.line.popleft().end("served")
                self.kept -= 1
            first = self.first()
            if first is not None:
                first.bell.release()

        def first(self) -> Any:
            while self.line and self.line[0].outcome is not None:
                self.line.popleft()
                self.tombs -= 1
            return self.line[0] if self.line else None

        def leave(self, entry: Any) -> None:
            if entry.outcome is None:
                entry.outcome = "left"
                self.tombs += 1
            if self.tombs > 10 + len(self.line) // 2:
                self.line, self.tombs = deque(e for e in self.line if e.outcome is None), 0
            self.settle()

        def wait(self, timeout: float | None = None) -> bool:
            seconds = _seconds(timeout)
            end = time.monotonic() + seconds
            with self.guard:
                if self.try_acquire():
                    return True
                if seconds == 0:
                    return False
                entry = Tombstones.Entry()
                self.line.append(entry)
            try:
                self.sleep(entry, end)
            except BaseException:
                with self.guard:
                    self.kept += entry.outcome == "served"
                    self.kept = min(self.kept, self.burst)
                    self.leave(entry)
                raise
            if entry.outcome == "stopped":
                raise Stopped
            return entry.outcome == "served"

        def sleep(self, entry: Any, end: float) -> None:
            while entry.outcome is None:
                with self.guard:
                    nap = end - time.monotonic()
                    if self.first() is entry:
                        nap = min(nap, self.due() / 1e9)
                if nap > 0:
                    entry.bell.acquire(timeout=min(nap, threading.TIMEOUT_MAX))
                with self.guard:
                    if self.due() <= 0:
                        self.settle()
                    if end <= time.monotonic():
                        self.leave(entry)

        def try_acquire(self) -> bool:
            with self.guard:
                if self.over:
                    raise Stopped
                if self.due() <= 0:
                    self.settle()
                if not self.kept:
                    return False
                self.kept -= 1
                return True

        def stop(self) -> None:
            with self.guard:
                self.over = True
                for entry in self.line:
                    if entry.outcome is None:
                        entry.end("stopped")
                self.line.clear()
                self.tombs = 0


class TokenBucketLibrary:
    """The package token-bucket; what waits asks it again and again."""

    requires = ("token_bucket",)
    fails: ClassVar[dict[str, str]] = {
        "P1": "who waits has to poll, and finds the token up to a nap late",
        "P2": "fractions of a token are kept beside the whole ones",
        "P3": "no locks, and after a late look the next token counts from there",
        "P4": "there is no line: who asks at the right moment has it",
        "P5": "waits end a nap late",
        "P6": "the token that comes with the timeout goes to whoever polls first",
        "P7": "so does the token of a call that is interrupted",
        "P8": "who waits notices a stop at its next nap",
        "P9": "so stop does not end all calls at once",
        "P10": "the grid is lost with the fractions",
        "P13": "a million ticks later as well",
    }

    class Ticker(_Block):
        """A bucket of `burst` tokens at one token per interval."""

        def __init__(self, interval: float, burst: int = 1) -> None:
            _checked(interval, burst)
            storage = token_bucket.MemoryStorage()
            self.limiter = token_bucket.Limiter(1 / interval, burst, storage)
            self.limiter.consume("ticker", burst)  # it starts full
            self.over, self.nap = False, interval / 10

        def wait(self, timeout: float | None = None) -> bool:
            end = time.monotonic() + _seconds(timeout)
            while not self.try_acquire():
                left = end - time.monotonic()
                if left <= 0:
                    return False
                time.sleep(min(left, self.nap))
            return True

        def try_acquire(self) -> bool:
            if self.over:
                raise Stopped
            return bool(self.limiter.consume("ticker"))

        def stop(self) -> None:
            self.over = True
