"""A bucket per client, forgotten as soon as it is full, and a bound on how many there are."""

import heapq
import itertools
import threading
import time
from collections.abc import Hashable

from contracts.services.rate_limiter import Decision
from solutions.services.rate_limiter.bucket import Level, Limit, check_tokens


class ClientLimiter:
    """Buckets of those clients whose bucket is not full; for the others a new one is as good."""

    def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
        self._limit = Limit(rate, capacity)
        if max_clients < 1:
            raise ValueError(f"max_clients must be at least 1, not {max_clients}")
        self._max_clients = max_clients
        self._lock = threading.Lock()
        self._levels: dict[Hashable, Level] = {}
        # One entry per client: when its bucket is full, or an earlier instant. The serial number
        # keeps the heap from comparing clients.
        self._due: list[tuple[float, int, Hashable]] = []
        self._serials = itertools.count()

    def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
        """Take from the bucket of `client`. O(log n), apart from forgetting each client once."""
        check_tokens(tokens)
        with self._lock:
            now = time.monotonic()
            self._forget_full(now)
            level = self._levels.get(client)
            if level is not None:
                return level.take(tokens, now)
            if len(self._levels) >= self._max_clients:
                return self._limit.no_place(tokens, self._next_full() - now)
            return self._welcome(client, tokens, now)

    def __len__(self) -> int:
        with self._lock:
            self._forget_full(time.monotonic())
            return len(self._levels)

    def _welcome(self, client: Hashable, tokens: int, now: float) -> Decision:
        level = Level(self._limit, now)
        decision = level.take(tokens, now)
        if decision.allowed:  # otherwise it has taken nothing, and there is nothing to remember
            self._levels[client] = level
            heapq.heappush(self._due, (level.full_at, next(self._serials), client))
        return decision

    def _forget_full(self, now: float) -> None:
        while self._due and self._next_full() <= now:
            del self._levels[heapq.heappop(self._due)[2]]

    def _next_full(self) -> float:
        """When the first bucket is full. Entries that are out of date are put right."""
        while True:
            at, serial, client = self._due[0]
            full_at = self._levels[client].full_at
            if full_at <= at:
                return full_at
            heapq.heapreplace(self._due, (full_at, serial, client))
