"""What a good argument is. Every rule is a test and the words for what it asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from contracts.services.framework import BadInput, Exact, Machine, Workload


def is_int(value: object) -> bool:
    """Whether it is a whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_exact(value: object) -> bool:
    """Whether it is a number without rounding."""
    return is_int(value) or isinstance(value, Fraction)


def is_tuple(value: object) -> bool:
    """Whether it is a tuple, whatever its annotation says."""
    return isinstance(value, tuple)


def is_text(value: object, longest: int) -> bool:
    """Whether it is a str that is not too long."""
    return isinstance(value, str) and len(value) <= longest


@dataclass(frozen=True)
class Rule:
    """Which values a field may have."""

    is_kind: Callable[[object], bool]
    is_in: Callable[[Any], bool]
    words: str

    def allows(self, value: object) -> bool:
        """Whether the value is of the kind and in the range."""
        return self.is_kind(value) and self.is_in(value)


COUNT: Final = Rule(is_int, lambda value: value >= 1, "an int of at least 1")
PART: Final = Rule(is_exact, lambda value: 0 <= value <= 1, "an int or Fraction from 0 to 1")
POSITIVE: Final = Rule(is_exact, lambda value: value > 0, "an int or Fraction of more than 0")
NOT_NEGATIVE: Final = Rule(is_exact, lambda value: value >= 0, "an int or Fraction of at least 0")

WORKLOAD: Final[Mapping[str, Rule]] = {
    "users": COUNT,
    "actions_per_user": POSITIVE,
    "reads_per_write": NOT_NEGATIVE,
    "write_bytes": COUNT,
    "read_bytes": COUNT,
    "peak_factor": Rule(is_exact, lambda value: value >= 1, "an int or Fraction of at least 1"),
    "retention_days": COUNT,
    "replicas": COUNT,
    "annual_growth": NOT_NEGATIVE,
    "years": Rule(is_int, lambda value: 1 <= value <= 100, "an int from 1 to 100"),
    "hot_share": PART,
    "hot_reads": PART,
}
MACHINE: Final[Mapping[str, Rule]] = {
    "slots": COUNT,
    "service_time": POSITIVE,
    "utilisation": Rule(
        is_exact, lambda value: 0 < value <= 1, "an int or Fraction of more than 0, at most 1"
    ),
    "disk_bytes": COUNT,
    "memory_bytes": COUNT,
    "network_bits": COUNT,
}


def check(field: str, value: Exact, rule: Rule) -> None:
    """Refuse a value that its rule does not allow."""
    if not rule.allows(value):
        raise BadInput(field, f"must be {rule.words}, not {told(value)}")


def told(value: object) -> str:
    """A value in a message: its own words, or its kind if those are too long even for Python."""
    try:
        return repr(value)[:60]
    except ValueError:
        return f"a {type(value).__name__} of thousands of digits"


def check_plan(workload: Workload, machine: Machine) -> None:
    """Refuse the first bad field of the two."""
    for owner, rules in ((workload, WORKLOAD), (machine, MACHINE)):
        for field, rule in rules.items():
            check(field, getattr(owner, field), rule)
