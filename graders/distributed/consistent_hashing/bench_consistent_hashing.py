"""Lookups and changes of a ring of 100 nodes with 128 points each (12,800 points); 1,000 keys `user:<n>`."""

from typing import Any

KEYS = [f"user:{number}" for number in range(1_000)]


def filled(contender: Any, nodes: int = 100) -> Any:
    """A ring of so many nodes."""
    it = contender.HashRing(points=128)
    for number in range(nodes):
        it.add(f"node-{number}")
    return it


def test_node_for(benchmark: Any, contender: Any) -> None:
    """1,000 lookups."""
    it = filled(contender)
    benchmark(lambda: [it.node_for(key) for key in KEYS])


def test_nodes_for_three(benchmark: Any, contender: Any) -> None:
    """1,000 lookups of three replicas."""
    it = filled(contender)
    benchmark(lambda: [it.nodes_for(key, 3) for key in KEYS])


def test_join_and_leave(benchmark: Any, contender: Any) -> None:
    """One node joins a ring of 100 and leaves again."""
    it = filled(contender)

    def change() -> None:
        it.add("newcomer")
        it.remove("newcomer")

    benchmark(change)
