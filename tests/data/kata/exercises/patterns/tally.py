"""Tally: a number that threads add to. The topic that the tests of the kit grade.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  value() is the sum of what was added.
P2  What several threads add is all counted.
P3  wait_for(n, timeout) returns True once value() is at least n, False after the timeout.
P4  reset() sets the value to 0 and returns the old one.

Level: easy, 10 minutes.
Brief: exercises/patterns/tally.md
Grade: nox -s grade -- tally
"""

from __future__ import annotations


class Tally:
    """A number that threads add to."""

    def __init__(self) -> None:
        """Make a tally of 0."""
        raise NotImplementedError

    def add(self, n: int) -> None:
        """Add n."""
        raise NotImplementedError

    def value(self) -> int:
        """The sum so far."""
        raise NotImplementedError

    def wait_for(self, n: int, timeout: float) -> bool:
        """Wait until the value is at least n, at most so many seconds."""
        raise NotImplementedError

    def reset(self) -> int:
        """Set the value to 0 and return the old one."""
        raise NotImplementedError
