"""Writing quantities, reading them again, and comparing orders of magnitude."""

import random
import re
from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from contracts.services.framework import LATENCIES, LEAST, MOST, BadInput, Quantity, Unit
from graders.kit import Implementation, check, ensure, equal, raises

DECIMAL: Final = {prefix: Fraction(1_000**power) for power, prefix in enumerate(["", *"kMGTPE"])}
TIMES: Final = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "ms": Fraction(1, 10**3),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3_600),
    "d": Fraction(86_400),
    "y": Fraction(31_536_000),
}
NUMBER: Final = re.compile(r"(?P<whole>0|[1-9][0-9]*)(?:\.(?P<rest>[0-9]*[1-9]))?")


def steps(unit: Unit) -> list[tuple[str, Fraction]]:
    """What stands behind the number, and its size; the smallest first."""
    if unit is Unit.SECONDS:
        return [(f" {symbol}", size) for symbol, size in TIMES.items()]
    space = "" if unit in {Unit.COUNT, Unit.PER_SECOND} else " "
    return [(f"{space}{prefix}{unit.value}", size) for prefix, size in DECIMAL.items()]


EDGES: Final = (Fraction(1), Fraction(1_999, 2), Fraction(9_996, 10), Fraction(1_000))
CLOCK: Final = (Fraction(24), Fraction(60), Fraction(365))
POWERS: Final = [Fraction(10) ** power for power in range(-40, 40)]


def amounts(seed: int, count: int) -> Iterator[tuple[Fraction, Unit]]:
    """Amounts of every size and unit: at the edges of symbols, a hair beside them, and any."""
    chance = random.Random(seed)
    for unit in Unit:
        for _, size in steps(unit):
            for edge in EDGES + CLOCK if unit is Unit.SECONDS else EDGES:
                yield edge * size, unit
                yield edge * size * (1 + Fraction(chance.choice([-1, 1]), 10**12)), unit
        for _ in range(count):
            power = chance.randint(-29, 26)
            digits = Fraction(
                chance.randint(1, 10 ** chance.randint(1, 4)), chance.choice([1, 1, 3])
            )
            yield digits * POWERS[power + 40], unit


def told(amount: Fraction, unit: Unit) -> str:
    """What was done, for a message."""
    return f"wrote Quantity({amount}, {unit})"


@check("P3", kind="behaviour")
def test_quantities_by_example(impl: Implementation) -> None:
    """Amounts of every unit, most of them in the middle of a symbol's range."""
    for amount, unit, text in (
        ("1500", Unit.BYTES, "1.5 kB"), ("1536", Unit.BYTES, "1.54 kB"), ("1000000", Unit.BYTES, "1 MB"),
        ("1234567", Unit.BITS, "1.23 Mb"), ("12", Unit.BITS, "12 b"), ("123456789", Unit.COUNT, "123M"),
        ("1200", Unit.COUNT, "1.2k"), ("5", Unit.COUNT, "5"), ("10000", Unit.PER_SECOND, "10k/s"),
        ("1/5", Unit.PER_SECOND, "0.2/s"), ("1/3", Unit.COUNT, "0.333"), ("2/3", Unit.BYTES, "0.667 B"),
        ("3/10", Unit.SECONDS, "300 ms"), ("1/2000000", Unit.SECONDS, "500 ns"),
        ("90", Unit.SECONDS, "1.5 min"),
        ("5400", Unit.SECONDS, "1.5 h"), ("31536", Unit.SECONDS, "8.76 h"),
        ("777600", Unit.SECONDS, "9 d"),
        ("63072000", Unit.SECONDS, "2 y"), ("3/10000000000", Unit.SECONDS, "0.3 ns"),
        ("1/4000", Unit.SECONDS, "250 us"),
        ("2000000", Unit.BYTES_PER_SECOND, "2 MB/s"), ("1000000000", Unit.BITS_PER_SECOND, "1 Gb/s"),
        ("1/86400", Unit.PER_SECOND, "0.0000116/s"), ("100", Unit.COUNT, "100"),
        ("10", Unit.BYTES, "10 B"),
    ):  # fmt: skip
        made = Fraction(amount)
        equal(impl.format_quantity(Quantity(made, unit)), text, did=told(made, unit))
    for text in LATENCIES.values():
        read = impl.parse_quantity(text)
        equal(impl.format_quantity(read), text, did=f"read {text!r} and wrote it again")


@check("P3", kind="behaviour")
def test_nothing_and_the_ends_of_the_range(impl: Implementation) -> None:
    """Zero, amounts beyond the largest symbol, and amounts below the smallest."""
    for unit in Unit:
        space = "" if unit in {Unit.COUNT, Unit.PER_SECOND} else " "
        equal(
            impl.format_quantity(Quantity(Fraction(0), unit)),
            f"0{space}{unit.value}",
            did=told(Fraction(0), unit),
        )
    small = "0." + "0" * 29 + "1"
    for amount, unit, text in (
        (Fraction(12_345 * 10**18), Unit.COUNT, "12300E"),
        (Fraction(10_006 * 10**17), Unit.COUNT, "1000E"), (Fraction(10_006 * 10**18), Unit.BITS, "10000 Eb"),
        (Fraction(10**30), Unit.BYTES, "1000000000000 EB"),
        (Fraction(10**30), Unit.SECONDS, "31700000000000000000000 y"),
        (Fraction(1_999 * 10**18), Unit.BITS, "2000 Eb"),
        (LEAST, Unit.BYTES, f"{small} B"), (LEAST, Unit.PER_SECOND, f"{small}/s"),
        (LEAST, Unit.COUNT, small),
        (LEAST, Unit.SECONDS, "0.000000000000000000001 ns"),
        (Fraction(12_345, 10**11), Unit.BITS, "0.000000123 b"),
        (Fraction(9_996, 10**5), Unit.COUNT, "0.1"), (Fraction(99_951, 10**5), Unit.BYTES, "1 B"),
        (Fraction(99_949, 10**14), Unit.SECONDS, "0.999 ns"),
        (MOST - Fraction(1, 3), Unit.COUNT, "1000000000000E"),
    ):  # fmt: skip
        equal(impl.format_quantity(Quantity(amount, unit)), text, did=told(amount, unit))


@check("P3", kind="behaviour")
def test_what_rounds_up_to_the_next_symbol_is_written_with_it(impl: Implementation) -> None:
    """A little less than 1,000 of a prefix, 60 s, 60 min, 24 h and 365 d."""
    for unit in Unit:
        if unit is Unit.SECONDS:
            continue
        written = [text.strip() if unit is Unit.COUNT else text for text, _ in steps(unit)]
        for number, (_, size) in enumerate(steps(unit)[:-1]):
            for part, text in (("999.4", f"999{written[number]}"), ("999.5", f"1{written[number + 1]}"),
                               ("999.49999", f"999{written[number]}"),
                               ("999.9999", f"1{written[number + 1]}")):  # fmt: skip
                amount = Fraction(part) * size
                equal(impl.format_quantity(Quantity(amount, unit)), text, did=told(amount, unit))
    for amount, text in (
        ("59.94", "59.9 s"), ("59.95", "1 min"), ("59.99999", "1 min"), ("3596.9", "59.9 min"),
        ("3597", "1 h"),
        ("3599.9", "1 h"), ("86219", "23.9 h"), ("86220", "1 d"), ("86399.999", "1 d"),
        ("31492799", "364 d"),
        ("31492800", "1 y"), ("0.9994", "999 ms"), ("0.9996", "1 s"), ("0.0009996", "1 ms"),
        ("60", "1 min"),
        ("119.99", "2 min"), ("7199", "2 h"),
    ):  # fmt: skip
        seconds = Fraction(amount)
        equal(
            impl.format_quantity(Quantity(seconds, Unit.SECONDS)),
            text,
            did=told(seconds, Unit.SECONDS),
        )


@check("P3", kind="behaviour")
def test_halves_are_rounded_up(impl: Implementation) -> None:
    """Numbers exactly in the middle, after an even and after an odd digit, and just below it."""
    for amount, text in (
        ("1225", "1.23k"), ("1235", "1.24k"), ("1245", "1.25k"), ("1005", "1.01k"),
        ("12250", "12.3k"), ("1005000", "1.01M"),
        ("122500", "123k"), ("1224.999999", "1.22k"), ("0.12345", "0.123"), ("0.1225", "0.123"),
        ("2.675", "2.68"),
        ("1.005", "1.01"), ("100.5", "101"), ("101.5", "102"), ("8.345", "8.35"),
        ("1.115", "1.12"), ("0.0002225", "0.000223"),
    ):  # fmt: skip
        made = Fraction(amount)
        equal(impl.format_quantity(Quantity(made, Unit.COUNT)), text, did=told(made, Unit.COUNT))


@check("P3", kind="behaviour")
def test_any_amount_has_the_right_symbol_and_digits(impl: Implementation) -> None:
    """Amounts of all sizes from seed 3, near every edge and far from it."""
    for amount, unit in amounts(3, 30):
        text = impl.format_quantity(Quantity(amount, unit))
        did = f"{told(amount, unit)}, got {text!r}"
        ensure(type(text) is str, did=did, want="a str", got=text)
        found = NUMBER.match(text)
        ensure(found is not None, did=did, want="a number without zeros at its ends, then a symbol")
        assert found is not None
        known = {symbol: place for place, (symbol, _) in enumerate(steps(unit))}
        symbol = text[found.end() :]
        ensure(symbol in known, did=did, want=f"one of {list(known)} behind the number", got=symbol)
        _is_best(Fraction(found.group()), known[symbol], amount, unit, did)


def _is_best(number: Fraction, place: int, amount: Fraction, unit: Unit, did: str) -> None:
    """The number must be the amount in the right symbol, to three digits."""
    sizes = [size for _, size in steps(unit)]
    right = max((n for n, size in enumerate(sizes) if size <= amount), default=0)
    exact = amount / sizes[right]
    digit = POWERS[bisect_right(POWERS, exact) - 3]
    best = (exact / digit + Fraction(1, 2)).__floor__() * digit
    if right + 1 < len(sizes) and best * sizes[right] >= sizes[right + 1]:
        best, right = Fraction(1), right + 1
    want = f"{best} of the symbol{steps(unit)[right][0]}"
    ensure((number, place) == (best, right), did=did, want=want)


@check("P4", kind="behaviour")
def test_what_is_written_can_be_read(impl: Implementation) -> None:
    """Amounts of all sizes from seed 4, and short texts: written, read, and written again."""
    for amount, unit in amounts(4, 15):
        text = impl.format_quantity(Quantity(amount, unit))
        read = impl.parse_quantity(text)
        did = f"{told(amount, unit)} as {text!r} and read it again"
        equal(read.unit, unit, did=f"{did}: its unit")
        ensure(
            abs(read.amount - amount) * 200 <= amount,
            did=did,
            want=f"within 0.5 % of {amount}",
            got=read,
        )
        equal(impl.format_quantity(read), text, did=f"{did}, and wrote that")
    for text in (
        "0", "1", "999", "1k", "1.5M", "12.3G", "999E", "1000E", "0 B", "1 B", "1.5 GB", "2.7 kb", "0.5/s", "0/s",
        "10k/s", "1.21M/s", "2 MB/s", "100 Gb/s", "0 s", "1 ns", "1.5 us", "300 ms", "59.9 s", "1 min", "59.9 min",
        "1 h", "23.9 h", "1 d", "364 d", "1 y", "1000 y", "1230 y", "0.123 ns", "0.001 B/s",
    ):  # fmt: skip
        equal(
            impl.format_quantity(impl.parse_quantity(text)),
            text,
            did=f"read {text!r} and wrote it again",
        )


@check("P5", kind="behaviour")
def test_ten_times_agrees_and_more_does_not(impl: Implementation) -> None:
    """Guesses at the edges of an order of magnitude, on both sides, to one part in 10 ** 18."""
    figure = Quantity(Fraction(2_737_500_000_000), Unit.BYTES)
    for guess, want in (
        ("2.7 TB", True), ("27.375 TB", True), ("27.375000000001 TB", False), ("273.75 GB", True),
        ("273.749999999999 GB", False), ("1 TB", True), ("20 TB", True), ("2.7 GB", False),
        ("3 PB", False),
        ("0 B", False), ("1 TiB", True), ("0.28 TB", True), ("28 TB", False),
    ):  # fmt: skip
        equal(impl.agrees(guess, figure), want, did=f"asked whether {guess!r} agrees with {figure}")
    nothing = Quantity(Fraction(0), Unit.SECONDS)
    for guess, want in (("0 s", True), ("0 y", True), ("1 ns", False)):
        equal(
            impl.agrees(guess, nothing), want, did=f"asked whether {guess!r} agrees with {nothing}"
        )
    for power in (-8, 0, 3, 18):
        amount = Fraction(10) ** power
        figure = Quantity(amount, Unit.COUNT)
        just = Quantity(amount * 10 * (1 + Fraction(1, 10**18)), Unit.COUNT)
        low = _plain(amount)
        did = f"asked whether {low!r} agrees with ten times and a little more"
        equal(impl.agrees(low, just), False, did=did)
        equal(
            impl.agrees(_plain(amount * 10), figure),
            True,
            did=f"asked whether ten times agrees with {figure}",
        )
        equal(
            impl.agrees(_plain(amount / 10), figure),
            True,
            did=f"asked whether a tenth agrees with {figure}",
        )


def _plain(amount: Fraction) -> str:
    """A number with its digits, as a COUNT is read."""
    whole, rest = divmod(amount, 1)
    return f"{whole}.{int(rest * 10**20):020}" if rest else f"{whole}"


@check("P5", "P15", kind="behaviour")
def test_only_the_same_units_are_compared(impl: Implementation) -> None:
    """Bits and bytes, sizes and rates; a guess that cannot be read; a figure that is none."""
    units = {"1": Unit.COUNT, "1 B": Unit.BYTES, "1 b": Unit.BITS, "1 s": Unit.SECONDS, "1/s": Unit.PER_SECOND,
             "1 B/s": Unit.BYTES_PER_SECOND, "1 b/s": Unit.BITS_PER_SECOND}  # fmt: skip
    for guess, unit in units.items():
        for other in Unit:
            figure = Quantity(Fraction(1), other)
            did = f"asked whether {guess!r} agrees with {figure}"
            if other is unit:
                equal(impl.agrees(guess, figure), True, did=did)
            else:
                equal(
                    raises(BadInput, lambda f=figure, g=guess: impl.agrees(g, f), did=did).field,
                    "unit",
                    did=did,
                )
    for guess, amount, unit, field in (
        ("1 mb", Fraction(1), Unit.BYTES, "text"), ("1 mb", Fraction(-1), Unit.BYTES, "text"),
        ("1 MB", Fraction(-1), Unit.BYTES, "amount"), ("1 MB", 1.5, Unit.BYTES, "amount"),
        ("1 MB", Fraction(1), "B", "unit"),
        ("1 MB", Fraction(-1), Unit.BITS, "amount"), ("1 MB", float("nan"), "B", "amount"),
    ):  # fmt: skip
        bad = Quantity(amount, unit)  # type: ignore[arg-type]
        did = f"asked whether {guess!r} agrees with {bad}"
        equal(
            raises(BadInput, lambda b=bad, g=guess: impl.agrees(g, b), did=did).field,
            field,
            did=did,
        )
