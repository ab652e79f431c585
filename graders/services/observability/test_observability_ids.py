"""Request ids: which are kept, which are replaced, and where they are shown."""

import random
import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.kit.http import Response, call
from graders.services.observability.given import Lines

FRESH = re.compile("[0-9a-f]{32}")
GOOD = ("a", "A-1_b.c", "-", ".", "0", "f" * 64, "4bf92f3577b34da6a3ce929d0e0e4736", "None", "..")
BAD = (
    "", " ", "a b", " a", "a ", "a\n", "\na", "a,b", "a;b", 'a"b', "a/b", "a:b", "{}", "a\x00", "é",
    "\xe2\x80\xa8", "a\x85", "\xb2", "x" * 65, "x" * 100_000, "${jndi}", "a\r\nSet-Cookie: x", "\x1b[31m",
)  # fmt: skip


def ask(front: Any, given: str | None) -> Response:
    """A request with this id."""
    headers = {"Authorization": "Bearer hunter2", "Cookie": "session=hunter2", "Referer": "hunter2"}
    more = {} if given is None else {"HTTP_X_REQUEST_ID": given}
    return call(front, "GET", "/a", headers=headers, query="token=hunter2", environ=more)


@check("P10", kind="behaviour")
def test_valid_ids_are_kept_and_others_replaced(impl: Implementation) -> None:
    """Ids that come with the request: good ones, none, and some that are meant to do harm."""

    def scene(sim: Sim) -> None:
        lines, seen = Lines(), []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            seen.append(impl.request_id())
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"x"]

        front = impl.Observed(app, impl.Registry(), impl.Log(lines), lambda _: None)
        for given in (*GOOD, *BAD, None):
            answer = ask(front, given)
            shown = repr(given if given is None else given[:40])
            did = f"a request with X-Request-ID {shown}"
            ids = answer.header_values("X-Request-ID")
            equal(len(ids), 1, did=did + ": headers X-Request-ID in the answer")
            if given in GOOD:
                equal(ids, [given], did=did + ": the id in the answer")
            else:
                fresh = FRESH.fullmatch(ids[0]) is not None
                ensure(fresh, did=did, want="a fresh id: 32 hexadecimal digits", got=ids[0])
            equal(seen[-1], ids[0], did=did + ": request_id() in the application")
            equal(lines.last()["request_id"], ids[0], did=did + ": the id in the log line")

    simulate(scene)


@check("P10", kind="behaviour")
def test_fresh_ids_are_never_the_same(impl: Implementation) -> None:
    """Fresh ids of two middlewares, the seed of random being set again and again."""

    def scene(sim: Sim) -> None:
        lines = Lines()
        fronts = [
            impl.Observed(
                answering([("Content-Type", "text/plain")]),
                impl.Registry(),
                impl.Log(lines),
                lambda _: None,
            )
            for _ in range(2)
        ]
        ids: list[str] = []
        for front in fronts:
            for number in range(60):
                if number % 20 == 0:
                    random.seed(0)
                ids.append(ask(front, None).header("X-Request-ID") or "")
        equal(len(set(ids)), 120, did="120 requests without an id: different ids")
        for first in (0, 8, 24):  # the 12th digit or so may tell the version
            parts = {each[first : first + 8] for each in ids}
            did = f"120 fresh ids: digits {first + 1} to {first + 8} of all of them"
            ensure(len(parts) > 1, did=did, want="not always the same", got=parts)

    simulate(scene)


def answering(headers: list[tuple[str, str]]) -> Any:
    """An application whose answers all have the same list of headers."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return [b"x"]

    return app


@check("P10", "P17", kind="behaviour")
def test_the_answer_has_one_id(impl: Implementation) -> None:
    """The application sets X-Request-ID itself, uses a list of headers again, and starts twice."""

    def scene(sim: Sim) -> None:
        own = [("X-A", "1"), ("x-request-id", "theirs"), ("Content-Type", "text/plain"),
               ("X-REQUEST-ID", "again"), ("Set-Cookie", "a"), ("Set-Cookie", "b")]  # fmt: skip
        kept = list(own)
        front = impl.Observed(answering(own), impl.Registry(), impl.Log(Lines()), lambda _: None)
        for number in (1, 2):
            answer = ask(front, f"mine-{number}")
            did = f"answer {number} of an application that sets X-Request-ID itself: "
            equal(answer.header_values("X-Request-ID"), [f"mine-{number}"], did=did + "ids")
            others = [pair for pair in answer.headers if pair[0].lower() != "x-request-id"]
            want = [
                ("X-A", "1"),
                ("Content-Type", "text/plain"),
                ("Set-Cookie", "a"),
                ("Set-Cookie", "b"),
            ]
            equal(others, want, did=did + "the other headers, in their order")
        equal(own, kept, did="the application's own list of headers after two answers")
        started: list[list[tuple[str, str]]] = []

        def app(environ: WSGIEnvironment, start: Any) -> Iterable[bytes]:
            start("200 OK", [])
            start("500 Oops", [("X-A", "1")], (ValueError, ValueError(), None))
            return []

        def start_response(_: str, headers: list[tuple[str, str]], *more: object) -> Any:
            started.append(headers)
            return lambda _: None

        front = impl.Observed(app, impl.Registry(), impl.Log(Lines()), lambda _: None)
        environ: WSGIEnvironment = {"HTTP_X_REQUEST_ID": "mine"}
        setup_testing_defaults(environ)
        front(environ, start_response).close()
        ids = [[v for n, v in headers if n.lower() == "x-request-id"] for headers in started]
        equal(ids, [["mine"], ["mine"]], did="started, and again with exc_info: ids in each answer")

    simulate(scene)


@check("P9", kind="behaviour")
def test_query_and_headers_are_not_logged(impl: Implementation) -> None:
    """Requests with a secret in the query, in headers, and in an id that is not valid."""

    def scene(sim: Sim) -> None:
        lines = Lines()
        front = impl.Observed(
            answering([("Content-Type", "text/plain"), ("Set-Cookie", "hunter2")]),
            impl.Registry(),
            impl.Log(lines),
            lambda _: None,
        )
        for given in ("hunter2 hunter2", "good", None):
            ask(front, given)
        equal(lines.text.count("\n"), 3, did="three requests: lines")
        found = [line for line in lines.text.splitlines() if "hunter2" in line]
        did = "hunter2 in the query, in Authorization, Cookie, Referer, Set-Cookie and in a bad id"
        equal(found, [], did=did + ": lines that tell it")

    simulate(scene)
