"""Right adapters in other styles, and one whose digits come from a library."""

import hashlib
import importlib
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DecimalException
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

from contracts.patterns.adapter import (
    BANK_TABLE,
    DIGITS,
    MOST_UNITS,
    STRIPE_TABLE,
    BadResponse,
    InvalidMoney,
    Money,
    Receipt,
    Refund,
    StripeError,
    UnexpectedError,
    Unreachable,
)

EXACT = Context(prec=10_000, Emax=MAX_EMAX, Emin=MIN_EMIN)


class Retry(Exception):
    """Within a loop: wait so long, then try again; `error` if there is no attempt left."""

    def __init__(self, error: Exception, seconds: float = 0) -> None:
        super().__init__()
        self.error, self.seconds = error, seconds


class Job(NamedTuple):
    """A charge, or a refund."""

    order: str
    units: int
    currency: str
    of: tuple[str, ...]

    @property
    def text(self) -> str:
        """Written out, by slices."""
        digits = DIGITS[self.currency]
        padded = str(self.units).zfill(digits + 1)
        return f"{padded[:-digits]}.{padded[-digits:]}" if digits else padded

    @property
    def money(self) -> Money:
        """With the digits of its currency."""
        return Money(Decimal(self.text), self.currency)

    @property
    def key(self) -> str:
        """Each part behind its length."""
        parts = (self.order, str(self.units), self.currency, *self.of)
        told = "".join(f"{len(part)}:{part}" for part in parts)
        return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def units_of(money: Money) -> int:
    """By Decimal arithmetic, in a context of our own."""
    if not isinstance(money.amount, Decimal) or money.currency not in DIGITS:
        raise InvalidMoney(f"{money} is no money")
    try:
        units = EXACT.scaleb(money.amount, DIGITS[money.currency])
        if not units.is_finite() or not EXACT.compare(units, Decimal(MOST_UNITS)) <= 0:
            raise InvalidMoney(f"{money} is too much")
        if (
            units.is_signed()
            or not units
            or units.copy_abs() != units.to_integral_value(context=EXACT)
        ):
            raise InvalidMoney(f"{money} is no whole number of units")
    except DecimalException:
        raise InvalidMoney(f"{money} cannot be counted") from None
    return int(units)


def text_of(value: object, name: str) -> str:
    """An id of the caller's."""
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"{name}: a text that is not empty is needed")


def fits(job: Job, answer: Any, name: str, wanted: Mapping[str, Any]) -> str:
    """The id in the answer."""
    if isinstance(answer, Mapping):
        made = answer.get(name)
        same = all(field in answer and answer[field] == value for field, value in wanted.items())
        if same and isinstance(made, str) and made:
            return f"{made}"[:]
    raise BadResponse(job.order, "the answer is another one's")


def processor(
    send: Callable[[Job], str], attempts: int, units: Callable[[Money], int] = units_of
) -> Any:
    """Our side, made of closures around one function that asks once."""
    if attempts < 1:
        raise ValueError("there must be an attempt")

    def carry_out(job: Job, attempt: int = 1) -> str:
        try:
            return send(job)
        except Retry as again:
            if attempt == attempts:
                raise again.error from again.error.__cause__
            seconds = max(2.0 ** (attempt - 1), again.seconds)
        time.sleep(seconds)
        return carry_out(job, attempt + 1)

    def charge(order_id: str, money: Money) -> Receipt:
        job = Job(text_of(order_id, "order_id"), units(money), money.currency, ())
        return Receipt(carry_out(job), order_id, job.money)

    def refund(receipt: Receipt, refund_id: str, money: Money) -> Refund:
        if receipt.money.currency != money.currency:
            raise InvalidMoney("that was paid in another currency")
        of = (receipt.id, text_of(refund_id, "refund_id"))
        job = Job(receipt.order_id, units(money), money.currency, of)
        return Refund(carry_out(job), receipt.order_id, refund_id, job.money)

    return SimpleNamespace(charge=charge, refund=refund)


def stripe(client: Any, api_key: str) -> Callable[[Job], str]:
    """Asks Stripe once."""

    def send(job: Job) -> str:
        said = {
            "amount": job.units,
            "currency": job.currency.lower(),
            "idempotency_key": job.key,
            "api_key": api_key,
        }
        currency = job.currency.lower()
        try:
            ask = client.create_refund if job.of else client.create_charge
            answer = ask(**said, **({"charge": job.of[0]} if job.of else {"order": job.order}))
        except StripeError as error:
            kind = next(k for k in type(error).__mro__ if (k, None) in STRIPE_TABLE)
            ours = STRIPE_TABLE.get((kind, error.code), STRIPE_TABLE[kind, None])(job.order)
            ours.__cause__ = error
            if ours.retryable:
                raise Retry(ours, getattr(error, "retry_after", 0)) from None
            raise ours from error
        return fits(
            job, answer, "id", {"amount": job.units, "currency": currency, "status": "succeeded"}
        )

    return send


def bank(client: Any, api_key: str) -> Callable[[Job], str]:
    """Asks the bank once."""

    def send(job: Job) -> str:
        said = {
            "order": job.order,
            "value": job.text,
            "ccy": job.currency,
            "ref": job.key,
            "token": api_key,
        }
        said |= {"kind": "credit", "debit": job.of[0]} if job.of else {"kind": "debit"}
        try:
            answer = client.transfer(said)
        except OSError as error:
            ours = Unreachable(job.order)
            ours.__cause__ = error
            raise Retry(ours) from None
        with suppress(AttributeError):
            if answer.get("state") == "refused":
                error_now = BANK_TABLE.get(answer.get("reason"), UnexpectedError)(job.order)
                raise Retry(error_now) if error_now.retryable else error_now
        return fits(job, answer, "txn", {"state": "done", "value": job.text, "ccy": job.currency})

    return send


class Closures:
    """Functions instead of classes: a processor is two closures around a third that asks once."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    @staticmethod
    def StripeProcessor(client: Any, api_key: str, attempts: int = 3) -> Any:  # noqa: N802 - named by the contract
        """Over Stripe."""
        return processor(stripe(client, api_key), attempts)

    @staticmethod
    def BankProcessor(client: Any, api_key: str, attempts: int = 3) -> Any:  # noqa: N802 - named by the contract
        """Over the bank."""
        return processor(bank(client, api_key), attempts)


class OneFlight:
    """Classes with slots; threads that want the same at the same time wait for each other, not for the provider."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class _Base:
        __slots__ = ("_flights", "_guard", "_inner", "_keys")
        _ask: Any

        def __init__(self, client: Any, api_key: str, attempts: int = 3) -> None:
            self._inner = processor(self._ask(client, api_key), attempts)
            self._guard = threading.Lock()
            self._flights: dict[Any, list[Any]] = {}

        def charge(self, order_id: str, money: Money) -> Any:
            """One thread at a time for one order and amount."""
            return self._alone(("charge", text_of(order_id, "order_id"), units_of(money), money.currency),
                               lambda: self._inner.charge(order_id, money))  # fmt: skip

        def refund(self, receipt: Receipt, refund_id: str, money: Money) -> Any:
            """One thread at a time for one refund."""
            return self._alone(("refund", receipt.id, text_of(refund_id, "refund_id"), units_of(money)),
                               lambda: self._inner.refund(receipt, refund_id, money))  # fmt: skip

        def _alone(self, what: Any, job: Callable[[], Any]) -> Any:
            with self._guard:
                flight = self._flights.setdefault(what, [threading.Lock(), 0])
                flight[1] += 1
            try:
                with flight[0]:
                    return job()
            finally:
                with self._guard:
                    flight[1] -= 1
                    if not flight[1]:
                        del self._flights[what]

    class StripeProcessor(_Base):
        """Over Stripe."""

        __slots__ = ()
        _ask = staticmethod(stripe)

    class BankProcessor(_Base):
        """Over the bank."""

        __slots__ = ()
        _ask = staticmethod(bank)


def moneyed_units(money: Money) -> int:
    """As py-moneyed counts them: amount times sub-units, cut to an int."""
    module = importlib.import_module("moneyed")
    if money.currency not in module.CURRENCIES:
        raise InvalidMoney(f"{money.currency} is no currency")
    try:
        units = module.Money(money.amount, money.currency).get_amount_in_sub_unit()
    except (ArithmeticError, TypeError, ValueError):
        raise InvalidMoney(f"{money.amount} cannot be counted") from None
    if not 0 < units <= MOST_UNITS:
        raise InvalidMoney(f"{money.amount} is too little or too much")
    return int(units)


class Moneyed:
    """py-moneyed counts the minor units: its digits are right, its arithmetic is not exact."""

    requires = ("moneyed",)
    fails: ClassVar[dict[str, str]] = {
        "P1": "the product is rounded by the caller's decimal context, and its flags are set",
        "P2": "what is too fine is cut off; numbers and texts are amounts, too",
        "P3": "under such a context the receipt has the rounded amount",
    }

    @staticmethod
    def StripeProcessor(client: Any, api_key: str, attempts: int = 3) -> Any:  # noqa: N802 - named by the contract
        """Over Stripe."""
        return processor(stripe(client, api_key), attempts, moneyed_units)

    @staticmethod
    def BankProcessor(client: Any, api_key: str, attempts: int = 3) -> Any:  # noqa: N802 - named by the contract
        """Over the bank."""
        return processor(bank(client, api_key), attempts, moneyed_units)
