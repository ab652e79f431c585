"""Onces and accessors that are almost right: one wrong idea each, and the promise it breaks."""

import contextvars
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from contracts.patterns.singleton import RecursiveInitialisation
from solutions.patterns import singleton as reference
from solutions.patterns.singleton import _graph, _innermost


class NothingLocked:
    """Looks whether the object is there, and makes it if not. As python-injector/injector PR 215."""

    breaks = "P1"

    class Once(reference.Once[Any]):
        def _get_slowly(self, asker: Any) -> Any:
            self._run(asker)
            return self._made[0]

        def _run(self, asker: Any) -> None:
            _innermost.once = self
            try:
                factory = self.factory
                if asker is self:
                    raise RecursiveInitialisation((factory,))
                self._made = (factory(),)
            finally:
                _innermost.once = asker


class WaitsAndMakesAnother:
    """Who has waited does not look again whether the object is there.

    As googlecodelabs/android-build-an-app-architecture-components issue 38.
    """

    breaks = "P1"

    class Once(reference.Once[Any]):
        def _is_my_turn(self, asker: Any) -> bool:
            super()._is_my_turn(asker)
            with _graph:
                self._running = True
            return True

        def _run(self, asker: Any) -> None:
            factory = self.factory
            super()._run(asker)
            self.factory = factory


class NoneIsNotThere:
    """A factory that has returned None is run again. As discordjs/discord.js PR 11564."""

    breaks = "P1"

    class Once(reference.Once[Any]):
        def _run(self, asker: Any) -> None:
            factory = self.factory
            super()._run(asker)
            if self._made == (None,):
                self.factory = factory

        def get(self) -> Any:
            made = self._made
            if made is not None and made[0] is None and _innermost.once is not self:
                self._made = None
            return super().get()


class OnePerThread:
    """Keeps the object in a threading.local, so that no lock is needed at all."""

    breaks = "P1"

    class Once:
        def __init__(self, factory: Callable[[], Any]) -> None:
            self.new = lambda: reference.Once(factory)
            self.mine = threading.local()

        def _own(self) -> Any:
            if not hasattr(self.mine, "once"):
                self.mine.once = self.new()
            return self.mine.once

        @property
        def ready(self) -> bool:
            return bool(self._own().ready)

        def get(self) -> Any:
            return self._own().get()


def _given(made: Any) -> Any:
    return made


class OnePerFactory:
    """Two Onces of one factory share an object: the cache is keyed by the factory."""

    breaks = "P1"

    class Once(reference.Once[Any]):
        known: ClassVar[list[tuple[Any, Any]]] = []

        def _run(self, asker: Any) -> None:
            factory, known = self.factory, self.known
            for other, made in known:
                if other is factory:
                    self.factory = partial(_given, made)
            super()._run(asker)
            known.append((factory, self._made[0]))


class SaysDoneFirst:
    """Marks the object as there, then makes it: others get None meanwhile.

    As ets-labs/python-dependency-injector issue 433.
    """

    breaks = "P2"

    class Once(reference.Once[Any]):
        def _run(self, asker: Any) -> None:
            if asker is not None:
                super()._run(asker)
                return
            self._made = (None,)
            try:
                super()._run(asker)
            finally:
                if self._made == (None,):
                    self._made = None


class WakesOne:
    """Of those who wait only one is told that the run has ended."""

    breaks = "P2"

    class Once(reference.Once[Any]):
        def __init__(self, factory: Callable[[], Any]) -> None:
            super().__init__(factory)
            self._run_ended.notify_all = self._run_ended.notify


class LooksEverySoOften:
    """Who waits sleeps for a fifth of a second at a time."""

    breaks = "P2"

    class Once(reference.Once[Any]):
        def _is_my_turn(self, asker: Any) -> bool:
            while True:
                with _graph:
                    if asker is not None:
                        self._refuse_circle(asker)
                        asker.wants = self
                    if not self._running:
                        self._running = self._made is None
                        return self._running
                time.sleep(0.2)


class HandsTheRunOn:
    """A run that has ended wakes one, who wakes the next. As the lock of asyncio did, python/cpython PR 1031."""

    breaks = "P2"

    class Once(WakesOne.Once):
        def _is_my_turn(self, asker: Any) -> bool:
            mine = super()._is_my_turn(asker)
            if not mine:
                with _graph:
                    self._run_ended.notify()
            return mine


class WaitsOnAfterAnInterrupt:
    """Ctrl-C ends the sleep, finds the run still under way, and is forgotten."""

    breaks = "P2"

    class Once(reference.Once[Any]):
        def _is_my_turn(self, asker: Any) -> bool:
            while True:
                try:
                    return super()._is_my_turn(asker)
                except KeyboardInterrupt:
                    continue


class StillWantsIt:
    """What a factory was waiting for is noted until the wait has ended well."""

    breaks = "P5"

    class Once(reference.Once[Any]):
        def _get_slowly(self, asker: Any) -> Any:
            if self._is_my_turn(asker):
                try:
                    self._run(asker)
                finally:
                    self._forget(asker)
            self._forget(asker)
            assert self._made is not None
            return self._made[0]

        def _forget(self, asker: Any) -> None:
            if asker is not None:
                asker.wants = None


class CountsThoseWhoWait:
    """The object is announced when the last of those who waited has been counted out."""

    breaks = "P2"

    class Once(reference.Once[Any]):
        def __init__(self, factory: Any) -> None:
            super().__init__(factory)
            self.waiting = 0

        def _is_my_turn(self, asker: Any) -> bool:
            with _graph:
                if asker is not None:
                    self._refuse_circle(asker)
                    asker.wants = self
                while self._running:
                    self.waiting += 1
                    self._run_ended.wait()
                    self.waiting -= 1
                    self._run_ended.notify_all()
                while self._made is not None and self.waiting:
                    self._run_ended.wait()
                self._running = self._made is None
                return self._running


class FailsForEver:
    """A failure of a moment lasts for ever. As in anomalyco/opencode PR 39597, but here it is told."""

    breaks = "P3"

    class Once(reference.Once[Any]):
        error: BaseException | None = None

        def _run(self, asker: Any) -> None:
            if self.error is not None:
                self.factory = self._fail
            try:
                super()._run(asker)
            except BaseException as error:
                self.error = error
                raise

        def _fail(self) -> Any:
            raise self.error


class SharesTheFailure:
    """Who has waited gets the failure of the run that it waited for, as with a shared future."""

    breaks = "P3"

    class Once(reference.Once[Any]):
        failed: BaseException | None = None

        def _is_my_turn(self, asker: Any) -> bool:
            waits = self._running
            turn = super()._is_my_turn(asker)
            error = self.failed
            if turn and waits and error is not None:
                with _graph:
                    self._running = False
                    self._run_ended.notify_all()
                raise error
            return turn

        def _run(self, asker: Any) -> None:
            try:
                super()._run(asker)
            except BaseException as error:
                self.failed = error
                raise


class TriesTwice:
    """A get whose run fails tries once more before it says so."""

    breaks = "P3"

    class Once(reference.Once[Any]):
        def _get_slowly(self, asker: Any) -> Any:
            try:
                return super()._get_slowly(asker)
            except Exception:
                return super()._get_slowly(asker)


class StuckAfterAnInterrupt:
    """Puts things right after an Exception only: an interrupted run never ends for those who wait."""

    breaks = "P3"

    class Once(reference.Once[Any]):
        def _run(self, asker: Any) -> None:
            try:
                super()._run(asker)
            except Exception:
                raise
            except BaseException:
                self._running = True
                raise


class ReentrantLock:
    """Holds an RLock during the run: the same thread comes in again and again."""

    breaks = "P4"

    class Once(reference.Once[Any]):
        def _is_my_turn(self, asker: Any) -> bool:
            with _graph:
                once = asker
                if once is not None:
                    if self._running and self.wants is None and asker is not self:
                        self._refuse_circle(asker)
                    asker.wants = None if asker is self else self
                while self._running and asker is not self:
                    self._run_ended.wait()
                self._running = self._made is None
                return self._running


class NamesOnlyTheLast:
    """The error names the factory that was asked for, and not the way back to it."""

    breaks = "P4"

    class Once(reference.Once[Any]):
        def _refuse_circle(self, asker: Any) -> None:
            try:
                super()._refuse_circle(asker)
            except RecursiveInitialisation:
                raise RecursiveInitialisation((self.factory,)) from None


class NamesAllThatRun:
    """The error names every factory that this thread is running, those before the circle too."""

    breaks = "P4"

    class Once(reference.Once[Any]):
        outer: Any = None

        def _run(self, asker: Any) -> None:
            self.outer = asker
            super()._run(asker)

        def _refuse_circle(self, asker: Any) -> None:
            try:
                super()._refuse_circle(asker)
            except RecursiveInitialisation as error:
                before, once = [], self.outer
                while once is not None:
                    before.append(once.factory)
                    once = once.outer
                raise RecursiveInitialisation((*reversed(before), *error.cycle)) from None


class ForgetsTheOuterRun:
    """When an inner factory has returned, the thread is taken for one that runs none."""

    breaks = "P4"

    class Once(reference.Once[Any]):
        def _run(self, asker: Any) -> None:
            try:
                super()._run(asker)
            finally:
                _innermost.once = None


class LooksThenNotes:
    """Looks for a circle, and notes what it waits for a moment later: two threads look at the same time."""

    breaks = "P5"

    class Once(reference.Once[Any]):
        def _is_my_turn(self, asker: Any) -> bool:
            if asker is not None:
                with _graph:
                    self._refuse_circle(asker)
                asker.wants = self
            return super()._is_my_turn(None)


class SeesItsOwnThreadOnly:
    """Notices a circle within one thread; two threads wait for each other for ever.

    As square/javapoet issue 799.
    """

    breaks = "P5"

    class Once(reference.Once[Any]):
        thread = 0

        def _run(self, asker: Any) -> None:
            self.thread = threading.get_ident()
            super()._run(asker)

        def _refuse_circle(self, asker: Any) -> None:
            if self.thread == threading.get_ident():
                super()._refuse_circle(asker)


class GivesUpAfterAMinute:
    """A wait from inside a factory that takes a minute is taken for a circle."""

    breaks = "P5"

    class Once(reference.Once[Any]):
        def _is_my_turn(self, asker: Any) -> bool:
            if asker is None:
                return super()._is_my_turn(asker)
            with _graph:
                asker.wants = self
                chain = [self]
                while chain[-1].wants is not None and chain[-1] is not asker:
                    chain.append(chain[-1].wants)
                mine = chain[-1] is asker and self._thread() == threading.get_ident()
                if mine or not self._run_ended.wait_for(lambda: not self._running, 60.0):
                    raise RecursiveInitialisation(tuple(each.factory for each in chain))
                self._running = self._made is None
                return self._running

        thread = 0

        def _thread(self) -> int:
            return self.thread if self._running else 0

        def _run(self, asker: Any) -> None:
            self.thread = threading.get_ident()
            super()._run(asker)


class RemembersOldWishes:
    """What a factory has asked for stays noted when that get has failed."""

    breaks = "P5"

    class Once(reference.Once[Any]):
        def _get_slowly(self, asker: Any) -> Any:
            if self._is_my_turn(asker):
                self._run(asker)
            if asker is not None:
                asker.wants = None
            return self._made[0]


class RemembersAfterAnInterrupt:
    """What a factory has asked for stays noted when that get has raised something that is no Exception."""

    breaks = "P5"

    class Once(reference.Once[Any]):
        def _get_slowly(self, asker: Any) -> Any:
            try:
                return super()._get_slowly(asker)
            except Exception:
                raise
            except BaseException:
                if asker is not None:
                    asker.wants = self
                raise


class HoldsTheInterruptedRun:
    """After an interrupt the thread keeps a note of its last run, which nothing reads."""

    breaks = "P9"

    class Once(reference.Once[Any]):
        def _run(self, asker: Any) -> None:
            try:
                super()._run(asker)
            except Exception:
                raise
            except BaseException:
                _innermost.last = self
                raise


class StillInTheFailedRun:
    """After a failure the thread is still taken for one that runs that factory."""

    breaks = "P5"

    class Once(reference.Once[Any]):
        def _run(self, asker: Any) -> None:
            try:
                super()._run(asker)
            except BaseException:
                _innermost.once = self
                raise

        def _is_my_turn(self, asker: Any) -> bool:
            if asker is self and not self._running:
                _innermost.once = asker = None
            return super()._is_my_turn(asker)


_inherited: contextvars.ContextVar[Any] = contextvars.ContextVar("_inherited", default=None)


class KnowsTheRunByItsContext:
    """Keeps what is being run in a context variable: a thread with a copy of the context inherits it."""

    breaks = "P5"

    class Once(reference.Once[Any]):
        def get(self) -> Any:
            made = self._made
            return self._get_slowly(_inherited.get()) if made is None else made[0]

        def _run(self, asker: Any) -> None:
            token = _inherited.set(self)
            try:
                self._made = (self.factory(),)
            finally:
                _inherited.reset(token)
                with _graph:
                    self._running = False
                    self._run_ended.notify_all()
            del self.factory


class RunsInACopyOfTheContext:
    """What the factory sets in context variables is lost."""

    breaks = "P6"

    class Once(reference.Once[Any]):
        def _run(self, asker: Any) -> None:
            contextvars.copy_context().run(super()._run, asker)


class RunsInAThreadOfItsOwn:
    """A helper thread makes the object."""

    breaks = "P6"

    class Once(reference.Once[Any]):
        def _run(self, asker: Any) -> None:
            errors: list[BaseException] = []
            run = super()._run

            def work() -> None:
                try:
                    run(None)
                except BaseException as error:
                    errors.append(error)

            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            if errors:
                raise errors[0]


class OneLockForAll:
    """All Onces share one reentrant lock, held while a factory runs.

    As python/cpython issue 87634 and google/guice issue 183.
    """

    breaks = "P6"

    class Once(reference.Once[Any]):
        everybody: ClassVar[Any] = threading.RLock()

        def _get_slowly(self, asker: Any) -> Any:
            with self.everybody:
                return super()._get_slowly(asker)


class LocksEveryRead:
    """Takes a lock in every get, for a moment only."""

    breaks = "P7"

    class Once(reference.Once[Any]):
        def __init__(self, factory: Callable[[], Any]) -> None:
            super().__init__(factory)
            self.reading = threading.Lock()

        def get(self) -> Any:
            with self.reading:
                made = self._made
            return self._get_slowly(_innermost.once) if made is None else made[0]


class ReadyWaits:
    """`ready` looks under the lock that a run holds."""

    breaks = "P7"

    class Once(reference.Once[Any]):
        @property
        def ready(self) -> bool:
            with _graph:
                while self._running and _innermost.once is not self:
                    self._run_ended.wait()
                return self._made is not None


class ReadyWhenBegun:
    """`ready` is True as soon as the factory runs."""

    breaks = "P8"

    class Once(reference.Once[Any]):
        @property
        def ready(self) -> bool:
            return self._running or self._made is not None


class ReadyAtTheEndOnly:
    """The object can be had a moment before `ready` says so: a get has returned, and `ready` is False."""

    breaks = "P8"

    class Once(reference.Once[Any]):
        told = False

        @property
        def ready(self) -> bool:
            return self.told

        def _run(self, asker: Any) -> None:
            super()._run(asker)
            self.told = True


class KeepsTheFactory:
    """The factory, and all that it holds, lives as long as the Once."""

    breaks = "P9"

    class Once(reference.Once[Any]):
        def __init__(self, factory: Callable[[], Any]) -> None:
            super().__init__(factory)
            self.kept = factory


class KeepsWhatItWraps:
    """functools.wraps hangs the factory on the accessor."""

    breaks = "P9"

    @staticmethod
    def shared(factory: Callable[[], Any]) -> Any:
        accessor = reference.shared(factory)
        accessor.__wrapped__ = factory
        return accessor


class KeepsTheLastFailure:
    """Remembers the last exception, for a status page that nobody reads."""

    breaks = "P9"

    class Once(reference.Once[Any]):
        last_error: BaseException | None = None

        def _run(self, asker: Any) -> None:
            try:
                super()._run(asker)
            except BaseException as error:
                self.last_error = error
                raise


class DestroysUnderTheLock:
    """Lets the factory go while the lock is held: a finalizer that needs another Once waits for ever."""

    breaks = "P9"

    class Once(reference.Once[Any]):
        def _run(self, asker: Any) -> None:
            _innermost.once = self
            try:
                self._made = (self.factory(),)
            finally:
                _innermost.once = asker
                with _graph:
                    self._running = False
                    self._run_ended.notify_all()
                    if self._made is not None:
                        del self.factory


class KnowsThemAll:
    """A list of all Onces, for debugging."""

    breaks = "P9"

    class Once(reference.Once[Any]):
        everyone: ClassVar[list[Any]] = []

        def __init__(self, factory: Callable[[], Any]) -> None:
            super().__init__(factory)
            self.everyone.append(self)


class CanBeCopied:
    """A copy is a second Once, with a factory that runs again."""

    breaks = "P10"

    class Once(reference.Once[Any]):
        def __init__(self, factory: Callable[[], Any]) -> None:
            super().__init__(factory)
            self.again = type(factory)

        def __copy__(self) -> Any:
            return type(self)(self.again)


class CopiesDeeplyToItself:
    """A deep copy of settings goes on with the same Once."""

    breaks = "P10"

    class Once(reference.Once[Any]):
        def __deepcopy__(self, memo: Any) -> Any:
            return self


class Nameless:
    """The accessor of a function is called `accessor` and has no text."""

    breaks = "P11"

    @staticmethod
    def shared(factory: Callable[[], Any]) -> Any:
        accessor = reference.shared(factory)
        accessor.__name__ = "accessor"
        return accessor


class MakesItsOnceWhenCalled:
    """The accessor makes its Once in the first call: two first calls make two."""

    breaks = "P11"

    class _Accessor(reference._Accessor[Any]):
        made: Any = None

        def __call__(self) -> Any:
            if self._overrides:
                return super().__call__()
            if self.made is None:
                self.made = reference.Once(self._once.factory)
                del self._once.factory
            return self.made.get()

    shared = staticmethod(_Accessor)


class PutsBackWhatWasThere:
    """An override puts back what was there before, as patching does: two that overlap leave a fake behind."""

    breaks = "P12"

    class _Accessor(reference._Accessor[Any]):
        @contextmanager
        def overridden(self, value: Any) -> Iterator[Any]:
            before = self._overrides
            self._overrides = (reference._Override(value),)
            try:
                yield value
            finally:
                self._overrides = before

    shared = staticmethod(_Accessor)


class EndsTheLast:
    """The end of a block takes back the override that was entered last."""

    breaks = "P12"

    class _Accessor(reference._Accessor[Any]):
        @contextmanager
        def overridden(self, value: Any) -> Iterator[Any]:
            with self._lock:
                self._overrides = (*self._overrides, reference._Override(value))
            try:
                yield value
            finally:
                with self._lock:
                    self._overrides = self._overrides[:-1]

    shared = staticmethod(_Accessor)


class EndsTheEqual:
    """The end of a block takes back the first override whose value is equal."""

    breaks = "P12"

    class _Accessor(reference._Accessor[Any]):
        @contextmanager
        def overridden(self, value: Any) -> Iterator[Any]:
            with self._lock:
                self._overrides = (*self._overrides, reference._Override(value))
            try:
                yield value
            finally:
                with self._lock:
                    values = [each.value for each in self._overrides]
                    values.remove(value)
                    self._overrides = tuple(map(reference._Override, values))

    shared = staticmethod(_Accessor)


class NoneIsNoOverride:
    """An override with None, or with an empty list, is none."""

    breaks = "P12"

    class _Accessor(reference._Accessor[Any]):
        def __call__(self) -> Any:
            overrides = self._overrides
            return (overrides and overrides[-1].value) or self._once.get()

    shared = staticmethod(_Accessor)


class LooksTwice:
    """Looks whether there is an override, then takes the last: it may have gone in between."""

    breaks = "P12"

    class _Accessor(reference._Accessor[Any]):
        def __call__(self) -> Any:
            if self._overrides:
                return self._overrides[-1].value
            return self._once.get()

    shared = staticmethod(_Accessor)


class OverridesThoseWhoWait:
    """Looks for an override again when the object is there: calls that began before it get the fake."""

    breaks = "P12"

    class _Accessor(reference._Accessor[Any]):
        def __call__(self) -> Any:
            value = super().__call__()
            overrides = self._overrides
            return overrides[-1].value if overrides else value

    shared = staticmethod(_Accessor)


_replaced: contextvars.ContextVar[tuple[Any, ...]] = contextvars.ContextVar("_replaced", default=())


class OverridesInThisContext:
    """An override is seen in the context that has entered it: other threads see the real object."""

    breaks = "P12"

    class _Accessor(reference._Accessor[Any]):
        def __call__(self) -> Any:
            mine = [value for accessor, value in _replaced.get() if accessor is self]
            return mine[-1] if mine else self._once.get()

        @contextmanager
        def overridden(self, value: Any) -> Iterator[Any]:
            entry = (self, value)
            _replaced.set((*_replaced.get(), entry))
            try:
                yield value
            finally:
                _replaced.set(tuple(each for each in _replaced.get() if each is not entry))

    shared = staticmethod(_Accessor)


class OverrideMakesTheRealOne:
    """Entering a block makes the real object first, to be able to put it back."""

    breaks = "P12"

    class _Accessor(reference._Accessor[Any]):
        @contextmanager
        def overridden(self, value: Any) -> Iterator[Any]:
            self()
            with super().overridden(value) as given:
                yield given

    shared = staticmethod(_Accessor)


class AsksEverybody:
    """Looks for circles among all Onces that there are."""

    breaks = "P13"

    class Once(reference.Once[Any]):
        everyone: ClassVar[weakref.WeakSet[Any]] = weakref.WeakSet()

        def __init__(self, factory: Callable[[], Any]) -> None:
            super().__init__(factory)
            self.everyone.add(self)

        def _is_my_turn(self, asker: Any) -> bool:
            for each in self.everyone:
                if each is asker:
                    break
            return super()._is_my_turn(asker)


class FindsOutLater:
    """A factory that cannot be called is an error of the first get."""

    breaks = "P13"

    class Once(reference.Once[Any]):
        def __init__(self, factory: Any) -> None:
            super().__init__(partial(self._later, factory))

        @staticmethod
        def _later(factory: Any) -> Any:
            return factory()
