"""Who reports to whom: adding, removing, moving, dismissing, circles."""

import itertools
import random
from functools import partial
from typing import Any

from contracts.thinking.staff import AlreadyReports, NotAReport, ReportingCycle, StaffError
from graders.kit import CheckFailed, Implementation, check, ensure, equal, raises


def managers(impl: Implementation, *names: str) -> list[Any]:
    """Managers of these names."""
    return [impl.Manager(impl.Worker(name, "m", 10)) for name in names]


def workers(impl: Implementation, *names: str) -> list[Any]:
    """Workers of these names."""
    return [impl.Worker(name, "w", 1) for name in names]


def tree(*people: Any) -> dict[str, tuple[str, str]]:
    """Everybody's manager, and the names of those who report to it."""
    return {
        each.name: (
            "" if each.manager is None else each.manager.name,
            " ".join(report.name for report in getattr(each, "reports", ())),
        )
        for each in people
    }


def refused(error: type[StaffError], job: Any, people: list[Any], did: str) -> Any:
    """The job raises this error, and nothing has changed."""
    before = tree(*people)
    got = raises(error, job, did=did)
    ensure(type(got) is error, did=did, want=f"raises {error.__name__}", got=got)
    equal(tree(*people), before, did=f"{did}: everybody's manager and reports afterwards")
    return got


@check("P6", kind="behaviour")
def test_reports_come_and_go(plain: Implementation) -> None:
    """Three workers and a manager are added, and two removed; one comes back."""
    (boss, head), (a, b, c) = managers(plain, "boss", "head"), workers(plain, "a", "b", "c")
    equal((boss.reports, boss.manager), ((), None), did="reports and manager of a new manager")
    for report in (a, head, b, c):
        equal(boss.add(report), None, did=f"add({report.name})")
        ensure(report.manager is boss, did=f"add({report.name})", want="its manager is the manager")
    equal(boss.reports, (a, head, b, c), did="reports in the order in which they came")
    boss.remove(a)
    boss.remove(head)
    equal(
        (boss.reports, a.manager, head.manager), ((b, c), None, None), did="remove(a), remove(head)"
    )
    head.add(a)
    boss.add(head)
    equal(tree(boss, head, a, b, c), {
        "boss": ("", "b c head"), "head": ("boss", "a"), "a": ("head", ""), "b": ("boss", ""), "c": ("boss", "")
    }, did="everybody's manager and reports after add(head) again, with a below it")  # fmt: skip


@check("P6", kind="behaviour")
def test_reports_are_a_snapshot(plain: Implementation) -> None:
    """While the reports of one manager are walked through, each is removed and two others are added."""
    (boss,), people = managers(plain, "boss"), workers(plain, "a", "b", "c")
    for person in people:
        boss.add(person)
    before, seen = boss.reports, []
    equal(type(before).__name__, "tuple", did="the type of reports")
    for report in boss.reports:
        seen.append(report.name)
        boss.remove(report)
        boss.add(plain.Worker(f"{report.name}2", "w", 1))
    equal(seen, ["a", "b", "c"], did="who was seen on the way")
    equal([each.name for each in before], ["a", "b", "c"], did="the reports of before, afterwards")
    equal([each.name for each in boss.reports], ["a2", "b2", "c2"], did="the reports of now")


@check("P6", kind="contract")
def test_who_has_a_manager_is_refused(plain: Implementation) -> None:
    """A worker and a manager that report already are added again, by the same manager and by another."""
    (boss, head, other), (a,) = managers(plain, "boss", "head", "other"), workers(plain, "a")
    people = [boss, head, other, a]
    boss.add(a)
    boss.add(head)
    for manager in (boss, other):
        for report in (a, head):
            did = f"{manager.name}.add({report.name}), who reports to boss"
            error = refused(AlreadyReports, partial(manager.add, report), people, did)
            ensure(error.report is report and error.manager is boss, did=f"{did}: report and manager of the error",
                   want="the report, and boss", got=(error.report.name, error.manager.name))  # fmt: skip
            ensure(
                report.name in str(error) and "boss" in str(error),
                did=did,
                want="both names",
                got=str(error),
            )


@check("P6", "P8", "P9", kind="contract")
def test_who_does_not_report_here_is_refused(plain: Implementation) -> None:
    """A stranger, a report's report, the manager itself and its own manager are removed, moved, dismissed."""
    (boss, head, other), (a, new) = (
        managers(plain, "boss", "head", "other"),
        workers(plain, "a", "new"),
    )
    boss.add(head)
    head.add(a)
    people: list[Any] = [boss, head, other, a, new]
    for report in (a, new, boss, other):
        for change in ("remove", "dismiss"):
            did = f"boss.{change}({report.name})"
            error = refused(NotAReport, partial(getattr(boss, change), report), people, did)
            ensure(error.report is report and error.manager is boss, did=f"{did}: report and manager of the error",
                   want="the report, and boss", got=error.args)  # fmt: skip
        refused(
            NotAReport,
            partial(boss.move, report, other),
            people,
            f"boss.move({report.name}, other)",
        )
    refused(NotAReport, partial(head.remove, boss), people, "head.remove(boss)")
    raises(NotAReport, partial(boss.remove, None), did="boss.remove(None)")


@check("P6", kind="contract")
def test_what_is_no_report_is_refused(plain: Implementation) -> None:
    """None, a text, and objects that lack one of five members are added."""
    (boss,) = managers(plain, "boss")
    whole = {"name": "n", "title": "t", "salary": 1, "work": len, "manager": None}
    for lacking in whole:
        bad = type("Lacks", (), {k: v for k, v in whole.items() if k != lacking})()
        error = raises(TypeError, partial(boss.add, bad), did=f"add what lacks {lacking}")
        ensure(
            lacking in str(error),
            did=f"add what lacks {lacking}",
            want="a text that names it",
            got=str(error),
        )
    for other in (None, "Ann", 3):
        raises(TypeError, partial(boss.add, other), did=f"add({other!r})")
    equal(boss.reports, (), did="reports after all these mistakes")


def line(impl: Implementation, *names: str) -> list[Any]:
    """Each manages the next."""
    made = managers(impl, *names)
    for upper, lower in itertools.pairwise(made):
        upper.add(lower)
    return made


@check("P7", kind="contract")
def test_circles_are_refused(plain: Implementation) -> None:
    """Of managers a > b > c > d each adds a, and a adds itself; one alone adds itself."""
    people = line(plain, "a", "b", "c", "d")
    for end in range(4):
        below, did = people[end], f"{people[end].name}.add(a)"
        error = refused(ReportingCycle, partial(below.add, people[0]), people, did)
        want = [*people[: end + 1], people[0]]
        equal(
            [each.name for each in error.chain],
            [each.name for each in want],
            did=f"{did}: the chain",
        )
        ensure(type(error.chain) is tuple and all(got is each for got, each in zip(error.chain, want, strict=True)),
               did=f"{did}: the chain", want="a tuple of the people themselves")  # fmt: skip
        ensure(error.report is people[0] and error.manager is below, did=f"{did}: report and manager of the error",
               want="a, and the one below", got=error.args)  # fmt: skip
        ensure(
            all(each.name in str(error) for each in want), did=did, want="all names", got=str(error)
        )
    equal(people[3].reports, (), did="d's reports afterwards")


@check("P7", "P8", kind="contract")
def test_circles_by_moving_are_refused(plain: Implementation) -> None:
    """In boss > a > b > c, boss moves a below itself, below b and below c."""
    boss, *people = line(plain, "boss", "a", "b", "c")
    for end in range(3):
        did = f"boss.move(a, {people[end].name})"
        error = refused(
            ReportingCycle, partial(boss.move, people[0], people[end]), [boss, *people], did
        )
        names = [each.name for each in error.chain]
        equal(names, [*["a", "b", "c"][: end + 1], "a"], did=f"{did}: the chain")
    (other,) = managers(plain, "other")
    boss.move(people[0], other)
    people[2].add(boss)
    equal(
        [each.name for each in other.team()],
        ["other", "a", "b", "c", "boss"],
        did="a moved, boss below c",
    )


@check("P7", kind="contract")
def test_circles_come_after_a_change_of_parts(plain: Implementation) -> None:
    """All managers of a > b > c have the same part; c adds a; then a and c change places."""
    part = plain.Worker("x", "m", 1)
    a, b, c = (plain.Manager(part) for _ in range(3))
    a.add(b)
    b.add(c)
    error = raises(ReportingCycle, partial(c.add, a), did="c.add(a), all have one part")
    ensure(all(got is each for got, each in zip(error.chain, (a, b, c, a), strict=True)),
           did="c.add(a): the chain", want="a, b, c, a themselves", got=error.chain)  # fmt: skip
    a.remove(b)
    b.remove(c)
    c.add(b)
    b.add(a)
    equal(
        [a.manager is b, b.manager is c, c.manager],
        [True, True, None],
        did="a, b, c the other way round",
    )


@check("P8", kind="behaviour")
def test_reports_are_moved(plain: Implementation) -> None:
    """A worker and a manager with reports move to another manager, one up, and to the end of their own."""
    (boss, x, y), (a, b, c) = managers(plain, "boss", "x", "y"), workers(plain, "a", "b", "c")
    for upper, lower in ((boss, x), (boss, y), (x, a), (x, b), (y, c)):
        upper.add(lower)
    people = [boss, x, y, a, b, c]
    equal(x.move(a, y), None, did="x.move(a, y)")
    equal(tree(*people)["y"], ("boss", "c a"), did="y after x.move(a, y)")
    boss.move(x, y)
    equal(
        (tree(*people)["y"], tree(*people)["x"]),
        (("boss", "c a x"), ("y", "b")),
        did="boss.move(x, y)",
    )
    y.move(c, to=y)
    equal(tree(*people)["y"], ("boss", "a x c"), did="y.move(c, y): to the end")
    x.move(b, boss)
    equal([each.name for each in boss.reports], ["y", "b"], did="x.move(b, boss)")
    equal([each.name for each in boss.team()], ["boss", "y", "a", "x", "c", "b"], did="everybody")


@check("P8", kind="contract")
def test_moves_to_nobody_are_refused(plain: Implementation) -> None:
    """A report is moved to a worker, to None, to a namesake of a manager's class, and to a stranger's report."""
    (boss,), (a, b) = managers(plain, "boss"), workers(plain, "a", "b")
    boss.add(a)
    boss.add(b)
    for to in (None, a, b, "boss", plain.Manager):
        before = tree(boss, a, b)
        raises(TypeError, partial(boss.move, a, to), did=f"move(a, {to!r})")
        equal(tree(boss, a, b), before, did=f"everybody after move(a, {to!r})")
    raises(
        TypeError, partial(boss.move, None, None), did="move(None, None): the TypeError comes first"
    )


@check("P9", kind="behaviour")
def test_reports_move_up_into_the_place(plain: Implementation) -> None:
    """In boss > (a, x > (p, q > (r)), b) first x is dismissed, then a, then q."""
    (boss, x, q), (a, b, p, r) = (
        managers(plain, "boss", "x", "q"),
        workers(plain, "a", "b", "p", "r"),
    )
    for upper, lower in ((boss, a), (boss, x), (boss, b), (x, p), (x, q), (q, r)):
        upper.add(lower)
    people = [boss, x, q, a, b, p, r]
    equal(boss.dismiss(x), None, did="boss.dismiss(x)")
    equal(tree(*people), {
        "boss": ("", "a p q b"), "x": ("", ""), "q": ("boss", "r"), "a": ("boss", ""), "b": ("boss", ""),
        "p": ("boss", ""), "r": ("q", ""),
    }, did="everybody after boss.dismiss(x)")  # fmt: skip
    boss.dismiss(a)
    boss.dismiss(q)
    equal((tree(boss)["boss"], tree(a)["a"], tree(q)["q"]), (("", "p r b"), ("", ""), ("", "")),
          did="boss, a and q after boss.dismiss(a), boss.dismiss(q)")  # fmt: skip
    x.add(boss)
    equal(
        [each.name for each in x.team()],
        ["x", "boss", "p", "r", "b"],
        did="x is above everybody now",
    )


class Model:
    """The same on names, with lists, as plainly as can be."""

    def __init__(self, heads: str, others: str) -> None:
        self.reports: dict[str, list[str]] = {name: [] for name in heads}
        self.manager: dict[str, str] = dict.fromkeys(heads + others, "")

    def is_above(self, report: str, manager: str) -> bool:
        """Whether the report is the manager, or above it."""
        while manager and manager != report:
            manager = self.manager[manager]
        return manager == report

    def add(self, manager: str, report: str, _: str) -> type[Exception] | None:
        """See Manager."""
        if self.manager[report]:
            return AlreadyReports
        if self.is_above(report, manager):
            return ReportingCycle
        self.manager[report] = manager
        self.reports[manager].append(report)
        return None

    def remove(self, manager: str, report: str, _: str) -> type[Exception] | None:
        """See Manager."""
        if report not in self.reports[manager]:
            return NotAReport
        self.reports[manager].remove(report)
        self.manager[report] = ""
        return None

    def move(self, manager: str, report: str, to: str) -> type[Exception] | None:
        """See Manager."""
        if report not in self.reports[manager]:
            return NotAReport
        if self.is_above(report, to):
            return ReportingCycle
        self.remove(manager, report, "")
        return self.add(to, report, "")

    def dismiss(self, manager: str, report: str, _: str) -> type[Exception] | None:
        """See Manager."""
        if report not in self.reports[manager]:
            return NotAReport
        left = self.reports.get(report, [])[:]
        place = self.reports[manager].index(report)
        self.reports[manager][place : place + 1] = left
        self.manager.update(dict.fromkeys(left, manager), **{report: ""})
        if report in self.reports:
            self.reports[report] = []
        return None

    def tree(self) -> dict[str, tuple[str, str]]:
        """As `tree` above."""
        return {
            name: (boss, " ".join(self.reports.get(name, ())))
            for name, boss in self.manager.items()
        }

    def team(self, name: str) -> list[str]:
        """As Manager.team, by names."""
        return [
            name,
            *(each for report in self.reports.get(name, ()) for each in self.team(report)),
        ]


@check("P6", "P7", "P8", "P9", "P10", kind="behaviour")
def test_generated_changes(plain: Implementation) -> None:
    """400 changes among five managers and four workers, seed 5, against a plain model."""
    rng = random.Random(5)
    heads, others = "ABCDE", "wxyz"
    model = Model(heads, others)
    people = {each.name: each for each in (*managers(plain, *heads), *workers(plain, *others))}
    past: list[str] = []
    for _ in range(400):
        change = rng.choice(("add", "add", "move", "move", "remove", "dismiss"))
        manager, to, report = rng.choice(heads), rng.choice(heads), rng.choice(heads + others)
        if change != "add" and rng.random() < 0.8 and model.reports[manager]:
            report = rng.choice(model.reports[manager])
        want = getattr(model, change)(manager, report, to)
        arguments = (people[report], people[to]) if change == "move" else (people[report],)
        past.append(f"{manager}.{change}({report}{f', {to}' if change == 'move' else ''})")
        did = f"the last of these changes: {', '.join(past[-4:])}"
        got = outcome(partial(getattr(people[manager], change), *arguments))
        equal(got, want, did=f"{did}: the class of the error")
        equal(tree(*people.values()), model.tree(), did=f"{did}: everybody's manager and reports")
        names = [each.name for each in people[manager].team()]
        equal(names, model.team(manager), did=f"{did}: {manager}'s team")


def outcome(job: Any) -> type[Exception] | None:
    """The class of the refusal."""
    try:
        job()
    except StaffError as error:
        return type(error)
    except (TypeError, AttributeError, RecursionError) as error:
        raise CheckFailed("a change", "an outcome that is documented", repr(error)) from error
    return None
