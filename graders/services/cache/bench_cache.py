"""How fast a cache is: 1,000 entries, 1,000 calls a round, one thread. Never a verdict."""

import random
from typing import Any

from graders.kit import Implementation

SIZE = 1_000


def filled(contender: Implementation, ttl: float) -> Any:
    """A full cache."""
    cache = contender.Cache(SIZE, ttl)
    for key in range(SIZE):
        cache.put(key, key)
    return cache


def test_get_hits(benchmark: Any, contender: Implementation) -> None:
    """1,000 hits on 1,000 entries with ttl."""
    cache = filled(contender, 3_600)
    benchmark(lambda: [cache.get(key) for key in range(SIZE)])


def test_put_evicts(benchmark: Any, contender: Implementation) -> None:
    """1,000 puts of new keys into a full cache with ttl: each evicts."""
    cache = filled(contender, 3_600)
    keys = iter(range(SIZE, 10**12))
    benchmark(lambda: [cache.put(next(keys), 0) for _ in range(SIZE)])


def test_read_through(benchmark: Any, contender: Implementation) -> None:
    """1,000 get_or_load by a Zipf-like trace over 5,000 keys, 1,000 entries, ttl 600 s."""
    cache = filled(contender, 600)
    dice = random.Random(0)
    trace = dice.choices(range(5_000), [1 / (rank + 1) for rank in range(5_000)], k=SIZE)
    benchmark(lambda: [cache.get_or_load(key, lambda: 0) for key in trace])
