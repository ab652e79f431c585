"""The Prometheus text format 0.0.4, and the text that fits into UTF-8. No threads here."""

import math
import re
from collections.abc import Iterable, Iterator

_SURROGATES = re.compile("[\ud800-\udfff]")
_WHOLE = 2.0**53  # up to here floats hold every whole number

Sample = tuple[str, Iterable[tuple[str, str]], float]
"""Name, labels with their values, number."""


def clean(text: str) -> str:
    """`text` without lone surrogates, which no UTF-8 can hold."""
    return _SURROGATES.sub("\ufffd", text)


def lines_of(name: str, help_text: str, kind: str, samples: Iterable[Sample]) -> Iterator[str]:
    """The lines of one metric."""
    yield f"# HELP {name} {_escaped(help_text)}\n"
    yield f"# TYPE {name} {kind}\n"
    for sample, labels, value in samples:
        pairs = ",".join(f'{label}="{_quotable(text)}"' for label, text in labels)
        yield f"{sample}{{{pairs}}} {number(value)}\n" if pairs else f"{sample} {number(value)}\n"


def number(value: float) -> str:
    """A number as the format has it; whole ones without a point."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() and abs(value) < _WHOLE else repr(value)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")  # backslashes first


def _quotable(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
