"""Who may pass: the key, the token, the route. Each question refuses with its own status."""

import hashlib
import hmac
import math
import re
import threading
import time
from collections.abc import Mapping, Sequence

from contracts.services.gateway import METHODS, Client, Route
from solutions.web import Refused

_BEARER = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)
_ROUNDING = 1e-7  # seconds by which floats may miss an instant; the contract allows ten times that


class Keys:
    """Finds out who gave a key, in a time that says nothing about the keys."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._known = [(_digest(key), client.name) for client in clients for key in client.keys]

    def owner(self, headers: Mapping[str, str]) -> str:
        """The client's name. Refused: 401."""
        given = _digest(_given_key(headers))
        name = ""
        for known, owner in self._known:  # all of them: leaving early would tell which one it was
            if hmac.compare_digest(known, given):
                name = owner
        if not name:
            raise _unknown()
        return name


class Bucket:
    """The tokens of one client."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._lock = threading.Lock()
        self._tokens, self._since = float(burst), time.monotonic()

    def take(self) -> None:
        """Take one token. Refused: 429, with the seconds after which there is one."""
        with self._lock:
            now = time.monotonic()  # under the lock: an older reading would count time twice
            gained = (now - self._since) * self._rate
            self._tokens, self._since = min(float(self._burst), self._tokens + gained), now
            wait = (1 - self._tokens) / self._rate
            if wait <= _ROUNDING:
                self._tokens -= 1
                return
        seconds = max(1, math.ceil(wait - _ROUNDING))
        raise Refused(429, "too many requests", ("Retry-After", str(seconds)))


class Routes:
    """Finds the longest prefix by looking up the path, then without its last segment, and so on."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._by_prefix = {route.prefix: route for route in routes}

    def find(self, path: str, client: str, method: str) -> Route:
        """The route for this request. Refused: 404, 403, 405."""
        route = self._longest(path)
        if route is None:
            raise Refused(404, "there is nothing at this path")
        if route.clients is not None and client not in route.clients:
            raise Refused(403, "this key does not open this path")
        if method not in route.methods:
            allowed = ", ".join(each for each in METHODS if each in route.methods)
            raise Refused(405, f"only {allowed} are served here", ("Allow", allowed))
        return route

    def _longest(self, path: str) -> Route | None:
        while path not in self._by_prefix and path:
            path = path.rpartition("/")[0]
        return self._by_prefix.get(path or "/")


def _given_key(headers: Mapping[str, str]) -> str:
    bearer, plain = headers.get("authorization"), headers.get("x-api-key")
    if (bearer is None) == (plain is None):
        raise _unknown()
    if plain is not None:
        return plain.strip(" \t")
    match = _BEARER.fullmatch((bearer or "").strip(" \t"))
    if match is None:
        raise _unknown()
    return match[1]


def _digest(key: str) -> bytes:
    """Of equal length for all, so that comparing does not tell the length of a key."""
    return hashlib.sha256(key.encode("latin-1")).digest()


def _unknown() -> Refused:
    return Refused(401, "one valid key is needed", ("WWW-Authenticate", "Bearer"))
