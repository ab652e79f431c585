"""/metrics and /health."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.observability import Registry
from solutions.web import Answer, Refused, as_json, method_of, reply

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class OpsApp:
    """The WSGI application for those who watch. See the contract."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return reply(self._answer, environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        path = environ.get("PATH_INFO", "")
        serve = {"/metrics": self._metrics, "/health": self._health}.get(path)
        if serve is None:
            raise Refused(404, "there are only /metrics and /health")
        return method_of(environ, {"GET": serve, "HEAD": serve})()

    def _metrics(self) -> Answer:
        return Answer(200, self._registry.render().encode(), _TEXT)

    def _health(self) -> Answer:
        return as_json(200, {"status": "ok"})
