"""An observed demo on loopback: `python -m solutions.services.observability --port 8080`.

`/`, `/hello/<name>`, `/slow` (streams for a while), `/fail` (raises), `/metrics`, `/health`. Log lines go
to standard error.
"""

import sys
import time
from collections.abc import Iterable, Sequence
from wsgiref.types import StartResponse, WSGIEnvironment

from solutions import serving
from solutions.services.observability import Log, Observed, OpsApp, Registry, request_id
from solutions.web import Answer, Refused, reply


class Demo:
    """The application that is observed."""

    def __init__(self, log: Log, ops: OpsApp) -> None:
        self._log, self._ops = log, ops

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        if path in {"/metrics", "/health"}:
            return self._ops(environ, start_response)
        if path == "/slow":
            return self._slow(start_response)
        return reply(self._answer, environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        path = environ["PATH_INFO"]
        if path == "/fail":
            raise LookupError("as /fail does")
        if path != "/" and not path.startswith("/hello/"):
            raise Refused(404, "there are /, /hello/<name>, /slow, /fail, /metrics and /health")
        self._log.info("greeted", name=path.removeprefix("/hello/"))
        return Answer(200, f"Hello, request {request_id()}.\n".encode(), "text/plain")

    def _slow(self, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        for number in range(3):
            time.sleep(0.2)
            self._log.info("step", number=number)
            yield b"step\n"


def route_of(environ: WSGIEnvironment) -> str | None:
    """The templates of the demo."""
    path = environ["PATH_INFO"]
    if path.startswith("/hello/"):
        return "/hello/<name>"
    return path if path in {"/", "/slow", "/fail", "/metrics", "/health"} else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = serving.parser("solutions.services.observability", "An observed demo.")
    parser.add_argument("--max-routes", type=int, default=100, help="label values of routes")
    options = parser.parse_args(arguments)
    registry, log = Registry(), Log(sys.stderr)
    demo = Demo(log, OpsApp(registry))
    return serving.run(
        lambda: Observed(demo, registry, log, route_of, options.max_routes), options.port
    )


if __name__ == "__main__":
    sys.exit(main())
