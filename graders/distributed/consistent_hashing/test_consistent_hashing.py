"""The ring from outside: who gets which key, and what happens when nodes come and go."""

import itertools
import json
import os
import random
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from contracts.distributed.consistent_hashing import (
    DuplicateNode,
    EmptyRing,
    TooFewNodes,
    UnknownNode,
)
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic

KEYS = [f"user:{number}" for number in range(2_000)]
ODD_KEYS = ["", " ", "ключ", "鍵", "a" * 10_000, "a\x00b", "node-1", "node-1#0"]
NODES = [f"node-{number}" for number in range(10)]


def tiny(values: int) -> Callable[[bytes], int]:
    """A hash of so many values: positions collide all the time."""
    return lambda data: zlib.crc32(data) % values


HASHES: list[tuple[str, dict[str, Any]]] = [
    ("the default hash", {"points": 16}),
    ("a hash of 64 values", {"points": 8, "hash_key": tiny(64)}),
    ("a hash of 7 values", {"points": 3, "hash_key": tiny(7)}),
    ("a hash of one value", {"points": 2, "hash_key": lambda _: 5}),
    ("the largest values of a hash", {"points": 4, "hash_key": lambda d: 2**64 - 1 - zlib.crc32(d) % 9}),
]


def ring(impl: Implementation, nodes: Iterable[str] = NODES, **options: Any) -> Any:
    """A ring with these nodes."""
    it = impl.HashRing(**options)
    for node in nodes:
        it.add(node)
    return it


def owners(it: Any, keys: Iterable[str] = KEYS) -> dict[str, str]:
    """Who owns each key."""
    return {key: it.node_for(key) for key in keys}


def moved(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str, str]]:
    """The keys whose node is another one now, with the old and the new."""
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}


@check("P1", kind="behaviour")
def test_the_order_of_adds_does_not_matter(impl: Implementation) -> None:
    """Ten nodes added in four orders, with weights; 2,000 keys looked up."""
    weights = {node: 1 + index % 3 for index, node in enumerate(NODES)}
    seen = []
    for order in (NODES, NODES[::-1], sorted(NODES, key=lambda n: n[::-1]), NODES[5:] + NODES[:5]):
        it = impl.HashRing(points=16)
        for node in order:
            it.add(node, weights[node])
        seen.append(owners(it, [*KEYS, *ODD_KEYS]))
    for other in seen[1:]:
        equal(moved(seen[0], other), {}, did="keys whose node depends on the order of the adds")


@check("P1", kind="behaviour")
def test_a_detour_leaves_no_trace(impl: Implementation) -> None:
    """Nodes added and removed on the way; a node removed and added again."""
    straight = owners(ring(impl, NODES[:5], points=16))
    it = ring(impl, ["x", *NODES[:3], "y"], points=16)
    it.remove("x")
    it.add(NODES[3])
    it.remove(NODES[0])
    it.remove("y")
    it.add(NODES[4])
    it.add(NODES[0])
    equal(moved(straight, owners(it)), {}, did="keys that are elsewhere after a detour of adds and removes")


@check("P1", kind="behaviour")
def test_two_rings_share_nothing(impl: Implementation) -> None:
    """A second ring with other nodes beside the first."""
    first = ring(impl, ["a", "b"], points=8)
    before = owners(first, KEYS[:200])
    second = ring(impl, ["c"], points=8)
    equal(set(owners(second, KEYS[:200]).values()), {"c"}, did="all keys of the second ring")
    equal(owners(first, KEYS[:200]), before, did="the first ring, after the second was filled")
    equal(first.nodes(), {"a": 1, "b": 1}, did="nodes() of the first ring")


@check("P1", kind="behaviour")
def test_the_process_does_not_matter(impl: Implementation) -> None:
    """The same ring in this process and in children with two values of PYTHONHASHSEED."""
    here = owners(ring(impl, ["a", "b", "c", "d"], points=16), KEYS[:300])
    for seed in ("0", "31337"):
        equal(
            list(here.values()),
            in_another_process(impl, seed),
            did=f"300 keys in this process and in one with PYTHONHASHSEED={seed}",
        )


def in_another_process(impl: Implementation, seed: str) -> object:
    """The owners of 300 keys in a process of its own."""
    root = Path(__file__).resolve().parents[3]
    code = (
        f"import sys, json; sys.path.insert(0, {str(root)!r})\n"
        "from graders.kit.loading import open_source, parse\n"
        "from graders.kit.topics import find\n"
        f"source = parse(find(['consistent_hashing'])[0], {impl.spec!r})\n"
        "it = open_source(source, points=False).HashRing(points=16)\n"
        "[it.add(node) for node in ('a', 'b', 'c', 'd')]\n"
        "print(json.dumps([it.node_for(f'user:{n}') for n in range(300)]))\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(  # noqa: S603 - this interpreter, our own code
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    ensure(run.returncode == 0, did="the same ring in another process", want="an answer", got=run.stderr[-300:])
    return json.loads(run.stdout)


@check("P2", kind="behaviour")
def test_a_new_node_only_takes(impl: Implementation) -> None:
    """Nine nodes; a tenth joins, with weight 1 and with weight 5."""
    for weight in (1, 5):
        it = ring(impl, NODES[:9], points=32)
        before = owners(it)
        it.add(NODES[9], weight)
        changes = moved(before, owners(it))
        wrong = {key: change for key, change in changes.items() if change[1] != NODES[9]}
        equal(wrong, {}, did=f"keys that moved between old nodes when one of weight {weight} joined")
        ensure(len(changes) > 0, did=f"2,000 keys, a tenth node of weight {weight}", want="some keys move to it")


@check("P3", kind="behaviour")
def test_a_node_that_leaves_moves_only_its_keys(impl: Implementation) -> None:
    """Ten nodes; each in turn is removed and added again."""
    it = ring(impl, points=32)
    before = owners(it)
    for node in NODES:
        it.remove(node)
        changes = moved(before, owners(it))
        wrong = {key: change for key, change in changes.items() if change[0] != node}
        equal(wrong, {}, did=f"keys of other nodes that moved when {node} left")
        ensure(
            all(owner != node for owner in owners(it, KEYS[:200]).values()),
            did=f"lookups after {node} left",
            want="never the node that has left",
        )
        it.add(node)
        equal(moved(before, owners(it)), {}, did=f"keys elsewhere after {node} came back")


def shares(it: Any) -> Counter[str]:
    """How many of 20,000 keys each node gets."""
    return Counter(it.node_for(f"key/{number}") for number in range(20_000))


@check("P4", kind="behaviour")
def test_equal_nodes_get_about_the_same(impl: Implementation) -> None:
    """Ten nodes, 128 points, 20,000 keys, with four sets of names.

    A right ring of any good hash fails this by chance less than once in ten million times: a share
    is a sum of 128 arcs, so 1.6 lies seven standard deviations away (Chernoff: 6e-8).
    """
    for prefix in ("node-", "10.0.0.", "cache", "db/shard/"):
        nodes = [f"{prefix}{number}" for number in range(10)]
        got = shares(ring(impl, nodes, points=128))
        for node in nodes:
            share = round(got[node] / 2_000, 3)
            ensure(0.5 <= share <= 1.6, did=f"20,000 keys on 10 nodes: the share of {node!r}",
                   want="between 0.5 and 1.6 of a tenth", got=share)  # fmt: skip


@check("P5", kind="behaviour")
def test_weights_are_kept(impl: Implementation) -> None:
    """Ten nodes of weights 1, 2, 3, 4, 1, 2, …; 128 points, 20,000 keys, two sets of names."""
    for prefix in ("node-", "w"):
        weights = {f"{prefix}{number}": 1 + number % 4 for number in range(10)}
        it = impl.HashRing(points=128)
        for node, weight in weights.items():
            it.add(node, weight)
        got, total = shares(it), sum(weights.values())
        for node, weight in weights.items():
            share = round(got[node] / (20_000 * weight / total), 3)
            ensure(0.5 <= share <= 1.6, did=f"the share of {node!r}, weight {weight} of {total}",
                   want="between 0.5 and 1.6 of what its weight says", got=share)  # fmt: skip


@check("P5", kind="behaviour")
def test_a_small_node_beside_a_giant_gets_something(impl: Implementation) -> None:
    """Weights 1 and 60; 20,000 keys."""
    it = impl.HashRing(points=128)
    it.add("giant", 60)
    it.add("small")
    ensure(shares(it)["small"] > 0, did="add('giant', 60), add('small'); 20,000 keys", want="some for 'small'")


@check("P6", kind="behaviour")
def test_replicas_are_different_and_begin_with_the_owner(impl: Implementation) -> None:
    """Ten nodes with weights 1 and 3; 300 keys, n from 1 to 10."""
    it = impl.HashRing(points=8)
    for index, node in enumerate(NODES):
        it.add(node, 1 + 2 * (index % 2))
    for key in [*KEYS[:300], *ODD_KEYS]:
        everyone = it.nodes_for(key, 10)
        equal(type(everyone), list, did="the type of nodes_for(key, 10)")
        equal(sorted(everyone), sorted(NODES), did=f"nodes_for({key[:20]!r}, 10), sorted")
        equal(everyone[0], it.node_for(key), did=f"nodes_for({key[:20]!r}, 10)[0] and node_for")
        for n in (1, 2, 3, 9):
            equal(it.nodes_for(key, n), everyone[:n], did=f"nodes_for({key[:20]!r}, {n}) and the first of 10")


@check("P6", kind="behaviour")
def test_the_order_of_replicas_survives_a_leave(impl: Implementation) -> None:
    """Ten nodes; nodes_for(key, 10) before, nodes_for(key, 9) after one has left."""
    it = ring(impl, points=8)
    before = {key: it.nodes_for(key, 10) for key in KEYS[:200]}
    for gone in (NODES[0], NODES[7]):
        it.remove(gone)
        for key, everyone in before.items():
            rest = [node for node in everyone if node != gone]
            equal(it.nodes_for(key, 9), rest, did=f"nodes_for({key!r}, 9) after {gone} has left")
        it.add(gone)


@check("P6", kind="behaviour")
def test_the_list_is_the_caller_s(impl: Implementation) -> None:
    """The caller empties the list it got."""
    it = ring(impl, ["a", "b", "c"], points=4)
    first = it.nodes_for("k", 3)
    kept = list(first)
    first.clear()
    equal(it.nodes_for("k", 3), kept, did="nodes_for again, after the first list was cleared")


@check("P7", kind="behaviour")
def test_collisions_lose_nobody(impl: Implementation) -> None:
    """Eight nodes under hashes of 64, 7 and 1 values: everyone is found, joins and leaves move only what they may."""
    keys = KEYS[:150]
    for name, options in HASHES[1:]:
        it = ring(impl, NODES[:8], **options)
        for key in keys[:40]:
            equal(sorted(it.nodes_for(key, 8)), sorted(NODES[:8]), did=f"{name}: nodes_for(key, 8)")
            equal(it.nodes_for(key, 8)[0], it.node_for(key), did=f"{name}: nodes_for(key, 8)[0] and node_for")
        before = owners(it, keys)
        it.add("newcomer")
        wrong = {k: c for k, c in moved(before, owners(it, keys)).items() if c[1] != "newcomer"}
        equal(wrong, {}, did=f"{name}: keys that moved between old nodes on a join")
        it.remove("newcomer")
        equal(moved(before, owners(it, keys)), {}, did=f"{name}: keys elsewhere after join and leave")


@check("P7", kind="behaviour")
def test_collisions_do_not_ask_who_came_first(impl: Implementation) -> None:
    """Five nodes in several orders under hashes of few values, one removed on the way."""
    for name, options in HASHES[1:]:
        seen = []
        for order in itertools.islice(itertools.permutations(NODES[:5]), 0, 120, 17):
            it = ring(impl, order, **options)
            it.add("x")
            it.remove("x")
            seen.append({key: it.nodes_for(key, 5) for key in KEYS[:60]})
        for other in seen[1:]:
            equal(other, seen[0], did=f"{name}: nodes_for(key, 5) for two orders of adds")


@check("P7", kind="behaviour")
def test_leaving_a_crowd_takes_nobody_else_along(impl: Implementation) -> None:
    """Eight nodes under hashes of few values leave one by one; the others stay reachable."""
    for name, options in HASHES[1:]:
        it = ring(impl, NODES[:8], **options)
        orders = {key: it.nodes_for(key, 8) for key in KEYS[:30]}
        for index, gone in enumerate(NODES[:7]):
            it.remove(gone)
            for key in orders:
                orders[key] = [node for node in orders[key] if node != gone]
                equal(it.nodes_for(key, 7 - index), orders[key], did=f"{name}: nodes_for after {gone} left")


@check("P8", kind="contract")
def test_the_hash_is_the_one_that_was_given(impl: Implementation) -> None:
    """A constant hash; a hash that notes what it is asked; two different hashes."""
    asked: list[object] = []

    def noting(data: bytes) -> int:
        asked.append(data)
        return zlib.crc32(data)

    constant = ring(impl, points=4, hash_key=lambda _: 11)
    equal(len(set(owners(constant, KEYS[:300]).values())), 1, did="nodes that get keys when the hash is constant")
    it = ring(impl, points=4, hash_key=noting)
    it.node_for("k")
    ensure(bool(asked), did="add and node_for with a hash_key of the caller", want="it is called")
    equal({type(data) for data in asked}, {bytes}, did="types that hash_key was called with")
    other = ring(impl, points=4, hash_key=lambda data: zlib.adler32(data) * 2_654_435_761 % 2**64)
    ensure(owners(it) != owners(other), did="2,000 keys with crc32 and with another hash", want="dealt out anew")


@check("P9", kind="contract")
def test_bad_arguments(impl: Implementation) -> None:
    """Every bad argument of every method; the ring is as before afterwards."""
    for points in (0, -1):
        raises(ValueError, lambda points=points: impl.HashRing(points=points), did=f"HashRing(points={points})")
    it = ring(impl, ["a", "b"], points=8)
    before = owners(it, KEYS[:100])
    for weight in (0, -3):
        raises(ValueError, lambda weight=weight: it.add("c", weight), did=f"add('c', {weight})")
    for n in (0, -1):
        raises(ValueError, lambda n=n: it.nodes_for("k", n), did=f"nodes_for('k', {n})")
    for bad in (b"k", None, 7, ("k",)):
        raises(TypeError, lambda bad=bad: it.add(bad), did=f"add({bad!r})")
        raises(TypeError, lambda bad=bad: it.node_for(bad), did=f"node_for({bad!r})")
        raises(TypeError, lambda bad=bad: it.nodes_for(bad, 1), did=f"nodes_for({bad!r}, 1)")
    equal(it.nodes(), {"a": 1, "b": 1}, did="nodes() after all these calls")
    equal(owners(it, KEYS[:100]), before, did="100 keys after all these calls")


@check("P9", kind="contract")
def test_misuse_of_the_ring(impl: Implementation) -> None:
    """Empty rings, duplicates, strangers, too many replicas; the ring is as before afterwards."""
    it = impl.HashRing(points=8)
    raises(EmptyRing, lambda: it.node_for("k"), did="node_for on an empty ring")
    raises(EmptyRing, lambda: it.nodes_for("k", 1), did="nodes_for on an empty ring")
    raises(UnknownNode, lambda: it.remove("a"), did="remove('a') on an empty ring")
    it.add("a", 2)
    it.add("b")
    before = owners(it, KEYS[:100])
    for weight in (2, 1):
        raises(DuplicateNode, lambda weight=weight: it.add("a", weight), did=f"add('a', {weight}) again")
    raises(UnknownNode, lambda: it.remove("c"), did="remove('c'), which is not there")
    raises(TooFewNodes, lambda: it.nodes_for("k", 3), did="nodes_for('k', 3) on two nodes")
    equal(it.nodes(), {"a": 2, "b": 1}, did="nodes() after all these calls")
    equal(owners(it, KEYS[:100]), before, did="100 keys after all these calls")
    it.remove("a")
    it.remove("b")
    raises(EmptyRing, lambda: it.node_for("k"), did="node_for after the last node has left")
    raises(UnknownNode, lambda: it.remove("a"), did="remove('a') a second time")


@check("P13", kind="contract")
def test_nodes_is_a_copy(impl: Implementation) -> None:
    """The caller empties and fills the dict it got."""
    it = impl.HashRing(points=4)
    equal(it.nodes(), {}, did="nodes() of an empty ring")
    it.add("a")
    it.add("b", 3)
    got = it.nodes()
    equal(got, {"a": 1, "b": 3}, did="nodes() after add('a'), add('b', 3)")
    got.clear()
    got["c"] = 1
    equal(it.nodes(), {"a": 1, "b": 3}, did="nodes() after the caller changed the first dict")
    it.remove("a")
    equal(it.nodes(), {"b": 3}, did="nodes() after remove('a')")


@check("P1", "P2", "P3", "P6", kind="behaviour")
def test_generated_lives_of_a_ring(impl: Implementation) -> None:
    """60 generated sequences of 14 adds and removes (seed 7), under three hashes; compared with a fresh ring each time."""
    for number in range(60):
        chance = random.Random(7_000 + number)
        name, options = HASHES[number % 3]
        it, present = impl.HashRing(**options), {}
        for _ in range(14):
            node = f"n{chance.randrange(7)}"
            if node in present:
                it.remove(node)
                del present[node]
            else:
                present[node] = chance.randint(1, 3)
                it.add(node, present[node])
        fresh = impl.HashRing(**options)
        for node, weight in sorted(present.items()):
            fresh.add(node, weight)
        equal(it.nodes(), present, did=f"{name}: nodes() after sequence {number}")
        for key in KEYS[:12] if present else ():
            equal(
                it.nodes_for(key, len(present)),
                fresh.nodes_for(key, len(present)),
                did=f"{name}: nodes_for({key!r}, all) after sequence {number}, and on a fresh ring",
            )
