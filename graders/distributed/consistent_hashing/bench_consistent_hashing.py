"""How fast a ring answers and changes. Never a verdict.

Sizes: a ring of 100 nodes of 128 points each (12,800 points); 20 nodes where one is filled from nothing.
Keys: 1,000 keys `user:<n>` in turn.
Mix: look-ups only, or changes only (join and leave, weight up and down, fill).
Threads: one.
"""

from typing import Any

import pytest

from graders.kit import Implementation

KEYS = [f"user:{number}" for number in range(1_000)]


def filled(contender: Implementation, nodes: int) -> Any:
    """Make a ring of so many nodes."""
    ring = contender.HashRing(points=128)
    for number in range(nodes):
        ring.add(f"node-{number}")
    return ring


@pytest.fixture
def ring(contender: Implementation) -> Any:
    """A hundred nodes."""
    return filled(contender, 100)


def test_node_for(benchmark: Any, ring: Any) -> None:
    """`node_for`: look up the node of a key."""
    benchmark.extra_info["operations"] = len(KEYS)
    benchmark(lambda: [ring.node_for(key) for key in KEYS])


def test_three_replicas(benchmark: Any, ring: Any) -> None:
    """`nodes_for`: look up three replicas of a key."""
    benchmark.extra_info["operations"] = len(KEYS)
    benchmark(lambda: [ring.nodes_for(key, 3) for key in KEYS])


def test_join_and_leave(benchmark: Any, ring: Any) -> None:
    """`add` and `remove`: one node joins and leaves (counted as one)."""

    def change() -> None:
        ring.add("newcomer")
        ring.remove("newcomer")

    benchmark(change)


def test_weight_up_and_down(benchmark: Any, ring: Any) -> None:
    """`set_weight`: one node gets the weight 3, then 1 again (counted as one)."""

    def change() -> None:
        ring.set_weight("node-7", 3)
        ring.set_weight("node-7", 1)

    benchmark(change)


def test_fill(benchmark: Any, contender: Implementation) -> None:
    """`add`: 20 nodes join a new ring (counted as one)."""
    benchmark(filled, contender, 20)
