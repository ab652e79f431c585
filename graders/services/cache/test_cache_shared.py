"""Counts and lifetimes when several threads use one cache."""

import time

from contracts.services.cache import Stats
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises


@check("P5", "P8", kind="concurrency")
def test_hits_and_misses_of_two_threads_are_all_counted(impl: Implementation) -> None:
    """Two threads get one key; one gets it while another deletes it."""

    def hits(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("a", 1)
        sim.together(lambda: cache.get("a"), lambda: cache.get("a"))
        equal(cache.stats().hits, 2, did="two threads get a, which is there; stats().hits")

    def hit_or_miss(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("a", 1)
        got, _ = sim.together(lambda: cache.get("a", 0), lambda: cache.delete("a"))
        want = (1, 0) if got == 1 else (0, 1)
        stats = cache.stats()
        did = f"one thread gets a, another deletes it; the get has returned {got!r}: hits, misses"
        equal((stats.hits, stats.misses), want, did=did)

    explore(hits, schedules=60)
    explore(hit_or_miss, schedules=90)


@check("P5", "P8", kind="concurrency")
def test_failed_loads_are_all_counted(impl: Implementation) -> None:
    """Two threads load a key each; the loaders raise."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def failing() -> None:
            raise ValueError

        def load(key: str) -> None:
            raises(ValueError, lambda: cache.get_or_load(key, failing), did="the loader raises")

        sim.together(lambda: load("x"), lambda: load("y"))
        want = Stats(0, 2, 0, 0, 0, load_failures=2, size=0)
        equal(cache.stats(), want, did="two threads: a failing load each; stats()")

    explore(scene, schedules=110)


@check("P5", "P8", kind="concurrency")
def test_the_counts_are_of_one_instant(impl: Implementation) -> None:
    """One thread gets a key, puts another and gets it, while a second asks for the statistics."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(2)
        cache.put("a", 1)

        def work() -> None:
            cache.get("a")
            cache.put("b", 2)
            cache.get("b")

        got, _ = sim.together(cache.stats, work)
        possible = [
            Stats(hits, 0, 0, 0, 0, 0, size) for hits, size in ((0, 1), (1, 1), (1, 2), (2, 2))
        ]
        ensure(
            got in possible,
            did="with a there, one thread: get a, put b, get b; another: stats()",
            want="hits and size before, between or after those three calls",
            got=got,
        )

    explore(scene, schedules=90)


@check("P5", "P8", kind="concurrency")
def test_asking_while_entries_die(impl: Implementation) -> None:
    """Two entries reach their deadline; two threads ask for one and count, a third puts another."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("a", 1, ttl=1)
        cache.put("b", 2, ttl=1)
        time.sleep(1)
        there, size, _ = sim.together(
            lambda: "a" in cache, lambda: len(cache), lambda: cache.put("c", 3)
        )
        did = "a and b have died; three threads: `in` a, len, put c: "
        equal(there, False, did=did + "`in`")
        ensure(size in (0, 1), did=did + "len", want="0 or 1", got=size)
        stats = cache.stats()
        equal(stats.expirations, 2, did="expirations after two entries died")
        equal(stats.size, 1, did="size after two entries died and one was put")

    explore(scene, schedules=150)
