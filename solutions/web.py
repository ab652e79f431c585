"""HTTP without a framework: what the handlers of the services have in common.

A handler turns the WSGI environment into an `Answer`, or raises `Refused`; `reply` sends either.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from wsgiref.types import StartResponse, WSGIEnvironment

_Serve = TypeVar("_Serve", bound=Callable[..., Any])
_BODILESS = {204, 304}
_PHRASES = {413: "Content Too Large"}  # RFC 9110; older Pythons know its former name


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    body: bytes = b""
    content_type: str = "application/octet-stream"
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """The request is answered with an error status, and a JSON object that says why."""

    def __init__(self, status: int, why: str, *headers: tuple[str, str]) -> None:
        super().__init__(why)
        self.answer = as_json(status, {"error": why}, *headers)


def as_json(status: int, content: object, *headers: tuple[str, str]) -> Answer:
    """An answer whose body is JSON."""
    return Answer(status, json.dumps(content).encode(), "application/json", headers)


def reply(
    answer: Callable[[WSGIEnvironment], Answer],
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Send what `answer` makes of the request; to HEAD without the body."""
    try:
        status, body, content_type, more = answer(environ)
    except Refused as refusal:
        status, body, content_type, more = refusal.answer
    headers = list(more)
    if status not in _BODILESS:
        headers += [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    phrase = _PHRASES.get(status) or HTTPStatus(status).phrase
    start_response(f"{status} {phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def method_of(environ: WSGIEnvironment, served: Mapping[str, _Serve]) -> _Serve:
    """What serves the method of this request. Refused (405, with Allow) if nothing does."""
    serve = served.get(environ["REQUEST_METHOD"])
    if serve is None:
        allowed = ", ".join(served)
        raise Refused(405, f"only {allowed} are served here", ("Allow", allowed))
    return serve


def read_body(environ: WSGIEnvironment, limit: int) -> bytes:
    """The body, of exactly the announced length. Refused: 411, 400, 413, or 400 if it ends early.

    Nothing is read of a body that is refused for its length.
    """
    announced = environ.get("CONTENT_LENGTH", "")
    if not announced or "HTTP_TRANSFER_ENCODING" in environ:
        raise Refused(411, "the body must come with its Content-Length")
    if not re.fullmatch("[0-9]+", announced):
        raise Refused(400, "Content-Length is not a number")
    digits = announced.lstrip("0") or "0"
    if len(digits) > len(str(limit)) or int(digits) > limit:  # int() itself refuses 5,000 digits
        raise Refused(413, f"a body may have {limit} bytes")
    length = int(digits)
    body = bytes(environ["wsgi.input"].read(length))
    if len(body) < length:
        raise Refused(400, f"the body ended after {len(body)} of {length} bytes")
    return body


def read_json(environ: WSGIEnvironment, limit: int) -> dict[str, Any]:
    """The body as a JSON object. Refused as `read_body`; 400 if it is none, or names a key twice."""
    try:
        content = json.loads(
            read_body(environ, limit).decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
        )
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is no JSON: {error}"[:200]) from error
    if not isinstance(content, dict):
        raise Refused(400, "the body is no JSON object")
    return content


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key is there twice")
    return content


def _constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
