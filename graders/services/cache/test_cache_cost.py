"""Cost: what a call takes with 200 entries and with very many."""

from collections.abc import Callable

from graders.kit import Implementation, check
from graders.kit.growth import grows_at_most

CALLS = 500
LARGE = 10_000


def filled(plain: Implementation, size: int) -> object:
    """A full cache whose entries have lifetimes."""
    cache = plain.Cache(size, ttl=3_600)
    for key in range(size):
        cache.put(key, key)
    return cache


def constant(
    plain: Implementation, did: str, block: Callable[[object, int], Callable[[int], object]]
) -> None:
    """A call takes the same time however many entries there are."""

    def prepare(size: int) -> Callable[[], object]:
        call = block(filled(plain, size), size)

        def work() -> None:
            for number in range(CALLS):
                call(number)

        return work

    grows_at_most(prepare, large=LARGE, did=did)
