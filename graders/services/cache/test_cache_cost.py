"""Cost: what a call takes with few entries and with very many."""

import itertools
import random
from collections.abc import Callable

from contracts.services.cache import Cache
from graders.kit import Implementation, check
from graders.kit.growth import grows_at_most

CALLS = 300
STEPS = ((100, 2_000), (200, 10_000))
"""Sizes that are compared. The first finds a slow loop before the second would take minutes."""


def constant(plain: Implementation, did: str, call: Callable[[Cache, int, int], object]) -> None:
    """`call(cache, known, new)` takes as long with many entries as with few.

    The caches are full, their entries have lifetimes. `known` is a key anywhere in the order of
    use (or one that has been evicted meanwhile), `new` one that was never seen.
    """
    caches: dict[int, Cache] = {}
    numbers = itertools.count(1_000_000)
    dice = random.Random(0)

    def prepare(size: int) -> Callable[[], object]:
        if size not in caches:
            caches[size] = plain.Cache(size, ttl=3_600)
            for key in range(size):
                caches[size].put(key, key)
        cache, keys = caches[size], [(dice.randrange(size), next(numbers)) for _ in range(CALLS)]
        return lambda: [call(cache, known, new) for known, new in keys]

    for small, large in STEPS:
        grows_at_most(prepare, small=small, large=large, limit=8, did=f"{CALLS} times {did}")


@check("P6", kind="throughput")
def test_reading_does_not_slow_down(plain: Implementation) -> None:
    """Hits all over a full cache; 200 entries against 10,000."""
    constant(plain, "get of a key that is there", lambda cache, known, _: cache.get(known))


@check("P6", kind="throughput")
def test_putting_does_not_slow_down(plain: Implementation) -> None:
    """Entries are overwritten, and new ones evict; 200 entries against 10,000."""

    def call(cache: Cache, known: int, new: int) -> None:
        cache.put(known, new)
        cache.put(new, new, ttl=1_800)

    constant(plain, "put of a known key, and of a new one into the full cache", call)


@check("P6", kind="throughput")
def test_evicting_does_not_slow_down(plain: Implementation) -> None:
    """A full cache evicts very many entries, then 300 more; for 200 entries and for 300,000."""
    caches: dict[int, Cache] = {}
    numbers = itertools.count()

    def prepare(size: int) -> Callable[[], object]:
        # So many that moving up a list, or walking over the gaps at the front of a dict, shows.
        if size not in caches:
            caches[size] = plain.Cache(size)
            for key in itertools.islice(numbers, size + min(90_000, 4 * size)):
                caches[size].put(key, key)
        cache, keys = caches[size], list(itertools.islice(numbers, CALLS))
        return lambda: [cache.put(key, key) for key in keys]

    did = f"{CALLS} times put of a new key into a full cache that has evicted many"
    for small, large in ((100, 2_000), (200, 300_000)):
        grows_at_most(prepare, small=small, large=large, limit=8, did=did)


@check("P6", kind="throughput")
def test_deleting_does_not_slow_down(plain: Implementation) -> None:
    """Entries are deleted and put again, absent keys deleted; 200 entries against 10,000."""

    def call(cache: Cache, known: int, new: int) -> None:
        cache.delete(known)
        cache.put(known, new)
        cache.delete(new)

    constant(plain, "delete of a key, put of it, delete of one that is not there", call)


@check("P6", kind="throughput")
def test_asking_does_not_slow_down(plain: Implementation) -> None:
    """In, len, stats and misses; 200 entries against 10,000."""

    def call(cache: Cache, known: int, new: int) -> None:
        _ = known in cache, new in cache, cache.get(new), len(cache), cache.stats()

    constant(plain, "`in`, len, stats, and get of a key that is not there", call)


@check("P6", kind="throughput")
def test_loading_does_not_slow_down(plain: Implementation) -> None:
    """Hits by get_or_load, and loads into the full cache; 200 entries against 10,000."""

    def call(cache: Cache, known: int, new: int) -> None:
        cache.get_or_load(known, lambda: new)
        cache.get_or_load(new, lambda: new)

    constant(plain, "get_or_load of a key that is there, and of a new one", call)
