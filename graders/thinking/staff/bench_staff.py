"""What looks and changes cost. Never a verdict.

Sizes: 1,000 people, as ten managers with a hundred workers each, or in a line.
Keys: none.
Mix: names only; headcounts only; moves there and back only.
Threads: one.
"""

from typing import Any

import pytest

from graders.kit import Implementation

ROUND = 200


def tree(contender: Implementation, shape: str) -> tuple[Any, list[Any]]:
    """A manager of 1,000 people, and the managers below it."""
    boss = contender.Manager(contender.Worker("boss", "b", 1))
    if shape == "line":
        heads = [contender.Manager(contender.Worker("m", "m", 1)) for _ in range(1_000)]
        for upper, lower in zip(heads[-2::-1], heads[::-1], strict=False):
            upper.add(lower)
        boss.add(heads[0])
        return boss, heads
    heads = [contender.Manager(contender.Worker("m", "m", 1)) for _ in range(10)]
    for head in heads:
        boss.add(head)
        for _ in range(99):
            head.add(contender.Worker("w", "w", 1))
    return boss, heads


def test_name(benchmark: Any, contender: Implementation) -> None:
    """`name` of a manager, which is its part's."""
    boss = contender.Manager(contender.Worker("boss", "b", 1))
    benchmark.extra_info["operations"] = 1_000
    benchmark(lambda: [boss.name for _ in range(1_000)])


@pytest.mark.parametrize("shape", ["office", "line"])
def test_headcount(benchmark: Any, contender: Implementation, shape: str) -> None:
    """`headcount` of 1,000 people (their shape is in brackets)."""
    boss, _ = tree(contender, shape)
    benchmark(boss.headcount)


def test_move(benchmark: Any, contender: Implementation) -> None:
    """`move` of a worker from one of ten managers to another, and back."""
    _, heads = tree(contender, "office")
    one, two, worker = heads[0], heads[1], heads[0].reports[50]
    benchmark.extra_info["operations"] = ROUND

    def there_and_back() -> None:
        for _ in range(ROUND // 2):
            one.move(worker, two)
            two.move(worker, one)

    benchmark(there_and_back)
