"""The references of the services as servers: one command, on loopback, with a clean end."""

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.servers import ROOT, ask, command, server

SERVICES = sorted(path.parent.name for path in (ROOT / "solutions").glob("*/*/__main__.py"))
BAD = [
    *((service, "--port=99999") for service in SERVICES),
    *(("cache", option) for option in ("--capacity=0", "--ttl=nan", "--max-value-bytes=0")),
    *(("job_queue", f"--{option}") for option in ("workers=0", "grace=nan", "max-body-bytes=0")),
    ("observability", "--max-routes=0"),
    *(("gateway", f"--{option}") for option in ("upstream=/api", "client=a", "max-body-bytes=0")),
    *(("gateway", f"--upstream=/a=127.0.0.1:{rest}") for rest in ("", "x", "70000")),
    *(("rate_limiter", f"--{option}") for option in ("rate=nan", "capacity=0", "max-clients=0")),
    *(("resilience", f"--{option}") for option in ("attempts=0", "deadline=nan", "seconds=inf")),
    *(("resilience", f"--{option}") for option in ("workers=0", "threshold=0", "reset=0")),
    *(("url_shortener", f"--{option}") for option in ("database=.", "base-url=ftp://a")),
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


def test_the_resilient_front_stops_asking() -> None:
    """What is flaky is tried again; what hangs is given up; two failures open the circuit."""
    options = ("--attempts=3", "--seconds=2", "--threshold=2", "--reset=600")
    with server("resilience", *options) as (process, port):

        def send(message: str, more: str = "") -> tuple[int, dict[str, str], bytes]:
            body = f'{{"message": "{message}"{more}}}'.encode()
            return ask(port, "POST", "/call", body, content_type="application/json")

        status, _, body = send("flaky", ', "idempotent": true')
        assert (status, body) == (200, b'{"reply": "flaky"}')
        assert [send(message)[0] for message in ("bad", "slow", "bad", "fail")] == [
            422,
            504,
            422,
            502,
        ]
        status, headers, _ = send("hello")
        assert (status, 0 < int(headers["retry-after"]) <= 600) == (503, True)
        assert b'"state": "open"' in ask(port, "GET", "/health")[2]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0  # though the slow message still sleeps


def test_the_url_shortener_survives_a_kill(tmp_path: Path) -> None:
    """A link that has been answered is there after SIGKILL, with its hits."""
    options = ("--database", str(tmp_path / "links.db"), "--base-url", "https://sho.rt")
    with server("url_shortener", *options) as (process, port):
        body = b'{"url": "https://example.com/a?b#c", "alias": "alias"}'
        made = ask(port, "POST", "/links", body, Content_Type="application/json")
        assert (made[0], b"https://sho.rt/alias" in made[2]) == (201, True)
        assert ask(port, "GET", "/alias")[0] == 302
        process.kill()
    with server("url_shortener", *options) as (_, port):
        status, headers, _body = ask(port, "GET", "/alias")
        assert (status, headers["location"]) == (302, "https://example.com/a?b#c")
        assert b'"hits": 2' in ask(port, "GET", "/links/alias")[2]


def test_the_observed_demo_counts_and_names() -> None:
    """Ids are kept or fresh, failures are counted, /metrics shows it."""
    with server("observability") as (_, port):
        status, headers, body = ask(port, "GET", "/hello/ada", X_Request_ID="mine-1")
        assert (status, headers["x-request-id"]) == (200, "mine-1")
        assert b"mine-1" in body
        assert len(ask(port, "GET", "/hello/bob", X_Request_ID="no id")[1]["x-request-id"]) == 32
        assert ask(port, "GET", "/fail")[0] == 500
        assert ask(port, "GET", "/slow")[2] == b"step\n" * 3
        metrics = ask(port, "GET", "/metrics")[2].decode()
    hello = 'http_requests_total{method="GET",route="/hello/<name>",status="200"} 2'
    failed = 'http_requests_total{method="GET",route="/fail",status="500"} 1'
    assert {hello, failed, "http_requests_in_flight 1"} <= set(metrics.splitlines())


def test_the_job_queue_runs_jobs_and_hands_back_the_rest() -> None:
    """A job is accepted and run; at the end what has not run is printed, a line for each."""
    with server("job_queue", "--workers", "1", "--grace", "0") as (process, port):
        status, headers, _ = ask(port, "POST", "/jobs", b'{"kind": "sum", "payload": [1, 2]}')
        assert status == 202
        assert ask(port, "GET", headers["location"])[0] == 200
        for payload in (b"3600", b"7200"):
            ask(port, "POST", "/jobs", b'{"kind": "nap", "payload": %s}' % payload)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        left = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        assert 7200 in [job["payload"] for job in left if job["status"] == "returned"]


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
