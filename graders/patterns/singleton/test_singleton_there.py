"""Where the factory runs, what the others can do meanwhile, and what a get costs."""

import contextvars
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.kit.growth import count_steps
from graders.kit.sim import Stop

asks_for: contextvars.ContextVar[str] = contextvars.ContextVar("asks_for")
made_by: contextvars.ContextVar[str] = contextvars.ContextVar("made_by")


@check("P6", kind="behaviour")
def test_the_factory_runs_in_the_callers_thread_and_context(impl: Implementation) -> None:
    """A thread sets a context variable and calls get; the factory reads it, and sets another."""

    def scene(sim: Sim) -> None:
        seen: list[Any] = []

        def factory(*args: Any, **kwargs: Any) -> str:
            seen.append((threading.get_ident(), asks_for.get("nobody"), args, kwargs))
            made_by.set("the factory")
            return "made"

        once = impl.Once(factory)

        def ask() -> None:
            asks_for.set("the caller")
            once.get()
            equal(seen, [(threading.get_ident(), "the caller", (), {})],
                  did="thread, context variable and arguments of the factory")  # fmt: skip
            equal(made_by.get("nobody"), "the factory", did="a variable that the factory has set")

        sim.together(ask)

    simulate(scene)


@check("P6", "P7", kind="timing")
def test_a_slow_factory_holds_up_nobody_else(impl: Implementation) -> None:
    """X's factory takes 10 s; at 1 s another thread uses other Onces, `ready`, and X's own accessor overridden."""

    def scene(sim: Sim) -> None:
        def slow() -> str:
            sim.sleep(10)
            return "slow"

        once, get_slow = impl.Once(slow), impl.shared(slow)
        there, waiting = impl.Once(list), impl.Once(dict)
        thing = there.get()

        def others() -> float:
            sim.sleep(1)
            start = sim.now()
            equal([once.ready, there.ready, waiting.ready], [False, True, False], did="ready")
            ensure(there.get() is thing, did="get of one that is there", want="its object")
            equal(waiting.get(), {}, did="get of one that nobody has asked for")
            equal(impl.Once(tuple).get(), (), did="get of a new one")
            equal(impl.shared(set)(), set(), did="a new accessor is called")
            with impl.overridden(get_slow, "fake"):
                equal(get_slow(), "fake", did="the accessor whose factory runs, overridden")
            return sim.now() - start

        got = sim.together(once.get, get_slow, others)
        equal(got, ["slow", "slow", 0.0],
              did="what two slow gets return, and how long another thread needed meanwhile")  # fmt: skip

    explore(scene, schedules=40)


@check("P6", kind="concurrency")
def test_a_factory_may_wait_for_a_thread(impl: Implementation) -> None:
    """X's factory starts a thread that makes Y with the help of Z, and joins it."""

    def scene(sim: Sim) -> None:
        z = impl.Once(lambda: "Z")
        y = impl.Once(lambda: f"Y with {z.get()}")

        def factory() -> str:
            return f"X with {sim.spawn(y.get).result()}"

        x = impl.Once(factory)
        equal(sim.together(x.get, z.get), ["X with Y with Z", "Z"], did="what A and B got")

    explore(scene, schedules=40)


@check("P7", kind="concurrency")
def test_a_get_waits_for_no_other_get(impl: Implementation) -> None:
    """The object is there; A is stopped for 10 s at each point of a get in turn, B calls get and `ready` meanwhile."""

    def scene(sim: Sim) -> None:
        once, accessor = impl.Once(list), impl.shared(list)
        thing, other = once.get(), accessor()
        for points in range(1, 25):
            stop = Stop(sim, points, 10.0)
            held = sim.spawn(partial(stop.here, lambda: (once.get(), accessor())))
            sim.settle()
            start = sim.now()
            ensure(once.get() is thing and accessor() is other and once.ready,
                   did="get, an accessor, ready", want="the object, the object, True")  # fmt: skip
            equal(sim.now() - start, 0.0,
                  did=f"A is stopped at point {points} of its get: seconds that B's get has waited")  # fmt: skip
            held.join()

    simulate(scene)


@check("P7", "P8", kind="concurrency")
def test_a_get_waits_for_no_run_that_has_returned(impl: Implementation) -> None:
    """A is stopped for 10 s at each point of the first get in turn; B asks `ready`, and calls get if it is True."""

    def scene(sim: Sim) -> None:
        for points in range(1, 60):
            returned: list[int] = []
            once = impl.Once(partial(returned.append, 1))
            stop = Stop(sim, points, 10.0)
            held = sim.spawn(partial(stop.here, once.get))
            sim.settle()
            start = sim.now()
            if once.ready:
                once.get()
                equal(returned, [1], did="ready was True: runs of the factory that have returned")
            equal(sim.now() - start, 0.0,
                  did=f"A is stopped at point {points} of the first get: seconds that B has waited"
                      " for ready, and for get if ready was True")  # fmt: skip
            held.result()

    simulate(scene)


@check("P8", kind="behaviour")
def test_ready_in_the_factory(impl: Implementation) -> None:
    """`ready` is asked before, in the factory, after a failure, and when the object is there."""
    seen: list[Any] = []

    def factory() -> None:
        seen.append(once.ready)
        if len(seen) < 3:
            raise ValueError

    once = impl.Once(factory)
    seen.append(once.ready)
    raises(ValueError, once.get, did="get() when the factory fails")
    seen.append(once.ready)
    once.get()
    seen += [once.ready, once.ready]
    equal(seen, [False, False, False, False, True, True],
          did="ready: before, in a run that fails, after it, in a run that works, after it, again")  # fmt: skip


@check("P8", kind="concurrency")
def test_ready_says_what_get_would_do(impl: Implementation) -> None:
    """Two threads ask `ready`, call get, and ask `ready` again."""

    def scene(sim: Sim) -> None:
        runs: list[str] = []

        def factory() -> str:
            runs.append("begins")
            sim.point()
            runs.append("ends")
            return "made"

        once = impl.Once(factory)

        def look() -> None:
            if once.ready:
                equal(runs, ["begins", "ends"], did="the factory's run when ready is True")
            equal(once.get(), "made", did="get()")
            equal(once.ready, True, did="ready when a get has returned")

        sim.together(look, look)

    explore(scene, schedules=120)


@check("P13", kind="contract")
def test_what_is_no_factory_and_no_accessor(impl: Implementation) -> None:
    """Once and shared get None, a number, a text, a list; overridden gets functions, a Once, a class."""
    for bad in (None, 3, "list", [list], object()):
        raises(TypeError, lambda bad=bad: impl.Once(bad), did=f"Once({bad!r})")
        raises(TypeError, lambda bad=bad: impl.shared(bad), did=f"shared({bad!r})")

    def enter(bad: Any) -> None:
        with impl.overridden(bad, []):
            pass

    once = impl.Once(list)
    for bad in (None, list, fails_first(1), once, once.get, "accessor", impl.shared):
        raises(TypeError, lambda bad=bad: enter(bad), did=f"with overridden({bad!r}, [])")
    equal(once.get(), [], did="get of the Once that is no accessor")


@check("P13", "P1", kind="behaviour")
def test_everything_that_can_be_called_is_a_factory(impl: Implementation) -> None:
    """A class, a builtin, a bound method, a partial, an object that is false."""

    class Falsy:
        def __call__(self) -> str:
            return "false"

        def __bool__(self) -> bool:
            return False

        def __len__(self) -> int:
            return 0

        def make(self) -> str:
            return "method"

    falsy = Falsy()
    for factory, want in (
        (dict, {}),
        (falsy, "false"),
        (falsy.make, "method"),
        (partial(int, "7"), 7),
    ):
        equal(impl.Once(factory).get(), want, did=f"Once({factory!r}).get()")
        equal(impl.shared(factory)(), want, did=f"shared({factory!r})()")


@check("P13", kind="throughput")
def test_a_get_costs_the_same_among_many(impl: Implementation) -> None:
    """A first get that needs another's object, and a later one: beside 5 Onces, and beside 400 that are kept."""
    steps: dict[int, list[int]] = {}
    for others in (5, 400):
        kept = [impl.Once(list) for _ in range(others)]
        for each in kept[::2]:
            each.get()
        inner = impl.Once(list)
        once = impl.Once(inner.get)
        steps[others] = [count_steps(once.get), count_steps(once.get)]
    same_steps(
        steps, "steps of the first get and of the second, beside 5 other Onces and beside 400"
    )


@check("P13", kind="throughput")
def test_a_get_costs_the_same_after_many(impl: Implementation) -> None:
    """A get and a call of an accessor: after 5 failures, gets and overrides each, and after 400."""
    steps: dict[int, list[int]] = {}
    for turns in (5, 400):
        once, accessor = impl.Once(fails_first(turns)), impl.shared(list)
        for _ in range(turns):
            raises(ValueError, once.get, did="get(), the factory raises")
        first = count_steps(once.get)
        for _ in range(turns):
            once.get()
            with impl.overridden(accessor, []):
                accessor()
        accessor()
        steps[turns] = [first, count_steps(once.get), count_steps(accessor)]
    same_steps(
        steps, "steps of the run that works, a later get, an accessor; after 5 and after 400"
    )


def fails_first(times: int) -> Callable[[], str]:
    """A factory that works after so many failures."""
    runs = [0]

    def factory() -> str:
        runs[0] += 1
        if runs[0] <= times:
            raise ValueError
        return "made"

    return factory


def same_steps(steps: dict[int, list[int]], did: str) -> None:
    """The larger size may cost half as much again, and ten steps: an amortised clean-up is no growth."""
    (_, small), (_, large) = sorted(steps.items())
    fine = all(b <= a * 1.5 + 10 for a, b in zip(small, large, strict=True))
    ensure(fine, did=did, want="the same", got=(small, large))
