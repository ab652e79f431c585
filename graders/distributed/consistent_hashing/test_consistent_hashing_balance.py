"""Shares: how evenly keys are spread, and what weights do.

No luck is involved. A node's share is the sum of 128 arcs, so that its standard deviation is 9 % of
the mean, with the sampling error of 1,000 keys a node. For any hash that spreads well, a ring of 20
nodes breaks the bound of 20 % with a probability below 1e-10 (chi-squared, 19 degrees of freedom),
and a node falls below half of the mean with less than 1e-9 (Chernoff); with 100 points both are
below 1e-6 still. A ring of 10 points has 32 %, of one point 100 %.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from graders.distributed.consistent_hashing.given import spread
from graders.kit import Implementation, check, ensure, equal

KEYS = 20_000


def filled(it: Any, weights: Mapping[str, int]) -> Any:
    """Let these nodes join."""
    for node, weight in weights.items():
        it.add(node, weight)
    return it


def shares(it: Any, weights: Mapping[str, int], keys: Iterable[object]) -> dict[str, float]:
    """Return keys per unit of weight for each node, where 1 is fair."""
    got = Counter(it.node_for(key) for key in keys)
    fair = got.total() / sum(weights.values())
    return {node: got[node] / (fair * weight) for node, weight in weights.items()}


def check_even(found: Mapping[str, float], did: str) -> None:
    """Compare with the bounds of P4."""
    for node, share in found.items():
        want = "between half and twice the mean"
        ensure(0.5 <= share <= 2, did=f"{did}; share of {node!r}", want=want, got=round(share, 3))
    deviation = math.sqrt(math.fsum((share - 1) ** 2 for share in found.values()) / len(found))
    want = "a standard deviation of at most 0.2 of the mean"
    ensure(deviation <= 0.2, did=did, want=want, got=round(deviation, 3))


@check("P4", kind="behaviour")
def test_equal_nodes_get_equal_shares(plain: Implementation) -> None:
    """20 nodes of weight 1, the default number of points, 20,000 keys; str and bytes."""
    fleets: dict[str, list[Any]] = {
        "node-{0}": [f"user:{number}" for number in range(KEYS)],
        "{0}": [number.to_bytes(8, "big") for number in range(KEYS)],
    }
    for name, keys in fleets.items():
        weights = {name.format(number): 1 for number in range(20)}
        it = filled(plain.HashRing(), weights)
        check_even(shares(it, weights, keys), f"20 nodes {name.format(0)!r} …, {KEYS:,} keys")


@check("P4", kind="behaviour")
def test_given_hash_gives_equal_shares(plain: Implementation) -> None:
    """The same with a hash_key that spreads well."""
    weights = {f"cache-{number}": 1 for number in range(20)}
    it = filled(plain.HashRing(hash_key=spread), weights)
    found = shares(it, weights, (f"item/{number}" for number in range(KEYS)))
    check_even(found, f"20 nodes, {KEYS:,} keys, a 64-bit BLAKE2b as hash_key")


@check("P4", kind="behaviour")
def test_shares_stay_even_when_nodes_come_and_go(plain: Implementation) -> None:
    """22 nodes joined, 6 of them left, 4 more joined; 20,000 keys."""
    it = filled(plain.HashRing(), {f"node-{number}": 1 for number in range(22)})
    for number in range(0, 12, 2):
        it.remove(f"node-{number}")
    filled(it, {f"late-{number}": 1 for number in range(4)})
    found = shares(it, it.nodes(), (f"user:{number}" for number in range(KEYS)))
    equal(len(found), 20, did="len(nodes()) after 22 joined, 6 left and 4 joined")
    check_even(found, f"20 nodes that are left, {KEYS:,} keys")


@check("P5", kind="behaviour")
def test_shares_follow_the_weights(plain: Implementation) -> None:
    """Ten nodes of weight 1 and ten of weight 4; 20,000 keys."""
    weights = {f"node-{number}": 1 + 3 * (number % 2) for number in range(20)}
    it = filled(plain.HashRing(), weights)
    found = shares(it, weights, (f"user:{number}" for number in range(KEYS)))
    check_even(found, "ten nodes of weight 1, ten of weight 4, 20,000 keys, per unit of weight")


@check("P5", kind="behaviour")
def test_shares_follow_a_new_weight(plain: Implementation) -> None:
    """20 nodes joined with weight 1, ten of them got weight 4; 20,000 keys."""
    it = filled(plain.HashRing(), {f"node-{number}": 1 for number in range(20)})
    for number in range(0, 20, 2):
        it.set_weight(f"node-{number}", 4)
    found = shares(it, it.nodes(), (f"user:{number}" for number in range(KEYS)))
    check_even(found, "ten of 20 nodes got weight 4, 20,000 keys, per unit of weight")


@check("P5", kind="behaviour")
def test_light_nodes_beside_giants_have_keys(plain: Implementation) -> None:
    """Three nodes of weight 100 and three of weight 1; 10 points, 16,000 keys.

    A light node, which expects 53 keys, has none with a probability below 1e-8; that the three have
    more than three times their share together is below 1e-11 (Chernoff, 30 arcs).
    """
    weights = {f"light-{number}": 1 for number in range(3)}
    weights |= {f"giant-{number}": 100 for number in range(3)}
    it = filled(plain.HashRing(points=10), weights)
    found = shares(it, weights, (f"user:{number}" for number in range(16_000)))
    did = "16,000 keys; weights 1, 1, 1, 100, 100, 100; "
    lost = [node for node, share in found.items() if not share]
    equal(lost, [], did=f"{did}nodes without keys")
    light = math.fsum(found[f"light-{number}"] for number in range(3)) / 3
    want = "at most three times what is due to their weight"
    ensure(light <= 3, did=f"{did}share of the light ones", want=want, got=round(light, 2))
