"""Misuse: every error has its name, and a call that raises has changed nothing."""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Any

from contracts.distributed.consistent_hashing import (
    DuplicateNode,
    EmptyRing,
    TooFewNodes,
    UnknownNode,
)
from graders.kit import Implementation, Sim, check, equal, raises, simulate

KEYS = [f"user:{number}" for number in range(60)]
SURROGATE = "\ud800"


class Broken(Exception):
    """What a hash_key of the caller raises."""


def spread(data: bytes) -> int:
    """Hash well, into all 64 bits."""
    return int.from_bytes(blake2b(data, digest_size=8, key=b"grader").digest(), "big")


def ring(impl: Implementation) -> Any:
    """Make a ring of two nodes of weights 2 and 1."""
    it = impl.HashRing(points=8)
    it.add("a", 2)
    it.add("b")
    return it


def state(it: Any) -> tuple[dict[str, int], list[list[str]]]:
    """Ask for all that a ring shows."""
    nodes = it.nodes()
    return nodes, [it.nodes_for(key, len(nodes)) for key in KEYS]


@check("P14", kind="contract")
def test_rings_need_points(impl: Implementation) -> None:
    """Rings of 0 and of -1 points."""
    for points in (0, -1):
        raises(ValueError, partial(impl.HashRing, points=points), did=f"HashRing(points={points})")
    it = impl.HashRing(1)
    it.add("a")
    equal(it.node_for("k"), "a", did="node_for('k') on a ring of one node and one point")


@check("P14", kind="contract")
def test_weights_are_at_least_one(impl: Implementation) -> None:
    """Weights of 0 and less, for new nodes and for one that is there."""
    it = ring(impl)
    before = state(it)
    for weight in (0, -3):
        raises(ValueError, partial(it.add, "c", weight), did=f"add('c', {weight})")
        raises(ValueError, partial(it.set_weight, "a", weight), did=f"set_weight('a', {weight})")
    equal(state(it), before, did="nodes() and 60 lookups after the four refusals")


@check("P14", kind="contract")
def test_nodes_are_text(impl: Implementation) -> None:
    """Nodes of other types, and a lone surrogate, were added."""
    it = ring(impl)
    before = state(it)
    for node in (b"c", 7, None, ("c",)):
        raises(TypeError, partial(it.add, node), did=f"add({node!r})")
    raises(ValueError, lambda: it.add(SURROGATE), did=f"add({SURROGATE!r})")
    equal(state(it), before, did="nodes() and 60 lookups after the refusals")
    for name in ("", " ", "ключ", "a" * 1_000):
        it.add(name)
    equal(len(it.nodes()), 6, did="len(nodes()) after four more nodes, '' among them")


@check("P14", kind="contract")
def test_keys_are_text_or_bytes(impl: Implementation) -> None:
    """Keys of other types, and a lone surrogate."""
    it = ring(impl)
    for key in (7, 1.5, None, ("k",), ["k"]):
        raises(TypeError, partial(it.node_for, key), did=f"node_for({key!r})")
        raises(TypeError, partial(it.nodes_for, key, 1), did=f"nodes_for({key!r}, 1)")
    raises(ValueError, lambda: it.node_for(SURROGATE), did=f"node_for({SURROGATE!r})")
    raises(ValueError, lambda: it.nodes_for(SURROGATE, 1), did=f"nodes_for({SURROGATE!r}, 1)")


@check("P14", kind="contract")
def test_empty_ring_has_no_answer(impl: Implementation) -> None:
    """Lookups before the first node, and after the last has left."""
    it = impl.HashRing()
    for when in ("before the first node", "after the last node has left"):
        raises(EmptyRing, lambda: it.node_for("k"), did=f"node_for('k') {when}")
        raises(EmptyRing, lambda: it.nodes_for("k", 1), did=f"nodes_for('k', 1) {when}")
        raises(EmptyRing, lambda: it.nodes_for("k", 2), did=f"nodes_for('k', 2) {when}")
        equal(it.nodes(), {}, did=f"nodes() {when}")
        it.add("a", 2)
        it.remove("a")


@check("P14", kind="contract")
def test_number_of_replicas(impl: Implementation) -> None:
    """Fewer than one replica, as many as there are nodes, one more, and very many."""
    it = ring(impl)
    for n in (0, -1):
        raises(ValueError, partial(it.nodes_for, "k", n), did=f"nodes_for('k', {n})")
    for n in (3, 1_000_000):
        did = f"nodes_for('k', {n}) on a ring of two nodes"
        raises(TooFewNodes, partial(it.nodes_for, "k", n), did=did)
    equal(sorted(it.nodes_for("k", 2)), ["a", "b"], did="sorted(nodes_for('k', 2))")
    it.remove("a")
    raises(TooFewNodes, lambda: it.nodes_for("k", 2), did="nodes_for('k', 2) after one has left")


@check("P14", kind="contract")
def test_node_that_is_there_cannot_join(impl: Implementation) -> None:
    """A node was added again, with the same weight, with another, and after it had left."""
    it = ring(impl)
    before = state(it)
    for weight in (2, 1, 5):
        raises(DuplicateNode, partial(it.add, "a", weight), did=f"add('a', {weight}) again")
    equal(state(it), before, did="nodes() and 60 lookups after the refusals")
    it.remove("a")
    it.add("a", 2)
    equal(state(it), before, did="nodes() and 60 lookups after remove('a') and add('a', 2)")


@check("P14", kind="contract")
def test_stranger_cannot_leave(impl: Implementation) -> None:
    """A node that was never there, and one that has left, were removed and given a weight."""
    it = ring(impl)
    before = state(it)
    it.add("c")
    it.remove("c")
    for node in ("c", "never", ""):
        raises(UnknownNode, partial(it.remove, node), did=f"remove({node!r})")
        raises(UnknownNode, partial(it.set_weight, node, 2), did=f"set_weight({node!r}, 2)")
    equal(state(it), before, did="nodes() and 60 lookups after the refusals")
    empty = impl.HashRing()
    raises(UnknownNode, lambda: empty.remove("a"), did="remove('a') on an empty ring")


@check("P14", kind="contract")
def test_failing_hash_changes_nothing(impl: Implementation) -> None:
    """hash_key raised at its 1st, 2nd … 7th call inside a change, which was then made again."""
    changes: dict[str, Callable[[Any], object]] = {
        "add('c', 2)": lambda it: it.add("c", 2),
        "set_weight('a', 3)": lambda it: it.set_weight("a", 3),
        "set_weight('a', 1)": lambda it: it.set_weight("a", 1),
        "remove('a')": lambda it: it.remove("a"),
    }

    def scene(sim: Sim) -> None:
        for did, change in changes.items():
            for allowed in range(7):
                hash_key = Failing()
                it = impl.HashRing(points=3, hash_key=hash_key)
                it.add("a", 2)
                it.add("b")
                before = state(it)
                hash_key.calls_left = allowed
                failed = fails(partial(change, it))
                hash_key.calls_left = None
                told = f"{did}, hash_key raising at call {allowed + 1}"
                if failed:
                    equal(state(it), before, did=f"nodes() and 60 lookups after {told}")
                    change(it)
                again = impl.HashRing(points=3, hash_key=spread)
                for node, weight in it.nodes().items():
                    again.add(node, weight)
                equal(state(it), (it.nodes(), state(again)[1]), did=f"the same after {told}, again")

    simulate(scene)


class Failing:
    """A hash_key that raises after so many more calls."""

    calls_left: int | None = None

    def __call__(self, data: bytes) -> int:
        if self.calls_left is not None:
            self.calls_left -= 1
            if self.calls_left < 0:
                raise Broken
        return spread(data)


def fails(change: Callable[[], object]) -> bool:
    """Make the change; say whether the hash_key's exception came out."""
    try:
        change()
    except Broken:
        return True
    return False


@check("P14", kind="contract")
def test_exception_of_the_hash_comes_out(impl: Implementation) -> None:
    """hash_key raised in lookups and in add; what came out was its own exception."""
    hash_key = Failing()
    it = impl.HashRing(points=2, hash_key=hash_key)
    it.add("a")
    hash_key.calls_left = 0
    raises(Broken, lambda: it.node_for("k"), did="node_for('k') with a hash_key that raises")
    raises(
        Broken, lambda: it.nodes_for("k", 1), did="nodes_for('k', 1) with a hash_key that raises"
    )
    raises(Broken, lambda: it.add("b"), did="add('b') with a hash_key that raises")
    equal(it.nodes(), {"a": 1}, did="nodes() after add('b') failed")


@check("P15", kind="contract")
def test_nodes_is_the_callers(impl: Implementation) -> None:
    """The caller emptied the dict and put something else into it."""
    it = impl.HashRing()
    equal(it.nodes(), {}, did="nodes() of an empty ring")
    it.add("a")
    it.add("b", 3)
    got = it.nodes()
    equal(got, {"a": 1, "b": 3}, did="nodes() after add('a') and add('b', 3)")
    got.clear()
    got["c"] = 1
    equal(it.nodes(), {"a": 1, "b": 3}, did="nodes() after the caller changed the first dict")
    kept = it.nodes()
    it.set_weight("a", 2)
    it.remove("b")
    equal(it.nodes(), {"a": 2}, did="nodes() after set_weight('a', 2) and remove('b')")
    equal(kept, {"a": 1, "b": 3}, did="the dict that was asked for before these changes")
