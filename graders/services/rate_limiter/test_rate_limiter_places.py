"""There are only so many places: who gets one, who is refused, what is kept."""

import gc
import math
import tracemalloc
import weakref
from collections.abc import Callable
from functools import partial

from contracts.services.rate_limiter import Decision
from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.services.rate_limiter.given import allowed_to, near

NEVER = 1e-9  # tokens a second: within a check nobody's bucket fills


class Key:
    """A client that can be watched: is anything of it kept?"""


@check("P10", kind="timing")
def test_newcomers_are_refused_when_all_places_are_taken(impl: Implementation) -> None:
    """Three places, taken by clients whose buckets become full after 4, 1 and 2.5 s."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(2.0, 10, 3)
        for client, tokens in (("a", 8), ("b", 2), ("c", 5)):
            equal(
                allowed_to(limiter, client, tokens), [True], did=f"{tokens} of {client}, 3 places"
            )
        refused = limiter.try_acquire("d", 3)
        did = "3 places taken: 3 of d, a newcomer"
        equal((refused.allowed, refused.limit, refused.remaining), (False, 10, 0), did=did)
        near(refused.retry_after, 1.0, did + ", its retry_after (b is forgotten then)")
        near(refused.full_after, 1.0, did + ", its full_after")
        near(refused.window, 5.0, did + ", its window")
        greedy = limiter.try_acquire("d", 11)
        did = "3 places taken: 11 of d, a newcomer, of capacity 10"
        said = (greedy.allowed, greedy.limit, greedy.remaining, greedy.retry_after)
        equal(said, (False, 10, 0, math.inf), did=did + "; allowed, limit, remaining, retry_after")
        near(greedy.full_after, 1.0, did + ", its full_after")
        equal(
            allowed_to(limiter, "a", 3, 1),
            [False, True],
            did="a, who is remembered: 3, 1 of 2 left",
        )
        equal(allowed_to(limiter, "b", 5), [True], did="b, who is remembered: 5 of 8 left")
        did = "1 of d, after b took 5 more: its retry_after (c is forgotten first now)"
        near(limiter.try_acquire("d").retry_after, 2.5, did)
        sim.sleep(2.49)
        equal(allowed_to(limiter, "d", 1), [False], did="d 2.49 s later, 0.01 s too early")
        equal(len(limiter), 3, did="len at that moment")
        sim.sleep(0.02)
        equal(allowed_to(limiter, "d", 10), [True], did="10 of d 2.51 s later")
        equal(
            allowed_to(limiter, "c", 1), [False], did="c, who is a newcomer now, at the same moment"
        )

    simulate(scene)


@check("P5", "P10", kind="timing")
def test_newcomer_is_served_after_retry_after(impl: Implementation) -> None:
    """One place, two clients in turn; each refused one sleeps exactly retry_after."""

    def scene(sim: Sim) -> None:
        for rate in (3.0, 0.7, 12.34, 1 / 3):
            limiter = impl.ClientLimiter(rate, 3, 1)
            allowed_to(limiter, "x", 1)
            for number in range(30):
                client, tokens = f"client {number % 2}", 1 + number % 3
                refused: Decision = limiter.try_acquire(client, tokens)
                equal(refused.allowed, False, did=f"{client}, while another has the only place")
                sim.sleep(refused.retry_after)
                did = (
                    f"{rate:.6g}/s: {client} once more after retry_after = {refused.retry_after!r}"
                )
                equal(limiter.try_acquire(client, tokens).allowed, True, did=did)
                sim.sleep(0.2 / rate)

    simulate(scene)


@check("P10", kind="behaviour")
def test_bound_holds_for_many(impl: Implementation) -> None:
    """Three hundred clients at twenty places, in three waves."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(1.0, 2, 20)
        for wave in range(3):
            served = sum(limiter.try_acquire((wave, number)).allowed for number in range(100))
            equal(served, 20, did=f"wave {wave + 1} of 100 new clients at 20 places: served")
            equal(len(limiter), 20, did=f"len after wave {wave + 1}")
            equal(
                allowed_to(limiter, (wave, 7), 1, 1), [True, False], did="one of the served, again"
            )
            sim.sleep(2.01)

    simulate(scene)


@check("P11", kind="behaviour")
def test_nothing_is_kept_of_those_who_have_no_place(impl: Implementation) -> None:
    """Hundreds of clients come by a limiter with five places; who of them still exists?"""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(1.0, 2, 5)
        living: list[weakref.ref[Key]] = []
        for number in range(300):
            client = Key()
            living.append(weakref.ref(client))
            limiter.try_acquire(client, 1 + number % 3)
            limiter.try_acquire(client, 1)
            del client
            sim.sleep(0.05)
        gc.collect()
        kept = sum(ref() is not None for ref in living)
        did = "300 clients with two acquires each, 0.05 s apart, at a limiter with 5 places: kept"
        ensure(kept <= 5, did=did, want="at most 5", got=kept)

    simulate(scene)


def held(job: Callable[[], None]) -> int:
    """Bytes that are held after `job` and were not before."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        job()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@check("P11", kind="behaviour")
def test_memory_is_bounded(impl: Implementation) -> None:
    """Thousands of newcomers: refused for want of a place, or for asking too much, or forgotten."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(1_000.0, 1, 10)

        def come(count: int, wait: float) -> None:
            for number in range(count):
                limiter.try_acquire(f"client {wait} {number}")
                limiter.try_acquire(f"greedy {wait} {number}", 2)
                if wait:
                    sim.sleep(wait)

        for wait, what in ((0.0, "refused"), (0.002, "forgotten")):
            come(50, wait)
            grown = held(partial(come, 300, wait))
            did = f"600 clients {what} by a limiter with 10 places: bytes that it has grown by"
            ensure(grown < 15_000, did=did, want="fewer than 15,000", got=grown)

    simulate(scene)


@check("P11", kind="behaviour")
def test_memory_of_one_busy_client_is_bounded(plain: Implementation) -> None:
    """Thousands of acquires of one bucket and of one client, beside another who is full before it."""
    limiter, bucket = plain.ClientLimiter(NEVER, 2_000, 2), plain.TokenBucket(NEVER, 2_000)
    limiter.try_acquire("full first")

    def take(count: int) -> None:
        for _ in range(count):
            limiter.try_acquire("busy")
            bucket.try_acquire()

    take(500)
    grown = held(partial(take, 2_500))
    did = "after 500 acquires of one client and of one bucket 2,500 more, 1,000 of them refused:"
    ensure(grown < 30_000, did=did + " bytes grown by", want="fewer than 30,000", got=grown)


@check("P6", "P9", "P10", kind="timing")
def test_wall_clock_has_no_say_in_a_limiter(impl: Implementation) -> None:
    """The wall clock is set by hours while clients wait, are remembered, and are forgotten."""

    def scene(sim: Sim) -> None:
        limiter = impl.ClientLimiter(1.0, 2, 1)
        for jump in (28_800.0, -57_600.0, 3_600.0):
            did = f"capacity 2, 1/s, 1 place, the wall clock set by {jump:+,.0f} s: "
            equal(allowed_to(limiter, "a", 2, 1), [True, False], did=did + "a before that")
            sim.jump_wall_clock(jump)
            equal(allowed_to(limiter, "a", 1), [False], did=did + "a after that")
            equal(allowed_to(limiter, "b", 1), [False], did=did + "b, a newcomer")
            near(limiter.try_acquire("b").retry_after, 2.0, did + "retry_after of b")
            sim.sleep(1.99)
            equal(len(limiter), 1, did=did + "len 1.99 s later")
            sim.sleep(0.02)
            equal(len(limiter), 0, did=did + "len 2.01 s later")

    simulate(scene)
