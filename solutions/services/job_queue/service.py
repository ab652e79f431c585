"""The queue itself: one short lock over the book, the workers, and the stop."""

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from contracts.services.job_queue import (
    MAX_ERROR_CHARS,
    Job,
    QueueFull,
    QueueStopped,
    RandomSource,
    Stats,
    Status,
    StopFromHandler,
    Stopped,
    UnknownKind,
)
from solutions.services.job_queue.backoff import Backoff
from solutions.services.job_queue.book import Book, Entry

log = logging.getLogger(__name__)


class JobQueue:
    """A bounded queue, its workers, retries and a stop that loses nothing. See the contract."""

    def __init__(
        self,
        handlers: Mapping[str, Callable[[Any], Any]],
        workers: int,
        capacity: int,
        *,
        max_attempts: int = 3,
        base_delay: float = 1.0,
        max_delay: float = 60.0,
        keep: int = 1_000,
        chance: RandomSource | None = None,
    ) -> None:
        _at_least(1, workers=workers, capacity=capacity, max_attempts=max_attempts)
        _at_least(0, keep=keep)
        self._backoff = Backoff(base_delay, max_delay, chance)
        self._handlers = dict(handlers)
        self._capacity = capacity
        self._max_attempts = max_attempts
        self._book = Book(keep)
        self._stopped = False
        self._to_return: list[Entry] = []
        self._lock = threading.Lock()  # never held while a handler runs
        self._work = threading.Condition(self._lock)  # for workers: the line, or its end
        self._idle = threading.Condition(self._lock)  # for stop: no handler runs any more
        self._workers = workers
        self._threads: list[threading.Thread] = []

    def submit(self, kind: str, payload: Any = None) -> str:
        """Put a job at the end of the line, or refuse it at once."""
        if kind not in self._handlers:
            raise UnknownKind(f"there is no handler for {kind!r}")
        entry = Entry(self._new_id(), kind, _as_text(payload))
        with self._lock:
            self._refuse_if_closed()
            self._accept(entry)
        return entry.id

    def get(self, job_id: str) -> Job:
        """Return the job of this instant: one look at an entry that never changes."""
        return self._book.find(job_id).shown()

    def stats(self) -> Stats:
        """Return the counts of this instant."""
        with self._lock:
            return self._book.stats(time.monotonic())

    def stop(self, timeout: float | None = None) -> Stopped:
        """Hand back what waits, wait for what runs, and collect who came back meanwhile."""
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"timeout must not be negative, not {timeout}")
        if threading.current_thread() in self._threads:
            raise StopFromHandler("a handler cannot stop the queue that runs it")
        with self._lock:
            self._stopped = True
            self._to_return += self._book.return_line()
            self._work.notify_all()
            self._idle.wait_for(lambda: not self._book.running, _bearable(timeout))
            returned, self._to_return = self._to_return, []
            running = self._book.running
        if not running:
            for thread in self._threads:
                thread.join()
        return Stopped(_shown(returned), _shown(running))

    def _new_id(self) -> str:
        return secrets.token_urlsafe(16)

    def _refuse_if_closed(self) -> None:
        if self._stopped:
            self._book.refuse()
            raise QueueStopped("the queue has been stopped")
        if self._book.unfinished >= self._capacity:
            self._book.refuse()
            raise QueueFull(f"{self._capacity} jobs are unfinished")

    def _accept(self, entry: Entry) -> None:
        self._start_workers()
        self._book.accept(entry, time.monotonic())
        self._work.notify()

    def _start_workers(self) -> None:
        """With the first job, and before it is accepted: this can fail."""
        while len(self._threads) < self._workers:
            name = f"worker-{len(self._threads)}"
            thread = threading.Thread(target=self._serve, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self) -> None:
        """What a worker does all its life. Holds nothing of a job while it waits for the next."""
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        """Wait for a job and run it; False when there will be no more."""
        with self._lock:
            entry = self._take()
        if entry is None:
            return False
        self._attempt(entry)
        return True

    def _take(self) -> Entry | None:
        """Wait until the first in line is ready; None at the end of the queue."""
        while not self._stopped:
            ready_at = self._book.ready_at()
            wait = None if ready_at is None else ready_at - time.monotonic()
            if wait is not None and wait <= 0:
                entry = self._book.start()
                self._work.notify()  # somebody else looks after the rest of the line
                return entry
            self._work.wait(_bearable(wait))
        return None

    def _attempt(self, entry: Entry) -> None:
        try:
            result = self._call(entry)
        except BaseException as error:  # noqa: BLE001 - SystemExit must not end a worker
            self._failed(entry, _described(error))
        else:
            self._succeeded(entry, result)

    def _call(self, entry: Entry) -> str:
        return _as_text(self._handlers[entry.kind](json.loads(entry.payload)))

    def _succeeded(self, entry: Entry, result: str) -> None:
        with self._lock:
            self._book.end(entry, Status.DONE, result)
            self._idle.notify_all()

    def _failed(self, entry: Entry, error: str) -> None:
        log.debug("attempt %d of job %s: %s", entry.attempts, entry.id, error)
        with self._lock:
            if entry.attempts >= self._max_attempts:
                self._book.end(entry, Status.FAILED, error=error)
            elif self._stopped:
                self._to_return.append(self._book.end(entry, Status.RETURNED, error=error))
            else:
                wait = self._backoff.wait(entry.attempts)
                self._book.retry(entry, error, time.monotonic() + wait)
            self._idle.notify_all()


def _bearable(seconds: float | None) -> float | None:
    """No longer than a lock can wait: three centuries are refused as an overflow."""
    return None if seconds is None else min(seconds, threading.TIMEOUT_MAX)


def _at_least(least: int, **numbers: int) -> None:
    for name, number in numbers.items():
        if number < least:
            raise ValueError(f"{name} must be at least {least}, not {number}")


def _as_text(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from error


def _described(error: BaseException) -> str:
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - its __str__ is a handler's code as well
        text = ""
    return (f"{name}: {text}" if text else name)[:MAX_ERROR_CHARS]


def _shown(entries: list[Entry]) -> tuple[Job, ...]:
    return tuple(entry.shown() for entry in entries)
