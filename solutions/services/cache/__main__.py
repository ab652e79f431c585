"""The cache as a server on loopback: `python -m solutions.services.cache --port 8080`."""

import argparse
import contextlib
import math
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from socketserver import ThreadingMixIn
from types import FrameType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from solutions.services.cache import Cache, CacheApp

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
        app = CacheApp(Cache(options.capacity, options.ttl), options.max_value_bytes)
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


def _stop_on_signals(server: Server) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this very thread is running: ask from another one.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m solutions.services.cache", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="0 takes any free one")
    parser.add_argument("--capacity", type=int, default=10_000, help="entries")
    parser.add_argument("--ttl", type=float, default=math.inf, help="seconds; default: for ever")
    parser.add_argument("--max-value-bytes", type=int, default=1_000_000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
