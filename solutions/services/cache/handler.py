"""The HTTP front: routes, refusals, bodies. It knows the cache only by its contract."""

import dataclasses
import math
import re
from collections.abc import Iterable
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.cache import MAX_KEY_BYTES, Cache
from solutions.web import Answer, Refused, as_json, method_of, read_body, reply

_PREFIX = "/cache/"
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


class CacheApp:
    """A WSGI application over one cache. See the contract for routes and refusals."""

    def __init__(self, cache: Cache, max_value_bytes: int = 1_000_000) -> None:
        if max_value_bytes < 1:
            raise ValueError(f"max_value_bytes must be at least 1, not {max_value_bytes}")
        self._cache = cache
        self._max_value_bytes = max_value_bytes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return reply(self._answer, environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        path = environ.get("PATH_INFO", "")
        if path == "/stats":
            return method_of(environ, {"GET": self._stats, "HEAD": self._stats})()
        if not path.startswith(_PREFIX):
            raise Refused(404, "there are only /cache/<key> and /stats")
        served = {"GET": self._get, "HEAD": self._get, "PUT": self._put, "DELETE": self._delete}
        return method_of(environ, served)(_key(path), environ)

    def _stats(self) -> Answer:
        return as_json(200, dataclasses.asdict(self._cache.stats()))

    def _get(self, key: str, _environ: WSGIEnvironment) -> Answer:
        value = self._cache.get(key)
        if value is None:  # the values here are bytes, never None
            raise Refused(404, "no entry under this key")
        return Answer(200, value)

    def _put(self, key: str, environ: WSGIEnvironment) -> Answer:
        ttl = _ttl(environ.get("QUERY_STRING", ""))
        self._cache.put(key, read_body(environ, self._max_value_bytes), ttl)
        return Answer(204)

    def _delete(self, key: str, _environ: WSGIEnvironment) -> Answer:
        if not self._cache.delete(key):
            raise Refused(404, "no entry under this key")
        return Answer(204)


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
