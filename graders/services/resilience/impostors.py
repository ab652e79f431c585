"""Policies and fronts with one wrong idea each. `breaks` names the promise by which each is found."""

import concurrent.futures
import contextlib
import contextvars
import io
import itertools
import json
import math
import random
import threading
import time
from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIEnvironment

from contracts.services.resilience import CallTimedOut, CircuitOpen, State, Status, WorkersBusy
from solutions import web
from solutions.services import resilience as reference
from solutions.services.resilience import handler
from solutions.services.resilience import retry as retries
from solutions.services.resilience import timeout as timeouts
from solutions.services.resilience.errors import NEUTRAL
from solutions.web import Answer, as_json

Job = Callable[[], Any]


# --- retry: attempts and errors ---------------------------------------------------------------------


class CountsRetries:
    """The number of attempts is taken for that of retries. After temporalio/temporal issue 4732."""

    breaks = "P1"

    class Retry(reference.Retry):
        def __init__(self, attempts: int = 3, **more: Any) -> None:
            super().__init__(attempts, **more)
            self._attempts += 1


class RetryFailed(Exception):
    """An error of the policy's own."""


class WrapsTheError:
    """When all attempts have failed an error of the policy's own is raised, as tenacity does."""

    breaks = "P1"

    class Retry(reference.Retry):
        def call(self, job: Job) -> Any:
            try:
                return super().call(job)
            except self._on as error:
                raise RetryFailed from error


class RaisesTheFirstError:
    """The error of the first attempt is raised in the end, not that of the last."""

    breaks = "P1"

    class Retry(reference.Retry):
        def call(self, job: Job) -> Any:
            seen: list[BaseException] = []

            def noting() -> Any:
                try:
                    return job()
                except self._on as error:
                    seen.append(error)
                    raise

            try:
                return super().call(noting)
            except self._on as error:
                raise seen[0] if seen else error from None


class EmptyValuesAreFailures:
    """`if result: return result`: None, 0 and False are tried again."""

    breaks = "P1"

    class Retry(reference.Retry):
        def call(self, job: Job) -> Any:
            last: list[Any] = []

            def checked() -> Any:
                value = job()
                if not value:
                    last.append(value)
                    raise TimeoutError
                return value

            try:
                return super().call(checked)
            except TimeoutError:
                if last:
                    return last[-1]
                raise


class _Catching(reference.Retry):
    """A retry that asks a method whether an error is tried again."""

    def call(self, job: Job) -> Any:
        end, ceiling = time.monotonic() + self._deadline, min(self._cap, self._base)
        for attempt in itertools.count(1):
            try:
                return job()
            except BaseException as error:
                wanted = self._wants(error) and attempt < self._attempts
                if not wanted or not retries._slept(self._draw() * ceiling, end):
                    raise
            ceiling = min(self._cap, ceiling * 2)
        return None

    def _wants(self, error: BaseException) -> bool:
        return isinstance(error, self._on) and not isinstance(error, NEUTRAL)


class TriesCancellationsAgain:
    """With Exception listed everything is tried again, Ctrl-C too. After jd/tenacity issue 529."""

    breaks = "P2"

    class Retry(_Catching):
        def _wants(self, error: BaseException) -> bool:
            return super()._wants(error) or (Exception in self._on and type(error) not in NEUTRAL)


class TriesFuturesCancellationsAgain:
    """concurrent.futures.CancelledError is an Exception, and nobody has thought of it."""

    breaks = "P2"

    class Retry(_Catching):
        def _wants(self, error: BaseException) -> bool:
            cancelled = isinstance(error, concurrent.futures.CancelledError)
            return super()._wants(error) or (cancelled and isinstance(error, self._on))


class KnocksAtTheOpenDoor:
    """A CircuitOpen that is listed is waited for in the call, attempt after attempt."""

    breaks = "P2"

    class Retry(_Catching):
        def _wants(self, error: BaseException) -> bool:
            return isinstance(error, self._on) or super()._wants(error)


class ExactClassesOnly:
    """`type(error) in on`: a ConnectionResetError is no ConnectionError."""

    breaks = "P2"

    class Retry(_Catching):
        def _wants(self, error: BaseException) -> bool:
            return type(error) in self._on and super()._wants(error)


# --- retry: delays and deadline ---------------------------------------------------------------------


class _Delaying(reference.Retry):
    """A retry that asks a method how long attempt number k is followed by a pause."""

    def call(self, job: Job) -> Any:
        end = time.monotonic() + self._deadline
        for attempt in itertools.count(1):
            try:
                return job()
            except NEUTRAL:
                raise
            except self._on:
                if attempt >= self._attempts or not self._slept(self._delay(attempt), end):
                    raise
        return None

    def _ceiling(self, attempt: int) -> float:
        return min(self._cap, self._base * 2 ** min(attempt - 1, 900))

    def _delay(self, attempt: int) -> float:
        return self._draw() * self._ceiling(attempt)

    def _slept(self, delay: float, end: float) -> bool:
        return retries._slept(delay, end)


class OverflowsOneDay:
    """`min(cap, base * 2**n)`: 2**1024 is no float. After zenml-io/zenml PR 5265."""

    breaks = "P3"

    class Retry(_Delaying):
        def _ceiling(self, attempt: int) -> float:
            return min(self._cap, self._base * 2 ** (attempt - 1))


class NoJitter:
    """Exponential, capped, and the same for all: whoever failed together comes back together."""

    breaks = "P3"
    mistake = "retry storm"

    class Retry(_Delaying):
        def _delay(self, attempt: int) -> float:
            return self._ceiling(attempt)


class HalfJitter:
    """Half of the delay is fixed, the other half random: less spread than was promised."""

    breaks = "P3"

    class Retry(_Delaying):
        def _delay(self, attempt: int) -> float:
            return self._ceiling(attempt) * (0.5 + self._draw() / 2)


class EverybodyDrawsTheSame:
    """Each call makes a random source of its own, with the same seed."""

    breaks = "P3"

    class Retry(reference.Retry):
        def call(self, job: Job) -> Any:
            if self._draw is not random.random:
                return super().call(job)
            again = reference.Retry(
                self._attempts,
                base=self._base,
                cap=self._cap,
                deadline=self._deadline,
                on=self._on,
                draw=random.Random(1).random,
            )
            return again.call(job)


class CapsTheDelayNotTheCeiling:
    """`min(cap, draw * base * 2**n)`: late attempts all wait for exactly the cap."""

    breaks = "P3"

    class Retry(_Delaying):
        def _delay(self, attempt: int) -> float:
            return min(self._cap, self._draw() * self._base * 2 ** min(attempt - 1, 900))


class DoublesBeforeTheFirst:
    """The first delay already has the ceiling base * 2."""

    breaks = "P3"

    class Retry(_Delaying):
        def _ceiling(self, attempt: int) -> float:
            return min(self._cap, self._base * 2 ** min(attempt, 900))


class SleepsAfterTheLastAttempt:
    """It looks whether there is another attempt after it has slept. After apache/pinot PR 9158."""

    breaks = "P3"

    class Retry(_Delaying):
        def call(self, job: Job) -> Any:
            count = itertools.count(1)

            def attempt() -> Any:
                number = next(count)
                try:
                    return job()
                except NEUTRAL:
                    raise
                except self._on:
                    if number == self._attempts:
                        self._slept(self._delay(number), math.inf)
                    raise

            return super().call(attempt)


class LooksAtTheDeadlineAfterSleeping:
    """It ends at the first failure after the deadline, slept past it. After jd/tenacity PR 423."""

    breaks = "P4"

    class Retry(_Delaying):
        def _slept(self, delay: float, end: float) -> bool:
            if time.monotonic() >= end:
                return False
            time.sleep(delay)
            return True


class SleepsUntilTheDeadline:
    """A delay that is too long is cut short, for a last attempt just at the deadline."""

    breaks = "P4"

    class Retry(_Delaying):
        def _slept(self, delay: float, end: float) -> bool:
            left = end - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(delay, left))
            return True


class TrustsTheSleep:
    """After the sleep nobody looks at the clock: a thread that is woken late tries all the same."""

    breaks = "P4"

    class Retry(_Delaying):
        def _slept(self, delay: float, end: float) -> bool:
            if time.monotonic() + delay >= end:
                return False
            time.sleep(delay)
            return True


class KeepsDoubling:
    """The ceiling is kept in the policy and never goes down. After apache/pinot PR 2711."""

    breaks = "P5"

    class Retry(_Delaying):
        _failures = 0

        def _ceiling(self, attempt: int) -> float:
            self._failures += 1
            return super()._ceiling(self._failures)


class OneRetryAtATime:
    """A lock around the loop: while one caller sleeps all others wait."""

    breaks = "P5"
    mistake = "global lock"

    class Retry(reference.Retry):
        def __init__(self, attempts: int = 3, **more: Any) -> None:
            super().__init__(attempts, **more)
            self._lock = threading.RLock()

        def call(self, job: Job) -> Any:
            with self._lock:
                return super().call(job)


class ADeadlineForAll:
    """The deadline begins when the policy is made, not when it is called."""

    breaks = "P5"

    class Retry(_Delaying):
        def __init__(self, attempts: int = 3, **more: Any) -> None:
            super().__init__(attempts, **more)
            self._made = time.monotonic()

        def _slept(self, delay: float, end: float) -> bool:
            return super()._slept(delay, min(end, self._made + self._deadline))


# --- timeout ----------------------------------------------------------------------------------------


class TakesItsTimeoutErrorForOurs:
    """`except TimeoutError` around result(timeout): the job's own looks like the policy's."""

    breaks = "P6"

    class Timeout(reference.Timeout):
        def call(self, job: Job) -> Any:
            try:
                return super().call(job)
            except TimeoutError as error:
                raise CallTimedOut(str(error)) from None


class LosesTheContext:
    """A new thread begins with an empty context: request ids are gone."""

    breaks = "P6"

    class Timeout(reference.Timeout):
        def call(self, job: Job) -> Any:
            return contextvars.Context().run(super().call, job)


class OnlyExceptions:
    """`except Exception` in the worker: whoever waits for a job that raises SystemExit waits on."""

    breaks = "P6"

    class Timeout(reference.Timeout):
        def call(self, job: Job) -> Any:
            def tame() -> Any:
                try:
                    return job()
                except SystemExit:
                    time.sleep(self._seconds + 1.0)

            return super().call(tame)


class WaitsForTheHangingJob:
    """`with ThreadPoolExecutor()` waits at its end. After huggingface/smolagents PR 2653."""

    breaks = "P7"

    class Timeout(reference.Timeout):
        def call(self, job: Job) -> Any:
            ended = threading.Event()

            def noting() -> Any:
                try:
                    return job()
                finally:
                    ended.set()

            try:
                return super().call(noting)
            except CallTimedOut:
                ended.wait()
                raise


class LooksAtTheClockAfterwards:
    """The job runs in the caller's thread; that it took too long is found out when it has ended."""

    breaks = "P7"
    mistake = "no time limit"

    class Timeout(reference.Timeout):
        def call(self, job: Job) -> Any:
            began = time.monotonic()
            self._take_place()
            work = timeouts._Work(job, self._give_back)
            work.run()
            if time.monotonic() - began > self._seconds:
                raise CallTimedOut
            return work.outcome()


class _Sized(reference.Timeout):
    """A timeout that starts its threads in a method."""

    def call(self, job: Job) -> Any:
        end = time.monotonic() + self._seconds
        self._take_place()
        work = self._begin(job)
        if not work.ended.wait(end - time.monotonic()):
            self._late()
            raise CallTimedOut
        return work.outcome()

    def _begin(self, job: Job) -> Any:
        work = timeouts._Work(job, self._give_back)
        try:
            self._start(work.run)
        except RuntimeError:
            self._give_back()
            raise
        return work

    def _start(self, run: Callable[[], None]) -> None:
        threading.Thread(target=run, daemon=True).start()

    def _late(self) -> None:
        """Nothing to do."""


class AThreadForEveryCall:
    """No bound: each call of a service that hangs leaves one more thread behind."""

    breaks = "P8"

    class Timeout(reference.Timeout):
        def _take_place(self) -> None:
            with self._lock:
                self._busy += 1


class QueuesWhenAllAreBusy:
    """The inbox of an executor has no bound: calls wait in it, and run when nobody waits for them."""

    breaks = "P8"
    mistake = "unbounded queue"

    class Timeout(_Sized):
        def __init__(self, seconds: float, workers: int = 10) -> None:
            super().__init__(seconds, workers)
            self._free = threading.Semaphore(workers)

        def _take_place(self) -> None:
            with self._lock:
                self._busy += 1

        def _start(self, run: Callable[[], None]) -> None:
            def in_turn() -> None:
                with self._free:
                    run()

            super()._start(in_turn)


class WaitsForAPlace:
    """When all workers are busy the caller waits for one, as long as its time limit allows."""

    breaks = "P8"

    class Timeout(reference.Timeout):
        def _take_place(self) -> None:
            end = time.monotonic() + self._seconds
            while True:
                try:
                    return super()._take_place()
                except WorkersBusy:
                    if time.monotonic() >= end:
                        raise
                    time.sleep(self._seconds / 4)


class ThePlaceIsFreeAtTheLimit:
    """The caller gives the place back when it gives up; the thread is still there."""

    breaks = "P8"

    class Timeout(_Sized):
        def _begin(self, job: Job) -> Any:
            state = {"given": False}

            def once() -> None:
                if not state["given"]:
                    state["given"] = True
                    self._give_back()

            self._late = once  # type: ignore[method-assign]
            work = timeouts._Work(job, once)
            self._start(work.run)
            return work


class LooksAndThenTakes:
    """`if busy < workers: busy += 1` without a lock: two see the last place."""

    breaks = "P8"
    mistake = "check then act"

    class Timeout(reference.Timeout):
        def _take_place(self) -> None:
            if self._busy >= self._workers:
                raise WorkersBusy
            with self._lock:
                self._busy += 1


class TheOutcomeComesFirst:
    """The place is given back after the caller has been woken: its next call can be refused."""

    breaks = "P8"

    class Timeout(_Sized):
        def _begin(self, job: Job) -> Any:
            work = timeouts._Work(job, lambda: None)

            def run() -> None:
                work.run()
                self._give_back()

            self._start(run)
            return work


class HoldsTheProcess:
    """Threads that are no daemons: one hanging job, and Ctrl-C ends nothing. After cpython 80961."""

    breaks = "P9"

    class Timeout(_Sized):
        def _start(self, run: Callable[[], None]) -> None:
            threading.Thread(target=run, daemon=False).start()


class APlaceLostForEachThread:
    """When a thread cannot be started its place stays taken: after the night none is left."""

    breaks = "P9"

    class Timeout(_Sized):
        def _begin(self, job: Job) -> Any:
            work = timeouts._Work(job, self._give_back)
            self._start(work.run)
            return work


class KeepsTheLastJob:
    """The last piece of work is kept in an attribute, for debugging, with all it refers to."""

    breaks = "P9"

    class Timeout(_Sized):
        def _begin(self, job: Job) -> Any:
            self._last = super()._begin(job)
            return self._last


class KeepsTheLastValue:
    """The last outcome is kept as well, and with it perhaps a reply of 100 MB."""

    breaks = "P9"

    class Timeout(reference.Timeout):
        def call(self, job: Job) -> Any:
            self._last = None
            self._last = super().call(job)
            return self._last


# --- breaker: counting ------------------------------------------------------------------------------


class CountsFailuresOfAYear:
    """A success leaves the count as it is. After vert-x3/vertx-circuit-breaker issue 24."""

    breaks = "P10"

    class CircuitBreaker(reference.CircuitBreaker):
        def _succeeded(self, now: float) -> None:
            if self._state is not State.CLOSED:
                super()._succeeded(now)


class OpensOneTooLate:
    """`failures > threshold`."""

    breaks = "P10"

    class CircuitBreaker(reference.CircuitBreaker):
        def __init__(self, threshold: int = 5, *rest: Any, **more: Any) -> None:
            super().__init__(threshold, *rest, **more)
            self._threshold += 1


class TheTripHidesTheError:
    """The call that opens it raises CircuitOpen in place of the job's error, as pybreaker does."""

    breaks = "P10"

    class CircuitBreaker(reference.CircuitBreaker):
        def call(self, job: Job) -> Any:
            try:
                return super().call(job)
            except CircuitOpen:
                raise
            except Exception:
                status = self.status()
                if status.state is State.OPEN and status.retry_after == self._reset:
                    raise CircuitOpen(self._reset) from None
                raise


class CountsWithoutALock:
    """`failures += 1` by several threads: some get lost."""

    breaks = "P10"

    class CircuitBreaker(reference.CircuitBreaker):
        def _leave(self, period: Any, settle: Callable[[float], None]) -> None:
            now = time.monotonic()
            over = self._state is not State.CLOSED and now >= self._free_at
            if period is self._period and not over:
                settle(now)


class _Outcomes(reference.CircuitBreaker):
    """A breaker that asks a method what an error means: True for a failure, None for neither."""

    def call(self, job: Job) -> Any:
        period = self._enter()
        try:
            value = job()
        except BaseException as error:
            meaning = self._meaning(error)
            settle = self._succeeded if meaning is False else self._failed
            self._leave(period, self._give_turn_away if meaning is None else settle)
            raise
        self._leave(period, self._succeeded)
        return value

    def _meaning(self, error: BaseException) -> bool | None:
        neutral = isinstance(error, self._neutral) or not isinstance(error, Exception)
        return None if neutral else True


class IgnoredIsASuccess:
    """What is not a failure is a success, as in pybreaker and circuitbreaker: a 404 heals all."""

    breaks = "P11"

    class CircuitBreaker(_Outcomes):
        def _meaning(self, error: BaseException) -> bool | None:
            return super()._meaning(error) or False


class CtrlCIsAFailure:
    """`except BaseException` counts."""

    breaks = "P11"

    class CircuitBreaker(_Outcomes):
        def _meaning(self, error: BaseException) -> bool | None:
            return super()._meaning(error) or (True if not isinstance(error, Exception) else None)


class RefusalsAreFailures:
    """WorkersBusy counts as a failure of the service, which was not asked."""

    breaks = "P11"

    class CircuitBreaker(_Outcomes):
        def _meaning(self, error: BaseException) -> bool | None:
            return super()._meaning(error) or (True if isinstance(error, WorkersBusy) else None)


class IgnoredOnlyWhileClosed:
    """In half-open an ignored error is a failure. After smallrye-fault-tolerance issue 320."""

    breaks = "P11"

    class CircuitBreaker(_Outcomes):
        def _meaning(self, error: BaseException) -> bool | None:
            probing = self._state is State.HALF_OPEN and isinstance(error, Exception)
            return super()._meaning(error) or (True if probing else None)


class TheTurnIsNeverGivenBack:
    """A probe that ends with an ignored error keeps its turn. After resilience4j issue 544."""

    breaks = "P11"

    class CircuitBreaker(reference.CircuitBreaker):
        def _give_turn_away(self, now: float) -> None:
            """Neither a success nor a failure: nothing to do, it seems."""


# --- breaker: open and half-open --------------------------------------------------------------------


class RefusedCallsProlong:
    """Each call that is refused starts the time of being open anew: busy callers never get in."""

    breaks = "P12"

    class CircuitBreaker(reference.CircuitBreaker):
        def _enter(self) -> Any:
            try:
                return super()._enter()
            except CircuitOpen:
                with self._lock:
                    if self._state is State.OPEN:
                        self._free_at = time.monotonic() + self._reset
                raise


class TellsTheWholeTime:
    """retry_after is always `reset`, however much of it is over."""

    breaks = "P12"

    class CircuitBreaker(reference.CircuitBreaker):
        def _enter(self) -> Any:
            try:
                return super()._enter()
            except CircuitOpen:
                raise CircuitOpen(self._reset) from None


class OpenAtItsLastInstant:
    """`now > free_at` where `now >= free_at` is meant."""

    breaks = "P12"

    class CircuitBreaker(reference.CircuitBreaker):
        def _wait(self, now: float) -> float:
            if self._state is State.OPEN and now == self._free_at:
                return math.ulp(now)
            return super()._wait(now)


class EverybodyProbes:
    """Half-open is a state, not a permit. After micronaut-core issue 11485."""

    breaks = "P13"

    class CircuitBreaker(reference.CircuitBreaker):
        def _enter(self) -> Any:
            with self._lock:
                if self._state is State.HALF_OPEN:
                    return self._period
            return super()._enter()


class TwoSeeThatItIsOver:
    """Whether the time is over is looked at before the lock is taken: two become the probe."""

    breaks = "P13"
    mistake = "check then act"

    class CircuitBreaker(reference.CircuitBreaker):
        def _enter(self) -> Any:
            if self._state is State.CLOSED or self._wait(time.monotonic()):
                return super()._enter()
            with self._lock:
                self._begin(State.HALF_OPEN, time.monotonic() + self._reset)
                return self._period


class TheHangingProbeKeepsItsTurn:
    """One probe that never ends, and the circuit stays open until the next deployment."""

    breaks = "P13"

    class CircuitBreaker(reference.CircuitBreaker):
        def _begin(self, state: State, free_at: float = 0.0) -> None:
            probing = state is State.HALF_OPEN and free_at > time.monotonic()
            super()._begin(state, math.inf if probing else free_at)


class AFailedProbeIsOneFailure:
    """A probe that fails only counts; it takes the threshold to open again. After golly PR 215."""

    breaks = "P13"

    class CircuitBreaker(reference.CircuitBreaker):
        def _failed(self, now: float) -> None:
            if self._state is State.HALF_OPEN and self._threshold > 1:
                self._begin(State.CLOSED)
                self._failures = 1
            else:
                super()._failed(now)


class TheCountSurvivesTheProbe:
    """Closed again, it still has threshold - 1 failures: the next one opens it."""

    breaks = "P13"

    class CircuitBreaker(reference.CircuitBreaker):
        def _succeeded(self, now: float) -> None:
            probe = self._state is State.HALF_OPEN
            super()._succeeded(now)
            if probe:
                self._failures = self._threshold - 1


class OpenSinceTheProbeBegan:
    """After a failed probe the time of being open is counted from the probe's beginning."""

    breaks = "P13"

    class CircuitBreaker(reference.CircuitBreaker):
        def _failed(self, now: float) -> None:
            began = self._free_at - self._reset if self._state is State.HALF_OPEN else now
            super()._failed(began)


class LateOutcomesCount:
    """An outcome is applied to whatever state there is. After NVIDIA/NeMo-Agent-Toolkit PR 2158."""

    breaks = "P14"

    class CircuitBreaker(reference.CircuitBreaker):
        def _leave(self, period: Any, settle: Callable[[float], None]) -> None:
            if self.status().state is not State.OPEN:
                super()._leave(self._period, settle)


class ALateSuccessCloses:
    """Any success closes it: the call that began before it opened, too. After jaseci-labs/jac PR 8064."""

    breaks = "P14"

    class CircuitBreaker(reference.CircuitBreaker):
        def _leave(self, period: Any, settle: Callable[[float], None]) -> None:
            if settle == self._succeeded and self._state is not State.CLOSED:
                with self._lock:
                    self._begin(State.CLOSED)
            super()._leave(period, settle)


class ALateFailureProlongs:
    """A failure that comes while it is open starts its time anew, and counts as one more opening."""

    breaks = "P14"

    class CircuitBreaker(reference.CircuitBreaker):
        def _leave(self, period: Any, settle: Callable[[float], None]) -> None:
            super()._leave(period, settle)
            with self._lock:
                now = time.monotonic()
                if settle == self._failed and self._state is State.OPEN and now < self._free_at:
                    self._free_at = now + self._reset


class ThePeriodIsTheState:
    """Outcomes count if the state is the one in which the call began: closed, and closed again."""

    breaks = "P14"

    class CircuitBreaker(reference.CircuitBreaker):
        def _begin(self, state: State, free_at: float = 0.0) -> None:
            first: Any = getattr(self, "_first", None) or self._period
            self._first = first
            super()._begin(state, free_at)
            if state is State.CLOSED:
                self._period = first


class LateCallersGetNothing:
    """The caller whose outcome no longer counts is told CircuitOpen in its place."""

    breaks = "P14"

    class CircuitBreaker(reference.CircuitBreaker):
        def _leave(self, period: Any, settle: Callable[[float], None]) -> None:
            if period is not self._period and self._state is State.OPEN:
                raise CircuitOpen(self._wait(time.monotonic()))
            super()._leave(period, settle)


class OneCallAtATime:
    """The lock is held while the job runs, as in pybreaker: one slow call stops all of them."""

    breaks = "P15"
    mistake = "global lock"

    class CircuitBreaker(reference.CircuitBreaker):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            self._gate = threading.RLock()

        def call(self, job: Job) -> Any:
            with self._gate:
                return super().call(job)


class NoCallWithinACall:
    """A thread that is inside already is refused: a job cannot use its own breaker."""

    breaks = "P15"

    class CircuitBreaker(reference.CircuitBreaker):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            self._busy = threading.local()

        def call(self, job: Job) -> Any:
            if getattr(self._busy, "inside", False):
                raise CircuitOpen(0.0)
            self._busy.inside = True
            try:
                return super().call(job)
            finally:
                self._busy.inside = False


class AlwaysSaysClosed:
    """The state that is shown is never changed. After nandlabs/golly issue 214."""

    breaks = "P16"
    mistake = "nothing to observe"

    class CircuitBreaker(reference.CircuitBreaker):
        def status(self) -> Status:
            return Status(State.CLOSED, self._failures, 0.0, self._opened, self._refused)


class HalfOpenOnlyOnceSomebodyCame:
    """The state goes from open to half-open with the next call, not when the time is over."""

    breaks = "P16"

    class CircuitBreaker(reference.CircuitBreaker):
        def status(self) -> Status:
            found = super().status()
            return Status(
                self._state, found.failures, found.retry_after, found.opened, found.refused
            )


class ThePiecesOfAStatus:
    """Each number is read under the lock, but each for itself: together they never were true."""

    breaks = "P16"
    mistake = "consistency claim"

    class CircuitBreaker(reference.CircuitBreaker):
        def status(self) -> Status:
            one = super().status
            state, failures, wait = one().state, one().failures, one().retry_after
            return Status(state, failures, wait, one().opened, one().refused)


# --- clocks, arguments, combinations ----------------------------------------------------------------


class OpenByTheWallClock:
    """time.time(): somebody sets the clock, and the circuit stays open for an hour."""

    breaks = "P17"
    mistake = "wall clock"

    class CircuitBreaker(reference.CircuitBreaker):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            self._offset = time.time() - time.monotonic()

        def _wait(self, now: float) -> float:
            return super()._wait(now + (time.time() - now - self._offset))


class ADeadlineByTheWallClock:
    """The deadline of a retry is a time of day."""

    breaks = "P17"
    mistake = "wall clock"

    class Retry(_Delaying):
        def call(self, job: Job) -> Any:
            self._end = time.time() + self._deadline
            return super().call(job)

        def _slept(self, delay: float, end: float) -> bool:
            return time.time() + delay < self._end and super()._slept(delay, end)


class ZeroIsTheDefault:
    """`reset = reset or 30`, as in circuitbreaker: a zero is not refused but replaced."""

    breaks = "P18"

    class CircuitBreaker(reference.CircuitBreaker):
        def __init__(self, threshold: int = 5, reset: float = 30.0, **more: Any) -> None:
            super().__init__(threshold, reset or 30.0, **more)


class NotANumberIsFine:
    """`if deadline <= 0: raise`, which no NaN is."""

    breaks = "P18"

    class Retry(reference.Retry):
        def __init__(self, attempts: int = 3, deadline: float = math.inf, **more: Any) -> None:
            super().__init__(
                attempts, deadline=math.inf if math.isnan(deadline) else deadline, **more
            )


class TakesKeyboardInterrupt:
    """on=(KeyboardInterrupt,) is accepted, and dropped in silence."""

    breaks = "P18"

    class Retry(reference.Retry):
        def __init__(self, attempts: int = 3, **more: Any) -> None:
            on = more.pop("on", (ConnectionError, TimeoutError))
            kept = tuple(kind for kind in on if issubclass(kind, Exception))
            super().__init__(attempts, on=kept, **more)


class TimeoutsDoNotCount:
    """A breaker for which a CallTimedOut is no failure: a service that hangs never opens it."""

    breaks = "P19"

    class CircuitBreaker(_Outcomes):
        def _meaning(self, error: BaseException) -> bool | None:
            return None if isinstance(error, CallTimedOut) else super()._meaning(error)


class ARefusalIsTriedOnceMore:
    """A CircuitOpen is tried again after its retry_after: the caller sleeps half a minute."""

    breaks = "P19"

    class Retry(reference.Retry):
        def call(self, job: Job) -> Any:
            try:
                return super().call(job)
            except CircuitOpen as error:
                time.sleep(error.retry_after)
                return super().call(job)


# --- the app ----------------------------------------------------------------------------------------


class TellsTheErrorsText:
    """`str(error)` goes to the client, with the host names in it."""

    breaks = "P20"

    class ResilienceApp(reference.ResilienceApp):
        def _call(self, environ: WSGIEnvironment) -> Answer:
            try:
                return super()._call(environ)
            except web.Refused as refusal:
                if refusal.__cause__ is None or refusal.answer.status != 502:
                    raise
                raise web.Refused(502, f"downstream: {refusal.__cause__}") from None


class NobodyFindsOut:
    """What went wrong is told neither to the client, which is right, nor to anybody else."""

    breaks = "P20"
    mistake = "nothing to observe"

    class ResilienceApp(reference.ResilienceApp):
        def _call(self, environ: WSGIEnvironment) -> Answer:
            return super()._call({**environ, "wsgi.errors": io.StringIO()})


class LinesOfTheirOwn:
    """`str(error)` in the log: a line break in it makes a second entry, of anybody's wording."""

    breaks = "P20"

    class ResilienceApp(reference.ResilienceApp):
        def _call(self, environ: WSGIEnvironment) -> Answer:
            try:
                return super()._call({**environ, "wsgi.errors": io.StringIO()})
            except web.Refused as refusal:
                if refusal.answer.status == 502:
                    environ["wsgi.errors"].write(f"{refusal.__cause__}\n")
                raise


class EveryTimeoutIsOurs:
    """504 for any TimeoutError, the downstream's own failures too."""

    breaks = "P20"

    class ResilienceApp(reference.ResilienceApp):
        def _call(self, environ: WSGIEnvironment) -> Answer:
            try:
                return super()._call(environ)
            except web.Refused as refusal:
                if isinstance(refusal.__cause__, TimeoutError):
                    raise web.Refused(504, "too late") from None
                raise


class RoundsRetryAfterDown:
    """`int(retry_after)`: 0 for the last second, and a client that hammers."""

    breaks = "P20"
    mistake = "retry storm"

    class ResilienceApp(reference.ResilienceApp):
        def _call(self, environ: WSGIEnvironment) -> Answer:
            try:
                return super()._call(environ)
            except web.Refused as refusal:
                if isinstance(refusal.__cause__, CircuitOpen):
                    seconds = str(int(refusal.__cause__.retry_after))
                    raise web.Refused(503, "open", ("Retry-After", seconds)) from None
                raise


class SwallowsTheInterrupt:
    """`except BaseException` around the call: Ctrl-C becomes a 502."""

    breaks = "P20"

    class ResilienceApp(reference.ResilienceApp):
        def _call(self, environ: WSGIEnvironment) -> Answer:
            try:
                return super()._call(environ)
            except (KeyboardInterrupt, SystemExit):
                raise web.Refused(502, "the downstream failed") from None


class TriesEverythingAgain:
    """Whether a request may be sent twice is read, checked, and not asked."""

    breaks = "P21"
    mistake = "retry storm"

    class ResilienceApp(reference.ResilienceApp):
        def _through(self, job: Callable[[], str], *, again: bool) -> str:
            return super()._through(job, again=True)


class OneLimitForAllAttempts:
    """The timeout is around the retry: the first attempt that hangs uses up all of it."""

    breaks = "P21"

    class ResilienceApp(reference.ResilienceApp):
        def _through(self, job: Callable[[], str], *, again: bool) -> str:
            def once() -> str:
                return self._breaker.call(job)

            return self._timeout.call(lambda: self._retry.call(once) if again else once())


class TheBreakerIsOutermost:
    """breaker(retry(timeout)): three attempts that fail count as one failure."""

    breaks = "P21"

    class ResilienceApp(reference.ResilienceApp):
        def _through(self, job: Callable[[], str], *, again: bool) -> str:
            def once() -> str:
                return self._timeout.call(job)

            return self._breaker.call(lambda: self._retry.call(once) if again else once())


class HealthIsAConstant:
    """/health answers that all is well, whatever is the case."""

    breaks = "P22"
    mistake = "nothing to observe"

    class ResilienceApp(reference.ResilienceApp):
        def _health(self) -> Answer:
            content: dict[str, object] = {"state": "closed", "failures": 0, "retry_after": 0.0}
            return as_json(200, content | {"opened": 0, "refused": 0, "busy": 0})


class HealthInPieces:
    """/health asks status() once for each number: together they never were true."""

    breaks = "P22"
    mistake = "consistency claim"

    class ResilienceApp(reference.ResilienceApp):
        def _health(self) -> Answer:
            content: dict[str, object] = {"state": self._breaker.status().state.value}
            for name in ("failures", "retry_after", "opened", "refused"):
                content[name] = getattr(self._breaker.status(), name)
            return as_json(200, content | {"busy": self._timeout.busy()})


class HealthAsksTheDownstream:
    """/health sends a message of its own, through the breaker: it hangs when the downstream does."""

    breaks = "P22"

    class ResilienceApp(reference.ResilienceApp):
        def _health(self) -> Answer:
            with contextlib.suppress(Exception):
                self._breaker.call(lambda: self._downstream("ping"))
            return super()._health()


class UnhealthyWhenOpen:
    """/health answers 503 while the circuit is open: the load balancer takes the front away."""

    breaks = "P22"

    class ResilienceApp(reference.ResilienceApp):
        def _health(self) -> Answer:
            answer = super()._health()
            state = self._breaker.status().state
            return answer if state is State.CLOSED else answer._replace(status=503)


class _Reading(reference.ResilienceApp):
    """An app that reads its body in a method."""

    def _call(self, environ: WSGIEnvironment) -> Answer:
        handler._check_media_type(environ)
        message, idempotent = handler._request(self._read(environ))
        try:
            said = self._through(lambda: self._downstream(message), again=idempotent)
        except Exception as error:
            raise handler._failure(error) from error
        return as_json(200, {"reply": said})

    def _read(self, environ: WSGIEnvironment) -> dict[str, Any]:
        return web.read_json(environ, self._max_body_bytes)


class TheLastKeyWins:
    """`json.loads`: of a key that is there twice one is dropped in silence, and NaN is a number."""

    breaks = "P23"

    class ResilienceApp(_Reading):
        def _read(self, environ: WSGIEnvironment) -> dict[str, Any]:
            body = web.read_body(environ, self._max_body_bytes)
            try:
                content = json.loads(body.decode())
            except (ValueError, RecursionError):
                raise web.Refused(400, "no JSON") from None
            if not isinstance(content, dict):
                raise web.Refused(400, "no object")
            return content


class MoreKeysAreWelcome:
    """Keys that nobody knows are ignored, a misspelt `Idempotent` too."""

    breaks = "P23"

    class ResilienceApp(_Reading):
        def _read(self, environ: WSGIEnvironment) -> dict[str, Any]:
            content = super()._read(environ)
            return {name: content[name] for name in ("message", "idempotent") if name in content}


class OneIsTrue:
    """`if content["idempotent"] in (True, False)`: so are 1 and 0."""

    breaks = "P23"

    class ResilienceApp(_Reading):
        def _read(self, environ: WSGIEnvironment) -> dict[str, Any]:
            content = super()._read(environ)
            if content.get("idempotent") in {0, 1}:
                content["idempotent"] = bool(content["idempotent"])
            return content


class AnyTextIsJson:
    """The Content-Type is not looked at: a form of any page in a browser can send a message."""

    breaks = "P23"

    class ResilienceApp(_Reading):
        def _call(self, environ: WSGIEnvironment) -> Answer:
            return super()._call({**environ, "CONTENT_TYPE": "application/json"})


class ReadsAllThereIs:
    """`wsgi.input.read()` without a length: the next request is swallowed, or a socket hangs."""

    breaks = "P24"

    class ResilienceApp(_Reading):
        def _read(self, environ: WSGIEnvironment) -> dict[str, Any]:
            content = super()._read(environ)
            environ["wsgi.input"].read()
            return content


class ReadsWhatItRefuses:
    """The body is read before its Content-Type is looked at."""

    breaks = "P24"

    class ResilienceApp(_Reading):
        def _call(self, environ: WSGIEnvironment) -> Answer:
            length = environ.get("CONTENT_LENGTH", "")
            if not length.isdigit() or len(length) > 18:
                return super()._call(environ)
            body = environ["wsgi.input"].read(int(length))
            return super()._call({**environ, "wsgi.input": io.BytesIO(body)})
