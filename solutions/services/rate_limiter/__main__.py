"""A rate-limited server on loopback: `python -m solutions.services.rate_limiter --port 8080`.

Every address may ask for `/` so often; `/health` is not limited.
"""

import argparse
import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Sequence
from socketserver import ThreadingMixIn
from types import FrameType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from solutions.services.rate_limiter import ClientLimiter, RateLimitMiddleware

HOST = "127.0.0.1"
LINGER_SECONDS = 1.0
LINGER_READS = 64


class Server(ThreadingMixIn, WSGIServer):
    """A thread per request; closing waits for the requests that are being answered."""

    request_queue_size = 128

    def shutdown_request(self, request: Any) -> None:
        """Close so that a client still sending a refused body can read why it was refused.

        Closing with unread bytes would reset the connection and may destroy the answer on its way.
        """
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            request.settimeout(LINGER_SECONDS)
            for _ in range(LINGER_READS):
                if not request.recv(65_536):
                    break
        self.close_request(request)


class Handler(WSGIRequestHandler):
    """Gives up on a client that is silent for ten seconds, so that it cannot hold up the stop."""

    timeout = 10.0

    def handle(self) -> None:
        """Answer one request, or none if the client stays silent."""
        with contextlib.suppress(TimeoutError):
            super().handle()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; then answer what has begun, and end with status 0."""
    options = _parser().parse_args(arguments)
    try:
        limiter = ClientLimiter(options.rate, options.capacity, options.max_clients)
        app = RateLimitMiddleware(hello, limiter, client_of)
        server = make_server(HOST, options.port, app, Server, Handler)
    except (ValueError, OSError, OverflowError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 2
    with server:
        _stop_on_signals(server)
        print(f"listening on http://{HOST}:{server.server_port}", flush=True)
        server.serve_forever(poll_interval=0.1)
    print("stopped", flush=True)
    return 0


def hello(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The application behind the limiter."""
    body = b"Hello.\n"
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]


def client_of(environ: WSGIEnvironment) -> str | None:
    """Who asks. Right only without a proxy in front; health checks are not limited."""
    return None if environ["PATH_INFO"] == "/health" else environ["REMOTE_ADDR"]


def _stop_on_signals(server: Server) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this very thread is running: ask from another one.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _parser() -> argparse.ArgumentParser:
    name = "python -m solutions.services.rate_limiter"
    parser = argparse.ArgumentParser(prog=name, description="A rate-limited server on loopback.")
    parser.add_argument("--port", type=int, default=8080, help="0 takes any free one")
    parser.add_argument("--rate", type=float, default=2.0, help="requests a second and address")
    parser.add_argument("--capacity", type=int, default=10, help="requests at once")
    parser.add_argument("--max-clients", type=int, default=100_000, help="addresses remembered")
    return parser


if __name__ == "__main__":
    sys.exit(main())
