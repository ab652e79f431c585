"""What is let go, when, and that there is no second one."""

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from itertools import product
from typing import Any

from contracts.patterns.singleton import RecursiveInitialisation
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate


class Factory:
    """One that can be watched being let go."""

    def __init__(self, makes: Callable[[], Any]) -> None:
        self.makes = makes
        self.__name__ = "factory"

    def __call__(self) -> Any:
        return self.makes()


class Thing:
    """An object that can be watched being let go."""


@check("P9", kind="behaviour")
def test_the_factory_is_let_go(impl: Implementation) -> None:
    """A factory that nobody else holds fails once, then works; for a Once, and for an accessor."""
    for kind in ("Once", "shared"):
        runs: list[int] = []

        def makes(runs: Any = runs) -> Thing:
            runs.append(1)
            if len(runs) == 1:
                raise ValueError
            return Thing()

        factory = Factory(makes)
        factory.note = Thing()  # type: ignore[attr-defined]
        watches = [weakref.ref(factory), weakref.ref(factory.note)]  # type: ignore[attr-defined]
        holder = getattr(impl, kind)(factory)
        get = holder.get if kind == "Once" else holder
        del factory
        raises(ValueError, get, did="the first get, the factory raises")
        thing = get()
        gc.collect()
        equal([watch() for watch in watches], [None, None],
              did=f"{kind}: the factory and its attribute, after it has returned once")  # fmt: skip
        ensure(get() is thing, did=f"{kind}: get when the factory has gone", want="the object")


@check("P9", kind="concurrency")
def test_what_the_factory_destroys_may_use_any_once(impl: Implementation) -> None:
    """The finalizer of a factory gets the object that it has made, one that is there, and one that is not."""

    def scene(sim: Sim) -> None:
        log: list[Any] = []

        class Last(Factory):
            def __del__(self) -> None:
                for once in onces:
                    try:
                        log.append(once.get())
                    except RecursiveInitialisation:
                        log.append("refused")

        there, new = impl.Once(lambda: "there"), impl.Once(lambda: "new")
        there.get()
        onces: list[Any] = [there, new]
        onces.append(impl.Once(Last(lambda: "made")))
        equal(sim.together(onces[2].get, onces[2].get), ["made", "made"], did="what A and B got")
        gc.collect()
        equal(log, ["there", "new", "made"], did="what the finalizer got")

    explore(scene, schedules=40)


class Trouble(ValueError):
    """A failure that can be watched being let go."""


@check("P9", kind="concurrency")
def test_failures_are_let_go(impl: Implementation) -> None:
    """Two threads get a failure each and drop it; then the factory catches a refusal and works."""

    def scene(sim: Sim) -> None:
        watches: list[Any] = []

        def factory() -> str:
            if len(watches) < 2:
                error = Trouble()
                watches.append(weakref.ref(error))
                sim.sleep(1)
                raise error
            try:
                once.get()
            except RecursiveInitialisation as refusal:
                watches.append(weakref.ref(refusal))
            return "made"

        def ask() -> None:
            raises(Trouble, once.get, did="get(), the factory raises")

        once = impl.Once(factory)
        sim.together(ask, ask)
        gc.collect()
        equal(
            [watch() for watch in watches], [None, None], did="two failures that nobody else holds"
        )
        once.get()
        gc.collect()
        equal([watch() for watch in watches], [None] * 3, did="failures and a refusal, at the end")

    simulate(scene)


@check("P9", kind="behaviour")
def test_a_once_is_let_go(impl: Implementation) -> None:
    """Onces and accessors that are new, have failed or been interrupted, or have made their object are dropped."""
    for kind, failure in product(("Once", "shared"), (ValueError, KeyboardInterrupt)):

        def fails(failure: type[BaseException] = failure) -> None:
            raise failure

        factories = [Factory(Thing), Factory(fails), Factory(Thing)]
        holders = [getattr(impl, kind)(factory) for factory in factories]
        gets = [holder.get if kind == "Once" else holder for holder in holders]
        raises(failure, gets[1], did=f"get, the factory raises {failure.__name__}")
        watches = [weakref.ref(factory) for factory in factories] + [weakref.ref(gets[2]())]
        del factories, holders, gets
        gc.collect()
        equal([watch() for watch in watches], [None] * 4,
              did=f"{kind}, one has raised {failure.__name__}: three factories and an object, all dropped")  # fmt: skip


@check("P9", "P12", kind="behaviour")
def test_the_value_of_an_override_is_let_go(impl: Implementation) -> None:
    """An accessor is overridden twice, nested; one block is left by an exception."""
    accessor = impl.shared(list)
    values = [Thing(), Thing()]
    watches = [weakref.ref(value) for value in values]

    def block() -> None:
        with impl.overridden(accessor, values[0]), impl.overridden(accessor, values.pop()):
            values.clear()
            raise ValueError

    raises(ValueError, block, did="with overridden(...): raise ValueError")
    gc.collect()
    equal([watch() for watch in watches], [None, None], did="values of overrides that have ended")
    equal(accessor(), [], did="the accessor is called afterwards")


@check("P10", kind="contract")
def test_there_is_no_second_one(impl: Implementation) -> None:
    """A Once is copied, copied deeply, and pickled, before and after its object is made."""
    once = impl.Once(list)
    for state in ("new", "ready"):
        raises(TypeError, lambda: copy.copy(once), did=f"copy.copy(once), {state}")
        raises(TypeError, lambda: copy.deepcopy(once), did=f"copy.deepcopy(once), {state}")
        raises(
            TypeError,
            lambda: copy.deepcopy({"a": [once]}),
            did=f"deepcopy of a dict with it, {state}",
        )
        for protocol in (0, pickle.HIGHEST_PROTOCOL):
            raises(TypeError, lambda p=protocol: pickle.dumps(once, p),
                   did=f"pickle.dumps(once, {protocol}), {state}")  # fmt: skip
        once.get()
    equal(once.get(), [], did="get() after all this")
