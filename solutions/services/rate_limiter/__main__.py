"""A rate-limited server on loopback: `python -m solutions.services.rate_limiter --port 8080`.

Every address may ask for `/` so often; `/health` is not limited.
"""

import sys
from collections.abc import Iterable, Sequence
from wsgiref.types import StartResponse, WSGIEnvironment

from solutions import serving
from solutions.services.rate_limiter import ClientLimiter, RateLimitMiddleware


def hello(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The application behind the limiter."""
    body = b"Hello.\n"
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]


def client_of(environ: WSGIEnvironment) -> str | None:
    """Who asks. Right only without a proxy in front; health checks are not limited."""
    return None if environ["PATH_INFO"] == "/health" else environ["REMOTE_ADDR"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = serving.parser("solutions.services.rate_limiter", "A rate-limited server.")
    parser.add_argument("--rate", type=float, default=2.0, help="requests a second and address")
    parser.add_argument("--capacity", type=int, default=10, help="requests at once")
    parser.add_argument("--max-clients", type=int, default=100_000, help="addresses remembered")
    options = parser.parse_args(arguments)
    return serving.run(
        lambda: RateLimitMiddleware(
            hello, ClientLimiter(options.rate, options.capacity, options.max_clients), client_of
        ),
        options.port,
    )


if __name__ == "__main__":
    sys.exit(main())
