"""The middleware under several requests at once: nobody waits for somebody else's."""

import threading
from collections.abc import Iterable
from functools import partial
from wsgiref.types import StartResponse, WSGIEnvironment

from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.kit.http import call
from graders.services.rate_limiter.given import TEXT, by_name

NEVER = 1e-9  # tokens a second: within a check nobody's bucket fills


def hello(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """An application that says hello."""
    start_response("201 Created", TEXT)
    return [b"hello"]


@check("P18", kind="concurrency")
def test_slow_application_holds_nobody_up(impl: Implementation) -> None:
    """The application is busy with one request; another client, and the same one, send theirs."""

    def scene(sim: Sim) -> None:
        go = threading.Event()

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] == "/slow":
                go.wait()
            start_response("200 OK", TEXT)
            return [b"x"]

        front = impl.RateLimitMiddleware(app, impl.ClientLimiter(NEVER, 2, 5), by_name)

        def ask(path: str, name: str) -> int:
            return call(front, "GET", path, b"", {"X-Name": name}).status

        slow = sim.spawn(partial(ask, "/slow", "a"))
        sim.settle()
        others = [sim.spawn(partial(ask, "/", name)) for name in "bca"]
        sim.settle()
        for name, other in zip("bca", others, strict=True):
            did = f"the application is busy with a request of a; a request of {name} is answered"
            ensure(other.done, did=did, want="at once", got="not yet")
        refused = sim.spawn(partial(ask, "/", "a"))
        sim.settle()
        ensure(refused.done, did="a third request of a is refused", want="at once", got="not yet")
        go.set()
        statuses = [each.result() for each in (slow, *others, refused)]
        equal(statuses, [200] * 4 + [429], did="capacity 2: slow request of a, then b, c, a, a")

    simulate(scene)


@check("P18", kind="concurrency")
def test_slow_key_function_holds_nobody_up(impl: Implementation) -> None:
    """Who somebody is has to be looked up in a slow place; others send their requests."""

    def scene(sim: Sim) -> None:
        go = threading.Event()

        def key(environ: WSGIEnvironment) -> str:
            if environ["PATH_INFO"] == "/slow":
                go.wait()
            return by_name(environ)

        front = impl.RateLimitMiddleware(hello, impl.ClientLimiter(NEVER, 1, 5), key)
        slow = sim.spawn(lambda: call(front, "GET", "/slow", b"", {"X-Name": "a"}).status)
        sim.settle()
        other = sim.spawn(lambda: call(front, "GET", "/", b"", {"X-Name": "b"}).status)
        sim.settle()
        ensure(
            other.done,
            did="the key function is busy with another request",
            want="an answer",
            got="none",
        )
        go.set()
        equal((slow.result(), other.result()), (201, 201), did="both answers")

    simulate(scene)


@check("P18", kind="concurrency")
def test_application_may_use_the_middleware(impl: Implementation) -> None:
    """The application and the key function send requests of their own through it."""

    def scene(sim: Sim) -> None:
        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            inner = 0
            if environ["PATH_INFO"] == "/outer":
                inner = call(front, "GET", "/inner", b"", {"X-Name": "a"}).status
            start_response("200 OK", TEXT)
            return [str(inner).encode()]

        def key(environ: WSGIEnvironment) -> str | None:
            if environ["PATH_INFO"] == "/outer":
                call(front, "GET", "/known", b"", {"X-Name": "b"})
            return by_name(environ)

        limiter = impl.ClientLimiter(NEVER, 2, 5)
        front = impl.RateLimitMiddleware(app, limiter, key)
        answer = call(front, "GET", "/outer", b"", {"X-Name": "a"})
        equal(
            (answer.status, answer.body),
            (200, b"200"),
            did="a request within a request, of one client",
        )
        equal(limiter.try_acquire("a").allowed, False, did="capacity 2: a third of that client")

    simulate(scene)


@check("P18", kind="concurrency")
def test_many_slow_requests_hold_nobody_up(impl: Implementation) -> None:
    """The application is busy with thirty requests, the key function with twenty; more come."""

    def scene(sim: Sim) -> None:
        go = threading.Event()

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] == "/slow":
                go.wait()
            return hello(environ, start_response)

        def key(environ: WSGIEnvironment) -> str | None:
            if environ["PATH_INFO"] == "/who":
                go.wait()
            return by_name(environ) or None

        front = impl.RateLimitMiddleware(app, impl.ClientLimiter(NEVER, 1, 50), key)

        def ask(path: str, name: str) -> int:
            return call(front, "GET", path, b"", {"X-Name": name}).status

        named = [partial(ask, path, f"{path} {n}") for path in ("/who", "/slow") for n in range(20)]
        slow = [sim.spawn(job) for job in (*named, *[partial(ask, "/slow", "")] * 10)]
        sim.settle()
        others = [sim.spawn(partial(ask, "/", name)) for name in ("me", "")]
        sim.settle()
        for who, other in zip(("of a new client", "that is not limited"), others, strict=True):
            did = f"fifty requests are being looked up or answered; one more, {who}, is answered"
            ensure(other.done, did=did, want="at once", got="not yet")
        go.set()
        statuses = [each.result() for each in (*slow, *others)]
        equal(statuses, [201] * 52, did="statuses of the fifty and the other two")

    simulate(scene)
