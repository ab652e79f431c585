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
"""

from dataclasses import dataclass
from typing import Any, Final, Protocol

TITLE: Final = "Staff"
LEVEL: Final = "medium"
MINUTES: Final = 45
IMPLEMENT: Final = ("Worker", "Manager")
PROMISES: Final = {
    "P1": "A Worker has the name, title and salary that it was made with, all of which can be changed,"
    " no manager, and work(task) answers Work(its name of now, task).",
    "P2": "A Manager is no Worker: its name, title and salary are its part's at every look, its work is"
    " the part's, and what the part returns or raises there comes through as that very object.",
    "P3": "`role` is the part, and setting it exchanges the part at once, while reports and manager"
    " stay; what lacks a member of Person, or is a Manager, is refused with a TypeError that names one"
    " that is missing (or Manager), and nothing changes.",
    "P4": "Nothing else of the part is passed on: any other name is an AttributeError that names the"
    " manager's class; name, title and salary cannot be set or deleted (AttributeError); a manager is"
    " always true, and equal to itself alone.",
    "P5": "Whatever has the members of a Person can be the part, whatever has those of a Report can"
    " report, and people are told apart by identity, whatever their own __eq__, __hash__ and __bool__ say.",
    "P6": "add puts a report at the end of `reports` and sets its manager, remove undoes both; whoever"
    " has a manager already is refused by add with AlreadyReports, who does not report here by remove"
    " with NotAReport, and nothing changes; `reports` is a tuple that never changes afterwards.",
    "P7": "No report is added or moved below itself, at any depth: ReportingCycle, whose chain leads"
    " from the report down to the manager and then names the report again, and nothing changes.",
    "P8": "move takes a report from its manager to the end of another's reports in one step, also within"
    " one manager; a move that is refused (NotAReport, ReportingCycle, a TypeError for what is no"
    " Manager) changes nothing.",
    "P9": "dismiss takes one report out, whose own reports take its place among those of its manager, in"
    " their order; afterwards it has neither a manager nor reports.",
    "P10": "team, headcount and payroll count the manager and everybody below it exactly once, team in"
    " order; these, repr and every change work on trees 5,000 deep or wide, at a cost that grows with"
    " the people in them, and add, remove and move cost nothing for each other report.",
    "P11": "Whatever threads do at once, there is never a circle, nobody is lost, nobody has two managers,"
    " and team, headcount and payroll see each move wholly or not at all.",
    "P12": "Nothing is locked while a part or a report is asked for its name, title, salary or work:"
    " others can use the tree meanwhile, and so can the one who is asked.",
    "P13": "Who was removed, moved, dismissed or exchanged is not kept, nor is anybody of a tree that"
    " nobody holds any more; and a manager cannot be copied, deep-copied or pickled (TypeError).",
}


@dataclass(frozen=True)
class Work:
    """Something that was done."""

    by: str
    task: str


class Person(Protocol):
    """What a part must have. Nothing is asked but these four; how they are made is open."""

    @property
    def name(self) -> str:
        """How one calls it."""
        ...

    @property
    def title(self) -> str:
        """What it is here."""
        ...

    @property
    def salary(self) -> int:
        """Whole euros a month."""
        ...

    def work(self, task: str) -> Any:
        """Do it."""
        ...


class Report(Person, Protocol):
    """What a report must have: the members of a Person, and a manager (None: nobody) that can be set."""

    manager: Any


class StaffError(ValueError):
    """A change that was refused. `report` is whom it was about, `manager` who was to have it."""

    def __init__(self, report: Any, manager: Any) -> None:
        super().__init__(report, manager)
        self.report, self.manager = report, manager


class AlreadyReports(StaffError):
    """The report has a manager: `manager`, be it the same one or another."""

    def __str__(self) -> str:
        return f"{self.report.name} already reports to {self.manager.name}: use move"


class NotAReport(StaffError):
    """The report is none of `manager`'s."""

    def __str__(self) -> str:
        return f"{self.report.name} does not report to {self.manager.name}"


class ReportingCycle(StaffError):
    """The report is above the manager, or is the manager.

    `chain` holds people: the report, then each one's report on the way down to the manager, then the
    report again. With itself alone it is (report, report).
    """

    def __init__(self, chain: tuple[Any, ...]) -> None:
        super().__init__(chain[0], chain[-2])
        self.chain = chain

    def __str__(self) -> str:
        names = [person.name for person in self.chain]
        if len(names) > 8:
            names[4:-4] = [f"({len(names) - 8} more)"]
        return f"a circle: {' > '.join(names)}"


class Worker(Protocol):
    """Somebody who works. A Person and a Report."""

    name: str
    title: str
    salary: int
    manager: Any

    def work(self, task: str) -> Work:
        """Do a task."""
        ...


class Manager(Protocol):
    """Somebody who has a part and reports. A Person and a Report itself. Thread-safe.

    `repr` has the name in it, and at most 200 characters if the name is shorter than 100.
    """

    @property
    def role(self) -> Person:
        """The part."""
        ...

    @role.setter
    def role(self, part: Person) -> None:
        """Exchange the part. Raises TypeError for what is none."""
        ...

    @property
    def name(self) -> str:
        """The part's."""
        ...

    @property
    def title(self) -> str:
        """The part's."""
        ...

    @property
    def salary(self) -> int:
        """The part's."""
        ...

    def work(self, task: str) -> Any:
        """Let the part do it."""
        ...

    @property
    def manager(self) -> Any:
        """The Manager that this one reports to, or None. Whether others can set it is left open."""
        ...

    @property
    def reports(self) -> tuple[Any, ...]:
        """Those who report to this one now, in the order in which they came."""
        ...

    def add(self, report: Report) -> None:
        """Have one more report.

        The members are looked at first (`hasattr`), then its manager, then the chain.

        Raises:
            TypeError: it lacks a member of Report; the text names one that is missing.
            AlreadyReports: it has a manager.
            ReportingCycle: it is this manager, or above it.
        """
        ...

    def remove(self, report: Any) -> None:
        """Have one report less, and nobody below it. Raises NotAReport."""
        ...

    def move(self, report: Any, to: Any) -> None:
        """Hand a report over to the Manager `to`, with everybody below it.

        Raises NotAReport, ReportingCycle, and first of all TypeError if `to` is no Manager.
        """
        ...

    def dismiss(self, report: Any) -> None:
        """Take one report out, and its own reports in. Raises NotAReport."""
        ...

    def team(self) -> list[Any]:
        """This manager and everybody below: each before its reports, those in their order, as a new list."""
        ...

    def headcount(self) -> int:
        """How many that are."""
        ...

    def payroll(self) -> int:
        """What they earn together; each one's salary is asked once."""
        ...


class NewWorker(Protocol):
    """How a worker is made."""

    def __call__(self, name: str, title: str, salary: int) -> Worker:
        """Make one without a manager."""
        ...


class NewManager(Protocol):
    """How a manager is made."""

    def __call__(self, role: Person) -> Manager:
        """Make one without reports or manager; TypeError as for setting `role`."""
        ...
