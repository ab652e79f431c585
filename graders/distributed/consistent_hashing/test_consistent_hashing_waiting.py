"""The hash takes its time: nobody who looks up waits for somebody else's."""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graders.distributed.consistent_hashing.given import spread
from graders.kit import Implementation, Sim, check, ensure, equal, explore

KEYS = [f"k{number}" for number in range(4)]
Lists = dict[str, list[str]]


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
    """A change was inside hash_key for a while; another change and lookups came meanwhile."""
    old = {"a": 1, "b": 2, "c": 1}
    known = {key.encode() for key in KEYS}
    changes: dict[str, tuple[Callable[[Any], object], dict[str, int]]] = {
        "add('d', 2)": (lambda it: it.add("d", 2), {**old, "d": 2}),
        "set_weight('a', 3)": (lambda it: it.set_weight("a", 3), {**old, "a": 3}),
        "set_weight('b', 1)": (lambda it: it.set_weight("b", 1), {**old, "b": 1}),
        "remove('b')": (lambda it: it.remove("b"), {"a": 1, "c": 1}),
    }
    for (did, (change, new)), quick in itertools.product(changes.items(), (0, 2)):
        before, after = answers(impl, old), answers(impl, new)

        def scene(  # noqa: PLR0917 - what the loop is at
            sim: Sim,
            change: Callable[[Any], object] = change,
            before: Lists = before,
            after: Lists = after,
            did: str = f"{did} is inside call {quick + 1} of hash_key",
            quick: int = quick,
        ) -> None:
            gate = threading.Event()
            left: Iterator[bool] = itertools.repeat(True)

            def hash_key(data: bytes) -> int:
                if data not in known and not next(left, False):
                    gate.wait()
                return spread(data)

            it = ring(impl, old, hash_key)
            left = iter([True] * quick)
            writer = sim.spawn(lambda: change(it))
            sim.settle()
            second = sim.spawn(lambda: it.set_weight("c", 1))  # changes nothing, but may wait
            sim.settle()
            want = after if writer.done else before
            reader = sim.spawn(lambda: {key: it.nodes_for(key, 2) for key in KEYS})
            other = sim.spawn(lambda: {key: it.node_for(key) for key in KEYS})
            sim.settle()
            ensure(reader.done, did=f"nodes_for while {did}", want="an answer")
            ensure(other.done, did=f"node_for while {did}", want="an answer")
            told = f"lookups while {did}"
            equal(reader.result(), {key: found[:2] for key, found in want.items()}, did=told)
            equal(other.result(), {key: found[0] for key, found in want.items()}, did=told)
            gate.set()
            writer.result()
            second.result()
            equal(lists(it), after, did=f"all lookups after the change; {did}")

        explore(scene, schedules=4)


@check("P13", kind="concurrency")
def test_slow_hash_of_a_key_holds_up_no_lookup(impl: Implementation) -> None:
    """Two lookups were inside hash_key for a while; a change and other lookups came meanwhile."""
    old, new = {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 1}
    before, after = answers(impl, old), answers(impl, new)

    def scene(sim: Sim) -> None:
        gate = threading.Event()

        def hash_key(data: bytes) -> int:
            if data == b"slow":
                gate.wait()
            return spread(data)

        it = ring(impl, old, hash_key)
        slow = [sim.spawn(lambda: it.node_for("slow")), sim.spawn(lambda: it.nodes_for("slow", 2))]
        sim.settle()
        check_quick(sim, it, before, "lookups while two are inside hash_key")
        writer = sim.spawn(lambda: it.add("c", 1))
        sim.settle()
        told = "lookups while two are inside hash_key, after add('c', 1) was called"
        check_quick(sim, it, after if writer.done else before, told)
        gate.set()
        writer.result()
        names = {slow[0].result(), *slow[1].result()}
        ensure(names <= set(new), did="the slow lookups", want="nodes of the ring", got=names)
        equal(lists(it), after, did="all lookups after add('c', 1)")

    explore(scene, schedules=8)


def check_quick(sim: Sim, it: Any, want: Lists, did: str) -> None:
    """Another thread looks up and must not wait."""
    quick = sim.spawn(lambda: {key: (it.node_for(key), it.nodes_for(key, 2)) for key in KEYS})
    sim.settle()
    ensure(quick.done, did=did, want="answers at once")
    equal(quick.result(), {key: (found[0], found[:2]) for key, found in want.items()}, did=did)


@check("P12", "P14", kind="concurrency")
def test_a_join_that_fails_stands_in_nobodys_way(impl: Implementation) -> None:
    """A's add was inside hash_key, which then raised; B added the same node meanwhile."""
    after = answers(impl, {"a": 1, "b": 2})

    def scene(sim: Sim) -> None:
        gate, slow = threading.Event(), threading.Event()

        def hash_key(data: bytes) -> int:
            if slow.is_set():
                slow.clear()
                gate.wait()
                raise ConnectionError
            return spread(data)

        def fails() -> bool:
            try:
                it.add("b", 1)
            except ConnectionError:
                return True
            return False

        it = ring(impl, {"a": 1}, hash_key)
        slow.set()
        failing = sim.spawn(fails)
        sim.settle()
        joining = sim.spawn(lambda: it.add("b", 2))
        sim.settle()
        gate.set()
        equal(failing.result(), True, did="add('b', 1), whose hash_key raised, raised the same")
        joining.result()
        equal(it.nodes(), {"a": 1, "b": 2}, did="nodes() after add('b', 2) beside one that failed")
        equal(lists(it), after, did="all lookups after add('b', 2) beside one that failed")

    explore(scene, schedules=8)
