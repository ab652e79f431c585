"""What several of the checks start from."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults


class Nowhere:
    """A stream that keeps nothing."""

    def write(self, text: str) -> None:
        """Forget it."""

    def flush(self) -> None:
        """Nothing is left."""


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The application."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"x"]


def start(*_: object) -> Callable[[bytes], object]:
    """A start_response that notes nothing."""
    return lambda _: None


class Lines:
    """A stream that keeps the lines."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        """Keep it."""
        self.text += text

    def flush(self) -> None:
        """Nothing is left."""

    def all(self) -> list[dict[str, Any]]:
        """The lines as JSON."""
        return [json.loads(line) for line in self.text.splitlines()]

    def ids(self) -> list[str]:
        """The id of each line."""
        return [line["request_id"] for line in self.all()]

    def last(self) -> dict[str, Any]:
        """The last line."""
        return self.all()[-1]


def environment(method: str = "GET", path: str = "/a", script: str = "") -> WSGIEnvironment:
    """A request."""
    environ: WSGIEnvironment = {"REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": script}
    setup_testing_defaults(environ)
    return environ
