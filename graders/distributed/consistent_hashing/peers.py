"""Other rings behind the contract: a library, another idea, and right rings in other styles.

Two well-known algorithms are missing because the contract rules them out. Jump consistent hashing
numbers its nodes and can only drop the last number. Maglev fills a table of fixed size, in which a
join also moves some keys between nodes that were there before.
"""

import importlib
import threading
from array import array
from bisect import bisect_left, insort
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, ClassVar

from contracts.distributed.consistent_hashing import (
    DuplicateNode,
    EmptyRing,
    HashKey,
    TooFewNodes,
    UnknownNode,
)


def sha(data: bytes) -> int:
    """64 bits of SHA-256."""
    return int.from_bytes(sha256(data).digest()[:8], "little")


def to_bytes(key: object) -> bytes:
    """The bytes of a key."""
    match key:
        case str():
            return key.encode()
        case bytes():
            return key
    raise TypeError(f"neither str nor bytes: {type(key).__name__}")


def refuse(*numbers: int) -> None:
    """The ValueErrors."""
    if min(numbers) < 1:
        raise ValueError(f"at least 1, not {min(numbers)}")


def refuse_node(node: object) -> None:
    """The errors of a node's name."""
    if not isinstance(node, str):
        raise TypeError(f"no str: {type(node).__name__}")
    node.encode()


def refuse_number(n: int, nodes: int) -> None:
    """The errors of nodes_for."""
    if not nodes:
        raise EmptyRing
    if n > nodes:
        raise TooFewNodes(f"{n} of {nodes}")


class LockedInsort:
    """One sorted list of (position, node), changed in place; every call takes the lock.

    Cheaper changes than the reference, dearer lookups. Nothing is hashed with the lock held.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class HashRing:
        def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
            refuse(points)
            self.per_unit, self.hash_key = points, hash_key or sha
            self.ring: list[tuple[int, str]] = []
            self.weight: dict[str, int] = {}
            self.guard = threading.RLock()

        def add(self, node: str, weight: int = 1) -> None:
            refuse_node(node)
            refuse(weight)
            places = [self._place(node, i) for i in range(weight * self.per_unit)]
            with self.guard:
                if node in self.weight:
                    raise DuplicateNode(node)
                self.weight[node] = weight
                for place in places:
                    insort(self.ring, (place, node))

        def remove(self, node: str) -> None:
            with self.guard:
                self._require(node)
                del self.weight[node]
                self.ring[:] = [point for point in self.ring if point[1] != node]

        def set_weight(self, node: str, weight: int) -> None:
            refuse(weight)
            places = [self._place(node, i) for i in range(weight * self.per_unit)]
            with self.guard:
                self._require(node)
                self.weight[node] = weight
                self.ring[:] = [point for point in self.ring if point[1] != node]
                for place in places:
                    insort(self.ring, (place, node))

        def node_for(self, key: str | bytes) -> str:
            return self.nodes_for(key, 1)[0]

        def nodes_for(self, key: str | bytes, n: int) -> list[str]:
            refuse(n)
            place = self.hash_key(to_bytes(key))
            with self.guard:
                refuse_number(n, len(self.weight))
                index = bisect_left(self.ring, (place,))
                found: list[str] = []
                while len(found) < n:
                    owner = self.ring[index % len(self.ring)][1]
                    if owner not in found:
                        found.append(owner)
                    index += 1
                return found

        def nodes(self) -> dict[str, int]:
            with self.guard:
                return self.weight.copy()

        def _place(self, node: str, number: int) -> int:
            return self.hash_key(f"{number}:{node}".encode())

        def _require(self, node: str) -> None:
            if node not in self.weight:
                raise UnknownNode(node)


class Table:
    """The points of one state, made anew from the positions of all nodes.

    A place is held by all nodes that collide there, in the order of their names.
    """

    def __init__(self, members: "dict[str, array[int]]") -> None:
        crowds: dict[int, list[str]] = {}
        for node in sorted(members):
            for place in members[node]:
                crowds.setdefault(place, []).append(node)
        self.members = members
        self.places = array("Q", sorted(crowds))
        self.crowds = [tuple(dict.fromkeys(crowds[place])) for place in self.places]

    def around(self, place: int) -> Iterator[str]:
        """All owners from a place on, once around, repeated as often as they have places."""
        start = bisect_left(self.places, place)
        for index in range(len(self.places)):
            yield from self.crowds[(start + index) % len(self.places)]


class RebuiltTable:
    """A table of places with the crowd at each of them, made anew for every change.

    Positions are kept for each node, so that a change hashes nothing twice.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class HashRing:
        def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
            refuse(points)
            self.per_unit = points
            self.place = hash_key or sha
            self.writing = threading.Lock()
            self.table = Table({})

        def add(self, node: str, weight: int = 1) -> None:
            refuse_node(node)
            refuse(weight)
            with self.writing:
                if node in self.table.members:
                    raise DuplicateNode(node)
                self._put(node, array("Q"), weight)

        def set_weight(self, node: str, weight: int) -> None:
            refuse(weight)
            with self.writing:
                self._put(node, self._of(node), weight)

        def remove(self, node: str) -> None:
            with self.writing:
                self._of(node)
                members = dict(self.table.members)
                members.pop(node)
                self.table = Table(members)

        def node_for(self, key: str | bytes) -> str:
            return self.nodes_for(key, 1)[0]

        def nodes_for(self, key: str | bytes, n: int) -> list[str]:
            refuse(n)
            place = self.place(to_bytes(key))
            table = self.table
            refuse_number(n, len(table.members))
            found: dict[str, None] = {}
            for node in table.around(place):
                found.setdefault(node)
                if len(found) >= n:
                    break
            return list(found)[:n]

        def nodes(self) -> dict[str, int]:
            members = self.table.members
            return {node: len(places) // self.per_unit for node, places in members.items()}

        def _of(self, node: str) -> "array[int]":
            if node not in self.table.members:
                raise UnknownNode(node)
            return self.table.members[node]

        def _put(self, node: str, known: "array[int]", weight: int) -> None:
            wanted = weight * self.per_unit
            new = (self.place(b"%d/%b" % (i, node.encode())) for i in range(len(known), wanted))
            self.table = Table({**self.table.members, node: known[:wanted] + array("Q", new)})


class Rendezvous:
    """Rendezvous hashing: no ring at all, every node bids for every key, as often as it weighs."""

    requires = ()
    fails: ClassVar = {
        "P9": "the bid is a hash of key and node: keys of the same hash part ways",
        "P10": "every lookup asks every node",
        "P13": "a lookup has to hash the nodes itself",
    }

    class HashRing:
        def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
            refuse(points)
            self.hash_key = hash_key or sha
            self.bidders: dict[str, int] = {}
            self.guard = threading.Lock()

        def add(self, node: str, weight: int = 1) -> None:
            refuse_node(node)
            refuse(weight)
            self.hash_key(node.encode())
            with self.guard:
                if node in self.bidders:
                    raise DuplicateNode(node)
                self.bidders = {**self.bidders, node: weight}

        def remove(self, node: str) -> None:
            with self.guard:
                if node not in self.bidders:
                    raise UnknownNode(node)
                self.bidders = {name: w for name, w in self.bidders.items() if name != node}

        def set_weight(self, node: str, weight: int) -> None:
            refuse(weight)
            with self.guard:
                if node not in self.bidders:
                    raise UnknownNode(node)
                self.bidders = {**self.bidders, node: weight}

        def node_for(self, key: str | bytes) -> str:
            return self.nodes_for(key, 1)[0]

        def nodes_for(self, key: str | bytes, n: int) -> list[str]:
            refuse(n)
            data, bidders = to_bytes(key), self.bidders
            refuse_number(n, len(bidders))
            bids = {node: self._bid(data, node, weight) for node, weight in bidders.items()}
            return sorted(bids, key=lambda node: (-bids[node], node))[:n]

        def nodes(self) -> dict[str, int]:
            return dict(self.bidders)

        def _bid(self, data: bytes, node: str, weight: int) -> int:
            name = node.encode()
            return max(self.hash_key(b"%d %b %b" % (i, name, data)) for i in range(weight))


class Uhashring:
    """uhashring.HashRing with the contract's errors around it."""

    requires = ("uhashring",)
    fails: ClassVar = {
        "P8": "a colliding point overwrites the one that was there",
        "P9": "a key that stands where a point stands belongs to the next point",
        "P10": "range() copies all positions behind the key's, for however few replicas",
        "P12": "positions and owners change in several steps, without a lock",
        "P13": "while the points of a new weight are hashed, the old ones are gone already",
        "P14": "a hash function that raises leaves a node without its points",
    }

    class HashRing:
        def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
            refuse(points)
            library: Any = importlib.import_module("uhashring")
            given = hash_key or sha
            hash_fn = lambda key: given(to_bytes(key))  # noqa: E731 - as the library's docs show it
            self.ring: Any = library.HashRing(vnodes=points, hash_fn=hash_fn)

        def add(self, node: str, weight: int = 1) -> None:
            refuse_node(node)
            refuse(weight)
            if node in self.ring.nodes:
                raise DuplicateNode(node)
            self.ring.add_node(node, weight)

        def remove(self, node: str) -> None:
            if node not in self.ring.nodes:
                raise UnknownNode(node)
            self.ring.remove_node(node)

        def set_weight(self, node: str, weight: int) -> None:
            refuse(weight)
            if node not in self.ring.nodes:
                raise UnknownNode(node)
            self.ring.add_node(node, weight)

        def node_for(self, key: str | bytes) -> str:
            to_bytes(key)
            node = self.ring.get_node(key)
            if node is None:
                raise EmptyRing
            return str(node)

        def nodes_for(self, key: str | bytes, n: int) -> list[str]:
            refuse(n)
            to_bytes(key)
            refuse_number(n, len(self.ring.nodes))
            return [str(found["nodename"]) for found in self.ring.range(key, n)]

        def nodes(self) -> dict[str, int]:
            return {node: conf["weight"] for node, conf in self.ring.nodes.items()}
