"""Counts and lifetimes when several threads use one cache."""

import time

from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises


@check("P5", "P8", kind="concurrency")
def test_failed_loads_are_all_counted(impl: Implementation) -> None:
    """Three threads load three keys; every loader raises."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def failing() -> None:
            sim.point()
            raise ValueError

        def load(key: str) -> None:
            raises(ValueError, lambda: cache.get_or_load(key, failing), did="the loader raises")

        sim.together(lambda: load("a"), lambda: load("b"), lambda: load("c"))
        stats = cache.stats()
        equal(stats.load_failures, 3, did="load_failures after three failed loads")
        equal(stats.misses, 3, did="misses after three failed loads")

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

    explore(scene, schedules=150)
