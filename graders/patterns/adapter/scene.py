"""One order in Tokyo, one in Kuwait, a lost answer, and the same caller at another provider."""

from decimal import Decimal

from contracts.patterns.adapter import (
    ApiConnectionError,
    Money,
    PaymentError,
    SandboxBank,
    SandboxStripe,
)
from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show what each provider is sent, and what the caller sees of it."""
    lost = [True]

    def lose_one(request: object, answer: object) -> object:
        if lost and not lost.clear():
            raise ApiConnectionError("the answer was lost; card 4242 4242 4242 4242")
        return answer

    both = (
        (impl.StripeProcessor, SandboxStripe(after=lose_one)),
        (impl.BankProcessor, SandboxBank()),
    )
    for processor, client in both:
        print(f"{type(client).__name__}")
        shop = processor(client, "sk_live_secret")
        for order, amount, currency in (("tokyo", "1200", "JPY"), ("kuwait", "1.5", "KWD")):
            receipt = shop.charge(order, Money(Decimal(amount), currency))
            print(
                f"  the caller gets  {receipt.money.amount} {currency} for {order!r}, {receipt.id}"
            )
        for request in client.requests:
            shown = {k: v for k, v in request.items() if k not in {"api_key", "token"}}
            print(f"  it was sent      {shown}")
        print(f"  charges made     {len(client.balance)} of {len(client.requests)} requests")
        for refund_id, amount in (("r1", "1"), ("r2", "1")):
            try:
                shop.refund(receipt, refund_id, Money(Decimal(amount), "KWD"))
                print(f"  refund {refund_id}        1 KWD went back")
            except PaymentError as error:
                print(f"  refund {refund_id}        {error}")
