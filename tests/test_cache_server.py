"""The cache as a server: one command, on loopback, with a clean end."""

import http.client
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "solutions.services.cache")


@contextmanager
def server(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start it on a free port; yield the process and the port."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        yield process, int(line.rpartition(":")[2])
    finally:
        process.kill()
        process.communicate()


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """One request: status and body."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        client.request(method, path, body)
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_stops(stop: signal.Signals) -> None:
    """Values go in and come out; Ctrl-C and SIGTERM end it with status 0."""
    with server("--capacity", "2", "--max-value-bytes", "2000000") as (process, port):
        assert ask(port, "PUT", "/cache/a?ttl=600", b"value") == (204, b"")
        assert ask(port, "GET", "/cache/a") == (200, b"value")
        process.send_signal(stop)
        assert process.wait(30) == 0


def test_a_client_that_sends_too_much_can_read_why() -> None:
    """The answer 413 is not destroyed by the bytes that are still on their way."""
    with server("--max-value-bytes", "1000") as (_, port):
        assert ask(port, "PUT", "/cache/a", b"v" * 3_000_000)[0] == 413


@pytest.mark.parametrize(
    "options", [("--port", "99999"), ("--capacity", "0"), ("--ttl", "nan"), ("--port", "x")]
)
def test_bad_options_are_one_line(options: tuple[str, str]) -> None:
    """A mistake is named in one line, without a traceback, with status 2."""
    ran = subprocess.run(
        [*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert ran.stderr.strip()
