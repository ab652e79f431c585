"""Employees that are almost right: one wrong idea each, and the promise it breaks."""

import decimal
import logging
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from types import SimpleNamespace
from typing import Any, ClassVar

from contracts.thinking.employee import MOST_PERCENT, PERCENT_PLACES, AccessDenied, Action, Entry
from solutions.thinking import employee as reference

CENT = Decimal("0.01")


class RoundsTheNewSalary:
    """Rounds the new salary instead of the raise: half a cent goes the other way if the salary is odd."""

    breaks = "P1"

    class Employee(reference.Employee):
        def raise_percent(self, percent: Any, *, by: str) -> None:
            parts = reference._steps("percent", percent, PERCENT_PLACES, MOST_PERCENT)
            whole = 100 * reference.SCALE
            by = reference._name("by", by)
            self._raise(lambda cents: reference._divided(cents * (whole + parts), whole), by)


class HalfUp:
    """Rounds half a cent up, as people learn it at school."""

    breaks = "P1"

    class Employee(reference.Employee):
        def raise_percent(self, percent: Any, *, by: str) -> None:
            parts = reference._steps("percent", percent, PERCENT_PLACES, MOST_PERCENT)
            whole = 100 * reference.SCALE
            by = reference._name("by", by)
            self._raise(lambda cents: cents + (2 * cents * parts + whole) // (2 * whole), by)


class AsFewPlacesAsPossible:
    """Hands out normalized amounts: 1E+3 instead of 1000.00."""

    breaks = "P1"

    class Employee(reference.Employee):
        def reveal(self, who: str) -> tuple[Decimal, ...]:
            with decimal.localcontext(decimal.Context(prec=50)):
                return tuple(each.normalize() for each in super().reveal(who))


class EveryMonthTheSame:
    """Each pay is the rounded twelfth: the year loses or gains cents. As spliit-app/spliit issue 374."""

    breaks = "P2"

    class Employee(reference.Employee):
        def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
            super().pay(period, periods, by=by)
            return reference._money(reference._divided(self._book.salaries[-1], periods))


class AsTheCallerRounds:
    """Divides with Decimal in whatever context the caller has set."""

    breaks = "P3"

    class Employee(reference.Employee):
        def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
            super().pay(period, periods, by=by)
            salary = reference._money(self._book.salaries[-1])
            last = (salary * (period - 1) / periods).quantize(CENT, ROUND_HALF_EVEN)
            return (salary * period / periods).quantize(CENT, ROUND_HALF_EVEN) - last


class SetsTheContext:
    """Sets precision and rounding for its own sake, and leaves them so."""

    breaks = "P3"

    class Employee(reference.Employee):
        def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
            decimal.getcontext().prec = 50
            decimal.getcontext().rounding = ROUND_HALF_EVEN
            return super().pay(period, periods, by=by)


class RoundsWhatNobodyAgreedOn:
    """Rounds an amount of half cents instead of asking back."""

    breaks = "P4"

    class Employee(reference.Employee):
        def raise_by(self, amount: Any, *, by: str) -> None:
            if isinstance(amount, Decimal) and amount.is_finite() and 0 < amount < 10**12 - 1:
                with decimal.localcontext(decimal.Context(prec=60)):
                    amount = max(amount.quantize(CENT, ROUND_HALF_UP), CENT)
            super().raise_by(amount, by=by)


class TrueIsOne:
    """bool is an int."""

    breaks = "P4"

    class Employee(reference.Employee):
        def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
            if isinstance(period, bool):
                period = int(period)
            return super().pay(period, periods, by=by)


class WritesBeforeItLooks:
    """A refused raise is in the trail."""

    breaks = "P4"

    class Employee(reference.Employee):
        def _raise(self, new: Callable[[int], int], by: str) -> None:
            with self._book.lock:
                self._book.write(by, Action.RAISED)
                salary = new(self._book.salaries[-1])
                if salary > reference.MOST_CENTS:
                    raise ValueError("the new salary would be too high")
                self._book.salaries.append(salary)


class FormatShowsIt:
    """A format for numbers is passed on to the salary."""

    breaks = "P5"

    class Employee(reference.Employee):
        def __format__(self, how: str) -> str:
            if how.endswith("f"):
                return format(reference._money(self._book.salaries[-1]), how)
            return format(repr(self), how)


class LogsAtDebug:
    """Says at level DEBUG what it does, for those who look for mistakes."""

    breaks = "P5"

    class Employee(reference.Employee):
        def raise_by(self, amount: Any, *, by: str) -> None:
            super().raise_by(amount, by=by)
            logging.getLogger("payroll").debug("salary is now %s", self._book.salaries[-1])


class OnlyAPrivateName:
    """Two underscores in an ordinary __dict__: vars() and everything built on it shows them."""

    breaks = "P6"

    class Employee(reference.Employee):
        def _raise(self, new: Callable[[int], int], by: str) -> None:
            super()._raise(new, by)
            self.__salary = self._book.salaries[-1]


class StateForThePickle:
    """Refuses to be pickled, but tells its state to whoever asks for it."""

    breaks = "P6"

    class Employee(reference.Employee):
        def __getstate__(self) -> Any:
            return {"name": self._name, "cents": self._book.salaries}

        def __reduce_ex__(self, _protocol: object) -> Any:
            raise TypeError("no copies")

        def __copy__(self) -> Any:
            raise TypeError("no copies")


class CopiesAreFree:
    """Pickling is refused; a shallow copy shares the book, and then there are two of one person."""

    breaks = "P7"

    class Employee(reference.Employee):
        def __copy__(self) -> Any:
            twin = object.__new__(type(self))
            twin._name, twin._may_see, twin._book = self._name, self._may_see, self._book
            return twin


class OldProtocols:
    """__reduce_ex__ refuses from protocol 2 on: 0 and 1 go another way."""

    breaks = "P7"

    class Employee(reference.Employee):
        def __reduce_ex__(self, protocol: Any) -> Any:
            if protocol < 2:
                return type(self), (self._name,)
            raise TypeError("no copies")


class TellsWhatItWouldBe:
    """A helpful message: the salary that the raise would lead to. As pydantic issue 9139."""

    breaks = "P8"

    class Employee(reference.Employee):
        def _raise(self, new: Callable[[int], int], by: str) -> None:
            try:
                super()._raise(new, by)
            except ValueError as error:
                error.add_note(f"it would be {reference._money(new(self._book.salaries[-1]))}")
                raise


class TheCauseKnows:
    """The message is clean; the exception that it came from is not."""

    breaks = "P8"

    class Employee(reference.Employee):
        def reveal(self, who: str) -> tuple[Decimal, ...]:
            try:
                return super().reveal(who)
            except AccessDenied as error:
                raise error from LookupError(self._name, self._book.salaries)


class EqualByValue:
    """Equal if name and salary are: try all salaries, and you know it. As a dataclass does."""

    breaks = "P9"

    class Employee(reference.Employee):
        def __eq__(self, other: object) -> bool:
            if not isinstance(other, reference.Employee):
                return NotImplemented
            mine, theirs = self._book.salaries[-1], other._book.salaries[-1]
            return (self._name, mine) == (other._name, theirs)

        __hash__ = reference.Employee.__hash__


class WholeSalariesAreTrue:
    """Its truth is that there is a salary of one or more: who earns less is nobody."""

    breaks = "P9"

    class Employee(reference.Employee):
        def __bool__(self) -> bool:
            return self._book.salaries[-1] >= 100


class SortedBySalary:
    """Employees can be sorted, by salary: find your place among people whose salary you know."""

    breaks = "P9"

    class Employee(reference.Employee):
        def __lt__(self, other: Any) -> bool:
            if not isinstance(other, reference.Employee):
                return NotImplemented
            return self._book.salaries[-1] < other._book.salaries[-1]


class ReadThenWrite:
    """The new salary is computed before the lock is taken."""

    breaks = "P10"

    class Employee(reference.Employee):
        def _raise(self, new: Callable[[int], int], by: str) -> None:
            salary = new(self._book.salaries[-1])
            super()._raise(lambda _: salary, by)


class LimitBeforeTheLock:
    """Whether the new salary is too high is found out before the lock is taken: two raises fit, not both."""

    breaks = "P10"

    class Employee(reference.Employee):
        def _raise(self, new: Callable[[int], int], by: str) -> None:
            if new(self._book.salaries[-1]) > reference.MOST_CENTS:
                raise ValueError("the new salary would be too high")
            with self._book.lock:
                self._book.write(by, Action.RAISED)
                self._book.salaries.append(new(self._book.salaries[-1]))


class PaysFromTwoSalaries:
    """What was due before is read after what is due now: a raise in between makes up for a year."""

    breaks = "P10"

    class Employee(reference.Employee):
        def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
            super().pay(period, periods, by=by)
            due = reference._divided(self._book.salaries[-1] * period, periods)
            last = reference._divided(self._book.salaries[-1] * (period - 1), periods)
            return reference._money(max(due - last, 0))


class TimeBeforeTheLock:
    """The clock is read first, then the lock is waited for: the trail's times go back."""

    breaks = "P10"

    class Employee(reference.Employee):
        def _raise(self, new: Callable[[int], int], by: str) -> None:
            book, now = self._book, self._book.clock()
            with book.lock:
                salary = new(book.salaries[-1])
                if salary > reference.MOST_CENTS:
                    raise ValueError("the new salary would be too high")
                book.entries.append(Entry(len(book.entries) + 1, now, by, Action.RAISED))
                book.salaries.append(salary)


class AsksUnderTheLock:
    """may_see is asked with the book locked: it cannot look at the employee that it decides about."""

    breaks = "P11"

    class Employee(reference.Employee):
        def reveal(self, who: str) -> tuple[Decimal, ...]:
            reference._name("who", who)
            with self._book.lock:
                granted = bool(self._may_see(who))
                self._book.write(who, Action.REVEALED if granted else Action.DENIED)
                if not granted:
                    raise AccessDenied(who)
                return tuple(map(reference._money, self._book.salaries))


class AsksBeforeItLooks:
    """may_see is asked for whatever is given, before it has been looked at."""

    breaks = "P11"

    class Employee(reference.Employee):
        def reveal(self, who: str) -> tuple[Decimal, ...]:
            granted = bool(self._may_see(who))
            with self._book.lock:
                self._book.write(
                    reference._name("who", who), Action.REVEALED if granted else Action.DENIED
                )
                salaries = tuple(map(reference._money, self._book.salaries))
            if not granted:
                raise AccessDenied(who)
            return salaries


class OnceTrusted:
    """Who was let once is let for ever."""

    breaks = "P11"

    class Employee(reference.Employee):
        def __init__(self, *args: Any, may_see: Callable[[str], bool], **given: Any) -> None:
            trusted: set[str] = set()

            def remember(who: str) -> bool:
                if who not in trusted and may_see(who):
                    trusted.add(who)
                return who in trusted

            super().__init__(*args, may_see=remember, **given)


class DeniedGoesUnnoticed:
    """Only who has seen the salary is written down, not who has tried."""

    breaks = "P12"

    class Employee(reference.Employee):
        def reveal(self, who: str) -> tuple[Decimal, ...]:
            if not self._may_see(reference._name("who", who)):
                raise AccessDenied(who)
            with self._book.lock:
                self._book.write(who, Action.REVEALED)
                return tuple(map(reference._money, self._book.salaries))


class RaisedThoughTheClockFailed:
    """The salary is changed first, the entry written afterwards: without a clock there is a raise nobody gave."""

    breaks = "P12"

    class Employee(reference.Employee):
        def _raise(self, new: Callable[[int], int], by: str) -> None:
            with self._book.lock:
                salary = new(self._book.salaries[-1])
                if salary > reference.MOST_CENTS:
                    raise ValueError("the new salary would be too high")
                self._book.salaries.append(salary)
                self._book.write(by, Action.RAISED)


class TheTrailItself:
    """Hands out a view of the trail that grows under the reader's hands."""

    breaks = "P12"

    class Trail(tuple[Entry, ...]):  # noqa: SLOT001 - a tuple cannot have slots with something in them
        live: Any

        def __len__(self) -> int:
            return len(self.live)

        def __getitem__(self, place: Any) -> Any:
            return tuple(self.live)[place]

        def __iter__(self) -> Any:
            return iter(self.live)

    class Employee(reference.Employee):
        @property
        def trail(self) -> Any:
            view = TheTrailItself.Trail()
            view.live = self._book.entries
            return view


class SubclassesPickle:
    """Refuses only for its own class: a subclass that has other attributes might want to."""

    breaks = "P13"

    class Employee(reference.Employee):
        base: ClassVar[Any] = None

        def __reduce_ex__(self, protocol: Any) -> Any:
            if "__init__" in vars(type(self)):
                return SimpleNamespace, ()
            return super().__reduce_ex__(protocol)


class NamesChange:
    """People marry, so that the name can be assigned: and nobody finds it in the trail."""

    breaks = "P13"

    class Employee(reference.Employee):
        @property
        def name(self) -> str:
            return self._name

        @name.setter
        def name(self, name: str) -> None:
            self._name = name
