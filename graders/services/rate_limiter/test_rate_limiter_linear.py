"""Threads that share a limiter: every outcome is one that some order of the calls explains."""

from collections.abc import Hashable
from typing import Any

from graders.kit import Implementation, check
from graders.kit.linear import check_linearizable

CAPACITY, PLACES, SLOW = 3, 2, 2.0**-20


class Limiter:
    """A limiter at one instant, without threads."""

    def __init__(self) -> None:
        self._taken: dict[Hashable, int] = {}

    def acquire(self, client: Hashable, tokens: int) -> tuple[bool, int]:
        """Whether it is allowed, and what remains."""
        taken = self._taken.get(client, 0)
        if not taken and len(self._taken) == PLACES:
            return False, 0
        if tokens > CAPACITY - taken:
            return False, CAPACITY - taken
        self._taken[client] = taken + tokens
        return True, CAPACITY - taken - tokens

    def count(self) -> int:
        """How many clients are remembered."""
        return len(self._taken)


class Asked:
    """The graded limiter, seen through the same two methods."""

    def __init__(self, limiter: Any) -> None:
        self._limiter = limiter

    def acquire(self, client: Hashable, tokens: int) -> tuple[bool, int]:
        """As above."""
        decision = self._limiter.try_acquire(client, tokens)
        return decision.allowed, decision.remaining

    def count(self) -> int:
        """As above."""
        return len(self._limiter)


@check("P7", kind="concurrency")
def test_some_order_explains_every_outcome(impl: Implementation) -> None:
    """Two threads with three calls each at a limiter of two places, at one instant."""
    operations = [("acquire", (client, tokens)) for client in "abc" for tokens in (1, 2)]
    check_linearizable(
        lambda: Asked(impl.ClientLimiter(SLOW, CAPACITY, PLACES)),
        Limiter,
        [*operations, ("count", ())],
        scenarios=10,
        schedules=20,
    )


class OneBucket:
    """A bucket behind the same methods, for whichever client."""

    def __init__(self, bucket: Any) -> None:
        self._bucket = bucket

    def acquire(self, tokens: int) -> tuple[bool, int]:
        """Of the one bucket."""
        decision = self._bucket.try_acquire(tokens)
        return decision.allowed, decision.remaining


class Bucket:
    """A bucket at one instant, without threads."""

    def __init__(self) -> None:
        self._left = 5

    def acquire(self, tokens: int) -> tuple[bool, int]:
        """Whether it is allowed, and what remains."""
        if tokens > self._left:
            return False, self._left
        self._left -= tokens
        return True, self._left


@check("P7", kind="concurrency")
def test_some_order_explains_what_a_bucket_gave(impl: Implementation) -> None:
    """Two threads with three acquires each at a bucket of five, at one instant."""
    operations = [("acquire", (tokens,)) for tokens in (1, 2, 3)]
    check_linearizable(
        lambda: OneBucket(impl.TokenBucket(SLOW, 5)), Bucket, operations, scenarios=8, schedules=20
    )
