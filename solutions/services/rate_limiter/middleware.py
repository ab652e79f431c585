"""The WSGI front. It knows the limiter by its contract only."""

import json
import math
from collections.abc import Callable, Hashable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from contracts.services.rate_limiter import ClientLimiter, Decision

_MICROSECOND = 1e-6
_Headers = list[tuple[str, str]]


class RateLimitMiddleware:
    """Lets through what the limiter allows; answers the rest itself."""

    def __init__(
        self,
        app: WSGIApplication,
        limiter: ClientLimiter,
        key: Callable[[WSGIEnvironment], Hashable | None],
    ) -> None:
        self._app, self._limiter, self._key = app, limiter, key

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        client = self._key(environ)
        if client is None:
            return self._app(environ, start_response)
        decision = self._limiter.try_acquire(client)
        if not decision.allowed:
            return _too_many(decision, environ, start_response)
        return self._app(environ, _with_fields(decision, start_response))


def _with_fields(decision: Decision, start_response: StartResponse) -> StartResponse:
    fields = _fields(decision)

    def start(status: str, headers: _Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
        return start_response(status, [*headers, *fields], exc_info)

    return start


def _too_many(
    decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    body = json.dumps({"error": "too many requests"}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if decision.retry_after < math.inf:
        headers.append(("Retry-After", str(max(1, math.ceil(decision.retry_after)))))
    start_response("429 Too Many Requests", [*headers, *_fields(decision)])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _fields(decision: Decision) -> _Headers:
    limit, window = decision.limit, _seconds(decision.window)
    remaining, full = decision.remaining, _seconds(decision.full_after)
    return [
        ("RateLimit-Policy", f'"default";q={limit};w={window}'),
        ("RateLimit", f'"default";r={remaining};t={full}'),
    ]


def _seconds(exact: float) -> int:
    """Round up, but 7 / 0.7, which floats make a bit more than 10, to 10."""
    return math.ceil(max(0.0, exact - _MICROSECOND))
