"""One bucket: its arithmetic, without lock and clock, and the same for many threads."""

import math
import threading
import time
from dataclasses import dataclass

from contracts.services.rate_limiter import Decision

ROUNDING = 1e-7
"""Seconds by which an instant may be missed for the rounding of floats: a caller who sleeps exactly
retry_after wakes up a little before or after that. The contract allows ten times as much."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How much and how fast; and how to say so."""

    rate: float
    capacity: int

    def __post_init__(self) -> None:
        if not 0 < self.rate < math.inf:  # false for NaN as well
            raise ValueError(f"rate must be a finite number above 0, not {self.rate}")
        if self.capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {self.capacity}")

    def allowed(self, left: float) -> Decision:
        """The answer to an acquire after which `left` tokens are in the bucket."""
        return self._decision(True, left, 0.0, self.seconds(self.capacity - left))

    def refused(self, tokens: int, left: float) -> Decision:
        """The answer to an acquire of `tokens`, when only `left` are in the bucket."""
        wait = math.inf if tokens > self.capacity else self.seconds(tokens - left)
        return self._decision(False, left, wait, self.seconds(self.capacity - left))

    def no_place(self, tokens: int, wait: float) -> Decision:
        """The answer to a newcomer when the next client is forgotten in `wait` seconds.

        Nobody is forgotten too early, not even by the rounding of floats, since that could add up:
        here the newcomer waits longer instead.
        """
        wait += ROUNDING
        return self._decision(False, 0.0, math.inf if tokens > self.capacity else wait, wait)

    def seconds(self, tokens: float) -> float:
        """How long it takes until so many tokens have come."""
        return tokens / self.rate

    def whole(self, left: float) -> int:
        """How many tokens could be taken when `left` are in the bucket."""
        return min(self.capacity, math.floor(left + ROUNDING * self.rate))

    def _decision(self, allowed: bool, left: float, retry_after: float, full: float) -> Decision:
        window = self.seconds(self.capacity)
        return Decision(allowed, self.capacity, window, self.whole(left), retry_after, full)


class Level:
    """How full one bucket was at some instant. Not thread-safe; instants may not go backwards."""

    __slots__ = ("_limit", "_since", "_tokens")

    def __init__(self, limit: Limit, now: float) -> None:
        self._limit, self._tokens, self._since = limit, float(limit.capacity), now

    def take(self, tokens: int, now: float) -> Decision:
        """Take `tokens` at instant `now` if they are there."""
        limit = self._limit
        gained = (now - self._since) * limit.rate
        there, self._since = min(float(limit.capacity), self._tokens + gained), now
        if tokens > limit.whole(there):
            self._tokens = there
            return limit.refused(tokens, there)
        # What was rounded in favour of the caller stays owed: a little less than nothing is left.
        self._tokens = there - tokens
        return limit.allowed(self._tokens)

    @property
    def full_at(self) -> float:
        """The instant at which the bucket is full if nobody takes any more."""
        return self._since + self._limit.seconds(self._limit.capacity - self._tokens)


class TokenBucket:
    """A bucket that threads may share."""

    def __init__(self, rate: float, capacity: int) -> None:
        self._level = Level(Limit(rate, capacity), time.monotonic())
        self._lock = threading.Lock()

    def try_acquire(self, tokens: int = 1) -> Decision:
        """Take `tokens` tokens if they are there, or else none. Constant time."""
        check_tokens(tokens)
        with self._lock:
            # The clock is read under the lock: a reading from before it may be older than the
            # bucket's last one, and the bucket would live through the time between them twice.
            return self._level.take(tokens, time.monotonic())


def check_tokens(tokens: int) -> None:
    """A negative number would put tokens into the bucket."""
    if tokens < 1:
        raise ValueError(f"tokens must be at least 1, not {tokens}")
