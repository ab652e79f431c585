"""Resilience: retry, timeout and circuit breaker, alone and combined, and a service in front of them.

Seen in production around every call that leaves the process (tenacity, Polly, resilience4j, Hystrix,
the retries and outlier detection of Envoy). Each policy has one method, `call(job)`: it runs a
function without arguments and returns what that returns. So they nest, in any order:
`retry.call(lambda: breaker.call(lambda: timeout.call(job)))`.

Decided here, because real libraries disagree:

* `attempts` counts attempts, not retries: with 3 the job is called at most three times.
* What leaves a policy is what the job returned or raised, the very object, never a wrapper. A
  Retry raises the error of its last attempt; the call that opens a breaker raises the job's own.
* Only an `Exception` can be retried or count as a failure. `KeyboardInterrupt`, `SystemExit`,
  `GeneratorExit`, `asyncio.CancelledError` are none, and pass at once. So does
  `concurrent.futures.CancelledError`, although it is one: who cancels does not want another try.
* A `Refused` (`CircuitOpen`, `WorkersBusy`) says that a policy did not run its job. It is never
  retried and never a failure: nobody was asked, and waiting in the call would only hold its thread.
* A delay is random in [0, ceiling), the ceiling doubles up to a cap ("full jitter").
* A Retry does not sleep towards its deadline in vain: if the delay would end at the deadline or
  later, it gives up at once.
* Python cannot end a thread. A job that a Timeout has given up runs on and keeps its place; what it
  returns or raises is dropped. With all places taken the next call is refused, it does not queue.
* A breaker counts failures in a row. Errors that are ignored count neither as failure nor as
  success. Half-open lets one call through at a time, the probe. A probe that does not end within
  `reset` seconds has lost its turn: a hanging service must not close the door for ever.
* A call that began before the breaker opened (or closed again) says nothing about the service as it
  is now: its caller gets its outcome, the breaker takes no notice.
* Time is `time.monotonic()`. Setting the wall clock changes nothing.
* Left open: whether a job that ends at the very instant of its time limit is in time; whether
  threads of a Timeout are kept for later calls; the wording of errors, and notes added to them.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  A Retry calls the job at most `attempts` times, in the caller's thread, returns the first value
    that comes, or else raises the very error of the last attempt.
P2  Only errors listed in `on` are tried again; every other one leaves at once, as do a Refused, a
    cancellation and whatever is no Exception, listed or not.
P3  After failed attempt number k a Retry sleeps once for draw() * min(cap, base * 2**(k-1))
    seconds, also for the ten-thousandth, and never after the last attempt; without a draw of its
    own the delays are spread evenly, and differ from caller to caller.
P4  No attempt but the first begins at the deadline or later, and no delay is slept that would end
    then: the Retry gives up at once instead.
P5  Nothing of one call of a Retry reaches another: each starts with the first delay, and one that
    sleeps or runs holds up no other.
P6  A Timeout returns what the job returned or raises what it raised, the very object with its
    traceback, and the job runs in a copy of the caller's context (contextvars).
P7  A call whose job has not ended after `seconds` raises CallTimedOut at exactly that instant;
    what the job returns or raises later is dropped without a trace.
P8  At most `workers` jobs of a Timeout run at a time, those it has given up included, and no more
    threads than that stay; if all places are taken a call raises WorkersBusy at once, and a place
    is free again before the outcome of its job is known.
P9  A job that never ends keeps neither the process from ending (its thread is a daemon) nor
    another call from its place; a thread that cannot be started costs no place; and of a call that
    is over nothing is kept.
P10 A closed breaker lets every call through, and opens with the failure that is the `threshold`-th
    in a row, however many threads report them; a success sets the count to 0.
P11 Ignored errors, a Refused, a cancellation and whatever is no Exception pass through a breaker
    without counting, in any state; a probe that ends so gives its turn to the next call.
P12 For `reset` seconds from the failure that opened it a breaker refuses every call at once with
    CircuitOpen, without running the job; its retry_after says how long that goes on.
P13 From then on exactly one call at a time is let through, whatever races; success closes the
    breaker, failure opens it for another `reset` seconds, and after `reset` seconds without an
    outcome the turn passes to the next call.
P14 Only an outcome of the period in which its call was let through counts; its caller gets it in
    any case.
P15 A job that runs in a breaker holds up nobody: calls run side by side, status() answers at once,
    and the job may use the breaker itself.
P16 status() is exact and of one instant, as the docstring of Status says, and asking changes
    nothing.
P17 Setting the wall clock, forwards or backwards, changes nothing.
P18 Bad arguments raise ValueError when a policy or the app is made.
P19 Combined they do what each does alone: around a breaker each attempt of a Retry is one call,
    and an open circuit ends the Retry at once; inside, all attempts together are one; a
    CallTimedOut is an error like any other, to be listed and counted.
P20 POST /call answers with what the downstream makes of the message, or with the status of the
    table in ResilienceApp for what went wrong; an error's own text goes to the server's log and
    not to the client.
P21 The app calls the downstream through breaker and timeout, each attempt anew, and tries again
    only what the request calls idempotent.
P22 /health answers at once with the numbers of this instant, whatever hangs, and asking changes
    nothing.
P23 Every bad HTTP request gets the status of the table in ResilienceApp, with a JSON body that
    holds an error text, and the downstream is not called.
P24 From the request body exactly the announced bytes are read, none of a body that is refused
    unread.

Level: hard, 75 minutes.
Brief: exercises/services/resilience.md
Grade: nox -s grade -- resilience
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.resilience import (
    MAX_MESSAGE,
    BadMessage,
    CallTimedOut,
    CircuitOpen,
    Refused,
    State,
    Status,
    T,
    WorkersBusy,
)


class Retry:
    """Calls a job again when it fails. May be shared by threads; keeps nothing between calls."""

    def __init__(
        self,
        attempts: int = ...,
        *,
        base: float = ...,
        cap: float = ...,
        deadline: float = ...,
        on: tuple[type[BaseException], ...] = ...,
        draw: Callable[[], float] = ...,
    ) -> None:
        """Make a policy of at most `attempts` attempts.

        Args:
            attempts: how often the job is called at most, the first time included. Default 3.
            base: ceiling of the first delay in seconds. Default 0.1.
            cap: highest ceiling in seconds. Default 10.0. May be below `base`.
            deadline: seconds from the start of a call; default `math.inf`, no deadline.
            on: errors that are tried again, subclasses included. Default: `ConnectionError` and
                `TimeoutError`. May be empty.
            draw: a number in [0, 1), evenly spread: `random.random` or the like is the default. It
                is called from the threads of the callers, with nothing locked.

        Raises `ValueError` if `attempts` is less than 1, `base` or `cap` is not a finite number
        above 0, `deadline` is zero, negative or not a number, or `on` holds a class that is no
        subclass of `Exception`.
        """
        raise NotImplementedError

    def call(self, job: Callable[[], T]) -> T:
        """Return `job()`, tried again after an error that is listed in `on`.

        Attempts follow one another in the caller's thread. After failed attempt number k (k = 1 for
        the first), unless it was the last:

        1. The delay is `draw() * min(cap, base * 2**(k - 1))` seconds; `draw` is called once.
        2. If the delay would end at the deadline or later, the error is raised at once.
        3. It sleeps. If it wakes so late that the deadline has come, the error is raised.

        The deadline is `deadline` seconds after the call began. It does not end an attempt that
        runs: a Timeout does that.

        What is raised is the error of the last attempt, the very object. Never tried again, even if
        `on` lists them: `Refused`, `concurrent.futures.CancelledError`, and subclasses.
        """
        raise NotImplementedError


class Timeout:
    """Gives up waiting for a job after some seconds. May be shared by threads."""

    def __init__(self, seconds: float, workers: int = ...) -> None:
        """Make a policy that waits `seconds` seconds for a job, and runs at most `workers` at a time.

        `workers` is 10 by default. Raises `ValueError` if `seconds` is not a finite number above 0,
        or `workers` is less than 1.
        """
        raise NotImplementedError

    def call(self, job: Callable[[], T]) -> T:
        """Run `job()` in a thread of the policy's own and return what it returns.

        * The outcome comes at the instant at which the job ends: nobody polls.
        * Whatever the job raises, `KeyboardInterrupt` and its like included, is raised here: the
          same object, with the job's frames in its traceback.
        * The job runs in a copy of the caller's context: it sees the caller's context variables, and
          what it sets stays with it.
        * `seconds` after the call began `CallTimedOut` is raised if the job has not ended. The job
          runs on and keeps its place until it ends; its outcome is then dropped.
        * If `workers` jobs are running, `WorkersBusy` is raised at once, and this job is never run.
          A job's place is free before `call` returns or raises its outcome: one caller that calls
          again and again never meets its own earlier job.
        * A job may call the same policy: that takes a second place.

        There are never more than `workers` threads, apart from those that only have to end yet.
        They are daemons. If one cannot be started, the error of that (a `RuntimeError`) leaves this
        call, and no place is lost. Once a job has ended and its call is over, the policy holds
        neither the job nor its value or error.
        """
        raise NotImplementedError

    def busy(self) -> int:
        """Return how many places are taken now, by jobs that were given up too."""
        raise NotImplementedError


class CircuitBreaker:
    """Stops calling a service that fails. May be shared by threads, and used from inside a job.

    | state | a call | success | failure | neither |
    | --- | --- | --- | --- | --- |
    | CLOSED | runs | failures = 0 | failures + 1; OPEN at `threshold` | nothing |
    | OPEN | CircuitOpen | | | |
    | HALF_OPEN | runs if no probe does, else CircuitOpen | CLOSED | OPEN | the next call may probe |

    A failure is an `Exception` that is not in `ignore`, no `Refused` and no
    `concurrent.futures.CancelledError`. These, and what is no `Exception`, are neither failure nor
    success. A value is a success.

    An outcome counts at the instant at which it comes, and only if the breaker is still in the
    period in which the call was let through: the same stretch of CLOSED, or the turn of this very
    probe. A turn ends with the outcome of the probe, and at the latest at exactly `reset` seconds
    after the probe began. From then on the next call is the next probe, and until one comes and has
    its outcome the breaker stays HALF_OPEN.
    """

    def __init__(
        self,
        threshold: int = ...,
        reset: float = ...,
        ignore: tuple[type[BaseException], ...] = ...,
    ) -> None:
        """Make a closed breaker.

        Args:
            threshold: failures in a row that open it. Default 5.
            reset: seconds for which it stays open, and for which a probe has its turn. Default 30.0.
            ignore: errors that are neither failure nor success, subclasses included. Default: none.

        Raises `ValueError` if `threshold` is less than 1, `reset` is not a finite number above 0, or
        `ignore` holds a class that is no subclass of `Exception`.
        """
        raise NotImplementedError

    def call(self, job: Callable[[], T]) -> T:
        """Return `job()`, or raise what it raises, in the caller's thread, with nothing locked.

        Raises `CircuitOpen` at once, and does not run the job, in the states of the table above.
        """
        raise NotImplementedError

    def status(self) -> Status:
        """Return the state and the counts of this instant."""
        raise NotImplementedError


class ResilienceApp:
    """A service that passes messages on to a downstream. Requests may come from many threads.

    | request | answer |
    | --- | --- |
    | POST /call | 200 and `{"reply": <text>}`: what `downstream(message)` returned |
    | GET /health | 200 and the JSON object below |
    | HEAD /health | status and headers as for GET, and no body |

    The body of POST is a JSON object: `"message"`, a text of 1 to MAX_MESSAGE characters, and, if
    wanted, `"idempotent"`, true or false (the default). The downstream is called as

        breaker.call(lambda: timeout.call(lambda: downstream(message)))

    and if the request is idempotent that whole line is the job of `retry.call`: only then may it be
    called twice.

    The health object holds `"state"` (the value of State), `"failures"`, `"retry_after"`, `"opened"`,
    `"refused"` as in Status, all of one instant, and `"busy"`, the places taken in the timeout. The
    status is 200 also when the circuit is open: the service itself is well.

    Refusals, in this order; the first that applies is the answer:

    | status | when |
    | --- | --- |
    | 404 | the path is neither `/call` nor `/health` |
    | 405 | another method; `Allow` lists those that the table above serves on this path |
    | 415 | POST: the media type of Content-Type (before any `;`, in any case) is not application/json |
    | 411 | POST: no Content-Length (or an empty one), or Transfer-Encoding is used |
    | 400 | POST: Content-Length is not a number of decimal digits |
    | 413 | POST: Content-Length is more than max_body_bytes; the body is not read |
    | 400 | POST: the body ends before Content-Length bytes have come |
    | 400 | POST: the body is not UTF-8, is no JSON (NaN and Infinity are none), or nested too deeply |
    | 400 | POST: it is no object, has a key twice, a key other than those two, or no `message` |
    | 400 | POST: `message` or `idempotent` is not as said above, or the message holds half of a |
    | | surrogate pair (it could not be passed on as UTF-8) |

    What may go wrong behind it:

    | status | when the call raised |
    | --- | --- |
    | 422 | `BadMessage` |
    | 503 | `CircuitOpen`: Retry-After is its retry_after, rounded up to whole seconds, at least 1 |
    | 503 | any other `Refused`: Retry-After is 1 |
    | 504 | `CallTimedOut` |
    | 502 | any other `Exception` |

    What is no `Exception` goes on to the server. The body of every refusal and failure is a JSON
    object with a text under `error`, which holds nothing of an exception's own text: it may name
    hosts and secrets. But somebody has to find out: for each 502, and for nothing else, one line
    that holds the `repr` of the error is written to `environ["wsgi.errors"]`. Every answer carries
    Content-Length and Content-Type: application/json.
    """

    def __init__(
        self,
        downstream: Callable[[str], str],
        retry: Retry,
        breaker: CircuitBreaker,
        timeout: Timeout,
        max_body_bytes: int = ...,
    ) -> None:
        """Make the front of `downstream`, which is called through the three policies.

        Without `max_body_bytes` the limit is 20,000: room for the longest message, however escaped.
        Raises `ValueError` if it is less than 1.
        """
        raise NotImplementedError

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI (PEP 3333) has it."""
        raise NotImplementedError
