"""How fast settings are gathered and built. Never a verdict.

Sizes: ten options; 0, 10 or 100 routes that are there already.
Keys: paths and labels of a few characters.
Mix: chains of setters, one load of everything, build only.
Threads: one.
"""

from typing import Any

import pytest

from graders.kit import Implementation

ROUND = 100


def base_of(contender: Implementation, routes: int) -> Any:
    """A valid builder with so many routes."""
    builder = contender.ServerBuilder().host("localhost").port(8080)
    return builder.routes({f"/{number}": "handler" for number in range(routes)})


@pytest.mark.parametrize("routes", [0, 10, 100])
def test_derive(benchmark: Any, contender: Implementation, routes: int) -> None:
    """One setter, one label (in brackets: how many routes the base has)."""
    base = base_of(contender, routes)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [base.port(80).labels({"a": "b"}) for _ in range(ROUND)])


@pytest.mark.parametrize("routes", [0, 10, 100])
def test_build(benchmark: Any, contender: Implementation, routes: int) -> None:
    """`build` of a valid builder (in brackets: how many routes it has)."""
    base = base_of(contender, routes)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [base.build() for _ in range(ROUND)])


def test_load(benchmark: Any, contender: Implementation) -> None:
    """A new builder, and five options by name."""
    values = {"host": "h", "port": 80, "workers": 2, "timeout": 9.5, "labels": {"a": "b"}}
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [contender.ServerBuilder().load(values) for _ in range(ROUND)])
