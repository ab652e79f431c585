"""Log lines: JSON that nothing can break, written one at a time."""

import json
import math
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.services.observability import MAX_TEXT, REDACTED, SECRET_WORDS, Stream
from solutions.services.observability.context import request_id
from solutions.services.observability.exposition import clean

_LIMIT = 2**63


class Log:
    """Writes a line for each call. See the contract."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._lock = threading.Lock()  # over the stream, also while it is slow
        self._counting = threading.Lock()
        self._lost = 0

    def info(self, event: str, /, **fields: Any) -> None:
        """Write a line with the level "info"."""
        self._write(line_of("info", event, fields))

    def error(self, event: str, /, **fields: Any) -> None:
        """Write a line with the level "error"."""
        self._write(line_of("error", event, fields))

    def lost(self) -> int:
        """Return how many lines have been lost."""
        with self._counting:
            return self._lost

    def _write(self, line: str) -> None:
        try:
            with self._lock:
                self._stream.write(line)
                self._stream.flush()
        except Exception:  # noqa: BLE001 - a full disk is no reason to fail a request
            with self._counting:
                self._lost += 1


def line_of(level: str, event: str, fields: Mapping[str, Any]) -> str:
    """The line, with its newline."""
    content: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": level,
        "event": _plain(event),
        "request_id": request_id(),
    }
    for name, value in fields.items():
        if name not in content:
            content[clean(name)] = REDACTED if _is_secret(name) else _plain(value)
    return json.dumps(content, allow_nan=False) + "\n"  # ASCII: nothing in it can break the line


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET_WORDS)


def _plain(value: object) -> object:
    """What JSON has for `value`, or a text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -_LIMIT <= value < _LIMIT:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    text = value if isinstance(value, str) else _repr(value)
    return clean(text[:MAX_TEXT])


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - an object in any state may be logged
        return type(value).__name__
