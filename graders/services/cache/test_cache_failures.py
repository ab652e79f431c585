"""Loads that fail: the failure is shared, nobody is left waiting, nothing is cached."""

from collections.abc import Callable

from contracts.services.cache import Cache
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate

ABSENT = "absent"


class Unavailable(Exception):
    """The database is down."""


class Interrupt(BaseException):
    """As KeyboardInterrupt and SystemExit: not an Exception."""


def outcome(call: Callable[[], object]) -> object:
    """What the call returned, or the exception that it raised."""
    try:
        return call()
    except (Exception, Interrupt) as error:
        return error


@check("P11", kind="timing")
def test_a_failure_reaches_all_who_wait(impl: Implementation) -> None:
    """A load fails after 10 s, two callers waiting: with exceptions of several kinds."""

    def scene(sim: Sim) -> None:
        for error in (Unavailable("no row"), Interrupt(), StopIteration(1)):
            cache = impl.Cache(4)
            calls: list[str] = []

            def fail(error: BaseException = error, calls: list[str] = calls) -> None:
                calls.append("called")
                sim.sleep(10)
                raise error

            def ask(after: float, cache: Cache = cache, fail: Callable[[], None] = fail) -> object:
                sim.sleep(after)
                return outcome(lambda: cache.get_or_load("k", fail))

            start = sim.now()
            got = sim.together(lambda: ask(0), lambda: ask(1), lambda: ask(2))
            did = f"a load raises {type(error).__name__} after 10 s, three callers"
            ensure(
                all(each is error for each in got),
                did=did,
                want="the loader's own exception object leaves all three calls",
                got=got,
            )
            equal(sim.now() - start, 10.0, did=did + ": seconds until all have returned")
            equal(len(calls), 1, did=did + ": calls of the loader")
            equal("k" in cache, False, did=did + "; then `in`")
            equal(len(cache), 0, did=did + "; then len")
            equal(cache.get_or_load("k", lambda: 7), 7, did=did + "; then get_or_load again")
            equal(cache.get("k"), 7, did=did + "; then get_or_load again and get")

    simulate(scene)


@check("P11", kind="behaviour")
def test_every_call_after_a_failure_loads_again(impl: Implementation) -> None:
    """A full cache of one entry, a loader that fails twice and then returns."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(1)
        cache.put("other", 1)
        calls: list[int] = []

        def load() -> str:
            calls.append(len(calls))
            if len(calls) < 3:
                raise Unavailable(len(calls))
            return "value"

        for turn in (1, 2):
            error = raises(
                Unavailable, lambda: cache.get_or_load("k", load), did=f"failing load {turn}"
            )
            equal(error.args, (turn,), did=f"arguments of the exception of failing load {turn}")
            equal(cache.get("k", ABSENT), ABSENT, did=f"get after failing load {turn}")
            did = f"capacity 1: put other, failing load {turn} of k, get other"
            equal(cache.get("other", ABSENT), 1, did=did)
        equal(cache.get_or_load("k", load), "value", did="get_or_load after two failures")

    simulate(scene)


@check("P11", "P12", kind="timing")
def test_a_load_that_was_overtaken_fails(impl: Implementation) -> None:
    """A load fails after 10 s; its key was put after 5 s; a caller waits since 1 s."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        error = Unavailable("no row")

        def fail() -> None:
            sim.sleep(10)
            raise error

        def ask(after: float) -> tuple[object, float]:
            sim.sleep(after)
            return outcome(lambda: cache.get_or_load("k", fail)), sim.now() - start

        start = sim.now()
        asking = [sim.spawn(lambda: ask(0)), sim.spawn(lambda: ask(1))]
        sim.sleep(5)
        cache.put("k", "put")
        for each, who in zip(asking, ("loads", "waits"), strict=True):
            got, instant = each.result()
            did = f"a load of 10 s fails, its key put after 5 s; the call that {who}"
            ensure(got is error, did=did, want="the loader's own exception", got=got)
            equal(instant, 10.0, did=did + ": instant of its end")
        equal(cache.get("k", ABSENT), "put", did="a load fails, its key was put meanwhile; get")

    simulate(scene)


@check("P11", kind="concurrency")
def test_a_failure_leaves_nobody_waiting(impl: Implementation) -> None:
    """Three threads ask, and ask again at once; the first call of the loader fails."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        calls: list[int] = []

        def load() -> str:
            calls.append(len(calls))
            sim.point()
            if len(calls) == 1:
                raise Unavailable
            return "value"

        def ask() -> list[object]:
            got = [outcome(lambda: cache.get_or_load("k", load)) for _ in range(2)]
            return ["failed" if isinstance(each, Unavailable) else each for each in got]

        got = sim.together(ask, ask, ask)
        did = "three threads call get_or_load twice, the first load fails, a second would not: "
        ensure(
            "failed" in [first for first, _ in got],
            did=did + "first calls",
            want="the failure leaves at least one call",
            got=got,
        )
        ensure(
            all(first in ("failed", "value") and second == "value" for first, second in got),
            did=did + "first and second calls",
            want="the loader's exception or the value, and the value at the second time",
            got=got,
        )
        equal(len(calls), 2, did=did + "calls of the loader")

    explore(scene, schedules=120)
