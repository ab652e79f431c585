"""Puts the scheduler-aware lock, threads and clock under `threading`, `queue`, `concurrent.futures` and `time`.

Install before the implementation is imported: then its module-level and class-level locks, and names taken with
`from threading import Lock`, are under control as well. All patches behave as the originals outside a simulation.
"""

import _thread
import concurrent.futures._base as futures_base
import concurrent.futures.thread as futures_thread
import datetime as dt
import queue
import re
import threading
import time
from _thread import get_ident
from collections.abc import Callable
from typing import Any

from graders.kit.sim import clock
from graders.kit.sim.locks import SimLock, scheduler
from graders.kit.sim.scheduler import Scheduler
from graders.kit.sim.thread import SimThread

_real_start = threading.Thread.start
_real_join = threading.Thread.join
_real_is_alive = threading.Thread.is_alive
_installed: list[bool] = []


def install() -> None:
    """Patch the standard library of this process, once."""
    if _installed:
        return
    _installed.append(True)
    _patch_locks()
    _patch_threads()
    for name, function in clock.TIME_PATCHES.items():
        setattr(time, name, function)
    for module, name in ((threading, "_time"), (queue, "time")):
        setattr(module, name, clock.monotonic)
    lib: Any = dt
    lib.datetime, lib.date = clock.SimDatetime, clock.SimDate


def _patch_locks() -> None:
    lib: Any = threading
    lib.Lock = lib._allocate_lock = SimLock
    lib._CRLock = None  # `threading.RLock()` then builds the pure one, on `_allocate_lock`
    lib_queue: Any = queue
    lib_queue.SimpleQueue = lib_queue._PySimpleQueue
    lib_futures: Any = futures_thread
    lib_futures._global_shutdown_lock = SimLock()


def _patch_threads() -> None:
    for owner in (threading.Thread, futures_base.Future):
        owner.__hash__ = _serial_hash  # type: ignore[method-assign]
    lib: Any = threading.Thread
    lib.start, lib.join, lib.is_alive = _start, _join, _is_alive
    modules: Any = (threading, _thread)
    for module in modules:
        module.get_ident = _get_ident


def _serial_hash(self: Any) -> int:
    """A hash that counts instead of telling an address: sets of threads and futures iterate alike every time."""
    serial: int | None = vars(self).get("_sim_serial")
    if serial is None:
        serial = self._sim_serial = _serials.next()
    return serial


class _Serials:
    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        self._last += 1
        return self._last

    def reset(self) -> None:
        self._last = 0


_serials = _Serials()
reset_serials = _serials.reset


def _start(self: threading.Thread) -> None:
    sched = scheduler()
    if sched is None:
        _real_start(self)
        return
    it: Any = self
    if not it._initialized:
        raise RuntimeError("thread.__init__() not called")
    if it._started.is_set():
        raise RuntimeError("threads can only be started once")
    it._started._flag = True
    record = sched.start(_runner(self), display_name(self, len(sched.threads)))
    it._sim, it._ident = (sched, record), record.seen_ident
    threading._active[record.seen_ident] = self  # type: ignore[attr-defined]
    sched.step(sched.current.site)


def display_name(thread: threading.Thread, number: int) -> str:
    """A name that is the same in every run: the library's own names hold counters that go on."""
    plain = re.fullmatch(r"Thread-\d+(?: \((.*)\))?", thread.name)
    if plain:
        return f"thread {number} ({plain[1] or type(thread).__name__})"
    return re.sub(r"ThreadPoolExecutor-\d+_", "ThreadPoolExecutor_", thread.name)


def _runner(thread: threading.Thread) -> Callable[[], None]:
    def run() -> None:
        try:
            thread.run()
        finally:
            threading._active.pop(thread.ident, None)  # type: ignore[attr-defined]

    return run


def _get_ident() -> int:
    """The number of the running thread as the implementation sees it."""
    sched = scheduler()
    return get_ident() if sched is None else sched.current.seen_ident


def _record(thread: threading.Thread) -> tuple[Scheduler, SimThread] | None:
    record: tuple[Scheduler, SimThread] | None = vars(thread).get("_sim")
    return record


def _join(self: threading.Thread, timeout: float | None = None) -> None:
    sched, record = scheduler(), _record(self)
    if record is None:
        if sched is not None and not self._started.is_set():  # type: ignore[attr-defined]
            raise RuntimeError("cannot join thread before it is started")
        _real_join(self, timeout)
    elif sched is not None:
        if record[1] is sched.current:
            raise RuntimeError("cannot join current thread")
        sched.step(sched.current.site)
        sched.join(record[1], timeout)


def _is_alive(self: threading.Thread) -> bool:
    record = _record(self)
    return _real_is_alive(self) if record is None else not record[1].done
