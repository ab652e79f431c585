"""What is sent, what is refused, and what comes back."""

import decimal
import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any

from contracts.patterns.adapter import (
    DIGITS,
    InvalidMoney,
    Money,
    Receipt,
    Refund,
    SandboxBank,
    SandboxStripe,
)
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic
from graders.patterns.adapter.given import sides

API_KEY = "sk_live_1"
AMOUNTS = [
    # as it is spelt, currency, in minor units, as a text
    ("12.50", "EUR", 1250, "12.50"),
    ("12.5", "EUR", 1250, "12.50"),
    ("12.5000", "EUR", 1250, "12.50"),
    ("0.01", "EUR", 1, "0.01"),
    ("1", "EUR", 100, "1.00"),
    ("1E+2", "EUR", 10_000, "100.00"),
    ("1E-2", "EUR", 1, "0.01"),
    ("19.99", "USD", 1999, "19.99"),
    ("8.29", "USD", 829, "8.29"),
    ("9999999999.99", "EUR", 999_999_999_999, "9999999999.99"),
    ("1." + "0" * 5_000, "GBP", 100, "1.00"),
    ("80", "JPY", 80, "80"),
    ("80.00", "JPY", 80, "80"),
    ("1E+3", "JPY", 1000, "1000"),
    ("999999999999", "KRW", 999_999_999_999, "999999999999"),
    ("1.234", "KWD", 1234, "1.234"),
    ("7.5", "BHD", 7500, "7.500"),
    ("0.001", "TND", 1, "0.001"),
    ("0.0001", "CLF", 1, "0.0001"),
    ("3", "CLF", 30_000, "3.0000"),
]
CONTEXTS = [
    decimal.Context(prec=3),
    decimal.Context(prec=1, rounding=decimal.ROUND_UP, Emin=0, Emax=0, traps=[]),
    decimal.Context(prec=2, traps=[decimal.Inexact, decimal.Rounded, decimal.Subnormal]),
    decimal.Context(prec=28, traps=[decimal.FloatOperation, decimal.InvalidOperation]),
]
BAD_AMOUNTS: list[tuple[Any, str]] = [
    *[
        (Decimal(text), "EUR")
        for text in ("0", "-0", "0.00", "0E+5", "-1", "-0.001", "NaN", "-NaN")
    ],
    *[(Decimal(text), "EUR") for text in ("sNaN", "Infinity", "-Infinity", "0.001", "12.505")],
    *[(Decimal(text), "EUR") for text in ("10000000000", "1E+999999", "1E-999999", "0E-999999")],
    *[(value, "EUR") for value in (10, True, 10.0, 0.1, "10", None, Fraction(10), float("nan"))],
    *[(Decimal("0.5"), "JPY"), (Decimal(1000000000000), "JPY"), (Decimal("1.2345"), "KWD")],
    *[(Decimal(1000000000), "KWD"), (Decimal("0.00001"), "CLF"), (Decimal("1E-30"), "USD")],
]
BAD_CURRENCIES = ["eur", "Eur", "XTS", "", " EUR", "EUR\n", "EURO", "E", None]


def form(request: dict[str, Any]) -> tuple[Any, Any]:
    """Amount and currency of a request, as they were sent."""
    if "value" in request:
        return request["value"], request["ccy"]
    return request["amount"], request.get("currency", "")


@check("P1", kind="behaviour")
def test_amounts_reach_the_client_exactly(plain: Implementation) -> None:
    """Amounts with 0, 2, 3 and 4 digits were charged and given back, each in several spellings."""
    for processor, sandbox in sides(plain):
        client = sandbox()
        it = processor(client, API_KEY)
        for number, (spelt, currency, units, text) in enumerate(AMOUNTS):
            money, did = (
                Money(Decimal(spelt), currency),
                f"amount and currency for {spelt[:20]} {currency}",
            )
            stripe, bank = (units, currency.lower()), (text, currency)
            receipt = it.charge(f"order {number}", money)
            want = stripe if sandbox is SandboxStripe else bank
            equal(form(client.requests[-1]), want, did=f"{did}, charge")
            it.refund(receipt, "r", money)
            equal(form(client.requests[-1])[0], want[0], did=f"{did}, refund")
            equal(receipt.money.currency, currency, did=f"currency of the receipt for {spelt[:20]}")


@check("P1", kind="contract")
def test_requests_are_what_the_clients_document(plain: Implementation) -> None:
    """10 EUR of an order were charged, 2.5 EUR given back; every field of both requests is looked at."""
    stripe, bank = SandboxStripe(), SandboxBank()
    for processor, client in ((plain.StripeProcessor, stripe), (plain.BankProcessor, bank)):
        it = processor(client, API_KEY)
        receipt = it.charge("order 7", Money(Decimal(10), "EUR"))
        it.refund(receipt, "r", Money(Decimal("2.5"), "EUR"))
    keys = {"idempotency_key", "ref"}
    got = [
        {k: v for k, v in r.items() if k not in keys} for r in (*stripe.requests, *bank.requests)
    ]
    money, order = (
        {"currency": "eur", "api_key": API_KEY},
        {"order": "order 7", "ccy": "EUR", "token": API_KEY},
    )
    equal(
        got[0],
        {"order": "order 7", "amount": 1000, **money},
        did="Stripe's charge, without its key",
    )
    equal(
        got[1], {"charge": "ch_1", "amount": 250, **money}, did="Stripe's refund, without its key"
    )
    equal(
        got[2],
        {"kind": "debit", "value": "10.00", **order},
        did="the bank's charge, without its ref",
    )
    equal(
        got[3],
        {"kind": "credit", "debit": "ch_1", "value": "2.50", **order},
        did="the bank's refund, without its ref",
    )


@check("P1", "P2", "P3", kind="behaviour")
def test_the_decimal_context_has_no_say(plain: Implementation) -> None:
    """Amounts were charged under decimal contexts with few digits, small exponents and many traps."""
    for context in CONTEXTS:
        for processor, sandbox in sides(plain):
            client = sandbox()
            it = processor(client, API_KEY)
            for spelt, currency, units, text in AMOUNTS:
                money, did = Money(Decimal(spelt), currency), f"charge {spelt[:20]} {currency}"
                with decimal.localcontext(context) as ours:
                    receipt = it.charge(f"order {spelt[:20]}", money)
                    changed = repr(ours) != repr(context)
                want = units if sandbox is SandboxStripe else text
                equal(form(client.requests[-1])[0], want, did=f"{did} under {context}")
                equal(str(receipt.money.amount), text, did=f"{did} under {context}: the receipt")
                ensure(not changed, did=f"{did} under {context}", want="the context as it was")
            with decimal.localcontext(context) as ours:
                for amount, currency in BAD_AMOUNTS:
                    money = Money(amount, currency)
                    raises(InvalidMoney, partial(it.charge, "x", money),
                           did=f"charge({money}) under {context}")  # fmt: skip
                    ensure(repr(ours) == repr(context), did=f"charge({money}) under {context}",
                           want="the context as it was, its flags too", got=ours)  # fmt: skip


def spellings(rng: random.Random, units: int, digits: int) -> str:
    """One of the many ways to write so many minor units."""
    exponent = -digits
    while units % 10 == 0 and rng.random() < 0.7:
        units, exponent = units // 10, exponent + 1
    zeros = rng.choice((0, 0, 1, 7))
    return f"{units}{'0' * zeros}E{exponent - zeros}"


@check("P1", "P3", kind="behaviour")
def test_generated_amounts(plain: Implementation) -> None:
    """200 amounts in all currencies, seed 7, each spelt at random."""
    rng = random.Random(7)
    for processor, sandbox in sides(plain):
        client = sandbox()
        it = processor(client, API_KEY)
        for number in range(200):
            currency = rng.choice(sorted(DIGITS))
            digits = DIGITS[currency]
            units = rng.randrange(1, 10 ** rng.randrange(1, 12)) * 10 ** rng.choice((0, 1))
            spelt = spellings(rng, units, digits)
            whole, rest = divmod(units, 10**digits)
            text = f"{whole}.{rest:0{digits}}" if digits else str(whole)
            receipt = it.charge(f"order {number}", Money(Decimal(spelt), currency))
            want = (units, currency.lower()) if sandbox is SandboxStripe else (text, currency)
            equal(form(client.requests[-1]), want, did=f"sent for {spelt} {currency}")
            equal(str(receipt.money.amount), text, did=f"receipt for {spelt} {currency}")


@check("P2", kind="contract")
def test_what_is_no_money_is_refused(plain: Implementation) -> None:
    """Amounts that are not finite, not positive, too fine, too large or no Decimal; unknown currencies."""
    for processor, sandbox in sides(plain):
        client = sandbox()
        it = processor(client, API_KEY)
        receipts = {
            c: Receipt("ch_1", "o", Money(Decimal(9), c))
            for c in ("EUR", "JPY", "KWD", "CLF", "USD")
        }
        for amount, currency in BAD_AMOUNTS:
            money = Money(amount, currency)
            raises(InvalidMoney, partial(it.charge, "o", money), did=f"charge('o', {money})")
            raises(InvalidMoney, partial(it.refund, receipts[currency], "r", money),
                   did=f"refund(receipt, 'r', {money})")  # fmt: skip
        for currency in BAD_CURRENCIES:
            money: Any = Money(Decimal(5), currency)
            odd = Receipt("ch_1", "o", money)
            raises(InvalidMoney, partial(it.charge, "o", money), did=f"charge('o', {money})")
            raises(InvalidMoney, partial(it.refund, receipts["EUR"], "r", money),
                   did=f"refund a receipt in EUR by {money}")  # fmt: skip
            raises(InvalidMoney, partial(it.refund, odd, "r", money),
                   did=f"refund a receipt in {currency!r} by {money}")  # fmt: skip
        equal(client.requests, [], did="requests that were sent meanwhile")


@check("P2", kind="contract")
def test_refunds_are_in_the_currency_of_their_receipt(plain: Implementation) -> None:
    """10 EUR were paid, 10 USD and 10 JPY are to be given back; then 10 EUR."""
    for processor, sandbox in sides(plain):
        client = sandbox()
        it = processor(client, API_KEY)
        receipt = it.charge("o", Money(Decimal(10), "EUR"))
        for currency in ("USD", "JPY", "KWD"):
            money = Money(Decimal(10), currency)
            raises(InvalidMoney, partial(it.refund, receipt, "r", money), did=f"refund by {money}")
        equal(len(client.requests), 1, did="requests that were sent: the charge alone")
        it.refund(receipt, "r", Money(Decimal(10), "EUR"))
        equal(client.balance, {"ch_1": 0}, did="what is left of the charge after 10 EUR went back")


@check("P2", kind="contract")
def test_bad_ids_and_attempts_are_refused(plain: Implementation) -> None:
    """Ids that are empty or no text, and fewer attempts than one."""
    for processor, sandbox in sides(plain):
        client = sandbox()
        it, money = processor(client, API_KEY), Money(Decimal(10), "EUR")
        receipt = Receipt("ch_1", "o", money)
        bad: Any
        for bad in ("", None, 7, b"o", ["o"]):
            raises(ValueError, partial(it.charge, bad, money), did=f"charge({bad!r}, 10 EUR)")
            raises(ValueError, partial(it.refund, receipt, bad, money),
                   did=f"refund(receipt, {bad!r}, 10 EUR)")  # fmt: skip
        for attempts in (0, -1):
            raises(ValueError, partial(processor, client, API_KEY, attempts),
                   did=f"a processor with {attempts} attempts")  # fmt: skip
        equal(client.requests, [], did="requests that were sent meanwhile")


@check("P3", kind="behaviour")
def test_receipts_say_what_happened(plain: Implementation) -> None:
    """An order of 12.5 EUR was charged, 2 EUR of it given back, and 1E+3 JPY charged."""
    for processor, sandbox in sides(plain):
        it = processor(sandbox(), api_key=API_KEY)
        receipt = it.charge(order_id="o 1", money=Money(Decimal("12.5"), "EUR"))
        refund = it.refund(receipt=receipt, refund_id="r 1", money=Money(Decimal(2), "EUR"))
        yen = it.charge("o 2", Money(Decimal("1E+3"), "JPY"))
        equal(
            receipt, Receipt("ch_1", "o 1", Money(Decimal("12.50"), "EUR")), did="charge 12.5 EUR"
        )
        equal(
            refund, Refund("re_2", "o 1", "r 1", Money(Decimal("2.00"), "EUR")), did="refund 2 EUR"
        )
        texts = [str(each.money.amount) for each in (receipt, refund, yen)]
        equal(
            texts, ["12.50", "2.00", "1000"], did="the amounts of receipt, refund and yen receipt"
        )


class ForeignText(str):
    """A text of the provider's own."""

    __slots__ = ()


class ForeignNumber(int):
    """A number of the provider's own."""


def foreign(answer: dict[str, Any]) -> dict[str, Any]:
    """The same, in the provider's own types, with more in it than was asked for."""
    made = {
        k: ForeignNumber(v) if isinstance(v, int) else ForeignText(v) for k, v in answer.items()
    }
    return {**made, "object": "charge", "livemode": False, "metadata": {"card": None}}


def parts(value: Any) -> Iterator[object]:
    """Everything in a receipt."""
    for each in vars(value).values():
        yield each
        if isinstance(each, Money):
            yield from parts(each)


@check("P3", kind="behaviour")
def test_nothing_foreign_is_in_a_receipt(plain: Implementation) -> None:
    """The answers are read-only mappings with texts and numbers of the provider's own classes, and more fields."""
    for processor, sandbox in sides(plain):
        client = sandbox(after=lambda request, answer: MappingProxyType(foreign(answer)))
        it, money = processor(client, API_KEY), Money(Decimal(10), "EUR")
        receipt = it.charge("o", money)
        for what, each in (("charge", receipt), ("refund", it.refund(receipt, "r", money))):
            kinds = {type(part).__name__ for part in parts(each)}
            equal(
                kinds,
                {"str", "Decimal", "Money"},
                did=f"the classes of all that is in what {what} returned",
            )
