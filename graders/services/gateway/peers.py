"""Real HTTP libraries behind the contract, and a right gateway in another style."""

import contextlib
import hmac
import http.client
import io
import math
import re
import secrets
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, ClassVar, NoReturn
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.gateway import (
    HOP_BY_HOP,
    MAX_HEADER_BYTES,
    MAX_PATH_BYTES,
    MAX_QUERY_BYTES,
    METHODS,
    Client,
    Record,
    Route,
    Transport,
    Upstream,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)

try:
    import h11
except ImportError:  # reported as missing by whoever wants to run the peer
    h11 = None  # type: ignore[assignment]

TOKEN_LETTERS = frozenset("!#$%&'*+-.^_`|~0123456789" + "abcdefghijklmnopqrstuvwxyz".upper())
SAFE = frozenset(b"/-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
WORD = re.compile(r"[A-Za-z0-9._-]+")


def is_token(text: str) -> bool:
    """Whether it may be a method or the name of a header."""
    return bool(text) and set(text.upper()) <= TOKEN_LETTERS and text.isascii()


def has_controls(text: str) -> bool:
    """Whether a control character other than a tab is in it."""
    return any((letter < " " and letter != "\t") or letter == "\x7f" for letter in text)


class _Refusal(Exception):
    def __init__(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


def _refuse_if(wrong: object, status: int, text: str) -> None:
    if wrong:
        raise _Refusal(status, text)


def _path_is_bad(raw: bytes) -> bool:
    try:
        path = raw.decode()
    except UnicodeDecodeError:
        return True
    first, *segments = path.split("/")
    if first or not segments or any(ord(c) < 32 or c in "\x7f\\;" for c in path):
        return True
    if "" in segments[:-1] or any(segment.endswith(".") for segment in segments):
        return True
    escapes = path.split("%")[1:]
    return any(len(e) > 1 and set(e[:2]) <= set("0123456789abcdefABCDEF") for e in escapes)


class _Buckets:
    """All buckets under one lock, as the instants (ns) at which they are full."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._lock = threading.Lock()
        self._token = {c.name: Fraction(10**9) / Fraction(c.rate) for c in clients}
        self._burst = {c.name: c.burst for c in clients}
        self._full_at = dict.fromkeys(self._token, Fraction(0))

    def take(self, name: str) -> float:
        """Seconds to wait; 0.0 if a token was taken."""
        token = self._token[name]
        with self._lock:
            now = time.monotonic_ns()
            full_at = max(self._full_at[name], Fraction(now))
            wait = full_at + token - now - self._burst[name] * token
            if wait > 200:
                return float(wait - 200) / 1e9
            self._full_at[name] = full_at + token
            return 0.0


class Straight:
    """One class from top to bottom; a sorted list of prefixes, semaphores, exact fractions.

    The transport reads lines with a BufferedReader over a raw stream that knows the deadline.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Gateway:
        def __init__(
            self,
            routes: Sequence[Route],
            clients: Sequence[Client],
            transport: Transport,
            *,
            max_body_bytes: int = 1_000_000,
            max_response_bytes: int = 1_000_000,
            observe: Callable[[Record], object] | None = None,
        ) -> None:
            _check_settings(routes, clients, max_body_bytes, max_response_bytes)
            self._routes = {(*route.prefix.rstrip("/").split("/"),): route for route in routes}
            self._sorted = sorted(self._routes)
            self._keys = [(key.encode(), c.name) for c in clients for key in c.keys]
            self._buckets = _Buckets(clients)
            self._transport, self._observe = transport, observe
            self._max_body, self._max_response = max_body_bytes, max_response_bytes
            self._places: dict[tuple[str, int], threading.BoundedSemaphore] = {}
            for route in routes:
                up = route.upstream
                self._places[up.host, up.port] = threading.BoundedSemaphore(up.max_calls)

        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            begun = time.monotonic()
            told: dict[str, Any] = {"client": None, "upstream": None, "from_upstream": False}
            told["request_id"] = secrets.token_urlsafe(18)
            try:
                response = self._serve(environ, told)
                status, headers, body = self._returned(environ, response)
            except _Refusal as refusal:
                status, body = refusal.status, b'{"error": "%s"}' % refusal.text.encode()
                headers = [*refusal.headers, ("Content-Type", "application/json")]
                headers.append(("Content-Length", str(len(body))))
            record = Record(
                **told,
                method=environ["REQUEST_METHOD"],
                path=environ.get("PATH_INFO", ""),
                status=status,
                seconds=time.monotonic() - begun,
            )
            with contextlib.suppress(Exception):
                if self._observe is not None:
                    self._observe(record)
            phrase = http.client.responses.get(status, "Other")
            start_response(f"{status} {phrase}", [*headers, ("X-Request-Id", record.request_id)])
            return () if environ["REQUEST_METHOD"] == "HEAD" else (body,) if body else ()

        def _serve(self, environ: WSGIEnvironment, told: dict[str, Any]) -> UpstreamResponse:
            method, given = environ["REQUEST_METHOD"], _given_headers(environ)
            raw, query = (
                environ.get("PATH_INFO", "").encode("latin-1"),
                environ.get("QUERY_STRING", ""),
            )
            _refuse_if(len(raw) > MAX_PATH_BYTES or len(query) > MAX_QUERY_BYTES, 414, "too long")
            _refuse_if(sum(map(len, (*given, *given.values()))) > MAX_HEADER_BYTES, 431, "headers")
            _refuse_if(_path_is_bad(raw), 400, "path")
            _refuse_if(not all("!" <= c <= "~" and c != "#" for c in query), 400, "query")
            length = self._framing(method, environ, given)
            told["client"] = name = self._who(given)
            self._take_token(name)
            upstream = self._route(raw.decode(), name, method)
            body = _body(environ, length)
            path = "".join(chr(b) if b in SAFE else f"%{b:02X}" for b in raw)
            request = UpstreamRequest(
                method,
                path + (f"?{query}" if query else ""),
                _forwarded(given, environ, upstream, name, told["request_id"]),
                body,
            )
            return self._call(upstream, request, told)

        def _framing(self, method: str, environ: WSGIEnvironment, given: dict[str, str]) -> int:
            good = all(is_token(name) and not has_controls(value) for name, value in given.items())
            _refuse_if(not good, 400, "header")
            if "host" in given:
                host, colon, port = given["host"].partition(":")
                good = not colon or (1 <= len(port) <= 5 and port.isascii() and port.isdecimal())
                _refuse_if(not (WORD.fullmatch(host) and good), 400, "host")
            twin = "HTTP_CONTENT_LENGTH" in environ or "HTTP_CONTENT_TYPE" in environ
            _refuse_if(twin, 400, "underscore")
            announced = environ.get("CONTENT_LENGTH", "")
            coded = "transfer-encoding" in given
            _refuse_if(coded and announced, 400, "two lengths")
            _refuse_if(coded, 411, "length needed")
            _refuse_if(announced and set(announced) - set("0123456789"), 400, "length")
            _refuse_if(method in {"POST", "PUT", "PATCH"} and not announced, 411, "length needed")
            digits = announced.lstrip("0")
            length = int(digits or 0) if len(digits) < 20 else 10**20
            _refuse_if(length > self._max_body, 413, "too large")
            return length

        def _who(self, given: dict[str, str]) -> str:
            there = [given[name] for name in ("authorization", "x-api-key") if name in given]
            key = there[0].strip(" \t") if len(there) == 1 else ""
            if "authorization" in given:
                scheme, _, key = key.partition(" ")
                key = key.lstrip(" ") if scheme.lower() == "bearer" else ""
            matches = [
                name
                for known, name in self._keys
                if hmac.compare_digest(known, key.encode("latin-1"))
            ]
            if not key or not matches:
                raise _Refusal(401, "key needed", ("WWW-Authenticate", 'Bearer realm="gateway"'))
            return matches[-1]

        def _take_token(self, name: str) -> None:
            wait = self._buckets.take(name)
            if wait:
                raise _Refusal(429, "slowly", ("Retry-After", str(max(1, math.ceil(wait)))))

        def _route(self, path: str, name: str, method: str) -> Upstream:
            wanted = (*path.split("/"),)
            while wanted:
                place = bisect_right(self._sorted, wanted) - 1
                if place >= 0 and self._sorted[place] == wanted:
                    break
                wanted = wanted[:-1]
            route = self._routes.get(wanted)
            if route is None:
                raise _Refusal(404, "nothing here")
            _refuse_if(route.clients is not None and name not in route.clients, 403, "not yours")
            if method not in route.methods:
                raise _Refusal(405, "not so", ("Allow", ",".join(sorted(route.methods))))
            return route.upstream

        def _call(
            self, up: Upstream, request: UpstreamRequest, told: dict[str, Any]
        ) -> UpstreamResponse:
            place = self._places[up.host, up.port]
            _refuse_if(not place.acquire(blocking=False), 503, "busy")
            try:
                told["upstream"] = f"{up.host}:{up.port}"
                address, most = (up.host, up.port), self._max_response
                response = self._transport.send(address, request, up.timeout, most)
            except UpstreamTimeout:
                raise _Refusal(504, "too slow") from None
            except Exception:
                raise _Refusal(502, "failed") from None
            finally:
                place.release()
            told["from_upstream"] = True
            return response

        def _returned(
            self, environ: WSGIEnvironment, response: UpstreamResponse
        ) -> tuple[int, list[tuple[str, str]], bytes]:
            status, body = response.status, bytes(response.body)
            gone = {*HOP_BY_HOP, "x-request-id", "content-length"}
            for name, value in response.headers:
                if name.lower() == "connection":
                    gone.update(each.strip().lower() for each in value.split(","))
            if status in {204, 304}:
                gone.add("content-type")
            kept = [(name, value) for name, value in response.headers if name.lower() not in gone]
            if status in {204, 304}:
                return status, kept, b""
            if not any(name.lower() == "content-type" for name, _ in kept):
                kept.append(("Content-Type", "application/octet-stream"))
            lengths = [str(len(body))]
            if environ["REQUEST_METHOD"] == "HEAD":
                lengths = [v for n, v in response.headers if n.lower() == "content-length"]
                if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdecimal()):
                    lengths = []
            return status, kept + [("Content-Length", each) for each in lengths], body

    class HttpTransport:
        def __init__(self, connect: Any = None) -> None:
            self._connect = connect or _dial

        def send(
            self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
        ) -> UpstreamResponse:
            head = _written(request, timeout, max_bytes)
            end = time.monotonic() + timeout
            try:
                connection = self._connect(address, timeout)
                try:
                    raw = _Timed(connection, end)
                    raw.send(head + request.body)
                    with io.BufferedReader(raw) as stream:
                        return _answer(stream, request.method, max_bytes)
                finally:
                    connection.close()
            except TimeoutError:
                raise UpstreamTimeout("too slow") from None
            except (OSError, UnicodeError) as error:
                raise UpstreamFailed(repr(error)) from error


def _dial(address: tuple[str, int], seconds: float) -> Any:
    import socket  # noqa: PLC0415 - after the simulation has put its own in place

    return socket.create_connection(address, timeout=seconds)


def _given_headers(environ: WSGIEnvironment) -> dict[str, str]:
    given = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name[:5] == "HTTP_"
    }
    if environ.get("CONTENT_TYPE"):
        given["content-type"] = environ["CONTENT_TYPE"]
    return given


def _body(environ: WSGIEnvironment, length: int) -> bytes:
    body = bytearray()
    try:
        while len(body) < length:
            data = environ["wsgi.input"].read(length - len(body))
            _refuse_if(not data, 400, "ended early")
            body += data
    except TimeoutError:
        raise _Refusal(408, "too slow") from None
    except OSError:
        raise _Refusal(400, "broken") from None
    return bytes(body)


def _forwarded(
    given: dict[str, str], environ: WSGIEnvironment, up: Upstream, name: str, request_id: str
) -> tuple[tuple[str, str], ...]:
    left = dict(given)
    for each in given.get("connection", "").split(","):
        left.pop(each.strip().lower(), None)
    via = left.get("via")
    own = {
        "host": f"{up.host}:{up.port}",
        "via": f"{via}, 1.1 gateway" if via else "1.1 gateway",
        "x-forwarded-for": environ["REMOTE_ADDR"],
        "x-forwarded-proto": environ["wsgi.url_scheme"],
        "x-client-id": name,
        "x-request-id": request_id,
    }
    if "host" in given:
        own["x-forwarded-host"] = given["host"]
    gone = HOP_BY_HOP | {"authorization", "x-api-key", "expect", "proxy", "forwarded", "x-real-ip"}
    for each in [*left]:
        if each in gone or each.startswith("x-forwarded-"):
            del left[each]
    return tuple((left | own).items())


class _Timed(io.RawIOBase):
    """A connection that waits until one instant for everything."""

    def __init__(self, connection: Any, end: float) -> None:
        self._connection, self._end = connection, end

    def _hurry(self) -> None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)

    def send(self, data: bytes) -> None:
        self._hurry()
        try:
            self._connection.sendall(data)
        except TimeoutError:
            raise
        except OSError:
            return

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._hurry()
        count: int = self._connection.recv_into(buffer)
        return count


def _written(request: UpstreamRequest, timeout: float, max_bytes: int) -> bytes:
    names = [name for name, _ in request.headers]
    lower = [name.lower() for name in names]
    values = "".join(value for _, value in request.headers)
    target = request.target
    good = (
        0 < timeout < math.inf
        and max_bytes >= 0
        and all(map(is_token, (request.method, *names)))
        and target.startswith("/")
        and all("!" <= letter <= "~" for letter in target)
        and not has_controls(values)
        and all(letter <= "\xff" for letter in values)
        and lower.count("host") == 1
        and not {"connection", "content-length", "transfer-encoding"} & set(lower)
    )
    if not good:
        raise ValueError("this request could be misread")
    head = f"{request.method} {target} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    head += "Connection: close\r\n"
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        head += f"Content-Length: {len(request.body)}\r\n"
    return f"{head}\r\n".encode("latin-1")


def _line(stream: io.BufferedReader, most: int) -> str:
    line = stream.readline(most + 1)
    if len(line) > most or not line.endswith(b"\r\n"):
        raise UpstreamFailed("a line is too long, or has no end")
    text = line[:-2].decode("latin-1")
    if has_controls(text):
        raise UpstreamFailed("a control character")
    return text


def _head(stream: io.BufferedReader, left: int) -> tuple[str, list[tuple[str, str]], int]:
    first = _line(stream, left)
    left -= len(first) + 2
    headers = []
    while True:
        line = _line(stream, left)
        left -= len(line) + 2
        if not line:
            return first, headers, left
        name, colon, value = line.partition(":")
        if not colon or not is_token(name):
            raise UpstreamFailed("no header")
        headers.append((name, value.strip(" \t")))


def _answer(stream: io.BufferedReader, method: str, most: int) -> UpstreamResponse:
    left, status = MAX_HEADER_BYTES, 100
    while status == 100 or 102 <= status < 200:
        first, headers, left = _head(stream, left)
        version, code, after = first[:9], first[9:12], first[12:13]
        good = version in {"HTTP/1.0 ", "HTTP/1.1 "} and re.fullmatch("[0-9]{3}", code)
        if not good or after not in {"", " "}:
            raise UpstreamFailed("no HTTP")
        status = int(code)
    if not 200 <= status < 600:
        raise UpstreamFailed("no status")
    if method == "HEAD" or status in {204, 304}:
        return UpstreamResponse(status, tuple(headers))
    return UpstreamResponse(status, tuple(headers), _content(stream, version, headers, most))


def _content(
    stream: io.BufferedReader, version: str, headers: list[tuple[str, str]], most: int
) -> bytes:
    framing = [
        (name.lower(), value)
        for name, value in headers
        if name.lower() in {"content-length", "transfer-encoding"}
    ]
    match framing:
        case []:
            body = stream.read(most + 1)
            if len(body) > most:
                raise UpstreamFailed("too large")
            return body
        case [("content-length", digits)] if re.fullmatch("[0-9]+", digits):
            digits = digits.lstrip("0")
            return _whole(stream, int(digits or 0) if len(digits) < 20 else 10**20, most)
        case [("transfer-encoding", coding)] if coding.lower() == "chunked" and version[7] == "1":
            return b"".join(_pieces(stream, most))
    raise UpstreamFailed("unclear length")


def _whole(stream: io.BufferedReader, size: int, most: int) -> bytes:
    if size > most:
        raise UpstreamFailed("too large")
    data = stream.read(size)
    if len(data) < size:
        raise UpstreamFailed("ended early")
    return data


def _pieces(stream: io.BufferedReader, most: int) -> Iterator[bytes]:
    while True:
        size, _, _ = _line(stream, 1_024).partition(";")
        if not re.fullmatch("[0-9A-Fa-f]{1,16}", size):
            raise UpstreamFailed("no size")
        if not int(size, 16):
            break
        yield _whole(stream, int(size, 16), most)
        most -= int(size, 16)
        if stream.read(2) != b"\r\n":
            raise UpstreamFailed("no end of a chunk")
    left = MAX_HEADER_BYTES
    while line := _line(stream, left):
        left -= len(line) + 2


def _check_settings(routes: Sequence[Route], clients: Sequence[Client], *limits: int) -> None:
    names = [client.name for client in clients]
    keys = [key for client in clients for key in client.keys]
    prefixes = [route.prefix for route in routes]
    upstreams = {route.upstream for route in routes}
    good = (
        all(limit >= 1 for limit in limits)
        and all(map(_is_client, clients))
        and all(map(_is_upstream, upstreams))
        and all(_is_route(route, set(names)) for route in routes)
        and all(len(each) == len(set(each)) for each in (names, keys, prefixes))
        and len(upstreams) == len({(each.host, each.port) for each in upstreams})
    )
    if not good:
        raise ValueError("these settings make no sense")


def _is_client(client: Client) -> bool:
    keys = [re.fullmatch(r"[\w.~+/=-]{8,}", key, re.ASCII) for key in client.keys]
    name = WORD.fullmatch(client.name) and len(client.name) <= 64
    return bool(name and keys and all(keys) and 0 < client.rate < math.inf and client.burst >= 1)


def _is_upstream(up: Upstream) -> bool:
    host = WORD.fullmatch(up.host)
    return bool(host and 0 < up.port < 65_536 and 0 < up.timeout < math.inf and up.max_calls >= 1)


def _is_route(route: Route, names: set[str]) -> bool:
    prefix, methods = route.prefix, route.methods
    path = not _path_is_bad(prefix.encode()) and (prefix == "/" or not prefix.endswith("/"))
    return bool(path and methods and methods <= set(METHODS) and (route.clients or set()) <= names)


class StandardLibrary:
    """`http.client` as transport: every read has the time limit, and much is forgiven."""

    requires = ("http.client",)
    fails: ClassVar[dict[str, str]] = {
        "P16": "its time limit is one for each read: a byte now and then keeps it for ever",
        "P17": "it reads lengths, codings and heads that are not well-formed as well as it can",
        "P18": "a broken pipe while sending hides the answer that is there",
        "P19": "it sends whatever headers it is given, a second Host among them",
    }

    Gateway = Straight.Gateway

    class HttpTransport:
        def __init__(self, connect: Any = None) -> None:
            self._connect = connect or _dial

        def send(
            self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
        ) -> UpstreamResponse:
            client = http.client.HTTPConnection(*address, timeout=timeout)
            client.sock = None
            try:
                client.sock = self._connect(address, timeout)
                client.putrequest(
                    request.method, request.target, skip_host=True, skip_accept_encoding=True
                )
                for name, value in request.headers:
                    client.putheader(name, value.encode("latin-1"))
                client.putheader("Connection", "close")
                if request.body or request.method in {"POST", "PUT", "PATCH"}:
                    client.putheader("Content-Length", str(len(request.body)))
                client.endheaders(request.body or None)
                answer = client.getresponse()
                body = answer.read(max_bytes + 1)
                if len(body) > max_bytes:
                    raise UpstreamFailed("too large")
                return UpstreamResponse(answer.status, tuple(answer.getheaders()), body)
            except TimeoutError as error:
                raise UpstreamTimeout("too slow") from error
            except (OSError, http.client.HTTPException) as error:
                raise UpstreamFailed(repr(error)) from error
            finally:
                client.close()


class H11:
    """h11 reads the answers; connections, time limits and sizes are ours."""

    requires = ("h11",)
    fails: ClassVar[dict[str, str]] = {
        "P17": "it forgives bare line feeds and folded headers, and equal lengths that are repeated",
    }

    Gateway = Straight.Gateway

    class HttpTransport:
        def __init__(self, connect: Any = None) -> None:
            self._connect = connect or _dial

        def send(
            self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
        ) -> UpstreamResponse:
            head = _written(request, timeout, max_bytes)
            end = time.monotonic() + timeout
            try:
                connection = self._connect(address, timeout)
                try:
                    raw = _Timed(connection, end)
                    raw.send(head + request.body)
                    return _by_h11(raw, request.method, max_bytes)
                finally:
                    connection.close()
            except TimeoutError:
                raise UpstreamTimeout("too slow") from None
            except (OSError, UnicodeError, h11.RemoteProtocolError) as error:
                raise UpstreamFailed(repr(error)) from error


class _Events:
    """What has come of an answer, event by event."""

    def __init__(self, method: str, most: int) -> None:
        self.bodiless, self.most = method == "HEAD", most
        self.body, self.heads = bytearray(), 0
        self.answer: Any = None

    def take(self, event: Any) -> bool:
        """Whether the answer is whole."""
        name = type(event).__name__
        if name not in {"InformationalResponse", "Response", "Data", "EndOfMessage"}:
            _fail(f"no answer: {event!r}")
        getattr(self, f"_{name}", lambda _: None)(event)
        return name == "EndOfMessage"

    def _InformationalResponse(self, event: Any) -> None:  # noqa: N802
        self.heads += sum(len(name) + len(value) + 4 for name, value in event.headers) + 20
        if event.status_code == 101 or self.heads > MAX_HEADER_BYTES:
            _fail("interim answers")

    def _Response(self, event: Any) -> None:  # noqa: N802
        self.answer = event
        if not 200 <= event.status_code <= 599:
            _fail("no status")
        length = int(dict(event.headers).get(b"content-length", b"0"))
        if length > self.most and not self.bodiless and event.status_code not in {204, 304}:
            _fail("too large")

    def _Data(self, event: Any) -> None:  # noqa: N802
        self.body += event.data
        if len(self.body) > self.most:
            _fail("too large")


def _by_h11(raw: _Timed, method: str, most: int) -> UpstreamResponse:
    reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
    reader.send(
        h11.Request(method=method, target="/", headers=[("Host", "x"), ("Content-Length", "0")])
    )
    reader.send(h11.EndOfMessage())
    buffer, events = bytearray(8_192), _Events(method, most)
    while True:
        event = reader.next_event()
        if event is h11.NEED_DATA:
            reader.receive_data(bytes(buffer[: raw.readinto(buffer)]))
        elif events.take(event):
            break
    pairs = events.answer.headers.raw_items()
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)
    return UpstreamResponse(events.answer.status_code, headers, bytes(events.body))


def _fail(why: str) -> NoReturn:
    raise UpstreamFailed(why)
