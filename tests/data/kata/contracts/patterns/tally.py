"""Tally: a number that threads add to. The topic that the tests of the kit grade."""

from typing import Final, Protocol

TITLE: Final = "Tally"
LEVEL: Final = "easy"
MINUTES: Final = 10
IMPLEMENT: Final = ("Tally",)
PROMISES: Final = {
    "P1": "value() is the sum of what was added.",
    "P2": "What several threads add is all counted.",
    "P3": "wait_for(n, timeout) returns True once value() is at least n, False after the timeout.",
    "P4": "reset() sets the value to 0 and returns the old one.",
}


class Tally(Protocol):
    """A number that threads add to."""

    def add(self, n: int) -> None:
        """Add n."""
        ...

    def value(self) -> int:
        """The sum so far."""
        ...

    def wait_for(self, n: int, timeout: float) -> bool:
        """Wait until the value is at least n, at most so many seconds."""
        ...

    def reset(self) -> int:
        """Set the value to 0 and return the old one."""
        ...


class NewTally(Protocol):
    """How a tally is made."""

    def __call__(self) -> Tally:
        """Make a tally of 0."""
        ...
