"""The references of the services as servers: one command, on loopback, with a clean end."""

import json
import signal
import socket
import subprocess

import pytest

from tests.servers import ROOT, ask, command, server

SERVICES = ("cache", "gateway", "rate_limiter")
BAD = [
    *((service, "--port=99999") for service in SERVICES),
    *(("cache", option) for option in ("--capacity=0", "--ttl=nan", "--max-value-bytes=0")),
    *(("gateway", f"--{option}") for option in ("upstream=/api", "client=a", "max-body-bytes=0")),
    *(("gateway", f"--upstream=/a=127.0.0.1:{rest}") for rest in ("", "x", "70000")),
    *(("rate_limiter", f"--{option}") for option in ("rate=nan", "capacity=0", "max-clients=0")),
]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("service", SERVICES)
def test_a_signal_stops_it(service: str, stop: signal.Signals) -> None:
    """With status 0, after it has answered."""
    with server(service) as (process, port):
        assert ask(port, "GET", "/nothing/like/it")[0] in {200, 401, 404}
        process.send_signal(stop)
        assert process.wait(30) == 0


@pytest.mark.parametrize(("service", "option"), BAD)
def test_bad_options_are_one_line(service: str, option: str) -> None:
    """A mistake is named in one line, without a traceback, with status 2."""
    ran = subprocess.run(
        command(service, "--port=0", option),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("cannot start: ")
    assert ran.stderr.count("\n") == 1


def test_the_cache_keeps_values() -> None:
    """Values go in and come out."""
    with server("cache", "--capacity", "2") as (_, port):
        assert ask(port, "PUT", "/cache/a?ttl=600", b"value")[0] == 204
        status, _, body = ask(port, "GET", "/cache/a")
        assert (status, body) == (200, b"value")


def test_a_client_that_sends_too_much_can_read_why() -> None:
    """The answer 413 is not destroyed by the bytes that are still on their way."""
    with server("cache", "--max-value-bytes", "1000") as (_, port):
        assert ask(port, "PUT", "/cache/a", b"v" * 3_000_000)[0] == 413


def test_the_rate_limiter_limits() -> None:
    """Two are served, the third reads why not, though its body is large; health is not limited."""
    with server("rate_limiter", "--rate", "0.001", "--capacity", "2") as (_, port):
        assert [ask(port, "GET", "/")[::2] for _ in range(2)] == [(200, b"Hello.\n")] * 2
        status, headers, body = ask(port, "POST", "/", bytes(1_000_000))
        assert (status, b"error" in body) == (429, True)
        assert 0 < int(headers["retry-after"]) <= 1_000
        assert ask(port, "GET", "/health")[0] == 200


HEAD = b"Host: gateway\r\nX-Api-Key: key-of-alice\r\n"
UNCLEAR = [
    (400, b"POST /cache/a HTTP/1.1\r\n" + HEAD + lines + b"\r\n\r\nhello")
    for lines in (
        b"Content-Length: 5\r\nContent-Length: 5",
        b"Content-Length: 5\r\nContent-Length: 0",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding : chunked\r\nContent-Length: 5",
        b"Content-Length : 5",
        b"Content_Length: 5",
        b"Content-Length: +5",
        b"Content-Length: 5\r\nX-Tag: a\r\n folded",
        b"Content-Length: 5\r\nX-Tag: a\rX-Client-Id: bob",
        b"Content-Length: 5\nX-Tag: a",
        b"Content-Length: 5\r\nX_Client_Id: bob",
        b"Content-Length: 5\r\nno header",
        b"Content-Length: 5\r\nHost: other",
        b"Content-Length: 5\r\nX-Tag: a\x00b",
    )
]
UNCLEAR += [
    (status, line + b"\r\n" + HEAD + b"\r\n")
    for status, line in (
        (400, b"GET /cache/a"),
        (400, b"GET  /cache/a HTTP/1.1"),
        (400, b"GET /cache/a b HTTP/1.1"),
        (400, b"GET /cache/a HTTP/2.0"),
        (400, b"GET /cache/\xff HTTP/1.1"),
        (400, b"G(T /cache/a HTTP/1.1"),
        (414, b"GET /" + b"a" * 70_000 + b" HTTP/1.1"),
        (431, b"GET /cache/a HTTP/1.1\r\nX: " + b"x" * 70_000),
        (431, b"GET /cache/a HTTP/1.1" + b"\r\nX-Tag: 12345" * 5_000),
    )
]


def test_the_gateway_forwards_what_is_clear_and_nothing_else() -> None:
    """In front of the cache: a PUT arrives, unclear requests do not, each is told why in JSON."""
    with (
        server("cache") as (_, cache),
        server(
            "gateway",
            f"--upstream=/=127.0.0.1:{cache}",
            "--client=alice=key-of-alice",
            "--burst=99",
        ) as (_, port),
    ):
        assert ask(port, "PUT", "/cache/a", b"value", x_api_key="key-of-alice")[0] == 204
        assert ask(port, "PUT", "/cache/a", b"other")[0] == 401
        before = ask(cache, "GET", "/stats")[2]
        for status, data in UNCLEAR:
            answer = _raw(port, data)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.split()[1:2] == [b"%d" % status], (data[:90], answer[:90])
            assert isinstance(json.loads(body)["error"], str)
        assert ask(cache, "GET", "/stats")[2] == before
        got = ask(port, "GET", "/cache/a", authorization="Bearer key-of-alice")
        assert (got[0], got[2]) == (200, b"value")
        assert got[1]["x-request-id"]


def _raw(port: int, data: bytes) -> bytes:
    """Everything that comes back."""
    with socket.create_connection(("127.0.0.1", port), 30) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65_536), b""))
