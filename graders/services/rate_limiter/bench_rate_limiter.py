"""How fast a limiter is: 1,000 acquires a round, one thread. Never a verdict."""

from typing import Any

from graders.kit import Implementation

ROUND = 1_000


def test_allowed(benchmark: Any, contender: Implementation) -> None:
    """1,000 acquires of one bucket, all allowed."""
    bucket = contender.TokenBucket(1e9, 10**9)
    benchmark(lambda: [bucket.try_acquire() for _ in range(ROUND)])


def test_refused(benchmark: Any, contender: Implementation) -> None:
    """1,000 acquires of an empty bucket."""
    bucket = contender.TokenBucket(1e-6, 1)
    bucket.try_acquire()
    benchmark(lambda: [bucket.try_acquire() for _ in range(ROUND)])


def test_remembered_clients(benchmark: Any, contender: Implementation) -> None:
    """1,000 acquires of 1,000 of 10,000 remembered clients."""
    limiter = contender.ClientLimiter(1e-6, 10**9, 20_000)
    for number in range(10_000):
        limiter.try_acquire(number)
    benchmark(lambda: [limiter.try_acquire(number) for number in range(ROUND)])


def test_passing_clients(benchmark: Any, contender: Implementation) -> None:
    """1,000 acquires of clients never seen before, who are forgotten soon."""
    limiter = contender.ClientLimiter(1e4, 1, 10**6)
    names = iter(range(10**12))
    benchmark(lambda: [limiter.try_acquire(next(names)) for _ in range(ROUND)])
