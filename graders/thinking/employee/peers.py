"""A plain dataclass behind the contract, and right employees in two other styles."""

import decimal
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from types import SimpleNamespace
from typing import Any, ClassVar

from contracts.thinking.employee import (
    MOST,
    MOST_PERCENT,
    MOST_PERIODS,
    PERCENT_PLACES,
    AccessDenied,
    Action,
    Entry,
)

CENT = Decimal("0.01")
EXACT = decimal.Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999, Emax=999)
EXACT.clear_traps()


def number(value: Any, step: Decimal, most: Decimal) -> Decimal:
    """A positive number that is a multiple of `step`."""
    if type(value) is bool or not isinstance(value, (int, Decimal)):
        raise TypeError("a Decimal or an int is needed")
    value = Decimal(value)
    if not value.is_finite() or value <= 0 or value > most:
        raise ValueError("a number out of range")
    rounded = value.quantize(step, context=EXACT.copy())
    if rounded != value:
        raise ValueError("too many decimal places")
    return rounded


def money(value: Any) -> Decimal:
    """A positive amount of whole cents."""
    amount = number(value, CENT, MOST)
    if amount == MOST:
        raise ValueError("too much")
    return amount


def text(value: Any) -> str:
    """A name."""
    if not isinstance(value, str):
        raise TypeError("a name is a str")
    if not value or value.isspace():
        raise ValueError("a name is not empty")
    return value


def in_range(value: Any, most: int) -> int:
    """A number from 1 on."""
    if type(value) is bool or not isinstance(value, int):
        raise TypeError("an int is needed")
    if value < 1 or value > most:
        raise ValueError("out of range")
    return value


def half_even(numerator: Decimal, denominator: Decimal | int) -> Decimal:
    """A quotient in whole cents, whatever the context of the caller."""
    with decimal.localcontext(EXACT):
        whole, rest = divmod(numerator * 100, denominator)
        twice = rest * 2
        if twice > denominator or (twice == denominator and whole % 2):
            whole += 1
        return (whole / 100).quantize(CENT)


class Closures:
    """The secret is in the cells of functions; the object has nothing but these. Money is Decimal throughout."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    @staticmethod
    def desk(salary: Decimal, by: str, clock: Callable[[], datetime]) -> SimpleNamespace:
        """Three functions over one secret."""
        salaries, lock = [salary], threading.RLock()
        trail: tuple[Entry, ...] = (Entry(1, clock(), by, Action.HIRED),)

        def note(by: str, action: Action) -> None:
            nonlocal trail
            trail = (*trail, Entry(len(trail) + 1, clock(), by, action))

        def change(new: Callable[[Decimal], Decimal], by: str) -> None:
            with lock:
                with decimal.localcontext(EXACT):
                    following = new(salaries[-1])
                if following >= MOST:
                    raise ValueError("too much")
                note(by, Action.RAISED)
                salaries.append(following)

        def look(by: str, action: Action) -> tuple[Decimal, ...]:
            with lock:
                note(by, action)
                return tuple(salaries)

        return SimpleNamespace(change=change, look=look, trail=lambda: trail)

    class Employee:
        def __init__(
            self, name: str, salary: Any, *, by: str, clock: Any, may_see: Callable[[str], bool]
        ) -> None:
            self.__name, self.__may_see = text(name), may_see
            self.__desk = Closures.desk(money(salary), text(by), clock)

        def __repr__(self) -> str:
            return self.__name

        name = property(lambda self: self.__name)
        trail = property(lambda self: self.__desk.trail())

        def raise_by(self, amount: Any, *, by: str) -> None:
            plus = money(amount)
            self.__desk.change(lambda salary: salary + plus, text(by))

        def raise_percent(self, percent: Any, *, by: str) -> None:
            part = number(percent, Decimal(f"1E-{PERCENT_PLACES}"), Decimal(MOST_PERCENT))
            self.__desk.change(lambda salary: salary + half_even(salary * part, 100), text(by))

        def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
            in_range(period, in_range(periods, MOST_PERIODS))
            salary = self.__desk.look(text(by), Action.PAID)[-1]
            with decimal.localcontext(EXACT):
                last = half_even(salary * (period - 1), periods)
                return half_even(salary * period, periods) - last

        def reveal(self, who: str) -> tuple[Decimal, ...]:
            if not self.__may_see(text(who)):
                self.__desk.look(who, Action.DENIED)
                raise AccessDenied(who)
            salaries: tuple[Decimal, ...] = self.__desk.look(who, Action.REVEALED)
            return salaries

        def __reduce_ex__(self, protocol: Any) -> Any:
            raise TypeError("an employee is not a value")

        __copy__ = __deepcopy__ = __reduce_ex__


class Registry:
    """The object is an empty shell; a table with weak keys knows the rest. A dataclass keeps the record."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    @dataclass(repr=False, eq=False)
    class Record:
        """What is known of somebody, in cents."""

        name: str
        cents: list[int]
        clock: Callable[[], datetime]
        may_see: Callable[[str], bool]
        lock: Any = field(default_factory=threading.Lock)
        trail: list[Entry] = field(default_factory=list)

        def note(self, by: str, action: Action) -> None:
            self.trail.append(Entry(len(self.trail) + 1, self.clock(), by, action))

        def add(self, plus: Callable[[int], int], by: str) -> None:
            with self.lock:
                cents = self.cents[-1] + plus(self.cents[-1])
                if cents >= int(MOST) * 100:
                    raise ValueError("too much")
                self.note(by, Action.RAISED)
                self.cents.append(cents)

    records: ClassVar[Any] = weakref.WeakKeyDictionary()

    @staticmethod
    def in_cents(amount: Decimal) -> int:
        """Whole cents as an int."""
        above, below = amount.as_integer_ratio()
        return above * 100 // below

    @staticmethod
    def out(cents: int) -> Decimal:
        """An int of cents as a Decimal, by its digits."""
        digits = tuple(map(int, str(cents)))
        return Decimal((0, digits, -2))

    @staticmethod
    def share(cents: int, part: int, whole: int) -> int:
        """Cents * part / whole, half to even."""
        down, rest = divmod(cents * part, whole)
        if rest * 2 == whole:
            return down + down % 2
        return down + (rest * 2 > whole)

    class Employee:
        __slots__ = ("__weakref__",)

        def __init__(self, name: str, salary: Any, *, by: str, clock: Any, may_see: Any) -> None:
            cents = Registry.in_cents(money(salary))
            record = Registry.Record(text(name), [cents], clock, may_see)
            record.note(text(by), Action.HIRED)
            Registry.records[self] = record

        def __str__(self) -> str:
            return self.name

        def __repr__(self) -> str:
            return f"<somebody called {self.name}>"

        @property
        def name(self) -> str:
            name: str = Registry.records[self].name
            return name

        @property
        def trail(self) -> tuple[Entry, ...]:
            record = Registry.records[self]
            with record.lock:
                return tuple(record.trail)

        def raise_by(self, amount: Any, *, by: str) -> None:
            cents = Registry.in_cents(money(amount))
            Registry.records[self].add(lambda _: cents, text(by))

        def raise_percent(self, percent: Any, *, by: str) -> None:
            part = number(percent, Decimal(f"1E-{PERCENT_PLACES}"), Decimal(MOST_PERCENT))
            above, below = part.as_integer_ratio()
            plus = lambda cents: Registry.share(cents, above, below * 100)  # noqa: E731 - one line
            Registry.records[self].add(plus, text(by))

        def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
            in_range(period, in_range(periods, MOST_PERIODS))
            text(by)
            record = Registry.records[self]
            with record.lock:
                record.note(by, Action.PAID)
                cents = record.cents[-1]
            before, after = (Registry.share(cents, part, periods) for part in (period - 1, period))
            return Registry.out(after - before)

        def reveal(self, who: str) -> tuple[Decimal, ...]:
            record = Registry.records[self]
            granted = record.may_see(text(who))
            with record.lock:
                record.note(who, Action.REVEALED if granted else Action.DENIED)
                cents = tuple(record.cents)
            if granted:
                return tuple(map(Registry.out, cents))
            raise AccessDenied(who)

        def __getstate__(self) -> Any:
            raise TypeError("an employee is not a value")

        def __reduce__(self) -> Any:
            raise TypeError("an employee is not a value")


class PlainDataclass:
    """dataclasses.dataclass with field(repr=False), as it is usually done: it hides from repr and from nothing else."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {
        "P3": "amounts are computed in the caller's context",
        "P6": "vars(), asdict() and public attributes show everything",
        "P7": "it is copied and pickled like any value",
        "P8": "a raise above the limit tells the salary that it would be",
        "P9": "equal by value, without a hash, and matched by position",
        "P10": "read, then written: of two raises at once one is lost",
        "P12": "the trail can be assigned",
        "P13": "so can the name and the salary",
    }

    @dataclass
    class Employee:
        name: str
        salary: Any = field(repr=False)
        by: str = field(kw_only=True, repr=False)
        clock: Any = field(kw_only=True, repr=False)
        may_see: Any = field(kw_only=True, repr=False)
        trail: tuple[Entry, ...] = field(init=False, default=(), repr=False)
        past: tuple[Any, ...] = field(init=False, default=(), repr=False)

        def __post_init__(self) -> None:
            text(self.name)
            text(self.by)
            self.salary = money(self.salary)
            self.note(self.by, Action.HIRED)

        def note(self, by: str, action: Action) -> None:
            self.trail = (*self.trail, Entry(len(self.trail) + 1, self.clock(), by, action))

        def change(self, salary: Decimal, by: str) -> None:
            if salary >= MOST:
                raise ValueError(f"{salary} is too much")
            self.note(by, Action.RAISED)
            self.past, self.salary = (*self.past, self.salary), salary

        def raise_by(self, amount: Any, *, by: str) -> None:
            self.change(self.salary + money(amount), text(by))

        def raise_percent(self, percent: Any, *, by: str) -> None:
            part = number(percent, Decimal(f"1E-{PERCENT_PLACES}"), Decimal(MOST_PERCENT))
            self.change(self.salary + (self.salary * part / 100).quantize(CENT), text(by))

        def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
            in_range(period, in_range(periods, MOST_PERIODS))
            self.note(text(by), Action.PAID)
            last = (self.salary * (period - 1) / periods).quantize(CENT)
            due: Decimal = (self.salary * period / periods).quantize(CENT) - last
            return due

        def reveal(self, who: str) -> tuple[Decimal, ...]:
            granted = self.may_see(text(who))
            self.note(who, Action.REVEALED if granted else Action.DENIED)
            if not granted:
                raise AccessDenied(who)
            return (*self.past, self.salary)
