"""Labels: a bounded number of values, whatever is requested."""

import io
import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

from contracts.services.observability import METHODS, OTHER, Registry
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.services.observability.given import Nowhere


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Not here."""
    start_response("404 Not Found", [])
    return []


def ask(front: Any, path: str, method: str = "GET") -> WSGIEnvironment:
    """One request."""
    environ: WSGIEnvironment = {"REQUEST_METHOD": method, "PATH_INFO": path}
    setup_testing_defaults(environ)
    front(environ, lambda *_: lambda _: None).close()
    return environ


def values(registry: Registry, label: str) -> list[str]:
    """The values of a label in all samples, each once."""
    return sorted(set(re.findall(rf'\b{label}="([^"]*)"', registry.render())))


def begun(front: Any, path: str) -> Any:
    """The body of a request that has not been closed."""
    environ: WSGIEnvironment = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    return front(environ, lambda *_: lambda _: None)


@check("P16", kind="behaviour")
def test_a_scan_of_many_paths(plain: Implementation) -> None:
    """Thousands of paths are requested; a careless application names each of them as a route."""
    registry, careless = plain.Registry(), plain.Registry()
    log = plain.Log(Nowhere())
    front = plain.Observed(
        app, registry, log, lambda environ: "/" if environ["PATH_INFO"] == "/" else None
    )
    ask(front, "/")
    for number in range(1_000):
        ask(front, f"/wp-admin/{number}.php")
    equal(values(registry, "route"), ["/", OTHER], did="1,000 paths without a route: label values")
    front = plain.Observed(app, careless, log, lambda environ: environ["PATH_INFO"])
    for number in range(4_000):
        ask(front, f"/wp-admin/{number}.php")
    want = sorted([*(f"/wp-admin/{number}.php" for number in range(100)), OTHER])
    got = values(careless, "route")
    equal(
        len(got), 101, did="4,000 paths, each named as a route, max_routes by default: label values"
    )
    equal(got, want, did="4,000 paths, each named as a route: the first hundred, and other")
    counted = re.findall(r'http_requests_total\{.*route="other".*\} (\S+)', careless.render())
    equal(
        [float(number) for number in counted], [3_900.0], did="4,000 paths: those counted as other"
    )


@check("P16", kind="behaviour")
def test_unknown_methods_are_one(impl: Implementation) -> None:
    """Known methods, and others that somebody has made up."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        front = impl.Observed(app, registry, impl.Log(io.StringIO()), lambda _: "/")
        for method in (*METHODS, "get", "Get", "BREW", "PROPFIND", "", "GET ", "OTHER"):
            ask(front, "/", method)
        found = re.findall(r'http_requests_total\{.*method="other".*\} (\S+)', registry.render())
        did = "requests with all known methods and seven unknown ones: those counted as other"
        equal([float(number) for number in found], [7.0], did=did)
        got = values(registry, "method")
        equal(
            got,
            sorted({*METHODS, OTHER}),
            did="requests with known and unknown methods: label values",
        )

    simulate(scene)


@check("P16", kind="behaviour")
def test_what_route_may_answer(impl: Implementation) -> None:
    """Route answers None, something that is no text, raises, and knows more than it may."""

    def scene(sim: Sim) -> None:
        called: list[WSGIEnvironment] = []

        def route(environ: WSGIEnvironment) -> Any:
            called.append(environ)
            path = environ["PATH_INFO"]
            if path == "/raises":
                raise LookupError
            return {"/none": None, "/number": 7, "/bytes": b"/x", "/list": ["/x"]}.get(path, path)

        registry, out = impl.Registry(), io.StringIO()
        front = impl.Observed(app, registry, impl.Log(out), route, 2)
        odd = ("/none", "/number", "/bytes", "/list", "/raises")
        for path in odd:
            environ = ask(front, path)
            equal(len(called), 1, did=f"GET {path}: calls of route")
            ensure(called.pop() is environ, did="route was called", want="with that very environ")
        equal(values(registry, "route"), [OTHER], did=f"route for {odd}: label values")
        for path in ("/a", "/b", "/c", "/a", "/d", "/b", *odd):
            ask(front, path)
        equal(values(registry, "route"), ["/a", "/b", OTHER], did="max_routes=2; routes a, b, c, d")
        got = re.findall(r'http_requests_total\{.*route="/a".*\} (\S+)', registry.render())
        equal(
            [float(number) for number in got],
            [2.0],
            did="max_routes=2; routes a, b, c, a, d, b: those of a",
        )
        routes = re.findall(r'"route": ?"([^"]*)"', out.getvalue())
        want = [*[OTHER] * 5, "/a", "/b", OTHER, "/a", OTHER, "/b", *[OTHER] * 5]
        equal(routes, want, did="max_routes=2; the routes in the log lines")

    simulate(scene)


@check("P16", kind="concurrency")
def test_two_new_routes_at_once(impl: Implementation) -> None:
    """There is room for one route, and two threads bring a new one each."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        log = impl.Log(Nowhere())
        front = impl.Observed(app, registry, log, lambda environ: environ["PATH_INFO"], 1)
        bodies = [begun(front, path) for path in ("/a", "/b")]
        sim.together(*[body.close for body in bodies])
        got = [value for value in values(registry, "route") if value != OTHER]
        did = "max_routes=1; two threads bring a new route each: label values apart from other"
        equal(len(got), 1, did=did)

    explore(scene, schedules=200)
