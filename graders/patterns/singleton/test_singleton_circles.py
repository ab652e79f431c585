"""Factories that need each other: what is refused, and what only has to wait."""

import contextvars
import random
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from contracts.patterns.singleton import RecursiveInitialisation
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate


class Web:
    """Onces by name: the factory of each asks for what `needs` says, then returns its name."""

    def __init__(self, impl: Implementation, needs: dict[str, str]) -> None:
        self.needs = needs
        self.refused: list[tuple[str, tuple[str, ...]]] = []
        self.factories = {name: self._factory(name) for name in needs}
        self.onces = {name: impl.Once(self.factories[name]) for name in needs}

    def _factory(self, name: str) -> Callable[[], str]:
        def factory() -> str:
            for other in self.needs[name]:
                self.ask(other)
            return name

        factory.__qualname__ = f"factory_of_{name}"
        return factory

    def ask(self, name: str) -> str:
        """Get it; the first place that sees a refusal writes it down."""
        try:
            answer: str = self.onces[name].get()
        except RecursiveInitialisation as error:
            if not hasattr(error, "seen"):
                error.seen = True  # type: ignore[attr-defined]
                self.refused.append((name, self.names(error)))
            raise
        return answer

    def names(self, error: RecursiveInitialisation) -> tuple[str, ...]:
        """The circle, by the names of the factories."""
        known = {id(factory): name for name, factory in self.factories.items()}
        return tuple(known.get(id(each), "?") for each in error.cycle)

    def outcome(self, name: str) -> str:
        """What a caller gets: the object, or a refusal."""
        try:
            return self.ask(name)
        except RecursiveInitialisation:
            return "refused"

    def dead_ends(self) -> set[str]:
        """Whose object can never be made, because it needs a circle."""
        fine: set[str] = set()
        for _ in self.needs:
            fine |= {name for name, others in self.needs.items() if set(others) <= fine}
        return set(self.needs) - fine


@check("P4", kind="behaviour")
def test_a_factory_asks_for_its_own_object(impl: Implementation) -> None:
    """Factory X calls get of X; it lets the error pass, then catches it."""
    web = Web(impl, {"X": "X"})
    error = raises(RecursiveInitialisation, web.onces["X"].get, did="X's factory calls get of X")
    equal(web.names(error), ("X",), did="the factories in cycle")
    ensure("factory_of_X" in str(error), did="the text of the error", want="it names the factory",
           got=str(error))  # fmt: skip
    once: list[Any] = []

    def catches() -> str:
        raises(RecursiveInitialisation, once[0].get, did="get of X in X's factory")
        raises(RecursiveInitialisation, once[0].get, did="get of X in X's factory, again")
        return "made without"

    once.append(impl.Once(catches))
    equal(once[0].get(), "made without", did="X's factory catches the error and returns")
    equal(once[0].get(), "made without", did="get of X again")


@check("P4", kind="behaviour")
def test_circles_through_others(impl: Implementation) -> None:
    """In W -> X -> Y -> Z -> X every one of the four is asked for in turn."""
    for first, circle in (("W", "XYZ"), ("X", "XYZ"), ("Y", "YZX"), ("Z", "ZXY")):
        web = Web(impl, {"W": "X", "X": "Y", "Y": "Z", "Z": "X"})
        for turn in ("first", "second"):
            web.refused.clear()
            equal(web.outcome(first), "refused", did=f"the {turn} get of {first}")
            equal(web.refused, [(circle[0], tuple(circle))],
                  did=f"W needs X, X needs Y, Y needs Z, Z needs X; the {turn} get of {first}:"
                      " who was refused, with which factories in cycle")  # fmt: skip


@check("P4", kind="behaviour")
def test_what_has_been_asked_before_does_not_blur_it(impl: Implementation) -> None:
    """X's factory asks for one that works, one that fails, then for itself; Y asks for X."""
    onces: dict[str, Any] = {}
    seen: list[Any] = []

    def fails() -> None:
        raise ValueError

    def asks() -> str:
        onces["works"].get()
        raises(ValueError, onces["fails"].get, did="a failing get in X's factory")
        error = raises(RecursiveInitialisation, onces["X"].get, did="get of X in X's factory")
        seen.append(error.cycle)
        onces["works"].get()
        error = raises(RecursiveInitialisation, onces["Y"].get, did="get of Y in X's factory")
        seen.append(error.cycle)
        return "X"

    def needs_x() -> str:
        return f"Y of {onces['X'].get()}"

    onces["works"], onces["fails"] = impl.Once(list), impl.Once(fails)
    onces["X"], onces["Y"] = impl.Once(asks), impl.Once(needs_x)
    equal(onces["Y"].get(), "Y of X", did="Y needs X, whose factory catches what it is refused")
    ensure(len(seen) == 2 and seen[0] == (asks,) and seen[1] == (needs_x, asks),
           did="cycle of X's get of X, and of X's get of Y",
           want="X's factory alone; Y's factory, then X's", got=seen)  # fmt: skip


@check("P4", "P11", kind="behaviour")
def test_a_circle_through_accessors(impl: Implementation) -> None:
    """The factory of one accessor calls another, whose factory gets a Once that calls the first."""
    factories: list[Any] = []
    accessors: list[Any] = []

    def first() -> Any:
        return accessors[1]()

    def second() -> Any:
        return once.get()

    def third() -> Any:
        return accessors[0]()

    factories += [first, second, third]
    accessors += [impl.shared(first), impl.shared(second)]
    once = impl.Once(third)
    error = raises(RecursiveInitialisation, accessors[0], did="the first accessor is called")
    ensure(len(error.cycle) == 3 and all(a is b for a, b in zip(error.cycle, factories, strict=True)),
           did="the factories in cycle", want="all three, as they were given", got=error.cycle)  # fmt: skip


@check("P5", kind="concurrency")
def test_two_threads_need_what_the_other_makes(impl: Implementation) -> None:
    """X needs Y and Y needs X; A gets X while B gets Y."""

    def scene(sim: Sim) -> None:
        web, start = Web(impl, {"X": "Y", "Y": "X"}), sim.now()
        got = sim.together(lambda: web.outcome("X"), lambda: web.outcome("Y"))
        equal(got, ["refused", "refused"], did="what the two callers got")
        equal(sim.now() - start, 0.0, did="seconds until both were refused")
        circles = {("X", ("X", "Y")), ("Y", ("Y", "X"))}
        ensure(bool(web.refused) and set(web.refused) <= circles,
               did="who was refused, with which factories in cycle",
               want="first the factory that was asked for, then the other", got=web.refused)  # fmt: skip

    explore(scene, schedules=120)


@check("P5", kind="concurrency")
def test_three_threads_in_a_circle(impl: Implementation) -> None:
    """X needs Y, Y needs Z, Z needs X; each is wanted by a thread; V needs X and only waits."""

    def scene(sim: Sim) -> None:
        web = Web(impl, {"X": "Y", "Y": "Z", "Z": "X", "V": "X"})

        def later(name: str, seconds: float) -> str:
            sim.sleep(seconds)
            return web.outcome(name)

        names = {"V": 0.0, "X": 0.0, "Y": 0.0, "Z": 0.0}
        got = sim.together(*(lambda n=n, s=s: later(n, s) for n, s in names.items()))
        equal(got, ["refused"] * 4, did="what the callers got")
        equal({(name, len(circle)) for name, circle in web.refused} - {(n, 3) for n in "XYZ"}, set(),
              did="who was refused, with how many factories in cycle")  # fmt: skip

    explore(scene, schedules=120)


@check("P5", kind="concurrency")
def test_a_refusal_that_is_caught(impl: Implementation) -> None:
    """X needs Y; Y would like to have X, but can do without. A gets X, B gets Y."""

    def scene(sim: Sim) -> None:
        onces: dict[str, Any] = {}

        def factory_of_y() -> str:
            try:
                return f"Y with {onces['X'].get()}"
            except RecursiveInitialisation:
                return "Y alone"

        def get(name: str) -> str:
            try:
                answer: str = onces[name].get()
            except RecursiveInitialisation:
                answer = "refused"
            return answer

        onces["X"] = impl.Once(lambda: f"X with {onces['Y'].get()}")
        onces["Y"] = impl.Once(factory_of_y)
        x, y = sim.together(lambda: get("X"), lambda: get("Y"))
        equal(y, "Y alone", did="what B got")
        ensure(x in {"X with Y alone", "refused"}, did="what A got",
               want="X, or a refusal if it was A that closed the circle", got=x)  # fmt: skip
        equal(onces["X"].get(), "X with Y alone", did="get of X afterwards")

    explore(scene, schedules=120)


@check("P5", kind="concurrency")
def test_generated_webs(impl: Implementation) -> None:
    """8 generated webs of four factories (seed 7), two threads each: refused is who needs a circle, nobody else."""
    chance = random.Random(7)
    for number in range(8):
        needs = {
            name: "".join(chance.sample("UVXY", chance.choice([0, 1, 1, 2]))) for name in "UVXY"
        }
        asked = chance.sample("UVXY", 2)

        def scene(sim: Sim, needs: Any = needs, asked: Any = asked, number: int = number) -> None:
            web = Web(impl, needs)
            got = sim.together(*(lambda name=name: web.outcome(name) for name in asked))
            dead = web.dead_ends()
            want = ["refused" if name in dead else name for name in asked]
            equal(got, want, did=f"web {number}, {needs}: what the callers of {asked} got")
            true = all(
                b in needs[a] for _, c in web.refused for a, b in zip(c, c[1:] + c[:1], strict=True)
            )
            ensure(true and all(name == c[0] for name, c in web.refused),
                   did=f"web {number}, {needs}: who was refused, with which factories in cycle",
                   want="each needs the next", got=web.refused)  # fmt: skip

        explore(scene, schedules=30)


@check("P5", "P2", kind="timing")
def test_a_chain_only_waits(impl: Implementation) -> None:
    """X takes an hour; Y needs X, Z needs Y and X; B asks for Y at 1 s, C for Z at 2 s, D for Z at 3 s."""

    def scene(sim: Sim) -> None:
        web = Web(impl, {"X": "", "Y": "X", "Z": "YX"})
        start = sim.now()

        def slow() -> str:
            sim.sleep(3_600)
            return "X"

        web.onces["X"] = impl.Once(slow)

        def ask(after: int, name: str) -> tuple[str, float]:
            sim.sleep(after)
            return web.outcome(name), sim.now() - start

        got = sim.together(*(lambda n=n, a=a: ask(a, n) for a, n in enumerate("XYZZ")))
        equal(got, [(name, 3_600.0) for name in "XYZZ"], did="what each got, and when")

    explore(scene, schedules=40)


@check("P5", kind="timing")
def test_what_was_caught_is_over(impl: Implementation) -> None:
    """X's factory gives up on Y, which fails or is interrupted, and works to 5 s; at 1 s B makes Y, which needs X."""

    def scene(sim: Sim, failure: type[BaseException]) -> None:
        onces: dict[str, Any] = {}
        runs = [0]
        start = sim.now()

        def factory_of_x() -> str:
            raises(failure, onces["Y"].get, did="the first get of Y, in X's factory")
            sim.sleep(5)
            return "X"

        def factory_of_y() -> str:
            runs[0] += 1
            if runs[0] == 1:
                raise failure
            return f"Y with {onces['X'].get()}"

        def later() -> tuple[Any, float]:
            sim.sleep(1)
            return onces["Y"].get(), sim.now() - start

        onces["X"], onces["Y"] = impl.Once(factory_of_x), impl.Once(factory_of_y)
        got = sim.together(lambda: (onces["X"].get(), sim.now() - start), later)
        equal(got, [("X", 5.0), ("Y with X", 5.0)], did="what A and B got, and when")

    for failure in (ValueError, KeyboardInterrupt):
        explore(partial(scene, failure=failure), schedules=20)


@check("P5", kind="timing")
def test_a_thread_whose_run_failed_runs_nothing(impl: Implementation) -> None:
    """A's run of X fails; at 1 s A waits for Y, which B makes from 0.5 s on and for which it gets X at 2.5 s."""

    def scene(sim: Sim, failure: type[BaseException]) -> None:
        onces: dict[str, Any] = {}
        runs = [0]

        def factory_of_x() -> str:
            runs[0] += 1
            if runs[0] == 1:
                raise failure
            return "X"

        def factory_of_y() -> str:
            sim.sleep(2)
            return f"Y with {onces['X'].get()}"

        def fails_and_waits() -> Any:
            raises(failure, onces["X"].get, did="A's get of X")
            sim.sleep(1)
            return onces["Y"].get()

        onces["X"], onces["Y"] = impl.Once(factory_of_x), impl.Once(factory_of_y)
        got = sim.together(fails_and_waits, lambda: (sim.sleep(0.5), onces["Y"].get())[1])
        equal(got, ["Y with X"] * 2, did="what A and B got for Y")
        equal(onces["X"].get(), "X", did="get of X")

    for failure in (ValueError, KeyboardInterrupt):
        explore(partial(scene, failure=failure), schedules=20)


@check("P5", kind="concurrency")
def test_a_thread_with_a_copy_of_the_context(impl: Implementation) -> None:
    """X's factory starts a thread in a copy of its context; the thread gets X, and the factory does not wait for it."""

    def scene(sim: Sim) -> None:
        got: list[Any] = []
        threads: list[threading.Thread] = []

        def factory() -> str:
            context = contextvars.copy_context()
            threads.append(threading.Thread(target=lambda: context.run(ask)))
            threads[0].start()
            sim.sleep(1)
            return "X"

        def ask() -> None:
            try:
                got.append(once.get())
            except RecursiveInitialisation:
                got.append("refused")

        once = impl.Once(factory)
        equal(once.get(), "X", did="get of X")
        threads[0].join()
        equal(got, ["X"], did="what the thread got that the factory had started")

    simulate(scene)
