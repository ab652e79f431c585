"""The app: what a message comes to, how often it is sent, and what /health says."""

import dataclasses
import io
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

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
from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, simulate
from graders.kit.http import Response, call, refused, request, serving

JSON = {"Content-Type": "application/json"}
PRIVATE = "db-7.internal:5432 user=root\nERROR a line of its own"


def post(
    app: Any, message: str = "hello", log: io.StringIO | None = None, **more: object
) -> Response:
    """POST /call with this message."""
    body = json.dumps({"message": message, **more}).encode()
    environ = {} if log is None else {"wsgi.errors": log}
    return call(app, "POST", "/call", body, JSON, environ=environ)


def media_type(answer: Response) -> str:
    """The Content-Type without its parameters."""
    return (answer.header("Content-Type") or "").partition(";")[0].strip()


class Downstream:
    """Does one thing after another, the last one for ever, and notes what it was sent."""

    def __init__(self, *steps: object) -> None:
        self.steps, self.sent = steps, list[str]()

    def __call__(self, message: str) -> str:
        self.sent.append(message)
        step = self.steps[min(len(self.sent), len(self.steps)) - 1]
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step()
        return f"{message}!"


class Open:
    """A breaker, a timeout and a retry that let everything through, by their contracts only."""

    def call(self, job: Callable[[], Any]) -> Any:
        """Run it."""
        return job()

    def status(self) -> Status:
        """As a new breaker."""
        return Status(State.CLOSED, 0, 0.0, 0, 0)

    def busy(self) -> int:
        """Nobody is."""
        return 0


class Says(Open):
    """A policy that raises this instead of running its job."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def call(self, job: Callable[[], Any]) -> Any:
        raise self.error


class Changing(Open):
    """A breaker that is another one whenever it is asked."""

    statuses = (
        Status(State.OPEN, 0, 8.0, 1, 0),
        Status(State.CLOSED, 2, 0.0, 2, 3),
        Status(State.HALF_OPEN, 0, 1.5, 3, 9),
    )

    def __init__(self) -> None:
        self.asked = itertools.cycle(self.statuses)

    def status(self) -> Status:
        return next(self.asked)


def front(impl: Implementation, downstream: Downstream, **policies: Any) -> Any:
    """An app of which only the given policies do anything."""
    chosen = {"retry": Open(), "breaker": Open(), "timeout": Open()} | policies
    return impl.ResilienceApp(downstream, **chosen)


@check("P20", kind="behaviour")
def test_a_message_and_its_reply(impl: Implementation) -> None:
    """Messages short and long, in any script; spellings of the Content-Type; idempotent or not."""

    def scene(sim: Sim) -> None:
        downstream = Downstream("")
        app = front(impl, downstream)
        messages = ["x", "é 日本 🙂", '\x00\n"\\', "m" * MAX_MESSAGE, "🙂" * MAX_MESSAGE, " "]
        for message in messages:
            answer = post(app, message)
            did = f"POST /call with the message {message[:9]!r} ({len(message)} characters)"
            equal(answer.status, 200, did=did + ": status")
            equal(answer.json(), {"reply": message + "!"}, did=did + ": body")
            equal(media_type(answer), "application/json", did=did + ": Content-Type")
            length = str(len(answer.body))
            equal(answer.header("Content-Length"), length, did=did + ": Content-Length")
        equal(downstream.sent, messages, did="what the downstream was sent")
        body = b' {"idempotent" : true,\r\n"message":"\\u00e9"} '
        for spelling in (
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/json ;",
        ):
            answer = call(app, "POST", "/call", body, {"Content-Type": spelling})
            equal(answer.status, 200, did=f"POST /call with Content-Type: {spelling}: status")
        for idempotent in (True, False):
            answer = post(app, idempotent=idempotent)
            equal(answer.status, 200, did=f"POST /call, idempotent {idempotent}: status")

    simulate(scene)


@check("P20", kind="behaviour")
def test_what_goes_wrong_has_its_status(impl: Implementation) -> None:
    """Errors of the downstream and of each policy; and what is no Exception, which goes on."""

    def scene(sim: Sim) -> None:
        busy, other, late = WorkersBusy(PRIVATE), Refused(PRIVATE), CallTimedOut(PRIVATE)
        cases: list[tuple[BaseException, int, str | None]] = [
            (BadMessage(PRIVATE), 422, None),
            (busy, 503, "1"),
            (other, 503, "1"),
            (late, 504, None),
            (TimeoutError(PRIVATE), 502, None),
            (ConnectionError(PRIVATE), 502, None),
            (ValueError(PRIVATE), 502, None),
            (json.JSONDecodeError(PRIVATE, PRIVATE, 0), 502, None),
            (RuntimeError(PRIVATE), 502, None),
        ]
        cases += [
            (CircuitOpen(wait), 503, shown)
            for wait, shown in ((0.0, "1"), (0.25, "1"), (1.0, "1"), (1.01, "2"), (29.5, "30"))
        ]
        for error, status, retry_after in cases:
            raising: dict[str, Any] = {
                "the downstream": front(impl, Downstream(error)),
                "the breaker": front(impl, Downstream(""), breaker=Says(error)),
                "the timeout": front(impl, Downstream(""), timeout=Says(error)),
                "the retry": front(impl, Downstream(""), retry=Says(error)),
            }
            for who, app in raising.items():
                log = io.StringIO()
                answer = post(app, log=log, idempotent=True)
                did = f"{who} raises {type(error).__name__}: answer to POST /call"
                refused(did, status, answer)
                equal(answer.header("Retry-After"), retry_after, did=did + ": Retry-After")
                length = str(len(answer.body))
                equal(answer.header("Content-Length"), length, did=did + ": Content-Length")
                told = [word for word in ("root", "db-7") if word in str(answer)]
                equal(told, [], did=did + ": words of the error's own text in it")
                lines = log.getvalue().splitlines()
                did = f"{who} raises {type(error).__name__}: what goes to wsgi.errors"
                equal(len(lines), int(status == 502), did=did + ": lines")
                holds = all(repr(error) in line for line in lines)
                ensure(holds, did=did, want=f"a line that holds {error!r}", got=lines)
        for error in (KeyboardInterrupt(), SystemExit()):
            app = front(impl, Downstream(error))
            did = f"the downstream raises {type(error).__name__}"
            try:
                answer = post(app)
            except (KeyboardInterrupt, SystemExit) as caught:
                ensure(caught is error, did=did, want="it goes on to the server", got=caught)
            else:
                raise CheckFailed(did, "it goes on to the server", f"an answer {answer.status}")

    simulate(scene)


@check("P21", kind="timing")
def test_only_what_is_idempotent_is_tried_again(impl: Implementation) -> None:
    """A downstream that fails; requests that say nothing, false, and true."""

    def scene(sim: Sim) -> None:
        for more, tries in (({}, 1), ({"idempotent": False}, 1), ({"idempotent": True}, 3)):
            downstream = Downstream(ConnectionError())
            breaker = impl.CircuitBreaker(9)
            app = impl.ResilienceApp(
                downstream,
                impl.Retry(3, base=2.0, cap=8.0, draw=lambda: 0.5),
                breaker,
                impl.Timeout(5.0, 1),
            )
            start = sim.now()
            refused(f"POST /call with {more}, always failing", 502, post(app, **more))
            did = f"POST /call with {more}, always failing, 3 attempts, delays of 1 and 2 s: "
            equal(len(downstream.sent), tries, did=did + "calls of the downstream")
            equal(sim.now() - start, (0.0, 0.0, 3.0)[tries - 1], did=did + "seconds")
            equal(breaker.status().failures, tries, did=did + "failures that the breaker counted")
        app = front(impl, Downstream(ConnectionError(), ""), retry=impl.Retry(2))
        equal(post(app, idempotent=True).status, 200, did="idempotent, fails once: status")

    simulate(scene, allow_threads_left=True)


@check("P21", kind="timing")
def test_each_attempt_has_its_own_time_limit(impl: Implementation) -> None:
    """The downstream hangs: each attempt is given up after 1 s, and the breaker counts it."""

    def scene(sim: Sim) -> None:
        downstream = Downstream(lambda: sim.sleep(500.0))
        breaker = impl.CircuitBreaker(3, 30.0)
        retry = impl.Retry(2, base=2.0, cap=8.0, draw=lambda: 0.5)
        app = impl.ResilienceApp(downstream, retry, breaker, impl.Timeout(1.0, 9))
        for more, status, seconds in (
            ({}, 504, 1.0),
            ({"idempotent": True}, 504, 3.0),
            ({}, 503, 0.0),
        ):
            start = sim.now()
            answer = post(app, **more)
            did = f"limit 1 s, delay 1 s, threshold 3, the downstream hangs; POST with {more}"
            refused(did, status, answer)
            equal(sim.now() - start, seconds, did=did + ": seconds until the answer")
        equal(answer.header("Retry-After"), "30", did="the circuit has just opened; Retry-After")
        equal(len(downstream.sent), 3, did="calls of the downstream until the circuit opened")

    simulate(scene, allow_threads_left=True)


@check("P22", kind="timing")
def test_health_tells_the_numbers(impl: Implementation) -> None:
    """Closed, with a job that hangs, open, half-open, and closed again; GET and HEAD."""

    def scene(sim: Sim) -> None:
        downstream = Downstream(OSError(), OSError(), lambda: sim.sleep(9.0), OSError(), "")
        breaker = impl.CircuitBreaker(3, 8.0)
        app = impl.ResilienceApp(downstream, impl.Retry(1), breaker, impl.Timeout(1.0, 5))

        def health(did: str, *numbers: object) -> None:
            answer, head = call(app, "GET", "/health"), call(app, "HEAD", "/health")
            names = ("state", "failures", "retry_after", "opened", "refused", "busy")
            equal(answer.status, 200, did=f"{did}; GET /health: status")
            want = dict(zip(names, numbers, strict=True))
            equal(answer.json(), want, did=f"{did}; GET /health: body")
            equal(media_type(answer), "application/json", did="GET /health: Content-Type")
            equal((head.status, head.body), (200, b""), did=f"{did}; HEAD /health: status and body")
            length = str(len(answer.body))
            equal(head.header("Content-Length"), length, did="HEAD /health: Content-Length")

        health("a new app", "closed", 0, 0.0, 0, 0, 0)
        post(app)
        post(app)
        health("two calls failed", "closed", 2, 0.0, 0, 0, 0)
        post(app)
        health("a third hangs, and was given up", "open", 0, 8.0, 1, 0, 1)
        post(app)
        sim.sleep(2.5)
        health("a fourth was refused; 2.5 s", "open", 0, 5.5, 1, 1, 1)
        sim.sleep(5.5)
        sim.settle()
        health("open for 8 s", "half-open", 0, 0.0, 1, 1, 0)
        post(app)
        health("the probe failed", "open", 0, 8.0, 2, 1, 0)
        sim.sleep(8.0)
        post(app)
        health("the second probe succeeded", "closed", 0, 0.0, 2, 1, 0)
        changing = Changing()
        answer = call(front(impl, downstream, breaker=changing), "GET", "/health").json()
        del answer["busy"]
        possible = [
            dataclasses.asdict(each) | {"state": each.state.value} for each in changing.statuses
        ]
        did = "the breaker changes from one status() to the next; GET /health"
        ensure(answer in possible, did=did, want="the numbers of one of them", got=answer)
        equal(len(downstream.sent), 5, did="five calls, one of them refused, many of /health: sent")

    simulate(scene, allow_threads_left=True)


@check("P20", "P22", kind="timing")
def test_requests_do_not_wait_for_each_other(impl: Implementation) -> None:
    """One message hangs for 4 s; others, and /health, are answered meanwhile."""

    def scene(sim: Sim) -> None:
        def downstream(message: str) -> str:
            sim.sleep(4.0 if message == "slow" else 0.0)
            return message

        app = impl.ResilienceApp(
            downstream, impl.Retry(3), impl.CircuitBreaker(), impl.Timeout(9.0, 3)
        )
        start = sim.now()

        def after(answer: Response) -> tuple[int, float]:
            return answer.status, sim.now() - start

        slow = [sim.spawn(lambda: after(post(app, "slow"))) for _ in range(2)]
        sim.sleep(1.0)
        got = after(post(app, "quick"))
        equal(got, (200, 1.0), did="two messages hang for 4 s; another one after 1 s")
        answer = call(app, "GET", "/health")
        equal(after(answer), (200, 1.0), did="two messages hang for 4 s; GET /health after 1 s")
        equal(answer.json()["busy"], 2, did="two messages hang; GET /health: busy")
        got_slow = [each.result() for each in slow]
        equal(got_slow, [(200, 4.0)] * 2, did="the messages that hang for 4 s")

    simulate(scene, allow_threads_left=True)


@contextmanager
def gate() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Two events for a downstream that hangs: it has begun, it may go on; set at the end."""
    begun, go = threading.Event(), threading.Event()
    try:
        yield begun, go
    finally:
        go.set()


@check("P20", "P22", kind="behaviour")
def test_a_real_client_over_a_socket(plain: Implementation) -> None:
    """http.client against a threaded server: replies, failures until it opens, /health meanwhile."""
    with gate() as (begun, go):

        def downstream(message: str) -> str:
            if message == "fail":
                raise ConnectionError(PRIVATE)
            if message == "hang":
                begun.set()
                go.wait(10.0)
            return message

        breaker = plain.CircuitBreaker(2, 3_000.0)
        app = plain.ResilienceApp(downstream, plain.Retry(1), breaker, plain.Timeout(60.0, 1))

        def ask(message: str) -> Response:
            return request(
                address, "POST", "/call", json.dumps({"message": message}).encode(), JSON
            )

        with serving(app) as address:
            answer = ask("é 🙂")
            got = answer.status, answer.json()
            equal(got, (200, {"reply": "é 🙂"}), did="POST /call over a socket")
            answers: list[Response] = []
            hanging = threading.Thread(target=lambda: answers.append(ask("hang")), daemon=True)
            hanging.start()
            begun.wait(10.0)
            health = request(address, "GET", "/health")
            equal(health.json()["busy"], 1, did="a message hangs; GET /health over a socket: busy")
            refused("the one worker hangs; POST over a socket", 503, ask("quick"))
            go.set()
            hanging.join(10.0)
            equal([each.status for each in answers], [200], did="the message that hung")
            for _ in range(2):
                refused("the downstream fails; POST over a socket", 502, ask("fail"))
            answer = ask("quick")
            refused("the circuit is open; POST over a socket", 503, answer)
            wait = int(answer.header("Retry-After") or 0)
            ensure(0 < wait <= 3_000, did="Retry-After of a circuit open for 3,000 s", got=wait)
            health = request(address, "GET", "/health")
            equal((health.status, health.json()["state"]), (200, "open"), did="GET /health, open")
