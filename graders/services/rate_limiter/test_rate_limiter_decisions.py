"""What a bucket says of itself, compared with exact arithmetic."""

import math
import random
from fractions import Fraction

from contracts.services.rate_limiter import Decision
from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.services.rate_limiter.given import allowed

MICROSECOND = Fraction(1, 1_000_000)
# The microsecond of the contract, and the rounding of floats.
SLACK = MICROSECOND * Fraction(11, 10)
RATES = (2.0, 0.5, 3.0, 0.7, 1 / 3, 12.34, 1000.0)


def is_number(value: object) -> bool:
    """Whether it is an int or float, NaN excluded."""
    return type(value) in {int, float} and value == value  # noqa: PLR0124


class Exact:
    """The bucket of the contract in exact arithmetic."""

    def __init__(self, rate: float, capacity: int, now: float) -> None:
        self.rate, self.capacity = Fraction(rate), capacity
        self.level, self.since = Fraction(capacity), Fraction(now)

    def at(self, now: float) -> Fraction:
        """The tokens at an instant, without those that a microsecond may bring."""
        gained = (Fraction(now) - self.since) * self.rate
        return min(Fraction(self.capacity), self.level + gained)

    def follow(self, tokens: int, now: float, got: Decision, did: str) -> None:
        """Check a decision, and do what it says."""
        level = self.at(now)
        wait = (tokens - level) / self.rate
        if tokens > self.capacity or wait > SLACK:
            equal(got.allowed, False, did=did)
        elif wait < -SLACK or level == self.capacity:
            equal(got.allowed, True, did=did)
        if got.allowed:
            level -= tokens
        self.level, self.since = level, Fraction(now)
        self._check_numbers(tokens, wait, got, did)

    def _check_numbers(self, tokens: int, wait: Fraction, got: Decision, did: str) -> None:
        self._near(got.window, self.capacity / self.rate, did + ", its window")
        equal(got.limit, self.capacity, did=did + ", its limit")
        slack = self.rate * SLACK
        low, high = (max(0, math.floor(self.level + s)) for s in (-slack, slack))
        if self.level in {0, self.capacity}:
            high = low = int(self.level)
        ensure(
            type(got.remaining) is int and low <= got.remaining <= min(high, self.capacity),
            did=did + ", its remaining",
            want=f"{low}" if low == high else f"{low} to {high}",
            got=got.remaining,
        )
        self._near(
            got.full_after, (self.capacity - self.level) / self.rate, did + ", its full_after"
        )
        if got.allowed or tokens > self.capacity:
            want = 0.0 if got.allowed else math.inf
            ensure(
                is_number(got.retry_after) and got.retry_after == want,
                did=did + ", its retry_after",
                want=str(want),
                got=got.retry_after,
            )
        else:
            self._near(got.retry_after, wait, did + ", its retry_after")

    @staticmethod
    def _near(got: float, want: Fraction, did: str) -> None:
        near = is_number(got) and math.isfinite(got) and abs(Fraction(got) - want) <= SLACK
        ensure(near, did=did, want=f"{float(want):.9f}, to a microsecond", got=got)


@check("P2", "P3", kind="timing")
def test_rounding_does_not_add_up(impl: Implementation) -> None:
    """A caller who always comes a little less than a microsecond early, thousands of times."""

    def scene(sim: Sim) -> None:
        for rate, early in ((3.0, 8e-7), (977.0, 8e-7), (50_000.0, 5e-7)):
            bucket = impl.TokenBucket(rate, 2)
            start, given = sim.now(), 0
            while given < 800:
                decision = bucket.try_acquire()
                if not decision.allowed:
                    sim.sleep(max(decision.retry_after - early, 0.0))
                    decision = bucket.try_acquire()
                if not decision.allowed:
                    sim.sleep(decision.retry_after + 1e-8)
                given += decision.allowed
            most = 2 + rate * (sim.now() - start + 3e-6)
            did = (
                f"{rate:,}/s, capacity 2: asked {early} s before retry_after has passed, and again"
            )
            ensure(given <= most, did=did, want=f"at most {most:.3f} tokens", got=given)

    simulate(scene)


@check("P5", kind="behaviour")
def test_decision_by_example(impl: Implementation) -> None:
    """A bucket of 4 at 2 tokens a second: three taken, one more, and one refused."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(2.0, 4)
        exact = Exact(2.0, 4, sim.now())
        for wait, tokens in ((0.0, 3), (0.25, 1), (0.0, 1), (0.125, 2), (0.0, 9), (9.0, 4)):
            sim.sleep(wait)
            decision = bucket.try_acquire(tokens)
            ensure(
                isinstance(decision, Decision), did="try_acquire", want="a Decision", got=decision
            )
            exact.follow(tokens, sim.now(), decision, f"2/s, capacity 4: {tokens} after {wait} s")

    simulate(scene)


@check("P3", "P5", kind="timing")
def test_decisions_are_exact(impl: Implementation) -> None:
    """Random acquires at random instants, compared with exact arithmetic."""

    def scene(sim: Sim) -> None:
        chance = random.Random(11)
        for rate in RATES:
            capacity = chance.choice((1, 3, 10))
            bucket, exact = impl.TokenBucket(rate, capacity), Exact(rate, capacity, sim.now())
            for _ in range(60):
                sim.sleep(chance.choice((0.0, 0.1, 1.0, 3.0)) * chance.random() / rate)
                tokens = chance.randint(1, capacity + (chance.random() < 0.1))
                there = float(exact.at(sim.now()))
                did = f"{rate:.6g}/s, capacity {capacity}: {tokens} when {there:.6f} are there"
                exact.follow(tokens, sim.now(), bucket.try_acquire(tokens), did)

    simulate(scene)


@check("P5", kind="timing")
def test_retry_after_is_enough(impl: Implementation) -> None:
    """Refused, slept exactly retry_after, asked again; at rates that floats cannot add up."""

    def scene(sim: Sim) -> None:
        for rate in (*RATES, 0.1, 7.3, 1e-3):
            bucket = impl.TokenBucket(rate, 3)
            allowed(bucket, 3)
            for round_ in range(25):
                tokens = 1 + round_ % 3
                refused = bucket.try_acquire(tokens)
                equal(refused.allowed, False, did=f"{rate:.6g}/s, empty: an acquire of {tokens}")
                sim.sleep(refused.retry_after)
                wait = repr(refused.retry_after)
                did = f"{rate:.6g}/s: {tokens} refused, slept retry_after = {wait}, again"
                equal(bucket.try_acquire(tokens).allowed, True, did=did)
                sim.sleep(0.3 * round_ / 25 / rate)

    simulate(scene)


@check("P5", kind="timing")
def test_before_retry_after_is_too_early(impl: Implementation) -> None:
    """Refused, slept a bit less than retry_after, asked again; then the rest."""

    def scene(sim: Sim) -> None:
        for rate in (*RATES, 1e-3):
            bucket = impl.TokenBucket(rate, 2)
            allowed(bucket, 2)
            for early in (0.5 / rate, 0.1 / rate, 1e-5, 4e-6):
                wait = bucket.try_acquire(2).retry_after
                sim.sleep(max(0.0, wait - early))
                again = bucket.try_acquire(2)
                did = f"{rate:.6g}/s: 2 refused, again {early:.6f} s before retry_after has passed"
                equal(again.allowed, False, did=did)
                sim.sleep(again.retry_after)
                equal(bucket.try_acquire(2).allowed, True, did=did + ", and when it has")

    simulate(scene)
