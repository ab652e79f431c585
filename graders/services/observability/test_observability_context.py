"""Whose request it is: in each step of a request, and in the threads that it starts."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.services.observability.given import Lines, start

Seen = list[tuple[str, str | None]]


def environment(given: str, path: str = "/") -> WSGIEnvironment:
    """A GET with this id."""
    environ: WSGIEnvironment = {"HTTP_X_REQUEST_ID": given, "PATH_INFO": path}
    setup_testing_defaults(environ)
    return environ


class Noting:
    """An application that notes whose request it is in its call, in two steps and in close()."""

    def __init__(self, impl: Implementation, log: Any = None, fails: str = "") -> None:
        self.impl, self.log, self.fails = impl, log, fails
        self.seen: Seen = []

    def note(self, what: str) -> None:
        """Note the id; fail if this is where to fail."""
        self.seen.append((what, self.impl.request_id()))
        if self.log is not None:
            self.log.info(what)
        if what == self.fails:
            raise LookupError(what)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.note("call")
        start_response("200 OK", [])
        return _Steps(self)


class _Steps:
    def __init__(self, app: Noting) -> None:
        self.app, self.left = app, ["step 2", "step 1"]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self.left:
            raise StopIteration
        self.app.note(self.left.pop())
        return b"x"

    def close(self) -> None:
        self.app.note("close")


STEPS = ("call", "step 1", "step 2", "close")


@check("P11", kind="behaviour")
def test_every_step_has_the_id(impl: Implementation) -> None:
    """Two requests are answered step by step, in turns, in one thread."""

    def scene(sim: Sim) -> None:
        lines = Lines()
        app = Noting(impl, impl.Log(lines))
        front = impl.Observed(app, impl.Registry(), app.log, lambda _: None)
        between = [impl.request_id()]
        bodies = []
        for name in ("a", "b"):
            bodies.append(front(environment(name), start))
            between.append(impl.request_id())
        steps = [iter(body) for body in bodies]
        for _ in range(2):
            for each in steps:
                next(each)
                between.append(impl.request_id())
        for body in bodies:
            body.close()
            between.append(impl.request_id())
        did = "requests a and b, answered in turns: "
        want = [(what, name) for what in STEPS for name in "ab"]
        equal(app.seen, want, did=did + "request_id() in each step of the application")
        equal(between, [None] * 9, did=did + "request_id() before, between and after the steps")
        equal(
            lines.ids(),
            [*"ab" * 3, *"aabb"],
            did=did + "the id in each line, the requests' own too",
        )

    simulate(scene)


@check("P11", kind="behaviour")
def test_a_generator_has_the_id(impl: Implementation) -> None:
    """The application is a generator; it is read, left half-way, or not read at all."""

    def scene(sim: Sim) -> None:
        seen: Seen = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            seen.append(("begin", impl.request_id()))
            start_response("200 OK", [])
            try:
                for number in "12":
                    yield b"x"
                    seen.append((number, impl.request_id()))
            finally:
                seen.append(("end", impl.request_id()))

        front = impl.Observed(app, impl.Registry(), impl.Log(Lines()), lambda _: None)
        for name, reads in (("whole", 9), ("half", 2), ("none", 0)):
            body = front(environment(name), start)
            for _ in zip(range(reads), body, strict=False):
                equal(impl.request_id(), None, did="request_id() while the server sends a piece")
            body.close()
            equal(
                impl.request_id(), None, did=f"a generator, read: {name}; request_id() afterwards"
            )
        want = [(what, "whole") for what in ("begin", "1", "2", "end")]
        want += [(what, "half") for what in ("begin", "1", "end")]
        equal(seen, want, did="generators read whole, half and not at all: what they saw")

    simulate(scene)


@check("P11", kind="behaviour")
def test_nothing_is_left_after_an_error(impl: Implementation) -> None:
    """The application fails in its call, in a step or in close(); another request follows."""

    def scene(sim: Sim) -> None:
        for place in STEPS:
            app = Noting(impl, fails=place)
            front = impl.Observed(app, impl.Registry(), impl.Log(Lines()), lambda _: None)

            def ask(name: str, front: Any = front) -> None:
                body = front(environment(name), start)
                try:
                    for _ in body:
                        pass
                finally:
                    body.close()

            did = f"request a fails: {place}; "
            raises(LookupError, lambda ask=ask: ask("a"), did=did)
            equal(impl.request_id(), None, did=did + "request_id() after that")
            app.fails = ""
            app.seen.clear()
            ask("b")
            equal(
                app.seen, [(what, "b") for what in STEPS], did=did + "then request b: what it saw"
            )

    simulate(scene)


@check("P11", kind="behaviour")
def test_each_step_in_another_thread(impl: Implementation) -> None:
    """A body is read in one thread and closed in another one."""

    def scene(sim: Sim) -> None:
        app = Noting(impl)
        front = impl.Observed(app, impl.Registry(), impl.Log(Lines()), lambda _: None)
        body = front(environment("a"), start)
        steps = iter(body)
        after: list[str | None] = []

        def work(job: Callable[[], object]) -> None:
            job()
            after.append(impl.request_id())

        for job in (lambda: next(steps), lambda: next(steps), body.close):
            sim.spawn(lambda job=job: work(job)).result()
        did = "request a: each step of its body and close() in a thread of its own: "
        equal(app.seen, [(what, "a") for what in STEPS], did=did + "what the application saw")
        equal(after, [None] * 3, did=did + "request_id() in those threads afterwards")

    simulate(scene)


@check("P11", kind="behaviour")
def test_a_request_within_a_request(impl: Implementation) -> None:
    """An application asks itself for another page, which is there or fails."""

    def scene(sim: Sim) -> None:
        seen: Seen = []

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            seen.append((path, impl.request_id()))
            start_response("200 OK", [])
            if path == "/fails":
                raise LookupError
            if path == "/main":
                for inner in ("/part", "/fails"):
                    try:
                        body = front(environment("inner", inner), start)
                        b"".join(body)
                        body.close()
                    except LookupError:
                        pass
                    seen.append((f"after {inner}", impl.request_id()))
            return [b"x"]

        front = impl.Observed(app, impl.Registry(), impl.Log(Lines()), lambda _: None)
        body = front(environment("outer", "/main"), start)
        b"".join(body)
        body.close()
        want = [("/main", "outer"), ("/part", "inner"), ("after /part", "outer")]
        want += [("/fails", "inner"), ("after /fails", "outer")]
        equal(
            seen, want, did="request outer asks for two others within it: what the application saw"
        )

    simulate(scene)


@check("P11", kind="concurrency")
def test_two_threads_two_requests(impl: Implementation) -> None:
    """Two threads answer a request each."""

    def scene(sim: Sim) -> None:
        app = Noting(impl)
        front = impl.Observed(app, impl.Registry(), impl.Log(Lines()), lambda _: None)

        def ask(name: str) -> str | None:
            body = front(environment(name), start)
            b"".join(body)
            body.close()
            return impl.request_id()

        left = sim.together(lambda: ask("a"), lambda: ask("b"))
        for name in "ab":
            got = [what for what, seen in app.seen if seen == name]
            equal(got, list(STEPS), did=f"two threads, requests a and b: the steps that saw {name}")
        equal(left, [None, None], did="request_id() in both threads afterwards")

    explore(scene, schedules=100)


def inside(impl: Implementation, name: str, job: Callable[[], object]) -> Any:
    """What `job` returns as the application of the request `name`."""
    found: list[object] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found.append(job())
        start_response("200 OK", [])
        return []

    impl.Observed(app, impl.Registry(), impl.Log(Lines()), lambda _: None)(
        environment(name), start
    ).close()
    return found[0]


@check("P12", kind="behaviour")
def test_threads_that_a_request_starts(impl: Implementation) -> None:
    """A request hands carried functions to a thread and to a pool, whose worker is used again."""

    def scene(sim: Sim) -> None:
        seen: Seen = []

        def job(what: str) -> None:
            seen.append((what, impl.request_id()))

        with ThreadPoolExecutor(1) as pool:

            def work() -> None:
                thread = threading.Thread(target=impl.carried(job), args=("thread",))
                thread.start()
                thread.join()
                pool.submit(impl.carried(job), "pool").result()

            pool.submit(job, "before").result()
            inside(impl, "a", work)
            pool.submit(job, "after a").result()
            inside(impl, "b", lambda: pool.submit(impl.carried(job), "pool").result())
            pool.submit(job, "after b").result()
        want = [("before", None), ("thread", "a"), ("pool", "a"), ("after a", None)]
        want += [("pool", "b"), ("after b", None)]
        equal(seen, want, did="requests a and b hand carried jobs to threads: what the jobs saw")

    simulate(scene)


@check("P12", kind="behaviour")
def test_carried_takes_the_id_of_its_caller(impl: Implementation) -> None:
    """A carried function is made in one request and run in another, after it, and outside of any."""

    def scene(sim: Sim) -> None:
        def look() -> tuple[str | None, str | None, str | None]:
            before = impl.request_id()
            return before, outside(), impl.request_id()

        outside = impl.carried(impl.request_id)
        mine = inside(impl, "a", lambda: impl.carried(impl.request_id))
        equal(mine(), "a", did="made in request a, run after its end: what it saw")
        equal(
            impl.request_id(), None, did="made in request a, run after its end; then request_id()"
        )
        did = "made outside of any request, run in request b: before, in and after it"
        equal(inside(impl, "b", look), ("b", None, "b"), did=did)
        got = inside(impl, "b", lambda: (mine(), impl.request_id()))
        equal(got, ("a", "b"), did="made in request a, run in request b: in it and after it")

    simulate(scene)


@check("P12", kind="behaviour")
def test_carried_changes_nothing_else(impl: Implementation) -> None:
    """Arguments, result and exception of carried functions; also of one that calls itself."""

    def scene(sim: Sim) -> None:
        given: list[object] = []
        error = LookupError("of the function")

        def job(*args: object, **kwargs: object) -> object:
            given.append((args, kwargs))
            return result

        def fails() -> None:
            raise error

        def down(depth: int) -> list[str | None]:
            return [impl.request_id(), *(again(depth - 1) if depth else [])]

        result: list[object] = []
        run = inside(impl, "a", lambda: impl.carried(job))
        ensure(
            run(1, function=2, self=3) is result, did="a carried function", want="its very result"
        )
        equal(given, [((1,), {"function": 2, "self": 3})], did="a carried function: its arguments")
        broken = inside(impl, "a", lambda: impl.carried(fails))
        caught = raises(LookupError, broken, did="a carried function that raises")
        ensure(caught is error, did="a carried function that raises", want="that very exception")
        equal(impl.request_id(), None, did="a carried function raised; request_id() after that")
        again = inside(impl, "a", lambda: impl.carried(down))
        equal(again(2), ["a"] * 3, did="a carried function that calls itself twice: what it saw")

    simulate(scene)


@check("P12", kind="concurrency")
def test_carried_runs_in_several_threads_at_once(impl: Implementation) -> None:
    """Two threads run one and the same carried function, one of them for a request of its own."""

    def scene(sim: Sim) -> None:
        def look() -> tuple[str | None, str | None]:
            before = impl.request_id()
            sim.sleep(1)
            return before, impl.request_id()

        shared = inside(impl, "a", lambda: impl.carried(look))
        got = sim.together(
            shared, lambda: inside(impl, "b", lambda: (*shared(), impl.request_id()))
        )
        want = [("a", "a"), ("a", "a", "b")]
        equal(got, want, did="two threads run one carried function of request a: what they saw")

    explore(scene, schedules=60)
