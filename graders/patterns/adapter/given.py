"""What several of the checks start from."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from contracts.patterns.adapter import Money, Receipt, SandboxBank, SandboxStripe
from graders.kit import Implementation

TEN = Money(Decimal("10.00"), "EUR")
PAID = Receipt("ch_1", "order 7", TEN)


def sides(impl: Implementation) -> list[tuple[Any, Any]]:
    """Each adapter with what it adapts."""
    return [(impl.StripeProcessor, SandboxStripe), (impl.BankProcessor, SandboxBank)]


def calls(it: Any) -> dict[str, Callable[[], object]]:
    """A charge and a refund of the same order."""
    return {
        "charge": lambda: it.charge("order 7", TEN),
        "refund": lambda: it.refund(PAID, "r", TEN),
    }


def fail(error: BaseException) -> Any:
    """Raise it where only an expression will do."""
    raise error
