"""What an adapter costs beside the provider, which takes a hundred milliseconds. Never a verdict.

Sizes: 200 charges or refunds a call; amounts of 1 to 200 euros.
Keys: an order id of 12 characters for each charge, a refund id for each refund.
Mix: charges only, or refunds of one charge only, over a client that answers at once.
Threads: one.
"""

from decimal import Decimal
from typing import Any

import pytest

from contracts.patterns.adapter import Money, Receipt
from graders.kit import Implementation

ROUND = 200


class Instant:
    """Both clients: every answer is the one that was hoped for."""

    def create_charge(self, *, amount: int, currency: str, **_: Any) -> dict[str, Any]:
        """Answer at once."""
        return {"id": "ch_1", "amount": amount, "currency": currency, "status": "succeeded"}

    create_refund = create_charge

    def transfer(self, message: dict[str, str]) -> dict[str, str]:
        """Answer at once."""
        return {"state": "done", "txn": "t_1", "value": message["value"], "ccy": message["ccy"]}


@pytest.mark.parametrize("provider", ["StripeProcessor", "BankProcessor"])
def test_charge(benchmark: Any, contender: Implementation, provider: str) -> None:
    """`charge`: checks, units, key, request and receipt (the adapter is in brackets)."""
    shop = getattr(contender, provider)(Instant(), "key")
    moneys = [Money(Decimal(number), "EUR") for number in range(1, ROUND + 1)]
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [shop.charge("order-123456", money) for money in moneys])


@pytest.mark.parametrize("provider", ["StripeProcessor", "BankProcessor"])
def test_refund(benchmark: Any, contender: Implementation, provider: str) -> None:
    """`refund`: the same for a part of a charge (the adapter is in brackets)."""
    shop = getattr(contender, provider)(Instant(), "key")
    paid = Receipt("ch_1", "order-123456", Money(Decimal(1_000), "EUR"))
    moneys = [Money(Decimal(number), "EUR") for number in range(1, ROUND + 1)]
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [shop.refund(paid, "refund-1", money) for money in moneys])
