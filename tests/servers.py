"""A reference service as a newcomer starts it: one command, on loopback."""

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
Answer = tuple[int, dict[str, str], bytes]


def command(service: str, *options: str) -> list[str]:
    """What starts it."""
    return [sys.executable, "-m", f"solutions.services.{service}", *options]


@contextmanager
def server(service: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start it on a free port; yield the process and the port."""
    process = subprocess.Popen(
        command(service, "--port", "0", *options),
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


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    """One request: status, headers by lower-case name, body. `x_y` stands for the header x-y."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client.request(method, path, body, named)
        answer = client.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, answer.read()
    finally:
        client.close()
