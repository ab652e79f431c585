"""What a contender's process and the referee say to each other: one JSON object a line, one byte back."""

import json
import math
import socket
from collections.abc import Iterator
from typing import Any, Final

LONGEST: Final = 1 << 20
LONGEST_WHY: Final = 400


class Line:
    """The contender's end. A referee who is gone ends the contender with SystemExit."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def tell(self, **words: Any) -> None:
        """Send one object."""
        try:
            self._socket.sendall(json.dumps(words).encode("ascii") + b"\n")
        except OSError:
            raise SystemExit(1) from None

    def wait(self) -> int:
        """Wait until the referee says go; the number of the pass, from 0 to 255 and round again."""
        said = self._socket.recv(1)
        if not said:
            raise SystemExit(1)
        return said[0]


class Inbox:
    """The referee's end of the same: bytes in, objects out. What is no object is dropped."""

    def __init__(self) -> None:
        self._bytes = b""

    def read(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Yield the objects that are complete now."""
        *lines, self._bytes = (self._bytes + data).split(b"\n")
        if len(self._bytes) > LONGEST:
            self._bytes = b""
        for line in lines:
            try:
                words = json.loads(line)
            except ValueError:
                continue
            if isinstance(words, dict):
                yield words


def understood(words: dict[str, Any]) -> dict[str, Any]:
    """What a contender said of an operation, if it makes sense; else that it does not.

    The process that speaks runs a learner's code: nothing of it is taken on trust.
    """
    seconds, why = words.get("seconds"), words.get("why")
    if seconds is None:
        known = words.get("failed") == "not attempted"
        return {"failed": "not attempted" if known else "error", "why": str(why)[:LONGEST_WHY]}
    counts = [words.get("calls"), words.get("operations")]
    if not all(type(count) is int and count > 0 for count in counts):
        return {"failed": "error", "why": "it reported no whole number of calls and operations"}
    if not (isinstance(seconds, list) and seconds and all(map(_is_time, seconds))):
        return {"failed": "error", "why": "it reported no times"}
    return {
        "seconds": seconds,
        "calls": counts[0],
        "operations": counts[1],
        "sleep": words.get("sleep") is True,
    }


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0
