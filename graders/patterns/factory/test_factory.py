"""Kinds: what opens them, what closes them, what is made of them."""

import functools
from types import SimpleNamespace
from typing import Any

from contracts.patterns.factory import UnknownKind
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic
from graders.patterns.factory.given import maker_of

BUILT_IN = ("email", "sms")


class Push:
    """A notifier that remembers its options."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def send(self, to: str, text: str) -> None:
        """Deliver nothing."""


@check("P1", kind="behaviour")
def test_the_maker_gets_the_options_as_they_are(impl: Implementation) -> None:
    """Three creates of a kind, with a list and a function as options, or none; what comes back is compared."""
    factory, made, calls = impl.NotifierFactory(), [], []

    def maker(*args: Any, **options: Any) -> Any:
        calls.append((args, options))
        made.append(Push())
        return made[-1]

    topics: list[str] = []
    factory.register("push", maker)
    got = [factory.create("push", topics=topics, retry=len), factory.create("push", a=1)]
    got.append(factory.create("push"))
    equal([len(args) for args, _ in calls], [0, 0, 0], did="arguments by place in three creates")
    equal(
        [sorted(options) for _, options in calls], [["retry", "topics"], ["a"], []], did="options"
    )
    ensure(
        calls[0][1]["topics"] is topics, did="the list that was an option", want="that very list"
    )
    ensure(
        len(made) == 3 and all(a is b for a, b in zip(got, made, strict=True)),
        did="three creates",
        want="each returns what its own call of the maker has made",
    )


@check("P1", kind="behaviour")
def test_options_may_have_any_name(impl: Implementation) -> None:
    """Options named kind, self, maker, replace, options, args, kwargs, cls, name, path."""
    factory = impl.NotifierFactory()

    def maker(**given: Any) -> Any:
        return Namesake(given)

    class Namesake:
        def __init__(self, given: dict[str, Any]) -> None:
            self.given = given

        def send(self, to: str, text: str) -> None:
            """Deliver nothing."""

    factory.register("push", maker)
    for name in [
        "kind",
        "self",
        "maker",
        "replace",
        "options",
        "args",
        "kwargs",
        "cls",
        "name",
        "path",
        "factory",
        "error",
    ]:
        equal(factory.create("push", **{name: 7}).given, {name: 7}, did=f"create('push', {name}=7)")

    def one(kind: str, self: str, *, options: str) -> Any:
        return Namesake({"kind": kind, "self": self, "options": options})

    factory.register("one", one)
    given = {"kind": "k", "self": "s", "options": "o"}
    equal(factory.create("one", **given).given, given, did="create('one', kind=, self=, options=)")


@check("P1", kind="behaviour")
def test_notifiers_share_nothing(impl: Implementation) -> None:
    """The maker takes its options out of their dict and adds others; equal creates follow each other."""
    factory = impl.NotifierFactory()

    def maker(**options: Any) -> Any:
        first = dict(options)
        options.clear()
        options["mine"] = 1
        return Push(**first)

    factory.register("push", maker)
    given = {"a": 1}
    one, two = factory.create("push", **given), factory.create("push", **given)
    ensure(one is not two, did="create('push', a=1) twice", want="two notifiers")
    equal(
        [one.options, two.options, given], [{"a": 1}] * 3, did="options of both, and the caller's"
    )


class Desk:
    """Makers that are methods, in an object that is false and equal to everything."""

    def __call__(self, **options: Any) -> Any:
        return Push(by="object", **options)

    def make(self, **options: Any) -> Any:
        """Make, as a method."""
        return Push(by="method", **options)

    @classmethod
    def new(cls, **options: Any) -> Any:
        """Make, as a method of the class."""
        return Push(by="classmethod", **options)

    def __len__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@check("P2", kind="behaviour")
def test_everything_that_can_be_called_makes(impl: Implementation) -> None:
    """A class, a method, a method of a class, a partial, a lambda, an object that is false and equal to all."""
    desk = Desk()
    makers = [
        ("class", Push),
        ("object", desk),
        ("method", desk.make),
        ("classmethod", Desk.new),
        ("partial", functools.partial(Push, by="partial")),
        ("lambda", lambda **options: Push(by="lambda", **options)),
    ]
    factory = impl.NotifierFactory()
    for name, maker in makers:
        got = factory.register(name, maker)
        ensure(got is maker, did=f"register({name!r}, ...)", want="returns the maker")
    for name, _ in makers:
        by = {} if name == "class" else {"by": name}
        equal(factory.create(name, a=1).options, {**by, "a": 1}, did=f"create({name!r}, a=1)")


@check("P2", kind="behaviour")
def test_register_as_a_decorator(impl: Implementation) -> None:
    """A class and a function are decorated, one of them twice; a decorator is made and never applied."""
    factory = impl.NotifierFactory()
    classes = [Push, type("Other", (Push,), {})]
    ensure(
        factory.register("push")(classes[0]) is Push, did="the decorated class", want="unchanged"
    )

    @factory.register("two")
    @factory.register("one")
    def make() -> Any:
        return SimpleNamespace(send=print, tag="made")

    ensure(make().tag == "made", did="calling the decorated function", want="it is unchanged")
    unused = factory.register("unused")
    want = ("email", "one", "push", "sms", "two")
    equal(factory.kinds(), want, did="kinds() when one decorator was not applied")
    equal([factory.create(kind).tag for kind in ("one", "two")], ["made"] * 2, did="both kinds")
    ensure(type(factory.create("push")) is Push, did="create('push')", want="a Push")
    unused(classes[1])
    ensure(
        type(factory.create("unused")) is classes[1], did="create, applied later", want="an Other"
    )


@check("P3", kind="behaviour")
def test_kinds(impl: Implementation) -> None:
    """kinds() of a new factory, when kinds come in no order, and of one read before."""
    factory = impl.NotifierFactory()
    before = factory.kinds()
    equal(before, BUILT_IN, did="kinds() of a new factory")
    for name in ("push", "fax", "a b", "zulu", "sms2", "ärger", "1"):
        factory.register(name, Push)
    factory.unregister("fax")
    want = ("1", "a b", "email", "push", "sms", "sms2", "zulu", "ärger")
    equal(factory.kinds(), want, did="kinds() after seven were registered and 'fax' taken away")
    equal(before, BUILT_IN, did="the kinds that were read before")


@check("P3", kind="behaviour")
def test_factories_share_nothing(impl: Implementation) -> None:
    """One of two factories gets a kind, loses 'sms', and replaces 'email'; then a third is made."""
    one, two = impl.NotifierFactory(), impl.NotifierFactory()
    one.register("push", Push)
    one.unregister("sms")
    one.register("email", maker_of("mine"), replace=True)
    equal(one.kinds(), ("email", "push"), did="kinds() of the one that was changed")
    for other in (two, impl.NotifierFactory()):
        equal(other.kinds(), BUILT_IN, did="kinds() of another factory")
        raises(
            UnknownKind, lambda f=other: f.create("push"), did="create('push') of another factory"
        )
        mail = other.create("email", sender="a@b", transport=print)
        ensure(
            not hasattr(mail, "tag"), did="create('email', ...) of another factory", want="its own"
        )


@check("P4", kind="behaviour")
def test_unknown_kinds(impl: Implementation) -> None:
    """Names that are near a kind, or far from all; one that was taken away; unregister as well."""
    factory = impl.NotifierFactory()
    factory.register("push", Push)
    factory.register("apush", Push)
    factory.register("fax", Push)
    factory.unregister("fax")
    known = ("apush", "email", "push", "sms")
    for name in ("Push", "push ", " push", "pus", "ush", "PUSH", "", "fax", "x", "email,push", "*"):
        for what in ("create", "unregister"):
            job = functools.partial(getattr(factory, what), name)
            error = raises(UnknownKind, job, did=f"{what}({name!r})")
            equal(error.kind, name, did=f"{what}({name!r}): kind of the error")
            equal(error.known, known, did=f"{what}({name!r}): known of the error")
    error = raises(UnknownKind, lambda: factory.create("fax", a=1), did="create('fax', a=1)")
    equal(error.known, known, did="known of the error")
    for name in known:
        factory.unregister(name)
    error = raises(UnknownKind, lambda: factory.create("email"), did="create, no kind is left")
    equal(error.known, (), did="known of the error")


class CountedKind(str):
    """A name that counts how often any of its kind is hashed or compared."""

    __slots__ = ()
    calls = 0

    def __hash__(self) -> int:
        CountedKind.calls += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        CountedKind.calls += 1
        return super().__eq__(other)

    def __lt__(self, other: str) -> bool:
        CountedKind.calls += 1
        return super().__lt__(other)


@check("P4", kind="throughput")
def test_finding_a_kind_costs_the_same_among_many(impl: Implementation) -> None:
    """Among 300 kinds, whose names count how often they are hashed and compared, one is created."""
    factory = impl.NotifierFactory()
    for number in range(300):
        factory.register(CountedKind(f"kind {number}"), Push)
    for name in ("kind 0", "kind 150", "kind 299"):
        CountedKind.calls = 0
        factory.create(CountedKind(name), a=1)
        ensure(
            CountedKind.calls <= 30,
            did=f"create({name!r}) among 300 kinds",
            want="at most 30 times a name is hashed or compared",
            got=CountedKind.calls,
        )
