"""Libraries behind the contract, and right versions in other styles."""

import functools
import importlib
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, ClassVar

from contracts.patterns.singleton import RecursiveInitialisation


def _callable(factory: Any) -> Any:
    if not callable(factory):
        raise TypeError("a factory is something to call")
    return factory


class LockForTheRun:
    """A lock per Once, held while its factory runs; a table of who waits where; accessors are closures."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    book = threading.Lock()
    waits: ClassVar[dict[int, Any]] = {}
    runs: ClassVar[dict[int, list[Any]]] = {}

    class Once:
        """Its object is an attribute that is missing at first."""

        __slots__ = ("factory", "lock", "runner", "thing")

        def __init__(self, factory: Callable[[], Any]) -> None:
            self.factory, self.lock, self.runner = _callable(factory), threading.Lock(), 0

        @property
        def ready(self) -> bool:
            return hasattr(self, "thing")

        def get(self) -> Any:
            try:
                return self.thing
            except AttributeError:
                pass
            me = threading.get_ident()
            with LockForTheRun.book:
                circle = self._circle(me)
                if circle:
                    raise RecursiveInitialisation(tuple(once.factory for once in circle))
                LockForTheRun.waits[me] = self
            try:
                self.lock.acquire()
            finally:
                with LockForTheRun.book:
                    del LockForTheRun.waits[me]
            done = None
            try:
                if not self.ready:
                    self._make(me)
                    done = self.factory
                    self.factory = None
            finally:
                self.lock.release()
            del done
            return self.thing

        def _make(self, me: int) -> None:
            table = LockForTheRun.runs
            with LockForTheRun.book:
                self.runner = me
                table.setdefault(me, []).append(self)
            try:
                self.thing = self.factory()
            finally:
                with LockForTheRun.book:
                    self.runner = 0
                    table[me].pop()
                    if not table[me]:
                        del table[me]

        def _circle(self, me: int) -> list[Any]:
            """Who would wait for whom: from this Once to the run of this thread, if that is where it leads."""
            path, once = [], self
            while once is not None and once.runner:
                runs = LockForTheRun.runs[once.runner]
                path += runs[runs.index(once) :]
                if once.runner == me:
                    return path
                once = LockForTheRun.waits.get(once.runner)
            return []

        def __reduce_ex__(self, protocol: Any) -> Any:
            raise TypeError("there is only one")

    class Box:
        """Holds the value of one override."""

        def __init__(self, value: Any) -> None:
            self.value = value

    @staticmethod
    def shared(factory: Callable[[], Any]) -> Any:
        once = LockForTheRun.Once(factory)
        boxes: list[Any] = []

        def accessor() -> Any:
            last = boxes[-1:]
            return last[0].value if last else once.get()

        accessor.__name__ = getattr(factory, "__name__", "accessor")
        accessor.__doc__ = factory.__doc__
        accessor.boxes = boxes  # type: ignore[attr-defined]
        return accessor

    @staticmethod
    @contextmanager
    def overridden(accessor: Any, value: Any) -> Iterator[Any]:
        boxes = getattr(accessor, "boxes", None)
        if boxes is None:
            raise TypeError("no accessor")
        box = LockForTheRun.Box(value)
        boxes.append(box)
        try:
            yield value
        finally:
            boxes.remove(box)


class FuturePerRun:
    """Each run is an object with a future that ends with it; runs, not Onces, know what they ask for."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    guard = threading.RLock()
    here = threading.local()

    class Run:
        """One run of a factory."""

        def __init__(self, factory: Any) -> None:
            self.factory, self.asks = factory, None
            self.end: futures.Future[None] = futures.Future()

        def circle(self, target: Any) -> list[Any]:
            """The factories from this run to the target, [] if it does not lead there."""
            path, run = [], self
            while run is not None:
                path.append(run.factory)
                if run is target:
                    return path
                run = run.asks
            return []

    class Once:
        """Has a run, a box with the object, or neither."""

        def __init__(self, factory: Callable[[], Any]) -> None:
            self.source: list[Any] = [_callable(factory)]
            self.box: list[Any] = []
            self.run: Any = None

        @property
        def ready(self) -> bool:
            return len(self.box) == 1

        def get(self) -> Any:  # noqa: C901 - all in one place
            for thing in self.box:
                return thing
            outer = getattr(FuturePerRun.here, "run", None)
            while True:
                with FuturePerRun.guard:
                    run, mine = self.run, False
                    if self.box:
                        return self.box[0]
                    if run is None:
                        run = self.run = FuturePerRun.Run(self.source[0])
                        mine = True
                    elif outer is not None and (circle := run.circle(outer)):
                        raise RecursiveInitialisation(tuple(circle))
                    if outer is not None:
                        outer.asks = run
                try:
                    if mine:
                        self._perform(run, outer)
                    else:
                        futures.wait([run.end])
                finally:
                    if outer is not None:
                        outer.asks = None

        def _perform(self, run: Any, outer: Any) -> None:
            FuturePerRun.here.run = run
            try:
                self.box.append(run.factory())
            finally:
                FuturePerRun.here.run = outer
                self.run = None
                run.end.set_result(None)
            run.factory = None
            self.source.clear()

        def __copy__(self) -> Any:
            raise TypeError("no copies")

        def __deepcopy__(self, memo: Any) -> Any:
            raise TypeError("no deep copies")

        def __getstate__(self) -> Any:
            raise TypeError("no pickles")

    accessors: ClassVar[Any] = weakref.WeakKeyDictionary()

    @staticmethod
    def shared(factory: Callable[[], Any]) -> Any:
        once, names = FuturePerRun.Once(factory), ("__name__", "__doc__")
        known = {name: getattr(factory, name) for name in names if hasattr(factory, name)}
        overrides: dict[object, Any] = {}
        del factory

        def accessor() -> Any:
            for value in list(overrides.values())[-1:]:
                return value
            return once.get()

        for name, text in known.items():
            if name == "__name__":
                accessor.__name__ = text
            else:
                accessor.__doc__ = text
        FuturePerRun.accessors[accessor] = overrides
        return accessor

    class overridden(AbstractContextManager[Any]):  # noqa: N801 - reads as a function
        """One entry in the dict of its accessor."""

        def __init__(self, accessor: Any, value: Any) -> None:
            self.overrides = FuturePerRun.accessors.get(accessor)
            if self.overrides is None:
                raise TypeError("shared did not make this")
            self.value = value

        def __enter__(self) -> Any:
            self.overrides[self] = self.value
            return self.value

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
        ) -> None:
            del self.overrides[self]


class FunctoolsCache:
    """functools.cache behind the contract, its accessor overridden as unittest.mock.patch does it."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {
        "P1": "two threads that ask at the same time run the factory twice",
        "P2": "who comes second does not wait, but makes an object of its own",
        "P4": "a factory that needs itself is called until the stack is full",
        "P5": "the same, in as many threads",
        "P9": "the factory is kept, and hangs on the accessor as __wrapped__",
        "P10": "the wrapper can be copied and pickled as any function can",
        "P12": "patches that overlap put back each other's value",
    }

    class Once:
        """A function with a cache of one."""

        def __init__(self, factory: Callable[[], Any]) -> None:
            self.cached = functools.cache(_callable(factory))

        @property
        def ready(self) -> bool:
            return self.cached.cache_info().currsize == 1

        def get(self) -> Any:
            return self.cached()

    class Accessor:
        """What is called can be replaced."""

        def __init__(self, factory: Callable[[], Any]) -> None:
            self.call: Any = functools.cache(_callable(factory))
            functools.update_wrapper(self, self.call)

        def __call__(self) -> Any:
            return self.call()

    shared = staticmethod(Accessor)

    @staticmethod
    @contextmanager
    def overridden(accessor: Any, value: Any) -> Iterator[Any]:
        if not isinstance(accessor, FunctoolsCache.Accessor):
            raise TypeError("no accessor")
        before, accessor.call = accessor.call, lambda: value
        try:
            yield value
        finally:
            accessor.call = before


class _InContainer:
    """A Once that asks the container of a library."""

    container: Any = None

    def __init__(self, factory: Callable[[], Any]) -> None:
        _callable(factory)

        def call() -> Any:  # the libraries look at the signature of what they call
            return factory()

        self.resolve = self.container(call)
        self.ready = False

    def get(self) -> Any:
        thing = self.resolve()
        self.ready = True
        return thing


def _punq(factory: Any) -> Callable[[], Any]:
    punq: Any = importlib.import_module("punq")
    container = punq.Container()
    container.register("it", factory=factory, scope=punq.Scope.singleton)
    return functools.partial(container.resolve, "it")


def _injector(factory: Any) -> Callable[[], Any]:
    injector: Any = importlib.import_module("injector")

    class It:
        """The key."""

    def bind(binder: Any) -> None:
        binder.bind(It, to=injector.CallableProvider(factory), scope=injector.singleton)

    return functools.partial(injector.Injector(bind).get, It)


class Punq:
    """punq: singletons of a container, without a lock."""

    requires = ("punq",)
    fails: ClassVar[dict[str, str]] = {
        "P1": "two threads that resolve at the same time make two singletons",
        "P2": "who comes second does not wait, but makes an object of its own",
        "P4": "a factory that needs itself is called until the stack is full",
        "P5": "the same, in as many threads",
        "P9": "the container keeps the factory",
        "P10": "the container can be copied",
    }

    class Once(_InContainer):
        container = staticmethod(_punq)


class Injector:
    """injector: singletons under one reentrant lock for all injectors."""

    requires = ("injector",)
    fails: ClassVar[dict[str, str]] = {
        "P4": "a factory that needs itself is called until the stack is full",
        "P5": "the same, while other threads wait for the lock",
        "P6": "a slow factory holds up every other one, and a factory that waits for a thread hangs",
        "P9": "the provider keeps the factory",
        "P10": "the injector can be copied",
    }

    class Once(_InContainer):
        container = staticmethod(_injector)
