"""Real libraries behind the contract, and right limiters in other styles."""

import heapq
import math
import threading
import time
from collections.abc import Hashable
from fractions import Fraction
from typing import Any, ClassVar

from contracts.services.rate_limiter import Decision

try:
    import token_bucket
except ImportError:  # reported as missing by whoever wants to run the peer
    token_bucket = None  # type: ignore[assignment]

try:
    import limits
    from limits.storage import MemoryStorage
    from limits.strategies import MovingWindowRateLimiter
except ImportError:
    limits = None  # type: ignore[assignment]


def _checked(rate: float, capacity: int, max_clients: int = 1) -> None:
    if not 0 < rate < math.inf or capacity < 1 or max_clients < 1:
        raise ValueError(f"rate {rate}, capacity {capacity}, max_clients {max_clients}")


def _checked_tokens(tokens: int) -> None:
    if tokens < 1:
        raise ValueError(f"tokens must be at least 1, not {tokens}")


def _decision(rate: float, capacity: int, tokens: int, left: float, allowed: bool) -> Decision:
    never = tokens > capacity
    wait = 0.0 if allowed else math.inf if never else max(0.0, (tokens - left) / rate)
    full_after = max(0.0, (capacity - left) / rate)
    return Decision(allowed, capacity, capacity / rate, max(0, math.floor(left)), wait, full_after)


class TokenBucketLibrary:
    """The package token-bucket with its MemoryStorage, deliberately without locks."""

    requires = ("token_bucket",)
    fails: ClassVar[dict[str, str]] = {
        "P5": "after exactly retry_after, floats find a little less than a token",
        "P7": "two threads can both see the last token; the count then goes below zero",
        "P9": "nobody is ever forgotten",
        "P10": "there is no bound",
        "P11": "every client that ever came is kept",
    }

    class TokenBucket:
        def __init__(self, rate: float, capacity: int) -> None:
            _checked(rate, capacity)
            self._rate, self._capacity = rate, capacity
            self._storage = token_bucket.MemoryStorage()
            self._limiter = token_bucket.Limiter(rate, capacity, self._storage)
            self._storage.replenish("it", rate, capacity)

        def try_acquire(self, tokens: int = 1) -> Decision:
            allowed = self._limiter.consume("it", tokens)
            left = self._storage.get_token_count("it")
            return _decision(self._rate, self._capacity, tokens, left, allowed)

    class ClientLimiter:
        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            _checked(rate, capacity, max_clients)
            self._rate, self._capacity = rate, capacity
            self._storage = token_bucket.MemoryStorage()
            self._limiter = token_bucket.Limiter(rate, capacity, self._storage)

        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            key: Any = (client,)  # the library refuses names that are empty
            allowed = self._limiter.consume(key, tokens)
            left = self._storage.get_token_count(key)
            return _decision(self._rate, self._capacity, tokens, left, allowed)

        def __len__(self) -> int:
            return len(self._storage._buckets)


class LimitsMovingWindow:
    """The package limits: a log of the last acquires, in windows of whole seconds."""

    requires = ("limits",)
    fails: ClassVar[dict[str, str]] = {
        "P2": "windows shorter than a second are a second long, and time is the wall clock's",
        "P3": "what was taken comes back a window later, all at once",
        "P5": "retry_after is known for the oldest entry only",
        "P6": "the wall clock is its clock",
        "P7": "an acquire and what it left are two calls",
        "P11": "it keeps an entry for every token",
    }

    class TokenBucket:
        def __init__(self, rate: float, capacity: int) -> None:
            _checked(rate, capacity)
            self._rate, self._capacity = rate, capacity
            seconds = max(1, round(capacity / rate))
            self._item = limits.RateLimitItemPerSecond(capacity, seconds)
            self._limiter = MovingWindowRateLimiter(MemoryStorage())

        def try_acquire(self, tokens: int = 1) -> Decision:
            _checked_tokens(tokens)
            allowed = self._limiter.hit(self._item, cost=tokens)
            reset, left = self._limiter.get_window_stats(self._item)
            said = _decision(self._rate, self._capacity, tokens, left, allowed)
            if allowed or tokens > self._capacity:
                return said
            wait = max(0.0, reset - time.time())
            return Decision(False, self._capacity, said.window, left, wait, said.full_after)


class ExactArrivalTimes:
    """GCRA: one exact fraction for each client, the instant at which its bucket is full.

    Deadlines are in a heap with an entry for every take; it is rebuilt when most are out of date.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class TokenBucket:
        def __init__(self, rate: float, capacity: int) -> None:
            _checked(rate, capacity)
            self._pace = _Pace(rate, capacity)
            self._lock = threading.Lock()
            self._full_at = Fraction(0)

        def try_acquire(self, tokens: int = 1) -> Decision:
            _checked_tokens(tokens)
            with self._lock:
                now = time.monotonic_ns()
                decision, self._full_at = self._pace.take(tokens, now, self._full_at)
                return decision

    class ClientLimiter:
        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            _checked(rate, capacity, max_clients)
            self._pace, self._max = _Pace(rate, capacity), max_clients
            self._lock = threading.Lock()
            self._full_at: dict[Hashable, Fraction] = {}
            self._heap: list[tuple[Fraction, int, Hashable]] = []
            self._made = 0

        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            _checked_tokens(tokens)
            with self._lock:
                now = time.monotonic_ns()
                self._forget(now)
                if client not in self._full_at and len(self._full_at) >= self._max:
                    return self._pace.no_place(tokens, self._heap[0][0] - now)
                before = self._full_at.get(client, Fraction(0))
                decision, full_at = self._pace.take(tokens, now, before)
                if decision.allowed:
                    self._remember(client, full_at)
                return decision

        def __len__(self) -> int:
            with self._lock:
                self._forget(time.monotonic_ns())
                return len(self._full_at)

        def _remember(self, client: Hashable, full_at: Fraction) -> None:
            self._full_at[client] = full_at
            self._made += 1
            heapq.heappush(self._heap, (full_at, self._made, client))
            if len(self._heap) > 2 * len(self._full_at) + 8:
                self._heap = [
                    (at, number, client)
                    for number, (client, at) in enumerate(self._full_at.items())
                ]
                heapq.heapify(self._heap)

        def _forget(self, now: int) -> None:
            while self._heap:
                at, _, client = self._heap[0]
                if self._full_at.get(client) != at:
                    heapq.heappop(self._heap)
                elif at <= now:
                    heapq.heappop(self._heap)
                    del self._full_at[client]
                else:
                    return


class _Pace:
    """The arithmetic, in nanoseconds."""

    LENIENCE = 200

    def __init__(self, rate: float, capacity: int) -> None:
        self.rate, self.capacity = rate, capacity
        self.token = Fraction(10**9) / Fraction(rate)

    def take(self, tokens: int, now: int, full_at: Fraction) -> tuple[Decision, Fraction]:
        full_at = max(full_at, Fraction(now))
        there = self.capacity - (full_at - now) / self.token
        wait = (tokens - there) * self.token
        if tokens > self.capacity or wait > self.LENIENCE:
            return self._say(False, there, math.inf if tokens > self.capacity else wait), full_at
        return self._say(True, there - tokens, 0), full_at + tokens * self.token

    def no_place(self, tokens: int, wait: Fraction) -> Decision:
        seconds = float(wait + self.LENIENCE) / 1e9
        retry = math.inf if tokens > self.capacity else seconds
        return Decision(False, self.capacity, self.capacity / self.rate, 0, retry, seconds)

    def _say(self, allowed: bool, left: Fraction, wait: Fraction | float) -> Decision:
        full_after = float((self.capacity - left) * self.token) / 1e9
        whole = min(self.capacity, math.floor(left + self.LENIENCE / self.token))
        window = self.capacity / self.rate
        return Decision(allowed, self.capacity, window, whole, float(wait) / 1e9, full_after)


class LockPerClient:
    """A lock for every bucket, and one for the table; a bucket that was removed says so itself.

    A full bucket stays in the table until a newcomer or `len` comes by: for its client that makes
    no difference.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class TokenBucket:
        def __init__(self, rate: float, capacity: int) -> None:
            _checked(rate, capacity)
            self._bucket = _Bucket(rate, capacity)

        def try_acquire(self, tokens: int = 1) -> Decision:
            _checked_tokens(tokens)
            with self._bucket.lock:
                return self._bucket.take(tokens)

    class ClientLimiter:
        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            _checked(rate, capacity, max_clients)
            self._rate, self._capacity, self._max = rate, capacity, max_clients
            self._lock = threading.RLock()
            self._buckets: dict[Hashable, _Bucket] = {}
            self._due: list[tuple[float, int, Hashable]] = []

        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            _checked_tokens(tokens)
            while True:
                with self._lock:
                    bucket = self._buckets.get(client)
                    if bucket is None:
                        return self._newcomer(client, tokens)
                with bucket.lock:
                    if not bucket.removed:
                        return bucket.take(tokens)

        def __len__(self) -> int:
            with self._lock:
                self._remove_full()
                return len(self._buckets)

        def _newcomer(self, client: Hashable, tokens: int) -> Decision:
            self._remove_full()
            if len(self._buckets) >= self._max:
                wait = max(0.0, self._due[0][0] - time.monotonic()) + 5e-7
                retry = math.inf if tokens > self._capacity else wait
                window = self._capacity / self._rate
                return Decision(False, self._capacity, window, 0, retry, wait)
            bucket = _Bucket(self._rate, self._capacity)
            decision = bucket.take(tokens)
            if decision.allowed:
                self._buckets[client] = bucket
                heapq.heappush(self._due, (bucket.full_at(), id(bucket), client))
            return decision

        def _remove_full(self) -> None:
            """Remove who is full; afterwards the head of the heap is right."""
            while self._due:
                at, number, client = self._due[0]
                bucket = self._buckets[client]
                with bucket.lock:
                    full_at = bucket.full_at()
                    if full_at <= time.monotonic():
                        bucket.removed = True
                        del self._buckets[client]
                        heapq.heappop(self._due)
                    elif full_at <= at:
                        return
                    else:
                        heapq.heapreplace(self._due, (full_at, number, client))


class _Bucket:
    """Taken tokens, as a debt that shrinks with time."""

    def __init__(self, rate: float, capacity: int) -> None:
        self.lock = threading.Lock()
        self.removed = False
        self._rate, self._capacity = rate, capacity
        self._owed, self._since = 0.0, time.monotonic()

    def take(self, tokens: int) -> Decision:
        now = time.monotonic()
        self._owed = max(0.0, self._owed - (now - self._since) * self._rate)
        self._since = now
        left = self._capacity - self._owed
        allowed = tokens <= self._capacity and tokens <= left + 2e-7 * self._rate
        if allowed:
            self._owed += tokens
            left -= tokens
        said = _decision(self._rate, self._capacity, tokens, left, allowed)
        remaining = min(self._capacity, math.floor(left + 2e-7 * self._rate))
        return Decision(
            said.allowed, said.limit, said.window, remaining, said.retry_after, said.full_after
        )

    def full_at(self) -> float:
        return self._since + self._owed / self._rate
