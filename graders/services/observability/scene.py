"""A greeting, observed: its log lines appear below, its metrics under /metrics."""

import sys
from collections.abc import Iterable
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from graders.kit import Implementation
from graders.kit.load import Shot

TRY: Final = (
    "curl -i {url}/hello/ada",
    "curl -i -H 'X-Request-ID: my-own-id' {url}/hello/ada",
    "curl -i -H 'X-Request-ID: not valid' {url}/hello/ada",
    "curl -i {url}/fail",
    "for n in 1 2 3 4 5; do curl -s -o /dev/null {url}/scan/$n; done",
    "curl {url}/metrics",
)
LOAD: Final = (
    Shot("GET", "/hello/$n", 200, holds=b"You are request "),
    Shot("GET", "/hello/$n", 200, holds=b"$n-id", headers={"X-Request-ID": "$n-id"}),
    Shot("GET", "/scan/$n", 404),
    Shot("GET", "/fail", 500),
    Shot("GET", "/metrics", 200, holds=b"http_requests_total"),
)


def route_of(environ: WSGIEnvironment) -> str | None:
    """The templates of this application."""
    path = environ["PATH_INFO"]
    if path.startswith("/hello/"):
        return "/hello/<name>"
    return path if path in {"/fail", "/metrics", "/health"} else None


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    registry, log = impl.Registry(), impl.Log(sys.stdout)
    ops = impl.OpsApp(registry)

    def greet(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/fail":
            raise LookupError("as /fail does")
        if not path.startswith("/hello/"):
            answer: Any = ops(environ, start_response)
            return list(answer)
        log.info("greeted", name=path.removeprefix("/hello/"))
        body = f"Hello. You are request {impl.request_id()}.\n".encode()
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    served: WSGIApplication = impl.Observed(greet, registry, log, route_of)
    return served
