"""The rate limiter as a server: one command, on loopback, with a clean end."""

import http.client
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "solutions.services.rate_limiter")
SLOW = ("--rate", "0.001", "--capacity", "2")


def ask(port: int, method: str, path: str, body: bytes = b"") -> tuple[int, str | None, bytes]:
    """One request: status, Retry-After, body."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        client.request(method, path, body)
        answer = client.getresponse()
        return answer.status, answer.headers["Retry-After"], answer.read()
    finally:
        client.close()


def test_it_limits_and_stops() -> None:
    """Two are served, the third reads why not, though its body is large; SIGTERM ends it with 0."""
    command = [*COMMAND, "--port", "0", *SLOW]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rpartition(":")[2])
            assert ask(port, "GET", "/") == ask(port, "GET", "/") == (200, None, b"Hello.\n")
            status, retry_after, body = ask(port, "POST", "/", bytes(1_000_000))
            assert (status, b"error" in body) == (429, True)
            assert 0 < int(retry_after or 0) <= 1_000
            assert ask(port, "GET", "/health")[0] == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    "option", ["--rate=nan", "--rate=0", "--capacity=0", "--max-clients=0", "--port=99999"]
)
def test_what_makes_no_limiter_is_one_line(option: str) -> None:
    """Status 2 and the reason, no traceback."""
    ran = subprocess.run(
        [*COMMAND, "--port=0", option],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("cannot start: ")
    assert ran.stderr.count("\n") == 1
