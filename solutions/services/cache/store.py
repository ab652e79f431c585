"""Entries in order of use, and their deadlines. Not thread-safe: the caller holds the lock."""

import heapq
import itertools
import math
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

_SLACK = 64  # stale deadlines that are tolerated before the heap is rebuilt


class Entry:
    """One value; which entry it is decides whether a deadline still counts."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Store:
    """A bounded LRU map of entries with deadlines.

    Callers say what time it is, and call `bury_dead` before anything else: from then on every
    entry is alive, and the rest is a plain LRU map.
    """

    def __init__(self, capacity: int) -> None:
        self.evictions = 0
        self.expirations = 0
        self._capacity = capacity
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()  # least recently used first
        # (deadline, tie-breaker, key, entry); stale once the entry is no longer the key's entry
        self._deadlines: list[tuple[float, int, Hashable, Entry]] = []
        self._ties = itertools.count()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def bury_dead(self, now: float) -> None:
        """Remove every entry whose deadline has come. O(1) when there is none."""
        deadlines = self._deadlines
        while deadlines and deadlines[0][0] <= now:
            _, _, key, entry = heapq.heappop(deadlines)
            if self._entries.get(key) is entry:
                del self._entries[key]
                self.expirations += 1

    def use(self, key: Hashable) -> Entry | None:
        """Return the entry of `key`, now the most recently used."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: Hashable, value: Any, deadline: float) -> None:
        """Store a value as the most recently used, evicting the least recently used if full."""
        if not self.remove(key) and len(self._entries) >= self._capacity:
            _, evicted = self._entries.popitem(last=False)
            evicted.value = None
            self.evictions += 1
        entry = self._entries[key] = Entry(value)
        if deadline < math.inf:
            heapq.heappush(self._deadlines, (deadline, next(self._ties), key, entry))
            self._drop_stale_deadlines()

    def remove(self, key: Hashable) -> bool:
        """Remove `key`; say whether it was there."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        entry.value = None  # its deadline may stay in the heap for a while; the value must not
        return True

    def _drop_stale_deadlines(self) -> None:
        """Keep the heap in proportion to the entries; amortised O(1) per put."""
        if len(self._deadlines) <= 2 * len(self._entries) + _SLACK:
            return
        get = self._entries.get
        self._deadlines = [item for item in self._deadlines if get(item[2]) is item[3]]
        heapq.heapify(self._deadlines)
