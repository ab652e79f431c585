"""What several of the checks start from."""

from collections.abc import Callable
from functools import partialmethod
from typing import Any

from contracts.patterns.facade import Devices, Step
from graders.kit import Implementation, ensure, raises


class House:
    """All five devices in one object: writes down what is done, fails and calls back when told."""

    def __init__(self, **state: Any) -> None:
        self.log: list[str] = []
        self.fails: dict[str, BaseException] = {}
        self.then: dict[str, Callable[[], object]] = {}
        self.is_like: dict[str, Any] = {"level": 70, "volume": 20, "is_down": False, "is_on": False}
        self.is_like.update(state)
        self.devices = Devices(*[self] * 5)

    def call(self, name: str, **change: Any) -> None:
        """Note the call, call back, fail, or else change."""
        self.log.append(name)
        self.then.get(name, int)()
        self.look(name)
        self.is_like.update(change)

    def look(self, name: str) -> Any:
        """How a device is; whatever is done or asked may fail."""
        if name in self.fails:
            raise self.fails[name]
        return self.is_like.get(name)

    def step(self, name: str) -> Step:
        """An extra step of this name."""

        def do(movie: str) -> Callable[[], object]:
            self.call(f"{name} {movie}")
            return lambda: self.call(f"{name} off")

        return Step(name, do)

    def news(self) -> list[str]:
        """What has been done since the last time."""
        log, self.log = self.log, []
        return log

    level = property(lambda self: self.look("level"))
    volume = property(lambda self: self.look("volume"))
    is_down = property(lambda self: self.look("is_down"))
    is_on = property(lambda self: self.look("is_on"))
    lower, lift = (
        partialmethod(call, "lower", is_down=True),
        partialmethod(call, "lift", is_down=False),
    )
    on, off = partialmethod(call, "on", is_on=True), partialmethod(call, "off", is_on=False)
    stop = partialmethod(call, "stop")

    def dim(self, level: int) -> None:
        self.call(f"dim {level}", level=level)

    def set_volume(self, volume: int) -> None:
        self.call(f"set_volume {volume}", volume=volume)

    def play(self, movie: str) -> None:
        self.call(f"play {movie}")


def theatre_of(impl: Implementation, house: House) -> Any:
    """A theatre with two extra steps."""
    return impl.HomeTheatre(house.devices, [house.step("popcorn"), house.step("phone")])


def noted(error: BaseException) -> str:
    """All its notes."""
    return "\n".join(getattr(error, "__notes__", ()))


def passes(error: BaseException, job: Callable[[], object], did: str) -> None:
    """The job raises this very exception."""
    got = raises(type(error), job, did=did)
    ensure(got is error, did=did, want=f"raises the very {type(error).__name__}", got=got)
