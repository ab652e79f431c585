"""How fast a ring answers and changes. Never a verdict.

Workloads, on a ring of 100 nodes of 128 points (12,800): 1,000 lookups of keys `user:<n>`; the same
for three replicas; one node that joins and leaves; one weight that goes up and down. And a ring of
20 nodes that is filled from nothing.
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
    """1,000 lookups."""
    benchmark(lambda: [ring.node_for(key) for key in KEYS])


def test_three_replicas(benchmark: Any, ring: Any) -> None:
    """1,000 lookups of three replicas."""
    benchmark(lambda: [ring.nodes_for(key, 3) for key in KEYS])


def test_join_and_leave(benchmark: Any, ring: Any) -> None:
    """One node joins and leaves."""

    def change() -> None:
        ring.add("newcomer")
        ring.remove("newcomer")

    benchmark(change)


def test_weight_up_and_down(benchmark: Any, ring: Any) -> None:
    """One node gets the weight 3, then 1 again."""

    def change() -> None:
        ring.set_weight("node-7", 3)
        ring.set_weight("node-7", 1)

    benchmark(change)


def test_fill(benchmark: Any, contender: Implementation) -> None:
    """20 nodes join a new ring."""
    benchmark(filled, contender, 20)
