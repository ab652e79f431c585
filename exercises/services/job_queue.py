"""Job queue: work is accepted now and done later, by a few workers, with retries and a clean stop.

Seen in production as Sidekiq, Celery, RQ, BullMQ, SQS with its consumers: a request hands over a
slow piece of work, gets an id at once, and asks later what became of it. This one lives in one
process; what it promises is what all of them have to promise.

Decided here, because real queues disagree:

* A job is a kind and a payload. Handlers are handed over when the queue is made: kind -> callable.
* Payloads and results are JSON, kept as text: every attempt gets a copy of its own, and so does
  every `get`. What caller or handler do to theirs later changes nothing.
* A job is `queued`, `running`, `retrying` (an attempt has failed; it waits for the next one, first
  for its backoff and then perhaps for a worker), and ends as `done`, `failed` or `returned` (handed
  back by `stop`, not to be run by this queue again). These steps and no others:
  queued -> running; running -> done, failed, retrying; retrying -> running; and once `stop` has been
  called, queued, retrying and running -> returned.
* `capacity` bounds all that is unfinished: queued, running and retrying. A running job keeps its
  place because it may have to come back; one that waits for a retry keeps it because otherwise a
  poison job would make room for ever.
* A full queue refuses at once, and so does a stopped one. Nobody is held up, nothing is dropped.
* `max_attempts` counts attempts, not retries: with 1 there is no retry.
* Everything that a handler raises is a failed attempt, SystemExit and KeyboardInterrupt too.
* The wait after the n-th failed attempt is `chance.random() * min(max_delay, base_delay * 2**(n-1))`
  (full jitter): jobs that failed together do not come back together.
* Jobs start in the order in which they became ready: a new job when it is accepted, a retried one
  when its wait is over. Which goes first of a retry and another job that become ready at the very
  same instant is left open.
* Ids cannot be guessed. Over HTTP whoever knows an id reads the result, so that a counter would
  hand everybody's results to everybody, and tell them how busy the service is.
* A finished job is remembered until `keep` others have ended after it. After that it is unknown,
  as if it had never been: to tell "gone" from "never was" one would have to keep every id.
* `stop` hands back what has not run: the jobs, each exactly once, so that the caller can store them.
* Running handlers are never interrupted: Python cannot do it safely. Give them time limits inside.
* Time is `time.monotonic()`: setting the wall clock changes nothing. Every instant is exact to a
  microsecond: room for the rounding of floats.
* Left open: when the threads are started, and what becomes of a queue that nobody stops.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  Every accepted job is run by the handler of its kind, each attempt with a copy of the payload
    as it was accepted, by exactly one worker at a time, and never again once it is done; then get
    shows what the handler returned.
P2  Never more than `workers` handlers run at a time, that many really do run at the same time, and
    no job that is ready waits while a worker is free.
P3  Jobs start in the order in which they became ready: new ones when they are accepted, retried
    ones when their wait is over.
P4  Never more than `capacity` jobs are queued, running or retrying: one more raises QueueFull at
    once, holds nobody up and leaves no trace but its count; the place is free again at the instant
    at which a job ends.
P5  A failed attempt is followed by another until there have been `max_attempts`, then the job is
    failed; whatever a handler raises, SystemExit included, or returns that is no JSON, is such a
    failure and ends no worker.
P6  The n-th failed attempt is followed by a wait of random() * min(max_delay, base_delay *
    2**(n-1)) seconds, with one new random number each, however large n is; the next attempt starts
    at the end of it if a worker is free, and not before.
P7  A job that waits for its retry holds no worker and no other thread, and no failing job holds up
    another.
P8  get is a snapshot of one instant: a status is never seen without the result, error and count of
    attempts that belong to it, and statuses change only by the steps listed above.
P9  The error of a failed attempt is shown as a text of at most MAX_ERROR_CHARS characters, as the
    docstring of Job says, without traceback.
P10 The `keep` jobs that ended last are remembered, and every unfinished one; all others are
    unknown.
P11 Nothing more is kept: memory does not grow with the number of jobs ever accepted or refused,
    and the queue lets go of handlers' arguments, results and exceptions when an attempt is over.
P12 From stop on every submit raises QueueStopped, running handlers end as usual, nothing else is
    started, and whatever races, every accepted job either ends as done or failed or is handed
    back, by exactly one call of stop.
P13 stop returns at the instant at which the last handler has ended, and then no thread of the
    queue is left; or after `timeout` seconds, naming the jobs that still run: what is left ends
    with their handlers, and does not keep the program from ending.
P14 stop may be called again and by several threads at once, each call waiting by its own timeout;
    called by a handler it raises StopFromHandler at once, and nothing has changed.
P15 The statistics are exact and of one instant, as the docstring of Stats counts them.
P16 Nothing is locked while a handler runs: it may use the queue itself, and meanwhile every call
    but stop returns at once.
P17 Nobody polls: an idle queue does nothing, however long, and what a worker waits for reaches it
    at that instant; setting the wall clock changes nothing.
P18 Ids are never used twice and cannot be guessed: at least 120 bits from the operating system's
    source of randomness, whatever has been seeded.
P19 No call becomes slower with the number of jobs, waiting or remembered: constant time, or
    logarithmic; but stop may look at each job once.
P20 Bad arguments raise the documented error, and nothing has changed.
P21 Over HTTP jobs are accepted with 202, an id and their Location, looked up, and counted, by the
    very queue behind it.
P22 A full or stopped queue is answered at once with 503, Retry-After and a JSON error.
P23 Every bad HTTP request gets the status of the table in JobApp, with a JSON body that holds an
    error text, and changes nothing; the next good one is served.
P24 From the request body exactly the announced bytes are read, none of a body that is refused; a
    body that ends early is refused and nothing is accepted.

Level: hard, 75 minutes.
Brief: exercises/services/job_queue.md
Grade: nox -s grade -- job_queue
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

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
    UnknownJob,
    UnknownKind,
)


class JobQueue:
    """Runs jobs in `workers` threads of its own. Every method may be called from any thread.

    A handler is called with the payload as its only argument. Handlers are called, with nothing
    locked, in the queue's threads only.
    """

    def __init__(
        self,
        handlers: Mapping[str, Callable[[Any], Any]],
        workers: int,
        capacity: int,
        *,
        max_attempts: int = ...,
        base_delay: float = ...,
        max_delay: float = ...,
        keep: int = ...,
        chance: RandomSource | None = ...,
    ) -> None:
        """Make a queue for the kinds in `handlers`; later changes of that mapping mean nothing.

        Without them `max_attempts` is 3, `base_delay` 1 second, `max_delay` 60 seconds and `keep`
        1,000 jobs. Both delays may be 0, then a retry does not wait, and `max_delay` may be below
        `base_delay`. `chance` is a source of one's own if it is None.

        Raises `ValueError` if `workers`, `capacity` or `max_attempts` is less than 1, `keep` is less
        than 0, or a delay is negative, infinite or not a number.
        """
        raise NotImplementedError

    def submit(self, kind: str, payload: Any = None) -> str:
        """Accept a job and return its id, without waiting for anything.

        An id is a text of 20 to 100 letters of ASCII, digits, `-` and `_`.

        Payloads are what `json.loads(json.dumps(payload, allow_nan=False))` makes of them, so that
        a tuple arrives as a list.

        Raises, in this order:
            UnknownKind: there is no handler for `kind`.
            ValueError: `payload` is no JSON (a set, NaN, a list that holds itself).
            QueueStopped: stop has been called.
            QueueFull: `capacity` jobs are unfinished.
        """
        raise NotImplementedError

    def get(self, job_id: str) -> Job:
        """Return what is known of a job now. It works after stop as before.

        Raises `UnknownJob` if there is no such job, or it has been forgotten.
        """
        raise NotImplementedError

    def stats(self) -> Stats:
        """Return the counts of this instant. It works after stop as before."""
        raise NotImplementedError

    def stop(self, timeout: float | None = None) -> Stopped:
        """Accept no more, start no more, wait for the running handlers, hand back the rest.

        At the instant of the call all queued and retrying jobs become `returned`. The call then
        waits until no handler runs, at most `timeout` seconds: `None` and `math.inf` wait as long as
        it takes, 0 does not wait. An attempt that fails after that instant is the job's last: the job is failed
        if `max_attempts` have been made, and `returned` otherwise.

        Each returned job is handed back by exactly one call: one that is waiting when the job is
        returned, or else the next one. A job that is `running` in the answer still ends as above,
        and is not handed back unless it becomes `returned`; then by a later call.

        Raises:
            ValueError: `timeout` is negative or not a number.
            StopFromHandler: the caller is one of this queue's threads. (A thread that a handler
                starts and waits for is the handler's own affair.)
        """
        raise NotImplementedError


class JobApp:
    """The HTTP front: a WSGI application over one queue. Requests may come from many threads.

    | request | answer |
    | --- | --- |
    | POST /jobs | 202 and {"id": ...}; `Location` is /jobs/<id> |
    | GET /jobs/<id> | 200 and the job; 404 if it is unknown |
    | GET /stats | 200 and the fields of Stats, as numbers, under the same names |
    | HEAD of the last two | status and headers as for GET, and no body |

    The body of POST is a JSON object with `kind`, and `payload` if it is not null. The job is an
    object with `id`, `kind`, `status`, `attempts`, `result` and `error`; the payload is not shown.
    The query of a request means nothing.

    Refusals, in this order; the first that applies is the answer:

    | status | when |
    | --- | --- |
    | 404 | the path is neither `/jobs` nor `/stats` nor begins with `/jobs/` |
    | 405 | another method; `Allow` lists those that the table above serves on this path |
    | 404 | GET, HEAD: no job with this id is remembered (an empty id is none) |
    | 411 | POST: no Content-Length (or an empty one), or Transfer-Encoding is used |
    | 400 | POST: Content-Length is not a number of decimal digits |
    | 413 | POST: Content-Length is more than max_body_bytes; the body is not read |
    | 400 | POST: the body ends before Content-Length bytes have come |
    | 400 | POST: the body is no JSON object in UTF-8 (NaN, Infinity, a key given twice are none) |
    | 400 | POST: `kind` is missing, no text, or not known; or there is a key beside those two |
    | 400 | POST: the payload holds a number that is too large for a float, such as 1e999 |
    | 503 | POST: the queue is full, or stopped; `Retry-After` says in whole seconds when to retry |

    The body of a refusal is a JSON object with a text under `error`. Every answer has
    `Content-Type: application/json` and Content-Length. Nothing is ever shown of a traceback.
    """

    def __init__(self, queue: JobQueue, max_body_bytes: int = ..., retry_after: int = ...) -> None:
        """Make the HTTP front of `queue`.

        Without `max_body_bytes` a body may have 100,000 bytes; without `retry_after` that field
        says 1. Raises `ValueError` if either is less than 1.
        """
        raise NotImplementedError

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI (PEP 3333) has it, without waiting for any job."""
        raise NotImplementedError
