"""How fast a limiter is. Never a verdict.

Sizes: one bucket, or a limiter that remembers 10,000 clients.
Keys: clients are small integers: 1,000 remembered ones in turn, or new ones only.
Mix: try_acquire only: all allowed, all refused, or allowed for each client.
Threads: one.
"""

from typing import Any

from graders.kit import Implementation

ROUND = 1_000


def test_allowed(benchmark: Any, contender: Implementation) -> None:
    """`try_acquire` of one bucket, always allowed."""
    bucket = contender.TokenBucket(1e9, 10**9)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [bucket.try_acquire() for _ in range(ROUND)])


def test_refused(benchmark: Any, contender: Implementation) -> None:
    """`try_acquire` of an empty bucket, always refused."""
    bucket = contender.TokenBucket(1e-6, 1)
    bucket.try_acquire()
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [bucket.try_acquire() for _ in range(ROUND)])


def test_remembered_clients(benchmark: Any, contender: Implementation) -> None:
    """`try_acquire` for 1,000 of 10,000 remembered clients, always allowed."""
    limiter = contender.ClientLimiter(1e-6, 10**9, 20_000)
    for number in range(10_000):
        limiter.try_acquire(number)
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [limiter.try_acquire(number) for number in range(ROUND)])


def test_passing_clients(benchmark: Any, contender: Implementation) -> None:
    """`try_acquire` for clients never seen before, who may be forgotten after 0.1 ms."""
    limiter = contender.ClientLimiter(1e4, 1, 10**6)
    names = iter(range(10**12))
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [limiter.try_acquire(next(names)) for _ in range(ROUND)])
