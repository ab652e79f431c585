"""What is known of the jobs: entries, the line, counts. Not thread-safe: the caller holds the lock.

Only `find` may be called without it: an entry never changes, a step puts a new one in its place.
"""

import heapq
import itertools
import json
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace

from contracts.services.job_queue import Job, Stats, Status, UnknownJob


@dataclass(frozen=True, slots=True)
class Entry:
    """A job at one instant; payload and result as JSON text."""

    id: str
    kind: str
    payload: str
    status: Status = Status.QUEUED
    attempts: int = 0
    result: str = "null"
    error: str | None = None

    def shown(self) -> Job:
        """The job as callers see it, with copies of their own."""
        return Job(
            id=self.id,
            kind=self.kind,
            payload=json.loads(self.payload),
            status=self.status,
            attempts=self.attempts,
            result=json.loads(self.result),
            error=self.error,
        )


class Book:
    """All unfinished jobs and the last `keep` of the others. Callers say what time it is."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._entries: dict[str, Entry] = {}
        self._line: list[tuple[float, int, str]] = []  # (ready at, tie-breaker, id)
        self._ties = itertools.count()
        self._running: dict[str, None] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()  # the first to be forgotten first
        self._totals: Counter[str] = Counter()
        self._retrying = 0

    def find(self, job_id: str) -> Entry:
        """The entry of this job now. UnknownJob if there is none."""
        try:
            return self._entries[job_id]
        except KeyError:
            raise UnknownJob(f"no job {job_id!r} is remembered") from None

    @property
    def unfinished(self) -> int:
        """How many jobs are queued, running or retrying."""
        return len(self._line) + len(self._running)

    @property
    def running(self) -> list[Entry]:
        """The jobs that run."""
        return [self._entries[job_id] for job_id in self._running]

    def accept(self, entry: Entry, now: float) -> None:
        """A new job goes to the end of the line."""
        self._totals["accepted"] += 1
        self._entries[entry.id] = entry
        self._enter(entry, now)

    def refuse(self) -> None:
        """Count a submit that was turned away."""
        self._totals["refused"] += 1

    def ready_at(self) -> float | None:
        """When the first in line is, or was, ready to start; None if nobody waits."""
        return self._line[0][0] if self._line else None

    def start(self) -> Entry:
        """The first in line is taken by a worker."""
        _, _, job_id = heapq.heappop(self._line)
        entry = self._leave(job_id)
        self._running[job_id] = None
        return self._write(replace(entry, status=Status.RUNNING, attempts=entry.attempts + 1))

    def retry(self, entry: Entry, error: str, ready_at: float) -> None:
        """A running job has failed and will have another attempt."""
        del self._running[entry.id]
        self._totals["retries"] += 1
        self._retrying += 1
        again = self._write(replace(entry, status=Status.RETRYING, error=error))
        self._enter(again, ready_at)

    def end(
        self, entry: Entry, status: Status, result: str = "null", error: str | None = None
    ) -> Entry:
        """A running job has ended; the one that ended longest ago may be forgotten."""
        del self._running[entry.id]
        return self._end(replace(entry, status=status, result=result, error=error))

    def return_line(self) -> list[Entry]:
        """Everything that waits is handed back."""
        line, self._line = self._line, []
        waiting = [self._leave(job_id) for _, _, job_id in line]
        return [self._end(replace(entry, status=Status.RETURNED)) for entry in waiting]

    def stats(self, now: float) -> Stats:
        """The counts of this instant."""
        ready_at = self.ready_at()
        return Stats(
            queued=len(self._line) - self._retrying,
            running=len(self._running),
            retrying=self._retrying,
            accepted=self._totals["accepted"],
            refused=self._totals["refused"],
            retries=self._totals["retries"],
            done=self._totals[Status.DONE],
            failed=self._totals[Status.FAILED],
            returned=self._totals[Status.RETURNED],
            oldest_wait=0.0 if ready_at is None else max(0.0, now - ready_at),
        )

    def _enter(self, entry: Entry, ready_at: float) -> None:
        heapq.heappush(self._line, (ready_at, next(self._ties), entry.id))

    def _leave(self, job_id: str) -> Entry:
        entry = self._entries[job_id]
        self._retrying -= entry.status is Status.RETRYING
        return entry

    def _end(self, entry: Entry) -> Entry:
        self._totals[entry.status] += 1
        self._write(entry)
        self._ended[entry.id] = None
        if len(self._ended) > self._keep:
            forgotten, _ = self._ended.popitem(last=False)
            del self._entries[forgotten]
        return entry

    def _write(self, entry: Entry) -> Entry:
        self._entries[entry.id] = entry
        return entry
