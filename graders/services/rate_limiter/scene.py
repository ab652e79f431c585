"""A greeting behind the rate limiter, on loopback: five requests at once, then one every two seconds."""

from collections.abc import Iterable
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from graders.kit import Implementation
from graders.kit.load import Shot

TRY: Final = (
    "curl -i {url}/",
    "for n in 1 2 3 4 5 6 7; do curl -s -o /dev/null -w '%{{http_code}}\\n' {url}/; done",
    "curl -i {url}/health      # not limited",
)
LOAD: Final = (
    Shot("GET", "/", (200, 429)),
    Shot("GET", "/health", 200, holds=b"Hello."),
)


def hello(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The application behind the limiter."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "7")])
    return [b"Hello.\n"]


def client_of(environ: WSGIEnvironment) -> str | None:
    """Who asks: right only without a proxy in front."""
    return None if environ["PATH_INFO"] == "/health" else environ["REMOTE_ADDR"]


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    limiter = impl.ClientLimiter(0.5, 5, 1_000)
    served: WSGIApplication = impl.RateLimitMiddleware(hello, limiter, client_of)
    return served
