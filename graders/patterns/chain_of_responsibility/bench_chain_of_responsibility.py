"""How fast a chain decides and changes. Never a verdict.

Sizes: chains of 10 and 100 handlers; 10 chains of 10 steps, each the last step of another.
Keys: one expense that nobody but the last decides.
Mix: decide only, or add and remove in turn beside 30 steps that stay.
Threads: one.
"""

from typing import Any

import pytest

from contracts.patterns.chain_of_responsibility import Expense, Verdict
from graders.kit import Implementation

ROUND = 20
EXPENSE = Expense("zoe", 1_250)


def long(contender: Implementation, steps: int, last: Any) -> Any:
    """A chain of which only the last step has a say."""
    chain = contender.Chain()
    for number in range(steps - 1):
        chain.add(f"n{number}", lambda expense: None)
    chain.add("last", last)
    return chain


def approves(expense: Expense) -> Verdict:
    """Approve."""
    return Verdict.APPROVED


@pytest.mark.parametrize("steps", [10, 100])
def test_decide(benchmark: Any, contender: Implementation, steps: int) -> None:
    """`decide`, by the last of the handlers (their number is in brackets)."""
    chain = long(contender, steps, approves)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [chain.decide(EXPENSE) for _ in range(ROUND)])


def test_decide_in_groups(benchmark: Any, contender: Implementation) -> None:
    """`decide`, by the last handler of the tenth chain, each of ten steps being the last of the one before."""
    chain = long(contender, 10, approves)
    for _ in range(9):
        chain = long(contender, 10, chain)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [chain.decide(EXPENSE) for _ in range(ROUND)])


def test_add_and_remove(benchmark: Any, contender: Implementation) -> None:
    """`add` in the middle, then `remove`, beside 30 steps that stay."""
    chain = long(contender, 30, approves)
    benchmark.extra_info["operations"] = ROUND

    def change() -> None:
        for _ in range(ROUND):
            chain.add("new", approves, before="n15")
            chain.remove("new")

    benchmark(change)
