"""Decorator: layers around a pizza, each with its own idea of the price, and the same idea for functions.

Seen in production as proxies (wrapt, Django's lazy objects, werkzeug's locals), as file objects
around file objects (`io.BufferedReader`, `gzip.GzipFile`), as middleware, and as `@decorator`. The
textbook adds prices. What breaks in practice is what the wrapper hides: an attribute of the wrapped,
an error of the wrapped, a price that has changed meanwhile, the name of the function, `self`.

Decided here, because real wrappers disagree:

* A pizza is whatever has a `description` and a `price`. A layer is what the functions here put
  around a pizza; everything else is a base: a foreign class, a foreign wrapper around layers, one
  that says by its `__class__` that it is a layer. Only the layers around a base count as its layers.
* Money is a whole number of cents, an int (subclasses too) that is no bool, and never negative.
* Layers hold no state: they remember no price, and nobody can change them. Two pizzas are equal only
  if they are the same object.
* A layer has `description`, `price` and `__wrapped__`. Any other public attribute comes from the
  base, whatever it is called: `name` and `layers`, too. Names like `__len__` never do: the language
  looks for those in the class, so a layer has only what every object has. `len()`, `iter()`,
  `with`, calling and the like do not reach the base, and a pizza is true. A method of the base has
  the base as its `self`: it sees the base's price, not the layers'.
* Whether setting an attribute is an AttributeError or a TypeError is left open, since a frozen
  dataclass with slots raises one or the other, by the version of Python.
* Names of layers need not differ. Double cheese is two layers.
* What is not a pizza is found out by whoever reads it: wrapping looks at nothing.
* For functions: a call counts when it begins. The counter belongs to the decorated function, not to
  the instance of a method. Whether a call counts whose arguments do not fit the function is left open.

Left open: which attributes with one underscore in front a layer has, and whether these can be set;
what `dir`, `pickle` and `isinstance` say of a layer; whether two layered pizzas that share layers
still share them in a deep copy; the wording of every text; whether `counted(f)` is a function, what
`inspect.iscoroutinefunction` says of it, and whether its `calls` can be set.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, ParamSpec, Protocol, TypeVar

TITLE: Final = "Decorator"
LEVEL: Final = "medium"
MINUTES: Final = 60
IMPLEMENT: Final = ("layer", "topping", "discount", "layers", "without", "counted")
PROMISES: Final = {
    "P1": "What layer(name, change) makes can be put around any pizza, any number of times, in any"
    " order: the price is change(price of the wrapped), the description is that of the wrapped, a"
    " comma, a blank and the name, and `__wrapped__` is the wrapped, that very object.",
    "P2": "A topping adds its price; a discount of n per cent leaves (100 - n) per cent of the price"
    " that it wraps, rounded to the nearest cent, a half upwards: exact for numbers of any size.",
    "P3": "Wrapping, `layers` and `without` read nothing of a base and call no change; each reading of"
    " a price reads the base's price once and calls each change once, from the inside outwards; each"
    " reading of a description reads the base's once and calls no change; nothing is remembered, and"
    " threads may read the same pizza at the same time.",
    "P4": "Every attribute whose name does not begin with `_`, but for description and price, is the"
    " base's, read once for each reading; names with two underscores at both ends never come from the"
    " base, nor does what the language does by them: pizzas are equal and hashed by identity, are"
    " true, and have no length, items or call.",
    "P5": "What the base raises when it is read, an AttributeError too, and what a change raises, comes"
    " out as that very object; an Exception of a change gets one more note, with the layer's name.",
    "P6": "A base's price or the result of a change that is no int, or a bool, is a TypeError in whoever"
    " reads the price, a negative one a ValueError, and a base's description that is no str a"
    " TypeError; the text holds the value's repr and, for a change, the layer's name.",
    "P7": "A name that is no str is a TypeError and an empty one a ValueError, a change that cannot be"
    " called a TypeError, a topping's price and a discount's percentage that are no int, or a bool, a"
    " TypeError, a negative price or a percentage outside 0 to 100 a ValueError, and counting what"
    " cannot be called a TypeError: at once, with the value's repr in the text.",
    "P8": "layers(pizza) gives the names of the layers in a new list, the outermost first, and the repr"
    " of a pizza holds them and the repr of the base; without(pizza, name) gives the pizza without the"
    " outermost layer of that name, the others in their order, the layers below it and the base being"
    " the same objects; if there is none it raises NoSuchLayer with the name and the layers there are.",
    "P9": "Setting or deleting an attribute of a layer is an AttributeError or a TypeError and changes"
    " nothing, in the base neither, and `without` leaves its argument as it was; a copy has the same layers around the"
    " same wrapped object, a deep copy the same layers with the same changes around a deep copy of the"
    " base.",
    "P10": "A pizza of two thousand layers works like one of two, in reading, copying, showing, taking"
    " apart and letting go, in time proportional to its layers and with the recursion limit as it is; to"
    " add a layer takes the same time and memory, however many there are.",
    "P11": "counted(function) takes the same arguments, gives and raises the very same objects, calls"
    " the function once, and has its name, qualified name, module, docstring, annotations, signature"
    " and attributes, with the function itself as `__wrapped__`.",
    "P12": "It binds as a function does: as a method, below classmethod and staticmethod, in"
    " subclasses, through super() and called on the class; what is bound has `__self__`, name,"
    " docstring and signature as a bound method has, and `calls` can be read on each of these.",
    "P13": "`calls` is the number of calls that have begun, those that raised, recursive ones and those"
    " of other threads included, exactly; each counted() has its own, starting at 0, also around a"
    " function that is counted already; and no call waits for another to end.",
}


class Pizza(Protocol):
    """What can be sold. Whoever has both members is one."""

    @property
    def description(self) -> str:
        """What is on it."""
        ...

    @property
    def price(self) -> int:
        """What it costs now, in cents."""
        ...


Change = Callable[[int], int]
"""From the price of the wrapped to that of the layer."""
Wrap = Callable[[Any], Pizza]
"""Puts one layer around a pizza."""
P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class Counted(Protocol[P, R_co]):
    """A function that knows how often it was called."""

    calls: int
    """Calls that have begun."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Count, and call the function."""
        ...


class NoSuchLayer(LookupError):
    """There is no layer of that name; `present` are the names of those there are, the outermost first."""

    def __init__(self, name: str, present: Sequence[str]) -> None:
        super().__init__(name, present)
        self.name, self.present = name, tuple(present)

    def __str__(self) -> str:
        return f"no layer {self.name!r}, there are {', '.join(map(repr, self.present)) or 'none'}"


def layer(name: str, change: Change) -> Wrap:
    """Make a kind of layer; its result is called with each pizza that is to get one.

    Raises TypeError for a name that is no str or a change that cannot be called, ValueError for an
    empty name. All that this module makes may be used by several threads at once.
    """
    raise NotImplementedError


def topping(name: str, price: int) -> Wrap:
    """Make a kind of layer that adds `price` cents. Raises as P7 says."""
    raise NotImplementedError


def discount(name: str, percent: int) -> Wrap:
    """Make a kind of layer that takes `percent` per cent off. Raises as P7 says."""
    raise NotImplementedError


def layers(pizza: Pizza) -> list[str]:
    """Names of the layers, the outermost first; of a base, none. Cost: linear in the layers."""
    raise NotImplementedError


def without(pizza: Pizza, name: str) -> Pizza:
    """The pizza without its outermost layer of that name; raises NoSuchLayer. Cost: linear in the layers."""
    raise NotImplementedError


def counted(function: Callable[P, R_co]) -> Counted[P, R_co]:
    """Decorate a function (or anything else that can be called) so that its calls are counted.

    Raises TypeError if it cannot be called. Thread-safe.
    """
    raise NotImplementedError
