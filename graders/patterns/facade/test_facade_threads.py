"""The theatre shared by threads, under explored schedules."""

import threading
from collections.abc import Callable
from typing import Any

from contracts.patterns.facade import EndFailed, StepFailed, TheatreBusy
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.patterns.facade.given import House

DOES = ["dim 10", "lower", "on", "set_volume 40"]
UNDOES = ["stop", "set_volume 20", "off", "lift", "dim 70"]
HOUR = 3_600


def tried(job: Callable[[], object]) -> str:
    """What a call came to."""
    try:
        job()
    except TheatreBusy as busy:
        return f"busy with {busy.movie}"
    except StepFailed as failed:
        return f"{failed.step} failed"
    except EndFailed as failed:
        return f"stuck: {[name for name, _ in failed.stuck]}"
    return "done"


@check("P8", "P9", kind="concurrency")
def test_two_films_at_once(impl: Implementation) -> None:
    """A watches Alien, B watches Brazil."""

    def scene(sim: Sim) -> None:
        house = House()
        theatre = impl.HomeTheatre(house.devices)
        house.then = {"lower": sim.point}
        got = sim.together(
            lambda: tried(lambda: theatre.watch("Alien")),
            lambda: tried(lambda: theatre.watch("Brazil")),
        )
        won = "Alien" if got[0] == "done" else "Brazil"
        want = ["done", "busy with Alien"] if won == "Alien" else ["busy with Brazil", "done"]
        equal(got, want, did="what two watches came to")
        equal(house.log, [*DOES, f"play {won}"], did="calls of devices")
        equal(theatre.movie, won, did="movie")

    explore(scene, schedules=100)


@check("P8", "P9", kind="concurrency")
def test_two_ends_at_once(impl: Implementation) -> None:
    """A film is on; A and B end it."""

    def scene(sim: Sim) -> None:
        house = House()
        theatre = impl.HomeTheatre(house.devices)
        theatre.watch("Alien")
        house.news()
        house.then = {"off": sim.point}
        got = sim.together(*[lambda: tried(theatre.end)] * 2)
        equal(
            "done" in got and set(got) <= {"done", "busy with Alien"},
            True,
            did=f"whether {got} is one end and nothing else",
        )
        equal(house.log, UNDOES, did="calls of devices")
        equal((theatre.movie, theatre.on), (None, ()), did="movie and on")

    explore(scene, schedules=100)


@check("P8", "P9", kind="concurrency")
def test_an_end_beside_a_watch(impl: Implementation) -> None:
    """A watches a film, whose projector calls watch, B calls end() at the same time; then the theatre is ended."""

    def scene(sim: Sim) -> None:
        house = House()
        theatre, inside = impl.HomeTheatre(house.devices), []
        house.then = {"on": lambda: inside.append(tried(lambda: theatre.watch("Brazil")))}
        got = sim.together(
            lambda: tried(lambda: theatre.watch("Alien")), lambda: tried(theatre.end)
        )
        equal(
            (got[0], got[1] in ("done", "busy with Alien")),
            ("done", True),
            did=f"whether watch was done, and end done or busy with Alien: {got}",
        )
        equal(inside, ["busy with Alien"], did="what a watch from the projector's step came to")
        over = house.log == [*DOES, "play Alien", *UNDOES]
        ensure(over or house.log == [*DOES, "play Alien"], did="calls of devices",
               want="all steps, then all undos or none", got=house.log)  # fmt: skip
        equal(theatre.movie, None if over else "Alien", did="movie")
        theatre.end()
        equal(house.log, [*DOES, "play Alien", *UNDOES], did="calls of devices after another end()")

    explore(scene, schedules=100)


@check("P6", "P9", kind="concurrency")
def test_an_end_beside_the_end_of_what_is_left(impl: Implementation) -> None:
    """The screen is stuck after a film; A ends, B watches another one; then all is ended."""

    def scene(sim: Sim) -> None:
        house = House()
        theatre = impl.HomeTheatre(house.devices)
        theatre.watch("Alien")
        house.fails = {"lift": OSError()}
        raises(EndFailed, theatre.end, did="end(), the screen fails")
        house.fails = {}
        house.news()
        got = sim.together(
            lambda: tried(theatre.end), lambda: tried(lambda: theatre.watch("Brazil"))
        )
        equal(set(got) <= {"done", "busy with None", "busy with Brazil"} and "done" in got, True,
              did=f"whether what end and watch came to ({got}) is possible")  # fmt: skip
        if got[1] != "done":
            theatre.watch("Brazil")
        theatre.end()
        equal((house.log.count("lift"), house.is_like["is_down"]), (house.log.count("lower") + 1, False),
              did="how often the screen was lifted, and whether it is down")  # fmt: skip
        equal((theatre.on, house.is_like["level"]), ((), 70), did="on, and the lights")

    explore(scene, schedules=100)


@check("P4", "P8", kind="concurrency")
def test_a_watch_beside_one_that_fails(impl: Implementation) -> None:
    """A watches Alien, whose player fails; B watches Brazil at the same time."""

    def scene(sim: Sim) -> None:
        house = House()
        house.fails = {"play Alien": OSError()}
        theatre = impl.HomeTheatre(house.devices)
        got = sim.together(
            lambda: tried(lambda: theatre.watch("Alien")),
            lambda: tried(lambda: theatre.watch("Brazil")),
        )
        possible = (
            ["player failed", "busy with Alien"],
            ["player failed", "done"],
            ["busy with Brazil", "done"],
        )
        equal(got in possible, True, did=f"whether what two watches came to ({got}) is possible")
        equal(theatre.movie, "Brazil" if got[1] == "done" else None, did="movie")
        equal(house.is_like["level"], 10 if got[1] == "done" else 70, did="the lights")
        equal(tried(theatre.end), "done", did="end() after that")
        equal((house.is_like["level"], theatre.on), (70, ()), did="the lights and on after end()")

    explore(scene, schedules=150)


@check("P9", "P11", kind="concurrency")
def test_two_blocks_at_once(impl: Implementation) -> None:
    """A and B watch a film each for the time of a block; who is refused does without."""

    def scene(sim: Sim) -> None:
        house = House()
        theatre = impl.HomeTheatre(house.devices)

        def block(movie: str) -> None:
            with theatre.watching(movie):
                sim.point()
                equal(theatre.movie, movie, did=f"movie in the block of {movie}")

        got = sim.together(
            lambda: tried(lambda: block("Alien")), lambda: tried(lambda: block("Brazil"))
        )
        films = [
            movie
            for movie, came_to in zip(("Alien", "Brazil"), got, strict=True)
            if came_to == "done"
        ]
        ensure(len(films) > 0, did="blocks that were entered", want="at least one", got=got)
        wants = [
            [call for movie in order for call in (*DOES, f"play {movie}", *UNDOES)]
            for order in (films, films[::-1])
        ]
        equal(
            house.log in wants,
            True,
            did=f"whether calls ({house.log}) are one film after the other",
        )

    explore(scene, schedules=100)


@check("P10", kind="concurrency")
def test_nobody_waits_for_a_step(impl: Implementation) -> None:
    """The projector takes an hour to go on, and an hour to go off; meanwhile others call."""

    def scene(sim: Sim) -> None:
        house, begun = House(), threading.Semaphore(0)

        def slow() -> None:
            begun.release()
            sim.sleep(HOUR)

        house.then = {"on": slow, "off": slow}
        theatre = impl.HomeTheatre(house.devices)
        for name, job in (("watch", lambda: theatre.watch("Alien")), ("end", theatre.end)):
            work, before = sim.spawn(job), sim.now()
            begun.acquire()
            got = [tried(lambda: theatre.watch("Brazil")), tried(theatre.end)]
            equal(
                got,
                ["busy with Alien"] * 2,
                did=f"watch and end while the projector works during {name}",
            )
            equal(theatre.movie, None, did=f"movie while the projector works during {name}")
            ensure({"lights", "screen"} <= set(theatre.on), did=f"on while the projector works during {name}",
                   want="lights and screen are among them", got=theatre.on)  # fmt: skip
            equal(sim.now() - before, 0.0, did="seconds that all this took")
            work.result()
            equal(sim.now() - before, float(HOUR), did=f"seconds that {name} took")

    simulate(scene)


@check("P8", "P10", kind="concurrency")
def test_nobody_waits_for_the_way_back(impl: Implementation) -> None:
    """The player fails, and the screen takes an hour to go up; meanwhile another thread calls."""

    def scene(sim: Sim) -> None:
        house, begun = House(), threading.Event()

        def slow() -> None:
            begun.set()
            sim.sleep(HOUR)

        house.then, house.fails = {"lift": slow}, {"play Alien": OSError()}
        theatre = impl.HomeTheatre(house.devices)
        work, before = sim.spawn(lambda: tried(lambda: theatre.watch("Alien"))), sim.now()
        begun.wait()
        equal(
            tried(lambda: theatre.watch("Brazil")),
            "busy with Alien",
            did="watch while a film that failed is rolled back",
        )
        equal(sim.now() - before, 0.0, did="seconds that this took")
        equal(work.result(), "player failed", did="what the first watch came to")
        equal(tried(lambda: theatre.watch("Brazil")), "done", did="watch after that")

    simulate(scene)


@check("P9", "P10", kind="concurrency")
def test_a_look_beside_an_end(impl: Implementation) -> None:
    """A film is on; A asks for movie and on, B ends it."""

    def scene(sim: Sim) -> None:
        theatre = impl.HomeTheatre(House().devices)
        theatre.watch("Alien")
        look, _ = sim.together(lambda: (theatre.movie, theatre.on), theatre.end)
        names = ("lights", "screen", "projector", "amplifier", "player")
        equal(
            look[0] in ("Alien", None),
            True,
            did=f"whether the other thread's movie ({look[0]}) is possible",
        )
        equal(look[1], names[: len(look[1])], did="on, as the other thread sees it")
        equal((theatre.movie, theatre.on), (None, ()), did="movie and on when the film is over")

    explore(scene, schedules=100)


@check("P11", kind="concurrency")
def test_a_block_that_is_left_while_its_film_is_ended(impl: Implementation) -> None:
    """In a block another thread ends the film, which takes an hour; meanwhile the block is left, or raises."""

    def scene(sim: Sim) -> None:
        for error in (None, ValueError("x")):
            house, begun = House(), threading.Event()

            def slow(begun: threading.Event = begun) -> None:
                begun.set()
                sim.sleep(HOUR)

            house.then = {"off": slow}
            theatre = impl.HomeTheatre(house.devices)

            def block(
                theatre: Any = theatre, error: Any = error, begun: threading.Event = begun
            ) -> None:
                with theatre.watching("Alien"):
                    sim.spawn(theatre.end)
                    begun.wait()
                    if error:
                        raise error

            wanted = type(error) if error else TheatreBusy
            got = raises(wanted, block, did="a block that is left while its film is ended")
            ensure(
                error in (None, got), did="what leaves the block", want="what it raised", got=got
            )
            sim.sleep(2 * HOUR)
            equal(house.log, [*DOES, "play Alien", *UNDOES], did="calls of devices in the end")

    simulate(scene)


@check("P11", kind="concurrency")
def test_a_block_that_is_left_while_films_change(impl: Implementation) -> None:
    """A leaves a block; at the same time B ends its film and watches another one, if it is not refused."""

    def scene(sim: Sim) -> None:
        house, entered = House(), threading.Event()
        theatre = impl.HomeTheatre(house.devices)

        def block() -> None:
            with theatre.watching("Alien"):
                entered.set()

        def change() -> str:
            entered.wait()
            tried(theatre.end)
            return tried(lambda: theatre.watch("Brazil"))

        left, came_to = sim.together(lambda: tried(block), change)
        equal(
            left in ("done", "busy with Alien"), True, did=f"whether leaving ({left}) is possible"
        )
        want = "Brazil" if came_to == "done" else None
        equal(theatre.movie, want, did=f"movie, after a watch of Brazil that was {came_to}")

    explore(scene, schedules=150)
