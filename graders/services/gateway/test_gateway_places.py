"""Slow upstreams, slow clients, slow observers: whom they hold up, in simulated time."""

import io
from collections.abc import Callable
from typing import Any

from contracts.services.gateway import (
    Client,
    Record,
    Route,
    Upstream,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.kit.http import Response, call, refused

CLIENTS = [Client(name, (f"{name}-secret",), 1e6, 1_000_000) for name in ("alice", "bob")]
SLOW, QUICK = Upstream("slow", 1, 30.0, 2), Upstream("quick", 2, 30.0, 2)
ROUTES = [Route("/slow", SLOW), Route("/also/slow", SLOW), Route("/quick", QUICK)]
FINE = UpstreamResponse(200, (("Content-Type", "text/plain"),), b"fine")


class Behind:
    """A transport whose upstream `slow` takes 5 s; knows how many calls there were at once."""

    def __init__(self, sim: Sim, end: Callable[[], UpstreamResponse] = lambda: FINE) -> None:
        self.sim, self.end = sim, end
        self.now, self.most, self.calls = 0, 0, 0

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        self.calls += 1
        if address[0] == "quick":
            return FINE
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            self.sim.sleep(5.0)
            return self.end()
        finally:
            self.now -= 1


def ask(app: Any, path: str, name: str = "alice") -> Response:
    """One request of that client."""
    return call(app, "GET", path, headers={"X-Api-Key": f"{name}-secret"})


def at_once(sim: Sim, job: Callable[[], Response], status: int, did: str) -> Response:
    """The answer has this status, and no simulated time goes by until it comes."""
    start = sim.now()
    answer = job()
    equal(answer.status, status, did=did + ": status")
    ensure(
        sim.now() == start, did=did, want="an answer at once", got=f"{sim.now() - start} s later"
    )
    return answer


@check("P11", "P15", "P14", kind="timing")
def test_a_full_upstream_refuses_at_once(impl: Implementation) -> None:
    """max_calls=2 and calls of 5 s: two under way, by two routes and clients; a third comes."""

    def scene(sim: Sim) -> None:
        behind, start = Behind(sim), sim.now()
        records: list[Record] = []
        app = impl.Gateway(ROUTES, CLIENTS, behind, observe=records.append)
        first = sim.spawn(lambda: ask(app, "/slow").status)
        sim.settle()
        sim.sleep(1)
        second = sim.spawn(lambda: ask(app, "/also/slow/x", "bob").status)
        sim.settle()
        equal(behind.now, 2, did="two requests to an upstream with max_calls=2: calls under way")
        did = "a third request, while two calls of 5 s are under way"
        for path in ("/slow", "/also/slow"):
            refused(
                f"{did}, to {path}", 503, at_once(sim, lambda path=path: ask(app, path), 503, did)
            )  # type: ignore[misc]
        at_once(sim, lambda: ask(app, "/quick"), 200, f"{did}, to another upstream")
        equal(first.result(), 200, did="the first of the two: status")
        equal(sim.now() - start, 5.0, did="the first of the two, sent at 0 s: when it was answered")
        third = sim.spawn(lambda: ask(app, "/slow").status)
        sim.settle()
        equal(behind.now, 2, did="its place is free again: calls under way after another request")
        at_once(sim, lambda: ask(app, "/slow"), 503, "and one more")
        equal((second.result(), third.result()), (200, 200), did="the others: statuses")
        equal(
            (sim.now() - start, behind.most),
            (10.0, 2),
            did="when the last was answered; most calls at once",
        )

        told = {(each.upstream, each.from_upstream) for each in records if each.status == 503}
        equal(told, {(None, False)}, did="records of the refused ones: upstream, from_upstream")

    simulate(scene)


@check("P11", kind="timing")
def test_a_place_is_free_again_however_the_call_ended(impl: Implementation) -> None:
    """max_calls=2: calls that end well, in failures and in errors of all kinds, ten of each."""

    def scene(sim: Sim) -> None:
        for error, status in (
            (None, 200),
            (UpstreamTimeout("slow"), 504),
            (UpstreamFailed("dead"), 502),
            (OSError("reset"), 502),
            (ValueError("a bug"), 502),
        ):

            def end(error: Exception | None = error) -> UpstreamResponse:
                if error is not None:
                    raise error
                return FINE

            app = impl.Gateway(ROUTES, CLIENTS, Behind(sim, end))

            def one(app: Any = app) -> int:
                return ask(app, "/slow").status

            for _ in range(5):
                got = sim.together(one, one)
                did = f"max_calls=2: two calls that end in {error!r}, five times over: statuses"
                equal(got, [status] * 2, did=did)

    simulate(scene)


@check("P11", kind="concurrency")
def test_the_last_place_goes_to_one(impl: Implementation) -> None:
    """Two requests at the same instant, one place; and afterwards one."""

    def scene(sim: Sim) -> None:
        behind = Behind(sim)
        routes = [Route("/slow", Upstream("slow", 1, 30.0, 1))]
        app = impl.Gateway(routes, CLIENTS, behind)
        got = sim.together(
            lambda: ask(app, "/slow").status, lambda: ask(app, "/slow", "bob").status
        )
        equal(sorted(got), [200, 503], did="max_calls=1: two requests at once; statuses")
        equal(behind.most, 1, did="max_calls=1: two requests at once; most calls at once")
        equal(ask(app, "/slow").status, 200, did="max_calls=1: and afterwards another; status")

    explore(scene, schedules=60)


@check("P11", kind="concurrency")
def test_no_place_is_lost_or_made(impl: Implementation) -> None:
    """Two calls end at the same instant; then there are two places, and not three."""

    def scene(sim: Sim) -> None:
        behind = Behind(sim)
        app = impl.Gateway(ROUTES, CLIENTS, behind)
        for _ in range(2):
            got = sim.together(
                lambda: ask(app, "/slow").status, lambda: ask(app, "/slow", "bob").status
            )
            equal(got, [200, 200], did="max_calls=2: two requests at once, twice; statuses")
        last = [sim.spawn(lambda: ask(app, "/slow").status) for _ in range(3)]
        got = [each.result() for each in last]
        equal(sorted(got), [200, 200, 503], did="max_calls=2: then three at once; statuses")
        equal(behind.most, 2, did="max_calls=2: most calls at once")

    explore(scene, schedules=60)


@check("P11", "P15", kind="timing")
def test_a_slow_client_holds_no_place(impl: Implementation) -> None:
    """max_calls=1: a client takes 60 s to send its body; meanwhile others are served."""

    def scene(sim: Sim) -> None:
        class Slow(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                sim.sleep(60)
                return super().read(size)

        behind = Behind(sim)
        app = impl.Gateway([Route("/quick", Upstream("quick", 2, 30.0, 1))], CLIENTS, behind)
        headers = {"X-Api-Key": "alice-secret", "Content-Length": "2"}
        post = sim.spawn(lambda: call(app, "POST", "/quick", Slow(b"12"), headers).status)
        sim.settle()
        for name in ("alice", "bob"):
            did = f"max_calls=1: a client is sending its body; a request of {name}"
            at_once(sim, lambda name=name: ask(app, "/quick", name), 200, did)  # type: ignore[misc]
        equal(post.result(), 200, did="the slow client: status")
        equal(behind.calls, 3, did="three requests; calls of the upstream")

    simulate(scene)


@check("P11", "P15", kind="timing")
def test_a_slow_reader_holds_no_place(impl: Implementation) -> None:
    """max_calls=1: an answer has been handed to the server and is not yet read; another request."""

    def scene(sim: Sim) -> None:
        behind = Behind(sim)
        app = impl.Gateway([Route("/quick", Upstream("quick", 2, 30.0, 1))], CLIENTS, behind)

        def slow(environ: Any, start_response: Any) -> Any:
            body = app(environ, start_response)
            sim.sleep(60)
            return body

        first = sim.spawn(lambda: call(slow, "GET", "/quick", headers={"X-Api-Key": "bob-secret"}))
        sim.settle()
        did = "max_calls=1: a client has not yet read its answer; another request"
        at_once(sim, lambda: ask(app, "/quick"), 200, did)
        equal(first.result().status, 200, did="the slow client: status")

    simulate(scene)


@check("P15", "P12", kind="timing")
def test_a_slow_upstream_holds_up_nobody(impl: Implementation) -> None:
    """While a call takes 5 s: the same client and another, the same upstream and another."""

    def scene(sim: Sim) -> None:
        behind, start = Behind(sim), sim.now()
        app = impl.Gateway(ROUTES, CLIENTS, behind)
        first = sim.spawn(lambda: ask(app, "/slow").status)
        sim.settle()
        for name in ("alice", "bob"):
            did = f"a call of alice takes 5 s; meanwhile {name} asks another upstream"
            at_once(sim, lambda name=name: ask(app, "/quick", name), 200, did)  # type: ignore[misc]
        refused("and a path without a route", 404, at_once(sim, lambda: ask(app, "/x"), 404, "404"))
        sim.sleep(1)
        second = sim.spawn(lambda: ask(app, "/slow", "bob").status)
        equal((first.result(), second.result()), (200, 200), did="two calls of 5 s: statuses")
        equal(
            sim.now() - start,
            6.0,
            did="two calls of 5 s, begun at 0 and 1 s: when both were answered",
        )

    simulate(scene)


@check("P15", "P14", kind="timing")
def test_a_slow_observer_holds_up_nobody(impl: Implementation) -> None:
    """The observer takes 60 s for a request of Alice; meanwhile others, with max_calls=1."""

    def scene(sim: Sim) -> None:
        def observe(record: Record) -> None:
            if record.client == "alice":
                sim.sleep(60)

        routes = [Route("/quick", Upstream("quick", 2, 30.0, 1))]
        app = impl.Gateway(routes, CLIENTS, Behind(sim), observe=observe)
        first = sim.spawn(lambda: ask(app, "/quick").status)
        sim.settle()
        did = "the observer is busy with a request of alice; bob asks"
        at_once(sim, lambda: ask(app, "/quick", "bob"), 200, did)
        equal(first.result(), 200, did="the request of alice: status")

    simulate(scene)
