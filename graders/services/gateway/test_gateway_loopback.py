"""Real sockets: real clients in front, real upstreams behind. No time decides anything here."""

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.gateway import Client, Route, Upstream
from graders.kit import Implementation, check, ensure, equal
from graders.kit.http import Address, Response, raw, refused, request, serving

KEY = "key-of-alice"
HEADERS = {"X-Api-Key": KEY}
CLIENTS = [Client("alice", (KEY,), 1e6, 1_000_000)]
LIMIT = 1_000
SECONDS = 30.0
FINE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nfine"


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """An upstream that tells what it got."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    told = {name: value for name, value in environ.items() if isinstance(value, str)}
    content = json.dumps(told | {"body": body.decode("latin-1")}).encode()
    start_response(
        "203 Told", [("Content-Type", "application/json"), ("X-Own", "1"), ("X-Own", "2")]
    )
    return [content]


@contextmanager
def upstream(act: Callable[[socket.socket], object]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads a request, then acts. Yields its port, and all bytes of each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []
    threads: list[threading.Thread] = []
    connections: list[socket.socket] = []

    def serve(connection: socket.socket, place: int) -> None:
        with suppress(OSError), connection:
            connection.settimeout(SECONDS)
            while not _is_whole(seen[place]) and (data := connection.recv(65_536)):
                seen[place] += data
            act(connection)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65_536):
                seen[place] += data

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                seen.append(b"")
                job = threading.Thread(target=serve, args=(connection, len(seen) - 1), daemon=True)
                threads.append(job)
                job.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in (accepting, *threads):
            thread.join(SECONDS)


def _is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    length = next(
        (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0"
    )
    return bool(end) and len(body) >= int(length.partition(b":")[2])


def sends(data: bytes) -> Callable[[socket.socket], None]:
    """An upstream that answers this."""
    return lambda connection: connection.sendall(data)


def gateway(impl: Any, port: int, timeout: float = SECONDS, **more: Any) -> Any:
    """A gateway with one route for all, to that port, over real connections."""
    routes = [Route("/", Upstream("127.0.0.1", port, timeout))]
    return impl.Gateway(routes, CLIENTS, impl.HttpTransport(), max_body_bytes=LIMIT, **more)


def sent(address: Address, data: bytes, *, end: bool = True) -> Response:
    """The answer to these bytes."""
    head, _, body = raw(address, data, end=end).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    status = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Response(status, pairs, body)


@check("P2", "P9", "P13", kind="behaviour")
def test_from_a_real_client_to_a_real_upstream(plain: Implementation) -> None:
    """http.client asks the gateway, which asks a WSGI server: everything arrives, both ways."""
    with serving(echo) as behind, serving(gateway(plain, behind[1])) as address:
        for method, body in (
            ("GET", b""),
            ("POST", bytes(range(256))),
            ("PUT", b""),
            ("DELETE", b"x"),
        ):
            headers = {"X-Tag": "a, b", "Connection": "X-Gone", "X-Gone": "1", **HEADERS}
            answer = request(address, method, "/a%20b/c?d=%2f", body, headers)
            did = f"{method} /a%20b/c?d=%2f with {len(body)} bytes, over sockets"
            equal(answer.status, 203, did=did + ": status")
            equal(answer.header_values("X-Own"), ["1", "2"], did=did + ": X-Own, sent twice")
            told = answer.json()
            for name, value in (
                ("REQUEST_METHOD", method),
                ("PATH_INFO", "/a b/c"),
                ("QUERY_STRING", "d=%2f"),
                ("HTTP_X_TAG", "a, b"),
                ("HTTP_X_GONE", None),
                ("HTTP_X_API_KEY", None),
                ("HTTP_X_CLIENT_ID", "alice"),
                ("HTTP_HOST", f"127.0.0.1:{behind[1]}"),
                ("HTTP_X_FORWARDED_FOR", "127.0.0.1"),
                ("HTTP_CONNECTION", "close"),
                ("body", body.decode("latin-1")),
            ):
                equal(told.get(name), value, did=f"{did}: {name} at the upstream")
        refused("without a key", 401, request(address, "GET", "/"))
        lie = b"X-Forwarded-Host: mallory\r\n\r\n"
        answer = sent(address, b"GET / HTTP/1.0\r\nX-Api-Key: " + KEY.encode() + b"\r\n" + lie)
        did = "GET / without Host, and with an X-Forwarded-Host of the client's: status"
        equal(answer.status, 203, did=did)
        said = answer.json().get("HTTP_X_FORWARDED_HOST")
        equal(said, None, did="the same: X-Forwarded-Host at the upstream")


@check("P12", "P17", kind="behaviour")
def test_upstreams_that_fail(plain: Implementation) -> None:
    """Garbage, half a body, huge heads, endless bodies, a hang-up, nobody there: 502 for each."""

    def endless(head: bytes, part: bytes) -> Callable[[socket.socket], None]:
        def act(connection: socket.socket) -> None:
            connection.sendall(head)
            while True:  # until the gateway hangs up
                connection.sendall(part)

        return act

    ok = b"HTTP/1.1 200 OK\r\n"
    for did, act in (
        ("answers garbage", sends(b"\x00\xffgarbage\r\n\r\n" * 9)),
        ("hangs up without an answer", lambda _: None),
        ("hangs up in the middle of the body", sends(ok + b"Content-Length: 10\r\n\r\n12345")),
        (
            "hangs up in the middle of a chunk",
            sends(ok + b"Transfer-Encoding: chunked\r\n\r\n5\r\n12"),
        ),
        ("announces too much", sends(ok + b"Content-Length: 9999999\r\n\r\n")),
        ("sends a header of 20 kB", sends(ok + b"X: " + b"x" * 20_000 + b"\r\n\r\n")),
        ("sends a header without an end", endless(ok + b"X: ", b"x" * 9_999)),
        ("sends headers without an end", endless(ok, b"X: 12345\r\n" * 999)),
        ("sends a body without an end", endless(ok + b"\r\n", b"x" * 9_999)),
        (
            "sends chunks without an end",
            endless(ok + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 999),
        ),
    ):
        with (
            upstream(act) as (port, seen),
            serving(gateway(plain, port, max_response_bytes=9_000)) as address,
        ):
            refused(f"the upstream {did}", 502, request(address, "GET", "/", headers=HEADERS))
            refused(f"the upstream {did}: POST", 502, request(address, "POST", "/", b"12", HEADERS))
            equal(len(seen), 2, did=f"the upstream {did}: two requests; connections to it")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        with serving(gateway(plain, nobody.getsockname()[1])) as address:
            refused("nobody is there", 502, request(address, "GET", "/", headers=HEADERS))


@check("P12", "P16", kind="behaviour")
def test_an_upstream_that_never_answers(plain: Implementation) -> None:
    """Silence, and silence after half of an answer: 504; afterwards it answers again."""
    for did, start in (
        ("nothing", b""),
        ("half of a head", FINE[:20]),
        ("half of a body", FINE[:-2]),
    ):
        silent, over = [True], threading.Event()

        def act(
            connection: socket.socket,
            start: bytes = start,
            silent: list[bool] = silent,
            over: threading.Event = over,
        ) -> None:
            connection.sendall(start if silent else FINE)
            if silent:
                over.wait(SECONDS)

        with upstream(act) as (port, _):
            hurried, patient = gateway(plain, port, 0.05), gateway(plain, port)
            with serving(hurried) as address, serving(patient) as other:
                answer = request(address, "GET", "/", headers=HEADERS)
                refused(f"the upstream sends {did} and no more", 504, answer)
                silent.clear()
                answer = request(other, "GET", "/", headers=HEADERS)
                equal(answer.body, b"fine", did=f"the upstream sent {did}; then it answers: body")
            over.set()


@check("P13", "P17", kind="behaviour")
def test_odd_answers(plain: Implementation) -> None:
    """Interim answers, chunks, no length, an answer before the body was read, 204, 304, HEAD."""
    for did, method, data, status, body in (
        (
            "with two interim answers",
            "GET",
            b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 X\r\nA: b\r\n\r\n" + FINE,
            200,
            b"fine",
        ),
        (
            "in chunks",
            "GET",
            b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n",
            201,
            b"fine",
        ),
        ("without a length", "GET", b"HTTP/1.0 200 OK\r\n\r\nfine", 200, b"fine"),
        ("204 with a length", "GET", b"HTTP/1.1 204 X\r\nContent-Length: 4\r\n\r\n", 204, b""),
        ("304 with a length", "GET", b"HTTP/1.1 304 X\r\nContent-Length: 4\r\n\r\n", 304, b""),
        ("to HEAD", "HEAD", FINE[:-4], 200, b""),
        ("to HEAD, wrongly with a body", "HEAD", FINE, 200, b""),
        ("with more than it should", "GET", FINE + FINE, 200, b"fine"),
        ("with a status of its own", "POST", FINE.replace(b"200 OK", b"299"), 299, b"fine"),
    ):
        with upstream(sends(data)) as (port, _), serving(gateway(plain, port)) as address:
            answer = request(address, method, "/", b"12" if method == "POST" else b"", HEADERS)
            equal(
                (answer.status, answer.body), (status, body), did=f"an answer {did}: status, body"
            )


@check("P15", "P12", kind="behaviour")
def test_a_slow_upstream_over_sockets(plain: Implementation) -> None:
    """One upstream answers only after another request, to another upstream, has been answered."""
    asked, go = threading.Event(), threading.Event()

    def slow(connection: socket.socket) -> None:
        asked.set()
        go.wait(SECONDS)
        connection.sendall(FINE)

    with upstream(slow) as (first, _), upstream(sends(FINE)) as (second, _):
        routes = [Route("/slow", Upstream("127.0.0.1", first, SECONDS))]
        routes.append(Route("/quick", Upstream("127.0.0.1", second, SECONDS)))
        app = plain.Gateway(routes, CLIENTS, plain.HttpTransport())
        with serving(app) as address:
            answers: list[Response] = []
            waiting = threading.Thread(
                target=lambda: answers.append(request(address, "GET", "/slow", headers=HEADERS)),
                daemon=True,
            )
            waiting.start()
            ensure(asked.wait(SECONDS), did="GET /slow", want="the upstream is asked")
            status = request(address, "GET", "/quick", headers=HEADERS).status
            equal(status, 200, did="GET /quick, while /slow has not been answered: status")
            go.set()
            waiting.join(SECONDS)
            equal([each.status for each in answers], [200], did="then GET /slow: status")


def head(line: bytes, *headers: bytes, key: bytes = b"X-Api-Key: " + KEY.encode()) -> bytes:
    """The head of a request."""
    return b"\r\n".join([line + b" HTTP/1.1", b"Host: gateway", key, *headers, b"", b""])


MALFORMED: list[tuple[int, bytes]] = [
    (400, head(b"GET /x/../y")),
    (400, head(b"GET /x/%2e%2e/y")),
    (400, head(b"GET /x%5c..%5cy")),
    (400, head(b"GET /x;y=1/z")),
    (400, head(b"GET /x%00.png")),
    (400, head(b"GET /x//y")),
    (400, head(b"GET /%252e%252e/x")),
    (400, head(b"GET /%c0%ae%c0%ae/x")),
    (400, head(b"GET http://other/x")),
    (400, head(b"OPTIONS *")),
    (400, head(b"GET /?a#b")),
    (414, head(b"GET /" + b"a" * 5_000)),
    (414, head(b"GET /?" + b"a" * 5_000)),
    (431, head(b"GET /", b"X-Huge: " + b"h" * 20_000)),
    (431, head(b"GET /", *[b"X-%d: %s" % (n, b"v" * 400) for n in range(60)])),
    (400, head(b"GET /", b"X-Tag: a\r\n folded")),
    (400, head(b"GET /", b"X-Tag: a\x00b")),
    (400, head(b"GET /", b"X(: 1")),
    (400, head(b"GET /", b"Host: other")),
    (411, head(b"POST /")),
    (411, head(b"POST /", b"Transfer-Encoding: chunked") + b"1\r\nx\r\n0\r\n\r\n"),
    (411, head(b"POST /", b"Transfer-Encoding: xchunked") + b"1\r\nx\r\n0\r\n\r\n"),
    (400, head(b"POST /", b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n"),
    (400, head(b"POST /", b"Transfer-Encoding: chunked", b"Content-Length: 5") + b"0\r\n\r\n"),
    (400, head(b"POST /", b"Content-Length: -5") + b"12345"),
    (400, head(b"POST /", b"Content-Length: +5") + b"12345"),
    (400, head(b"POST /", b"Content-Length: 0x5") + b"12345"),
    (400, head(b"POST /", b"Content-Length: 5, 5") + b"12345"),
    (413, head(b"POST /", b"Content-Length: 1001")),
    (413, head(b"POST /", b"Content-Length: " + b"9" * 400)),
    (400, head(b"POST /", b"Content-Length: 9") + b"12345"),
    (405, head(b"BREW /")),
    (405, head(b"TRACE /")),
    (401, head(b"GET /", key=b"X-Api-Key: key-of-nobody")),
    (401, head(b"GET /", key=b"X-None: 1")),
    (401, head(b"GET /", b"Authorization: Bearer " + KEY.encode())),
    (401, head(b"GET /", b"X-Api-Key: " + KEY.encode())),
]


@check("P6", "P10", "P3", kind="behaviour")
def test_malformed_requests_over_a_socket(plain: Implementation) -> None:
    """Some forty requests that no gateway should forward; after each of them it is still there."""
    with upstream(sends(FINE)) as (port, seen), serving(gateway(plain, port)) as address:
        for status, data in MALFORMED:
            did = f"{data[:40]!r}…{data[-45:]!r} over a socket"
            refused(did, status, sent(address, data))
            equal(len(seen), 0, did=did + ": connections to the upstream")
        answer = sent(address, head(b"GET /"))
        equal((answer.status, answer.body), (200, b"fine"), did="then a good one: status and body")


@check("P10", "P18", kind="behaviour")
def test_nothing_is_smuggled(plain: Implementation) -> None:
    """Requests that hide another one: the upstream gets one request with one length, or none."""
    inner = b"GET /admin HTTP/1.1\r\nHost: x\r\n\r\n"
    length = b"Content-Length: %d" % len(inner)
    for data in (
        head(b"POST /", b"Content-Length: 0", length) + inner,
        head(b"POST /", length, b"Content-Length: 0") + inner,
        head(b"POST /", length, length) + inner,
        head(b"POST /", b"Content-Length: 4", b"Transfer-Encoding: chunked") + b"0\r\n\r\n" + inner,
        head(b"POST /", b"Transfer-Encoding : chunked", b"Content-Length: 0") + inner,
        head(b"POST /", length, b"Transfer_Encoding: chunked") + inner,
        head(b"GET /", b"Content-Length: 0", b"Connection: content-length") + inner,
        head(b"POST /", length, b"Connection: content-length, host") + inner,
        head(b"POST /", length, b"X-Tag: a\rTransfer-Encoding: chunked") + inner,
        head(b"POST /", length, b"X-Tag: a\r\n\tTransfer-Encoding: chunked") + inner,
        head(b"GET /?a%0d%0a%0d%0aGET%20/admin%20HTTP/1.1") + inner,
        head(b"GET /x%20HTTP/1.1%0d%0aHost:x") + inner,
        head(
            b"GET /", b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: x"
        )
        + inner,
        head(b"POST /", length) + inner + inner,
    ):
        with upstream(sends(FINE)) as (port, seen), serving(gateway(plain, port)) as address:
            sent(address, data)
            did = f"{data[: -len(inner)]!r} and a hidden request behind it: "
            ensure(
                len(seen) <= 1, did=did + "requests at the upstream", want="at most one", got=seen
            )
        for got in seen:
            first, *lines = got.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
            body = got.partition(b"\r\n\r\n")[2]
            fields = [line.partition(b":") for line in lines]
            lengths = [value.strip() for name, _, value in fields if name == b"content-length"]
            codings = [line for line in lines if b"encoding" in line.partition(b":")[0]]
            hosts = [line for line in lines if line.startswith(b"host:")]
            one = (
                len(lengths) <= 1
                and not codings
                and len(hosts) == 1
                and b"/admin http" not in first
            )
            ensure(one, did=did + "head at the upstream", want="one length, one Host", got=got)
            equal(len(body), int((lengths or [b"0"])[0]), did=did + "bytes of body at the upstream")
