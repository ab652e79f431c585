"""Loads under way: who loads which key, and who waits for whom.

Not thread-safe, apart from `Flight.wait`: the caller holds the lock.
"""

import threading
from collections.abc import Hashable
from typing import Any

from contracts.services.cache import LoadCycle


class Flight:
    """One call of a loader, and its outcome for everyone who waits for it."""

    def __init__(self, pilot: int) -> None:
        self.pilot = pilot
        self.landed = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._event = threading.Event()

    def land(self, value: Any = None, error: BaseException | None = None) -> None:
        """Hand the outcome to those who wait."""
        self._value, self._error = value, error
        self.landed = True
        self._event.set()

    def wait(self) -> Any:
        """Wait for the outcome: return the value or raise the loader's exception."""
        self._event.wait()
        if self._error is not None:
            raise self._error
        return self._value


class Flights:
    """The current flight of each key that is being loaded, and the graph of who waits."""

    def __init__(self) -> None:
        self._current: dict[Hashable, Flight] = {}
        self._waiting: dict[int, Flight] = {}  # thread -> the flight that it waits for

    def current(self, key: Hashable) -> Flight | None:
        """Return the load whose value everybody who asks for `key` now shall get."""
        return self._current.get(key)

    def start(self, key: Hashable, pilot: int) -> Flight:
        """Begin the load of `key` by the thread `pilot`."""
        flight = self._current[key] = Flight(pilot)
        return flight

    def disown(self, key: Hashable) -> None:
        """Forget the load of `key`: a later write has made its value out of date."""
        self._current.pop(key, None)

    def finish(self, key: Hashable, flight: Flight) -> bool:
        """End a load; say whether it was still the current one, so that its value counts."""
        if self._current.get(key) is not flight:
            return False
        del self._current[key]
        return True

    def board(self, passenger: int, flight: Flight) -> None:
        """Note that a thread is about to wait. LoadCycle if it would wait for itself.

        A thread waits for one flight at a time, so the chain of waiting has no branches: walk it.
        A flight that has landed holds up nobody, though its passengers may not have woken yet.
        """
        ahead: Flight | None = flight
        while ahead is not None and not ahead.landed:
            if ahead.pilot == passenger:
                raise LoadCycle("the value is being loaded by a loader that waits for this call")
            ahead = self._waiting.get(ahead.pilot)
        self._waiting[passenger] = flight

    def leave(self, passenger: int) -> None:
        """Note that a thread no longer waits."""
        del self._waiting[passenger]
