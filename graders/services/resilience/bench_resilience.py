"""What the policies cost a call that needs none of them. Never a verdict.

Sizes: one policy at a time, and all three in each other; a Timeout of 10 workers.
Keys: none.
Mix: jobs that return at once; for the open circuit, calls that are refused.
Threads: one caller; the timeout runs each job in a thread of its own or of its pool.
"""

import contextlib
from typing import Any

from contracts.services.resilience import CircuitOpen
from graders.kit import Implementation

CALLS = 1_000
FEW = 20


def nothing() -> None:
    """A job that is done at once."""


def test_retry(benchmark: Any, contender: Implementation) -> None:
    """`Retry.call` of a job that succeeds at the first attempt."""
    retry = contender.Retry(3)
    benchmark.extra_info["operations"] = CALLS
    benchmark(lambda: [retry.call(nothing) for _ in range(CALLS)])


def test_breaker(benchmark: Any, contender: Implementation) -> None:
    """`CircuitBreaker.call` of a job that succeeds, closed."""
    breaker = contender.CircuitBreaker()
    benchmark.extra_info["operations"] = CALLS
    benchmark(lambda: [breaker.call(nothing) for _ in range(CALLS)])


def test_breaker_refuses(benchmark: Any, contender: Implementation) -> None:
    """`CircuitBreaker.call` while it is open: the price of saying no."""
    breaker = contender.CircuitBreaker(1, 3_600.0)

    def call(job: Any) -> None:
        with contextlib.suppress(CircuitOpen, ZeroDivisionError):
            breaker.call(job)

    call(lambda: 1 // 0)
    benchmark.extra_info["operations"] = CALLS
    benchmark(lambda: [call(nothing) for _ in range(CALLS)])


def test_all_three(benchmark: Any, contender: Implementation) -> None:
    """Retry around breaker around timeout: the hand-over to another thread and back."""
    retry, breaker = contender.Retry(3), contender.CircuitBreaker()
    timeout = contender.Timeout(60.0)

    def call() -> None:
        retry.call(lambda: breaker.call(lambda: timeout.call(nothing)))

    benchmark.extra_info["operations"] = FEW
    benchmark(lambda: [call() for _ in range(FEW)])
