"""Misuse: every error has its name, and a call that raises has changed nothing."""

from collections.abc import Callable
from functools import partial
from typing import Any

from contracts.distributed.consistent_hashing import (
    DuplicateNode,
    EmptyRing,
    TooFewNodes,
    UnknownNode,
)
from graders.distributed.consistent_hashing.given import spread
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate

KEYS = [f"user:{number}" for number in range(60)]
SURROGATE = "\ud800"


class Broken(Exception):
    """What a hash_key of the caller raises."""


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
def test_rings_need_points(plain: Implementation) -> None:
    """Rings of 0 and of -1 points."""
    for points in (0, -1):
        raises(ValueError, partial(plain.HashRing, points=points), did=f"HashRing(points={points})")
    it = plain.HashRing(1)
    it.add("a")
    equal(it.node_for("k"), "a", did="node_for('k') on a ring of one node and one point")


@check("P14", kind="contract")
def test_weights_are_at_least_one(plain: Implementation) -> None:
    """Weights of 0 and less, for new nodes and for one that is there."""
    it = ring(plain)
    before = state(it)
    for weight in (0, -3):
        raises(ValueError, partial(it.add, "c", weight), did=f"add('c', {weight})")
        raises(ValueError, partial(it.set_weight, "a", weight), did=f"set_weight('a', {weight})")
    equal(state(it), before, did="nodes() and 60 lookups after the four refusals")


@check("P14", kind="contract")
def test_nodes_are_text(plain: Implementation) -> None:
    """Nodes of other types, and a lone surrogate, were added."""
    it = ring(plain)
    before = state(it)
    for node in (b"c", 7, None, ("c",)):
        raises(TypeError, partial(it.add, node), did=f"add({node!r})")
    raises(ValueError, lambda: it.add(SURROGATE), did=f"add({SURROGATE!r})")
    equal(state(it), before, did="nodes() and 60 lookups after the refusals")
    for name in ("", " ", "ключ", "a" * 1_000):
        it.add(name)
    equal(len(it.nodes()), 6, did="len(nodes()) after four more nodes, '' among them")


@check("P14", kind="contract")
def test_keys_are_text_or_bytes(plain: Implementation) -> None:
    """Keys of other types, among them what is like bytes, and a lone surrogate; also with a hash_key that takes all."""
    it, lenient = ring(plain), plain.HashRing(points=1, hash_key=lambda _: 7)
    lenient.add("a")
    for key in (7, True, 1.5, None, ("k",), ["k"], bytearray(b"k"), memoryview(b"k")):
        for each, told in ((it, ""), (lenient, " with a hash_key of the caller's")):
            raises(TypeError, partial(each.node_for, key), did=f"node_for({key!r}){told}")
            raises(TypeError, partial(each.nodes_for, key, 1), did=f"nodes_for({key!r}, 1){told}")
    raises(ValueError, lambda: it.node_for(SURROGATE), did=f"node_for({SURROGATE!r})")
    raises(ValueError, lambda: it.nodes_for(SURROGATE, 1), did=f"nodes_for({SURROGATE!r}, 1)")


@check("P14", kind="contract")
def test_empty_ring_has_no_answer(plain: Implementation) -> None:
    """Lookups before the first node, and after the last has left."""
    it = plain.HashRing()
    for when in ("before the first node", "after the last node has left"):
        raises(EmptyRing, lambda: it.node_for("k"), did=f"node_for('k') {when}")
        raises(EmptyRing, lambda: it.nodes_for("k", 1), did=f"nodes_for('k', 1) {when}")
        raises(EmptyRing, lambda: it.nodes_for("k", 2), did=f"nodes_for('k', 2) {when}")
        equal(it.nodes(), {}, did=f"nodes() {when}")
        it.add("a", 2)
        it.remove("a")


@check("P14", kind="contract")
def test_number_of_replicas(plain: Implementation) -> None:
    """Fewer than one replica, as many as there are nodes, one more, and very many."""
    it = ring(plain)
    for n in (0, -1):
        raises(ValueError, partial(it.nodes_for, "k", n), did=f"nodes_for('k', {n})")
    for n in (3, 1_000_000):
        did = f"nodes_for('k', {n}) on a ring of two nodes"
        raises(TooFewNodes, partial(it.nodes_for, "k", n), did=did)
    equal(sorted(it.nodes_for("k", 2)), ["a", "b"], did="sorted(nodes_for('k', 2))")
    it.remove("a")
    raises(TooFewNodes, lambda: it.nodes_for("k", 2), did="nodes_for('k', 2) after one has left")


@check("P14", kind="contract")
def test_node_that_is_there_cannot_join(plain: Implementation) -> None:
    """A node was added again, with the same weight, with another, and after it had left."""
    it = ring(plain)
    before = state(it)
    for weight in (2, 1, 5):
        raises(DuplicateNode, partial(it.add, "a", weight), did=f"add('a', {weight}) again")
    equal(state(it), before, did="nodes() and 60 lookups after the refusals")
    it.remove("a")
    it.add("a", 2)
    equal(state(it), before, did="nodes() and 60 lookups after remove('a') and add('a', 2)")


@check("P14", kind="contract")
def test_stranger_cannot_leave(plain: Implementation) -> None:
    """A node that was never there, and one that has left, were removed and given a weight."""
    it = ring(plain)
    before = state(it)
    it.add("c")
    it.remove("c")
    for node in ("c", "never", ""):
        raises(UnknownNode, partial(it.remove, node), did=f"remove({node!r})")
        raises(UnknownNode, partial(it.set_weight, node, 2), did=f"set_weight({node!r}, 2)")
    equal(state(it), before, did="nodes() and 60 lookups after the refusals")
    empty = plain.HashRing()
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
def test_exception_of_the_hash_comes_out(plain: Implementation) -> None:
    """hash_key raised once, in lookups and in changes; what came out was its own exception."""
    calls: dict[str, Callable[[Any], object]] = {
        "node_for('k')": lambda it: it.node_for("k"),
        "nodes_for('k', 2)": lambda it: it.nodes_for("k", 2),
        "add('c', 2)": lambda it: it.add("c", 2),
        "set_weight('a', 2)": lambda it: it.set_weight("a", 2),
    }
    for error in (Broken(), KeyError("k"), ValueError(), ZeroDivisionError(), Stopped()):
        for call, job in calls.items():
            hash_key = RaisingOnce()
            it = plain.HashRing(points=2, hash_key=hash_key)
            it.add("a")
            it.add("b")
            hash_key.errors.append(error)
            did = f"{call} with a hash_key that raises {type(error).__name__}"
            got = caught(partial(job, it))
            if not hash_key.errors or "for" in call:
                ensure(got is error, did=did, want="the exception that it raised", got=got)
            if got is error:
                equal(it.nodes(), {"a": 1, "b": 1}, did=f"nodes() after {did}")


def caught(job: Callable[[], object]) -> object:
    """Return the exception that comes out of the job, or else its result."""
    try:
        return job()
    except (Broken, LookupError, ValueError, ArithmeticError, RuntimeError, Stopped) as error:
        return error


class Stopped(BaseException):
    """What interrupts a hash_key of the caller, as Ctrl-C would."""


class RaisingOnce:
    """A hash_key that raises at its next call, and then no more."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def __call__(self, data: bytes) -> int:
        if self.errors:
            raise self.errors.pop()
        return spread(data)


@check("P15", kind="contract")
def test_nodes_is_the_callers(plain: Implementation) -> None:
    """The caller emptied the dict and put something else into it."""
    it = plain.HashRing()
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


@check("P3", "P15", kind="contract")
def test_names_are_taken_as_they_are(plain: Implementation) -> None:
    """Fourteen nodes whose names are nearly the same, or parts of each other; some of them left."""
    names = ["node-1", "node-10", "Node-1", " node-1", "node-1 ", "node-1#0", "node-1#0#1", "node",
             "", "#", "1", "é", "e\u0301", "node-1\0"]  # fmt: skip
    it = plain.HashRing(points=4)
    for name in names:
        it.add(name)
    while names:
        equal(it.nodes(), dict.fromkeys(names, 1), did="nodes()")
        found = {key: it.nodes_for(key, len(names)) for key in KEYS[:10]}
        for key, nodes in found.items():
            equal(sorted(nodes), sorted(names), did=f"sorted(nodes_for({key!r}, {len(names)}))")
        gone = names.pop(0)
        it.remove(gone)
        for key, nodes in found.items():
            did = f"nodes_for({key!r}, {len(names)}) after remove({gone!r})"
            rest = [node for node in nodes if node != gone]
            equal(it.nodes_for(key, len(rest)) if rest else [], rest, did=did)
