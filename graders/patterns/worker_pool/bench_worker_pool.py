"""How fast a pool hands tasks over. Never a verdict.

Sizes: tasks that do nothing, through 4 workers and a backlog of 100; cancelling with 1 worker and a
    backlog of 1,000.
Keys: none.
Mix: submit and wait for the result, or submit and cancel.
Threads: 4 workers and one caller, or four callers at once; cancelling: one busy worker, one caller.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from graders.kit import Implementation

TASKS = 1_000


def nothing() -> None:
    """Do nothing."""


def submit_many(pool: Any, count: int) -> None:
    """Submit, and wait for the last one."""
    futures = [pool.submit(nothing) for _ in range(count)]
    for future in futures:
        future.result()


@pytest.fixture
def pool(contender: Implementation) -> Iterator[Any]:
    """Four workers, a backlog of 100."""
    pool = contender.WorkerPool(workers=4, backlog=100)
    yield pool
    pool.shutdown()


def test_there_and_back(benchmark: Any, pool: Any) -> None:
    """`submit` and `result`: one task there and back on an idle pool."""
    benchmark(lambda: pool.submit(nothing).result())


def test_one_caller(benchmark: Any, pool: Any) -> None:
    """`submit` and `result`: 1,000 tasks of one caller, who has to wait for places."""
    benchmark.extra_info["operations"] = TASKS
    benchmark(submit_many, pool, TASKS)


def test_four_callers(benchmark: Any, pool: Any) -> None:
    """`submit` and `result`: 250 tasks of each of four callers at once."""
    benchmark.extra_info["operations"] = TASKS

    def callers() -> None:
        threads = [threading.Thread(target=submit_many, args=(pool, TASKS // 4)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    benchmark(callers)


def test_cancel(benchmark: Any, contender: Implementation) -> None:
    """`submit` and `cancel`: 1,000 waiting tasks, the newest cancelled first; the only worker is busy."""
    benchmark.extra_info["operations"] = TASKS
    pool = contender.WorkerPool(workers=1, backlog=TASKS)
    gate = threading.Event()
    pool.submit(gate.wait)

    def submit_and_cancel() -> None:
        for future in reversed([pool.submit(nothing) for _ in range(TASKS)]):
            future.cancel()

    benchmark(submit_and_cancel)
    gate.set()
    pool.shutdown()
