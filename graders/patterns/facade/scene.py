"""An evening at the home theatre: a film, a lamp that is broken, and a screen that does not go up."""

from typing import Any

from contracts.patterns.facade import Devices, EndFailed, Step, StepFailed
from graders.kit import Implementation


class Device:
    """All five in one: prints what is done to it."""

    def __init__(self) -> None:
        self.level, self.volume, self.is_down, self.is_on = 30, 20, False, False
        self.broken: set[str] = set()

    def say(self, text: str, **change: Any) -> None:
        """Print it; fail if it is broken."""
        works = text not in self.broken
        print(f"  {text}" + ("" if works else "   <- does not work"))
        if not works:
            raise OSError(f"{text}: no answer")
        vars(self).update(change)

    def dim(self, level: int) -> None:
        """Of the lights."""
        self.say(f"lights to {level} %", level=level)

    def lower(self) -> None:
        """Of the screen."""
        self.say("screen down", is_down=True)

    def lift(self) -> None:
        """Of the screen."""
        self.say("screen up", is_down=False)

    def on(self) -> None:
        """Of the projector."""
        self.say("projector on", is_on=True)

    def off(self) -> None:
        """Of the projector."""
        self.say("projector off", is_on=False)

    def set_volume(self, volume: int) -> None:
        """Of the amplifier."""
        self.say(f"volume to {volume} %", volume=volume)

    def play(self, movie: str) -> None:
        """Of the player."""
        self.say(f"playing {movie}")

    def stop(self) -> None:
        """Of the player."""
        self.say("player stops")


def play(impl: Implementation) -> None:
    """Watch three films."""
    device = Device()

    def popcorn(movie: str) -> Any:
        device.say(f"popcorn for {movie}")
        return lambda: device.say("no more popcorn")

    theatre = impl.HomeTheatre(Devices(*[device] * 5), [Step("popcorn", popcorn)])
    print("with theatre.watching('Alien'):")
    with theatre.watching("Alien"):
        print(f"    ... {theatre.movie} ...")
    print("watch('Brazil'), the lamp of the projector is broken: what was done is undone")
    device.broken = {"projector on"}
    try:
        theatre.watch("Brazil")
    except StepFailed as failed:
        print(f"  StepFailed: {failed}, because of {failed.__cause__!r}")
    print("watch('Clue') and end(), the screen is stuck: the others are undone all the same")
    device.broken = {"screen up"}
    theatre.watch("Clue")
    try:
        theatre.end()
    except EndFailed as failed:
        print(f"  EndFailed: {failed}")
    print(f"still on: {theatre.on}; end() tries that again")
    device.broken = set()
    theatre.end()
