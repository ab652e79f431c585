"""Malformed requests: to the middleware they are requests like any other."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from graders.kit import Implementation, Sim, check, equal, simulate
from graders.kit.http import bare, raw, refused, request, serving

NEVER = 1e-9  # tokens a second: within a check nobody's bucket fills
ODD: dict[str, dict[str, str]] = {
    "a method that nobody knows": {"REQUEST_METHOD": "BREW"},
    "a method in lower case": {"REQUEST_METHOD": "get"},
    "an empty path": {"PATH_INFO": ""},
    "the path of OPTIONS *": {"REQUEST_METHOD": "OPTIONS", "PATH_INFO": "*"},
    "a path that is no UTF-8": {"PATH_INFO": "/\xff\xfe"},
    "a path that leaves the folder": {"PATH_INFO": "/../../etc/passwd"},
    "a path with a null byte": {"PATH_INFO": "/a\x00b"},
    "a path of 100,000 bytes": {"PATH_INFO": "/" + "a" * 100_000},
    "a broken query": {"QUERY_STRING": "%zz&=&&%"},
    "a length that is no number": {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "many"},
    "a negative length": {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "-1"},
    "a length of 5,000 digits": {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "9" * 5_000},
    "two lengths": {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "3, 4"},
    "an unknown coding": {"REQUEST_METHOD": "POST", "HTTP_TRANSFER_ENCODING": "xchunked"},
    "a header of 100,000 bytes": {"HTTP_X_BIG": "b" * 100_000},
    "a header with letters outside ASCII": {"HTTP_X_NAME": "\xc3\xa9\xff"},
    "a type that is none": {"CONTENT_TYPE": ";;=;"},
    "an old protocol": {"SERVER_PROTOCOL": "HTTP/0.9"},
}


def everybody(_environ: WSGIEnvironment) -> str:
    """One client."""
    return "all"


@check("P14", "P15", kind="behaviour")
def test_odd_requests_are_requests(impl: Implementation) -> None:
    """Eighteen malformed requests, allowed and then refused; the application answers 400 to all."""

    def scene(sim: Sim) -> None:
        for what, odd in ODD.items():
            called: list[WSGIEnvironment] = []

            def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
                called.append(environ)  # noqa: B023 - called before the next one is made
                start_response("400 Bad Request", [("Content-Length", "0")])
                return []

            front = impl.RateLimitMiddleware(app, impl.ClientLimiter(NEVER, 1, 5), everybody)
            allowed, said = bare(front, **odd), bare(front, **odd)
            equal(allowed.status, 400, did=f"{what}, allowed: the application's own status")
            equal(len(called), 1, did=f"{what}, allowed and then refused: calls of the application")
            same = {name: called[0].get(name) for name in odd}
            equal(same, odd, did=f"{what}: what the application finds in its environ")
            refused(f"{what}, refused", 429, said)

    simulate(scene)


@check("P14", "P15", kind="behaviour")
def test_odd_requests_over_a_socket(plain: Implementation) -> None:
    """Broken requests by a real client; then an ordinary one, which is served."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    def key(environ: WSGIEnvironment) -> str:
        return str(environ.get("HTTP_X_NAME", "odd"))

    front = plain.RateLimitMiddleware(app, plain.ClientLimiter(NEVER, 1, 5), key)
    head = b"POST /x HTTP/1.1\r\nHost: h\r\n"
    with serving(front) as address:
        for data, status in (
            (head + b"Content-Length: many\r\n\r\n", b"200"),
            (head + b"Content-Length: -1\r\n\r\n", b"429"),
            (head + b"Content-Length: 100\r\n\r\nshort", b"429"),
            (head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"429"),
            (b"BREW /%ff%00 HTTP/1.1\r\n\r\n", b"429"),
            (b"GET /x HTTP/1.1\r\nX-Big: " + b"b" * 60_000 + b"\r\n\r\n", b"429"),
        ):
            line, _, _ = raw(address, data).partition(b"\r\n")
            equal(line.split()[1:2], [status], did=f"{data[:60]!r} over a socket: status")
        answer = request(address, "GET", "/", headers={"X-Name": "another"})
        equal((answer.status, answer.body), (200, b"ok"), did="then an ordinary request")
