"""The end of a request: one line, one count, whatever happens."""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.observability import Registry
from graders.kit import Implementation, Sim, check, equal, explore, simulate
from graders.services.observability.given import Lines, environment

OOPS = (ValueError, ValueError("x"), None)


class Server:
    """The server's side: it says that the answer has begun once a piece of a body is there."""

    def __init__(self) -> None:
        self.begun = False

    def start(self, status: str, headers: object, exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info and self.begun:
            raise exc_info[1]
        return self.write

    def write(self, piece: bytes) -> None:
        self.begun = self.begun or bool(piece)


STATUS = {"s": "200 OK", "4": "404 Not Found", "5": "503 Service Unavailable"}


class Scripted:
    """An application that does what the script says, letter by letter; a blank begins the next step.

    s starts with 200, 4 with 404, 5 with 503, e starts again with 500 and exc_info, w writes three bytes, r raises,
    k raises KeyboardInterrupt. What stands behind | happens in close().
    """

    def __init__(self, script: str) -> None:
        script, _, self.closing = script.partition("|")
        self.calling, *self.steps = script.split(" ")
        self.start: Any = None
        self.closed = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.start = start_response
        self.play(self.calling)
        return self

    def play(self, part: str) -> None:
        for letter in part:
            if letter in STATUS:
                self.writer = self.start(STATUS[letter], [])
            elif letter == "e":
                self.writer = self.start("500 Oops", [], OOPS)
            elif letter == "w":
                self.writer(b"abc")
            elif letter in "rk":
                raise (LookupError if letter == "r" else KeyboardInterrupt)(part)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self.steps:
            raise StopIteration
        part = self.steps.pop(0)
        self.play(part)
        return b"" if part.endswith("-") else b"12"

    def close(self) -> None:
        self.closed += 1
        self.play(self.closing)


def serve(front: Any, reads: int = 99) -> type[BaseException] | None:
    """Answer one request as a server does, reading so many steps; the class of what was raised."""
    server = Server()
    try:
        body = front(environment(), server.start)
        try:
            for _, piece in zip(range(reads), body, strict=False):
                server.write(piece)
        finally:
            body.close()
    except BaseException as error:
        if not isinstance(error, LookupError | ValueError | KeyboardInterrupt):
            raise
        return type(error)
    return None


ENDS: tuple[tuple[str, int, str, int, int, str | None], ...] = (
    # script, steps that are read, what happens; status, bytes and error of the line
    ("s 1 1", 9, "it answers with two pieces", 200, 4, None),
    ("4 1", 9, "it answers 404", 404, 2, None),
    ("5 1", 9, "it answers 503", 503, 2, None),
    ("s", 9, "its body is empty", 200, 0, None),
    (" s1 1", 9, "it starts in its first step", 200, 4, None),
    ("sww 1", 9, "it writes two pieces and returns one", 200, 8, None),
    ("s 1 1 1", 2, "the client goes away after two of three pieces", 200, 4, None),
    ("s 1", 0, "the client goes away before the first piece", 200, 0, None),
    ("r", 9, "it raises before it starts", 500, 0, "LookupError"),
    ("sr", 9, "it raises after it has started, with nothing sent", 500, 0, "LookupError"),
    ("4r", 9, "it starts with 404 and raises", 500, 0, "LookupError"),
    ("swr", 9, "it writes, then raises", 200, 3, "LookupError"),
    ("s r", 9, "its first step raises", 500, 0, "LookupError"),
    ("s - r", 9, "its first step is empty, its second one raises", 500, 0, "LookupError"),
    ("s 1 r", 9, "its second step raises, one piece having been sent", 200, 2, "LookupError"),
    ("s 1|r", 9, "its close() raises", 200, 2, "LookupError"),
    ("s|r", 0, "its close() raises, nothing having been read", 200, 0, "LookupError"),
    ("s r|k", 9, "a step raises, then close() something else", 500, 0, "LookupError"),
    ("k", 9, "it is interrupted by KeyboardInterrupt", 500, 0, "KeyboardInterrupt"),
    ("s k", 9, "its first step is interrupted", 500, 0, "KeyboardInterrupt"),
    ("s|k", 9, "its close() is interrupted", 200, 0, "KeyboardInterrupt"),
    ("se 1", 9, "it starts again with exc_info, nothing having been sent", 500, 2, "ValueError"),
    ("s 1 e", 9, "it starts again with exc_info, too late", 200, 2, "ValueError"),
    ("e 1", 9, "it starts with exc_info only", 500, 2, "ValueError"),
    ("ser", 9, "it starts again with exc_info, then raises", 500, 0, "LookupError"),
    (" 1", 0, "it has not started when the client goes away", 500, 0, None),
)


KINDS = {
    "http_requests_total": "counter",
    "http_request_duration_seconds": "histogram",
    "http_requests_in_flight": "gauge",
}


@check("P13", "P15", kind="behaviour")
def test_one_line_and_one_count_however_it_ends(impl: Implementation) -> None:
    """Twenty-six ways in which a request can end."""

    def scene(sim: Sim) -> None:
        for script, reads, what, status, sent, error in ENDS:
            lines, registry = Lines(), impl.Registry()
            front = impl.Observed(Scripted(script), registry, impl.Log(lines), lambda _: "/<x>")
            did = "no request yet: "
            equal(counts(registry), ({}, 0.0, 0.0), did=did + "counts, observed, in flight")
            kinds = dict(re.findall(r"^# TYPE (http_\S+) (\S+)$", registry.render(), re.MULTILINE))
            equal(kinds, KINDS, did=did + "the metrics and their types")
            serve(front, reads)
            did = f"the application: {what}; "
            equal(len(lines.all()), 1, did=did + "lines")
            line = lines.all()[0]
            got = {name: line.get(name) for name in ("event", "status", "bytes", "error", "level")}
            level = "error" if error or status >= 500 else "info"
            want = {
                "event": "request",
                "status": status,
                "bytes": sent,
                "error": error,
                "level": level,
            }
            equal(got, want, did=did + "the line")
            total = {(("method", "GET"), ("route", "/<x>"), ("status", str(status))): 1.0}
            equal(counts(registry), (total, 1.0, 0.0), did=did + "counts, observed, in flight")

    simulate(scene)


def counts(registry: Registry) -> tuple[dict[tuple[tuple[str, str], ...], float], float, float]:
    """The requests by labels, how many were observed, how many are in flight."""
    text = registry.render()
    total = {
        tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels))): float(number)
        for labels, number in re.findall(r"^http_requests_total\{(.*)\} (\S+)$", text, re.MULTILINE)
    }
    observed = re.findall(r"^http_request_duration_seconds_count\{.*\} (\S+)$", text, re.MULTILINE)
    flight = re.findall(r"^http_requests_in_flight (\S+)$", text, re.MULTILINE)
    equal(len(flight), 1, did="rendered: lines of http_requests_in_flight")
    return total, sum(map(float, observed), 0.0), float(flight[0])


@check("P13", "P15", kind="behaviour")
def test_the_end_is_when_the_body_is_closed(impl: Implementation) -> None:
    """Lines and metrics are looked at in each step of a request, and after a second close()."""

    def scene(sim: Sim) -> None:
        lines, registry, seen = Lines(), impl.Registry(), []

        def look(where: str) -> None:
            total, observed, flight = counts(registry)
            seen.append((where, len(lines.all()), sum(total.values(), 0.0), observed, flight))

        class Body:
            def __iter__(self) -> Iterator[bytes]:
                look("step")
                yield b"x"
                look("step")

            def close(self) -> None:
                look("close")

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            look("call")
            start_response("200 OK", [])
            return Body()

        front = impl.Observed(app, registry, impl.Log(lines), lambda _: None)
        body = front(environment(), Server().start)
        look("returned")
        for _ in body:
            look("piece")
        look("read")
        for _ in range(2):
            body.close()
            look("closed")
        places = ("call", "returned", "step", "piece", "step", "read", "close")
        want = [(where, 0, 0.0, 0.0, 1.0) for where in places] + [("closed", 1, 1.0, 1.0, 0.0)] * 2
        did = (
            "one request, its body closed twice: lines, counted, observed, in flight at each place"
        )
        equal(seen, want, did=did)

    simulate(scene)


def by_path(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """An application that starts when it is read, with the status in its path."""
    path = environ["PATH_INFO"]
    start_response(f"{path[1:]} Status", [])
    yield path.encode()
    if path == "/500":
        raise LookupError


@check("P13", "P15", kind="behaviour")
def test_two_requests_in_turns(impl: Implementation) -> None:
    """One middleware answers two requests with the same id, step by step in turns."""

    def scene(sim: Sim) -> None:
        for second, error in (("/404", None), ("/500", "LookupError"), ("/200", None)):
            lines, registry = Lines(), impl.Registry()
            front = impl.Observed(by_path, registry, impl.Log(lines), lambda e: e["PATH_INFO"])
            bodies = []
            for method, path in (("POST", "/201"), ("GET", second)):
                asked = environment(method, path) | {"HTTP_X_REQUEST_ID": "same"}
                bodies.append(front(asked, Server().start))
                sim.sleep(1)
            did = f"requests for /201 and {second} with the same id, in turns: "
            equal(counts(registry)[2], 2.0, did=did + "in flight, both having begun")
            steps = [iter(body) for body in bodies]
            got = [next(each) for each in steps]
            equal(got, [b"/201", second.encode()], did=did + "their bodies")
            with contextlib.suppress(LookupError):
                next(steps[1], None)
            for body in bodies:
                body.close()
                sim.sleep(1)
            names = ("method", "path", "route", "status", "bytes", "error", "request_id")
            found = [[line[name] for name in names] for line in lines.all()]
            want = [["POST", "/201", "/201", 201, 4, None, "same"]]
            want += [["GET", second, second, int(second[1:]), 4, error, "same"]]
            equal(found, want, did=did + ", ".join(names))
            total, _, flight = counts(registry)
            equal(
                (sorted(total.values()), flight), ([1.0, 1.0], 0.0), did=did + "counts, in flight"
            )

    simulate(scene)


@check("P13", "P15", kind="concurrency")
def test_two_threads_at_once(impl: Implementation) -> None:
    """Two threads answer a request each; one of them fails."""

    def scene(sim: Sim) -> None:
        lines, registry = Lines(), impl.Registry()
        log = impl.Log(lines)
        fronts = [
            impl.Observed(Scripted(script), registry, log, lambda _: "/<x>")
            for script in ("s 1", "s r")
        ]
        sim.together(*[lambda front=front: serve(front) for front in fronts])
        total, observed, flight = counts(registry)
        got = sorted((dict(labels)["status"], number) for labels, number in total.items())
        did = "two threads answer a request each, one of which fails: "
        equal(got, [("200", 1.0), ("500", 1.0)], did=did + "counts by status")
        equal((observed, flight), (2.0, 0.0), did=did + "observed, in flight")
        equal(sorted(line["status"] for line in lines.all()), [200, 500], did=did + "lines")

    explore(scene, schedules=60)
