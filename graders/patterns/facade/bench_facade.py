"""How much the remote control costs beside the devices. Never a verdict.

Sizes: five devices that do nothing; no extra steps, or 100.
Keys: one film.
Mix: watch, then end; or a film whose last step fails.
Threads: one.
"""

from contextlib import suppress
from typing import Any

import pytest

from contracts.patterns.facade import Devices, Step, StepFailed
from graders.kit import Implementation


class Device:
    """All five in one; nothing is as wanted, so that each step is done."""

    level, volume, is_down, is_on = 70, 20, False, False

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken

    def nothing(self, value: object = None) -> None:
        """Whatever it is."""

    dim = lower = lift = on = off = set_volume = stop = nothing

    def play(self, movie: str) -> None:
        """Fail, or not."""
        if self.broken:
            raise OSError(movie)


def theatre_of(contender: Implementation, extra: int, *, broken: bool = False) -> Any:
    """A theatre with so many extra steps."""
    steps = [Step(f"step {number}", lambda movie: int) for number in range(extra)]
    return contender.HomeTheatre(Devices(*[Device(broken=broken)] * 5), steps)


@pytest.mark.parametrize("extra", [0, 100])
def test_a_film(benchmark: Any, contender: Implementation, extra: int) -> None:
    """`watch`, then `end` (extra steps in brackets)."""
    theatre = theatre_of(contender, extra)

    def films() -> None:
        for _ in range(20):
            theatre.watch("Alien")
            theatre.end()

    benchmark.extra_info["operations"] = 20
    benchmark(films)


def test_a_film_that_fails(benchmark: Any, contender: Implementation) -> None:
    """`watch` with 100 extra steps, whose last step fails: everything is rolled back."""
    theatre = theatre_of(contender, 100, broken=True)

    def films() -> None:
        for _ in range(10):
            with suppress(StepFailed):
                theatre.watch("Alien")

    benchmark.extra_info["operations"] = 10
    benchmark(films)
