"""get_or_load against later writes."""

import threading
from collections.abc import Callable

from contracts.services.cache import Cache
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate

ABSENT = "absent"


@check("P12", kind="timing")
def test_a_put_during_a_load_wins(impl: Implementation) -> None:
    """A load takes 10 s; a put after 5 s; a caller waits since 1 s, others come at 6 and 11 s."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def slow() -> str:
            sim.sleep(10)
            return "loaded"

        def ask(after: float) -> tuple[object, float]:
            sim.sleep(after)
            value = cache.get_or_load("k", slow)
            return value, sim.now() - start

        def put() -> None:
            sim.sleep(5)
            cache.put("k", "put")

        start = sim.now()
        got = sim.together(lambda: ask(0), lambda: ask(1), lambda: ask(6), lambda: ask(11), put)
        did = "a load of 10 s, put after 5 s; value and instant for get_or_load at "
        equal(got[0], ("loaded", 10.0), did=did + "0 s (it loads)")
        equal(got[1], ("loaded", 10.0), did=did + "1 s (it waits for the load)")
        equal(got[2], ("put", 6.0), did=did + "6 s")
        equal(got[3], ("put", 11.0), did=did + "11 s (after the load)")
        equal(cache.get("k"), "put", did="a load of 10 s, put after 5 s; then get")

    simulate(scene)


@check("P9", "P12", kind="timing")
def test_a_delete_during_a_load_wins(impl: Implementation) -> None:
    """Two loads of one key overlap, with a delete between their beginnings; both orders of end."""

    def scene(sim: Sim) -> None:
        for second_takes, order in ((2, "before"), (20, "after")):
            cache = impl.Cache(4)
            start = sim.now()

            def slow(value: str, seconds: float) -> str:
                sim.sleep(seconds)
                return value

            def ask(
                after: float,
                value: str,
                seconds: float,
                cache: Cache = cache,
                start: float = start,
            ) -> tuple[object, float]:
                sim.sleep(after)
                got = cache.get_or_load("k", lambda: slow(value, seconds))
                return got, sim.now() - start

            def delete(cache: Cache = cache) -> object:
                sim.sleep(5)
                return cache.delete("k")

            got = sim.together(
                lambda: ask(0, "stale", 10),
                delete,
                lambda takes=second_takes: ask(6, "fresh", takes),
                lambda: ask(7, "unused", 1),
                lambda: ask(11, "unused", 1),
            )
            did = (
                f"a load of 10 s, delete after 5 s, a second load after 6 s that ends {order} the"
                " first: "
            )
            ends = 6.0 + second_takes
            equal(got[0], ("stale", 10.0), did=did + "the first load's own call")
            equal(got[1], False, did=did + "delete")
            equal(got[2], ("fresh", ends), did=did + "the second load's own call")
            equal(got[3], ("fresh", max(7.0, ends)), did=did + "a caller at 7 s")
            equal(got[4], ("fresh", max(11.0, ends)), did=did + "a caller at 11 s")
            equal(cache.get("k", ABSENT), "fresh", did=did + "get at the end")
            equal(cache.stats().loads, 2, did=did + "stats().loads")

    simulate(scene)


@check("P12", kind="timing")
def test_what_was_put_during_a_load_may_have_gone_again(impl: Implementation) -> None:
    """During a load a value is put and then expires, is deleted, or is evicted."""

    def scene(sim: Sim) -> None:
        def expire(cache: Cache) -> None:
            cache.put("k", "put", ttl=1)

        def delete(cache: Cache) -> None:
            cache.put("k", "put")
            cache.delete("k")

        def evict(cache: Cache) -> None:
            for key in "kxy":
                cache.put(key, "put")

        for name, write in (("expires", expire), ("is deleted", delete), ("is evicted", evict)):
            cache = impl.Cache(2)

            def stale(cache: Cache = cache, write: Callable[[Cache], None] = write) -> str:
                write(cache)
                sim.sleep(5)
                return "stale"

            got = cache.get_or_load("k", stale)
            did = f"during a load a value is put under its key and {name} again; "
            equal(got, "stale", did=did + "the load's own call")
            equal(cache.get("k", ABSENT), ABSENT, did=did + "get after the load")

    simulate(scene)


@check("P12", kind="behaviour")
def test_writes_of_other_keys_take_nothing_away(impl: Implementation) -> None:
    """A loader puts one key and deletes another, a third has expired: its own value is stored."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("x", 1)
        cache.put("y", 1, ttl=1)

        def load() -> str:
            cache.put("z", 1)
            cache.delete("x")
            cache.delete("absent")
            sim.sleep(2)
            return "loaded"

        did = "a loader puts and deletes other keys: "
        equal(cache.get_or_load("k", load), "loaded", did=did + "get_or_load")
        equal(cache.get("k", ABSENT), "loaded", did=did + "get after the load")

    simulate(scene)


@check("P12", "P13", kind="behaviour")
def test_a_loader_that_overtakes_itself(impl: Implementation) -> None:
    """A loader puts or deletes its own key and then asks for it: nothing goes round in a circle."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def puts() -> object:
            cache.put("k", "put")
            return cache.get_or_load("k", lambda: "inner"), cache.get("k")

        def deletes() -> object:
            cache.delete("k")
            return cache.get_or_load("k", lambda: "inner"), cache.get("k")

        got = cache.get_or_load("k", puts)
        did = "a loader puts its own key, then get_or_load and get of it"
        equal(got, ("put", "put"), did=did)
        equal(cache.get("k", ABSENT), "put", did=did + "; get after the load")
        cache.delete("k")
        got = cache.get_or_load("k", deletes)
        did = "a loader deletes its own key, then get_or_load (a load of its own) and get of it"
        equal(got, ("inner", "inner"), did=did)
        equal(cache.get("k", ABSENT), "inner", did=did + "; get after the outer load")

    simulate(scene)


@check("P12", kind="concurrency")
def test_a_put_racing_a_load(impl: Implementation) -> None:
    """One thread loads a key, one puts it, anywhere before, during and after the load."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def load() -> str:
            sim.point()
            return "loaded"

        got, _ = sim.together(lambda: cache.get_or_load("k", load), lambda: cache.put("k", "put"))
        did = "one thread calls get_or_load, another puts the same key; then get"
        equal(cache.get("k", ABSENT), "put", did=did)
        ensure(got in ("loaded", "put"), did=did, want="loaded or put from get_or_load", got=got)

    explore(scene, schedules=120)


def late(
    sim: Sim, cache: Cache, database: dict[str, str], write: Callable[[], object]
) -> tuple[object, object]:
    """A load has read the old row; it is changed; the load ends at the same time as `write()`.

    Returns what get_or_load gives after that to the writer, and to a reader in the end.
    """
    has_read, may_end = threading.Event(), threading.Event()

    def load() -> str:
        row = database["k"]
        has_read.set()
        may_end.wait()
        return row

    def change() -> object:
        has_read.wait()
        database["k"] = "new"
        may_end.set()
        write()
        return cache.get_or_load("k", lambda: database["k"])

    _, got = sim.together(lambda: cache.get_or_load("k", load), change)
    return got, cache.get_or_load("k", lambda: database["k"])


@check("P12", kind="concurrency")
def test_a_put_racing_the_end_of_a_load(impl: Implementation) -> None:
    """A load that has read the old row ends while another thread changes the row and puts it."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        got = late(sim, cache, {"k": "old"}, lambda: cache.put("k", "new"))
        did = "a load has read a row; another thread changes it, puts the new one, and calls "
        equal(got, ("new", "new"), did=did + "get_or_load; another get_or_load in the end")

    explore(scene, schedules=150)


@check("P12", kind="concurrency")
def test_a_delete_racing_the_end_of_a_load(impl: Implementation) -> None:
    """A load that has read the old row ends while another thread changes the row and deletes."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        got = late(sim, cache, {"k": "old"}, lambda: cache.delete("k"))
        did = "a load has read a row; another thread changes it, deletes the key, and calls "
        equal(got, ("new", "new"), did=did + "get_or_load; another get_or_load in the end")

    explore(scene, schedules=150)
