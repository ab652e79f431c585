"""A bounded store with waiting: three methods of about ten lines, for the bench of the simulation."""

import threading


class Store:
    """At most so many entries; `take` waits for a key."""

    def __init__(self, room: int) -> None:
        self.room, self.puts = room, 0
        self.entries: dict[str, object] = {}
        self.changed = threading.Condition()

    def put(self, key: str, value: object) -> bool:
        """Add an entry, waiting for room."""
        with self.changed:
            while len(self.entries) >= self.room and key not in self.entries:
                if not self.changed.wait(timeout=1):
                    return False
            self.entries[key] = value
            self.puts += 1
            self.changed.notify_all()
            return True

    def take(self, key: str) -> object:
        """Wait for an entry and take it out."""
        with self.changed:
            while key not in self.entries:
                self.changed.wait()
            value = self.entries.pop(key)
            if len(self.entries) < self.room:
                self.changed.notify_all()
            return value
