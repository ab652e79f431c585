"""What a failure leaves behind, and generated programs of factories that ask, catch and fail."""

import random
import threading
from collections.abc import Callable
from typing import Any

from contracts.patterns.singleton import RecursiveInitialisation
from graders.kit import Implementation, Sim, caught, check, ensure, equal, explore, raises, simulate


class Trouble(ValueError):
    """An ordinary failure."""


class Interrupt(BaseException):
    """A failure that is no Exception."""


FAILURES: tuple[Callable[[], BaseException], ...] = (
    Trouble,
    KeyboardInterrupt,
    SystemExit,
    GeneratorExit,
    StopIteration,
    Interrupt,
    lambda: RecursiveInitialisation((len,)),
    lambda: ExceptionGroup("several", [Trouble()]),
)


@check("P3", "P8", kind="behaviour")
def test_a_failure_is_raised_and_forgotten(impl: Implementation) -> None:
    """A factory fails twice, then works: with ordinary failures, interrupts, and others."""
    for make in FAILURES:
        raised: list[BaseException] = []

        def factory(make: Any = make, raised: Any = raised) -> str:
            if len(raised) < 2:
                raised.append(make())
                raise raised[-1]
            return "made"

        once = impl.Once(factory)
        name = type(make()).__name__
        for run in range(2):
            error = caught(once.get)
            ensure(len(raised) == run + 1 and error is raised[run],
                   did=f"get() number {run + 1}, the factory raises {name}",
                   want="that very exception, after one run", got=error)  # fmt: skip
            equal(once.ready, False, did=f"ready after the factory has raised {name}")
        equal(once.get(), "made", did=f"get() after two {name}")


@check("P3", "P1", kind="concurrency")
def test_the_first_run_fails(impl: Implementation) -> None:
    """Three threads call get; the first run raises, the second one works."""

    def scene(sim: Sim) -> None:
        runs, inside = [0], [0]

        def factory() -> str:
            runs[0] += 1
            inside[0] += 1
            ensure(inside[0] == 1, did="runs of the factory at the same time", want="one")
            sim.point()
            inside[0] -= 1
            if runs[0] == 1:
                raise Trouble
            return "made"

        once = impl.Once(factory)

        def ask() -> str:
            try:
                return once.get()
            except Trouble:
                return "failed"

        equal(sorted(sim.together(ask, ask, ask)), ["failed", "made", "made"],
              did="what the three got when the first run failed")  # fmt: skip
        equal(runs[0], 2, did="runs of the factory")

    explore(scene, schedules=120)


@check("P3", kind="concurrency")
def test_each_gets_the_failure_of_its_own_run(impl: Implementation) -> None:
    """Two threads call get twice each; every run is interrupted."""

    def scene(sim: Sim) -> None:
        raised: list[BaseException] = []

        def factory() -> str:
            error = Interrupt(threading.current_thread().name)
            raised.append(error)
            sim.point()
            raise error

        once = impl.Once(factory)

        def ask() -> tuple[str, list[Any]]:
            return threading.current_thread().name, [caught(once.get), caught(once.get)]

        answers = sim.together(ask, ask)
        got = [error for _, errors in answers for error in errors]
        for name, errors in answers:
            ensure(all(type(error) is Interrupt and error.args == (name,) for error in errors),
                   did=f"what thread {name} got for two calls of get()",
                   want="the interrupts of its own runs", got=errors)  # fmt: skip
        equal(sorted(map(id, got)), sorted(map(id, raised)),
              did="the exceptions that four calls got, and those that the runs raised")  # fmt: skip

    explore(scene, schedules=120)


@check("P3", "P2", kind="timing")
def test_who_waits_runs_the_factory_after_a_failure(impl: Implementation) -> None:
    """Three threads call get at 0, 1 and 2 s; a run takes 5 s, and the first one fails."""

    def scene(sim: Sim) -> None:
        start, runs = sim.now(), [0]

        def factory() -> str:
            runs[0] += 1
            mine = runs[0]
            sim.sleep(5)
            if mine == 1:
                raise KeyboardInterrupt
            return "made"

        once = impl.Once(factory)

        def ask(after: float) -> tuple[str, float]:
            sim.sleep(after)
            error = caught(once.get)
            return type(error).__name__, sim.now() - start

        answers = sim.together(lambda: ask(0), lambda: ask(1), lambda: ask(2))
        equal(answers, [("KeyboardInterrupt", 5.0), ("NoneType", 10.0), ("NoneType", 10.0)],
              did="what each call raised, and when it ended")  # fmt: skip

    explore(scene, schedules=40)


@check("P1", "P3", "P4", kind="behaviour")
def test_generated_programs(impl: Implementation) -> None:
    """120 generated programs (seed 5): four Onces whose factories ask, catch, fail and work; as a model does."""
    for number in range(120):
        got = play(impl, 5_000 + number)
        want = play(Model, 5_000 + number)
        equal(got, want, did=f"what generated program {number} has seen")


class Refused(Exception):
    """The model's word for RecursiveInitialisation."""

    def __init__(self, cycle: tuple[Any, ...]) -> None:
        super().__init__()
        self.cycle = cycle


class Model:
    """One thread's view of the contract, as plain as can be."""

    class Once:
        """Keeps a list of the runs that are under way."""

        def __init__(self, factory: Callable[[], Any]) -> None:
            self.factory, self.value = factory, None

        stack: list["Model.Once"] = []  # noqa: RUF012 - the one stack of the one thread

        def get(self) -> Any:
            """Return it, make it, or refuse."""
            if self.value is not None:
                return self.value
            if self in self.stack:
                circle = self.stack[self.stack.index(self) :]
                raise Refused(tuple(each.factory for each in circle))
            self.stack.append(self)
            try:
                self.value = self.factory()
            finally:
                self.stack.pop()
            return self.value


def play(maker: Any, seed: int) -> list[Any]:  # noqa: C901 - a script
    """A program that depends on nothing but its seed; what its factories and callers have seen."""
    log: list[Any] = []
    runs = [0] * 4
    names: dict[int, int] = {}

    def told(error: BaseException) -> Any:
        if isinstance(error, RecursiveInitialisation | Refused):
            return "circle", [names[id(each)] for each in error.cycle]
        return error.args

    def ask(number: int) -> None:
        log.append(("object", onces[number].get()))

    def factory(number: int) -> Callable[[], Any]:
        def run() -> Any:
            runs[number] += 1
            chance = random.Random(f"{seed} {number} {runs[number]}")
            for _ in range(chance.choice([0, 1, 1, 2])):
                try:
                    ask(chance.randrange(4))
                except (Trouble, RecursiveInitialisation, Refused) as error:
                    log.append((number, "caught", told(error)))
                    if chance.random() < 0.5:
                        raise
            if chance.random() < 0.3:
                raise Trouble(number, runs[number])
            return number, runs[number]

        names[id(run)] = number
        return run

    onces = [maker.Once(factory(number)) for number in range(4)]
    chance = random.Random(f"{seed}")
    for _ in range(6):
        try:
            ask(chance.randrange(4))
        except (Trouble, RecursiveInitialisation, Refused) as error:
            log.append(("failed", told(error)))
    return log


@check("P3", kind="concurrency")
def test_the_thread_that_failed_has_gone(impl: Implementation) -> None:
    """A thread's run fails and the thread ends; a new thread and the first one's caller ask again."""

    def scene(sim: Sim) -> None:
        runs = [0]

        def factory() -> str:
            runs[0] += 1
            if runs[0] < 3:
                raise Trouble
            return "made"

        once = impl.Once(factory)
        for turn in ("first", "second"):
            raises(Trouble, sim.spawn(once.get).result, did=f"get() in the {turn} thread")
        equal(sim.spawn(once.get).result(), "made", did="get() in a third thread")
        equal(once.get(), "made", did="get() here")

    simulate(scene)
