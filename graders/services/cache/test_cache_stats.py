"""Statistics: what is counted, when, and what is not."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

from contracts.services.cache import Cache, LoadCycle, Stats
from graders.kit import Implementation, Sim, check, equal, raises, simulate


class Interrupt(BaseException):
    """As KeyboardInterrupt and SystemExit: not an Exception."""


def counts(**named: int) -> Stats:
    """Stats with zeros for what is not named."""
    zeros = dict.fromkeys(
        ("hits", "misses", "evictions", "expirations", "loads", "load_failures", "size"), 0
    )
    return Stats(**(zeros | {name: int(count) for name, count in named.items()}))


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


@check("P5", "P12", kind="behaviour")
def test_loads_count_whatever_becomes_of_them(impl: Implementation) -> None:
    """Loads that a delete overtakes return and raise; a loader raises a BaseException."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def overtaken() -> int:
            cache.delete("a")
            equal(cache.stats(), counts(misses=1), did="stats() in the loader of the first load")
            return 1

        def overtaken_and_failing() -> None:
            cache.put("b", 1)
            failing()

        def interrupted() -> None:
            raise Interrupt

        did = "get_or_load whose loader "
        equal(cache.get_or_load("a", overtaken), 1, did=did + "deletes its key")
        want = counts(misses=1, loads=1)
        equal(cache.stats(), want, did=did + "deletes its key and returns; stats()")
        what = did + "puts its key and raises"
        raises(LookupError, lambda: cache.get_or_load("b", overtaken_and_failing), did=what)
        want = counts(misses=2, loads=1, load_failures=1, size=1)
        equal(cache.stats(), want, did=f"then {what}; stats()")
        what = did + "raises a BaseException"
        raises(Interrupt, lambda: cache.get_or_load("c", interrupted), did=what)
        want = counts(misses=3, loads=1, load_failures=2, size=1)
        equal(cache.stats(), want, did=f"then {what}; stats()")

    simulate(scene)


@check("P5", "P13", kind="behaviour")
def test_a_load_cycle_counts_a_miss(impl: Implementation) -> None:
    """A loader asks for its own key: it catches the LoadCycle and returns, or lets it out."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def circle() -> object:
            return cache.get_or_load("k", lambda: 1)

        def catching() -> str:
            raises(LoadCycle, circle, did="a loader asks for its own key")
            equal(cache.stats(), counts(misses=2), did="stats() in the loader after its LoadCycle")
            return "value"

        cache.get_or_load("k", catching)
        did = "a loader asks for its own key, catches the LoadCycle and returns; stats()"
        equal(cache.stats(), counts(misses=2, loads=1, size=1), did=did)
        cache.delete("k")
        raises(LoadCycle, lambda: cache.get_or_load("k", circle), did="the LoadCycle leaves it")
        want = counts(misses=4, loads=1, load_failures=1)
        equal(cache.stats(), want, did="then delete, and a loader lets the LoadCycle out; stats()")

    simulate(scene)


@check("P5", "P11", kind="timing")
def test_those_who_wait_count_a_miss_each(impl: Implementation) -> None:
    """Three callers ask for a key whose load takes 10 s, and returns or fails; later a fourth."""

    def scene(sim: Sim) -> None:
        for fails in (False, True):
            cache = impl.Cache(4)

            def slow(fails: bool = fails) -> None:
                sim.sleep(10)
                if fails:
                    failing()

            def ask(cache: Cache = cache, slow: Callable[[], None] = slow) -> object:
                with contextlib.suppress(LookupError):
                    return cache.get_or_load("k", slow)
                return None

            asking = [sim.spawn(ask) for _ in range(3)]
            sim.sleep(5)
            equal(cache.stats(), counts(misses=3), did="stats() while three callers share a load")
            for each in asking:
                each.join()
            how = "fails" if fails else "returns"
            want = counts(misses=3, loads=not fails, load_failures=fails, size=not fails)
            equal(cache.stats(), want, did=f"three callers share a load that {how}; stats()")
            cache.get("k")
            want = replace(want, hits=int(not fails), misses=3 + fails)
            equal(cache.stats(), want, did=f"a load that {how}, then get; stats()")

    simulate(scene)
