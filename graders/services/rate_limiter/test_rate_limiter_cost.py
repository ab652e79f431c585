"""What an acquire costs when there are many clients."""

from collections.abc import Callable
from itertools import count

from contracts.services.rate_limiter import ClientLimiter
from graders.kit import Implementation, check
from graders.kit.growth import grows_at_most

NEVER = 1e-9  # tokens a second: within a check nobody's bucket fills


def crowds(impl: Implementation, room: int) -> Callable[[int], ClientLimiter]:
    """Makes limiters in which so many clients are remembered, one for each number."""
    made: dict[int, ClientLimiter] = {}

    def crowd(clients: int) -> ClientLimiter:
        if clients not in made:
            made[clients] = impl.ClientLimiter(NEVER, 1_000_000, clients + room)
            for number in range(clients):
                made[clients].try_acquire(number)
        return made[clients]

    return crowd


@check("P12", kind="throughput")
def test_acquire_does_not_slow_down_with_clients(plain: Implementation) -> None:
    """Remembered clients ask again, among 200 and among 20,000."""
    crowd = crowds(plain, room=1)

    def prepare(clients: int) -> Callable[[], object]:
        limiter = crowd(clients)
        return lambda: [limiter.try_acquire(number) for number in range(200)]

    grows_at_most(prepare, did="200 acquires of remembered clients")


@check("P12", kind="throughput")
def test_newcomers_do_not_slow_down_with_clients(plain: Implementation) -> None:
    """Newcomers for whom there is a place, and newcomers for whom there is none."""
    for room, what in ((100_000, "served"), (0, "refused")):
        crowd, names = crowds(plain, room), count(10**6)

        def prepare(clients: int) -> Callable[[], object]:
            limiter = crowd(clients)  # noqa: B023 - called before the next turn
            return lambda: [limiter.try_acquire(next(names)) for _ in range(100)]  # noqa: B023

        grows_at_most(prepare, did=f"100 newcomers who are {what}")
