"""Lines from standard input, waited for with a limit.

The terminal stays in its ordinary line mode (no readline): a process that is killed leaves nothing behind in it.
"""

import os
import select


class Keyboard:
    """Reads lines of a descriptor. EOFError at its end, or when the terminal is gone."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor, self._bytes, self._ended = descriptor, b"", False

    @property
    def is_terminal(self) -> bool:
        """Whether somebody types."""
        return os.isatty(self._descriptor)

    def line(self, seconds: float | None = None) -> str | None:
        """The next line without its end; None if none came within so many seconds."""
        while b"\n" not in self._bytes and not self._ended:
            ready, _, _ = select.select([self._descriptor], [], [], seconds)
            if not ready:
                return None
            self._read()
        if self._ended and not self._bytes:
            raise EOFError
        line, _, self._bytes = self._bytes.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def _read(self) -> None:
        try:
            got = os.read(self._descriptor, 65_536)
        except OSError:  # the terminal was closed
            got = b""
        self._bytes += got
        self._ended = not got
