"""`nox -s load`: a service under load, as a person in production would see it.

The service runs in a process of its own, as `nox -s run` starts it. Clients play the shots of its scene one
round after another, on a connection each, and look at every answer. It says how fast, what went wrong, and
whether memory stayed flat. Where wrk is installed, its figure stands beside it: a client in C takes less of the
machine. Figures, never a verdict on code: what must hold is no error, no wrong answer, and flat memory.
"""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle, islice
from statistics import median, quantiles
from typing import Final

import psutil

from graders.kit.loading import START
from graders.kit.mistakes import Mistake
from graders.kit.sim import Manner, load
from graders.kit.topics import Topic

CLIENTS: Final = 8
NAMES: Final = 500
"""So many different values has $n for each client, again and again: what is kept must not grow with requests."""
WIDTH: Final = 6
"""Characters of a name."""
WARM_UP: Final = 0.2
"""The share of the requests after which memory is looked at for the first time."""
GROWTH: Final = 16 << 20
WAIT: Final = 30.0


@dataclass(frozen=True)
class Shot:
    """One request, and what has to come back. `$n` in path, body and answer is a name of this round.

    `status`: one, or several that are all right. `holds`: what the body has to hold.
    """

    method: str
    path: str
    status: int | tuple[int, ...]
    body: bytes = b""
    holds: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def wire(self) -> bytes:
        """The request as it is sent, `$n` still in it; every name has WIDTH characters."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        lines += [f"{key}: {value}" for key, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body) + self.body.count(b'$n') * (WIDTH - 2)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body

    def wrong(self, status: int, answer: bytes, name: str) -> str:
        """What is wrong with the answer; "" if nothing is."""
        right = self.status if isinstance(self.status, tuple) else (self.status,)
        if status in right and self.holds.replace(b"$n", name.encode()) in answer:
            return ""
        return f"{self.method} {self.path.replace('$n', name)}: {status} {answer[:80]!r}"


@dataclass
class Tally:
    """What the clients have seen. Each adds its own when it has ended."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    topic: str
    rate: float
    tally: Tally
    before: int
    after: int
    wrk: str

    @property
    def good(self) -> bool:
        """No error, no wrong answer, flat memory."""
        return not (self.tally.errors or self.tally.wrong) and self.grown <= GROWTH

    @property
    def grown(self) -> int:
        """Bytes by which the service grew after its first fifth of the requests."""
        return max(0, self.after - self.before)

    def lines(self) -> Iterator[str]:
        """One line of figures, and the first of what was wrong."""
        took = self.tally.seconds
        late = quantiles(took, n=100)[-1] if len(took) > 1 else 0.0
        yield (
            f"{self.topic:<24}{len(took):>9,} requests {self.rate:>8,.0f}/s   median {median(took) * 1000:5.1f} ms"
            f"   99 % within {late * 1000:6.1f} ms   errors {len(self.tally.errors)}   wrong {len(self.tally.wrong)}"
            f"   memory {self.before >> 20} MB, {self.after >> 20} MB in the end{self.wrk}"
        )
        yield from (f"  {line}" for line in [*self.tally.errors, *self.tally.wrong][:5])


def shots_of(topic: Topic) -> Sequence[Shot]:
    """The shots of the topic's scene; none if it is no service."""
    path = topic.grader / "scene.py"
    if not path.is_file():
        return ()
    scene = load(f"_load_{topic.chapter}_{topic.name}", path, Manner(points=False))
    return tuple(getattr(scene, "LOAD", ()))


def put_under_load(topic: Topic, impl: str, requests: int, *, wrk: bool = False) -> Outcome:
    """Start the service, play the shots, look at its memory, stop it."""
    shots = shots_of(topic)
    if not shots:
        raise Mistake(f"{topic.id} has no LOAD in its scene: it is no service")
    with _service(topic, impl) as (process, port):
        tally = Tally()
        began = time.monotonic()
        _fire(port, shots, int(requests * WARM_UP), tally)
        before = process.memory_info().rss
        _fire(port, shots, requests - int(requests * WARM_UP), tally)
        elapsed = time.monotonic() - began
        after = process.memory_info().rss
        said = _wrk(port, shots) if wrk else ""
    return Outcome(topic.id, len(tally.seconds) / elapsed, tally, before, after, said)


@contextmanager
def _service(topic: Topic, impl: str) -> Iterator[tuple[psutil.Process, int]]:
    command = [sys.executable, "-m", "graders.kit", "run", topic.id, "--impl", impl, "--port", "0"]
    process = subprocess.Popen(
        command, cwd=START, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.match(r"listening on http://[\d.]+:(\d+)", line)
        if found is None:
            raise Mistake(f"{topic.id} did not start: {line.strip() or 'it said nothing'}")
        threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()  # its log
        yield psutil.Process(process.pid), int(found[1])
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(WAIT)
    finally:
        process.kill()
        process.wait()


def _fire(port: int, shots: Sequence[Shot], requests: int, tally: Tally) -> None:
    """All clients at once; each plays whole rounds, one request after another."""
    each = max(1, requests // CLIENTS)
    clients = [
        threading.Thread(target=_client, args=(number, port, shots, each, tally))
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()


def _client(number: int, port: int, shots: Sequence[Shot], requests: int, tally: Tally) -> None:
    mine = Tally()
    for count, shot in enumerate(islice(cycle(shots), requests)):
        name = f"{number:02}-{count // len(shots) % NAMES:03}"
        began = time.perf_counter()
        try:
            status, answer = _ask(port, shot, name)
        except OSError as error:
            mine.errors.append(f"{shot.method} {shot.path}: {type(error).__name__}: {error}")
            continue
        mine.seconds.append(time.perf_counter() - began)
        if wrong := shot.wrong(status, answer, name):
            mine.wrong.append(wrong)
    for all_, own in zip(vars(tally).values(), vars(mine).values(), strict=True):
        all_.extend(own)  # in one step: lists are shared


def _ask(port: int, shot: Shot, name: str) -> tuple[int, bytes]:
    """One request on a connection of its own: status and body. Little work, so that the service is what is measured."""
    with socket.create_connection(("127.0.0.1", port), WAIT) as client:
        client.sendall(shot.wire.replace(b"$n", name.encode()))
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    head, end, body = answer.partition(b"\r\n\r\n")
    try:
        status = int(head.split(None, 2)[1])
    except (IndexError, ValueError):
        status = 0
    if not end or not status:
        raise ConnectionError(f"no whole answer: {answer[:80]!r}")
    return status, body


def _wrk(port: int, shots: Sequence[Shot]) -> str:
    """What wrk says of the first GET that needs no name, in words; "" if it cannot say."""
    plain = [shot for shot in shots if shot.method == "GET" and "$n" not in shot.path]
    wrk = shutil.which("wrk")
    if not (plain and wrk):
        return "" if wrk else "   (wrk is not installed)"
    command = [wrk, "-t1", f"-c{CLIENTS}", "-d3s", f"http://127.0.0.1:{port}{plain[0].path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    return f"   wrk, GET {plain[0].path}: {float(rate[1]):,.0f}/s" if rate else ""


def run(topics: Sequence[Topic], impl: str, requests: int, say: Callable[[str], None]) -> int:
    """Every service of the topics; 0 if all held."""
    services = [topic for topic in topics if shots_of(topic)]
    if not services:
        raise Mistake("none of these topics is a service: nox -s load -- cache")
    good = True
    for topic in services:
        outcome = put_under_load(topic, impl, requests, wrk=True)
        good = good and outcome.good
        for line in outcome.lines():
            say(line)
    return 0 if good else 1
