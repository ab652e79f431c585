"""How fast an object is had that is there, and how fast one is made. Never a verdict.

Sizes: one Once; or 100 that are new.
Keys: none.
Mix: get only; an accessor only, as it is or overridden; a first get each.
Threads: one.
"""

from typing import Any

import pytest

from graders.kit import Implementation

ROUND = 1_000


def test_get(benchmark: Any, contender: Implementation) -> None:
    """`get` of an object that is there."""
    once = contender.Once(list)
    once.get()
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [once.get() for _ in range(ROUND)])


@pytest.mark.parametrize("overrides", [0, 1, 10])
def test_accessor(benchmark: Any, contender: Implementation, overrides: int) -> None:
    """A call of an accessor, its object there (in brackets: how many overrides are active)."""
    accessor = contender.shared(list)
    accessor()
    blocks = [contender.overridden(accessor, []) for _ in range(overrides)]
    for block in blocks:
        block.__enter__()
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [accessor() for _ in range(ROUND)])
    for block in blocks:
        block.__exit__(None, None, None)


def test_first_get(benchmark: Any, contender: Implementation) -> None:
    """A Once is made, and its first `get` runs `list`."""
    benchmark.extra_info["operations"] = 100
    benchmark(lambda: [contender.Once(list).get() for _ in range(100)])
