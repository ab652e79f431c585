"""The factory shared by threads, and used by its own makers."""

import threading
import time
from types import SimpleNamespace
from typing import Any

from contracts.patterns.factory import DuplicateKind, UnknownKind
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.patterns.factory.given import maker_of


def made(factory: Any, kind: str) -> Any:
    """The tag of what is created; None if there is no such kind."""
    try:
        return factory.create(kind).tag
    except UnknownKind:
        return None


@check("P11", kind="concurrency")
def test_no_kind_is_lost(impl: Implementation) -> None:
    """Three threads register a kind each, two of them another; one takes 'sms' away."""

    def scene(sim: Sim) -> None:
        factory = impl.NotifierFactory()
        sim.together(
            lambda: [factory.register("a", maker_of(1)), factory.register("b", maker_of(2))],
            lambda: [factory.register("c", maker_of(3)), factory.unregister("sms")],
            lambda: factory.register("d")(maker_of(4)),
        )
        equal(factory.kinds(), ("a", "b", "c", "d", "email"), did="kinds() when all have returned")
        equal([made(factory, kind) for kind in "abcd"], [1, 2, 3, 4], did="who makes them")

    explore(scene, schedules=80)


@check("P11", kind="concurrency")
def test_of_one_name_one_is_registered(impl: Implementation) -> None:
    """A by call and B by decorator register one name; then both take it away."""

    def scene(sim: Sim) -> None:
        factory = impl.NotifierFactory()

        def tries(job: Any, tag: int) -> int:
            try:
                job()
            except (DuplicateKind, UnknownKind):
                return 0
            return tag

        got = sim.together(
            lambda: tries(lambda: factory.register("push", maker_of(1)), 1),
            lambda: tries(lambda: factory.register("push")(maker_of(2)), 2),
        )
        ensure(min(got) == 0 < max(got), did="two register one name", want="one can", got=got)
        equal(made(factory, "push"), max(got), did="whose maker is used: the one's that could")
        took = sim.together(*[lambda: tries(lambda: factory.unregister("push"), 1)] * 2)
        equal(sorted(took), [0, 1], did="which of two could take it away")

    explore(scene, schedules=60)


@check("P11", kind="concurrency")
def test_a_name_is_never_free_for_a_moment(impl: Implementation) -> None:
    """A replaces a maker, B creates and lists, C tries to register the same name."""

    def scene(sim: Sim) -> None:
        factory = impl.NotifierFactory()
        factory.register("push", maker_of("old"))

        def register() -> str:
            try:
                factory.register("push", maker_of("third"))
            except DuplicateKind:
                return "refused"
            return "registered"

        got = sim.together(
            lambda: factory.register("push", maker_of("new"), replace=True) and "",
            lambda: (made(factory, "push"), factory.kinds()),
            register,
        )
        ensure(got[1][0] in {"old", "new"}, did="create while the maker is replaced",
               want="old or new", got=got[1][0])  # fmt: skip
        equal(got[1][1], ("email", "push", "sms"), did="kinds() while the maker is replaced")
        equal(got[2], "refused", did="register the same name while the maker is replaced")
        equal(made(factory, "push"), "new", did="create when all have returned")

    explore(scene, schedules=80)


@check("P11", kind="concurrency")
def test_listing_and_creating_while_others_register(impl: Implementation) -> None:
    """A lists twice and creates; B registers two kinds and takes one away."""

    def scene(sim: Sim) -> None:
        factory = impl.NotifierFactory()
        factory.register("push", maker_of("push"))

        def change() -> None:
            factory.register("a", maker_of("a"))
            factory.unregister("push")
            factory.register("z", maker_of("z"))

        got, _ = sim.together(
            lambda: [
                factory.kinds(),
                made(factory, "push"),
                made(factory, "nothing"),
                factory.kinds(),
            ],
            change,
        )
        states = [
            ("email", "push", "sms"),
            ("a", "email", "push", "sms"),
            ("a", "email", "sms"),
            ("a", "email", "sms", "z"),
        ]
        ensure(
            all(listed in states for listed in (got[0], got[3]))
            and states.index(got[0]) <= states.index(got[3]),
            did="kinds() twice, while kinds come and go",
            want="what was registered before, between or after",
            got=(got[0], got[3]),
        )
        ensure(got[1] in {"push", None}, did="create('push') meanwhile", want="it, or UnknownKind")

    explore(scene, schedules=100)


@check("P12", kind="concurrency")
def test_a_slow_maker_holds_up_nobody(impl: Implementation) -> None:
    """A maker takes an hour; meanwhile another of the kind is made, others registered and taken away."""

    def scene(sim: Sim) -> None:
        factory = impl.NotifierFactory()

        def slow(seconds: int = 0) -> Any:
            time.sleep(seconds)
            return SimpleNamespace(send=print, tag=seconds)

        factory.register("slow", slow)
        begun = sim.now()
        first = sim.spawn(lambda: factory.create("slow", seconds=3_600))
        sim.settle()
        equal(made(factory, "slow"), 0, did="create of the same kind")
        factory.register("push", maker_of("push"))
        factory.register("slow", maker_of("new"), replace=True)
        equal(made(factory, "push"), "push", did="create of another kind")
        factory.unregister("slow")
        factory.unregister("email")
        equal(factory.kinds(), ("push", "sms"), did="kinds()")
        equal(sim.now() - begun, 0.0, did="the seconds that all this took")
        equal(first.result().tag, 3_600, did="what the first create has made in the end")

    simulate(scene)


@check("P12", kind="concurrency")
def test_a_maker_waits_for_another_thread(impl: Implementation) -> None:
    """A maker waits until another thread has created, registered, listed and taken away."""

    def scene(sim: Sim) -> None:
        factory, begun, done = impl.NotifierFactory(), threading.Event(), threading.Event()

        def waits() -> Any:
            begun.set()
            done.wait()
            return SimpleNamespace(send=print, tag="waited")

        def other() -> Any:
            begun.wait()
            factory.register("push", maker_of("push"))
            tag = made(factory, "push")
            factory.unregister("waits")
            kinds = factory.kinds()
            done.set()
            return tag, kinds

        factory.register("waits", waits)
        got = sim.together(lambda: made(factory, "waits"), other)
        want = ["waited", ("push", ("email", "push", "sms"))]
        equal(got, want, did="what was made by the one that waited, and what the other did")

    explore(scene, schedules=40)


@check("P12", kind="behaviour")
def test_a_maker_uses_its_factory(impl: Implementation) -> None:
    """A maker creates another kind and its own, registers a third, replaces itself, and takes itself away."""
    factory = impl.NotifierFactory()

    def maker(depth: int = 2) -> Any:
        inner = factory.create("self", depth=depth - 1) if depth else factory.create("leaf")
        if depth == 2:
            factory.register("third", maker_of("third"))
            factory.register("self", maker_of("new"), replace=True)
            factory.unregister("leaf")
        return SimpleNamespace(send=print, tag=("made", inner.tag))

    factory.register("self", maker)
    factory.register("leaf", maker_of("leaf"))
    want = ("made", ("made", ("made", "leaf")))
    equal(factory.create("self").tag, want, did="create, the maker creates its own kind twice")
    equal(factory.kinds(), ("email", "self", "sms", "third"), did="kinds() afterwards")
    equal(made(factory, "self"), "new", did="create when the maker has replaced itself")
    equal(made(factory, "third"), "third", did="create of the kind that the maker registered")
