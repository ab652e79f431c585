"""What an acquire costs when there are many clients."""

from collections.abc import Callable
from itertools import count

from contracts.services.rate_limiter import ClientLimiter
from graders.kit import Implementation, Sim, check, simulate
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
    """Remembered clients ask again, alone and between newcomers who are refused: 100 and 10,000."""
    crowd, names = crowds(plain, room=0), count(10**6)
    known = {100: count(), 10_000: count(100)}  # who was seen least of late, and is full first

    def again(clients: int) -> Callable[[], object]:
        limiter = crowd(clients)
        return lambda: [limiter.try_acquire(number) for number in range(100)]

    def between(clients: int) -> Callable[[], object]:
        limiter = crowd(clients)

        def block() -> None:
            for _ in range(100):
                limiter.try_acquire(next(known[clients]) % clients)
                limiter.try_acquire(next(names))

        return block

    grows_at_most(again, small=100, large=10_000, did="100 acquires of remembered clients")
    did = "100 newcomers who are refused, between 100 acquires of remembered clients"
    grows_at_most(between, small=100, large=10_000, did=did)


@check("P12", kind="throughput")
def test_newcomers_do_not_slow_down_with_clients(plain: Implementation) -> None:
    """Newcomers for whom there is a place, among 100 and among 10,000 clients."""
    crowd, names = crowds(plain, room=100_000), count(10**6)

    def prepare(clients: int) -> Callable[[], object]:
        # The few are made anew for each block, or they would become many.
        limiter = crowds(plain, room=100_000)(clients) if clients == 100 else crowd(clients)
        return lambda: [limiter.try_acquire(next(names)) for _ in range(50)]

    grows_at_most(prepare, small=100, large=10_000, did="50 newcomers who are served")


@check("P12", kind="throughput")
def test_forgetting_does_not_slow_down_with_clients(impl: Implementation) -> None:
    """Clients are forgotten one after the other, and newcomers take their places."""

    def scene(sim: Sim) -> None:
        made: dict[int, ClientLimiter] = {}
        names = count()

        def prepare(clients: int) -> Callable[[], object]:
            if clients not in made:
                made[clients] = impl.ClientLimiter(1.0, 1_000_000, clients)
                for number in range(clients):
                    made[clients].try_acquire(next(names), number + 1)

            def block() -> None:
                for _ in range(40):
                    sim.sleep(1.0)
                    made[clients].try_acquire(next(names), clients)

            return block

        did = "40 newcomers, a second apart; each second one client is forgotten"
        grows_at_most(prepare, small=100, large=5_000, did=did)

    simulate(scene)
