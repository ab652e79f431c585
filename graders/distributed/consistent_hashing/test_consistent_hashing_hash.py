"""The hash that is handed in: it alone places, and it may collide as it likes."""

import itertools
import random
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from graders.distributed.consistent_hashing.given import spread
from graders.kit import Implementation, check, ensure, equal

KEYS = [f"user:{number}" for number in range(30)]
NODES = [f"node-{number}" for number in range(6)]
LARGEST = 2**64 - 1


HASHES: dict[str, Callable[[bytes], int]] = {
    "of 64 values": lambda data: spread(data) % 64,
    "of 7 values": lambda data: spread(data) % 7,
    "of the 9 largest values": lambda data: LARGEST - spread(data) % 9,
    "of the smallest and the largest value": lambda data: spread(data) % 2 * LARGEST,
    "that is always 0": lambda data: 0,
    "that is always 2**64 - 1": lambda data: LARGEST,
}


def ring(impl: Implementation, nodes: Mapping[str, int], hash_key: Callable[[bytes], int]) -> Any:
    """Make a ring of 3 points per unit of weight."""
    it = impl.HashRing(points=3, hash_key=hash_key)
    for node, weight in nodes.items():
        it.add(node, weight)
    return it


def lists(it: Any, keys: Iterable[str] = KEYS) -> dict[str, list[str]]:
    """Ask for all nodes in the order of each key."""
    size = len(it.nodes())
    return {key: it.nodes_for(key, size) for key in keys}


def first(differing: Iterable[str]) -> list[str]:
    """Name one of the keys, for the message."""
    return sorted(differing)[:1]


@check("P8", kind="behaviour")
def test_collisions_lose_nobody(plain: Implementation) -> None:
    """Six nodes under hashes of few values; all nodes were asked for, then five left one by one."""
    for name, hash_key in HASHES.items():
        it = ring(plain, dict.fromkeys(NODES, 1), hash_key)
        for left in range(6, 0, -1):
            for key, found in lists(it).items():
                did = f"a hash {name}: sorted(nodes_for({key!r}, {left}))"
                equal(sorted(found), NODES[6 - left :], did=did)
                equal(it.node_for(key), found[0], did=f"a hash {name}: node_for({key!r})")
                equal(it.nodes_for(key, 1), found[:1], did=f"a hash {name}: nodes_for({key!r}, 1)")
            if left > 1:
                it.remove(NODES[6 - left])


@check("P8", kind="behaviour")
def test_collisions_do_not_ask_who_was_first(plain: Implementation) -> None:
    """Five nodes joined in eight orders, with a detour, under hashes of few values."""
    for name, hash_key in HASHES.items():
        seen = []
        for order in itertools.islice(itertools.permutations(NODES[:5]), 0, 120, 17):
            it = ring(plain, {"x": 2, **dict.fromkeys(order, 1)}, hash_key)
            it.remove("x")
            it.set_weight(order[0], 3)
            it.set_weight(order[0], 1)
            seen.append(lists(it))
        for other in seen[1:]:
            wrong = first(key for key in KEYS if other[key] != seen[0][key])
            equal(wrong, [], did=f"a hash {name}: a key that two orders of joins differ in")


@check("P8", kind="behaviour")
def test_collisions_move_nobody_else(plain: Implementation) -> None:
    """12 generated sequences of ten changes (seed 11) under hashes of few values."""
    for number, (name, hash_key) in enumerate(list(HASHES.items()) * 2):
        chance = random.Random(11_000 + number)
        it = ring(plain, {"a": 1, "b": 2, "c": 1}, hash_key)
        before = lists(it)
        for _ in range(10):
            node, told, grows = _change(it, chance)
            after = lists(it)
            for key in KEYS:
                did = f"a hash {name}, {told}: nodes_for({key!r}, all) without {node!r}"
                equal(_rest(after[key], node), _rest(before[key], node), did=did)
                nearer, farther = (after, before) if grows else (before, after)
                want = f"{node!r} {'not later' if grows else 'not earlier'} in the list than before"
                place = _place(nearer[key], node) <= _place(farther[key], node)
                ensure(place, did=f"a hash {name}, {told}: nodes of {key!r}", want=want)
            before = after


def _rest(found: list[str], node: str) -> list[str]:
    return [each for each in found if each != node]


def _place(found: list[str], node: str) -> int:
    return found.index(node) if node in found else len(found)


def _change(it: Any, chance: random.Random) -> tuple[str, str, bool]:
    """Make one change; answers the node, the call as text, and whether the node gets more."""
    present: dict[str, int] = it.nodes()
    node, weight = chance.choice("abcdef"), chance.randint(1, 4)
    if node not in present:
        it.add(node, weight)
        return node, f"add({node!r}, {weight})", True
    if len(present) > 1 and chance.random() < 0.4:
        it.remove(node)
        return node, f"remove({node!r})", False
    it.set_weight(node, weight)
    return node, f"set_weight({node!r}, {weight}) from {present[node]}", weight >= present[node]


@check("P8", kind="behaviour")
def test_collisions_leave_weights_alone(plain: Implementation) -> None:
    """nodes() of rings whose points all collide, through all kinds of changes."""
    for name, hash_key in HASHES.items():
        it = ring(plain, {"a": 1, "b": 4, "c": 2}, hash_key)
        it.remove("a")
        it.set_weight("c", 5)
        it.add("a", 2)
        want = {"a": 2, "b": 4, "c": 5}
        equal(it.nodes(), want, did=f"a hash {name}: nodes() after a dozen changes")


@check("P9", kind="contract")
def test_lookup_hashes_the_bytes_of_the_key(plain: Implementation) -> None:
    """A hash_key took notes while a ring of 20 nodes was filled and asked."""
    asked: list[object] = []

    def noting(data: bytes) -> int:
        asked.append(data)
        return spread(data)

    it = plain.HashRing(points=4, hash_key=noting)
    for number in range(20):
        it.add(f"node-{number}")
    ensure(bool(asked), did="add of 20 nodes", want="hash_key was called", got=len(asked))
    kinds = {type(data) for data in asked}
    equal(kinds, {bytes}, did="types that hash_key was called with while nodes joined")
    for key in ("User:1", "", "ключ", "e\u0301", " a\n", "x" * 300, b"\xff\xfe", b"user:2"):
        data = key.encode() if isinstance(key, str) else key
        for told, call in (
            (f"node_for({key!r})", partial(it.node_for, key)),
            (f"nodes_for({key!r}, 5)", partial(it.nodes_for, key, 5)),
        ):
            asked.clear()
            call()
            other = [each for each in asked if each != data or type(each) is not bytes]
            equal(other, [], did=f"what else hash_key was called with during {told}")


@check("P9", kind="contract")
def test_same_hash_same_nodes(plain: Implementation) -> None:
    """A hash_key looked only at the part in braces, like hash tags; 40 tags, 5 keys each."""

    def tag(data: bytes) -> int:
        return spread(data[data.find(b"{") + 1 : data.find(b"}")] if b"{" in data else data)

    it = ring(plain, dict.fromkeys(NODES, 1), tag)
    for number in range(40):
        keys = [f"{{user:{number}}}:{field}" for field in ("name", "cart", "1", "", "{x}")]
        for key in keys[1:]:
            did = f"nodes_for({key!r}, 6), and of {keys[0]!r}, which has the same hash"
            equal(it.nodes_for(key, 6), it.nodes_for(keys[0], 6), did=did)
            equal(it.node_for(key), it.node_for(keys[0]), did=did.replace("nodes_for", "node_for"))


@check("P9", kind="contract")
def test_points_are_placed_by_the_hash(plain: Implementation) -> None:
    """Two rings whose hash_key differs in all but the keys; 500 keys."""
    keys = [f"user:{number}" for number in range(500)]
    known = {key.encode() for key in keys}

    def other(data: bytes) -> int:
        return spread(data if data in known else data + b"?")

    rings = [ring(plain, dict.fromkeys(NODES, 1), hash_key) for hash_key in (spread, other)]
    one, two = ([it.node_for(key) for key in keys] for it in rings)
    want = "points elsewhere, and so other nodes for some of the keys"
    same = sum(a == b for a, b in zip(one, two, strict=True))
    ensure(
        same < 500, did="500 keys on rings whose hash_key differs", want=want, got=f"{same} same"
    )


@check("P9", kind="contract")
def test_keys_are_placed_by_the_hash(plain: Implementation) -> None:
    """A hash_key gave the same number to every key, and spread everything else."""
    for number in (0, 1, 2**63, LARGEST):

        def hash_key(data: bytes, number: int = number) -> int:
            return number if data.startswith(b"user:") else spread(data)

        it = ring(plain, dict.fromkeys(NODES, 1), hash_key)
        keys = [f"user:{each}" for each in range(90)]
        found = {(it.node_for(key), *it.nodes_for(key, 6)) for key in keys}
        equal(len(found), 1, did=f"the number of answers that 90 keys of the hash {number} have")


PLACES = [7, 2**32, 2**32 + 2, 2**53, 2**53 + 2, 3 * 2**61, 2**63, 2**63 + 2**10, LARGEST - 9]


@check("P9", kind="contract")
def test_key_belongs_to_the_first_point_at_or_after_it(plain: Implementation) -> None:
    """Points stood at nine numbers only; keys stood at, just behind and just before each of them."""
    for salt in (b"1", b"2", b"3"):

        def hash_key(data: bytes, salt: bytes = salt) -> int:
            name, _, number = data.partition(b" at ")
            is_key = name in {b"Kim", b"user"}
            return int(number) if is_key else PLACES[spread(salt + data) % len(PLACES)]

        it = ring(plain, dict.fromkeys(NODES, 1), hash_key)
        for before, place in itertools.pairwise([PLACES[-1] - 2**64, *PLACES]):
            want = it.nodes_for(f"user at {place}", 6)
            for number in {(before + 1) % 2**64, (before + 2) % 2**64, place - 1, place}:
                for key in (f"user at {number}", f"Kim at {number}"):
                    same = f"{key!r}: points stand at {before % 2**64} and next at {place}"
                    equal(it.nodes_for(key, 6), want, did=f"nodes_for, key {same}")
                    equal(it.node_for(key), want[0], did=f"node_for, key {same}")
