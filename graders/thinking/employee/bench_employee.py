"""What encapsulation costs. Never a verdict.

Sizes: one employee, whose trail grows with every call.
Keys: none.
Mix: raises by an amount, raises by a percentage, pays.
Threads: one.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from graders.kit import Implementation

ROUND = 100
NOW = datetime(2030, 1, 1)  # noqa: DTZ001 - any time will do


def _hire(contender: Implementation) -> Any:
    return contender.Employee(
        "Ada", Decimal("1.00"), by="HR", clock=lambda: NOW, may_see=lambda _: True
    )


def test_raise_by(benchmark: Any, contender: Implementation) -> None:
    """A hundred raises of a new employee by an amount."""

    def one() -> None:
        ada = _hire(contender)
        for _ in range(ROUND):
            ada.raise_by(Decimal("12.34"), by="HR")

    benchmark.extra_info["operations"] = ROUND
    benchmark(one)


def test_raise_percent(benchmark: Any, contender: Implementation) -> None:
    """A hundred raises of a new employee by a percentage."""

    def one() -> None:
        ada = _hire(contender)
        for _ in range(ROUND):
            ada.raise_percent(Decimal("1.25"), by="HR")

    benchmark.extra_info["operations"] = ROUND
    benchmark(one)


def test_pay(benchmark: Any, contender: Implementation) -> None:
    """A hundred pays of a new employee."""

    def one() -> None:
        ada = _hire(contender)
        for period in range(1, ROUND + 1):
            ada.pay(period, ROUND, by="payroll")

    benchmark.extra_info["operations"] = ROUND
    benchmark(one)
