"""An evening at the counter: layers on, layers off, and who counts the orders."""

import inspect

from contracts.patterns.decorator import NoSuchLayer
from graders.kit import Implementation


class Margherita:
    """The base: anything with these two members will do."""

    description, price, size = "Margherita", 700, 30


def play(impl: Implementation) -> None:
    """Show that order matters, that nothing is copied, and the same idea for a function."""
    base = Margherita()
    cheese, ham = impl.topping("cheese", 120), impl.topping("ham", 150)
    student = impl.discount("student", 10)
    cap = impl.layer("happy hour", lambda price: min(price, 800))

    def show(pizza: object) -> None:
        print(f"  {pizza.description:<50} {pizza.price / 100:6.2f}")  # type: ignore[attr-defined]

    print("the order of the layers decides about the price:")
    for pizza in (
        cheese(base),
        student(cheese(base)),
        cheese(student(base)),
        cap(ham(cheese(base))),
    ):
        show(pizza)
    pizza = cap(ham(cheese(cheese(base))))
    print(f"layers {impl.layers(pizza)}, size {pizza.size} (the base's), then without one cheese:")
    show(impl.without(pizza, "cheese"))
    base.price = 300
    print("the base has become cheaper, and all see it:")
    show(pizza)
    try:
        impl.without(pizza, "olives")
    except NoSuchLayer as error:
        print(f"  without olives: {error}")

    @impl.counted
    def order(*pizzas: object, table: int = 1) -> int:
        """Add up an order."""
        return sum(each.price for each in pizzas)  # type: ignore[attr-defined]

    order(pizza, base)
    order(cheese(base), table=7)
    print(
        f"{order.__name__}{inspect.signature(order)} was called {order.calls} times: {order.__doc__}"
    )
