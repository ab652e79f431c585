"""Cost without clocks: counting first, growth of CPU time where counting cannot see.

Figures behind the limits (CPython 3.11, two busy cores, 1,200 runs a cell): wall seconds fail right versions, the
minimum of interleaved blocks of CPU time failed none; the largest growth of an O(1) cache was 4.5, the smallest of
an O(n) one 24.6, for n = 200 against 20,000.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from graders.kit.expect import CheckFailed, Inconclusive
from graders.kit.sim import Counter, runtime

BLOCKS = 7
NOISE = 1.5
ROUNDS = 3
Block = Callable[[], object]


def count_steps(job: Block) -> int:
    """Points that `job` passes in instrumented code: the same number on every machine and Python."""
    counter = Counter()
    outer, runtime.listener = runtime.listener, counter
    try:
        job()
    finally:
        runtime.listener = outer
    return counter.steps


def costs_at_most(job: Block, reference_job: Block, *, times: float = 4.0, did: str) -> None:
    """`job` may pass `times` as many points as the reference does for the same work. Deterministic."""
    steps, allowed = count_steps(job), max(count_steps(reference_job), 1) * times
    if steps > allowed:
        raise CheckFailed(
            did, f"at most {allowed:,.0f} steps ({times:g} times the reference)", f"{steps:,} steps"
        )


class CountedKey:
    """A key that counts how often any of its kind is hashed or compared."""

    calls: ClassVar[int] = 0
    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __hash__(self) -> int:
        CountedKey.calls += 1
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        CountedKey.calls += 1
        return isinstance(other, CountedKey) and self.value == other.value

    def __repr__(self) -> str:
        return f"CountedKey({self.value!r})"


def grows_at_most(
    prepare: Callable[[int], Block],
    *,
    small: int = 200,
    large: int = 20_000,
    limit: float = 10.0,
    did: str,
) -> None:
    """The same block of operations on a large object takes at most `limit` times as long as on a small one.

    `prepare(n)` makes an object of size n and answers with a block of at most 1,000 operations on it with fresh
    keys; it is called anew for each block, and only the block is measured (CPU time of this process). A failure is
    measured again, twice, before it counts; a machine too noisy to tell is Inconclusive.
    """
    growths: list[float] = []
    for _ in range(ROUNDS):
        growth, noise = _measure(prepare, small, large)
        if growth <= limit:
            return
        if noise <= NOISE:
            growths.append(growth)
    if not growths:
        raise Inconclusive(f"the machine is too busy to measure growth: {did}")
    raise CheckFailed(
        did,
        f"at most {limit:g} times the time at {large:,} entries that it takes at {small:,}",
        f"{min(growths):.0f} times",
    )


def _measure(prepare: Callable[[int], Block], small: int, large: int) -> tuple[float, float]:
    """Growth, and the ratio of two measurements of the small size as the noise; infinite if the clock stood still."""
    best = {"small": float("inf"), "large": float("inf"), "again": float("inf")}
    with _no_collection():
        for _ in range(BLOCKS):
            for name, size in (("small", small), ("large", large), ("again", small)):
                best[name] = min(best[name], _time(prepare(size)))
    low, high = sorted((best["small"], best["again"]))
    if low <= 0:  # a limit on CPU time (ulimit -t) makes the clock advance in ticks of some ms
        return float("inf"), float("inf")
    return best["large"] / low, high / low


def _time(block: Block) -> float:
    start = time.process_time()
    block()
    return time.process_time() - start


@contextmanager
def _no_collection() -> Iterator[None]:
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
