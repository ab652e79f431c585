"""Employee: a salary that works without being seen.

Encapsulation is more than an underscore. An object that holds something confidential is printed in
a log line, put into an error report, copied, pickled into a cache and dumped as JSON by people who
mean no harm. And an object that holds money is asked by many threads, and has to be right to the
cent.

What Python can and cannot do: nothing stops code in the same process that wants to know. A private
name can be spelt out (`_Employee__salary`), slots and cells of closures can be read, the garbage
collector lists every object, a debugger sees every local. None of that is looked at here. What can
be prevented is that the salary gets out by *accident*: in a text, or in an export that treats all
objects alike. That is what is promised.

Decided here, because real code disagrees:

* Money is a `Decimal`, or an `int` of whole units (subclasses too), in a currency with cents. A float,
  a text and a bool are refused, also where they happen to be exact. A salary is whole cents: 1000.005 is
  refused, not rounded, since nobody has agreed on it. 1000.5 and 1000.500 are whole cents.
* A raise is positive. A raise by percent is that part of the salary, rounded to whole cents, half to
  even; it is the raise that is rounded, not the new salary.
* The salary is for a year. It is paid in `periods` equal periods, and what is due by the end of
  period k is `salary * k / periods`, rounded half to even; a pay is what is due by its end less what
  was due before it. So the pays of a year add up to the salary exactly, and none is a cent or more
  away from its share.
* Every pay is computed from the salary of that moment. Nothing is made up for after a raise in the
  middle of a year, and that a period is paid only once is the payroll's business.
* Nobody sees the salary but those whom `may_see` lets, and then by one method. Whoever asks in vain
  is written down, too.
* The trail says what was done, when and by whom, but no amounts.
* An employee is a person, not a value: it equals only itself, and cannot be copied.
* Bad arguments are looked at before anything else. If several are bad, which is named is left open.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  raise_by adds exactly the amount; raise_percent adds the percentage of the salary, rounded half
    to even to whole cents, once; every amount that is handed out is a Decimal with two decimal
    places, neither more nor fewer.
P2  pay(k, periods) is salary * k / periods less salary * (k - 1) / periods, each rounded half to
    even to whole cents: a year's pays add up to the salary, for every salary and every number of
    periods.
P3  Amounts do not depend on the caller's decimal context, whatever its precision, rounding, range
    of exponents and traps, and no call changes that context or its flags.
P4  What is no amount, percentage, period or name is refused, TypeError for the wrong type and
    ValueError for the wrong value, at once, however long the number would be; nothing has changed
    then, and nothing is in the trail.
P5  repr and str name the employee, and no text shows a salary: neither these nor format and what
    builds on them, nor what a call prints, logs or warns of.
P6  No export shows a salary: neither public attributes, vars(), __dict__ and __getstate__(), nor
    what dataclasses and json make of an employee with the help of these.
P7  Copying and pickling an employee, in whatever way and protocol, is a TypeError.
P8  No exception that leaves a call shows a salary, present or to be, that the call was not given:
    not in its text, its arguments or notes, nor in the exceptions that it came from.
P9  An employee equals only itself and has a hash that stays; employees cannot be ordered, nor
    turned into a number, a sequence or a truth other than True.
P10 Threads lose nothing: raises at the same time all take effect, one after the other; a pay is
    computed from one salary; the trail has every entry, in the order in which they took effect.
P11 reveal(who) asks may_see(who) once each time, with nothing locked, and returns all salaries so
    far, oldest first, if the answer is true; otherwise it raises AccessDenied with `who`.
P12 The trail has one entry for the hiring and for each raise, pay and reveal, granted or not,
    numbered from 1, with what clock() answered for it and by whom; a trail that was handed out
    never changes, and if clock or may_see raises, that passes through and nothing has happened.
P13 A subclass that knows nothing of all this keeps all of it; name and trail cannot be assigned,
    and assigning `salary`, whether that is possible or not, changes nothing.

Level: medium, 45 minutes.
Brief: exercises/thinking/employee.md
Grade: nox -s grade -- employee
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from contracts.thinking.employee import (
    MOST,
    MOST_PERCENT,
    MOST_PERIODS,
    PERCENT_PLACES,
    AccessDenied,
    Action,
    Entry,
)


class Employee:
    """A person with a name, a salary that nobody sees, and a trail. Thread-safe.

    Wherever a name is asked for (`name`, `by`, `who`): a `str` that is not empty or blank.
    TypeError, ValueError otherwise.
    """

    def __init__(
        self,
        name: str,
        salary: Decimal | int,
        *,
        by: str,
        clock: Callable[[], datetime],
        may_see: Callable[[str], bool],
    ) -> None:
        """Hire somebody for `salary` a year, above 0 and below `MOST`, in whole cents.

        Args:
            name: who it is.
            salary: the first salary; checked as an amount of `raise_by` is.
            by: who hires.
            clock: called once for each entry of the trail, while the change is being made: it must
                not use the employee.
            may_see: called with a name, with nothing locked: it may use the employee.
        """
        raise NotImplementedError

    @property
    def name(self) -> str:
        """The name, as given. Cannot be assigned (AttributeError)."""
        raise NotImplementedError

    @property
    def trail(self) -> tuple[Entry, ...]:
        """What was done so far, oldest first. Cannot be assigned (AttributeError)."""
        raise NotImplementedError

    def raise_by(self, amount: Decimal | int, *, by: str) -> None:
        """Raise the salary by an amount.

        Raises:
            TypeError: `amount` is neither a `Decimal` nor an `int`, or is a `bool`.
            ValueError: it is not finite, not positive, not whole cents, or the new salary would not
                be below `MOST`.
        """
        raise NotImplementedError

    def raise_percent(self, percent: Decimal | int, *, by: str) -> None:
        """Raise the salary by a percentage of itself; Decimal("2.5") is 2.5 %.

        Raises:
            TypeError: `percent` is neither a `Decimal` nor an `int`, or is a `bool`.
            ValueError: it is not finite, not positive, above `MOST_PERCENT`, has more than
                `PERCENT_PLACES` decimal places (zeros at the end do not count), or the new salary
                would not be below `MOST`.
        """
        raise NotImplementedError

    def pay(self, period: int, periods: int = 12, *, by: str) -> Decimal:
        """What is paid for one period of a year of equal ones; the first is 1.

        Raises:
            TypeError: a number is no `int`, or is a `bool`.
            ValueError: `periods` is not 1 to `MOST_PERIODS`, or `period` not 1 to `periods`.
        """
        raise NotImplementedError

    def reveal(self, who: str) -> tuple[Decimal, ...]:
        """All salaries so far, for somebody who may see them; the last one is today's.

        Raises:
            AccessDenied: `may_see(who)` is not true.
        """
        raise NotImplementedError
