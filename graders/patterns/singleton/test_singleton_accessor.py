"""The accessor, and how a test puts something else in its place."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from contracts.patterns.singleton import RecursiveInitialisation
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate


class Database:
    """What is shared."""

    def __init__(self, name: str = "real") -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Database({self.name!r})"


@check("P11", kind="behaviour")
def test_an_accessor_answers_with_one_object(impl: Implementation) -> None:
    """`shared` decorates a function; the accessor is called three times; another one has the same factory."""
    runs: list[int] = []

    def factory() -> Database:
        runs.append(1)
        return Database()

    accessor, other = impl.shared(factory), impl.shared(factory)
    equal(runs, [], did="shared(factory): runs of the factory")
    database = accessor()
    ensure(type(database) is Database, did="the accessor is called", want="what the factory returned",
           got=database)  # fmt: skip
    ensure(accessor() is database and accessor() is database, did="it is called twice more",
           want="the very same object")  # fmt: skip
    equal(len(runs), 1, did="runs of the factory")
    ensure(other() is not database and other() is other(), did="another accessor of that factory",
           want="one object, its own")  # fmt: skip


@check("P11", kind="behaviour")
def test_an_accessor_has_the_name_of_its_factory(impl: Implementation) -> None:
    """Accessors of a function, a class, a bound method, a partial."""

    def get_database() -> Database:
        """Return the database."""
        return Database()

    accessor = impl.shared(get_database)
    equal([accessor.__name__, accessor.__doc__], ["get_database", "Return the database."],
          did="__name__ and __doc__ of the accessor of a function")  # fmt: skip
    equal([impl.shared(Database).__name__, impl.shared(Database).__doc__],
          ["Database", "What is shared."], did="__name__ and __doc__ of the accessor of a class")  # fmt: skip
    equal(impl.shared(Database("x").__repr__).__name__, "__repr__", did="__name__, a bound method")
    equal(
        impl.shared(partial(Database, "p"))().name, "p", did="the accessor of a partial is called"
    )


@check("P11", "P3", "P4", kind="behaviour")
def test_an_accessor_keeps_what_a_once_promises(impl: Implementation) -> None:
    """The factory of an accessor is interrupted, then calls the accessor, then returns None."""
    runs: list[int] = []

    def factory() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise KeyboardInterrupt
        if len(runs) == 2:
            accessor()

    accessor = impl.shared(factory)
    raises(KeyboardInterrupt, lambda: interrupted(accessor), did="the first call, interrupted")
    error = raises(
        RecursiveInitialisation, accessor, did="the second call, which calls the accessor"
    )
    ensure(error.cycle == (factory,), did="cycle", want="the factory", got=error.cycle)
    for turn in ("third", "fourth"):
        equal(accessor(), None, did=f"the {turn} call")
    equal(len(runs), 3, did="runs of the factory")


def interrupted(job: Callable[[], Any]) -> None:
    """`raises` lets interrupts through only if it waits for them."""
    job()


@check("P11", "P1", kind="concurrency")
def test_three_threads_call_an_accessor(impl: Implementation) -> None:
    """Three threads call an accessor that nobody has called before."""

    def scene(sim: Sim) -> None:
        runs: list[Database] = []

        def factory() -> Database:
            sim.point()
            runs.append(Database())
            return runs[-1]

        accessor = impl.shared(factory)
        got = sim.together(accessor, accessor, accessor)
        equal(len(runs), 1, did="runs of the factory")
        ensure(all(each is runs[0] for each in got), did="what the three got",
               want="that object", got=got)  # fmt: skip

    explore(scene, schedules=120)


@check("P12", kind="behaviour")
def test_an_override_answers_and_leaves_no_trace(impl: Implementation) -> None:
    """An accessor is overridden with a fake, None, and things that are false; before and after its object is made."""
    for value in (Database("fake"), None, 0, [], ValueError("a value"), Database):
        runs: list[int] = []

        def factory(runs: Any = runs) -> Database:
            runs.append(1)
            return Database()

        accessor, bystander = impl.shared(factory), impl.shared(Database)
        for real in (None, accessor):
            before = real() if real else None
            made = len(runs)
            with impl.overridden(accessor, value) as given:
                ensure(given is value, did=f"with overridden(accessor, {value!r}) as given",
                       want="that very value", got=given)  # fmt: skip
                ensure(accessor() is value is accessor(), did=f"the accessor, overridden with {value!r}",
                       want="that very value")  # fmt: skip
                equal(bystander().name, "real", did="another accessor inside the block")
            equal(len(runs), made, did="runs of the factory during the override")
            ensure(before is None or accessor() is before, did="the accessor after the block",
                   want="the object that it had before")  # fmt: skip
        equal(len(runs), 1, did="runs of the factory in all")


@check("P12", kind="behaviour")
def test_an_override_begins_with_its_block(impl: Implementation) -> None:
    """`overridden` is called and its block entered later; blocks are left by return, exceptions, an interrupt."""
    accessor = impl.shared(lambda: "real")
    block = impl.overridden(accessor, "fake")
    equal(accessor(), "real", did="overridden(...) has been called, its block not entered")
    with block:
        equal(accessor(), "fake", did="inside the block")

    def leave(error: BaseException) -> None:
        with impl.overridden(accessor, "fake"):
            raise error

    for error in (ValueError("x"), KeyboardInterrupt(), StopIteration(1), RuntimeError("y")):
        caught = raises(type(error), lambda e=error: leave(e), did=f"the block raises {error!r}")
        ensure(
            caught is error,
            did=f"the block raises {error!r}",
            want="that very exception",
            got=caught,
        )
        equal(accessor(), "real", did=f"the accessor after a block that raised {error!r}")

    def work() -> str:
        with impl.overridden(accessor, "fake"):
            return str(accessor())

    equal([work(), accessor()], ["fake", "real"], did="return from inside the block; after it")


class Equal:
    """Fakes that are all equal to each other."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


@check("P12", kind="behaviour")
def test_overrides_may_nest_and_overlap(impl: Implementation) -> None:
    """150 generated orders of entering and leaving up to five blocks (seed 11), with equal and with repeated values."""
    real, same = Equal(), Equal()
    for number in range(150):
        chance = random.Random(11_000 + number)
        accessor = impl.shared(lambda: real)
        active: list[tuple[Any, Any]] = []
        story: list[str] = []
        for turn in range(10):
            if active and (len(active) == 5 or chance.random() < 0.5):
                index = chance.randrange(len(active))
                block, _ = active.pop(index)
                block.__exit__(None, None, None)
                story.append(f"leave number {index + 1} of those that are active")
            else:
                value = same if chance.random() < 0.3 else Equal()
                block = impl.overridden(accessor, value)
                block.__enter__()
                active.append((block, value))
                story.append(f"enter {turn}")
            want = active[-1][1] if active else real
            ensure(accessor() is want, did=f"order {number}: {', '.join(story)}; the accessor is called",
                   want="the value entered last of those that are active")  # fmt: skip
        for block, _ in active:
            block.__exit__(None, None, None)
        ensure(accessor() is real, did=f"order {number}: all are left", want="the real object")


@check("P12", kind="concurrency")
def test_two_threads_override_one_accessor(impl: Implementation) -> None:
    """Two threads override an accessor for a while each; a third one calls it."""

    def scene(sim: Sim) -> None:
        accessor = impl.shared(lambda: "real")
        accessor()

        def work(fake: str) -> None:
            with impl.overridden(accessor, fake):
                got = accessor()
                ensure(got in {"fake 1", "fake 2"}, did=f"the accessor inside the block of {fake}",
                       want="a fake", got=got)  # fmt: skip

        *_, got = sim.together(lambda: work("fake 1"), lambda: work("fake 2"), accessor)
        ensure(got in {"real", "fake 1", "fake 2"}, did="a third thread calls the accessor",
               want="the real object or a fake", got=got)  # fmt: skip
        equal(accessor(), "real", did="the accessor when both have left")

    explore(scene, schedules=120)


@check("P12", kind="concurrency")
def test_a_call_while_an_override_ends(impl: Implementation) -> None:
    """A calls an accessor twice whose object has not been made yet; B leaves the only block."""

    def scene(sim: Sim) -> None:
        runs: list[int] = []

        def factory() -> str:
            runs.append(1)
            return "real"

        accessor = impl.shared(factory)
        block = impl.overridden(accessor, None)
        block.__enter__()
        got, _ = sim.together(
            lambda: (accessor(), accessor()), lambda: block.__exit__(None, None, None)
        )
        ensure(got in {(None, None), (None, "real"), ("real", "real")},
               did="two calls while a block with None ends", want="None, then the real object", got=got)  # fmt: skip
        equal(
            [accessor(), len(runs)],
            ["real", 1],
            did="the accessor afterwards, and runs of the factory",
        )

    explore(scene, schedules=120)


@check("P12", kind="concurrency")
def test_all_threads_see_an_override(impl: Implementation) -> None:
    """A block is entered here; two other threads call the accessor, one of them started before."""

    def scene(sim: Sim) -> None:
        accessor = impl.shared(lambda: "real")

        def later() -> Any:
            sim.sleep(2)
            return accessor()

        early = sim.spawn(later)
        sim.sleep(1)
        with impl.overridden(accessor, "fake"):
            equal([early.result(), sim.spawn(accessor).result()], ["fake", "fake"],
                  did="what two other threads got inside the block")  # fmt: skip
        equal(sim.spawn(accessor).result(), "real", did="what another thread got after the block")

    simulate(scene)


@check("P12", kind="timing")
def test_an_override_while_the_factory_runs(impl: Implementation) -> None:
    """The factory takes 10 s; it overrides its own accessor from 1 s on, another thread from 3 s to 4 s and to 11 s."""

    def scene(sim: Sim) -> None:
        start, seen = sim.now(), []

        def factory() -> str:
            sim.sleep(1)
            with impl.overridden(accessor, "fake 1"):
                seen.append(accessor())
                sim.sleep(9)
            return "real"

        def ask(after: float) -> list[Any]:
            sim.sleep(after)
            return [accessor(), sim.now() - start]

        def other() -> list[Any]:
            sim.sleep(3)
            with impl.overridden(accessor, "fake 2"):
                got = ask(0)
                sim.sleep(1)
            got += ask(0)
            with impl.overridden(accessor, "fake 3"):
                return got + ask(7)

        accessor = impl.shared(factory)
        *first, got = sim.together(lambda: ask(0), lambda: ask(0.5), other)
        equal(first, [["real", 10.0]] * 2,
              did="what the call at 0 s and the one at 0.5 s, which waits, got, and when")  # fmt: skip
        equal(got, ["fake 2", 3.0, "fake 1", 4.0, "fake 3", 11.0],
              did="what the other thread got, and when: inside its block, after it, inside its second one")  # fmt: skip
        equal([*seen, accessor()], ["fake 1", "real"], did="inside the factory; at the end")

    explore(scene, schedules=40)
