"""One run, one object: who makes it, who waits, and what a failure leaves behind."""

from collections.abc import Iterator
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, explore
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic


class Thing:
    """What a factory makes."""

    complete = False


@check("P1", kind="behaviour")
def test_the_factory_runs_once(impl: Implementation) -> None:
    """A Once is made, then get is called three times."""
    runs: list[int] = []

    def factory() -> Thing:
        runs.append(1)
        return Thing()

    once = impl.Once(factory)
    equal(len(runs), 0, did="Once(factory): runs of the factory")
    first = once.get()
    ensure(type(first) is Thing, did="the first get()", want="what the factory returned", got=first)
    for _ in range(2):
        ensure(once.get() is first, did="get() again", want="the very same object")
    equal(len(runs), 1, did="runs of the factory after three calls of get()")


class Odd:
    """Equal to everything, not to be hashed, neither true nor false."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __bool__(self) -> bool:
        raise ArithmeticError("nobody asks this object")


class Awaitable:
    """Something to await."""

    def __await__(self) -> Iterator[Any]:
        raise AssertionError


@check("P1", "P8", kind="behaviour")
def test_whatever_the_object_is(impl: Implementation) -> None:
    """Factories return None, things that are false, exceptions, something to call, to await, to iterate."""
    values: list[Any] = [None, False, 0, "", [], (), {}, Ellipsis, NotImplemented, object(), Odd()]
    values += [ValueError("a value"), ValueError, KeyboardInterrupt(), StopIteration(1), (None,)]
    values += [lambda: 1, int, Awaitable(), (n for n in (1, 2)), Thing]
    for value in values:
        runs: list[int] = []

        def factory(value: Any = value, runs: Any = runs) -> Any:
            runs.append(1)
            return value

        once = impl.Once(factory)
        name = type(value).__name__
        for turn in ("first", "second"):
            ensure(once.get() is value, did=f"the {turn} get() of a factory that returns {name}",
                   want="that very object")  # fmt: skip
            equal(once.ready, True, did=f"ready after the {turn} get(), the object is {name}")
        equal(len(runs), 1, did=f"runs of a factory that returns {name}, after two calls of get()")


@check("P1", kind="behaviour")
def test_a_once_that_holds_its_factory_or_itself(impl: Implementation) -> None:
    """A factory returns itself, another one the Once."""

    def itself() -> Any:
        return itself

    once = impl.Once(itself)
    ensure(once.get() is itself is once.get(), did="a factory returns itself, get() twice",
           want="the factory, which is an object like any other")  # fmt: skip
    other: list[Any] = []
    other.append(impl.Once(lambda: other[0]))
    ensure(other[0].get() is other[0], did="a factory returns the Once", want="that Once")


@check("P1", kind="behaviour")
def test_two_onces_of_one_factory(impl: Implementation) -> None:
    """The same list class is the factory of two; a third one has a factory that is equal to it."""

    class Equal:
        def __call__(self) -> list[int]:
            return []

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    onces = [impl.Once(factory) for factory in (list, list, Equal(), Equal())]
    found = [once.get() for once in onces]
    equal(len({id(one) for one in found}), 4, did="objects of four Onces with equal factories")
    for once, one in zip(onces, found, strict=True):
        ensure(once.get() is one, did="get() of each of them again", want="its own object")


@check("P1", "P2", kind="concurrency")
def test_three_threads_ask_at_once(impl: Implementation) -> None:
    """Three threads call get; the factory builds its object in two steps."""

    def scene(sim: Sim) -> None:
        runs: list[Thing] = []

        def factory() -> Thing:
            thing = Thing()
            runs.append(thing)
            sim.point()
            thing.complete = True
            return thing

        once = impl.Once(factory)

        def ask() -> bool:
            thing = once.get()
            return thing is runs[0] and thing.complete

        equal(sim.together(ask, ask, ask), [True] * 3, did="who got the one object, complete")
        equal(len(runs), 1, did="runs of the factory")

    explore(scene, schedules=120)


@check("P1", "P2", kind="concurrency")
def test_two_threads_ask_for_none(impl: Implementation) -> None:
    """Two threads call get twice each; the factory returns None."""

    def scene(sim: Sim) -> None:
        runs: list[str] = []

        def factory() -> None:
            runs.append("begins")
            sim.point()
            runs.append("ends")

        once = impl.Once(factory)

        def ask() -> list[Any]:
            return [once.get(), list(runs), once.get()]

        did = "what get() answers, the runs seen after it, and get() again"
        want = [None, ["begins", "ends"], None]
        equal(sim.together(ask, ask), [want, want], did=did)

    explore(scene, schedules=120)


@check("P2", kind="timing")
def test_who_waits_goes_on_at_that_instant(impl: Implementation) -> None:
    """The factory takes 10 s; others call get 3 s and 7.25 s after it has begun."""

    def scene(sim: Sim) -> None:
        start = sim.now()

        def factory() -> Thing:
            sim.sleep(10)
            return Thing()

        once = impl.Once(factory)

        def ask(after: float) -> tuple[Any, float]:
            sim.sleep(after)
            return once.get(), sim.now() - start

        answers = sim.together(lambda: ask(0), lambda: ask(3), lambda: ask(7.25))
        equal(
            [when for _, when in answers], [10.0] * 3, did="seconds after which each get returned"
        )
        equal(len({id(thing) for thing, _ in answers}), 1, did="different objects they got")

    explore(scene, schedules=40)
