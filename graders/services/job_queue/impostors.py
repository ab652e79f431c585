"""Job queues with one wrong idea each. `breaks` names the promise by which each is found."""

import contextlib
import dataclasses
import hashlib
import heapq
import io
import itertools
import json
import math
import random
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from contracts.services.job_queue import (
    Job,
    QueueFull,
    QueueStopped,
    RandomSource,
    Stats,
    Status,
    StopFromHandler,
    Stopped,
    UnknownJob,
)
from solutions.services import job_queue as reference
from solutions.services.job_queue import handler, service
from solutions.services.job_queue.backoff import Backoff
from solutions.services.job_queue.book import Book, Entry
from solutions.web import Answer, Refused, as_json, read_body, read_json


class _Queue(reference.JobQueue):
    """The reference on another book, or with other waits."""

    book: type[Book] = Book
    backoff: type[Backoff] = Backoff

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
        super().__init__(
            handlers,
            workers,
            capacity,
            max_attempts=max_attempts,
            base_delay=base_delay,
            max_delay=max_delay,
            keep=keep,
            chance=chance,
        )
        self._book = self.book(keep)
        self._backoff = self.backoff(base_delay, max_delay, chance)


# --- who runs what ----------------------------------------------------------------------------------


class DecodesThePayloadOnce:
    """The payload is decoded for the first attempt, and the same object is given to the next."""

    breaks = "P1"

    class JobQueue(_Queue):
        def _call(self, entry: Entry) -> str:
            decoded = self.__dict__.setdefault("decoded", {})
            payload = decoded.setdefault(entry.id, json.loads(entry.payload))
            return service._as_text(self._handlers[entry.kind](payload))


class TwoWorkersTakeTheSameJob:
    """Look who is first in line, then, in a second step, take it. Modelled on coleifer/huey issue 123."""

    breaks = "P1"
    mistake = "check then act"

    class JobQueue(_Queue):
        def _run_next(self) -> bool:
            with self._lock:
                while not self._stopped and self._wait_of_the_first() > 0:
                    first = self._book.ready_at()
                    self._work.wait(None if first is None else self._wait_of_the_first())
                if self._stopped:
                    return False
                at, tie, job_id = self._book._line[0]
            with self._lock:  # somebody else may have taken it meanwhile
                if (at, tie, job_id) in self._book._line:
                    self._book._line.remove((at, tie, job_id))
                    heapq.heapify(self._book._line)
                    entry = self._book._leave(job_id)
                else:
                    entry = self._book.find(job_id)
                self._book._running[job_id] = None
                again = dataclasses.replace(
                    entry, status=Status.RUNNING, attempts=entry.attempts + 1
                )
                self._book._entries[job_id] = again
            with contextlib.suppress(KeyError):
                self._attempt(again)
            return True

        def _wait_of_the_first(self) -> float:
            first = self._book.ready_at()
            return math.inf if first is None else first - time.monotonic()


class OneHandlerAtATime:
    """One lock around all handlers, because "handlers may not be thread-safe"."""

    breaks = "P2"
    mistake = "global lock"

    class JobQueue(_Queue):
        def _call(self, entry: Entry) -> str:
            with self.__dict__.setdefault("one", threading.Lock()):
                return super()._call(entry)


class RetriesRunInTimerThreads:
    """When the wait is over, a timer's thread runs the job itself, however many there are already."""

    breaks = "P2"

    class JobQueue(_Queue):
        def _failed(self, entry: Entry, error: str) -> None:
            before = len(self._book._line)
            super()._failed(entry, error)
            if len(self._book._line) > before:
                place = next(item for item in self._book._line if item[2] == entry.id)
                self._book._line.remove(place)
                self._book._line.append((math.inf, *place[1:]))
                heapq.heapify(self._book._line)
                timer = threading.Timer(place[0] - time.monotonic(), self._again, [entry.id])
                timer.daemon = True
                timer.start()

        def _again(self, job_id: str) -> None:
            with self._lock:
                mine = [item for item in self._book._line if item[2] == job_id]
                if not mine:
                    return
                self._book._line.remove(mine[0])
                heapq.heapify(self._book._line)
                heapq.heappush(self._book._line, (-math.inf, *mine[0][1:]))
                entry = self._book.start()
            self._attempt(entry)


class _TiesByIdBook(Book):
    def _enter(self, entry: Entry, ready_at: float) -> None:
        heapq.heappush(self._line, (ready_at, 0, entry.id))


class TheClockIsTheOrder:
    """Jobs of one tick of the clock start in the order of their ids, which are random."""

    breaks = "P3"

    class JobQueue(_Queue):
        book = _TiesByIdBook


class _RetriesFirstBook(Book):
    def start(self) -> Entry:
        now = time.monotonic()
        due = [
            item
            for item in self._line
            if item[0] <= now and self._entries[item[2]].status is Status.RETRYING
        ]
        if due:
            self._line.remove(min(due))
            self._line.append((-math.inf, *min(due)[1:]))
            heapq.heapify(self._line)
        return super().start()


class RetriesJumpTheQueue:
    """A retry whose wait is over goes before everybody else who is in line."""

    breaks = "P3"

    class JobQueue(_Queue):
        book = _RetriesFirstBook


class RetriesKeepTheirOldPlace:
    """A retry stands in line by when its job was accepted, not by when it became ready."""

    breaks = "P3"

    class JobQueue(_Queue):
        def _take(self) -> Entry | None:
            now, line = time.monotonic(), self._book._line
            due = sorted((item for item in line if item[0] <= now), key=self._accepted)
            if due:
                line.remove(due[0])
                line.append((-math.inf, *due[0][1:]))
                heapq.heapify(line)
            return super()._take()

        def _accepted(self, item: tuple[float, int, str]) -> int:
            order: dict[str, int] = self.__dict__.setdefault("order", {})
            return order.setdefault(item[2], item[1])


# --- the bound --------------------------------------------------------------------------------------


class TakesEverything:
    """The bound is there in the constructor and nowhere else: the queue grows until memory ends."""

    breaks = "P4"
    mistake = "unbounded queue"

    class JobQueue(_Queue):
        def _refuse_if_closed(self) -> None:
            if self._stopped:
                super()._refuse_if_closed()


class _WithoutRetriesBook(Book):
    @property
    def unfinished(self) -> int:
        return super().unfinished - self._retrying


class RetriesTakeNoPlace:
    """A job that waits for its retry does not count: poison jobs make room for ever."""

    breaks = "P4"

    class JobQueue(_Queue):
        book = _WithoutRetriesBook


class _WaitingOnlyBook(Book):
    @property
    def unfinished(self) -> int:
        return len(self._line)


class OnlyWaitingJobsCount:
    """The bound is that of the waiting line, as with `queue.Queue(maxsize)`: running is free."""

    breaks = "P4"

    class JobQueue(_Queue):
        book = _WaitingOnlyBook


class HoldsTheCallerUp:
    """A full queue lets submit wait for half a second before it says no."""

    breaks = "P4"

    class JobQueue(_Queue):
        def submit(self, kind: str, payload: Any = None) -> str:
            try:
                return super().submit(kind, payload)
            except QueueFull:
                time.sleep(0.5)
                return super().submit(kind, payload)


class LooksForAPlaceBeforeItTakesOne:
    """The bound is looked at in one step, the job accepted in the next."""

    breaks = "P4"
    mistake = "check then act"

    class JobQueue(_Queue):
        def _refuse_if_closed(self) -> None:
            super()._refuse_if_closed()
            self._lock.release()
            self._lock.acquire()
            if self._stopped:
                super()._refuse_if_closed()


class _LateBook(Book):
    late = 0

    @property
    def unfinished(self) -> int:
        return super().unfinished + self.late


class GivesThePlaceBackLater:
    """A job is seen to have ended before its place is free."""

    breaks = "P4"

    class JobQueue(_Queue):
        book = _LateBook
        _book: _LateBook

        def _succeeded(self, entry: Entry, result: str) -> None:
            with self._lock:
                self._book.end(entry, Status.DONE, result)
                self._book.late += 1
            with self._lock:
                self._book.late -= 1
                self._idle.notify_all()


# --- attempts ---------------------------------------------------------------------------------------


class CountsRetries:
    """max_attempts counts retries: one attempt more. After the confusion in tobymao/saq PR 16."""

    breaks = "P5"

    class JobQueue(_Queue):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._max_attempts += 1


class SystemExitEndsTheWorker:
    """Only Exception is caught: the worker dies of a SystemExit, its job runs for ever.

    Modelled on morganstanley/testplan PR 74 and dask/distributed issue 5958.
    """

    breaks = "P5"

    class JobQueue(_Queue):
        def _attempt(self, entry: Entry) -> None:
            try:
                result = self._call(entry)
            except Exception as error:
                self._failed(entry, service._described(error))
            else:
                self._succeeded(entry, result)


class ResultsAreWrittenDownLater:
    """The result becomes JSON only when it is recorded, where no failure is expected any more."""

    breaks = "P5"

    class JobQueue(_Queue):
        def _attempt(self, entry: Entry) -> None:
            try:
                result = self._handlers[entry.kind](json.loads(entry.payload))
            except BaseException as error:
                self._failed(entry, service._described(error))
            else:
                self._succeeded(entry, service._as_text(result))


class AnyResultWillDo:
    """What is no JSON is kept as its repr, instead of being told to whoever wrote the handler."""

    breaks = "P5"

    class JobQueue(_Queue):
        def _call(self, entry: Entry) -> str:
            result = self._handlers[entry.kind](json.loads(entry.payload))
            try:
                return json.dumps(result, default=repr)
            except (TypeError, ValueError):
                return json.dumps(repr(result))


# --- backoff ----------------------------------------------------------------------------------------


class _Plain(Backoff):
    def wait(self, failed: int) -> float:
        self._chance.random()
        return min(self._most, self._base * 2 ** min(failed - 1, 60))


class AllComeBackTogether:
    """Exponential waits without jitter: whatever failed together comes back together."""

    breaks = "P6"
    mistake = "retry storm"

    class JobQueue(_Queue):
        backoff = _Plain


class _OnTop(Backoff):
    def wait(self, failed: int) -> float:
        most = min(self._most, self._base * 2 ** min(failed - 1, 60))
        return most / 2 + self._chance.random() * most


class JitterOnTopOfTheCap:
    """Jitter is added to the wait, which then may be longer than the cap. After agenda/agenda issue 1748."""

    breaks = "P6"

    class JobQueue(_Queue):
        backoff = _OnTop


class _Doubled(Backoff):
    def wait(self, failed: int) -> float:
        return super().wait(failed + 1)


class TheFirstWaitIsDoubled:
    """The exponent counts attempts from one: the first wait is already twice the base."""

    breaks = "P6"

    class JobQueue(_Queue):
        backoff = _Doubled


class _Overflowing(Backoff):
    def wait(self, failed: int) -> float:
        return self._chance.random() * min(self._most, self._base * 2.0 ** (failed - 1))


class OverflowsBeforeItIsCapped:
    """2.0 ** n is computed first and capped then: at n = 1,024 it overflows. After zenml-io/zenml PR 5265."""

    breaks = "P6"

    class JobQueue(_Queue):
        backoff = _Overflowing


class _Steady(Backoff):
    def wait(self, failed: int) -> float:
        drawn: float = self.__dict__.setdefault("drawn", None) or self._chance.random()
        self.__dict__["drawn"] = drawn
        return drawn * min(self._most, self._base * 2 ** min(failed - 1, 60))


class DrawsOnceForAll:
    """The jitter is drawn once, when the first job fails, and is the same for every wait after that."""

    breaks = "P6"

    class JobQueue(_Queue):
        backoff = _Steady


class _FalsyZero(Backoff):
    def __init__(self, base: float, most: float, chance: RandomSource | None) -> None:
        super().__init__(base, most, chance)
        self._base = base or 1.0
        self._most = most or 60.0


class ZeroMeansTheDefault:
    """`base_delay or 1.0`: who asks for no wait gets one. After Bogdanp/dramatiq issue 388."""

    breaks = "P6"

    class JobQueue(_Queue):
        backoff = _FalsyZero


class _Walking(Backoff):
    def wait(self, failed: int) -> float:
        seen: float = self.__dict__.get("seen", 0.0)
        wait = self._chance.random() * min(self._most, max(self._base, 2 * seen))
        self.__dict__["seen"] = max(self._base, 2 * seen)
        return wait


class AllJobsShareOneBackoff:
    """The wait grows with every failure of any job, and never becomes short again."""

    breaks = "P6"

    class JobQueue(_Queue):
        backoff = _Walking


class SharesTheSourceWithoutALock:
    """The wait is drawn outside the lock: two failing jobs call the source at the same time."""

    breaks = "P6"

    class JobQueue(_Queue):
        def _failed(self, entry: Entry, error: str) -> None:
            wait = (
                self._backoff.wait(entry.attempts) if entry.attempts < self._max_attempts else 0.0
            )
            with self._lock:
                if entry.attempts >= self._max_attempts:
                    self._book.end(entry, Status.FAILED, error=error)
                elif self._stopped:
                    self._to_return.append(self._book.end(entry, Status.RETURNED, error=error))
                else:
                    self._book.retry(entry, error, time.monotonic() + wait)
                self._idle.notify_all()


class WaitsLongerThanALockCan:
    """The wait goes to the condition as it is: an hour is fine, 10 ** 300 s ends the worker."""

    breaks = "P6"

    class JobQueue(_Queue):
        def _take(self) -> Entry | None:
            while not self._stopped:
                ready_at = self._book.ready_at()
                wait = None if ready_at is None else ready_at - time.monotonic()
                if wait is not None and wait <= 0:
                    entry = self._book.start()
                    self._work.notify()
                    return entry
                self._work.wait(wait)
            return None


class ATimerForEachRetry:
    """A thread for each job that waits: a bad hour with 10,000 retries is an hour with as many threads."""

    breaks = "P7"

    class JobQueue(_Queue):
        def _failed(self, entry: Entry, error: str) -> None:
            super()._failed(entry, error)
            ready_at = next((item[0] for item in self._book._line if item[2] == entry.id), 0.0)
            timer = threading.Timer(service._bearable(ready_at - time.monotonic()) or 0, self._wake)
            timer.daemon = True
            timer.start()

        def _wake(self) -> None:
            with self._lock:
                self._work.notify()


class SleepsBetweenAttempts:
    """The worker that ran the job sleeps through its backoff: ten poison jobs stop ten workers."""

    breaks = "P7"

    class JobQueue(_Queue):
        def _failed(self, entry: Entry, error: str) -> None:
            with self._lock:
                start = time.monotonic()
                before = len(self._book._line)
            super()._failed(entry, error)
            with self._lock:
                mine = [item for item in self._book._line if item[2] == entry.id]
            if before <= len(self._book._line) and mine:
                time.sleep(max(0.0, mine[0][0] - start))


# --- snapshots and errors ---------------------------------------------------------------------------


class DoneBeforeItsResult:
    """The status is written first and the result after it. After rq/rq issues 389 and 1706."""

    breaks = "P8"
    mistake = "consistency claim"

    class JobQueue(_Queue):
        def _succeeded(self, entry: Entry, result: str) -> None:
            with self._lock:
                ended = self._book.end(entry, Status.DONE)
            with self._lock:
                if entry.id in self._book._entries:
                    self._book._entries[entry.id] = dataclasses.replace(ended, result=result)
                self._idle.notify_all()


class NowhereForAMoment:
    """A job leaves the table of the running before it enters the next one. After python-arq/arq PR 362."""

    breaks = "P8"

    class JobQueue(_Queue):
        def _succeeded(self, entry: Entry, result: str) -> None:
            with self._lock:
                del self._book._entries[entry.id]
            super()._succeeded(entry, result)


class CountsTheAttemptAtItsEnd:
    """A running job still shows the attempts before this one."""

    breaks = "P8"

    class JobQueue(_Queue):
        def get(self, job_id: str) -> Job:
            job = super().get(job_id)
            if job.status is not Status.RUNNING:
                return job
            return dataclasses.replace(job, attempts=job.attempts - 1)


class ForgetsWhyItRetries:
    """A job that runs again shows no error, though its latest finished attempt failed."""

    breaks = "P9"

    class JobQueue(_Queue):
        def get(self, job_id: str) -> Job:
            job = super().get(job_id)
            return dataclasses.replace(job, error=None) if job.status is Status.RUNNING else job


class ShowsTheTraceback:
    """The error is the traceback: paths and source lines of the server, for every client."""

    breaks = "P9"

    class JobQueue(_Queue):
        def _attempt(self, entry: Entry) -> None:
            try:
                result = self._call(entry)
            except BaseException:
                self._failed(entry, traceback.format_exc()[:200])
            else:
                self._succeeded(entry, result)


class KeepsTheWholeMessage:
    """An error text is as long as the exception makes it: a megabyte for each of a thousand jobs."""

    breaks = "P9"

    class JobQueue(_Queue):
        def _attempt(self, entry: Entry) -> None:
            try:
                result = self._call(entry)
            except BaseException as error:
                text = service._described(error)
                with contextlib.suppress(BaseException):
                    text = f"{type(error).__name__}: {error}" if str(error) else text
                self._failed(entry, text)
            else:
                self._succeeded(entry, result)


class TrustsTheException:
    """The text of an exception is asked for unguarded: one whose __str__ raises ends the worker."""

    breaks = "P9"

    class JobQueue(_Queue):
        def _attempt(self, entry: Entry) -> None:
            try:
                result = self._call(entry)
            except BaseException as error:
                text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                self._failed(entry, text[:200])
            else:
                self._succeeded(entry, result)


# --- memory -----------------------------------------------------------------------------------------


class _EndlessBook(Book):
    def __init__(self, keep: int) -> None:
        super().__init__(10**12)


class KeepsFinishedJobsForEver:
    """Finished jobs are never removed. After OptimalBits/bull issues 840 and 1909."""

    breaks = "P10"

    class JobQueue(_Queue):
        book = _EndlessBook


class _FailuresStayBook(Book):
    def _end(self, entry: Entry) -> Entry:
        if entry.status is not Status.FAILED:
            return super()._end(entry)
        self._totals[entry.status] += 1
        return self._write(entry)


class OnlyFailedJobsStay:
    """What is done is forgotten in time; what failed is kept, for somebody to look at some day."""

    breaks = "P11"

    class JobQueue(_Queue):
        book = _FailuresStayBook


class _ByAcceptanceBook(Book):
    def _end(self, entry: Entry) -> Entry:
        numbers: dict[str, int] = self.__dict__.setdefault("numbers", {})
        for job_id in sorted([*self._ended, entry.id], key=numbers.__getitem__):
            self._ended[job_id] = None
            self._ended.move_to_end(job_id)
        return super()._end(entry)

    def accept(self, entry: Entry, now: float) -> None:
        numbers: dict[str, int] = self.__dict__.setdefault("numbers", {})
        numbers[entry.id] = len(numbers)
        super().accept(entry, now)


class ForgetsTheOldestSubmit:
    """Forgotten is what was accepted first, though it may have ended a second ago."""

    breaks = "P10"

    class JobQueue(_Queue):
        book = _ByAcceptanceBook


class LookingKeepsAJobAlive:
    """Every get makes a finished job the last to be forgotten, as in an LRU cache."""

    breaks = "P10"

    class JobQueue(_Queue):
        def get(self, job_id: str) -> Job:
            with self._lock:
                if job_id in self._book._ended:
                    self._book._ended.move_to_end(job_id)
            return super().get(job_id)


class RemembersEveryId:
    """To answer "gone" instead of "unknown", the ids of all jobs there ever were are kept."""

    breaks = "P11"

    class JobQueue(_Queue):
        def submit(self, kind: str, payload: Any = None) -> str:
            job_id = super().submit(kind, payload)
            self.__dict__.setdefault("all", set()).add(job_id)
            return job_id


class KeepsTheLastException:
    """The exception of the last failure is kept, and with its traceback all that the handler held."""

    breaks = "P11"

    class JobQueue(_Queue):
        def _call(self, entry: Entry) -> str:
            try:
                return super()._call(entry)
            except BaseException as error:
                self.__dict__["last_error"] = error
                raise


# --- stop -------------------------------------------------------------------------------------------


class LosesRetriesOnStop:
    """stop hands back the queued jobs; those that wait for a retry are cancelled with their timers."""

    breaks = "P12"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            stopped = super().stop(timeout)
            kept = tuple(job for job in stopped.returned if not job.attempts)
            return Stopped(kept, stopped.running)


class RetriesAfterTheEnd:
    """A job that fails while stop waits is put back in line, where nobody takes it any more."""

    breaks = "P12"

    class JobQueue(_Queue):
        def _failed(self, entry: Entry, error: str) -> None:
            with self._lock:
                again = self._stopped and entry.attempts < self._max_attempts
                if again:
                    self._book.retry(entry, error, time.monotonic())
                    self._idle.notify_all()
            if not again:
                super()._failed(entry, error)


class AcceptsWhileItStops:
    """Whether the queue is stopped is looked at before the lock is taken: the job goes nowhere."""

    breaks = "P12"
    mistake = "check then act"

    class JobQueue(_Queue):
        def submit(self, kind: str, payload: Any = None) -> str:
            self.__dict__.setdefault("seen", {})[threading.get_ident()] = self._stopped
            return super().submit(kind, payload)

        def _refuse_if_closed(self) -> None:
            if (
                self.__dict__["seen"].pop(threading.get_ident())
                or self._book.unfinished >= self._capacity
            ):
                super()._refuse_if_closed()


class HandsBackTwice:
    """Both of two calls of stop hand back what came back while they waited."""

    breaks = "P12"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            stopped = super().stop(timeout)
            with self._lock:
                known: dict[str, Job] = self.__dict__.setdefault("known", {})
                known.update({job.id: job for job in stopped.returned})
            return Stopped(tuple(known.values()), stopped.running)


class FinishesTheLineFirst:
    """stop lets the workers run all that is queued first.

    After postalserver/postal issue 455, where workers stop only when they have nothing to do.
    """

    breaks = "P12"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            with self._lock:
                capacity, self._capacity = self._capacity, 0
                mine = threading.current_thread() in self._threads
                while not mine and self._book.unfinished and timeout is None and capacity:
                    self._idle.wait()
            return super().stop(timeout)

        def _refuse_if_closed(self) -> None:
            if not self._capacity:
                self._book.refuse()
                raise QueueStopped("the queue is being stopped")
            super()._refuse_if_closed()


class StopsByTheRules:
    """A retry that is due while stop waits is still run: "it was accepted, so it has to be tried"."""

    breaks = "P12"

    class JobQueue(_Queue):
        def _failed(self, entry: Entry, error: str) -> None:
            while self._stopped and entry.attempts < self._max_attempts:
                with self._lock:
                    entry = dataclasses.replace(entry, attempts=entry.attempts + 1, error=error)
                    self._book._write(entry)
                try:
                    result = self._call(entry)
                except BaseException as another:
                    error = service._described(another)
                else:
                    self._succeeded(entry, result)
                    return
            super()._failed(entry, error)


class WaitsForEveryThreadInTurn:
    """Each thread is joined with the whole timeout: two that hang take twice as long."""

    breaks = "P13"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            if timeout is not None and not timeout >= 0:
                raise ValueError
            first = super().stop(0)
            for thread in self._threads:
                thread.join(service._bearable(timeout))
            rest = super().stop(0)
            return Stopped(first.returned + rest.returned, rest.running)


class WaitsForAHandlerThatHangs:
    """The timeout is there, and is not passed on: a handler that never ends holds up the end of all."""

    breaks = "P13"
    mistake = "no time limit"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            if timeout is not None and not timeout >= 0:
                raise ValueError
            return super().stop(timeout and None)


class DoesNotWaitForItsThreads:
    """stop returns when the last handler has ended, a moment before the threads have."""

    breaks = "P13"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            if timeout is not None and not timeout >= 0:
                raise ValueError
            if threading.current_thread() in self._threads:
                raise StopFromHandler
            threads, self._threads = self._threads, []
            try:
                return super().stop(timeout)
            finally:
                self._threads = threads


class ThreadsThatHoldTheProgram:
    """The workers are no daemons: a handler that hangs keeps the program from ending for ever."""

    breaks = "P13"

    class JobQueue(_Queue):
        def _start_workers(self) -> None:
            while len(self._threads) < self._workers:
                thread = threading.Thread(target=self._serve, daemon=False)
                thread.start()
                self._threads.append(thread)


class StopWaitsForItself:
    """Nobody looks who calls stop: a handler that does waits for its own end."""

    breaks = "P14"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            threads, self._threads = self._threads, []
            try:
                return super().stop(timeout)
            finally:
                self._threads = threads


class RefusesTheHandlerTooLate:
    """stop called by a handler raises as it should, when it has already closed the queue."""

    breaks = "P14"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            if timeout is None or timeout >= 0:
                with self._lock:
                    self._stopped = True
            return super().stop(timeout)


class TheSecondStopDoesNotWait:
    """Who calls stop when it has already been called gets an empty answer at once."""

    breaks = "P14"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            with self._lock:
                again = self._stopped and bool(self._book.running)
            return Stopped((), ()) if again else super().stop(timeout)


# --- statistics -------------------------------------------------------------------------------------


class NothingToSee:
    """There are statistics, and nobody counts: all of them say 0 but the length of the line."""

    breaks = "P15"
    mistake = "nothing to observe"

    class JobQueue(_Queue):
        def stats(self) -> Stats:
            with self._lock:
                return Stats(len(self._book._line), 0, 0, 0, 0, 0, 0, 0, 0, 0.0)


class TheLastFailureIsARetry:
    """Every failed attempt counts as a retry, the last one too."""

    breaks = "P15"

    class JobQueue(_Queue):
        def _failed(self, entry: Entry, error: str) -> None:
            with self._lock:
                if entry.attempts >= self._max_attempts:
                    self._book._totals["retries"] += 1
            super()._failed(entry, error)


class StatisticsInTwoSteps:
    """What there is now is read in one step, what has happened in another: the sum is wrong."""

    breaks = "P15"

    class JobQueue(_Queue):
        def stats(self) -> Stats:
            now, totals = super().stats(), super().stats()
            return dataclasses.replace(
                totals, queued=now.queued, running=now.running, retrying=now.retrying
            )


class _SinceAcceptedBook(Book):
    def stats(self, now: float) -> Stats:
        stats = super().stats(now)
        since: dict[str, float] = self.__dict__.setdefault("since", {})
        waits = [now - since[job_id] for _, _, job_id in self._line if job_id in since]
        return dataclasses.replace(stats, oldest_wait=max(waits, default=0.0))

    def accept(self, entry: Entry, now: float) -> None:
        self.__dict__.setdefault("since", {})[entry.id] = now
        super().accept(entry, now)


class TheBackoffCountsAsWaiting:
    """oldest_wait grows through every backoff: the alarm rings though no job lacks a worker."""

    breaks = "P15"

    class JobQueue(_Queue):
        book = _SinceAcceptedBook


class RefusalsAreNotCounted:
    """Submits to a full queue leave no trace at all: nobody learns that the service turns work away."""

    breaks = "P15"
    mistake = "nothing to observe"

    class JobQueue(_Queue):
        def stats(self) -> Stats:
            return dataclasses.replace(super().stats(), refused=0)


# --- holding up, clocks, polling ----------------------------------------------------------------------


class LockedWhileAHandlerRuns:
    """A reentrant lock is held while the handler runs: it can use the queue, nobody else can."""

    breaks = "P16"
    mistake = "global lock"

    class JobQueue(_Queue):
        def _call(self, entry: Entry) -> str:
            with self.__dict__.setdefault("calls", threading.RLock()):
                return super()._call(entry)

        def submit(self, kind: str, payload: Any = None) -> str:
            with self.__dict__.setdefault("calls", threading.RLock()):
                return super().submit(kind, payload)


class GetWaitsForTheResult:
    """get of a running job waits until it has ended: "the client wants the result anyway"."""

    breaks = "P16"

    class JobQueue(_Queue):
        def get(self, job_id: str) -> Job:
            with self._lock:
                while self._book.find(job_id).status is Status.RUNNING:
                    if threading.current_thread() in self._threads or self._stopped:
                        break
                    self._idle.wait()
            return super().get(job_id)


class _WallClockBook(Book):
    def _enter(self, entry: Entry, ready_at: float) -> None:
        super()._enter(entry, ready_at + time.time() - time.monotonic())

    def stats(self, now: float) -> Stats:
        return super().stats(time.time())


class ReadsTheWallClock:
    """Waits and ages go by time.time(): whoever sets the clock runs all retries now, or never."""

    breaks = "P17"
    mistake = "wall clock"

    class JobQueue(_Queue):
        book = _WallClockBook

        def _take(self) -> Entry | None:
            while not self._stopped:
                ready_at = self._book.ready_at()
                wait = None if ready_at is None else ready_at - time.time()
                if wait is not None and wait <= 0:
                    entry = self._book.start()
                    self._work.notify()
                    return entry
                self._work.wait(service._bearable(wait))
            return None


class StopLooksAtTheWallClock:
    """Only the timeout of stop goes by time.time(): set back by an hour, it waits an hour longer."""

    breaks = "P17"
    mistake = "wall clock"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            if not timeout or not 0 < timeout < math.inf:
                return super().stop(timeout)
            end = time.time() + timeout
            returned = super().stop(0).returned
            with self._lock:
                while self._book.running and time.time() < end:
                    self._idle.wait(min(end - time.time(), 1))
            rest = super().stop(0)
            return Stopped(returned + rest.returned, rest.running)


class LooksEveryTenthOfASecond:
    """An idle worker wakes ten times a second to see whether there is something to do."""

    breaks = "P17"

    class JobQueue(_Queue):
        def _take(self) -> Entry | None:
            while not self._stopped:
                ready_at = self._book.ready_at()
                if ready_at is not None and ready_at <= time.monotonic():
                    return self._book.start()
                self._work.wait(0.1)
            return None


class RetriesAreNoticedByChance:
    """Idle workers wait for new jobs only: a retry is run when something else wakes them."""

    breaks = "P17"

    class JobQueue(_Queue):
        def _take(self) -> Entry | None:
            while not self._stopped:
                ready_at = self._book.ready_at()
                if ready_at is not None and ready_at <= time.monotonic():
                    return self._book.start()
                self._work.wait()
            return None


# --- ids and cost -------------------------------------------------------------------------------------


_numbers = itertools.count(1)


class CountsItsIds:
    """Ids are 1, 2, 3 behind a long prefix: who has one has them all."""

    breaks = "P18"

    class JobQueue(_Queue):
        def _new_id(self) -> str:
            return f"job-{next(_numbers):028d}"


class HidesItsCounter:
    """Ids are the hashes of 1, 2, 3: they look random, and anybody can compute the next."""

    breaks = "P18"

    class JobQueue(_Queue):
        def _new_id(self) -> str:
            number = self.__dict__["made"] = self.__dict__.get("made", 0) + 1
            return hashlib.sha256(str(number).encode()).hexdigest()


class IdsFromTheClock:
    """Ids are version 1 UUIDs: time, and the address of the machine."""

    breaks = "P18"

    class JobQueue(_Queue):
        def _new_id(self) -> str:
            return uuid.uuid1().hex


class IdsFromTheRandomModule:
    """Ids come from `random`, which can be seeded, and read from its outputs."""

    breaks = "P18"

    class JobQueue(_Queue):
        def _new_id(self) -> str:
            return f"{random.getrandbits(128):032x}"


class CountsOneByOne:
    """stats looks at every job there is, at every call."""

    breaks = "P19"

    class JobQueue(_Queue):
        def stats(self) -> Stats:
            with self._lock:
                statuses = [entry.status for entry in list(self._book._entries.values())]
                now = self._book.stats(time.monotonic())
                return dataclasses.replace(now, queued=statuses.count(Status.QUEUED))


class _CountingBook(Book):
    @property
    def unfinished(self) -> int:
        live = {Status.QUEUED, Status.RUNNING, Status.RETRYING}
        return sum(entry.status in live for entry in list(self._entries.values()))


class CountsBeforeItAccepts:
    """submit looks at all jobs to find out how many of them are unfinished."""

    breaks = "P19"

    class JobQueue(_Queue):
        book = _CountingBook


class SortsTheLine:
    """The line is a list that is sorted again whenever a job is taken."""

    breaks = "P19"

    class JobQueue(_Queue):
        def _take(self) -> Entry | None:
            self._book._line.sort(key=lambda item: (item[0], item[1]))
            return super()._take()


# --- arguments ----------------------------------------------------------------------------------------


class TakesAnyPayload:
    """What is no JSON is accepted, as text: `default=str`."""

    breaks = "P20"

    class JobQueue(_Queue):
        def submit(self, kind: str, payload: Any = None) -> str:
            try:
                return super().submit(kind, payload)
            except ValueError:
                if kind not in self._handlers:
                    raise
                return super().submit(kind, str(payload))


class SeesLaterHandlers:
    """The mapping of handlers is used as it is: who changes it changes the queue."""

    breaks = "P20"

    class JobQueue(_Queue):
        def __init__(self, handlers: Mapping[str, Any], *args: Any, **options: Any) -> None:
            super().__init__(handlers, *args, **options)
            self._handlers = handlers  # type: ignore[assignment]


class StopsBeforeItLooks:
    """stop(-1) raises ValueError, and the queue is stopped all the same."""

    breaks = "P20"

    class JobQueue(_Queue):
        def stop(self, timeout: float | None = None) -> Stopped:
            if threading.current_thread() not in self._threads:
                with self._lock:
                    self._stopped = True
            return super().stop(timeout)


# --- HTTP ---------------------------------------------------------------------------------------------


class AnswersWhenTheJobIsDone:
    """POST waits for the job, to save the client the second request."""

    breaks = "P21"

    class JobApp(reference.JobApp):
        def _submit(self, environ: Any) -> Answer:
            answer = super()._submit(environ)
            job_id = json.loads(answer.body)["id"]
            with contextlib.suppress(UnknownJob):
                while self._queue.get(job_id).status in {Status.QUEUED, Status.RUNNING}:
                    time.sleep(0.01)
            return answer


class WaitsForAPlace:
    """POST to a full queue is held for three seconds before it is refused."""

    breaks = "P22"

    class JobApp(reference.JobApp):
        def _submit(self, environ: Any) -> Answer:
            try:
                return super()._submit(environ)
            except Refused as refusal:
                if refusal.answer.status == 503:
                    time.sleep(3)
                raise


class BlamesTheClient:
    """A full queue is answered with 429 and no Retry-After."""

    breaks = "P22"

    class JobApp(reference.JobApp):
        def _submit(self, environ: Any) -> Answer:
            try:
                return super()._submit(environ)
            except Refused as refusal:
                if refusal.answer.status == 503:
                    raise Refused(429, "full") from refusal
                raise


class StoppedIsACrash:
    """Only QueueFull is expected: POST to a queue that is being stopped ends in a traceback."""

    breaks = "P22"

    class JobApp(reference.JobApp):
        def _submit(self, environ: Any) -> Answer:
            submit = self._queue.submit
            content = read_json(environ, self._max_body_bytes)
            kind, payload = handler._order(content)
            try:
                job_id = submit(kind, payload)
            except QueueFull as error:
                raise Refused(503, str(error), self._retry_after) from error
            except ValueError as error:
                raise Refused(400, str(error)[:200]) from error
            return as_json(202, {"id": job_id}, ("Location", f"/jobs/{job_id}"))


class ForgetsTheLocation:
    """202 with an id, and no Location to look at."""

    breaks = "P21"

    class JobApp(reference.JobApp):
        def _submit(self, environ: Any) -> Answer:
            return super()._submit(environ)._replace(headers=())


class ShowsThePayload:
    """GET shows everything that is known of the job, the payload with somebody's password too."""

    breaks = "P21"

    class JobApp(reference.JobApp):
        def _get(self, job_id: str) -> Answer:
            try:
                return as_json(200, dataclasses.asdict(self._queue.get(job_id)))
            except UnknownJob as error:
                raise Refused(404, "no such job") from error


class _Lax(reference.JobApp):
    def _submit(self, environ: Any) -> Answer:
        content = read_json(environ, self._max_body_bytes)
        try:
            job_id = self._queue.submit(content["kind"], content.get("payload"))
        except KeyError as error:
            raise Refused(400, "kind is missing") from error
        except (QueueFull, QueueStopped) as error:
            raise Refused(503, str(error), self._retry_after) from error
        except (TypeError, ValueError) as error:
            raise Refused(400, str(error)[:200]) from error
        return as_json(202, {"id": job_id}, ("Location", f"/jobs/{job_id}"))


class IgnoresWhatItDoesNotKnow:
    """Other keys of the body mean nothing: `"Payload"` runs the job with null."""

    breaks = "P23"
    JobApp = _Lax


class TakesNanForANumber:
    """The body is whatever json.loads takes: of two equal keys, the last one wins."""

    breaks = "P23"

    class JobApp(reference.JobApp):
        def _submit(self, environ: Any) -> Answer:
            body = read_body(environ, self._max_body_bytes)
            with contextlib.suppress(ValueError, RecursionError):
                content = json.loads(body)
                if isinstance(content, dict):
                    body = json.dumps(content).encode()
            more = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
            return super()._submit(environ | more)


class TooLargeANumberIsACrash:
    """1e999 is read as infinity, which the queue refuses with an error that nobody expected."""

    breaks = "P23"

    class JobApp(reference.JobApp):
        def _submit(self, environ: Any) -> Answer:
            kind, payload = handler._order(read_json(environ, self._max_body_bytes))
            try:
                job_id = self._queue.submit(kind, payload)
            except (QueueFull, QueueStopped) as error:
                raise Refused(503, str(error), self._retry_after) from error
            return as_json(202, {"id": job_id}, ("Location", f"/jobs/{job_id}"))


class AKindThatCannotBeHashed:
    """Nobody looks whether the kind is a text: a list as a key is a crash."""

    breaks = "P23"

    class JobApp(reference.JobApp):
        def _submit(self, environ: Any) -> Answer:
            content = read_json(environ, self._max_body_bytes)
            kind, payload = content.pop("kind", None), content.pop("payload", None)
            if content:
                raise Refused(400, "there may be kind and payload, and nothing else")
            try:
                job_id = self._queue.submit(kind, payload)
            except (QueueFull, QueueStopped) as error:
                raise Refused(503, str(error), self._retry_after) from error
            except ValueError as error:
                raise Refused(400, str(error)[:200]) from error
            return as_json(202, {"id": job_id}, ("Location", f"/jobs/{job_id}"))


class ReadsTheBodyFirst:
    """The body is read before anything is looked at, a billion bytes if that is what is announced."""

    breaks = "P24"

    class JobApp(reference.JobApp):
        def _answer(self, environ: Any) -> Answer:
            length = environ.get("CONTENT_LENGTH") or "0"
            if length.isascii() and length.isdecimal():
                body = environ["wsgi.input"].read(int(length[:9]))
                environ = environ | {"wsgi.input": io.BytesIO(body)}
            return super()._answer(environ)
