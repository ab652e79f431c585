"""Links in memory: gone with the process."""

import dataclasses
import threading

from contracts.services.url_shortener import Link


class MemoryRepository:
    """A dictionary under one lock that is held for a few instructions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._links: dict[str, Link] = {}

    def add(self, link: Link) -> bool:
        """Keep the link unless its code is taken."""
        with self._lock:
            if link.code in self._links:
                return False
            self._links[link.code] = link
            return True

    def get(self, code: str) -> Link | None:
        """Return the link as it is now. Links never change, they are replaced: no lock."""
        return self._links.get(code)

    def count_hit(self, code: str) -> None:
        """Add one hit."""
        with self._lock:
            link = self._links.get(code)
            if link is not None:
                self._links[code] = dataclasses.replace(link, hits=link.hits + 1)

    def delete(self, code: str) -> bool:
        """Mark the link as deleted; True for one caller."""
        with self._lock:
            link = self._links.get(code)
            if link is None or link.deleted:
                return False
            self._links[code] = dataclasses.replace(link, deleted=True)
            return True

    def close(self) -> None:
        """There is nothing to let go of."""
