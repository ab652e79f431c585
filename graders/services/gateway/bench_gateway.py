"""How fast a gateway is. Never a verdict.

Sizes: 100 routes and 20 clients with two keys each; answers of 1,000 bytes; a body of 10,000 bytes.
Keys: the path and the client change with every request, in turn.
Mix: requests that are forwarded, requests that are refused, and whole exchanges of a transport.
Threads: one; upstream and connection are in memory, so no network is measured.
"""

import io
from typing import Any
from wsgiref.util import setup_testing_defaults

from contracts.services.gateway import Client, Route, Upstream, UpstreamRequest, UpstreamResponse
from graders.kit import Implementation

CALLS = 20
ANSWER = UpstreamResponse(200, (("Content-Type", "text/plain"), ("ETag", '"1"')), b"x" * 1_000)
WIRE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1_000
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"64\r\n%s\r\n" % (b"x" * 100) * 10
)


class Behind:
    """An upstream in memory."""

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        """Answer at once."""
        return ANSWER


class Line:
    """A connection in memory, on which one answer comes."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)
        self.recv, self.recv_into = self._stream.read, self._stream.readinto

    def settimeout(self, seconds: float | None) -> None:
        """Nothing waits."""

    def sendall(self, data: bytes) -> None:
        """Nobody reads it."""

    def makefile(self, _mode: str) -> Any:
        """As of a socket."""
        return io.BufferedReader(self._stream)  # type: ignore[type-var]

    def close(self) -> None:
        """Nothing happens."""


def gateway(contender: Implementation) -> Any:
    """A gateway with 100 routes and 20 clients."""
    routes = [Route(f"/service/{n}", Upstream("behind", n + 1)) for n in range(100)]
    clients = [
        Client(f"client-{n}", (f"first-key-{n}", f"other-key-{n}"), 1e9, 10**9) for n in range(20)
    ]
    return contender.Gateway(routes, clients, Behind())


def ask(app: Any, requests: list[dict[str, Any]]) -> None:
    """Send these requests."""
    for environ in requests:
        environ["wsgi.input"].seek(0)
        for _ in app(environ, lambda *_: None):
            pass


def requests(key: str, body: bytes = b"") -> list[dict[str, Any]]:
    """Requests with a browser's headers to different paths, of different clients."""
    made = []
    for number in range(CALLS):
        environ: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1"}
        setup_testing_defaults(environ)
        environ |= {
            "REQUEST_METHOD": "POST" if body else "GET",
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "PATH_INFO": f"/service/{number * 5}/items/{number}",
            "QUERY_STRING": "page=2&size=50",
            "HTTP_AUTHORIZATION": f"Bearer {key}-{number}",
            "HTTP_CONNECTION": "keep-alive",
            "HTTP_ACCEPT": "application/json",
            "HTTP_USER_AGENT": "bench/1.0 (of a gateway)",
            "HTTP_COOKIE": "a=1; b=2; c=3",
            "wsgi.input": io.BytesIO(body),
        }
        made.append(environ)
    return made


def test_forwarded(benchmark: Any, contender: Implementation) -> None:
    """GET with a good key: admitted, forwarded and answered."""
    app, asked = gateway(contender), requests("other-key")
    benchmark.extra_info["operations"] = CALLS
    benchmark(lambda: ask(app, asked))


def test_forwarded_with_a_body(benchmark: Any, contender: Implementation) -> None:
    """POST of 10,000 bytes with a good key."""
    app, asked = gateway(contender), requests("first-key", b"v" * 10_000)
    benchmark.extra_info["operations"] = CALLS
    benchmark(lambda: ask(app, asked))


def test_refused(benchmark: Any, contender: Implementation) -> None:
    """GET with a key that nobody has: 401."""
    app, asked = gateway(contender), requests("wrong-key")
    benchmark.extra_info["operations"] = CALLS
    benchmark(lambda: ask(app, asked))


def exchange(contender: Implementation, data: bytes) -> Any:
    """One whole `send` of a transport, answered by these bytes."""
    transport = contender.HttpTransport(lambda _address, _seconds: Line(data))
    request = UpstreamRequest("GET", "/a?b", (("Host", "behind:1"), ("Accept", "*/*")))
    return lambda: [transport.send(("behind", 1), request, 5.0, 10_000) for _ in range(CALLS)]


def test_exchange(benchmark: Any, contender: Implementation) -> None:
    """`send`, answered with 1,000 bytes of a known length."""
    benchmark.extra_info["operations"] = CALLS
    benchmark(exchange(contender, WIRE))


def test_exchange_in_chunks(benchmark: Any, contender: Implementation) -> None:
    """`send`, answered with 1,000 bytes in ten chunks."""
    benchmark.extra_info["operations"] = CALLS
    benchmark(exchange(contender, CHUNKED + b"0\r\n\r\n"))
