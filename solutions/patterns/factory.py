"""Factory: a dict of registrations, each with the maker or with the way to it.

What is registered is an object of its own, so that what an import has found is kept there and cannot take the place of
a later registration. The lock is held for a look and a store; makers, imports and signatures run without it.

Trade-offs: the signature is read anew for each create (some ten microseconds), in exchange for one error that names
every wrong option before anything has been made, and a TypeError of the maker that is never mistaken for one. Errors
of makers are not wrapped, because callers catch what the maker documents; a note says which kind it was. Class-based
forms (a metaclass, `__init_subclass__`) register by being imported, which is convenient until nobody imports them.
"""

import importlib
import inspect
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, reduce
from inspect import Parameter
from typing import Any

from contracts.patterns.factory import (
    BadOptions,
    DuplicateKind,
    Maker,
    MakerNotFound,
    Message,
    NotANotifier,
    UnknownKind,
)

ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
Transport = Callable[[Message], object]


@dataclass(frozen=True)
class Email:
    """Sends by e-mail."""

    sender: str
    transport: Transport
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        _must_match(ADDRESS, self.sender, "an e-mail address")

    def send(self, to: str, text: str) -> None:
        """Hand a message to the transport."""
        self.transport(Message("email", self.sender, to, text))


@dataclass(frozen=True)
class Sms:
    """Sends a text message."""

    number: str
    transport: Transport
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        _must_match(NUMBER, self.number, "an E.164 number")

    def send(self, to: str, text: str) -> None:
        """Hand a message to the transport."""
        self.transport(Message("sms", self.number, to, text))


def _must_match(pattern: re.Pattern[str], text: object, what: str) -> None:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise ValueError(f"{text!r} is not {what}")


class Registration:
    """A maker, or text that leads to it."""

    def __init__(self, maker: Any) -> None:
        if isinstance(maker, str):
            if not all(maker.partition(":")) or maker.count(":") > 1:
                raise ValueError(f"a path has the form 'module:name', not {maker!r}")
        elif not callable(maker):
            raise TypeError(f"a maker must be callable or text, not {type(maker).__name__}")
        elif _needed_by_place(maker):
            raise TypeError(f"{maker!r} cannot be called with options alone")
        self._maker: Maker | str = maker

    def maker(self, kind: str) -> Maker:
        """What is called; text is looked up until that has succeeded once."""
        maker = self._maker  # read once: another thread may put what it has found there
        if isinstance(maker, str):
            maker = self._maker = _find(kind, maker)
        return maker


class NotifierFactory:
    """Makers of notifiers by kind."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds = {"email": Registration(Email), "sms": Registration(Sms)}

    def register(self, kind: str, maker: Any = None, *, replace: bool = False) -> Any:
        """Have `maker` make the notifiers of a kind. Cost: O(1)."""
        if not isinstance(kind, str):
            raise TypeError(f"a kind must be a str, not {type(kind).__name__}")
        if not kind or kind != kind.strip().lower():
            raise ValueError(f"a kind is in lower case, without blanks around it: {kind!r}")
        if maker is None:
            return partial(self._put, kind, replace)
        return self._put(kind, replace, maker)

    def _put(self, kind: str, replace: bool, maker: Any) -> Any:
        registration = Registration(maker)
        with self._lock:
            if kind in self._kinds and not replace:
                raise DuplicateKind(kind)
            self._kinds[kind] = registration
        return maker

    def unregister(self, kind: str) -> None:
        """Take a kind away. Cost: O(1)."""
        if self._kinds.pop(kind, None) is None:
            raise UnknownKind(kind, self.kinds())

    def create(self, kind: str, /, **options: Any) -> Any:
        """Make a notifier. Cost: that of reading a signature and of the maker."""
        registration = self._kinds.get(kind)
        if registration is None:
            raise UnknownKind(kind, self.kinds())
        maker = registration.maker(kind)
        _refuse_bad(kind, maker, options)
        try:
            made = maker(**options)
        except Exception as error:
            error.add_note(f"while making a notifier of kind {kind!r}")
            raise
        if not callable(getattr(made, "send", None)):
            raise NotANotifier(kind, made)
        return made

    def kinds(self) -> tuple[str, ...]:
        """The names of all kinds. The dict is copied in one step, which needs no lock."""
        return tuple(sorted(self._kinds))


def _find(kind: str, path: str) -> Maker:
    """Import a module and walk to a name in it."""
    module, _, names = path.partition(":")
    try:
        found: object = reduce(getattr, names.split("."), importlib.import_module(module))
    except Exception as error:
        raise MakerNotFound(kind, path) from error
    if not callable(found):
        raise MakerNotFound(kind, path)
    return found


def _parameters(maker: Maker) -> list[Parameter] | None:
    """The parameters, or None if nobody knows."""
    try:
        return list(inspect.signature(maker).parameters.values())
    except Exception:  # noqa: BLE001 - what a signature's own code raises means the same
        return None


def _needed_by_place(maker: Maker) -> bool:
    return any(
        each.kind is Parameter.POSITIONAL_ONLY and each.default is Parameter.empty
        for each in _parameters(maker) or []
    )


def _refuse_bad(kind: str, maker: Maker, options: dict[str, Any]) -> None:
    """Compare options with the signature: everything that is wrong in one error."""
    parameters = _parameters(maker)
    if parameters is None:
        return
    named = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    known = {each.name: each.default for each in parameters if each.kind in named}
    takes_any = any(each.kind is Parameter.VAR_KEYWORD for each in parameters)
    missing = {name for name, default in known.items() if default is Parameter.empty} - set(options)
    unexpected = set() if takes_any else set(options) - set(known)
    if missing or unexpected:
        raise BadOptions(kind, tuple(sorted(missing)), tuple(sorted(unexpected)))
