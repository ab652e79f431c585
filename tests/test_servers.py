"""The references of the services as servers: one command, on loopback, with a clean end."""

import signal
import subprocess

import pytest

from tests.servers import ROOT, ask, command, server

SERVICES = ("cache", "observability", "rate_limiter")
BAD = [
    *((service, "--port=99999") for service in SERVICES),
    *(("cache", option) for option in ("--capacity=0", "--ttl=nan", "--max-value-bytes=0")),
    ("observability", "--max-routes=0"),
    *(("rate_limiter", f"--{option}") for option in ("rate=nan", "capacity=0", "max-clients=0")),
]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("service", SERVICES)
def test_a_signal_stops_it(service: str, stop: signal.Signals) -> None:
    """With status 0, after it has answered."""
    with server(service) as (process, port):
        assert ask(port, "GET", "/nothing/like/it")[0] in {200, 404}
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
