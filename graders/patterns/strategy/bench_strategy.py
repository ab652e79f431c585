"""How fast routes are found. Never a verdict.

Sizes: a square of 20 by 20 places, four roads each, numbers from 1 to 99 (seed 1); 100 places for changes.
Keys: corner to corner, and to a neighbour.
Mix: routes only, or one road replaced by another.
Threads: one.
"""

import random
from typing import Any

import pytest

from contracts.patterns.strategy import Road
from graders.kit import Implementation


def square(side: int) -> list[Road]:
    """A road from each place to each of its neighbours."""
    rng = random.Random(1)
    places = [(x, y) for x in range(side) for y in range(side)]
    return [
        Road(
            f"{x},{y} {dx},{dy}", (x, y), (x + dx, y + dy), *(rng.randint(1, 99) for _ in range(3))
        )
        for x, y in places
        for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0))
        if 0 <= x + dx < side and 0 <= y + dy < side
    ]


@pytest.mark.parametrize("by", ["fastest", "shortest", "fewest_tolls"])
def test_across_the_map(benchmark: Any, contender: Implementation, by: str) -> None:
    """A route from corner to corner by a built-in strategy (its name is in brackets)."""
    navigator = contender.Navigator(square(20), getattr(contender, by))
    benchmark(lambda: navigator.route((0, 0), (19, 19)))


def test_next_door(benchmark: Any, contender: Implementation) -> None:
    """A route to a neighbour on the same map: what is paid besides the search."""
    navigator = contender.Navigator(square(20))
    benchmark.extra_info["operations"] = 10
    benchmark(lambda: [navigator.route((10, 10), (10, 11)) for _ in range(10)])


def test_replace_a_road(benchmark: Any, contender: Implementation) -> None:
    """One road of a map of 100 places is replaced by another of its name."""
    roads = square(10)
    navigator = contender.Navigator(roads)
    benchmark.extra_info["operations"] = 10
    benchmark(lambda: [navigator.change([road], [road.name]) for road in roads[:10]])
