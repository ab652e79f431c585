"""Amounts as text: reading, writing, and comparing what somebody said with what was computed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

from contracts.services.framework import DAY, LEAST, MAX_TEXT, MOST, YEAR, BadInput, Quantity, Unit
from solutions.services.framework.rules import is_exact, is_text

Step: TypeAlias = tuple[Fraction, str]

DECIMAL: Final = {prefix: Fraction(1_000**power) for power, prefix in enumerate(" kMGTPE")}
BINARY: Final = {f"{prefix}i": Fraction(1_024**power) for power, prefix in enumerate("KMGTPE", 1)}
LONG_TIMES: Final = {
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3_600),
    "d": Fraction(DAY),
    "y": Fraction(YEAR * DAY),
}
SHORT_TIMES: Final = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "ms": Fraction(1, 10**3),
}
RATES: Final = {
    Unit.COUNT: Unit.PER_SECOND,
    Unit.BYTES: Unit.BYTES_PER_SECOND,
    Unit.BITS: Unit.BITS_PER_SECOND,
}
NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
MICRO: Final = ("\N{MICRO SIGN}s", "\N{GREEK SMALL LETTER MU}s")
NO_SPACE: Final = {Unit.COUNT, Unit.PER_SECOND}


def _symbols() -> Iterator[tuple[str, tuple[Fraction, Unit]]]:
    """Yield every symbol that can be read, with its size."""
    for unit, rate in RATES.items():
        binary = BINARY if unit is Unit.BYTES else {}
        for prefix, size in (DECIMAL | binary).items():
            symbol = prefix.strip() + unit.value
            yield symbol, (size, unit)
            for time, seconds in LONG_TIMES.items():
                yield f"{symbol}/{time}", (size / seconds, rate)
    for symbol, seconds in (SHORT_TIMES | LONG_TIMES).items():
        yield symbol, (seconds, Unit.SECONDS)
    for symbol in MICRO:
        yield symbol, (SHORT_TIMES["us"], Unit.SECONDS)


def _steps(unit: Unit) -> list[Step]:
    """The symbols that a unit is written with, the smallest first."""
    if unit is Unit.SECONDS:
        return [(size, symbol) for symbol, size in (SHORT_TIMES | LONG_TIMES).items()]
    return [(size, prefix.strip() + unit.value) for prefix, size in DECIMAL.items()]


SYMBOLS: Final[Mapping[str, tuple[Fraction, Unit]]] = dict(_symbols())
STEPS: Final[Mapping[Unit, Sequence[Step]]] = {unit: _steps(unit) for unit in Unit}


def parse_quantity(text: str) -> Quantity:
    """Read a number and a symbol of the table."""
    if not is_text(text, MAX_TEXT):
        raise BadInput("text", f"must be a str of at most {MAX_TEXT} characters")
    number = NUMBER.match(text)
    if number is None:
        raise BadInput("text", f"begins with no number: {text!r}")
    rest = text[number.end() :]
    symbol = rest.removeprefix(" ")
    if symbol not in SYMBOLS or rest == " ":
        raise BadInput("text", f"has no unit that is known: {text!r}")
    size, unit = SYMBOLS[symbol]
    amount = Fraction(number.group()) * size
    if not _is_amount(amount):
        raise BadInput("text", f"is too much or too little: {text!r}")
    return Quantity(amount, unit)


def format_quantity(quantity: Quantity) -> str:
    """Write three digits and the largest symbol that fits."""
    _check(quantity)
    amount, unit = quantity.amount, quantity.unit
    space = "" if unit in NO_SPACE else " "
    if amount == 0:
        return f"0{space}{unit.value}"
    steps = STEPS[unit]
    place = max((n for n, (size, _) in enumerate(steps) if size <= amount), default=0)
    rounded = _three_digits(amount / steps[place][0])
    if place + 1 < len(steps) and rounded * steps[place][0] == steps[place + 1][0]:
        rounded, place = Fraction(1), place + 1
    symbol = steps[place][1]
    return _digits(rounded) + (space + symbol if symbol else "")


def agrees(guess: str, figure: Quantity) -> bool:
    """Compare the two without dividing."""
    said = parse_quantity(guess)
    _check(figure)
    if said.unit is not figure.unit:
        raise BadInput("unit", f"must be {figure.unit.name} as in the figure, not {said.unit.name}")
    return said.amount <= 10 * figure.amount and figure.amount <= 10 * said.amount


def _check(quantity: Quantity) -> None:
    if not (is_exact(quantity.amount) and _is_amount(quantity.amount)):
        raise BadInput("amount", f"must be 0, or from 1/{MOST} to {MOST}, exactly")
    if not isinstance(quantity.unit, Unit):
        raise BadInput("unit", f"must be a Unit, not {quantity.unit!r}")


def _is_amount(amount: Fraction) -> bool:
    return amount == 0 or LEAST <= amount <= MOST


def _three_digits(number: Fraction) -> Fraction:
    """Round to three significant digits, halves up."""
    unit = Fraction(1)
    while number >= 1_000 * unit:
        unit *= 10
    while number < 100 * unit:
        unit /= 10
    return (2 * number + unit) // (2 * unit) * unit


def _digits(number: Fraction) -> str:
    """Write a number whose decimal fraction ends, without an exponent."""
    places = 0
    while (number * 10**places).denominator != 1:
        places += 1
    digits = str((number * 10**places).numerator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
