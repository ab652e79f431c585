"""The bulkhead: so many calls of an upstream at the same time and no more, and nobody queues."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from solutions.web import Refused


class Places:
    """The places of one upstream."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place. Refused (503), at once, if there is none."""
        with self._lock:
            if not self._free:
                raise Refused(503, "the upstream is busy")
            self._free -= 1
        try:
            yield
        finally:
            with self._lock:
                self._free += 1
