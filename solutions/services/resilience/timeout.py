"""Timeout: a job in a thread of its own, for which nobody waits longer than some seconds."""

import contextvars
import math
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from contracts.services.resilience import CallTimedOut, WorkersBusy

T = TypeVar("T")


class Timeout:
    """A thread for each call, as long as there is a place."""

    def __init__(self, seconds: float, workers: int = 10) -> None:
        if not 0 < seconds < math.inf:
            raise ValueError(f"seconds must be finite and above 0, not {seconds}")
        if workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        self._seconds = seconds
        self._workers = workers
        self._lock = threading.Lock()
        self._busy = 0

    def call(self, job: Callable[[], T]) -> T:
        """Return `job()`, or raise CallTimedOut when its time is up."""
        end = time.monotonic() + self._seconds
        self._take_place()
        work = _Work(job, self._give_back)
        try:
            threading.Thread(target=work.run, name="timeout worker", daemon=True).start()
        except Exception:  # what is none came after the thread had started, which gives it back
            self._give_back()
            raise
        if not work.ended.wait(end - time.monotonic()):
            raise CallTimedOut(f"no answer within {self._seconds} s")
        return work.outcome()

    def busy(self) -> int:
        """Return how many places are taken."""
        return self._busy  # one number: there is nothing that it could disagree with

    def _take_place(self) -> None:
        with self._lock:
            if self._busy >= self._workers:
                raise WorkersBusy(f"all {self._workers} workers are busy")
            self._busy += 1

    def _give_back(self) -> None:
        with self._lock:
            self._busy -= 1


class _Work(Generic[T]):
    """One run of a job, and its outcome."""

    def __init__(self, job: Callable[[], T], give_back: Callable[[], None]) -> None:
        self.ended = threading.Event()
        self._job = job
        self._context = contextvars.copy_context()
        self._give_back = give_back
        self._value: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Run the job, in the worker's thread. The place is free before anybody hears of it."""
        try:
            self._value = self._context.run(self._job)
        except BaseException as error:  # noqa: BLE001 - all of it belongs to the caller
            self._error = error
        self._give_back()
        self.ended.set()

    def outcome(self) -> T:
        """The job's value or error; asked once."""
        try:
            if self._error is not None:
                raise self._error
            value: T = self._value
            return value
        finally:
            self._error = None  # its traceback leads back to here: a circle otherwise
