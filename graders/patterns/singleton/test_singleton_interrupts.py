"""A get that is interrupted while it waits, as Ctrl-C does in the main thread."""

from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, Sim, check, equal, explore, simulate
from graders.kit.sim import Interrupts

VICTIM = "the interrupted one"
"""As the story of a failure names it."""


def times(sim: Sim, job: Callable[[], object]) -> Callable[[], tuple[object, float]]:
    """A job that answers with what it came to, and when."""
    start = sim.now()

    def run() -> tuple[object, float]:
        try:
            got = job()
        except KeyboardInterrupt:
            got = "interrupted"
        return got, round(sim.now() - start, 3)

    return run


@check("P2", "P3", kind="concurrency")
def test_who_waits_is_interrupted(impl: Implementation) -> None:
    """A's run takes 5 s, B, C and D wait; C is interrupted after 2 s, and asks again after 3 s and in the end."""

    def scene(sim: Sim) -> None:
        ctrl_c, runs = Interrupts(sim), []

        def factory() -> str:
            runs.append(sim.now())
            sim.sleep(5)
            return "made"

        once = impl.Once(factory)
        line = [sim.spawn(times(sim, once.get), "A")]
        for name in ("B", VICTIM, "D"):
            sim.settle()
            line.append(sim.spawn(times(sim, once.get), name))
        sim.sleep(2)
        sim.settle()
        ctrl_c.send(VICTIM, at_rest=True)
        equal(
            line[2].result(),
            ("interrupted", 2.0),
            did="C waits for A's run; Ctrl-C after 2 s: C's get, time",
        )
        equal(once.ready, False, did="`ready` after that")
        sim.sleep(1)
        again = sim.spawn(once.get)
        got = [line[number].result() for number in (0, 1, 3)]
        equal(got, [("made", 5.0)] * 3, did="the gets of A, B and D, C interrupted: answer, time")
        equal(
            [again.result(), once.get(), len(runs)],
            ["made", "made", 1],
            did="C's get after 3 s, a get in the end, runs",
        )

    simulate(scene)


@check("P2", "P3", kind="concurrency")
def test_who_is_next_is_interrupted(impl: Implementation) -> None:
    """A's run fails while B and C wait; B, woken and about to go on, is interrupted."""

    def scene(sim: Sim) -> None:
        ctrl_c, go = Interrupts(sim), [False, True, True, True]

        def factory() -> str:
            sim.sleep(1)
            if not go.pop(0):
                raise KeyboardInterrupt
            return "made"

        once = impl.Once(factory)
        first = sim.spawn(times(sim, once.get), "A")
        sim.settle()
        victim = sim.spawn(times(sim, once.get), VICTIM)
        sim.settle()
        other = sim.spawn(times(sim, once.get), "C")
        sim.sleep(1)
        sim.point()
        ctrl_c.send(VICTIM)
        equal(
            first.result(),
            ("interrupted", 1.0),
            did="A's run raises KeyboardInterrupt after 1 s: A's get",
        )
        answer = victim.result()[0]
        did = f"B was next when Ctrl-C came: {answer}; the get of C, which waits behind it: answer, time"
        equal(other.result(), ("made", 2.0), did=did)

    explore(scene, schedules=150)


@check("P5", "P2", kind="concurrency")
def test_a_factory_whose_get_is_interrupted(impl: Implementation) -> None:
    """X's factory waits for Y, is interrupted, and goes on without it; then Y's factory asks for X."""

    def scene(sim: Sim) -> None:
        ctrl_c = Interrupts(sim)

        def make_y() -> str:
            sim.sleep(2)
            return f"Y with {x.get()}"

        def make_x() -> str:
            try:
                got: Any = y.get()
            except KeyboardInterrupt:
                got = "nothing"
            sim.sleep(2)
            return f"X with {got}"

        x, y = impl.Once(make_x), impl.Once(make_y)
        of_y = sim.spawn(times(sim, y.get), "makes Y")
        sim.settle()
        of_x = sim.spawn(times(sim, x.get), VICTIM)
        sim.sleep(1)
        sim.settle()
        ctrl_c.send(VICTIM, at_rest=True)
        equal(
            of_x.result(),
            ("X with nothing", 3.0),
            did="X's factory waits for Y, interrupted after 1 s: the get of X",
        )
        equal(
            of_y.result(),
            ("Y with X with nothing", 3.0),
            did="Y's factory asks for X after 2 s: the get of Y",
        )

    simulate(scene)
