"""One request: who it is, and how it ended. Used by one thread at a time."""

import re
import time
import uuid
from collections.abc import Callable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.observability import ID_PATTERN

_VALID = re.compile(ID_PATTERN)
_HEADER = "X-Request-ID"


class Request:
    """What is noted about a request from its beginning to its end."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._started = time.monotonic()
        self.environ = environ
        self.id = _id(environ)
        self.method: str = environ["REQUEST_METHOD"]
        self.path = _path(environ)  # now: an application may shift it about
        self.bytes = 0
        self._status: int | None = None
        self._spoilt = False
        self._left: str | None = None  # the class of what left the application
        self._told: str | None = None  # the class of what it told start_response

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._started

    @property
    def status(self) -> int:
        """What the client is answered."""
        return 500 if self._status is None or self._spoilt else self._status

    @property
    def error(self) -> str | None:
        """The name of the class of what went wrong."""
        return self._left or self._told

    def failed(self, error: BaseException, *, answering: bool) -> None:
        """Note an exception; while answering, with nothing sent, the server answers 500 itself."""
        self._left = self._left or type(error).__name__
        self._spoilt = self._spoilt or (answering and not self.bytes)

    def sent(self, piece: bytes) -> None:
        """Note a piece of the body that was handed over."""
        self.bytes += len(piece)

    def starting(self, start_response: StartResponse) -> StartResponse:
        """`start_response` that adds the id and takes note of the status."""

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
        ) -> Callable[[bytes], object]:
            if exc_info:
                self._told = exc_info[0].__name__
            write = start_response(status, self._with_id(headers), exc_info)
            self._status = _number(status)
            return self._noting(write)

        return start

    def _with_id(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        others = [pair for pair in headers if pair[0].lower() != _HEADER.lower()]
        return [*others, (_HEADER, self.id)]

    def _noting(self, write: Callable[[bytes], object]) -> Callable[[bytes], object]:
        def noting(piece: bytes) -> None:
            write(piece)
            self.sent(piece)

        return noting


def _id(environ: WSGIEnvironment) -> str:
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _VALID.fullmatch(given) else uuid.uuid4().hex


def _path(environ: WSGIEnvironment) -> str:
    raw: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def _number(status: str) -> int | None:
    digits = status[:3]
    return int(digits) if re.fullmatch("[0-9]{3}", digits) else None
