"""An employee whose salary stays inside.

* Money is an `int` of cents. `Decimal` comes in and goes out, and between the two no operation asks for a context:
  `as_integer_ratio`, comparisons and the constructor are exact whatever the caller has set.
* The secret is in `_Book`, which has no text but its class's name, and in slots: there is no `__dict__` for those who
  export all objects alike. `__getstate__` refuses: everything that copies or pickles an object asks it.
* One lock, held for a change and its entry together. `may_see` is asked outside of it. The clock is read inside: its
  order is the order of the entries, and if it raises nothing has happened yet.
* Messages name the argument and say what is wrong with it; they never repeat a value, since a refused salary is a
  salary, too.

Trade-offs: a subclass can still show what it computes from `pay`. Slots and a second object make it hard to export the
salary by accident, not to read it on purpose. The trail is a list that is copied for each reader: cheap for writers,
O(n) for readers, and a trail that grows for ever belongs into a store.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final, NoReturn

from contracts.thinking.employee import (
    MOST,
    MOST_PERCENT,
    MOST_PERIODS,
    PERCENT_PLACES,
    AccessDenied,
    Action,
    Entry,
)

MOST_CENTS: Final = int(MOST) * 100 - 1
MOST_AMOUNT: Final = Decimal(f"{MOST - 1}.99")
SCALE: Final = 10**PERCENT_PLACES


class _Book:
    """Salaries in cents and the trail, behind one lock."""

    __slots__ = ("clock", "entries", "lock", "salaries")

    def __init__(self, cents: int, by: str, clock: Callable[[], datetime]) -> None:
        self.lock, self.clock = threading.Lock(), clock
        self.salaries: list[int] = [cents]
        self.entries: list[Entry] = []
        self.write(by, Action.HIRED)

    def write(self, by: str, action: Action) -> None:
        """With the lock held, unless nobody else knows the book yet."""
        self.entries.append(Entry(len(self.entries) + 1, self.clock(), by, action))


class Employee:
    """A person with a name, a salary that nobody sees, and a trail."""

    __slots__ = ("_book", "_may_see", "_name")

    def __init__(
        self,
        name: str,
        salary: Decimal | int,
        *,
        by: str,
        clock: Callable[[], datetime],
        may_see: Callable[[str], bool],
    ) -> None:
        self._name = _name("name", name)
        self._may_see = may_see
        self._book = _Book(_cents("salary", salary), _name("by", by), clock)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r}>"

    @property
    def name(self) -> str:
        """The name, as given."""
        return self._name

    @property
    def trail(self) -> tuple[Entry, ...]:
        """What was done so far, oldest first. Cost: O(entries)."""
        with self._book.lock:
            return tuple(self._book.entries)

    def raise_by(self, amount: Decimal | int, *, by: str) -> None:
        """Raise the salary by an amount."""
        cents = _cents("amount", amount)
        self._raise(lambda salary: salary + cents, _name("by", by))

    def raise_percent(self, percent: Decimal | int, *, by: str) -> None:
        """Raise the salary by a percentage of itself."""
        parts = _steps("percent", percent, PERCENT_PLACES, MOST_PERCENT)
        self._raise(lambda s: s + _divided(s * parts, 100 * SCALE), _name("by", by))

    def _raise(self, new: Callable[[int], int], by: str) -> None:
        book = self._book
        with book.lock:
            salary = new(book.salaries[-1])
            if salary > MOST_CENTS:
                raise ValueError("the new salary would be too high")
            book.write(by, Action.RAISED)
            book.salaries.append(salary)

    def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
        """What is due by the end of the period, less what was due before it."""
        _number("periods", periods, MOST_PERIODS)
        _number("period", period, periods)
        _name("by", by)
        with self._book.lock:
            salary = self._book.salaries[-1]
            self._book.write(by, Action.PAID)
        due = _divided(salary * period, periods)
        return _money(due - _divided(salary * (period - 1), periods))

    def reveal(self, who: str) -> tuple[Decimal, ...]:
        """All salaries so far, for somebody who may see them."""
        granted = bool(self._may_see(_name("who", who)))
        with self._book.lock:
            self._book.write(who, Action.REVEALED if granted else Action.DENIED)
            salaries = tuple(self._book.salaries)
        if not granted:
            raise AccessDenied(who)
        return tuple(map(_money, salaries))

    def __getstate__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be copied, pickled or exported")


def _divided(value: int, by: int) -> int:
    """`value / by`, half to even, for what is not negative."""
    whole, rest = divmod(value, by)
    return whole + (2 * rest > by or (2 * rest == by and whole % 2))


def _money(cents: int) -> Decimal:
    """Cents as a Decimal of two places; the constructor is exact in every context."""
    return Decimal(f"{cents // 100}.{cents % 100:02}")


def _cents(name: str, amount: Decimal | int) -> int:
    return _steps(name, amount, 2, MOST_AMOUNT)


def _steps(name: str, value: Decimal | int, places: int, most: Decimal | int) -> int:
    """A positive number, at most `most`, in steps of 10**-places.

    Size and length are looked at first: as an integer, 1E+999999999 would be a gigabyte.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"{name} must be a Decimal or an int, not {type(value).__name__}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"{name} must be finite")
    if value <= 0:
        raise ValueError(f"{name} must be positive")
    if value > most:
        raise ValueError(f"{name} must be at most {most}")
    return _shifted(name, Decimal(value), places)


def _shifted(name: str, value: Decimal, places: int) -> int:
    _sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits))
    kept = text.rstrip("0")
    shift = int(exponent) + len(text) - len(kept) + places
    if shift < 0:
        raise ValueError(f"{name} must have at most {places} decimal places")
    return int(kept + "0" * shift)


def _number(name: str, value: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not 1 <= value <= most:
        raise ValueError(f"{name} must be 1 to {most}")


def _name(what: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{what} must not be empty")
    return value
