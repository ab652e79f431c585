"""get_or_load among threads: one load for all, and nobody else held up."""

import threading
from collections.abc import Callable

from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate

ABSENT = "absent"


@check("P9", kind="concurrency")
def test_one_load_for_three_callers(impl: Implementation) -> None:
    """Three threads ask for the same key at the same time, one of them twice."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        calls: list[str] = []

        def load() -> object:
            calls.append("called")
            sim.point()
            return object()

        def ask() -> object:
            return cache.get_or_load("k", load)

        values = sim.together(ask, ask, lambda: ask() and ask())
        did = 'three threads call get_or_load("k", loader), one of them twice'
        equal(len(calls), 1, did=did + ": calls of the loader")
        ensure(
            values[0] is values[1] is values[2],
            did=did,
            want="the same object for all",
            got=values,
        )
        ensure(cache.get("k") is values[0], did=did + "; get", want=values[0], got=cache.get("k"))

    explore(scene, schedules=230)


@check("P9", kind="concurrency")
def test_one_load_for_a_key_that_has_died(impl: Implementation) -> None:
    """The entry has expired when two threads ask for it."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        calls: list[str] = []
        cache.put("k", "old", ttl=1)
        sim.sleep(1)

        def load() -> str:
            calls.append("called")
            return "new"

        ask = lambda: cache.get_or_load("k", load)  # noqa: E731
        did = "put with ttl=1; 1 s later two threads call get_or_load"
        equal(sim.together(ask, ask), ["new", "new"], did=did)
        equal(len(calls), 1, did=did + ": calls of the loader")

    explore(scene, schedules=150)


@check("P3", "P9", kind="timing")
def test_late_callers_join_the_load(impl: Implementation) -> None:
    """A load takes 100 s; others ask 3 s to 99 s after it began, with loaders and ttls of their own.

    A load of another key begins and ends in between.
    """

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        other_calls: list[str] = []

        def slow() -> str:
            sim.sleep(100)
            return "slow"

        def late(after: float) -> tuple[object, float]:
            sim.sleep(after)
            value = cache.get_or_load("k", lambda: other_calls.append("called"), ttl=1)
            return value, sim.now() - start

        start = sim.now()
        leader = sim.spawn(lambda: cache.get_or_load("k", slow, ttl=60))
        sim.spawn(lambda: cache.get_or_load("other", lambda: sim.sleep(50)))
        delays = (3, 4, 5, 6, 50, 99)
        got = sim.together(*[lambda after=after: late(after) for after in delays])
        equal(leader.result(), "slow", did="the call that loads for 100 s")
        did = f"get_or_load {delays} s after a load of 100 s began: value and instant of return"
        equal(got, [("slow", 100.0)] * len(delays), did=did)
        equal(other_calls, [], did="loaders called of those who came during the load")
        sim.sleep(59)
        did = "loaded with ttl=60 while others waited with ttl=1; 59 s later, get"
        equal(cache.get("k", ABSENT), "slow", did=did)

    simulate(scene)


@check("P9", kind="concurrency")
def test_who_waits_gets_the_value_though_it_has_gone_again(impl: Implementation) -> None:
    """Capacity 1: a load is shared, and as soon as it has ended its entry is evicted."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(1)
        calls: list[str] = []

        def slow() -> str:
            calls.append("called")
            sim.sleep(10)
            return "slow"

        def lead() -> object:
            got = cache.get_or_load("k", slow)
            cache.put("other", 1)
            return got

        def join() -> object:
            sim.sleep(5)
            return cache.get_or_load("k", slow)

        got = sim.together(lead, join)
        did = "capacity 1: two threads share a load, the first then puts another key: "
        equal(got, ["slow", "slow"], did=did + "values")
        equal(len(calls), 1, did=did + "calls of the loader")

    explore(scene, schedules=80)


@check("P10", kind="timing")
def test_other_calls_go_on_during_a_load(impl: Implementation) -> None:
    """During a load of 10 s every other method is called, for the same key and for others."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("there", 1)

        def slow() -> str:
            sim.sleep(10)
            return "slow"

        loading = sim.spawn(lambda: cache.get_or_load("k", slow))
        sim.sleep(1)
        calls: dict[str, tuple[Callable[[], object], object]] = {
            'get("there")': (lambda: cache.get("there"), 1),
            'get("k", default)': (lambda: cache.get("k", ABSENT), ABSENT),
            '"k" in cache': (lambda: "k" in cache, False),
            '"there" in cache': (lambda: "there" in cache, True),
            'put("new", 2)': (lambda: cache.put("new", 2), None),
            'delete("new")': (lambda: cache.delete("new"), True),
            "len(cache)": (lambda: len(cache), 1),
            "stats().loads": (lambda: cache.stats().loads, 0),
            'get_or_load("there", loader)': (lambda: cache.get_or_load("there", lambda: 3), 1),
            'get_or_load("l", loader)': (lambda: cache.get_or_load("l", lambda: 4), 4),
            'delete("k")': (lambda: cache.delete("k"), False),
        }
        for did, (call, want) in calls.items():
            began = sim.now()
            equal(call(), want, did=f'{did} while "k" is being loaded')
            equal(sim.now() - began, 0.0, did=f'{did} while "k" is being loaded: seconds it took')
        equal(loading.done, False, did='the load of "k" is still under way')
        loading.join()
        for did, write in (
            ("put", lambda: cache.put("p", 5)),
            ("delete", lambda: cache.delete("p")),
        ):
            loading = sim.spawn(lambda: cache.get_or_load("p", slow))
            sim.sleep(1)
            began = sim.now()
            write()
            equal(sim.now() - began, 0.0, did=f"{did} of the key that is being loaded: seconds")
            loading.join()
            cache.delete("p")

    simulate(scene)


@check("P10", kind="timing")
def test_no_other_key_shares_a_lock_with_the_loading_one(impl: Implementation) -> None:
    """During one load of 10 s, 700 other keys are loaded, put and read."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        loading = sim.spawn(lambda: cache.get_or_load(0, lambda: sim.sleep(10)))
        sim.sleep(1)
        began = sim.now()
        for key in (*range(1, 520), *(2**power for power in range(10, 70)), *map(str, range(120))):
            cache.get_or_load(key, lambda: 1)
            equal(sim.now() - began, 0.0, did=f"get_or_load({key!r}) while 0 loads: seconds")
        equal(loading.done, False, did="the load of the key 0 is still under way")
        loading.join()

    simulate(scene)


@check("P10", kind="timing")
def test_two_keys_load_side_by_side(impl: Implementation) -> None:
    """Twenty keys, each load takes 10 s; two callers for two of them, two keys of one hash."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)

        def slow(key: object) -> object:
            sim.sleep(10)
            return key

        start = sim.now()
        keys = ("a", "b", "a", -1, -2, -1, *range(16))
        got = sim.together(
            *[lambda key=key: cache.get_or_load(key, lambda: slow(key)) for key in keys]
        )
        did = f"a thread each loads {keys}, each load taking 10 s"
        equal(got, list(keys), did=did)
        equal(sim.now() - start, 10.0, did=did + ": seconds in all")
        equal(cache.stats().loads, 20, did=did + ": stats().loads")

    simulate(scene)


@check("P10", kind="behaviour")
def test_the_loader_runs_in_the_callers_thread(impl: Implementation) -> None:
    """The loader notes its thread; threads are counted before, during and after."""

    def scene(sim: Sim) -> None:
        before = threading.active_count()
        cache = impl.Cache(4, ttl=5)
        seen: list[object] = []

        def load() -> int:
            seen.append(threading.get_ident())
            return threading.active_count()

        during = cache.get_or_load("k", load)
        equal(seen, [threading.get_ident()], did="get_or_load: thread that runs the loader")
        equal(during, before, did="number of threads while the loader runs")
        equal(threading.active_count(), before, did="number of threads after get_or_load")

    simulate(scene)


@check("P10", kind="behaviour")
def test_the_loader_may_use_the_cache(impl: Implementation) -> None:
    """A loader gets, puts, deletes, counts, and loads another key."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(8)
        cache.put("a", 1)
        cache.put("gone", 1)

        def load() -> object:
            cache.put("b", cache.get("a"))
            cache.delete("gone")
            inner = cache.get_or_load("c", lambda: cache.get_or_load("d", lambda: "inner"))
            return inner, len(cache), cache.stats().hits, "gone" in cache

        got = cache.get_or_load("k", load)
        want = ("inner", 4, 1, False)
        equal(got, want, did="a loader that gets a, puts b, deletes, loads c and d, and counts")
        equal([key for key in "abcdk" if key in cache], list("abcdk"), did="keys after that")

    simulate(scene)
