"""What is refused, and what it costs."""

import contextlib
import gc
import math
import sys
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.growth import grows_at_most
from graders.services.observability.given import Nowhere, answer

BAD_NAMES = (
    "",
    "1a_total",
    "a-b_total",
    "a b_total",
    "é_total",
    "a_total\n",
    "\na_total",
    "a{_total",
)
BAD_LABELS = ("", "1a", "a-b", "a:b", "__a", "é", "a\n", "a b")


@check("P4", kind="behaviour")
def test_bad_declarations(impl: Implementation) -> None:
    """Bad names, labels and buckets; names that are taken."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        registry.counter("c_total", "C.", ("a",))
        registry.gauge("h_sum", "A gauge with the name of a sample.")
        registry.histogram("w", "W.", (), (1, 2))
        before = registry.render()
        bad: list[tuple[str, Callable[[], object]]] = []
        for name in BAD_NAMES:
            bad += [(f"counter({name!r})", lambda name=name: registry.counter(name, ""))]
            bad += [(f"gauge({name!r})", lambda name=name: registry.gauge(name, ""))]
        for label in BAD_LABELS:
            bad += [(f"a label {label!r}", lambda label=label: registry.gauge("g", "", (label,)))]
        for buckets in ((), (2, 1), (1, 1), (1, math.nan), (1, math.inf), (-math.inf, 1)):
            bad += [(f"buckets {buckets}", lambda b=buckets: registry.histogram("b", "", (), b))]
        bad += [
            ("a counter without _total", lambda: registry.counter("c", "")),
            ("a label twice", lambda: registry.gauge("g", "", ("a", "b", "a"))),
            ("a histogram with the label le", lambda: registry.histogram("b", "", ("le",))),
            ("c_total with another label", lambda: registry.counter("c_total", "", ("b",))),
            ("c_total with one more label", lambda: registry.counter("c_total", "", ("a", "b"))),
            ("c_total without labels", lambda: registry.counter("c_total", "")),
            ("c_total as a gauge", lambda: registry.gauge("c_total", "", ("a",))),
            ("w with other buckets", lambda: registry.histogram("w", "", (), (1, 3))),
            ("w as a gauge", lambda: registry.gauge("w", "")),
            ("h, whose h_sum is a gauge", lambda: registry.histogram("h", "")),
            ("w_count, a sample of w", lambda: registry.gauge("w_count", "")),
            ("w_bucket, a sample of w", lambda: registry.gauge("w_bucket", "")),
        ]
        for what, declare in bad:
            raises(ValueError, declare, did=f"declared: {what}")
            equal(registry.render(), before, did=f"declared: {what}; render() after the refusal")
        registry.gauge("g", "", ("a", "_b", "C1")).set(1, a="", _b="", C1="")
        registry.gauge(":a_Z9", "").set(1)
        registry.gauge("h", "", ("le",)).set(1, le="")
        for most in (0, -1):
            fresh, log = impl.Registry(), impl.Log(Nowhere())
            make = partial(impl.Observed, answer, fresh, log, lambda _: None, most)
            raises(ValueError, make, did=f"Observed with max_routes={most}")
            equal(fresh.render(), "", did=f"max_routes={most}; the registry after the refusal")

    simulate(scene)


@check("P4", kind="behaviour")
def test_bad_updates(impl: Implementation) -> None:
    """Amounts and labels that a metric does not take."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        counter = registry.counter("c_total", "", ("a", "b"))
        gauge, histogram = registry.gauge("g", ""), registry.histogram("h", "", ("a",))
        counter.add(1, a="x", b="y")
        before = registry.render()
        value: list[tuple[str, Callable[[], object]]] = [
            ("counter add(-1)", lambda: counter.add(-1, a="x", b="y")),
            ("counter add(-0.5) under new labels", lambda: counter.add(-0.5, a="new", b="y")),
            ("counter add without labels", counter.add),
            ("counter add with one of two labels", lambda: counter.add(1, a="x")),
            ("counter add with a label too many", lambda: counter.add(1, a="x", b="y", c="z")),
            ("counter add with another label", lambda: counter.add(1, a="x", c="y")),
            ("gauge add with a label that it lacks", lambda: gauge.add(1, a="x")),
            ("gauge set with a label that it lacks", lambda: gauge.set(1, a="x")),
            ("histogram observe without its label", lambda: histogram.observe(1)),
        ]
        value.append(("gauge set(10**400)", lambda: gauge.set(10**400)))
        for odd, name in (
            (math.nan, "nan"),
            (math.inf, "inf"),
            (-math.inf, "-inf"),
            (10**400, "10**400"),
        ):
            value += [
                (f"counter add({name})", lambda odd=odd: counter.add(odd, a="x", b="y")),
                (f"gauge add({name})", lambda odd=odd: gauge.add(odd)),
                (f"histogram observe({name})", lambda odd=odd: histogram.observe(odd, a="x")),
            ]
        kind: list[tuple[str, Callable[[], object]]] = [
            ("counter add('1')", lambda: counter.add("1", a="x", b="y")),
            ("gauge set(None)", lambda: gauge.set(None)),
            ("gauge add('1')", lambda: gauge.add("1")),
            ("histogram observe('1')", lambda: histogram.observe("1", a="x")),
            ("a label value 1", lambda: counter.add(1, a=1, b="y")),
            ("a label value None", lambda: histogram.observe(1, a=None)),
            ("a label value b'x'", lambda: counter.add(1, a="x", b=b"x")),
        ]
        for error, calls in ((ValueError, value), (TypeError, kind)):
            for what, call in calls:
                raises(error, call, did=what)
                equal(registry.render(), before, did=f"{what}; render() after the refusal")

    simulate(scene)


@check("P5", kind="throughput")
def test_updates_stay_fast(plain: Implementation) -> None:
    """A thousand updates of a registry with few label sets and metrics, and with many."""

    def many_labels(size: int) -> Callable[[], object]:
        registry = plain.Registry()
        counter = registry.counter("c_total", "", ("a",))
        for number in range(size):
            counter.add(1, a=str(number))

        def block() -> None:
            for number in range(300):
                counter.add(1, a=f"new {number}")

        return block

    def many_metrics(size: int) -> Callable[[], object]:
        registry = plain.Registry()
        metrics = [registry.gauge(f"g{number}", "") for number in range(size)]

        def block() -> None:
            for number in range(500):
                metrics[number % 20].set(number)

        return block

    grows_at_most(many_labels, small=40, large=6_000, did="updates under new label values")
    grows_at_most(many_metrics, small=40, large=2_000, did="updates of gauges among many gauges")


def ask(front: Any, number: int, app: Any = None) -> None:
    """One request with an id and a path of its own."""
    environ: WSGIEnvironment = {"PATH_INFO": f"/{number}", "thing": app}
    if number % 2:
        environ["HTTP_X_REQUEST_ID"] = f"id-{number}"
    setup_testing_defaults(environ)
    body = front(environ, lambda *_: lambda _: None)
    b"".join(body)
    body.close()


@check("P5", kind="behaviour")
def test_memory_does_not_grow_with_requests(plain: Implementation) -> None:
    """Two thousand requests, each with its own path, half of them with an id of their own."""
    front = plain.Observed(answer, plain.Registry(), plain.Log(Nowhere()), lambda _: "/<n>")
    for number in range(200):
        ask(front, number)
    gc.collect()
    before = sys.getallocatedblocks()
    for number in range(200, 2_200):
        ask(front, number)
    gc.collect()
    grown = sys.getallocatedblocks() - before
    did = "2,000 requests with ids and paths of their own: blocks of memory more than before"
    ensure(grown < 1_000, did=did, want="fewer than 1,000", got=grown)


class Thing:
    """Something of a request that can be watched going away."""


@check("P5", kind="behaviour")
def test_a_request_is_let_go(impl: Implementation) -> None:
    """The body, the environ and the exception of requests that are over."""

    def scene(sim: Sim) -> None:
        watched: dict[str, weakref.ref[Any]] = {}

        class Body(list[bytes]):
            pass

        class Failure(Exception):
            pass

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [])
            if environ["PATH_INFO"] == "/2":
                error = Failure()
                watched["the exception that it raised"] = weakref.ref(error)
                raise error
            body = Body([b"x"])
            watched["the body"] = weakref.ref(body)
            return body

        def serve() -> None:
            for number in (1, 2):
                thing = Thing()
                watched[f"an object in the environ of request {number}"] = weakref.ref(thing)
                with contextlib.suppress(Failure):
                    ask(front, number, thing)

        front = impl.Observed(app, impl.Registry(), impl.Log(Nowhere()), lambda _: None)
        serve()
        gc.collect()
        for what, ref in watched.items():
            did = f"two requests are over, the second one raised: {what}"
            ensure(ref() is None, did=did, want="nothing refers to it")

    simulate(scene)
