"""The HTTP front: routes and refusals. It knows the queue only by its contract."""

import dataclasses
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.job_queue import JobQueue, QueueFull, QueueStopped, UnknownJob
from solutions.web import Answer, Refused, as_json, method_of, read_json, reply

_PREFIX = "/jobs/"
_SHOWN = ("id", "kind", "status", "attempts", "result", "error")


class JobApp:
    """A WSGI application over one queue. See the contract for routes and refusals."""

    def __init__(
        self, queue: JobQueue, max_body_bytes: int = 100_000, retry_after: int = 1
    ) -> None:
        if max_body_bytes < 1 or retry_after < 1:
            raise ValueError("max_body_bytes and retry_after must be at least 1")
        self._queue = queue
        self._max_body_bytes = max_body_bytes
        self._retry_after = ("Retry-After", str(retry_after))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return reply(self._answer, environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        path = environ.get("PATH_INFO", "")
        if path == "/jobs":
            return method_of(environ, {"POST": self._submit})(environ)
        if path == "/stats":
            return method_of(environ, {"GET": self._stats, "HEAD": self._stats})()
        if not path.startswith(_PREFIX):
            raise Refused(404, "there are only /jobs, /jobs/<id> and /stats")
        job_id = path.removeprefix(_PREFIX)
        return method_of(environ, {"GET": self._get, "HEAD": self._get})(job_id)

    def _submit(self, environ: WSGIEnvironment) -> Answer:
        kind, payload = _order(read_json(environ, self._max_body_bytes))
        try:
            job_id = self._queue.submit(kind, payload)
        except (QueueFull, QueueStopped) as error:
            raise Refused(503, str(error), self._retry_after) from error
        except ValueError as error:
            raise Refused(400, str(error)[:200]) from error
        return as_json(202, {"id": job_id}, ("Location", _PREFIX + job_id))

    def _get(self, job_id: str) -> Answer:
        try:
            job = self._queue.get(job_id)
        except UnknownJob as error:
            raise Refused(404, "no such job is remembered") from error
        return as_json(200, {name: getattr(job, name) for name in _SHOWN})

    def _stats(self) -> Answer:
        return as_json(200, dataclasses.asdict(self._queue.stats()))


def _order(content: dict[str, Any]) -> tuple[str, Any]:
    """The kind and the payload that a request asks for."""
    kind = content.pop("kind", None)
    payload = content.pop("payload", None)
    if not isinstance(kind, str):
        raise Refused(400, "kind must be a text")
    if content:
        raise Refused(400, "there may be kind and payload, and nothing else")
    return kind, payload
