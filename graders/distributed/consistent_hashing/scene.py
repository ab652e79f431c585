"""A ring of four caches: who has what, and what moves when one joins, grows and leaves."""

from collections import Counter
from typing import Any, Final

from graders.kit import Implementation

KEYS: Final = [f"user:{number}" for number in range(20_000)]


def play(impl: Implementation) -> None:
    """Show shares, and the keys that move with each change."""
    ring = impl.HashRing()
    for node in ("ann", "bob", "cem", "dan"):
        ring.add(node)
    where = _show(ring, {}, "ann, bob, cem and dan are on the ring")
    ring.add("eve")
    where = _show(ring, where, "eve joins")
    ring.set_weight("eve", 3)
    where = _show(ring, where, "eve gets weight 3")
    ring.remove("ann")
    _show(ring, where, "ann leaves")
    print(f"user:7 and its replicas: {ring.nodes_for('user:7', 3)}")


def _show(ring: Any, before: dict[str, str], what: str) -> dict[str, str]:
    where = {key: ring.node_for(key) for key in KEYS}
    moved = Counter((before[key], where[key]) for key in before if before[key] != where[key])
    print(what)
    for node, count in sorted(Counter(where.values()).items()):
        print(f"  {node}  {'#' * (60 * count // len(KEYS))} {100 * count / len(KEYS):.1f} %")
    if moved:
        pairs = ", ".join(f"{a} to {b}: {n:,}" for (a, b), n in sorted(moved.items()))
        print(f"  moved {sum(moved.values()):,} of {len(KEYS):,} keys ({pairs})")
    return where
