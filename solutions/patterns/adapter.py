"""Adapter: what both providers share is written once, what is foreign is translated at one edge each.

A call becomes an `Operation`: checked, in whole minor units, with its key. `_Processor` carries it out, with
retries; a subclass says how its client is asked (`_send`) and turns everything that comes back into an id or a
PaymentError. No foreign object gets past `_send`.

Trade-offs: the key is a digest of what the operation is, not a random number that is stored. So no database is
needed and two processes agree, and a customer who really wants the same amount for the same order twice has to get
another order id. Nothing is remembered and nothing is locked here: the provider is the only one who sees all
processes, so it alone decides about keys and about what is left to refund. Amounts are taken apart as integers:
arithmetic of Decimal would round by the caller's context.
"""

import hashlib
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contracts.patterns.adapter import (
    BANK_TABLE,
    DIGITS,
    MOST_UNITS,
    STRIPE_TABLE,
    BadResponse,
    BankClient,
    InvalidMoney,
    Money,
    PaymentError,
    Receipt,
    Refund,
    StripeClient,
    StripeError,
    UnexpectedError,
    Unreachable,
)


@dataclass(frozen=True)
class Operation:
    """A charge, or a refund of `charge`, ready to be sent."""

    order_id: str
    units: int
    currency: str
    charge: str = ""
    refund_id: str = ""

    @property
    def key(self) -> str:
        """The same for the same operation, anywhere; JSON keeps the parts apart. 32 letters and digits."""
        parts = [self.order_id, self.units, self.currency, self.charge, self.refund_id]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    @property
    def money(self) -> Money:
        """The amount with exactly the digits of its currency."""
        digits = tuple(map(int, str(self.units)))
        return Money(Decimal((0, digits, -DIGITS[self.currency])), self.currency)

    @property
    def text(self) -> str:
        """The same as a text: 12.50."""
        return f"{self.money.amount:f}"


class _Processor(ABC):
    """Our side, whatever the provider."""

    def __init__(self, client: Any, api_key: str, attempts: int = 3) -> None:
        if attempts < 1:
            raise ValueError(f"attempts must be at least 1, got {attempts}")
        self._client, self._api_key, self._attempts = client, api_key, attempts

    def charge(self, order_id: str, money: Money) -> Receipt:
        """Charge the customer of this order, once."""
        _check_id("order_id", order_id)
        operation = Operation(order_id, _units(money), money.currency)
        return Receipt(self._carry_out(operation), order_id, operation.money)

    def refund(self, receipt: Receipt, refund_id: str, money: Money) -> Refund:
        """Give back part of a charge, once for each refund_id."""
        _check_id("refund_id", refund_id)
        if money.currency != receipt.money.currency:
            raise InvalidMoney(f"paid in {receipt.money.currency}, not in {money.currency!r}")
        operation = Operation(
            receipt.order_id, _units(money), money.currency, receipt.id, refund_id
        )
        return Refund(self._carry_out(operation), receipt.order_id, refund_id, operation.money)

    def _carry_out(self, operation: Operation) -> str:
        for failed in range(self._attempts - 1):
            try:
                return self._send(operation)
            except PaymentError as error:
                if not error.retryable:
                    raise
                delay = max(2**failed, getattr(error.__cause__, "retry_after", 0))
            time.sleep(delay)
        return self._send(operation)

    @abstractmethod
    def _send(self, operation: Operation) -> str:
        """Ask the client once: the id of what was done, or a PaymentError."""


class StripeProcessor(_Processor):
    """Our side over Stripe."""

    _client: StripeClient

    def _send(self, operation: Operation) -> str:
        try:
            answer = self._ask(operation)
        except StripeError as error:
            raise _translated(error)(operation.order_id) from error
        wanted = {
            "amount": operation.units,
            "currency": operation.currency.lower(),
            "status": "succeeded",
        }
        return _id_of(answer, "id", wanted, operation)

    def _ask(self, operation: Operation) -> Mapping[str, Any]:
        common: dict[str, Any] = {
            "amount": operation.units,
            "currency": operation.currency.lower(),
            "idempotency_key": operation.key,
            "api_key": self._api_key,
        }
        if operation.charge:
            return self._client.create_refund(charge=operation.charge, **common)
        return self._client.create_charge(order=operation.order_id, **common)


class BankProcessor(_Processor):
    """Our side over the bank."""

    _client: BankClient

    def _send(self, operation: Operation) -> str:
        answer: Any
        try:
            answer = self._client.transfer(self._message(operation))
        except OSError as error:
            raise Unreachable(operation.order_id) from error
        wanted = {"state": "done", "value": operation.text, "ccy": operation.currency}
        if isinstance(answer, Mapping) and answer.get("state") == "refused":
            raise BANK_TABLE.get(answer.get("reason", ""), UnexpectedError)(operation.order_id)
        return _id_of(answer, "txn", wanted, operation)

    def _message(self, operation: Operation) -> dict[str, str]:
        kind = {"kind": "debit"}
        if operation.charge:
            kind = {"kind": "credit", "debit": operation.charge}
        return {
            **kind,
            "order": operation.order_id,
            "value": operation.text,
            "ccy": operation.currency,
            "ref": operation.key,
            "token": self._api_key,
        }


def _translated(error: StripeError) -> type[PaymentError]:
    """The row of the nearest ancestor; StripeError itself has one."""
    kind = next(kind for kind in type(error).__mro__ if (kind, None) in STRIPE_TABLE)
    return STRIPE_TABLE.get((kind, error.code)) or STRIPE_TABLE[kind, None]


def _id_of(answer: Any, name: str, wanted: Mapping[str, Any], operation: Operation) -> str:
    """The id in an answer that fits, as a plain str."""
    if not isinstance(answer, Mapping):
        raise BadResponse(operation.order_id, "the answer is no mapping")
    for field, value in wanted.items():
        if answer.get(field) != value:
            raise BadResponse(operation.order_id, f"the answer has another {field}")
    made = answer.get(name)
    if not isinstance(made, str) or not made:
        raise BadResponse(operation.order_id, f"the answer has no {name}")
    return "".join(made)


def _units(money: Money) -> int:
    """The amount in minor units, by its figures: no decimal context has a say, no huge number is built."""
    amount: object = money.amount
    digits = DIGITS.get(money.currency)
    if digits is None:
        raise InvalidMoney(f"{money.currency!r} is not in DIGITS")
    if not isinstance(amount, Decimal) or not amount.is_finite():
        raise InvalidMoney(f"an amount must be a finite Decimal, got {amount!r}")
    if not amount or amount.is_signed():
        raise InvalidMoney(f"an amount must be greater than zero, got {amount!r}")
    figures, length = amount.as_tuple().digits, amount.adjusted() + 1 + digits
    if length > len(str(MOST_UNITS)):
        raise InvalidMoney(f"{amount!r} {money.currency} is more than {MOST_UNITS:,} minor units")
    if any(figures[max(length, 0) :]):
        raise InvalidMoney(f"{money.currency} has {digits} digits behind the point, got {amount!r}")
    return int("".join(map(str, figures[:length])).ljust(length, "0"))


def _check_id(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a text that is not empty, got {value!r}")
