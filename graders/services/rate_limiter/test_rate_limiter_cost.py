"""What an acquire costs when there are many clients."""

from collections.abc import Callable

from graders.kit import Implementation, check
from graders.kit.growth import grows_at_most

NEVER = 1e-9  # tokens a second: within a check nobody's bucket fills


@check("P12", kind="throughput")
def test_acquire_does_not_slow_down_with_clients(plain: Implementation) -> None:
    """Remembered clients ask again, among 200 and among 20,000."""

    def prepare(clients: int) -> Callable[[], None]:
        limiter = plain.ClientLimiter(NEVER, 1_000_000, 2 * clients)
        for number in range(clients):
            limiter.try_acquire(number)
        return lambda: [limiter.try_acquire(number % clients) for number in range(500)] and None

    grows_at_most(prepare, did="500 acquires of remembered clients")


@check("P12", kind="throughput")
def test_newcomers_do_not_slow_down_with_clients(plain: Implementation) -> None:
    """Newcomers for whom there is a place, and newcomers for whom there is none."""

    def prepare(clients: int, room: int) -> Callable[[], None]:
        limiter = plain.ClientLimiter(NEVER, 1_000_000, clients + room)
        for number in range(clients):
            limiter.try_acquire(number)
        names = iter(range(clients, 10**9))
        return lambda: [limiter.try_acquire(next(names)) for _ in range(300)] and None

    grows_at_most(lambda n: prepare(n, 100_000), did="300 newcomers who are served")
    grows_at_most(lambda n: prepare(n, 0), did="300 newcomers who are refused")
