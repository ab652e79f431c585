"""How fast a pool hands tasks over. Never a verdict.

Workloads, all with tasks that do nothing: one task there and back on an idle pool of 4 workers;
1,000 tasks through 4 workers and a backlog of 100, submitted by one caller; 1,000 by 4 callers at
once; 1,000 waiting tasks cancelled one by one, newest first.
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
    """One task on an idle pool: submit and result."""
    benchmark(lambda: pool.submit(nothing).result())


def test_one_caller(benchmark: Any, pool: Any) -> None:
    """1,000 tasks of one caller, who has to wait for places."""
    benchmark(submit_many, pool, TASKS)


def test_four_callers(benchmark: Any, pool: Any) -> None:
    """1,000 tasks of four callers at once."""

    def callers() -> None:
        threads = [threading.Thread(target=submit_many, args=(pool, TASKS // 4)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    benchmark(callers)


def test_cancel(benchmark: Any, contender: Implementation) -> None:
    """1,000 waiting tasks are submitted and cancelled, newest first; the only worker is busy."""
    pool = contender.WorkerPool(workers=1, backlog=TASKS)
    gate = threading.Event()
    pool.submit(gate.wait)

    def submit_and_cancel() -> None:
        for future in reversed([pool.submit(nothing) for _ in range(TASKS)]):
            future.cancel()

    benchmark(submit_and_cancel)
    gate.set()
    pool.shutdown()
