"""The middleware: what goes through it, and who waits for whom."""

import io
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.http import call
from graders.services.observability.given import start


def environment(path: str = "/") -> WSGIEnvironment:
    """A GET."""
    environ: WSGIEnvironment = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    return environ


def observed(impl: Implementation, app: Any, **more: Any) -> Any:
    """The middleware around `app`, with everything else fresh."""
    parts = {"registry": impl.Registry(), "log": impl.Log(io.StringIO()), "route": lambda _: None}
    return impl.Observed(app, **(parts | more))


@check("P17", kind="behaviour")
def test_a_request_goes_through(impl: Implementation) -> None:
    """A POST with body, query and headers."""

    def scene(sim: Sim) -> None:
        given: list[WSGIEnvironment] = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            given.append(dict(environ))
            body = environ["wsgi.input"].read(4)
            start_response("201 Created", [("Content-Type", "text/plain"), ("X-Own", "1")])
            return [body, b"", b"!"]

        front = observed(impl, app)
        answer = call(
            front, "POST", "/a%20b?c=d", b"body", {"X-Name": "me", "X-Request-ID": "mine"}
        )
        did = "POST /a%20b?c=d with a body: "
        equal((answer.status, answer.body), (201, b"body!"), did=did + "status and body")
        own = [pair for pair in answer.headers if pair[0].lower() != "x-request-id"]
        equal(own, [("Content-Type", "text/plain"), ("X-Own", "1")], did=did + "its own headers")
        names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_NAME", "HTTP_X_REQUEST_ID")
        want = ["POST", "/a b", "c=d", "me", "mine"]
        equal([given[0].get(name) for name in names], want, did=did + "what the application got")
        before = environment()
        observed(impl, lambda environ, _: given.append(environ) or [])(before, start).close()
        ensure(
            given[1] is before, did="the middleware is called", want="the very environ", got=given
        )
        equal(sorted(before), sorted(environment()), did="names in the environ afterwards")

    simulate(scene)


class Pieces:
    """A body whose iterator is another object; both have a close()."""

    def __init__(self, pieces: list[bytes], calls: list[str], *, whole: bool = True) -> None:
        self.left, self.calls, self.whole = list(pieces), calls, whole

    def __iter__(self) -> Iterator[bytes]:
        return Pieces(self.left, self.calls, whole=False)

    def __next__(self) -> bytes:
        self.calls.append("step")
        if not self.left:
            raise StopIteration
        return self.left.pop(0)

    def close(self) -> None:
        self.calls.append("close of the body" if self.whole else "close of its iterator")


@check("P17", kind="behaviour")
def test_step_by_step(impl: Implementation) -> None:
    """The body makes its pieces when asked; its iterator is another object than what has close()."""

    def scene(sim: Sim) -> None:
        calls: list[str] = []
        pieces = [b"one", b"", b"three"]

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            calls.append("call")
            start_response("200 OK", [])
            return Pieces(pieces, calls)

        body = observed(impl, app)(environment(), start)
        equal(calls, ["call"], did="the middleware has returned; calls so far")
        steps = iter(body)
        for number, piece in enumerate(pieces, start=1):
            got = next(steps)
            ensure(got is piece, did=f"piece {number} is read", want=repr(piece), got=got)
            equal(
                calls, ["call", *["step"] * number], did=f"{number} pieces are read; calls so far"
            )
        equal(next(steps, None), None, did="a fourth piece of three")
        equal(calls, ["call", *["step"] * 4], did="the body is read to its end; calls so far")
        for _ in range(2):
            body.close()
        want = ["call", *["step"] * 4, "close of the body"]
        equal(calls, want, did="the body is read and closed, twice; all calls")
        for plain in ([b"a", b"b"], (b"a", b"b"), iter([b"a", b"b"])):
            body = observed(impl, lambda *_, plain=plain: plain)(environment(), start)
            equal(list(body), [b"a", b"b"], did=f"a body without close(), {type(plain).__name__}")
            body.close()

    simulate(scene)


class Raises:
    """An application, and its body, that raises an exception in one place."""

    def __init__(self, error: BaseException, place: str) -> None:
        self.error, self.place = error, place

    def reach(self, place: str) -> None:
        """Raise here, or not."""
        if place == self.place:
            raise self.error

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.reach("its call")
        start_response("200 OK", [])
        return self

    def __iter__(self) -> Iterator[bytes]:
        self.reach("a step")
        yield b"x"

    def close(self) -> None:
        self.reach("close()")


def serve(front: Any, path: str = "/") -> None:
    """Answer a request as a server does."""
    body = front(environment(path), start)
    try:
        list(body)
    finally:
        body.close()


@check("P17", kind="behaviour")
def test_exceptions_go_on(impl: Implementation) -> None:
    """The application raises in its call, in a step, in close(); also what is no Exception."""

    def scene(sim: Sim) -> None:
        for place in ("its call", "a step", "close()"):
            for kind in (LookupError, AssertionError, SystemExit, GeneratorExit):
                error = kind(place)
                front = observed(impl, Raises(error, place))
                did = f"the application raises {kind.__name__} in {place}"
                caught = raises(kind, partial(serve, front), did=did)
                ensure(caught is error, did=did, want="that very exception", got=caught)

    simulate(scene)


@check("P17", kind="behaviour")
def test_all_of_start_response_works(impl: Implementation) -> None:
    """The application writes, and starts again with exc_info, which the server refuses."""

    def scene(sim: Sim) -> None:
        calls: list[tuple[str, object]] = []
        written: list[bytes] = []
        info = (ValueError, ValueError("x"), None)

        def start_response(status: str, headers: object, exc_info: Any = None) -> Any:
            calls.append((status, exc_info))
            if exc_info:
                raise exc_info[1]
            return written.append

        def app(environ: WSGIEnvironment, start: Any) -> Iterable[bytes]:
            start("200 OK", [("Content-Type", "text/plain")])(b"written")
            caught = raises(
                ValueError, lambda: start("500 Oops", [], info), did="exc_info, too late"
            )
            ensure(caught is info[1], did="exc_info, too late", want="what the server raised")
            return []

        observed(impl, app)(environment(), start_response).close()
        equal(
            [status for status, _ in calls], ["200 OK", "500 Oops"], did="statuses for the server"
        )
        equal(written, [b"written"], did="what was written")
        ensure(calls[1][1] is info, did="exc_info", want="handed on", got=calls[1][1])

    simulate(scene)


@check("P8", kind="behaviour")
def test_a_full_disk_fails_no_request(impl: Implementation) -> None:
    """The stream of the log raises; requests end well, and badly."""

    def scene(sim: Sim) -> None:
        class Full:
            def write(self, text: str) -> None:
                raise OSError(28, "No space left on device")

            def flush(self) -> None:
                raise OSError(28, "No space left on device")

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [("Content-Type", "text/plain")])
            if environ["PATH_INFO"] == "/fails":
                raise LookupError
            return [b"x"]

        registry, log = impl.Registry(), impl.Log(Full())
        front = observed(impl, app, registry=registry, log=log)
        equal(call(front, "GET", "/").status, 200, did="a request while the disk is full")
        did = "a request that raises LookupError while the disk is full"
        raises(LookupError, lambda: call(front, "GET", "/fails"), did=did)
        equal(log.lost(), 2, did="two requests while the disk is full: lost()")
        got = re.findall(
            r"^http_requests_(?:total\{.*\}|in_flight) (\S+)$", registry.render(), re.MULTILINE
        )
        equal(sorted(map(float, got)), [0.0, 1.0, 1.0], did="in flight, and both counted")

    simulate(scene)


class Lingers:
    """An application, its body and its route, that take ten seconds in one place for /slow."""

    def __init__(self, sim: Sim, place: str, path: str = "") -> None:
        self.sim, self.place, self.path = sim, place, path

    def linger(self, where: str, path: str) -> None:
        """Take ten seconds here, or none."""
        if path == "/slow" and where == self.place:
            self.sim.sleep(10)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.linger("call", environ["PATH_INFO"])
        start_response("200 OK", [])
        return Lingers(self.sim, self.place, environ["PATH_INFO"])

    def route(self, environ: WSGIEnvironment) -> str:
        self.linger("route", environ["PATH_INFO"])
        return "/"

    def __iter__(self) -> Iterator[bytes]:
        self.linger("step", self.path)
        yield b"x"

    def close(self) -> None:
        self.linger("close", self.path)


@check("P18", kind="timing")
def test_nobody_waits_for_an_application(impl: Implementation) -> None:
    """One request takes ten seconds in its call, a step, close() or route; others come meanwhile."""

    def scene(sim: Sim) -> None:
        for place in ("call", "step", "close", "route"):
            app, registry, log = Lingers(sim, place), impl.Registry(), impl.Log(io.StringIO())
            front = observed(impl, app, registry=registry, log=log, route=app.route)
            slow = sim.spawn(partial(serve, front, "/slow"))
            sim.settle()
            begun = sim.now()
            did = f"a request takes 10 s in its {place}; meanwhile "
            serve(front, "/quick")
            log.info("e")
            registry.render()
            registry.counter("c_total", "").add()
            equal(sim.now() - begun, 0.0, did=did + "another request, a line, a scrape: seconds")
            ensure(not slow.done, did=did + "another request", want="the slow one still runs")
            slow.result()

    simulate(scene)


@check("P18", kind="timing")
def test_only_lines_wait_for_a_slow_stream(impl: Implementation) -> None:
    """The stream takes ten seconds for the line of a request; others come meanwhile."""

    def scene(sim: Sim) -> None:
        class Slow:
            def write(self, text: str) -> None:
                sim.sleep(10)

            def flush(self) -> None:
                pass

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [])
            return [b"x"]

        registry, log = impl.Registry(), impl.Log(Slow())
        front = observed(impl, app, registry=registry, log=log)
        first = sim.spawn(front(environment(), start).close)
        sim.settle()
        begun = sim.now()
        did = "the line of a request takes 10 s to write; meanwhile "
        body = front(environment(), start)
        equal(list(body), [b"x"], did=did + "another request")
        log.lost()
        impl.Log(io.StringIO()).info("another log")
        registry.counter("c_total", "").add()
        text = registry.render()
        equal(
            sim.now() - begun,
            0.0,
            did=did + "a request, an update, a scrape, another log: seconds",
        )
        flight = re.findall(r"^http_requests_in_flight (\S+)$", text, re.MULTILINE)
        counted = re.findall(r"^http_requests_total\{.*\} (\S+)$", text, re.MULTILINE)
        want = [1.0], [1.0]
        got = [float(n) for n in flight], [float(n) for n in counted]
        equal(got, want, did=did + "in flight (the other one), and counted (the first one)")
        first.result()
        body.close()

    simulate(scene)


@check("P18", kind="timing")
def test_nobody_waits_for_a_slow_scraper(impl: Implementation) -> None:
    """An answer to /metrics is read half-way; then it is left for ten seconds."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        counter = registry.counter("c_total", "", ("a",))
        for number in range(20):
            counter.add(1, a=str(number))
        ops = impl.OpsApp(registry)
        body = ops(environment("/metrics"), start)
        steps = iter(body)
        next(steps)

        def work() -> float:
            counter.add(1, a="new")
            registry.gauge("g", "").set(1)
            registry.render()
            b"".join(ops(environment("/metrics"), start))
            return sim.now() - begun

        begun = sim.now()
        other = sim.spawn(work)
        ended = other.join(10)
        ensure(ended, did="a scrape is read half-way; meanwhile updates", want="they do not wait")
        equal(
            other.result(), 0.0, did="a scrape is read half-way; meanwhile updates, ended at second"
        )
        list(steps)

    simulate(scene)
