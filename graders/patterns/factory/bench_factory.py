"""How fast a factory makes and registers. Never a verdict.

Sizes: 2 and 1,000 kinds.
Keys: one kind, in the middle of the names.
Mix: create only, with no option and with four, or register and unregister in turn.
Threads: one.
"""

from typing import Any

import pytest

from graders.kit import Implementation

ROUND = 100


class Quiet:
    """A notifier with four options."""

    def __init__(self, a: int = 0, b: int = 0, *, c: int = 0, d: int = 0) -> None:
        """Take them."""

    def send(self, to: str, text: str) -> None:
        """Deliver nothing."""


@pytest.mark.parametrize("kinds", [2, 1_000])
def test_create(benchmark: Any, contender: Implementation, kinds: int) -> None:
    """`create` without options (the number of kinds is in brackets)."""
    factory = contender.NotifierFactory()
    for number in range(kinds):
        factory.register(f"kind {number}", Quiet)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [factory.create(f"kind {kinds // 2}") for _ in range(ROUND)])


def test_create_with_options(benchmark: Any, contender: Implementation) -> None:
    """`create` with four options."""
    factory = contender.NotifierFactory()
    factory.register("quiet", Quiet)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [factory.create("quiet", a=1, b=2, c=3, d=4) for _ in range(ROUND)])


def test_register_and_unregister(benchmark: Any, contender: Implementation) -> None:
    """`register`, then `unregister`, beside 100 kinds that stay."""
    factory = contender.NotifierFactory()
    for number in range(100):
        factory.register(f"kind {number}", Quiet)
    benchmark.extra_info["operations"] = ROUND

    def change() -> None:
        for _ in range(ROUND):
            factory.register("new", Quiet)
            factory.unregister("new")

    benchmark(change)
