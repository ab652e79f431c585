"""How fast a ticker answers. Never a verdict.

Sizes: 1,000 calls, alone or beside 100 calls that wait in line; a line of 100 that is served.
Keys: none.
Mix: try_acquire only, wait with a timeout that is over at once, or a line that comes, is served and goes.
Threads: one, beside 100 that sleep; 100 that wait.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.patterns.ticker import Stopped
from graders.kit import Implementation

ROUND, LINE = 1_000, 100


def until_stopped(ticker: Any) -> None:
    """Wait for a token that does not come."""
    try:
        ticker.wait()
    except Stopped:
        return


@pytest.fixture
def crowded(contender: Implementation) -> Iterator[Any]:
    """A ticker with a long line and no tick in sight."""
    ticker = contender.Ticker(1_000_000)
    threads = [threading.Thread(target=until_stopped, args=(ticker,)) for _ in range(LINE)]
    for thread in threads:
        thread.start()
    yield ticker
    ticker.stop()
    for thread in threads:
        thread.join()


def test_no_token(benchmark: Any, contender: Implementation) -> None:
    """`try_acquire` on an idle ticker that has no token."""
    ticker = contender.Ticker(1_000_000)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [ticker.try_acquire() for _ in range(ROUND)])
    ticker.stop()


def test_tokens(benchmark: Any, contender: Implementation) -> None:
    """`try_acquire` on a ticker that ticks every microsecond."""
    ticker = contender.Ticker(1e-6, 1_000)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [ticker.try_acquire() for _ in range(ROUND)])
    ticker.stop()


def test_beside_a_line(benchmark: Any, crowded: Any) -> None:
    """`try_acquire` while 100 calls wait."""
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [crowded.try_acquire() for _ in range(ROUND)])


def test_leaving_a_line(benchmark: Any, crowded: Any) -> None:
    """`wait` for a microsecond, behind 100 calls."""
    benchmark.extra_info["operations"] = 10
    benchmark(lambda: [crowded.wait(1e-6) for _ in range(10)])


def test_serving_a_line(benchmark: Any, contender: Implementation) -> None:
    """`wait` by 100 threads at once, a tick every 20 microseconds."""
    benchmark.extra_info["operations"] = LINE

    def line() -> None:
        with contender.Ticker(20e-6) as ticker:
            threads = [threading.Thread(target=ticker.wait) for _ in range(LINE)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    benchmark(line)
