"""Real libraries behind the contract, and right policies in another style."""

import contextlib
import contextvars
import json
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from functools import partial
from typing import Any, ClassVar
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.resilience import (
    MAX_MESSAGE,
    BadMessage,
    CallTimedOut,
    CircuitOpen,
    Refused,
    State,
    Status,
    WorkersBusy,
)

with contextlib.suppress(ImportError):  # whoever wants to run a peer says that it is missing
    import circuitbreaker
with contextlib.suppress(ImportError):
    import pybreaker
with contextlib.suppress(ImportError):
    import tenacity

Kinds = tuple[type[BaseException], ...]
Job = Callable[[], Any]


def _above_zero(*numbers: float) -> None:
    if not all(0 < number < math.inf for number in numbers):
        raise ValueError(f"not all finite and above 0: {numbers}")


def _exceptions(kinds: Kinds) -> Kinds:
    for kind in kinds:
        if not issubclass(kind, Exception):
            raise ValueError(f"{kind} is no Exception")  # noqa: TRY004
    return kinds


def _at_least_one(number: int) -> int:
    if number < 1:
        raise ValueError(f"{number} is less than 1")
    return number


class _Retry:
    """A loop that takes the next ceiling from an iterator, and waits on an event."""

    def __init__(
        self,
        attempts: int = 3,
        *,
        base: float = 0.1,
        cap: float = 10.0,
        deadline: float = math.inf,
        on: Kinds = (ConnectionError, TimeoutError),
        draw: Callable[[], float] = random.random,
    ) -> None:
        _above_zero(base, cap)
        if math.isnan(deadline) or deadline <= 0:
            raise ValueError(f"deadline {deadline}")
        self.attempts, self.base, self.cap = _at_least_one(attempts), base, cap
        self.deadline, self.on, self.draw = deadline, _exceptions(on), draw

    def ceilings(self) -> Iterator[float]:
        for number in range(self.attempts - 1):
            # A double has exponents up to 1023: what doubles more often is beyond every cap.
            yield min(self.cap, math.ldexp(self.base, number)) if number < 900 else self.cap

    def call(self, job: Job) -> Any:
        began = time.monotonic()
        delays = self.ceilings()
        while True:
            try:
                return job()
            except Exception as error:
                if isinstance(error, Refused | CancelledError) or not isinstance(error, self.on):
                    raise
                ceiling = next(delays, None)
                if ceiling is None:
                    raise
                if not self.pause(self.draw() * ceiling, began):
                    raise

    def pause(self, delay: float, began: float) -> bool:
        left = began + self.deadline - time.monotonic()
        if delay >= left:
            return False
        threading.Event().wait(delay)
        return time.monotonic() < began + self.deadline


class _Timeout:
    """Worker threads that are started when needed, and kept. Jobs and outcomes go through queues."""

    def __init__(self, seconds: float, workers: int = 10) -> None:
        _above_zero(seconds)
        self.seconds, self.workers = seconds, _at_least_one(workers)
        self.lock, self.taken = threading.Lock(), 0
        self.idle: list[queue.SimpleQueue[Any]] = []

    def busy(self) -> int:
        with self.lock:
            return self.taken

    def call(self, job: Job) -> Any:
        end = time.monotonic() + self.seconds
        answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self.worker().put((partial(contextvars.copy_context().run, job), answers))
        try:
            value, error = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise CallTimedOut(f"{self.seconds} s are over") from None
        if error is None:
            return value
        try:
            raise error
        finally:
            del error

    def worker(self) -> "queue.SimpleQueue[Any]":
        """The inbox of one that is free, or of a new one."""
        with self.lock:
            if self.taken == self.workers:
                raise WorkersBusy(f"all {self.workers} are")
            if not self.idle:
                inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
                threading.Thread(target=self.work, args=(inbox,), daemon=True).start()
                self.idle.append(inbox)
            self.taken += 1
            return self.idle.pop()

    def work(self, inbox: "queue.SimpleQueue[Any]") -> None:
        while True:
            self.serve(inbox, *inbox.get())

    def serve(self, inbox: Any, job: Job, answers: Any) -> None:
        try:
            outcome = job(), None
        except BaseException as error:
            outcome = None, error
        with self.lock:
            self.taken -= 1
            self.idle.append(inbox)
        answers.put(outcome)


class _Phase:
    """A state of the breaker, as an object: what a call and its outcome do to it."""

    state = State.CLOSED

    def __init__(self, breaker: "_Breaker", until: float = 0.0) -> None:
        self.breaker, self.until = breaker, until

    def left(self) -> float:
        return max(0.0, self.until - time.monotonic())

    def enter(self) -> "_Phase":
        return self

    def ended(self, good: bool | None) -> None:
        """True for a success, False for a failure, None for neither."""


class _Closed(_Phase):
    failures = 0

    def left(self) -> float:
        return 0.0

    def ended(self, good: bool | None) -> None:
        if good:
            self.failures = 0
        elif good is False:
            self.failures += 1
            if self.failures == self.breaker.threshold:
                self.breaker.open()


class _Waiting(_Phase):
    """Open; once its time is over whoever comes is the probe."""

    state = State.OPEN

    def enter(self) -> _Phase:
        if left := self.left():
            self.breaker.refused += 1
            raise CircuitOpen(left)
        self.breaker.phase = _Probing(self.breaker, time.monotonic() + self.breaker.reset)
        return self.breaker.phase


class _Probing(_Waiting):
    """A probe has its turn, or had it."""

    state = State.HALF_OPEN

    def ended(self, good: bool | None) -> None:
        if not self.left():
            return
        if good:
            self.breaker.phase = _Closed(self.breaker)
        elif good is False:
            self.breaker.open()
        else:
            self.breaker.phase = _Probing(self.breaker)


class _Breaker:
    """States as objects: an outcome counts if the object that let it through is still there."""

    def __init__(self, threshold: int = 5, reset: float = 30.0, ignore: Kinds = ()) -> None:
        _above_zero(reset)
        self.threshold, self.reset = _at_least_one(threshold), reset
        self.ignore = (Refused, CancelledError, *_exceptions(ignore))
        self.lock = threading.RLock()
        self.phase: _Phase = _Closed(self)
        self.opened = self.refused = 0

    def open(self) -> None:
        self.opened += 1
        self.phase = _Waiting(self, time.monotonic() + self.reset)

    def call(self, job: Job) -> Any:
        with self.lock:
            phase = self.phase.enter()
        good: bool | None = None
        try:
            value = job()
            good = True
        except Exception as error:
            good = None if isinstance(error, self.ignore) else False
            raise
        finally:
            with self.lock:
                if self.phase is phase:
                    phase.ended(good)
        return value

    def status(self) -> Status:
        with self.lock:
            left, failures = self.phase.left(), getattr(self.phase, "failures", 0)
            waited = self.phase.state is State.OPEN and not left
            state = State.HALF_OPEN if waited else self.phase.state
            return Status(state, failures, left, self.opened, self.refused)


class _Problem(Exception):
    """An answer that is an error: status, and further headers."""


class _App:
    """Routes by the pair of path and method, and problems that are raised."""

    def __init__(
        self, downstream: Any, retry: Any, breaker: Any, timeout: Any, max_body_bytes: int = 20_000
    ) -> None:
        self.downstream, self.limit = downstream, _at_least_one(max_body_bytes)
        self.retry, self.breaker, self.timeout = retry, breaker, timeout

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, more = 200, {"Content-Type": "application/json"}
        try:
            content = self.answer(environ)
        except _Problem as problem:
            status, *headers = problem.args
            content = {"error": f"that makes {status}"}
            more |= dict(headers)
        body = json.dumps(content).encode()
        more["Content-Length"] = str(len(body))
        start_response(f"{status} Said", list(more.items()))
        return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)

    def answer(self, environ: WSGIEnvironment) -> dict[str, Any]:
        match environ.get("PATH_INFO"), environ["REQUEST_METHOD"]:
            case "/health", "GET" | "HEAD":
                status = self.breaker.status()
                names = ("failures", "retry_after", "opened", "refused")
                numbers = {name: getattr(status, name) for name in names}
                return {"state": status.state.value, **numbers, "busy": self.timeout.busy()}
            case "/call", "POST":
                log = environ["wsgi.errors"]
                return {"reply": self.send(*_understood(self.body(environ)), log)}
            case "/call", _:
                raise _Problem(405, ("Allow", "POST"))
            case "/health", _:
                raise _Problem(405, ("Allow", "GET, HEAD"))
        raise _Problem(404)

    def send(self, message: str, idempotent: bool, log: Any) -> str:
        within = partial(self.timeout.call, partial(self.downstream, message))
        once = partial(self.breaker.call, within)
        try:
            return str(self.retry.call(once) if idempotent else once())
        except Refused as error:
            wait = math.ceil(getattr(error, "retry_after", 0))
            raise _Problem(503, ("Retry-After", str(max(wait, 1)))) from None
        except Exception as error:
            for kind, status in ((BadMessage, 422), (CallTimedOut, 504)):
                if isinstance(error, kind):
                    raise _Problem(status) from None
            log.write(repr(error) + "\n")
            raise _Problem(502) from None

    def body(self, environ: WSGIEnvironment) -> bytes:
        length = environ.get("CONTENT_LENGTH") or ""
        if environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower() != "application/json":
            raise _Problem(415)
        if not length or environ.get("HTTP_TRANSFER_ENCODING") is not None:
            raise _Problem(411)
        if not (length.isascii() and length.isdigit()):
            raise _Problem(400)
        if len(length.lstrip("0")) > 18 or int(length.lstrip("0") or "0") > self.limit:
            raise _Problem(413)
        body: bytes = environ["wsgi.input"].read(int(length))
        if len(body) != int(length):
            raise _Problem(400)
        return body


def _understood(body: bytes) -> tuple[str, bool]:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(found)) != len(found):
            raise ValueError
        return dict(found)

    def constant(_name: str) -> None:
        raise ValueError

    try:
        content = json.loads(body.decode(), object_pairs_hook=pairs, parse_constant=constant)
        rest = dict(content) if isinstance(content, dict) else {}
        message, idempotent = rest.pop("message"), rest.pop("idempotent", False)
        good = isinstance(message, str) and 0 < len(message) <= MAX_MESSAGE and not rest
        if good and type(idempotent) is bool and message.encode():
            return message, idempotent
    except (ValueError, KeyError, RecursionError):
        pass
    raise _Problem(400)


class KeptThreads:
    """Worker threads that are kept, states as objects, an iterator of ceilings, one function."""

    requires: ClassVar[tuple[str, ...]] = ()
    fails: ClassVar[dict[str, str]] = {}

    Retry = _Retry
    Timeout = _Timeout
    CircuitBreaker = _Breaker
    ResilienceApp = _App


class Tenacity:
    """tenacity.Retrying, with its own exponential ceilings and its stop before a deadline."""

    requires = ("tenacity",)
    fails: ClassVar = {
        "P3": "a delay is drawn after the last attempt too",
        "P4": "a delay that lasts longer than it should is followed by an attempt at any hour",
    }

    Timeout = _Timeout
    CircuitBreaker = _Breaker
    ResilienceApp = _App

    class Retry(_Retry):
        def call(self, job: Job) -> Any:
            ceiling = tenacity.wait_exponential(multiplier=self.base, max=self.cap)
            again = tenacity.retry_if_exception_type(self.on)
            never = tenacity.retry_if_not_exception_type((Refused, CancelledError))
            retrying = tenacity.Retrying(
                stop=tenacity.stop_after_attempt(self.attempts)
                | tenacity.stop_before_delay(self.deadline),
                wait=lambda state: self.draw() * ceiling(state),
                retry=tenacity.retry_all(again, never),
                reraise=True,
                sleep=time.sleep,
            )
            return retrying(job)


class _Wrapped:
    """What the two breakers have in common."""

    it: Any

    def __init__(self) -> None:
        self.opened = self.refused = 0
        self.counting = threading.Lock()

    def left(self) -> float:
        raise NotImplementedError

    def known(self) -> tuple[str, int]:
        raise NotImplementedError

    def refuse(self) -> CircuitOpen:
        with self.counting:
            self.refused += 1
        return CircuitOpen(self.left())

    def status(self) -> Status:
        left, (name, failures) = self.left(), self.known()
        waited = name == "open" and not left
        state = State.HALF_OPEN if waited else State(name)
        shown = failures if state is State.CLOSED else 0
        return Status(state, shown, left, self.opened, self.refused)


class Pybreaker:
    """pybreaker.CircuitBreaker, told to raise the job's own error when it trips."""

    requires = ("pybreaker",)
    fails: ClassVar = {
        "P10": "a generator that the job returns is wrapped in another one",
        "P11": "an excluded error counts as a success",
        "P13": "who waits for the lock while a probe runs is let through as well; a probe that hangs"
        " keeps its turn for ever",
        "P14": "calls of an earlier period cannot end later: they hold the lock",
        "P15": "the lock is held while the job runs, so that one call runs at a time",
        "P16": "a status that is read without the lock can be half of one and half of the next",
        "P17": "it goes by datetime.now()",
        "P19": "a refusal by a timeout within is an excluded error, and so a success",
        "P20": "while one request hangs all others wait for the lock",
    }

    Retry = _Retry
    Timeout = _Timeout
    ResilienceApp = _App

    class CircuitBreaker(_Wrapped):
        def __init__(self, threshold: int = 5, reset: float = 30.0, ignore: Kinds = ()) -> None:
            super().__init__()
            _above_zero(reset)
            neutral = [Refused, CancelledError, *_exceptions(ignore)]
            self.it = pybreaker.CircuitBreaker(
                fail_max=_at_least_one(threshold),
                reset_timeout=reset,
                exclude=[*neutral, lambda error: not isinstance(error, Exception)],
                throw_new_error_on_trip=False,
            )
            self.it.add_listener(_Counting(self))

        def left(self) -> float:
            since = self.it._state_storage.opened_at
            if self.it.current_state != "open" or since is None:
                return 0.0
            return max(0.0, since.timestamp() + self.it.reset_timeout - time.time())

        def call(self, job: Job) -> Any:
            try:
                return self.it.call(job)
            except pybreaker.CircuitBreakerError:
                raise self.refuse() from None

        def known(self) -> tuple[str, int]:
            return self.it.current_state, self.it.fail_counter


class _Counting:
    """Listens to a pybreaker and counts how often it opens."""

    def __init__(self, breaker: Any) -> None:
        self.breaker = breaker

    def state_change(self, _breaker: Any, _old: Any, new: Any) -> None:
        self.breaker.opened += new.name == "open"

    def before_call(self, *_: Any) -> None:
        """Not needed."""

    success = failure = before_call


class Circuitbreaker:
    """The package circuitbreaker: no locks, and nothing that holds back a second probe."""

    requires = ("circuitbreaker",)
    fails: ClassVar = {
        "P10": "failures that two threads report at a time can be counted once",
        "P11": "an error that is not expected counts as a success",
        "P13": "half-open lets everybody through",
        "P14": "whatever ends is counted, however long ago it began",
        "P16": "a status can be half of one and half of the next",
        "P19": "a refusal by a timeout within is not expected, and so a success",
    }

    Retry = _Retry
    Timeout = _Timeout
    ResilienceApp = _App

    class CircuitBreaker(_Wrapped):
        def __init__(self, threshold: int = 5, reset: float = 30.0, ignore: Kinds = ()) -> None:
            super().__init__()
            _above_zero(reset)
            neutral = (Refused, CancelledError, *_exceptions(ignore))
            self.reset = reset
            self.it = circuitbreaker.CircuitBreaker(
                failure_threshold=_at_least_one(threshold),
                recovery_timeout=reset,
                expected_exception=lambda kind, _: (
                    issubclass(kind, Exception) and not issubclass(kind, neutral)
                ),
            )

        def left(self) -> float:
            closed = self.it._state == "closed"
            return 0.0 if closed else max(0.0, self.it._opened + self.reset - time.monotonic())

        def call(self, job: Job) -> Any:
            if self.left():
                raise self.refuse()
            before = self.it.failure_count
            try:
                return self.it.call(job)
            finally:
                failed = self.it.failure_count > before
                self.opened += failed and self.it._state == "open"

        def known(self) -> tuple[str, int]:
            return self.it._state, self.it.failure_count
