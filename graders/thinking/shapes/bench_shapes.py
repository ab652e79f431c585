"""How fast shapes are made, compared, summed and parsed. Never a verdict.

Sizes: 1,000 shapes of two kinds; a catalogue of 100 kinds.
Keys: 1,000 rectangles as keys of one dict.
Mix: make only, look up only, sum only, parse only.
Threads: one.
"""

from typing import Any

import pytest

from graders.kit import Implementation

ROUND = 1_000


@pytest.fixture
def shapes(contender: Implementation) -> list[Any]:
    """500 rectangles and 500 circles."""
    sizes = range(1, ROUND // 2 + 1)
    rectangles = [contender.Rectangle(size, 2.5) for size in sizes]
    return [*rectangles, *[contender.Circle(size) for size in sizes]]


def test_make(benchmark: Any, contender: Implementation) -> None:
    """`Rectangle`: 1,000 of them."""
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [contender.Rectangle(size, 2.5) for size in range(1, ROUND + 1)])


def test_look_up(benchmark: Any, contender: Implementation) -> None:
    """`hash` and `==`: 1,000 keys found in a dict by equal ones."""
    keys = [contender.Rectangle(size, 2.5) for size in range(1, ROUND + 1)]
    table = {contender.Rectangle(size, 2.5): size for size in range(1, ROUND + 1)}
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [table[key] for key in keys])


def test_total(benchmark: Any, contender: Implementation, shapes: list[Any]) -> None:
    """`total_area` of 1,000 shapes."""
    benchmark.extra_info["operations"] = ROUND
    benchmark(contender.total_area, shapes)


def test_largest(benchmark: Any, contender: Implementation, shapes: list[Any]) -> None:
    """`largest` of 1,000 shapes."""
    benchmark.extra_info["operations"] = ROUND
    benchmark(contender.largest, shapes)


def test_by_kind(benchmark: Any, contender: Implementation, shapes: list[Any]) -> None:
    """`area_by_kind` of 1,000 shapes of two kinds."""
    benchmark.extra_info["operations"] = ROUND
    benchmark(contender.area_by_kind, shapes)


def test_parse(benchmark: Any, contender: Implementation) -> None:
    """`Catalogue.parse` of 1,000 texts, 100 kinds being known."""
    catalogue = contender.Catalogue()
    for number in range(98):
        catalogue.add(f"kind{number}", contender.Circle, 1)
    texts = [f"rectangle {size} 2.5" for size in range(1, ROUND + 1)]
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [catalogue.parse(text) for text in texts])
