"""Adapters that are almost right: one wrong idea each, and the promise it breaks."""

import dataclasses
import hashlib
import threading
import time
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from contracts.patterns.adapter import (
    DIGITS,
    STRIPE_TABLE,
    BadResponse,
    InvalidMoney,
    Money,
    PaymentError,
    RateLimitError,
    Receipt,
    Refund,
    RefundTooLarge,
    StillInProgress,
    StripeError,
    UnexpectedError,
)
from solutions.patterns import adapter as reference
from solutions.patterns.adapter import Operation


def digest(text: str) -> str:
    """A key as both clients take it."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class AlwaysCents:
    """Multiplies by 100, whatever the currency: 80 yen become 8,000. As cartalyst/stripe issue 59."""

    breaks = "P1"

    class StripeProcessor(reference.StripeProcessor):
        def _carry_out(self, operation: Operation) -> str:
            units = int(operation.money.amount * 100) or 1
            return super()._carry_out(dataclasses.replace(operation, units=units))


class NoThirdDigit:
    """Knows currencies without digits, and takes all others for cents. As woocommerce-gateway-stripe issue 2720."""

    breaks = "P1"

    class StripeProcessor(reference.StripeProcessor):
        def _carry_out(self, operation: Operation) -> str:
            digits = max(0, DIGITS[operation.currency] - 2)
            units = operation.units // 10**digits or 1
            return super()._carry_out(dataclasses.replace(operation, units=units))


class ThroughFloat:
    """int(float(amount) * 100): 19.99 becomes 1998 cents. As BasedHardware/omi pull request 10158."""

    breaks = "P1"

    class StripeProcessor(reference.StripeProcessor):
        def _carry_out(self, operation: Operation) -> str:
            units = int(float(operation.money.amount) * 10 ** DIGITS[operation.currency])
            return super()._carry_out(dataclasses.replace(operation, units=units))


class ByTheCallersContext:
    """Moves the point with Decimal arithmetic: right, while the context has digits enough."""

    breaks = "P1"

    class BankProcessor(reference.BankProcessor):
        def charge(self, order_id: str, money: Money) -> Receipt:
            receipt = super().charge(order_id, money)
            digits = DIGITS[money.currency]
            amount = Decimal(int(receipt.money.amount.scaleb(digits))).scaleb(-digits)
            return dataclasses.replace(receipt, money=Money(amount, money.currency))


class RefundsAreDebits:
    """The message of a refund is that of a charge with one more field: the customer pays once more."""

    breaks = "P1"

    class BankProcessor(reference.BankProcessor):
        def _message(self, operation: Operation) -> dict[str, str]:
            return {**super()._message(operation), "kind": "debit"}


class RoundsToCents:
    """Half a cent goes to the even side, instead of being refused."""

    breaks = "P2"

    class StripeProcessor(reference.StripeProcessor):
        def charge(self, order_id: str, money: Money) -> Receipt:
            amount, digits = money.amount, DIGITS.get(money.currency, 0)
            if isinstance(amount, Decimal) and amount.is_finite() and -30 < amount.adjusted() < 15:
                rounded = (
                    round(amount, digits)
                    if digits
                    else amount.quantize(Decimal(1), ROUND_HALF_EVEN)
                )
                money = Money(rounded, money.currency)
            return super().charge(order_id, money)


class ComparesFirst:
    """`amount <= 0` comes before `is_finite()`: a NaN is a decimal.InvalidOperation, which is no ValueError."""

    breaks = "P2"

    class BankProcessor(reference.BankProcessor):
        def charge(self, order_id: str, money: Money) -> Receipt:
            if isinstance(money.amount, Decimal) and money.amount <= 0:
                raise InvalidMoney(f"{money.amount} is not positive")
            return super().charge(order_id, money)


class KeepsTheSpelling:
    """The receipt holds the money that the caller gave: 12.5, where the currency has two digits."""

    breaks = "P3"

    class BankProcessor(reference.BankProcessor):
        def charge(self, order_id: str, money: Money) -> Receipt:
            return dataclasses.replace(super().charge(order_id, money), money=money)


class HandsTheIdOn:
    """The id in a receipt is the client's own object."""

    breaks = "P3"

    class StripeProcessor(reference.StripeProcessor):
        def _ask(self, operation: Operation) -> Mapping[str, Any]:
            self._answer = super()._ask(operation)
            return self._answer

        def _send(self, operation: Operation) -> str:
            super()._send(operation)
            answer, self._answer = self._answer, {}
            made: str = answer["id"]
            return made


class AncestorsInTheirOrder:
    """The first row whose class is an ancestor, however far: a lost connection is 'broken'."""

    breaks = "P4"

    class StripeProcessor(reference.StripeProcessor):
        def _send(self, operation: Operation) -> str:
            try:
                return super()._send(operation)
            except PaymentError as error:
                foreign = error.__cause__
                rows = [row for row in STRIPE_TABLE if row[0] is not StripeError]
                for kind, code in rows:
                    if isinstance(foreign, kind) and code in {None, foreign.code}:
                        ours = STRIPE_TABLE.get((kind, foreign.code), STRIPE_TABLE[kind, None])
                        raise ours(operation.order_id) from foreign
                raise


class ExactClassesOnly:
    """An exception of a newer version of the client is none of the table's."""

    breaks = "P4"

    class StripeProcessor(reference.StripeProcessor):
        def _send(self, operation: Operation) -> str:
            try:
                return super()._send(operation)
            except PaymentError as error:
                foreign = error.__cause__
                if foreign is not None and not any(
                    kind is type(foreign) for kind, _ in STRIPE_TABLE
                ):
                    raise UnexpectedError(operation.order_id) from foreign
                raise


class CatchesEverything:
    """`except Exception`: a mistake in the client looks like a payment that was refused."""

    breaks = "P5"

    class StripeProcessor(reference.StripeProcessor):
        def _send(self, operation: Operation) -> str:
            try:
                return super()._send(operation)
            except PaymentError:
                raise
            except Exception as error:
                raise UnexpectedError(operation.order_id) from error


class NeverCalmsDown:
    """The delay goes on doubling from call to call: it belongs to the processor."""

    breaks = "P6"

    class BankProcessor(reference.BankProcessor):
        _failed = 0

        def _send(self, operation: Operation) -> str:
            try:
                return super()._send(operation)
            except PaymentError as error:
                error.retry_after = 2**self._failed  # type: ignore[attr-defined]
                self._failed += 1
                raise

        def _carry_out(self, operation: Operation) -> str:
            for _ in range(self._attempts - 1):
                try:
                    return self._send(operation)
                except PaymentError as error:
                    if not error.retryable:
                        raise
                    time.sleep(error.retry_after)  # type: ignore[attr-defined]
            return self._send(operation)


class KeyPerAttempt:
    """Each attempt draws a new key: whose answer was lost pays twice. As akash-network/console pull request 3449."""

    breaks = "P7"

    class StripeProcessor(reference.StripeProcessor):
        _drawn = 0

        def _ask(self, operation: Operation) -> Mapping[str, Any]:
            self._drawn += 1
            return super()._ask(with_key(operation, f"{operation.key}-{self._drawn}"))


def with_key(operation: Operation, key: str) -> Operation:
    """The same operation under another key."""

    class Keyed(Operation):
        @property
        def key(self) -> str:
            return key

    return Keyed(**dataclasses.asdict(operation))


class CredentialInKey:
    """Whoever gets a new API key pays again. As tempoxyz/pympp pull request 155, with a short-lived token."""

    breaks = "P7"

    class BankProcessor(reference.BankProcessor):
        def _message(self, operation: Operation) -> dict[str, str]:
            return super()._message(with_key(operation, digest(self._api_key + operation.key)))


class SaltedHash:
    """The key is a hash() of what the operation is: another one in every process."""

    breaks = "P7"

    class StripeProcessor(reference.StripeProcessor):
        def _ask(self, operation: Operation) -> Mapping[str, Any]:
            return super()._ask(with_key(operation, f"key-{hash(operation)}"))


class KeyOfTheOrder:
    """The order alone is the key: what is changed about it is refused. As odoo/odoo pull request 107723."""

    breaks = "P7"

    class BankProcessor(reference.BankProcessor):
        def _message(self, operation: Operation) -> dict[str, str]:
            told = f"{operation.order_id}\n{operation.charge}\n{operation.refund_id}"
            return super()._message(with_key(operation, digest(told)))


class PartsRunTogether:
    """Order 'o' with 110 euros and order 'o1' with 10 have one key: nothing stands between the parts."""

    breaks = "P7"

    class StripeProcessor(reference.StripeProcessor):
        def _ask(self, operation: Operation) -> Mapping[str, Any]:
            told = "".join(map(str, dataclasses.astuple(operation)))
            return super()._ask(with_key(operation, digest(told)))


class GivesUpOnTheOther:
    """Another thread is busy with the same order: that is an error, at once."""

    breaks = "P8"

    class BankProcessor(reference.BankProcessor):
        def _send(self, operation: Operation) -> str:
            try:
                return super()._send(operation)
            except StillInProgress as error:
                error.retryable = False  # type: ignore[misc]
                raise


class OrderOnSelf:
    """What is being charged is kept in the processor: two threads charge one order, and miss the other."""

    breaks = "P8"

    class StripeProcessor(reference.StripeProcessor):
        def _carry_out(self, operation: Operation) -> str:
            self._current = operation
            try:
                return super()._carry_out(operation)
            finally:
                self._current = operation

        def _ask(self, operation: Operation) -> Mapping[str, Any]:
            return super()._ask(self._current)


class LooksWhatIsLeft:
    """Counts what was given back and refuses by that: as juspay/hyperswitch issue 13182, a look, then the refund."""

    breaks = "P9"

    class StripeProcessor(reference.StripeProcessor):
        def refund(self, receipt: Receipt, refund_id: str, money: Money) -> Refund:
            books: dict[str, Decimal] = self.__dict__.setdefault("_books", {})
            left = books.get(receipt.id, receipt.money.amount)
            if (
                isinstance(money.amount, Decimal)
                and money.amount.is_finite()
                and money.amount > left
            ):
                raise RefundTooLarge(receipt.order_id)
            refund = super().refund(receipt, refund_id, money)
            books[receipt.id] = left - refund.money.amount
            return refund


class RefundsByAmount:
    """A refund is what charge and amount say: the second one of 2 euros is taken for the first."""

    breaks = "P9"

    class BankProcessor(reference.BankProcessor):
        def _message(self, operation: Operation) -> dict[str, str]:
            return super()._message(dataclasses.replace(operation, refund_id=""))


class TakesTheAnswerAsItIs:
    """Looks at id and status, and believes the rest."""

    breaks = "P10"

    class StripeProcessor(reference.StripeProcessor):
        def _ask(self, operation: Operation) -> Mapping[str, Any]:
            answer = super()._ask(operation)
            if not isinstance(answer, Mapping):
                return answer
            return {"amount": operation.units, **answer, "currency": operation.currency.lower()}


class AsksAgain:
    """An answer that does not fit is tried again, although the money may have moved."""

    breaks = "P10"

    class BankProcessor(reference.BankProcessor):
        def _carry_out(self, operation: Operation) -> str:
            try:
                return super()._carry_out(operation)
            except BadResponse:
                return super()._carry_out(operation)


class PassesTheTextOn:
    """What the client said stands in the error, with the card's number. As BerriAI/litellm issue 8075."""

    breaks = "P11"

    class StripeProcessor(reference.StripeProcessor):
        def _send(self, operation: Operation) -> str:
            try:
                return super()._send(operation)
            except PaymentError as error:
                error.detail = str(error.__cause__ or error.detail)
                raise


class ShowsItsKey:
    """A dataclass, whose repr shows every field. As recurly/recurly-client-node pull request 6."""

    breaks = "P11"

    class BankProcessor(reference.BankProcessor):
        def __repr__(self) -> str:
            return f"BankProcessor({self._client!r}, {self._api_key!r}, attempts={self._attempts})"


class Remembers:
    """Answers from memory what it has charged before, and grows with every order."""

    breaks = "P12"

    class BankProcessor(reference.BankProcessor):
        def charge(self, order_id: str, money: Money) -> Receipt:
            book: dict[Any, Receipt] = self.__dict__.setdefault("_book", {})
            if (order_id, money) not in book:
                book[order_id, money] = super().charge(order_id, money)
            return book[order_id, money]


class SleepsUnderALock:
    """One lock for the delays, so that retries do not come in crowds: each waits for the delays of the others."""

    breaks = "P12"

    class BankProcessor(reference.BankProcessor):
        def __init__(self, client: Any, api_key: str, attempts: int = 3) -> None:
            super().__init__(client, api_key, attempts)
            self._lock = threading.Lock()

        def _carry_out(self, operation: Operation) -> str:
            for failed in range(self._attempts - 1):
                try:
                    return self._send(operation)
                except PaymentError as error:
                    if not error.retryable:
                        raise
                with self._lock:
                    time.sleep(2**failed)
            return self._send(operation)


class FlagsInTheCallersContext:
    """A NaN is caught when it is compared: refused, but the caller's decimal context has a flag more."""

    breaks = "P1"

    class StripeProcessor(reference.StripeProcessor):
        def charge(self, order_id: str, money: Money) -> Receipt:
            try:
                bad = isinstance(money.amount, Decimal) and money.amount <= 0
            except ArithmeticError:
                bad = True
            if bad:
                raise InvalidMoney("an amount must be greater than zero")
            return super().charge(order_id, money)


class CapsTheDelay:
    """No delay is longer than a minute, as backoffs usually have it, whatever the provider asks for."""

    breaks = "P6"

    class StripeProcessor(reference.StripeProcessor):
        def _carry_out(self, operation: Operation) -> str:
            for failed in range(self._attempts - 1):
                try:
                    return self._send(operation)
                except PaymentError as error:
                    if not error.retryable:
                        raise
                    asked = getattr(error.__cause__, "retry_after", 0)
                time.sleep(min(60, max(2**failed, asked)))
            return self._send(operation)


class PatienceForRatesOnly:
    """`retry_after` is read off a RateLimitError alone; other errors ask for patience in vain."""

    breaks = "P6"

    class StripeProcessor(reference.StripeProcessor):
        def _send(self, operation: Operation) -> str:
            try:
                return super()._send(operation)
            except PaymentError as error:
                foreign = error.__cause__
                if isinstance(foreign, StripeError) and not isinstance(foreign, RateLimitError):
                    foreign.retry_after = 0
                raise


class JoinedByADash:
    """A dash stands between the parts, and ids may hold one: two refunds, or a refund and a charge, have one key."""

    breaks = "P7"

    class StripeProcessor(reference.StripeProcessor):
        def _ask(self, operation: Operation) -> Mapping[str, Any]:
            who = (
                (operation.charge, operation.refund_id)
                if operation.charge
                else (operation.order_id,)
            )
            told = "-".join((*who, str(operation.units), operation.currency))
            return super()._ask(with_key(operation, digest(told)))


class EightAtATime:
    """A semaphore keeps the client from being overrun: the ninth payment waits for one of another order."""

    breaks = "P12"

    class BankProcessor(reference.BankProcessor):
        def __init__(self, client: Any, api_key: str, attempts: int = 3) -> None:
            super().__init__(client, api_key, attempts)
            self._gate = threading.Semaphore(8)

        def _send(self, operation: Operation) -> str:
            with self._gate:
                return super()._send(operation)
