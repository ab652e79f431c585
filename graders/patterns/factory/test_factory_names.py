"""Names that are taken, impossible names and makers, and what replaces what."""

import functools
import random
from typing import Any

from contracts.patterns.factory import DuplicateKind, UnknownKind
from graders.kit import Implementation, check, ensure, equal, raises
from graders.patterns.factory.given import maker_of

BUILT_IN = ("email", "sms")


class Push:
    """A notifier."""

    def __init__(self, **options: Any) -> None:
        """Take everything."""

    def send(self, to: str, text: str) -> None:
        """Deliver nothing."""


@check("P5", kind="behaviour")
def test_names_that_cannot_be(impl: Implementation) -> None:
    """Empty, upper case, blanks around, no text: as a call, as a decorator, with replace."""
    factory = impl.NotifierFactory()
    wrong = [
        (name, ValueError) for name in ("", " ", "Push", "puSH", " push", "push ", "a\n", "\ta")
    ]
    odd = (
        "push\u00a0",
        "\u2003push",
        "push\x1f",
        "\u01c5",
        "push\u0130",
    )  # rare blanks, rare capitals
    wrong += [(name, ValueError) for name in odd]
    wrong += [(name, TypeError) for name in (None, 5, b"push", ("push",), ["push"], Push)]
    for name, error in wrong:
        raises(error, lambda n=name: factory.register(n, Push), did=f"register({name!r}, ...)")
        raises(error, lambda n=name: factory.register(n), did=f"register({name!r}) as a decorator")
        job = functools.partial(factory.register, name, Push, replace=True)
        raises(error, job, did=f"register({name!r}, ..., replace=True)")
    equal(factory.kinds(), BUILT_IN, did="kinds() when all that was refused")
    fine = ("a b", "push-2", "x:y", "e.mail", "1", "ß", "_", "a\tb")
    for name in fine:
        factory.register(name, Push)
    equal(factory.kinds(), tuple(sorted((*fine, *BUILT_IN))), did="kinds() with strange names")


@check("P5", kind="behaviour")
def test_makers_that_cannot_be(impl: Implementation) -> None:
    """Numbers, lists, texts that are no path, functions that need an argument by place."""
    factory = impl.NotifierFactory()
    factory.register("push", maker_of("first"))

    def by_place(a: int, /, **options: Any) -> Any:
        return Push()

    def half_by_place(a: int, b: int = 1, /, *, c: int = 2) -> Any:
        return Push()

    wrong = [(maker, TypeError) for maker in (5, 0, True, [], [Push], {}, object(), b"a:b")]
    wrong += [(maker, TypeError) for maker in (by_place, half_by_place)]
    wrong += [(path, ValueError) for path in ("", "push", "a.b", ":", "a:", ":b", "a:b:c", "::")]
    for maker, error in wrong:
        did = f"a maker that is {maker!r}"
        raises(error, lambda m=maker: factory.register("new", m), did=f"register, {did}")
        raises(error, lambda m=maker: factory.register("new")(m), did=f"decorator, {did}")
        job = functools.partial(factory.register, "push", maker, replace=True)
        raises(error, job, did=f"register with replace, {did}")
    equal(factory.kinds(), ("email", "push", "sms"), did="kinds() when all that was refused")
    equal(factory.create("push").tag, "first", did="the maker of 'push'")


@check("P6", kind="behaviour")
def test_names_that_are_taken(impl: Implementation) -> None:
    """A second maker, the same maker again, a decorator applied twice, for one's own and a built-in kind."""
    factory = impl.NotifierFactory()
    first = maker_of("first")
    factory.register("push", first)
    decorator, again = factory.register("fax"), factory.register("push")
    decorator(maker_of("fax"))
    for did, job, kind in [
        ("another maker", lambda: factory.register("push", maker_of("second")), "push"),
        ("the same maker", lambda: factory.register("push", first), "push"),
        ("replace=False", lambda: factory.register("push", first, replace=False), "push"),
        ("a decorator", lambda: again(maker_of("third")), "push"),
        ("a decorator applied twice", lambda: decorator(maker_of("fourth")), "fax"),
        ("a built-in kind", lambda: factory.register("email", first), "email"),
        ("a path", lambda: factory.register("push", "a:b"), "push"),
    ]:
        error = raises(DuplicateKind, job, did=f"register a name that is taken: {did}")
        equal(error.kind, kind, did=f"{did}: kind of the error")
    equal([factory.create(kind).tag for kind in ("push", "fax")], ["first", "fax"], did="who makes")
    equal(factory.kinds(), ("email", "fax", "push", "sms"), did="kinds() afterwards")


@check("P6", kind="behaviour")
def test_replace_and_unregister(impl: Implementation) -> None:
    """Replace what is there and what is not, by call and decorator; unregister, built-in ones too."""
    factory = impl.NotifierFactory()
    factory.register("push", maker_of(1), replace=True)
    equal(factory.create("push").tag, 1, did="create, registered with replace when it was free")
    second = maker_of(2)
    ensure(
        factory.register("push", second, replace=True) is second, did="replace", want="the maker"
    )
    equal(factory.create("push").tag, 2, did="create, replaced")
    factory.register("push", replace=True)(maker_of(3))
    equal(factory.create("push").tag, 3, did="create, replaced by a decorator")
    factory.register("email", maker_of(4), replace=True)
    equal(factory.create("email").tag, 4, did="create('email'), replaced")
    factory.unregister("push")
    raises(UnknownKind, lambda: factory.unregister("push"), did="unregister('push') again")
    factory.register("push", maker_of(5))
    equal(factory.create("push").tag, 5, did="create, registered after it was taken away")
    for kind in BUILT_IN:
        factory.unregister(kind)
    equal(factory.kinds(), ("push",), did="kinds() when the built-in ones were taken away")


@check("P3", "P4", "P6", kind="behaviour")
def test_generated_programs(impl: Implementation) -> None:
    """60 generated programs of 20 calls (seed 4): register, replace, unregister, create; as a dict does."""
    for number in range(60):
        chance = random.Random(4_000 + number)
        factory, model = impl.NotifierFactory(), dict.fromkeys(BUILT_IN, -1)
        for tag in range(20):
            kind = chance.choice(["a", "b", "c", "sms"])
            what = chance.choice(
                ["register", "decorate", "replace", "unregister", "create", "create"]
            )
            did = f"program {number}, call {tag}: {what} {kind!r}"
            equal(call(factory, what, kind, tag), expected(model, what, kind, tag), did=did)
            equal(factory.kinds(), tuple(sorted(model)), did=f"kinds() after {did}")


def call(factory: Any, what: str, kind: str, tag: int) -> Any:
    """What comes of a call."""
    try:
        if what == "register":
            factory.register(kind, maker_of(tag))
        elif what == "decorate":
            factory.register(kind)(maker_of(tag))
        elif what == "replace":
            factory.register(kind, maker_of(tag), replace=True)
        elif what == "unregister":
            factory.unregister(kind)
        else:
            options = {"number": "+4930123456", "transport": print}
            made = factory.create(kind) if kind != "sms" else factory.create(kind, **options)
            return getattr(made, "tag", -1)
    except (UnknownKind, DuplicateKind) as error:
        return type(error).__name__
    except TypeError:
        return "replaced"
    return "done"


def expected(model: dict[str, int], what: str, kind: str, tag: int) -> Any:
    """The same of a dict of tags; a built-in 'sms' that was replaced takes no options."""
    if what in {"register", "decorate"} and kind in model:
        return "DuplicateKind"
    if what in {"unregister", "create"} and kind not in model:
        return "UnknownKind"
    if what == "create":
        return "replaced" if kind == "sms" and model[kind] != -1 else model[kind]
    if what == "unregister":
        del model[kind]
    else:
        model[kind] = tag
    return "done"
