"""How fast a cache is. Never a verdict.

Sizes: a cache of 1,000 entries, always full; values are small integers.
Keys: small integers; all keys in turn, only new keys, or Zipf-like (the key of rank r comes with a
    weight of 1/r) over 5,000 keys.
Mix: get: reads only, all hits. put: writes only, each evicts. get_or_load: one call for each key of
    the trace, a miss loads and writes.
Threads: one.
"""

import random
from typing import Any

from graders.kit import Implementation

SIZE = 1_000
MANY = 3 * SIZE  # several rounds of tidying up, where a cache does that now and then


def filled(contender: Implementation, ttl: float) -> Any:
    """A full cache."""
    cache = contender.Cache(SIZE, ttl)
    for key in range(SIZE):
        cache.put(key, key)
    return cache


def test_get_hits(benchmark: Any, contender: Implementation) -> None:
    """`get` of every key of a full cache, ttl 3,600 s: all hits."""
    cache = filled(contender, 3_600)
    benchmark.extra_info["operations"] = SIZE
    benchmark(lambda: [cache.get(key) for key in range(SIZE)])


def test_put_evicts(benchmark: Any, contender: Implementation) -> None:
    """`put` of new keys into a full cache, ttl 3,600 s: each evicts."""
    cache = filled(contender, 3_600)
    keys = iter(range(SIZE, 10**12))
    benchmark.extra_info["operations"] = MANY
    benchmark(lambda: [cache.put(next(keys), 0) for _ in range(MANY)])


def test_read_through(benchmark: Any, contender: Implementation) -> None:
    """`get_or_load` along a Zipf-like trace over 5,000 keys, ttl 600 s; the loader returns at once."""
    cache = filled(contender, 600)
    dice = random.Random(0)
    trace = dice.choices(range(5_000), [1 / (rank + 1) for rank in range(5_000)], k=SIZE)
    benchmark.extra_info["operations"] = SIZE
    benchmark(lambda: [cache.get_or_load(key, lambda: 0) for key in trace])
