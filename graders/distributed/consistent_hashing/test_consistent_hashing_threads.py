"""The ring shared by threads: every call takes effect at one instant."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from contracts.distributed.consistent_hashing import (
    DuplicateNode,
    EmptyRing,
    TooFewNodes,
    UnknownNode,
)
from graders.distributed.consistent_hashing.given import spread
from graders.kit import Implementation, Sim, check, ensure, equal, explore
from graders.kit.linear import check_linearizable

KEYS = [f"k{number}" for number in range(3)]
POOL = [f"k{number}" for number in range(40)]
SCHEDULES = 100
ALL_SINGLES = 200  # enough for each schedule with one deviation of a writer and a reader
Lists = dict[str, list[str]]
Step = tuple[str, object, object, object]  # a call, its answers of before and after, the answer


def ring(impl: Implementation, weights: Mapping[str, int]) -> Any:
    """Make a ring of one point per unit of weight, so that schedules stay short."""
    it = impl.HashRing(points=1, hash_key=spread)
    for node, weight in weights.items():
        it.add(node, weight)
    return it


def lists(it: Any, keys: Iterable[str] = KEYS) -> Lists:
    """Ask for all nodes in the order of each key."""
    size = len(it.nodes())
    return {key: it.nodes_for(key, size) for key in keys}


def answers(impl: Implementation, weights: Mapping[str, int], keys: Iterable[str] = KEYS) -> Lists:
    """Ask a fresh ring."""
    return lists(ring(impl, weights), keys)


def telling(before: Lists, after: Lists) -> list[str]:
    """Return two keys with another node after the change, and one with the same."""
    moved = [key for key in POOL if before[key][0] != after[key][0]]
    stayed = [key for key in POOL if before[key][0] == after[key][0]]
    return moved[:2] + stayed[:1]


def watch_a_change(
    impl: Implementation,
    old: Mapping[str, int],
    new: Mapping[str, int],
    change: Callable[[Any], object],
    did: str,
) -> None:
    """One thread changes the ring, the other asks for owners, replicas and nodes() in turn.

    Each answer is that of before or of after, and the reader never goes back from after to before.
    """
    before, after = answers(impl, old, POOL), answers(impl, new, POOL)
    first, *others = keys = telling(before, after)
    size = min(len(old), len(new), 2)

    def read(it: Any) -> list[Step]:
        def owner(key: str) -> Step:
            return f"node_for({key!r})", before[key][0], after[key][0], it.node_for(key)

        def replicas(key: str) -> Step:
            want = before[key][:size], after[key][:size]
            return f"nodes_for({key!r}, {size})", *want, it.nodes_for(key, size)

        def nodes() -> Step:
            return "nodes()", dict(old), dict(new), it.nodes()

        return [nodes(), owner(first), nodes(), *map(replicas, keys), *map(owner, others)]

    def scene(sim: Sim) -> None:
        it = ring(impl, old)
        jobs: list[Callable[[], Any]] = [lambda: change(it), lambda: read(it)]
        check_seen(sim.together(*jobs)[1], did)
        equal(lists(it, keys), {key: after[key] for key in keys}, did=f"replicas after {did}")
        owners = {key: it.node_for(key) for key in keys}
        equal(owners, {key: after[key][0] for key in keys}, did=f"owners after {did}")

    explore(scene, schedules=ALL_SINGLES)


def check_seen(seen: Iterable[Step], did: str) -> None:
    """Every answer is that of before or of after, and no later one is older."""
    changed = False
    for call, old, new, got in seen:
        allowed = [new] if changed else [old, new]
        want = f"{' or '.join(map(str, allowed))}{', as already seen' if changed else ''}"
        ensure(got in allowed, did=f"{call} during {did}", want=want, got=got)
        changed = changed or got != old


@check("P12", kind="concurrency")
def test_lookups_while_a_node_joins(impl: Implementation) -> None:
    """A added a node of weight 2 to three; B asked for keys and nodes() all the while."""
    old = {"a": 1, "b": 1, "c": 1}
    watch_a_change(impl, old, {**old, "d": 2}, lambda it: it.add("d", 2), "add('d', 2)")


@check("P12", kind="concurrency")
def test_lookups_while_a_node_leaves(impl: Implementation) -> None:
    """A removed one of four nodes; B asked for keys and nodes() all the while."""
    new = {"a": 1, "c": 1, "d": 1}
    watch_a_change(impl, {**new, "b": 2}, new, lambda it: it.remove("b"), "remove('b')")


@check("P12", kind="concurrency")
def test_lookups_while_a_weight_rises(impl: Implementation) -> None:
    """A gave a node of weight 1 the weight 3; B asked for keys and nodes() all the while."""
    old = {"a": 1, "b": 1, "c": 1}
    change, did = lambda it: it.set_weight("b", 3), "set_weight('b', 3), which had 1"
    watch_a_change(impl, old, {**old, "b": 3}, change, did)


@check("P12", kind="concurrency")
def test_lookups_while_a_weight_falls(impl: Implementation) -> None:
    """A gave a node of weight 4 the weight 1; B asked for keys and nodes() all the while."""
    old = {"a": 1, "b": 4, "c": 1}
    change, did = lambda it: it.set_weight("b", 1), "set_weight('b', 1), which had 4"
    watch_a_change(impl, old, {**old, "b": 1}, change, did)


@check("P12", kind="concurrency")
def test_only_node_gets_another_weight(impl: Implementation) -> None:
    """A changed the weight of the only node, twice; B looked up all the while."""

    def scene(sim: Sim) -> None:
        it = ring(impl, {"a": 1})
        _, found = sim.together(
            lambda: (it.set_weight("a", 3), it.set_weight("a", 1)),
            lambda: [it.node_for("k1"), *it.nodes_for("k2", 1), it.node_for("k3"), *it.nodes()],
        )
        equal(found, ["a"] * 4, did="lookups and nodes() while the only node changed its weight")

    explore(scene, schedules=SCHEDULES)


@check("P12", kind="concurrency")
def test_first_node_joins_and_last_node_leaves(impl: Implementation) -> None:
    """A added the only node and removed it; B looked up, and got it or EmptyRing."""

    def outcome(it: Any) -> object:
        try:
            return it.node_for("k"), it.nodes_for("k", 1)
        except EmptyRing:
            return "EmptyRing"

    def scene(sim: Sim) -> None:
        it = ring(impl, {})
        _, seen = sim.together(
            lambda: (it.add("a", 2), it.remove("a")), lambda: [outcome(it) for _ in range(2)]
        )
        for each in seen:
            want = "('a', ['a']) or EmptyRing"
            ensure(
                each in (("a", ["a"]), "EmptyRing"), did="lookups meanwhile", want=want, got=each
            )
        equal(outcome(it), "EmptyRing", did="a lookup after add('a', 2) and remove('a')")

    explore(scene, schedules=SCHEDULES)


@check("P12", kind="concurrency")
def test_replicas_while_there_are_just_enough(impl: Implementation) -> None:
    """Of three nodes one left and another joined; B and C asked for three replicas of two keys."""
    old, new = {"a": 1, "b": 1, "c": 2}, {"a": 1, "b": 1, "d": 2}
    before, after = answers(impl, old), answers(impl, new)

    def outcome(it: Any, key: str) -> object:
        try:
            return it.nodes_for(key, 3)
        except TooFewNodes:
            return "TooFewNodes"

    def scene(sim: Sim) -> None:
        it = ring(impl, old)
        _, *seen = sim.together(
            lambda: (it.remove("c"), it.add("d", 2)),
            lambda: outcome(it, "k0"),
            lambda: outcome(it, "k1"),
        )
        for key, each in zip(("k0", "k1"), seen, strict=True):
            did = f"nodes_for({key!r}, 3) during remove('c'), add('d', 2)"
            allowed = [before[key], after[key], "TooFewNodes"]
            ensure(each in allowed, did=did, want=" or ".join(map(str, allowed)), got=each)

    explore(scene, schedules=SCHEDULES)


@check("P12", kind="concurrency")
def test_nodes_while_the_ring_changes(impl: Implementation) -> None:
    """A added a node, changed a weight and removed a node; B asked for nodes() twice."""
    states: list[dict[str, int]] = [
        {"a": 1, "b": 1},
        {"a": 1, "b": 1, "c": 2},
        {"a": 1, "b": 3, "c": 2},
        {"b": 3, "c": 2},
    ]

    def scene(sim: Sim) -> None:
        it = ring(impl, states[0])
        _, seen = sim.together(
            lambda: (it.add("c", 2), it.set_weight("b", 3), it.remove("a")),
            lambda: [dict(it.nodes()) for _ in range(2)],
        )
        for each in seen:
            did = "nodes() during add('c', 2), set_weight('b', 3), remove('a')"
            ensure(each in states, did=did, want="one of the four states", got=each)
        order = [states.index(each) for each in seen]
        equal(order, sorted(order), did="which of the four states was seen first, and second")

    explore(scene, schedules=SCHEDULES)


@check("P12", kind="concurrency")
def test_changes_of_different_nodes_are_all_kept(impl: Implementation) -> None:
    """A added a node, B removed another, C changed the weight of a third, all at once."""
    want = {"a": 3, "c": 1, "d": 2}
    after = answers(impl, want)

    def scene(sim: Sim) -> None:
        it = ring(impl, {"a": 1, "b": 1, "c": 1})
        sim.together(lambda: it.add("d", 2), lambda: it.remove("b"), lambda: it.set_weight("a", 3))
        equal(it.nodes(), want, did="nodes() after add('d', 2), remove('b'), set_weight('a', 3)")
        equal(lists(it), after, did="all lookups after these changes by three threads")

    explore(scene, schedules=SCHEDULES)


@check("P12", kind="concurrency")
def test_same_node_joins_and_leaves_twice(impl: Implementation) -> None:
    """Two threads added the same node with different weights; then two threads removed it."""
    fresh = {weight: answers(impl, {"a": 1, "b": weight}) for weight in (1, 2)}
    alone = answers(impl, {"a": 1})

    def scene(sim: Sim) -> None:
        it = ring(impl, {"a": 1})
        adds, seen = added(sim, it)
        did = "add('b', 1) and add('b', 2) by two threads"
        equal(sorted(adds), ["DuplicateNode", "done"], did=did)
        kept = 1 + adds.index("done")
        both = {"a": 1, "b": kept}
        equal(seen, [both, both], did=f"nodes() right after each of {did}")
        equal(it.nodes(), both, did=f"nodes() after {did}")
        equal(lists(it), fresh[kept], did=f"all lookups after {did}")
        removes = sim.together(*[lambda: (outcome(lambda: it.remove("b")), it.nodes())] * 2)
        results = sorted(result for result, _ in removes)
        equal(results, ["UnknownNode", "done"], did="remove('b') by two threads")
        left = [nodes for _, nodes in removes]
        equal(left, [{"a": 1}] * 2, did="nodes() right after each remove('b')")
        equal(lists(it), alone, did="all lookups after remove('b') by two threads")

    explore(scene, schedules=SCHEDULES)


@check("P12", kind="concurrency")
def test_weight_of_a_node_that_leaves(impl: Implementation) -> None:
    """A removed a node while B and C changed its weight; then all came one after the other."""
    alone = answers(impl, {"a": 1})

    def scene(sim: Sim) -> None:
        it = ring(impl, {"a": 1, "b": 1})
        results = sim.together(
            lambda: outcome(lambda: it.remove("b")),
            lambda: outcome(lambda: it.set_weight("b", 2)),
        )
        equal(results[0], "done", did="remove('b') while set_weight('b', 2)")
        ensure(results[1] in ("done", "UnknownNode"), did="set_weight('b', 2) while remove('b')",
               want="done or UnknownNode", got=results[1])  # fmt: skip
        equal(it.nodes(), {"a": 1}, did="nodes() after remove('b'), whatever else was done")
        equal(lists(it), alone, did="all lookups after remove('b'), whatever else was done")

    explore(scene, schedules=SCHEDULES)


@check("P12", kind="concurrency")
def test_one_node_gets_two_weights(impl: Implementation) -> None:
    """Two threads gave the same node different weights at once; one of them holds."""
    fresh = {weight: answers(impl, {"a": 2, "b": weight}) for weight in (3, 1)}

    def scene(sim: Sim) -> None:
        it = ring(impl, {"a": 2, "b": 2})
        sim.together(lambda: it.set_weight("b", 3), lambda: it.set_weight("b", 1))
        weight = it.nodes().get("b")
        ensure(weight in fresh, did="set_weight('b', 3) and set_weight('b', 1)", got=weight)
        equal(lists(it), fresh[weight], did=f"all lookups after nodes() said that 'b' has {weight}")

    explore(scene, schedules=SCHEDULES)


def added(sim: Sim, it: Any) -> tuple[list[str], list[dict[str, int]]]:
    """Let two threads add 'b'; answers how it went, and the nodes that each saw right after it."""
    jobs = [lambda w=weight: (outcome(lambda: it.add("b", w)), it.nodes()) for weight in (1, 2)]
    results = sim.together(*jobs)
    return [result for result, _ in results], [nodes for _, nodes in results]


def outcome(change: Callable[[], object]) -> str:
    """Say how a change went."""
    try:
        change()
    except (DuplicateNode, UnknownNode) as error:
        return "DuplicateNode" if isinstance(error, DuplicateNode) else "UnknownNode"
    return "done"


class Model:
    """A ring without threads, which knows what the graded one answers in each state."""

    def __init__(self, table: Mapping[frozenset[tuple[str, int]], Lists]) -> None:
        self.table, self.weights = table, dict[str, int]()

    def __deepcopy__(self, _: object) -> "Model":
        """Copy what changes; the search takes each step on a copy."""
        copy = Model(self.table)
        copy.weights = dict(self.weights)
        return copy

    def __reduce__(self) -> Any:
        """Two states are the same if their weights are."""
        return dict, (sorted(self.weights.items()),)

    def add(self, node: str, weight: int) -> None:
        """Join."""
        if node in self.weights:
            raise DuplicateNode
        self.weights[node] = weight

    def remove(self, node: str) -> None:
        """Leave."""
        self._demand(node)
        del self.weights[node]

    def set_weight(self, node: str, weight: int) -> None:
        """Get another weight."""
        self._demand(node)
        self.weights[node] = weight

    def nodes_for(self, key: str, n: int) -> list[str]:
        """Look the answer up."""
        if not self.weights:
            raise EmptyRing
        if n > len(self.weights):
            raise TooFewNodes
        return self.table[frozenset(self.weights.items())][key][:n]

    def node_for(self, key: str) -> str:
        """Look the answer up."""
        return self.nodes_for(key, 1)[0]

    def nodes(self) -> dict[str, int]:
        """All weights."""
        return dict(self.weights)

    def _demand(self, node: str) -> None:
        if node not in self.weights:
            raise UnknownNode


@check("P12", kind="concurrency")
def test_some_order_explains_all_answers(impl: Implementation) -> None:
    """Generated programs of two threads with three calls each: changes, lookups, nodes()."""
    names = "ab"
    states = [
        {name: weight for name, weight in zip(names, weights, strict=True) if weight}
        for weights in itertools.product((0, 1, 2), repeat=len(names))
    ]
    table = {frozenset(state.items()): answers(impl, state) for state in states if state}

    operations: list[tuple[str, tuple[Any, ...]]] = [
        *(("add", (name, weight)) for name in names for weight in (1, 2)),
        *(("remove", (name,)) for name in names),
        *(("set_weight", (name, weight)) for name in names for weight in (1, 2)),
        *(("node_for", (key,)) for key in KEYS[:3]),
        *(("nodes_for", (key, 2)) for key in KEYS[:2]),
        ("nodes", ()),
    ]
    check_linearizable(
        lambda: ring(impl, {}),
        lambda: Model(table),
        operations,
        scenarios=10,
        schedules=20,
        setup=[("add", ("a", 1)), ("add", ("b", 1))],
    )
