"""Staff: a manager has a worker and reports, and is neither.

Seen in production wherever "is a" was drawn too early: employees that become managers, users with
roles, widgets in widgets, organisation charts in HR systems. A Manager class under Worker is written in
a minute. Then somebody is promoted, demoted, or does two jobs, and the class of an object cannot change.

Decided here, because real code disagrees:

* A manager *has* a part, its `role`: a Worker, or anything else with the members of a Person. It copies
  nothing of it and asks it at every look. Exactly four names are passed on: name, title, salary, work.
  To change the name of a manager, change the part or exchange it.
* The part is only asked. It does not become a report, and its own `manager` is not looked at.
* People are told apart by identity. Two with equal names, or with an `__eq__` that says so, are two.
* Everybody has at most one manager, and knows it: `manager` is an attribute of every report, which the
  methods of Manager keep (nobody else sets it). To change the manager use `move`, which is one step.
* `remove` takes the report out with everybody below it. `dismiss` takes out one person, whose reports
  move up into the empty place, in their order.
* Adding a report to a manager below it would close a circle: refused at any depth, with the chain.
* Totals are taken of one instant: who is moved meanwhile is counted once. Salaries are asked after that.
* Nothing is locked while a part or a report is asked for a member of Person: its answer may take long,
  or use the tree itself.
* A manager cannot be copied or pickled: its copy would have reports who report to somebody else.
* Left open: what happens with values that are no names or salaries, and to the tree when somebody sets
  `manager` by hand; whether `work` of a manager can be set; whether a Worker can be copied. The
  `reports` of a report that is no Manager are not looked at.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  A Worker has the name, title and salary that it was made with, all of which can be changed, no
    manager, and work(task) answers Work(its name of now, task).
P2  A Manager is no Worker: its name, title and salary are its part's at every look, its work is
    the part's, and what the part returns or raises there comes through as that very object.
P3  `role` is the part, and setting it exchanges the part at once, while reports and manager stay;
    what lacks a member of Person, or is a Manager, is refused with a TypeError that names one that
    is missing (or Manager), and nothing changes.
P4  Nothing else of the part is passed on: any other name is an AttributeError that names the
    manager's class; name, title and salary cannot be set or deleted (AttributeError); a manager is
    always true, and equal to itself alone.
P5  Whatever has the members of a Person can be the part, whatever has those of a Report can
    report, and people are told apart by identity, whatever their own __eq__, __hash__ and __bool__
    say.
P6  add puts a report at the end of `reports` and sets its manager, remove undoes both; whoever has
    a manager already is refused by add with AlreadyReports, who does not report here by remove
    with NotAReport, and nothing changes; `reports` is a tuple that never changes afterwards.
P7  No report is added or moved below itself, at any depth: ReportingCycle, whose chain leads from
    the report down to the manager and then names the report again, and nothing changes.
P8  move takes a report from its manager to the end of another's reports in one step, also within
    one manager; a move that is refused (NotAReport, ReportingCycle, a TypeError for what is no
    Manager) changes nothing.
P9  dismiss takes one report out, whose own reports take its place among those of its manager, in
    their order; afterwards it has neither a manager nor reports.
P10 team, headcount and payroll count the manager and everybody below it exactly once, team in
    order; these, repr and every change work on trees 5,000 deep or wide, at a cost that grows with
    the people in them, and add, remove and move cost nothing for each other report.
P11 Whatever threads do at once, there is never a circle, nobody is lost, nobody has two managers,
    and team, headcount and payroll see each move wholly or not at all.
P12 Nothing is locked while a part or a report is asked for its name, title, salary or work: others
    can use the tree meanwhile, and so can the one who is asked.
P13 Who was removed, moved, dismissed or exchanged is not kept, nor is anybody of a tree that
    nobody holds any more; and a manager cannot be copied, deep-copied or pickled (TypeError).

Level: medium, 45 minutes.
Brief: exercises/thinking/staff.md
Grade: nox -s grade -- staff
"""

from __future__ import annotations

from typing import Any

from contracts.thinking.staff import (
    AlreadyReports,
    NotAReport,
    Person,
    Report,
    ReportingCycle,
    StaffError,
    Work,
)


class Worker:
    """Somebody who works. A Person and a Report."""

    name: str
    title: str
    salary: int
    manager: Any

    def __init__(self, name: str, title: str, salary: int) -> None:
        """Make one without a manager."""
        raise NotImplementedError

    def work(self, task: str) -> Work:
        """Do a task."""
        raise NotImplementedError


class Manager:
    """Somebody who has a part and reports. A Person and a Report itself. Thread-safe.

    `repr` has the name in it, and at most 200 characters if the name is shorter than 100.
    """

    def __init__(self, role: Person) -> None:
        """Make one without reports or manager; TypeError as for setting `role`."""
        raise NotImplementedError

    @property
    def role(self) -> Person:
        """The part."""
        raise NotImplementedError

    @role.setter
    def role(self, part: Person) -> None:
        """Exchange the part. Raises TypeError for what is none."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """The part's."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """The part's."""
        raise NotImplementedError

    @property
    def salary(self) -> int:
        """The part's."""
        raise NotImplementedError

    def work(self, task: str) -> Any:
        """Let the part do it."""
        raise NotImplementedError

    @property
    def manager(self) -> Any:
        """The Manager that this one reports to, or None. Whether others can set it is left open."""
        raise NotImplementedError

    @property
    def reports(self) -> tuple[Any, ...]:
        """Those who report to this one now, in the order in which they came."""
        raise NotImplementedError

    def add(self, report: Report) -> None:
        """Have one more report.

        The members are looked at first (`hasattr`), then its manager, then the chain.

        Raises:
            TypeError: it lacks a member of Report; the text names one that is missing.
            AlreadyReports: it has a manager.
            ReportingCycle: it is this manager, or above it.
        """
        raise NotImplementedError

    def remove(self, report: Any) -> None:
        """Have one report less, and nobody below it. Raises NotAReport."""
        raise NotImplementedError

    def move(self, report: Any, to: Any) -> None:
        """Hand a report over to the Manager `to`, with everybody below it.

        Raises NotAReport, ReportingCycle, and first of all TypeError if `to` is no Manager.
        """
        raise NotImplementedError

    def dismiss(self, report: Any) -> None:
        """Take one report out, and its own reports in. Raises NotAReport."""
        raise NotImplementedError

    def team(self) -> list[Any]:
        """This manager and everybody below: each before its reports, those in their order, as a new list."""
        raise NotImplementedError

    def headcount(self) -> int:
        """How many that are."""
        raise NotImplementedError

    def payroll(self) -> int:
        """What they earn together; each one's salary is asked once."""
        raise NotImplementedError
