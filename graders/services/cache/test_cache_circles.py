"""Loaders that wait for each other."""

from collections.abc import Callable

from contracts.services.cache import LoadCycle
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate

ABSENT = "absent"


def outcome(call: Callable[[], object]) -> object:
    """What the call returned, or the exception that it raised."""
    try:
        return call()
    except Exception as error:
        return error


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
        other = impl.Cache(4)
        got = cache.get_or_load("l", lambda: other.get_or_load("l", lambda: "other"))
        equal(got, "other", did="a loader of l in one cache loads l in another cache")

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

    explore(scene, schedules=155)


@check("P13", kind="timing")
def test_a_circle_of_five_threads(impl: Implementation) -> None:
    """Loads of a to e take 5 s and more and then need the next key, e the first; e asks last."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def load(needs: str, after: float) -> object:
            sim.sleep(after)
            return cache.get_or_load(needs, lambda: "not needed")

        start = sim.now()
        chain = zip("abcde", "bcdea", (5, 6, 7, 8, 9), strict=True)
        got = sim.together(
            *[
                lambda key=key, needs=needs, after=after: outcome(
                    lambda: cache.get_or_load(key, lambda: load(needs, after))
                )
                for key, needs, after in chain
            ]
        )
        did = "five threads load a, b, c, d and e, whose loaders need b, c, d, e and a"
        ensure(
            all(isinstance(each, LoadCycle) for each in got),
            did=did,
            want="LoadCycle leaves all five calls",
            got=got,
        )
        equal(sim.now() - start, 9.0, did=did + ": seconds until all had ended")
        equal(cache.get_or_load("a", lambda: 1), 1, did=did + "; then get_or_load of a")

    simulate(scene)


@check("P13", kind="timing")
def test_a_circle_through_a_load_that_was_overtaken(impl: Implementation) -> None:
    """The loader of b waits for the load of a; a is deleted; then a's loader needs b."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        start = sim.now()

        def a() -> object:
            sim.sleep(9)
            return cache.get_or_load("b", lambda: "not needed")

        def b() -> object:
            sim.sleep(1)
            return cache.get_or_load("a", lambda: "not needed")

        asking = [
            sim.spawn(lambda: outcome(lambda: cache.get_or_load("a", a))),
            sim.spawn(lambda: outcome(lambda: cache.get_or_load("b", b))),
        ]
        sim.sleep(5)
        cache.delete("a")
        got = [each.result() for each in asking]
        did = "b's loader waits for the load of a; delete a; a's loader asks for b"
        ensure(
            all(isinstance(each, LoadCycle) for each in got),
            did=did,
            want="LoadCycle leaves both calls",
            got=got,
        )
        equal(sim.now() - start, 9.0, did=did + ": seconds until both had ended")

    simulate(scene)


@check("P13", kind="timing")
def test_waiting_inside_a_loader_is_no_cycle(impl: Implementation) -> None:
    """The loaders of b and c need a, which another thread loads and which needs nobody."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def needs_a(key: str) -> object:
            def load() -> object:
                sim.sleep(1)
                return key, cache.get_or_load("a", lambda: "not needed")

            return outcome(lambda: cache.get_or_load(key, load))

        got = sim.together(
            lambda: cache.get_or_load("a", lambda: sim.sleep(10)),
            lambda: needs_a("b"),
            lambda: needs_a("c"),
        )
        want = [None, ("b", None), ("c", None)]
        equal(got, want, did="the loaders of b and c ask for a while another thread loads it")

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

    explore(scene, schedules=240)
