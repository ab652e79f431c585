"""A real library behind the contract, and a right cache in another style."""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Any, ClassVar

from contracts.services.cache import LoadCycle, Stats

with contextlib.suppress(ImportError):  # whoever wants to run the peer says that it is missing
    import cachetools


def _seconds(ttl: float) -> float:
    if not ttl > 0:
        raise ValueError(f"ttl must be more than 0 seconds, not {ttl}")
    return ttl


class Cachetools:
    """cachetools.TLRUCache, loading by its own `cached` decorator with a condition."""

    requires = ("cachetools",)
    fails: ClassVar = {
        "P9": "who has waited looks again, and loads if the entry has gone again by then",
        "P11": "when the load fails that they wait for, waiting callers load one after another",
        "P12": "a load stores its value whatever was put or deleted meanwhile",
        "P13": "a loader that asks for its own key waits for ever",
    }

    class Cache:
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            if capacity < 1:
                raise ValueError(f"capacity must be at least 1, not {capacity}")
            self._ttl = _seconds(ttl)
            self._condition = threading.Condition(threading.RLock())
            self._entries = _counting(capacity)
            self._hits = self._misses = self._loads = self._load_failures = 0
            self._load = cachetools.cached(
                self._entries, key=lambda key, *_: key, condition=self._condition
            )(self._call)

        def get(self, key: Hashable, default: Any = None) -> Any:
            with self._condition:
                return self._look_up(key)[0] if self._look(key) else default

        def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
            lifetime = self._ttl if ttl is None else _seconds(ttl)
            with self._condition:
                self._entries[key] = (value, lifetime)

        def delete(self, key: Hashable) -> bool:
            with self._condition:
                self._entries.bury()
                return self._entries.pop(key, None) is not None

        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            lifetime = self._ttl if ttl is None else _seconds(ttl)
            with self._condition:
                if self._look(key):
                    return self._look_up(key)[0]
            return self._load(key, loader, lifetime)[0]

        def _call(
            self, _key: Hashable, loader: Callable[[], Any], lifetime: float
        ) -> tuple[Any, float]:
            try:
                value = loader()
            except BaseException:
                with self._condition:
                    self._load_failures += 1
                raise
            with self._condition:
                self._loads += 1
            return value, lifetime

        def _look(self, key: Hashable) -> bool:
            self._entries.bury()
            found = key in self._entries
            self._hits += found
            self._misses += not found
            return found

        def _look_up(self, key: Hashable) -> tuple[Any, float]:
            return self._entries[key]  # type: ignore[no-any-return]

        def stats(self) -> Stats:
            with self._condition:
                entries = self._entries
                entries.bury()
                return Stats(
                    self._hits,
                    self._misses,
                    entries.evictions,
                    entries.expirations,
                    self._loads,
                    self._load_failures,
                    len(entries),
                )

        def __len__(self) -> int:
            with self._condition:
                self._entries.bury()
                return len(self._entries)

        def __contains__(self, key: Hashable) -> bool:
            with self._condition:
                return key in self._entries


def _counting(capacity: int) -> Any:
    """A TLRUCache of (value, lifetime) pairs that counts what it loses; the library does not."""

    class Counting(cachetools.TLRUCache):  # type: ignore[type-arg]
        def __init__(self) -> None:
            super().__init__(capacity, lambda _key, value, now: now + value[1], time.monotonic)
            self.evictions = self.expirations = 0

        def expire(self, time: float | None = None) -> Any:
            gone = super().expire(time)
            self.expirations += len(gone)
            return gone

        def bury(self) -> None:
            self.expire()

        def popitem(self) -> Any:
            self.evictions += 1
            return super().popitem()

    return Counting()


class _Node:
    """An entry: a link of the ring in order of use, and a place in the heap of deadlines."""

    __slots__ = ("after", "before", "deadline", "key", "place", "value")

    before: "_Node"
    after: "_Node"

    def __init__(self, key: Hashable, value: Any, deadline: float) -> None:
        self.key, self.value, self.deadline = key, value, deadline
        self.place = -1

    def unlink(self) -> None:
        self.before.after, self.after.before = self.after, self.before

    def link_before(self, other: "_Node") -> None:
        self.before, self.after = other.before, other
        self.before.after = other.before = self


class _Heap:
    """A binary heap whose nodes know their places, so that any of them can be taken out."""

    def __init__(self) -> None:
        self.nodes: list[_Node] = []

    def add(self, node: _Node) -> None:
        self.nodes.append(node)
        self._rise(len(self.nodes) - 1, node)

    def discard(self, node: _Node) -> None:
        place, node.place = node.place, -1
        if place < 0:
            return
        last = self.nodes.pop()
        if last is not node:
            self._rise(self._sink(place, last), last)

    def _rise(self, place: int, node: _Node) -> None:
        while place > 0 and node.deadline < self.nodes[(place - 1) // 2].deadline:
            self._set(place, self.nodes[(place - 1) // 2])
            place = (place - 1) // 2
        self._set(place, node)

    def _sink(self, place: int, node: _Node) -> int:
        while (child := 2 * place + 1) < len(self.nodes):
            if child + 1 < len(self.nodes):
                child += self.nodes[child + 1].deadline < self.nodes[child].deadline
            if node.deadline <= self.nodes[child].deadline:
                break
            self._set(place, self.nodes[child])
            place = child
        return place

    def _set(self, place: int, node: _Node) -> None:
        self.nodes[place] = node
        node.place = place


class _Load:
    """A load under way, its callers counted, its outcome once there is one."""

    def __init__(self, thread: threading.Thread) -> None:
        self.thread = thread
        self.over = False
        self.value: Any = None
        self.error: BaseException | None = None


class LinkedRing:
    """A hand-made ring for the order, a heap with places for the deadlines, one condition."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Cache:
        def __init__(self, capacity: int, ttl: float = math.inf) -> None:
            if capacity < 1:
                raise ValueError(f"capacity must be at least 1, not {capacity}")
            self._capacity, self._ttl = capacity, _seconds(ttl)
            self._changed = threading.Condition()
            self._nodes: dict[Hashable, _Node] = {}
            self._ring = _Node(None, None, math.inf)
            self._ring.before = self._ring.after = self._ring
            self._heap = _Heap()
            self._running: dict[Hashable, _Load] = {}
            self._waiting: dict[threading.Thread, _Load] = {}
            self._counts = dict.fromkeys(Stats.__dataclass_fields__, 0)

        def get(self, key: Hashable, default: Any = None) -> Any:
            with self._changed:
                return self._value(key, default)

        def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
            lifetime = self._ttl if ttl is None else _seconds(ttl)
            with self._changed:
                self._running.pop(key, None)
                self._set(key, value, lifetime)

        def delete(self, key: Hashable) -> bool:
            with self._changed:
                self._running.pop(key, None)
                self._expire()
                node = self._nodes.get(key)
                return node is not None and self._drop(node)

        def get_or_load(
            self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
        ) -> Any:
            lifetime = self._ttl if ttl is None else _seconds(ttl)
            with self._changed:
                value = self._value(key, self)
                if value is not self:
                    return value
                load = self._running.get(key)
                if load is not None:
                    return self._await(load)
                load = self._running[key] = _Load(threading.current_thread())
            try:
                load.value = loader()
            except BaseException as error:
                load.error = error
                raise
            finally:
                self._end(key, load, lifetime)
            return load.value

        def stats(self) -> Stats:
            with self._changed:
                self._expire()
                return Stats(**self._counts | {"size": len(self._nodes)})

        def __len__(self) -> int:
            with self._changed:
                self._expire()
                return len(self._nodes)

        def __contains__(self, key: Hashable) -> bool:
            with self._changed:
                self._expire()
                return key in self._nodes

        def _await(self, load: _Load) -> Any:
            me = threading.current_thread()
            if any(each.thread is me for each in self._chain(load)):
                raise LoadCycle
            self._waiting[me] = load
            while not load.over:
                self._changed.wait()
            del self._waiting[me]
            if load.error is not None:
                raise load.error
            return load.value

        def _chain(self, load: _Load | None) -> Iterator[_Load]:
            while load is not None and not load.over:
                yield load
                load = self._waiting.get(load.thread)

        def _end(self, key: Hashable, load: _Load, lifetime: float) -> None:
            with self._changed:
                load.over = True
                self._counts["loads" if load.error is None else "load_failures"] += 1
                if self._running.get(key) is load:
                    del self._running[key]
                    if load.error is None:
                        self._set(key, load.value, lifetime)
                self._changed.notify_all()

        def _value(self, key: Hashable, default: Any) -> Any:
            self._expire()
            node = self._nodes.get(key)
            self._counts["misses" if node is None else "hits"] += 1
            if node is None:
                return default
            node.unlink()
            node.link_before(self._ring)
            return node.value

        def _set(self, key: Hashable, value: Any, lifetime: float) -> None:
            now = self._expire()
            node = self._nodes.get(key)
            if node is not None:
                self._drop(node)
            elif len(self._nodes) == self._capacity:
                self._drop(self._ring.after)
                self._counts["evictions"] += 1
            node = self._nodes[key] = _Node(key, value, now + lifetime)
            node.link_before(self._ring)
            self._heap.add(node)

        def _drop(self, node: _Node) -> bool:
            del self._nodes[node.key]
            node.unlink()
            self._heap.discard(node)
            return True

        def _expire(self) -> float:
            now = time.monotonic()
            while self._heap.nodes and self._heap.nodes[0].deadline <= now:
                self._drop(self._heap.nodes[0])
                self._counts["expirations"] += 1
            return now
