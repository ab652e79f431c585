"""Copies, attempts to change a layer, and two thousand layers."""

import copy
import gc
import sys
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

from contracts.patterns.decorator import NoSuchLayer
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.growth import costs_at_most, count_steps

DEEP = 2_000


class Base:
    """A pizza whose price can change."""

    def __init__(self, price: int = 700) -> None:
        self.price, self.description, self.size = price, "Margherita", 30


class Change:
    """A change that is an object."""

    def __call__(self, price: int) -> int:
        return price + 1


def stacked(impl: Implementation, depth: int, base: Any) -> Any:
    """A pizza of so many layers: toppings of a cent, a discount of nothing in between."""
    cheese, nothing = impl.topping("cheese", 1), impl.discount("nothing", 0)
    pizza = base
    for number in range(depth):
        pizza = (nothing if number % 100 == 50 else cheese)(pizza)
    return pizza


def refused(job: Callable[[], object], *, did: str) -> None:
    """It must raise an AttributeError or a TypeError."""
    try:
        job()
    except (AttributeError, TypeError):
        return
    ensure(False, did=did, want="raises AttributeError or TypeError", got="it went through")


@check("P9", kind="behaviour")
def test_layers_cannot_be_changed(impl: Implementation) -> None:
    """Price, description, `__wrapped__`, an attribute of the base and a new one are set and deleted."""
    base = Base()
    inner = impl.topping("cheese", 120)(base)
    pizza: Any = impl.topping("ham", 150)(inner)
    for name in ("price", "description", "size", "__wrapped__", "vegan", "name", "layers"):
        refused(lambda n=name: setattr(pizza, n, 1), did=f"pizza.{name} = 1")
        refused(lambda n=name: delattr(pizza, n), did=f"del pizza.{name}")
    equal(
        vars(base),
        {"price": 700, "description": "Margherita", "size": 30},
        did="the base after that",
    )
    ensure(pizza.__wrapped__ is inner, did="__wrapped__ after that", want="as it was")
    got = (pizza.price, pizza.description, pizza.size, hasattr(pizza, "vegan"))
    equal(got, (970, "Margherita, cheese, ham", 30, False), did="the pizza after that")


@check("P9", kind="behaviour")
def test_taking_off_leaves_the_pizza_as_it_was(impl: Implementation) -> None:
    """Each of three layers is taken off the same pizza; its parts are looked at before and after."""
    base = Base()
    one = impl.topping("a", 1)(base)
    two = impl.discount("b", 50)(one)
    three = impl.topping("c", 3)(two)
    for name in ("a", "b", "c"):
        impl.without(three, name)
        raises(NoSuchLayer, lambda: impl.without(three, "d"), did="without(pizza, 'd')")
        equal(
            impl.layers(three),
            ["c", "b", "a"],
            did=f"layers of the pizza after without(pizza, {name!r})",
        )
        equal([p.price for p in (one, two, three)], [701, 351, 354], did="prices of its parts")
        ensure(
            three.__wrapped__ is two and two.__wrapped__ is one,
            did="its parts",
            want="the same objects",
        )


@check("P9", kind="behaviour")
def test_copies(impl: Implementation) -> None:
    """copy.copy and copy.deepcopy of a pizza of two layers; the base's price changes afterwards."""
    base, change = Base(), Change()
    inner = impl.layer("changed", change)(base)
    pizza: Any = impl.topping("ham", 150)(inner)
    shallow, deep = copy.copy(pizza), copy.deepcopy(pizza)
    for what, each in (("copy", shallow), ("deepcopy", deep)):
        ensure(each is not pizza, did=f"{what} of a pizza", want="another object")
        equal(impl.layers(each), ["ham", "changed"], did=f"layers of the {what}")
        equal((each.price, each.description), (851, "Margherita, changed, ham"), did=f"the {what}")
    ensure(shallow.__wrapped__ is inner, did="__wrapped__ of the copy", want="that of the original")
    below = deep.__wrapped__.__wrapped__
    ensure(
        type(below) is Base and below is not base,
        did="base of the deep copy",
        want="a copy of the base",
    )
    base.price, change.__dict__["x"] = 1_000, 1
    equal(
        [shallow.price, deep.price], [1_151, 851], did="prices when the base's has changed to 1,000"
    )
    both = copy.deepcopy([pizza, base])
    ensure(
        both[0].__wrapped__.__wrapped__ is both[1],
        did="deepcopy of a list of a pizza and its base",
        want="the copies belong together",
    )


@check("P9", kind="behaviour")
def test_a_deep_copy_keeps_the_changes(impl: Implementation) -> None:
    """A change that is an object with state: the copy's layer calls that very object."""
    seen: list[Any] = []

    class Noting(Change):
        def __call__(self, price: int) -> int:
            seen.append(self)
            return price

    change = Noting()
    copied = copy.deepcopy(impl.layer("noting", change)(Base()))
    equal(copied.price, 700, did="the price of the deep copy")
    ensure(
        len(seen) == 1 and seen[0] is change,
        did="whom it called",
        want="the very same change",
        got=seen,
    )


@check("P10", kind="behaviour")
def test_two_thousand_layers(plain: Implementation) -> None:
    """Price, description, attribute, layers, repr, both copies, the innermost and the outermost layer off."""
    limit = min(sys.getrecursionlimit(), 1_000)
    sys.setrecursionlimit(limit)
    pizza = stacked(plain, DEEP, plain.topping("first", 100)(Base()))
    pizza = plain.topping("last", 1_000)(pizza)
    price, names = 700 + 1_100 + DEEP - DEEP // 100, plain.layers(pizza)
    equal(len(names), DEEP + 2, did="the number of layers")
    equal((names[0], names[-1]), ("last", "first"), did="the outermost and the innermost")
    for what, each in (
        ("it", pizza),
        ("a copy", copy.copy(pizza)),
        ("a deep copy", copy.deepcopy(pizza)),
    ):
        equal(each.price, price, did=f"price of {what}")
        equal(
            each.description, ", ".join(["Margherita", *names[::-1]]), did=f"description of {what}"
        )
        equal(each.size, 30, did=f"an attribute of {what}")
        equal(plain.layers(each), names, did=f"layers of {what}")
        ensure("first" in repr(each), did=f"repr of {what}", want="it holds the innermost layer")
        equal(plain.without(each, "first").price, price - 100, did=f"{what} without the innermost")
        equal(plain.without(each, "last").price, price - 1_000, did=f"{what} without the outermost")
    error = raises(NoSuchLayer, lambda: plain.without(pizza, "ham"), did="without(pizza, 'ham')")
    equal(error.present, tuple(names), did="the layers there are")
    equal(sys.getrecursionlimit(), limit, did="the recursion limit after all this")


@check("P10", kind="behaviour")
def test_errors_come_from_any_depth(plain: Implementation) -> None:
    """The innermost change raises below two thousand layers; a missing attribute."""
    error = KeyError("k")

    def broken(_: int) -> int:
        raise error

    pizza = stacked(plain, DEEP, plain.layer("broken", broken)(Base()))
    got = raises(KeyError, lambda: pizza.price, did="pizza.price, the innermost change raises")
    ensure(got is error, did="the error", want="that very object", got=got)
    equal(len(getattr(error, "__notes__", [])), 1, did="its notes")
    raises(AttributeError, lambda: pizza.no_such, did="pizza.no_such")


@check("P10", kind="behaviour")
def test_letting_go(plain: Implementation) -> None:
    """Two thousand layers, their copies and a pizza without one of them are dropped after all was read."""
    base = Base()
    watch = weakref.ref(base)
    pizza = stacked(plain, DEEP, base)
    others = [copy.copy(pizza), plain.without(pizza, "nothing")]
    equal(
        [others[0].price, plain.layers(others[1]).count("nothing")],
        [2_680, 19],
        did="price, and discounts",
    )
    del base, pizza, others
    gc.collect()
    ensure(watch() is None, did="all pizzas were dropped", want="nobody keeps the base")


@check("P10", kind="throughput")
def test_the_time_of_reading(impl: Implementation, reference: Implementation) -> None:
    """Every operation on 100 and on 400 layers, counted."""
    operations: dict[str, Callable[[Implementation, Any], object]] = {
        "price": lambda _, pizza: pizza.price,
        "description": lambda _, pizza: pizza.description,
        "attribute": lambda _, pizza: pizza.size,
        "layers": lambda made, pizza: made.layers(pizza),
        "without the innermost": lambda made, pizza: made.without(pizza, "first"),
        "repr": lambda _, pizza: repr(pizza),
        "deepcopy": lambda _, pizza: copy.deepcopy(pizza),
    }

    def steps(made: Implementation, what: str, depth: int) -> int:
        pizza = stacked(made, depth, made.topping("first", 1)(Base()))
        return count_steps(lambda: operations[what](made, pizza))

    for what in operations:
        small, large = steps(impl, what, 100), steps(impl, what, 400)
        ensure(
            large <= 5 * small + 100,
            did=f"{what} of 100 layers and of 400",
            want="at most five times the steps",
            got=f"{small:,} and {large:,} steps",
        )
    pizzas = [stacked(made, 200, Base()) for made in (impl, reference)]
    costs_at_most(
        lambda: pizzas[0].price, lambda: pizzas[1].price, times=6, did="price of 200 layers"
    )


@check("P10", kind="throughput")
def test_adding_a_layer(impl: Implementation) -> None:
    """The tenth and the thousandth layer, counted."""
    cheese = impl.topping("cheese", 1)
    small, large = stacked(impl, 10, Base()), stacked(impl, 1_000, Base())
    few, many = count_steps(lambda: cheese(small)), count_steps(lambda: cheese(large))
    ensure(
        many <= 2 * few + 10,
        did="one layer added to 10 and to 1,000",
        want="about the same steps",
        got=f"{few:,} and {many:,} steps",
    )


@check("P10", kind="throughput")
def test_the_memory_of_layers(plain: Implementation) -> None:
    """The memory that two thousand layers take."""
    base = Base()
    stacked(plain, 10, base)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    pizza = stacked(plain, DEEP, base)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    equal(plain.layers(pizza)[-1], "cheese", did="the innermost layer")
    ensure(
        taken <= 1_000 * DEEP,
        did="2,000 layers put on one after the other",
        want="at most 1,000 bytes for each",
        got=f"{taken // DEEP:,} bytes for each",
    )
