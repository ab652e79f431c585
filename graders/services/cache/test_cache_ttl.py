"""Lifetimes: who is alive when, and what the dead no longer do."""

import math
import random

from contracts.services.cache import Cache
from graders.kit import Implementation, Sim, check, equal, simulate

DEAD = "the default"


def ages(sim: Sim, cache: Cache, key: str, *, until: float, did: str) -> None:
    """The key is alive a quarter of a second before `until` (seconds from now), dead at it."""
    sim.sleep(until - 0.25)
    equal(key in cache, True, did=f"{did}: {until - 0.25} s later, `in`")
    sim.sleep(0.25)
    equal(
        cache.get(key, DEAD),
        DEAD,
        did=f"{did}: exactly {until} s later, get with a default",
    )


@check("P3", kind="timing")
def test_an_entry_dies_at_exactly_its_deadline(impl: Implementation) -> None:
    """The ttl of the put, and the ttl of the cache, looked at just before and at the deadline."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("k", 1, ttl=5)
        sim.sleep(4.75)
        equal(cache.get("k", DEAD), 1, did="put with ttl=5; 4.75 s later, get")
        sim.sleep(0.25)
        equal(cache.get("k", DEAD), DEAD, did="put with ttl=5; exactly 5 s later, get")
        cache = impl.Cache(4, ttl=8)
        cache.put("k", 1)
        ages(sim, cache, "k", until=8, did="Cache(4, ttl=8), put without ttl")
        cache.put("k", 1, 2.5)
        ages(sim, cache, "k", until=2.5, did="Cache(4, ttl=8), put with ttl=2.5")
        cache.put("k", 1, ttl=20)
        ages(sim, cache, "k", until=20, did="Cache(4, ttl=8), put with ttl=20")

    simulate(scene)


@check("P3", kind="timing")
def test_without_a_ttl_an_entry_stays(impl: Implementation) -> None:
    """No ttl anywhere, and math.inf in a cache that has one; thirty years later."""

    def scene(sim: Sim) -> None:
        plain, mortal = impl.Cache(4), impl.Cache(4, ttl=8)
        endless = impl.Cache(4, ttl=math.inf)
        plain.put("k", 1)
        mortal.put("k", 2, ttl=math.inf)
        endless.put("k", 3)
        mortal.get_or_load("l", lambda: 4, ttl=math.inf)
        sim.sleep(1e9)
        equal(plain.get("k", DEAD), 1, did="put without any ttl; 1e9 s later, get")
        equal(mortal.get("k", DEAD), 2, did="Cache(4, ttl=8), put with ttl=inf; 1e9 s later, get")
        equal(endless.get("k", DEAD), 3, did="Cache(4, ttl=inf), put; 1e9 s later, get")
        equal(mortal.get("l", DEAD), 4, did="loaded with ttl=inf; 1e9 s later, get")

    simulate(scene)


@check("P3", kind="timing")
def test_reading_does_not_prolong(impl: Implementation) -> None:
    """An entry with ttl=5 is read in every way, every second."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4, ttl=5)
        cache.put("k", 1)
        for _ in range(4):
            sim.sleep(1)
            cache.get("k")
            equal("k" in cache, True, did="put with ttl 5; `in` within the first 4 s")
            cache.get_or_load("k", lambda: 2)
            len(cache)
            cache.stats()
        sim.sleep(1)
        equal(cache.get("k", DEAD), DEAD, did="put with ttl 5, read every second; 5 s later, get")

    simulate(scene)


@check("P3", kind="timing")
def test_every_put_starts_a_new_life(impl: Implementation) -> None:
    """An entry is overwritten halfway: with a longer ttl, a shorter one, and none."""

    def scene(sim: Sim) -> None:
        for first, second, lives in (
            (2, 10, 10),
            (10, 2, 2),
            (2, None, 6),
            (20, None, 6),
            (3, 3, 3),
        ):
            cache = impl.Cache(4, ttl=6)
            cache.put("k", 1, ttl=first)
            sim.sleep(1)
            cache.put("k", 2, ttl=second)
            did = f"Cache(4, ttl=6): put with ttl={first}, 1 s later put with ttl={second}"
            ages(sim, cache, "k", until=lives, did=did)
        cache = impl.Cache(4)
        cache.put("k", 1, ttl=2)
        cache.put("k", 2)
        sim.sleep(100)
        did = "put with ttl=2, then put without, the cache having none; 100 s later, get"
        equal(cache.get("k", DEAD), 2, did=did)

    simulate(scene)


@check("P3", "P4", kind="timing")
def test_each_dies_in_time_after_many_overwrites(impl: Implementation) -> None:
    """1,000 puts with lifetimes of 1 to 9 s and deletes of 100 keys (seed 7); then who is alive, every second."""

    def scene(sim: Sim) -> None:
        dice, cache = random.Random(7), impl.Cache(100)
        deadlines: dict[int, int] = {}
        for turn in range(1_000):
            key, ttl = dice.randrange(100), dice.randint(1, 9)
            if turn % 7 == 3:
                cache.delete(key)
                deadlines.pop(key, None)
            else:
                cache.put(key, turn, ttl=ttl)
                deadlines[key] = ttl
        for second in range(10):
            alive = {key for key, deadline in deadlines.items() if deadline > second}
            did = f"1,000 puts and deletes, nobody waiting in between; {second} s later, "
            equal({key for key in range(100) if key in cache}, alive, did=did + "the keys in cache")
            equal(len(cache), len(alive), did=did + "len")
            sim.sleep(1)

    simulate(scene)


@check("P3", kind="timing")
def test_a_key_lives_again_after_its_death(impl: Implementation) -> None:
    """A dead key is put again, deleted and put again, evicted and put again: old deadlines pass."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(2)
        cache.put("k", 1, ttl=1)
        sim.sleep(3)
        cache.put("k", 2, ttl=4)
        equal(cache.get("k", DEAD), 2, did="put with ttl=1, 3 s later put with ttl=4, get")
        ages(sim, cache, "k", until=4, did="put again after its death, with ttl=4")
        cache.put("k", 3, ttl=1)
        cache.delete("k")
        cache.put("k", 4, ttl=4)
        ages(sim, cache, "k", until=4, did="put with ttl=1, delete, put with ttl=4")
        cache.put("k", 5, ttl=1)
        cache.put("x", 0)
        cache.put("y", 0)
        cache.put("k", 6, ttl=4)
        ages(sim, cache, "k", until=4, did="put with ttl=1, evicted by others, put with ttl=4")

    simulate(scene)


@check("P3", kind="timing")
def test_a_loaded_value_lives_from_when_it_was_loaded(impl: Implementation) -> None:
    """A loader that takes 10 s, with ttl=4, and with the cache's ttl=6."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4, ttl=6)

        def slow() -> int:
            sim.sleep(10)
            return 1

        cache.get_or_load("k", slow, ttl=4)
        ages(sim, cache, "k", until=4, did="get_or_load with ttl=4 whose loader took 10 s")
        cache.get_or_load("k", slow)
        ages(sim, cache, "k", until=6, did="Cache(4, ttl=6).get_or_load whose loader took 10 s")

    simulate(scene)


@check("P3", kind="timing")
def test_the_wall_clock_has_no_say(impl: Implementation) -> None:
    """The wall clock is set a day ahead and two days back while entries are alive."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("k", 1, ttl=5)
        sim.jump_wall_clock(86_400)
        equal(cache.get("k", DEAD), 1, did="put with ttl=5; wall clock set a day ahead; get")
        cache.put("l", 2, ttl=5)
        sim.jump_wall_clock(-2 * 86_400)
        sim.sleep(4.75)
        equal(len(cache), 2, did="two entries with ttl=5; wall clock set back; 4.75 s later, len")
        sim.sleep(0.25)
        equal(cache.get("l", DEAD), DEAD, did="wall clock set two days back; 5 s after put, get")
        equal(len(cache), 0, did="wall clock set two days back; 5 s after the puts, len")

    simulate(scene)


@check("P4", kind="behaviour")
def test_the_dead_are_never_served(impl: Implementation) -> None:
    """An entry has died; every method is asked for it, each as the first to look."""

    def scene(sim: Sim) -> None:
        def dead() -> Cache:
            cache = impl.Cache(3)
            cache.put("k", "old", ttl=1)
            sim.sleep(1)
            return cache

        did = "put with ttl=1; 1 s later, as the first call, "
        equal(dead().get("k", DEAD), DEAD, did=did + "get")
        equal("k" in dead(), False, did=did + "`in`")
        equal(len(dead()), 0, did=did + "len")
        equal(dead().delete("k"), False, did=did + "delete")
        equal(dead().stats().size, 0, did=did + "stats().size")
        got = dead().get_or_load("k", lambda: "new")
        equal(got, "new", did=did + "get_or_load")

    simulate(scene)


@check("P4", kind="behaviour")
def test_len_counts_the_living_at_every_instant(impl: Implementation) -> None:
    """Six entries with lifetimes from 1 to 4 s and one without; len every second."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(10)
        for key, ttl in zip("abcdef", (3, 1, 4, 1, 2, math.inf), strict=True):
            cache.put(key, key, ttl=ttl)
        cache.put("c", "c", ttl=2)
        for second, alive in enumerate((6, 4, 2, 1, 1)):
            did = f"ttl 3, 1, 2 (was 4), 1, 2 and none; {second} s later, len"
            equal(len(cache), alive, did=did)
            equal(cache.stats().size, alive, did=did.replace("len", "stats().size"))
            sim.sleep(1)

    simulate(scene)


@check("P3", "P4", kind="timing")
def test_short_lives(impl: Implementation) -> None:
    """Entries die a thousandth of a second after each other, and the cache is asked as often."""

    def scene(sim: Sim) -> None:
        tick, cache = 2**-10, impl.Cache(40)
        for number in range(1, 21):
            cache.put(number, number, ttl=number * tick)
            cache.put(-number, number, ttl=21 * tick)
        for dead in range(21):
            did = f"ttl 1 to 20, and 20 with 21 (times 2**-10 s); {dead} times 2**-10 s later, "
            equal(len(cache), 40 - dead, did=did + "len")
            equal(dead in cache, False, did=did + f"{dead} in cache")
            sim.sleep(tick)
        equal(len(cache), 0, did="40 entries, 20 of them dying together; len when all are dead")

    simulate(scene)


@check("P4", kind="behaviour")
def test_unlike_keys_die_together(impl: Implementation) -> None:
    """Keys and values of unlike types, which have no order, share a deadline."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(10)
        keys = (1, "1", None, (1, "a"), frozenset(), 1.5, b"1")
        for _ in range(2):
            for key in keys:
                cache.put(key, {"value": key}, ttl=5)
        equal(len(cache), len(keys), did="seven keys of unlike types with ttl=5; len")
        equal(cache.get(None), {"value": None}, did="then get of the key None")
        sim.sleep(5)
        equal(len(cache), 0, did="seven keys of unlike types with ttl=5; 5 s later, len")

    simulate(scene)


@check("P4", kind="behaviour")
def test_the_dead_take_no_room(impl: Implementation) -> None:
    """Capacity 3, full: one entry has died, wherever it stands in the order of use."""

    def scene(sim: Sim) -> None:
        for dead in "abc":
            cache = impl.Cache(3)
            for key in "abc":
                cache.put(key, key, ttl=1 if key == dead else 60)
            sim.sleep(1)
            cache.put("d", "d")
            left = "".join(key for key in "abcd" if key in cache)
            did = f"capacity 3: put a, b, c, of which {dead} with ttl=1; 1 s later put d: keys left"
            equal(left, "abcd".replace(dead, ""), did=did)
            equal(cache.stats().evictions, 0, did=did.replace("keys left", "evictions"))

    simulate(scene)


@check("P4", kind="behaviour")
def test_a_dead_key_put_again_evicts_nobody(impl: Implementation) -> None:
    """Capacity 3, full: a dead key is put again, and a dead key is loaded again."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(3)
        for key, ttl in (("a", 60), ("b", 1), ("c", 1)):
            cache.put(key, key, ttl=ttl)
        sim.sleep(2)
        cache.put("c", "again")
        cache.get_or_load("b", lambda: "again")
        left = "".join(key for key in "abc" if key in cache)
        did = "capacity 3: a, b and c, of which b and c die and are put and loaded again: "
        equal(left, "abc", did=did + "keys left")
        equal(len(cache), 3, did=did + "len")
        cache.put("d", "d")
        left = "".join(key for key in "abcd" if key in cache)
        equal(left, "bcd", did=did + "then put d: keys left")

    simulate(scene)


@check("P4", kind="behaviour")
def test_a_load_into_a_full_cache_removes_the_dead_first(impl: Implementation) -> None:
    """Capacity 2, full: an entry dies while the loader of a new key runs."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(2)
        cache.put("a", "a")
        cache.put("b", "b", ttl=5)
        cache.get_or_load("c", lambda: sim.sleep(10))
        left = "".join(key for key in "abc" if key in cache)
        did = "capacity 2: a, and b with ttl=5; get_or_load of c takes 10 s: keys left"
        equal(left, "ac", did=did)

    simulate(scene)
