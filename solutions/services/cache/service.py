"""The cache itself: one short lock over the store, the flights and the counters."""

import math
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

from contracts.services.cache import Stats
from solutions.services.cache.flights import Flight, Flights
from solutions.services.cache.store import Entry, Store


class Cache:
    """LRU with a ttl per entry and single-flight loading. See the contract."""

    def __init__(self, capacity: int, ttl: float = math.inf) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self._ttl = _checked(ttl)
        self._lock = threading.Lock()  # never held while a loader runs
        self._store = Store(capacity)
        self._flights = Flights()
        self._hits = 0
        self._misses = 0
        self._loads = 0
        self._load_failures = 0

    def get(self, key: Hashable, default: Any = None) -> Any:
        """Return the live value of `key`, or `default`."""
        with self._lock:
            entry = self._look_up(key)
            return default if entry is None else entry.value

    def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
        """Store a value, and take the key away from a load under way."""
        lifetime = self._lifetime(ttl)
        with self._lock:
            self._flights.disown(key)
            self._keep(key, value, lifetime)

    def delete(self, key: Hashable) -> bool:
        """Remove the entry, and take the key away from a load under way."""
        with self._lock:
            self._flights.disown(key)
            self._bury_dead()
            return self._store.remove(key)

    def get_or_load(
        self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
    ) -> Any:
        """Return the live value, or lead or join the load of the key."""
        lifetime = self._lifetime(ttl)
        me = threading.get_ident()
        with self._lock:
            entry = self._look_up(key)
            if entry is not None:
                return entry.value
            flight = self._flights.current(key)
            leads = flight is None
            if flight is None:
                flight = self._flights.start(key, me)
            else:
                self._flights.board(me, flight)
        if leads:
            return self._load(key, loader, lifetime, flight)
        try:
            return flight.wait()
        finally:
            with self._lock:
                self._flights.leave(me)

    def stats(self) -> Stats:
        """Return the counts of this instant."""
        with self._lock:
            self._bury_dead()
            return Stats(
                hits=self._hits,
                misses=self._misses,
                evictions=self._store.evictions,
                expirations=self._store.expirations,
                loads=self._loads,
                load_failures=self._load_failures,
                size=len(self._store),
            )

    def __len__(self) -> int:
        with self._lock:
            self._bury_dead()
            return len(self._store)

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            self._bury_dead()
            return key in self._store

    def _lifetime(self, ttl: float | None) -> float:
        return self._ttl if ttl is None else _checked(ttl)

    def _bury_dead(self) -> float:
        now = time.monotonic()
        self._store.bury_dead(now)
        return now

    def _look_up(self, key: Hashable) -> Entry | None:
        self._bury_dead()
        entry = self._store.use(key)
        if entry is None:
            self._misses += 1
        else:
            self._hits += 1
        return entry

    def _keep(self, key: Hashable, value: Any, lifetime: float) -> None:
        self._store.put(key, value, self._bury_dead() + lifetime)

    def _load(
        self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
    ) -> Any:
        # Whatever happens in here, the flight lands: a flight that does not is a hang for others.
        try:
            value = loader()
        except BaseException as error:
            with self._lock:
                self._load_failures += 1
                self._flights.finish(key, flight)
                flight.land(error=error)
            raise
        with self._lock:
            self._loads += 1
            if self._flights.finish(key, flight):
                self._keep(key, value, lifetime)
            flight.land(value)
        return value


def _checked(ttl: float) -> float:
    if not ttl > 0:  # also refuses NaN, for which every comparison is false
        raise ValueError(f"ttl must be more than 0 seconds, not {ttl}")
    return ttl
