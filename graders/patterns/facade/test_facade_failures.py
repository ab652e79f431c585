"""What happens when steps and undos fail, in fixed cases and on generated evenings."""

import random
from collections.abc import Callable
from typing import Any

from contracts.patterns.facade import EndFailed, StepFailed
from graders.kit import Implementation, check, ensure, equal, raises
from graders.patterns.facade.given import House, theatre_of

DOES = ["dim 10", "lower", "on", "set_volume 40", "popcorn Alien", "phone Alien", "play Alien"]
UNDOES = ["stop", "phone off", "popcorn off", "set_volume 20", "off", "lift", "dim 70"]
NAMES = ("lights", "screen", "projector", "amplifier", "popcorn", "phone", "player")


def undone(done: int) -> list[str]:
    """The calls that undo the first so many steps."""
    return UNDOES[len(UNDOES) - done :]


def same_errors(got: Any, want: list[tuple[str, BaseException]], did: str) -> None:
    """The very exceptions, in order, with the names of their steps."""
    equal([name for name, _ in got], [name for name, _ in want], did=f"names in {did}")
    ensure(all(g is w for (_, g), (_, w) in zip(got, want, strict=True)), did=f"exceptions in {did}",
           want="the very ones that were raised", got=got)  # fmt: skip


@check("P4", kind="behaviour")
def test_each_step_may_fail(impl: Implementation) -> None:
    """Each of the seven steps fails once, with various exceptions; then the film is watched after all."""
    house = House()
    theatre = theatre_of(impl, house)
    errors = [OSError("lamp"), ValueError(), KeyError("x"), StopIteration(), RecursionError(), StepFailed("x"),
              ExceptionGroup("g", [OSError()])]  # fmt: skip
    for place, (call, error) in enumerate(zip(DOES, errors, strict=True)):
        house.fails = {call: error}
        did = f"watch('Alien') when {call!r} raises {error!r}"
        failed = raises(StepFailed, lambda: theatre.watch("Alien"), did=did)
        equal(house.news(), [*DOES[: place + 1], *undone(place)], did=f"calls of {did}")
        equal((failed.step, list(failed.stuck)), (NAMES[place], []), did=f"step and stuck, {did}")
        ensure(failed.__cause__ is error, did=f"the __cause__, {did}", want="what the step raised",
               got=failed.__cause__)  # fmt: skip
        equal((theatre.movie, theatre.on), (None, ()), did=f"movie and on after {did}")
    house.fails = {}
    theatre.watch("Alien")
    equal(
        (house.news(), theatre.movie),
        (DOES, "Alien"),
        did="calls of a watch after seven failures, and movie",
    )


@check("P4", kind="behaviour")
def test_devices_that_cannot_say_how_they_are(impl: Implementation) -> None:
    """The state of lights, screen, projector and amplifier cannot be read, one after the other."""
    house = House()
    theatre = theatre_of(impl, house)
    for place, name in enumerate(("level", "is_down", "is_on", "volume")):
        house.fails = {name: OSError(name)}
        failed = raises(
            StepFailed, lambda: theatre.watch("Alien"), did=f"watch, {name} cannot be read"
        )
        equal(failed.step, NAMES[place], did=f"the step that failed, {name} cannot be read")
        ensure(
            failed.__cause__ is house.fails[name], did="its __cause__", want="what reading raised"
        )
        want = [*DOES[:place], *undone(place)]
        equal(house.news(), want, did=f"calls of watch, {name} cannot be read")
        house.fails = {}


@check("P5", "P6", kind="behaviour")
def test_undos_that_fail_on_the_way_back(impl: Implementation) -> None:
    """The player fails, and on the way back the phone and the screen; then end() is called twice."""
    house = House()
    theatre = theatre_of(impl, house)
    phone, screen, player = OSError("phone"), KeyError("screen"), OSError("player")
    house.fails = {"play Alien": player, "phone off": phone, "lift": screen}
    did = "watch('Alien'), player, phone and screen fail"
    failed = raises(StepFailed, lambda: theatre.watch("Alien"), did=did)
    equal(house.news(), [*DOES, *UNDOES[1:]], did=f"calls of {did}")
    equal(failed.step, "player", did=f"the step of StepFailed, {did}")
    ensure(failed.__cause__ is player, did=f"its __cause__, {did}", want="what the player raised",
           got=failed.__cause__)  # fmt: skip
    same_errors(failed.stuck, [("phone", phone), ("screen", screen)], f"stuck of {did}")
    equal((theatre.movie, theatre.on), (None, ("screen", "phone")), did="movie and on after that")
    house.fails = {"phone off": phone}
    ended = raises(EndFailed, theatre.end, did="end(), the phone fails again")
    equal(house.news(), ["phone off", "lift"], did="calls of end(), the phone fails again")
    same_errors(ended.stuck, [("phone", phone)], "stuck of EndFailed")
    house.fails = {}
    theatre.end()
    theatre.end()
    equal((house.news(), theatre.on), (["phone off"], ()), did="calls of two more end()s, and on")


@check("P5", kind="behaviour")
def test_undos_that_fail_at_the_end(impl: Implementation) -> None:
    """All undos fail but one, a different one each time."""
    for place, works in enumerate(UNDOES):
        house = House()
        theatre = theatre_of(impl, house)
        theatre.watch("Alien")
        house.news()
        house.fails = {call: OSError(call) for call in UNDOES if call != works}
        ended = raises(EndFailed, theatre.end, did=f"end(), all fail but {works!r}")
        equal(house.news(), UNDOES, did=f"calls of end(), all fail but {works!r}")
        names = [name for name in NAMES if name != NAMES[len(NAMES) - 1 - place]]
        want = [(n, house.fails[UNDOES[len(NAMES) - 1 - NAMES.index(n)]]) for n in reversed(names)]
        same_errors(ended.stuck, want, f"stuck of EndFailed, all fail but {works!r}")
        equal((theatre.movie, theatre.on), (None, tuple(names)), did="movie and on after that")


@check("P6", kind="behaviour")
def test_a_film_while_something_is_stuck(impl: Implementation) -> None:
    """After the first film lights and popcorn are stuck; a second one fails, a third one is watched and ended."""
    house = House()
    theatre = theatre_of(impl, house)
    theatre.watch("Alien")
    house.fails = {"dim 70": OSError("dim"), "popcorn off": OSError("popcorn")}
    raises(EndFailed, theatre.end, did="end(), lights and popcorn fail")
    house.news()
    house.fails["play Alien"] = OSError("player")
    failed = raises(
        StepFailed, lambda: theatre.watch("Alien"), did="a second watch, player and popcorn fail"
    )
    equal([name for name, _ in failed.stuck], ["popcorn"], did="stuck of the second watch")
    want = [*DOES[1:], "phone off", "popcorn off", *UNDOES[3:6]]
    equal(house.news(), want, did="calls of the second watch: the lights are as wanted")
    equal(theatre.on, ("lights", "popcorn", "popcorn"), did="on after the second watch")
    house.fails = {}
    theatre.watch("Alien")
    house.news()
    equal(theatre.on, ("lights", "popcorn", "popcorn", *NAMES[1:]), did="on during the third film")
    theatre.end()
    want = [*UNDOES[:6], "popcorn off", "popcorn off", "dim 70"]
    equal(house.news(), want, did="calls of end(): first the third film, then what is left")
    equal((theatre.movie, theatre.on), (None, ()), did="movie and on after that")


@check("P6", kind="behaviour")
def test_end_without_a_film(impl: Implementation) -> None:
    """end() before any film, twice after one, and after one that failed."""
    house = House()
    theatre = theatre_of(impl, house)
    theatre.end()
    theatre.watch("Alien")
    theatre.end()
    house.news()
    theatre.end()
    theatre.end()
    house.fails = {"on": OSError()}
    raises(StepFailed, lambda: theatre.watch("Alien"), did="watch, the projector fails")
    house.news()
    theatre.end()
    equal(house.news(), [], did="calls of end() when there is nothing to undo")


class Plain:
    """What must happen, step by step, without any theatre."""

    def __init__(self) -> None:
        self.is_like = {"level": 70, "volume": 20, "is_down": False, "is_on": False}
        self.stack: list[tuple[str, str]] = []
        self.movie: str | None = None
        self.fails: set[str] = set()
        self.log: list[str] = []

    def call(self, text: str) -> bool:
        """Whether it works."""
        self.log.append(text)
        word, _, number = text.partition(" ")
        if text in self.fails:
            return False
        effects: dict[str, dict[str, Any]] = {
            "lower": {"is_down": True}, "lift": {"is_down": False}, "on": {"is_on": True},
            "off": {"is_on": False}, "dim": {"level": number}, "set_volume": {"volume": number},
        }  # fmt: skip
        self.is_like.update(
            {k: int(v) if isinstance(v, str) else v for k, v in effects.get(word, {}).items()}
        )
        return True

    def watch(self, movie: str) -> Any:
        """The name of the step that failed, with what is stuck."""
        height, now = len(self.stack), self.is_like
        table: list[tuple[str, Callable[[], Any], str, Callable[[], str]]] = [
            ("lights", lambda: now["level"] != 10, "dim 10", lambda: f"dim {now['level']}"),
            ("screen", lambda: not now["is_down"], "lower", lambda: "lift"),
            ("projector", lambda: not now["is_on"], "on", lambda: "off"),
            (
                "amplifier",
                lambda: now["volume"] != 40,
                "set_volume 40",
                lambda: f"set_volume {now['volume']}",
            ),
            ("popcorn", lambda: True, f"popcorn {movie}", lambda: "popcorn off"),
            ("phone", lambda: True, f"phone {movie}", lambda: "phone off"),
            ("player", lambda: True, f"play {movie}", lambda: "stop"),
        ]
        for name, needed, call, undo in table:
            if needed():
                back = undo()
                if not self.call(call):
                    return name, self.undo(height)
                self.stack.append((name, back))
        self.movie = movie
        return None

    def undo(self, height: int = 0) -> list[str]:
        """The names of what is stuck."""
        top, self.stack[height:] = self.stack[height:], []
        stuck = [pair for pair in reversed(top) if not self.call(pair[1])]
        self.stack += reversed(stuck)
        self.movie = None
        return [name for name, _ in stuck]


def outcome_of(job: Callable[[], object]) -> Any:
    """What a call of the theatre came to, as the plain model says it."""
    try:
        job()
    except StepFailed as error:
        return error.step, [name for name, _ in error.stuck]
    except EndFailed as error:
        return [name for name, _ in error.stuck]
    return None


@check("P2", "P3", "P4", "P5", "P6", kind="behaviour")
def test_generated_evenings(impl: Implementation) -> None:
    """60 evenings of up to 12 films and ends, during which devices fail and are used by hand (seeds 0 to 59)."""
    calls = [*DOES, *UNDOES, "dim 30", "dim 10", "set_volume 40", "set_volume 60"]
    for seed in range(60):
        rng, house, plain = random.Random(seed), House(), Plain()
        theatre = theatre_of(impl, house)
        for _ in range(12):
            plain.fails = set(rng.sample(calls, rng.choice((0, 0, 1, 2, 5))))
            house.fails = {call: OSError(call) for call in plain.fails}
            by_hand = rng.choice(
                (
                    {},
                    {},
                    {"level": 30},
                    {"level": 10},
                    {"volume": 60},
                    {"is_on": True},
                    {"is_down": False},
                )
            )
            plain.is_like.update(by_hand)
            house.is_like.update(by_hand)
            if plain.movie is None and rng.random() < 0.7:
                want, got = plain.watch("Alien"), outcome_of(lambda t=theatre: t.watch("Alien"))
            else:
                want, got = plain.undo() or None, outcome_of(theatre.end)
            did = f"an evening (seed {seed}), where {sorted(plain.fails)} fail: "
            equal(house.log, plain.log, did=did + "calls so far")
            equal(got, want, did=did + "step and stuck that were reported")
            on = tuple(name for name, _ in plain.stack)
            equal((theatre.movie, theatre.on), (plain.movie, on), did=did + "movie and on")
