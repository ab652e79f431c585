"""Adapter: one way to take money, over two providers that agree on nothing.

Seen in production in every shop that can change its payment provider, and wherever a driver hides a vendor (DB-API,
fsspec). Renaming is the easy tenth; the rest is meaning: units, errors, retries, what is known when nothing came back.

Our side is `PaymentProcessor`. The foreign sides are `StripeClient` (whole minor units, lower-case currencies,
exceptions) and `BankClient` (messages of texts, refusals as answers). Every promise holds for both, and for refunds.

Decided here, because real code disagrees:

* Only a Decimal is an amount. Its number counts, not its spelling: 10, 10.00, 10.000 and 1E+1 EUR are the same
  money. What the currency cannot express is refused, never rounded.
* A charge is what order, amount and currency say; the same again is the same charge, another amount is another one.
  A refund is what the receipt's id, its own id, amount and currency say.
* `attempts` counts attempts, not retries. After failed attempt number k the processor sleeps 2 ** (k - 1) seconds
  (`time.sleep`), or as long as Stripe's error asks for in `retry_after`, if that is longer.
* A provider remembers the key of what it has done, and answers the same request with the same key as before. A
  request that failed leaves nothing behind and may be sent again.
* The provider decides whether a refund is too large, in one step with the refund. A processor that looks first is wrong
  twice: two can look at the same time, and a refund whose answer was lost would be refused when it is sent again.
* An answer that does not fit is a BadResponse and is not retried: money may have moved, somebody has to look.
* Of foreign texts nothing is passed on: they hold card numbers. `__cause__` is for a log that is kept apart.
* Left open: the wording of `detail`; what becomes of money, receipts or clients that are no such objects, and of
  lone surrogates in ids; whether a refund that is larger than its receipt is sent.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  The client gets the request that it documents, with exactly the number that was asked for and
    the digits of that currency (DIGITS), however the Decimal is spelt and whatever the caller's
    decimal context is, which stays as it was.
P2  Money that is no exact positive amount of a known currency (see InvalidMoney), and bad ids and
    attempts (ValueError), are refused before anything is sent.
P3  What has succeeded is answered with a Receipt or Refund that holds nothing foreign: a plain str
    as id, the ids that were given, and the money with exactly the digits of its currency.
P4  Each foreign error is raised as exactly the class that its row of the table says (for an
    exception the row of its nearest ancestor), with our order_id, and with a foreign exception as
    __cause__.
P5  What a client raises and is not in its table passes through as it is, at once.
P6  Only what is retryable is tried again, at most `attempts` times in all and after exactly the
    delays that are said above; then the error of the last attempt is raised, at once.
P7  Every attempt of an operation, by any processor in any process, at any time and with any API
    key, is the same request with the same key; other operations have other keys; the client
    accepts every key.
P8  A charge happens once, however often it is asked for, in several threads at once or after its
    answer was lost, and everybody gets the same receipt.
P9  Refunds together never exceed the charge, also in several threads at once; the same refund
    again is answered as before, also when nothing is left; a receipt that another processor gave,
    or that was read from a database, will do.
P10 An answer without a proper id, or with another amount, currency or state than was asked for, is
    a BadResponse, never a receipt and never retried.
P11 Neither the API key nor any foreign text is in the text, the arguments, the attributes or the
    notes of an error, nor the API key in the text of a processor.
P12 No call waits for one of another order, also in a delay; of a call that is over a processor
    keeps nothing.

Level: medium, 60 minutes.
Brief: exercises/patterns/adapter.md
Grade: nox -s grade -- adapter
"""

from __future__ import annotations

from contracts.patterns.adapter import (
    BANK_TABLE,
    DIGITS,
    MOST_UNITS,
    STRIPE_TABLE,
    AccessDenied,
    ApiConnectionError,
    AuthenticationError,
    BadResponse,
    BankClient,
    CardDeclined,
    CardError,
    CardExpired,
    IdempotencyError,
    InsufficientFunds,
    InvalidMoney,
    InvalidRequestError,
    KeyConflict,
    Money,
    PaymentError,
    PaymentProcessor,
    RateLimitError,
    Receipt,
    Refund,
    RefundTooLarge,
    RequestRejected,
    SandboxBank,
    SandboxStripe,
    StillInProgress,
    StripeClient,
    StripeError,
    TooManyRequests,
    UnexpectedError,
    Unreachable,
)


class StripeProcessor:
    """Our side over Stripe."""

    def __init__(self, client: StripeClient, api_key: str, attempts: int = 3) -> None:
        """Make one; ValueError if `attempts` is less than 1."""
        raise NotImplementedError

    def charge(self, order_id: str, money: Money) -> Receipt:
        """Charge the customer of this order, once.

        Raises InvalidMoney, ValueError if `order_id` is no text or empty, and PaymentErrors.
        """
        raise NotImplementedError

    def refund(self, receipt: Receipt, refund_id: str, money: Money) -> Refund:
        """Give back part of a charge, or all of it; once for each refund_id of a receipt.

        Raises as charge does; ValueError if `refund_id` is no text or empty.
        """
        raise NotImplementedError


class BankProcessor:
    """Our side over the bank."""

    def __init__(self, client: BankClient, api_key: str, attempts: int = 3) -> None:
        """Make one; ValueError if `attempts` is less than 1."""
        raise NotImplementedError

    def charge(self, order_id: str, money: Money) -> Receipt:
        """Charge the customer of this order, once.

        Raises InvalidMoney, ValueError if `order_id` is no text or empty, and PaymentErrors.
        """
        raise NotImplementedError

    def refund(self, receipt: Receipt, refund_id: str, money: Money) -> Refund:
        """Give back part of a charge, or all of it; once for each refund_id of a receipt.

        Raises as charge does; ValueError if `refund_id` is no text or empty.
        """
        raise NotImplementedError
