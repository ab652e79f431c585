"""The ring shared by threads, and what a lookup costs."""

import zlib
from collections.abc import Callable
from typing import Any

from contracts.distributed.consistent_hashing import DuplicateNode, UnknownNode
from graders.kit import Implementation, Sim, check, ensure, equal, explore
from graders.kit.growth import grows_at_most

KEYS = ["k0", "k1", "k2", "k3", "k4", "k5"]


def small_ring(impl: Implementation, *nodes: str) -> Any:
    """A ring of few points, so that schedules are short."""
    it = impl.HashRing(points=2, hash_key=zlib.crc32)
    for node in nodes:
        it.add(node)
    return it


def everything(it: Any) -> dict[str, list[str]]:
    """The whole answer of a ring for each key."""
    return {key: it.nodes_for(key, len(it.nodes())) for key in KEYS}


def outcome(job: Callable[[], object], refusal: type[Exception]) -> str:
    """Whether a change was made or refused."""
    try:
        job()
    except refusal:
        return "refused"
    return "done"


@check("P10", kind="concurrency")
def test_lookups_while_a_node_joins(impl: Implementation) -> None:
    """A adds a fourth node; B and C look keys up all the while."""

    def scene(sim: Sim) -> None:
        it = small_ring(impl, "a", "b", "c")
        before = everything(it)
        _, one, two = sim.together(
            lambda: it.add("d"), lambda: [it.node_for(key) for key in KEYS[:3]], lambda: it.nodes_for("k4", 3)
        )
        after = everything(it)
        for key, node in zip(KEYS, one, strict=False):
            ensure(node in {before[key][0], after[key][0]}, did=f"node_for({key!r}) while add('d') runs",
                   want=f"{before[key][0]!r} (before) or {after[key][0]!r} (after)", got=node)  # fmt: skip
        ensure(two in (before["k4"], after["k4"][:3]), did="nodes_for('k4', 3) while add('d') runs",
               want=f"{before['k4']} (before) or {after['k4'][:3]} (after)", got=two)  # fmt: skip

    explore(scene)


@check("P10", kind="concurrency")
def test_lookups_while_a_node_leaves(impl: Implementation) -> None:
    """A removes one of three nodes; B and C look keys up all the while."""

    def scene(sim: Sim) -> None:
        it = small_ring(impl, "a", "b", "c")
        before = everything(it)
        _, one, two = sim.together(
            lambda: it.remove("b"), lambda: [it.node_for(key) for key in KEYS[:3]], lambda: it.nodes_for("k4", 2)
        )
        after = everything(it)
        for key, node in zip(KEYS, one, strict=False):
            ensure(node in {before[key][0], after[key][0]}, did=f"node_for({key!r}) while remove('b') runs",
                   want=f"{before[key][0]!r} (before) or {after[key][0]!r} (after)", got=node)  # fmt: skip
        ensure(two in (before["k4"][:2], after["k4"]), did="nodes_for('k4', 2) while remove('b') runs",
               want=f"{before['k4'][:2]} (before) or {after['k4']} (after)", got=two)  # fmt: skip

    explore(scene)


@check("P10", kind="concurrency")
def test_lookups_never_go_back(impl: Implementation) -> None:
    """A adds a node; B looks one key up three times: once the new state is seen, the old one is not."""

    def scene(sim: Sim) -> None:
        it = small_ring(impl, "a", "b")
        fresh = small_ring(impl, "a", "b", "d")
        key = next(f"m{n}" for n in range(1_000) if fresh.node_for(f"m{n}") == "d")
        _, seen = sim.together(lambda: it.add("d"), lambda: [it.node_for(key) for _ in range(3)])
        joined = [node == "d" for node in seen]
        equal(joined, sorted(joined), did=f"whether node_for({key!r}) was 'd', three times while add('d') ran")

    explore(scene)


@check("P10", "P13", kind="concurrency")
def test_nodes_while_the_ring_changes(impl: Implementation) -> None:
    """A adds and removes; B asks for nodes()."""

    def scene(sim: Sim) -> None:
        it = small_ring(impl, "a", "b")
        _, seen = sim.together(lambda: (it.add("c", 2), it.remove("a")), it.nodes)
        states = ({"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 2}, {"b": 1, "c": 2})
        ensure(seen in states, did="nodes() while add('c', 2) and remove('a') run", want="one of the states", got=seen)

    explore(scene)


@check("P11", kind="concurrency")
def test_two_joins_are_both_kept(impl: Implementation) -> None:
    """A adds 'c', B adds 'd', at the same time."""

    def scene(sim: Sim) -> None:
        it = small_ring(impl, "a", "b")
        sim.together(lambda: it.add("c"), lambda: it.add("d", 2))
        equal(it.nodes(), {"a": 1, "b": 1, "c": 1, "d": 2}, did="nodes() after both adds")
        fresh = impl.HashRing(points=2, hash_key=zlib.crc32)
        for node, weight in it.nodes().items():
            fresh.add(node, weight)
        equal(everything(it), everything(fresh), did="all lookups after both adds, and on a fresh ring")

    explore(scene)


@check("P11", kind="concurrency")
def test_a_join_and_a_leave_are_both_kept(impl: Implementation) -> None:
    """A adds 'c', B removes 'a', C removes 'b'."""

    def scene(sim: Sim) -> None:
        it = small_ring(impl, "a", "b", "x")
        sim.together(lambda: it.add("c"), lambda: it.remove("a"), lambda: it.remove("b"))
        equal(it.nodes(), {"x": 1, "c": 1}, did="nodes() after one add and two removes")
        equal(everything(it), everything(small_ring(impl, "x", "c")), did="all lookups, and on a fresh ring")

    explore(scene)


@check("P11", kind="concurrency")
def test_one_of_two_equal_changes_is_made(impl: Implementation) -> None:
    """A and B add the same node; then A and B remove it."""

    def scene(sim: Sim) -> None:
        it = small_ring(impl, "a")
        adds = sim.together(*[lambda: outcome(lambda: it.add("b"), DuplicateNode)] * 2)
        equal(sorted(adds), ["done", "refused"], did="add('b') by two threads")
        equal(everything(it), everything(small_ring(impl, "a", "b")), did="all lookups, and on a fresh ring")
        removes = sim.together(*[lambda: outcome(lambda: it.remove("b"), UnknownNode)] * 2)
        equal(sorted(removes), ["done", "refused"], did="remove('b') by two threads")
        equal(everything(it), everything(small_ring(impl, "a")), did="all lookups, and on a fresh ring")

    explore(scene)


@check("P12", kind="throughput")
def test_a_lookup_hashes_the_key_and_not_the_nodes(impl: Implementation) -> None:
    """60 nodes of 4 points; calls of hash_key during 100 lookups."""
    calls = 0

    def counting(data: bytes) -> int:
        nonlocal calls
        calls += 1
        return zlib.crc32(data)

    it = impl.HashRing(points=4, hash_key=counting)
    for number in range(60):
        it.add(f"node-{number}")
    calls = 0
    for number in range(100):
        it.node_for(f"key-{number}")
    ensure(calls <= 400, did="100 × node_for on a ring of 60 nodes", want="at most 4 calls of hash_key each", got=calls)
    calls = 0
    for number in range(100):
        it.nodes_for(f"key-{number}", 3)
    ensure(calls <= 400, did="100 × nodes_for(key, 3)", want="at most 4 calls of hash_key each", got=calls)


@check("P12", kind="throughput")
def test_lookup_time_grows_slowly(plain: Implementation) -> None:
    """The same 300 lookups on a ring of 512 points and on one of 20,480."""
    rings: dict[int, Any] = {}
    fresh = iter(range(1 << 40))

    def prepare(nodes: int) -> Callable[[], None]:
        if nodes not in rings:
            rings[nodes] = plain.HashRing(points=128)
            for number in range(nodes):
                rings[nodes].add(f"node-{number}")
        it, keys = rings[nodes], [f"key-{next(fresh)}" for _ in range(300)]

        def block() -> None:
            for key in keys:
                it.node_for(key)

        return block

    grows_at_most(prepare, small=4, large=160, limit=8.0, did="300 lookups; 4 nodes against 160, 128 points each")
