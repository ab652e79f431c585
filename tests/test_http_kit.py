"""The kit's HTTP: the same application answers alike in process and over a socket."""

import io
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from graders.kit.expect import CheckFailed
from graders.kit.http import Response, call, raw, request, serving

TEXT = [("Content-Type", "text/plain")]


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers with what it was asked, one fact a line."""
    length = environ.get("CONTENT_LENGTH") or "0"
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "HTTP_X_NAME")
    lines = [str(environ.get(name, "")).encode("latin-1") for name in names]
    lines += [length.encode(), environ["wsgi.input"].read(int(length))]
    body = b"\n".join(lines)
    start_response(
        "200 OK", [*TEXT, ("Content-Length", str(len(body))), ("X-A", "1"), ("X-A", "2")]
    )
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


CASES = [
    ("GET", "/a%20b/%C3%A9?x=1&y=%20", b"", {"X-Name": "me"}),
    ("POST", "/", b"\x00\xffbody", {}),
    ("PUT", "/empty", b"", {}),
    ("HEAD", "/", b"", {}),
    ("DELETE", "/a//b/", b"", {"x-name": "x, y"}),
]


@pytest.mark.parametrize(("method", "path", "body", "headers"), CASES)
def test_in_process_and_over_a_socket_are_the_same(
    method: str, path: str, body: bytes, headers: dict[str, str]
) -> None:
    """Status, own headers and body agree."""
    with serving(echo) as address:
        far = request(address, method, path, body, headers)
    near = call(echo, method, path, body, headers)
    assert (near.status, near.body) == (far.status, far.body)
    assert set(near.headers) <= set(far.headers)


def test_path_query_and_length_are_handed_over() -> None:
    """The path is decoded to bytes in latin-1, the query is not."""
    answer = call(echo, "PUT", "/a%20b?x=%20", b"12345")
    assert answer.body == b"PUT\n/a b\nx=%20\n127.0.0.1\n\n5\n12345"
    assert call(echo, "GET", "/a", query="q=1").body.split(b"\n")[2] == b"q=1"
    moved = call(echo, "GET", "/", environ={"REMOTE_ADDR": "10.0.0.1"})
    assert moved.body.split(b"\n")[3] == b"10.0.0.1"


def test_content_length_can_lie_or_be_left_away() -> None:
    """None leaves it away; another number is sent as it is; a stream is handed over."""
    assert call(echo, "PUT", "/", b"123", {"Content-Length": None}).body.endswith(b"0\n")
    assert call(echo, "PUT", "/", b"123", {"content-length": "2"}).body.endswith(b"2\n12")
    stream = io.BytesIO(b"123456")
    call(echo, "PUT", "/", stream, {"Content-Length": "4"})
    assert stream.read() == b"56"


def test_headers_are_found_without_regard_to_case() -> None:
    """One value, several values, none."""
    answer = Response(200, [("X-A", "1"), ("x-a", "2"), ("B", "b")], b'{"a": 1}')
    assert answer.header("X-a") == "1, 2"
    assert answer.header_values("x-A") == ["1", "2"]
    assert answer.header("missing") is None
    assert answer.json() == {"a": 1}


def test_a_body_that_is_no_json_fails_the_check() -> None:
    """The learner sees what came instead."""
    with pytest.raises(CheckFailed):
        Response(200, [], b"<html>").json()


def without_type(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A body without Content-Type."""
    start_response("200 OK", [])
    return [b"x"]


def returns_text(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Text where bytes are asked for."""
    start_response("200 OK", TEXT)
    return ["text"]  # type: ignore[list-item]


def number_as_header(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A header value that is a number."""
    start_response("200 OK", [*TEXT, ("Retry-After", 3)])  # type: ignore[list-item]
    return [b"x"]


def never_starts(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """No start_response."""
    return []


def starts_twice(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Two statuses."""
    start_response("200 OK", TEXT)
    start_response("404 Not Found", TEXT)
    return [b"x"]


BAD = [without_type, returns_text, number_as_header, never_starts, starts_twice]


@pytest.mark.parametrize("app", BAD)
def test_what_is_no_wsgi_fails_the_check(app: Callable[..., Iterable[bytes]]) -> None:
    """Each breaks one rule of PEP 3333."""
    with pytest.raises(CheckFailed):
        call(app, "GET", "/")


def test_exceptions_of_the_application_pass_through_in_process() -> None:
    """Also an AssertionError of its own."""

    def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise AssertionError("mine")

    with pytest.raises(AssertionError, match="mine"):
        call(broken, "GET", "/")


def test_an_error_after_the_start_replaces_the_answer() -> None:
    """As PEP 3333 has it: start_response with exc_info before anything was sent."""

    def recovers(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        try:
            int("x")
        except ValueError:
            start_response("500 Oops", TEXT, sys.exc_info())
        return [b"sorry"]

    assert call(recovers, "GET", "/").status == 500


def test_an_exception_over_a_socket_is_a_500(capsys: pytest.CaptureFixture[str]) -> None:
    """The server goes on."""

    def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise ValueError("mine")

    with serving(broken) as address:
        assert [request(address, "GET", "/").status for _ in range(2)] == [500, 500]
    assert "mine" in capsys.readouterr().err


def test_requests_are_answered_at_the_same_time() -> None:
    """Eight requests meet at a barrier inside the application."""
    barrier = threading.Barrier(8, timeout=10)

    def meets(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        barrier.wait()
        return echo(environ, start_response)

    with serving(meets) as address:
        jobs = [threading.Thread(target=request, args=(address, "GET", "/")) for _ in range(8)]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
    assert not barrier.broken


def test_nothing_is_left_when_the_server_is_stopped() -> None:
    """Threads end, silent connections are cut, the port refuses."""
    before = set(threading.enumerate())
    with serving(echo) as address:
        request(address, "GET", "/")
        silent = socket.create_connection(address)
        request(address, "GET", "/")
    assert set(threading.enumerate()) == before
    assert silent.recv(1) == b""
    silent.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address)


def test_the_block_of_a_server_may_fail() -> None:
    """Its exception comes out, and the server is stopped."""
    before = set(threading.enumerate())
    with pytest.raises(KeyError), serving(echo):
        raise KeyError
    assert set(threading.enumerate()) == before


def test_an_answer_arrives_although_the_body_was_not_read() -> None:
    """Three megabytes that the application does not want."""

    def refuses(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("413 Content Too Large", TEXT)
        return [b"no"]

    with serving(refuses) as address:
        answer = request(address, "PUT", "/", bytes(3_000_000))
    assert (answer.status, answer.body) == (413, b"no")


def test_raw_bytes_go_out_and_come_back() -> None:
    """A request by hand, and one that ends early."""
    with serving(echo) as address:
        whole = raw(address, b"GET /x HTTP/1.0\r\n\r\n", end=False)
        short = raw(address, b"PUT /x HTTP/1.0\r\nContent-Length: 9\r\n\r\nabc")
        nonsense = raw(address, b"\x00\xff\r\n\r\n")
    assert whole.startswith(b"HTTP/1.0 200")
    assert b"GET\n/x\n" in whole
    assert short.endswith(b"9\nabc")
    assert b"400" in nonsense


def test_no_answer_fails_the_check() -> None:
    """A port at which nobody listens."""
    with serving(echo) as address:
        pass
    with pytest.raises(CheckFailed):
        request(address, "GET", "/")
