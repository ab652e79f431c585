"""Films for the time of a block, and many steps."""

import gc
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from contracts.patterns.facade import EndFailed, Step, StepFailed, TheatreBusy
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.growth import costs_at_most
from graders.patterns.facade.given import House, noted, passes, theatre_of

DOES = ["dim 10", "lower", "on", "set_volume 40", "popcorn Alien", "phone Alien", "play Alien"]
UNDOES = ["stop", "phone off", "popcorn off", "set_volume 20", "off", "lift", "dim 70"]
NAMES = ("lights", "screen", "projector", "amplifier", "popcorn", "phone", "player")


@check("P11", kind="behaviour")
def test_a_film_for_the_time_of_a_block(impl: Implementation) -> None:
    """A film is watched by `with theatre.watching('Alien') as it`; then one that fails."""
    house = House()
    theatre = theatre_of(impl, house)
    manager = theatre.watching("Alien")
    equal(
        (house.news(), theatre.movie), ([], None), did="calls and movie before the block is entered"
    )
    with manager as it:
        ensure(it is theatre, did="what the block is given", want="the theatre", got=it)
        equal((house.news(), theatre.movie), (DOES, "Alien"), did="calls and movie in the block")
    equal(
        (house.news(), theatre.movie, theatre.on),
        (UNDOES, None, ()),
        did="calls, movie and on after the block",
    )
    house.fails = {"lower": OSError()}

    def block() -> None:
        with theatre.watching("Alien"):
            house.call("the block")

    failed = raises(StepFailed, block, did="a block whose film fails")
    equal(
        (failed.step, house.news()), ("screen", ["dim 10", "lower", "dim 70"]), did="step and calls"
    )


@check("P11", kind="behaviour")
def test_blocks_that_raise(impl: Implementation) -> None:
    """A block raises an exception, or is interrupted; all undos work, or two fail."""
    for error in (
        ValueError("x"),
        KeyboardInterrupt(),
        StopIteration(),
        StepFailed("x"),
        GeneratorExit(),
        TheatreBusy("x"),
    ):
        for fails in ({}, {"phone off": OSError("no answer"), "lift": OSError("no power")}):
            house = House()
            theatre = theatre_of(impl, house)
            house.fails = dict(fails)

            def block(theatre: Any = theatre, error: BaseException = error) -> None:
                with theatre.watching("Alien"):
                    raise error

            did = f"a block that raises {error!r}, where {list(fails)} fail"
            passes(error, block, did)
            equal(house.news(), [*DOES, *UNDOES], did=f"calls of {did}")
            equal(
                (theatre.movie, theatre.on),
                (None, ("screen", "phone") if fails else ()),
                did="movie and on after it",
            )
            ensure(not fails or ("phone" in noted(error) and "screen" in noted(error)), did=f"notes of {did}",
                   want="name phone and screen", got=noted(error))  # fmt: skip


@check("P5", "P11", kind="behaviour")
def test_blocks_whose_end_fails(impl: Implementation) -> None:
    """A block ends well, and two undos fail, or one is interrupted while the block raises."""
    house = House()
    theatre = theatre_of(impl, house)

    def block(error: BaseException | None = None) -> None:
        with theatre.watching("Alien"):
            if error:
                raise error

    house.fails = {"phone off": OSError("no answer"), "lift": OSError("no power")}
    ended = raises(EndFailed, block, did="a block, phone and screen fail at its end")
    equal([name for name, _ in ended.stuck], ["phone", "screen"], did="what is stuck")
    house.fails = {}
    theatre.end()
    stop = KeyboardInterrupt()
    house.fails = {"off": stop}
    passes(
        stop,
        lambda: block(ValueError("x")),
        "a block that raises, and the projector is interrupted",
    )


@check("P11", kind="behaviour")
def test_a_block_ends_its_own_film_only(impl: Implementation) -> None:
    """In the block the film is ended; nothing, another film, or one of the same title is watched instead."""
    for movie in (None, "Brazil", "Alien"):
        for error in (None, ValueError("x")):
            house = House()
            theatre = theatre_of(impl, house)
            with suppress(ValueError), theatre.watching("Alien"):
                theatre.end()
                if movie:
                    theatre.watch(movie)
                house.news()
                if error:
                    raise error
            did = f"leaving a block in which the film was ended and {movie!r} watched"
            equal((house.news(), theatre.movie), ([], movie), did=f"calls and movie after {did}")
    house = House()
    theatre = theatre_of(impl, house)
    manager, refused = theatre.watching("Alien"), []

    def leave() -> None:
        try:
            manager.__exit__(None, None, None)
        except TheatreBusy as busy:
            refused.append(busy)

    manager.__enter__()
    theatre.end()
    house.then = {"on": leave}
    theatre.watch("Brazil")
    did = "leaving a block whose film is over, while the projector goes on for another film"
    equal((refused, theatre.movie), ([], "Brazil"), did=f"what was raised, and movie after {did}")
    house = House()
    theatre = theatre_of(impl, house)
    with theatre.watching("Alien"):
        house.fails = {"lift": OSError()}
        raises(EndFailed, theatre.end, did="end() in the block, the screen fails")
        house.news()
    equal((house.news(), theatre.on), ([], ("screen",)), did="calls of leaving that block, and on")


def chatter(steps: int, fails: int | None = None) -> list[Step]:
    """So many extra steps, of which one fails."""

    def step(number: int) -> Step:
        def do(movie: str) -> Callable[[], object]:
            if number == fails:
                raise OSError(number)
            return int

        return Step(f"step {number}", do)

    return [step(number) for number in range(steps)]


@check("P13", kind="throughput")
def test_three_thousand_steps(plain: Implementation) -> None:
    """3,000 extra steps are done and undone; then the last but one fails."""
    theatre = plain.HomeTheatre(House().devices, chatter(3_000))
    with theatre.watching("Alien"):
        equal(len(theatre.on), 3_005, did="steps that are on")
    equal(theatre.on, (), did="on after the film")
    theatre = plain.HomeTheatre(House().devices, chatter(3_000, fails=2_998))
    failed = raises(StepFailed, lambda: theatre.watch("Alien"), did="watch, step 2,998 fails")
    equal((failed.step, theatre.on), ("step 2998", ()), did="the step that failed, and on")


@check("P13", kind="throughput")
def test_what_many_steps_cost(impl: Implementation, reference: Implementation) -> None:
    """200 extra steps, done and undone, and once with the last but one failing."""

    def evening(made: Implementation) -> Callable[[], object]:
        good = made.HomeTheatre(House().devices, chatter(200))
        bad = made.HomeTheatre(House().devices, chatter(200, fails=198))

        def job() -> None:
            good.watch("Alien")
            good.end()
            with suppress(StepFailed):
                bad.watch("Alien")

        return job

    costs_at_most(
        evening(impl),
        evening(reference),
        times=6,
        did="watched with 200 extra steps, ended, and failed",
    )


@check("P13", kind="behaviour")
def test_what_has_been_undone_is_let_go(impl: Implementation) -> None:
    """Three films: ended, failed, for the time of a block; nobody else keeps what their steps returned."""

    class Undoes:
        def __call__(self) -> None:
            """Nothing."""

    watches: list[Any] = []

    def do(movie: str) -> Undoes:
        undo = Undoes()
        watches.append(weakref.ref(undo))
        return undo

    house = House()
    theatre = impl.HomeTheatre(house.devices, [Step("popcorn", do)])
    theatre.watch("Alien")
    theatre.end()
    with theatre.watching("Alien"):
        pass
    house.fails = {"play Alien": OSError()}
    raises(StepFailed, lambda: theatre.watch("Alien"), did="watch, the player fails")
    house.fails.clear()
    gc.collect()
    equal(
        [watch() for watch in watches], [None] * 3, did="undos of three films that somebody keeps"
    )
