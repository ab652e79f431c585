"""How fast a job queue is. Never a verdict.

Sizes: 500 jobs for each call, capacity 100,000, the last 1,000 are remembered; payload and result
    are one small integer.
Keys: ids, made by the queue; one kind of job.
Mix: throughput: submit and run. failing: each job fails once and is retried at once. lookups: get
    only, of jobs that are done.
Threads: one that submits, and the workers: one or four.
"""

import threading
from typing import Any

from graders.kit import Implementation

JOBS = 500


class Zero:
    """A source of randomness that says 0: no retry waits."""

    def random(self) -> float:
        """Zero."""
        return 0.0


def bench_of(benchmark: Any, contender: Implementation, workers: int, fails: int) -> None:
    """Submit JOBS jobs and wait until the last of them has ended."""
    state, ended, lock = {"left": 0}, threading.Event(), threading.Lock()
    failed: dict[int, int] = {}

    def handler(number: int) -> int:
        if fails and failed.setdefault(number, 0) < fails:
            failed[number] += 1
            raise ValueError(number)
        with lock:
            state["left"] -= 1
            if state["left"] == 0:
                ended.set()
        return number

    queue = contender.JobQueue({"k": handler}, workers, 100_000, chance=Zero())

    def once() -> None:
        failed.clear()
        ended.clear()
        state["left"] = JOBS
        for number in range(JOBS):
            queue.submit("k", number)
        ended.wait()

    benchmark.extra_info["operations"] = JOBS
    benchmark(once)
    queue.stop()


def test_one_worker(benchmark: Any, contender: Implementation) -> None:
    """500 jobs are submitted and run, one worker."""
    bench_of(benchmark, contender, workers=1, fails=0)


def test_four_workers(benchmark: Any, contender: Implementation) -> None:
    """500 jobs are submitted and run, four workers."""
    bench_of(benchmark, contender, workers=4, fails=0)


def test_failing_once(benchmark: Any, contender: Implementation) -> None:
    """500 jobs are submitted, fail once and succeed then, one worker, no waits."""
    bench_of(benchmark, contender, workers=1, fails=1)


def test_lookups(benchmark: Any, contender: Implementation) -> None:
    """`get` of 500 jobs that are done."""
    ended = threading.Event()
    handlers = {"k": lambda number: number, "end": lambda _: ended.set()}
    queue = contender.JobQueue(handlers, 1, 100_000)
    ids = [queue.submit("k", number) for number in range(JOBS)]
    queue.submit("end")
    ended.wait()
    benchmark.extra_info["operations"] = JOBS
    benchmark(lambda: [queue.get(job_id) for job_id in ids])
    queue.stop()
