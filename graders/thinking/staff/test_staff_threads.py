"""Trees that threads share, under explored schedules; and people who take their time to answer."""

import time
from functools import partial
from typing import Any

from contracts.thinking.staff import AlreadyReports, NotAReport, ReportingCycle, StaffError
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate


def managers(impl: Implementation, *names: str) -> list[Any]:
    """Managers of these names, who earn 10 each."""
    return [impl.Manager(impl.Worker(name, "m", 10)) for name in names]


def outcome(job: Any) -> str:
    """The class of the refusal, or that it was done."""
    try:
        job()
    except StaffError as error:
        return type(error).__name__
    return "done"


def sound(*people: Any) -> None:
    """Everybody is among its manager's reports, exactly once, and there is no circle."""
    for person in people:
        above = [
            each.name for each in people for one in getattr(each, "reports", ()) if one is person
        ]
        boss = [] if person.manager is None else [person.manager.name]
        equal(
            above, boss, did=f"who has {person.name} among its reports, and {person.name}'s manager"
        )
        reports = getattr(person, "reports", ())
        equal(
            len({id(each) for each in reports}),
            len(reports),
            did=f"reports of {person.name} that are two",
        )
        way = [person]
        while way[-1].manager is not None and len(way) <= len(people):
            way.append(way[-1].manager)
        ensure(
            len(way) <= len(people),
            did=f"the way up from {person.name}",
            want="an end",
            got=[p.name for p in way],
        )


@check("P11", kind="concurrency")
def test_two_managers_add_each_other(impl: Implementation) -> None:
    """A adds b to a, B adds a to b; both have a report already."""

    def scene(sim: Sim) -> None:
        a, b, c, d = managers(impl, "a", "b", "c", "d")
        a.add(c)
        b.add(d)
        got = sim.together(lambda: outcome(lambda: a.add(b)), lambda: outcome(lambda: b.add(a)))
        equal(sorted(got), ["ReportingCycle", "done"], did="a.add(b) and b.add(a) at once, sorted")
        sound(a, b, c, d)

    explore(scene, schedules=90)


@check("P11", kind="concurrency")
def test_three_managers_close_a_circle(impl: Implementation) -> None:
    """A adds b to a, B adds c to b, C adds a to c."""

    def scene(sim: Sim) -> None:
        a, b, c = managers(impl, "a", "b", "c")
        pairs = ((a, b), (b, c), (c, a))
        got = sim.together(*[lambda u=u, v=v: outcome(lambda: u.add(v)) for u, v in pairs])
        equal(
            sorted(got),
            ["ReportingCycle", "done", "done"],
            did="three additions that make a circle, sorted",
        )
        sound(a, b, c)

    explore(scene, schedules=90)


@check("P11", kind="concurrency")
def test_two_moves_close_a_circle(impl: Implementation) -> None:
    """A moves a, above c, below d; B moves b, above d, below c: out of one manager's reports, and of two managers'."""
    for two in (False, True):

        def scene(sim: Sim, two: bool = two) -> None:
            p, q, a, b, c, d = people = managers(impl, "p", "q", "a", "b", "c", "d")
            other = q if two else p
            for upper, lower in ((p, a), (other, b), (a, c), (b, d)):
                upper.add(lower)
            got = sim.together(
                lambda: outcome(lambda: p.move(a, d)), lambda: outcome(lambda: other.move(b, c))
            )
            equal(sorted(got), ["ReportingCycle", "done"], did="the two moves at once, sorted")
            sound(*people)
            equal(p.headcount() + q.headcount(), 6, did="headcounts of both afterwards, together")

        explore(scene, schedules=50)


@check("P11", kind="concurrency")
def test_two_managers_add_the_same_worker(impl: Implementation) -> None:
    """A and B each add w to a manager of their own, C to A's."""

    def scene(sim: Sim) -> None:
        (a, b), w = managers(impl, "a", "b"), impl.Worker("w", "w", 1)
        got = sim.together(*[lambda m=m: outcome(lambda: m.add(w)) for m in (a, b, a)])
        equal(
            sorted(got),
            ["AlreadyReports", "AlreadyReports", "done"],
            did="three add(w) at once, sorted",
        )
        sound(a, b, w)

    explore(scene, schedules=80)


@check("P11", kind="concurrency")
def test_nobody_is_lost(impl: Implementation) -> None:
    """A adds x, B adds y and removes it, C moves z away, all with one manager."""

    def scene(sim: Sim) -> None:
        boss, other = managers(impl, "boss", "other")
        x, y, z = (impl.Worker(name, "w", 1) for name in "xyz")
        boss.add(z)

        def come_and_go() -> None:
            boss.add(y)
            boss.remove(y)

        sim.together(lambda: boss.add(x), come_and_go, lambda: boss.move(z, other))
        equal((boss.reports, other.reports), ((x,), (z,)), did="reports of both afterwards")
        equal(
            (x.manager is boss, y.manager, z.manager is other),
            (True, None, True),
            did="managers of x, y, z",
        )

    explore(scene, schedules=90)


@check("P6", "P11", kind="concurrency")
def test_one_leaves_twice(impl: Implementation) -> None:
    """A removes w, B dismisses w, C moves w."""

    def scene(sim: Sim) -> None:
        boss, other = managers(impl, "boss", "other")
        w = impl.Worker("w", "w", 1)
        boss.add(w)
        got = sim.together(
            lambda: outcome(lambda: boss.remove(w)),
            lambda: outcome(lambda: boss.dismiss(w)),
            lambda: outcome(lambda: boss.move(w, other)),
        )
        equal(
            sorted(got),
            ["NotAReport", "NotAReport", "done"],
            did="remove, dismiss and move of w at once, sorted",
        )
        sound(boss, other, w)
        equal(boss.reports, (), did="boss.reports afterwards")

    explore(scene, schedules=90)


@check("P9", "P11", kind="concurrency")
def test_a_manager_is_dismissed_while_it_gets_a_report(impl: Implementation) -> None:
    """In boss > x > w A dismisses x, B adds v to x, C moves w to boss."""

    def scene(sim: Sim) -> None:
        boss, x = managers(impl, "boss", "x")
        v, w = (impl.Worker(name, "w", 1) for name in "vw")
        boss.add(x)
        x.add(w)
        got = sim.together(
            lambda: outcome(lambda: boss.dismiss(x)),
            lambda: outcome(lambda: x.add(v)),
            lambda: outcome(lambda: x.move(w, boss)),
        )
        equal((got[:2], x.manager, w.manager is boss), (["done", "done"], None, True),
              did="dismissal and addition, x's manager, and whether w reports to boss")  # fmt: skip
        ensure(
            v.manager is boss or v.manager is x, did="v's manager", want="boss or x", got=v.manager
        )
        sound(boss, x, v, w)

    explore(scene, schedules=90)


@check("P8", "P11", kind="concurrency")
def test_totals_see_each_move_wholly(impl: Implementation) -> None:
    """In boss > (a > (w), b > ()) A moves w from a to b and back; B takes team, headcount and payroll of boss."""

    def scene(sim: Sim) -> None:
        boss, a, b = managers(impl, "boss", "a", "b")
        w = impl.Worker("w", "w", 1)
        for upper, lower in ((boss, a), (boss, b), (a, w)):
            upper.add(lower)

        def there_and_back() -> None:
            a.move(w, b)
            b.move(w, a)

        def look() -> tuple[list[str], int, int]:
            return sorted(each.name for each in boss.team()), boss.headcount(), boss.payroll()

        _, got = sim.together(there_and_back, look)
        equal(
            got,
            (["a", "b", "boss", "w"], 4, 31),
            did="team (sorted), headcount and payroll while w is moved",
        )

    explore(scene, schedules=120)


@check("P11", kind="concurrency")
def test_totals_see_each_dismissal_wholly(impl: Implementation) -> None:
    """In boss > (x > (v, w), u) A dismisses x; B takes the team of boss and looks at its reports."""

    def scene(sim: Sim) -> None:
        boss, x = managers(impl, "boss", "x")
        u, v, w = (impl.Worker(name, "w", 1) for name in "uvw")
        for upper, lower in ((boss, x), (boss, u), (x, v), (x, w)):
            upper.add(lower)
        _, got = sim.together(lambda: boss.dismiss(x), lambda: [each.name for each in boss.team()])
        ensure(got in (["boss", "x", "v", "w", "u"], ["boss", "v", "w", "u"]), did="boss.team() while x is dismissed",
               want="everybody with x, or everybody without", got=got)  # fmt: skip

    explore(scene, schedules=80)


class Asked:
    """A person whose every answer is preceded by a call."""

    def __init__(self, name: str) -> None:
        self.manager: Any = None
        self.__name, self.first = name, lambda: None

    @property
    def name(self) -> str:
        """Its name, after the call."""
        self.first()
        return self.__name

    title = name

    @property
    def salary(self) -> int:
        """What it earns, after the call."""
        self.first()
        return 1

    def work(self, task: str) -> str:
        """Do it, after the call."""
        self.first()
        return task


def looks(impl: Implementation, manager: Any, person: Any) -> dict[str, Any]:
    """Everything that asks a part or a report."""
    other = impl.Manager(impl.Worker("o", "o", 1))

    def text_of_refusal() -> str:
        return str(
            raises(AlreadyReports, partial(other.add, person), did="add(who reports already)")
        )

    def text_of_circle() -> str:
        return str(
            raises(ReportingCycle, partial(manager.add, manager), did="manager.add(manager)")
        )

    def text_of_absence() -> str:
        return str(raises(NotAReport, partial(other.remove, person), did="remove(somebody else's)"))

    return {
        "name": lambda: manager.name,
        "title": lambda: manager.title,
        "salary": lambda: manager.salary,
        "work": lambda: manager.work("x"),
        "repr": lambda: repr(manager),
        "payroll": manager.payroll,
        "the text of AlreadyReports": text_of_refusal,
        "the text of ReportingCycle": text_of_circle,
        "the text of NotAReport": text_of_absence,
        "Manager(part)": lambda: impl.Manager(manager.role),
        "role = part": lambda: setattr(manager, "role", manager.role),
        "remove and add": lambda: (manager.remove(person), manager.add(person)),
    }


def family(impl: Implementation) -> tuple[Any, Asked, Asked]:
    """A manager whose part and whose only report can be watched."""
    part, person = Asked("part"), Asked("person")
    manager = impl.Manager(part)
    manager.add(person)
    return manager, part, person


@check("P12", kind="concurrency")
def test_who_is_asked_may_use_the_tree(impl: Implementation) -> None:
    """Part and report, whenever they are asked, look at the tree and change it elsewhere."""

    def scene(sim: Sim) -> None:
        for what in looks(impl, *family(impl)[::2]):
            manager, part, person = family(impl)
            worker, seen = impl.Worker("w", "w", 1), []

            def use(manager: Any = manager, worker: Any = worker, seen: list[Any] = seen) -> None:
                if len(seen) < 20:
                    seen.append(manager.headcount())
                    manager.add(worker)
                    manager.move(worker, manager)
                    manager.remove(worker)

            job = looks(impl, manager, person)[what]
            part.first = person.first = use
            job()
            ensure(
                len(seen) > 0,
                did=f"{what}: looks at part and report",
                want="at least one",
                got=seen,
            )

    simulate(scene)


@check("P12", kind="timing")
def test_who_takes_long_holds_up_nobody(impl: Implementation) -> None:
    """Part and report take 10 seconds for each answer to A; B meanwhile uses the same tree, and another."""

    def scene(sim: Sim) -> None:
        for what in looks(impl, *family(impl)[::2]):
            manager, part, person = family(impl)
            other, worker = impl.Manager(impl.Worker("z", "z", 1)), impl.Worker("w", "w", 1)
            job, start = looks(impl, manager, person)[what], sim.now()
            part.first = person.first = partial(time.sleep, 10)

            def use(
                manager: Any = manager,
                other: Any = other,
                worker: Any = worker,
                start: float = start,
            ) -> float:
                time.sleep(5)
                manager.add(worker)
                manager.move(worker, other)
                other.headcount()
                other.dismiss(worker)
                return sim.now() - start

            slow = sim.spawn(job)
            got = use()
            slow.result()
            equal(
                got,
                5.0,
                did=f"seconds until B was through, which slept 5, while A had asked: {what}",
            )

    simulate(scene)


@check("P3", "P12", kind="concurrency")
def test_a_part_is_exchanged_while_it_is_asked(impl: Implementation) -> None:
    """A asks a manager for its name and its work, B exchanges the part."""

    def scene(sim: Sim) -> None:
        one, two = impl.Worker("one", "w", 1), impl.Worker("two", "w", 2)
        manager = impl.Manager(one)
        got, _ = sim.together(
            lambda: [manager.name, manager.work("x").by, manager.name],
            lambda: setattr(manager, "role", two),
        )
        ensure(got == sorted(got) and set(got) <= {"one", "two"}, did="name, work and name while the part changes",
               want="the old part's, and from some look on the new one's", got=got)  # fmt: skip
        equal(manager.name, "two", did="the name afterwards")

    explore(scene, schedules=50)
