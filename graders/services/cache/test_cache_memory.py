"""What is let go, and what grows."""

import contextlib
import gc
import math
import sys
import weakref
from collections.abc import Callable

from contracts.services.cache import Cache
from graders.kit import Implementation, Sim, check, ensure, simulate


class Value:
    """Something that can be watched going away."""


class Unavailable(Exception):
    """The database is down."""


def failing() -> None:
    """A loader that fails."""
    raise Unavailable


def gone(cache: Cache, did: str, leave: Callable[[Value], object]) -> None:
    """`leave` puts a value and makes it leave; nothing refers to it after that."""
    value = Value()
    watched = weakref.ref(value)
    leave(value)
    del value
    gc.collect()
    ensure(watched() is None, did=did, want="nothing refers to the value", got=watched())


@check("P7", kind="behaviour")
def test_values_that_are_gone_are_let_go(impl: Implementation) -> None:
    """Values are replaced, deleted and evicted, put and loaded, with a lifetime and without."""

    def scene(sim: Sim) -> None:
        for ttl in (math.inf, 60):
            cache = impl.Cache(2, ttl)

            def put(value: Value, cache: Cache = cache) -> None:
                cache.put("k", value)

            def load(value: Value, cache: Cache = cache) -> None:
                cache.get("x")
                cache.get_or_load("k", lambda: value)

            for how, come in (("put", put), ("loaded", load)):
                for name, leave in LEAVING.items():
                    cache.delete("k")

                    def both(
                        value: Value,
                        cache: Cache = cache,
                        come: Callable[[Value], object] = come,
                        leave: Callable[[Cache], object] = leave,
                    ) -> None:
                        come(value)
                        cache.get("k")
                        leave(cache)

                    gone(cache, f"Cache(2, {ttl}): a value is {how} and {name}", both)

    simulate(scene)


LEAVING: dict[str, Callable[[Cache], object]] = {
    "replaced": lambda cache: cache.put("k", 1),
    "replaced with another ttl": lambda cache: cache.put("k", 1, ttl=5),
    "deleted": lambda cache: cache.delete("k"),
    "evicted": lambda cache: [cache.put(key, 1) for key in "xy"],
}


@check("P7", "P12", kind="behaviour")
def test_expired_and_overtaken_values_are_let_go(impl: Implementation) -> None:
    """A value expires, and another key is put; a load is overtaken by a put, or by a delete."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(3)

        def expire(value: Value) -> None:
            cache.put("k", value, ttl=5)
            sim.sleep(5)
            cache.put("x", 1)

        def overtaken(value: Value, write: Callable[[], object]) -> None:
            def load() -> Value:
                write()
                return value

            cache.get_or_load("k", load)

        def shared(value: Value) -> None:
            def load() -> Value:
                sim.sleep(5)
                return value

            ask = lambda: cache.get_or_load("k", load)  # noqa: E731
            sim.together(ask, ask)
            cache.delete("k")

        gone(cache, "two threads share a load; delete", shared)
        gone(cache, "put with ttl=5; 5 s later put of another key", expire)
        did = "get_or_load whose loader puts its own key"
        gone(cache, did, lambda value: overtaken(value, lambda: cache.put("k", 1)))
        cache.delete("k")
        did = "get_or_load whose loader deletes its own key"
        gone(cache, did, lambda value: overtaken(value, lambda: cache.delete("k")))

    simulate(scene)


MANY = 1_500
ALLOWED = 1_000
"""Objects: room for some laziness; one that each call leaves behind is more."""


def bounded(did: str, call: Callable[[int], object]) -> None:
    """Fail if MANY calls leave objects behind."""
    for number in range(300):
        call(-number)
    gc.collect()
    gc.freeze()  # what is there already need not be looked at again
    before = sys.getallocatedblocks()
    for number in range(MANY):
        call(number * 1_009)
    gc.collect()
    left = sys.getallocatedblocks() - before
    ensure(
        left < ALLOWED,
        did=f"{MANY:,} times {did}",
        want=f"fewer than {ALLOWED:,} objects more than before",
        got=f"{left:,} objects",
    )


@check("P7", kind="throughput")
def test_overwriting_does_not_pile_up(plain: Implementation) -> None:
    """One key is put 1,500 times with a long ttl, another put and deleted as often."""
    cache = plain.Cache(10, ttl=3_600)

    def put_and_delete(number: int) -> None:
        cache.put("l", number, ttl=7_200)
        cache.delete("l")

    def mortal_and_immortal(number: int) -> None:
        cache.put("k", number)
        cache.put("k", number, ttl=math.inf)

    bounded("capacity 10: put of one key, ttl 3,600 s", lambda number: cache.put("k", number))
    bounded("capacity 10: put and delete of one key", put_and_delete)
    bounded("capacity 10: put of one key with ttl 3,600 s and with ttl inf", mortal_and_immortal)
    cache = plain.Cache(10)
    bounded("capacity 10: put of one key without a ttl", lambda number: cache.put("k", number))


@check("P7", kind="throughput")
def test_keys_seen_once_leave_nothing(plain: Implementation) -> None:
    """1,500 different keys are put, asked for, deleted, loaded, and fail to load."""
    cache = plain.Cache(10, ttl=3_600)

    def fail(key: int) -> None:
        with contextlib.suppress(Unavailable):
            cache.get_or_load(key, failing)

    def overtaken(key: int) -> None:
        cache.get_or_load(key, lambda: cache.delete(key))

    calls: dict[str, Callable[[int], object]] = {
        "put": lambda key: cache.put(key, 0),
        "get (a miss)": cache.get,
        "`in` (nothing there)": lambda key: key in cache,
        "delete (nothing there)": cache.delete,
        "get_or_load": lambda key: cache.get_or_load(key, lambda: 0),
        "get_or_load with a loader that raises": fail,
        "get_or_load with a loader that deletes the key": overtaken,
    }
    for did, call in calls.items():
        bounded(f"capacity 10: {did}, always another key", call)
