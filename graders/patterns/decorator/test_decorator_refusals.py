"""What is refused: amounts and texts that are none, and wrong arguments."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from graders.kit import Implementation, check, ensure, equal, raises


class Base:
    """A pizza with whatever it is given."""

    def __init__(self, price: Any = 700, description: Any = "Margherita") -> None:
        self.price, self.description = price, description


WRONG: tuple[tuple[Any, type[Exception]], ...] = (
    (7.0, TypeError),
    ("700", TypeError),
    (None, TypeError),
    (Decimal(700), TypeError),
    (Fraction(700), TypeError),
    (True, TypeError),
    (False, TypeError),
    (float("nan"), TypeError),
    (-1, ValueError),
    (-(10**30), ValueError),
)


@check("P6", kind="contract")
def test_wrong_prices_of_the_base(impl: Implementation) -> None:
    """Prices that are floats, texts, None, Decimals, bools, negative; descriptions that are no text."""
    for value, kind in WRONG:
        pizza = impl.topping("b", 2_000)(impl.layer("a", lambda _: 5)(Base(value)))
        error = raises(kind, lambda p=pizza: p.price, did=f"pizza.price, the base's is {value!r}")
        ensure(
            repr(value) in str(error),
            did=f"text of the {kind.__name__}",
            want=f"it holds {value!r}",
            got=str(error),
        )
        equal(pizza.description, "Margherita, a, b", did="the description all the same")
    for value in (None, 3, b"Margherita", ["Margherita"]):
        pizza = impl.topping("a", 1)(Base(700, value))
        error = raises(
            TypeError, lambda p=pizza: p.description, did=f"description, the base's is {value!r}"
        )
        ensure(
            repr(value) in str(error),
            did="text of the TypeError",
            want=f"it holds {value!r}",
            got=str(error),
        )
        equal(pizza.price, 701, did="the price all the same")


class Cents(int):
    """An int of a kind of its own."""


@check("P6", kind="contract")
def test_ints_of_a_kind_of_their_own(impl: Implementation) -> None:
    """The base's price, a change's result, a topping's price and a percentage are of a subclass of int."""
    pizza = impl.topping("ham", Cents(150))(
        impl.layer("cheese", lambda p: Cents(p + 120))(Base(Cents(700)))
    )
    equal(pizza.price, 970, did="700 cents, 120 more by a change, a topping of 150")
    equal(impl.discount("half", Cents(50))(pizza).price, 485, did="50 per cent off that")


@check("P6", kind="contract")
def test_wrong_results_of_a_change(impl: Implementation) -> None:
    """A change answers with what is no price; the layers around it would make a price of it again."""
    for value, kind in WRONG:
        inner = impl.layer("coupon 417", lambda _, v=value: v)(Base())
        for pizza in (
            inner,
            impl.layer("outer", lambda _: 5)(impl.layer("more", lambda _: 6)(inner)),
        ):
            error = raises(
                kind, lambda p=pizza: p.price, did=f"pizza.price, a change gives {value!r}"
            )
            for part in (repr(value), "coupon 417"):
                ensure(
                    part in str(error),
                    did=f"text of the {kind.__name__}",
                    want=f"it holds {part}",
                    got=str(error),
                )


@check("P7", kind="contract")
def test_wrong_arguments(impl: Implementation) -> None:
    """Names, changes, prices and percentages that are none."""
    for name in (None, 3, b"cheese", ["cheese"]):
        for what, job in (
            ("layer", lambda n=name: impl.layer(n, abs)),
            ("topping", lambda n=name: impl.topping(n, 1)),
            ("discount", lambda n=name: impl.discount(n, 1)),
        ):
            refused(TypeError, job, f"{what} with the name {name!r}", name)
    for job in (
        lambda: impl.layer("", abs),
        lambda: impl.topping("", 1),
        lambda: impl.discount("", 1),
    ):
        refused(ValueError, job, "an empty name", "")
    for change in (None, 120, "abs", [abs]):
        refused(
            TypeError,
            lambda c=change: impl.layer("cheese", c),
            f"layer('cheese', {change!r})",
            change,
        )
    for value, kind in WRONG:
        refused(
            kind, lambda v=value: impl.topping("cheese", v), f"topping('cheese', {value!r})", value
        )
        refused(
            kind, lambda v=value: impl.discount("half", v), f"discount('half', {value!r})", value
        )
    refused(ValueError, lambda: impl.discount("all", 101), "discount('all', 101)", 101)
    for function in (None, 3, "print", [print]):
        refused(TypeError, lambda f=function: impl.counted(f), f"counted({function!r})", function)


def refused(kind: type[Exception], job: Callable[[], object], did: str, value: object) -> None:
    """`job` raises an error of this kind, with the value in its text."""
    error = raises(kind, job, did=did)
    ensure(
        repr(value) in str(error),
        did=f"text of the error of {did}",
        want=f"it holds {value!r}",
        got=str(error),
    )
