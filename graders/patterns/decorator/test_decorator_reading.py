"""What a layer lets through: changes, attributes, errors."""

from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, Sim, caught, check, ensure, equal, explore, raises


class Watched:
    """A pizza that notes what is read of it, and raises what it is told to."""

    def __init__(self, log: list[str], price: Any = 700, description: Any = "Margherita") -> None:
        self.log, self.now, self.text = log, price, description
        self.error: BaseException | None = None

    def _read(self, what: str, value: Any) -> Any:
        self.log.append(what)
        if self.error is not None:
            raise self.error
        return value

    @property
    def price(self) -> Any:
        return self._read("price", self.now)

    @property
    def description(self) -> Any:
        return self._read("description", self.text)

    @property
    def gluten_free(self) -> bool:
        """An attribute that is computed."""
        return bool(self._read("gluten_free", True))


def noting(log: list[str], name: str, more: int = 1) -> Callable[[int], int]:
    """A change that is noted with the price that it gets."""

    def change(price: int) -> int:
        log.append(f"{name} {price}")
        return price + more

    return change


@check("P3", kind="behaviour")
def test_nothing_is_read_before_it_is_asked_for(impl: Implementation) -> None:
    """Two layers are put on, listed, taken off and put on again: the base and the changes are watched."""
    log: list[str] = []
    base = Watched(log)
    base.error = RuntimeError("not baked yet")
    pizza = impl.layer("b", noting(log, "b"))(impl.layer("a", noting(log, "a"))(base))
    impl.layers(pizza)
    pizza = impl.layer("c", noting(log, "c"))(impl.without(pizza, "a"))
    equal(impl.layers(pizza), ["c", "b"], did="layers of a pizza that cannot be read")
    equal(log, [], did="what was read and called meanwhile")


@check("P3", kind="behaviour")
def test_how_often_and_in_which_order(impl: Implementation) -> None:
    """A price is read twice, then the description, then the price of an inner layer."""
    log: list[str] = []
    inner = impl.layer("a", noting(log, "a", 1))(Watched(log))
    pizza = impl.layer("c", noting(log, "c", 100))(impl.layer("b", noting(log, "b", 10))(inner))
    for _ in range(2):
        log.clear()
        equal(pizza.price, 811, did="the price")
        equal(log, ["price", "a 700", "b 701", "c 711"], did="what was read and called for it")
    log.clear()
    equal(pizza.description, "Margherita, a, b, c", did="the description")
    equal(log, ["description"], did="what was read and called for it")
    log.clear()
    equal(inner.price, 701, did="the price of the inner layer")
    equal(log, ["price", "a 700"], did="what was read and called for it")


@check("P3", kind="behaviour")
def test_changes_of_the_base_are_seen(impl: Implementation) -> None:
    """The base's price and description change between readings; a change depends on something outside."""
    log: list[str] = []
    base, extra = Watched(log), [5]
    pizza = impl.discount("half", 50)(impl.layer("extra", lambda price: price + extra[0])(base))
    equal(
        (pizza.price, pizza.description),
        (353, "Margherita, extra, half"),
        did="price and description",
    )
    base.now, base.text, extra[0] = 1_000, "Bianca", 10
    equal(
        (pizza.price, pizza.description),
        (505, "Bianca, extra, half"),
        did="both, when all had changed",
    )
    base.now = 0
    equal(pizza.price, 5, did="the price, when the base costs nothing")


@check("P3", kind="concurrency")
def test_threads_read_one_pizza(impl: Implementation) -> None:
    """A reads price and description of a pizza, B of a larger one around it and takes a layer off."""

    def scene(sim: Sim) -> None:
        log: list[str] = []

        def slow(price: int) -> int:
            sim.point()
            return price + 1

        inner = impl.discount("half", 50)(impl.layer("slow", slow)(Watched(log)))
        outer = impl.topping("ham", 7)(inner)
        got = sim.together(
            lambda: (inner.price, inner.description, impl.layers(inner)),
            lambda: (outer.price, impl.without(outer, "half").price, impl.layers(outer)),
        )
        want = [
            (351, "Margherita, slow, half", ["half", "slow"]),
            (358, 708, ["ham", "half", "slow"]),
        ]
        equal(got, want, did="what A and B read")

    explore(scene, schedules=60)


@check("P4", kind="behaviour")
def test_other_attributes_are_the_bases(impl: Implementation) -> None:
    """Values, a method, names that a layer might use itself, attributes made by __getattr__; two layers around."""

    class Oven:
        price, description = 700, "Margherita"
        name, change, inner, base, wrapped, layers = "n", "c", "i", "b", "w", "l"
        pizza, kind, toppings, calls, percent, cost = "p", "k", "t", "x", "%", "y"
        none = None

        def bake(self, minutes: int = 5) -> Any:
            return self, minutes, self.price

        def __getattr__(self, name: str) -> str:
            if name.startswith("extra"):
                return f"made {name}"
            raise AttributeError(name)

    oven = Oven()
    pizza: Any = impl.topping("ham", 150)(impl.topping("cheese", 120)(oven))
    for name in (
        "name",
        "change",
        "inner",
        "base",
        "wrapped",
        "layers",
        "pizza",
        "kind",
        "toppings",
    ):
        equal(getattr(pizza, name), getattr(Oven, name), did=f"pizza.{name}")
    for name in ("calls", "percent", "cost", "none"):
        equal(getattr(pizza, name), getattr(Oven, name), did=f"pizza.{name}")
    for name in ("extra_crust", "extra__"):
        equal(getattr(pizza, name), f"made {name}", did=f"pizza.{name}, which the base makes")
    got = pizza.bake(minutes=7)
    ensure(got[0] is oven, did="the self of pizza.bake()", want="the base", got=got[0])
    equal(got[1:], (7, 700), did="what pizza.bake(minutes=7) sees")
    equal(hasattr(pizza, "vegan"), False, did="hasattr(pizza, 'vegan')")
    oven.vegan = True  # type: ignore[attr-defined]
    equal(pizza.vegan, True, did="pizza.vegan, when the base has got it")
    raises(AttributeError, lambda: pizza.no_such, did="pizza.no_such")


@check("P4", kind="behaviour")
def test_attributes_are_read_once(impl: Implementation) -> None:
    """A computed attribute, read through three layers."""
    log: list[str] = []
    pizza: Any = Watched(log)
    for name in "abc":
        pizza = impl.topping(name, 1)(pizza)
    equal(pizza.gluten_free, True, did="pizza.gluten_free")
    equal(log, ["gluten_free"], did="what was read of the base")


class Busy:
    """A base that the language can do much with."""

    price, description = 700, "Margherita"
    __slots__ = ()
    __special__ = "base"

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Any:
        return iter(())

    def __contains__(self, _: object) -> bool:
        return True

    def __call__(self) -> int:
        return 1

    def __getitem__(self, _: object) -> int:
        return 1

    def __enter__(self) -> int:
        return 1

    def __exit__(self, *_: object) -> None:
        return

    def __index__(self) -> int:
        return 1

    def __eq__(self, _: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@check("P4", kind="behaviour")
def test_the_language_stays_outside(impl: Implementation) -> None:
    """A base that is empty, false, equal to everything, unhashable, callable, a context; names like `__len__`."""
    cheese = impl.topping("cheese", 120)
    base = Busy()
    pizza, twin = cheese(base), cheese(base)
    equal(bool(pizza), True, did="bool(pizza) of a base that is false")
    for what, job in (
        ("len(pizza)", lambda: len(pizza)),  # type: ignore[arg-type]
        ("iter(pizza)", lambda: iter(pizza)),  # type: ignore[call-overload]
        ("pizza()", lambda: pizza("now")),  # type: ignore[operator]
        ("pizza[0]", lambda: pizza[0]),  # type: ignore[index]
        ("1 in pizza", lambda: 1 in pizza),  # type: ignore[operator]
        ("[1, 2][pizza]", lambda: [1, 2][pizza]),  # type: ignore[call-overload]
    ):
        raises(TypeError, job, did=what)
    for name in ("__len__", "__call__", "__enter__", "__special__", "__fspath__", "__iter__"):
        raises(AttributeError, lambda n=name: getattr(pizza, n), did=f"pizza.{name}")
    ensure(callable(pizza) is False, did="callable(pizza)", want="False")
    equal((pizza == pizza, pizza != pizza), (True, False), did="pizza == pizza, pizza != pizza")  # noqa: PLR0124
    equal((pizza == twin, pizza != twin), (False, True), did="pizza == twin, pizza != twin")
    other = cheese(Watched([]))
    equal(
        (other == cheese(Watched([])), other == "x", other == 820),
        (False, False, False),
        did="other == …",
    )
    equal(len({pizza, twin, pizza}), 2, did="pizzas in a set of a pizza, its twin and itself")


@check("P5", kind="behaviour")
def test_errors_of_the_base_come_through(impl: Implementation) -> None:
    """Price, description and another attribute raise errors of eight types, AttributeError among them."""
    for error in (
        AttributeError("'Oven' object has no attribute 'heat'"),
        KeyError("k"),
        RuntimeError("r"),
        TypeError("t"),
        ValueError("v"),
        StopIteration(),
        KeyboardInterrupt(),
        RecursionError(),
    ):
        log: list[str] = []
        base = Watched(log)
        base.error = error
        pizza: Any = impl.discount("half", 50)(impl.topping("cheese", 120)(base))
        for name in ("price", "description", "gluten_free"):
            log.clear()
            got = caught(lambda p=pizza, n=name: getattr(p, n))
            ensure(
                got is error,
                did=f"pizza.{name}, the base raises {error!r}",
                want="that very object",
                got=got,
            )
            equal(log, [name], did="what was read of the base")


@check("P5", kind="behaviour")
def test_errors_of_a_change_tell_the_layer(impl: Implementation) -> None:
    """The middle one of three layers raises; the error has a note already or has none; an interrupt."""
    noted = ValueError("noted")
    noted.add_note("first")
    for error in (AttributeError("a"), KeyError("k"), TypeError("t"), StopIteration(), noted):
        log: list[str] = []
        before = list(getattr(error, "__notes__", []))

        def broken(_: int, error: Exception = error) -> int:
            raise error

        inner = impl.layer("inner", noting(log, "inner"))(Watched(log))
        pizza = impl.layer("outer", noting(log, "outer"))(impl.layer("coupon 417", broken)(inner))
        got = caught(lambda p=pizza: p.price)
        ensure(got is error, did=f"a change raised {error!r}", want="that very object", got=got)
        notes = list(getattr(error, "__notes__", []))
        equal(notes[:-1], before, did="its notes but the last")
        ensure(
            "coupon 417" in notes[-1], did="the last note", want="it names the layer", got=notes[-1]
        )
        equal(log, ["price", "inner 700"], did="what was read and called until then")
        equal(
            pizza.description,
            "Margherita, inner, coupon 417, outer",
            did="the description all the same",
        )
    for stop in (KeyboardInterrupt(), SystemExit(1)):

        def interrupted(_: int, stop: BaseException = stop) -> int:
            raise stop

        pizza = impl.layer("x", interrupted)(Watched([]))
        got = caught(lambda p=pizza: p.price)
        ensure(got is stop, did=f"a change raised {stop!r}", want="that very object", got=got)
