"""The parent's side of a child: reads its answer, watches its means, and ends it if need be.

Wall time never fails a check. A child fails for the CPU time it burns, for really being blocked (asleep without
any progress over many looks), for memory, processes or output; only slow, it is inconclusive in the end.
"""

import ast
import contextlib
import os
import re
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from graders.kit import child, orphans
from graders.kit.seal import Seal, seal
from graders.kit.verdict import Verdict

LOOK = 0.02
MEANS = 0.1
MEANS_AT_MOST = 0.5
MEANS_SHARE = 20
"""Seconds between two looks at what a child uses. Each costs a walk over all processes: on a machine with many,
or a slow one, they become rarer, so that looking takes no more than a twentieth of the time."""
OUTPUT_KEPT = 64 << 10
OUTPUT_MOST = 32 << 20
PROCESSES = 48
FILES_MOST = 256 << 20
FILES_COUNTED = 5_000
POLLS = 6
"""So many times longer than without any progress a check may sleep in all: who polls sleeps again and again."""


_running: set[int] = set()


def _setting(name: str, default: float) -> float:
    return float(os.environ.get(f"KATAS_{name}", default))


@dataclass(frozen=True)
class Limits:
    """What a check may use: CPU seconds, seconds asleep without progress, wall seconds, bytes."""

    cpu: float = field(default_factory=lambda: _setting("CPU_SECONDS", 20))
    asleep: float = field(default_factory=lambda: _setting("ASLEEP_SECONDS", 5))
    wall: float = field(default_factory=lambda: _setting("WALL_SECONDS", 180))
    memory: float = field(default_factory=lambda: _setting("RSS_MB", 1024) * (1 << 20))


class Box:
    """One running check. Make it, `look` until `done`, then take `verdict`."""

    def __init__(
        self, body: Callable[[], object], limits: Limits | None = None, before: Seal | None = None
    ) -> None:
        before = seal() if before is None else before
        self._limits = limits or Limits()
        self._nonce = secrets.token_hex(8)
        self._scratch = tempfile.mkdtemp(prefix="katas-")
        self._answer, answer = os.pipe()
        self._output, output = os.pipe()
        orphans.adopt()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            orphans.die_with_parent(parent)
            child.run(body, before, answer, output, self._scratch, self._nonce)
        _running.add(self.pid)
        os.close(answer)
        os.close(output)
        for end in (self._answer, self._output):
            os.set_blocking(end, False)
        self._said, self._printed, self._printed_bytes = b"", b"", 0
        self._cpu, self._still, self._slept, self._started = 0.0, 0.0, 0.0, time.monotonic()
        self._last_look, self._pause = self._started, MEANS
        self._ended: set[int] = set()
        self._killed: Verdict | None = None
        self._status: int | None = None
        self.done = False

    @property
    def readable(self) -> list[int]:
        """What to wait for between two looks."""
        return [end for end in (self._answer, self._output) if end not in self._ended]

    def end(self) -> None:
        """The run is given up: no process of the check stays behind."""
        if not self.done:
            self._kill(Verdict())
            self._finish()

    def look(self) -> None:
        """Read what has come, check the means, notice the end."""
        self._read()
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status
        if self._status is not None:
            self._finish()
        else:
            self._check_means()

    def _read(self) -> None:
        for end in self.readable:
            with contextlib.suppress(BlockingIOError):
                while data := os.read(end, 1 << 16):
                    self._take(end, data)
                self._ended.add(end)

    def _take(self, end: int, data: bytes) -> None:
        if end == self._answer:
            self._said = (self._said + data)[: 1 << 20]
            return
        self._printed_bytes += len(data)
        self._printed = (self._printed + data)[-OUTPUT_KEPT:]
        if self._printed_bytes > OUTPUT_MOST and self._killed is None:
            self._kill(
                Verdict(
                    "fail", want="little output", got=f"printed more than {OUTPUT_MOST >> 20} MB"
                )
            )

    def _check_means(self) -> None:
        now = time.monotonic()
        if now - self._last_look < self._pause:
            return
        elapsed, self._last_look = min(now - self._last_look, 0.2), now
        try:
            cpu, asleep, memory, processes = self._means()
        except psutil.Error:
            return
        cost = time.monotonic() - now
        self._pause = min(max(MEANS, cost * MEANS_SHARE), MEANS_AT_MOST)
        self._still = self._still + elapsed if asleep and cpu <= self._cpu + 0.005 else 0.0
        self._slept += elapsed if asleep else 0.0
        self._cpu = max(self._cpu, cpu)
        if (verdict := self._excess(memory, processes, now)) and self._killed is None:
            self._kill(verdict)

    def _means(self) -> tuple[float, bool, int, int]:
        process = psutil.Process(self.pid)
        family = [process, *process.children(recursive=True)]
        cpu, asleep, memory = 0.0, True, 0
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                times = member.cpu_times()
                cpu += times.user + times.system
                asleep = asleep and is_asleep(member)
                memory += member.memory_info().rss
        return cpu, asleep, memory, len(family)

    def _excess(self, memory: int, processes: int, now: float) -> Verdict | None:
        limits = self._limits
        if memory > limits.memory:
            return Verdict(
                "fail",
                want="bounded memory",
                got=f"used more than {limits.memory / (1 << 20):,.0f} MB",
            )
        if processes > PROCESSES:
            return Verdict(
                "fail", want="few processes", got=f"started more than {PROCESSES} processes"
            )
        if fills(self._scratch):
            got = f"more than {FILES_MOST >> 20} MB or {FILES_COUNTED:,} files in its folder"
            return Verdict("fail", want="few small files", got=got)
        return self._no_end(now)

    def _no_end(self, now: float) -> Verdict | None:
        limits = self._limits
        if self._cpu > limits.cpu:
            return Verdict(
                "fail",
                want="an end",
                got=f"no end after {limits.cpu:g} s of CPU time: an endless loop?",
            )
        if self._still > limits.asleep:
            return Verdict("fail", want="an end", got=self._why_still())
        if self._slept > limits.asleep * POLLS:
            got = "it sleeps for real again and again, for something that never comes"
            return Verdict("fail", want="an end", got=got)
        if now - self._started > limits.wall:
            return Verdict(
                "inconclusive",
                got=f"no end after {limits.wall:g} s on a busy machine; grade it again",
            )
        return None

    def _why_still(self) -> str:
        if b"'word'" in self._said:
            return (
                "the program cannot end: a thread (or an atexit handler) it left behind never does"
            )
        return (
            "it waits for something real that never comes (a lock, input, a socket), or was stopped"
        )

    def _kill(self, verdict: Verdict) -> None:
        """SIGABRT for the stacks, then the end of the whole session."""
        self._killed = verdict
        for number in (signal.SIGCONT, signal.SIGABRT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
        deadline = time.monotonic() + 0.5
        while self._status is None and time.monotonic() < deadline:
            self._read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
            time.sleep(0.005)
        end_session(self.pid)
        if self._status is None:
            self._status = os.waitpid(self.pid, 0)[1]

    def _finish(self) -> None:
        left = end_session(self.pid)
        _running.discard(self.pid)
        self._read()
        for end in (self._answer, self._output):
            os.close(end)
        shutil.rmtree(self._scratch, ignore_errors=True)
        self.verdict = self._judge(left)
        if not self._left_nothing():
            orphans.end_strays(_running)
        self.verdict.seconds = round(time.monotonic() - self._started, 3)
        self.verdict.output = self._printed.decode("utf-8", "replace")
        self.done = True

    def _judge(self, left: int) -> Verdict:
        if self._killed is not None:
            self._killed.where = where_it_stood(self._printed)
            return self._killed
        lines = [line for line in map(self._parse, self._said.splitlines()) if line is not None]
        if not lines or "word" not in lines[0]:
            return Verdict(
                "fail", want="an answer", got=f"the process ended without one ({self._how()})"
            )
        try:
            verdict = Verdict.from_dict(lines[0])
        except (ValueError, TypeError):
            return Verdict("error", got="the answer of the child could not be read")
        if verdict.word == "pass" and len(lines) != 2:
            return Verdict(
                "fail", want="a clean end", got=f"the program died while it ended ({self._how()})"
            )
        if verdict.word == "pass" and (left or lines[1] != {"left": 0}):
            got = f"{left or lines[1].get('left')} left behind"
            return Verdict("fail", want="no process left behind", got=got)
        return verdict

    def _left_nothing(self) -> bool:
        """Whether the child itself has looked, in the end, and found none that could outlive it."""
        last = self._said.rstrip(b"\n").rpartition(b"\n")[2]
        return self._killed is None and self._parse(last) == {"left": 0}

    def _parse(self, line: bytes) -> dict[str, object] | None:
        """One line of the pipe, None if it does not begin with this check's nonce."""
        nonce, _, literal = line.partition(b" ")
        if nonce != self._nonce.encode():
            return None
        try:
            data = ast.literal_eval(literal.decode("ascii"))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
        return data if isinstance(data, dict) else None

    def _how(self) -> str:
        status = self._status or 0
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            known = number in {each.value for each in signal.Signals}
            return f"killed by {signal.Signals(number).name if known else f'signal {number}'}"
        return f"exit code {os.WEXITSTATUS(status)}"


def fills(folder: str) -> bool:
    """Whether too much lies in a folder; looks at no more files than it has to."""
    size, seen, folders = 0, 0, [folder]
    while folders:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                seen += 1
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                with contextlib.suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_size
                if size > FILES_MOST or seen > FILES_COUNTED:
                    return True
    return False


def is_asleep(process: psutil.Process) -> bool:
    """Whether none of its threads runs or would like to: one that waits for a busy core is not asleep."""
    if process.status() in {psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP}:
        return False
    for stat in Path(f"/proc/{process.pid}/task").glob(
        "*/stat"
    ):  # the status above is the main thread's
        with contextlib.suppress(OSError):
            if stat.read_text(encoding="ascii", errors="replace").rpartition(") ")[2][:1] in "RD":
                return False
    return True


def where_it_stood(stacks: bytes) -> str:
    """The innermost line of the graded code in what faulthandler wrote, the thread that was hit first."""
    found = re.findall(
        r'^  File "([^"\n]+)", line (\d+) in (\S+)$',
        stacks.decode("utf-8", "replace"),
        re.MULTILINE,
    )
    theirs = [
        f"{Path(name).name}:{line} in {what}"
        for name, line, what in found
        if child.is_learners(name)
    ]
    return theirs[0] if theirs else ""


def end_session(leader: int) -> int:
    """Kill every process of a child's session; how many there were."""
    found: set[int] = set()
    for _ in range(50):
        alive = [pid for pid in psutil.pids() if pid != leader and _is_alive_in(pid, leader)]
        if not alive:
            break
        found.update(alive)
        for pid in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    return len(found)


def _is_alive_in(pid: int, session: int) -> bool:
    try:
        return os.getsid(pid) == session and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False
