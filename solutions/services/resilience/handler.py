"""The HTTP front: routes, refusals, and what each failure of the call is answered with."""

import math
from collections.abc import Callable, Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.resilience import (
    MAX_MESSAGE,
    BadMessage,
    CallTimedOut,
    CircuitBreaker,
    CircuitOpen,
    Refused,
    Retry,
    Timeout,
)
from solutions import web
from solutions.web import Answer, as_json, method_of, read_json, reply


class ResilienceApp:
    """A WSGI application over one downstream. See the contract for routes and refusals."""

    def __init__(
        self,
        downstream: Callable[[str], str],
        retry: Retry,
        breaker: CircuitBreaker,
        timeout: Timeout,
        max_body_bytes: int = 20_000,
    ) -> None:
        if max_body_bytes < 1:
            raise ValueError(f"max_body_bytes must be at least 1, not {max_body_bytes}")
        self._downstream = downstream
        self._retry, self._breaker, self._timeout = retry, breaker, timeout
        self._max_body_bytes = max_body_bytes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return reply(self._answer, environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        path = environ.get("PATH_INFO", "")
        if path == "/health":
            return method_of(environ, {"GET": self._health, "HEAD": self._health})()
        if path != "/call":
            raise web.Refused(404, "there are only /call and /health")
        return method_of(environ, {"POST": self._call})(environ)

    def _health(self) -> Answer:
        status = self._breaker.status()
        content = {
            "state": status.state.value,
            "failures": status.failures,
            "retry_after": status.retry_after,
            "opened": status.opened,
            "refused": status.refused,
            "busy": self._timeout.busy(),
        }
        return as_json(200, content)

    def _call(self, environ: WSGIEnvironment) -> Answer:
        _check_media_type(environ)
        message, idempotent = _request(read_json(environ, self._max_body_bytes))
        try:
            said = self._through(lambda: self._downstream(message), again=idempotent)
        except Exception as error:
            failure = _failure(error)
            if failure.answer.status == HTTPStatus.BAD_GATEWAY:
                environ["wsgi.errors"].write(f"downstream failed: {error!r}\n")
            raise failure from error
        return as_json(200, {"reply": said})

    def _through(self, job: Callable[[], str], *, again: bool) -> str:
        def once() -> str:
            return self._breaker.call(lambda: self._timeout.call(job))

        return self._retry.call(once) if again else once()


def _check_media_type(environ: WSGIEnvironment) -> None:
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise web.Refused(415, "the body must be application/json")


def _request(content: dict[str, object]) -> tuple[str, bool]:
    """The message, and whether it may be sent twice."""
    message, idempotent = content.get("message"), content.get("idempotent", False)
    if not content.keys() <= {"message", "idempotent"}:
        raise web.Refused(400, "there are only message and idempotent")
    if not isinstance(idempotent, bool):
        raise web.Refused(400, "idempotent must be true or false")
    if not isinstance(message, str) or not 1 <= len(message) <= MAX_MESSAGE:
        raise web.Refused(400, f"message must be a text of 1 to {MAX_MESSAGE} characters")
    try:
        message.encode()
    except UnicodeEncodeError as error:
        raise web.Refused(400, "the message holds half of a surrogate pair") from error
    return message, idempotent


def _failure(error: Exception) -> web.Refused:
    """What the client is told: not the error's own text, which may name hosts and secrets."""
    match error:
        case BadMessage():
            return web.Refused(422, "the downstream does not take this message")
        case Refused():
            wait = error.retry_after if isinstance(error, CircuitOpen) else 0.0
            seconds = str(max(1, math.ceil(wait)))
            return web.Refused(503, "the downstream is not asked now", ("Retry-After", seconds))
        case CallTimedOut():
            return web.Refused(504, "the downstream did not answer in time")
    return web.Refused(502, "the downstream failed")
