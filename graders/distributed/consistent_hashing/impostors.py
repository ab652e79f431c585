"""Rings with one wrong idea each. `breaks` names the promise by which each is found."""

import itertools
import math
import random
import threading
from bisect import bisect_left, insort
from collections import defaultdict
from typing import Any, ClassVar

from contracts.distributed.consistent_hashing import DuplicateNode, EmptyRing, UnknownNode
from solutions.distributed import consistent_hashing as reference
from solutions.distributed.consistent_hashing import Snapshot

Key = str | bytes
Points = list[tuple[int, str]]


def points_of(snapshot: Snapshot) -> Points:
    """All points of a state."""
    return list(zip(snapshot.positions, snapshot.owners, strict=True))


def in_this_order(points: Points, weights: dict[str, int]) -> Snapshot:
    """A state whose points are in the order that is given."""
    return Snapshot(tuple(p for p, _ in points), tuple(owner for _, owner in points), weights)


class _Remade(reference.HashRing):
    """The reference, with a last word on each new state while the change is still locked."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_snapshot" and value.weights:
            value = self.remade(value)
        super().__setattr__(name, value)

    def remade(self, snapshot: Snapshot) -> Snapshot:
        return snapshot


# --- who has a say (P1) ---------------------------------------------------------------------------


class SaltedHash:
    """Positions come from the built-in `hash`, which every process salts anew."""

    breaks = "P1"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key or (lambda data: hash((data, "ring")) % 2**64))


class NumberedByArrival:
    """The points of a node are placed by the number of its arrival, not by its name."""

    breaks = "P1"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._arrivals: dict[str, int] = defaultdict(itertools.count().__next__)

        def _positions(self, node: str, weight: int) -> list[int]:
            return super()._positions(f"{self._arrivals[node]}", weight)


class ComesBackElsewhere:
    """A node that leaves and joins again is numbered on, and gets other points than before."""

    breaks = "P1"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._lives: dict[str, int] = {}

        def remove(self, node: str) -> None:
            super().remove(node)
            self._lives[node] = self._lives.get(node, 0) + 1

        def _positions(self, node: str, weight: int) -> list[int]:
            return super()._positions(node + "'" * self._lives.get(node, 0), weight)


class LessWeightKeepsPoints:
    """set_weight adds the points that are missing and takes none away."""

    breaks = "P1"

    class HashRing(reference.HashRing):
        def set_weight(self, node: str, weight: int) -> None:
            old = self.nodes().get(node, 0)
            super().set_weight(node, max(weight, old) if weight > 0 else weight)
            with self._changing:
                now = self._snapshot
                weights = {**now.weights, node: weight}
                self._snapshot = Snapshot(now.positions, now.owners, weights)


class RoundRobin:
    """Equal neighbours take turns: every other lookup answers the next node."""

    breaks = "P1"

    class HashRing(reference.HashRing):
        _turn = False

        def node_for(self, key: Key) -> str:
            self._turn = not self._turn
            both = super().nodes_for(key, min(2, max(len(self.nodes()), 1)))
            return both[self._turn and len(both) > 1]


class LastAnswer:
    """The last answer is good for as long as the number of nodes is the same."""

    breaks = "P1"

    class HashRing(reference.HashRing):
        _last: tuple[Any, str] = (None, "")

        def node_for(self, key: Key) -> str:
            asked, (known, node) = (key, len(self.nodes())), self._last
            if known != asked:
                node = super().node_for(key)
                self._last = (asked, node)
            return node


class HashOfTheLastRing:
    """The hash is a setting of the class: a new ring changes it for all."""

    breaks = "P1"

    class HashRing(reference.HashRing):
        _of_all: ClassVar[list[Any]] = []

        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._of_all[:] = [self._hash]
            self._hash = self._of_now

        def _of_now(self, data: bytes) -> int:
            return int(self._of_all[0](data))


class SaltedTies:
    """Colliding points are ordered by the built-in `hash` of their nodes."""

    breaks = "P1"

    class HashRing(_Remade):
        def remade(self, snapshot: Snapshot) -> Snapshot:
            points = sorted(points_of(snapshot), key=lambda point: (point[0], hash(point[1])))
            return in_this_order(points, dict(snapshot.weights))


# --- keys (P2) ------------------------------------------------------------------------------------


class BytesByTheirText:
    """`str(key)`: b"a" is the key "b'a'"."""

    breaks = "P2"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            return super().node_for(str(key) if isinstance(key, bytes) else key)

        def nodes_for(self, key: Key, n: int) -> list[str]:
            return super().nodes_for(str(key) if isinstance(key, bytes) else key, n)


class BytesMustBeText:
    """Bytes are decoded, and what is no UTF-8 becomes question marks: all one key."""

    breaks = "P2"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            return super().node_for(key.decode("utf-8", "replace") if type(key) is bytes else key)

        def nodes_for(self, key: Key, n: int) -> list[str]:
            text = key.decode("utf-8", "replace") if isinstance(key, bytes) else key
            return super().nodes_for(text, n)


class EmptyKeyRefused:
    """`if not key`: the empty key counts as none."""

    breaks = "P2"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            if not key:
                raise TypeError("no key")
            return super().node_for(key)


# --- who moves (P3) -------------------------------------------------------------------------------


class TakesLongerNamesAlong:
    """remove('node-1') takes all points whose label begins with it: those of node-10 as well."""

    breaks = "P3"

    class HashRing(reference.HashRing):
        def remove(self, node: str) -> None:
            super().remove(node)
            with self._changing:
                now = self._snapshot
                kept = [point for point in points_of(now) if not point[1].startswith(node)]
                self._snapshot = in_this_order(kept, dict(now.weights))


class ModuloHashing:
    """`hash(key) % number of nodes`: almost every key moves when a node comes."""

    breaks = "P3"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            super().nodes_for(key, n)
            names = sorted(self._snapshot.weights)
            start = self._hash(reference._bytes(key)) % len(names)
            return [names[(start + step) % len(names)] for step in range(n)]

        def node_for(self, key: Key) -> str:
            return self.nodes_for(key, 1)[0]


class EqualSlots:
    """The range of the hash is cut into equal slots. After django/channels_redis PR 23."""

    breaks = "P3"

    class HashRing(_Remade):
        def remade(self, snapshot: Snapshot) -> Snapshot:
            units = [node for node, w in sorted(snapshot.weights.items()) for _ in range(w)]
            slot = -(-(2**64) // len(units))
            points = [((i + 1) * slot - 1, node) for i, node in enumerate(units)]
            return in_this_order(points, dict(snapshot.weights))


class PointsByPlaceInTheList:
    """Points are placed by the node's place in the sorted list: a leave moves all behind it."""

    breaks = "P3"

    class HashRing(_Remade):
        def remade(self, snapshot: Snapshot) -> Snapshot:
            points = [
                (position, node)
                for place, node in enumerate(sorted(snapshot.weights))
                for position in self._positions(f"{place}", snapshot.weights[node])
            ]
            return reference._arranged(points, dict(snapshot.weights))


class SharesOfTheTotal:
    """Points are dealt out in proportion to the total of weights: every join moves bystanders."""

    breaks = "P3"

    class HashRing(_Remade):
        def remade(self, snapshot: Snapshot) -> Snapshot:
            weights, total = dict(snapshot.weights), sum(snapshot.weights.values())
            points = []
            for node, weight in weights.items():
                count = math.ceil(self._points * len(weights) * weight / total)
                points += [(p, node) for p in self._positions(node, weight + count)[:count]]
            return reference._arranged(points, weights)


class WeightInTheLabel:
    """The weight is part of what is hashed: with a new weight all points of the node move."""

    breaks = "P3"

    class HashRing(reference.HashRing):
        def _positions(self, node: str, weight: int) -> list[int]:
            return super()._positions(f"{node}*{weight}", weight)


# --- shares (P4, P5) ------------------------------------------------------------------------------


class FewPoints:
    """Ten points a node unless the caller says otherwise."""

    breaks = "P4"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 10, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)


class OnePoint:
    """No virtual nodes: each node stands once on the ring, whatever `points` says."""

    breaks = "P4"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._points = min(self._points, 1)


class ClusteredPoints:
    """A node's points stand side by side: the hash of the name, plus one, plus two."""

    breaks = "P4"

    class HashRing(reference.HashRing):
        def _positions(self, node: str, weight: int) -> list[int]:
            first = super()._positions(node, weight)[0]
            return [(first + i) % 2**64 for i in range(self._points * weight)]


class SixteenBitRing:
    """Positions are cut to ten bits: points collide all over, and early names win."""

    breaks = "P4"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            whole = self._hash
            self._hash = lambda data: whole(data) >> 54


class HandOverToTheNeighbour:
    """What leaves goes to one heir: its points are given to the next node, not taken away."""

    breaks = "P4"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._heirs: dict[str, list[int]] = {}

        def remove(self, node: str) -> None:
            with self._changing:
                self._demand(node)
                now = self._snapshot
                rest = {name: w for name, w in now.weights.items() if name != node}
                heir = min(rest, default="")
                points = [(p, heir if o == node else o) for p, o in points_of(now) if rest]
                self._snapshot = reference._arranged(points, rest)


class WeightsIgnored:
    """Every node gets the same number of points. As jupyterhub/mybinder.org-deploy PR 1336."""

    breaks = "P5"

    class HashRing(reference.HashRing):
        def _positions(self, node: str, weight: int) -> list[int]:
            return super()._positions(node, min(weight, 1))


class NewWeightIgnored:
    """set_weight writes the number down and leaves the points as they are."""

    breaks = "P5"

    class HashRing(reference.HashRing):
        def set_weight(self, node: str, weight: int) -> None:
            self._positions(node, min(weight, 1))
            with self._changing:
                self._demand(node)
                now = self._snapshot
                weights = {**now.weights, node: weight}
                self._snapshot = Snapshot(now.positions, now.owners, weights)


class FlooredShare:
    """floor(share of all points) can be none. As serialx/hashring issue 22."""

    breaks = "P5"

    class HashRing(_Remade):
        def remade(self, snapshot: Snapshot) -> Snapshot:
            weights, total = dict(snapshot.weights), sum(snapshot.weights.values())
            points = []
            for node, weight in weights.items():
                count = self._points * len(weights) * weight // total
                points += [(p, node) for p in self._positions(node, count + 1)[:count]]
            return reference._arranged(points or points_of(snapshot), weights)


class WeightsAreCapped:
    """Nobody counts more than ten times: the points of giants are kept within bounds."""

    breaks = "P5"

    class HashRing(reference.HashRing):
        def _positions(self, node: str, weight: int) -> list[int]:
            return super()._positions(node, min(weight, 10))


class RootOfTheWeight:
    """Heavy nodes get too little: points for the square root of the weight."""

    breaks = "P5"

    class HashRing(reference.HashRing):
        def _positions(self, node: str, weight: int) -> list[int]:
            count = math.ceil(self._points * math.sqrt(max(weight, 0)))
            return super()._positions(node, weight)[:count]


# --- replicas (P6, P7) ----------------------------------------------------------------------------


class ReplicasRepeat:
    """The owners of the next n points, whoever they are."""

    breaks = "P6"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            super().nodes_for(key, n)
            walk = self._snapshot.walk(self._hash(reference._bytes(key)))
            return list(itertools.islice(itertools.cycle(walk), n))


class WalkWithoutWrap:
    """The walk ends with the last point; who is missing is not looked for at the beginning."""

    breaks = "P6"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            found = super().nodes_for(key, n)
            now = self._snapshot
            start = bisect_left(now.positions, self._hash(reference._bytes(key)))
            tail = set(now.owners[start:]) or {found[0]}
            return [node for node in found if node in tail]


class SortedReplicas:
    """The replicas behind the first in the order of their names."""

    breaks = "P6"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            first, *rest = super().nodes_for(key, n)
            return [first, *sorted(rest)]


class ListIsKept:
    """The list of the last key is kept, and handed out to everybody who asks for it."""

    breaks = "P6"

    class HashRing(reference.HashRing):
        _last: tuple[Any, list[str]] = (None, [])

        def nodes_for(self, key: Key, n: int) -> list[str]:
            now = self._snapshot
            if self._last[0] != (now, key, n):
                self._last = (now, key, n), super().nodes_for(key, n)
            return self._last[1]


class NeighboursByName:
    """Replicas are the next nodes by name, whatever stands next on the ring."""

    breaks = "P7"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            owner = super().nodes_for(key, n)[0]
            names = sorted(self._snapshot.weights)
            start = names.index(owner)
            return [names[(start + step) % len(names)] for step in range(n)]


class WalkIsGivenUp:
    """After eight points a replica the walk is given up, and filled with names in their order."""

    breaks = "P7"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            super().nodes_for(key, n)
            now = self._snapshot
            near = itertools.islice(now.walk(self._hash(reference._bytes(key))), 8 * n)
            return list(dict.fromkeys([*near, *sorted(now.weights)]))[:n]


class ShuffledReplicas:
    """Replicas are drawn from all nodes with the key's hash as seed: a join changes the draw."""

    breaks = "P7"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            owner = super().nodes_for(key, n)[0]
            others = sorted(set(self._snapshot.weights) - {owner})
            random.Random(self._hash(reference._bytes(key))).shuffle(others)
            return [owner, *others][:n]


# --- collisions (P8) ------------------------------------------------------------------------------


class CollisionsOverwritten:
    """`ring[position] = node`. As pragmaticalabs/pragmatica issue 1324, apache/pekko issue 3279."""

    breaks = "P8"

    class HashRing(_Remade):
        def remade(self, snapshot: Snapshot) -> Snapshot:
            order = {node: place for place, node in enumerate(snapshot.weights)}
            points = sorted(points_of(snapshot), key=lambda point: order[point[1]])
            return in_this_order(sorted(dict(points).items()), dict(snapshot.weights))

        def nodes_for(self, key: Key, n: int) -> list[str]:
            found = super().nodes_for(key, n)
            return found + [node for node in self.nodes() if node not in found][: n - len(found)]


class FirstNameOnly:
    """Of colliding points the first name's is kept; the others may have none left."""

    breaks = "P8"

    class HashRing(_Remade):
        def remade(self, snapshot: Snapshot) -> Snapshot:
            crowds: dict[int, str] = {}
            for position, owner in points_of(snapshot):
                crowds.setdefault(position, owner)
            self._all = snapshot
            return in_this_order(sorted(crowds.items()), dict(snapshot.weights))


class FirstComeFirstServed:
    """Colliding points stay in the order of the joins. As clohfink/RendezvousHash issue 1."""

    breaks = "P8"

    class HashRing(_Remade):
        def remade(self, snapshot: Snapshot) -> Snapshot:
            order = {node: place for place, node in enumerate(snapshot.weights)}
            points = sorted(points_of(snapshot), key=lambda point: (point[0], order[point[1]]))
            return in_this_order(points, dict(snapshot.weights))


class LeavesWithTheOthersPoints:
    """remove takes all points at the node's positions. As zeromicro/go-zero issue 4747."""

    breaks = "P8"

    class HashRing(reference.HashRing):
        def remove(self, node: str) -> None:
            with self._changing:
                self._demand(node)
                now = self._snapshot
                gone = {position for position, owner in points_of(now) if owner == node}
                points = [point for point in points_of(now) if point[0] not in gone]
                weights = {name: w for name, w in now.weights.items() if name != node}
                self._snapshot = in_this_order(points, weights)


class NextFreePlace:
    """A point whose place is taken moves on to the next free one: who was first keeps its place."""

    breaks = "P8"

    class HashRing(reference.HashRing):
        def _positions(self, node: str, weight: int) -> list[int]:
            taken = {position for position, owner in points_of(self._snapshot) if owner != node}
            found = []
            for position in super()._positions(node, weight):
                free = position
                while free in taken:
                    free = (free + 1) % 2**64
                taken.add(free)
                found.append(free)
            return found


class AtOrAfter:
    """node_for takes the point at a key's place, nodes_for the one after it."""

    breaks = "P8"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            super().nodes_for(key, n)
            now, place = self._snapshot, self._hash(reference._bytes(key))
            return list(dict.fromkeys(now.walk((place + 1) % 2**64)))[:n]


# --- the hash that is handed in (P9) --------------------------------------------------------------


class BehindThePlace:
    """bisect_right: a key that stands where a point stands belongs to the next one."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            return self.nodes_for(key, 1)[0]

        def nodes_for(self, key: Key, n: int) -> list[str]:
            super().nodes_for(key, n)
            now, place = self._snapshot, self._hash(reference._bytes(key))
            return list(dict.fromkeys(now.walk((place + 1) % 2**64)))[:n]


class KeyAmongTheTies:
    """Points and keys are compared as (hash, name): keys of one hash get in between the nodes."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            return self.nodes_for(key, 1)[0]

        def nodes_for(self, key: Key, n: int) -> list[str]:
            super().nodes_for(key, n)
            data = reference._bytes(key)
            points = points_of(self._snapshot)
            start = bisect_left(points, (self._hash(data), data.decode("latin-1")))
            order = (owner for _, owner in points[start:] + points[:start])
            return list(dict.fromkeys(order))[:n]


class PlacesAsFractions:
    """Hashes are made fractions of the circle, as floats: what lies close together is one place."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            given = self._hash
            self._hash = lambda data: given(data) / 2**64  # type: ignore[return-value, assignment]


class ZeroIsNoHash:
    """`hash_key(data) or ...`: a hash of 0 is taken for none."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            given = self._hash
            self._hash = lambda data: given(data) or reference.stable_hash(data)


class OwnHashForPoints:
    """The hash of the caller places keys; points are placed by the ring's own."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def _positions(self, node: str, weight: int) -> list[int]:
            super()._positions(node, weight)
            labels = (f"{node}#{i}".encode() for i in range(self._points * weight))
            return [reference.stable_hash(each) for each in labels]


class PositionsShared:
    """Positions are remembered by node name for all rings of the program, whatever their hash."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        _known: ClassVar[dict[tuple[str, int], list[int]]] = {}

        def _positions(self, node: str, weight: int) -> list[int]:
            if (node, weight) not in self._known:
                self._known[node, weight] = super()._positions(node, weight)
            return self._known[node, weight]


class HashesBytesLikes:
    """`hash_key` is called with a bytearray, which is not bytes, and hashes the same only by luck."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            given = self._hash
            self._hash = lambda data: given(bytearray(data))  # type: ignore[arg-type]


class PrefixedKeys:
    """Keys get a prefix, so that they never meet the label of a point."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            return super().node_for(b"key:" + reference._bytes(key))

        def nodes_for(self, key: Key, n: int) -> list[str]:
            return super().nodes_for(b"key:" + reference._bytes(key), n)


class CaseDoesNotMatter:
    """Keys are put into lower case, as host names may be."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            return super().node_for(reference._bytes(key).lower())

        def nodes_for(self, key: Key, n: int) -> list[str]:
            return super().nodes_for(reference._bytes(key).lower(), n)


class LongKeysAreCut:
    """Only the first 250 bytes of a key count, as in memcached."""

    breaks = "P9"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            return super().node_for(reference._bytes(key)[:250])

        def nodes_for(self, key: Key, n: int) -> list[str]:
            return super().nodes_for(reference._bytes(key)[:250], n)


# --- cost (P10, P11) ------------------------------------------------------------------------------


class LinearScan:
    """Looks at every point until one is far enough."""

    breaks = "P10"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            now, place = self._snapshot, self._hash(reference._bytes(key))
            if not now.owners:
                raise EmptyRing("the ring has no nodes")
            return next((owner for p, owner in points_of(now) if p >= place), now.owners[0])


class ListsThePositions:
    """Makes a list of the positions for every bisection: C speed, and still linear."""

    breaks = "P10"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            now, place = self._snapshot, self._hash(reference._bytes(key))
            if not now.owners:
                raise EmptyRing("the ring has no nodes")
            positions = [position for position, _ in points_of(now)]
            return now.owners[bisect_left(positions, place) % len(now.owners)]


class WholeOrderFirst:
    """Puts all nodes in order for the key, and cuts the list afterwards."""

    breaks = "P10"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            super().nodes_for(key, n)
            walk = self._snapshot.walk(self._hash(reference._bytes(key)))
            return list(dict.fromkeys(walk))[:n]


class RemembersEveryKey:
    """Answers are kept for as long as the ring does not change: a leak with every new key."""

    breaks = "P11"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._known: tuple[Snapshot, dict[Any, str]] = (self._snapshot, {})

        def node_for(self, key: Key) -> str:
            now = self._snapshot
            if self._known[0] is not now:
                self._known = (now, {})
            known = self._known[1]
            if reference._bytes(key) not in known:
                known[reference._bytes(key)] = now.first(self._hash(reference._bytes(key)))
            return known[reference._bytes(key)]


class RemembersEveryNode:
    """The points of a node are kept for its return, for ever."""

    breaks = "P11"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._known: dict[tuple[str, int], list[int]] = {}

        def _positions(self, node: str, weight: int) -> list[int]:
            if (node, weight) not in self._known:
                self._known[node, weight] = super()._positions(node, weight)
            return self._known[node, weight]


class RemembersTheNames:
    """The names of all who have gone are kept, and nothing else of them."""

    breaks = "P11"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._gone: set[str] = set()

        def remove(self, node: str) -> None:
            super().remove(node)
            self._gone.add(node)


class RemembersEveryState:
    """A list of all states, for an undo that nobody has asked for."""

    breaks = "P11"

    class HashRing(_Remade):
        def remade(self, snapshot: Snapshot) -> Snapshot:
            vars(self).setdefault("_past", []).append(snapshot)
            return snapshot


# --- threads (P12, P13) ---------------------------------------------------------------------------


class _InPlace(reference.HashRing):
    """Positions and owners in two lists, changed in place under the lock."""

    def __init__(self, points: int = 128, hash_key: Any = None) -> None:
        super().__init__(points, hash_key)
        self._places: list[int] = []
        self._names: list[str] = []

    def add(self, node: str, weight: int = 1) -> None:
        super().add(node, weight)
        with self._changing:
            self._follow()

    def remove(self, node: str) -> None:
        super().remove(node)
        with self._changing:
            self._follow()

    def set_weight(self, node: str, weight: int) -> None:
        super().set_weight(node, weight)
        with self._changing:
            self._follow()

    def _follow(self) -> None:
        now = self._snapshot
        self._places[:] = now.positions
        self._names[:] = now.owners

    def node_for(self, key: Key) -> str:
        place = self._hash(reference._bytes(key))
        if not self._names:
            raise EmptyRing("the ring has no nodes")
        return self._names[bisect_left(self._places, place) % len(self._names)]


class TwoListsInPlace:
    """Readers see positions of now and owners of before. After zeromicro/go-zero issue 5595."""

    breaks = "P12"
    HashRing = _InPlace


class TwoReadsOfTheRing:
    """The lookup reads the state twice: an index of the old one into the owners of the new one."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            place = self._hash(reference._bytes(key))
            if not self._snapshot.owners:
                raise EmptyRing("the ring has no nodes")
            index = bisect_left(self._snapshot.positions, place) % len(self._snapshot.owners)
            return self._snapshot.owners[index]


class EmptyForAMoment:
    """remove clears the ring and fills it again: a lookup in between finds nobody."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def remove(self, node: str) -> None:
            with self._changing:
                self._demand(node)
                rest = self._snapshot.without(node)
                self._snapshot = Snapshot((), (), {})
                self._snapshot = rest


class PointByPoint:
    """A join shows its points one after the other: some keys have moved, some not yet."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            reference_add = Snapshot.with_node
            if not isinstance(node, str):
                raise TypeError("a node is a str")
            positions = self._positions(node, weight)
            with self._changing:
                if node in self._snapshot.weights:
                    raise DuplicateNode(node)
                for count in range(1, len(positions) + 1):
                    now = self._snapshot
                    self._snapshot = reference_add(now, node, weight, positions[:count])


class WeightByLeaveAndJoin:
    """set_weight is remove and add: for a moment the node is gone."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def set_weight(self, node: str, weight: int) -> None:
            self._demand(node)
            positions = self._positions(node, weight)
            with self._changing:
                self._demand(node)
                self._snapshot = self._snapshot.without(node)
                self._snapshot = self._snapshot.with_node(node, weight, positions)


class ChangesWithoutLock:
    """Read, build, store: of two changes at a time one is lost."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            if not isinstance(node, str):
                raise TypeError("a node is a str")
            positions = self._positions(node, weight)
            if node in self._snapshot.weights:
                raise DuplicateNode(node)
            self._snapshot = self._snapshot.with_node(node, weight, positions)


class CheckBeforeLock:
    """Whether the node is there is asked before the lock is taken: both of two joins succeed."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            if not isinstance(node, str):
                raise TypeError("a node is a str")
            if node in self._snapshot.weights:
                raise DuplicateNode(node)
            positions = self._positions(node, weight)
            with self._changing:
                self._snapshot = self._snapshot.with_node(node, weight, positions)


class RefusesWhatIsOnItsWay:
    """A node whose points are still hashed counts as there for add, and for nobody else."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._coming: set[str] = set()

        def add(self, node: str, weight: int = 1) -> None:
            if isinstance(node, str):
                with self._changing:
                    if node in self._coming:
                        raise DuplicateNode(node)
                    self._coming.add(node)
            try:
                super().add(node, weight)
            finally:
                self._coming.discard(node)


class NodesAStepAhead:
    """Each list has its lock, and nodes() is up to date before the points are."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._listing = threading.Lock()
            self._listed: dict[str, int] = {}

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "_snapshot" and "_listing" in vars(self):
                with self._listing:
                    self._listed = dict(value.weights)
            super().__setattr__(name, value)

        def nodes(self) -> dict[str, int]:
            with self._listing:
                return dict(self._listed)


class SharedNotepad:
    """Lookups collect replicas in one list of the ring, to save a new one for each."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._found: list[str] = []

        def nodes_for(self, key: Key, n: int) -> list[str]:
            self._found = []
            for node in super().nodes_for(key, n):
                self._found.append(node)
            return list(self._found)


class WeightOfWhoHasLeft:
    """set_weight looks before the lock only, and brings back a node that has left meanwhile."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def set_weight(self, node: str, weight: int) -> None:
            self._demand(node)
            positions = self._positions(node, weight)
            with self._changing:
                self._snapshot = self._snapshot.with_node(node, weight, positions)


class WeightsApart:
    """nodes() comes from a dict of its own, which is changed after the ring."""

    breaks = "P12"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._told: dict[str, int] = {}

        def add(self, node: str, weight: int = 1) -> None:
            super().add(node, weight)
            self._told = {**self._told, node: weight}

        def remove(self, node: str) -> None:
            super().remove(node)
            self._told = {name: w for name, w in self._told.items() if name != node}

        def set_weight(self, node: str, weight: int) -> None:
            super().set_weight(node, weight)
            self._told = {**self._told, node: weight}

        def nodes(self) -> dict[str, int]:
            return dict(self._told)


class StaleMemo:
    """Answers are kept until a change forgets them; a slow reader writes an old one down after it."""

    breaks = "P12"

    class HashRing(_Remade):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            self._known: dict[bytes, str] = {}
            super().__init__(points, hash_key)

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            if name == "_snapshot":
                self._known = {}

        def node_for(self, key: Key) -> str:
            data = reference._bytes(key)
            node = self._known.get(data)
            if node is None:
                node = super().node_for(key)
                if len(self._known) < 100:
                    self._known[data] = node
            return node


class HashesUnderTheLock:
    """One lock for everything, held while the points of a node are hashed."""

    breaks = "P13"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._whole = threading.RLock()

        def add(self, node: str, weight: int = 1) -> None:
            with self._whole:
                super().add(node, weight)

        def set_weight(self, node: str, weight: int) -> None:
            with self._whole:
                super().set_weight(node, weight)

        def node_for(self, key: Key) -> str:
            place = self._hash(reference._bytes(key))
            with self._whole:
                return self._snapshot.first(place)


class KeysHashedUnderTheLock:
    """A lookup hashes its key with the lock held that other lookups need."""

    breaks = "P13"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._reading = threading.Lock()

        def nodes_for(self, key: Key, n: int) -> list[str]:
            with self._reading:
                return super().nodes_for(key, n)


class ReadersBehindWriters:
    """Lookups hash under a lock for readers, which lets nobody in while a change waits for it."""

    breaks = "P13"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            self._turn, self._readers, self._waiting = threading.Condition(), 0, 0

        def add(self, node: str, weight: int = 1) -> None:
            with self._turn:
                self._waiting += 1
                self._turn.wait_for(lambda: not self._readers)
                self._waiting -= 1
                self._turn.notify_all()
            super().add(node, weight)

        def node_for(self, key: Key) -> str:
            with self._turn:
                self._turn.wait_for(lambda: not self._waiting)
                self._readers += 1
            try:
                return super().node_for(key)
            finally:
                with self._turn:
                    self._readers -= 1
                    self._turn.notify_all()


class JoinsBeforeItsPoints:
    """A joining node is on the list while its points are hashed; it has the first of them."""

    breaks = "P13"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            if not isinstance(node, str):
                raise TypeError("a node is a str")
            if weight < 1:
                raise ValueError("weight must be at least 1")
            node.encode()
            before = self._snapshot
            with self._changing:
                if node in before.weights:
                    raise DuplicateNode(node)
                self._snapshot = before.with_node(node, weight, [2**63])
                try:
                    positions = self._positions(node, weight)
                except BaseException:
                    self._snapshot = before
                    raise
                self._snapshot = before.with_node(node, weight, positions)


# --- misuse (P14, P15) ----------------------------------------------------------------------------


class NoneForEmpty:
    """An empty ring answers None. As uhashring's get_node."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            try:
                return super().node_for(key)
            except EmptyRing:
                return None  # type: ignore[return-value]


class ShortList:
    """Fewer replicas than asked for, without a word."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            return super().nodes_for(key, min(n, max(len(self.nodes()), 1)))


class NoReplicas:
    """Asked for no replica it answers an empty list."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def nodes_for(self, key: Key, n: int) -> list[str]:
            return super().nodes_for(key, n) if n else []


class JoinsTwice:
    """Adding a node that is there gives it the new weight, in silence."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            try:
                super().add(node, weight)
            except DuplicateNode:
                self.set_weight(node, weight)


class StrangersMayLeave:
    """Removing a node that is not there is fine."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def remove(self, node: str) -> None:
            if node in self.nodes():
                super().remove(node)


class WeightOfAStrangerJoins:
    """set_weight of a node that is not there lets it join."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def set_weight(self, node: str, weight: int) -> None:
            try:
                super().set_weight(node, weight)
            except UnknownNode:
                self.add(node, weight)


class WeightZero:
    """A weight of 0 is taken for 1."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def _positions(self, node: str, weight: int) -> list[int]:
            return super()._positions(node, weight or 1)


class NumbersAreKeys:
    """7 is taken for "7"."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def node_for(self, key: Any) -> str:
            return super().node_for(str(key) if isinstance(key, int) else key)


class AnyBuffer:
    """A bytearray is as good as bytes."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def node_for(self, key: Any) -> str:
            return super().node_for(bytes(key) if isinstance(key, bytearray) else key)


class SurrogatesPass:
    """Text without a UTF-8 form is hashed somehow."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def node_for(self, key: Key) -> str:
            text = isinstance(key, str)
            return super().node_for(key.encode("utf-8", "surrogatepass") if text else key)  # type: ignore[union-attr]


class JoinsBeforeHashing:
    """The node is written down first: when hash_key raises, it is there without points."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def set_weight(self, node: str, weight: int) -> None:
            if weight > 0:
                with self._changing:
                    self._demand(node)
                    now = self._snapshot
                    weights = {**now.weights, node: weight}
                    self._snapshot = Snapshot(now.positions, now.owners, weights)
            super().set_weight(node, weight)


class LockLeftHeld:
    """When hash_key raises, the lock of the changes is never given back."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            if not isinstance(node, str):
                raise TypeError("a node is a str")
            if weight < 1:
                raise ValueError("weight must be at least 1")
            node.encode()
            self._changing.acquire()
            if node in self._snapshot.weights:
                self._changing.release()
                raise DuplicateNode(node)
            positions = self._positions(node, weight)
            self._snapshot = self._snapshot.with_node(node, weight, positions)
            self._changing.release()


class FailedHashIsSkipped:
    """A point whose hash raises is left out: the node stands on fewer points."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def _positions(self, node: str, weight: int) -> list[int]:
            if weight < 1:
                raise ValueError("weight must be at least 1")
            found: list[int] = []
            for label in (f"{node}#{i}".encode() for i in range(self._points * weight)):
                try:
                    insort(found, self._hash(label))
                except Exception:  # noqa: S112
                    continue
            return found


class KeyErrorMeansStranger:
    """`except KeyError` around the whole change: one of the caller's hash becomes UnknownNode."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def set_weight(self, node: str, weight: int) -> None:
            try:
                super().set_weight(node, weight)
            except KeyError:
                raise UnknownNode(node) from None


class TriesTheHashAgain:
    """A hash_key that raises is called once more before its exception counts."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def __init__(self, points: int = 128, hash_key: Any = None) -> None:
            super().__init__(points, hash_key)
            given = self._hash

            def twice(data: bytes) -> int:
                try:
                    return given(data)
                except Exception:
                    return given(data)

            self._hash = twice


class UndoesOrdinaryErrorsOnly:
    """A join is undone by `except Exception`: what interrupts the hash leaves half of it behind."""

    breaks = "P14"

    class HashRing(reference.HashRing):
        def add(self, node: str, weight: int = 1) -> None:
            before = self._snapshot
            try:
                super().add(node, weight)
            except Exception:
                raise
            except BaseException:
                with self._changing:
                    self._snapshot = before.with_node(node, weight, [0])
                raise


class NamesAreTrimmed:
    """Blanks around the name of a node are taken for a slip."""

    breaks = "P15"

    class HashRing(reference.HashRing):
        def add(self, node: Any, weight: int = 1) -> None:
            super().add(node.strip() if isinstance(node, str) else node, weight)


class LiveNodes:
    """nodes() hands out the ring's own dict."""

    breaks = "P15"

    class HashRing(reference.HashRing):
        def nodes(self) -> dict[str, int]:
            return self._snapshot.weights  # type: ignore[return-value]


class NamesOnly:
    """nodes() has forgotten the weights: everybody weighs 1."""

    breaks = "P15"

    class HashRing(reference.HashRing):
        def nodes(self) -> dict[str, int]:
            return dict.fromkeys(super().nodes(), 1)
