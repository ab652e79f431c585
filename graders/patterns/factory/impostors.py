"""Factories that are almost right: one wrong idea each, and the promise it breaks."""

import inspect
import threading
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from contracts.patterns.factory import (
    BadOptions,
    DuplicateKind,
    MakerNotFound,
    NotANotifier,
    UnknownKind,
)
from solutions.patterns import factory as reference


class OneOfEach:
    """The same options give the same notifier: create is cached."""

    breaks = "P1"

    class NotifierFactory(reference.NotifierFactory):
        def __init__(self) -> None:
            super().__init__()
            self._made: dict[Any, Any] = {}

        def create(self, kind: str, /, **options: Any) -> Any:
            registration = self._kinds.get(kind)
            key = (registration, repr(options))
            if registration is None or key not in self._made:
                self._made[key] = super().create(kind, **options)
            return self._made[key]


class KindIsTaken:
    """The parameter is called kind, so that no option can be."""

    breaks = "P1"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, **options: Any) -> Any:  # type: ignore[override]
            return super().create(kind, **options)


class FalseIsNoMaker:
    """A maker that is false counts as none given: register answers with a decorator and registers nothing."""

    breaks = "P2"

    class NotifierFactory(reference.NotifierFactory):
        def register(self, kind: str, maker: Any = None, *, replace: bool = False) -> Any:
            usual = maker is None or isinstance(maker, str | int) or not callable(maker)
            return super().register(kind, maker if usual or maker else None, replace=replace)


class TableOfTheClass:
    """The table is an attribute of the class: all factories share it. As iotile/coretools PR 681."""

    breaks = "P3"

    class NotifierFactory(reference.NotifierFactory):
        _table: ClassVar[dict[str, Any]] = {}

        def __init__(self) -> None:
            super().__init__()
            self._table |= {} if self._table else self._kinds
            self._kinds = self._table


class NearEnough:
    """A kind that is not registered is taken for the one that is nearest."""

    breaks = "P4"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            return super().create(kind.strip().lower(), **options)


class LooksAtAll:
    """Create looks through the sorted names for the one that is meant."""

    breaks = "P4"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            if kind not in self.kinds():
                raise UnknownKind(kind, self.kinds())
            return super().create(kind, **options)


class NormalisesNames:
    """'Push ' is registered as 'push', and nobody hears of it."""

    breaks = "P5"

    class NotifierFactory(reference.NotifierFactory):
        def register(self, kind: str, maker: Any = None, *, replace: bool = False) -> Any:
            tidy = kind.strip().lower() if isinstance(kind, str) else kind
            return super().register(tidy, maker, replace=replace)


class LastOneWins:
    """A name that is taken is overwritten. As NousResearch/hermes-agent PR 2699."""

    breaks = "P6"

    class NotifierFactory(reference.NotifierFactory):
        def _put(self, kind: str, replace: bool, maker: Any) -> Any:
            return super()._put(kind, True, maker)


class TearsDownTheFirst:
    """The duplicate is noticed, and on the way out the first one is lost. As daintreehq/daintree issue 5612."""

    breaks = "P6"

    class NotifierFactory(reference.NotifierFactory):
        def _put(self, kind: str, replace: bool, maker: Any) -> Any:
            try:
                return super()._put(kind, replace, maker)
            except DuplicateKind:
                with self._lock:
                    self._kinds[kind] = reference.Registration(maker)
                raise


class OneFaultAtATime:
    """What is missing is told first; what is unexpected turns out at the next attempt."""

    breaks = "P7"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            try:
                return super().create(kind, **options)
            except BadOptions as error:
                if error.kind == kind and error.missing:
                    raise BadOptions(kind, error.missing, ()) from None
                raise


class AsksTheCode:
    """Options are compared with the maker's code object: what wraps, binds or makes a class is misread."""

    breaks = "P7"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            registration = self._kinds.get(kind)
            maker = registration and registration.maker(kind)
            code = getattr(maker, "__code__", None)
            if code is not None and not code.co_flags & inspect.CO_VARKEYWORDS:
                names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
                unexpected = tuple(sorted(set(options) - set(names)))
                if unexpected:
                    raise BadOptions(kind, (), unexpected)
            return super().create(kind, **options)


class TypeErrorsAreOptions:
    """The maker is called, and a TypeError is taken for bad options. As ikotler/pythonect issue 16."""

    breaks = "P8"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            try:
                return super().create(kind, **options)
            except (BadOptions, NotANotifier):
                raise
            except TypeError as error:
                raise BadOptions(kind, (), tuple(sorted(options))) from error


class HavingIsEnough:
    """A result that has a `send` is a notifier, whether that can be called or not."""

    breaks = "P9"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            try:
                return super().create(kind, **options)
            except NotANotifier as error:
                if error.kind == kind and hasattr(error.result, "send"):
                    return error.result
                raise


class RepresentsAll:
    """Notifiers are plain dataclasses: their repr shows the password. As deepset-ai/haystack issue 11808."""

    breaks = "P10"

    class NotifierFactory(reference.NotifierFactory):
        def __init__(self) -> None:
            @dataclass(frozen=True)
            class Email(reference.Email):
                password: str = ""

            super().__init__()
            self.register("email", Email, replace=True)


class NotesTheOptions:
    """The note of a failed create holds the options, for whoever reads the log."""

    breaks = "P10"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            try:
                return super().create(kind, **options)
            except ValueError as error:
                error.add_note(f"options: {options}")
                raise


class ChecksThenStores:
    """Whether a name is taken is looked up without the lock: two threads both register it."""

    breaks = "P11"

    class NotifierFactory(reference.NotifierFactory):
        def _put(self, kind: str, replace: bool, maker: Any) -> Any:
            registration = reference.Registration(maker)
            if kind in self._kinds and not replace:
                raise DuplicateKind(kind)
            with self._lock:
                self._kinds[kind] = registration
            return maker


class WalksTheTable:
    """Kinds walks the live table. As opsmill/infrahub PR 6047."""

    breaks = "P11"

    class NotifierFactory(reference.NotifierFactory):
        def kinds(self) -> tuple[str, ...]:
            names = []
            for name in self._kinds:
                names.append(name)  # noqa: PERF402 - one step at a time is the mistake
            return tuple(sorted(names))


class MakesUnderTheLock:
    """A reentrant lock is held while a maker runs: it may use its factory, and everybody else waits."""

    breaks = "P12"

    class NotifierFactory(reference.NotifierFactory):
        def __init__(self) -> None:
            super().__init__()
            self._lock = threading.RLock()  # type: ignore[assignment]

        def create(self, kind: str, /, **options: Any) -> Any:
            with self._lock:
                return super().create(kind, **options)


class HidesTheCause:
    """Any failure is 'not found': what was missing inside the module is not told.

    As pallets/werkzeug issue 1272.
    """

    breaks = "P13"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            try:
                return super().create(kind, **options)
            except MakerNotFound as error:
                if error.kind == kind and isinstance(error.__cause__, ImportError):
                    raise MakerNotFound(kind, error.maker_path) from None
                raise


class StoresInTheTable:
    """What an import has found is put into the table, over what was registered meanwhile."""

    breaks = "P13"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            registration = self._kinds.get(kind)
            if registration is not None and isinstance(registration._maker, str):
                registration.maker(kind)
                self._kinds[kind] = registration
                return self._make(kind, registration, options)
            return super().create(kind, **options)

        def _make(self, kind: str, registration: Any, options: dict[str, Any]) -> Any:
            other = reference.NotifierFactory()
            other._kinds[kind] = registration
            return other.create(kind, **options)


class LooksTwice:
    """Whether it is still a path is asked first and the path read after: another thread comes between."""

    breaks = "P13"

    class NotifierFactory(reference.NotifierFactory):
        def _put(self, kind: str, replace: bool, maker: Any) -> Any:
            super()._put(kind, replace, maker)
            if isinstance(maker, str):
                self._kinds[kind] = LooksTwice.Registration(maker)
            return maker

    class Registration(reference.Registration):
        def maker(self, kind: str) -> Any:
            if isinstance(self._maker, str):
                self._maker = reference._find(kind, self._maker)
            return self._maker


class TriesOnce:
    """A failed import is remembered: the kind is broken for good."""

    breaks = "P13"

    class NotifierFactory(reference.NotifierFactory):
        def __init__(self) -> None:
            super().__init__()
            self._failed: dict[Any, MakerNotFound] = {}

        def create(self, kind: str, /, **options: Any) -> Any:
            registration = self._kinds.get(kind)
            if registration in self._failed:
                raise self._failed[registration]
            try:
                return super().create(kind, **options)
            except MakerNotFound as error:
                if error.kind == kind:
                    self._failed[registration] = error
                raise


class KeepsTheOptions:
    """The error of a failed create holds the options as an attribute, for whoever handles it."""

    breaks = "P10"

    class NotifierFactory(reference.NotifierFactory):
        def create(self, kind: str, /, **options: Any) -> Any:
            try:
                return super().create(kind, **options)
            except ValueError as error:
                error.options = options  # type: ignore[attr-defined]
                raise


class BlanksOfTheKeyboard:
    """Blanks are those that a keyboard has: a no-break space at the end makes a kind of its own."""

    breaks = "P5"

    class NotifierFactory(reference.NotifierFactory):
        def register(self, kind: str, maker: Any = None, *, replace: bool = False) -> Any:
            if isinstance(kind, str) and kind.strip(" \t\r\n") == kind == kind.lower() != "":
                return (
                    self._put(kind, replace, maker)
                    if maker is not None
                    else partial(self._put, kind, replace)
                )
            return super().register(kind, maker, replace=replace)


class ImportsUnderOneLock:
    """One reentrant lock for all imports: a module that waits for a thread that imports another waits for ever."""

    breaks = "P12"

    class NotifierFactory(reference.NotifierFactory):
        def _put(self, kind: str, replace: bool, maker: Any) -> Any:
            super()._put(kind, replace, maker)
            self._kinds[kind] = _Alone(maker)
            return maker


_importing = threading.RLock()


class _Alone(reference.Registration):
    """Imports while nobody else does."""

    def maker(self, kind: str) -> reference.Maker:
        if not isinstance(self._maker, str):
            return self._maker
        with _importing:
            return super().maker(kind)
