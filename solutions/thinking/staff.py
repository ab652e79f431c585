"""Staff: a manager is composed of a part, which is asked, and of reports, which are kept.

Four explicit members pass on to the part: no `__getattr__`, which would pass on whatever the part grows next year,
and no copy, which would be stale tomorrow. Everything that changes the tree happens under one lock for all trees.

Trade-offs: a lock per manager would let two trees change side by side, and a move would have to take several of them
in an order that nobody gets wrong; changes of an organisation are rare and take microseconds. Reports are a dict by
`id`, which keeps their order and takes one out without a walk; the dict holds them, so no id is used twice.
Whether a report closes a circle is found out on the way up, and only if it has reports: who has none is above nobody.
"""

import threading
from collections.abc import Iterable
from typing import Any, NoReturn

from contracts.thinking.staff import (
    AlreadyReports,
    NotAReport,
    Person,
    Report,
    ReportingCycle,
    Work,
)

PERSON = ("name", "title", "salary", "work")
REPORT = (*PERSON, "manager")

_lock = threading.Lock()


class Worker:
    """Somebody who works."""

    def __init__(self, name: str, title: str, salary: int) -> None:
        self.name, self.title, self.salary = name, title, salary
        self.manager: Any = None

    def work(self, task: str) -> Work:
        """Do a task."""
        return Work(self.name, task)


class Manager:
    """Somebody who has a part and reports."""

    def __init__(self, role: Person) -> None:
        self.role = role
        self.manager: Any = None
        self._reports: dict[int, Any] = {}

    @property
    def role(self) -> Person:
        """The part."""
        return self._role

    @role.setter
    def role(self, part: Person) -> None:
        if isinstance(part, Manager):
            raise TypeError("a Manager is no part: take its role")
        _require(part, PERSON)
        self._role = part

    @property
    def name(self) -> str:
        """The part's."""
        return self._role.name

    @property
    def title(self) -> str:
        """The part's."""
        return self._role.title

    @property
    def salary(self) -> int:
        """The part's."""
        return self._role.salary

    def work(self, task: str) -> Any:
        """Let the part do it."""
        return self._role.work(task)

    @property
    def reports(self) -> tuple[Any, ...]:
        """Those who report to this one now."""
        with _lock:
            return tuple(self._reports.values())

    def add(self, report: Report) -> None:
        """Have one more report. Cost: O(depth)."""
        _require(report, REPORT)
        with _lock:
            if report.manager is not None:
                raise AlreadyReports(report, report.manager)
            self._refuse_circle(report)
            self._take(report)

    def remove(self, report: Any) -> None:
        """Have one report less, and nobody below it."""
        with _lock:
            self._give(report)

    def move(self, report: Any, to: Any) -> None:
        """Hand a report over, with everybody below it. Cost: O(depth)."""
        if not isinstance(to, Manager):
            raise TypeError(f"a report moves to a Manager, not to {type(to).__name__}")
        with _lock:
            self._check(report)
            to._refuse_circle(report)  # noqa: SLF001 - one of its kind
            self._give(report)
            to._take(report)  # noqa: SLF001 - the same

    def dismiss(self, report: Any) -> None:
        """Take one report out, and its own reports in. Cost: O(reports)."""
        with _lock:
            self._check(report)
            left = _let_go(report)
            kept = [[each] if each is not report else left for each in self._reports.values()]
            for each in left:
                each.manager = self
            self._reports = {id(each): each for some in kept for each in some}

    def team(self) -> list[Any]:
        """This manager and everybody below, without recursion."""
        found, ahead = [], [self]
        with _lock:
            while ahead:
                person = ahead.pop()
                found.append(person)
                ahead.extend(reversed(_reports_of(person)))
        return found

    def headcount(self) -> int:
        """How many that are."""
        return len(self.team())

    def payroll(self) -> int:
        """What they earn together; asked with nothing locked."""
        return sum(person.salary for person in self.team())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}, {len(self._reports)} reports>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be copied or pickled")

    def _check(self, report: Any) -> None:
        if id(report) not in self._reports:
            raise NotAReport(report, self)

    def _refuse_circle(self, report: Any) -> None:
        """Walk up; who has no reports is above nobody."""
        if report is not self and not _reports_of(report):
            return
        way: list[Any] = [self]
        while way[-1] is not report and way[-1].manager is not None:
            way.append(way[-1].manager)
        if way[-1] is report:
            raise ReportingCycle((*reversed(way), report))

    def _take(self, report: Any) -> None:
        self._reports[id(report)] = report
        report.manager = self

    def _give(self, report: Any) -> None:
        self._check(report)
        del self._reports[id(report)]
        report.manager = None


def _reports_of(person: Any) -> Any:
    return person._reports.values() if isinstance(person, Manager) else ()  # noqa: SLF001 - the same


def _let_go(person: Any) -> list[Any]:
    """Whom a dismissed person leaves behind."""
    left = list(_reports_of(person))
    person.manager = None
    if isinstance(person, Manager):
        person._reports = {}  # noqa: SLF001 - the same
    return left


def _require(person: object, members: Iterable[str]) -> None:
    missing = [member for member in members if not hasattr(person, member)]
    if missing:
        raise TypeError(f"{type(person).__name__} lacks {', '.join(missing)}")
