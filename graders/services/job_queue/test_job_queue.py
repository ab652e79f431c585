"""A job's life: it is run, it fails, it is tried again, and what is seen of it."""

import time
from collections.abc import Callable
from typing import Any

from contracts.services.job_queue import MAX_ERROR_CHARS, Job, JobQueue
from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.kit.shape import test_shape  # noqa: F401
from graders.services.job_queue.given import Fixed


class Cancelled(BaseException):
    """No Exception."""


class Silent(Exception):
    """An exception whose text cannot be had."""

    def __str__(self) -> str:
        raise SystemExit("from __str__")


def failing(*outcomes: Any) -> Callable[[Any], Any]:
    """A handler: one outcome for each call, raised if it is an exception; the last one stays."""
    left = list(outcomes)

    def handler(_: Any) -> Any:
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return handler


def seen(job: Job) -> tuple[str, int, Any, str | None]:
    """Status, attempts, result and error."""
    return str(job.status), job.attempts, job.result, job.error


@check("P1", kind="behaviour")
def test_a_job_is_run_by_the_handler_of_its_kind(impl: Implementation) -> None:
    """Jobs of three kinds, with empty and other payloads; what get shows when they have run."""

    def scene(sim: Sim) -> None:
        handlers = {"sum": sum, "same": lambda payload: payload, "kind": lambda _: "its name"}
        queue = impl.JobQueue(handlers, workers=2, capacity=20)
        orders: list[tuple[str, Any, Any]] = [("sum", [1, 2, 3], 6), ("kind", 5, "its name")]
        orders += [("same", value, value) for value in (None, 0, "", [], {}, False, 1.5, "é\ud800")]
        ids = [queue.submit(kind, payload) for kind, payload, _ in orders]
        sim.settle()
        for job_id, (kind, payload, result) in zip(ids, orders, strict=True):
            job, did = queue.get(job_id), f'submit("{kind}", {payload!r}); then get'
            equal((job.id, job.kind, job.payload), (job_id, kind, payload), did=did)
            equal(seen(job), ("done", 1, result, None), did=did + ": status and what came of it")
        equal(queue.get(queue.submit("same")).payload, None, did='submit("same"): payload')
        queue.stop()

    simulate(scene)


@check("P1", kind="behaviour")
def test_payload_and_result_are_copies(impl: Implementation) -> None:
    """Caller, handler and reader change what they hold; the second attempt and get see none of it."""

    def scene(sim: Sim) -> None:
        got: list[Any] = []
        results: list[list[int]] = []

        def handler(payload: Any) -> Any:
            got.append(repr(payload))
            payload["list"].append("changed by the handler")
            if len(got) == 1:
                raise ValueError
            results.append([1])
            return results[0]

        queue = impl.JobQueue({"k": handler}, workers=1, capacity=2, base_delay=0)
        payload = {"list": [1, (2,)], 3: True}
        job_id = queue.submit("k", payload)
        payload["list"] = "changed by the caller"
        sim.settle()
        want = {"list": [1, [2]], "3": True}
        did = 'payload {"list": [1, (2,)], 3: True}; caller and handler change theirs'
        equal(got, [repr(want)] * 2, did=did + ": what two attempts were given")
        results[0].append(2)
        for _ in range(2):
            job = queue.get(job_id)
            equal((job.payload, job.result), (want, [1]), did=did + ", and their result: get")
            job.payload["list"].clear()
            job.result.clear()
        returned = impl.JobQueue({"k": time.sleep}, workers=1, capacity=2)
        first, second = returned.submit("k", 1), returned.submit("k", [5])
        sim.settle()
        jobs = [(job.id, job.payload) for job in returned.stop().returned]
        equal(jobs, [(second, [5])], did="stop() hands back: ids and payloads")
        equal(returned.get(first).result, None, did="a handler returned None: result")
        queue.stop()

    simulate(scene)


@check("P5", kind="behaviour")
def test_attempts_until_there_have_been_enough(impl: Implementation) -> None:
    """A handler fails 0 to 4 times; queues with 1, 2 and 3 attempts."""

    def scene(sim: Sim) -> None:
        for most in (1, 2, 3):
            for fails in range(5):
                calls: list[Any] = []
                outcome = failing(*[ValueError("no")] * fails, "yes")

                def handler(
                    payload: Any,
                    calls: list[Any] = calls,
                    outcome: Callable[[Any], Any] = outcome,
                ) -> Any:
                    calls.append(payload)
                    return outcome(payload)

                queue = impl.JobQueue(
                    {"k": handler}, workers=1, capacity=1, max_attempts=most, base_delay=0
                )
                job_id = queue.submit("k", 7)
                sim.settle()
                did = f"max_attempts={most}, the handler fails {fails} times: "
                made = min(most, fails + 1)
                want = ("done", made, "yes", None)
                if fails >= most:
                    want = ("failed", made, None, "ValueError: no")  # type: ignore[assignment]
                equal(seen(queue.get(job_id)), want, did=did + "get")
                equal(calls, [7] * made, did=did + "calls of the handler")
                queue.stop()
        queue = impl.JobQueue({"k": failing(ValueError())}, workers=1, capacity=1)
        job_id = queue.submit("k")
        sim.sleep(10)
        equal(queue.get(job_id).attempts, 3, did="no max_attempts given: attempts")
        queue.stop()

    simulate(scene)


@check("P5", kind="behaviour")
def test_no_failure_ends_a_worker(impl: Implementation) -> None:
    """One worker; handlers raise SystemExit and worse, or return what is no JSON; the next job runs."""

    def scene(sim: Sim) -> None:
        errors = [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), StopIteration(), Cancelled()]
        for error in (*errors, Silent(), MemoryError(), RecursionError()):
            handlers = {"bad": failing(error, 1), "good": failing("fine")}
            queue = impl.JobQueue(handlers, workers=1, capacity=3, base_delay=0)
            bad, good = queue.submit("bad"), queue.submit("good")
            sim.settle()
            did = f"a handler raises {type(error).__name__} once: "
            equal(seen(queue.get(bad)), ("done", 2, 1, None), did=did + "then get")
            equal(seen(queue.get(good)), ("done", 1, "fine", None), did=did + "the next job")
            queue.stop()
        circle: list[Any] = []
        circle.append(circle)
        for bad in ({1}, object(), b"x", float("nan"), [float("inf")], circle, {(1,): 2}):
            handlers = {"bad": failing(bad), "late": failing(bad, [1]), "good": failing(3)}
            queue = impl.JobQueue(handlers, workers=1, capacity=3, max_attempts=2, base_delay=0)
            ids = [queue.submit(kind) for kind in handlers]
            sim.settle()
            did = f"a handler returns {type(bad).__name__} {'in a circle' if bad is circle else ''}"
            job = queue.get(ids[0])
            equal((str(job.status), job.result), ("failed", None), did=did + ": status, result")
            ensure(
                isinstance(job.error, str) and 0 < len(job.error) <= MAX_ERROR_CHARS,
                did=did + ": error",
                want="a text that says so",
                got=job.error,
            )
            equal(seen(queue.get(ids[1])), ("done", 2, [1], None), did=did + ", then [1]: get")
            equal(seen(queue.get(ids[2])), ("done", 1, 3, None), did=did + ": the next job")
            queue.stop()

    simulate(scene)


class ATypeWhoseNameIsRatherLong(Exception):
    """Its name takes up room as well."""


@check("P9", kind="behaviour")
def test_error_texts(impl: Implementation) -> None:
    """Exceptions with a text, without, with a very long one, and with one that cannot be had."""

    def error_of(sim: Sim, error: BaseException) -> str | None:
        queue = impl.JobQueue({"k": failing(error)}, workers=1, capacity=1, max_attempts=1)
        job_id = queue.submit("k")
        sim.settle()
        job: Job = queue.get(job_id)
        queue.stop()
        return job.error

    def scene(sim: Sim) -> None:
        name = "ATypeWhoseNameIsRatherLong: "
        nested = ValueError("outer")
        nested.__cause__ = KeyError("inner")
        cases: list[tuple[str, BaseException, str]] = [
            ("a text", ValueError("boom"), "ValueError: boom"),
            ("two arguments", OSError(2, "gone"), "FileNotFoundError: [Errno 2] gone"),
            ("no text", ValueError(), "ValueError"),
            ("a key", KeyError("k"), "KeyError: 'k'"),
            ("two lines", ValueError("a\nb"), "ValueError: a\nb"),
            ("a cause", nested, "ValueError: outer"),
            ("an exit", SystemExit(3), "SystemExit: 3"),
            ("a raising __str__", Silent(), "Silent"),
            ("188 characters", ValueError("x" * 188), "ValueError: " + "x" * 188),
            ("189 characters", ValueError("x" * 189), "ValueError: " + "x" * 188),
            ("a million", ATypeWhoseNameIsRatherLong("é" * 10**6), name + "é" * 172),
        ]
        for what, error, want in cases:
            equal(error_of(sim, error), want, did=f"a handler raises one with {what}: error")

    simulate(scene)


@check("P8", "P9", kind="timing")
def test_what_get_shows_from_the_first_attempt_to_the_last(impl: Implementation) -> None:
    """Two failures and a success, each after a second of work, with waits of 4 s and 8 s."""

    def scene(sim: Sim) -> None:
        outcome = failing(ValueError("first"), KeyError(2), [3])

        def handler(payload: Any) -> Any:
            time.sleep(1)
            return outcome(payload)

        queue: JobQueue = impl.JobQueue(
            {"k": handler, "busy": time.sleep}, 1, 9, base_delay=8, chance=Fixed(0.5)
        )
        queue.submit("busy", 1)
        start, job_id = sim.now(), queue.submit("k")
        for at, want in (
            (0.5, ("queued", 0, None, None)),
            (1.5, ("running", 1, None, None)),
            (2.5, ("retrying", 1, None, "ValueError: first")),
            (5.75, ("retrying", 1, None, "ValueError: first")),
            (6.25, ("running", 2, None, "ValueError: first")),
            (7.5, ("retrying", 2, None, "KeyError: 2")),
            (15.5, ("running", 3, None, "KeyError: 2")),
            (16.5, ("done", 3, [3], None)),
        ):
            sim.sleep(start + at - sim.now())
            did = f"one worker, busy for 1 s; a job fails after 1 s of work, waits 4 s, ...: at {at} s"
            equal(seen(queue.get(job_id)), want, did=did)
        queue.stop()

    simulate(scene)
