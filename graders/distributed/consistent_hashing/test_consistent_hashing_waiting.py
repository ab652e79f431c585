"""The hash takes its time: nobody who looks up waits for somebody else's."""

import threading
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, explore

KEYS = [f"k{number}" for number in range(7)]
Lists = dict[str, list[str]]


def spread(data: bytes) -> int:
    """Hash well, into all 64 bits."""
    return int.from_bytes(blake2b(data, digest_size=8, key=b"grader").digest(), "big")


def ring(
    impl: Implementation, weights: Mapping[str, int], hash_key: Callable[[bytes], int] = spread
) -> Any:
    """Make a ring of 2 points per unit of weight, so that schedules stay short."""
    it = impl.HashRing(points=2, hash_key=hash_key)
    for node, weight in weights.items():
        it.add(node, weight)
    return it


def lists(it: Any) -> Lists:
    """Ask for all nodes in the order of each key."""
    size = len(it.nodes())
    return {key: it.nodes_for(key, size) for key in KEYS}


def answers(impl: Implementation, weights: Mapping[str, int]) -> Lists:
    """Ask a fresh ring."""
    return lists(ring(impl, weights))


@check("P13", kind="concurrency")
def test_slow_hash_in_a_change_holds_up_no_lookup(impl: Implementation) -> None:
    """A change was inside hash_key for a while; lookups by two other threads came meanwhile."""
    old = {"a": 1, "b": 2, "c": 1}
    known = {key.encode() for key in KEYS}
    changes: dict[str, tuple[Callable[[Any], object], dict[str, int]]] = {
        "add('d', 2)": (lambda it: it.add("d", 2), {**old, "d": 2}),
        "set_weight('a', 3)": (lambda it: it.set_weight("a", 3), {**old, "a": 3}),
        "set_weight('b', 1)": (lambda it: it.set_weight("b", 1), {**old, "b": 1}),
        "remove('b')": (lambda it: it.remove("b"), {"a": 1, "c": 1}),
    }
    for did, (change, new) in changes.items():
        before, after = answers(impl, old), answers(impl, new)

        def scene(
            sim: Sim,
            change: Callable[[Any], object] = change,
            before: Lists = before,
            after: Lists = after,
            did: str = did,
        ) -> None:
            gate, slow = threading.Event(), threading.Event()

            def hash_key(data: bytes) -> int:
                if slow.is_set() and data not in known:
                    gate.wait()
                return spread(data)

            it = ring(impl, old, hash_key)
            slow.set()
            writer = sim.spawn(lambda: change(it))
            sim.settle()
            want = after if writer.done else before
            reader = sim.spawn(lambda: {key: it.nodes_for(key, 2) for key in KEYS})
            other = sim.spawn(lambda: {key: it.node_for(key) for key in KEYS})
            sim.settle()
            ensure(reader.done, did=f"nodes_for while {did} is inside hash_key", want="an answer")
            ensure(other.done, did=f"node_for while {did} is inside hash_key", want="an answer")
            told = f"lookups while {did} is inside hash_key"
            equal(reader.result(), {key: found[:2] for key, found in want.items()}, did=told)
            equal(other.result(), {key: found[0] for key, found in want.items()}, did=told)
            gate.set()
            writer.result()
            equal(lists(it), after, did=f"all lookups after {did}")

        explore(scene, schedules=8)


@check("P13", kind="concurrency")
def test_slow_hash_of_a_key_holds_up_no_lookup(impl: Implementation) -> None:
    """One lookup was inside hash_key for a while; other lookups came meanwhile."""

    def scene(sim: Sim) -> None:
        gate = threading.Event()

        def hash_key(data: bytes) -> int:
            if data == b"slow":
                gate.wait()
            return spread(data)

        it = ring(impl, {"a": 1, "b": 2}, hash_key)
        slow = [sim.spawn(lambda: it.node_for("slow")), sim.spawn(lambda: it.nodes_for("slow", 2))]
        sim.settle()
        quick = sim.spawn(lambda: [(it.node_for(key), it.nodes_for(key, 2)) for key in KEYS])
        sim.settle()
        ensure(quick.done, did="lookups while one is inside hash_key", want="answers at once")
        gate.set()
        found = slow[1].result()
        equal([slow[0].result()], found[:1], did="node_for('slow') and nodes_for('slow', 2)")

    explore(scene, schedules=8)
