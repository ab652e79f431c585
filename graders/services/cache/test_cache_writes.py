"""get_or_load against later writes, and loaders that wait for each other."""

import threading
from collections.abc import Callable

from contracts.services.cache import Cache, LoadCycle
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate

ABSENT = "absent"


def outcome(call: Callable[[], object]) -> object:
    """What the call returned, or the exception that it raised."""
    try:
        return call()
    except Exception as error:
        return error


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


@check("P12", kind="timing")
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

    explore(scene, schedules=200)


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

    explore(scene, schedules=200)


@check("P12", kind="concurrency")
def test_a_delete_racing_the_end_of_a_load(impl: Implementation) -> None:
    """A load that has read the old row ends while another thread changes the row and deletes."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        got = late(sim, cache, {"k": "old"}, lambda: cache.delete("k"))
        did = "a load has read a row; another thread changes it, deletes the key, and calls "
        equal(got, ("new", "new"), did=did + "get_or_load; another get_or_load in the end")

    explore(scene, schedules=200)


@check("P13", kind="behaviour")
def test_a_loader_that_asks_for_its_own_key(impl: Implementation) -> None:
    """A loader calls get_or_load for its own key: directly, and through another key's loader."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def again() -> object:
            return cache.get_or_load("k", lambda: "inner")

        did = "a loader of k calls get_or_load of k"
        raises(LoadCycle, lambda: cache.get_or_load("k", again), did=did)
        did = "a loader of k loads l, whose loader calls get_or_load of k"
        raises(
            LoadCycle,
            lambda: cache.get_or_load("k", lambda: cache.get_or_load("l", again)),
            did=did,
        )
        equal(len(cache), 0, did=did + "; then len")
        got = cache.get_or_load("k", lambda: isinstance(outcome(again), LoadCycle))
        equal(got, True, did="a loader of k catches the LoadCycle of its own call and returns")
        equal(cache.get("k", ABSENT), True, did="then get of k")

    simulate(scene)


@check("P13", kind="concurrency")
def test_a_circle_of_two_threads(impl: Implementation) -> None:
    """Two threads: one loads a and needs b for it, the other loads b and needs a."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        raised: list[str] = []

        def load(key: str, needs: str) -> object:
            try:
                return cache.get_or_load(needs, lambda: key)
            except LoadCycle:
                raised.append(key)
                return "alone"

        sim.together(
            lambda: cache.get_or_load("a", lambda: load("a", "b")),
            lambda: cache.get_or_load("b", lambda: load("b", "a")),
        )
        did = "a's loader needs b and b's loader needs a, in two threads"
        ensure(len(raised) <= 1, did=did, want="LoadCycle for at most one of them", got=raised)

    explore(scene, schedules=250)


@check("P13", kind="timing")
def test_a_circle_of_three_threads(impl: Implementation) -> None:
    """Loads of a, b and c take 5 s and then need b, c and a; c's caller asks last."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def load(needs: str, after: float) -> object:
            sim.sleep(after)
            return cache.get_or_load(needs, lambda: "not needed")

        start = sim.now()
        got = sim.together(
            lambda: outcome(lambda: cache.get_or_load("a", lambda: load("b", 5))),
            lambda: outcome(lambda: cache.get_or_load("b", lambda: load("c", 6))),
            lambda: outcome(lambda: cache.get_or_load("c", lambda: load("a", 7))),
        )
        did = "three threads load a, b and c, whose loaders need b, c and a"
        ensure(
            all(isinstance(each, LoadCycle) for each in got),
            did=did,
            want="LoadCycle leaves all three calls",
            got=got,
        )
        equal(sim.now() - start, 7.0, did=did + ": seconds until all had ended")
        equal(cache.get_or_load("a", lambda: 1), 1, did=did + "; then get_or_load of a")

    simulate(scene)


@check("P13", kind="concurrency")
def test_waiting_in_line_is_no_cycle(impl: Implementation) -> None:
    """A loads y and then asks for x; B loads x, for which it needs y: nobody waits in a circle."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def first() -> list[object]:
            return [cache.get_or_load("y", lambda: "y"), cache.get_or_load("x", lambda: "x")]

        def second() -> object:
            return cache.get_or_load("x", lambda: cache.get_or_load("y", lambda: "y") and "x")

        got = sim.together(first, second)
        did = "A: get_or_load y, then x; B: get_or_load x, whose loader needs y"
        equal(got, [["y", "x"], "x"], did=did)

    explore(scene, schedules=400)
