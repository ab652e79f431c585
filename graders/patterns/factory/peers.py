"""A library behind the contract, and factories in other styles."""

import importlib
import inspect
import itertools
import pkgutil
import threading
from collections.abc import Callable
from types import MappingProxyType, SimpleNamespace
from typing import Any, ClassVar, NamedTuple

from contracts.patterns.factory import (
    BadOptions,
    DuplicateKind,
    MakerNotFound,
    Message,
    NotANotifier,
    UnknownKind,
)


class Mail:
    """E-mail, written out."""

    __slots__ = ("_password", "_sender", "_transport")

    def __init__(self, *, sender: str, transport: Any, password: str = "") -> None:
        name, at, host = sender.partition("@") if isinstance(sender, str) else ("", "", "")
        if not (name and at and host) or "@" in host or len(sender.split()) != 1:
            raise ValueError("no sender")
        if sender != sender.strip():
            raise ValueError("blanks around the sender")
        self._sender, self._transport, self._password = sender, transport, password

    def send(self, to: str, text: str) -> None:
        self._transport(Message("email", self._sender, to, text))

    def __repr__(self) -> str:
        return f"Mail({self._sender!r}, password=...)"


def text_message(number: Any, transport: Any, token: Any = "") -> Any:
    """SMS as a namespace with one function, which knows the rest."""
    digits = number[1:] if isinstance(number, str) and number[:1] == "+" else ""
    if not (7 <= len(digits) <= 15 and digits.isascii() and digits.isdigit() and digits[0] != "0"):
        raise ValueError("no number")

    def send(to: str, text: str) -> None:
        transport(Message("sms", number, to, text))

    return SimpleNamespace(send=send)


def _check_kind(kind: Any) -> None:
    if not isinstance(kind, str):
        raise TypeError("a kind is a str")
    if kind == "" or kind.lower() != kind or kind.strip() != kind:
        raise ValueError("a kind is in lower case, not empty, and has no blanks around it")


class Form(NamedTuple):
    """What a signature says of options."""

    needed: frozenset[str]
    taken: frozenset[str]
    anything: bool


def _form(maker: Any) -> Form:
    """Read once, when the maker is registered or found."""
    try:
        parameters = inspect.signature(maker).parameters
    except Exception:
        return Form(frozenset(), frozenset(), anything=True)
    needed, taken, anything = set(), set(), False
    for name, parameter in parameters.items():
        match parameter.kind:
            case parameter.VAR_KEYWORD:
                anything = True
            case parameter.POSITIONAL_ONLY if parameter.default is parameter.empty:
                raise TypeError(f"{name} cannot be given by keyword")
            case parameter.KEYWORD_ONLY | parameter.POSITIONAL_OR_KEYWORD:
                taken.add(name)
                if parameter.default is parameter.empty:
                    needed.add(name)
    return Form(frozenset(needed), frozenset(taken), anything)


def _run(kind: str, maker: Any, form: Form, options: dict[str, Any]) -> Any:
    missing = form.needed.difference(options)
    unexpected = frozenset() if form.anything else frozenset(options).difference(form.taken)
    if missing | unexpected:
        raise BadOptions(kind, tuple(sorted(missing)), tuple(sorted(unexpected)))
    try:
        product = maker(**options)
    except Exception as error:
        error.add_note(f"[{kind}]")
        raise
    if callable(getattr(product, "send", None)):
        return product
    raise NotANotifier(kind, product)


class CopyOnWrite:
    """The table is a read-only mapping that is exchanged as a whole; each kind is a function of its options."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class NotifierFactory:
        """What is registered is one function: look, compare, run."""

        def __init__(self) -> None:
            self.change = threading.Condition()
            self.table = MappingProxyType(
                {"email": self._ready("email", Mail), "sms": self._ready("sms", text_message)}
            )

        def _ready(self, kind: str, maker: Any) -> Callable[[dict[str, Any]], Any]:
            form = _form(maker)
            return lambda options: _run(kind, maker, form, options)

        def _later(self, kind: str, path: str) -> Callable[[dict[str, Any]], Any]:
            if not all(part and ":" not in part for part in path.partition(":")[::2]):
                raise ValueError("module:name")
            found: list[Callable[[dict[str, Any]], Any]] = []

            def run(options: dict[str, Any]) -> Any:
                if not found:
                    try:
                        maker = pkgutil.resolve_name(path)
                    except Exception as error:
                        raise MakerNotFound(kind, path) from error
                    if not callable(maker):
                        raise MakerNotFound(kind, path)
                    found.append(self._ready(kind, maker))
                return found[0](options)

            return run

        def register(self, kind: str, maker: Any = None, *, replace: bool = False) -> Any:
            _check_kind(kind)

            def decorate(maker: Any) -> Any:
                if isinstance(maker, str):
                    entry = self._later(kind, maker)
                elif callable(maker):
                    entry = self._ready(kind, maker)
                else:
                    raise TypeError("a maker can be called, or is text")
                with self.change:
                    if not replace and kind in self.table:
                        raise DuplicateKind(kind)
                    self.table = MappingProxyType({**self.table, kind: entry})
                return maker

            return decorate if maker is None else decorate(maker)

        def unregister(self, kind: str) -> None:
            with self.change:
                rest = dict(self.table)
                if rest.pop(kind, None) is None:
                    raise UnknownKind(kind, self.kinds())
                self.table = MappingProxyType(rest)

        def create(self, kind: str, /, **options: Any) -> Any:
            table = self.table
            if kind not in table:
                raise UnknownKind(kind, tuple(sorted(table)))
            return table[kind](options)

        def kinds(self) -> tuple[str, ...]:
            return tuple(sorted(self.table))


class Closures:
    """No class: a function whose functions share a dict, the way a module would."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    @staticmethod
    def NotifierFactory() -> Any:  # noqa: C901, N802 - the contract's name; functions side by side
        """Make the functions."""
        lock, makers = threading.RLock(), dict[str, Any](email=[Mail], sms=[text_message])

        def register(kind: str, maker: Any = None, *, replace: bool = False) -> Any:
            _check_kind(kind)
            return (
                (lambda late: put(kind, late, replace))
                if maker is None
                else put(kind, maker, replace)
            )

        def put(kind: str, maker: Any, replace: bool) -> Any:
            if isinstance(maker, str) and [bool(part) for part in maker.split(":")] != [True, True]:
                raise ValueError("module:name")
            if not isinstance(maker, str):
                if not callable(maker):
                    raise TypeError("a maker can be called, or is text")
                _form(maker)
            with lock:
                if not replace and kind in makers:
                    raise DuplicateKind(kind)
                makers[kind] = [maker]
            return maker

        def unregister(kind: str) -> None:
            with lock:
                if kind not in makers:
                    raise UnknownKind(kind, kinds())
                del makers[kind]

        def kinds() -> tuple[str, ...]:
            with lock:
                return tuple(sorted(makers))

        def found(kind: str, cell: list[Any]) -> Any:
            path = cell[0]
            if not isinstance(path, str):
                return path
            module, name = path.split(":")
            try:
                maker: Any = importlib.import_module(module)
                for part in name.split("."):
                    maker = getattr(maker, part)
            except Exception as error:
                raise MakerNotFound(kind, path) from error
            if not callable(maker):
                raise MakerNotFound(kind, path)
            cell[0] = maker
            return maker

        def create(kind: str, /, **options: Any) -> Any:
            with lock:
                cell = makers.get(kind)
            if cell is None:
                raise UnknownKind(kind, kinds())
            maker = found(kind, cell)
            return _run(kind, maker, _form(maker), options)

        return SimpleNamespace(register=register, unregister=unregister, create=create, kinds=kinds)


_namespaces = itertools.count()


class Catalogue:
    """catalogue: a table of functions by name. It finds them; what they are and take is left to the caller."""

    requires = ("catalogue",)
    fails: ClassVar[dict[str, str]] = {
        "P5": "any text is a name, and anything can be registered",
        "P6": "the last one that registers a name wins",
        "P7": "options are what the function makes of them",
        "P8": "errors come without a note",
        "P9": "what the function returns is its own business",
        "P11": "two that register one name both succeed",
        "P13": "there are entry points, but no paths",
    }

    class NotifierFactory:
        """One namespace of the library's only table."""

        def __init__(self) -> None:
            self.library: Any = importlib.import_module("catalogue")
            self.registry = self.library.create(f"notifiers {next(_namespaces)}")
            self.registry.register("email", func=Mail)
            self.registry.register("sms", func=text_message)

        def register(self, kind: str, maker: Any = None, *, replace: bool = False) -> Any:
            return self.registry.register(kind, func=maker)

        def unregister(self, kind: str) -> None:
            if kind not in self.registry:
                raise UnknownKind(kind, self.kinds())
            self.library.REGISTRY.pop((*self.registry.namespace, kind), None)

        def create(self, kind: str, /, **options: Any) -> Any:
            try:
                maker = self.registry.get(kind)
            except self.library.RegistryError:
                raise UnknownKind(kind, self.kinds()) from None
            return maker(**options)

        def kinds(self) -> tuple[str, ...]:
            return tuple(sorted(self.registry.get_all()))
