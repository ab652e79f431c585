"""Layers put on and taken off: price, description, names."""

import random
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from inspect import unwrap
from typing import Any

from contracts.patterns.decorator import NoSuchLayer
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic


class Base:
    """A pizza whose price can change."""

    def __init__(self, price: int = 700, description: str = "Margherita") -> None:
        self.price, self.description = price, description

    def __repr__(self) -> str:
        return f"Base({self.price})"


class Gift:
    """A foreign wrapper: knows nothing of layers."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside

    @property
    def description(self) -> str:
        return f"[{self.inside.description}]"

    @property
    def price(self) -> int:
        return int(self.inside.price) + 50

    def __repr__(self) -> str:
        return "Gift"


class Liar(Gift):
    """A foreign wrapper that says that it is what it wraps, as lazy objects do."""

    @property
    def __class__(self) -> Any:  # type: ignore[override]
        return type(self.inside)


class Window(Gift):
    """A foreign wrapper that shows what it wraps as `__wrapped__`, as functools.wraps does."""

    @property
    def __wrapped__(self) -> Any:
        return self.inside


def facts(impl: Implementation, pizza: Any) -> tuple[int, str, list[str]]:
    """Price, description and layers."""
    return pizza.price, pizza.description, impl.layers(pizza)


@check("P1", kind="behaviour")
def test_toppings_and_discounts_in_any_order(impl: Implementation) -> None:
    """Cheese, a student's discount, olives and cheese once more around a Margherita."""
    cheese, olives = impl.topping("cheese", 120), impl.topping("olives", 80)
    student = impl.discount("student", 10)
    pizza = cheese(olives(student(cheese(Base()))))
    want = (
        938,
        "Margherita, cheese, student, olives, cheese",
        ["cheese", "olives", "student", "cheese"],
    )
    equal(
        facts(impl, pizza),
        want,
        did="cheese(olives(student(cheese(base)))): price, description, layers",
    )
    equal(facts(impl, student(cheese(olives(cheese(Base()))))),
          (918, "Margherita, cheese, olives, cheese, student", ["student", "cheese", "olives", "cheese"]),
          did="the same four, the discount last")  # fmt: skip


@check("P1", kind="behaviour")
def test_new_kinds_without_edits(impl: Implementation) -> None:
    """Kinds made of a lambda, a partial, a bound method, a class with __call__, one that is false, a builtin."""

    class Cap:
        def __init__(self, most: int) -> None:
            self.most = most

        def __call__(self, price: int) -> int:
            return min(price, self.most)

        def __len__(self) -> int:
            return 0

        def half(self, price: int) -> int:
            return price // 2

    kinds: list[tuple[Callable[[int], int], int]] = [
        (lambda price: price * 2, 1400),
        (partial(max, 900), 900),
        (Cap(500), 500),
        (Cap(0).half, 350),
        ((42).__radd__, 742),
        (int, 700),
        (lambda _: 0, 0),
    ]
    for change, want in kinds:
        pizza = impl.layer("new", change)(Base())
        equal(
            facts(impl, pizza),
            (want, "Margherita, new", ["new"]),
            did=f"a layer with the change {change!r}",
        )


@check("P1", kind="behaviour")
def test_wraps_are_used_again_and_pizzas_shared(impl: Implementation) -> None:
    """One wrap around three pizzas and around itself; one pizza below two layers."""
    cheese, ham = impl.topping("cheese", 120), impl.topping("ham", 150)
    base, other = Base(), Base(500, "Bianca")
    one, two = cheese(base), cheese(other)
    three = ham(one)
    four = cheese(one)
    equal(
        [p.price for p in (one, two, three, four)],
        [820, 620, 970, 940],
        did="prices of four pizzas",
    )
    equal(two.description, "Bianca, cheese", did="description of the second")
    equal(impl.layers(four), ["cheese", "cheese"], did="layers of double cheese")
    equal(impl.layers(one), ["cheese"], did="layers of the first, when others lie around it")
    again = impl.topping("cheese", 200)(one)
    equal(again.price, 1020, did="price with another kind of the same name")


@check("P1", kind="behaviour")
def test_what_is_wrapped_is_that_very_object(impl: Implementation) -> None:
    """`__wrapped__` step by step, and inspect.unwrap."""
    base = Base()
    one = impl.topping("cheese", 120)(base)
    two = impl.discount("student", 10)(one)
    ensure(
        two.__wrapped__ is one,
        did="__wrapped__ of the outer layer",
        want="the inner one",
        got=two.__wrapped__,
    )
    ensure(
        one.__wrapped__ is base,
        did="__wrapped__ of the inner layer",
        want="the base",
        got=one.__wrapped__,
    )
    ensure(unwrap(two) is base, did="inspect.unwrap(pizza)", want="the base", got=unwrap(two))  # type: ignore[arg-type]


@check("P1", "P8", kind="behaviour")
def test_foreign_wrappers_are_bases(impl: Implementation) -> None:
    """Cheese around a foreign wrapper around ham; then by `__class__` it is a layer; then it has `__wrapped__`."""
    cheese, ham = impl.topping("cheese", 120), impl.topping("ham", 150)
    for kind in (Gift, Liar, Window):
        gift = kind(ham(Base()))
        pizza = cheese(gift)
        want = (1020, "[Margherita, ham], cheese", ["cheese"])
        equal(
            facts(impl, pizza),
            want,
            did=f"cheese around {kind.__name__} around ham: price, description, layers",
        )
        equal(impl.layers(gift), [], did=f"layers of {kind.__name__} itself")
        ensure(
            impl.without(pizza, "cheese") is gift,
            did="without(pizza, 'cheese')",
            want="the wrapper",
            got=pizza,
        )
        error = raises(
            NoSuchLayer, lambda p=pizza: impl.without(p, "ham"), did="without(pizza, 'ham')"
        )
        equal(error.present, ("cheese",), did="the layers there are")


@check("P2", kind="behaviour")
def test_exact_cents(impl: Implementation) -> None:
    """Discounts whose result is half a cent, just below and above; 0, 100 per cent; prices beyond floats."""
    for price, percent, want in (
        (999, 50, 500),
        (333, 50, 167),
        (1, 50, 1),
        (1, 51, 0),
        (1, 49, 1),
        (105, 10, 95),
        (115, 10, 104),
        (1999, 0, 1999),
        (1999, 100, 0),
        (0, 33, 0),
        (1998, 25, 1499),
        (2002, 25, 1502),
        (10**20 + 1, 50, 5 * 10**19 + 1),
        (10**400 + 5, 10, 9 * 10**399 + 5),
        (2**53 + 1, 0, 2**53 + 1),
    ):
        got = impl.discount("d", percent)(Base(price)).price
        equal(got, want, did=f"{percent} per cent off {str(price)[:30]} ({len(str(price))} digits)")
    equal(
        impl.topping("t", 2**53 + 1)(Base(2**53)).price,
        2**54 + 1,
        did="2**53 cents and 2**53 + 1 more",
    )
    equal(impl.topping("free", 0)(Base()).price, 700, did="a topping that costs nothing")


@check("P1", "P2", "P8", kind="behaviour")
def test_generated_pizzas(plain: Implementation) -> None:
    """Three hundred pizzas of up to nine layers from seeds 0 to 299, layers taken off, against a list."""
    for seed in range(300):
        luck = random.Random(seed)
        base = Base(luck.randrange(5_000))
        pizza: Any = base
        model: list[tuple[str, str, int]] = []
        for _ in range(luck.randrange(10)):
            kind, name = luck.choice(("topping", "discount")), luck.choice("abc")
            number = luck.randrange(101)
            pizza = getattr(plain, kind)(name, number)(pizza)
            model.append((kind, name, number))
            if luck.random() < 0.3:
                away = luck.choice("abc")
                places = [n for n, (_, each, _) in enumerate(model) if each == away]
                if places:
                    pizza = plain.without(pizza, away)
                    del model[places[-1]]
        price = Decimal(base.price)
        for kind, _, number in model:
            price = price + number if kind == "topping" else price * (100 - number) / 100
            price = price.quantize(Decimal(1), "ROUND_HALF_UP")
        names = [name for _, name, _ in model]
        want = (int(price), ", ".join(["Margherita", *names]), names[::-1])
        equal(facts(plain, pizza), want, did=f"a base of {base.price}, then {model} (seed {seed})")


@check("P8", kind="behaviour")
def test_taking_a_layer_off(impl: Implementation) -> None:
    """The outermost, a middle, the innermost of five layers; one of two of the same name; one by one."""
    base = Base()
    wraps = [impl.topping(name, n) for n, name in enumerate(("a", "b", "a", "c", "d"), start=1)]
    stages: list[Any] = [base]
    for wrap in wraps:
        stages.append(wrap(stages[-1]))
    pizza = stages[-1]
    for name, want in (
        ("d", (710, "Margherita, a, b, a, c", ["c", "a", "b", "a"])),
        ("a", (712, "Margherita, a, b, c, d", ["d", "c", "b", "a"])),
        ("b", (713, "Margherita, a, a, c, d", ["d", "c", "a", "a"])),
    ):
        equal(
            facts(impl, impl.without(pizza, name)),
            want,
            did=f"without(pizza, {name!r}) of a, b, a, c, d",
        )
    ensure(
        impl.without(pizza, "d") is stages[4],
        did="without(pizza, the outermost)",
        want="the wrapped itself",
    )
    part = impl.without(pizza, "c")
    ensure(
        part.__wrapped__ is stages[3],
        did="what lies below the layer that went",
        want="the same object",
    )
    for name in ("a", "a", "b", "c", "d"):
        pizza = impl.without(pizza, name)
    ensure(pizza is base, did="all five taken off", want="the base itself", got=pizza)


@check("P8", kind="contract")
def test_no_such_layer(impl: Implementation) -> None:
    """A name that is not there, one in other case, the base's description, an empty one; a pizza without layers."""
    pizza = impl.topping("ham", 150)(impl.topping("cheese", 120)(Base()))
    for name in ("olives", "Ham", "Margherita", "", "ham, cheese", "chees"):
        error = raises(
            NoSuchLayer, lambda n=name: impl.without(pizza, n), did=f"without(pizza, {name!r})"
        )
        equal(
            (error.name, error.present),
            (name, ("ham", "cheese")),
            did="name and present of the error",
        )
    error = raises(NoSuchLayer, lambda: impl.without(Base(), "ham"), did="without(base, 'ham')")
    equal((error.name, error.present), ("ham", ()), did="name and present of the error")


@check("P8", kind="behaviour")
def test_layers_are_a_new_list(impl: Implementation) -> None:
    """The list is changed by the caller; a pizza without layers."""
    pizza = impl.topping("ham", 150)(impl.topping("cheese", 120)(Base()))
    impl.layers(pizza).clear()
    equal(impl.layers(pizza), ["ham", "cheese"], did="layers, when the first list was emptied")
    equal(impl.layers(Base()), [], did="layers of a base")


@check("P8", kind="behaviour")
def test_the_repr(impl: Implementation) -> None:
    """A base with a repr of its own, below two layers."""
    pizza = impl.topping("ham", 150)(impl.topping("cheese", 120)(Base()))
    for part in ("Base(700)", "ham", "cheese"):
        ensure(part in repr(pizza), did="repr(pizza)", want=f"it holds {part}", got=repr(pizza))
