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
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Protocol

TITLE: Final = "Adapter"
LEVEL: Final = "medium"
MINUTES: Final = 60
IMPLEMENT: Final = ("StripeProcessor", "BankProcessor")
PROMISES: Final = {
    "P1": "The client gets the request that it documents, with exactly the number that was asked for and the digits"
    " of that currency (DIGITS), however the Decimal is spelt and whatever the caller's decimal context is,"
    " which stays as it was.",
    "P2": "Money that is no exact positive amount of a known currency (see InvalidMoney), and bad ids and attempts"
    " (ValueError), are refused before anything is sent.",
    "P3": "What has succeeded is answered with a Receipt or Refund that holds nothing foreign: a plain str as id,"
    " the ids that were given, and the money with exactly the digits of its currency.",
    "P4": "Each foreign error is raised as exactly the class that its row of the table says (for an exception the"
    " row of its nearest ancestor), with our order_id, and with a foreign exception as __cause__.",
    "P5": "What a client raises and is not in its table passes through as it is, at once.",
    "P6": "Only what is retryable is tried again, at most `attempts` times in all and after exactly the delays that"
    " are said above; then the error of the last attempt is raised, at once.",
    "P7": "Every attempt of an operation, by any processor in any process, at any time and with any API key, is the"
    " same request with the same key; other operations have other keys; the client accepts every key.",
    "P8": "A charge happens once, however often it is asked for, in several threads at once or after its answer was"
    " lost, and everybody gets the same receipt.",
    "P9": "Refunds together never exceed the charge, also in several threads at once; the same refund again is"
    " answered as before, also when nothing is left; a receipt that another processor gave, or that was read"
    " from a database, will do.",
    "P10": "An answer without a proper id, or with another amount, currency or state than was asked for, is a"
    " BadResponse, never a receipt and never retried.",
    "P11": "Neither the API key nor any foreign text is in the text, the arguments, the attributes or the notes of"
    " an error, nor the API key in the text of a processor.",
    "P12": "No call waits for one of another order, also in a delay; of a call that is over a processor keeps nothing.",
}

DIGITS: Final[Mapping[str, int]] = {
    currency: digits
    for digits, currencies in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        2: "AED ARS AUD BRL CAD CHF CNY CZK DKK EGP EUR GBP HKD HUF IDR ILS INR MAD MXN MYR NGN NOK"
        " NZD PEN PHP PKR PLN RON SAR SEK SGD THB TRY TWD UAH USD UYU ZAR",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for currency in currencies.split()
}
"""Digits behind the point, by currency (from ISO 4217). Codes are upper case; no other is known."""

MOST_UNITS: Final = 999_999_999_999
"""The largest amount, in minor units of its currency."""


@dataclass(frozen=True)
class Money:
    """An amount in whole currency units: Money(Decimal("12.50"), "EUR"). Nothing checks it here."""

    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Receipt:
    """A charge that has happened. `id` is the provider's; `money` has the digits of its currency."""

    id: str
    order_id: str
    money: Money


@dataclass(frozen=True)
class Refund:
    """Money that has gone back. `refund_id` is the caller's."""

    id: str
    order_id: str
    refund_id: str
    money: Money


class InvalidMoney(ValueError):
    """No exact positive amount of a known currency.

    That is: no Decimal (an int, float, bool or text is none), not finite, zero or less, more digits behind the point
    than the currency has (zeros at the end do not count), more than MOST_UNITS, a currency that is not in DIGITS as it
    is written there, or a refund in another one than its receipt's.
    """


class PaymentError(Exception):
    """It did not work. `retryable` says whether the very same call may be made again later."""

    retryable: ClassVar[bool] = False

    def __init__(self, order_id: str, detail: str = "") -> None:
        super().__init__(order_id, detail)
        self.order_id, self.detail = order_id, detail

    def __str__(self) -> str:
        return f"order {self.order_id!r}: {self.detail or type(self).__name__}"


class CardDeclined(PaymentError):
    """The card was refused."""


class InsufficientFunds(CardDeclined):
    """There is not enough money on it."""


class CardExpired(CardDeclined):
    """It is too old."""


class TooManyRequests(PaymentError):
    """The provider asks for patience."""

    retryable = True


class Unreachable(PaymentError):
    """Nothing came back, or nothing that makes sense. Whether it has happened is not known."""

    retryable = True


class StillInProgress(PaymentError):
    """The same operation is under way elsewhere."""

    retryable = True


class KeyConflict(PaymentError):
    """The key belongs to another operation."""


class AccessDenied(PaymentError):
    """The API key is not valid."""


class RequestRejected(PaymentError):
    """The provider does not take the request."""


class RefundTooLarge(PaymentError):
    """Not so much is left of the charge."""


class BadResponse(PaymentError):
    """The answer does not fit the request. Whether it has happened is not known."""


class UnexpectedError(PaymentError):
    """A refusal that is not in the table."""


class StripeError(Exception):
    """What Stripe's client raises. `code`: a word or None; `retry_after`: seconds to wait, 0 if it does not say."""

    def __init__(self, message: str, code: str | None = None, retry_after: int = 0) -> None:
        super().__init__(message)
        self.code, self.retry_after = code, retry_after


class CardError(StripeError):
    """A matter between customer and bank."""


class InvalidRequestError(StripeError):
    """Something in the request is wrong."""


class AuthenticationError(StripeError):
    """The API key is wrong."""


class IdempotencyError(StripeError):
    """Something is wrong with the key."""


class ApiConnectionError(StripeError):
    """Nothing came back, or nothing that makes sense."""


class RateLimitError(InvalidRequestError):
    """Too many requests."""


STRIPE_TABLE: Final[Mapping[tuple[type[StripeError], str | None], type[PaymentError]]] = {
    (StripeError, None): UnexpectedError,
    (CardError, None): CardDeclined,
    (CardError, "insufficient_funds"): InsufficientFunds,
    (CardError, "expired_card"): CardExpired,
    (InvalidRequestError, None): RequestRejected,
    (InvalidRequestError, "amount_too_large"): RefundTooLarge,
    (AuthenticationError, None): AccessDenied,
    (IdempotencyError, None): KeyConflict,
    (IdempotencyError, "idempotency_key_in_use"): StillInProgress,
    (ApiConnectionError, None): Unreachable,
    (RateLimitError, None): TooManyRequests,
}
"""(exception, code) -> ours. The nearest ancestor that has a row (first in the order of `__mro__`) decides, then the
code; None stands for every code that has no row of its own with that exception."""

BANK_TABLE: Final[Mapping[str, type[PaymentError]]] = {
    "declined": CardDeclined,
    "funds": InsufficientFunds,
    "expired": CardExpired,
    "busy": TooManyRequests,
    "fault": Unreachable,
    "in progress": StillInProgress,
    "ref used": KeyConflict,
    "no access": AccessDenied,
    "format": RequestRejected,
    "exceeds": RefundTooLarge,
}
"""reason of a refusal -> ours; any other reason, or none, is an UnexpectedError."""


class StripeClient(Protocol):
    """Stripe's client, as given. Thread-safe.

    Amounts are int, in minor units (cents); currencies are lower case. A key is 1 to 255 printable ASCII characters,
    and one key is for one request: charges and refunds share them. The answer is a mapping with at least `id` (a text
    that is not empty), `amount` and `currency` as in the request, and `status`, which is "succeeded". Its objects, and
    the mapping itself, may be of Stripe's own subclasses of dict, str and int. Raises StripeErrors.
    """

    def create_charge(
        self, *, order: str, amount: int, currency: str, idempotency_key: str, api_key: str
    ) -> Mapping[str, Any]:
        """Charge the customer of this order."""
        ...

    def create_refund(
        self, *, charge: str, amount: int, currency: str, idempotency_key: str, api_key: str
    ) -> Mapping[str, Any]:
        """Give back part of the charge with this id, or all of it."""
        ...


class BankClient(Protocol):
    """The bank's client, as given. Thread-safe."""

    def transfer(self, message: Mapping[str, str]) -> Mapping[str, str]:
        """Send a message, and return the answer.

        The message has the fields kind ("debit", or "credit" for a refund), order, value (a decimal text with exactly
        the digits of the currency, "12.50", "1200", without exponent or sign), ccy (upper case), ref (the key: 1 to 35
        letters and digits of ASCII), token (the API key), and for a credit also debit (the id of the charge).

        The answer, a mapping, has state "done" with txn (the id, a text that is not empty), value and ccy as in the
        message; or state "refused" with a reason. Raises OSErrors, which all mean Unreachable.
        """
        ...


class PaymentProcessor(Protocol):
    """Takes money and gives it back. Thread-safe."""

    def charge(self, order_id: str, money: Money) -> Receipt:
        """Charge the customer of this order, once.

        Raises InvalidMoney, ValueError if `order_id` is no text or empty, and PaymentErrors.
        """
        ...

    def refund(self, receipt: Receipt, refund_id: str, money: Money) -> Refund:
        """Give back part of a charge, or all of it; once for each refund_id of a receipt.

        Raises as charge does; ValueError if `refund_id` is no text or empty.
        """
        ...


class StripeProcessor(PaymentProcessor, Protocol):
    """Our side over Stripe."""


class BankProcessor(PaymentProcessor, Protocol):
    """Our side over the bank."""


class NewStripeProcessor(Protocol):
    """How a processor over Stripe is made."""

    def __call__(self, client: StripeClient, api_key: str, attempts: int = 3) -> StripeProcessor:
        """Make one; ValueError if `attempts` is less than 1."""
        ...


class NewBankProcessor(Protocol):
    """How a processor over the bank is made."""

    def __call__(self, client: BankClient, api_key: str, attempts: int = 3) -> BankProcessor:
        """Make one; ValueError if `attempts` is less than 1."""
        ...


class _Sandbox:
    """A provider in memory, for tests and to play with.

    `requests` are all that came, `balance` is what is left of each charge in minor units, `done` what was done, by key.
    `before(request)` is called while a request is under way and not done yet, and may wait or raise; `after(request,
    answer)` makes the answer that is returned, or raises.
    """

    def __init__(self, before: Any = bool, after: Any = lambda _, answer: answer) -> None:
        self.before, self.after = before, after
        self.requests: list[dict[str, Any]] = []
        self.balance: dict[str, int] = {}
        self.done: dict[str, tuple[dict[str, Any], str]] = {}
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def _do(self, request: dict[str, Any], key: str, charge: str | None, units: int) -> str:
        """The id of what has been done, or the bank's word for why it was not."""
        keys = {"api_key", "idempotency_key", "ref", "token"}
        body = {name: value for name, value in request.items() if name not in keys}
        with self._lock:
            self.requests.append(request)
            if key in self._under_way:
                return "in progress"
            self._under_way.add(key)
        try:
            self.before(request)
            with self._lock:
                known, made = self.done.get(key) or (body, self._move(charge, units))
                if made not in BANK_TABLE:
                    self.done[key] = known, made
                return made if known == body else "ref used"
        finally:
            with self._lock:
                self._under_way.discard(key)

    def _move(self, charge: str | None, units: int) -> str:
        number = len(self.done) + 1
        if charge is None:
            self.balance[f"ch_{number}"] = units
        elif units > self.balance.get(charge, 0):
            return "exceeds" if charge in self.balance else "format"
        else:
            self.balance[charge] -= units
        return f"{'ch' if charge is None else 're'}_{number}"


class SandboxStripe(_Sandbox):
    """A StripeClient in memory."""

    def create_charge(self, **request: Any) -> Any:
        """See StripeClient."""
        key, units = request["idempotency_key"], request["amount"]
        made = self._do(request, key, request.get("charge"), units)
        if made in BANK_TABLE:
            error, code = next(r for r, ours in STRIPE_TABLE.items() if ours is BANK_TABLE[made])
            raise error(made, code)
        answer = {"currency": request["currency"], "status": "succeeded", "amount": units}
        return self.after(request, answer | {"id": made})

    create_refund = create_charge


class SandboxBank(_Sandbox):
    """A BankClient in memory."""

    def transfer(self, message: Mapping[str, str]) -> Any:
        """See BankClient."""
        request, units = dict(message), int(message["value"].replace(".", ""))
        made = self._do(request, request["ref"], request.get("debit"), units)
        if made in BANK_TABLE:
            return {"state": "refused", "reason": made}
        answer = {"state": "done", "txn": made, "value": request["value"], "ccy": request["ccy"]}
        return self.after(request, answer)
