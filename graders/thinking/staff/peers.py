"""Right managers in another style, and a tree from a library behind the contract."""

import importlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from operator import attrgetter
from typing import Any, ClassVar

from contracts.thinking.staff import AlreadyReports, NotAReport, ReportingCycle, Work

FOUR = ("name", "title", "salary", "work")
missing = object()


def lacking(person: object, *more: str) -> None:
    """TypeError for what is no person."""
    for member in (*FOUR, *more):
        if getattr(person, member, missing) is missing:
            raise TypeError(f"{person!r:.50} has no {member}")


class Linked:
    """Reports are a ring of links; the way down is a generator that follows them; a reentrant lock of the class."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Link:
        """A place among the reports."""

        __slots__ = ("after", "before", "person")

        def __init__(self, person: Any) -> None:
            self.person, self.before, self.after = person, self, self

        def put_before(self, other: Any) -> None:
            """Take the place before another link."""
            self.before, self.after = other.before, other
            other.before.after = other.before = self

        def take_out(self) -> None:
            """Leave it."""
            self.before.after, self.after.before = self.after, self.before

    @dataclass(eq=False)
    class Worker:
        """A dataclass is all that it takes."""

        name: str
        title: str
        salary: int
        manager: Any = None

        def work(self, task: str) -> Work:
            """Do it."""
            return Work(by=self.name, task=task)

    class Manager:
        """With slots: nothing can be set on it that it does not have."""

        __slots__ = ("_end", "_links", "_part", "manager")
        guard: ClassVar[Any] = threading.RLock()
        name = property(attrgetter("_part.name"))
        title = property(attrgetter("_part.title"))
        salary = property(attrgetter("_part.salary"))

        def __init__(self, role: Any) -> None:
            self.role = role
            self.manager: Any = None
            self._end = Linked.Link(None)
            self._links: dict[int, Any] = {}

        @property
        def role(self) -> Any:
            return self._part

        @role.setter
        def role(self, part: Any) -> None:
            if isinstance(part, Linked.Manager):
                raise TypeError(f"{type(part).__qualname__} cannot be a part")
            lacking(part)
            self._part = part

        def work(self, task: str) -> Any:
            return self._part.work(task)

        @property
        def reports(self) -> tuple[Any, ...]:
            with self.guard:
                return tuple(self._walk())

        def _walk(self) -> Iterator[Any]:
            link = self._end.after
            while link is not self._end:
                yield link.person
                link = link.after

        def _hang(self, report: Any, before: Any) -> None:
            link = self._links[id(report)] = Linked.Link(report)
            link.put_before(before)
            report.manager = self

        def _link(self, report: Any) -> Any:
            link = self._links.get(id(report))
            if link is None:
                raise NotAReport(report, self)
            return link

        def _drop(self, report: Any) -> Any:
            link = self._link(report)
            link.take_out()
            del self._links[id(report)]
            report.manager = None
            return link.after

        def _stay_below(self, report: Any) -> None:
            chain, above = deque([report]), self
            while above is not None:
                chain.insert(1, above)
                if above is report:
                    chain.popleft()
                    raise ReportingCycle((*chain, report))
                above = above.manager

        def add(self, report: Any) -> None:
            lacking(report, "manager")
            with self.guard:
                if report.manager is not None:
                    raise AlreadyReports(report, report.manager)
                self._stay_below(report)
                self._hang(report, self._end)

        def remove(self, report: Any) -> None:
            with self.guard:
                self._drop(report)

        def move(self, report: Any, to: Any) -> None:
            if not isinstance(to, Linked.Manager):
                raise TypeError("that is nobody to move to")
            with self.guard:
                self._link(report)
                to._stay_below(report)
                self._drop(report)
                to._hang(report, to._end)

        def dismiss(self, report: Any) -> None:
            with self.guard:
                place = self._drop(report)
                for each in (
                    getattr(report, "reports", ()) if isinstance(report, Linked.Manager) else ()
                ):
                    report._drop(each)
                    self._hang(each, place)

        def team(self) -> list[Any]:
            with self.guard:
                found: list[Any] = [self]
                ways = [self._walk()]
                while ways:
                    person = next(ways[-1], missing)
                    if person is missing:
                        ways.pop()
                        continue
                    found.append(person)
                    if isinstance(person, Linked.Manager):
                        ways.append(person._walk())
                return found

        def headcount(self) -> int:
            return sum(1 for _ in self.team())

        def payroll(self) -> int:
            total = 0
            for person in self.team():
                total += person.salary
            return total

        def __repr__(self) -> str:
            return f"Manager({self.name:.150})"

        def __copy__(self) -> Any:
            raise TypeError("there is only one of each manager")

        def __deepcopy__(self, memo: Any) -> Any:
            raise TypeError("there is only one of each manager")

        def __reduce_ex__(self, protocol: Any) -> Any:
            raise TypeError("there is only one of each manager")


def passed_on(name: str) -> Any:
    """A member that is the part's."""
    return property(lambda self: getattr(self.role, name), doc=f"The {name} of the part.")


def in_turn(method: Callable[..., Any]) -> Callable[..., Any]:
    """One change or look at a time, whatever the tree."""

    @wraps(method)
    def locked(*args: Any, **kwargs: Any) -> Any:
        TURN.acquire()
        try:
            return method(*args, **kwargs)
        finally:
            TURN.release()

    return locked


TURN = threading.Lock()


class Rows:
    """Delegation is made by a function, locking by a decorator, and the reports are kept by number of arrival."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Worker:
        """Plain attributes."""

        manager: Any = None

        def __init__(self, name: str, title: str, salary: int) -> None:
            vars(self).update(name=name, title=title, salary=salary)

        def work(self, task: str) -> Work:
            """Do it."""
            return Work(vars(self)["name"], task)

    class Manager:
        """Two tables: who has which number, and the other way round."""

        name, title, salary = map(passed_on, ("name", "title", "salary"))

        def __init__(self, role: Any) -> None:
            self.role = role
            self.manager: Any = None
            self._rows: dict[int, Any] = {}

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "role":
                if isinstance(value, Rows.Manager):
                    raise TypeError("Manager: has a part itself")
                lacking(value)
            super().__setattr__(name, value)

        def work(self, task: str) -> Any:
            return self.role.work(task)

        @property
        def reports(self) -> tuple[Any, ...]:
            return (*self._rows.values(),)

        def _above(self) -> list[Any]:
            way, one = [], self
            while one is not None:
                way.append(one)
                one = one.manager
            return way[::-1]

        def _admit(self, report: Any) -> None:
            way = self._above()
            for place, one in enumerate(way):
                if one is report:
                    raise ReportingCycle((*way[place:], report))

        def _has(self, report: Any) -> None:
            if self._rows.get(id(report), missing) is not report:
                raise NotAReport(report, self)

        def _set(self, report: Any) -> None:
            self._rows[id(report)] = report
            report.manager = self

        def _unset(self, report: Any) -> None:
            self._has(report)
            self._rows.pop(id(report)).manager = None

        def add(self, report: Any) -> None:
            lacking(report, "manager")
            self._add(report)

        @in_turn
        def _add(self, report: Any) -> None:
            if report.manager is not None:
                raise AlreadyReports(report, report.manager)
            self._admit(report)
            self._set(report)

        @in_turn
        def remove(self, report: Any) -> None:
            self._unset(report)

        def move(self, report: Any, to: Any) -> None:
            if not isinstance(to, Rows.Manager):
                raise TypeError("to whom?")
            self._move(report, to)

        @in_turn
        def _move(self, report: Any, to: Any) -> None:
            self._has(report)
            to._admit(report)
            self._unset(report)
            to._set(report)

        @in_turn
        def dismiss(self, report: Any) -> None:
            self._has(report)
            own = isinstance(report, Rows.Manager)
            left = list(report._rows.values()) if own else []
            if own:
                report._rows = {}
            rows = self._rows
            self._rows = {}
            for each in rows.values():
                for one in left if each is report else [each]:
                    self._set(one)
            report.manager = None

        @in_turn
        def team(self) -> list[Any]:
            ahead, found = deque([self]), []
            while ahead:
                found.append(ahead.popleft())
                if isinstance(found[-1], Rows.Manager):
                    ahead.extendleft(reversed(found[-1]._rows.values()))
            return found

        def headcount(self) -> int:
            return len(self.team())

        def payroll(self) -> int:
            return sum(map(attrgetter("salary"), self.team()))

        def __repr__(self) -> str:
            return f"{self.name} and {len(self._rows)}"

        def __getstate__(self) -> Any:
            raise TypeError("people cannot be copied")

        def __reduce__(self) -> Any:
            raise TypeError("people cannot be copied")


class Anytree:
    """anytree: a parent that can be set, and children; circles are its own errors. It knows no threads: ours lock."""

    requires = ("anytree",)
    fails: ClassVar[dict[str, str]] = {
        "P10": "PreOrderIter is recursive, and a report is found by a walk through all of them",
        "P12": "the text of its LoopError shows the people, and so asks them while we have locked",
    }

    Worker = Linked.Worker

    class Manager:
        """Each person hangs in a node of its own."""

        name, title, salary = map(passed_on, ("name", "title", "salary"))

        def __init__(self, role: Any) -> None:
            if isinstance(role, Anytree.Manager):
                raise TypeError("Manager: no part")
            lacking(role)
            self._part, self.manager = role, None
            self.node: Any = importlib.import_module("anytree").AnyNode(person=self)

        @property
        def role(self) -> Any:
            return self._part

        @role.setter
        def role(self, part: Any) -> None:
            if isinstance(part, Anytree.Manager):
                raise TypeError("Manager: no part")
            lacking(part)
            self._part = part

        def work(self, task: str) -> Any:
            return self._part.work(task)

        @property
        def reports(self) -> tuple[Any, ...]:
            return tuple(child.person for child in self.node.children)

        def _node_of(self, report: Any) -> Any:
            for child in self.node.children:
                if child.person is report:
                    return child
            raise NotAReport(report, self)

        def _hang(self, node: Any) -> None:
            anytree = importlib.import_module("anytree")
            try:
                node.parent = self.node
            except anytree.LoopError:
                path = [each.person for each in self.node.path]
                start = next(i for i, each in enumerate(path) if each is node.person)
                raise ReportingCycle((*path[start:], node.person)) from None
            node.person.manager = self

        def add(self, report: Any) -> None:
            lacking(report, "manager")
            self._add(report)

        @in_turn
        def _add(self, report: Any) -> None:
            if report.manager is not None:
                raise AlreadyReports(report, report.manager)
            anytree = importlib.import_module("anytree")
            own = isinstance(report, Anytree.Manager)
            self._hang(report.node if own else anytree.AnyNode(person=report))

        @in_turn
        def remove(self, report: Any) -> None:
            self._node_of(report).parent = None
            report.manager = None

        @in_turn
        def move(self, report: Any, to: Any) -> None:
            if not isinstance(to, Anytree.Manager):
                raise TypeError("to whom?")
            node = self._node_of(report)
            if to is self:
                node.parent = None
            to._hang(node)

        @in_turn
        def dismiss(self, report: Any) -> None:
            gone = self._node_of(report)
            rest = [
                [child] if child is not gone else list(gone.children)
                for child in self.node.children
            ]
            gone.children = ()
            self.node.children = [child for some in rest for child in some]
            for child in self.node.children:
                child.person.manager = self
            report.manager = None

        @in_turn
        def team(self) -> list[Any]:
            anytree = importlib.import_module("anytree")
            return [node.person for node in anytree.PreOrderIter(self.node)]

        def headcount(self) -> int:
            return len(self.team())

        def payroll(self) -> int:
            return sum(person.salary for person in self.team())

        def __repr__(self) -> str:
            return f"Manager({self.name:.150})"

        def __reduce_ex__(self, protocol: Any) -> Any:
            raise TypeError("people cannot be copied")
