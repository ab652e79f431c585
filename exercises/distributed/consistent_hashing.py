"""Consistent hashing: keys find their node on a ring, and few of them move when nodes come and go.

Seen in production in Dynamo and Cassandra, in memcached clients (ketama), in load balancers and in
CDNs. Each node stands on the ring many times (virtual nodes); a key belongs to the first point at
or after its own position. Karger et al., "Consistent Hashing and Random Trees", STOC 1997.

Decided here, because real rings disagree:

* Keys and nodes are `str`, hashed as UTF-8. Anything else is a TypeError, bytes too.
* An empty ring has no answer: EmptyRing, not None. Asking for more nodes than there are is
  TooFewNodes, not a shorter list.
* Adding a node that is there is DuplicateNode (its weight is changed by remove and add); removing
  one that is not there is UnknownNode. A call that raises changes nothing.
* Weights are whole numbers of at least 1: a node of weight 3 gets three times the keys.
* All positions come from `hash_key`, which may collide: two points at one position are two points,
  and who wins must not depend on who came first.
* Threads may share a ring. Lookups need not wait for changes, but each sees one state of the ring.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  The answer for a key depends on the key and on the nodes with their weights, and on nothing
    else: not on the order of adds and removes, the process, or PYTHONHASHSEED.
P2  When a node is added, a key either keeps its node or moves to the new one.
P3  When a node is removed, only its own keys move.
P4  With 128 points and ten nodes of equal weight, the share of each node among 20,000 keys lies
    between 0.5 and 1.6 of a tenth.
P5  A node's share grows with its weight: with 128 points, each of ten nodes with weights 1 to 4
    gets between 0.5 and 1.6 of the share that its weight is of all weights.
P6  nodes_for(key, n) answers n different nodes, node_for(key) first; asking for one more appends
    one, and removing a node takes it out of the list and leaves the order of the others.
P7  Colliding positions lose nobody: even with a hash of very few values, or of one, every node is
    in nodes_for(key, all of them), and P1, P2, P3 and P6 hold.
P8  Positions come from `hash_key` alone, called with bytes: with a hash that is constant, all keys
    have the same node, and with another hash the keys are dealt out anew.
P9  Misuse raises the error that the methods name, and a call that raises changes nothing.
P10 While threads change the ring, a lookup never fails on a ring that is never empty, and answers
    as one state of the ring between its start and its end would.
P11 Changes by several threads are all kept: of two that add the same node exactly one succeeds, of
    two that remove it likewise.
P12 A lookup hashes the key once or a few times, never once per node, and its time grows with the
    logarithm of the number of points.
P13 nodes() is a copy: every node with its weight, and changing it leaves the ring alone.

Level: medium, 45 minutes.
Brief: exercises/distributed/consistent_hashing.md
Grade: nox -s grade -- consistent_hashing
"""

from __future__ import annotations

from contracts.distributed.consistent_hashing import (
    DuplicateNode,
    EmptyRing,
    HashKey,
    TooFewNodes,
    UnknownNode,
)


class HashRing:
    """A ring of nodes. Thread-safe."""

    def __init__(self, points: int = 128, hash_key: HashKey | None = None) -> None:
        """Make an empty ring.

        `points`: virtual nodes per unit of weight; ValueError if less than 1. `hash_key`: where
        positions come from; None = a hash of the implementation's choice that is the same in every
        process. It may be called from any thread, also while a change is in progress, and answers
        the same for the same bytes.
        """
        raise NotImplementedError

    def add(self, node: str, weight: int = 1) -> None:
        """Put `node` on the ring with `points * weight` virtual nodes.

        Raises TypeError if `node` is no str, ValueError if `weight` is less than 1, DuplicateNode
        if the node is there already (whatever the weight).
        """
        raise NotImplementedError

    def remove(self, node: str) -> None:
        """Take `node` off the ring; UnknownNode if it is not there."""
        raise NotImplementedError

    def node_for(self, key: str) -> str:
        """Answer the node that `key` belongs to.

        Raises TypeError if `key` is no str, EmptyRing if there are no nodes. Cost: O(log points).
        """
        raise NotImplementedError

    def nodes_for(self, key: str, n: int) -> list[str]:
        """Answer `n` different nodes for `key`, the one of `node_for` first, then its successors.

        Raises TypeError if `key` is no str, ValueError if `n` is less than 1, EmptyRing if there
        are no nodes at all, TooFewNodes if there are some, but fewer than `n`.
        """
        raise NotImplementedError

    def nodes(self) -> dict[str, int]:
        """Answer a new dict of every node and its weight, in any order; empty for an empty ring."""
        raise NotImplementedError
