"""Totals, however deep or wide; what they cost; and what is kept of people who have left."""

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from contracts.thinking.staff import ReportingCycle
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.growth import count_steps, grows_at_most

MANY = 5_000


class Somebody:
    """A person of the grader's that counts how often its salary is asked for."""

    asked = 0

    def __init__(self, name: str = "x", salary: int = 1) -> None:
        self.name, self.title, self.pay = name, "t", salary
        self.manager: Any = None

    @property
    def salary(self) -> int:
        """What it earns."""
        self.asked += 1
        return self.pay

    def work(self, task: str) -> str:
        """Nothing that costs."""
        return task


def chain(impl: Implementation, count: int) -> list[Any]:
    """Each manages the next. Made of halves, so that looking up and looking down both cost little."""
    people = [impl.Manager(Somebody(f"m{number}", number)) for number in range(count)]

    def join(start: int, end: int) -> None:
        if end - start > 1:
            middle = (start + end) // 2
            join(start, middle)
            join(middle, end)
            people[middle - 1].add(people[middle])

    join(0, count)
    return people


def wide(impl: Implementation, count: int) -> tuple[Any, list[Any]]:
    """A manager with so many reports, who are no managers."""
    boss, people = (
        impl.Manager(Somebody("boss", 1)),
        [Somebody(f"w{number}", number) for number in range(count)],
    )
    for person in people:
        boss.add(person)
    return boss, people


def names(people: list[Any]) -> list[str]:
    """Their names."""
    return [each.name for each in people]


@check("P10", kind="behaviour")
def test_everybody_is_counted_once(plain: Implementation) -> None:
    """In boss > (a, x > (p, y > (q)), b) everybody earns another power of two."""
    boss, x, y = (
        plain.Manager(Somebody(name, pay)) for name, pay in (("boss", 1), ("x", 2), ("y", 4))
    )
    a, b, p, q = (Somebody(name, pay) for name, pay in (("a", 8), ("b", 16), ("p", 32), ("q", 64)))
    for upper, lower in ((y, q), (x, p), (x, y), (boss, a), (boss, x), (boss, b)):
        upper.add(lower)
    equal(names(boss.team()), ["boss", "a", "x", "p", "y", "q", "b"], did="boss.team()")
    equal((boss.headcount(), boss.payroll()), (7, 127), did="headcount and payroll of boss")
    equal(
        (names(y.team()), y.headcount(), y.payroll()),
        (["y", "q"], 2, 68),
        did="team, headcount and payroll of y",
    )
    before = [each.asked for each in (boss.role, a, x.role, y.role, p, q, b)]
    boss.payroll()
    after = [each.asked for each in (boss.role, a, x.role, y.role, p, q, b)]
    ensure(all(now - then == 1 for now, then in zip(after, before, strict=True)), did="how often payroll asked each"
           " salary", want="once", got=(before, after))  # fmt: skip
    alone = plain.Manager(Somebody("alone", 5))
    equal(
        (names(alone.team()), alone.headcount(), alone.payroll()),
        (["alone"], 1, 5),
        did="a manager alone",
    )
    got = boss.team()
    got.clear()
    equal(len(boss.team()), 7, did="boss.team() after an earlier list was cleared")


@check("P9", "P10", kind="behaviour")
def test_who_is_no_manager_has_nobody_below(plain: Implementation) -> None:
    """A report that is no Manager has `reports` of its own kind: totals, then it is dismissed."""
    boss, person, inner = plain.Manager(Somebody("boss")), Somebody("person"), Somebody("inner")
    person.reports = (inner,)  # type: ignore[attr-defined]
    boss.add(person)
    equal(
        (names(boss.team()), boss.headcount(), boss.payroll()),
        (["boss", "person"], 2, 2),
        did="team, headcount and payroll of boss",
    )
    boss.dismiss(person)
    equal((boss.reports, inner.manager), ((), None), did="boss.reports after dismiss(person)")


@check("P10", kind="behaviour")
def test_salaries_are_asked_at_every_look(plain: Implementation) -> None:
    """A report's and a part's salary change, and a part is exchanged, between two payrolls."""
    boss, head, worker = (
        *(plain.Manager(Somebody("x", pay)) for pay in (100, 10)),
        plain.Worker("w", "w", 1),
    )
    boss.add(head)
    head.add(worker)
    equal(boss.payroll(), 111, did="payroll of 100, 10 and 1")
    worker.salary, head.role.pay, boss.role = 2, 20, Somebody("x", 200)
    equal(boss.payroll(), 222, did="payroll after the salaries became 200, 20 and 2")


@check("P7", kind="behaviour")
def test_a_deep_circle(plain: Implementation) -> None:
    """The last of 5,000 managers, each below the other, adds the first, and moves its neighbour below itself."""
    people = chain(plain, MANY)
    top, last = people[0], people[-1]
    error = raises(ReportingCycle, partial(last.add, top), did="the last of 5,000 adds the first")
    ensure(len(error.chain) == MANY + 1 and all(a is b for a, b in zip(error.chain, [*people, top], strict=True)),
           did="the chain of a circle of 5,000", want="all of them, and the first again")  # fmt: skip
    text = str(error)
    ensure(
        "m0" in text and "m4999" in text, did="the text of that error", want="both ends", got=text
    )
    error = raises(
        ReportingCycle, partial(top.move, people[1], last), did="the second moves below the last"
    )
    equal((len(error.chain), len(top.reports)), (MANY, 1), did="its chain, and who is left")


@check("P10", kind="behaviour")
def test_deep_trees(plain: Implementation) -> None:
    """5,000 managers, each below the other: totals, changes, and repr at both ends."""
    people = chain(plain, MANY)
    top, last, middle = people[0], people[-1], people[MANY // 2]
    total = sum(range(MANY))
    equal(
        (top.headcount(), top.payroll()),
        (MANY, total),
        did="headcount and payroll of 5,000 in a line",
    )
    ensure(top.team() == people, did="team of 5,000 in a line", want="from top to bottom")
    upper = people[MANY // 2 - 1]
    upper.dismiss(middle)
    equal(
        (top.headcount(), middle.headcount()),
        (MANY - 1, 1),
        did="headcounts after the one in the middle left",
    )
    upper.move(people[MANY // 2 + 1], top)
    last.add(middle)
    equal(
        (top.headcount(), len(top.reports)),
        (MANY, 2),
        did="headcount after the lower half moved to the top",
    )
    for manager in (top, last):
        text = repr(manager)
        ensure(manager.name in text and len(text) <= 200, did="repr of a manager in a deep tree",
               want="the name, in at most 200 characters", got=text)  # fmt: skip


@check("P10", kind="behaviour")
def test_wide_trees(plain: Implementation) -> None:
    """5,000 reports of one manager: totals, repr, and each removed, the oldest and the newest in turn."""
    boss, people = wide(plain, MANY)
    equal(
        (boss.headcount(), boss.payroll()),
        (MANY + 1, sum(range(MANY)) + 1),
        did="headcount and payroll",
    )
    ensure(
        boss.team() == [boss, *people],
        did="team of a manager with 5,000 reports",
        want="all of them, in order",
    )
    ensure(len(repr(boss)) <= 200 and "boss" in repr(boss), did="repr of a manager with 5,000 reports",
           want="the name, in at most 200 characters", got=repr(boss))  # fmt: skip
    boss.role = Somebody("n" * 99)
    boss.role.title = "t" * 500
    text = repr(boss)
    ensure(boss.name in text and len(text) <= 200, did="repr, the name has 99 characters and the title 500",
           want="the name, in at most 200 characters", got=text)  # fmt: skip
    for number in range(0, MANY, 50):
        boss.remove(people[number])
    equal(boss.headcount(), MANY + 1 - 100, did="headcount after every fiftieth was removed")


def steps(impl: Implementation, count: int, shape: str, what: str) -> int:
    """Points that one look or change passes in a tree of so many people."""
    boss = chain(impl, count)[0] if shape == "deep" else wide(impl, count)[0]
    first = boss.reports[0]
    other, new = impl.Manager(Somebody("other")), Somebody("new")
    other.add(impl.Manager(Somebody("head")))
    jobs = {
        "team": boss.team,
        "headcount": boss.headcount,
        "payroll": boss.payroll,
        "add and remove": lambda: (boss.add(new), boss.remove(new)),
        "add, move and remove": lambda: (boss.add(new), boss.move(new, other), other.remove(new)),
        "dismiss": lambda: (other.add(boss), other.dismiss(boss)),
        "move of the first": lambda: boss.move(first, boss),
    }
    return count_steps(jobs[what])


@check("P10", kind="throughput")
def test_totals_cost_what_there_is(impl: Implementation) -> None:
    """Totals of 300 people and of 600, in a line and below one manager."""
    for shape in ("deep", "wide"):
        for what in ("team", "headcount", "payroll"):
            small, large = (steps(impl, count, shape, what) for count in (300, 600))
            ensure(large <= 2.5 * small + 100, did=f"{what} of 600 people in a {shape} tree",
                   want=f"about twice the {small:,} steps that 300 take", got=f"{large:,} steps")  # fmt: skip


@check("P10", kind="throughput")
def test_a_dismissal_costs_what_there_is(impl: Implementation) -> None:
    """A manager of 300 is dismissed, and one of 600."""
    small, large = (steps(impl, count, "wide", "dismiss") for count in (300, 600))
    ensure(large <= 2.5 * small + 100, did="dismiss a manager of 600 people",
           want=f"about twice the {small:,} steps that 300 take", got=f"{large:,} steps")  # fmt: skip


@check("P10", kind="throughput")
def test_changes_cost_nothing_for_each_other_report(impl: Implementation) -> None:
    """A report is added, moved and removed beside 50 others, and beside 500."""
    for what in ("add and remove", "add, move and remove", "move of the first"):
        small, large = (steps(impl, count, "wide", what) for count in (50, 500))
        ensure(large <= 1.5 * small + 60, did=f"{what} beside 500 other reports",
               want=f"about the {small:,} steps that it takes beside 50", got=f"{large:,} steps")  # fmt: skip


@check("P10", kind="throughput")
def test_changes_are_as_quick_beside_many(plain: Implementation) -> None:
    """300 people are added, and half of them removed, half moved; beside 200 other reports, and beside 20,000."""
    crowds = {count: wide(plain, count)[0] for count in (200, 20_000)}

    def prepare(count: int) -> Callable[[], None]:
        boss, other = crowds[count], plain.Manager(Somebody("other"))
        people = [Somebody() for _ in range(300)]

        def block() -> None:
            for person in people:
                boss.add(person)
            for person in people[::2]:
                boss.remove(person)
            for person in people[1::2]:
                boss.move(person, other)

        return block

    grows_at_most(
        prepare,
        did="300 times add, 150 times remove and move, beside 200 reports and beside 20,000",
    )


@check("P13", kind="behaviour")
def test_who_has_left_is_not_kept(plain: Implementation) -> None:
    """Reports are removed, moved and dismissed, and a part is exchanged; those who left are let go."""
    boss, other = plain.Manager(Somebody("boss")), plain.Manager(Somebody("other"))
    for change in ("remove", "dismiss", "move", "role"):
        person = Somebody(change)
        watch = weakref.ref(person)
        if change == "role":
            boss.role = person
            boss.role = Somebody("next")
        else:
            boss.add(person)
        if change == "move":
            boss.move(person, other)
            other.remove(person)
        elif change != "role":
            getattr(boss, change)(person)
        equal(person.manager, None, did=f"the manager of the one who left by {change}")
        del person
        gc.collect()
        ensure(
            watch() is None,
            did=f"someone left by {change}, and nobody else holds it",
            want="it is let go",
        )


@check("P13", kind="behaviour")
def test_managers_that_left_are_not_kept(plain: Implementation) -> None:
    """A manager is dismissed, another one's report is moved; their parts are held by them alone."""
    boss, worker = plain.Manager(Somebody("boss")), plain.Worker("w", "w", 1)
    parts = [Somebody("x"), Somebody("y")]
    watches = [weakref.ref(part) for part in parts]
    x, y = (plain.Manager(part) for part in parts)
    del parts
    boss.add(x)
    x.add(worker)
    boss.dismiss(x)
    boss.move(worker, y)
    y.move(worker, boss)
    del x, y
    gc.collect()
    equal(
        [watch() for watch in watches],
        [None, None],
        did="parts of two managers whom only the past knows",
    )
    ensure(worker.manager is boss, did="the worker's manager", want="boss")


@check("P13", kind="behaviour")
def test_a_tree_that_nobody_holds_is_let_go(plain: Implementation) -> None:
    """A tree, a line of 2,000, and one in which changes were refused are made; nobody holds them any more."""
    deep = chain(plain, 2_000)
    boss, people = wide(plain, 20)
    head = plain.Manager(Somebody("head"))
    boss.add(head)
    for job in (partial(head.add, boss), partial(head.remove, boss), partial(boss.add, people[0])):
        refuse(job)
    watches = [
        weakref.ref(each) for each in (*(m.role for m in deep), boss.role, head.role, *people)
    ]
    del deep, boss, head, people, job
    gc.collect()
    equal(
        sum(watch() is not None for watch in watches),
        0,
        did="people of three trees that are still there",
    )


def refuse(job: Any) -> None:
    """A change that is refused; of the error nothing stays here."""
    try:
        job()
    except ValueError:
        return


@check("P13", kind="contract")
def test_a_manager_cannot_be_copied(plain: Implementation) -> None:
    """A manager alone and one with reports are copied, deep-copied and pickled."""
    alone, boss = plain.Manager(Somebody()), chain(plain, 3)[0]
    for manager in (alone, boss):
        raises(TypeError, partial(copy.copy, manager), did="copy.copy(manager)")
        raises(TypeError, partial(copy.deepcopy, manager), did="copy.deepcopy(manager)")
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            raises(
                TypeError,
                partial(pickle.dumps, manager, protocol),
                did=f"pickle.dumps(manager, {protocol})",
            )
    equal(boss.headcount(), 3, did="headcount afterwards")
