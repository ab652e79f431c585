"""The HTTP front: routes, refusals, bodies. It knows the cache only by its contract."""

import dataclasses
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.cache import MAX_KEY_BYTES, Cache

_Serve = TypeVar("_Serve", bound=Callable[..., Any])

_PREFIX = "/cache/"
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_REASONS = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    414: "URI Too Long",
}


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    body: bytes = b""
    content_type: str = "application/octet-stream"
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """The request is answered with an error status."""

    def __init__(self, status: int, why: str, *headers: tuple[str, str]) -> None:
        super().__init__(why)
        self.answer = _json(status, {"error": why})._replace(headers=headers)


class CacheApp:
    """A WSGI application over one cache. See the contract for routes and refusals."""

    def __init__(self, cache: Cache, max_value_bytes: int = 1_000_000) -> None:
        if max_value_bytes < 1:
            raise ValueError(f"max_value_bytes must be at least 1, not {max_value_bytes}")
        self._cache = cache
        self._max_value_bytes = max_value_bytes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            answer = self._answer(environ)
        except Refused as refusal:
            answer = refusal.answer
        headers = list(answer.headers)
        if answer.status != 204:
            headers.append(("Content-Type", answer.content_type))
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {_REASONS[answer.status]}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        path = environ.get("PATH_INFO", "")
        if path == "/stats":
            return _serving(environ, {"GET": self._stats, "HEAD": self._stats})()
        if not path.startswith(_PREFIX):
            raise Refused(404, "there are only /cache/<key> and /stats")
        served = {"GET": self._get, "HEAD": self._get, "PUT": self._put, "DELETE": self._delete}
        return _serving(environ, served)(_key(path), environ)

    def _stats(self) -> Answer:
        return _json(200, dataclasses.asdict(self._cache.stats()))

    def _get(self, key: str, _environ: WSGIEnvironment) -> Answer:
        value = self._cache.get(key)
        if value is None:  # the values here are bytes, never None
            raise Refused(404, "no entry under this key")
        return Answer(200, value)

    def _put(self, key: str, environ: WSGIEnvironment) -> Answer:
        ttl = _ttl(environ.get("QUERY_STRING", ""))
        self._cache.put(key, _body(environ, self._max_value_bytes), ttl)
        return Answer(204)

    def _delete(self, key: str, _environ: WSGIEnvironment) -> Answer:
        if not self._cache.delete(key):
            raise Refused(404, "no entry under this key")
        return Answer(204)


def _serving(environ: WSGIEnvironment, served: dict[str, _Serve]) -> _Serve:
    serve = served.get(environ["REQUEST_METHOD"])
    if serve is None:
        allowed = ", ".join(served)
        raise Refused(405, f"only {allowed} are served here", ("Allow", allowed))
    return serve


def _key(path: str) -> str:
    raw = path.removeprefix(_PREFIX).encode("latin-1")  # WSGI hands bytes over as latin-1 text
    if not raw:
        raise Refused(400, "the key is empty")
    try:
        key = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(400, "the key is not UTF-8") from error
    if len(raw) > MAX_KEY_BYTES:
        raise Refused(414, f"the key has {len(raw)} bytes, {MAX_KEY_BYTES} are allowed")
    return key


def _ttl(query: str) -> float | None:
    values = parse_qs(query, keep_blank_values=True).get("ttl", [])
    if not values:
        return None
    if len(values) > 1:
        raise Refused(400, "ttl is given more than once")
    seconds = float(values[0]) if _SECONDS.fullmatch(values[0]) else math.nan
    if not 0 < seconds < math.inf:
        raise Refused(400, "ttl must be a number of seconds above 0, such as 30 or 0.5")
    return seconds


def _body(environ: WSGIEnvironment, limit: int) -> bytes:
    announced = environ.get("CONTENT_LENGTH", "")
    if not announced or "HTTP_TRANSFER_ENCODING" in environ:
        raise Refused(411, "a value must come with its Content-Length")
    if not re.fullmatch("[0-9]+", announced):
        raise Refused(400, "Content-Length is not a number")
    digits = announced.lstrip("0") or "0"
    if len(digits) > len(str(limit)) or int(digits) > limit:  # int() itself refuses 5,000 digits
        raise Refused(413, f"values may have {limit} bytes")
    length = int(digits)
    body = bytes(environ["wsgi.input"].read(length))
    if len(body) < length:
        raise Refused(400, f"the body ended after {len(body)} of {length} bytes")
    return body


def _json(status: int, content: object) -> Answer:
    return Answer(status, json.dumps(content).encode(), "application/json")
