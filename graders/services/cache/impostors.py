"""Caches with one wrong idea each. `breaks` names the promise by which each is found."""

import contextlib
import heapq
import math
import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any
from urllib.parse import parse_qs, unquote

from contracts.services.cache import LoadCycle, Stats
from solutions.services import cache as reference
from solutions.services.cache import handler
from solutions.services.cache.flights import Flight, Flights
from solutions.services.cache.store import Entry, Store


class _Cache(reference.Cache):
    """The reference on another store or with other flights."""

    store: type[Store] = Store
    flights: type[Flights] = Flights

    def __init__(self, capacity: int, ttl: float = math.inf) -> None:
        super().__init__(capacity, ttl)
        self._store = self.store(capacity)
        self._flights = self.flights()


# --- values ---------------------------------------------------------------------------------------


class TypedKeys:
    """Keys are told apart by their text, so that 1, True and 1.0 are three keys."""

    breaks = "P1"

    class Cache(reference.Cache):
        def get(self, key: Hashable, default: Any = None) -> Any:
            hash(key)
            return super().get(repr(key), default)

        def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
            hash(key)
            super().put(repr(key), value, ttl)

        def delete(self, key: Hashable) -> bool:
            hash(key)
            return super().delete(repr(key))

        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            hash(key)
            return super().get_or_load(repr(key), loader, ttl)

        def __contains__(self, key: Hashable) -> bool:
            hash(key)
            return super().__contains__(repr(key))


class NoneMeansAbsent:
    """A loaded None is taken for a miss the next time: `if value is None: load`."""

    breaks = "P1"

    class Cache(reference.Cache):
        def _look_up(self, key: Hashable) -> Entry | None:
            entry = super()._look_up(key)
            return None if entry is None or entry.value is None else entry


class TheHashIsTheKey:
    """Entries are filed under hash(key): -1 and -2, which share one, are taken for one key."""

    breaks = "P1"

    class Cache(reference.Cache):
        def get(self, key: Hashable, default: Any = None) -> Any:
            return super().get(hash(key), default)

        def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
            super().put(hash(key), value, ttl)

        def delete(self, key: Hashable) -> bool:
            return super().delete(hash(key))

        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            return super().get_or_load(hash(key), loader, ttl)

        def __contains__(self, key: Hashable) -> bool:
            return super().__contains__(hash(key))


class KeepsTheOldValue:
    """A put of a key that is there changes nothing. After marstr/collection PR 14."""

    breaks = "P1"

    class Cache(reference.Cache):
        def _keep(self, key: Hashable, value: Any, lifetime: float) -> None:
            self._bury_dead()
            entry = self._store.use(key)
            super()._keep(key, value if entry is None else entry.value, lifetime)


# --- order of use ---------------------------------------------------------------------------------


class _FifoStore(Store):
    def use(self, key: Hashable) -> Entry | None:
        return self._entries.get(key)


class ReadsAreNoUse:
    """First in, first out. After dataspread-web issue 101."""

    breaks = "P2"

    class Cache(_Cache):
        store = _FifoStore


class _EvictsFirstStore(Store):
    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        if len(self._entries) >= self._capacity:
            self._entries.popitem(last=False)
            self.evictions += 1
        super().put(key, value, deadline)


class OverwritingEvicts:
    """Makes room before it looks whether the key is there. After apache/superset PR 42409."""

    breaks = "P2"

    class Cache(_Cache):
        store = _EvictsFirstStore


class _NewestFirstStore(Store):
    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        if key not in self._entries and len(self._entries) >= self._capacity:
            self._entries.popitem()
            self.evictions += 1
        super().put(key, value, deadline)


class EvictsTheMostRecentlyUsed:
    """`popitem()` takes the wrong end. After heyform PR 302."""

    breaks = "P2"

    class Cache(_Cache):
        store = _NewestFirstStore


class _InPlaceStore(Store):
    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        order = list(self._entries) if key in self._entries else []
        super().put(key, value, deadline)
        for known in order:
            self._entries.move_to_end(known)


class OverwritingIsNoUse:
    """A put of a known key leaves it at its old place in the order. After Odin PR 1727."""

    breaks = "P2"

    class Cache(_Cache):
        store = _InPlaceStore


class AskingIsAUse:
    """`in` refreshes the entry, as it does in cachebox."""

    breaks = "P2"

    class Cache(reference.Cache):
        def __contains__(self, key: Hashable) -> bool:
            with self._lock:
                self._bury_dead()
                return self._store.use(key) is not None


class _BackOfTheQueueStore(Store):
    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        known = key in self._entries
        super().put(key, value, deadline)
        if not known:
            self._entries.move_to_end(key, last=False)


class FreshEntriesGoFirst:
    """What has been put but not yet read is the first to go. After Mooncake issue 2976."""

    breaks = "P2"

    class Cache(_Cache):
        store = _BackOfTheQueueStore


class _OneTooManyStore(Store):
    def __init__(self, capacity: int) -> None:
        super().__init__(capacity + 1)


class HoldsOneTooMany:
    """`if len(...) > capacity` before the insertion. After cacheout issue 9."""

    breaks = "P2"

    class Cache(_Cache):
        store = _OneTooManyStore


class _DuplicatesStore(Store):
    """Keeps a queue of uses in which a key stands once per use."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._uses: list[Hashable] = []

    def use(self, key: Hashable) -> Entry | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._uses.append(key)
        return entry

    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        if key not in self._entries and len(self._entries) >= self._capacity:
            while not self.remove(self._uses.pop(0)):
                pass
            self.evictions += 1
        self._uses.append(key)
        super().put(key, value, deadline)


class EvictsByAStaleUse:
    """A read adds the key to the queue without taking out its old place. After specter PR 203."""

    breaks = "P2"

    class Cache(_Cache):
        store = _DuplicatesStore


class _RecentlyPutStore(Store):
    """Saves the move of an entry that was put a moment ago, as caches for reading do."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._recent: list[Hashable] = []

    def use(self, key: Hashable) -> Entry | None:
        return self._entries.get(key) if key in self._recent else super().use(key)

    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        super().put(key, value, deadline)
        if self._capacity >= 64:
            self._recent = [*self._recent[-7:], key]


class NearlyLeastRecentlyUsed:
    """In a large cache a read of one of the last eight entries put does not move it."""

    breaks = "P2"

    class Cache(_Cache):
        store = _RecentlyPutStore


# --- lifetimes ------------------------------------------------------------------------------------


class _InclusiveStore(Store):
    def bury_dead(self, now: float) -> None:
        super().bury_dead(math.nextafter(now, -math.inf))


class AliveAtTheDeadline:
    """`deadline < now` where `deadline <= now` is meant."""

    breaks = "P3"

    class Cache(_Cache):
        store = _InclusiveStore


class ReadsProlong:
    """Every hit starts the lifetime anew: a busy entry never becomes fresh."""

    breaks = "P3"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._lifetimes: dict[int, float] = {}

        def _keep(self, key: Hashable, value: Any, lifetime: float) -> None:
            super()._keep(key, (value, lifetime), lifetime)

        def _look_up(self, key: Hashable) -> Entry | None:
            entry = super()._look_up(key)
            if entry is None:
                return None
            value, lifetime = entry.value
            self._keep(key, value, lifetime)
            return Entry(value)


class OverwritingKeepsTheDeadline:
    """A new value inherits what is left of the old one's life."""

    breaks = "P3"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._first: dict[Hashable, float] = {}

        def _keep(self, key: Hashable, value: Any, lifetime: float) -> None:
            now = self._bury_dead()
            if key not in self._store:
                self._first[key] = now + lifetime
            self._store.put(key, value, self._first[key])


class _HeapInDisorder(Store):
    def _drop_stale_deadlines(self) -> None:
        if len(self._deadlines) > 2 * len(self._entries) + 64:
            self._deadlines = [d for d in self._deadlines if self._entries.get(d[2]) is d[3]]


class RebuildsWithoutOrder:
    """Stale deadlines are taken out of the heap, and what is left is no heap any more: some die late."""

    breaks = "P3"

    class Cache(_Cache):
        store = _HeapInDisorder


class _ForgetfulStore(Store):
    def _drop_stale_deadlines(self) -> None:
        if len(self._deadlines) > 2 * len(self._entries) + 64:
            self._deadlines = []


class ForgetsDeadlines:
    """When stale deadlines have piled up all are dropped, those of the living as well."""

    breaks = "P3"

    class Cache(_Cache):
        store = _ForgetfulStore


class OverwritingInheritsTheTtl:
    """A put without ttl takes the ttl of the entry that it replaces, not the cache's."""

    breaks = "P3"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._own: OrderedDict[Hashable, float] = OrderedDict()

        def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
            inherited = self._own.get(key) if key in self else None
            super().put(key, value, inherited if ttl is None else ttl)
            if ttl is not None:
                self._own[key] = ttl
                while len(self._own) > self._store._capacity:
                    self._own.popitem(last=False)


class UsesTheWallClock:
    """Deadlines by time.time(): setting the clock kills or immortalises the cache."""

    breaks = "P3"
    mistake = "wall clock"

    class Cache(reference.Cache):
        def _bury_dead(self) -> float:
            now = time.time()
            self._store.bury_dead(now)
            return now


class LivesFromTheStartOfTheLoad:
    """The deadline of a loaded value is computed before the loader runs."""

    breaks = "P3"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            deadline = time.monotonic() + lifetime
            return super()._load(key, _Timed(loader, deadline), lifetime, flight)

        def _keep(self, key: Hashable, value: Any, lifetime: float) -> None:
            if not isinstance(value, _Loaded):
                super()._keep(key, value, lifetime)
            elif value.deadline > self._bury_dead():
                self._store.put(key, value.value, value.deadline)

        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            got = super().get_or_load(key, loader, ttl)
            return got.value if isinstance(got, _Loaded) else got


class _Loaded:
    def __init__(self, value: Any, deadline: float) -> None:
        self.value = value
        self.deadline = deadline


class _Timed:
    def __init__(self, loader: Callable[[], Any], deadline: float) -> None:
        self.loader = loader
        self.deadline = deadline

    def __call__(self) -> _Loaded:
        return _Loaded(self.loader(), self.deadline)


class _ByKeyStore(Store):
    def bury_dead(self, now: float) -> None:
        while self._deadlines and self._deadlines[0][0] <= now:
            _, _, key, _ = heapq.heappop(self._deadlines)
            if self.remove(key):
                self.expirations += 1


class AnOldDeadlineKillsTheNewEntry:
    """The deadline queue names keys, not cleaned when a key is put again. After gcache issue 52."""

    breaks = "P3"

    class Cache(_Cache):
        store = _ByKeyStore


class _LazyStore(Store):
    """Removes a dead entry only when somebody asks for its key."""

    now = 0.0

    def bury_dead(self, now: float) -> None:
        self.now = now

    def _alive(self, key: Hashable) -> bool:
        entry = self._entries.get(key)
        if entry is not None and entry.deadline <= self.now:
            self.remove(key)
            self.expirations += 1
        return key in self._entries

    def __contains__(self, key: Hashable) -> bool:
        return self._alive(key)

    def __len__(self) -> int:
        return sum(self._alive(key) for key in list(self._entries))

    def use(self, key: Hashable) -> Entry | None:
        return super().use(key) if self._alive(key) else None

    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        self._alive(key)
        super().put(key, value, deadline)


class TheDeadTakeRoom:
    """Expiry is looked at when a key is read: a full cache evicts the living, keeps the dead."""

    breaks = "P4"

    class Cache(_Cache):
        store = _LazyStore

        def delete(self, key: Hashable) -> bool:
            with self._lock:
                self._flights.disown(key)
                self._bury_dead()
                return key in self._store and self._store.remove(key)


class _LenStore(_LazyStore):
    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        if key not in self:
            for known in list(self._entries):
                self._alive(known)
        super().put(key, value, deadline)


class LenCountsTheDead:
    """The dead are not served, but counted until somebody meets them. After cachetools issue 24."""

    breaks = "P4"

    class Cache(TheDeadTakeRoom.Cache):
        store = _LenStore


class LoadsDoNotReplaceTheDead:
    """`setdefault` over a dead entry that is still there. After libcappuccino issue 14."""

    breaks = "P4"

    class Cache(TheDeadTakeRoom.Cache):
        def _look_up(self, key: Hashable) -> Entry | None:
            self._bury_dead()
            entry = self._store._entries.get(key)
            if entry is not None and entry.deadline <= self._store.now:  # type: ignore[attr-defined]
                self._misses += 1
                return None
            return super()._look_up(key)

        def _keep(self, key: Hashable, value: Any, lifetime: float) -> None:
            now = self._bury_dead()
            entry = self._store._entries.get(key)
            if entry is not None and entry.deadline <= now:
                value = entry.value
            super()._keep(key, value, lifetime)


class SweepsNowAndThen:
    """The dead are looked for at most ten times a second: it is dear enough."""

    breaks = "P4"

    class Cache(reference.Cache):
        swept = -1.0

        def _bury_dead(self) -> float:
            now = time.monotonic()
            if now - self.swept >= 0.1:
                self.swept = now
                self._store.bury_dead(now)
            return now


class _KeysInOrderStore(Store):
    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        super().put(key, value, math.inf)
        entry = self._entries[key]
        entry.deadline = deadline
        if deadline < math.inf:
            heapq.heappush(self._deadlines, (deadline, key, key, entry))  # type: ignore[misc]
            self._drop_stale_deadlines()


class DeadlinesCompareKeys:
    """The heap holds (deadline, key): at equal deadlines the keys are asked which is smaller."""

    breaks = "P4"

    class Cache(_Cache):
        store = _KeysInOrderStore


# --- statistics -----------------------------------------------------------------------------------


class CountsOutsideTheLock:
    """`self.hits += 1` after the lock has been released."""

    breaks = "P5"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self.found = 0

        def get(self, key: Hashable, default: Any = None) -> Any:
            with self._lock:
                self._bury_dead()
                entry = self._store.use(key)
                value = default if entry is None else entry.value
            if entry is None:
                self._misses += 1
            else:
                self._hits += 1
            return value


class _ExpiryIsEvictionStore(Store):
    def bury_dead(self, now: float) -> None:
        before = self.expirations
        super().bury_dead(now)
        self.evictions += self.expirations - before


class ExpiryCountsAsEviction:
    """One counter for everything that goes by itself."""

    breaks = "P5"

    class Cache(_Cache):
        store = _ExpiryIsEvictionStore


class DeathsCountWhenMet:
    """Expirations are counted by the next call that removes, so stats() itself comes too late."""

    breaks = "P5"

    class Cache(reference.Cache):
        def stats(self) -> Stats:
            with self._lock:
                expirations = self._store.expirations
            now = super().stats()
            return Stats(
                now.hits,
                now.misses,
                now.evictions,
                expirations,
                now.loads,
                now.load_failures,
                now.size,
            )


class WaitingCountsAsAHit:
    """Callers who get a value that another one loads are counted as hits."""

    breaks = "P5"

    class Cache(_Cache):
        def _look_up(self, key: Hashable) -> Entry | None:
            entry = super()._look_up(key)
            if entry is None and self._flights.current(key) is not None:
                self._misses -= 1
                self._hits += 1
            return entry


class OnlyStoredLoadsCount:
    """A load that a delete has overtaken is not counted: its value is not in the cache."""

    breaks = "P5"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            def counted() -> Any:
                value = loader()
                with self._lock:
                    self._loads -= self._flights.current(key) is not flight
                return value

            return super()._load(key, counted, lifetime, flight)


class CyclesAreNoMisses:
    """A get_or_load that raises LoadCycle is not counted at all."""

    breaks = "P5"

    class Cache(reference.Cache):
        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            entered = False

            def mine() -> Any:
                nonlocal entered
                entered = True
                return loader()

            try:
                return super().get_or_load(key, mine, ttl)
            except LoadCycle:
                with self._lock:
                    self._misses -= not entered
                raise


# --- cost -----------------------------------------------------------------------------------------


class _ListStore(Store):
    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._order: list[Hashable] = []

    def use(self, key: Hashable) -> Entry | None:
        entry = super().use(key)
        if entry is not None:
            self._order.remove(key)
            self._order.append(key)
        return entry

    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        super().put(key, value, deadline)
        if len(self._order) > 2 * self._capacity:
            self._order = list(self._entries)
        self._order.append(key)


class OrderInAList:
    """A hit moves the key in a list: `remove` walks through it."""

    breaks = "P6"

    class Cache(_Cache):
        store = _ListStore


class _PlainDictStore(Store):
    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._plain: dict[Hashable, Entry] = {}
        self._entries = self._plain  # type: ignore[assignment]

    def use(self, key: Hashable) -> Entry | None:
        entry = self._plain.pop(key, None)
        if entry is not None:
            self._plain[key] = entry
        return entry

    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        if key not in self._plain and len(self._plain) >= self._capacity:
            self.remove(next(iter(self._plain)))
            self.evictions += 1
        super().put(key, value, deadline)


class FirstOfADict:
    """`next(iter(dict))` is the least recently used, and walks over the gaps that evictions leave."""

    breaks = "P6"

    class Cache(_Cache):
        store = _PlainDictStore


class _QueueInAListStore(Store):
    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._queue: list[Hashable] = []

    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        super().put(key, value, deadline)
        self._queue.append(key)
        if len(self._queue) > self._capacity:
            self._queue.pop(0)


class QueueInAList:
    """The order is kept in a list whose front is popped: everything behind moves up."""

    breaks = "P6"

    class Cache(_Cache):
        store = _QueueInAListStore


class _ScanStore(Store):
    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._clock = 0
        self._used: dict[Hashable, int] = {}

    def _tick(self, key: Hashable) -> None:
        self._clock += 1
        self._used[key] = self._clock

    def use(self, key: Hashable) -> Entry | None:
        entry = super().use(key)
        if entry is not None:
            self._tick(key)
        return entry

    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        if key not in self._entries and len(self._entries) >= self._capacity:
            oldest = min(self._entries, key=self._used.__getitem__)
            self.remove(oldest)
            del self._used[oldest]
            self.evictions += 1
        self._tick(key)
        super().put(key, value, deadline)


class EvictionScansAllEntries:
    """A time stamp per entry, and min() over all of them when room is needed."""

    breaks = "P6"

    class Cache(_Cache):
        store = _ScanStore


class _SweepStore(Store):
    def bury_dead(self, now: float) -> None:
        for key, entry in list(self._entries.items()):
            if entry.deadline <= now:
                self.remove(key)
                self.expirations += 1


class EveryCallSweeps:
    """Every call looks at every entry's deadline."""

    breaks = "P6"

    class Cache(_Cache):
        store = _SweepStore


class LenCountsOneByOne:
    """len() and stats() count the living by walking through all entries."""

    breaks = "P6"

    class Cache(reference.Cache):
        def __len__(self) -> int:
            with self._lock:
                now = self._bury_dead()
                return sum(entry.deadline > now for entry in self._store._entries.values())


class _PilingStore(Store):
    def _drop_stale_deadlines(self) -> None:
        return


class StaleDeadlinesPileUp:
    """Deadlines of replaced and deleted entries stay queued until they pass."""

    breaks = "P7"

    class Cache(_Cache):
        store = _PilingStore


class _HoardingStore(Store):
    def remove(self, key: Hashable) -> bool:
        return self._entries.pop(key, None) is not None


class TheDeadlineQueueHoldsValues:
    """A deleted value lives on in the queue of deadlines."""

    breaks = "P7"

    class Cache(_Cache):
        store = _HoardingStore


class ALockPerKeyForEver:
    """Loads are serialised by a lock per key, and nobody ever removes a lock."""

    breaks = "P7"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._locks: dict[Hashable, threading.Lock] = {}

        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            self._locks.setdefault(key, threading.Lock())
            return super().get_or_load(key, loader, ttl)


class _TracingFlights(Flights):
    def leave(self, passenger: int) -> None:
        """Leave the note of who waited for what: the next wait overwrites it."""


class ThreadsRememberWhatTheyWaitedFor:
    """A thread that has waited for a load keeps it, and its value, until it waits again."""

    breaks = "P7"

    class Cache(_Cache):
        flights = _TracingFlights


# --- threads --------------------------------------------------------------------------------------


class NoLockAtAll:
    """As if the GIL made a whole call atomic: an OrderedDict shared without a lock."""

    breaks = "P8"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._lock = contextlib.nullcontext()  # type: ignore[assignment]


class LooksAndTakesInTwoSteps:
    """get looks under the lock, lets go of it, and reads under the lock again."""

    breaks = "P8"

    class Cache(reference.Cache):
        def get(self, key: Hashable, default: Any = None) -> Any:
            with self._lock:
                if self._look_up(key) is None:
                    return default
            with self._lock:
                return self._store._entries[key].value


class DeletesInTwoSteps:
    """delete asks `in` first, without holding the lock in between."""

    breaks = "P8"

    class Cache(reference.Cache):
        def delete(self, key: Hashable) -> bool:
            there = key in self
            super().delete(key)
            return there


class OverwritesInTwoSteps:
    """A put takes the old entry out, lets go of the lock, and puts the new one in."""

    breaks = "P8"

    class Cache(reference.Cache):
        def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
            self._lifetime(ttl)
            with self._lock:
                self._store.remove(key)
            super().put(key, value, ttl)


class Stampede:
    """Every caller that misses loads. After cachetools issue 294 and cacheable issue 888."""

    breaks = "P9"

    class Cache(_Cache):
        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            lifetime = self._lifetime(ttl)
            me = threading.get_ident()
            with self._lock:
                entry = self._look_up(key)
                if entry is not None:
                    return entry.value
                running = self._flights.current(key)
                if running is not None and running.pilot == me:
                    raise LoadCycle
                flight = self._flights.start(key, me)
            return self._load(key, loader, lifetime, flight)


class DoesNotLookAgain:
    """Misses, then takes the load's place without a second look. After cachebox issue 61."""

    breaks = "P9"

    class Cache(_Cache):
        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            lifetime = self._lifetime(ttl)
            me = threading.get_ident()
            with self._lock:
                entry = self._look_up(key)
                if entry is not None:
                    return entry.value
            with self._lock:
                flight = self._flights.current(key)
                if flight is not None:
                    self._flights.board(me, flight)
                else:
                    flight = self._flights.start(key, me)
                    me = 0
            if me == 0:
                return self._load(key, loader, lifetime, flight)
            try:
                return flight.wait()
            finally:
                with self._lock:
                    self._flights.leave(me)


class AnnouncesBeforeItStores:
    """Waiting callers are woken before the value is in the cache, and ask again too early."""

    breaks = "P9"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            try:
                value = loader()
            except BaseException as error:
                failure = error
                return super()._load(key, lambda: _raise(failure), lifetime, flight)
            with self._lock:
                self._loads += 1
                fresh = self._flights.finish(key, flight)
                flight.land(value)
            with self._lock:
                if fresh and self._flights.current(key) is None and key not in self._store:
                    self._keep(key, value, lifetime)
            return value


class WaitersLookAgain:
    """Who has waited looks into the cache, and loads if the entry has gone again by then."""

    breaks = "P9"

    class Cache(reference.Cache):
        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            led = False

            def mine() -> Any:
                nonlocal led
                led = True
                return loader()

            value = super().get_or_load(key, mine, ttl)
            if led or key in self:
                return value
            return super().get_or_load(key, loader, ttl)


class _PollingFlight(Flight):
    def wait(self) -> Any:
        while not self.landed:
            time.sleep(0.02)
        return super().wait()


class _PollingFlights(Flights):
    def start(self, key: Hashable, pilot: int) -> Flight:
        flight = self._current[key] = _PollingFlight(pilot)
        return flight


class PollsForTheLoad:
    """Who waits looks every 20 ms whether the load has ended."""

    breaks = "P9"

    class Cache(_Cache):
        flights = _PollingFlights


class _ImpatientFlight(Flight):
    def wait(self) -> Any:
        self._event.wait(30)
        return super().wait() if self.landed else None


class _ImpatientFlights(Flights):
    def start(self, key: Hashable, pilot: int) -> Flight:
        flight = self._current[key] = _ImpatientFlight(pilot)
        return flight


class GivesUpWaiting:
    """A wait ends after 30 s with None, whether the load has ended or not."""

    breaks = "P9"

    class Cache(_Cache):
        flights = _ImpatientFlights


class OneLockDuringLoads:
    """One re-entrant lock around everything, the loader included."""

    breaks = "P10"
    mistake = "global lock"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._lock = threading.RLock()  # type: ignore[assignment]

        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            with self._lock:
                return super()._load(key, loader, lifetime, flight)


class StripedLoads:
    """Loads take one of 16 locks, picked by the key's hash: unrelated keys wait for each other."""

    breaks = "P10"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._stripes = [threading.RLock() for _ in range(16)]

        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            with self._stripes[hash(key) % 16]:
                return super()._load(key, loader, lifetime, flight)


class ReadersWaitForTheLoad:
    """get of a key that is being loaded waits for the load."""

    breaks = "P10"

    class Cache(reference.Cache):
        def get(self, key: Hashable, default: Any = None) -> Any:
            with self._lock:
                entry = self._look_up(key)
                if entry is not None:
                    return entry.value
                flight = self._flights.current(key)
            if flight is None or flight.pilot == threading.get_ident():
                return default
            with contextlib.suppress(Exception):
                return flight.wait()
            return default


class WritersWaitForTheLoad:
    """put waits until the load of its key has ended, so that the later write wins."""

    breaks = "P10"

    class Cache(reference.Cache):
        def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
            self._lifetime(ttl)
            with self._lock:
                flight = self._flights.current(key)
            if flight is not None and flight.pilot != threading.get_ident():
                with contextlib.suppress(BaseException):
                    flight.wait()
            super().put(key, value, ttl)


class EightLoadsAtATime:
    """A semaphore spares the database: the ninth load waits until one of the others has ended."""

    breaks = "P10"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._places = threading.Semaphore(8)

        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            with self._places:
                return super()._load(key, loader, lifetime, flight)


class LoadsInAThreadOfItsOwn:
    """Loaders run in a helper thread: thread-local connections and context are lost."""

    breaks = "P10"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            load = super()._load

            def work() -> None:
                flight.pilot = threading.get_ident()
                with contextlib.suppress(BaseException):
                    load(key, loader, lifetime, flight)

            worker = threading.Thread(target=work)
            worker.start()
            worker.join()
            return flight.wait()


class FailuresAreCached:
    """The exception is remembered: later callers get it without a load."""

    breaks = "P11"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._failed: OrderedDict[Hashable, BaseException] = OrderedDict()

        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            if key in self._failed:
                error = self._failed[key]

                def loader() -> Any:
                    raise error

            try:
                return super()._load(key, loader, lifetime, flight)
            except Exception as error:
                self._failed[key] = error
                while len(self._failed) > self._store._capacity:
                    self._failed.popitem(last=False)
                raise


class ALoadMakesRoomFirst:
    """A place is made for the value before it is loaded, and a failing load has cost an entry."""

    breaks = "P11"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            with self._lock:
                if len(self._store) >= self._store._capacity:
                    self._store._entries.popitem(last=False)
                    self._store.evictions += 1
            return super()._load(key, loader, lifetime, flight)


class WaitersAreForgotten:
    """A failing load wakes nobody: those who wait, wait for ever."""

    breaks = "P11"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            try:
                value = loader()
            except BaseException:
                with self._lock:
                    self._load_failures += 1
                    self._flights.finish(key, flight)
                raise
            return super()._load(key, lambda: value, lifetime, flight)


class LoadersAreGenerators:
    """The loader runs inside a generator, which turns a StopIteration into a RuntimeError."""

    breaks = "P11"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            return super()._load(key, lambda: next(loader() for _ in (1,)), lifetime, flight)


class AFailureTakesThePutAlong:
    """A failing load deletes its key to be on the safe side, also what was put meanwhile."""

    breaks = "P11"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            try:
                return super()._load(key, loader, lifetime, flight)
            except BaseException:
                with self._lock:
                    self._store.remove(key)
                raise


class AnnouncesBeforeItForgets:
    """Waiting callers get the exception while the failed load still stands for its key."""

    breaks = "P11"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            try:
                value = loader()
            except BaseException as error:
                failure = error
                flight.land(error=error)
                return super()._load(key, lambda: _raise(failure), lifetime, flight)
            return super()._load(key, lambda: value, lifetime, flight)


class OnlyExceptionsEndALoad:
    """`except Exception`: after a KeyboardInterrupt in the loader the key is stuck for ever."""

    breaks = "P11"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            try:
                value = loader()
            except Exception as error:
                failure = error
                return super()._load(key, lambda: _raise(failure), lifetime, flight)
            return super()._load(key, lambda: value, lifetime, flight)


def _raise(error: BaseException) -> Any:
    raise error


class WaitersTryAgain:
    """When the load they wait for fails, waiting callers load by themselves, one after another."""

    breaks = "P11"

    class Cache(reference.Cache):
        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            called = False

            def mine() -> Any:
                nonlocal called
                called = True
                return loader()

            while True:
                try:
                    return super().get_or_load(key, mine, ttl)
                except (ValueError, TypeError, LoadCycle):
                    raise
                except BaseException:
                    if called:
                        raise


class WaitersGetNone:
    """Those who wait for a load that fails get None, as from a miss."""

    breaks = "P11"

    class Cache(reference.Cache):
        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            called = False

            def mine() -> Any:
                nonlocal called
                called = True
                return loader()

            try:
                return super().get_or_load(key, mine, ttl)
            except (ValueError, TypeError, LoadCycle):
                raise
            except BaseException:
                if called:
                    raise
                return None


class TheLoadIsStoredInAnyCase:
    """A load that was overtaken by a put or delete brings the old value back."""

    breaks = "P12"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            value = super()._load(key, loader, lifetime, flight)
            with self._lock:
                self._keep(key, value, lifetime)
            return value


class TheLoadIsStoredIfNothingIsThere:
    """An overtaken load is stored unless a value is there: a delete or a dead put is forgotten."""

    breaks = "P12"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            value = super()._load(key, loader, lifetime, flight)
            with self._lock:
                self._bury_dead()
                if key not in self._store:
                    self._keep(key, value, lifetime)
            return value


class LooksAndStoresInTwoSteps:
    """At the end of a load, looks whether it was overtaken; stores when it has the lock again."""

    breaks = "P12"

    class Cache(reference.Cache):
        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            try:
                value = loader()
            except BaseException as error:
                failure = error
                return super()._load(key, lambda: _raise(failure), lifetime, flight)
            with self._lock:
                fresh = self._flights.current(key) is flight
            with self._lock:
                self._loads += 1
                self._flights.finish(key, flight)
                if fresh:
                    self._keep(key, value, lifetime)
                flight.land(value)
            return value


class AnyWriteOvertakesEveryLoad:
    """One version number for the whole cache: a put of any key throws away what is being loaded."""

    breaks = "P12"

    class Cache(reference.Cache):
        version = 0

        def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
            super().put(key, value, ttl)
            self.version += 1

        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            version = self.version

            def watched() -> Any:
                value = loader()
                with self._lock:
                    if self.version != version and self._flights.current(key) is flight:
                        self._flights.disown(key)
                return value

            return super()._load(key, watched, lifetime, flight)


class ADeleteOfNothingDoesNothing:
    """delete returns early when there is no entry, and leaves the load of the key alone."""

    breaks = "P12"

    class Cache(reference.Cache):
        def delete(self, key: Hashable) -> bool:
            with self._lock:
                self._bury_dead()
                if key not in self._store:
                    return False
                self._flights.disown(key)
                return self._store.remove(key)


class RemovesThenTellsTheLoad:
    """Delete removes the entry under the lock, and tells a running load under the lock again."""

    breaks = "P12"

    class Cache(reference.Cache):
        def delete(self, key: Hashable) -> bool:
            with self._lock:
                self._bury_dead()
                there = self._store.remove(key)
            with self._lock:
                self._flights.disown(key)
            return there


class _MarkingFlights(Flights):
    """Marks a load as stale instead of forgetting it."""

    def __init__(self) -> None:
        super().__init__()
        self._stale: set[Flight] = set()

    def disown(self, key: Hashable) -> None:
        flight = self.current(key)
        if flight is not None:
            self._stale.add(flight)

    def finish(self, key: Hashable, flight: Flight) -> bool:
        fresh = flight not in self._stale
        self._stale.discard(flight)
        return super().finish(key, flight) and fresh


class LateCallersJoinTheStaleLoad:
    """The overtaken load is not stored, but callers after the delete still get its value."""

    breaks = "P12"

    class Cache(_Cache):
        flights = _MarkingFlights


class _ByKeyFlights(Flights):
    def finish(self, key: Hashable, flight: Flight) -> bool:
        current = self._current.pop(key, None)
        return current is flight


class TheOldLoadEndsTheNewOne:
    """At its end an overtaken load removes the entry of the load that has replaced it."""

    breaks = "P12"

    class Cache(_Cache):
        flights = _ByKeyFlights


class _TrustingFlights(Flights):
    def board(self, passenger: int, flight: Flight) -> None:
        self._waiting[passenger] = flight


class RecursionHangs:
    """A loader that asks for its own key waits for itself."""

    breaks = "P13"

    class Cache(_Cache):
        flights = _TrustingFlights


class _NearsightedFlights(Flights):
    def board(self, passenger: int, flight: Flight) -> None:
        if flight.pilot == passenger:
            raise LoadCycle
        self._waiting[passenger] = flight


class OnlyItsOwnRecursionIsSeen:
    """Recursion in one thread is refused; two threads that wait for each other hang."""

    breaks = "P13"

    class Cache(_Cache):
        flights = _NearsightedFlights


class _ForgetfulFlights(Flights):
    def board(self, passenger: int, flight: Flight) -> None:
        ahead: Flight | None = flight
        while ahead is not None:
            if ahead.pilot == passenger:
                raise LoadCycle
            ahead = self._waiting.get(ahead.pilot)
        self._waiting[passenger] = flight


class SeesCyclesThatAreOver:
    """A thread whose load has ended, but who has not woken yet, still counts as waiting."""

    breaks = "P13"

    class Cache(_Cache):
        flights = _ForgetfulFlights


class _CurrentOnlyFlights(Flights):
    def board(self, passenger: int, flight: Flight) -> None:
        ahead: Flight | None = flight
        while ahead is not None and ahead in self._current.values():
            if ahead.pilot == passenger:
                raise LoadCycle
            ahead = self._waiting.get(ahead.pilot)
        self._waiting[passenger] = flight


class OvertakenLoadsAreNotFollowed:
    """Looks for circles among the loads in the table, where one that was overtaken no longer is."""

    breaks = "P13"

    class Cache(_Cache):
        flights = _CurrentOnlyFlights


class KeysOnAStack:
    """A thread keeps the keys that it loads; asking for one of them is a circle in any case."""

    breaks = "P13"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, ttl)
            self._mine = threading.local()

        def _load(
            self, key: Hashable, loader: Callable[[], Any], lifetime: float, flight: Flight
        ) -> Any:
            keys = self._mine.__dict__.setdefault("keys", [])

            def once() -> Any:
                if key in keys:
                    raise LoadCycle
                keys.append(key)
                try:
                    return loader()
                finally:
                    keys.remove(key)

            return super()._load(key, once, lifetime, flight)


class WaitingInALoaderIsACycle:
    """A loader may load other keys, but not wait for one that is being loaded elsewhere."""

    breaks = "P13"

    class Cache(reference.Cache):
        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            me = threading.get_ident()
            with self._lock:
                running = self._flights._current
                if key in running and any(each.pilot == me for each in running.values()):
                    self._misses += 1
                    raise LoadCycle
            return super().get_or_load(key, loader, ttl)


# --- arguments ------------------------------------------------------------------------------------


class NaNIsALifetime:
    """`if ttl <= 0: raise` lets NaN through."""

    breaks = "P14"

    class Cache(reference.Cache):
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            super().__init__(capacity, math.inf if math.isnan(ttl) else ttl)

        def _lifetime(self, ttl: float | None) -> float:
            return math.inf if ttl is not None and math.isnan(ttl) else super()._lifetime(ttl)


class LoadsBeforeItChecks:
    """get_or_load finds out about a bad ttl when it stores the value."""

    breaks = "P14"

    class Cache(reference.Cache):
        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            if ttl is None or ttl > 0:
                return super().get_or_load(key, loader, ttl)
            super().get_or_load(key, loader)
            raise ValueError(ttl)


class ARefusedPutOvertakes:
    """put tells the load of its key before it looks at the ttl."""

    breaks = "P14"

    class Cache(reference.Cache):
        def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
            with self._lock:
                self._flights.disown(key)
            super().put(key, value, ttl)


# --- HTTP -----------------------------------------------------------------------------------------


class KeysDecodedTwice:
    """Percent signs that the server has decoded already are decoded again."""

    breaks = "P15"

    class CacheApp(reference.CacheApp):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            path = unquote(environ["PATH_INFO"].encode("latin-1"), errors="surrogateescape")
            raw = path.encode("utf-8", "surrogateescape").decode("latin-1")
            return super().__call__(environ | {"PATH_INFO": raw}, start_response)


class KeysAreNormalised:
    """Keys are brought into one Unicode form: two spellings of one letter are one key."""

    breaks = "P15"

    class CacheApp(reference.CacheApp):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            raw = environ["PATH_INFO"].encode("latin-1")
            with contextlib.suppress(UnicodeDecodeError):
                raw = unicodedata.normalize("NFC", raw.decode()).encode()
            environ = environ | {"PATH_INFO": raw.decode("latin-1")}
            return super().__call__(environ, start_response)


class KeysAreLatin1:
    """PATH_INFO is taken for text: letters outside ASCII become two wrong ones."""

    breaks = "P15"

    class CacheApp(reference.CacheApp):
        def _get(self, key: str, environ: Any) -> Any:
            return super()._get(key.encode().decode("latin-1"), environ)

        def _put(self, key: str, environ: Any) -> Any:
            return super()._put(key.encode().decode("latin-1"), environ)

        def _delete(self, key: str, environ: Any) -> Any:
            return super()._delete(key.encode().decode("latin-1"), environ)


class EmptyValuesAreMissing:
    """`if not value: 404`: an empty value cannot be read back."""

    breaks = "P15"

    class CacheApp(reference.CacheApp):
        def _get(self, key: str, environ: Any) -> Any:
            answer = super()._get(key, environ)
            if not answer.body:
                raise handler.Refused(404, "no entry under this key")
            return answer


class TheRequestIsKeptOnTheApp:
    """The app keeps the request as an attribute: two threads mix up their requests."""

    breaks = "P15"

    class CacheApp(reference.CacheApp):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            self._request = environ
            return super().__call__(self._request, start_response)

        def _put(self, key: str, environ: Any) -> Any:
            return super()._put(key, self._request)

        def _get(self, key: str, environ: Any) -> Any:
            return super()._get(handler._key(self._request["PATH_INFO"]), environ)


class AnyFloatIsATtl:
    """float() also takes 1e3, 1_0, +5, infinity and a trailing newline."""

    breaks = "P16"

    class CacheApp(reference.CacheApp):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            values = parse_qs(environ["QUERY_STRING"], keep_blank_values=True).get("ttl", [])
            if len(values) == 1:
                with contextlib.suppress(ValueError):
                    environ = environ | {"QUERY_STRING": f"ttl={float(values[0]):f}"}
            return super().__call__(environ, start_response)


class AnEmptyTtlIsNone:
    """parse_qs drops `ttl=` by itself, so that the value is put without a ttl."""

    breaks = "P16"

    class CacheApp(reference.CacheApp):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            if environ["QUERY_STRING"] == "ttl=":
                environ = environ | {"QUERY_STRING": ""}
            return super().__call__(environ, start_response)


class OnlyChunkedIsRefused:
    """Other transfer codings are taken for none."""

    breaks = "P16"

    class CacheApp(reference.CacheApp):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            if environ.get("HTTP_TRANSFER_ENCODING", "chunked") != "chunked":
                environ = {k: v for k, v in environ.items() if k != "HTTP_TRANSFER_ENCODING"}
            return super().__call__(environ, start_response)


class AMissingEntryIsPlainText:
    """404 for a missing entry says `not found` in plain text."""

    breaks = "P16"

    class CacheApp(reference.CacheApp):
        def _delete(self, key: str, environ: Any) -> Any:
            try:
                return super()._delete(key, environ)
            except handler.Refused:
                return handler.Answer(404, b"not found", "text/plain")


class NoAllowHeader:
    """405 without saying what is allowed."""

    breaks = "P16"

    class CacheApp(reference.CacheApp):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                return start_response(status, [h for h in headers if h[0] != "Allow"], *rest)

            return super().__call__(environ, start)


class ReadsTheWholeInput:
    """wsgi.input.read() without a length: waits for a client that keeps the connection open."""

    breaks = "P17"

    class CacheApp(reference.CacheApp):
        def _put(self, key: str, environ: Any) -> Any:
            handler._ttl(environ.get("QUERY_STRING", ""))
            if (environ.get("CONTENT_LENGTH") or "x").isdigit():
                stream = environ["wsgi.input"]
                environ = environ | {"wsgi.input": _Everything(stream)}
            return super()._put(key, environ)


class _Everything:
    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def read(self, size: int) -> bytes:
        return bytes(self.stream.read(1 << 30)[:size])


class ReadsWhatItRefuses:
    """The body is read before its announced length is compared with the limit."""

    breaks = "P17"

    class CacheApp(reference.CacheApp):
        def _put(self, key: str, environ: Any) -> Any:
            announced = environ.get("CONTENT_LENGTH", "")
            if (
                announced.isdigit()
                and len(announced) < 9
                and int(announced) > self._max_value_bytes
            ):
                environ["wsgi.input"].read(int(announced))
            return super()._put(key, environ)


class DrainsWhatItRefuses:
    """A refused PUT is read to its end first, to keep the connection usable."""

    breaks = "P17"

    class CacheApp(reference.CacheApp):
        def _put(self, key: str, environ: Any) -> Any:
            try:
                handler._ttl(environ.get("QUERY_STRING", ""))
            except handler.Refused:
                length = environ.get("CONTENT_LENGTH") or "0"
                if length.isdigit() and int(length) <= self._max_value_bytes:
                    environ["wsgi.input"].read(int(length))
                raise
            return super()._put(key, environ)


class ReadsLineByLine:
    """The body is taken from the lines of the input, and the last line is read whole."""

    breaks = "P17"

    class CacheApp(reference.CacheApp):
        def _put(self, key: str, environ: Any) -> Any:
            return super()._put(key, environ | {"wsgi.input": _Lines(environ["wsgi.input"])})


class _Lines:
    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def read(self, size: int) -> bytes:
        content = b""
        while len(content) < size and (line := next(self.stream, b"")):
            content += line
        return content[:size]


class StoresHalfABody:
    """A client that hangs up in the middle leaves half a value."""

    breaks = "P17"

    class CacheApp(reference.CacheApp):
        def _put(self, key: str, environ: Any) -> Any:
            try:
                return super()._put(key, environ)
            except handler.Refused as refusal:
                if refusal.answer.status != 400 or "ended" not in str(refusal):
                    raise
                environ["wsgi.input"].seek(0)
                self._cache.put(key, environ["wsgi.input"].read(1 << 20))
                return handler.Answer(204)
