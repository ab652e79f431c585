"""Other rings behind the contract: a library, and two right ones in another style."""

import importlib
import math
import threading
from bisect import bisect_left, insort
from hashlib import sha256
from typing import Any

from contracts.distributed.consistent_hashing import (
    DuplicateNode,
    EmptyRing,
    HashKey,
    TooFewNodes,
    UnknownNode,
)


def _sha(data: bytes) -> int:
    return int.from_bytes(sha256(data).digest()[:8], "little")


def _check_text(value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"a str is needed, not {type(value).__name__}")


class LockedInsort:
    """One sorted list of (position, node, number), changed in place; everybody takes the lock."""

    requires = ()
    fails: dict[str, str] = {}

    class HashRing:
        """Right, with dearer lookups and cheaper changes than the reference."""

        def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
            if points < 1:
                raise ValueError("at least one point")
            self.points, self.hash_key = points, hash_key or _sha
            self.ring: list[tuple[int, str]] = []
            self.weight: dict[str, int] = {}
            self.guard = threading.RLock()

        def add(self, node: str, weight: int = 1) -> None:
            _check_text(node)
            if weight < 1:
                raise ValueError("weight of at least 1")
            with self.guard:
                if node in self.weight:
                    raise DuplicateNode(node)
                self.weight[node] = weight
                for number in range(weight * self.points):
                    insort(self.ring, (self.hash_key(f"{number}:{node}".encode()), node))

        def remove(self, node: str) -> None:
            with self.guard:
                if node not in self.weight:
                    raise UnknownNode(node)
                del self.weight[node]
                self.ring[:] = [point for point in self.ring if point[1] != node]

        def node_for(self, key: str) -> str:
            return self.nodes_for(key, 1)[0]

        def nodes_for(self, key: str, n: int) -> list[str]:
            _check_text(key)
            if n < 1:
                raise ValueError("n of at least 1")
            place = self.hash_key(key.encode())
            with self.guard:
                if not self.ring:
                    raise EmptyRing
                if n > len(self.weight):
                    raise TooFewNodes(n)
                index = bisect_left(self.ring, (place, ""))
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


class Rendezvous:
    """Weighted rendezvous hashing: no ring at all, every node bids for every key."""

    requires = ()
    fails = {"P12": "every lookup asks every node"}

    class HashRing:
        """Right but for its cost, which is linear in the nodes."""

        def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
            if points < 1:
                raise ValueError("at least one point")
            self.hash_key = hash_key or _sha
            self.bidders: dict[str, int] = {}
            self.guard = threading.Lock()

        def add(self, node: str, weight: int = 1) -> None:
            _check_text(node)
            if weight < 1:
                raise ValueError("weight of at least 1")
            with self.guard:
                if node in self.bidders:
                    raise DuplicateNode(node)
                self.bidders = {**self.bidders, node: weight}

        def remove(self, node: str) -> None:
            with self.guard:
                if node not in self.bidders:
                    raise UnknownNode(node)
                self.bidders = {name: weight for name, weight in self.bidders.items() if name != node}

        def _bid(self, key: str, node: str, weight: int) -> float:
            bid = self.hash_key(f"{len(key)}:{key}{node}".encode())
            return -math.log((bid + 1) / (2**64 + 1)) / weight

        def node_for(self, key: str) -> str:
            return self.nodes_for(key, 1)[0]

        def nodes_for(self, key: str, n: int) -> list[str]:
            _check_text(key)
            if n < 1:
                raise ValueError("n of at least 1")
            bidders = self.bidders
            if not bidders:
                raise EmptyRing
            if n > len(bidders):
                raise TooFewNodes(n)
            return sorted(bidders, key=lambda node: (self._bid(key, node, bidders[node]), node))[:n]

        def nodes(self) -> dict[str, int]:
            return dict(self.bidders)


class Uhashring:
    """uhashring.HashRing: a dict from position to node, no lock."""

    requires = ("uhashring",)
    fails = {
        "P7": "a colliding point overwrites the one before",
        "P10": "positions and the dict of owners change in several steps, without a lock",
        "P11": "without a lock, of two equal changes both are made",
    }

    class HashRing:
        """The library's ring with the contract's errors around it."""

        def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
            if points < 1:
                raise ValueError("at least one point")
            ring: Any = importlib.import_module("uhashring").HashRing
            given = hash_key or _sha
            self.points = points
            self.ring = ring(vnodes=points, hash_fn=lambda key: given(str(key).encode()))
            self.weight: dict[str, int] = {}

        def add(self, node: str, weight: int = 1) -> None:
            _check_text(node)
            if weight < 1:
                raise ValueError("weight of at least 1")
            if node in self.weight:
                raise DuplicateNode(node)
            self.ring.add_node(node, {"vnodes": self.points, "weight": weight})
            self.weight[node] = weight

        def remove(self, node: str) -> None:
            if node not in self.weight:
                raise UnknownNode(node)
            del self.weight[node]
            self.ring.remove_node(node)

        def node_for(self, key: str) -> str:
            _check_text(key)
            if not self.weight:
                raise EmptyRing
            return str(self.ring.get_node(key))

        def nodes_for(self, key: str, n: int) -> list[str]:
            _check_text(key)
            if n < 1:
                raise ValueError("n of at least 1")
            if not self.weight:
                raise EmptyRing
            if n > len(self.weight):
                raise TooFewNodes(n)
            return [str(found["nodename"]) for found in self.ring.range(key, size=n, unique=True)]

        def nodes(self) -> dict[str, int]:
            return dict(self.weight)
