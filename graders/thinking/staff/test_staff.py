"""The part: what a manager has of it, and what not."""

from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any

from contracts.thinking.staff import Work
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic


class Somebody:
    """A person of the grader's: no Worker, with more members than a manager passes on."""

    badge = 7
    _hidden = "x"

    def __init__(self, name: str = "Ann", title: str = "welder", salary: Any = 3_000) -> None:
        self.name, self.title, self.salary = name, title, salary
        self.manager: Any = None
        self.done: list[str] = []

    def work(self, task: str) -> Any:
        """Note it."""
        self.done.append(task)
        return self.done

    def sleep(self) -> str:
        """Nothing that a manager passes on."""
        return "zzz"


class Twin(Somebody):
    """Equal to everybody, false, and cannot be hashed."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0


class Slotted:
    """Somebody without a dict and without weak references."""

    __slots__ = ("manager", "name", "salary", "title")

    def __init__(self, name: str) -> None:
        self.name, self.title, self.salary, self.manager = name, "clerk", 2_000, None

    def work(self, task: str) -> tuple[str, str]:
        """Say so."""
        return self.name, task


def look(person: Any) -> tuple[Any, Any, Any]:
    """What is passed on, but work."""
    return person.name, person.title, person.salary


@check("P1", kind="behaviour")
def test_a_worker_works(plain: Implementation) -> None:
    """A worker is made, looked at, renamed, promoted, and given tasks."""
    worker = plain.Worker("Ann", "welder", 3_000)
    equal(
        (*look(worker), worker.manager),
        ("Ann", "welder", 3_000, None),
        did="Worker('Ann', 'welder', 3000)",
    )
    equal(worker.work("a door"), Work("Ann", "a door"), did="work('a door')")
    worker.name, worker.title, worker.salary = "Anna", "foreman", 4_000
    equal(
        look(worker),
        ("Anna", "foreman", 4_000),
        did="name, title and salary after they were changed",
    )
    equal(
        worker.work("a gate"),
        Work("Anna", "a gate"),
        did="work('a gate') after the name was changed",
    )
    other = plain.Worker(name="Ann", title="welder", salary=3_000)
    other.name = "Bob"
    equal(worker.name, "Anna", did="the name of one worker after another was renamed")


@check("P2", kind="behaviour")
def test_the_part_shows_through(plain: Implementation) -> None:
    """The part is renamed, promoted and paid better; the manager is looked at each time."""
    for part in (plain.Worker("Ann", "welder", 3_000), Somebody(), Twin()):
        manager = plain.Manager(part)
        equal(
            look(manager), ("Ann", "welder", 3_000), did="the manager of a part 'Ann', welder, 3000"
        )
        part.name = "Anna"
        equal(look(manager), ("Anna", "welder", 3_000), did="the manager, the part was renamed")
        part.title, part.salary = "head", 9_000
        equal(look(manager), ("Anna", "head", 9_000), did="the manager, the part was promoted")
        ensure(manager.role is part, did="manager.role", want="the part itself")


@check("P2", kind="behaviour")
def test_work_is_the_part_s(plain: Implementation) -> None:
    """A manager works; the part's list comes back, then the part's work is another function."""
    part = Somebody()
    manager = plain.Manager(part)
    got = [manager.work("plan"), manager.work(task="hire")]
    ensure(
        got[0] is part.done and got[1] is part.done,
        did="what work('plan') returned",
        want="that very object",
    )
    equal(part.done, ["plan", "hire"], did="tasks of the part")
    part.work = lambda task: task.upper()  # type: ignore[method-assign]
    equal(manager.work("fire"), "FIRE", did="work('fire') after the part's work was exchanged")
    worker = plain.Manager(plain.Worker("Ann", "welder", 3_000))
    equal(
        worker.work("plan"),
        Work("Ann", "plan"),
        did="work('plan') of a manager whose part is a Worker",
    )


class Broken(Somebody):
    """Its members raise what they are told to."""

    error: BaseException | None = None

    def __getattribute__(self, name: str) -> Any:
        error = object.__getattribute__(self, "error")
        if error is not None and name in {"name", "title", "salary", "work"}:
            raise error
        return object.__getattribute__(self, name)


@check("P2", kind="behaviour")
def test_what_the_part_raises_comes_through(plain: Implementation) -> None:
    """The part raises when it is asked: errors, an interrupt, and an AttributeError of its own."""
    part = Broken()
    manager = plain.Manager(part)
    for error in (
        ValueError("v"),
        KeyboardInterrupt(),
        AttributeError("of the part"),
        StopIteration(),
    ):
        for name in ("name", "title", "salary", "work"):
            job = partial(manager.work, "x") if name == "work" else partial(getattr, manager, name)
            part.error, did = error, f"manager.{name}, the part raises {type(error).__name__}"
            got = raises(BaseException, job, did=did)
            part.error = None
            ensure(got is error, did=did, want="that very exception", got=got)


@check("P2", kind="contract")
def test_a_manager_is_no_worker(plain: Implementation) -> None:
    """The ancestors of a worker's class and of a manager's are looked at."""
    worker = plain.Worker("Ann", "welder", 3_000)
    manager = plain.Manager(worker)
    ensure(
        type(worker) not in type(manager).__mro__,
        did="the ancestors of Manager",
        want="Worker is none of them",
    )
    ensure(
        type(manager) not in type(worker).__mro__,
        did="the ancestors of Worker",
        want="Manager is none of them",
    )


@check("P3", kind="behaviour")
def test_the_part_is_exchanged(plain: Implementation) -> None:
    """A manager with a manager and a report gets another part, twice."""
    boss, manager = plain.Manager(Somebody("Zoe")), plain.Manager(Somebody())
    report = plain.Worker("Cid", "clerk", 2_000)
    boss.add(manager)
    manager.add(report)
    for part in (plain.Worker("Bob", "head", 5_000), Twin("Tim", "chief", 6_000), Slotted("Sue")):
        manager.role = part
        equal(look(manager), look(part), did=f"the manager after role = {part.name}")
        ensure(manager.role is part, did="manager.role", want="the new part itself")
        equal((manager.reports, report.manager is manager), ((report,), True), did="its report")
        equal((boss.reports, manager.manager is boss), ((manager,), True), did="its manager")
        equal(part.manager, None, did="the manager of the part: it is only asked")


@check("P3", kind="contract")
def test_what_is_no_part_is_refused(plain: Implementation) -> None:
    """None, texts, classes that lack one member, and managers are given as a part."""
    whole = {"name": "n", "title": "t", "salary": 1, "work": len}
    part = Somebody()
    manager, other = plain.Manager(part), plain.Manager(Somebody("Bob"))
    rows: list[tuple[Any, tuple[str, ...]]] = [
        (SimpleNamespace(**{k: v for k, v in whole.items() if k != lacking}), (lacking,))
        for lacking in whole
    ]
    rows += [(bad, tuple(whole)) for bad in (None, "Ann", Decimal(1))]
    rows += [(bad, ("Manager",)) for bad in (manager, other)]
    for bad, named in rows:
        did = f"a part that is {'a Manager' if named == ('Manager',) else bad!r}"
        for job in (partial(plain.Manager, bad), partial(setattr, manager, "role", bad)):
            error = raises(TypeError, job, did=did)
            ensure(any(name in str(error) for name in named), did=did, want=f"a text that names {' or '.join(named)}",
                   got=str(error))  # fmt: skip
    ensure(manager.role is part, did="role after all these mistakes", want="the part that it was")


@check("P4", kind="contract")
def test_nothing_else_is_passed_on(plain: Implementation) -> None:
    """Members of the part that are none of the four are asked for, and one that the part gets later."""
    part: Any = Somebody()
    manager = plain.Manager(part)
    part.later = 1
    for name in ("badge", "sleep", "done", "later", "_hidden", "nothing"):
        did = f"manager.{name}"
        error = raises(AttributeError, partial(getattr, manager, name), did=did)
        ensure(
            type(manager).__name__ in str(error),
            did=did,
            want="a text that names the class",
            got=str(error),
        )


@check("P4", kind="contract")
def test_what_is_passed_on_cannot_be_set(plain: Implementation) -> None:
    """Name, title and salary of a manager are set and deleted."""
    part = Somebody()
    manager = plain.Manager(part)
    for name in ("name", "title", "salary"):
        raises(AttributeError, partial(setattr, manager, name, "x"), did=f"manager.{name} = 'x'")
        raises(AttributeError, partial(delattr, manager, name), did=f"del manager.{name}")
    equal(
        (look(manager), look(part)),
        (("Ann", "welder", 3_000),) * 2,
        did="manager and part afterwards",
    )
    part.name = "Anna"
    equal(manager.name, "Anna", did="manager.name after the part was renamed")


@check("P4", "P5", kind="contract")
def test_truth_and_equality_are_the_manager_s_own(plain: Implementation) -> None:
    """Two managers have one part, which is false, equal to everybody, and cannot be hashed."""
    part = Twin()
    one, two = plain.Manager(part), plain.Manager(part)
    equal((bool(one), one == one, one == two, one != two, one == 1), (True, True, False, True, False),  # noqa: PLR0124
          did="truth of a manager, and whether it is itself, another, not another, or 1")  # fmt: skip
    equal(len({one, two, one}), 2, did="how many are in a set of two managers, one of them twice")


@check("P5", "P6", kind="behaviour")
def test_equal_people_are_two(plain: Implementation) -> None:
    """Three reports are equal, false and cannot be hashed; the second is removed, moved, dismissed."""
    manager, other = plain.Manager(Twin()), plain.Manager(Twin())
    twins = [Twin(str(number)) for number in range(3)]
    for twin in twins:
        manager.add(twin)
    equal(
        [each.name for each in manager.reports], ["0", "1", "2"], did="names of three equal reports"
    )
    for change, job in (
        ("remove", manager.remove),
        ("dismiss", manager.dismiss),
        ("move", lambda twin: manager.move(twin, other)),
    ):
        job(twins[1])
        equal(
            [each.name for each in manager.reports],
            ["0", "2"],
            did=f"who is left after {change}(the second)",
        )
        if change == "move":
            other.remove(twins[1])
        manager.add(twins[1])
        manager.move(twins[2], manager)
    equal(manager.headcount(), 4, did="headcount of a manager and three equal reports")


@check("P5", kind="behaviour")
def test_whatever_has_the_members_will_do(plain: Implementation) -> None:
    """A namespace, an object without a dict, a manager and a worker are reports; the first two are parts."""
    space = SimpleNamespace(name="Nan", title="n", salary=1, work=lambda task: task, manager=None)
    slotted = Slotted("Sue")
    boss = plain.Manager(SimpleNamespace(name="Zoe", title="z", salary=10, work=str.upper))
    equal(boss.work("go"), "GO", did="work of a manager whose part is a namespace")
    people = [space, slotted, plain.Manager(Slotted("Max")), plain.Worker("Wim", "w", 5)]
    for person in people:
        boss.add(person)
    equal(
        [each.name for each in boss.reports],
        ["Nan", "Sue", "Max", "Wim"],
        did="names of the reports",
    )
    equal(boss.payroll(), 4_016, did="what they earn together")
    for person in people:
        boss.remove(person)
    equal([each.manager for each in people], [None] * 4, did="managers of those who were removed")
