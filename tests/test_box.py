"""One child: its answer, its limits, and what becomes of it."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from graders.kit.box import Box, Limits, where_it_stood
from graders.kit.expect import CheckFailed
from graders.kit.verdict import Verdict

LIMITS = Limits(cpu=0.5, asleep=0.5, wall=60, memory=1 << 29)


def verdict_of(body: Callable[[], object], limits: Limits = LIMITS) -> Verdict:
    """Look until it is done."""
    box = Box(body, limits)
    while not box.done:
        select.select(box.readable, [], [], 0.02)
        box.look()
    return box.verdict


def test_a_body_that_returns_passes() -> None:
    """Whatever it returns."""
    assert verdict_of(lambda: 3).word == "pass"


def test_a_failure_arrives_whole() -> None:
    """With story and token, and any characters."""

    def body() -> None:
        raise CheckFailed("dïd\ud800", "want\n", "got\x1b", story="story", token="1:2")  # noqa: S106 - of a schedule

    verdict = verdict_of(body)
    assert (verdict.word, verdict.did, verdict.want) == ("fail", "dïd\ud800", "want\n")
    assert (verdict.got, verdict.story, verdict.token) == ("got\x1b", "story", "1:2")


def test_not_attempted_is_apart_from_failed() -> None:
    """NotImplementedError is no failure yet."""

    def body() -> None:
        raise NotImplementedError

    assert verdict_of(body).word == "not attempted"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, 40])
def test_death_by_a_signal_is_said(number: int) -> None:
    """Also by one without a name."""
    verdict = verdict_of(lambda: os.kill(os.getpid(), number))
    assert verdict.word == "fail"
    assert "killed by" in verdict.got


def test_slow_is_not_wrong() -> None:
    """Wall time alone leaves a check inconclusive."""

    def body() -> None:
        while True:
            threading.Event().wait(0.001)
            sum(range(1000))

    verdict = verdict_of(body, Limits(cpu=60, asleep=60, wall=1, memory=1 << 30))
    assert verdict.word == "inconclusive"


def test_polling_for_ever_is_wrong() -> None:
    """It sleeps in between, and is no slow machine."""

    def body() -> None:
        while True:
            select.select([], [], [], 0.0001)

    verdict = verdict_of(body, Limits(cpu=60, asleep=0.2, wall=60, memory=1 << 30))
    assert (verdict.word, verdict.want) == ("fail", "an end")


def test_temporary_files_go_with_the_check() -> None:
    """They are made in its own folder."""

    def body() -> None:
        _, name = tempfile.mkstemp()
        raise CheckFailed(name, "", "")

    verdict = verdict_of(body)
    assert "katas-" in verdict.did
    assert not Path(verdict.did).exists()


def test_a_stopped_child_ends_soon() -> None:
    """SIGSTOP is no way to stay."""
    verdict = verdict_of(lambda: os.kill(os.getpid(), signal.SIGSTOP))
    assert verdict.word == "fail"


def test_a_thread_at_work_behind_a_waiting_one_is_not_asleep() -> None:
    """What counts is any thread, not the main thread; it fails for the CPU it burns."""

    def spin() -> None:
        while True:
            pass

    def body() -> None:
        thread = threading.Thread(target=spin)
        thread.start()
        thread.join()

    assert "CPU" in verdict_of(body, Limits(cpu=1, asleep=2, wall=60, memory=1 << 30)).got


def test_a_copy_of_the_child_cannot_answer() -> None:
    """A fork that goes on with the check is not the check."""

    def body() -> None:
        if os.fork():
            os._exit(0)

    assert verdict_of(body).word == "fail"


def test_the_graders_files_are_closed_to_it(tmp_path: Path) -> None:
    """What the grader has open is not inherited."""
    with (tmp_path / "secret").open("wb") as secret:
        number = secret.fileno()

        def body() -> None:
            os.write(number, b"x")

        assert "Bad file descriptor" in verdict_of(body).got


def test_a_daemon_is_found_and_blamed() -> None:
    """A double fork with a session of its own."""
    read, write = os.pipe()
    os.close(write)
    os.close(read)

    def body() -> None:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 64)
                select.select([], [], [], 600)
            os._exit(0)
        os.wait()

    before = {process.pid for process in psutil.Process().children(recursive=True)}
    verdict = verdict_of(body)
    assert (verdict.word, verdict.want) == ("fail", "no process left behind")
    assert {process.pid for process in psutil.Process().children(recursive=True)} <= before


def test_giving_up_leaves_no_process() -> None:
    """As at Ctrl-C."""
    box = Box(lambda: select.select([], [], [], 600), LIMITS)
    box.end()
    assert box.done
    assert not psutil.pid_exists(box.pid)


PARENT = """
import select, time
from graders.kit.box import Box
box = Box(lambda: select.select([], [], [], 600))
print(box.pid, flush=True)
while True:
    box.look()
    select.select(box.readable, [], [], 0.02)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_killed_grader_leaves_no_process() -> None:
    """Its children end with it."""
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as grader:
        assert grader.stdout is not None
        child = psutil.Process(int(grader.stdout.readline()))
        grader.kill()
    gone, _ = psutil.wait_procs([child], timeout=20)
    assert gone


def test_the_line_where_it_stood() -> None:
    """The innermost line outside of kit and library."""
    stacks = (
        b'Current thread 0x1 (most recent call first):\n  File "/usr/lib/python3.11/threading.py", line 7 in wait\n'
        b'  File "/home/me/pool.py", line 41 in _work\n  File "/home/me/pool.py", line 9 in submit\n'
    )
    assert where_it_stood(stacks) == "pool.py:41 in _work"
    assert where_it_stood(b"\xff no stacks") == ""


def test_passing_is_quick() -> None:
    """Forty trivial checks in well under a second of CPU."""
    start = time.process_time()
    for _ in range(40):
        assert verdict_of(lambda: None).word == "pass"
    assert time.process_time() - start < 2
