"""Options that do not fit, makers that fail, and results that are no notifiers."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from contracts.patterns.factory import (
    BadOptions,
    DuplicateKind,
    MakerNotFound,
    NotANotifier,
    UnknownKind,
)
from graders.kit import CheckFailed, Implementation, check, ensure, equal, raises


class Sends:
    """A notifier."""

    def send(self, to: str, text: str) -> None:
        """Deliver nothing."""


@dataclass
class Data(Sends):
    """Options as fields."""

    url: str
    retries: int = 3


class Slots(Sends):
    """Options of __init__; `self` is none."""

    def __init__(self, url: str, *more: str, retries: int, **rest: str) -> None:
        self.all = (url, more, retries, rest)


class Made(Sends):
    """Options of __new__."""

    def __new__(cls, url: str) -> "Made":
        """Make one."""
        return super().__new__(cls)


def plain(a: int, b: int = 1, *, c: int, d: int = 2) -> Any:
    """Two needed, two not."""
    return Sends()


def no_options() -> Any:
    """None at all."""
    return Sends()


def first_by_place(a: int = 1, /, b: int = 2) -> Any:
    """`a` cannot be given."""
    return Sends()


@functools.wraps(plain)
def wrapped(*args: Any, **options: Any) -> Any:
    """Says that it takes what `plain` takes."""
    return plain(*args, **options)


class Desk:
    """Makers that are methods."""

    def method(self, url: str) -> Any:
        """Bound: `self` is given."""
        return Sends()

    @staticmethod
    def static(url: str) -> Any:
        """No `self`."""
        return Sends()

    def __call__(self, url: str) -> Any:
        """Called itself."""
        return Sends()


WRONG: list[tuple[Any, str, str, str]] = [  # maker, given, missing, unexpected
    (plain, "", "a c", ""),
    (plain, "c", "a", ""),
    (plain, "z a y", "c", "y z"),
    (plain, "a b c d e", "", "e"),
    (plain, "C A", "a c", "A C"),
    (wrapped, "args options", "a c", "args options"),
    (no_options, "a", "", "a"),
    (lambda *args: Sends(), "args", "", "args"),
    (lambda **rest: Sends(), "", "", ""),
    (lambda a, **rest: Sends(), "b rest", "a", ""),
    (first_by_place, "a b", "", "a"),
    (Data, "retries url_", "url", "url_"),
    (Data, "self url", "", "self"),
    (Slots, "more rest", "retries url", ""),
    (Made, "cls", "url", "cls"),
    (Desk().method, "self", "url", "self"),
    (Desk.static, "", "url", ""),
    (Desk(), "urls", "url", "urls"),
    (functools.partial(plain, 1), "a", "c", "a"),
    (functools.partial(plain, c=1), "", "a", ""),
    (functools.partial(plain, a=1, c=1), "x", "", "x"),
]


@check("P7", kind="behaviour")
def test_all_that_is_wrong_in_one_error(impl: Implementation) -> None:
    """Functions, classes, methods, partials: options that are missing, unexpected, or both."""
    for maker, given, missing, unexpected in WRONG:
        factory = impl.NotifierFactory()
        factory.register("push", maker)
        options = dict.fromkeys(given.split(), 1)
        did = f"a maker {show(maker)}, create('push'{''.join(f', {name}=1' for name in options)})"
        if not missing and not unexpected:
            factory.create("push", **options)
            continue
        error = raises(BadOptions, lambda f=factory, o=options: f.create("push", **o), did=did)
        equal(error.kind, "push", did=f"{did}: kind of the error")
        equal(error.missing, tuple(missing.split()), did=f"{did}: missing")
        equal(error.unexpected, tuple(unexpected.split()), did=f"{did}: unexpected")


def show(maker: Any) -> str:
    """A name for a message."""
    return str(getattr(maker, "__name__", type(maker).__name__))


RIGHT: list[tuple[Any, str]] = [
    (plain, "a c"),
    (plain, "d c b a"),
    (wrapped, "a c d"),
    (no_options, ""),
    (first_by_place, "b"),
    (lambda **rest: Sends(), "a b c"),
    (lambda *args, a=1: Sends(), "a"),
    (Data, "url"),
    (Data, "url retries"),
    (Slots, "url retries more x"),
    (Made, "url"),
    (Desk().method, "url"),
    (Desk.static, "url"),
    (Desk(), "url"),
    (functools.partial(plain, 1), "c"),
    (functools.partial(plain, c=1), "a"),
    (functools.partial(plain, c=1), "a c"),
]


@check("P7", kind="behaviour")
def test_what_the_signature_takes_is_not_refused(impl: Implementation) -> None:
    """The same makers with the options that they take."""
    for maker, given in RIGHT:
        factory = impl.NotifierFactory()
        factory.register("push", maker)
        made = factory.create("push", **dict.fromkeys(given.split(), 1))
        ensure(isinstance(made, Sends), did=f"a maker {show(maker)}, options {given}", want="made")


@check("P7", kind="behaviour")
def test_the_maker_is_not_called_with_bad_options(impl: Implementation) -> None:
    """Makers note that they run; options are missing, then unexpected; then all is right."""
    factory, ran = impl.NotifierFactory(), []

    def maker(a: int, b: int = 1) -> Any:
        ran.append((a, b))
        return Sends()

    factory.register("push", maker)
    for options in ({}, {"b": 1}, {"a": 1, "c": 2}, {"a": None, "self": 1}):
        raises(BadOptions, lambda o=options: factory.create("push", **o), did=f"create, {options}")
    equal(ran, [], did="calls of the maker with bad options")
    factory.create("push", b=None, a=None)
    equal(ran, [(None, None)], did="calls of the maker with right options")


@check("P7", kind="behaviour")
def test_makers_without_a_signature(impl: Implementation) -> None:
    """A class made of dict, a partial of it, an object whose signature is nonsense: they just run."""

    class Box(dict):  # type: ignore[type-arg]
        def send(self, to: str, text: str) -> None:
            """Deliver nothing."""

    class Odd:
        __signature__ = "no signature"

        def __call__(self, **options: Any) -> Any:
            return Box(options)

    factory = impl.NotifierFactory()
    for number, maker in enumerate([Box, functools.partial(Box, b=2), Odd()]):
        factory.register(f"box {number}", maker)
        more = {"b": 2} if number == 1 else {}
        equal(dict(factory.create(f"box {number}", a=1)), {**more, "a": 1}, did="create(..., a=1)")
        equal(dict(factory.create(f"box {number}")), more, did="create without options")


def needs(a: int) -> int:
    """Something that is called wrongly."""
    return a


def fails(error: BaseException) -> Callable[[], Any]:
    """A maker that raises."""

    def maker() -> Any:
        raise error

    return maker


@check("P8", kind="behaviour")
def test_errors_of_makers_come_through(impl: Implementation) -> None:
    """Makers raise ValueError, TypeErrors that look like bad options, and the factory's own errors."""
    factory = impl.NotifierFactory()
    for number, error in enumerate(
        [
            ValueError("no server"),
            TypeError("maker() missing 1 required positional argument: 'a'"),
            TypeError("maker() got an unexpected keyword argument 'a'"),
            TypeError("maker() takes 0 positional arguments but 1 was given"),
            AttributeError("send"),
            KeyError("odd 1"),
            LookupError(),
            ImportError("module"),
            StopIteration(3),
            UnknownKind("x", ("y",)),
            DuplicateKind("x"),
            BadOptions("x", ("a",), ()),
            NotANotifier("x", None),
            MakerNotFound("x", "a:b"),
        ]
    ):
        kind = f"odd {number}"
        factory.register(kind, fails(error))
        did = f"create({kind!r}), the maker raises {type(error).__name__}"
        got = raises(type(error), lambda k=kind: factory.create(k), did=did)
        ensure(got is error, did=did, want="that very object", got=got)
        notes = getattr(got, "__notes__", [])
        ensure(
            any(kind in note for note in notes), did=did, want="a note names the kind", got=notes
        )


@check("P8", kind="behaviour")
def test_a_type_error_inside_is_no_bad_option(impl: Implementation) -> None:
    """A class that calls a function wrongly in its constructor; one that makes another kind wrongly."""
    factory = impl.NotifierFactory()

    class Clumsy(Sends):
        def __init__(self, a: int = 1) -> None:
            needs()  # type: ignore[call-arg]

    factory.register("clumsy", Clumsy)
    for options in ({}, {"a": 1}):
        error = raises(TypeError, lambda o=options: factory.create("clumsy", **o), did="create")
        ensure(
            type(error) is TypeError and "needs" in str(error),
            did="create of a class whose constructor calls needs() without its argument",
            want="that TypeError",
            got=error,
        )
    factory.register("outer", lambda: factory.create("inner", b=1))
    factory.register("inner", lambda a: Sends())
    inner = raises(BadOptions, lambda: factory.create("outer"), did="create, the maker creates")
    equal(
        (inner.kind, inner.missing, inner.unexpected),
        ("inner", ("a",), ("b",)),
        did="kind, missing and unexpected of the error",
    )
    ensure(
        any("outer" in note for note in getattr(inner, "__notes__", [])),
        did="the notes of the error",
        want="one names 'outer'",
        got=getattr(inner, "__notes__", []),
    )


@check("P8", kind="behaviour")
def test_what_is_no_exception_comes_through(impl: Implementation) -> None:
    """A maker interrupts or exits; then it makes."""
    factory = impl.NotifierFactory()
    for error in (KeyboardInterrupt(), SystemExit(3), GeneratorExit()):
        factory.register("push", fails(error), replace=True)
        got: BaseException | None = None
        try:
            factory.create("push")
        except (CheckFailed, NotImplementedError):
            raise
        except BaseException as caught:
            got = caught
        ensure(
            got is error, did="create, the maker is interrupted", want="that very object", got=got
        )
        factory.register("push", Sends, replace=True)
        ensure(isinstance(factory.create("push"), Sends), did="create afterwards", want="made")


@check("P9", kind="behaviour")
def test_results_that_are_no_notifiers(impl: Implementation) -> None:
    """Makers return None, a number, a text, objects without send or with one that cannot be called."""
    factory = impl.NotifierFactory()
    for result in [None, 0, "email", (), {"send": print}, object(), SimpleNamespace(Send=print),
                   SimpleNamespace(send=None), SimpleNamespace(send="send"), ValueError("send")]:  # fmt: skip
        factory.register("push", lambda r=result: r, replace=True)
        did = f"create('push'), the maker returns {result!r}"
        error = raises(NotANotifier, lambda: factory.create("push"), did=did)
        equal(error.kind, "push", did=f"{did}: kind of the error")
        ensure(error.result is result, did=f"{did}: result of the error", want="that very object")


@check("P9", kind="behaviour")
def test_results_that_are_notifiers(impl: Implementation) -> None:
    """Objects that are false, or equal to nothing, or get their send from elsewhere."""

    class Empty(Sends):
        def __len__(self) -> int:
            return 0

        def __eq__(self, other: object) -> bool:
            return False

        __hash__ = None  # type: ignore[assignment]

    class Proxy:
        def __getattr__(self, name: str) -> Any:
            return getattr(Sends(), name)

    factory = impl.NotifierFactory()
    for result in (Empty(), Proxy(), SimpleNamespace(send=print), SimpleNamespace(send=Sends)):
        factory.register("push", lambda r=result: r, replace=True)
        ensure(
            factory.create("push") is result, did=f"create, a {type(result).__name__}", want="it"
        )
