"""Consistent hashing: keys find their node on a ring, and few of them move when nodes come and go.

Seen in production in Dynamo and Cassandra, in memcached clients (ketama), in load balancers and
CDNs. Each node stands on the ring many times (virtual nodes, here: points), a key belongs to the
owner of the first point at or after its own place, and past the last point the ring begins again.
Karger et al., "Consistent Hashing and Random Trees", STOC 1997.

Decided here, because real rings disagree:

* Nodes are `str`. Keys are `str` or `bytes`, and a `str` stands for its UTF-8 bytes: "a" and b"a"
  are the same key. Nothing else is a key; in particular 7 is not "7".
* An empty ring has no answer: EmptyRing, not None. Asking for more nodes than there are is
  TooFewNodes, not a shorter list that looks like success.
* Adding a node that is there is DuplicateNode; its weight is changed by `set_weight`, in one step.
* A weight is a whole number of at least 1. A node of weight 3 has three times the points of a node
  of weight 1, whatever the weights of the others: were points dealt out by share of the total,
  each join would move keys between nodes that have nothing to do with it.
* Points may collide. Two points at one place are two points, and which of them comes first must
  not depend on who joined first.
* Which bytes are hashed to place the points of a node is left open, and so is the hash of a ring
  that is made without `hash_key`. Two implementations need not agree, two processes must.
* Changes may be slow (they may cost as much as making the ring anew), lookups may not.
* Threads share a ring. Whether lookups use a lock is left open; that they wait for a hash of
  somebody else is not.
"""

from collections.abc import Callable
from typing import Final, Protocol

TITLE: Final = "Consistent hashing"
LEVEL: Final = "medium"
MINUTES: Final = 45
IMPLEMENT: Final = ("HashRing",)
PROMISES: Final = {
    "P1": "The answer for a key depends on the key, the nodes with their weights, points and"
    " hash_key, and on nothing else: not on the order of the changes, on nodes that have gone, on"
    " other rings, on the process or on PYTHONHASHSEED.",
    "P2": "Every str that has a UTF-8 form and every bytes is a key, the empty one too, and a str"
    " is the same key as its UTF-8 bytes.",
    "P3": "When a node joins or gets more weight, keys move to that node and nowhere else; when it"
    " leaves or gets less weight, only keys of that node move.",
    "P4": "With the default number of points and 20 nodes of equal weight, 20,000 keys are spread"
    " evenly: every node has between half and twice the mean, and the standard deviation is at"
    " most 20 % of it, with the ring's own hash and with any hash_key that spreads well.",
    "P5": "A node's share grows in proportion to its weight: keys per unit of weight stay within"
    " the bounds of P4; and however light a node is beside the others, it has its points and keys.",
    "P6": "nodes_for(key, n) is a list of n different nodes, with node_for(key) first; a shorter"
    " list is the beginning of a longer one.",
    "P7": "When a node joins, leaves or changes its weight, the other nodes keep their order in"
    " nodes_for(key, ...), for every key.",
    "P8": "Points may collide: whatever hash_key returns, be it always the same number, nobody is"
    " lost, and P1, P3, P6 and P7 hold.",
    "P9": "hash_key alone places: points and keys stand at the numbers that it returns, a key"
    " belongs to the first point at or after its own number, past the last to the first of all;"
    " keys with the same hash have the same nodes, and a lookup calls it with the bytes of the key"
    " and with nothing else.",
    "P10": "The time of a lookup grows with the logarithm of the number of points; that of"
    " nodes_for with n and the number of points walked over, too, but not with the whole ring.",
    "P11": "Lookups leave nothing behind and neither do nodes that have gone: memory is in"
    " proportion to the points on the ring.",
    "P12": "Threads may share a ring: every call takes effect at one instant between its start and"
    " its return; a lookup sees a change made whole or not yet, and no change is lost.",
    "P13": "While a call is inside hash_key, no lookup of another thread waits for it; a lookup"
    " during a change that still hashes answers as before the change.",
    "P14": "Misuse raises the error that the methods name, and a call that raises, be it because"
    " hash_key raised, changes nothing.",
    "P15": "nodes() answers every node with its weight, as a plain dict of the caller's own.",
}

HashKey = Callable[[bytes], int]
"""A hash of bytes into the whole numbers from 0 to 2**64 - 1, the same for the same bytes."""


class EmptyRing(LookupError):
    """A lookup on a ring without nodes."""


class TooFewNodes(LookupError):
    """More different nodes were asked for than the ring has."""


class DuplicateNode(ValueError):
    """The node is on the ring already."""


class UnknownNode(LookupError):
    """The node is not on the ring."""


class HashRing(Protocol):
    """A ring of nodes. Every method may be called from any thread.

    A call looks at its arguments and at the ring; where both are wrong, either error is right.
    """

    def add(self, node: str, weight: int = 1) -> None:
        """Put `node` on the ring, with `points * weight` points.

        Raises:
            DuplicateNode: the node is there already, whatever the weight.
            TypeError: `node` is no str.
            ValueError: `weight` is less than 1, or `node` has no UTF-8 form (a lone surrogate).
        """
        ...

    def remove(self, node: str) -> None:
        """Take `node` off the ring. Raises `UnknownNode` if it is not there."""
        ...

    def set_weight(self, node: str, weight: int) -> None:
        """Give `node`, which is on the ring, another weight: as if it had joined with this one.

        It is one change: there is no instant at which the node is not on the ring.

        Raises:
            UnknownNode: the node is not on the ring.
            ValueError: `weight` is less than 1.
        """
        ...

    def node_for(self, key: str | bytes) -> str:
        """Answer the node that `key` belongs to, in logarithmic time.

        Raises:
            EmptyRing: there are no nodes.
            TypeError: `key` is neither str nor bytes.
            ValueError: `key` is a str without a UTF-8 form (a lone surrogate).
        """
        ...

    def nodes_for(self, key: str | bytes, n: int) -> list[str]:
        """Answer `n` different nodes for `key`, for replicas: its own, then the next on the ring.

        Raises:
            EmptyRing: there are no nodes at all.
            TooFewNodes: there are nodes, but fewer than `n`.
            TypeError: `key` is neither str nor bytes.
            ValueError: `n` is less than 1, or `key` is a str without a UTF-8 form.
        """
        ...

    def nodes(self) -> dict[str, int]:
        """Answer a new plain dict of every node and its weight, in any order; empty on an empty ring."""
        ...


class NewHashRing(Protocol):
    """How a HashRing is made."""

    def __call__(self, points: int = 128, hash_key: HashKey | None = None) -> HashRing:
        """Make an empty ring.

        `points` is the number of points per unit of weight. `hash_key` places keys and points;
        None means a hash of the implementation's choice. It may collide (P8), be slow (P13) or
        raise (P14: its exception comes out of the call that called it), and it may be called by
        several threads at once. Only P4 and P5 take for granted that it spreads well.

        Raises `ValueError` if `points` is less than 1.
        """
        ...
