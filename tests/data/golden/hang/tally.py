"""A tally that is wrong: reset() never ends."""

import threading


class Tally:
    """A number that threads add to."""

    def __init__(self) -> None:
        self._n = 0
        self._grown = threading.Condition()

    def add(self, n: int) -> None:
        """Add n."""
        with self._grown:
            self._n += n
            self._grown.notify_all()

    def value(self) -> int:
        """The sum so far."""
        with self._grown:
            return self._n

    def wait_for(self, n: int, timeout: float) -> bool:
        """Wait until the value is at least n."""
        with self._grown:
            return bool(self._grown.wait_for(lambda: self._n >= n, timeout))

    def reset(self) -> int:
        """Set the value to 0 and return the old one."""
        with self._grown:
            old = self._n
            while self._n != 0: pass
            return old
