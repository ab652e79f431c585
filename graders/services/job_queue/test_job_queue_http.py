"""The HTTP front: in process, in simulated time, and over a real socket."""

import dataclasses
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from contracts.services.job_queue import MAX_ERROR_CHARS, JobQueue
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.kit.http import Response, call, raw, refused, request, serving

LIMIT_SECONDS = 30.0


class Fixed:
    """A source of randomness that always says the same."""

    def random(self) -> float:
        """One half."""
        return 0.5


def deep(levels: int) -> None:
    """Raise from a few frames down, with a cause, as handlers do."""
    if levels:
        deep(levels - 1)
    raise ValueError("what went wrong " + "x" * 1_000) from KeyError("the cause")


def nap(seconds: float) -> None:
    """Sleep: a `time.sleep` that is looked up here, when this file is loaded, is the real one."""
    time.sleep(seconds)


HANDLERS: dict[str, Callable[[Any], Any]] = {
    "same": lambda payload: payload,
    "nap": nap,
    "deep": lambda _: deep(3),
    "é": lambda _: "accent",
}


def post(app: Any, kind: str, payload: Any = None) -> Response:
    """POST /jobs, in process."""
    return call(app, "POST", "/jobs", json.dumps({"kind": kind, "payload": payload}).encode())


def is_json(answer: Response, status: int, did: str) -> Any:
    """Check status, Content-Type and Content-Length; the content."""
    equal(answer.status, status, did=did + ": status")
    media_type = (answer.header("Content-Type") or "").partition(";")[0]
    equal(media_type, "application/json", did=did + ": Content-Type")
    equal(answer.header("Content-Length"), str(len(answer.body)), did=did + ": Content-Length")
    return answer.json()


@check("P21", kind="behaviour")
def test_a_job_is_accepted_and_looked_up(impl: Implementation) -> None:
    """POST of several payloads, then GET of each Location; the queue behind is the same."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue(HANDLERS, workers=1, capacity=20)
        app = impl.JobApp(queue)
        for payload in (None, 0, "", [], {}, [1, {"a": "é\n"}], "\ud800", 1.5, False):
            answer = post(app, "same", payload)
            did = f"POST of a job with the payload {payload!r}"
            content = is_json(answer, 202, did)
            equal(list(content), ["id"], did=did + ": keys of the answer")
            equal(answer.header("Location"), f"/jobs/{content['id']}", did=did + ": Location")
            sim.settle()
            got = is_json(call(app, "GET", answer.header("Location") or ""), 200, did + "; GET")
            want = {"id": content["id"], "kind": "same", "status": "done", "attempts": 1}
            equal(got, want | {"result": payload, "error": None}, did=did + "; then GET")
            job = queue.get(content["id"])
            equal((job.payload, job.result), (payload, payload), did=did + "; then queue.get")
        bodies = (b'{"kind":"same"}', b' {"payload" : 5,\n"kind":"\\u00e9"}\r\n')
        for body in (*bodies, '{"kind":"é"}'.encode()):
            answer = call(app, "POST", "/jobs", body, query="kind=x&id=1")
            is_json(answer, 202, f"POST of {body!r}")
        other = impl.JobApp(impl.JobQueue(HANDLERS, workers=1, capacity=1))
        location = answer.header("Location") or ""
        refused("GET from an app on another queue", 404, call(other, "GET", location))
        by_call = queue.submit("same", "by a call")
        sim.settle()
        got = call(app, "GET", f"/jobs/{by_call}", query="x=1").json()
        equal(got["result"], "by a call", did="queue.submit, then GET: result")

    simulate(scene, allow_threads_left=True)


@check("P21", "P9", "P15", kind="timing")
def test_a_job_at_every_stage(impl: Implementation) -> None:
    """GET and HEAD of jobs: queued, running, retrying, handed back, forgotten; and of /stats."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue(HANDLERS, 1, 3, max_attempts=2, base_delay=8, keep=2, chance=Fixed())
        app = impl.JobApp(queue)

        def look(answer: Response, did: str) -> tuple[Any, ...]:
            location = answer.header("Location") or ""
            got, head = call(app, "GET", location), call(app, "HEAD", location)
            equal((head.status, head.body), (got.status, b""), did=did + "; HEAD: status and body")
            for name in ("Content-Type", "Content-Length"):
                equal(head.header(name), got.header(name), did=f"{did}; HEAD: {name}, as for GET")
            job = is_json(got, 200, did)
            shown = {"id", "kind", "status", "attempts", "result", "error"}
            equal(set(job), shown, did=did + ": keys")
            return tuple(job[name] for name in ("kind", "status", "attempts", "result"))

        bad = post(app, "deep")
        sim.sleep(1)
        equal(look(bad, "failed once"), ("deep", "retrying", 1, None), did="failed once: GET")
        nap, late = post(app, "nap", 2), post(app, "nap", 16)
        sim.settle()
        equal(look(nap, "running"), ("nap", "running", 1, None), did="a job runs: GET")
        equal(look(late, "queued"), ("nap", "queued", 0, None), did="a job is queued: GET")
        sim.sleep(8)
        want = ("nap", "running", 1, None)
        equal(look(late, "the second"), want, did="8 s later: GET of the second nap")
        want = ("deep", "retrying", 1, None)
        equal(look(bad, "ready"), want, did="its wait is over, the worker busy: GET")
        queue.stop(1)
        equal(look(bad, "handed back"), ("deep", "returned", 1, None), did="after stop(1): GET")
        content = call(app, "GET", bad.header("Location") or "").json()
        want_error = ("ValueError: what went wrong " + "x" * 1_000)[:MAX_ERROR_CHARS]
        equal(content["error"], want_error, did="the handler raised with a long text: error")
        queue.stop()
        gone = call(app, "GET", nap.header("Location") or "")
        refused("keep=2, three jobs have ended: GET of the first", 404, gone)
        head = call(app, "HEAD", nap.header("Location") or "")
        equal((head.status, head.body), (404, b""), did="HEAD of the first: status and body")
        look_at_the_statistics(impl, sim)

    simulate(scene)


def look_at_the_statistics(impl: Implementation, sim: Sim) -> None:
    """GET and HEAD of /stats after some jobs."""
    queue = impl.JobQueue(HANDLERS, 1, 2, max_attempts=1, keep=0)
    app = impl.JobApp(queue)
    post(app, "same", 1)
    sim.settle()
    post(app, "deep")
    sim.settle()
    post(app, "nap", 8)
    post(app, "nap", 8)
    post(app, "nap", 8)
    sim.sleep(2.5)
    got = is_json(call(app, "GET", "/stats"), 200, "GET /stats")
    want = {"queued": 1, "running": 1, "retrying": 0, "accepted": 4, "refused": 1}
    want |= {"retries": 0, "done": 1, "failed": 1, "returned": 0}
    want_all = want | {"oldest_wait": 2.5}
    equal(got, want_all, did="five jobs posted, the queue full at the fifth; GET /stats")
    equal(dataclasses.asdict(queue.stats()), want_all, did="the statistics of the queue")
    head = call(app, "HEAD", "/stats")
    equal((head.status, head.body), (200, b""), did="HEAD /stats: status and body")
    queue.stop()


@check("P22", kind="timing")
def test_a_full_or_stopped_queue_answers_at_once(impl: Implementation) -> None:
    """The worker is busy for a day: POST to the full queue; then stop(), and POST again."""

    def scene(sim: Sim) -> None:
        for app_options, retry_after in (({}, "1"), ({"retry_after": 30}, "30")):
            queue = impl.JobQueue(HANDLERS, workers=1, capacity=2)
            app = impl.JobApp(queue, **app_options)
            answers = [post(app, "nap", 86_400), post(app, "nap", 1)]
            start = sim.now()
            sim.settle()
            for what in ("full", "full", "stopped"):
                if what == "stopped":
                    queue.stop(0)
                answer, did = post(app, "nap", 1), f"POST to a {what} queue"
                refused(did, 503, answer)
                equal(answer.header("Retry-After"), retry_after, did=did + ": Retry-After")
            equal(sim.now(), start, did="these answers came at")
            statuses = [
                call(app, "GET", each.header("Location") or "").json()["status"] for each in answers
            ]
            did = "the two that were accepted, after stop(0): GET"
            equal(statuses, ["running", "returned"], did=did)
            stats = call(app, "GET", "/stats").json()
            equal(stats["refused"], 3, did="GET /stats: refused")
            queue.stop()

    simulate(scene)


@check("P21", "P22", kind="concurrency")
def test_two_clients_and_one_place(impl: Implementation) -> None:
    """Two threads POST to a queue with one place left, and look their jobs up."""

    def scene(sim: Sim) -> None:
        gate = threading.Event()
        queue = impl.JobQueue({"k": lambda _: gate.wait() and None}, workers=1, capacity=1)
        app = impl.JobApp(queue)

        def client() -> int:
            answer = post(app, "k")
            if answer.status == 202:
                equal(call(app, "GET", answer.header("Location") or "").status, 200, did="GET")
            return answer.status

        got = sorted(sim.together(client, client))
        equal(got, [202, 503], did="two clients, one place: statuses")
        gate.set()
        queue.stop()

    explore(scene, schedules=24)


@check("P21", "P22", kind="behaviour")
def test_a_real_client_over_a_socket(plain: Implementation) -> None:
    """A client against a threaded server: POST, GET, a full queue answered while the handler runs."""
    gate, started, ended = threading.Event(), threading.Event(), threading.Event()

    def handler(payload: Any) -> Any:
        started.set()
        gate.wait()
        return payload

    handlers = {"k": handler, "end": lambda _: ended.set()}
    queue: JobQueue = plain.JobQueue(handlers, workers=1, capacity=2)
    try:
        with serving(plain.JobApp(queue, 200)) as address:
            body = b'{"kind": "k", "payload": ["\xc3\xa9", 1]}'
            answer = request(address, "POST", "/jobs", body)
            equal(answer.status, 202, did="POST over a socket: status")
            location = answer.header("Location") or ""
            ensure(started.wait(LIMIT_SECONDS), did="POST over a socket", want="the job is run")
            got = request(address, "GET", location).json()
            equal(got["status"], "running", did="GET while the handler runs: status of the job")
            request(address, "POST", "/jobs", b'{"kind": "end"}')
            full = request(address, "POST", "/jobs", body)
            refused("POST to the full queue, while the handler runs", 503, full)
            equal(full.header("Retry-After"), "1", did="503: Retry-After")
            gate.set()
            ensure(ended.wait(LIMIT_SECONDS), did="the handler ends", want="the next job is run")
            got = request(address, "GET", location).json()
            equal((got["status"], got["result"]), ("done", ["é", 1]), did="GET when it has ended")
            large = request(address, "POST", "/jobs", b" " * 201)
            refused("POST of 201 bytes, 200 allowed", 413, large)
            stats = request(address, "GET", "/stats").json()
            equal((stats["accepted"], stats["refused"]), (2, 1), did="GET /stats over a socket")
            head = raw(address, b"HEAD /stats HTTP/1.1\r\nHost: q\r\n\r\n")
            equal(head.partition(b"\r\n\r\n")[2], b"", did="HEAD /stats over a socket: body")
    finally:
        gate.set()
        queue.stop()
