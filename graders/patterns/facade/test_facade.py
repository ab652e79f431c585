"""Steps in order, undone in reverse, devices found and left; and extra steps of all kinds."""

import threading
from types import SimpleNamespace
from typing import Any

from contracts.patterns.facade import STEPS, Step, StepFailed
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic
from graders.patterns.facade.given import House, theatre_of

DOES = ["dim 10", "lower", "on", "set_volume 40", "popcorn Alien", "phone Alien", "play Alien"]
UNDOES = ["stop", "phone off", "popcorn off", "set_volume 20", "off", "lift", "dim 70"]
NAMES = ("lights", "screen", "projector", "amplifier", "popcorn", "phone", "player")


@check("P1", "P3", kind="behaviour")
def test_a_film_from_beginning_to_end(impl: Implementation) -> None:
    """watch('Alien') with two extra steps, then end(); then another film without extra steps."""
    house = House()
    theatre = theatre_of(impl, house)
    equal(
        (house.news(), theatre.movie, theatre.on),
        ([], None, ()),
        did="calls, movie and on before any film",
    )
    equal(theatre.watch("Alien"), None, did="watch('Alien') returned")
    equal(house.news(), DOES, did="calls of watch('Alien')")
    equal((theatre.movie, theatre.on), ("Alien", NAMES), did="movie and on during the film")
    equal(theatre.end(), None, did="end() returned")
    equal(house.news(), UNDOES, did="calls of end()")
    equal((theatre.movie, theatre.on), (None, ()), did="movie and on after the film")
    plain = impl.HomeTheatre(house.devices)
    plain.watch("Brazil")
    plain.end()
    want = [*DOES[:4], "play Brazil", "stop", *UNDOES[3:]]
    equal(house.news(), want, did="calls of watch('Brazil') and end() without extra steps")


@check("P1", "P3", kind="behaviour")
def test_everything_happens_in_the_calling_thread(impl: Implementation) -> None:
    """The devices note the thread in which they are called; watch, end, and a film that fails."""
    house, threads = House(), set()
    for call in (*DOES, *UNDOES):
        house.then[call] = lambda: threads.add(threading.get_ident())
    theatre = theatre_of(impl, house)
    theatre.watch("Alien")
    theatre.end()
    house.fails["play Alien"] = OSError()
    raises(StepFailed, lambda: theatre.watch("Alien"), did="watch, the player fails")
    equal(threads, {threading.get_ident()}, did="threads in which devices were called")


@check("P2", kind="behaviour")
def test_what_is_as_wanted_is_left_alone(impl: Implementation) -> None:
    """All 16 combinations of lights, screen, projector and amplifier that are as wanted already."""
    wanted = {"level": 10, "is_down": True, "is_on": True, "volume": 40}
    for number in range(16):
        already = [n for place, n in enumerate(wanted) if number >> place & 1]
        house = House(**{name: wanted[name] for name in already})
        theatre = theatre_of(impl, house)
        left = [place for place, name in enumerate(wanted) if name in already]
        theatre.watch("Alien")
        want = [call for place, call in enumerate(DOES) if place not in left]
        equal(house.news(), want, did=f"calls of watch where {already} are as wanted")
        on = tuple(name for place, name in enumerate(NAMES) if place not in left)
        equal(theatre.on, on, did=f"on where {already} are as wanted")
        theatre.end()
        want = [call for place, call in enumerate(UNDOES) if len(UNDOES) - 1 - place not in left]
        equal(house.news(), want, did=f"calls of end where {already} are as wanted")


@check("P3", kind="behaviour")
def test_what_was_found_is_restored(impl: Implementation) -> None:
    """Four films, before which lights and amplifier are at 30 and 0, 100 and 5, 0 and 100, 9 and 41."""
    house = House()
    theatre = theatre_of(impl, house)
    for level, volume in ((30, 0), (100, 5), (0, 100), (9, 41)):
        house.is_like.update(level=level, volume=volume)
        theatre.watch("Alien")
        got = (house.is_like["level"], house.is_like["volume"])
        equal(got, (10, 40), did=f"level and volume during a film that found {level} and {volume}")
        theatre.end()
        got = (house.is_like["level"], house.is_like["volume"])
        equal(
            got,
            (level, volume),
            did=f"level and volume after a film that found {level} and {volume}",
        )
        house.news()


@check("P2", "P3", kind="behaviour")
def test_what_others_do_during_the_film_is_overruled(impl: Implementation) -> None:
    """During the film lights, amplifier, screen and projector are changed by hand, in both directions."""
    changes: list[dict[str, Any]] = [
        {"level": 70, "volume": 20, "is_down": False, "is_on": False},
        {"level": 99, "volume": 99},
        {"is_down": False, "is_on": True},
    ]
    for change in changes:
        house = House()
        theatre = theatre_of(impl, house)
        theatre.watch("Alien")
        house.is_like.update(change)
        house.news()
        theatre.end()
        equal(house.news(), UNDOES, did=f"calls of end() after somebody has made {change}")
    house = House(level=10, is_down=True)
    theatre = theatre_of(impl, house)
    theatre.watch("Alien")
    house.is_like.update(level=50, is_down=False)
    house.news()
    theatre.end()
    equal(
        house.news(),
        UNDOES[:5],
        did="calls of end(), lights and screen were as wanted before the film",
    )


@check("P2", "P3", kind="behaviour")
def test_devices_are_looked_at_when_their_turn_comes(impl: Implementation) -> None:
    """The projector, switched on, makes the amplifier louder; the lights, dimmed, let the screen down."""
    house = House()
    house.then["on"] = lambda: house.is_like.update(volume=55)
    house.then["dim 10"] = lambda: house.is_like.update(is_down=True)
    theatre = theatre_of(impl, house)
    theatre.watch("Alien")
    equal(
        house.news(),
        [DOES[0], *DOES[2:]],
        did="calls of watch, the screen is down when its turn comes",
    )
    theatre.end()
    want = [*UNDOES[:3], "set_volume 55", "off", "dim 70"]
    equal(house.news(), want, did="calls of end, the amplifier was at 55 when its turn came")


@check("P12", kind="contract")
def test_extra_steps_of_all_kinds(impl: Implementation) -> None:
    """Steps that are no Step, that have nothing to undo, whose undo is a class, is false, returns something."""
    house = House()

    class Popper:
        name = "popper"

        def do(self, movie: str) -> "Popper":
            house.call(f"pops for {movie}")
            return self

        def __call__(self) -> bool:
            house.call("stops popping")
            return False

        def __len__(self) -> int:
            return 0

    class Cleans:
        def __init__(self) -> None:
            house.call("cleans")

    steps = (
        step
        for step in (
            Popper(),
            SimpleNamespace(name="note", do=lambda movie: house.call(f"notes {movie}")),
            SimpleNamespace(name="cleaner", do=lambda movie: Cleans),
        )
    )
    theatre = impl.HomeTheatre(house.devices, steps)
    for _ in range(2):
        theatre.watch("Alien")
        equal(
            house.news(),
            [*DOES[:4], "pops for Alien", "notes Alien", "play Alien"],
            did="calls of watch",
        )
        equal(
            theatre.on, (*NAMES[:4], "popper", "cleaner", "player"), did="on: the note has no undo"
        )
        theatre.end()
        equal(house.news(), ["stop", "cleans", "stops popping", *UNDOES[3:]], did="calls of end")


@check("P12", kind="contract")
def test_extra_steps_are_read_once(impl: Implementation) -> None:
    """A list of two extra steps is emptied and filled with another one when the theatre is there."""
    house = House()
    steps = [house.step("popcorn"), house.step("phone")]
    theatre = impl.HomeTheatre(house.devices, steps)
    steps[:] = [house.step("doorbell")]
    theatre.watch("Alien")
    theatre.end()
    equal(house.news(), [*DOES, *UNDOES], did="calls of watch and end")


@check("P12", kind="contract")
def test_extra_steps_that_return_nonsense(impl: Implementation) -> None:
    """An extra step returns something that is neither None nor callable."""
    for value in (False, 0, "", "undo", [], ("undo",), object()):
        house = House()
        nonsense = Step(
            "popcorn", lambda movie, v=value, h=house: (h.call(f"popcorn {movie}"), v)[1]
        )
        theatre = impl.HomeTheatre(house.devices, [nonsense, house.step("phone")])
        did = f"watch, an extra step returns {value!r}"
        failed = raises(StepFailed, lambda t=theatre: t.watch("Alien"), did=did)
        equal(
            (failed.step, type(failed.__cause__)),
            ("popcorn", TypeError),
            did=f"step and cause, {did}",
        )
        equal(house.news(), [*DOES[:5], *UNDOES[3:]], did=f"calls of {did}")


@check("P12", kind="contract")
def test_names_that_are_taken(impl: Implementation) -> None:
    """An extra step has the name of another, or of a built-in step."""
    house = House()
    for extra in (["popcorn", "phone", "popcorn"], *([name] for name in STEPS)):
        steps = [house.step(name) for name in extra]
        error = raises(ValueError, lambda s=steps: impl.HomeTheatre(house.devices, s),
                       did=f"HomeTheatre(devices, steps {extra})")  # fmt: skip
        ensure(
            extra[-1] in str(error),
            did="the text of the ValueError",
            want=f"names {extra[-1]!r}",
            got=str(error),
        )
    equal(house.news(), [], did="calls of devices")


@check("P12", kind="contract")
def test_movies_that_are_none(impl: Implementation) -> None:
    """A film is named by None, a number, bytes, a list, an empty text: in watch and in watching."""
    house = House()
    theatre = theatre_of(impl, house)

    def in_a_block(movie: Any) -> None:
        with theatre.watching(movie):
            house.call("the block")

    for error, movie in (
        (TypeError, None),
        (TypeError, 7),
        (TypeError, b"Alien"),
        (TypeError, ["Alien"]),
        (ValueError, ""),
    ):
        raises(error, lambda m=movie: theatre.watch(m), did=f"watch({movie!r})")
        raises(error, lambda m=movie: in_a_block(m), did=f"with theatre.watching({movie!r})")
    equal(
        (house.news(), theatre.movie, theatre.on),
        ([], None, ()),
        did="calls, movie and on after these mistakes",
    )
    theatre.watch("Alien")
    equal(house.news(), DOES, did="calls of a watch after these mistakes")
