"""HTTP for checks: a WSGI application called in process, or served on loopback to real clients.

`call` needs neither sockets nor threads and so works inside a simulation; every call also runs
under `wsgiref.validate`. `serving`, `request` and `raw` use the real network and real time: outside
of simulations only. Time limits here end a hang; they decide nothing else.
"""

import http.client
import io
import json
import socket
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socketserver import TCPServer
from typing import IO, Any
from urllib.parse import unquote_to_bytes
from wsgiref import validate
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import WSGIApplication
from wsgiref.util import setup_testing_defaults

from graders.kit.expect import CheckFailed, ensure, equal, show

Address = tuple[str, int]
Headers = Mapping[str, str | None]

LIMIT_SECONDS = 10.0
LINGER_BYTES = 4_000_000


@dataclass(frozen=True)
class Response:
    """What came back. Header names are compared without regard to case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, several of one name joined by commas; None if there is none."""
        values = self.header_values(name)
        return ", ".join(values) if values else None

    def header_values(self, name: str) -> list[str]:
        """The values of each header of that name, in the order in which they came."""
        return [value for other, value in self.headers if other.lower() == name.lower()]

    def json(self) -> Any:
        """The body as JSON; CheckFailed if it is none."""
        try:
            return json.loads(self.body, parse_constant=_no_json)
        except ValueError as error:
            raise CheckFailed(
                did=f"read the body of the answer {self.status}", want="JSON", got=show(self.body)
            ) from error


def _no_json(name: str) -> object:
    """Refuse NaN and Infinity, which Python writes and reads and JSON does not have."""
    raise ValueError(f"{name} is no JSON")


def call(  # noqa: PLR0917 - the order in which a request is written
    app: WSGIApplication,
    method: str,
    path: str,
    body: bytes | IO[bytes] = b"",
    headers: Headers | None = None,
    query: str = "",
    *,
    environ: Mapping[str, object] | None = None,
) -> Response:
    """Call a WSGI application with one request, and read its answer to the end.

    `path` is written as on the wire, percent-encoded. Content-Length is that of `body`, unless
    `headers` give another; None as a header's value leaves it away. A `body` with a read method is
    handed over as it is. `environ` is added to the environment last.

    Exceptions of the application pass through. CheckFailed if it breaks the rules of WSGI.
    """
    request_environ = _environ(method, path, body, headers or {}, query)
    request_environ.update(environ or {})
    did = f"{method} {path}, called in process"
    answer = _Answer()
    try:
        result = validate.validator(app)(request_environ, answer.start)
        try:
            for chunk in result:
                answer.write(chunk)
        finally:
            result.close()  # type: ignore[attr-defined]  # what the validator returns has one
    except AssertionError as error:
        where = traceback.extract_tb(error.__traceback__)[-1].filename
        if where not in {validate.__file__, __file__}:
            raise  # an assertion of the application's own
        raise CheckFailed(
            did=did, want="an answer as WSGI (PEP 3333) has it", got=str(error)
        ) from error
    return answer.response(did)


def bare(
    app: Callable[..., Iterable[bytes]],
    method: str = "GET",
    path: str | bytes = b"/",
    body: bytes | IO[bytes] = b"",
    **environ: str,
) -> Response:
    """Call a WSGI application with exactly this environment, of which `call` would not approve.

    The path is not decoded, no Content-Length is added, and nothing is validated.
    """
    asked: dict[str, object] = {}
    setup_testing_defaults(asked)
    asked |= {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.decode("latin-1") if isinstance(path, bytes) else path,
        "QUERY_STRING": "",
        "wsgi.input": io.BytesIO(body) if isinstance(body, bytes) else body,
    }
    answer = _Answer()
    result = app({**asked, **environ}, answer.start)
    for chunk in result:
        answer.write(chunk)
    if hasattr(result, "close"):
        result.close()
    return answer.response(f"{method} {path!r}, called in process")


class _Answer:
    """The server's side of one WSGI call."""

    def __init__(self) -> None:
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._body = b""

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        if exc_info and self._body:
            raise exc_info[1].with_traceback(exc_info[2])  # too late to take the first answer back
        if self._status and not exc_info:
            raise AssertionError("start_response was called a second time without exc_info")
        self._status, self._headers = status, list(headers)
        return self.write

    def write(self, chunk: bytes) -> None:
        self._body += chunk

    def response(self, did: str) -> Response:
        if not self._status:
            raise CheckFailed(did=did, want="start_response is called", got="it was not")
        return Response(int(self._status.split()[0]), self._headers, self._body)


def _environ(
    method: str, path: str, body: bytes | IO[bytes], headers: Headers, query: str
) -> dict[str, Any]:
    path, _, tail = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query or tail,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": io.BytesIO(body) if isinstance(body, bytes) else body,
        "wsgi.multithread": True,
    }
    for name, value in _with_length(method, body, headers).items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_LENGTH", "CONTENT_TYPE"} else "HTTP_" + key] = value
    setup_testing_defaults(environ)
    environ["wsgi.errors"] = io.StringIO()
    return environ


def _with_length(method: str, body: bytes | IO[bytes], headers: Headers) -> dict[str, str]:
    """The headers to send: Content-Length added if nothing was said of it, None ones left away."""
    said = {name.lower() for name in headers}
    whole = {name: value for name, value in headers.items() if value is not None}
    carries = bool(body) or method in {"POST", "PUT", "PATCH"}
    if isinstance(body, bytes) and carries and "content-length" not in said:
        whole["Content-Length"] = str(len(body))
    return whole


@contextmanager
def serving(app: WSGIApplication, port: int = 0) -> Iterator[Address]:
    """Serve `app` on a port of loopback (0 = a free one), each request in a thread of its own.

    Yields the address. At the end the server is closed, connections that are still open are cut,
    and no thread is left, unless the application itself does not return (then, after some seconds,
    CheckFailed). Exceptions of the application answer 500 and go to standard error.
    """
    server = _Server(app, port)
    accepting = threading.Thread(target=server.accept_all, name="accepting", daemon=True)
    accepting.start()
    try:
        yield "127.0.0.1", server.server_port
    finally:
        server.stop()
        accepting.join(LIMIT_SECONDS)
        server.server_close()
        left = server.cut_connections()
    if left:
        raise CheckFailed(
            did="the server was stopped", want="every request ends", got=f"{left} still running"
        )


class _Handler(WSGIRequestHandler):
    """One connection, one request (HTTP/1.0), nothing logged."""

    timeout = LIMIT_SECONDS

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(WSGIServer):
    """Accepts without polling; knows its threads and connections."""

    request_queue_size = 128

    def __init__(self, app: WSGIApplication, port: int) -> None:
        self._stopping = False
        self._running: dict[threading.Thread, socket.socket] = {}
        super().__init__(("127.0.0.1", port), _Handler)
        self.set_app(app)

    def server_bind(self) -> None:
        """Bind without asking anybody for this machine's name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()

    def accept_all(self) -> None:
        while not self._stopping:
            self.handle_request()

    def stop(self) -> None:
        self._stopping = True
        with suppress(OSError):  # wakes the thread that waits for a connection
            socket.create_connection(("127.0.0.1", self.server_port), LIMIT_SECONDS).close()

    def verify_request(self, *_: Any) -> bool:
        return not self._stopping

    def process_request(self, request: Any, client_address: Any) -> None:
        for ended in [thread for thread in self._running if not thread.is_alive()]:
            del self._running[ended]
        thread = threading.Thread(target=self._answer, args=(request, client_address), daemon=True)
        self._running[thread] = request
        thread.start()

    def _answer(self, request: Any, client_address: Any) -> None:
        with suppress(OSError):  # the client went away, or the server was stopped
            self.finish_request(request, client_address)
        with suppress(OSError):
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Read what the client still sends, so that closing does not destroy the answer."""
        with suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            read = 0
            while read < LINGER_BYTES and (chunk := request.recv(65_536)):
                read += len(chunk)
        self.close_request(request)

    def cut_connections(self) -> int:
        """Close every connection and wait for its thread; how many did not end."""
        for connection in self._running.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._running:
            thread.join(LIMIT_SECONDS / 2)
        return sum(thread.is_alive() for thread in self._running)


def request(
    address: Address, method: str, path: str, body: bytes = b"", headers: Headers | None = None
) -> Response:
    """Send one request with a real client, on a connection of its own, and read the answer.

    Content-Length and None as in `call`.
    """
    client = http.client.HTTPConnection(*address, timeout=LIMIT_SECONDS)
    try:
        client.connect()
        client.putrequest(method, path)
        for name, value in _with_length(method, body, headers or {}).items():
            client.putheader(name, value)
        with suppress(ConnectionError):  # the answer may be there before all of the body is sent
            client.endheaders(body or None)
        answer = client.getresponse()
        return Response(answer.status, answer.getheaders(), answer.read())
    except (http.client.HTTPException, OSError) as error:
        raise CheckFailed(
            did=f"{method} {path} over a socket",
            want="an HTTP answer",
            got=f"{type(error).__name__}: {error}",
        ) from error
    finally:
        client.close()


def refused(did: str, status: int, answer: Response) -> None:
    """CheckFailed unless the answer has this status, and a JSON object with a text under "error"."""
    equal(answer.status, status, did=f"{did}: status")
    media_type = (answer.header("Content-Type") or "").partition(";")[0]
    equal(media_type, "application/json", did=f"{did}: Content-Type")
    content = answer.json()
    ensure(
        isinstance(content, dict) and isinstance(content.get("error"), str),
        did=f"{did}: body",
        want='a JSON object with a text under "error"',
        got=answer.body,
    )


def raw(address: Address, data: bytes, *, end: bool = True) -> bytes:
    """Send these bytes and return everything that comes back until the server closes.

    With `end` the client says that it sends no more; without, it stays silent but connected.
    """
    with socket.create_connection(address, LIMIT_SECONDS) as client:
        with suppress(ConnectionError):
            client.sendall(data)
            if end:
                client.shutdown(socket.SHUT_WR)
        return b"".join(_chunks(client))


def _chunks(client: socket.socket) -> Iterable[bytes]:
    with suppress(ConnectionError, TimeoutError):
        while chunk := client.recv(65_536):
            yield chunk
