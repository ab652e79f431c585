"""What is refused, in which order, and how much of a body is read."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from contracts.services.gateway import (
    MAX_HEADER_BYTES,
    MAX_PATH_BYTES,
    Client,
    Route,
    Upstream,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)
from graders.kit import Implementation, check, ensure, equal
from graders.kit.http import Response, bare, refused

ALICE, BOB, EVE = "key-of-alice", "key-of-bob", "key-of-eve"
LIMIT = 100
ARABIC_FIVE = "\u0665".encode().decode("latin-1")  # a digit to str.isdigit() and int()


class Behind:
    """A transport that counts its calls and fails at some paths."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        self.bodies.append(request.body)
        if request.target in {"/slow", "/dead"}:
            raise (UpstreamTimeout if request.target == "/slow" else UpstreamFailed)("on purpose")
        return UpstreamResponse(200, (("Content-Type", "text/plain"),))


def gateway(impl: Any) -> tuple[Any, Behind]:
    """Alice may do everything; Eve nothing, and has no token left; /admin is for Alice."""
    behind = Behind()
    here = Upstream("behind", 1)
    routes = [Route(path, here) for path in ("/api", "/slow", "/dead")]
    routes.append(Route("/admin", here, frozenset({"GET", "POST"}), frozenset({"alice"})))
    clients = [Client("alice", (ALICE,), 1e6, 1_000_000), Client("bob", (BOB,), 1e6, 1_000_000)]
    clients.append(Client("eve", (EVE,), 1e-6, 1))
    app = impl.Gateway(routes, clients, behind, max_body_bytes=LIMIT)
    ask(app, "GET", "/nowhere", key=EVE)
    return app, behind


def ask(
    app: Callable[..., Iterable[bytes]],
    method: str,
    path: str,
    body: Any = b"",
    key: str | None = ALICE,
    **environ: str,
) -> Response:
    """One call with exactly this environ."""
    given = {} if key is None else {"HTTP_X_API_KEY": key}
    return bare(app, method, path, body, **{"REMOTE_ADDR": "127.0.0.1", **given, **environ})


def check_refused(got: Response, status: int, did: str) -> None:
    """The status, a JSON object with a text under "error", its length, and the request's id."""
    refused(did, status, got)
    equal(got.header("Content-Length"), str(len(got.body)), did=did + ": Content-Length")
    ensure(bool(got.header("X-Request-Id")), did=did, want="an X-Request-Id, as on every answer")


UNDERSCORED = ("HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE")
GOOD = {"CONTENT_LENGTH": "5"}
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked"}
LARGE = {"CONTENT_LENGTH": str(LIMIT + 1)}
HUGE = {"HTTP_X_HUGE": "h" * MAX_HEADER_BYTES}


CODINGS = ("chunked", "xchunked", "gzip, chunked", "identity", "", "Chunked ", "chunked, chunked")
LENGTHS = ("-1", "+5", "-0", "0x5", "5_0", "1e1", "5.0", "five", "5, 5", "5,5", "5,6", "5;", "5 5")
LENGTHS += (" 5", "5 ", "5\r\n", "5\n", "\t5", ARABIC_FIVE, "\xb2", "5\x00")
UNCLEAR: list[tuple[int, dict[str, str]]] = [
    *((411, {"HTTP_TRANSFER_ENCODING": each}) for each in CODINGS),
    *((411, {"HTTP_TRANSFER_ENCODING": each, "CONTENT_LENGTH": ""}) for each in CODINGS),
    *((400, {"HTTP_TRANSFER_ENCODING": each} | GOOD) for each in CODINGS),
    (400, {"HTTP_TRANSFER_ENCODING": "\x0bchunked"}),
    *((400, {"CONTENT_LENGTH": each}) for each in LENGTHS),
    *((400, {name: "5"} | more) for name in UNDERSCORED for more in ({}, GOOD)),
    *((413, {"CONTENT_LENGTH": each}) for each in (str(LIMIT + 1), "9" * 5_000, "1" * 25)),
]


@check("P6", "P10", kind="behaviour")
def test_requests_without_a_clear_end(plain: Implementation) -> None:
    """Transfer codings, lengths that are no numbers, both, none, too large; for each method."""
    app, behind = gateway(plain)
    for status, environ in UNCLEAR:
        for method in ("POST", "GET"):
            body = io.BytesIO(b"12345" * 50)
            shown = {name: value[:20] for name, value in environ.items()}
            did = f"{method} /api with {shown}, {LIMIT} bytes allowed"
            check_refused(ask(app, method, "/api", body, **environ), status, did)
            equal(body.tell(), 0, did=did + ": bytes read of the body")
    for method in ("POST", "PUT", "PATCH"):
        for environ in ({}, {"CONTENT_LENGTH": ""}):
            got = ask(app, method, "/api", b"12345", **environ)
            check_refused(got, 411, f"{method} /api with {environ}")
    equal(behind.bodies, [], did="all these; calls of the upstream")


@check("P10", kind="behaviour")
def test_exactly_the_announced_bytes_are_read(plain: Implementation) -> None:
    """The input holds more than the body; and gives it in pieces."""
    app, behind = gateway(plain)
    for method in ("POST", "GET", "DELETE"):
        for length in ("0", "1", "50", "100", "0100", "00000000000000000000000000005"):
            body = io.BytesIO(b"v" * int(length) + b"\r\nGET /admin HTTP/1.1\r\n")
            did = f"{method} with Content-Length: {length} and more bytes behind the body"
            equal(
                ask(app, method, "/api", body, CONTENT_LENGTH=length).status,
                200,
                did=did + ": status",
            )
            equal(behind.bodies[-1], b"v" * int(length), did=did + ": body at the upstream")
            equal(body.tell(), int(length), did=did + ": bytes read of the input")
    body = io.BytesIO(b"12345")
    equal(
        ask(app, "GET", "/api", body).status, 200, did="GET without a length, 5 bytes there: status"
    )
    equal(
        (behind.bodies[-1], body.tell()), (b"", 0), did="the same: body at the upstream, bytes read"
    )


@check("P10", kind="behaviour")
def test_a_body_comes_in_pieces(plain: Implementation) -> None:
    """wsgi.input gives two bytes for each read, whatever it is asked for."""

    class Pieces(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(2 if size is None or size < 0 else min(size, 2))

    app, behind = gateway(plain)
    got = ask(app, "POST", "/api", Pieces(b"1234567890"), CONTENT_LENGTH="7").status
    equal(got, 200, did="POST of 7 bytes in pieces of 2: status")
    equal(behind.bodies, [b"1234567"], did="POST of 7 bytes in pieces of 2: body at the upstream")


class Breaks(io.BytesIO):
    """An input that ends in an error."""

    def __init__(self, data: bytes, error: Exception) -> None:
        super().__init__(data)
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(1 if size else 0)
        if not data:
            raise self.error
        return data


@check("P10", "P6", kind="behaviour")
def test_a_body_that_does_not_come(plain: Implementation) -> None:
    """The body ends early, or reading it fails; the upstream hears nothing."""
    app, behind = gateway(plain)
    for body, status in (
        (io.BytesIO(b""), 400),
        (io.BytesIO(b"1234"), 400),
        (Breaks(b"", TimeoutError("slow")), 408),
        (Breaks(b"12", TimeoutError("slow")), 408),
        (Breaks(b"12", ConnectionResetError("gone")), 400),
        (Breaks(b"12", OSError("gone")), 400),
    ):
        did = f"POST with Content-Length: 5, a body of {body.getvalue()!r}"
        if isinstance(body, Breaks):
            did += f", then {type(body.error).__name__}"
        check_refused(ask(app, "POST", "/api", body, CONTENT_LENGTH="5"), status, did)
    equal(behind.bodies, [], did="all these; calls of the upstream")


@check("P6", "P10", kind="behaviour")
def test_headers_that_are_refused(plain: Implementation) -> None:
    """Folded lines, control characters, strange names, Hosts that are none or two; heads too large."""
    cases: list[tuple[int, dict[str, str]]] = []
    for value in (
        "a\r\n b",
        "a\n\tb",
        "a\rb",
        "a\nX-Client-Id: bob",
        "a\x00",
        "\x07",
        "\x7f",
        "\x0b",
    ):
        cases += [(400, {"HTTP_X_TAG": value}), (400, {"CONTENT_TYPE": f"text/plain{value}"})]
        cases.append((400, {"HTTP_CONNECTION": value}))
    for name in (
        "HTTP_X(TAG",
        "HTTP_X TAG",
        "HTTP_",
        'HTTP_X"',
        "HTTP_X/Y",
        "HTTP_X\xe9",
        "HTTP_X@Y",
    ):
        cases.append((400, {name: "x"}))
    for host in ("a,b", "a b", "", "a:b", ":80", "a:80:80", "http://a", "a/b", "x@a", "a?b"):
        cases.append((400, {"HTTP_HOST": host}))
    used = len("HOST") + len("127.0.0.1") + len("X_API_KEY") + len(ALICE)
    rest = MAX_HEADER_BYTES - used - len("X_TAG")
    cases += [(200, {"HTTP_X_TAG": "v" * rest}), (431, {"HTTP_X_TAG": "v" * (rest + 1)})]
    cases += [(431, {f"HTTP_X_{number}": "" for number in range(10_000)})]
    cases += [(431, {"CONTENT_TYPE": "t" * MAX_HEADER_BYTES})]
    cases += [(200, {"HTTP_X_TAG": "a\tb \xe9~"}), (200, {"HTTP_X1!#$%&'*+.^`|~": "1"})]
    cases += [(200, {"HTTP_HOST": host}) for host in ("a", "A-b_c.de:80", "127.0.0.1:65535")]
    app, behind = gateway(plain)
    fine = 0
    for status, environ in cases:
        shown = {name: value[:20] for name, value in [*environ.items()][:1]}
        got = ask(app, "GET", "/api", **{"HTTP_HOST": "127.0.0.1", **environ})
        fine += status == 200
        if status == 200:
            equal(got.status, 200, did=f"GET /api with {shown}: status")
        else:
            check_refused(got, status, f"GET /api with {shown} ({len(environ)} such headers)")
    equal(len(behind.bodies), fine, did="all these; calls of the upstream")


@check("P6", kind="behaviour")
def test_routes_clients_methods(plain: Implementation) -> None:
    """Paths without a route, routes of others, methods that are not served."""
    app, behind = gateway(plain)
    for path in ("/", "/apix", "/x"):
        for method in ("GET", "POST", "TRACE"):
            got = ask(app, method, path, **({"CONTENT_LENGTH": "0"} if method == "POST" else {}))
            check_refused(got, 404, f"{method} {path}")
    for method in ("GET", "DELETE"):
        check_refused(ask(app, method, "/admin/x", key=BOB), 403, f"{method} /admin/x by Bob")
    all_seven = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    for method, path, allowed in (
        ("DELETE", "/admin", {"GET", "POST"}),
        ("HEAD", "/admin", {"GET", "POST"}),
        ("TRACE", "/api", all_seven),
        ("CONNECT", "/api", all_seven),
        ("BREW", "/api", all_seven),
        ("get", "/api", all_seven),
    ):
        got = ask(app, method, path)
        equal(got.status, 405, did=f"{method} {path}: status")
        listed = {each.strip() for each in (got.header("Allow") or "").split(",")}
        equal(listed, allowed, did=f"{method} {path}: methods in Allow")
        if method != "HEAD":
            check_refused(got, 405, f"{method} {path}")
    equal(behind.bodies, [], did="all these; calls of the upstream")


@check("P6", "P14", kind="behaviour")
def test_the_first_refusal_that_applies_is_the_answer(plain: Implementation) -> None:
    """Requests with two or three mistakes at once."""
    app, behind = gateway(plain)
    long = "/.." + "a" * MAX_PATH_BYTES
    cases: list[tuple[int, str, str, str | None, dict[str, str]]] = [
        (414, "POST", long, None, HUGE | CHUNKED),
        (431, "POST", "/..", None, HUGE | CHUNKED | GOOD),
        (400, "POST", "/..", None, CHUNKED),
        (400, "POST", "/api", None, CHUNKED | {"QUERY_STRING": "#"}),
        (400, "POST", "/api", None, CHUNKED | {"HTTP_X_TAG": "\n"}),
        (400, "POST", "/api", None, {"HTTP_HOST": "a,b"}),
        (400, "POST", "/api", None, CHUNKED | GOOD),
        (400, "POST", "/api", None, CHUNKED | {"CONTENT_LENGTH": "x"}),
        (411, "POST", "/api", None, CHUNKED),
        (400, "POST", "/x", None, {"CONTENT_LENGTH": "x"}),
        (411, "POST", "/x", None, {}),
        (413, "BREW", "/x", None, LARGE),
        (413, "POST", "/x", EVE, LARGE),
        (401, "BREW", "/x", None, {}),
        (401, "GET", "/admin", "key-of-nobody", {}),
        (429, "BREW", "/x", EVE, {}),
        (429, "GET", "/admin", EVE, {}),
        (429, "POST", "/api", EVE, GOOD),
        (404, "BREW", "/x", BOB, {}),
        (404, "POST", "/x", BOB, GOOD),
        (403, "BREW", "/admin", BOB, {}),
        (403, "POST", "/admin", BOB, GOOD),
        (405, "PUT", "/admin", ALICE, GOOD),
        (400, "POST", "/dead", ALICE, GOOD),
        (504, "GET", "/slow", ALICE, {}),
        (502, "GET", "/dead", ALICE, {}),
    ]
    for status, method, path, key, environ in cases:
        shown = {name: value[:20] for name, value in environ.items()}
        did = f"{method} {path[:12]} ({len(path)} bytes) with key {key} and {shown}"
        body = io.BytesIO(b"")
        check_refused(ask(app, method, path, body, key, **environ), status, did)
    equal(len(behind.bodies), 2, did="all these (two reach it); calls of the upstream")


@check("P10", kind="behaviour")
def test_a_refused_body_is_not_read(plain: Implementation) -> None:
    """Requests with a good body that are refused for key, token, route, client or method."""
    app, behind = gateway(plain)
    for status, method, path, key in (
        (401, "POST", "/api", None),
        (401, "POST", "/api", "key-of-nobody"),
        (429, "POST", "/api", EVE),
        (404, "POST", "/x", ALICE),
        (403, "POST", "/admin", BOB),
        (405, "PUT", "/admin", ALICE),
    ):
        body = io.BytesIO(b"12345")
        did = f"{method} {path} with key {key} and a body of 5 bytes"
        equal(ask(app, method, path, body, key, **GOOD).status, status, did=did + ": status")
        equal(body.tell(), 0, did=did + ": bytes read of the body")
    equal(behind.bodies, [], did="all these; calls of the upstream")


@check("P6", kind="behaviour")
def test_refusals_to_head(plain: Implementation) -> None:
    """HEAD that is refused: the headers as to GET, and no body."""
    app, _ = gateway(plain)
    for status, path, key in ((401, "/api", None), (404, "/x", ALICE), (502, "/dead", ALICE)):
        head, got = (ask(app, method, path, b"", key) for method in ("HEAD", "GET"))
        did = f"HEAD {path} with key {key}"
        equal((head.status, head.body), (status, b""), did=did + ": status and body")
        for name in ("content-type", "content-length"):
            equal(head.header(name), got.header(name), did=f"{did}: {name}, as to GET")


@check("P6", kind="contract")
def test_limits_that_are_given_and_not(plain: Implementation) -> None:
    """max_body_bytes of 1, and the one million that is the default."""
    here = [Route("/api", Upstream("behind", 1))], [Client("alice", (ALICE,))]
    app = plain.Gateway(*here, Behind(), max_body_bytes=1)
    for length, status in (("1", 200), ("2", 413)):
        got = ask(app, "POST", "/api", b"12", CONTENT_LENGTH=length).status
        equal(got, status, did=f"max_body_bytes=1: POST with Content-Length: {length}")
    behind = Behind()
    app = plain.Gateway(*here, behind)
    got = ask(app, "POST", "/api", b"v" * 1_000_000, CONTENT_LENGTH="1000000").status
    equal((got, len(behind.bodies[-1])), (200, 1_000_000), did="no limit given: POST of 1,000,000")
    got = ask(app, "POST", "/api", b"", CONTENT_LENGTH="1000001").status
    equal(got, 413, did="no limit given: POST with Content-Length: 1000001")
