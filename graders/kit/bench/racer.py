"""One contender in a process of its own: started, given its turns, ended. It may hang or die; the run goes on."""

import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from graders.kit.bench import turns
from graders.kit.bench.entrants import Entrant
from graders.kit.bench.line import Inbox, understood
from graders.kit.bench.machine import without_xdist
from graders.kit.box import is_asleep
from graders.kit.loading import START
from graders.kit.topics import Topic

LIMIT: Final = float(os.environ.get("KATAS_BENCH_SECONDS", "10"))
"""Seconds of CPU time that one step may take (loading, preparing an operation, a round), and seconds
without any computing after which a contender is taken for stuck."""
LOOK: Final = 0.25
STIR: Final = 0.01
"""Seconds of CPU time that count as computing."""
STOPS: Final = 2
"""A contender that was stopped so often is not started again."""


class Stuck(Exception):
    """A contender did not answer: it hung or died; the message says which."""


class Racer:
    """A contender's process and what it has said. Not thread-safe."""

    def __init__(self, topic: Topic, entrant: Entrant, scratch: Path) -> None:
        self.entrant = entrant
        self.ops: list[str] = []
        self.said: dict[str, dict[str, Any]] = {}
        """What each operation came to: figures, or why there are none."""
        self._topic, self._scratch, self._stops = topic, scratch, 0
        self._turn = ""
        self._start([])

    def reaches(self, op: str) -> bool:
        """Wait until it asks for a turn in `op`; False if it has none to ask for (any more)."""
        while self._turn != op and op not in self.said:
            self._hear(op)
        return self._turn == op

    def go(self, op: str, number: int) -> bool:
        """Let it run its round of `op` in the pass of this number; whether it asks for another."""
        self._turn = ""
        with contextlib.suppress(OSError):
            self._socket.sendall(bytes([number % 256]))
        return self.reaches(op)

    def know_ops(self) -> list[str]:
        """The operations of the bench file, or [] if it did not get so far."""
        while not self.ops and not self.said:
            self._hear("")
        return self.ops

    def end(self) -> None:
        """End its process and whatever that has started."""
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        self._process.kill()
        self._process.wait()
        self._socket.close()
        self._output.close()

    def _start(self, only: Sequence[str]) -> None:
        self._inbox, self._news = Inbox(), deque[dict[str, Any]]()
        self._output = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115 - closed by end()
        self._socket, theirs = socket.socketpair()
        environment = {
            **without_xdist(os.environ),
            "KATAS_START": str(START),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(_import_path(self._topic)),
            "PYTHONSAFEPATH": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            turns.DESCRIPTOR: str(theirs.fileno()),
            turns.REFEREE: str(os.getpid()),
            turns.ONLY: " ".join(only),
        }
        with theirs:
            self._process = subprocess.Popen(
                _command(self._topic, self.entrant.spec),
                cwd=self._scratch,
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                start_new_session=True,
            )

    def _hear(self, op: str) -> None:
        """Take in the next thing it says; if it says nothing, stop it and note why."""
        try:
            words = self._next()
        except Stuck as stuck:
            self._stop(op, str(stuck))
            return
        if isinstance(words.get("ops"), list):
            self.ops = self.ops or [str(name) for name in words["ops"]]
        elif words.get("turn"):
            self._turn = str(words.get("op"))
        elif "seconds" in words or "failed" in words:
            self.said.setdefault(str(words.get("op")), understood(words))

    def _stop(self, op: str, why: str) -> None:
        """Note why `op` has no figure, and start again with the operations after it."""
        self.end()
        self._turn = ""
        self._stops += 1
        left = [name for name in self.ops if name not in self.said and name != op]
        lost = [op] if left and self._stops < STOPS else [op, *left]
        for name in lost:
            self.said[name] = {"failed": "stopped", "why": why}
        if left and self._stops < STOPS:
            self._start(left)

    def _next(self) -> dict[str, Any]:
        limit = _Limit(self._process.pid)
        while not self._news:
            limit.check()
            if not select.select([self._socket], [], [], LOOK)[0]:
                continue
            try:
                data = self._socket.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                raise Stuck(self._death())
            self._news.extend(self._inbox.read(data))
        return self._news.popleft()

    def _death(self) -> str:
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return "it closed its connection"
        self._output.seek(0)
        lines = self._output.read(1 << 16).decode("utf-8", "backslashreplace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"its process {how}" + (f": {last}" if last else "")


class _Limit:
    """How long one step may take: in CPU time, and in time without any."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._began = self._seen = self._used()
        self._stirred = time.monotonic()

    def check(self) -> None:
        """Stuck if the step takes too long."""
        used, now = self._used(), time.monotonic()
        if used - self._seen >= STIR or self._wants():
            self._seen, self._stirred = used, now
        if used - self._began > LIMIT:
            raise Stuck(f"stopped: one step took more than {LIMIT:g} s of CPU time")
        if now - self._stirred > LIMIT:
            raise Stuck(f"stopped: it neither computed nor answered for {LIMIT:g} s")

    def _wants(self) -> bool:
        """Whether it would compute if a busy machine let it."""
        try:
            return not is_asleep(self._process)
        except psutil.Error:
            return False

    def _used(self) -> float:
        try:
            times = self._process.cpu_times()
        except psutil.Error:
            return 0.0
        return times.user + times.system


def _import_path(topic: Topic) -> list[str]:
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    places = [str(Path(__file__).parents[3]), str(topic.root), *given]
    return list(dict.fromkeys(place for place in places if place))


def _command(topic: Topic, spec: str) -> list[str]:
    plugins = ("graders.kit.plugin", "pytest_benchmark.plugin", "graders.kit.bench.turns")
    command = [sys.executable, "-m", "pytest", str(topic.grader / f"bench_{topic.name}.py")]
    for plugin in (*plugins, "no:cacheprovider", "no:terminal"):
        command += ["-p", plugin]
    command += ["-s", "-o", "addopts=--import-mode=importlib", "-p", "pytest_timeout"]
    command += ["-o", "timeout=0", f"--rootdir={topic.root}", "--impl", spec]
    return [
        *command,
        "--benchmark-timer=graders.kit.bench.clock.seconds",
        "--benchmark-disable-gc",
        "--benchmark-quiet",
    ]
