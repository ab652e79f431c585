"""A service on loopback: one thread per request, a clean end on Ctrl-C or SIGTERM.

Enough to try a service out. In production a WSGI server would stand here, with a bounded number of
threads and a proxy in front.
"""

import argparse
import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Callable
from socketserver import TCPServer, ThreadingMixIn
from types import FrameType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import WSGIApplication

HOST = "127.0.0.1"
LINGER_SECONDS = 1.0
LINGER_READS = 64


class Server(ThreadingMixIn, WSGIServer):
    """A thread per request; closing waits for the requests that are being answered."""

    request_queue_size = 128

    def server_bind(self) -> None:
        """Bind without asking anybody for this machine's name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]
        self.setup_environ()

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
        """Answer one request, or none if the client stays silent or goes away."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            super().handle()


def parser(package: str, what: str) -> argparse.ArgumentParser:
    """The options of a service; all of them have a port."""
    made = argparse.ArgumentParser(prog=f"python -m {package}", description=what)
    made.add_argument("--port", type=int, default=8080, help="0 takes any free one")
    return made


def run(
    make: Callable[[], WSGIApplication],
    port: int,
    end: Callable[[], object] = lambda: None,
    handler: type[Handler] = Handler,
) -> int:
    """Serve what `make` returns until a signal, answer what has begun, call `end`; 0.

    2, with the reason in one line, if it cannot be made or the port cannot be had.
    """
    try:
        server = Server((HOST, port), handler)
    except (OSError, OverflowError) as error:
        return _cannot(error)
    with server:
        try:
            server.set_app(make())
        except (ValueError, OSError) as error:
            return _cannot(error)
        _stop_on_signals(server)
        print(f"listening on http://{HOST}:{server.server_port}", flush=True)
        server.serve_forever(poll_interval=0.1)
    end()
    print("stopped", flush=True)
    return 0


def _cannot(error: Exception) -> int:
    print(f"cannot start: {error}", file=sys.stderr)
    return 2


def _stop_on_signals(server: Server) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this very thread is running: ask from another one.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
