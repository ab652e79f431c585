"""The pytest plugin in a contender's process: a benchmark whose rounds wait for their turn.

pytest-benchmark measures; this fixture stands in front of its own, and asks the referee before each round.
"""

import contextlib
import os
import resource
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from graders.kit import orphans
from graders.kit.bench import clock
from graders.kit.bench.line import Line
from graders.kit.child import MEMORY
from graders.kit.expect import show_error
from graders.kit.loading import Implementation

DESCRIPTOR: Final = "KATAS_BENCH_LINE"
REFEREE: Final = "KATAS_BENCH_REFEREE"
ONLY: Final = "KATAS_BENCH_ONLY"
ROUND: Final = 0.005
"""Seconds that a round should take at the least."""
ROUNDS: Final = 20
FEWEST: Final = 5
BUDGET: Final = 0.5
"""Seconds for all rounds of an operation in one process: a slow contender takes part in fewer."""
BIGGEST_FILE: Final = 64 << 20
LINE = pytest.StashKey[Line]()


class Turns(BenchmarkFixture):
    """The `benchmark` of a bench file: call it once with a function and its arguments."""

    def __init__(self, fixture: BenchmarkFixture, line: Line) -> None:
        vars(self).update(vars(fixture))  # all that the command line has set
        self._line = line

    def __call__(
        self, function_to_benchmark: Callable[..., object], *args: Any, **kwargs: Any
    ) -> None:
        """Measure: calls enough for a round, each round when the referee says go."""
        call = partial(function_to_benchmark, *args, **kwargs)
        calls, seconds = calibrate(call)
        rounds = max(FEWEST, min(ROUNDS, int(BUDGET / seconds)))
        self.pedantic(repeat, args=(call, calls), setup=self._turn, rounds=rounds)  # type: ignore[no-untyped-call]
        assert self.stats is not None  # pedantic has made them
        each = [round_ / calls for round_ in self.stats.stats.data]
        self._line.tell(
            op=self.name,
            seconds=each,
            calls=calls,
            operations=self.extra_info.get("operations", 1),
            sleep=clock.counts_sleep(),
        )

    def _turn(self) -> None:
        self._line.tell(op=self.name, turn=True)
        clock.settle(self._line.wait())


def calibrate(call: Callable[[], object]) -> tuple[int, float]:
    """How many calls make a round, and how long it takes; warms up on the way."""
    call()
    clock.choose()
    calls = 1
    while True:
        began = clock.seconds()
        repeat(call, calls)
        took = clock.seconds() - began
        if took >= ROUND:
            return calls, took
        calls = max(calls + 1, min(calls * 10, int(calls * ROUND * 1.2 / max(took, 1e-9))))


def repeat(call: Callable[[], object], calls: int) -> None:
    """What a round does."""
    for _ in range(calls):
        call()


def pytest_configure(config: pytest.Config) -> None:
    """Bounded means; the end of the referee is the end of this process."""
    orphans.die_with_parent(int(os.environ[REFEREE]))
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, BIGGEST_FILE),
        (resource.RLIMIT_AS, MEMORY),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))
    config.stash[LINE] = Line(int(os.environ.pop(DESCRIPTOR)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say which operations there are; measure those that are wanted."""
    wanted = set(os.environ.get(ONLY, "").split()) or {item.name for item in items}
    config.stash[LINE].tell(ops=[item.name for item in items])
    items[:] = [item for item in items if item.name in wanted]


@pytest.fixture
def benchmark(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Turns:
    """pytest-benchmark's fixture, taking turns."""
    return Turns(benchmark, request.config.stash[LINE])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """An operation that fails is said so, in the words of its error."""
    if call.excinfo is not None and call.when != "teardown":
        item.config.stash[LINE].tell(op=item.name, **failure(call.excinfo.value))
    return (yield)


def failure(error: BaseException) -> dict[str, str]:
    """Why there is no figure: not attempted, not offered, or an error."""
    cause = error.__cause__ or error
    if isinstance(cause, NotImplementedError):
        return {"failed": "not attempted", "why": ""}
    if isinstance(cause, AttributeError) and isinstance(cause.obj, Implementation):
        return {"failed": "error", "why": f"it offers no {cause.name}"}
    return {"failed": "error", "why": show_error(cause)}
