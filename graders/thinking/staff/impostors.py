"""Managers that are almost right: one wrong idea each, and the promise it breaks."""

import functools
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

from contracts.thinking.staff import AlreadyReports, Person, Report, ReportingCycle, Work
from solutions.thinking import staff as reference
from solutions.thinking.staff import REPORT, _lock, _reports_of, _require


class TheOldName:
    """A worker signs with the name that it was hired under."""

    breaks = "P1"

    class Worker(reference.Worker):
        def __init__(self, name: str, title: str, salary: int) -> None:
            super().__init__(name, title, salary)
            self._work = functools.partial(Work, name)

        def work(self, task: str) -> Work:
            return self._work(task)


class CopiesThePart:
    """Name, title and salary are copied when the part is set."""

    breaks = "P2"

    class Manager(reference.Manager):
        @property
        def role(self) -> Person:
            return self._role

        @role.setter
        def role(self, part: Person) -> None:
            reference.Manager.role.fset(self, part)  # type: ignore[attr-defined]
            self._copy = part.name, part.title, part.salary

        name = property(lambda self: self._copy[0])  # type: ignore[assignment]
        title = property(lambda self: self._copy[1])  # type: ignore[assignment]
        salary = property(lambda self: self._copy[2])  # type: ignore[assignment]


class AsksTwice:
    """An AttributeError of the part's own ends in __getattr__, which says that the manager has no such name."""

    breaks = "P2"

    class Manager(reference.Manager):
        def __getattr__(self, name: str) -> Any:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class IsAWorker:
    """Inherits from Worker as well, 'to be treated like one'."""

    breaks = "P2"

    class Manager(reference.Manager, reference.Worker):
        def __init__(self, role: Person) -> None:
            reference.Manager.__init__(self, role)


class ExchangesFirst:
    """The part is set, then looked at: a refused one stays."""

    breaks = "P3"

    class Manager(reference.Manager):
        @property
        def role(self) -> Person:
            return self._role

        @role.setter
        def role(self, part: Person) -> None:
            self._role = part
            reference.Manager.role.fset(self, part)  # type: ignore[attr-defined]


class PassesEverythingOn:
    """__getattr__ passes on whatever is public, also what the part gets next year."""

    breaks = "P4"

    class Manager(reference.Manager):
        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return getattr(self._role, name)


class OwnNameOnTop:
    """Setting the name of a manager hides that of its part."""

    breaks = "P4"

    class Manager(reference.Manager):
        _own: Any = None

        @property
        def name(self) -> str:
            return self._role.name if self._own is None else str(self._own)

        @name.setter
        def name(self, name: str) -> None:
            self._own = name


class FalseWithoutReports:
    """len(manager) is the number of its reports: who has none is false, and `if report.manager` goes wrong."""

    breaks = "P4"

    class Manager(reference.Manager):
        def __len__(self) -> int:
            return len(self._reports)


class ByEquality:
    """Reports are looked for with ==. As c0fec0de/anytree issue 45."""

    breaks = "P5"

    class Manager(reference.Manager):
        def _check(self, report: Any) -> None:
            super()._check(
                next((each for each in self._reports.values() if each == report), report)
            )

        def _give(self, report: Any) -> None:
            super()._give(next((each for each in self._reports.values() if each == report), report))


class OwnClassesOnly:
    """isinstance, where the members would do."""

    breaks = "P5"

    class Manager(reference.Manager):
        def add(self, report: Report) -> None:
            if not isinstance(report, reference.Worker | reference.Manager):
                raise TypeError(
                    f"{type(report).__name__} is no Worker: name title salary work manager"
                )
            super().add(report)


class TakesFromOthers:
    """add takes a report away from the manager that it has."""

    breaks = "P6"

    class Manager(reference.Manager):
        def add(self, report: Report) -> None:
            _require(report, REPORT)
            if report.manager is None or report.manager is self:
                super().add(report)
            else:
                report.manager.move(report, self)


class OnlyItself:
    """Refuses who reports to itself, and no longer circle. As kdlbs/kandev pull request 2827."""

    breaks = "P7"

    class Manager(reference.Manager):
        def _refuse_circle(self, report: Any) -> None:
            if report is self:
                raise ReportingCycle((self, self))


class LooksUpSoFar:
    """Looks up a hundred levels: nobody has more."""

    breaks = "P7"

    class Manager(reference.Manager):
        def _refuse_circle(self, report: Any) -> None:
            way: list[Any] = [self]
            while way[-1] is not report and way[-1].manager is not None and len(way) < 100:
                way.append(way[-1].manager)
            if way[-1] is report:
                raise ReportingCycle((*reversed(way), report))


class LeavesFirst:
    """A move takes the report out, and then finds the circle. As c0fec0de/anytree issue 6."""

    breaks = "P8"

    class Manager(reference.Manager):
        def move(self, report: Any, to: Any) -> None:
            if not isinstance(to, reference.Manager):
                raise TypeError("to: a Manager is needed")
            with _lock:
                self._give(report)
                to._refuse_circle(report)
                to._take(report)


class RemovesThenAdds:
    """A move is two steps, each under the lock: in between the report is nobody's."""

    breaks = "P8"

    class Manager(reference.Manager):
        def move(self, report: Any, to: Any) -> None:
            if not isinstance(to, reference.Manager):
                raise TypeError("to: a Manager is needed")
            with _lock:
                self._check(report)
                to._refuse_circle(report)
                self._give(report)
            to.add(report)


class MoveUpToTheEnd:
    """Reports of a dismissed manager stand in line behind the others."""

    breaks = "P9"

    class Manager(reference.Manager):
        def dismiss(self, report: Any) -> None:
            with _lock:
                self._give(report)
                for each in list(_reports_of(report)):
                    report._give(each)
                    self._take(each)


class Recurses:
    """Each manager asks its reports for their teams. As jeetsukumaran/DendroPy issue 85."""

    breaks = "P10"

    class Manager(reference.Manager):
        def team(self) -> list[Any]:
            with _lock:
                return list(self._walk())

        def _walk(self) -> Iterator[Any]:
            yield self
            for report in self._reports.values():
                if isinstance(report, type(self)):
                    yield from report._walk()
                else:
                    yield report


class ShowsEverybody:
    """repr holds the reports, with theirs in it."""

    breaks = "P10"

    class Manager(reference.Manager):
        def __repr__(self) -> str:
            return f"<Manager {self.name} of {list(self._reports.values())}>"


class LooksThrough:
    """A report is found by a walk through all of them."""

    breaks = "P10"

    class Manager(reference.Manager):
        def _give(self, report: Any) -> None:
            for key in list(self._reports):
                if self._reports[key] is report:
                    break
            super()._give(report)


class MakesItsTupleAnew:
    """`reports` is a tuple that is kept ready: each change makes another one of all of them."""

    breaks = "P10"

    class Manager(reference.Manager):
        def __init__(self, role: Any) -> None:
            self.ready: tuple[Any, ...] = ()
            super().__init__(role)

        @property
        def reports(self) -> tuple[Any, ...]:
            return self.ready

        def _take(self, report: Any) -> None:
            super()._take(report)
            self.ready += (report,)

        def _give(self, report: Any) -> None:
            super()._give(report)
            self.ready = tuple(self._reports.values())

        def dismiss(self, report: Any) -> None:
            super().dismiss(report)
            with reference._lock:
                for each in (self, report):
                    if isinstance(each, reference.Manager):
                        each.ready = tuple(each._reports.values())


class LooksThenLocks:
    """The circle is looked for before the lock is taken. As collectiveidea/awesome_nested_set issue 86."""

    breaks = "P11"

    class Manager(reference.Manager):
        def add(self, report: Report) -> None:
            _require(report, REPORT)
            self._refuse_circle(report)
            with _lock:
                if report.manager is not None:
                    raise AlreadyReports(report, report.manager)
                self._take(report)


class CountsWithoutLock:
    """The tree is walked through while others change it."""

    breaks = "P11"

    class Manager(reference.Manager):
        def team(self) -> list[Any]:
            found: list[Any] = []
            ahead: list[Any] = [self]
            while ahead:
                person = ahead.pop()
                found.append(person)
                ahead.extend(reversed(_reports_of(person)))
            return found


class AsksUnderTheLock:
    """Salaries are asked for while the tree is locked."""

    breaks = "P12"

    class Manager(reference.Manager):
        def payroll(self) -> int:
            team = self.team()
            with _lock:
                return sum(person.salary for person in team)


class Register:
    """All managers there are, in a list of the class: none of them ever goes."""

    breaks = "P13"

    class Manager(reference.Manager):
        everybody: ClassVar[list[Any]] = []

        def __init__(self, role: Person) -> None:
            super().__init__(role)
            self.everybody.append(self)


class CanBeCopied:
    """copy.copy makes a second manager of the same reports."""

    breaks = "P13"

    class Manager(reference.Manager):
        def __reduce_ex__(self, protocol: Any) -> Any:
            return object.__reduce_ex__(self, protocol)


class LockOfItsOwn:
    """Each manager has a lock: what two of them do at once closes a circle."""

    breaks = "P11"

    class Manager(reference.Manager):
        def __init__(self, role: Person) -> None:
            super().__init__(role)
            self._mine = threading.Lock()

        def move(self, report: Any, to: Any) -> None:
            if not isinstance(to, reference.Manager):
                raise TypeError("to: a Manager is needed")
            with self._mine:
                self._check(report)
                to._refuse_circle(report)
                with _lock:
                    self._give(report)
                    to._take(report)


class ReportsOfAnybody:
    """Whatever has `reports` is gone through, and not managers alone: others may mean something else by it."""

    breaks = "P10"

    class Manager(reference.Manager):
        def team(self) -> list[Any]:
            found: list[Any] = []
            for person in super().team():
                found.append(person)
                if not isinstance(person, reference.Manager):
                    found.extend(getattr(person, "reports", ()))
            return found


class MovesUpOneByOne:
    """Those who move up are put in one by one, each time into a new list: twice as many cost four times as much."""

    breaks = "P10"

    class Manager(reference.Manager):
        def dismiss(self, report: Any) -> None:
            with reference._lock:
                self._check(report)
                people = list(self._reports.values())
                place = next(at for at, each in enumerate(people) if each is report)
                people = people[:place] + people[place + 1 :]
                for offset, each in enumerate(reference._let_go(report)):
                    each.manager = self
                    people = [
                        *[one for one in people[: place + offset]],  # noqa: C416 - the mistake
                        each,
                        *people[place + offset :],
                    ]
                self._reports = {id(each): each for each in people}


class ShowsTheTitle:
    """repr holds the title, however long it is."""

    breaks = "P10"

    class Manager(reference.Manager):
        def __repr__(self) -> str:
            return f"<{type(self).__name__} {self.name}, {self.title}>"
