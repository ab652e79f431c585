"""Checks of the topic that the tests of the kit grade."""

from graders.kit import Implementation, Sim, check, equal, explore
from graders.kit.growth import costs_at_most
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic


@check("P1", kind="behaviour")
def test_value_is_the_sum(impl: Implementation) -> None:
    """add(2), add(3)."""
    tally = impl.Tally()
    equal(tally.value(), 0, did="value() of a new tally")
    tally.add(2)
    tally.add(3)
    equal(tally.value(), 5, did="value() after add(2), add(3)")


@check("P2", kind="concurrency")
def test_threads_are_all_counted(impl: Implementation) -> None:
    """Two threads add 1 each."""

    def scene(sim: Sim) -> None:
        tally = impl.Tally()
        sim.together(lambda: tally.add(1), lambda: tally.add(1))
        equal(tally.value(), 2, did="value() after two threads added 1 each")

    explore(scene, schedules=60)


@check("P3", kind="timing")
def test_waiting(impl: Implementation) -> None:
    """wait_for(1, 5) alone, and while another thread adds after 2 seconds."""

    def scene(sim: Sim) -> None:
        tally = impl.Tally()
        start = sim.now()
        equal(tally.wait_for(1, 5), False, did="wait_for(1, 5) when nobody adds")
        equal(sim.now() - start, 5.0, did="seconds that wait_for(1, 5) took when nobody adds")

        def later() -> None:
            sim.sleep(2)
            tally.add(1)

        got, _ = sim.together(lambda: tally.wait_for(1, 5), later)
        equal(got, True, did="wait_for(1, 5) while another thread adds after 2 seconds")

    explore(scene, schedules=60)


@check("P4", kind="behaviour")
def test_reset(impl: Implementation) -> None:
    """add(4), reset()."""
    tally = impl.Tally()
    tally.add(4)
    equal(tally.reset(), 4, did="reset() after add(4)")
    equal(tally.value(), 0, did="value() after reset()")


@check("P1", kind="throughput")
def test_adding_is_cheap(impl: Implementation, reference: Implementation) -> None:
    """100 times add(1)."""
    mine, theirs = impl.Tally(), reference.Tally()
    costs_at_most(
        lambda: [mine.add(1) for _ in range(100)],
        lambda: [theirs.add(1) for _ in range(100)],
        did="100 × add(1)",
    )
