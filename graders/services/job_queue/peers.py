"""A right job queue in another style: mutable records, a scheduler thread, its own HTTP."""

import json
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from random import SystemRandom
from typing import Any, ClassVar
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.job_queue import (
    MAX_ERROR_CHARS,
    Job,
    JobQueue,
    QueueFull,
    QueueStopped,
    RandomSource,
    Stats,
    Status,
    StopFromHandler,
    Stopped,
    UnknownJob,
    UnknownKind,
)

_A_YEAR = 86_400.0 * 365


class _Record:
    """One job, changed in place under the lock of its queue."""

    def __init__(self, kind: str, payload: str) -> None:
        self.id = str(uuid.uuid4())
        self.kind = kind
        self.payload = payload
        self.status = Status.QUEUED
        self.attempts = 0
        self.result: str | None = None
        self.error: str | None = None
        self.ready_at = 0.0

    def copy(self) -> Job:
        result = None if self.result is None else json.loads(self.result)
        return Job(
            self.id,
            self.kind,
            json.loads(self.payload),
            self.status,
            self.attempts,
            result,
            self.error,
        )


class TimetableAndTwoQueues:
    """A deque of ready jobs for the workers, a sorted timetable for a scheduler thread; one condition.

    Waking everybody costs more than waking the right one, and is harder to get wrong.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class JobQueue:
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
            if min(workers, capacity, max_attempts) < 1 or keep < 0:
                raise ValueError("workers, capacity, max_attempts >= 1 and keep >= 0")
            if not all(0 <= delay <= 1.7e308 for delay in (base_delay, max_delay)):
                raise ValueError("delays are finite and not negative")
            self._handlers = {**handlers}
            self._free = capacity
            self._max_attempts = max_attempts
            self._delays = (base_delay, max_delay)
            self._keep = keep
            self._chance = chance or SystemRandom()
            self._changed = threading.Condition(threading.RLock())
            self._records: dict[str, _Record] = {}
            self._finished: deque[str] = deque()
            self._ready: deque[_Record] = deque()
            self._timetable: list[_Record] = []  # the next one last
            self._counts = dict.fromkeys(
                ("accepted", "refused", "retries", "done", "failed", "returned", "running"), 0
            )
            self._retrying = 0
            self._back: list[_Record] = []
            self._open = True
            self._team = [
                threading.Thread(target=target, daemon=True)
                for target in (self._schedule, *[self._work] * workers)
            ]
            for member in self._team:
                member.start()

        def submit(self, kind: str, payload: Any = None) -> str:
            if kind not in self._handlers:
                raise UnknownKind(kind)
            record = _Record(kind, _dumped(payload))
            with self._changed:
                if not self._open or self._free == 0:
                    self._counts["refused"] += 1
                    raise QueueFull("full") if self._open else QueueStopped("stopped")
                self._free -= 1
                self._counts["accepted"] += 1
                self._records[record.id] = record
                self._line_up(record, time.monotonic())
            return record.id

        def get(self, job_id: str) -> Job:
            with self._changed:
                if job_id not in self._records:
                    raise UnknownJob(job_id)
                return self._records[job_id].copy()

        def stats(self) -> Stats:
            with self._changed:
                self._move_what_is_due()
                counts = dict(self._counts)
                waiting = len(self._ready) + len(self._timetable)
                retrying = self._retrying
                oldest = time.monotonic() - self._ready[0].ready_at if self._ready else 0.0
            return Stats(
                queued=waiting - retrying, retrying=retrying, oldest_wait=max(oldest, 0.0), **counts
            )

        def stop(self, timeout: float | None = None) -> Stopped:
            if timeout is not None and not timeout >= 0:
                raise ValueError("timeout")
            if threading.current_thread() in self._team:
                raise StopFromHandler("called by a handler")
            endless = timeout is None or timeout > 100 * _A_YEAR
            deadline = 0.0 if timeout is None else time.monotonic() + timeout
            with self._changed:
                self._open = False
                for record in (*self._ready, *self._timetable):
                    self._give_back(record)
                self._ready.clear()
                self._timetable.clear()
                self._changed.notify_all()
                while self._counts["running"]:
                    left = deadline - time.monotonic()
                    if not endless and left <= 0:
                        break
                    self._changed.wait(None if endless else left)
                back = tuple(record.copy() for record in self._back)
                self._back.clear()
                running = tuple(
                    record.copy()
                    for record in self._records.values()
                    if record.status is Status.RUNNING
                )
            if not running:
                for member in self._team:
                    member.join()
            return Stopped(back, running)

        # What follows is called with the lock held.

        def _line_up(self, record: _Record, ready_at: float) -> None:
            self._move_what_is_due()
            record.ready_at = ready_at
            self._ready.append(record)
            self._changed.notify_all()

        def _move_what_is_due(self) -> None:
            now = time.monotonic()
            while self._timetable and self._timetable[-1].ready_at <= now:
                self._ready.append(self._timetable.pop())
                self._changed.notify_all()

        def _give_back(self, record: _Record) -> None:
            self._retrying -= record.status is Status.RETRYING
            self._finish(record, Status.RETURNED)
            self._back.append(record)

        def _finish(self, record: _Record, status: Status) -> None:
            record.status = status
            self._counts[status] += 1
            self._free += 1
            self._finished.append(record.id)
            while len(self._finished) > self._keep:
                del self._records[self._finished.popleft()]
            self._changed.notify_all()

        # What follows runs in threads of its own.

        def _schedule(self) -> None:
            with self._changed:
                while self._open:
                    self._move_what_is_due()
                    wait = 100 * _A_YEAR
                    if self._timetable:
                        wait = min(wait, self._timetable[-1].ready_at - time.monotonic())
                    self._changed.wait(wait)

        def _work(self) -> None:
            while True:
                with self._changed:
                    while self._open and not self._ready:
                        self._changed.wait()
                    if not self._open:
                        return
                    record = self._ready.popleft()
                    self._retrying -= record.status is Status.RETRYING
                    record.status = Status.RUNNING
                    record.attempts += 1
                    self._counts["running"] += 1
                outcome = self._outcome_of(self._handlers[record.kind], record.payload)
                with self._changed:
                    self._counts["running"] -= 1
                    record.result, record.error = outcome
                    self._decide(record)
                del record, outcome

        def _decide(self, record: _Record) -> None:
            if record.error is None:
                self._finish(record, Status.DONE)
            elif record.attempts == self._max_attempts:
                self._finish(record, Status.FAILED)
            elif not self._open:
                self._give_back(record)
            else:
                self._counts["retries"] += 1
                self._retrying += 1
                record.status = Status.RETRYING
                base, most = self._delays
                doublings = record.attempts - 1
                while doublings and base < most:
                    base, doublings = base * 2, doublings - (1 if base else doublings)
                record.ready_at = time.monotonic() + self._chance.random() * min(base, most)
                self._timetable.append(record)
                self._timetable.sort(key=lambda each: -each.ready_at)
                self._changed.notify_all()

        @staticmethod
        def _outcome_of(call: Callable[[Any], Any], payload: str) -> tuple[str | None, str | None]:
            try:
                return _dumped(call(json.loads(payload))), None
            except BaseException as error:
                name, text = type(error).__name__, ""
                try:
                    text = f": {error}" if str(error) else ""
                except BaseException:
                    text = ""
                return None, (name + text)[:MAX_ERROR_CHARS]

    class JobApp:
        def __init__(
            self, queue: JobQueue, max_body_bytes: int = 100_000, retry_after: int = 1
        ) -> None:
            if not (max_body_bytes > 0 and retry_after > 0):
                raise ValueError("both limits are at least 1")
            self.queue, self.limit, self.retry_after = queue, max_body_bytes, retry_after

        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            status, content, headers = self._route(environ)
            body = json.dumps(content).encode()
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            start_response(f"{status} {'OK' if status < 300 else 'No'}", headers)
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

        def _route(self, environ: WSGIEnvironment) -> "_Reply":
            path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
            known = re.fullmatch(r"(/jobs|/stats)|/jobs/(.*)", path, re.DOTALL)
            if not known:
                return _no(404, "no such path")
            allowed = ("POST",) if path == "/jobs" else ("GET", "HEAD")
            if method not in allowed:
                return _no(405, "no such method", ("Allow", ",".join(allowed)))
            if path == "/jobs":
                return self._post(environ)
            if path == "/stats":
                stats = self.queue.stats()
                return 200, {name: getattr(stats, name) for name in Stats.__slots__}, []
            try:
                job = self.queue.get(known[2])
            except UnknownJob:
                return _no(404, "no such job")
            shown = ("id", "kind", "status", "attempts", "result", "error")
            return 200, {name: getattr(job, name) for name in shown}, []

        def _post(self, environ: WSGIEnvironment) -> "_Reply":
            try:
                order = _order_in(_body_of(environ, self.limit))
                job_id = self.queue.submit(order["kind"], order.get("payload"))
            except _No as no:
                return no.reply
            except ValueError:
                return _no(400, "kind or payload")
            except RuntimeError:
                return _no(503, "not now", ("Retry-After", str(self.retry_after)))
            return 202, {"id": job_id}, [("Location", f"/jobs/{job_id}")]


class _No(Exception):
    """Ends the reading of a request with this answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.reply = _no(status, why)


def _body_of(environ: WSGIEnvironment, limit: int) -> bytes:
    length = environ.get("CONTENT_LENGTH") or ""
    if not length or "HTTP_TRANSFER_ENCODING" in environ:
        raise _No(411, "how long is it?")
    if set(length) - set("0123456789"):
        raise _No(400, "Content-Length")
    if len(length.lstrip("0")) > 18 or int(length) > limit:
        raise _No(413, "too long")
    body: bytes = environ["wsgi.input"].read(int(length))
    if len(body) != int(length):
        raise _No(400, "too short")
    return body


def _order_in(body: bytes) -> dict[str, Any]:
    try:
        order = json.loads(str(body, "utf-8"), object_pairs_hook=_once, parse_constant=_never)
    except (ValueError, RecursionError):
        raise _No(400, "no JSON") from None
    if not isinstance(order, dict) or not isinstance(order.get("kind"), str):
        raise _No(400, "no kind")
    if order.keys() - {"kind", "payload"}:
        raise _No(400, "what else?")
    return order


_Reply = tuple[int, dict[str, Any], list[tuple[str, str]]]


def _no(status: int, why: str, *headers: tuple[str, str]) -> _Reply:
    return status, {"error": why}, list(headers)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def _never(name: str) -> object:
    raise ValueError(name)


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except Exception as error:
        raise ValueError("no JSON") from error
