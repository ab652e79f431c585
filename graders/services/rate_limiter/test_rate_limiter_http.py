"""The middleware: what goes through, and who it is that asks."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, NoReturn
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

from contracts.services.rate_limiter import Decision
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.http import call
from graders.services.rate_limiter.given import TEXT, App, by_name, decision, fields

NEVER = 1e-9  # tokens a second: within a check nobody's bucket fills


class Scripted:
    """A limiter that gives one decision, knows what it was asked, and has no other method."""

    def __init__(self, gives: Decision) -> None:
        self.gives = gives
        self.asked: list[tuple[Hashable, int]] = []

    def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
        self.asked.append((client, tokens))
        return self.gives


def environment() -> WSGIEnvironment:
    """The environ of a plain GET."""
    environ: WSGIEnvironment = {"REMOTE_ADDR": "127.0.0.1"}
    setup_testing_defaults(environ)
    return environ


@check("P14", kind="behaviour")
def test_allowed_request_goes_through(impl: Implementation) -> None:
    """A POST with body and query, allowed."""

    def scene(sim: Sim) -> None:
        app, limiter = App(), Scripted(decision())
        front = impl.RateLimitMiddleware(app, limiter, by_name)
        answer = call(front, "POST", "/a%20b?c=d", b"body", {"X-Name": "me"})
        did = "an allowed POST /a%20b?c=d"
        equal((answer.status, answer.body), (201, b"hello"), did=did)
        equal(len(app.called), 1, did=did + ": calls of the application")
        equal(app.called[0]["wsgi.input"].read(4), b"body", did=did + ": the body, read afterwards")
        asked = [app.called[0][name] for name in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING")]
        equal(asked, ["POST", "/a b", "c=d"], did=did + ": what the application was asked")
        own = [pair for pair in answer.headers if not pair[0].lower().startswith("ratelimit")]
        want = [*TEXT, ("X-Own", "1"), ("Set-Cookie", "a"), ("Set-Cookie", "b")]
        equal(own, want, did=did + ": the application's own headers")
        want_fields = (['"default";q=10;w=5'], ['"default";r=9;t=1'])
        equal(fields(answer), want_fields, did=did + ": RateLimit-Policy and RateLimit")
        equal(answer.header("Retry-After"), None, did=did + ": Retry-After")
        equal(limiter.asked, [("me", 1)], did=did + ": what the limiter was asked")

    simulate(scene)


@check("P14", "P17", kind="behaviour")
def test_answer_is_handed_on_as_it_is(impl: Implementation) -> None:
    """The application returns an iterable of its own; the middleware is called directly."""

    def scene(sim: Sim) -> None:
        touched: list[str] = []

        class Stream:
            def __iter__(self) -> "Stream":
                touched.append("iter")
                return self

            def __next__(self) -> bytes:
                touched.append("next")
                raise StopIteration

            def close(self) -> None:
                touched.append("close")

        stream, environ = Stream(), environment()
        before = dict(environ)
        named: list[WSGIEnvironment] = []
        given: list[WSGIEnvironment] = []

        def key(environ: WSGIEnvironment) -> str:
            named.append(environ)
            return "me"

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            given.append(environ)
            start_response("200 OK", TEXT)
            return stream

        front = impl.RateLimitMiddleware(app, Scripted(decision()), key)
        result = front(environ, lambda *_: lambda _: None)
        did = "an allowed request to an application that returns an object of its own"
        ensure(result is stream, did=did, want="that very object is returned", got=result)
        equal(touched, [], did=did + ": what was called of it before it was returned")
        ensure(given[0] is environ, did=did, want="it gets that very environ", got=given)
        ensure(named[0] is environ, did=did, want="so does the key function", got=named)
        equal(sorted(environ), sorted(before), did=did + ": names in the environ, afterwards")

    simulate(scene)


@check("P14", "P16", kind="behaviour")
def test_application_that_starts_late(impl: Implementation) -> None:
    """A generator, which calls start_response when it is read: after another request was served."""

    def scene(sim: Sim) -> None:
        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", TEXT)
            yield b"late"

        limiter = Scripted(decision())
        front = impl.RateLimitMiddleware(app, limiter, by_name)
        said: list[list[tuple[str, str]]] = []

        def start(_status: str, headers: list[tuple[str, str]], *_: object) -> Callable[..., None]:
            said.append(headers)
            return lambda _: None

        first = front(environment(), start)
        limiter.gives = decision(remaining=8, full_after=1.5)
        did = "two requests of an application that starts when it is read: "
        equal([b"".join(front(environment(), start)), b"".join(first)], [b"late"] * 2, did=did)
        got = [
            {n.lower(): v for n, v in headers}.get("ratelimit", "").replace(" ", "")
            for headers in said
        ]
        want = ['"default";r=8;t=2', '"default";r=9;t=1']
        equal(got, want, did=did + "RateLimit of the second, which is read first, and of the first")

    simulate(scene)


@check("P14", kind="behaviour")
def test_all_of_start_response_works(impl: Implementation) -> None:
    """The application writes, and starts again with exc_info."""

    def scene(sim: Sim) -> None:
        calls: list[tuple[str, list[tuple[str, str]], object]] = []
        written: list[bytes] = []
        info = (ValueError, ValueError("x"), None)

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            calls.append((status, headers, exc_info))
            return written.append

        def app(environ: WSGIEnvironment, start: Any) -> Iterable[bytes]:
            start("200 OK", TEXT)(b"written")
            start("500 Oops", [("X-Second", "1")], info)
            return []

        impl.RateLimitMiddleware(app, Scripted(decision()), by_name)(environment(), start_response)
        did = "start_response, write, start_response again with exc_info: "
        equal([status for status, _, _ in calls], ["200 OK", "500 Oops"], did=did + "statuses")
        equal(written, [b"written"], did=did + "what was written")
        ensure(calls[1][2] is info, did=did + "exc_info", want="handed on", got=calls[1][2])
        for status, headers, _ in calls:
            names = [name.lower() for name, _ in headers]
            for name in ("ratelimit", "ratelimit-policy"):
                equal(names.count(name), 1, did=f"{did}fields {name} of the answer {status}")

    simulate(scene)


@check("P14", kind="behaviour")
def test_fields_do_not_pile_up(impl: Implementation) -> None:
    """An application that uses the same list of headers for every answer."""

    def scene(sim: Sim) -> None:
        own = [("Content-Type", "text/plain")]

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", own)
            return [b"x"]

        front = impl.RateLimitMiddleware(app, impl.ClientLimiter(NEVER, 5, 5), by_name)
        for number in (1, 2, 3):
            values = call(front, "GET", "/").header_values("RateLimit")
            equal(len(values), 1, did=f"RateLimit fields in answer {number} of one application")
        equal(own, [("Content-Type", "text/plain")], did="the application's list after that")

    simulate(scene)


@check("P14", kind="behaviour")
def test_token_stays_taken_when_the_application_fails(impl: Implementation) -> None:
    """An application that raises, and one that answers 500."""

    def scene(sim: Sim) -> None:
        called: list[str] = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            called.append(environ["PATH_INFO"])
            if environ["PATH_INFO"] == "/raise":
                raise LookupError("of the application")
            start_response("500 Oops", TEXT)
            return [b"x"]

        front = impl.RateLimitMiddleware(app, impl.ClientLimiter(NEVER, 3, 5), by_name)
        raises(LookupError, lambda: call(front, "GET", "/raise"), did="the application raises")
        equal(called, ["/raise"], did="the application raises LookupError: calls of it")
        statuses = [call(front, "GET", "/").status for _ in range(3)]
        did = "3 requests at once are allowed; one raised, then three more: their statuses"
        equal(statuses, [500, 500, 429], did=did)

    simulate(scene)


@check("P17", kind="behaviour")
def test_key_function_says_who_it_is(impl: Implementation) -> None:
    """Clients told apart by a header, whatever their address; also clients with odd names."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(NEVER, 1, 10)
        front = impl.RateLimitMiddleware(App(), limiter, by_name)
        for name in ("alice", "bob", ""):
            for address, status in (("10.0.0.1", 201), ("10.0.0.2", 429)):
                answer = call(
                    front, "GET", "/", b"", {"X-Name": name}, environ={"REMOTE_ADDR": address}
                )
                equal(answer.status, status, did=f"capacity 1: client {name!r} from {address}")
        asked = Scripted(decision())
        for odd in (0, False, (), "", ("a", 1)):
            front = impl.RateLimitMiddleware(App(), asked, lambda _, odd=odd: odd)
            answer = call(front, "GET", "/")
            did = f"the key function answers {odd!r}, which is not None: what the limiter is asked"
            equal(asked.asked[-1:], [(odd, 1)], did=did)
            equal(len(fields(answer)[0]), 1, did=f"client {odd!r}: RateLimit-Policy fields")

    simulate(scene)


@check("P17", kind="behaviour")
def test_none_is_not_limited(impl: Implementation) -> None:
    """A key function that answers None for the health check."""

    def scene(sim: Sim) -> None:
        app, limiter = App(), Scripted(decision(allowed=False, remaining=0, retry_after=1.0))
        asked: list[str] = []

        def key(environ: WSGIEnvironment) -> str | None:
            asked.append(environ["PATH_INFO"])
            return None if environ["PATH_INFO"] == "/health" else "somebody"

        front = impl.RateLimitMiddleware(app, limiter, key)
        for _ in range(3):
            answer = call(front, "GET", "/health")
            equal(answer.status, 201, did="the key function answers None: status")
            equal(fields(answer), ([], []), did="the key function answers None: fields")
        equal(limiter.asked, [], did="what the limiter was asked")
        equal(call(front, "GET", "/other").status, 429, did="another path, refused")
        equal(asked, ["/health"] * 3 + ["/other"], did="calls of the key function, once a request")

    simulate(scene)


@check("P17", kind="behaviour")
def test_key_function_that_raises(impl: Implementation) -> None:
    """It refuses to say who it is."""

    def scene(sim: Sim) -> None:
        app, limiter = App(), Scripted(decision())

        def key(environ: WSGIEnvironment) -> NoReturn:
            raise LookupError("nobody")

        front = impl.RateLimitMiddleware(app, limiter, key)
        raises(
            LookupError, lambda: call(front, "GET", "/"), did="the key function raises LookupError"
        )
        equal((app.called, limiter.asked), ([], []), did="what application and limiter were asked")

    simulate(scene)
