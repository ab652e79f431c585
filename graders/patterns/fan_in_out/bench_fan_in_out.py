"""What the machinery costs for each item. Never a verdict.

Sizes: 1,000 items through one stage, or through three.
Keys: none; the stage hands its item on.
Mix: ordered or as they are ready.
Threads: one reader, 1 or 4 workers in each stage.
"""

from typing import Any

import pytest

from contracts.patterns.fan_in_out import Stage
from graders.kit import Implementation

ROUND = 1_000


@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "as ready"])
@pytest.mark.parametrize("workers", [1, 4])
def test_one_stage(benchmark: Any, contender: Implementation, workers: int, ordered: bool) -> None:
    """1,000 items through a stage that does nothing, from the call to the end."""
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: list(contender.fan_out_in(range(ROUND), abs, workers, 16, ordered)))


def test_three_stages(benchmark: Any, contender: Implementation) -> None:
    """1,000 items through three stages of two workers each."""
    stages = [Stage(abs, 2, 16)] * 3
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: list(contender.pipeline(range(ROUND), *stages)))


def test_to_the_first_result(benchmark: Any, contender: Implementation) -> None:
    """Make it, read one of many items, close it."""

    def one() -> None:
        results = contender.fan_out_in(range(ROUND), abs, 4, 0)
        next(results)
        results.close()

    benchmark(one)
