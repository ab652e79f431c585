"""The ring from outside: who gets which key, and what changes when nodes come and go."""

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from graders.kit import CheckFailed, Implementation, check, equal
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic

KEYS = [f"user:{number}" for number in range(600)]
ODD_KEYS = ["", " ", "ключ", "鍵", "\x00", "a\x00b", "node-1", "node-1#0", "a" * 10_000]
NODES = [f"node-{number}" for number in range(10)]
WEIGHTS = {node: 1 + index % 3 for index, node in enumerate(NODES)}
CHILD = """
import importlib.util, json, sys
path, name, told = sys.argv[1:]
spec = importlib.util.spec_from_file_location("graded_ring", path)
module = sys.modules["graded_ring"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
impl = getattr(module, name) if name else module
nodes, keys = json.loads(told)
rings = [impl.HashRing(points=16), impl.HashRing(4, lambda data: sum(data) % 5)]
for ring in rings:
    for node in nodes:
        ring.add(node)
print("\\n" + json.dumps([[ring.nodes_for(key, 9) for key in keys] for ring in rings]))
"""  # without the kit, whose import would take longer than all the rest


def ring(impl: Implementation, nodes: Mapping[str, int] | Iterable[str], points: int = 16) -> Any:
    """Make a ring with these nodes, which join in this order."""
    it = impl.HashRing(points=points)
    weights = nodes if isinstance(nodes, Mapping) else dict.fromkeys(nodes, 1)
    for node, weight in weights.items():
        it.add(node, weight)
    return it


def owners(it: Any, keys: Iterable[str] = KEYS) -> dict[str, str]:
    """Ask for the node of each key."""
    return {key: it.node_for(key) for key in keys}


def lists(it: Any, keys: Iterable[str] = KEYS) -> dict[str, list[str]]:
    """Ask for all nodes in the order of each key."""
    size = len(it.nodes())
    return {key: it.nodes_for(key, size) for key in keys}


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """Return what is new for each key that got another answer."""
    return {key: (old, after[key]) for key, old in before.items() if after[key] != old}


def moved(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return old and new node of each key that moved."""
    return {key: (old, after[key]) for key, old in before.items() if after[key] != old}


@check("P1", kind="behaviour")
def test_order_of_joins_does_not_matter(plain: Implementation) -> None:
    """Ten nodes of weights 1 to 3 joined in four orders; 600 keys were looked up."""
    mixed = [WEIGHTS] + [
        {node: WEIGHTS[node] for node in order}
        for order in (NODES[::-1], NODES[5:] + NODES[:5], sorted(NODES, key=WEIGHTS.__getitem__))
    ]
    first, *others = [lists(ring(plain, weights), KEYS[:500] + ODD_KEYS) for weights in mixed]
    for other in others:
        equal(differences(first, other), {}, did="keys that two orders of the same joins differ in")


@check("P1", kind="behaviour")
def test_detours_leave_no_trace(plain: Implementation) -> None:
    """Nodes joined and left on the way, weights went up and down, one node came back."""
    straight = ring(plain, {"a": 1, "b": 2, "c": 1, "d": 3})
    it = ring(plain, {"x": 5, "d": 1, "c": 1, "y": 1})
    it.remove("x")
    it.add("a", 4)
    it.set_weight("d", 3)
    it.remove("c")
    it.add("b", 2)
    it.set_weight("a", 1)
    it.remove("y")
    it.add("c")
    changes = differences(lists(straight), lists(it))
    equal(changes, {}, did="keys that differ between joins and a detour to the same nodes")
    equal(it.nodes(), straight.nodes(), did="nodes() after the detour, and after the joins")


@check("P1", kind="behaviour")
def test_new_weight_is_as_if_it_had_joined_with_it(plain: Implementation) -> None:
    """The weight of one of four nodes went from 1 to 4, to 2, to 2 again and back to 1."""
    it = ring(plain, NODES[:4])
    for weight in (4, 2, 2, 1):
        it.set_weight("node-1", weight)
        fresh = ring(plain, {**dict.fromkeys(NODES[:4], 1), "node-1": weight})
        did = f"keys that differ: set_weight('node-1', {weight}), or joined with that weight"
        equal(differences(lists(fresh), lists(it)), {}, did=did)
        equal(it.nodes(), fresh.nodes(), did=f"nodes() after set_weight('node-1', {weight})")


@check("P1", kind="behaviour")
def test_rings_share_nothing(plain: Implementation) -> None:
    """A second ring was filled with other nodes, and with more points, and a third with its hash."""
    first = ring(plain, ["a", "b"])
    before = lists(first)
    second = ring(plain, {"b": 3, "c": 1}, points=32)
    third = plain.HashRing(4, lambda data: len(data) * 2**40)
    third.add("a")
    equal(set(owners(second).values()), {"b", "c"}, did="all nodes that the second ring answered")
    equal(lists(first), before, did="lookups in the first ring, after the second was filled")
    equal(first.nodes(), {"a": 1, "b": 1}, did="nodes() of the first ring")


@check("P1", kind="behaviour")
def test_asking_changes_nothing(plain: Implementation) -> None:
    """The same 300 keys were looked up three times, in two orders, with replicas in between."""
    it = ring(plain, WEIGHTS)
    first = owners(it, KEYS[:300])
    for keys in (KEYS[:300], KEYS[299::-1]):
        lists(it, KEYS[300:350])
        equal(differences(first, owners(it, keys)), {}, did="keys with another node than before")


@check("P1", kind="behaviour")
def test_answer_is_that_of_now(plain: Implementation) -> None:
    """A key was looked up, and looked up again right after a change; 60 keys, 3 changes each."""
    fresh = {new: owners(ring(plain, {"a": 1, "b": 1, new: 3}), KEYS[:60]) for new in "cd"}
    light = owners(ring(plain, {"a": 1, "b": 1, "d": 1}), KEYS[:60])
    it = ring(plain, {"a": 1, "b": 1, "c": 3})
    for key in KEYS[:60]:
        equal(it.node_for(key), fresh["c"][key], did=f"node_for({key!r}) on a, b and c of weight 3")
        it.remove("c")
        it.add("d", 3)
        equal(it.node_for(key), fresh["d"][key], did=f"node_for({key!r}) after c left and d joined")
        it.set_weight("d", 1)
        equal(it.node_for(key), light[key], did=f"node_for({key!r}) after set_weight('d', 1)")
        it.remove("d")
        it.add("c", 3)


@check("P1", "P8", kind="behaviour")
def test_process_does_not_matter(plain: Implementation) -> None:
    """Two rings were made here and in a process with another PYTHONHASHSEED; points collide in one."""
    names, keys = [*NODES, "ß", "a b"], KEYS[:200]
    crowded = plain.HashRing(4, lambda data: sum(data) % 5)
    for node in names:
        crowded.add(node)
    both = in_another_process(plain, names, keys)
    for it, told, there in zip(
        (ring(plain, names), crowded), ("", "colliding "), both, strict=True
    ):
        here = {key: it.nodes_for(key, 9) for key in keys}
        did = f"keys with other nodes (here, there) in another process, {told}points"
        equal(differences(here, dict(zip(keys, there, strict=True))), {}, did=did)


def in_another_process(impl: Implementation, nodes: list[str], keys: list[str]) -> list[Any]:
    """Ask a new interpreter, with another seed of `hash()`, for nine nodes of each key."""
    root = str(Path(__file__).resolve().parents[3])
    path = impl.path / "__init__.py" if impl.path.is_dir() else impl.path
    name = impl.spec.partition(":")[2] if impl.path.name in {"impostors.py", "peers.py"} else ""
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    unspoken = {"PYTHONPATH": root, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), name, json.dumps([nodes, keys])],
        cwd=os.sep,  # while a learner is graded, no program may start in the repository or name it
        env={**os.environ, **unspoken},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        got = run.stderr.strip().splitlines()[-1:]
        raise CheckFailed("made the same ring in another process", "an answer", "".join(got))
    answers: list[Any] = json.loads(run.stdout.splitlines()[-1])
    return answers


@check("P2", kind="behaviour")
def test_text_is_its_bytes(plain: Implementation) -> None:
    """Keys were looked up as str and as their UTF-8 bytes."""
    it = ring(plain, WEIGHTS)
    for key in [*ODD_KEYS, *KEYS[:100]]:
        data = key.encode()
        equal(it.node_for(data), it.node_for(key), did=f"node_for({data[:20]!r}) and of the str")
        equal(it.nodes_for(data, 4), it.nodes_for(key, 4), did=f"nodes_for({data[:20]!r}, 4)")


@check("P2", kind="behaviour")
def test_every_bytes_is_a_key(plain: Implementation) -> None:
    """Bytes that are no UTF-8, alone and many."""
    it = ring(plain, NODES)
    for key in (b"", b"\xff", b"\xfe\xff", b"\x80" * 3, b"\x00" * 16):
        node = it.node_for(key)
        equal(node in WEIGHTS, True, did=f"node_for({key!r}) is one of the nodes")
        equal(it.nodes_for(key, 1), [node], did=f"nodes_for({key!r}, 1)")
    found = {it.node_for(bytes([128 + high, 128 + low])) for high in range(50) for low in range(50)}
    equal(found, set(NODES), did="nodes of 2,500 keys of bytes that are no UTF-8")


@check("P3", kind="behaviour")
def test_new_node_only_takes(plain: Implementation) -> None:
    """A tenth node joined nine others, with weight 1 and with weight 5."""
    for weight in (1, 5):
        it = ring(plain, {node: WEIGHTS[node] for node in NODES[:9]})
        before = owners(it)
        it.add("node-9", weight)
        changes = moved(before, owners(it))
        wrong = {key: change for key, change in changes.items() if change[1] != "node-9"}
        equal(wrong, {}, did=f"keys that moved elsewhere at add('node-9', {weight})")


@check("P3", kind="behaviour")
def test_leaving_node_moves_its_keys_only(plain: Implementation) -> None:
    """Each of ten nodes left and came back; after it, all left one by one."""
    it = ring(plain, WEIGHTS)
    before = owners(it)
    for node in NODES:
        it.remove(node)
        check_leave(before, owners(it), node)
        it.add(node, WEIGHTS[node])
        equal(moved(before, owners(it)), {}, did=f"keys elsewhere after {node} came back")
    for node in NODES[:9]:
        it.remove(node)
        after = owners(it)
        check_leave(before, after, node)
        before = after


def check_leave(before: dict[str, str], after: dict[str, str], node: str) -> None:
    """Compare the owners before and after `node` left."""
    changes = moved(before, after)
    wrong = {key: change for key, change in changes.items() if change[0] != node}
    equal(wrong, {}, did=f"keys of other nodes that moved at remove({node!r})")
    left = [key for key, owner in after.items() if owner == node]
    equal(left, [], did=f"keys that still belong to {node!r} after remove({node!r})")


@check("P3", kind="behaviour")
def test_more_weight_only_takes_and_less_only_gives(plain: Implementation) -> None:
    """The weight of one of six nodes went 1, 2, 7, 3, 1; 600 keys."""
    it = ring(plain, NODES[:6])
    for old, new in itertools.pairwise((1, 2, 7, 3, 1)):
        before = owners(it)
        it.set_weight("node-2", new)
        changes = moved(before, owners(it))
        side = 1 if new > old else 0
        wrong = {key: change for key, change in changes.items() if change[side] != "node-2"}
        equal(wrong, {}, did=f"keys that moved wrongly: weight of 'node-2' from {old} to {new}")


@check("P6", kind="behaviour")
def test_replicas_differ_and_begin_with_the_owner(plain: Implementation) -> None:
    """Ten nodes of weights 1 to 3, few points and many; n from 1 to 10."""
    for points in (1, 16):
        it = ring(plain, WEIGHTS, points)
        for key in [*KEYS[:100], *ODD_KEYS]:
            everyone = it.nodes_for(key, 10)
            equal(type(everyone), list, did=f"the type of nodes_for({key[:20]!r}, 10)")
            equal(sorted(everyone), NODES, did=f"sorted(nodes_for({key[:20]!r}, 10))")
            equal(everyone[0], it.node_for(key), did=f"nodes_for({key[:20]!r}, 10)[0], node_for")
            for n in (1, 2, 3, 9):
                did = f"nodes_for({key[:20]!r}, {n}), and the beginning of n=10"
                equal(it.nodes_for(key, n), everyone[:n], did=did)


@check("P6", kind="behaviour")
def test_list_is_the_callers(plain: Implementation) -> None:
    """The caller emptied the list that it got."""
    it = ring(plain, ["a", "b", "c"])
    first = it.nodes_for("k", 3)
    kept = list(first)
    first.clear()
    equal(it.nodes_for("k", 3), kept, did="nodes_for('k', 3) after the first list was cleared")
    equal(it.node_for("k"), kept[0], did="node_for('k') after it")


@check("P7", kind="behaviour")
def test_others_keep_their_order(plain: Implementation) -> None:
    """A node joined, got more weight, less weight, and left; 300 keys, few points and many."""
    for points in (1, 8):
        it = ring(plain, {node: WEIGHTS[node] for node in NODES[:8]}, points)
        before = lists(it, KEYS[:300])
        for name, change in (
            ("add('x', 2)", partial(it.add, "x", 2)),
            ("set_weight('x', 6)", partial(it.set_weight, "x", 6)),
            ("set_weight('x', 1)", partial(it.set_weight, "x", 1)),
            ("remove('x')", partial(it.remove, "x")),
        ):
            change()
            after = lists(it, KEYS[:300])
            rest = {key: [n for n in found if n != "x"] for key, found in after.items()}
            equal(differences(before, rest), {}, did=f"orders of the others changed by {name}")


@check("P6", "P7", kind="behaviour")
def test_light_nodes_keep_their_order_behind_a_giant(plain: Implementation) -> None:
    """Four nodes of weight 1 and one of weight 300, which left; 2 points, 60 keys."""
    light = ["d", "a", "c", "b"]
    it = ring(plain, {**dict.fromkeys(light, 1), "giant": 300}, points=2)
    before = lists(it, KEYS[:60])
    for key, found in before.items():
        equal(sorted(found), ["a", "b", "c", "d", "giant"], did=f"sorted(nodes_for({key!r}, 5))")
        for n in (2, 4):
            did = f"nodes_for({key!r}, {n}), and the beginning of n=5"
            equal(it.nodes_for(key, n), found[:n], did=did)
    it.remove("giant")
    rest = {key: [node for node in found if node != "giant"] for key, found in before.items()}
    did = "orders of four light nodes that changed by remove('giant')"
    equal(differences(rest, lists(it, KEYS[:60])), {}, did=did)


@check("P7", kind="behaviour")
def test_who_is_left_keeps_its_order(plain: Implementation) -> None:
    """Nine of ten nodes left one by one; 200 keys."""
    it = ring(plain, WEIGHTS, 4)
    expected = lists(it, KEYS[:200])
    for node in NODES[:9]:
        it.remove(node)
        expected = {key: [n for n in found if n != node] for key, found in expected.items()}
        changes = differences(expected, lists(it, KEYS[:200]))
        equal(changes, {}, did=f"orders of the others changed by remove({node!r})")


@check("P1", "P6", kind="behaviour")
def test_generated_lives(plain: Implementation) -> None:
    """40 generated sequences of 12 changes (seed 7), each compared with a fresh ring."""
    for number in range(40):
        chance = random.Random(7_000 + number)
        it = plain.HashRing(points=3)
        present: dict[str, int] = {}
        told = [_change(it, present, chance) for _ in range(12)]
        equal(it.nodes(), present, did=f"nodes() after {', '.join(told)}")
        if present:
            fresh = ring(plain, dict(sorted(present.items())), points=3)
            keys = KEYS[:15]
            did = f"keys that differ from a fresh ring after {', '.join(told)}"
            equal(differences(lists(fresh, keys), lists(it, keys)), {}, did=did)


def _change(it: Any, present: dict[str, int], chance: random.Random) -> str:
    """Make one change that is allowed; answers what it was."""
    node, weight = f"n{chance.randrange(6)}", chance.randint(1, 3)
    if node not in present:
        it.add(node, weight)
        present[node] = weight
        return f"add({node!r}, {weight})"
    if chance.random() < 0.5:
        it.set_weight(node, weight)
        present[node] = weight
        return f"set_weight({node!r}, {weight})"
    it.remove(node)
    del present[node]
    return f"remove({node!r})"
