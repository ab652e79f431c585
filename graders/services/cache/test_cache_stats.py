"""Statistics, argument checks, and what is let go."""

import gc
import math
import tracemalloc
import weakref
from collections.abc import Callable

from contracts.services.cache import Stats
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate


class Value:
    """Something that can be watched going away."""


def counts(**named: int) -> Stats:
    """Stats with zeros for what is not named."""
    zeros = dict.fromkeys(
        ("hits", "misses", "evictions", "expirations", "loads", "load_failures", "size"), 0
    )
    return Stats(**(zeros | named))


def failing() -> None:
    """A loader that fails."""
    raise LookupError("no such row")


@check("P5", kind="behaviour")
def test_hits_and_misses(impl: Implementation) -> None:
    """Keys that are there and that are not, by get and get_or_load; `in`, len, delete between."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        equal(cache.stats(), counts(), did="stats() of a new cache")
        cache.put("a", None)
        cache.get("a")
        cache.get("a", "default")
        cache.get("x")
        equal(cache.stats(), counts(hits=2, misses=1, size=1), did="put a, get a, get a, get x")
        cache.get_or_load("a", lambda: 1)
        cache.get_or_load("b", lambda: 1)
        want = counts(hits=3, misses=2, loads=1, size=2)
        equal(cache.stats(), want, did="then get_or_load a (there), get_or_load b (loaded)")
        _ = "a" in cache, "x" in cache, len(cache), cache.delete("b"), cache.delete("x")
        want = counts(hits=3, misses=2, loads=1, size=1)
        equal(cache.stats(), want, did="then `in` a, `in` x, len, delete b, delete x")

    simulate(scene)


@check("P5", kind="behaviour")
def test_evictions_are_only_those_for_room(impl: Implementation) -> None:
    """Capacity 2: overwriting, deleting, expiring, and two real evictions."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(2)
        for key in "aab":
            cache.put(key, key)
        cache.delete("a")
        cache.put("c", "c")
        equal(cache.stats(), counts(size=2), did="capacity 2: put a, a, b; delete a; put c")
        cache.put("d", "d")
        cache.get_or_load("e", lambda: "e")
        want = counts(evictions=2, misses=1, loads=1, size=2)
        equal(cache.stats(), want, did="then put d and load e into the full cache")
        cache.put("e", "e", ttl=1)
        sim.sleep(1)
        cache.put("f", "f")
        want = counts(evictions=2, expirations=1, misses=1, loads=1, size=2)
        equal(cache.stats(), want, did="then put e with ttl=1; 1 s later put f")

    simulate(scene)


@check("P5", kind="timing")
def test_expirations_count_from_the_deadline_on(impl: Implementation) -> None:
    """Entries die one by one and nobody looks but stats()."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(10, ttl=1)
        cache.put("a", 1)
        cache.put("b", 1, ttl=2)
        cache.put("c", 1, ttl=3)
        for dead in range(4):
            want = counts(expirations=dead, size=3 - dead)
            equal(cache.stats(), want, did=f"ttl 1, 2 and 3; {dead} s later, stats()")
            equal(cache.stats(), want, did=f"ttl 1, 2 and 3; {dead} s later, stats() again")
            sim.sleep(1)

    simulate(scene)


@check("P5", kind="timing")
def test_each_death_counts_once(impl: Implementation) -> None:
    """The first to meet a dead entry is get, put, delete, get_or_load or an eviction's put."""

    def scene(sim: Sim) -> None:
        finders: dict[str, Callable[..., object]] = {
            'get("k")': lambda cache: cache.get("k"),
            'put("k", 2)': lambda cache: cache.put("k", 2),
            'delete("k")': lambda cache: cache.delete("k"),
            'get_or_load("k", ...)': lambda cache: cache.get_or_load("k", lambda: 2),
            'put("x", 2)': lambda cache: cache.put("x", 2),
            '"k" in cache': lambda cache: "k" in cache,
        }
        for name, find in finders.items():
            cache = impl.Cache(1)
            cache.put("k", 1, ttl=1)
            sim.sleep(2)
            find(cache)
            did = f"put with ttl=1; 2 s later {name}; "
            equal(cache.stats().expirations, 1, did=did + "stats().expirations")
            equal(cache.stats().evictions, 0, did=did + "stats().evictions")
            sim.sleep(2)
            equal(cache.stats().expirations, 1, did=did + "2 s later stats().expirations")

    simulate(scene)


@check("P5", kind="timing")
def test_who_left_before_the_deadline_does_not_expire(impl: Implementation) -> None:
    """Entries with ttl=1 are replaced, deleted and evicted; then their deadlines pass."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(2)
        cache.put("replaced", 1, ttl=1)
        cache.put("replaced", 2)
        cache.put("deleted", 1, ttl=1)
        cache.delete("deleted")
        cache.put("evicted", 1, ttl=1)
        cache.get("replaced")
        cache.put("last", 1)
        sim.sleep(5)
        did = "entries with ttl=1 replaced, deleted, evicted; 5 s later stats()"
        equal(cache.stats(), counts(hits=1, evictions=1, size=2), did=did)

    simulate(scene)


@check("P5", kind="behaviour")
def test_loads_and_failures(impl: Implementation) -> None:
    """Two loads that return, the second being a loader inside the first, and one that raises."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.get_or_load("a", lambda: cache.get_or_load("b", lambda: 1))
        raises(
            LookupError,
            lambda: cache.get_or_load("c", failing),
            did="get_or_load with a loader that raises LookupError",
        )
        want = counts(misses=3, loads=2, load_failures=1, size=2)
        did = "load a, whose loader loads b; load c, its loader raising; stats()"
        equal(cache.stats(), want, did=did)

    simulate(scene)


@check("P5", kind="concurrency")
def test_those_who_wait_count_a_miss_each(impl: Implementation) -> None:
    """Three callers ask for a key whose load takes 10 s; later a fourth."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def ask() -> object:
            return cache.get_or_load("k", lambda: sim.sleep(10))

        sim.together(ask, ask, ask)
        ask()
        want = counts(hits=1, misses=3, loads=1, size=1)
        equal(cache.stats(), want, did="three callers share a load, a fourth comes later; stats()")

    simulate(scene)


@check("P14", kind="contract")
def test_bad_numbers_are_refused(impl: Implementation) -> None:
    """Capacity below 1; ttl zero, negative and NaN, wherever a ttl can be given."""

    def scene(sim: Sim) -> None:
        for capacity in (0, -1):
            raises(ValueError, lambda c=capacity: impl.Cache(c), did=f"Cache({capacity})")
        cache = impl.Cache(2)
        cache.put("k", "old", ttl=5)
        loads: list[str] = []
        for ttl in (0, -1, -0.5, math.nan, -math.inf):
            refused: dict[str, Callable[[], object]] = {
                f"Cache(1, ttl={ttl})": lambda t=ttl: impl.Cache(1, ttl=t),
                f"put(k, new, ttl={ttl})": lambda t=ttl: cache.put("k", "new", ttl=t),
                f"put(x, new, ttl={ttl})": lambda t=ttl: cache.put("x", "new", ttl=t),
                f"get_or_load(k, loader, ttl={ttl}), k being there": lambda t=ttl: (
                    cache.get_or_load("k", lambda: loads.append("called"), ttl=t)
                ),
                f"get_or_load(x, loader, ttl={ttl})": lambda t=ttl: cache.get_or_load(
                    "x", lambda: loads.append("called"), ttl=t
                ),
            }
            for did, call in refused.items():
                raises(ValueError, call, did=did)
        equal(loads, [], did="loaders called by get_or_load with a bad ttl")
        equal(cache.stats(), counts(size=1), did="stats() after calls with bad ttl")
        sim.sleep(4.75)
        equal(
            cache.get("k"), "old", did="get of the entry that a put with a bad ttl was to replace"
        )
        sim.sleep(0.25)
        equal("k" in cache, False, did="the entry keeps its own deadline after a refused put")

    simulate(scene)


@check("P14", kind="contract")
def test_unhashable_keys_are_refused(impl: Implementation) -> None:
    """A list as the key of every method, on a full cache."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(1)
        cache.put("k", 1)
        loads: list[str] = []
        key: list[str] = []
        refused: dict[str, Callable[[], object]] = {
            "get([])": lambda: cache.get(key),
            "put([], 2)": lambda: cache.put(key, 2),
            "put([], 2, ttl=3)": lambda: cache.put(key, 2, ttl=3),
            "delete([])": lambda: cache.delete(key),
            "[] in cache": lambda: key in cache,
            "get_or_load([], loader)": lambda: cache.get_or_load(
                key, lambda: loads.append("called")
            ),
        }
        for _ in range(2):
            for did, call in refused.items():
                raises(TypeError, call, did=did)
        equal(loads, [], did="loaders called by get_or_load([], loader)")
        equal(cache.stats(), counts(size=1), did="stats() after calls with an unhashable key")
        equal(cache.get("k"), 1, did="get of the only entry after put([], 2)")

    simulate(scene)


@check("P7", kind="behaviour")
def test_values_that_are_gone_are_let_go(impl: Implementation) -> None:
    """Values are replaced, deleted, evicted and expired; one load's value is not stored."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(3)
        watched: dict[str, weakref.ref[Value]] = {}

        def value(name: str) -> Value:
            made = Value()
            watched[name] = weakref.ref(made)
            return made

        def replaced_while_loading() -> Value:
            cache.put("a", 0, ttl=60)
            return value("the value of a load that a put overtook")

        cache.put("a", value("the replaced value"), ttl=60)
        cache.put("a", 1, ttl=60)
        cache.put("b", value("the deleted value"), ttl=60)
        cache.delete("b")
        cache.delete("a")
        cache.get_or_load("a", replaced_while_loading)
        cache.put("c", value("the evicted value"), ttl=60)
        for key in "def":
            cache.put(key, 0)
        cache.delete("d")
        cache.put("g", value("the expired value"), ttl=5)
        sim.sleep(5)
        cache.put("h", 0)
        gc.collect()
        for name, reference in watched.items():
            ensure(
                reference() is None,
                did="replaced, deleted, evicted, expired, overtaken; then one more put",
                want=f"{name} is no longer referred to",
                got="something still refers to it",
            )

    simulate(scene)


def memory_left(work: Callable[[], object]) -> int:
    """Bytes that are allocated after `work` and were not before."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        work()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


MANY = 2_000
ALLOWED = 60_000
"""Bytes: room for some laziness, less than one number leaked by each call would take."""


def bounded(did: str, work: Callable[[], object]) -> None:
    """Fail if work of MANY calls leaves memory behind."""
    left = memory_left(work)
    ensure(
        left < ALLOWED,
        did=did,
        want=f"less than {ALLOWED:,} bytes more than before",
        got=f"{left:,} bytes",
    )


@check("P7", kind="throughput")
def test_overwriting_does_not_pile_up(plain: Implementation) -> None:
    """One key is put 2,000 times with a long ttl, another put and deleted as often."""
    cache = plain.Cache(10, ttl=3_600)
    cache.put("k", 0)

    def overwrite() -> None:
        for number in range(MANY):
            cache.put("k", number)

    def put_and_delete() -> None:
        for number in range(MANY):
            cache.put("l", number, ttl=7_200)
            cache.delete("l")

    bounded(f"capacity 10: put of one key {MANY:,} times, ttl 3,600 s", overwrite)
    bounded(f"capacity 10: put and delete of one key {MANY:,} times", put_and_delete)


@check("P7", kind="throughput")
def test_keys_seen_once_leave_nothing(plain: Implementation) -> None:
    """2,000 different keys are put, asked for, deleted, loaded, and fail to load."""
    cache = plain.Cache(10, ttl=3_600)

    def fail(key: int) -> None:
        try:
            cache.get_or_load(key, failing)
        except LookupError:
            return

    calls: dict[str, Callable[[int], object]] = {
        "put": lambda key: cache.put(key, 0),
        "get (a miss)": lambda key: cache.get(-1 - key),
        "delete (nothing there)": lambda key: cache.delete(-1 - key),
        "get_or_load": lambda key: cache.get_or_load(MANY + key, lambda: 0),
        "get_or_load with a loader that raises": lambda key: fail(-1 - key),
    }
    for did, call in calls.items():
        call(0)
        bounded(
            f"capacity 10: {did} of {MANY:,} different keys",
            lambda call=call: [None for key in range(MANY) if call(key) is call],
        )
