"""Tickers that are almost right: one wrong idea each, and the promise it breaks."""

import math
import threading
import time
from typing import Any

from contracts.patterns.ticker import Stopped
from solutions.patterns import ticker as reference


class RunningSum:
    """The next tick is the last one plus the interval, so that roundings add up."""

    breaks = "P1"

    class Ticker(reference.Ticker):
        def __init__(self, interval: float, burst: int = 1) -> None:
            super().__init__(interval, burst)
            self._count, self._next = 0, self._start + interval

        def _ticks(self) -> int:
            now = time.monotonic()
            if now >= self._next:
                passed = int((now - self._next) / self._interval) + 1
                self._count += passed
                self._next += passed * self._interval
            return self._count

        def _at(self, tick: int) -> float:
            return self._next


class AnchoredAtTheLastTick:
    """The next tick is an interval after the last one was noticed. As NousResearch/hermes-agent issue 114467."""

    breaks = "P1"

    class Ticker(reference.Ticker):
        def _look(self) -> None:
            now, ticks = time.monotonic(), self._ticks()
            super()._look()
            if ticks:
                self._start, self._seen = now, 0


class WholeNanoseconds:
    """The interval is cut to whole nanoseconds once, and the rest is missing at every tick."""

    breaks = "P1"

    class Ticker(reference.Ticker):
        def __init__(self, interval: float, burst: int = 1) -> None:
            super().__init__(interval, burst)
            self._interval = int(interval * 1e9) / 1e9


class RoundsTheQuotient:
    """A hair is added to the number of intervals, against roundings: of 30 years it is a second."""

    breaks = "P1"

    class Ticker(reference.Ticker):
        def _ticks(self) -> int:
            return int((time.monotonic() - self._start) / self._interval + 1e-9)


class StartsFull:
    """A bucket that starts with all its tokens, as a rate limiter does."""

    breaks = "P2"

    class Ticker(reference.Ticker):
        def __init__(self, interval: float, burst: int = 1) -> None:
            super().__init__(interval, burst)
            self._kept = burst


class UnlockedFastPath:
    """try_acquire looks at what is kept without the lock."""

    breaks = "P3"

    class Ticker(reference.Ticker):
        def try_acquire(self) -> bool:
            if self._stopped:
                raise Stopped
            with self._lock:
                self._look()
            if not self._kept:
                return False
            self._kept -= 1
            return True


class Barges:
    """Who asks at the tick gets the token before those who have waited for it are told."""

    breaks = "P4"

    class Ticker(reference.Ticker):
        def _take(self) -> bool:
            if self._stopped:
                raise Stopped
            if not self._kept and self._ticks() > self._seen:
                self._seen += 1
                return True
            return super()._take()


class ZeroMeansForEver:
    """`timeout or inf`: wait(0) waits as long as it takes."""

    breaks = "P5"

    class Ticker(reference.Ticker):
        def wait(self, timeout: float | None = None) -> bool:
            reference._check_number("timeout", 0 if timeout is None else timeout)
            return super().wait(timeout or None)


class NoFloatIsThatLong:
    """A timeout is added to the time as it is: an int that is no float any more is an OverflowError."""

    breaks = "P5"

    class Ticker(reference.Ticker):
        def wait(self, timeout: float | None = None) -> bool:
            return super().wait(timeout if type(timeout) is not int else float(timeout))


class LosesTheTokenAtTheTimeout:
    """Served at the instant at which its time is over, it answers False. As Netflix/concurrency-limits PR 179."""

    breaks = "P6"

    class Ticker(reference.Ticker):
        def _queue(self, deadline: float) -> bool:
            return super()._queue(deadline) and time.monotonic() < deadline


class GhostInTheLine:
    """Who has timed out stays in line and is served: a tick goes to nobody. As thomhurst/Kevlar issue 15."""

    breaks = "P6"

    class Ticker(reference.Ticker):
        def _leave(self, call: Any) -> None:
            self._look()
            for other in self._line:
                other.notify()


class LeavesInSilence:
    """The first in line times out and wakes nobody: the next one sleeps through its tick."""

    breaks = "P6"

    class Ticker(reference.Ticker):
        def _leave(self, call: Any) -> None:
            if call.served:
                super()._leave(call)
            self._line.pop(call, None)


class InterruptedInLine:
    """Only the ends that were foreseen take a call out of the line, an exception does not."""

    breaks = "P7"

    class Ticker(reference.Ticker):
        def _queue(self, deadline: float) -> bool:
            call = reference._Call(self._lock)
            self._line[call] = None
            while call in self._line and (left := deadline - time.monotonic()) > 0:
                call.wait(min(left, self._until_look(call)))
                self._look()
            self._leave(call)
            if self._stopped and not call.served:
                raise Stopped
            return call.served


class InterruptedWithTheToken:
    """A call that is interrupted when it has just been served takes the token with it."""

    breaks = "P7"

    class Ticker(reference.Ticker):
        def _queue(self, deadline: float) -> bool:
            before = self._kept
            try:
                return super()._queue(deadline)
            except KeyboardInterrupt:
                self._kept = min(self._kept, before)
                raise


class GivesBackOne:
    """A call that is interrupted puts its token back as if no other were kept."""

    breaks = "P7"

    class Ticker(reference.Ticker):
        def _queue(self, deadline: float) -> bool:
            try:
                return super()._queue(deadline)
            except KeyboardInterrupt:
                self._kept = min(self._kept, 1)
                raise


class KeptTokensOutliveStop:
    """After stop what is kept is still handed out."""

    breaks = "P8"

    class Ticker(reference.Ticker):
        def _take(self) -> bool:
            if self._stopped and self._kept:
                self._kept -= 1
                return True
            return super()._take()


class StopsOnce:
    """A second stop is an error. As lthibault/jitterbug PR 10."""

    breaks = "P9"

    class Ticker(reference.Ticker):
        def stop(self) -> None:
            if self._stopped:
                raise Stopped("stopped already")
            super().stop()


class TimerLeftBehind:
    """A timer for the next tick is started with each wait, and never cancelled. As migalabs/goteth issue 295."""

    breaks = "P9"

    class Ticker(reference.Ticker):
        def _queue(self, deadline: float) -> bool:
            timer = threading.Timer(self._interval, self._tick)
            timer.daemon = True
            timer.start()
            return super()._queue(deadline)

        def _tick(self) -> None:
            with self._lock:
                if not self._stopped:
                    self._look()


class CatchesUp:
    """Every missed tick is handed out to those who waited for it. As dbos-inc/dbos-transact-py issue 803."""

    breaks = "P10"

    class Ticker(reference.Ticker):
        def _look(self) -> None:
            burst, self._burst = self._burst, max(self._burst, len(self._line))
            super()._look()
            self._burst = burst
            self._kept = min(self._kept, burst)


class FillsUpAfterServing:
    """After a leap as many are kept as may be, besides those that the line has got."""

    breaks = "P10"

    class Ticker(reference.Ticker):
        def _look(self) -> None:
            missed, waiting = self._ticks() - self._seen, len(self._line)
            super()._look()
            if waiting and not self._line and missed > waiting:
                self._kept = min(self._burst, missed - waiting)


class WallClock:
    """Time is time.time(). As langchain-ai/langchain PR 24961."""

    breaks = "P11"

    class Ticker(reference.Ticker):
        def __init__(self, interval: float, burst: int = 1) -> None:
            super().__init__(interval, burst)
            self._start = time.time()

        def _ticks(self) -> int:
            return max(self._seen, int((time.time() - self._start) / self._interval + 1e-9))

        def _until_look(self, call: Any) -> float:
            return max(1e-6, super()._until_look(call) + time.monotonic() - time.time())


class Polls:
    """Who waits looks at the clock a thousand times per interval."""

    breaks = "P12"

    class Ticker(reference.Ticker):
        def _until_look(self, call: Any) -> float:
            return min(super()._until_look(call), max(self._interval / 1_000, 1e-3))


class EverybodyKeepsTime:
    """Each call in line sleeps until the next tick, not only the first."""

    breaks = "P13"

    class Ticker(reference.Ticker):
        def _until_look(self, call: Any) -> float:
            return max(0.0, self._at(self._seen + 1) - time.monotonic())


class LooksForItsPlace:
    """Who leaves the line goes through it from the front to find itself."""

    breaks = "P13"

    class Ticker(reference.Ticker):
        def _leave(self, call: Any) -> None:
            for other in self._line:
                if other is call:
                    break
            super()._leave(call)


class NanPasses:
    """`timeout < 0` is how a bad timeout is found: NaN is not less than anything."""

    breaks = "P14"

    class Ticker(reference.Ticker):
        def wait(self, timeout: float | None = None) -> bool:
            if isinstance(timeout, float) and math.isnan(timeout):
                timeout = 0
            return super().wait(timeout)
