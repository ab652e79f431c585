"""Reading quantities: what is read, exactly, and what is refused."""

import random
import re
from fractions import Fraction
from typing import Final

from contracts.services.framework import LATENCIES, LEAST, MOST, BadInput, Quantity, Unit
from graders.kit import Implementation, check, equal, raises

POWERS: Final = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
SECONDS: Final = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "y": 31_536_000}
SHORT: Final = {"ns": 9, "us": 6, "\u00b5s": 6, "\u03bcs": 6, "ms": 3}
UNITS: Final = {"": Unit.COUNT, "B": Unit.BYTES, "b": Unit.BITS}
RATES: Final = {"": Unit.PER_SECOND, "B": Unit.BYTES_PER_SECOND, "b": Unit.BITS_PER_SECOND}
WHOLE: Final = re.compile(
    r"(?P<whole>[0-9]+)(?:\.(?P<rest>[0-9]+))?"
    r"(?:(?= ?[^ ]) ?(?:(?P<ten>[kMGTPE]?)(?P<base>[Bb]?)(?:/(?P<per>s|min|h|d|y))?"
    r"|(?P<two>[KMGTPE])iB(?:/(?P<pers>s|min|h|d|y))?"
    r"|(?P<long>s|min|h|d|y)|(?P<short>ns|us|ms|\u00b5s|\u03bcs)))?"
)
"""The grammar of the contract in one expression, to compare with."""


def meaning(text: str) -> Quantity | None:
    """What a text says; None if it is to be refused."""
    found = WHOLE.fullmatch(text)
    if found is None or len(text) > 40:
        return None
    digits = found["rest"] or ""
    number = Fraction(int(found["whole"] + digits), 10 ** len(digits))
    if found["long"]:
        amount, unit = number * SECONDS[found["long"]], Unit.SECONDS
    elif found["short"]:
        amount, unit = number / 10 ** SHORT[found["short"]], Unit.SECONDS
    else:
        per = found["per"] or found["pers"]
        base = "B" if found["two"] else found["base"] or ""
        size = 1_024 ** POWERS[found["two"].replace("K", "k")] if found["two"] else None
        amount = number * (size or 1_000 ** POWERS[found["ten"] or ""])
        amount /= SECONDS[per] if per else 1
        unit = (RATES if per else UNITS)[base]
    return Quantity(amount, unit) if amount == 0 or LEAST <= amount <= MOST else None


def reads(impl: Implementation, text: str, amount: Fraction | int, unit: Unit) -> None:
    """The text must be read as this amount."""
    equal(impl.parse_quantity(text), Quantity(Fraction(amount), unit), did=f"read {text!r}")


def refuses(impl: Implementation, text: object) -> None:
    """The text must be refused, and named so."""
    error = raises(BadInput, lambda: impl.parse_quantity(text), did=f"read {text!r}")
    equal(error.field, "text", did=f"read {text!r}, then asked the BadInput for its field")


@check("P1", kind="behaviour")
def test_sizes_are_read(impl: Implementation) -> None:
    """Every prefix with bytes, bits and counts, with and without a space."""
    for prefix, power in POWERS.items():
        reads(impl, f"1.5{prefix}B", Fraction(3, 2) * 1_000**power, Unit.BYTES)
        reads(impl, f"1.5 {prefix}b", Fraction(3, 2) * 1_000**power, Unit.BITS)
        reads(impl, f"7{prefix}", 7 * 1_000**power, Unit.COUNT)
        if prefix:
            reads(impl, f"7 {prefix}", 7 * 1_000**power, Unit.COUNT)
    for power, prefix in enumerate("KMGTPE", 1):
        reads(impl, f"3 {prefix}iB", 3 * 1_024**power, Unit.BYTES)
        reads(impl, f"0.5{prefix}iB", 1_024**power // 2, Unit.BYTES)


@check("P1", kind="behaviour")
def test_times_are_read(impl: Implementation) -> None:
    """Every time, and both letters that look like the micro sign."""
    for symbol, size in SECONDS.items():
        reads(impl, f"2.5 {symbol}", Fraction(5, 2) * size, Unit.SECONDS)
    for symbol, power in SHORT.items():
        reads(impl, f"250{symbol}", Fraction(250, 10**power), Unit.SECONDS)
    for text in LATENCIES.values():
        number, _, symbol = text.partition(" ")
        reads(impl, text, Fraction(number) / 10 ** SHORT[symbol], Unit.SECONDS)


@check("P1", kind="behaviour")
def test_rates_are_read(impl: Implementation) -> None:
    """So many a second, a minute, an hour, a day or a year; of things, bytes or bits."""
    for per, seconds in SECONDS.items():
        reads(impl, f"10k/{per}", Fraction(10_000, seconds), Unit.PER_SECOND)
        reads(impl, f"3 /{per}", Fraction(3, seconds), Unit.PER_SECOND)
        reads(impl, f"2 MB/{per}", Fraction(2_000_000, seconds), Unit.BYTES_PER_SECOND)
        reads(impl, f"2MiB/{per}", Fraction(2 * 1_024**2, seconds), Unit.BYTES_PER_SECOND)
        reads(impl, f"2.5 Gb/{per}", Fraction(2_500_000_000, seconds), Unit.BITS_PER_SECOND)
        reads(impl, f"4 b/{per}", Fraction(4, seconds), Unit.BITS_PER_SECOND)


@check("P1", kind="behaviour")
def test_numbers_are_read_exactly(impl: Implementation) -> None:
    """Numbers that floats cannot hold, zeros in front and behind, and the ends of the range."""
    reads(impl, "9007199254740993 B", 9_007_199_254_740_993, Unit.BYTES)
    reads(impl, "0.1 B", Fraction(1, 10), Unit.BYTES)
    reads(impl, "1000000.000001 EB", 10**24 + 10**12, Unit.BYTES)
    reads(impl, "0.000000000000000000000000000001 b", Fraction(1, 10**30), Unit.BITS)
    reads(impl, "0.000000000000000000001 ns", Fraction(1, 10**30), Unit.SECONDS)
    reads(impl, "1000000000000 E", 10**30, Unit.COUNT)
    reads(impl, "1000000000000000000000000000000", 10**30, Unit.COUNT)
    reads(impl, "007.500 kB", 7_500, Unit.BYTES)
    reads(impl, "0" * 37 + "7 B", 7, Unit.BYTES)
    reads(impl, "0" * 33 + "8 Mb/s", 8_000_000, Unit.BITS_PER_SECOND)
    reads(impl, "0 ms", 0, Unit.SECONDS)
    reads(impl, "0.0 EB/y", 0, Unit.BYTES_PER_SECOND)
    reads(impl, "1.23456789012345678901234567890123 GiB", *_long())


def _long() -> tuple[Fraction, Unit]:
    """38 characters, 33 digits."""
    return Fraction("1.23456789012345678901234567890123") * 1_024**3, Unit.BYTES


@check("P2", kind="behaviour")
def test_close_is_not_right(impl: Implementation) -> None:
    """Symbols in other spellings, and what other programs take for a unit."""
    for symbol in (
        "KB", "Kb", "K", "kb/S", "mb", "mB", "gb", "gB", "GIB", "Gib", "gib", "kiB", "kiB/s", "Kib",
        "iB", "Ki", "Mi", "m", "sec", "S", "MS", "Min", "H", "D", "Y", "w", "mo", "ps", "ks", "Ms",
        "Mbps", "kbit", "byte", "bytes", "BB", "MBB", "Bb", "kkB", "kMB", "x", "%", "bit", "u", "n",
        "/", "/ms", "/us", "/w", "k/", "B/", "s/s", "min/d", "ms/s", "B/s/s", "B/kB", "B//s", "MB/",
        "B/1s", "B/M", "ZB", "YB", "RB", "QB", "ZiB", "KiB/S", "MiB/ms", "\u00b5", "\u00b5B", "dB",
    ):  # fmt: skip
        refuses(impl, f"1.5 {symbol}")
        refuses(impl, f"15{symbol}")


@check("P2", kind="behaviour")
def test_a_number_is_digits_and_perhaps_a_point(impl: Implementation) -> None:
    """Signs, exponents, separators, foreign digits, and what Python takes for a number."""
    for number in (
        "", ".", "1.", ".5", "1..5", "1.5.2", "-1", "+1", "--1", "1e3", "1E3", "1e-3", "1_000", "1,000",
        "1,5", "1'000", "1 000", "0x10", "0b1", "1/2", "nan", "NaN", "inf", "-inf", "Infinity", "1j",
        "\u0663", "\u0967", "\uff11", "1\u0663", "\u00b2", "1\u00b2", "\u00bd", "1. 5", "1 .5", "\u22121",
        "a", "1e999999999", "one", "None", "True", "1\u00a0", "1\u2009",
    ):  # fmt: skip
        refuses(impl, f"{number} MB")
        refuses(impl, f"{number}MB/s")


@check("P2", kind="behaviour")
def test_one_space_between_and_none_elsewhere(impl: Implementation) -> None:
    """White space before, behind, doubled, inside, or of another kind; other bytes that hide."""
    for text in (
        " 1 MB", "1 MB ", "1  MB", "1 M B", "1 MB /s", "1 MB/ s", "1\tMB", "1\nMB", "1\u00a0MB",
        "1\u2009MB", "1 MB\n", "1 MB\r\n", "\n1 MB", "1 MB\x00", "\ufeff1 MB", "1 ", "5 ", "1.5 ", "0 ",
        "5\n", "1 MB\t", "1\u200bMB", "1 MB\u200b", "1 M\u0042\u0301", "1 \uff2dB", "1 k /s", "1 / s",
        " ", "\n", "MB", " MB", "1 MB 2 MB", "1 MB;", "1 (MB)", "1 MB # a comment", "1-MB",
    ):  # fmt: skip
        refuses(impl, text)


@check("P2", kind="behaviour")
def test_there_is_a_largest_and_a_smallest(impl: Implementation) -> None:
    """Amounts out of the range, texts that are too long, and what is no text at all."""
    for text in (
        "1000000000000.000001 EB", "1000000000000000000000000000001", "9" * 40, "100000000000000000000000 y",
        "0.0000000000000000000000000000009 b", "0.0000000000000000000000000009 ns", "9" * 36 + " E",
        "0.00000000000000000000000000001 B/y", "0" * 41, "0" * 38 + "1 B", "1." + "0" * 39, "1" * 5_000,
        "0." + "0" * 5_000 + "1 B", "1 " + "k" * 100_000,
    ):  # fmt: skip
        refuses(impl, text)
    for thing in (
        None,
        1,
        1.5,
        True,
        b"1 MB",
        ["1 MB"],
        Fraction(1),
        Quantity(Fraction(1), Unit.BYTES),
    ):
        refuses(impl, thing)


@check("P1", "P2", kind="behaviour")
def test_any_text_is_read_or_refused_by_the_grammar(impl: Implementation) -> None:
    """A thousand good texts, most of them spoilt by a letter or two, from seed 7."""
    chance = random.Random(7)
    letters = "0159.  kKMGiBbs/minhdyuE\u00b5-+_,e\n\u0663"
    symbols = [*SECONDS, *SHORT, "KiB", "GiB/s", *(f"{p}{u}" for p in POWERS for u in UNITS)]
    for _ in range(1_000):
        symbol = chance.choice(symbols)
        rate = chance.choice(["", "", "/s", "/min", "/d"])
        number = chance.choice(["0", "7", "1.5", "0.25", "12345678901234567890", "3.0"])
        text = number + chance.choice(["", " "]) + symbol + rate
        for _ in range(chance.choice([0, 1, 1, 2])):
            place = chance.randrange(len(text) + 1)
            cut = chance.choice([0, 1])
            text = text[:place] + chance.choice(["", *letters]) + text[place + cut :]
        want = meaning(text)
        if want is None:
            refuses(impl, text)
        else:
            equal(impl.parse_quantity(text), want, did=f"read {text!r}")
