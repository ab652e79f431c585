"""One bucket: what it gives out, when, and what it says about that."""

import math
import random
from functools import partial

from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.shape import test_shape  # noqa: F401
from graders.services.rate_limiter.given import allowed


@check("P1", kind="behaviour")
def test_new_bucket_is_full(impl: Implementation) -> None:
    """Seven acquires of one token from a new bucket of five; then of five from another."""

    def scene(sim: Sim) -> None:
        made = "TokenBucket(rate=1.0, capacity=5)"
        bucket = impl.TokenBucket(1.0, 5)
        did = f"{made}, 7 acquires at once"
        equal(allowed(bucket, 1, 1, 1, 1, 1, 1, 1), [True] * 5 + [False] * 2, did=did)
        bucket = impl.TokenBucket(rate=1.0, capacity=5)
        equal(allowed(bucket, 5, 1), [True, False], did=f"{made}, acquires of 5, 1")
        equal(allowed(impl.TokenBucket(0.001, 1), 1, 1), [True, False], did="capacity 1: 1, 1")
        equal(bucket.try_acquire(tokens=1).allowed, False, did=f"{made}, after 5 and 1, one more")

    simulate(scene)


@check("P1", kind="timing")
def test_never_more_than_capacity_at_once(impl: Implementation) -> None:
    """Nobody asks for a day or a second: before the first acquire, and after some."""

    def scene(sim: Sim) -> None:
        for rest in (86_400.0, 1.5, 0.55):
            bucket = impl.TokenBucket(10.0, 4)
            for before in ("nothing", "4 acquires", "1 acquire"):
                sim.sleep(rest)
                did = f"capacity 4, 10/s: {before}, {rest} s of rest, then 5 acquires at once"
                equal(allowed(bucket, 1, 1, 1, 1, 1), [True] * 4 + [False], did=did)
                sim.sleep(rest)
                bucket.try_acquire()

    simulate(scene)


@check("P1", "P8", kind="behaviour")
def test_buckets_share_nothing(impl: Implementation) -> None:
    """Two buckets of different rate and capacity, used in turn."""

    def scene(sim: Sim) -> None:
        one, other = impl.TokenBucket(1.0, 2), impl.TokenBucket(2.0, 3)
        equal(allowed(one, 1, 1, 1), [True, True, False], did="capacity 2: 3 acquires")
        equal(allowed(other, 1, 1, 1, 1), [True] * 3 + [False], did="another of 3: 4 acquires")
        sim.sleep(3_600.0)
        equal(allowed(other, 3, 1), [True, False], did="the other, an hour later: 3, 1")
        equal(allowed(one, 2, 1), [True, False], did="the one, after that: 2, 1")

    simulate(scene)


@check("P2", kind="timing")
def test_no_two_bursts_within_one_window(impl: Implementation) -> None:
    """A burst shortly before a second is over, and another shortly after."""

    def scene(sim: Sim) -> None:
        for wait in (0.0, 0.4, 0.9, 0.95, 0.999):
            bucket = impl.TokenBucket(10.0, 10)
            sim.sleep(math.ceil(sim.now()) - sim.now() + wait)
            first = sum(allowed(bucket, *[1] * 12))
            sim.sleep(0.125)
            second = sum(allowed(bucket, *[1] * 12))
            did = f"10/s, capacity 10: {wait} s into a second ask 12 times, and 0.125 s later again"
            equal((first, second), (10, 1), did=did)

    simulate(scene)


@check("P2", kind="timing")
def test_no_stretch_of_time_gives_more(impl: Implementation) -> None:
    """A greedy caller at irregular instants; every stretch of his time is looked at."""

    def scene(sim: Sim) -> None:
        chance = random.Random(5)
        for rate, capacity in ((2.0, 5), (0.7, 3), (50.0, 8)):
            bucket = impl.TokenBucket(rate, capacity)
            grants: list[tuple[float, int]] = []
            for _ in range(150):
                sim.sleep(chance.choice((0.0, 0.01, 0.3, 1.0)) * chance.random() / rate * 4)
                tokens = chance.randint(1, capacity)
                if bucket.try_acquire(tokens).allowed:
                    grants.append((sim.now(), tokens))
            for start, (begin, _) in enumerate(grants):
                total = 0
                for end, tokens in grants[start:]:
                    total += tokens
                    most = capacity + rate * (end - begin + 2e-6)
                    did = f"{rate}/s, capacity {capacity}: tokens given in {end - begin:.3f} s"
                    ensure(total <= most, did=did, want=f"at most {most:.3f}", got=total)

    simulate(scene)


@check("P3", kind="timing")
def test_fractions_of_tokens_are_kept(impl: Implementation) -> None:
    """Asked every 0.3 s for a minute, at rates that are no whole numbers."""

    def scene(sim: Sim) -> None:
        for rate in (0.5, 0.75, 1.25, 0.1, 2 / 3):
            bucket = impl.TokenBucket(rate, 3)
            allowed(bucket, 3)
            start, given = sim.now(), 0
            for _ in range(200):
                sim.sleep(0.3007)
                given += bucket.try_acquire().allowed
            did = f"{rate:.3f}/s, emptied, then asked every 0.3007 s for a minute: tokens given"
            equal(given, math.floor(rate * (sim.now() - start)), did=did)

    simulate(scene)


@check("P3", kind="timing")
def test_asking_often_loses_nothing(impl: Implementation) -> None:
    """Asked thousands of times a second, far faster than tokens come."""

    def scene(sim: Sim) -> None:
        for rate, every in ((1.0, 0.0013), (100.0, 0.000301), (0.25, 0.0083)):
            bucket = impl.TokenBucket(rate, 2)
            allowed(bucket, 2)
            start, given = sim.now(), 0
            for _ in range(1_500):
                sim.sleep(every)
                given += bucket.try_acquire().allowed
            did = f"{rate}/s, emptied, then asked every {every} s, 1,500 times: tokens given"
            equal(given, math.floor(rate * (sim.now() - start)), did=did)

    simulate(scene)


@check("P3", kind="timing")
def test_no_drift(impl: Implementation) -> None:
    """Tokens taken as soon as they are there, up to a million: the last comes when it is due."""

    def scene(sim: Sim) -> None:
        for rate, capacity, tokens in ((3.0, 5, 1), (0.7, 3, 2), (977.0, 2_000, 500)):
            bucket = impl.TokenBucket(rate, capacity)
            start, given = sim.now(), 0
            while given < 2_000 * tokens:
                decision = bucket.try_acquire(tokens)
                if decision.allowed:
                    given += tokens
                else:
                    sim.sleep(max(decision.retry_after, 1e-7))
            late = sim.now() - start - (given - capacity) / rate
            did = f"{rate}/s, capacity {capacity}: {tokens} taken when retry_after has passed; "
            did += f"how late token {given:,} is"
            ensure(abs(late) < 3e-6, did=did, want="less than 3 microseconds", got=late)

    simulate(scene)


@check("P4", kind="behaviour")
def test_refused_acquire_costs_nothing(impl: Implementation) -> None:
    """Three of five are taken, then 3 are refused again and again, then the 2 are taken."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(0.001, 5)
        did = "capacity 5: acquires of 3, then 3 (ten times), 2, 1"
        want = [True] + [False] * 10 + [True, False]
        equal(allowed(bucket, 3, *[3] * 10, 2, 1), want, did=did)

    simulate(scene)


@check("P3", "P4", kind="timing")
def test_refusals_do_not_postpone(impl: Implementation) -> None:
    """A caller who is refused all the time gets his tokens no later than a patient one."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(0.25, 4)
        allowed(bucket, 4)
        for _ in range(799):
            sim.sleep(0.01)
            equal(allowed(bucket, 4, 3, 2), [False] * 3, did="0.25/s, emptied: 4, 3, 2 within 8 s")
        sim.sleep(0.02)
        equal(allowed(bucket, 3, 2, 1), [False, True, False], did="8.01 s after that: 3, 2, 1")

    simulate(scene)


@check("P4", kind="behaviour")
def test_more_than_capacity_is_always_refused(impl: Implementation) -> None:
    """Four and a thousand from a full bucket of three, then the three."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(1.0, 3)
        for tokens in (4, 1_000):
            decision = bucket.try_acquire(tokens)
            equal(decision.allowed, False, did=f"{tokens} from a full bucket of 3")
            ensure(
                decision.retry_after == math.inf,
                did=f"retry_after of {tokens} from a full bucket of 3",
                want="math.inf",
                got=decision.retry_after,
            )
            sim.sleep(100.0)
        equal(allowed(bucket, 3, 1), [True, False], did="then 3 and 1 of the same bucket")
        equal(bucket.try_acquire(4).retry_after, math.inf, did="retry_after of 4 when it is empty")

    simulate(scene)


@check("P6", kind="timing")
def test_wall_clock_has_no_say_in_a_bucket(impl: Implementation) -> None:
    """The wall clock is set 8 hours forwards and backwards between acquires."""

    def scene(sim: Sim) -> None:
        bucket = impl.TokenBucket(1.0, 3)
        equal(allowed(bucket, 3, 1), [True, False], did="3 of 3, then 1")
        for jump in (28_800.0, -57_600.0, 28_800.0, -86_400.0):
            sim.jump_wall_clock(jump)
            did = f"emptied, then the wall clock set by {jump:+,.0f} s"
            equal(allowed(bucket, 1), [False], did=did)
            sim.sleep(1.01)
            equal(allowed(bucket, 1, 1), [True, False], did=did + ", and 1.01 s later, at 1/s")

    simulate(scene)


@check("P13", kind="contract")
def test_bad_arguments_of_a_bucket(impl: Implementation) -> None:
    """Rates and capacities that mean nothing, and acquires of less than one token."""

    def scene(sim: Sim) -> None:
        for rate in (0, 0.0, -1.0, math.nan, math.inf, -math.inf):
            raises(ValueError, partial(impl.TokenBucket, rate, 1), did=f"TokenBucket({rate}, 1)")
        for capacity in (0, -3):
            did = f"TokenBucket(1.0, {capacity})"
            raises(ValueError, partial(impl.TokenBucket, 1.0, capacity), did=did)
        bucket = impl.TokenBucket(1.0, 3)
        allowed(bucket, 2)
        for tokens in (0, -1, -1_000):
            did = f"try_acquire({tokens})"
            raises(ValueError, partial(bucket.try_acquire, tokens), did=did)
        did = "2 of 3 taken, then try_acquire(0), (-1), (-1000), and 2, 1, 1"
        equal(allowed(bucket, 2, 1, 1), [False, True, False], did=did)
        equal(allowed(impl.TokenBucket(5, 2), 2), [True], did="TokenBucket(5, 2): a whole rate, 2")

    simulate(scene)
