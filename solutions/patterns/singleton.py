"""Singleton with one lock for bookkeeping, a condition per Once, and a graph of who wants what.

A Once whose factory runs notes which Once that factory is asking for. These notes form chains; a get that would join
the ends of one to a circle is refused. Notes of all Onces change under `_graph`, a lock that is held for a few lines
and never while a factory runs. The object is published in one store of a 1-tuple, so that who finds it needs no lock.

Trade-offs: the shared lock is contended while objects are made, which a program does a few dozen times. Waits that do
not go through get (a join inside a factory) are not seen. An override is looked at in every call of an accessor,
which costs one load. A module-level object made at import is simpler than all of this where import may be that slow.
"""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Never, TypeVar

from contracts.patterns.singleton import RecursiveInitialisation

T = TypeVar("T")

_graph = threading.Lock()


class _Innermost(threading.local):
    """The Once whose factory this thread is running; of several, the innermost."""

    once: "Once[Any] | None" = None


_innermost = _Innermost()


class Once(Generic[T]):
    """Runs a factory when it is first needed, and keeps what it returns."""

    def __init__(self, factory: Callable[[], T]) -> None:
        if not callable(factory):
            raise TypeError(f"factory must be callable, got {type(factory).__name__}")
        self.factory = factory
        self._made: tuple[T] | None = None
        self._running = False
        self.wants: Once[Any] | None = None
        self._run_ended = threading.Condition(_graph)

    @property
    def ready(self) -> bool:
        """Whether the object is there."""
        return self._made is not None

    def get(self) -> T:
        """Return the object. Cost: O(1); before it is there, O(length of the chain of waiting runs)."""
        made = self._made
        return self._get_slowly(_innermost.once) if made is None else made[0]

    def _get_slowly(self, asker: "Once[Any] | None") -> T:
        try:
            if self._is_my_turn(asker):
                self._run(asker)
        finally:
            if asker is not None:
                asker.wants = None
        assert self._made is not None
        return self._made[0]

    def _is_my_turn(self, asker: "Once[Any] | None") -> bool:
        """Wait while somebody runs the factory; then run it, unless the object is there."""
        with _graph:
            if asker is not None:
                self._refuse_circle(asker)
                asker.wants = self
            while self._running:
                self._run_ended.wait()
            self._running = self._made is None
            return self._running

    def _refuse_circle(self, asker: "Once[Any]") -> None:
        chain: list[Once[Any]] = []
        once: Once[Any] | None = self
        while once is not None:
            chain.append(once)
            if once is asker:
                raise RecursiveInitialisation(tuple(each.factory for each in chain))
            once = once.wants

    def _run(self, asker: "Once[Any] | None") -> None:
        _innermost.once = self
        try:
            self._made = (self.factory(),)
        finally:
            _innermost.once = asker
            with _graph:
                self._running = False
                self._run_ended.notify_all()
        del self.factory  # only now, with nothing locked: its finalizer may call get

    def __reduce__(self) -> Never:
        raise TypeError("a Once is neither copied nor pickled: there would be two")


@dataclass(frozen=True)
class _Override(Generic[T]):
    """What ends is told apart by identity: values may be equal."""

    value: T


class _Accessor(Generic[T]):
    __wrapped__: Callable[[], T]

    def __init__(self, factory: Callable[[], T]) -> None:
        self._once = Once(factory)
        self._lock = threading.Lock()
        self._overrides: tuple[_Override[T], ...] = ()
        functools.update_wrapper(self, factory, ("__name__", "__doc__"), ())
        del self.__wrapped__  # it would keep the factory

    def __call__(self) -> T:
        overrides = self._overrides
        return overrides[-1].value if overrides else self._once.get()

    @contextmanager
    def overridden(self, value: T) -> Iterator[T]:
        """Answer with `value` inside the block."""
        override = _Override(value)
        with self._lock:
            self._overrides = (*self._overrides, override)
        try:
            yield value
        finally:
            with self._lock:
                self._overrides = tuple(each for each in self._overrides if each is not override)


def shared(factory: Callable[[], T]) -> Callable[[], T]:
    """Make the accessor of one shared object; it also serves as a decorator."""
    return _Accessor(factory)


def overridden(accessor: Callable[[], T], value: T) -> AbstractContextManager[T]:
    """Have `accessor` answer with `value` while a `with` block runs."""
    if not isinstance(accessor, _Accessor):
        raise TypeError(f"not an accessor made by shared: {accessor!r}")
    return accessor.overridden(value)
