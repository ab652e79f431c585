"""Rings that are almost right: one wrong idea each, and the promise it breaks."""

import itertools
from bisect import bisect_left, bisect_right
from typing import Any

from contracts.distributed.consistent_hashing import DuplicateNode, EmptyRing, UnknownNode
from solutions.distributed import consistent_hashing as reference
from solutions.distributed.consistent_hashing import Snapshot


class SaltedHash:
    """Positions come from the built-in `hash`, which every process salts anew."""

    breaks = "P1"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key or (lambda data: hash(data) % 2**64))


class ModuloHashing:
    """`hash(key) % number of nodes`: almost every key moves when a node comes."""

    breaks = "P2"

    class HashRing(reference.HashRing):
        def node_for(self, key: str) -> str:
            super().node_for(key)
            nodes = sorted(self._snapshot.weights)
            return nodes[self._position(key) % len(nodes)]

        def nodes_for(self, key: str, n: int) -> list[str]:
            super().nodes_for(key, n)
            nodes = sorted(self._snapshot.weights)
            start = self._position(key) % len(nodes)
            return [nodes[(start + step) % len(nodes)] for step in range(n)]


class IndexedPoints:
    """Virtual nodes are hashed by the node's place in the list: a leave moves everybody behind it."""

    breaks = "P3"

    class HashRing(reference.HashRing):
        def _rebuild(self, weights: dict[str, int]) -> None:
            points = [
                (self._hash(f"{place}#{i}".encode()), node)
                for place, node in enumerate(sorted(weights))
                for i in range(self._points * weights[node])
            ]
            self._snapshot = Snapshot.of(points, weights)

        def add(self, node: str, weight: int = 1) -> None:
            super().add(node, weight)
            self._rebuild(dict(self._snapshot.weights))

        def remove(self, node: str) -> None:
            super().remove(node)
            self._rebuild(dict(self._snapshot.weights))


class FewPoints:
    """Two virtual nodes instead of the points that were asked for."""

    breaks = "P4"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._points = min(points, 2)


class ClusteredPoints:
    """A node's virtual nodes stand side by side: hash of the name plus i."""

    breaks = "P4"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            original, base = self._hash, {}

            def clustered(data: bytes) -> int:
                name, _, number = data.rpartition(b"#")
                if name.decode() != node:
                    return original(data)
                return (base.setdefault(name, original(name)) + int(number)) % 2**64

            reference._check_str(node, "node")
            self._hash = clustered
            try:
                super().add(node, weight)
            finally:
                self._hash = original


class WeightsIgnored:
    """Every node gets the same number of points. As jupyterhub/mybinder.org-deploy PR 1336."""

    breaks = "P5"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            super().add(node, min(weight, 1))
            with self._lock:
                snapshot = self._snapshot
                weights = {**snapshot.weights, node: weight}
                self._snapshot = Snapshot(snapshot.positions, snapshot.owners, reference.MappingProxyType(weights))


class FlooredShare:
    """Points dealt out as floor(share * total): small nodes get none. As serialx/hashring issue 22."""

    breaks = "P5"

    class HashRing(reference.HashRing):
        def _rebuild(self, weights: dict[str, int]) -> None:
            total = sum(weights.values())
            points = []
            for node, weight in weights.items():
                count = self._points * len(weights) * weight // total // 8 * 8 if self._points > 16 else 1
                points += [(self._hash(f"{node}#{i}".encode()), node) for i in range(count)]
            self._snapshot = Snapshot.of(points, weights)

        def add(self, node: str, weight: int = 1) -> None:
            super().add(node, weight)
            self._rebuild(dict(self._snapshot.weights))

        def remove(self, node: str) -> None:
            super().remove(node)
            self._rebuild(dict(self._snapshot.weights))


class ReplicasRepeat:
    """The next n points, whoever owns them."""

    breaks = "P6"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: str, n: int) -> list[str]:
            super().nodes_for(key, n)
            walk = self._snapshot.walk(self._position(key))
            return list(itertools.islice(itertools.cycle(walk), n))


class WalkWithoutWrap:
    """The walk stops at the end of the list instead of going on from its beginning."""

    breaks = "P6"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: str, n: int) -> list[str]:
            everyone = super().nodes_for(key, n)
            snapshot = self._snapshot
            start = bisect_left(snapshot.positions, self._position(key))
            found = list(dict.fromkeys(snapshot.owners[start:]))[:n]
            return found + [node for node in sorted(snapshot.weights) if node not in found][: len(everyone) - len(found)]


class SortedReplicas:
    """Replicas in the order of their names."""

    breaks = "P6"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: str, n: int) -> list[str]:
            first, *rest = super().nodes_for(key, n)
            return [first, *sorted(rest)]


class CollisionsOverwritten:
    """`ring[position] = node`: the later node takes the point. As pragmaticalabs/pragmatica issue 1324."""

    breaks = "P7"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            super().add(node, weight)
            with self._lock:
                snapshot = self._snapshot
                pairs = zip(snapshot.positions, snapshot.owners, strict=True)
                ring: dict[int, str] = {}
                for position, owner in pairs:
                    if position not in ring or owner == node:
                        ring[position] = owner
                self._snapshot = Snapshot.of(list(ring.items()), dict(snapshot.weights))

        def nodes_for(self, key: str, n: int) -> list[str]:
            found = super().nodes_for(key, n)
            return found + [node for node in self._snapshot.weights if node not in found][: n - len(found)]


class FirstComeFirstServed:
    """Colliding points stay in the order of the adds. As clohfink/RendezvousHash issue 1."""

    breaks = "P7"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            super().add(node, weight)
            with self._lock:
                snapshot = self._snapshot
                order = {name: place for place, name in enumerate(snapshot.weights)}
                pairs = zip(snapshot.positions, snapshot.owners, strict=True)
                points = sorted(pairs, key=lambda point: (point[0], order[point[1]]))
                positions, owners = zip(*points, strict=True)
                self._snapshot = Snapshot(positions, owners, snapshot.weights)


class OwnHash:
    """The hash that the caller gave is used for keys only; points use the default one."""

    breaks = "P8"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            given = self._hash
            self._hash = lambda data: reference.stable_hash(data) if b"#" in data else given(data) ^ reference.stable_hash(data)


class HashedText:
    """`hash_key` is called with text."""

    breaks = "P8"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            given = self._hash
            self._hash = lambda data: given(data if b"#" in data else data.decode()) if hash_key else given(data)  # type: ignore[arg-type]


class AddAgainReplaces:
    """Adding a node that is there changes its weight in silence."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            try:
                super().add(node, weight)
            except DuplicateNode:
                super().remove(node)
                super().add(node, weight)


class NoneForEmpty:
    """An empty ring answers None. As ultrabug/uhashring's `get_node`."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def node_for(self, key: str) -> str:
            try:
                return super().node_for(key)
            except EmptyRing:
                return None  # type: ignore[return-value]


class ShortList:
    """Fewer replicas than asked for, without a word."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: str, n: int) -> list[str]:
            return super().nodes_for(key, min(n, max(len(self.nodes()), 1)))


class BytesWelcome:
    """A key of bytes is decoded instead of refused."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def node_for(self, key: str) -> str:
            return super().node_for(key.decode() if isinstance(key, bytes) else key)


class TwoListsInPlace:
    """Positions and owners are two lists that readers see half changed. As zeromicro/go-zero issue 4747."""

    breaks = "P10"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._places: list[int] = []
            self._names: list[str] = []

        def add(self, node: str, weight: int = 1) -> None:
            super().add(node, weight)
            with self._lock:
                for i in range(self._points * weight):
                    position = self._hash(f"{node}#{i}".encode())
                    index = bisect_left(self._places, position)
                    while index < len(self._places) and (self._places[index], self._names[index]) < (position, node):
                        index += 1
                    self._places.insert(index, position)
                    self._names.insert(index, node)

        def remove(self, node: str) -> None:
            super().remove(node)
            with self._lock:
                for index in range(len(self._names) - 1, -1, -1):
                    if self._names[index] == node:
                        del self._places[index]
                        del self._names[index]

        def node_for(self, key: str) -> str:
            reference._check_str(key, "key")
            if not self._names:
                raise EmptyRing("the ring has no nodes")
            index = bisect_left(self._places, self._hash(key.encode()))
            return self._names[index % len(self._names)]


class EmptyForAMoment:
    """A change clears the ring and fills it again: a lookup in between finds nobody."""

    breaks = "P10"

    class HashRing(reference.HashRing):
        def remove(self, node: str) -> None:
            with self._lock:
                old = self._snapshot
                if node not in old.weights:
                    raise UnknownNode(node)
                self._snapshot = Snapshot()
                pairs = zip(old.positions, old.owners, strict=True)
                points = [(position, owner) for position, owner in pairs if owner != node]
                weights = {name: weight for name, weight in old.weights.items() if name != node}
                self._snapshot = Snapshot.of(points, weights)


class TwoReadsOfTheRing:
    """The lookup reads the snapshot twice: an index of the old ring into the owners of the new one."""

    breaks = "P10"

    class HashRing(reference.HashRing):
        def node_for(self, key: str) -> str:
            position = self._position(key)
            if not self._snapshot.owners:
                raise EmptyRing("the ring has no nodes")
            index = bisect_left(self._snapshot.positions, position)
            return self._snapshot.owners[index % len(self._snapshot.owners)]


class ChangesWithoutLock:
    """Read, change, store: of two changes at a time one is lost."""

    breaks = "P11"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            reference._check_str(node, "node")
            if weight < 1:
                raise ValueError(f"weight must be at least 1, got {weight}")
            old = self._snapshot
            if node in old.weights:
                raise DuplicateNode(node)
            new = [(self._hash(f"{node}#{i}".encode()), node) for i in range(self._points * weight)]
            points = [*zip(old.positions, old.owners, strict=True), *new]
            self._snapshot = Snapshot.of(points, {**old.weights, node: weight})


class CheckBeforeLock:
    """Whether the node is there is asked before the lock is taken: both of two adds succeed."""

    breaks = "P11"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            reference._check_str(node, "node")
            if weight < 1:
                raise ValueError(f"weight must be at least 1, got {weight}")
            if node in self._snapshot.weights:
                raise DuplicateNode(node)
            new = [(self._hash(f"{node}#{i}".encode()), node) for i in range(self._points * weight)]
            with self._lock:
                old = self._snapshot
                points = [*zip(old.positions, old.owners, strict=True), *new]
                self._snapshot = Snapshot.of(points, {**old.weights, node: weight})


class LinearScan:
    """Looks at every point until one is far enough."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def node_for(self, key: str) -> str:
            snapshot, position = self._snapshot, self._position(key)
            if not snapshot.owners:
                raise EmptyRing("the ring has no nodes")
            pairs = zip(snapshot.positions, snapshot.owners, strict=True)
            return next((owner for place, owner in pairs if place >= position), snapshot.owners[0])


class SortsOnLookup:
    """Sorts a copy of the points for every lookup: C speed, and still linear."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def node_for(self, key: str) -> str:
            snapshot, position = self._snapshot, self._position(key)
            if not snapshot.owners:
                raise EmptyRing("the ring has no nodes")
            return snapshot.owners[bisect_left(sorted(snapshot.positions), position) % len(snapshot.owners)]


class LiveNodes:
    """`nodes()` hands out the ring's own dict."""

    breaks = "P13"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._live: dict[str, int] = {}

        def add(self, node: str, weight: int = 1) -> None:
            super().add(node, weight)
            self._live[node] = weight

        def remove(self, node: str) -> None:
            super().remove(node)
            self._live.pop(node, None)

        def nodes(self) -> dict[str, int]:
            return self._live


class AfterNotAt:
    """A key exactly at the last point of a position belongs to the next one, but only in node_for."""

    breaks = "P6"

    class HashRing(reference.HashRing):
        def node_for(self, key: str) -> str:
            snapshot, position = self._snapshot, self._position(key)
            if not snapshot.owners:
                raise EmptyRing("the ring has no nodes")
            return snapshot.owners[bisect_right(snapshot.positions, position) % len(snapshot.owners)]
