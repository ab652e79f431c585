"""Cost: what a call takes with few entries and with very many."""

import itertools
from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, check
from graders.kit.growth import grows_at_most

CALLS = 400
SMALL, LARGE = 200, 10_000


def constant(plain: Implementation, did: str, call: Callable[[Any, int, int], object]) -> None:
    """`call(cache, size, number)` takes as long with 10,000 entries as with 200.

    The caches are full, their entries have lifetimes. No number comes twice to the same cache.
    """
    caches: dict[int, Any] = {}
    numbers = itertools.count()

    def prepare(size: int) -> Callable[[], object]:
        if size not in caches:
            caches[size] = plain.Cache(size, ttl=3_600)
            for key in range(size):
                caches[size].put(key, key)
        cache, fresh = caches[size], list(itertools.islice(numbers, CALLS))
        return lambda: [call(cache, size, number) for number in fresh]

    grows_at_most(prepare, small=SMALL, large=LARGE, did=f"{CALLS} times {did}")


@check("P6", kind="throughput")
def test_reading_does_not_slow_down(plain: Implementation) -> None:
    """Hits all over a full cache, and misses; 200 entries against 10,000."""

    def call(cache: Any, size: int, number: int) -> None:
        cache.get(number * 7 % size)
        cache.get(-1 - number)

    constant(plain, "get of a key that is there, and of one that is not", call)


@check("P6", kind="throughput")
def test_putting_does_not_slow_down(plain: Implementation) -> None:
    """Entries are overwritten, and new ones evict; 200 entries against 10,000."""

    def call(cache: Any, size: int, number: int) -> None:
        cache.put("mine", number)
        cache.put(size + number, number, ttl=1_800)

    constant(plain, "put of a known key, and of a new one into the full cache", call)


@check("P6", kind="throughput")
def test_deleting_does_not_slow_down(plain: Implementation) -> None:
    """A new entry is put and another one deleted; 200 entries against 10,000."""

    def call(cache: Any, size: int, number: int) -> None:
        cache.put(size + number, number)
        cache.delete(size + number)

    constant(plain, "put of a new key and delete of it", call)


@check("P6", kind="throughput")
def test_asking_does_not_slow_down(plain: Implementation) -> None:
    """In, len and stats; 200 entries against 10,000."""

    def call(cache: Any, size: int, number: int) -> None:
        _ = number % size in cache, -1 - number in cache
        len(cache)
        cache.stats()

    constant(plain, "`in`, len and stats", call)


@check("P6", kind="throughput")
def test_loading_does_not_slow_down(plain: Implementation) -> None:
    """Hits by get_or_load, and loads into the full cache; 200 entries against 10,000."""

    def call(cache: Any, size: int, number: int) -> None:
        cache.get_or_load("mine", lambda: number)
        cache.get_or_load(size + number, lambda: number)

    constant(plain, "get_or_load of a key that is there, and of a new one", call)
