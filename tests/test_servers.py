"""The references of the services as servers: one command, on loopback, with a clean end."""

import json
import signal
import subprocess

import pytest

from tests.servers import ROOT, ask, command, server

SERVICES = ("cache", "job_queue", "rate_limiter")
BAD = [
    *((service, "--port=99999") for service in SERVICES),
    *(("cache", option) for option in ("--capacity=0", "--ttl=nan", "--max-value-bytes=0")),
    *(("job_queue", f"--{option}") for option in ("workers=0", "grace=nan", "max-body-bytes=0")),
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
