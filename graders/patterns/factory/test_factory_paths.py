"""Makers that are named by text and imported when they are needed."""

import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from contracts.patterns.factory import BadOptions, DuplicateKind, MakerNotFound
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate

Body = Callable[[ModuleType], None]


class Shelf(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules that exist while a check runs, and which of them have been executed."""

    def __init__(self, **bodies: Body) -> None:
        self.bodies, self.imported = bodies, list[str]()
        sys.meta_path.insert(0, self)

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module by its full name; underscores stand for dots."""
        if name.replace(".", "_") not in self.bodies:
            return None
        inside = any(each.startswith(f"{name.replace('.', '_')}_") for each in self.bodies)
        return importlib.machinery.ModuleSpec(name, self, is_package=inside)

    def exec_module(self, module: ModuleType) -> None:
        """Run its body."""
        self.imported.append(module.__name__)
        self.bodies[module.__name__.replace(".", "_")](module)


def tagged(tag: object) -> Any:
    """A notifier."""
    return SimpleNamespace(send=print, tag=tag)


def holding(**names: Any) -> Body:
    """A body that defines names."""
    return lambda module: vars(module).update(names)


@check("P13", kind="behaviour")
def test_imported_when_first_created(impl: Implementation) -> None:
    """Two kinds by path, one of a module in a package, one of a name in a class; created twice each."""

    class Hall:
        @staticmethod
        def new(a: int) -> Any:
            return tagged(a)

    shelf = Shelf(
        lazyfax=holding(make=lambda: tagged("fax")),
        lazypack=holding(),
        lazypack_push=holding(Hall=Hall),
    )
    factory = impl.NotifierFactory()
    path = "lazypack.push:Hall.new"
    equal(factory.register("push", path), path, did="what register returns for a path")
    factory.register("fax", "lazyfax:make")
    equal(factory.kinds(), ("email", "fax", "push", "sms"), did="kinds()")
    raises(DuplicateKind, lambda: factory.register("fax", "other:make"), did="register it again")
    equal(shelf.imported, [], did="modules that were imported before the first create")
    equal(factory.create("push", a=7).tag, 7, did="create('push', a=7)")
    equal(shelf.imported, ["lazypack", "lazypack.push"], did="modules that were imported then")
    equal(factory.create("push", a=8).tag, 8, did="create('push', a=8)")
    equal([factory.create("fax").tag for _ in range(2)], ["fax"] * 2, did="create('fax') twice")
    equal(shelf.imported, ["lazypack", "lazypack.push", "lazyfax"], did="modules imported in all")
    error = raises(BadOptions, lambda: factory.create("push", b=1), did="create('push', b=1)")
    equal((error.missing, error.unexpected), (("a",), ("b",)), did="missing, unexpected")


@check("P13", kind="behaviour")
def test_what_was_found_is_kept(impl: Implementation) -> None:
    """After the first create the module changes its maker and is forgotten; another factory looks anew."""
    shelf = Shelf(lazyfax=holding(make=lambda: tagged("first")))
    factory, other = impl.NotifierFactory(), impl.NotifierFactory()
    for each in (factory, other):
        each.register("fax", "lazyfax:make")
    equal(factory.create("fax").tag, "first", did="create('fax')")
    sys.modules["lazyfax"].make = lambda: tagged("second")  # type: ignore[attr-defined]
    equal(other.create("fax").tag, "second", did="create('fax') of another factory, changed")
    del sys.modules["lazyfax"]
    shelf.bodies.clear()
    equal(factory.create("fax").tag, "first", did="create('fax') again, the module is gone")


@check("P13", kind="behaviour")
def test_what_is_not_found(impl: Implementation) -> None:
    """No such module; one that imports another that is missing, or raises; no such name; no callable."""

    def needs_another(module: ModuleType) -> None:
        importlib.import_module("lazy_does_not_exist")

    error = ZeroDivisionError("while importing")

    def breaks(module: ModuleType) -> None:
        raise error

    Shelf(
        lazyneeds=needs_another,
        lazybreaks=breaks,
        lazythings=holding(number=5, text="lazyfax:make"),
    )
    factory = impl.NotifierFactory()
    for path, cause, word in [
        ("lazy_no_such_module:make", ImportError, "lazy_no_such_module"),
        ("lazyneeds:make", ImportError, "lazy_does_not_exist"),
        ("lazybreaks:make", ZeroDivisionError, "while importing"),
        ("lazythings:make", AttributeError, "make"),
        ("lazythings:number.make", AttributeError, "make"),
        ("lazythings:number", None, ""),
        ("lazythings:text", None, ""),
    ]:
        factory.register("odd", path, replace=True)
        for _ in range(2):
            failed = raises(MakerNotFound, lambda: factory.create("odd"), did=f"create, {path!r}")
            equal(
                (failed.kind, failed.maker_path),
                ("odd", path),
                did="kind and maker_path of the error",
            )
            if cause is not None:
                ensure(
                    isinstance(failed.__cause__, cause) and word in str(failed.__cause__),
                    did=f"the cause, for {path!r}",
                    want=f"the {cause.__name__} that speaks of {word!r}",
                    got=failed.__cause__,
                )
    ensure(failed is not None, did="all that", want="an error each time")


@check("P13", kind="behaviour")
def test_the_next_create_tries_again(impl: Implementation) -> None:
    """The module fails twice, then it can be imported; a name is missing, then it is there."""
    attempts: list[int] = []

    def third_time(module: ModuleType) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise OSError("not yet")
        vars(module)["make"] = lambda: tagged("made")

    Shelf(lazythird=third_time, lazylate=holding())
    factory = impl.NotifierFactory()
    factory.register("third", "lazythird:make")
    factory.register("late", "lazylate:make")
    for _ in range(2):
        raises(MakerNotFound, lambda: factory.create("third"), did="create('third'), it fails")
    equal(factory.create("third").tag, "made", did="create('third') for the third time")
    equal(factory.create("third").tag, "made", did="create('third') once more")
    equal(len(attempts), 3, did="how often the module was executed")
    raises(MakerNotFound, lambda: factory.create("late"), did="create('late'), the name is missing")
    sys.modules["lazylate"].make = lambda: tagged("late")  # type: ignore[attr-defined]
    equal(factory.create("late").tag, "late", did="create('late') when the name is there")


@check("P12", "P13", kind="concurrency")
def test_a_module_registers_itself(impl: Implementation) -> None:
    """While it is imported, a module replaces its own kind; another thread registers one and creates one by path."""

    def scene(sim: Sim) -> None:
        factory = impl.NotifierFactory()
        sys.modules.pop("lazyself", None)

        def body(module: ModuleType) -> None:
            vars(module)["make"] = lambda: tagged("by path")
            factory.register("fax", lambda: tagged("by itself"), replace=True)
            thread = threading.Thread(target=meanwhile)
            thread.start()
            thread.join()

        def meanwhile() -> None:
            factory.register("other", lambda: tagged(2))
            made.append(factory.create("near").tag)

        made: list[object] = []
        sys.modules.pop("lazynear", None)
        Shelf(lazyself=body, lazynear=holding(make=lambda: tagged("near")))
        factory.register("near", "lazynear:make")
        factory.register("fax", "lazyself:make")
        equal(factory.create("fax").tag, "by path", did="the create that imports the module")
        equal(factory.create("fax").tag, "by itself", did="the next create")
        equal(made, ["near"], did="what another thread made by path meanwhile")
        equal(
            factory.create("other").tag, 2, did="the kind that another thread registered meanwhile"
        )

    simulate(scene)


@check("P13", kind="concurrency")
def test_the_first_creates_at_the_same_time(impl: Implementation) -> None:
    """A and B create a kind by path for the first time; C replaces it."""
    sys.modules["lazyboth"] = ModuleType("lazyboth")
    sys.modules["lazyboth"].make = lambda: tagged("by path")  # type: ignore[attr-defined]

    def scene(sim: Sim) -> None:
        factory = impl.NotifierFactory()
        factory.register("fax", "lazyboth:make")

        def replace() -> str:
            factory.register("fax", lambda: tagged("new"), replace=True)
            return str(factory.create("fax").tag)

        got = sim.together(*[lambda: str(factory.create("fax").tag)] * 2, replace)
        ensure(
            set(got[:2]) <= {"by path", "new"},
            did="two creates at the same time",
            want="what the path leads to, or what replaced it",
            got=got[:2],
        )
        equal(got[2], "new", did="create by the one that replaced the maker")
        equal(factory.create("fax").tag, "new", did="create when all have returned")

    explore(scene, schedules=80)
