"""Interrupts, and theatres that are busy."""

from typing import Any

from contracts.patterns.facade import EndFailed, StepFailed, TheatreBusy
from graders.kit import Implementation, check, ensure, equal, raises
from graders.patterns.facade.given import House, noted, passes, theatre_of

DOES = ["dim 10", "lower", "on", "set_volume 40", "popcorn Alien", "phone Alien", "play Alien"]
UNDOES = ["stop", "phone off", "popcorn off", "set_volume 20", "off", "lift", "dim 70"]
NAMES = ("lights", "screen", "projector", "amplifier", "popcorn", "phone", "player")


@check("P7", kind="behaviour")
def test_interrupts_in_steps(impl: Implementation) -> None:
    """Each step is interrupted once, by KeyboardInterrupt, SystemExit or GeneratorExit."""
    house = House()
    theatre = theatre_of(impl, house)
    for place, call in enumerate(DOES):
        error = (KeyboardInterrupt(), SystemExit(3), GeneratorExit())[place % 3]
        house.fails = {call: error}
        did = f"watch('Alien') when {call!r} raises {error!r}"
        passes(error, lambda: theatre.watch("Alien"), did)
        equal(
            house.news(),
            [*DOES[: place + 1], *UNDOES[len(UNDOES) - place :]],
            did=f"calls of {did}",
        )
        equal((theatre.movie, theatre.on), (None, ()), did=f"movie and on after {did}")
    house.fails = {}
    theatre.watch("Alien")
    equal(house.news(), DOES, did="calls of a watch after seven interrupts")


@check("P7", kind="behaviour")
def test_interrupts_leave_with_notes(impl: Implementation) -> None:
    """The player is interrupted, and on the way back phone and screen fail."""
    house = House()
    theatre = theatre_of(impl, house)
    stop = KeyboardInterrupt()
    house.fails = {
        "play Alien": stop,
        "phone off": OSError("no answer"),
        "lift": OSError("no power"),
    }
    passes(
        stop,
        lambda: theatre.watch("Alien"),
        "watch('Alien'), the player is interrupted, phone and screen fail",
    )
    equal(house.news(), [*DOES, *UNDOES[1:]], did="calls of that watch")
    ensure("phone" in noted(stop) and "screen" in noted(stop), did="the notes of the KeyboardInterrupt",
           want="name phone and screen", got=noted(stop))  # fmt: skip
    equal(theatre.on, ("screen", "phone"), did="on after that")
    house.fails = {}
    theatre.end()
    equal(house.news(), ["phone off", "lift"], did="calls of end()")


@check("P6", "P7", kind="behaviour")
def test_interrupts_in_undos(impl: Implementation) -> None:
    """At the end the amplifier fails, phone and projector are interrupted; then end() once more."""
    house = House()
    theatre = theatre_of(impl, house)
    theatre.watch("Alien")
    house.news()
    stop = KeyboardInterrupt()
    house.fails = {"phone off": stop, "set_volume 20": OSError("no power"), "off": SystemExit()}
    passes(stop, theatre.end, "end(), phone and projector are interrupted, the amplifier fails")
    equal(house.news(), UNDOES, did="calls of that end()")
    ensure("amplifier" in noted(stop) and "projector" in noted(stop), did="the notes of the KeyboardInterrupt",
           want="name amplifier and projector", got=noted(stop))  # fmt: skip
    equal(
        (theatre.movie, theatre.on),
        (None, ("projector", "amplifier", "phone")),
        did="movie and on after that",
    )
    house.fails = {}
    theatre.end()
    equal(house.news(), ["phone off", "set_volume 20", "off"], did="calls of another end()")


@check("P7", kind="behaviour")
def test_interrupts_on_the_way_back(impl: Implementation) -> None:
    """The player fails or is interrupted, and on the way back popcorn and projector are interrupted."""
    for error in (OSError("player"), SystemExit(4)):
        house = House()
        theatre = theatre_of(impl, house)
        stop = KeyboardInterrupt()
        house.fails = {"play Alien": error, "popcorn off": stop, "off": SystemExit(5)}
        first = stop if isinstance(error, Exception) else error
        did = f"watch('Alien'), the player raises {error!r}, then popcorn and projector are interrupted"
        passes(first, lambda t=theatre: t.watch("Alien"), did)
        equal(house.news(), [*DOES, *UNDOES[1:]], did=f"calls of {did}")
        left = ("projector", "popcorn")
        equal((theatre.movie, theatre.on), (None, left), did=f"movie and on after {did}")
        for name in left:
            ensure(name in noted(first), did="its notes", want=f"name {name}", got=noted(first))


def answers(theatre: Any) -> list[str]:
    """What watch, watching and end come to."""

    def block() -> None:
        with theatre.watching("Brazil"):
            theatre.end()

    found = []
    for job in (lambda: theatre.watch("Brazil"), block, theatre.end):
        try:
            job()
        except TheatreBusy as busy:
            found.append(f"busy with {busy.movie}")
        except Exception as error:
            found.append(repr(error))
        else:
            found.append("done")
    return found


@check("P8", kind="behaviour")
def test_one_film_at_a_time(impl: Implementation) -> None:
    """A film is on, and watch and watching are called; then it is ended and another one watched."""
    house = House()
    theatre = theatre_of(impl, house)
    theatre.watch("Alien")
    house.news()

    def block() -> None:
        with theatre.watching("Brazil"):
            house.call("the block")

    for job in (lambda: theatre.watch("Brazil"), lambda: theatre.watch("Alien"), block):
        busy = raises(TheatreBusy, job, did="watch while 'Alien' is on")
        equal(busy.movie, "Alien", did="the movie of TheatreBusy")
    equal(
        (house.news(), theatre.movie, theatre.on),
        ([], "Alien", NAMES),
        did="calls, movie and on after that",
    )
    theatre.end()
    theatre.watch("Brazil")
    equal(theatre.movie, "Brazil", did="movie after end() and watch('Brazil')")


@check("P8", kind="behaviour")
def test_steps_that_call_their_own_theatre(impl: Implementation) -> None:
    """Every step and every undo calls watch, watching and end, and goes on."""
    house, asked = House(), []
    theatre = theatre_of(impl, house)
    for call in (*DOES, *UNDOES):
        house.then[call] = lambda call=call: asked.append((call, theatre.movie, answers(theatre)))
    refused = [(call, None, ["busy with Alien"] * 3) for call in (*DOES, *UNDOES)]
    theatre.watch("Alien")
    theatre.end()
    equal(
        asked, refused, did="movie, and what watch, watching and end came to, in each step and undo"
    )
    equal(house.news(), [*DOES, *UNDOES], did="all calls of devices")
    house.fails = {"play Alien": OSError()}
    raises(StepFailed, lambda: theatre.watch("Alien"), did="watch, the player fails")
    equal(asked[14:], [*refused[:7], *refused[8:]], did="the same in a film whose player fails")
    equal(house.news(), [*DOES, *UNDOES[1:]], did="all calls of devices, the player fails")


@check("P4", "P5", "P8", kind="behaviour")
def test_a_busy_theatre_is_a_failure_like_others(impl: Implementation) -> None:
    """The phone's step lets TheatreBusy through; then its undo does, after which nothing of a film is left."""
    house = House()
    theatre = theatre_of(impl, house)
    house.then["phone Alien"] = lambda: theatre.watch("Brazil")
    failed = raises(
        StepFailed, lambda: theatre.watch("Alien"), did="watch, the phone's step calls watch"
    )
    equal((failed.step, type(failed.__cause__)), ("phone", TheatreBusy), did="step and cause")
    house.then = {"phone off": theatre.end}
    theatre.watch("Alien")
    ended = raises(EndFailed, theatre.end, did="end(), the phone's undo calls end()")
    equal(
        [(name, type(error)) for name, error in ended.stuck],
        [("phone", TheatreBusy)],
        did="what is stuck",
    )
    asked: list[Any] = []
    house.then = {"phone off": lambda: asked.append(answers(theatre))}
    theatre.end()
    equal(
        asked,
        [["busy with None"] * 3],
        did="what watch, watching and end come to, what is left is undone",
    )
    equal(theatre.on, (), did="on after another end()")
