"""Amounts: raises, pays, rounding, the caller's decimal context, and what is refused."""

import decimal
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from random import Random
from typing import Any

from contracts.thinking.employee import MOST, MOST_PERCENT, MOST_PERIODS
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.expect import show
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic

START = datetime(2030, 1, 1)  # noqa: DTZ001 - the clock is the grader's
CENT = Decimal("0.01")


def ticking() -> Callable[[], datetime]:
    """A clock that is a minute later at each call."""
    minutes = iter(range(10**9))
    return lambda: START + timedelta(minutes=next(minutes))


def hire(impl: Implementation, salary: Any, name: Any = "Ada", by: Any = "HR") -> Any:
    """An employee whom everybody may ask."""
    return impl.Employee(name, salary, by=by, clock=ticking(), may_see=lambda _: True)


def salary_of(employee: Any) -> Decimal:
    """Today's salary."""
    salary: Decimal = employee.reveal("auditor")[-1]
    return salary


def money(cents: int) -> Decimal:
    """Cents as money, exact whatever the context."""
    return Decimal(f"{cents // 100}.{cents % 100:02}")


def cents_of(amount: Any) -> int:
    """Money as cents."""
    return int(Fraction(amount) * 100)


@check("P1", kind="behaviour")
def test_raises_by_an_amount(impl: Implementation) -> None:
    """Hired for 73,912.46; raised by 0.01, 1,000 (an int), 1.5, 1E+2 and 0.30."""
    ada, want = hire(impl, Decimal("73912.46")), [7391246]
    for amount in (Decimal("0.01"), 1_000, Decimal("1.5"), Decimal("1E+2"), Decimal("0.30")):
        ada.raise_by(amount, by="HR")
        want.append(want[-1] + cents_of(amount))
    equal(list(ada.reveal("auditor")), [*map(money, want)], did="five raises; all salaries")


PERCENTS = [
    (10_000, "0.05", 5, "10,000 cents by 0.05 %"),
    (1_000, "0.05", 0, "1,000 cents by 0.05 %: 0.5, to even"),
    (3_000, "0.05", 2, "3,000 cents by 0.05 %: 1.5, to even"),
    (5_000, "0.05", 2, "5,000 cents by 0.05 %: 2.5, to even"),
    (101, "50", 50, "101 cents by 50 %: 50.5, to even, though 151.5 would go to 152"),
    (103, "50", 52, "103 cents by 50 %: 51.5, to even, though 154.5 would go to 154"),
    (7_391_246, "2.5", 184_781, "73,912.46 by 2.5 %"),
    (7_391_246, "0.000001", 0, "73,912.46 by a millionth of a percent"),
    (1, "1000", 10, "one cent by 1,000 %"),
    (33, "33.333333", 11, "33 cents by 33.333333 %"),
    (9_000_000_000_001, "1.111111", 100_000_000_000 - 10_000, "90,000,000,000.01 by 1.111111 %"),
]


@check("P1", kind="behaviour")
def test_raises_by_a_percentage(impl: Implementation) -> None:
    """Eleven raises whose exact values are known, five of them half a cent."""
    for cents, percent, plus, did in PERCENTS:
        ada = hire(impl, money(cents))
        ada.raise_percent(Decimal(percent), by="HR")
        equal(salary_of(ada), money(cents + plus), did=did)
    ada = hire(impl, 80)
    ada.raise_percent(5, by="HR")
    equal(salary_of(ada), Decimal("84.00"), did="80 by 5 (an int) %")


@check("P1", kind="behaviour")
def test_generated_raises(impl: Implementation) -> None:
    """200 raises by generated percentages against exact fractions, one after the other. Seed 5."""
    chance = Random(5)
    for _ in range(40):
        cents = chance.choice((chance.randrange(1, 300), chance.randrange(1, 10**9)))
        ada = hire(impl, money(cents))
        for _ in range(5):
            parts = chance.choice((chance.randrange(1, 40) * 500_000, chance.randrange(1, 10**7)))
            percent = Decimal(parts).scaleb(-6)
            was, cents = cents, cents + round(Fraction(cents * parts, 100 * 10**6))
            ada.raise_percent(percent, by="HR")
            equal(salary_of(ada), money(cents), did=f"{money(was)} by {percent} %")


@check("P1", kind="behaviour")
def test_two_decimal_places(impl: Implementation) -> None:
    """Salaries and pays of 1000, 1E+3, 1000.5, 1000.500 and 0.1: how many decimal places come out."""
    for salary in (1000, Decimal("1E+3"), Decimal("1000.5"), Decimal("1000.500"), Decimal("0.1")):
        ada = hire(impl, salary)
        ada.raise_by(Decimal(7), by="HR")
        ada.raise_percent(Decimal("1E+1"), by="HR")
        for amount in (*ada.reveal("auditor"), ada.pay(1, 1, by="HR"), ada.pay(1, by="HR")):
            did = f"hired for {salary!r}: reveal() and pay()"
            ensure(type(amount) is Decimal, did=did, want="a Decimal", got=amount)
            equal(amount.as_tuple().exponent, -2, did=f"{did}: the exponent of {amount!r}")


@check("P2", kind="behaviour")
def test_the_pays_of_a_year(impl: Implementation) -> None:
    """100.00 in 12 and 7 pays, 0.01 in 12, 0.05 in 2 and 10, 1.00 in 366."""
    for cents, periods in ((10_000, 12), (10_000, 7), (1, 12), (5, 2), (5, 10), (100, 366)):
        ada = hire(impl, money(cents))
        due = [round(Fraction(cents * k, periods)) for k in range(periods + 1)]
        want = [money(due[k] - due[k - 1]) for k in range(1, periods + 1)]
        got = [ada.pay(k, periods, by="payroll") for k in range(1, periods + 1)]
        equal(got, want, did=f"{money(cents)} a year, pay(1 … {periods}, {periods})")
    got = [hire(impl, 1).pay(k, by="payroll") for k in (1, 2, 3, 6)]
    want = [Decimal(each) for each in ("0.08", "0.09", "0.08", "0.08")]
    equal(got, want, did="1 a year, pay(k) for k = 1, 2, 3, 6, periods left out")


@check("P2", kind="behaviour")
def test_generated_years(impl: Implementation) -> None:
    """60 salaries in 1 to 60 pays, in any order of periods, against exact fractions. Seed 6."""
    chance = Random(6)
    for _ in range(60):
        cents, periods = chance.randrange(1, 10 ** chance.randint(1, 13)), chance.randint(1, 60)
        ada = hire(impl, money(cents))
        order = chance.sample(range(1, periods + 1), periods)
        pays = {k: ada.pay(k, periods, by="payroll") for k in order}
        due = [round(Fraction(cents * k, periods)) for k in range(periods + 1)]
        want = {k: money(due[k] - due[k - 1]) for k in order}
        equal(pays, want, did=f"{money(cents)} a year in {periods} periods: pays")


@check("P2", kind="behaviour")
def test_a_raise_in_the_middle_of_a_year(impl: Implementation) -> None:
    """120.00 a year, two pays, a raise by 12.05, ten pays: each from the salary of its moment."""
    ada = hire(impl, 120)
    got = [ada.pay(k, by="payroll") for k in (1, 2)]
    ada.raise_by(Decimal("12.05"), by="HR")
    got += [ada.pay(k, by="payroll") for k in range(3, 13)]
    due = [round(Fraction(13_205 * k, 12)) for k in range(13)]
    want = [Decimal("10.00")] * 2 + [money(due[k] - due[k - 1]) for k in range(3, 13)]
    equal(got, want, did="a raise between pay(2) and pay(3): pays")


CONTEXTS = {
    "prec=1": decimal.Context(prec=1),
    "ROUND_UP": decimal.Context(rounding=decimal.ROUND_UP),
    "ROUND_DOWN, prec=3": decimal.Context(prec=3, rounding=decimal.ROUND_DOWN),
    "Emax=1, Emin=-1": decimal.Context(prec=5, Emax=1, Emin=-1, clamp=1),
    "every trap, prec=2": decimal.Context(
        prec=2, traps=list(decimal.Context().flags), rounding=decimal.ROUND_CEILING
    ),
    "prec=400": decimal.Context(prec=400, rounding=decimal.ROUND_05UP),
}


def _a_life(impl: Implementation, amounts: list[Decimal]) -> list[Any]:
    salary, plus, percent, bad, worse = amounts
    ada = hire(impl, salary)
    ada.raise_by(plus, by="HR")
    ada.raise_percent(percent, by="HR")
    for wrong in (bad, worse):
        raises(ValueError, lambda w=wrong: ada.raise_by(w, by="HR"), did=f"raise_by({wrong})")
        raises(ValueError, lambda w=wrong: ada.raise_percent(w, by="HR"), did=f"percent {wrong}")
    return [*ada.reveal("auditor"), *(ada.pay(k, 7, by="payroll") for k in range(1, 8))]


@check("P3", kind="behaviour")
def test_the_caller_s_context_does_not_matter(impl: Implementation) -> None:
    """The same life of an employee in six strange decimal contexts, which stay as they were."""
    texts = ("987654321.09", "1234567.89", "12.345678", "1.0000001", "NaN")
    amounts = [Decimal(text) for text in texts]
    want = _a_life(impl, amounts)
    for name, given in CONTEXTS.items():
        outer = decimal.getcontext()
        context = given.copy()
        decimal.setcontext(context)
        try:
            before = str(decimal.getcontext())
            got = _a_life(impl, amounts)
            after = str(decimal.getcontext())
        finally:
            decimal.setcontext(outer)
        did = f"hired, raised, paid in a context of {name}"
        equal([*map(str, got)], [*map(str, want)], did=did + ": amounts")
        equal(after, before, did=did + ": the context and its flags")


class Grade(IntEnum):
    """An int, though it has a name."""

    SENIOR = 9


class Euro(Decimal):
    """A Decimal with a name of its own."""


TYPES = [1.0, 1000.5, float("nan"), "1000", None, True, False, 1j, Fraction(5), (1, (5,), 0), [5]]
VALUES = [*map(Decimal, ("0", "-0", "-1", "NaN", "sNaN", "-NaN", "Infinity", "-Infinity"))]
VALUES += [0, -1, Decimal("1000.005"), Decimal("-0.01")]
HUGE = [Decimal("1E+999999"), Decimal("1E-999999"), Decimal("9" * 3_000), 10**3_000]
HUGE += [Decimal("1E+999999999999"), Decimal("1E-999999999999"), Decimal("1." + "0" * 3_000 + "1")]


def _refused(impl: Implementation, error: Any, value: Any, *, as_percentage: bool = True) -> None:
    ada = hire(impl, 1000)
    jobs = {
        "hired for": lambda: hire(impl, value),
        "raise_by": lambda: ada.raise_by(value, by="HR"),
        "raise_percent": lambda: ada.raise_percent(value, by="HR"),
    }
    if not as_percentage:
        del jobs["raise_percent"]
    for name, job in jobs.items():
        raises(error, job, did=f"{name} {show(value)[:60]}")
    equal(len(ada.trail), 1, did=f"{show(value)[:60]} refused: entries in the trail")
    equal(salary_of(ada), Decimal("1000.00"), did=f"{show(value)[:60]} refused: the salary")


@check("P4", kind="contract")
def test_what_is_no_amount_is_refused(impl: Implementation) -> None:
    """Floats, texts, bools and others; zero, negative, not finite; not whole cents; too high."""
    for value in TYPES:
        _refused(impl, TypeError, value)
    for value in VALUES:
        _refused(impl, ValueError, value)
    for value in (Decimal("0.001"), Decimal("9.995"), Decimal("0.000001")):
        _refused(impl, ValueError, value, as_percentage=False)
    for value in (MOST, int(MOST), MOST + 1, MOST - Decimal("0.005")):
        _refused(impl, ValueError, value)
    ada = hire(impl, MOST - CENT)
    raises(ValueError, lambda: ada.raise_by(CENT, by="HR"), did="a raise to 10 ** 12")
    raises(ValueError, lambda: ada.raise_percent(1, by="HR"), did="a raise above 10 ** 12")
    equal(len(ada.trail), 1, did="two raises too high: entries in the trail")
    equal(ada.reveal("auditor"), (MOST - CENT,), did="two raises too high: salaries")
    grace = hire(impl, MOST - 2)
    grace.raise_by(Decimal("1.99"), by="HR")
    equal(salary_of(grace), MOST - CENT, did="a raise to 10 ** 12 - 0.01")
    equal(salary_of(hire(impl, Grade.SENIOR)), Decimal("9.00"), did="hired for an IntEnum of 9")
    bob = hire(impl, Euro("9.5"))
    bob.raise_by(Euro("0.5"), by="HR")
    equal(
        bob.reveal("auditor"), (Decimal("9.50"), Decimal("10.00")), did="of a subclass of Decimal"
    )


@check("P4", kind="contract")
def test_long_numbers_are_refused_at_once(impl: Implementation) -> None:
    """1E+999999999999, 1E-999999999999, 3,000 digits before and behind the point, an int of 3,001 digits."""
    for value in HUGE:
        _refused(impl, ValueError, value)
    long = Decimal("1000.50" + "0" * 3_000)
    ada = hire(impl, long)
    ada.raise_by(long, by="HR")
    ada.raise_percent(Decimal("1E+1"), by="HR")
    want = [Decimal(each) for each in ("1000.50", "2001.00", "2201.10")]
    equal(list(ada.reveal("auditor")), want, did="1000.50 and 3,000 zeros, twice; then 1E+1 %")


@check("P4", kind="contract")
def test_percentages_and_their_places(impl: Implementation) -> None:
    """1,000 and six places will do, 1,000.000001 and seven places will not, zeros at the end do not count."""
    ada = hire(impl, 100)
    for value in (MOST_PERCENT + Decimal("0.000001"), MOST_PERCENT + 1, Decimal("0.0000001")):
        job = lambda v=value: ada.raise_percent(v, by="HR")  # noqa: E731 - one line a case
        raises(ValueError, job, did=f"raise_percent({value})")
    ada.raise_percent(MOST_PERCENT, by="HR")
    ada.raise_percent(Decimal("0.100000000000"), by="HR")
    want = tuple(map(Decimal, ("100.00", "1100.00", "1101.10")))
    equal(ada.reveal("auditor"), want, did="100 by 1,000 %, then by 0.100000000000 %: salaries")


@check("P4", kind="contract")
def test_periods(impl: Implementation) -> None:
    """Periods that are no ints, or not 1 to `periods`; periods that are not 1 to 366."""
    ada = hire(impl, 366)
    for bad in ((True, 12), (1.0, 12), ("1", 12), (1, True), (1, 12.0), (1, None), (None, 12)):
        raises(TypeError, lambda b=bad: ada.pay(*b, by="HR"), did=f"pay{bad}")
    for bad in ((0, 12), (13, 12), (-1, 12), (1, 0), (1, -1), (0, 0), (1, MOST_PERIODS + 1)):
        raises(ValueError, lambda b=bad: ada.pay(*b, by="HR"), did=f"pay{bad}")
    equal(len(ada.trail), 1, did="14 bad calls of pay(): entries in the trail")
    equal(ada.pay(366, 366, by="HR"), Decimal("1.00"), did="366 a year, pay(366, 366)")


@check("P4", kind="contract")
def test_names(impl: Implementation) -> None:
    """Names that are no text, or empty or blank, wherever one is asked for."""
    ada = hire(impl, 1000)
    for bad, error in (
        (None, TypeError),
        (7, TypeError),
        (b"x", TypeError),
        ("", ValueError),
        (" \t", ValueError),
    ):
        jobs: dict[str, Callable[[], object]] = {
            "name": lambda b=bad: hire(impl, 1000, name=b),
            "by of the hiring": lambda b=bad: hire(impl, 1000, by=b),
            "by of raise_by": lambda b=bad: ada.raise_by(1, by=b),
            "by of raise_percent": lambda b=bad: ada.raise_percent(1, by=b),
            "by of pay": lambda b=bad: ada.pay(1, by=b),
            "who of reveal": lambda b=bad: ada.reveal(b),
        }
        for what, job in jobs.items():
            raises(error, job, did=f"{what} = {bad!r}")
    grace = hire(impl, 1000, name=" Grace ", by="H R ")
    equal((grace.name, grace.trail[0].by), (" Grace ", "H R "), did="names with spaces, as given")
    equal(len(ada.trail), 1, did="30 calls with bad names: entries in the trail")
    equal(salary_of(ada), Decimal("1000.00"), did="30 calls with bad names: the salary")
