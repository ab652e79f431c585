"""Consistent hashing with immutable snapshots.

The ring is one immutable object: sorted positions, their owners, the weights. A change builds the next one under
a lock and swaps it in with one store; a lookup reads the reference once and needs no lock.

Trade-offs: a change costs O(points) and a lookup O(log points), right for a ring that is read a million times for
each change. Insertion into a shared list would make changes cheaper and every lookup dearer, for it would need the
lock. Points are ordered by (position, node), so that collisions lose nobody and the order of adds does not matter.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from types import MappingProxyType

from contracts.distributed.consistent_hashing import (
    DuplicateNode,
    EmptyRing,
    HashKey,
    TooFewNodes,
    UnknownNode,
)


def stable_hash(data: bytes) -> int:
    """64 bits of BLAKE2b: the same in every process, unlike `hash()`."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the ring."""

    positions: tuple[int, ...] = ()
    owners: tuple[str, ...] = ()
    weights: MappingProxyType[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, points: list[tuple[int, str]], weights: dict[str, int]) -> "Snapshot":
        """Order the points by position, and among equals by name."""
        points.sort()
        positions, owners = zip(*points, strict=True) if points else ((), ())
        return cls(positions, owners, MappingProxyType(weights))

    def walk(self, position: int) -> Iterator[str]:
        """Owners of the points from `position` once around the ring."""
        start = bisect_left(self.positions, position)
        yield from self.owners[start:]
        yield from self.owners[:start]


class HashRing:
    """A ring of nodes. Thread-safe: lookups without a lock, changes one after the other."""

    def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
        if points < 1:
            raise ValueError(f"points must be at least 1, got {points}")
        self._points = points
        self._hash = hash_key or stable_hash
        self._lock = threading.Lock()
        self._snapshot = Snapshot()

    def add(self, node: str, weight: int = 1) -> None:
        """Put `node` on the ring. Cost: O(points log points)."""
        _check_str(node, "node")
        if weight < 1:
            raise ValueError(f"weight must be at least 1, got {weight}")
        new = [(self._hash(f"{node}#{i}".encode()), node) for i in range(self._points * weight)]
        with self._lock:
            old = self._snapshot
            if node in old.weights:
                raise DuplicateNode(f"{node!r} is on the ring already")
            points = [*zip(old.positions, old.owners, strict=True), *new]
            self._snapshot = Snapshot.of(points, {**old.weights, node: weight})

    def remove(self, node: str) -> None:
        """Take `node` off the ring. Cost: O(points)."""
        with self._lock:
            old = self._snapshot
            if node not in old.weights:
                raise UnknownNode(node)
            pairs = zip(old.positions, old.owners, strict=True)
            points = [(position, owner) for position, owner in pairs if owner != node]
            weights = {name: weight for name, weight in old.weights.items() if name != node}
            self._snapshot = Snapshot.of(points, weights)

    def node_for(self, key: str) -> str:
        """Answer the node that `key` belongs to. Cost: O(log points)."""
        snapshot, position = self._snapshot, self._position(key)
        if not snapshot.owners:
            raise EmptyRing("the ring has no nodes")
        index = bisect_left(snapshot.positions, position)
        return snapshot.owners[index % len(snapshot.owners)]

    def nodes_for(self, key: str, n: int) -> list[str]:
        """Answer `n` different nodes for `key`. Cost: O(log points + the points walked over)."""
        snapshot, position = self._snapshot, self._position(key)
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        if not snapshot.owners:
            raise EmptyRing("the ring has no nodes")
        if n > len(snapshot.weights):
            raise TooFewNodes(f"{n} nodes asked for, the ring has {len(snapshot.weights)}")
        found: dict[str, None] = {}
        for owner in snapshot.walk(position):
            found[owner] = None
            if len(found) == n:
                break
        return list(found)

    def nodes(self) -> dict[str, int]:
        """Answer every node and its weight."""
        return dict(self._snapshot.weights)

    def _position(self, key: str) -> int:
        _check_str(key, "key")
        return self._hash(key.encode())


def _check_str(value: object, name: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, got {type(value).__name__}")
