"""Processes that leave their family: on Linux they go to the check that started them, then to the grader.

Elsewhere the session of a check is all that is known of what it started.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable
from typing import Final

import psutil

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
ROUNDS: Final = 50


def adopt() -> None:
    """From now on orphans among this process's descendants become its own children. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """End this process when its parent ends, whatever ends that. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def end_family() -> int:
    """Kill all living descendants of this process; how many there were."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:  # the usual case, known without a walk over all processes
        return 0
    return _end_all(lambda: psutil.Process().children(recursive=True))


def end_strays(known: Collection[int]) -> None:
    """Kill what ended checks have left to this process: children in sessions of their own, not in `known`."""
    _end_all(
        lambda: [child for child in psutil.Process().children() if _is_stray(child.pid, known)]
    )


def _is_stray(pid: int, known: Collection[int]) -> bool:
    try:
        return pid not in known and os.getsid(pid) != os.getsid(0)
    except OSError:
        return False


def _end_all(find: Callable[[], Iterable[psutil.Process]]) -> int:
    found: set[int] = set()
    for _ in range(ROUNDS):
        alive = [process for process in find() if not _is_buried(process)]
        if not alive:
            break
        found.update(process.pid for process in alive)
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.002)
    return len(found)


def _is_buried(process: psutil.Process) -> bool:
    """Whether it has ended; takes its status if it is ours to take."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return False
        os.waitpid(process.pid, os.WNOHANG)
    except (psutil.Error, OSError):
        pass
    return True
