"""Counts and lifetimes when several threads use one cache."""

import time

from contracts.services.cache import Stats
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises


@check("P5", "P8", kind="concurrency")
def test_calls_of_two_threads_are_all_counted(impl: Implementation) -> None:
    """Two threads: a hit, and a load that fails, each."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("a", 1)

        def failing() -> None:
            raise ValueError

        def client(key: str) -> None:
            cache.get("a")
            raises(ValueError, lambda: cache.get_or_load(key, failing), did="the loader raises")

        sim.together(lambda: client("x"), lambda: client("y"))
        want = Stats(2, 2, 0, 0, 0, 2, size=1)
        equal(cache.stats(), want, did="two threads: a hit and a failing load each; stats()")

    explore(scene, schedules=160)


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

        _, got = sim.together(work, cache.stats)
        possible = [
            Stats(hits, 0, 0, 0, 0, 0, size) for hits, size in ((0, 1), (1, 1), (1, 2), (2, 2))
        ]
        ensure(
            got in possible,
            did="with a there, one thread: get a, put b, get b; another: stats()",
            want="hits and size before, between or after those three calls",
            got=got,
        )

    explore(scene, schedules=120)


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

    explore(scene, schedules=100)
