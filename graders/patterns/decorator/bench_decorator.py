"""What layers and counters cost. Never a verdict.

Sizes: pizzas of 2, 20 and 200 layers; a function that does nothing.
Keys: toppings of one kind.
Mix: one operation again and again.
Threads: one.
"""

from typing import Any

import pytest

from graders.kit import Implementation

ROUND = 1_000


class Base:
    """A pizza."""

    description, price, size = "Margherita", 700, 30


def stacked(contender: Implementation, depth: int) -> Any:
    """A pizza of so many layers."""
    cheese, pizza = contender.topping("cheese", 1), Base()
    for _ in range(depth):
        pizza = cheese(pizza)
    return pizza


@pytest.mark.parametrize("depth", [2, 20, 200])
def test_price(benchmark: Any, contender: Implementation, depth: int) -> None:
    """Reading `price`; an operation is a layer (how many there are is in brackets)."""
    pizza = stacked(contender, depth)
    rounds = ROUND // depth
    benchmark.extra_info["operations"] = rounds * depth
    benchmark(lambda: [pizza.price for _ in range(rounds)])


@pytest.mark.parametrize("depth", [2, 20, 200])
def test_attribute(benchmark: Any, contender: Implementation, depth: int) -> None:
    """Reading an attribute of the base; an operation is a layer (how many there are is in brackets)."""
    pizza = stacked(contender, depth)
    rounds = ROUND // depth
    benchmark.extra_info["operations"] = rounds * depth
    benchmark(lambda: [pizza.size for _ in range(rounds)])


def test_wrap(benchmark: Any, contender: Implementation) -> None:
    """Putting a layer on a pizza that has 20."""
    cheese, pizza = contender.topping("cheese", 1), stacked(contender, 20)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [cheese(pizza) for _ in range(ROUND)])


def test_counted(benchmark: Any, contender: Implementation) -> None:
    """Calling a counted function that does nothing."""

    @contender.counted
    def nothing() -> None:
        return

    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [nothing() for _ in range(ROUND)])
