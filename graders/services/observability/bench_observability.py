"""What observing costs. Never a verdict.

Sizes: a counter and a histogram with 100 label sets each; requests to one route.
Keys: label values in turn.
Mix: add and observe: updates only. request: calls of an observed application that answers one piece,
    its line going nowhere. line: lines of five fields. scrape: one text of both metrics.
Threads: one.
"""

from typing import Any
from wsgiref.types import WSGIEnvironment
from wsgiref.util import setup_testing_defaults

from graders.kit import Implementation
from graders.services.observability.given import Nowhere, answer

SETS = [str(number) for number in range(100)]


def test_add(benchmark: Any, contender: Implementation) -> None:
    """`add` to a counter under each of 100 label values, ten times over."""
    counter = contender.Registry().counter("c_total", "", ("a",))
    benchmark.extra_info["operations"] = 10 * len(SETS)
    benchmark(lambda: [counter.add(1, a=value) for _ in range(10) for value in SETS])


def test_observe(benchmark: Any, contender: Implementation) -> None:
    """`observe` in a histogram of eleven buckets under each of 100 label values, ten times over."""
    histogram = contender.Registry().histogram("h", "", ("a",))
    benchmark.extra_info["operations"] = 10 * len(SETS)
    benchmark(lambda: [histogram.observe(0.3, a=value) for _ in range(10) for value in SETS])


def test_scrape(benchmark: Any, contender: Implementation) -> None:
    """`render` of a counter and a histogram with 100 label sets each: 1,500 samples."""
    registry = contender.Registry()
    counter, histogram = (
        registry.counter("c_total", "", ("a",)),
        registry.histogram("h", "", ("a",)),
    )
    for value in SETS:
        counter.add(1, a=value)
        histogram.observe(0.3, a=value)
    benchmark(registry.render)


def test_line(benchmark: Any, contender: Implementation) -> None:
    """`info` with five fields."""
    log = contender.Log(Nowhere())
    benchmark.extra_info["operations"] = 50
    benchmark(lambda: [log.info("event", a=1, b="text", c=0.5, d=None, e="é") for _ in range(50)])


def test_request(benchmark: Any, contender: Implementation) -> None:
    """One request through the middleware, with its line and metrics."""
    log = contender.Log(Nowhere())
    front = contender.Observed(answer, contender.Registry(), log, lambda _: "/")
    environ: WSGIEnvironment = {"HTTP_X_REQUEST_ID": "mine"}
    setup_testing_defaults(environ)

    def ask() -> None:
        body = front(environ, lambda *_: lambda _: None)
        list(body)
        body.close()

    benchmark.extra_info["operations"] = 20
    benchmark(lambda: [ask() for _ in range(20)])
