"""What a lookup costs on a large ring, and what it leaves behind."""

import gc
import itertools
import tracemalloc
from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, check, ensure
from graders.kit.growth import grows_at_most

CALLS = 300
Lookup = Callable[[Any, str], object]


def no_slower(
    fill: Callable[[int], Any], lookup: Lookup, sizes: tuple[int, int], limit: float, did: str
) -> None:
    """Compare 300 lookups of fresh keys on a small and on a large ring."""
    rings: dict[int, Any] = {}
    numbers = itertools.count()

    def prepare(size: int) -> Callable[[], object]:
        if size not in rings:
            rings[size] = fill(size)
            lookup(rings[size], "warm")
        it = rings[size]
        keys = [f"user:{number}" for number in itertools.islice(numbers, CALLS)]
        return lambda: [lookup(it, key) for key in keys]

    grows_at_most(prepare, small=sizes[0], large=sizes[1], limit=limit, did=did)


def fleet(plain: Implementation) -> Callable[[int], Any]:
    """Make rings of so many nodes of 100 points."""

    def fill(size: int) -> Any:
        it = plain.HashRing(points=100)
        for number in range(size):
            it.add(f"node-{number}")
        return it

    return fill


def crowd(plain: Implementation) -> Callable[[int], Any]:
    """Make rings of three nodes with so many points each."""

    def fill(size: int) -> Any:
        it = plain.HashRing(points=size)
        for node in "abc":
            it.add(node)
        return it

    return fill


@check("P10", kind="throughput")
def test_more_nodes_do_not_slow_lookups_down(plain: Implementation) -> None:
    """300 times node_for: 3 nodes against 72."""
    no_slower(
        fleet(plain),
        lambda it, key: it.node_for(key),
        (3, 72),
        6.0,
        "300 times node_for: 3 nodes of 100 points against 72",
    )


@check("P10", kind="throughput")
def test_more_points_do_not_slow_lookups_down(plain: Implementation) -> None:
    """300 times node_for: 3 nodes of 32 points against 3 nodes of 4,096."""
    no_slower(
        crowd(plain),
        lambda it, key: it.node_for(key),
        (32, 4_096),
        6.0,
        "300 times node_for: 3 nodes of 32 points against 3 nodes of 4,096",
    )


@check("P10", kind="throughput")
def test_more_points_do_not_slow_replicas_down(plain: Implementation) -> None:
    """300 times two replicas: 3 nodes of 32 points against 3 nodes of 12,288."""
    no_slower(
        crowd(plain),
        lambda it, key: it.nodes_for(key, 2),
        (32, 12_288),
        6.0,
        "300 times nodes_for(key, 2): 3 nodes of 32 points against 3 nodes of 12,288",
    )


@check("P11", kind="throughput")
def test_lookups_leave_nothing_behind(plain: Implementation) -> None:
    """2,400 different keys were looked up; memory before and after."""
    it = fleet(plain)(3)

    def ask(number: int) -> None:
        it.node_for(f"user:{number}")
        it.node_for(f"user:{number}".encode() + b"!")
        it.nodes_for(f"cart:{number}", 2)

    check_memory(ask, 800, 35_000, "2,400 lookups of different keys")


@check("P11", kind="throughput")
def test_nodes_that_have_gone_leave_nothing_behind(plain: Implementation) -> None:
    """400 nodes joined, got more weight, then less, and left, one after the other."""
    it = plain.HashRing(points=2)
    it.add("host")

    def come_and_go(number: int) -> None:
        node = f"guest-{number}"
        it.add(node)
        it.set_weight(node, 2)
        it.set_weight(node, 1)
        it.node_for(node)
        it.remove(node)

    check_memory(come_and_go, 400, 15_000, "400 nodes of 2 points that joined and left")


def check_memory(job: Callable[[int], object], times: int, limit: int, did: str) -> None:
    """Compare the memory that Python's objects take before and after; in bytes.

    Collected first: garbage in cycles is no leak, nor are tuples that Python keeps for reuse.
    """
    for number in range(20):
        job(-1 - number)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(times):
            job(number)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    want = f"less than {limit:,} bytes more than before"
    ensure(grown < limit, did=did, want=want, got=f"{grown:,} bytes")
