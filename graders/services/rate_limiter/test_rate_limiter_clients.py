"""A bucket per client: who is remembered, for how long, and what happens when there is no place."""

import math
import random
from collections.abc import Hashable
from fractions import Fraction
from functools import partial

from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.services.rate_limiter.given import allowed_to, near

NEVER = 1e-9  # tokens a second: within a check nobody's bucket fills


class Exact:
    """The limiter of the contract in exact arithmetic: for each client, when its bucket is full."""

    def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
        self.rate, self.capacity, self.max_clients = Fraction(rate), capacity, max_clients
        self.full_at: dict[Hashable, Fraction] = {}

    def remembered(self, now: float) -> int:
        """How many buckets are not full; afterwards only they are in `full_at`."""
        self.full_at = {c: at for c, at in self.full_at.items() if at > Fraction(now)}
        return len(self.full_at)

    def sure(self, now: float) -> bool:
        """Whether no bucket becomes full, and no token complete, about now."""
        waits = [(at - Fraction(now)) * self.rate for at in self.full_at.values()]
        return all(abs(wait - round(wait)) > Fraction(1, 1000) for wait in waits)

    def full_after(self, client: Hashable, now: float) -> float:
        """What a decision says of it, right after an acquire."""
        instants = self.full_at
        if client not in instants and len(instants) < self.max_clients:
            return 0.0
        return float(instants.get(client, min(instants.values())) - Fraction(now))

    def acquire(self, client: Hashable, tokens: int, now: float) -> tuple[bool, int, Fraction]:
        """Whether it is allowed; remaining; and what is left to wait."""
        known, full = client in self.full_at, self.remembered(now) >= self.max_clients
        if full and client not in self.full_at:
            return False, 0, min(self.full_at.values()) - Fraction(now)
        assert known or client not in self.full_at
        full_at = self.full_at.get(client, Fraction(now))
        level = self.capacity - (full_at - Fraction(now)) * self.rate
        if tokens > level:
            return False, math.floor(level), (tokens - level) / self.rate
        self.full_at[client] = full_at + tokens / self.rate
        return True, math.floor(level - tokens), Fraction(0)


@check("P8", kind="behaviour")
def test_every_client_has_its_own_bucket(impl: Implementation) -> None:
    """One client takes all it has; another one, and a third, begin with all of theirs."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(2.0, 3, 100)
        for client in ("alice", "bob", "Alice", "alice ", ("10.0.0.1", 4), None, b"alice", 7):
            did = f"capacity 3: 4 acquires of {client!r}, a new client"
            equal(allowed_to(limiter, client, 1, 1, 1, 1), [True] * 3 + [False], did=did)
        sim.sleep(0.51)
        equal(
            allowed_to(limiter, "bob", 1, 1), [True, False], did="0.51 s later, at 2/s: bob, twice"
        )
        equal(allowed_to(limiter, "alice", 1, 1), [True, False], did="and alice, twice")
        equal(allowed_to(limiter, "alice\0", 3), [True], did="and 3 of another new client")
        equal(limiter.try_acquire("alice").allowed, False, did="alice once more, tokens left away")
        equal(limiter.try_acquire(client="x", tokens=3).allowed, True, did="arguments by name")

    simulate(scene)


@check("P8", kind="behaviour")
def test_clients_are_compared_as_a_dict_does(impl: Implementation) -> None:
    """1, 1.0 and True are one client, "1" is another; equal tuples are one."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(NEVER, 2, 100)
        equal(allowed_to(limiter, 1, 2), [True], did="capacity 2: 2 of client 1")
        equal(allowed_to(limiter, 1.0, 1), [False], did="then 1 of client 1.0")
        equal(allowed_to(limiter, "1", 1), [True], did='then 1 of client "1"')
        equal(allowed_to(limiter, ("a", 1), 2), [True], did='2 of client ("a", 1)')
        equal(allowed_to(limiter, tuple(["a", 1]), 1), [False], did="1 of an equal tuple")  # noqa: C409
        equal(len(limiter), 3, did="len of the limiter: 1, '1' and the tuple")

    simulate(scene)


@check("P8", "P10", kind="behaviour")
def test_limiters_share_nothing(impl: Implementation) -> None:
    """The same client at two limiters, one of them full."""

    def scene(sim: Sim) -> None:
        one, other = impl.ClientLimiter(1.0, 1, 1), impl.ClientLimiter(1.0, 2, 2)
        equal(allowed_to(one, "a", 1, 1), [True, False], did="capacity 1: a, twice")
        equal(
            allowed_to(other, "a", 2, 1),
            [True, False],
            did="another limiter of capacity 2: 2, 1 of a",
        )
        equal(allowed_to(other, "b", 2), [True], did="and of b, for whom the other one has a place")
        equal((len(one), len(other)), (1, 2), did="len of both")

    simulate(scene)


@check("P2", "P4", kind="behaviour")
def test_buckets_of_a_limiter_are_buckets(impl: Implementation) -> None:
    """What holds for one bucket: no cap is passed, refusals are free, fractions are kept."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(0.25, 5, 100)
        equal(
            allowed_to(limiter, "a", 3, 3, 3, 2, 1),
            [True, False, False, True, False],
            did="3 3 3 2 1",
        )
        equal(allowed_to(limiter, "b", 6), [False], did="6 of capacity 5")
        given = 0
        for _ in range(250):
            sim.sleep(0.17)
            given += limiter.try_acquire("a").allowed
        equal(given, 10, did="0.25/s, emptied, asked every 0.17 s for 42.5 s: tokens given")
        sim.sleep(86_400.0)
        equal(allowed_to(limiter, "a", 5, 1), [True, False], did="after a day of rest: 5, 1")

    simulate(scene)


@check("P5", "P8", "P10", kind="timing")
def test_limiter_against_exact_arithmetic(impl: Implementation) -> None:
    """Random acquires of five clients at a limiter with three places."""

    def scene(sim: Sim) -> None:
        chance = random.Random(3)
        for rate, capacity in ((2.0, 4), (0.7, 3), (30.0, 1)):
            limiter, exact = impl.ClientLimiter(rate, capacity, 3), Exact(rate, capacity, 3)
            for _ in range(80):
                sim.sleep(chance.choice((0.0, 0.3, 1.0)) * chance.random() * capacity / rate)
                while not exact.sure(sim.now()):
                    sim.sleep(0.01 / rate)
                client, tokens = chance.choice("abcde"), chance.randint(1, capacity)
                before = exact.remembered(sim.now())
                did = (
                    f"{rate}/s, capacity {capacity}, 3 places, {before} taken: {tokens} of {client}"
                )
                equal(len(limiter), before, did=did + "; len before")
                got = limiter.try_acquire(client, tokens)
                verdict, remaining, wait = exact.acquire(client, tokens, sim.now())
                equal(got.allowed, verdict, did=did)
                equal(got.remaining, remaining, did=did + ", its remaining")
                near(got.retry_after, float(wait), did + ", its retry_after")
                near(got.full_after, exact.full_after(client, sim.now()), did + ", its full_after")
                near(got.window, capacity / rate, did + ", its window")
                equal(got.limit, capacity, did=did + ", its limit")

    simulate(scene)


@check("P9", kind="timing")
def test_client_is_forgotten_when_its_bucket_is_full(impl: Implementation) -> None:
    """Three tokens taken at 2 a second: remembered for 1.5 s. One more prolongs that."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(2.0, 4, 10)
        equal(len(limiter), 0, did="len of a new limiter")
        allowed_to(limiter, "a", 3)
        equal(len(limiter), 1, did="2/s, capacity 4: len after 3 of a")
        sim.sleep(1.5 - 3e-6)
        equal(len(limiter), 1, did="len 1.499997 s later, when the bucket is all but full")
        sim.sleep(6e-6)
        equal(len(limiter), 0, did="len 1.500003 s later, when the bucket is full")
        allowed_to(limiter, "b", 1)
        allowed_to(limiter, "c", 4)
        sim.sleep(0.25)
        allowed_to(limiter, "b", 2)
        early, late = -3e-6, 3e-6
        waits = (0.0, 1.25 + early, late - early, 0.5 + early - late, late - early)
        for wait, want in zip(waits, (2, 2, 1, 1, 0), strict=True):
            sim.sleep(wait)
            did = "1 of b and 4 of c, 0.25 s later 2 of b: len at one more moment"
            equal(len(limiter), want, did=did)
        allowed_to(limiter, "d", 1)
        sim.sleep(0.25)
        allowed_to(limiter, "d", 2)
        sim.sleep(1.25 + early)
        did = (
            "1 of d, 0.25 s later 2 of d; 1.249997 s after that, when nobody has asked meanwhile: "
        )
        equal(len(limiter), 1, did=did + "len")

    simulate(scene)


@check("P9", "P10", kind="timing")
def test_all_who_are_full_are_forgotten(impl: Implementation) -> None:
    """Six clients whose buckets become full within one second, and nobody who comes by."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(2.0, 4, 6)
        for number in range(6):
            allowed_to(limiter, number, 1 + number % 3)
        equal(len(limiter), 6, did="6 clients: len")
        sim.sleep(1.01)
        equal(len(limiter), 2, did="len when 4 of the 6 buckets are full")
        sim.sleep(0.5)
        equal(len(limiter), 0, did="len when all are full")
        for number in range(6):
            allowed_to(limiter, number, 1)
        sim.sleep(3.0)
        limiter.try_acquire("new")
        equal(len(limiter), 1, did="the same again, and a newcomer after 3 s: len")

    simulate(scene)


@check("P9", kind="behaviour")
def test_who_has_taken_nothing_is_not_remembered(impl: Implementation) -> None:
    """Refused from a full bucket, or refused for an argument."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(1.0, 2, 10)
        equal(allowed_to(limiter, "a", 3), [False], did="3 of capacity 2")
        equal(len(limiter), 0, did="len after that")
        raises(ValueError, lambda: limiter.try_acquire("a", 0), did='try_acquire("a", 0)')
        equal(len(limiter), 0, did="len after that")

    simulate(scene)


@check("P9", kind="timing")
def test_forgetting_gives_no_token_early(impl: Implementation) -> None:
    """A client comes back at many moments, while others come and go through the few places."""

    def scene(sim: Sim) -> None:
        for wait in (0.1, 0.5, 2.5, 5.5, 9.1, 9.9):
            limiter = impl.ClientLimiter(1.0, 10, 3)
            allowed_to(limiter, "a", 10)
            for number in range(20):
                sim.sleep(wait / 20)
                limiter.try_acquire(f"passing {number}")
            sim.sleep(0.05)
            did = f"1/s, capacity 10: 10 of a, and {wait + 0.05:.2f} s later, others having come, "
            want = math.floor(wait + 0.05)
            got = sum(allowed_to(limiter, "a", *[1] * 12))
            equal(got, want, did=did + "how many more a gets")

    simulate(scene)


@check("P2", "P9", kind="timing")
def test_no_client_gains_by_being_forgotten(impl: Implementation) -> None:
    """A client that always takes one token just as its bucket becomes full, for a long time."""

    def scene(sim: Sim) -> None:
        for every in (0.33332, 0.33334, 1 / 3):
            limiter = impl.ClientLimiter(3.0, 2, 2)
            start, given = sim.now(), sum(allowed_to(limiter, "a", 1, 1))
            for _ in range(800):
                sim.sleep(every)
                given += limiter.try_acquire("a").allowed
            given += sum(allowed_to(limiter, "a", 1, 1, 1))
            most = 2 + 3.0 * (sim.now() - start + 1e-5)
            did = f"3/s, capacity 2: tokens of a client that comes every {every:.5f} s, 800 times"
            ensure(given <= most, did=did, want=f"at most {most:.3f}", got=given)

    simulate(scene)


@check("P13", kind="contract")
def test_bad_arguments_of_a_limiter(impl: Implementation) -> None:
    """What makes no limiter, and what is no acquire."""

    def scene(sim: Sim) -> None:
        bad = [(rate, 1, 1) for rate in (0, -1.0, math.nan, math.inf, -math.inf)]
        for arguments in (*bad, (1.0, 0, 1), (1.0, -1, 1), (1.0, 1, 0), (1.0, 1, -5)):
            did = f"ClientLimiter{arguments}"
            raises(ValueError, partial(impl.ClientLimiter, *arguments), did=did)
        limiter = impl.ClientLimiter(1.0, 3, 2)
        allowed_to(limiter, "a", 2)
        for client, tokens in (("a", 0), ("a", -2), ("new", -1)):
            did = f"try_acquire({client!r}, {tokens})"
            raises(ValueError, partial(limiter.try_acquire, client, tokens), did=did)
        for tokens in (1, 4):
            did = f'capacity 3: try_acquire(["a"], {tokens})'
            raises(TypeError, partial(limiter.try_acquire, ["a"], tokens), did=did)
        equal(len(limiter), 1, did="len after 2 of a and those refused calls")
        equal(
            allowed_to(limiter, "a", 2, 1, 1), [False, True, False], did="2, 1, 1 of a after them"
        )
        equal(
            allowed_to(limiter, "new", 3, 1), [True, False], did="3, 1 of the new client after them"
        )
        did = "2 places, both taken: a newcomer's try_acquire"
        for tokens in (0, -1):
            bad_tokens = partial(limiter.try_acquire, "third", tokens)
            raises(ValueError, bad_tokens, did=f'{did}("third", {tokens})')
        for tokens in (1, 4):
            bad_client = partial(limiter.try_acquire, ["third"], tokens)
            raises(TypeError, bad_client, did=f'{did}(["third"], {tokens})')
        equal(len(limiter), 2, did="len after those")

    simulate(scene)
