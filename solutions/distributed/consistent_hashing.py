"""Consistent hashing: immutable snapshots of a sorted ring, swapped in whole.

* The ring is one immutable object: sorted positions, their owners, the weights. A change builds the
  next one and stores it with a single assignment; a lookup reads the reference once and needs no
  lock. Two parallel lists changed in place would show readers an index of one and an owner of the
  other.
* The price: a change costs O(points on the ring), some milliseconds for 100 nodes of 128 points.
  Right for a ring that is read a million times for each change. `bisect.insort` into a shared list
  makes changes cheaper and puts a lock into every lookup.
* Points are ordered by (position, owner): colliding points are all kept, and neither who came first
  nor what has happened since has a say. A dict from position to owner can do neither.
* A node of weight w stands at the points 0 to points * w - 1 of its own numbering. More weight
  appends points and moves none, so that only the keys that must move do.
* Points are hashed before the lock is taken: it guards "read, build, store" between changes, which
  would otherwise lose each other, and no slow hash makes anybody wait.
* Rendezvous hashing needs no points at all and spreads better, but asks every node for every key.
  Jump and Maglev hashing know no removal in the middle, or move keys that need not move.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

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


class Snapshot(NamedTuple):
    """One state of the ring; nobody changes it."""

    positions: tuple[int, ...]
    owners: tuple[str, ...]
    weights: Mapping[str, int]

    def with_node(self, node: str, weight: int, positions: list[int]) -> "Snapshot":
        """Return the ring in which `node` stands at these positions and at no others."""
        points = [point for point in self._points() if point[1] != node]
        points += [(position, node) for position in positions]
        return _arranged(points, {**self.weights, node: weight})

    def without(self, node: str) -> "Snapshot":
        """Return the ring without `node`."""
        points = [point for point in self._points() if point[1] != node]
        return _arranged(points, {name: w for name, w in self.weights.items() if name != node})

    def first(self, position: int) -> str:
        """Return the owner of the first point at or after `position`."""
        if not self.owners:
            raise EmptyRing("the ring has no nodes")
        return self.owners[bisect_left(self.positions, position) % len(self.owners)]

    def walk(self, position: int) -> Iterator[str]:
        """Yield the owners of all points from `position` on, once around the ring."""
        start, size = bisect_left(self.positions, position), len(self.owners)
        for index in range(start, start + size):
            yield self.owners[index % size]

    def _points(self) -> Iterator[tuple[int, str]]:
        return zip(self.positions, self.owners, strict=True)


def _arranged(points: list[tuple[int, str]], weights: dict[str, int]) -> Snapshot:
    """Order the points by position, and by name where they collide."""
    points.sort()
    positions = tuple(position for position, _ in points)
    return Snapshot(positions, tuple(owner for _, owner in points), weights)


class HashRing:
    """A ring of nodes: lookups without a lock, changes one after the other."""

    def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
        if points < 1:
            raise ValueError(f"points must be at least 1, not {points}")
        self._points = points
        self._hash = hash_key or stable_hash
        self._changing = threading.Lock()
        self._snapshot = Snapshot((), (), {})

    def add(self, node: str, weight: int = 1) -> None:
        """Hash the points, then put them on the ring."""
        if not isinstance(node, str):
            raise TypeError(f"a node is a str, not {type(node).__name__}")
        positions = self._positions(node, weight)
        with self._changing:
            if node in self._snapshot.weights:
                raise DuplicateNode(f"{node!r} is on the ring already")
            self._snapshot = self._snapshot.with_node(node, weight, positions)

    def remove(self, node: str) -> None:
        """Take the points off the ring; nothing is hashed."""
        with self._changing:
            self._demand(node)
            self._snapshot = self._snapshot.without(node)

    def set_weight(self, node: str, weight: int) -> None:
        """Replace the points of the node in one step; the first of them stay the same."""
        positions = self._positions(node, weight)
        with self._changing:
            self._demand(node)
            self._snapshot = self._snapshot.with_node(node, weight, positions)

    def node_for(self, key: str | bytes) -> str:
        """Find the owner by bisection."""
        position = self._hash(_bytes(key))
        return self._snapshot.first(position)

    def nodes_for(self, key: str | bytes, n: int) -> list[str]:
        """Walk from the key's place until `n` different owners are found."""
        if n < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        position = self._hash(_bytes(key))
        snapshot = self._snapshot
        if not snapshot.weights:
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
        """Copy the weights."""
        return dict(self._snapshot.weights)

    def _positions(self, node: str, weight: int) -> list[int]:
        """Hash the points of a node. More weight means more of the same sequence."""
        if weight < 1:
            raise ValueError(f"weight must be at least 1, not {weight}")
        return [self._hash(f"{node}#{i}".encode()) for i in range(self._points * weight)]

    def _demand(self, node: str) -> None:
        if node not in self._snapshot.weights:
            raise UnknownNode(f"{node!r} is not on the ring")


def _bytes(key: object) -> bytes:
    """Return the bytes of a key."""
    if isinstance(key, str):
        return key.encode()
    if isinstance(key, bytes):
        return key
    raise TypeError(f"a key is str or bytes, not {type(key).__name__}")
